/* disk_test.c: what is on disk after damage, failures and deletion. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/fs_fault.h"
#include "base/hash.h"
#include "base/log.h"
#include "journey/index.h"
#include "journey/index_own.h"
#include "journey/snapshot.h"

enum { SITE = 3, EVENTS = 60 };
static const int64_t december_ms = INT64_C(1764547200000); /* 2025-12-01 */

static struct event event_at(size_t i)
{
    static const char *const names[] = {"pageview", "a", "purchase"};
    struct event e = {.seq = i + 1,
                      .site = SITE,
                      .visitor = i % 7 + 1,
                      .at_ms = december_ms + (int64_t)(i % 5) * INT64_C(1000000000),
                      .engaged_ms = (uint32_t)i % 3,
                      .has_value = i % 4 == 0,
                      .value_minor = (int64_t)i};
    e.text[TEXT_NAME] = str_of(names[i % 3]);
    e.text[TEXT_PATH] = i % 3 ? STR_NONE : STR("/p");
    e.text[TEXT_SOURCE] = i % 6 ? STR_NONE : STR("news");
    e.text[TEXT_COUNTRY] = i % 2 ? STR("DE") : STR("FR");
    e.text[TEXT_CURRENCY] = e.has_value ? STR("EUR") : STR_NONE;
    e.text[TEXT_PROPS] = i % 5 ? STR_NONE : STR("{\"size\":\"XL\",\"tags\":[\"x\",\"y\"]}");
    return e;
}

static void feed(struct index *x, size_t from, size_t to)
{
    struct err err;
    for (size_t i = from; i < to; i++) {
        struct event e = event_at(i);
        assert_int_equal(index_add(x, &e, &err), ERR_OK);
    }
    assert_int_equal(index_publish(x, to, 1, &err), ERR_OK);
}

/* Everything of a snapshot that readers see, as one number that does not depend on segmentation. */
static uint64_t digest(struct index *x)
{
    struct snapshot *s = index_snapshot(x, SITE);
    uint64_t sum = 0;
    for (size_t i = 0; i < s->n_parts; i++) {
        const struct part *p = s->parts[i];
        for (uint32_t v = 0; v < p->n_visitors; v++) {
            for (uint32_t e = p->first[v]; e < p->first[v + 1]; e++) {
                struct str name = dict_text(s->dicts, DICT_NAME, column_code(&p->name_code, e));
                struct str path = dict_text(s->dicts, DICT_PATH, column_code(&p->path_code, e));
                uint64_t h = hash_mix(p->visitor[v] ^ (uint64_t)(p->base_ms + p->at[e]) << 8);
                sum += hash_mix(h ^ hash_fast(name) ^ hash_fast(path) << 1);
            }
        }
        for (size_t k = 0; k < p->n_keys; k++) {
            const struct column *c = &p->key[k];
            bool number = c->key == KEY_ENGAGED || c->key == KEY_SCROLL || c->key == KEY_ITEM_COUNT;
            for (uint32_t e = 0; e < c->n; e++) {
                uint32_t code = column_code(c, e);
                if (code == 0) continue;
                struct str text =
                    number ? STR("n") : dict_text(s->dicts, DICT_VALUE_0 + c->key, code);
                sum += hash_mix(hash_fast(dict_text(s->dicts, DICT_KEY, c->key)) ^ hash_fast(text));
            }
        }
        for (uint32_t e = 0; e < p->value.n; e++)
            sum += hash_mix((uint64_t)column_value(&p->value, e));
    }
    snapshot_release(s);
    return sum;
}

static struct index *open_in(const struct fs *fs, const char *dir)
{
    struct index *x;
    struct err err;
    if (index_open(fs, &(struct index_options){.dir = dir}, &x, &err) != ERR_OK)
        fail_msg("%s", err.msg);
    return x;
}

static uint64_t wanted_digest(void)
{
    char dir[] = "/tmp/cairn-disk-XXXXXX";
    assert_non_null(mkdtemp(dir));
    struct index *x = open_in(&fs_real, dir);
    feed(x, 0, EVENTS);
    uint64_t want = digest(x);
    index_close(x);
    char command[64];
    snprintf(command, sizeof command, "rm -rf %s", dir);
    assert_int_equal(system(command), 0);
    return want;
}

/* An index with several files: written, merged, written again. */
static void fill(const char *dir)
{
    struct err err;
    struct index *x = open_in(&fs_real, dir);
    feed(x, 0, 40);
    assert_int_equal(index_persist(x, &err), ERR_OK);
    feed(x, 40, EVENTS);
    index_close(x);
}

static void remove_folder(const char *dir)
{
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s", dir);
    assert_int_equal(system(command), 0);
}

/* --- damage --- */

