/* scan_bench.c: what the index costs and how fast it is read, on the data shape of
 * docs/ARCHITECTURE.md: 10 M events of 912,638 visitors over 90 days, 8 names, a long tail, 70 %
 * page views, 1 % purchases.
 *
 *   scan_bench [EVENTS] [THREADS] [CASE]     default 1,000,000 and 2; CASE: a part of its name
 *
 * Prints for each case the minimum and the median of several runs, the nanoseconds an event, and
 * the least processor time of all threads together, which tells more on a busy machine. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/hash.h"
#include "journey/index.h"
#include "journey/scan.h"
#include "kernels/funnel.h"

enum { RUNS = 25, SITE = 1, N_PATHS = 3000, DAYS = 90 };
static const double visitors_an_event = 0.0912638;
static const int64_t begin_ms = INT64_C(1767225600000); /* 2026-01-01 */

struct row {
    int64_t at_ms;
    uint64_t visitor;
    uint32_t client; /* device, browser, country, campaign: what a visit keeps */
    uint16_t path;
    uint8_t name;
    bool landing;
};

static const char *const names[] = {"pageview", "view_item", "add_to_cart", "purchase",
                                    "search",   "sign_up",   "video_start", "file_download"};

static uint8_t random_name(uint64_t *r)
{
    double u = rand_unit(r);
    static const double upto[] = {0.70, 0.84, 0.89, 0.90, 0.94, 0.95, 0.98, 1};
    uint8_t i = 0;
    while (u >= upto[i] && i < 7) i++;
    return i;
}

static int by_time(const void *x, const void *y)
{
    const struct row *a = x, *b = y;
    return a->at_ms < b->at_ms ? -1 : a->at_ms > b->at_ms;
}

/* Visits of a few events each; most visitors come once, some again and again. */
static size_t make_rows(struct row *rows, size_t n)
{
    uint64_t r = 1;
    size_t n_visitors = (size_t)((double)n * visitors_an_event), made = 0;
    for (size_t v = 0; v < n_visitors; v++) {
        uint64_t visitor = rand_next(&r);
        uint32_t client = (uint32_t)(rand_next(&r) >> 32);
        size_t left = n - made, rest = n_visitors - v;
        double mean = (double)left / (double)rest, u = rand_unit(&r);
        size_t events = (size_t)(mean *
                                 (u < 0.8    ? 0.5
                                  : u < 0.97 ? 2
                                             : 6.5) *
                                 (0.4 + 1.2 * rand_unit(&r)));
        if (events < 1 || v + 1 == n_visitors) events = v + 1 == n_visitors ? left : 1;
        if (events > left) events = left;
        int64_t at = begin_ms + (int64_t)(rand_unit(&r) * DAYS * 86400000.0);
        for (size_t i = 0; i < events; i++) {
            bool visit = i == 0 || rand_unit(&r) < 0.18;
            if (i > 0)
                at += visit ? (int64_t)(rand_unit(&r) * 6 * 86400000) + 3600000
                            : (int64_t)(rand_unit(&r) * 120000);
            if (at >= begin_ms + DAYS * INT64_C(86400000)) at -= 80 * INT64_C(86400000);
            double p = rand_unit(&r);
            rows[made++] = (struct row){
                at, visitor, client, (uint16_t)(p * p * p * N_PATHS), random_name(&r), visit};
        }
    }
    return made;
}

static struct event to_event(const struct row *r, uint64_t seq, char *path)
{
    static const char *const devices[] = {"desktop", "mobile", "tablet"};
    static const char *const browsers[] = {"Chrome", "Safari", "Firefox", "Edge", "Samsung"};
    static const char *const countries[] = {"DE", "FR", "AT", "CH", "NL", "PL", "IT", "ES"};
    static const char *const screens[] = {"1440x900", "1920x1080", "390x844", "412x915", "360x800"};
    static const char *const sources[] = {"google", "news", "facebook", "bing"};
    static const char *const media[] = {"organic", "email", "social", "cpc"};
    uint32_t c = r->client;
    struct event e = {.seq = seq,
                      .site = SITE,
                      .visitor = r->visitor,
                      .at_ms = r->at_ms,
                      .received_at_ms = r->at_ms,
                      .id_kind = ID_CONSENTED,
                      .origin = ORIGIN_SERVER,
                      .simulated = true};
    e.text[TEXT_NAME] = str_of(names[r->name]);
    e.text[TEXT_HOST] = STR("shop.example");
    e.text[TEXT_PATH] = (struct str){path, (size_t)snprintf(path, 32, "/p/%u", r->path)};
    e.text[TEXT_DEVICE] = str_of(devices[c % 3]);
    e.text[TEXT_BROWSER] = str_of(browsers[c / 3 % 5]);
    e.text[TEXT_COUNTRY] = str_of(countries[c / 15 % 8]);
    e.text[TEXT_SCREEN] = str_of(screens[c / 120 % 5]);
    if (r->landing && c / 600 % 3) {
        e.text[TEXT_SOURCE] = str_of(sources[c / 1800 % 4]);
        e.text[TEXT_MEDIUM] = str_of(media[c / 1800 % 4]);
    }
    if (r->name == 2 || r->name == 3) {
        e.has_value = true;
        e.value_minor = 1000 + r->path;
        e.text[TEXT_CURRENCY] = STR("EUR");
    }
    return e;
}

