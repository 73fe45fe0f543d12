/* reader.c: follows the journal behind the committer, file after file, without holding it up. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>

#include "base/clock.h"
#include "journal/journal_own.h"

err_code journal_reader_open(struct journal *j, uint64_t seq, struct journal_reader **out,
                             struct err *err)
{
    struct journal_reader *r = calloc(1, sizeof *r);
    if (!r) return err_set(err, ERR_NOMEM, 0, "open a reader of the journal");
    *r = (struct journal_reader){.j = j, .needs = seq, .seq = seq, .fd = -1};
    pthread_mutex_lock(&j->lock);
    r->next = j->readers;
    j->readers = r;
    pthread_mutex_unlock(&j->lock);
    *out = r;
    return ERR_OK;
}

static void close_file(struct journal_reader *r)
{
    if (r->fd < 0) return;
    segment_cursor_close(&r->cursor);
    r->j->fs->close(r->j->fs, r->fd);
    r->fd = -1;
}

void journal_reader_close(struct journal_reader *r)
{
    if (!r) return;
    struct journal *j = r->j;
    pthread_mutex_lock(&j->lock);
    struct journal_reader **at = &j->readers;
    while (*at != r) at = &(*at)->next;
    *at = r->next;
    pthread_mutex_unlock(&j->lock);
    close_file(r);
    free(r);
}

/* Under the lock: the file that holds the wanted record or, when that is gone, the oldest after it.
 */
static const struct segment *find_file(const struct journal *j, uint64_t seq)
{
    for (size_t i = 0; i < j->n_segments; i++) {
        const struct segment *s = &j->segments[i];
        if (s->last_seq >= seq && s->last_seq >= s->header.first_seq && !s->leaving) return s;
    }
    return NULL;
}

static struct timespec deadline_of(int wait_ms)
{
    int64_t ns = clock_mono_ns() + (int64_t)wait_ms * 1000000;
    return (struct timespec){.tv_sec = (time_t)(ns / 1000000000),
                             .tv_nsec = (long)(ns % 1000000000)};
}

/* Waits for a file with the wanted record and copies what is known of it. */
static bool wait_for_file(struct journal_reader *r, int wait_ms, struct segment *out)
{
    struct journal *j = r->j;
    struct timespec until = deadline_of(wait_ms);
    const struct segment *s;
    pthread_mutex_lock(&j->lock);
    r->needs = r->seq;
    while (!(s = find_file(j, r->seq)) && wait_ms > 0)
        if (pthread_cond_timedwait(&j->moved, &j->lock, &until) == ETIMEDOUT) wait_ms = 0;
    if (s) {
        *out = *s;
        if (r->seq < s->header.first_seq) r->needs = r->seq = s->header.first_seq;
    }
    pthread_mutex_unlock(&j->lock);
    return s != NULL;
}

static err_code open_file(struct journal_reader *r, const struct segment *s, struct err *err)
{
    char path[600];
    close_file(r);
    journal_path(r->j, s->header.first_seq, path, sizeof path);
    int fd = r->j->fs->open(r->j->fs, path, O_RDONLY, 0);
    if (fd < 0) return err_set(err, ERR_IO, -fd, "open %s", path);
    err_code code = segment_cursor_open(&r->cursor, r->j->fs, fd, s->header.salt, s->end, err);
    if (code != ERR_OK) {
        r->j->fs->close(r->j->fs, fd);
        return code;
    }
    r->fd = fd;
    r->file_seq = r->file_at = s->header.first_seq;
    return ERR_OK;
}

err_code journal_read(struct journal_reader *r, int wait_ms, uint64_t *seq, struct str *record,
                      struct err *err)
{
    if (r->fd < 0 || r->seq > r->have) {
        struct segment s;
        if (!wait_for_file(r, wait_ms, &s))
            return err_set(err, ERR_NOT_FOUND, 0, "no record %" PRIu64 " yet", r->seq);
        if (r->fd < 0 || r->file_seq != s.header.first_seq) {
            err_code code = open_file(r, &s, err);
            if (code != ERR_OK) return code;
        }
        r->cursor.end = s.end;
        r->have = s.last_seq;
    }
    do {
        err_code code = segment_next(&r->cursor, r->file_at, record, err);
        /* The list says that it is there: an early end is damage too. */
        if (code == ERR_NOT_FOUND)
            code = err_set(err, ERR_CORRUPT, 0, "record %" PRIu64 " is gone", r->seq);
        if (code != ERR_OK) return code;
    } while (r->file_at++ < r->seq);
    *seq = r->seq++;
    return ERR_OK;
}