static size_t file_size(const char *path)
{
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    return (size_t)st.st_size;
}

static void flip(const char *path, size_t at)
{
    FILE *f = fopen(path, "r+b");
    assert_non_null(f);
    fseek(f, (long)at, SEEK_SET);
    int c = fgetc(f);
    fseek(f, (long)at, SEEK_SET);
    fputc(c ^ 0x41, f);
    fclose(f);
}

/* After any damage the site either still says the right thing or says that it must be rebuilt, and
 * after the rebuild all is well, also on disk. */
static void heals(const char *dir, uint64_t want, const char *what, size_t at)
{
    struct index *x = open_in(&fs_real, dir);
    uint64_t seq = index_watermark(x, SITE);
    if (seq != 0 && seq != EVENTS) fail_msg("%s, byte %zu: watermark %d", what, at, (int)seq);
    if (seq == EVENTS && digest(x) != want) fail_msg("%s, byte %zu: other content", what, at);
    feed(x, 0, EVENTS);
    if (digest(x) != want) fail_msg("%s, byte %zu: other content after the rebuild", what, at);
    index_close(x);
    x = open_in(&fs_real, dir);
    assert_int_equal(index_watermark(x, SITE), EVENTS);
    if (digest(x) != want) fail_msg("%s, byte %zu: other content on disk", what, at);
    index_close(x);
}

struct names {
    char name[64][80];
    size_t n;
};

static int note(void *arg, const char *name)
{
    struct names *all = arg;
    snprintf(all->name[all->n++], sizeof all->name[0], "%s", name);
    return 0;
}

static void damage_heals(void **unused)
{
    (void)unused;
    char dir[] = "/tmp/cairn-disk-XXXXXX", site[64], copy[64], command[256];
    uint64_t want = wanted_digest();
    struct names files = {.n = 0};
    assert_non_null(mkdtemp(dir));
    snprintf(copy, sizeof copy, "%s-copy", dir);
    snprintf(site, sizeof site, "%s/%d", dir, SITE);
    fill(dir);
    assert_int_equal(fs_real.list(&fs_real, site, note, &files), 0);
    assert_true(files.n >= 3); /* the dictionary, and the segments of two months */
    snprintf(files.name[files.n++], sizeof files.name[0], "../manifest");
    snprintf(command, sizeof command, "rm -rf %s && cp -r %s %s", copy, dir, copy);
    for (size_t i = 0; i < files.n; i++) {
        char path[256];
        snprintf(path, sizeof path, "%s/%d/%s", copy, SITE, files.name[i]);
        assert_int_equal(system(command), 0);
        size_t size = file_size(path), step = size / 24 + 1;
        for (size_t at = 0; at < size; at += step) {
            assert_int_equal(system(command), 0);
            flip(path, at);
            heals(copy, want, files.name[i], at);
        }
        for (size_t at = 0; at < size; at += size / 5 + 1) {
            assert_int_equal(system(command), 0);
            assert_int_equal(truncate(path, (off_t)at), 0);
            heals(copy, want, "cut", at);
        }
        assert_int_equal(system(command), 0);
        assert_int_equal(remove(path), 0);
        heals(copy, want, "removed", 0);
    }
    remove_folder(dir);
    remove_folder(copy);
}

static void deleted_folder_is_made_again(void **unused)
{
    (void)unused;
    char dir[] = "/tmp/cairn-disk-XXXXXX";
    struct err err;
    uint64_t want = wanted_digest();
    assert_non_null(mkdtemp(dir));
    fill(dir);
    remove_folder(dir);
    heals(dir, want, "the folder", 0);
    struct index *x = open_in(&fs_real, dir); /* while it is open: mapped files stay readable */
    remove_folder(dir);
    assert_true(digest(x) == want);
    assert_int_equal(index_persist(x, &err), ERR_OK);
    assert_true(digest(x) == want);
    index_close(x);
    heals(dir, want, "the folder, open", 0);
    remove_folder(dir);
}

/* --- failures --- */

/* Lets the n-th call that writes fail, for every n; what is on disk afterwards is the old state or
 * the new one, and the index in memory is whole in any case. */
