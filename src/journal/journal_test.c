#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#include "base/fs_fault.h"
#include "base/hash.h"
#include "base/log.h"
#include "journal/journal.h"
#include "journal/segment.h"

static char dir[64];

static int make_dir(void **state)
{
    (void)state;
    /* In memory where there is such a place: what a sync costs is not tested here. */
    const char *where = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    snprintf(dir, sizeof dir, "%s/cairn-journal-XXXXXX", where);
    return mkdtemp(dir) ? 0 : -1;
}

static int drop_name(void *arg, const char *name)
{
    char path[400];
    (void)arg;
    snprintf(path, sizeof path, "%s/%s", dir, name);
    return unlink(path);
}

static void clear_dir(void)
{
    fs_real.list(&fs_real, dir, drop_name, NULL);
}

static int drop_dir(void **state)
{
    (void)state;
    clear_dir();
    return rmdir(dir);
}

/* --- what is written and what must be there --- */

/* The text of record k of a test; lengths differ, one is empty, some are larger than a page. */
static struct str text_of(size_t k)
{
    static _Thread_local char text[6000];
    size_t n = k == 3 ? 0 : k % 11 == 5 ? 5000 : 9 + k % 40;
    for (size_t i = 0; i < n; i++) text[i] = (char)(hash_mix(k * 977 + i / 8) >> 8 * (i % 8));
    return (struct str){text, n};
}

static struct journal *open_journal(const struct fs *fs, size_t segment_bytes)
{
    struct journal *j = NULL;
    struct err err = {0};
    err_code code =
        journal_open(fs, dir, &(struct journal_options){.segment_bytes = segment_bytes}, &j, &err);
    if (code != ERR_OK) print_error("%s\n", err.msg);
    assert_int_equal(code, ERR_OK);
    return j;
}

static err_code append_one(struct journal *j, size_t k, uint64_t *seq)
{
    struct err err;
    struct str s = text_of(k);
    return journal_append(j, &s, 1, seq, &err);
}

/* Appends records first .. first + n - 1, whose numbers are these + 1, with a sync after each. */
static void append_synced(struct journal *j, size_t first, size_t n)
{
    struct err err;
    for (size_t k = first; k < first + n; k++) {
        uint64_t seq;
        assert_int_equal(append_one(j, k, &seq), ERR_OK);
        assert_int_equal(seq, k + 1);
        assert_int_equal(journal_sync(j, &err), ERR_OK);
    }
}

/* All records from number `seq` on are these texts, in order, and then nothing. */
static void expect_texts(struct journal *j, uint64_t seq, const size_t *k, size_t n)
{
    struct journal_reader *r;
    struct err err;
    assert_int_equal(journal_reader_open(j, seq, &r, &err), ERR_OK);
    for (size_t i = 0; i < n; i++) {
        struct str record, want = text_of(k[i]);
        uint64_t got;
        assert_int_equal(journal_read(r, 0, &got, &record, &err), ERR_OK);
        assert_int_equal(got, seq + i);
        assert_int_equal(record.n, want.n);
        if (want.n) assert_memory_equal(record.p, want.p, want.n);
    }
    struct str record;
    uint64_t got;
    assert_int_equal(journal_read(r, 0, &got, &record, &err), ERR_NOT_FOUND);
    journal_reader_close(r);
}

/* The journal holds exactly the records numbered from .. to, each the text of its number - 1. */
static void expect_records(struct journal *j, uint64_t from, uint64_t to)
{
    size_t k[512], n = 0;
    for (uint64_t seq = from; seq <= to; seq++) k[n++] = seq - 1;
    expect_texts(j, from, k, n);
    assert_int_equal(journal_durable_seq(j), to);
}

/* --- files as bytes --- */

struct bytes {
    char name[SEGMENT_NAME_BYTES];
    unsigned char *p;
    size_t n;
};

