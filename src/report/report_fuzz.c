/* report_fuzz.c: any JSON as a question: {"report":name,"request":..} about a site with a few
 * events. An answer must have its envelope and become a table; a refusal must have a name or a
 * sentence. */
#include <stdlib.h>
#include <unistd.h>

#include "report/report.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct {
    char dir[64];
    struct clock clock;
    struct config *config;
    struct index *index;
    struct pool *pool;
    uint32_t site;
} world;

static void tear_down(void)
{
    char command[128];
    pool_close(world.pool);
    index_close(world.index);
    config_close(world.config);
    snprintf(command, sizeof command, "rm -rf '%s'", world.dir);
    if (system(command) != 0) fprintf(stderr, "%s stays\n", world.dir);
}

static err_code add_events(struct err *err)
{
    static const char *const names[] = {"pageview", "pageview", "add_to_cart", "purchase"};
    static const char *const paths[] = {"/", "/p/1", "/p/1", "/thanks"};
    for (uint64_t i = 0; i < 40; i++) {
        struct event e = {.seq = i + 1, .site = world.site, .visitor = i / 4};
        e.at_ms = INT64_C(1791151200000) + (int64_t)i * 600000;
        e.received_at_ms = e.at_ms;
        e.text[TEXT_NAME] = str_of(names[i % 4]);
        e.text[TEXT_PATH] = str_of(paths[i % 4]);
        e.text[TEXT_DEVICE] = i % 8 < 4 ? STR("mobile") : STR("desktop");
        e.kind = event_kind_of(e.text[TEXT_NAME]);
        err_code rc = index_add(world.index, &e, err);
        if (rc != ERR_OK) return rc;
    }
    return index_publish(world.index, 40, world.clock.set_ms, err);
}

static err_code add_goal(struct err *err)
{
    json_t *made = NULL;
    json_t *goal = json_pack("{s:s,s:s,s:s,s:{s:s,s:s}}", "key", "cart", "name", "Cart", "class",
                             "macro", "rule", "type", "event", "name", "add_to_cart");
    err_code rc = config_add(world.config, world.site, "goals", goal, "fuzz", &made, err);
    json_decref(goal);
    json_decref(made);
    return rc;
}

static void set_up(void)
{
    struct err err = {0};
    char where[96], journeys[96];
    world.clock = clock_fixed(INT64_C(1791799200000));
    snprintf(world.dir, sizeof world.dir, "/tmp/cairn-fuzz-XXXXXX");
    if (!mkdtemp(world.dir)) abort();
    snprintf(where, sizeof where, "%s/config.db", world.dir);
    snprintf(journeys, sizeof journeys, "%s/journey", world.dir);
    const struct index_options options = {.dir = journeys};
    json_t *site = json_pack("{s:s,s:s,s:s}", "key", "shop", "domain", "shop.example", "timezone",
                             "Europe/Berlin");
    err_code rc = config_open(where, &world.clock, &world.config, &err);
    if (rc == ERR_OK) rc = index_open(&fs_real, &options, &world.index, &err);
    if (rc == ERR_OK) rc = pool_open(1, &world.pool, &err);
    if (rc == ERR_OK) rc = config_site_add(world.config, site, "fuzz", &world.site, &err);
    if (rc == ERR_OK) rc = add_goal(&err);
    if (rc == ERR_OK) rc = add_events(&err);
    json_decref(site);
    if (rc != ERR_OK) {
        fprintf(stderr, "%s\n", err.msg);
        abort();
    }
    atexit(tear_down);
}

static void ask(const char *report, const json_t *request)
{
    const struct report_context x = {
        .config = world.config, .index = world.index, .pool = world.pool, .clock = &world.clock};
    struct arena a;
    struct err err = {0};
    struct buf table = {0};
    json_t *answer = NULL;
    arena_init(&a, 16 << 20);
    err_code rc = report_run(&x, world.site, report, request, &a, &answer, &err);
    if ((rc == ERR_OK) != (answer != NULL)) abort();
    if (rc != ERR_OK && err.name[0] == 0 && err.msg[0] == 0) abort();
    if (answer && !json_object_get(answer, "result")) abort();
    if (answer && report_csv(answer, &table, &err) != ERR_OK) abort();
    buf_free(&table);
    json_decref(answer);
    arena_free(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!world.config) set_up();
    json_t *j = json_loadb((const char *)data, size, 0, NULL);
    const char *report = json_string_value(json_object_get(j, "report"));
    json_t *empty = json_object();
    const json_t *request = json_object_get(j, "request");
    if (report) ask(report, request ? request : empty);
    json_decref(empty);
    json_decref(j);
    return 0;
}
