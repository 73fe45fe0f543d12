/* index_bench SHAPE N FOLDER [THREADS]: the funnel in Cairn: the journeys' files, mapped, and the
 * kernel over them, on two threads unless told.
 *
 * Events go in by time, as they come in life; the index is closed and opened again, so that what is
 * measured is what a started server has.  A run is the whole question: plan, scan, merge, rows.
 * Prints "cairn steps median_ms min_ms n1 n2 n3"; the same for "cairn whole", which is what the
 * dashboard asks for: sessions, and where everybody went after each step; "cairn bytes ...". */
#include <inttypes.h>

#include "base/clock.h"
#include "event/rule.h"
#include "journey/index.h"
#include "kernels/funnel.h"
#include "shape.h"

enum { SITE = 1, WARM_UP = 3, RUNS = 31 };

static err_code fill(struct index *x, const struct shape_row *rows, size_t n, struct err *err)
{
    char page[32];
    for (size_t i = 0; i < n; i++) {
        struct event e = {.seq = i + 1,
                          .site = SITE,
                          .visitor = rows[i].visitor,
                          .at_ms = rows[i].at_ms,
                          .received_at_ms = rows[i].at_ms,
                          .id_kind = ID_CONSENTED,
                          .origin = ORIGIN_SERVER};
        snprintf(page, sizeof page, "/p/%u", rows[i].page);
        e.text[TEXT_NAME] = str_of(shape_names[rows[i].name]);
        e.kind = event_kind_of(e.text[TEXT_NAME]);
        e.text[TEXT_PATH] = str_of(page);
        err_code rc = index_add(x, &e, err);
        if (rc == ERR_OK && (i % 100000 == 0 || i + 1 == n))
            rc = index_publish(x, i + 1, e.at_ms, err);
        if (rc != ERR_OK) return rc;
    }
    return index_persist(x, err);
}

static err_code ask(struct index *x, struct pool *pool, bool whole, uint64_t answer[3],
                    struct err *err)
{
    struct funnel_def def = {
        .n_steps = 3, .window_ms = shape_window_ms, .to_ms = INT64_MAX, .destinations = whole};
    struct scan_site site = {0};
    struct snapshot *snapshot = index_snapshot(x, SITE);
    struct plan *plan = NULL;
    struct funnel_state state = {0};
    struct funnel_limits limits = {10, 10};
    struct funnel_answer out;
    struct arena a;
    arena_init(&a, 1 << 20);
    err_code rc = plan_open(snapshot, &site, &plan, err);
    for (size_t k = 0; k < 3 && rc == ERR_OK; k++) {
        struct rule rule = {.type = RULE_EVENT, .name = str_of(shape_names[SHAPE_STEP_1 + k])};
        unsigned bit = 0;
        rc = plan_predicate(plan, &rule, &bit, err);
        def.bit[k] = (uint8_t)bit;
    }
    if (rc == ERR_OK) rc = funnel_check(&def, err);
    if (rc == ERR_OK && whole) plan_need(plan, NEED_SESSIONS | NEED_NAME | NEED_PATH);
    if (rc == ERR_OK) plan_require(plan, UINT64_C(1) << def.bit[0]);
    if (rc == ERR_OK) rc = scan_run(plan, pool, &funnel_kernel, &def, &state, NULL, NULL, err);
    if (rc == ERR_OK) {
        rc = funnel_finish(&state, &def, &limits, &a, &out, err);
        for (size_t k = 0; k < 3 && rc == ERR_OK; k++) answer[k] = out.all.rows[k].reached;
        funnel_kernel.release(&state);
    }
    plan_close(plan);
    snapshot_release(snapshot);
    arena_free(&a);
    return rc;
}

static err_code measure(struct index *x, struct pool *pool, bool whole, struct err *err)
{
    double ms[RUNS], least;
    uint64_t answer[3] = {0};
    for (int i = -WARM_UP; i < RUNS; i++) {
        int64_t start_ns = clock_mono_ns();
        err_code rc = ask(x, pool, whole, answer, err);
        if (rc != ERR_OK) return rc;
        if (i >= 0) ms[i] = (double)(clock_mono_ns() - start_ns) / 1e6;
    }
    double median = shape_median(ms, RUNS, &least);
    printf("cairn %s %.2f %.2f %" PRIu64 " %" PRIu64 " %" PRIu64 "\n", whole ? "whole" : "steps",
           median, least, answer[0], answer[1], answer[2]);
    return ERR_OK;
}

static void tell_size(const struct index *x)
{
    struct index_stats stats = {0};
    index_stats(x, SITE, &stats);
    if (stats.events)
        printf("cairn bytes %.2f an event, in %" PRIu64 " parts\n",
               (double)(stats.mapped_bytes + stats.memory_bytes) / (double)stats.events,
               stats.parts);
}

int main(int argc, char **argv)
{
    size_t n_visitors;
    struct err err = {0};
    struct index *x = NULL;
    struct pool *pool = NULL;
    if (argc < 4) return 2;
    size_t n = strtoull(argv[2], NULL, 10);
    struct shape_row *rows = shape_rows(argv[1], n, &n_visitors);
    if (!rows) return 1;
    qsort(rows, n, sizeof *rows, shape_by_time);
    struct index_options options = {.dir = argv[3]};
    err_code rc = index_open(&fs_real, &options, &x, &err);
    if (rc == ERR_OK) rc = fill(x, rows, n, &err);
    free(rows);
    if (rc == ERR_OK) {
        index_close(x);
        x = NULL;
        rc = index_open(&fs_real, &options, &x, &err);
    }
    if (rc == ERR_OK) rc = pool_open(argc > 4 ? strtoull(argv[4], NULL, 10) : 2, &pool, &err);
    if (rc == ERR_OK) rc = measure(x, pool, false, &err);
    if (rc == ERR_OK) rc = measure(x, pool, true, &err);
    if (rc == ERR_OK) tell_size(x);
    if (rc != ERR_OK) fprintf(stderr, "index_bench: %s\n", err.msg);
    pool_close(pool);
    index_close(x);
    return rc == ERR_OK ? 0 : 1;
}