static void load(struct bytes *b, uint64_t first_seq)
{
    char path[128];
    segment_name(first_seq, b->name);
    snprintf(path, sizeof path, "%s/%s", dir, b->name);
    int fd = open(path, O_RDONLY);
    assert_true(fd >= 0);
    b->n = (size_t)fs_real.size(&fs_real, fd);
    b->p = malloc(b->n + 1);
    assert_int_equal(fs_read_all(&fs_real, fd, b->p, b->n, 0), (int64_t)b->n);
    close(fd);
}

static void store(const struct bytes *b, size_t n)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", dir, b->name);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(fs_write_all(&fs_real, fd, b->p, n, 0), 0);
    close(fd);
}

/* Where record number seq, the first being first_seq, begins. */
static size_t record_start(uint64_t first_seq, uint64_t seq)
{
    size_t at = SEGMENT_HEADER_BYTES;
    for (uint64_t s = first_seq; s < seq; s++) at += RECORD_HEADER_BYTES + text_of(s - 1).n;
    return at;
}

static err_code try_open(struct journal **j)
{
    struct err err;
    return journal_open(&fs_real, dir, NULL, j, &err);
}

/* --- tests --- */

static void what_was_appended_is_read(void **state)
{
    (void)state;
    struct journal *j = open_journal(&fs_real, 0);
    assert_int_equal(journal_durable_seq(j), 0);
    assert_int_equal(journal_first_seq(j), 1);
    append_synced(j, 0, 20);
    expect_records(j, 1, 20);
    expect_texts(j, 15, (size_t[]){14, 15, 16, 17, 18, 19}, 6);
    journal_close(j);
    j = open_journal(&fs_real, 0);
    expect_records(j, 1, 20);
    append_synced(j, 20, 5);
    expect_records(j, 1, 25);
    journal_close(j);
}

static void a_batch_has_consecutive_numbers(void **state)
{
    (void)state;
    struct journal *j = open_journal(&fs_real, 0);
    struct str records[3] = {STR("one"), STR(""), STR("three")};
    uint64_t first;
    struct err err;
    assert_int_equal(journal_append(j, records, 3, &first, &err), ERR_OK);
    assert_int_equal(first, 1);
    assert_int_equal(journal_append(j, records, 3, &first, &err), ERR_OK);
    assert_int_equal(first, 4);
    assert_int_equal(journal_last_seq(j), 6);
    assert_int_equal(journal_sync(j, &err), ERR_OK);
    assert_int_equal(journal_durable_seq(j), 6);
    journal_close(j);
}

static void limits_hold(void **state)
{
    (void)state;
    struct journal *j;
    struct err err;
    uint64_t seq;
    static char big[JOURNAL_MAX_RECORD + 1];
    size_t queue = JOURNAL_MAX_RECORD + RECORD_HEADER_BYTES;
    assert_int_equal(
        journal_open(&fs_real, dir, &(struct journal_options){.queue_bytes = queue}, &j, &err),
        ERR_OK);
    struct str s = {big, JOURNAL_MAX_RECORD + 1};
    assert_int_equal(journal_append(j, &s, 1, &seq, &err), ERR_TOO_BIG);
    struct str two[2] = {{big, JOURNAL_MAX_RECORD}, {big, 0}};
    assert_int_equal(journal_append(j, two, 2, &seq, &err), ERR_NOMEM); /* one byte would do */
    assert_string_equal(err.name, "overloaded");
    assert_int_equal(journal_append(j, two, 1, &seq, &err), ERR_OK);
    assert_int_equal(seq, 1);
    assert_int_equal(journal_sync(j, &err), ERR_OK);
    journal_close(j);
}