static void die(const char *what, const struct err *err)
{
    fprintf(stderr, "%s: %s\n", what, err->msg);
    exit(1);
}

static void build(struct index *x, const struct row *rows, size_t n)
{
    struct err err;
    char path[32];
    int64_t t = clock_mono_ns();
    for (size_t i = 0; i < n; i++) {
        struct event e = to_event(&rows[i], i + 1, path);
        if (index_add(x, &e, &err) != ERR_OK) die("add", &err);
    }
    if (index_publish(x, n, begin_ms, &err) != ERR_OK) die("publish", &err);
    int64_t fed = clock_mono_ns() - t;
    if (index_persist(x, &err) != ERR_OK) die("persist", &err);
    int64_t all = clock_mono_ns() - t;
    printf("%-44s %10.0f events/s, with writing %10.0f\n", "feed", (double)n * 1e9 / (double)fed,
           (double)n * 1e9 / (double)all);
}

/* --- cases --- */

static int by_number(const void *x, const void *y)
{
    int64_t a = *(const int64_t *)x, b = *(const int64_t *)y;
    return a < b ? -1 : a > b;
}

struct took {
    int64_t wall_ns[RUNS], cpu_ns[RUNS], wall_began, cpu_began;
};

static int64_t cpu_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void begin(struct took *t)
{
    t->wall_began = clock_mono_ns();
    t->cpu_began = cpu_ns();
}

static void end(struct took *t, int run)
{
    t->wall_ns[run] = clock_mono_ns() - t->wall_began;
    t->cpu_ns[run] = cpu_ns() - t->cpu_began;
}

static void report(const char *what, struct took *t, size_t n_events, const char *answer)
{
    int64_t *took = t->wall_ns;
    qsort(t->cpu_ns, RUNS, sizeof *t->cpu_ns, by_number);
    qsort(took, RUNS, sizeof *took, by_number);
    printf("%-44s min %8.2f ms  median %8.2f ms  %6.2f ns/event  cpu %8.2f ms  %s\n", what,
           (double)took[0] / 1e6, (double)took[RUNS / 2] / 1e6,
           (double)took[RUNS / 2] / (double)n_events, (double)t->cpu_ns[0] / 1e6, answer);
}

struct count { /* visitors, events, sessions */
    uint64_t visitors, events, sessions;
};
static err_code count_init(void *state, const void *def, struct err *err)
{
    (void)state, (void)def, (void)err;
    return ERR_OK;
}
static err_code count_add(void *state, const void *def, const struct journey *j, struct err *err)
{
    struct count *c = state;
    (void)def, (void)err;
    c->visitors++;
    c->events += j->n;
    c->sessions += j->n_sessions;
    return ERR_OK;
}
static err_code count_merge(void *into, void *from, struct err *err)
{
    struct count *a = into, *b = from;
    (void)err;
    a->visitors += b->visitors;
    a->events += b->events;
    a->sessions += b->sessions;
    return ERR_OK;
}
static const struct kernel count_kernel = {sizeof(struct count), count_init, count_add, count_merge,
                                           NULL};

static struct rule event_rule(const char *name)
{
    return (struct rule){.type = RULE_EVENT, .name = str_of(name)};
}

static const char *only = "";

