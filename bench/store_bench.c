/* store_bench.c: journal to store: full rows a second, by size of batch, on one thread of DuckDB.
 *
 * Rows have the shape of real page views and purchases: 18 to 21 texts, addresses with a long tail.
 * The time includes the checkpoints that fall due and the last one. */
#include <inttypes.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/hash.h"
#include "store/store.h"

enum { ROWS = 800000, DISTINCT = 20000 };

static struct str pick(struct arena *a, uint64_t *rng, const char *fmt, unsigned most)
{
    /* Squared: small numbers are common. */
    double u = rand_unit(rng);
    return str_of(arena_printf(a, fmt, (unsigned)(u * u * most)));
}

static void make_events(struct event *events, size_t n, struct arena *a)
{
    static const char *const names[] = {"pageview",   "pageview",    "pageview",
                                        "engagement", "add_to_cart", "purchase"};
    uint64_t rng = 1;
    for (size_t i = 0; i < n; i++) {
        struct event *e = &events[i];
        *e = (struct event){.site = 1,
                            .visitor = hash_mix(1 + (uint64_t)(rand_unit(&rng) * 60000)),
                            .engaged_ms = (uint32_t)(rand_unit(&rng) * 20000),
                            .dedupe = rand_next(&rng)};
        size_t name = (size_t)(rand_unit(&rng) * 6);
        e->text[TEXT_NAME] = str_of(names[name]);
        e->text[TEXT_HOST] = STR("shop.example");
        e->text[TEXT_PATH] = pick(a, &rng, "/products/category/p-%u", 50000);
        e->text[TEXT_URL] = str_of(arena_printf(a, "https://shop.example%.*s?utm_source=news",
                                                STR_FMT(e->text[TEXT_PATH])));
        e->text[TEXT_QUERY] = STR("utm_source=news");
        e->text[TEXT_TITLE] = pick(a, &rng, "A shirt of the kind number %u - Shop", 5000);
        e->text[TEXT_SOURCE] = STR("news");
        e->text[TEXT_MEDIUM] = STR("email");
        e->text[TEXT_CAMPAIGN] = pick(a, &rng, "campaign-%u", 40);
        e->text[TEXT_COUNTRY] = STR("DE");
        e->text[TEXT_DEVICE] = STR("mobile");
        e->text[TEXT_BROWSER] = STR("Chrome");
        e->text[TEXT_OS] = STR("Android");
        e->text[TEXT_SCREEN] = STR("412x915");
        e->text[TEXT_LANGUAGE] = STR("de-DE");
        e->text[TEXT_PROTOCOL] = STR("cairn");
        e->text[TEXT_ID] = pick(a, &rng, "0190b2c1-7f00-7000-8000-%012u", UINT32_MAX);
        e->text[TEXT_PROPS] = pick(a, &rng, "{\"size\":\"XL\",\"variant\":%u}", 300);
        if (name == 5) {
            e->kind = KIND_ORDER;
            e->has_value = true;
            e->value_minor = (int64_t)(rand_unit(&rng) * 20000);
            e->text[TEXT_CURRENCY] = STR("EUR");
            e->text[TEXT_ORDER_ID] = pick(a, &rng, "O-%u", 10000000);
            e->text[TEXT_ITEMS] = STR("[{\"item_id\":\"SKU1\",\"price\":12.5,\"quantity\":1}]");
        }
    }
}

/* `at_once` batches of `batch` rows are one transaction. */
static double run(size_t batch, size_t at_once, struct event *events, uint64_t *bytes)
{
    char dir[] = "/tmp/cairn-bench-XXXXXX", path[64];
    struct store *s;
    struct err err = {0};
    struct store_counts counts;
    if (!mkdtemp(dir)) exit(1);
    snprintf(path, sizeof path, "%s/events.duckdb", dir);
    if (store_open(path, 0, 1, &s, &err)) goto failed;
    int64_t start = clock_mono_ns();
    for (uint64_t done = 0; done < ROWS; done += batch) {
        size_t nth = done / batch % at_once;
        if (nth == 0 && store_begin(s, &err)) goto failed;
        struct event *e = &events[done % DISTINCT];
        for (size_t i = 0; i < batch; i++) {
            e[i].seq = done + i + 1;
            e[i].at_ms = e[i].received_at_ms = INT64_C(1790000000000) + (int64_t)(done + i) * 7;
        }
        if (store_add(s, e, batch, &err)) goto failed;
        if ((nth + 1 == at_once || done + batch == ROWS) && store_commit(s, &err)) goto failed;
    }
    store_close(s);
    double took_s = (double)(clock_mono_ns() - start) / 1e9;
    if (store_open(path, 0, 1, &s, &err) || store_counts(s, 0, &counts, &err)) goto failed;
    if (counts.events != ROWS) exit(1);
    *bytes = counts.file_bytes;
    store_close(s);
    unlink(path);
    rmdir(dir);
    return took_s;
failed:
    fprintf(stderr, "%s\n", err.msg);
    exit(1);
}

int main(void)
{
    static const struct {
        size_t batch, at_once;
    } cases[] = {{1000, 1}, {4000, 1}, {20000, 1}, {4000, 50}, {4000, 100}};
    struct event *events = calloc(DISTINCT, sizeof *events);
    struct arena a;
    arena_init(&a, 64 << 20);
    if (!events) return 1;
    make_events(events, DISTINCT, &a);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        double best = 1e9;
        uint64_t bytes = 0;
        for (int round = 0; round < 3; round++) {
            double took_s = run(cases[i].batch, cases[i].at_once, events, &bytes);
            if (took_s < best) best = took_s;
        }
        printf("store_add, %3zu batches of %5zu a transaction: %8.0f rows/s, %.1f bytes a row\n",
               cases[i].at_once, cases[i].batch, ROWS / best, (double)bytes / ROWS);
    }
    arena_free(&a);
    free(events);
    return 0;
}