static void readers_cross_files_and_follow(void **state)
{
    (void)state;
    struct journal *j = open_journal(&fs_real, 300);
    struct journal_reader *r;
    struct err err;
    struct str record;
    uint64_t seq;
    assert_int_equal(journal_reader_open(j, 0, &r, &err), ERR_OK);
    for (size_t k = 0; k < 40; k++) {
        append_synced(j, k, 1);
        assert_int_equal(journal_read(r, 0, &seq, &record, &err), ERR_OK);
        assert_int_equal(seq, k + 1);
        assert_true(str_eq(record, text_of(k)));
        assert_int_equal(journal_read(r, 0, &seq, &record, &err), ERR_NOT_FOUND);
    }
    journal_reader_close(r);
    assert_true(journal_stats(j).segments > 4);
    expect_records(j, 1, 40);
    journal_close(j);
    j = open_journal(&fs_real, 300);
    expect_records(j, 1, 40);
    journal_close(j);
}

static void released_files_go_when_nobody_reads_them(void **state)
{
    (void)state;
    struct journal *j = open_journal(&fs_real, 300);
    struct journal_reader *r;
    struct err err;
    struct str record;
    uint64_t seq;
    append_synced(j, 0, 40);
    size_t all = journal_stats(j).segments;
    assert_int_equal(journal_reader_open(j, 5, &r, &err), ERR_OK);
    assert_int_equal(journal_read(r, 0, &seq, &record, &err), ERR_OK);
    journal_release(j, 39);
    assert_true(journal_first_seq(j) <= 5);
    while (journal_read(r, 0, &seq, &record, &err) == ERR_OK) {
    }
    assert_int_equal(seq, 40);
    journal_release(j, 39);
    assert_true(journal_stats(j).segments < all);
    uint64_t kept = journal_first_seq(j);
    assert_true(kept > 5 && kept <= 40);
    journal_reader_close(r);
    journal_close(j);
    j = open_journal(&fs_real, 300);
    assert_int_equal(journal_first_seq(j), kept);
    expect_records(j, kept, 40);
    /* Everything released: the newest file stays, and with it the numbers. */
    journal_release(j, 40);
    journal_close(j);
    j = open_journal(&fs_real, 300);
    append_synced(j, 40, 1);
    journal_close(j);
}

static void numbers_can_be_skipped(void **state)
{
    (void)state;
    struct journal *j = open_journal(&fs_real, 0);
    struct err err;
    uint64_t seq;
    append_synced(j, 0, 3);
    journal_close(j);
    j = open_journal(&fs_real, 0);
    journal_skip_to(j, 2); /* behind: nothing changes */
    assert_int_equal(journal_last_seq(j), 3);
    journal_skip_to(j, 100);
    assert_int_equal(journal_durable_seq(j), 100);
    assert_int_equal(append_one(j, 100, &seq), ERR_OK);
    assert_int_equal(seq, 101);
    assert_int_equal(journal_sync(j, &err), ERR_OK);
    for (int again = 0; again < 2; again++) {
        expect_texts(j, 101, (size_t[]){100}, 1);
        struct journal_reader *r;
        struct str record;
        assert_int_equal(journal_reader_open(j, 3, &r, &err), ERR_OK);
        assert_int_equal(journal_read(r, 0, &seq, &record, &err), ERR_OK);
        assert_int_equal(seq, 3);
        assert_int_equal(journal_read(r, 0, &seq, &record, &err), ERR_OK);
        assert_int_equal(seq, 101);
        journal_reader_close(r);
        journal_close(j);
        j = open_journal(&fs_real, 0);
    }
    journal_close(j);
}

static void cut_at_every_byte(void **state)
{
    (void)state;
    enum { N = 5 };
    struct journal *j = open_journal(&fs_real, 0);
    append_synced(j, 0, N);
    journal_close(j);
    struct bytes whole;
    load(&whole, 1);
    size_t end = record_start(1, N + 1);
    for (size_t cut = 0; cut <= end; cut++) {
        uint64_t kept = 0;
        while (kept < N && record_start(1, kept + 2) <= cut) kept++;
        store(&whole, cut);
        j = open_journal(&fs_real, 0);
        expect_records(j, 1, kept);
        /* And it goes on from there. */
        append_synced(j, kept, 1);
        journal_close(j);
        j = open_journal(&fs_real, 0);
        expect_records(j, 1, kept + 1);
        journal_close(j);
        clear_dir();
    }
    free(whole.p);
}