static void run_count(struct index *x, struct pool *pool, const char *what, unsigned needs,
                      const char *dim, const char *name)
{
    struct err err;
    struct plan *plan;
    struct count c;
    struct took took;
    unsigned slot, bit;
    char answer[100];
    if (!strstr(what, only)) return;
    struct snapshot *s = index_snapshot(x, SITE);
    size_t n = snapshot_events(s);
    for (int i = 0; i < RUNS; i++) {
        begin(&took);
        if (plan_open(s, NULL, &plan, &err) != ERR_OK) die("plan", &err);
        plan_need(plan, needs);
        if (dim && plan_dimension(plan, str_of(dim), &slot, &err) != ERR_OK) die("dimension", &err);
        struct rule r = event_rule(name ? name : "");
        if (name && plan_predicate(plan, &r, &bit, &err) != ERR_OK) die("predicate", &err);
        if (name) plan_require(plan, 1);
        if (scan_run(plan, pool, &count_kernel, NULL, &c, NULL, NULL, &err) != ERR_OK)
            die("scan", &err);
        plan_close(plan);
        end(&took, i);
    }
    snprintf(answer, sizeof answer, "%" PRIu64 " visitors %" PRIu64 " sessions", c.visitors,
             c.sessions);
    report(what, &took, n, answer);
    snapshot_release(s);
}

static void run_funnel(struct index *x, struct pool *pool, const char *what)
{
    static const char *const steps[] = {"view_item", "add_to_cart", "purchase"};
    struct err err;
    struct plan *plan;
    struct funnel_state state;
    struct took took;
    unsigned bit;
    struct funnel_def def = {.n_steps = 3,
                             .window_ms = 86400000,
                             .from_ms = begin_ms,
                             .to_ms = begin_ms + DAYS * INT64_C(86400000)};
    if (!strstr(what, only)) return;
    struct snapshot *s = index_snapshot(x, SITE);
    size_t n = snapshot_events(s);
    for (int i = 0; i < RUNS; i++) {
        begin(&took);
        if (plan_open(s, NULL, &plan, &err) != ERR_OK) die("plan", &err);
        for (unsigned k = 0; k < 3; k++) {
            struct rule r = event_rule(steps[k]);
            if (plan_predicate(plan, &r, &bit, &err) != ERR_OK) die("predicate", &err);
            def.bit[k] = (uint8_t)bit;
        }
        plan_require(plan, 1);
        if (scan_run(plan, pool, &funnel_kernel, &def, &state, NULL, NULL, &err) != ERR_OK)
            die("scan", &err);
        plan_close(plan);
        end(&took, i);
        funnel_kernel.release(&state);
    }
    report(what, &took, n, "");
    snapshot_release(s);
}

int main(int argc, char **argv)
{
    size_t n = argc > 1 ? strtoul(argv[1], NULL, 10) : 1000000;
    size_t threads = argc > 2 ? strtoul(argv[2], NULL, 10) : 2;
    char dir[] = "/tmp/cairn-scan-bench-XXXXXX", command[64];
    struct index *x;
    struct pool *pool;
    struct index_stats stats;
    struct err err;
    if (argc > 3) only = argv[3];
    struct row *rows = malloc(n * sizeof *rows);
    if (!rows || !mkdtemp(dir)) return 1;
    n = make_rows(rows, n);
    qsort(rows, n, sizeof *rows, by_time);
    if (pool_open(threads, &pool, &err) != ERR_OK) die("pool", &err);
    if (index_open(&fs_real, &(struct index_options){.dir = dir}, &x, &err) != ERR_OK)
        die("open", &err);
    build(x, rows, n);
    free(rows);
    index_close(x);
    int64_t t = clock_mono_ns();
    if (index_open(&fs_real, &(struct index_options){.dir = dir}, &x, &err) != ERR_OK)
        die("open", &err);
    printf("%-44s %10.2f ms\n", "open, everything checked", (double)(clock_mono_ns() - t) / 1e6);
    index_stats(x, SITE, &stats);
    printf("%-44s %10.2f bytes an event in %" PRIu64 " segments:", "size",
           (double)(stats.mapped_bytes + stats.memory_bytes) / (double)n, stats.parts);
    for (size_t i = 0; i < stats.n_columns; i++)
        printf(" %s %.2f", stats.columns[i].name, (double)stats.columns[i].bytes / (double)n);
    printf("\n");
    run_funnel(x, pool, "3-step funnel, 1 day");
    run_count(x, pool, "visitors with a purchase", 0, NULL, "purchase");
    run_count(x, pool, "every visitor, nothing asked", 0, NULL, NULL);
    run_count(x, pool, "every visitor, sessions", NEED_SESSIONS, NULL, NULL);
    run_count(x, pool, "every visitor, channel", NEED_SESSIONS, "channel", NULL);
    index_close(x);
    pool_close(pool);
    snprintf(command, sizeof command, "rm -rf %s", dir);
    return system(command);
}
