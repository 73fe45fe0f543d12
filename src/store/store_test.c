#include <fcntl.h>
#include <ftw.h>
#include <inttypes.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/hash.h"
#include "store/schema.h"

/* A fresh folder a test; `path` is of the database in it. */
struct place {
    char dir[64], path[96];
};

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
    (void)st, (void)flag, (void)ftw;
    return remove(path);
}

static int setup(void **state)
{
    struct place *p = calloc(1, sizeof *p);
    if (!p) return -1;
    snprintf(p->dir, sizeof p->dir, "/tmp/cairn-store-XXXXXX");
    if (!mkdtemp(p->dir)) return -1;
    snprintf(p->path, sizeof p->path, "%s/events.duckdb", p->dir);
    *state = p;
    return 0;
}

static int teardown(void **state)
{
    struct place *p = *state;
    nftw(p->dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    free(p);
    return 0;
}

static struct store *open_store(const struct place *p)
{
    struct store *s;
    struct err err = {0};
    if (store_open(p->path, 0, 2, &s, &err) != ERR_OK) fail_msg("%s", err.msg);
    return s;
}

/* Event number `seq`, the same whenever it is asked for: three sites, seven visitors, every third a
 * sale, every eleventh a bot. */
static struct event event_at(uint64_t seq)
{
    struct event e = {
        .seq = seq,
        .site = (uint32_t)(1 + seq % 3),
        .visitor = hash_mix(seq % 7),
        .at_ms = INT64_C(1790000000000) + (int64_t)(seq * 37 % 1000),
        .received_at_ms = INT64_C(1790000000000) + (int64_t)seq,
        .dedupe = seq % 2 ? hash_mix(seq) : 0,
        .bot_reason = seq % 11 == 0 ? BOT_HEADLESS : BOT_NONE,
    };
    e.text[TEXT_NAME] = STR("pageview");
    e.text[TEXT_URL] = STR("https://shop.example/a/page/whose/address/is/long?x=1");
    if (seq % 3 == 0) {
        e.has_value = true;
        e.value_minor = -(int64_t)seq;
        e.text[TEXT_CURRENCY] = STR("EUR");
    }
    return e;
}

static err_code add_range(struct store *s, uint64_t from, uint64_t upto, struct err *err)
{
    struct event *events = calloc(upto - from + 1, sizeof *events);
    assert_non_null(events);
    for (uint64_t i = from; i <= upto; i++) events[i - from] = event_at(i);
    err_code code = store_add(s, events, upto - from + 1, err);
    free(events);
    return code;
}

static void assert_same(const struct event *a, const struct event *b)
{
    assert_int_equal(a->seq, b->seq);
    assert_int_equal(a->site, b->site);
    assert_int_equal(a->visitor, b->visitor);
    assert_int_equal(a->at_ms, b->at_ms);
    assert_int_equal(a->received_at_ms, b->received_at_ms);
    assert_int_equal(a->id_kind, b->id_kind);
    assert_int_equal(a->kind, b->kind);
    assert_int_equal(a->origin, b->origin);
    assert_int_equal(a->bot_reason, b->bot_reason);
    assert_int_equal(a->offline, b->offline);
    assert_int_equal(a->simulated, b->simulated);
    assert_int_equal(a->has_value, b->has_value);
    assert_int_equal(a->value_minor, b->value_minor);
    assert_int_equal(a->engaged_ms, b->engaged_ms);
    assert_int_equal(a->scroll_percent, b->scroll_percent);
    assert_int_equal(a->dedupe, b->dedupe);
    for (size_t i = 0; i < EVENT_N_TEXTS; i++) assert_true(str_eq(a->text[i], b->text[i]));
}

static err_code expect_one(void *arg, const struct event *e)
{
    assert_same(e, arg);
    return ERR_OK;
}

static void keeps_every_field(void **state)
{
    struct store *s = open_store(*state);
    char words[EVENT_N_TEXTS][64];
    struct event full = {
        .seq = 3,
        .site = UINT32_MAX,
        .visitor = UINT64_MAX,
        .at_ms = INT64_C(-62135596800000), /* year 1 */
        .received_at_ms = INT64_C(1790000000001),
        .id_kind = ID_KNOWN,
        .kind = KIND_EXPOSURE,
        .origin = ORIGIN_IMPORT_BOTS,
        .bot_reason = BOT_BEHAVIOUR,
        .offline = true,
        .simulated = true,
        .has_value = true,
        .value_minor = INT64_MIN,
        .engaged_ms = UINT32_MAX,
        .scroll_percent = 100,
        .dedupe = UINT64_MAX,
    };
    struct event empty = {.seq = 4};
    /* Lengths around 12, where DuckDB changes from texts inside the row to texts beside it. */
    for (size_t i = 0; i < EVENT_N_TEXTS; i++) {
        snprintf(words[i], sizeof words[i], "%.*s", (int)(2 + i % 20),
                 "\xc3\xbcqwertzuiopasdfghjklyx");
        full.text[i] = str_of(words[i]);
    }
    struct event both[] = {full, empty};
    struct err err = {0};
    if (store_add(s, both, 2, &err) != ERR_OK) fail_msg("%s", err.msg);
    store_close(s);

    s = open_store(*state);
    struct store_query q = {.upto_seq = 3, .with_bots = true};
    assert_int_equal(store_each(s, &q, expect_one, &full, NULL), ERR_OK);
    q = (struct store_query){.after_seq = 3};
    assert_int_equal(store_each(s, &q, expect_one, &empty, NULL), ERR_OK);
    store_close(s);
}

/* What is in the store, checked against event_at: 1 .. n, each once. */
static err_code count_in_order(void *arg, const struct event *e)
{
    uint64_t *n = arg;
    struct event want = event_at(++*n);
    assert_same(e, &want);
    return ERR_OK;
}

static void assert_holds(struct store *s, uint64_t upto)
{
    uint64_t n = 0;
    struct store_query q = {.with_bots = true};
    assert_int_equal(store_each(s, &q, count_in_order, &n, NULL), ERR_OK);
    assert_int_equal(n, upto);
    assert_int_equal(store_watermark(s), upto);
}

static void adds_a_replayed_batch_once(void **state)
{
    struct store *s = open_store(*state);
    struct err err;
    assert_int_equal(store_watermark(s), 0);
    assert_int_equal(add_range(s, 1, 5000, &err), ERR_OK);
    assert_int_equal(add_range(s, 1, 5000, &err), ERR_OK);
    assert_int_equal(add_range(s, 4000, 7000, &err), ERR_OK);
    assert_holds(s, 7000);
    store_close(s);

    s = open_store(*state);
    assert_holds(s, 7000);
    assert_int_equal(add_range(s, 6999, 7001, &err), ERR_OK);
    assert_holds(s, 7001);
    store_close(s);
}

static void commits_several_batches_at_once(void **state)
{
    struct store *s = open_store(*state);
    struct err err;
    struct event wrong[] = {event_at(4), event_at(2)};
    assert_int_equal(store_commit(s, &err), ERR_INVALID);
    assert_int_equal(store_begin(s, &err), ERR_OK);
    assert_int_equal(store_begin(s, &err), ERR_INVALID);
    assert_int_equal(add_range(s, 1, 3000, &err), ERR_OK);
    assert_int_equal(store_watermark(s), 0);
    assert_int_equal(add_range(s, 2000, 150000, &err), ERR_OK);
    assert_int_equal(store_commit(s, &err), ERR_OK);
    assert_holds(s, 150000);

    /* A failure takes the whole transaction with it, and the next one is not touched by it. */
    assert_int_equal(store_begin(s, &err), ERR_OK);
    assert_int_equal(add_range(s, 150001, 150100, &err), ERR_OK);
    wrong[0].seq = 160000, wrong[1].seq = 159999;
    assert_int_equal(store_add(s, wrong, 2, &err), ERR_INVALID);
    assert_int_equal(store_commit(s, &err), ERR_INVALID);
    assert_holds(s, 150000);
    assert_int_equal(add_range(s, 150001, 150100, &err), ERR_OK);
    assert_holds(s, 150100);

    /* Closed with a transaction open: as if it had not begun. */
    assert_int_equal(store_begin(s, &err), ERR_OK);
    assert_int_equal(add_range(s, 150101, 150200, &err), ERR_OK);
    store_close(s);
    s = open_store(*state);
    assert_holds(s, 150100);
    store_close(s);
}

static void refuses_a_batch_out_of_order(void **state)
{
    struct store *s = open_store(*state);
    struct event events[] = {event_at(1), event_at(3), event_at(3)};
    struct err err;
    assert_int_equal(store_add(s, events, 3, &err), ERR_INVALID);
    assert_holds(s, 0);
    assert_int_equal(store_add(s, events, 0, &err), ERR_OK);
    store_close(s);
}

static void refuses_a_batch_with_broken_text(void **state)
{
    struct store *s = open_store(*state);
    struct event events[] = {event_at(1), event_at(2)};
    struct err err;
    events[1].text[TEXT_TITLE] = STR("\xc3(");
    assert_int_equal(store_add(s, events, 2, &err), ERR_INVALID);
    assert_holds(s, 0);
    assert_int_equal(add_range(s, 1, 2, &err), ERR_OK);
    assert_holds(s, 2);
    store_close(s);
}

/* The child adds batches until it is killed, and tells each committed number through the pipe. */
static void add_until_killed(const struct place *p, int tell)
{
    struct store *s;
    if (store_open(p->path, 0, 1, &s, NULL) != ERR_OK) _exit(2);
    for (uint64_t at = store_watermark(s);; at = store_watermark(s)) {
        if (add_range(s, at + 1, at + 700, NULL) != ERR_OK) _exit(3);
        uint64_t done = store_watermark(s);
        if (write(tell, &done, sizeof done) != sizeof done) _exit(4);
    }
}

static void keeps_whole_batches_when_killed(void **state)
{
    uint64_t told = 0, seed = 1;
    for (int round = 0; round < 8; round++) {
        int ends[2];
        assert_int_equal(pipe(ends), 0);
        pid_t child = fork();
        if (child == 0) {
            close(ends[0]);
            add_until_killed(*state, ends[1]);
        }
        close(ends[1]);
        /* A few batches, then some time into the next one. */
        for (int i = 0; i < 3; i++)
            assert_int_equal(read(ends[0], &told, sizeof told), sizeof told);
        usleep((useconds_t)(rand_next(&seed) % 30000));
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
        for (uint64_t more; read(ends[0], &more, sizeof more) == sizeof more;) told = more;
        close(ends[0]);

        struct store *s = open_store(*state);
        uint64_t held = store_watermark(s);
        assert_true(held == told || held == told + 700);
        assert_holds(s, held);
        store_close(s);
    }
}

static void says_who_else_has_it_open(void **state)
{
    const struct place *p = *state;
    int ready[2];
    assert_int_equal(pipe(ready), 0);
    pid_t child = fork();
    if (child == 0) {
        struct store *s;
        char c = store_open(p->path, 0, 1, &s, NULL) == ERR_OK;
        if (write(ready[1], &c, 1) == 1) pause();
        _exit(0);
    }
    char c = 0;
    assert_int_equal(read(ready[0], &c, 1), 1);
    assert_int_equal(c, 1);
    struct store *s;
    struct err err;
    assert_int_equal(store_open(p->path, 0, 1, &s, &err), ERR_CONFLICT);
    assert_null(s);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    close(ready[0]), close(ready[1]);
    store_close(open_store(p));
}

static void refuses_what_is_no_store(void **state)
{
    const struct place *p = *state;
    struct store *s;
    struct err err;
    FILE *f = fopen(p->path, "w");
    assert_non_null(f);
    for (int i = 0; i < 1000; i++) fputs("not a database\n", f);
    fclose(f);
    assert_int_equal(store_open(p->path, 0, 1, &s, &err), ERR_CORRUPT);
    assert_int_equal(store_open("/nonexistent/x/y.duckdb", 0, 1, &s, &err), ERR_IO);
}

static void refuses_a_newer_store(void **state)
{
    struct store *s = open_store(*state);
    struct err err;
    assert_int_equal(duck_run(s->writer, "UPDATE meta SET schema_version = 999", &err), ERR_OK);
    store_close(s);
    assert_int_equal(store_open(((struct place *)*state)->path, 0, 1, &s, &err), ERR_INVALID);
    assert_string_equal(err.name, "newer_store");
}

/* --- reading --- */

struct seen {
    uint64_t n, stop_at;
    struct event last;
};

static err_code see(void *arg, const struct event *e)
{
    struct seen *s = arg;
    s->last = *e;
    return ++s->n == s->stop_at ? ERR_CANCELLED : ERR_OK;
}

static void answers_what_is_asked(void **state)
{
    static const struct {
        const char *why;
        struct store_query q;
    } cases[] = {
        {"everything but bots", {0}},
        {"bots too", {.with_bots = true}},
        {"one site", {.site = 2, .with_bots = true}},
        {"after a number, which is out", {.after_seq = 2999, .with_bots = true}},
        {"up to a number, which is in", {.upto_seq = 3000, .with_bots = true}},
        {"time: from is in, to is out",
         {.from_ms = INT64_C(1790000000100), .to_ms = INT64_C(1790000000300), .with_bots = true}},
        {"a visitor whose id is 0", {.visitor = 0, .one_visitor = true, .with_bots = true}},
        {"all at once",
         {.site = 1,
          .after_seq = 10,
          .upto_seq = 4000,
          .from_ms = 1,
          .to_ms = INT64_C(1790000000500)}},
    };
    struct store *s = open_store(*state);
    assert_int_equal(add_range(s, 1, 5000, NULL), ERR_OK);
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        const struct store_query *q = &cases[c].q;
        uint64_t want = 0;
        for (uint64_t i = 1; i <= 5000; i++) {
            struct event e = event_at(i);
            want += (q->site == 0 || e.site == q->site) && i > q->after_seq &&
                    (q->upto_seq == 0 || i <= q->upto_seq) &&
                    ((q->from_ms == 0 && q->to_ms == 0) ||
                     (e.at_ms >= q->from_ms && e.at_ms < q->to_ms)) &&
                    (!q->one_visitor || e.visitor == q->visitor) &&
                    (q->with_bots || e.bot_reason == BOT_NONE);
        }
        struct seen seen = {0};
        assert_true(want > 0);
        assert_int_equal(store_each(s, q, see, &seen, NULL), ERR_OK);
        if (seen.n != want)
            fail_msg("%s: %" PRIu64 " events, not %" PRIu64, cases[c].why, seen.n, want);
    }
    struct seen three = {.stop_at = 3}, few = {0};
    assert_int_equal(store_each(s, &(struct store_query){0}, see, &three, NULL), ERR_CANCELLED);
    assert_int_equal(three.n, 3);
    assert_int_equal(store_each(s, &(struct store_query){.limit = 17}, see, &few, NULL), ERR_OK);
    assert_int_equal(few.n, 17);
    store_close(s);
}