static void any_damage_before_the_tail_is_found(void **state)
{
    (void)state;
    enum { N = 5 };
    struct journal *j = open_journal(&fs_real, 0);
    append_synced(j, 0, N);
    journal_close(j);
    struct bytes b;
    load(&b, 1);
    size_t last = record_start(1, N), end = record_start(1, N + 1);
    for (size_t at = 0; at < end; at++) {
        b.p[at] ^= 0x10;
        store(&b, b.n);
        err_code code = try_open(&j);
        if (at < last) {
            assert_int_equal(code, ERR_CORRUPT);
        } else { /* in the last commit it cannot be told from a torn tail */
            assert_int_equal(code, ERR_OK);
            expect_records(j, 1, N - 1);
            journal_close(j);
        }
        b.p[at] ^= 0x10;
    }
    free(b.p);
}

static void sectors_of_the_last_commit_in_any_order(void **state)
{
    (void)state;
    struct journal *j = open_journal(&fs_real, 0);
    append_synced(j, 0, 4);
    /* One commit of many records: after a power cut any subset of its sectors may be there. */
    struct str records[40];
    static char text[40][256];
    struct err err;
    uint64_t first;
    for (size_t i = 0; i < 40; i++) {
        memset(text[i], 'a' + (int)(i % 26), sizeof text[i]);
        records[i] = (struct str){text[i], 200 + i};
    }
    assert_int_equal(journal_append(j, records, 40, &first, &err), ERR_OK);
    journal_close(j);
    struct bytes whole, b;
    load(&whole, 1);
    b = whole;
    b.p = malloc(whole.n);
    size_t synced = record_start(1, 5);
    uint64_t seed = 7;
    for (int round = 0; round < 100; round++) {
        memcpy(b.p, whole.p, whole.n);
        for (size_t at = 0; at < whole.n; at += 512)
            for (size_t i = at, drop = rand_next(&seed) % 2; i < at + 512 && i < whole.n && drop;
                 i++)
                if (i >= synced) b.p[i] = 0;
        store(&b, b.n);
        assert_int_equal(try_open(&j), ERR_OK);
        assert_true(journal_durable_seq(j) >= 4 && journal_durable_seq(j) <= 44);
        struct journal_reader *r;
        struct str record;
        uint64_t seq, n = 0;
        assert_int_equal(journal_reader_open(j, 1, &r, &err), ERR_OK);
        while (journal_read(r, 0, &seq, &record, &err) == ERR_OK)
            assert_true(str_eq(record, n < 4 ? text_of(n) : records[n - 4]) && seq == ++n);
        assert_int_equal(n, journal_durable_seq(j));
        journal_reader_close(r);
        journal_close(j);
    }
    free(b.p);
    free(whole.p);
}

static void a_missing_file_is_found(void **state)
{
    (void)state;
    struct journal *j = open_journal(&fs_real, 300);
    append_synced(j, 0, 40);
    journal_release(j, 1); /* deletes nothing yet */
    size_t n = journal_stats(j).segments;
    journal_close(j);
    assert_true(n > 3);
    /* The second file's name: the first number after the first file. */
    struct bytes b;
    uint64_t second = 2;
    while (record_start(1, second) < 300) second++;
    load(&b, second);
    assert_int_equal(drop_name(NULL, b.name), 0);
    assert_int_equal(try_open(&j), ERR_CORRUPT);
    b.n = record_start(1, 1) + 10; /* torn, but not the newest */
    store(&b, b.n);
    assert_int_equal(try_open(&j), ERR_CORRUPT);
    free(b.p);
}

/* --- failures --- */

