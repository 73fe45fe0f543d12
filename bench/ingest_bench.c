/* ingest_bench.c: what one event costs on its way from a request's bytes into the journal's queue.
 *
 * One thread, its own processor time (the journal writes on another one): single events as the
 * tracker sends them, and batches of 100 as servers do, of visitors with a long tail of user
 * agents.  The answer is checked: every event is accepted, with and without ids. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/hash.h"
#include "ingest/accept.h"

enum { EVENTS = 40000, RUNS = 3, AGENTS = 200 };

static struct config *config;
static struct journal *journal;
static struct accept *accepting;
static char agents[AGENTS][160];

static void check(err_code code, const struct err *err)
{
    if (!code) return;
    fprintf(stderr, "%s\n", err->msg);
    exit(1);
}

static void set_up(const char *dir)
{
    char path[128];
    struct err err;
    uint32_t id;
    snprintf(path, sizeof path, "%s/config.db", dir);
    check(config_open(path, &clock_real, &config, &err), &err);
    json_t *site = json_pack("{ssss}", "key", "demo", "domain", "shop.example");
    check(config_site_add(config, site, "bench", &id, &err), &err);
    json_decref(site);
    snprintf(path, sizeof path, "%s/journal", dir);
    check(journal_open(&fs_real, path, NULL, &journal, &err), &err);
    struct accept_options o = {.data_dir = dir,
                               .country_db = "deps/vendor/geo/geo-whois-asn-country.mmdb"};
    check(accept_open(&o, config, journal, &clock_real, &accepting, &err), &err);
    for (int i = 0; i < AGENTS; i++)
        snprintf(agents[i], sizeof agents[i],
                 "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
                 "Chrome/%d.0.%d.0 Safari/537.36",
                 100 + i % 40, i);
}

static void write_event(struct buf *b, uint64_t *rng, bool with_id, uint64_t number)
{
    uint64_t r = rand_next(rng);
    buf_printf(b,
               "{\"name\":\"pageview\",\"url\":\"https://shop.example/p/%" PRIu64
               "?size=XL\",\"referrer\":"
               "\"https://www.google.com/\",\"title\":\"Blue shirt %" PRIu64
               "\",\"age_ms\":%" PRIu64
               ",\"screen\":\"1440x900\",\"props\":{\"list\":\"search\",\"position\":%" PRIu64 "}",
               r % 1000, r % 1000, r % 5000, r % 20);
    if (with_id) buf_printf(b, ",\"id\":\"%016" PRIx64 "-%" PRIu64 "\"", r, number);
    buf_z(b, "}");
}

static int64_t thread_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* A stretch of requests, made before the clock runs. */
enum { STRETCH = 20000 };
static struct buf bodies;
static struct accept_request requests[STRETCH];
static char addresses[STRETCH][32];

static size_t make_stretch(size_t batch, bool with_id, uint64_t *rng, uint64_t number)
{
    static size_t from[STRETCH + 1];
    size_t n = STRETCH / batch;
    buf_clear(&bodies);
    for (size_t k = 0; k < n; k++) {
        from[k] = bodies.n;
        buf_z(&bodies, "{\"site\":\"demo\",\"events\":[");
        for (size_t i = 0; i < batch; i++) {
            if (i) buf_char(&bodies, ',');
            write_event(&bodies, rng, with_id, number + k * batch + i);
        }
        buf_z(&bodies, "]}");
    }
    from[n] = bodies.n;
    for (size_t k = 0; k < n; k++) {
        uint64_t r = rand_next(rng);
        double u = rand_unit(rng);
        snprintf(addresses[k], sizeof *addresses, "%d.%d.%d.7", (int)(r % 200) + 11,
                 (int)(r >> 8 & 255), (int)(r >> 16 & 255));
        requests[k] = (struct accept_request){
            .body = {bodies.p + from[k], from[k + 1] - from[k]},
            .ip = str_of(addresses[k]),
            .user_agent = str_of(agents[(size_t)(u * u * u * AGENTS)]),
            .accept_language = STR("de-DE,de;q=0.9"),
            .sec_fetch_site = STR("cross-site"),
            .origin_kind = ORIGIN_BROWSER,
            .max_body = LIMIT_BODY,
        };
    }
    return n;
}

/* Nanoseconds an event. */
static double run(size_t batch, bool with_id, uint64_t seed)
{
    struct arena arena;
    struct err err;
    struct buf answer = {0};
    uint64_t rng = seed;
    int64_t took_ns = 0;
    size_t accepted = 0;
    arena_init(&arena, LIMIT_REQUEST_ARENA);
    for (size_t sent = 0; sent < EVENTS; sent += STRETCH) {
        size_t n = make_stretch(batch, with_id, &rng, sent);
        int64_t from_ns = thread_ns();
        for (size_t k = 0; k < n; k++) {
            struct accept_result result;
            accept_events(accepting, &requests[k], &arena, &result);
            buf_clear(&answer);
            accept_answer_json(&result, &answer);
            arena_reset(&arena);
            accepted += result.accepted;
        }
        took_ns += thread_ns() - from_ns;
        check(journal_sync(journal, &err), &err);
    }
    if (accepted != EVENTS) {
        fprintf(stderr, "accepted %zu of %d\n", accepted, EVENTS);
        exit(1);
    }
    buf_free(&answer);
    arena_free(&arena);
    return (double)took_ns / EVENTS;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

int main(void)
{
    static const struct {
        const char *what;
        size_t batch;
        bool with_id;
    } cases[] = {
        {"single events", 1, false},
        {"single events with ids", 1, true},
        {"batches of 100", 100, false},
        {"batches of 100 with ids", 100, true},
    };
    char dir[] = "/tmp/cairn-bench-XXXXXX", command[64];
    if (!mkdtemp(dir)) return 1;
    set_up(dir);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        double ns[RUNS];
        (void)run(cases[i].batch, cases[i].with_id, 1000 * i + 999);
        for (uint64_t k = 0; k < RUNS; k++)
            ns[k] = run(cases[i].batch, cases[i].with_id, 1000 * i + k);
        qsort(ns, RUNS, sizeof *ns, by_value);
        printf("ingest  %-24s min %7.0f  median %7.0f ns/event  %9.0f events/s\n", cases[i].what,
               ns[0], ns[RUNS / 2], 1e9 / ns[RUNS / 2]);
    }
    accept_close(accepting);
    journal_close(journal);
    config_close(config);
    snprintf(command, sizeof command, "rm -rf '%s'", dir);
    return system(command) == 0 ? 0 : 1;
}
