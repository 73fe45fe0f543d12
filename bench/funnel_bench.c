/* funnel_bench.c: what the funnel's scans cost by themselves, on journeys that are in memory
 * already.
 *
 * Fixed seed, long-tailed journeys, skewed steps.  The fast path is checked against the general
 * scan on every journey before anything is timed.  Prints minimum and median of several runs in ns
 * per event: the kernel's part of a report, beside which stands reading the journeys (index_bench).
 */
#include <inttypes.h>

#include "base/clock.h"
#include "kernels/funnel_match.h"
#include "shape.h"

enum { EVENTS = 1000000, WARM_UP = 2, RUNS = 15 };

struct journeys {
    int64_t *at_ms;
    uint64_t *match;
    uint8_t *flags;
    size_t *first; /* n_visitors + 1 */
    size_t n_visitors;
};

static struct journeys load(const char *shape)
{
    struct journeys j = {0};
    size_t n_visitors;
    struct shape_row *rows = shape_rows(shape, EVENTS, &n_visitors);
    j.at_ms = malloc(EVENTS * sizeof *j.at_ms);
    j.match = malloc(EVENTS * sizeof *j.match);
    j.flags = malloc(EVENTS * sizeof *j.flags);
    j.first = malloc((n_visitors + 1) * sizeof *j.first);
    if (!rows || !j.at_ms || !j.match || !j.flags || !j.first) exit(1);
    for (size_t i = 0; i < EVENTS; i++) {
        if (i == 0 || rows[i].visitor != rows[i - 1].visitor) j.first[j.n_visitors++] = i;
        bool step = rows[i].name >= SHAPE_STEP_1 && rows[i].name <= SHAPE_STEP_3;
        j.at_ms[i] = rows[i].at_ms;
        j.match[i] = step ? UINT64_C(1) << (rows[i].name - SHAPE_STEP_1) : 0;
        j.flags[i] = JF_INTERACTION;
    }
    j.first[j.n_visitors] = EVENTS;
    free(rows);
    return j;
}

static struct journey visitor(const struct journeys *j, size_t v)
{
    size_t first = j->first[v];
    return (struct journey){.visitor = v,
                            .n = j->first[v + 1] - first,
                            .at_ms = j->at_ms + first,
                            .match = j->match + first,
                            .flags = j->flags + first};
}

static void check(const struct journeys *j, const struct funnel_program *p)
{
    for (size_t v = 0; v < j->n_visitors; v++) {
        struct journey one = visitor(j, v);
        struct funnel_attempt slow = {0}, fast = {0};
        funnel_best(p, &(struct funnel_view){.j = &one, .hi = one.n}, &slow);
        funnel_plain(p, &one, &fast);
        if (slow.level == fast.level &&
            memcmp(slow.at, fast.at, slow.level * sizeof slow.at[0]) == 0)
            continue;
        fprintf(stderr, "funnel_bench: visitor %zu: %zu, not %zu\n", v, fast.level, slow.level);
        exit(1);
    }
}

/* The whole kernel, with its sums and times. */
static void measure(const struct journeys *j, const char *shape, const char *what,
                    const struct funnel_def *def)
{
    double ns[RUNS], least;
    struct err err;
    for (int r = -WARM_UP; r < RUNS; r++) {
        struct funnel_state s = {0};
        int64_t start_ns = clock_mono_ns();
        if (funnel_kernel.init(&s, def, &err)) exit(1);
        for (size_t v = 0; v < j->n_visitors; v++) {
            struct journey one = visitor(j, v);
            if (funnel_kernel.add(&s, def, &one, &err)) exit(1);
        }
        if (r >= 0) ns[r] = (double)(clock_mono_ns() - start_ns) / EVENTS;
        funnel_kernel.release(&s);
    }
    double median = shape_median(ns, RUNS, &least);
    printf("funnel kernel, %s, %s: %.2f ns an event (least %.2f)\n", shape, what, median, least);
}

int main(void)
{
    static const char *const shapes[] = {"shop", "dense"};
    for (size_t i = 0; i < 2; i++) {
        struct journeys j = load(shapes[i]);
        struct funnel_def def = {
            .n_steps = 3, .bit = {0, 1, 2}, .window_ms = shape_window_ms, .to_ms = INT64_MAX};
        struct funnel_program p;
        funnel_compile(&def, &p);
        check(&j, &p);
        measure(&j, shapes[i], "ordered, best", &def);
        def.max_gap_ms[2] = INT64_MAX; /* changes no answer, but takes the general scan */
        measure(&j, shapes[i], "the general scan", &def);
        def.max_gap_ms[2] = 0;
        def.attempts = FUNNEL_FIRST;
        measure(&j, shapes[i], "ordered, first", &def);
        def.attempts = FUNNEL_BEST;
        def.order = FUNNEL_STRICT;
        measure(&j, shapes[i], "strict", &def);
        def.order = FUNNEL_ANY;
        measure(&j, shapes[i], "any", &def);
        def.order = FUNNEL_OPEN;
        measure(&j, shapes[i], "open", &def);
        free(j.at_ms);
        free(j.match);
        free(j.flags);
        free(j.first);
    }
    return 0;
}