struct tale { /* what a client was told, by record */
    size_t n;
    bool acked[256];
};

static void tell_one(struct tale *t, struct journal *j)
{
    struct err err;
    uint64_t seq;
    size_t k = t->n++;
    t->acked[k] = append_one(j, k, &seq) == ERR_OK && journal_sync(j, &err) == ERR_OK;
}

/* Opens, appends over several files, recovers when needed, closes: with calls failing on the way.
 */
static void live_through(struct fs_fault *f, struct tale *t)
{
    struct journal *j;
    struct err err;
    if (journal_open(&f->fs, dir, &(struct journal_options){.segment_bytes = 400}, &j, &err) !=
        ERR_OK)
        return;
    for (int i = 0; i < 12; i++) {
        tell_one(t, j);
        if (journal_stats(j).failed && journal_recover(j, &err) == ERR_OK)
            assert_false(journal_stats(j).failed);
    }
    journal_close(j);
}

/* Every acknowledged record is there once and in order; no other is there twice. */
static void expect_tale(const struct tale *t)
{
    struct journal *j;
    struct journal_reader *r;
    struct err err;
    struct str record;
    uint64_t seq;
    err_code code = journal_open(&fs_real, dir, NULL, &j, &err);
    if (code != ERR_OK) print_error("%s\n", err.msg);
    assert_int_equal(code, ERR_OK);
    assert_int_equal(journal_reader_open(j, 1, &r, &err), ERR_OK);
    size_t k = 0;
    while (journal_read(r, 0, &seq, &record, &err) == ERR_OK) {
        for (; k < t->n && !str_eq(record, text_of(k)); k++) assert_false(t->acked[k]);
        assert_true(k < t->n);
        k++;
    }
    for (; k < t->n; k++) assert_false(t->acked[k]);
    journal_reader_close(r);
    journal_close(j);
}

/* Each life starts a thread, which takes the thread sanitizer long: there, the four ways of failing
 * share the calls between them. */
#ifdef __SANITIZE_THREAD__
enum { EVERY = 3 };
#else
enum { EVERY = 1 };
#endif

static void every_call_fails_in_turn(void **state)
{
    (void)state;
    long counts[] = {1, -1};
    int errors[] = {EIO, ENOSPC};
    for (int tear = 0; tear < 2; tear++)
        for (size_t c = 0; c < 2; c++)
            for (long nth = 1 + (2 * tear + (long)c) % EVERY;; nth += EVERY) {
                struct fs_fault f;
                struct tale t = {0};
                fs_fault_init(&f);
                f.tear = tear;
                live_through(&f, &t); /* once without failures, so that there is an old tail */
                fs_fault_arm(&f, FS_ALL, nth, counts[c], errors[nth % 2]);
                live_through(&f, &t);
                bool reached = fs_fault_calls(&f) >= nth;
                fs_fault_arm(&f, 0, 0, 0, 0);
                live_through(&f, &t);
                expect_tale(&t);
                clear_dir();
                if (!reached) break;
            }
}

static void short_writes_change_nothing(void **state)
{
    (void)state;
    for (size_t most = 1; most < 60; most += 7) {
        struct fs_fault f;
        struct tale t = {0};
        fs_fault_init(&f);
        f.most = most;
        live_through(&f, &t);
        for (size_t k = 0; k < t.n; k++) assert_true(t.acked[k]);
        expect_tale(&t);
        clear_dir();
    }
}