struct order {
    uint64_t n;
    struct event last;
};

static err_code check_order(void *arg, const struct event *e)
{
    struct order *o = arg;
    if (o->n++ > 0) {
        bool later = e->visitor != o->last.visitor ? e->visitor > o->last.visitor
                     : e->at_ms != o->last.at_ms   ? e->at_ms > o->last.at_ms
                                                   : e->seq > o->last.seq;
        assert_true(later);
    }
    o->last = *e;
    return ERR_OK;
}

static void streams_visitor_by_visitor(void **state)
{
    struct store *s = open_store(*state);
    struct order o = {0};
    assert_int_equal(add_range(s, 1, 20000, NULL), ERR_OK);
    struct store_query q = {.with_bots = true, .order = STORE_BY_VISITOR};
    assert_int_equal(store_each(s, &q, check_order, &o, NULL), ERR_OK);
    assert_int_equal(o.n, 20000);
    store_close(s);
}

struct dedupe_seen {
    uint64_t n, wrong;
    uint32_t site;
    int64_t since_ms;
};

static err_code see_dedupe(void *arg, uint32_t site, uint64_t dedupe, int64_t received_ms)
{
    struct dedupe_seen *d = arg;
    struct event e = event_at((uint64_t)(received_ms - INT64_C(1790000000000)));
    d->n++;
    d->wrong += dedupe == 0 || dedupe != e.dedupe || site != e.site || received_ms < d->since_ms ||
                (d->site && site != d->site);
    return ERR_OK;
}