static void each_failure(unsigned calls, int error, bool tear)
{
    char dir[] = "/tmp/cairn-disk-XXXXXX";
    uint64_t want = wanted_digest();
    assert_non_null(mkdtemp(dir));
    for (long n = 1;; n++) {
        struct fs_fault fault;
        struct err err;
        remove_folder(dir);
        fill(dir);
        fs_fault_init(&fault);
        fault.tear = tear;
        struct index *x = open_in(&fault.fs, dir);
        assert_int_equal(index_drop_site(x, SITE, &err), ERR_OK);
        feed(x, 0, 30);
        assert_int_equal(index_persist(x, &err), ERR_OK);
        feed(x, 30, EVENTS);
        fs_fault_arm(&fault, calls, n, 1, error);
        err_code rc = index_persist(x, &err);
        bool reached = fs_fault_calls(&fault) >= n;
        if (!reached) assert_int_equal(rc, ERR_OK);
        assert_true(digest(x) == want);
        fs_fault_arm(&fault, FS_ALL & ~(unsigned)(FS_CLOSE | FS_SIZE), 1, -1, error); /* the end */
        index_close(x);
        x = open_in(&fs_real, dir);
        uint64_t seq = index_watermark(x, SITE);
        assert_true(seq == 30 || seq == EVENTS);
        if (rc == ERR_OK) assert_int_equal(seq, EVENTS);
        feed(x, 0, EVENTS);
        assert_true(digest(x) == want);
        index_close(x);
        if (!reached) break;
    }
    remove_folder(dir);
}

static void failures_leave_old_or_new(void **unused)
{
    (void)unused;
    log_set_level(LOG_ERROR + 1);
    each_failure(FS_OPEN | FS_PWRITE | FS_DATASYNC | FS_RENAME | FS_MKDIR | FS_SYNCDIR, EIO, false);
    each_failure(FS_PWRITE, ENOSPC, true);
}

/* --- late events --- */

static void late_events_go_into_their_month(void **unused)
{
    (void)unused;
    char dir[] = "/tmp/cairn-disk-XXXXXX";
    struct err err;
    int64_t first, last;
    assert_non_null(mkdtemp(dir));
    fill(dir);
    struct index *x = open_in(&fs_real, dir);
    struct event e = event_at(0);
    e.seq = EVENTS + 1;
    e.at_ms = december_ms - INT64_C(20000000000); /* half a year before all others */
    assert_int_equal(index_add(x, &e, &err), ERR_OK);
    assert_int_equal(index_publish(x, e.seq, 2, &err), ERR_OK);
    index_close(x);
    x = open_in(&fs_real, dir);
    struct snapshot *s = index_snapshot(x, SITE);
    assert_int_equal(snapshot_events(s), EVENTS + 1);
    assert_true(snapshot_range(s, &first, &last));
    assert_true(first == e.at_ms);
    assert_int_equal(snapshot_watermark_ms(s), 2);
    snapshot_release(s);
    index_close(x);
    remove_folder(dir);
}

static void bots_are_counted_and_kept_out(void **unused)
{
    (void)unused;
    char dir[] = "/tmp/cairn-disk-XXXXXX";
    struct err err;
    struct index_stats stats;
    assert_non_null(mkdtemp(dir));
    struct index *x = open_in(&fs_real, dir);
    struct event e = event_at(0);
    e.bot_reason = BOT_PREFETCH;
    assert_int_equal(index_add(x, &e, &err), ERR_OK);
    assert_int_equal(index_publish(x, 1, 2, &err), ERR_OK);
    index_close(x);
    x = open_in(&fs_real, dir);
    index_stats(x, SITE, &stats);
    assert_int_equal(stats.bots[BOT_PREFETCH], 1);
    assert_int_equal(stats.events, 0);
    index_close(x);
    remove_folder(dir);
}

static void months_of_the_calendar(void **unused)
{
    (void)unused;
    static const struct {
        const char *why;
        int64_t at_ms;
        int32_t month;
    } cases[] = {
        {"the epoch", 0, 0},
        {"the instant before it", -1, -1},
        {"2000-02-29T23:59:59.999", INT64_C(951868799999), 361},
        {"2000-03-01", INT64_C(951868800000), 362},
        {"2026-01-01", INT64_C(1767225600000), 672},
        {"2025-12-31T23:59:59.999", INT64_C(1767225599999), 671},
        {"1900-03-01, no leap year", INT64_C(-2203891200000), -838},
        {"0001-01-01", INT64_C(-62135596800000), -23628},
        {"9999-12-31T23:59:59.999", INT64_C(253402300799999), 96359},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (month_of(cases[i].at_ms) != cases[i].month)
            fail_msg("%s: month %d", cases[i].why, month_of(cases[i].at_ms));
        assert_true(month_start_ms(cases[i].month) <= cases[i].at_ms);
        assert_true(month_start_ms(cases[i].month + 1) > cases[i].at_ms);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(months_of_the_calendar),
        cmocka_unit_test(damage_heals),
        cmocka_unit_test(deleted_folder_is_made_again),
        cmocka_unit_test(failures_leave_old_or_new),
        cmocka_unit_test(late_events_go_into_their_month),
        cmocka_unit_test(bots_are_counted_and_kept_out),
    };
    log_set_level(LOG_ERROR + 1);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