static void a_full_disk_refuses_and_recovers(void **state)
{
    (void)state;
    for (int64_t room = 0; room < 600; room += 13) {
        struct fs_fault f;
        struct tale t = {0};
        struct err err;
        uint64_t seq;
        fs_fault_init(&f);
        struct journal *j = open_journal(&f.fs, 0);
        tell_one(&t, j);
        assert_true(t.acked[0]);
        fs_fault_room(&f, room);
        for (int i = 0; i < 10; i++) tell_one(&t, j);
        assert_true(journal_stats(j).failed);
        assert_int_equal(journal_stats(j).why.sys, ENOSPC);
        assert_int_equal(append_one(j, 0, &seq), ERR_IO);
        if (room < SEGMENT_HEADER_BYTES) assert_int_equal(journal_recover(j, &err), ERR_IO);
        fs_fault_room(&f, -1);
        assert_int_equal(journal_recover(j, &err), ERR_OK);
        assert_int_equal(journal_recover(j, &err), ERR_OK); /* nothing to do */
        for (int i = 0; i < 3; i++) tell_one(&t, j);
        assert_true(t.acked[11] && t.acked[12] && t.acked[13]);
        journal_close(j);
        /* Refused means gone: only what was acknowledged is there. */
        j = open_journal(&fs_real, 0);
        size_t k[32], n = 0;
        for (size_t i = 0; i < t.n; i++)
            if (t.acked[i]) k[n++] = i;
        expect_texts(j, 1, k, n);
        journal_close(j);
        clear_dir();
    }
}

struct outcome {
    atomic_int n, ok, io;
};

static void note_outcome(void *arg, err_code code)
{
    struct outcome *o = arg;
    o->n++;
    if (code == ERR_OK) o->ok++;
    if (code == ERR_IO) o->io++;
}

static void a_failed_sync_is_never_taken_for_one(void **state)
{
    (void)state;
    struct fs_fault f;
    struct err err;
    struct outcome o = {0};
    uint64_t seq;
    fs_fault_init(&f);
    struct journal *j = open_journal(&f.fs, 0);
    append_synced(j, 0, 2);
    fs_fault_arm(&f, FS_DATASYNC, 1, 1, EIO);
    struct str two[2] = {STR("no"), STR("body")};
    assert_int_equal(journal_append(j, two, 2, &seq, &err), ERR_OK);
    journal_when_durable(j, note_outcome, &o);
    assert_int_equal(journal_sync(j, &err), ERR_IO);
    /* The disk would say yes now, but about pages that it has dropped: nothing is acknowledged
     * until a new file has been begun. */
    assert_int_equal(journal_append(j, two, 2, &seq, &err), ERR_IO);
    assert_int_equal(journal_sync(j, &err), ERR_IO);
    journal_when_durable(j, note_outcome, &o);
    assert_int_equal(journal_durable_seq(j), 2);
    assert_int_equal(journal_recover(j, &err), ERR_OK);
    assert_int_equal(o.n, 2);
    assert_int_equal(o.io, 2);
    assert_int_equal(journal_stats(j).refused, 2);
    assert_int_equal(journal_stats(j).failures, 1);
    append_synced(j, 2, 2);
    expect_records(j, 1, 4);
    journal_close(j);
    j = open_journal(&fs_real, 0);
    expect_records(j, 1, 4);
    journal_close(j);
}

static void the_tail_is_written_again_on_open(void **state)
{
    (void)state;
    struct fs_fault f;
    struct journal *j = open_journal(&fs_real, 0);
    append_synced(j, 0, 3);
    journal_close(j);
    fs_fault_init(&f);
    fs_fault_arm(&f, FS_PWRITE, 0, 0, 0);
    j = open_journal(&f.fs, 0);
    assert_true(fs_fault_calls(&f) > 0);
    expect_records(j, 1, 3);
    journal_close(j);
}

/* --- threads --- */

enum { WRITERS = 6, EACH = 400 };

struct writer {
    struct journal *j;
    size_t id;
    struct outcome *o;
};

static void *write_many(void *arg)
{
    struct writer *w = arg;
    struct err err;
    for (uint32_t i = 0; i < EACH; i++) {
        char text[2][32];
        uint64_t seq;
        struct str s[2];
        for (size_t k = 0; k < 2; k++) {
            int n = snprintf(text[k], sizeof text[k], "%zu %u %zu", w->id, i, k);
            s[k] = (struct str){text[k], (size_t)n};
        }
        if (journal_append(w->j, s, 2, &seq, &err) != ERR_OK) return w;
        if (i % 16 == 0 && journal_sync(w->j, &err) != ERR_OK) return w;
        journal_when_durable(w->j, note_outcome, w->o);
    }
    return NULL;
}