static void tells_the_hashes_of_ids(void **state)
{
    struct store *s = open_store(*state);
    assert_int_equal(add_range(s, 1, 3000, NULL), ERR_OK);
    struct dedupe_seen all = {.since_ms = INT64_C(1790000001001)};
    assert_int_equal(store_each_dedupe(s, 0, all.since_ms, see_dedupe, &all, NULL), ERR_OK);
    assert_int_equal(all.n, 1000); /* the odd ones of 1001 .. 3000 */
    assert_int_equal(all.wrong, 0);
    struct dedupe_seen one = {.site = 2, .since_ms = INT64_MIN / 1000};
    assert_int_equal(store_each_dedupe(s, 2, one.since_ms, see_dedupe, &one, NULL), ERR_OK);
    assert_int_equal(one.n, 500); /* 1, 7, 13 ... */
    assert_int_equal(one.wrong, 0);
    store_close(s);
}

static void counts_events_and_bots(void **state)
{
    struct store *s = open_store(*state);
    struct store_counts c;
    assert_int_equal(store_counts(s, 0, &c, NULL), ERR_OK);
    assert_int_equal(c.events, 0);
    assert_int_equal(add_range(s, 1, 3300, NULL), ERR_OK);
    assert_int_equal(store_counts(s, 0, &c, NULL), ERR_OK);
    assert_int_equal(c.events, 3300);
    assert_int_equal(c.bots, 300);
    assert_true(c.file_bytes > 0 && c.wal_bytes > 0);
    assert_int_equal(store_counts(s, 3, &c, NULL), ERR_OK);
    assert_int_equal(c.events, 1100);
    assert_int_equal(c.bots, 100);
    store_close(s);
}

