#include "journal/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>

#include "base/log.h"
#include "journal/journal_own.h"

enum { SEGMENT_BYTES = 64 * 1024 * 1024, FIRST_BATCH_BYTES = 64 * 1024 };

/* --- opening --- */

struct names {
    uint64_t *seq;
    size_t n, size;
};

static int take_name(void *arg, const char *name)
{
    struct names *names = arg;
    uint64_t seq;
    if (!segment_parse_name(name, &seq)) return 0;
    if (names->n == names->size) {
        size_t size = names->size ? names->size * 2 : 64;
        uint64_t *more = realloc(names->seq, size * sizeof *more);
        if (!more) return -ENOMEM;
        names->seq = more;
        names->size = size;
    }
    names->seq[names->n++] = seq;
    return 0;
}

static int by_number(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* Writes the last commit again, where it stands.  Its first sync may have failed just before the
 * process ended: then the pages read fine, count as clean, and a sync alone would write nothing. */
static int rewrite_tail(const struct fs *fs, int fd, int64_t from, int64_t to)
{
    unsigned char bytes[16 * 1024];
    while (from < to) {
        size_t n = to - from < (int64_t)sizeof bytes ? (size_t)(to - from) : sizeof bytes;
        ssize_t got = fs_read_all(fs, fd, bytes, n, from);
        if (got < 0) return (int)got;
        if ((size_t)got < n) return -EIO;
        int rc = fs_write_all(fs, fd, bytes, n, from);
        if (rc) return rc;
        from += (int64_t)n;
    }
    return 0;
}

/* The newest file: cuts off what is not whole and makes the rest durable; records go on behind it.
 */
static err_code adopt_tail(struct journal *j, int fd, const char *path,
                           const struct segment_scan *scan, struct err *err)
{
    if (scan->torn)
        log_line(LOG_WARN, "journal_torn_tail",
                 "file=\"%s\" kept_to_byte=%" PRId64 " last=%" PRIu64, path, scan->end,
                 scan->last_seq);
    int rc = j->fs->truncate(j->fs, fd, scan->end);
    if (rc == 0) rc = rewrite_tail(j->fs, fd, scan->commit_at, scan->end);
    if (rc == 0) rc = j->fs->datasync(j->fs, fd);
    if (rc)
        return err_set(err, ERR_IO, -rc, "mend the tail of %s at byte %" PRId64, path, scan->end);
    j->fd = fd;
    j->salt = scan->header.salt;
    j->end = j->room = scan->end;
    return ERR_OK;
}

static err_code open_file(struct journal *j, uint64_t seq, bool newest, struct err *err)
{
    char path[600];
    struct segment_scan scan;
    journal_path(j, seq, path, sizeof path);
    int fd = j->fs->open(j->fs, path, O_RDWR, 0);
    if (fd < 0) return err_set(err, ERR_IO, -fd, "open %s", path);
    err_code code = segment_scan(j->fs, fd, path, newest, &scan, err);
    if (code == ERR_NOT_FOUND) {
        j->fs->close(j->fs, fd);
        int rc = j->fs->unlink(j->fs, path);
        return rc ? err_set(err, ERR_IO, -rc, "delete the unfinished %s", path) : ERR_OK;
    }
    if (code == ERR_OK && scan.header.first_seq != seq)
        code = err_set(err, ERR_CORRUPT, 0, "%s begins with number %" PRIu64, path,
                       scan.header.first_seq);
    if (code == ERR_OK && j->n_segments > 0 && scan.header.after_seq != j->tail_seq)
        code = err_set(err, ERR_CORRUPT, 0,
                       "%s follows number %" PRIu64 " but %" PRIu64 " is before it", path,
                       scan.header.after_seq, j->tail_seq);
    struct segment s = {.header = scan.header, .last_seq = scan.last_seq, .end = scan.end};
    if (code == ERR_OK && !journal_add_segment(j, &s))
        code = err_set(err, ERR_NOMEM, 0, "list of %zu journal files", j->n_segments);
    if (code == ERR_OK) j->tail_seq = scan.last_seq;
    if (code == ERR_OK && newest) code = adopt_tail(j, fd, path, &scan, err);
    if (j->fd != fd) j->fs->close(j->fs, fd);
    return code;
}

static err_code open_files(struct journal *j, struct err *err)
{
    struct names names = {0};
    int rc = j->fs->mkdir(j->fs, j->dir);
    char parent[600];
    snprintf(parent, sizeof parent, "%s/..", j->dir);
    if (rc == 0) rc = j->fs->syncdir(j->fs, parent);
    if (rc == 0) rc = j->fs->list(j->fs, j->dir, take_name, &names);
    err_code code = ERR_OK;
    if (rc)
        code = err_set(err, rc == -ENOMEM ? ERR_NOMEM : ERR_IO, -rc, "read the folder %s", j->dir);
    if (names.n > 0) qsort(names.seq, names.n, sizeof *names.seq, by_number);
    for (size_t i = 0; i < names.n && code == ERR_OK; i++)
        code = open_file(j, names.seq[i], i + 1 == names.n, err);
    free(names.seq);
    j->durable_seq = j->tail_seq;
    j->next_seq = j->tail_seq + 1;
    return code;
}

static void init_locks(struct journal *j)
{
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_mutex_init(&j->lock, NULL);
    pthread_cond_init(&j->work, NULL);
    pthread_cond_init(&j->moved, &attr);
    pthread_condattr_destroy(&attr);
}

static void free_journal(struct journal *j)
{
    if (j->fd >= 0) j->fs->close(j->fs, j->fd);
    for (int i = 0; i < 2; i++) {
        free(j->batches[i].p);
        free(j->batches[i].waiters);
    }
    free(j->segments);
    pthread_cond_destroy(&j->moved);
    pthread_cond_destroy(&j->work);
    pthread_mutex_destroy(&j->lock);
    free(j);
}

err_code journal_open(const struct fs *fs, const char *dir, const struct journal_options *options,
                      struct journal **out, struct err *err)
{
    struct journal *j = calloc(1, sizeof *j);
    if (!j) return err_set(err, ERR_NOMEM, 0, "open the journal");
    j->fs = fs;
    j->fd = -1;
    j->filling = &j->batches[0];
    if (options) j->options = *options;
    if (j->options.segment_bytes == 0) j->options.segment_bytes = SEGMENT_BYTES;
    if (j->options.queue_bytes == 0) j->options.queue_bytes = LIMIT_QUEUE_BYTES;
    /* A record tells the distance to its commit's start in 32 bits. */
    if (j->options.queue_bytes > UINT32_MAX / 2) j->options.queue_bytes = UINT32_MAX / 2;
    init_locks(j);
    int n = snprintf(j->dir, sizeof j->dir, "%s", dir);
    err_code code = n < (int)sizeof j->dir
                        ? open_files(j, err)
                        : err_set(err, ERR_INVALID, 0, "the path of the journal is too long");
    if (code == ERR_OK) {
        int rc = pthread_create(&j->thread, NULL, journal_commit_thread, j);
        if (rc) code = err_set(err, ERR_IO, rc, "start the journal's thread");
    }
    if (code != ERR_OK) {
        free_journal(j);
        return code;
    }
    *out = j;
    return ERR_OK;
}

void journal_skip_to(struct journal *j, uint64_t seq)
{
    pthread_mutex_lock(&j->lock);
    if (seq >= j->next_seq) {
        j->next_seq = seq + 1;
        j->durable_seq = seq;
        if (j->fd >= 0) j->fs->close(j->fs, j->fd);
        j->fd = -1; /* records of a file are consecutive: the next commit begins one */
    }
    pthread_mutex_unlock(&j->lock);
}

void journal_close(struct journal *j)
{
    if (!j) return;
    pthread_mutex_lock(&j->lock);
    j->closing = true;
    pthread_cond_signal(&j->work);
    pthread_mutex_unlock(&j->lock);
    pthread_join(j->thread, NULL);
    free_journal(j);
}

/* --- appending --- */

static bool reserve(struct batch *b, size_t more)
{
    if (b->size - b->n >= more) return true;
    size_t size = b->size ? b->size : FIRST_BATCH_BYTES;
    while (size - b->n < more) size *= 2;
    unsigned char *p = realloc(b->p, size);
    if (!p) return false;
    b->p = p;
    b->size = size;
    return true;
}

static err_code append(struct journal *j, const struct str *records, size_t n, size_t bytes,
                       uint64_t *first_seq, struct err *err)
{
    struct batch *b = j->filling;
    if (j->failed || j->closing)
        return err_set(err, ERR_IO, j->stats.why.sys, "the journal takes nothing since it failed");
    size_t queued = b->n + (j->flying ? j->flying->n : 0);
    if (bytes > j->options.queue_bytes - queued || !reserve(b, bytes))
        return err_named(err, ERR_NOMEM, "overloaded", "", "%zu bytes wait for the disk", queued);
    if (b->n == 0) {
        b->first_seq = j->next_seq;
        pthread_cond_signal(&j->work);
    }
    *first_seq = j->next_seq;
    for (size_t i = 0; i < n; i++) {
        record_write_header(b->p + b->n, j->next_seq++, (uint32_t)records[i].n, (uint32_t)b->n);
        b->n += RECORD_HEADER_BYTES;
        if (records[i].n) memcpy(b->p + b->n, records[i].p, records[i].n);
        b->n += records[i].n;
    }
    b->records += n;
    return ERR_OK;
}

err_code journal_append(struct journal *j, const struct str *records, size_t n, uint64_t *first_seq,
                        struct err *err)
{
    size_t bytes = 0;
    for (size_t i = 0; i < n; i++) {
        if (records[i].n > JOURNAL_MAX_RECORD)
            return err_set(err, ERR_TOO_BIG, 0, "record of %zu bytes", records[i].n);
        if (__builtin_add_overflow(bytes, RECORD_HEADER_BYTES + records[i].n, &bytes))
            return err_named(err, ERR_NOMEM, "overloaded", "", "%zu records", n);
    }
    pthread_mutex_lock(&j->lock);
    err_code code = append(j, records, n, bytes, first_seq, err);
    pthread_mutex_unlock(&j->lock);
    return code;
}

/* Under the lock: true when everything given a number is on disk. */
static bool settled(const struct journal *j)
{
    return !j->flying && j->filling->n == 0;
}

static bool add_waiter(struct batch *b, void (*done)(void *arg, err_code code), void *arg)
{
    if (b->n_waiters == b->size_waiters) {
        size_t size = b->size_waiters ? b->size_waiters * 2 : 64;
        struct waiter *more = realloc(b->waiters, size * sizeof *more);
        if (!more) return false;
        b->waiters = more;
        b->size_waiters = size;
    }
    b->waiters[b->n_waiters++] = (struct waiter){done, arg};
    return true;
}

void journal_when_durable(struct journal *j, void (*done)(void *arg, err_code code), void *arg)
{
    pthread_mutex_lock(&j->lock);
    bool failed = j->failed, now = failed || settled(j);
    bool added = !now && add_waiter(j->filling->n > 0 ? j->filling : j->flying, done, arg);
    pthread_mutex_unlock(&j->lock);
    if (added) return;
    err_code code = failed ? ERR_IO : ERR_OK;
    if (!now) code = journal_sync(j, NULL); /* no memory for the list: wait here instead */
    done(arg, code);
}

err_code journal_sync(struct journal *j, struct err *err)
{
    pthread_mutex_lock(&j->lock);
    uint64_t target = j->next_seq - 1, failures = j->failures_seen;
    bool failed = j->failed;
    while (!failed && j->durable_seq < target) {
        pthread_cond_wait(&j->moved, &j->lock);
        /* Numbers are given again after a failure, so reaching the target would prove nothing. */
        failed = j->failures_seen != failures;
    }
    struct err why = j->stats.why;
    pthread_mutex_unlock(&j->lock);
    return failed ? err_set(err, ERR_IO, 0, "%s", why.msg) : ERR_OK;
}

/* --- after a failure --- */

static err_code begin_again(struct journal *j, struct err *err)
{
    int rc = 0;
    if (j->fd >= 0) {
        rc = j->fs->truncate(j->fs, j->fd, j->end);
        if (rc == 0) rc = j->fs->datasync(j->fs, j->fd);
    }
    if (rc) return err_set(err, ERR_IO, -rc, "cut the journal off at byte %" PRId64, j->end);
    return journal_begin_file(j, j->next_seq, err);
}

err_code journal_recover(struct journal *j, struct err *err)
{
    pthread_mutex_lock(&j->lock);
    while (j->refusing || j->recovering) pthread_cond_wait(&j->moved, &j->lock);
    bool failed = j->recovering = j->failed;
    pthread_mutex_unlock(&j->lock);
    if (!failed) return ERR_OK;

    err_code code = begin_again(j, err); /* the committer has nothing to do while failed */

    pthread_mutex_lock(&j->lock);
    j->recovering = false;
    if (code == ERR_OK) j->failed = false;
    uint64_t next = j->next_seq;
    pthread_cond_broadcast(&j->moved);
    pthread_mutex_unlock(&j->lock);
    if (code == ERR_OK) log_line(LOG_INFO, "journal_recovered", "next=%" PRIu64, next);
    return code;
}

/* --- giving files back --- */

/* Under the lock: the oldest file, when nobody will read it again.  The newest stays for good: its
 * name keeps the numbers from starting over. */
static bool may_leave(const struct journal *j)
{
    if (j->n_segments < 2) return false;
    const struct segment *s = &j->segments[0];
    for (const struct journal_reader *r = j->readers; r; r = r->next)
        if (r->needs <= s->last_seq) return false;
    return s->last_seq <= j->released;
}

static int delete_file(struct journal *j, uint64_t first_seq)
{
    char path[600];
    journal_path(j, first_seq, path, sizeof path);
    int rc = j->fs->unlink(j->fs, path);
    /* Synced one by one: a hole in the row of files after a crash would look like a loss. */
    if (rc == 0 || rc == -ENOENT) rc = j->fs->syncdir(j->fs, j->dir);
    if (rc) log_line(LOG_WARN, "journal_keeps_file", "file=\"%s\" errno=%d", path, -rc);
    return rc;
}

void journal_release(struct journal *j, uint64_t seq)
{
    pthread_mutex_lock(&j->lock);
    if (seq > j->released) j->released = seq;
    bool mine = !j->deleting;
    while (mine && may_leave(j)) {
        uint64_t first_seq = j->segments[0].header.first_seq;
        j->deleting = j->segments[0].leaving = true;
        pthread_mutex_unlock(&j->lock);
        int rc = delete_file(j, first_seq);
        pthread_mutex_lock(&j->lock);
        j->deleting = false;
        if (rc) break; /* tried again with the next release, or found again when opened */
        j->n_segments--;
        memmove(j->segments, j->segments + 1, j->n_segments * sizeof *j->segments);
    }
    pthread_mutex_unlock(&j->lock);
}

/* --- telling --- */

/* The lock is no part of what a caller sees as const. */
static pthread_mutex_t *lock_of(const struct journal *j)
{
    return &((struct journal *)(uintptr_t)j)->lock;
}

uint64_t journal_durable_seq(const struct journal *j)
{
    pthread_mutex_lock(lock_of(j));
    uint64_t seq = j->durable_seq;
    pthread_mutex_unlock(lock_of(j));
    return seq;
}

uint64_t journal_last_seq(const struct journal *j)
{
    pthread_mutex_lock(lock_of(j));
    uint64_t seq = j->next_seq - 1;
    pthread_mutex_unlock(lock_of(j));
    return seq;
}

uint64_t journal_first_seq(const struct journal *j)
{
    pthread_mutex_lock(lock_of(j));
    uint64_t seq = j->next_seq;
    for (size_t i = j->n_segments; i-- > 0;)
        if (j->segments[i].last_seq >= j->segments[i].header.first_seq)
            seq = j->segments[i].header.first_seq;
    pthread_mutex_unlock(lock_of(j));
    return seq;
}

struct journal_stats journal_stats(const struct journal *j)
{
    pthread_mutex_lock(lock_of(j));
    struct journal_stats s = j->stats;
    s.queued_bytes = j->filling->n + (j->flying ? j->flying->n : 0);
    s.segments = j->n_segments;
    s.failed = j->failed;
    pthread_mutex_unlock(lock_of(j));
    return s;
}