static void *read_all(void *arg)
{
    struct journal *j = arg;
    struct journal_reader *r;
    struct err err;
    struct str record;
    uint64_t seq, n = 0;
    size_t next[WRITERS][2] = {{0}};
    if (journal_reader_open(j, 1, &r, &err) != ERR_OK) return j;
    bool bad = false;
    while (!bad && n < 2 * WRITERS * EACH) {
        err_code code = journal_read(r, 2000, &seq, &record, &err);
        size_t id, i, k;
        char text[40];
        snprintf(text, sizeof text, "%.*s", STR_FMT(record));
        bad = code != ERR_OK || seq != ++n || sscanf(text, "%zu %zu %zu", &id, &i, &k) != 3 ||
              next[id][k]++ != i;
        if (n % 256 == 0) journal_release(j, n);
    }
    journal_reader_close(r);
    return bad ? j : NULL;
}

static void many_writers_and_readers(void **state)
{
    (void)state;
    struct journal *j = open_journal(&fs_real, 20000);
    struct outcome o = {0};
    pthread_t threads[WRITERS], readers[2];
    struct writer writers[WRITERS];
    void *bad;
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&readers[i], NULL, read_all, j), 0);
    for (size_t i = 0; i < WRITERS; i++) {
        writers[i] = (struct writer){j, i, &o};
        assert_int_equal(pthread_create(&threads[i], NULL, write_many, &writers[i]), 0);
    }
    for (size_t i = 0; i < WRITERS; i++) {
        pthread_join(threads[i], &bad);
        assert_null(bad);
    }
    for (size_t i = 0; i < 2; i++) {
        pthread_join(readers[i], &bad);
        assert_null(bad);
    }
    journal_close(j);
    assert_int_equal(o.ok, WRITERS * EACH);
    assert_int_equal(o.n, WRITERS * EACH);
}

static void close_makes_the_queue_durable(void **state)
{
    (void)state;
    struct journal *j = open_journal(&fs_real, 0);
    struct outcome o = {0};
    uint64_t seq;
    for (size_t k = 0; k < 10; k++) assert_int_equal(append_one(j, k, &seq), ERR_OK);
    journal_when_durable(j, note_outcome, &o);
    journal_close(j);
    assert_int_equal(o.ok, 1);
    j = open_journal(&fs_real, 0);
    expect_records(j, 1, 10);
    journal_when_durable(j, note_outcome, &o); /* nothing waits: at once */
    assert_int_equal(o.ok, 2);
    journal_close(j);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, make_dir, drop_dir)

int main(void)
{
    log_set_level(LOG_ERROR + 1);
    const struct CMUnitTest tests[] = {
        TEST(what_was_appended_is_read),
        TEST(a_batch_has_consecutive_numbers),
        TEST(limits_hold),
        TEST(readers_cross_files_and_follow),
        TEST(released_files_go_when_nobody_reads_them),
        TEST(numbers_can_be_skipped),
        TEST(cut_at_every_byte),
        TEST(any_damage_before_the_tail_is_found),
        TEST(sectors_of_the_last_commit_in_any_order),
        TEST(a_missing_file_is_found),
        TEST(every_call_fails_in_turn),
        TEST(short_writes_change_nothing),
        TEST(a_full_disk_refuses_and_recovers),
        TEST(a_failed_sync_is_never_taken_for_one),
        TEST(the_tail_is_written_again_on_open),
        TEST(many_writers_and_readers),
        TEST(close_makes_the_queue_durable),
    };
    return cmocka_run_group_tests_name("journal", tests, NULL, NULL);
}