static void *write_beside(void *arg)
{
    for (uint64_t i = 0; i < 40; i++)
        if (add_range(arg, i * 500 + 1, i * 500 + 500, NULL) != ERR_OK) return arg;
    return NULL;
}

static void reads_beside_the_writer(void **state)
{
    struct store *s = open_store(*state);
    pthread_t writer;
    void *failed = NULL;
    assert_int_equal(pthread_create(&writer, NULL, write_beside, s), 0);
    uint64_t before = 0, n = 0;
    do {
        n = 0;
        before = store_watermark(s);
        assert_int_equal(
            store_each(s, &(struct store_query){.with_bots = true}, count_in_order, &n, NULL),
            ERR_OK);
        assert_true(n >= before);     /* what was committed before is seen */
        assert_int_equal(n % 500, 0); /* and only whole batches */
    } while (before < 20000);
    assert_int_equal(pthread_join(writer, &failed), 0);
    assert_null(failed);
    assert_holds(s, 20000);
    store_close(s);
}

static void touches_nothing_outside(void **state)
{
    static const char *const forbidden[] = {
        "COPY meta TO '/tmp/cairn-store-leak.csv'",
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM read_text('/etc/passwd')",
        "ATTACH '/tmp/cairn-store-other.duckdb'",
        "ATTACH 'https://example.org/x.duckdb'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SET enable_external_access = true",
        "SET autoload_known_extensions = true",
        "SET temp_directory = '/tmp/cairn-elsewhere'",
    };
    struct store *s = open_store(*state);
    for (size_t i = 0; i < sizeof forbidden / sizeof *forbidden; i++) {
        struct err err = {0};
        if (duck_run(s->writer, forbidden[i], &err) == ERR_OK) fail_msg("%s", forbidden[i]);
    }
    store_close(s);
}

static void limit_files(rlim_t bytes)
{
    struct rlimit limit;
    getrlimit(RLIMIT_FSIZE, &limit);
    limit.rlim_cur = bytes;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static err_code expect_next(void *arg, const struct event *e)
{
    uint64_t *seq = arg;
    struct event want = event_at(++*seq);
    assert_same(e, &want);
    return ERR_OK;
}

static void goes_on_after_a_full_disk(void **state)
{
    struct place *p = *state;
    struct store *s = open_store(p);
    struct err err;
    struct stat wal;
    char path[128];
    uint64_t seq = 0;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(add_range(s, 1, 3000, &err), ERR_OK);
    snprintf(path, sizeof path, "%s.wal", p->path);
    assert_int_equal(stat(path, &wal), 0);
    for (int again = 0; again < 3; again++) {
        limit_files((rlim_t)wal.st_size + 10000);
        assert_int_equal(add_range(s, 3001, 6000, &err), ERR_IO);
        limit_files(RLIM_INFINITY);
        assert_int_equal(store_watermark(s), 3000);
    }
    /* The texts of the rows that were taken back must not be in those that follow. */
    assert_int_equal(add_range(s, 3001, 6000, &err), ERR_OK);
    struct store_query q = {.with_bots = true, .order = STORE_BY_SEQ};
    assert_int_equal(store_each(s, &q, expect_next, &seq, &err), ERR_OK);
    assert_int_equal(seq, 6000);
    store_close(s);
    s = open_store(p);
    seq = 0;
    assert_int_equal(store_each(s, &q, expect_next, &seq, &err), ERR_OK);
    assert_int_equal(seq, 6000);
    store_close(s);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(keeps_every_field),
        TEST(adds_a_replayed_batch_once),
        TEST(commits_several_batches_at_once),
        TEST(refuses_a_batch_out_of_order),
        TEST(refuses_a_batch_with_broken_text),
        TEST(keeps_whole_batches_when_killed),
        TEST(says_who_else_has_it_open),
        TEST(refuses_what_is_no_store),
        TEST(refuses_a_newer_store),
        TEST(answers_what_is_asked),
        TEST(streams_visitor_by_visitor),
        TEST(tells_the_hashes_of_ids),
        TEST(counts_events_and_bots),
        TEST(reads_beside_the_writer),
        TEST(touches_nothing_outside),
        TEST(goes_on_after_a_full_disk),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
