/* Funnels on journeys drawn by hand: the golden table of METHODS 2.3 and every rule beside it. */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "kernels/drawn_test.h"
#include "kernels/funnel.h"

static const int64_t minute_ms = 60000;

/* Steps A, B, C ... of `n` letters, window 60 minutes, best, everything in range. */
static struct funnel_def letters(size_t n)
{
    struct funnel_def d = {.n_steps = n, .window_ms = 60 * 60000, .to_ms = INT64_MAX};
    for (size_t k = 0; k < n; k++) d.bit[k] = (uint8_t)k;
    return d;
}

static struct funnel_state run(const struct funnel_def *def, const char *const *journeys, size_t n)
{
    struct err err = {0};
    struct funnel_state s = {0};
    struct drawn d;
    assert_int_equal(funnel_check(def, &err), ERR_OK);
    assert_int_equal(funnel_kernel.init(&s, def, &err), ERR_OK);
    for (size_t v = 0; v < n; v++) {
        drawn_make(&d, v, journeys[v], minute_ms);
        assert_int_equal(funnel_kernel.add(&s, def, &d.j, &err), ERR_OK);
    }
    return s;
}

static struct funnel_answer answer(struct funnel_state *s, const struct funnel_def *def,
                                   struct arena *a)
{
    struct err err = {0};
    struct funnel_answer out;
    struct funnel_limits limits = {.groups = 10, .destinations = 10};
    arena_init(a, 1 << 24);
    assert_int_equal(funnel_finish(s, def, &limits, a, &out, &err), ERR_OK);
    return out;
}

static void done(struct funnel_state *s, struct arena *a)
{
    funnel_kernel.release(s);
    arena_free(a);
}

/* "321" : the level of each journey alone; '*' after it: excluded. */
static void levels(const char *why, const struct funnel_def *def, const char *const *journeys,
                   size_t n, const char *want)
{
    char got[256];
    size_t length = 0;
    for (size_t v = 0; v < n; v++) {
        struct funnel_state s = run(def, &journeys[v], 1);
        struct arena a;
        struct funnel_answer r = answer(&s, def, &a);
        size_t level = 0, excluded = 0;
        for (size_t k = 0; k < def->n_steps; k++) {
            if (r.all.rows[k].stopped) level = k + 1;
            excluded += r.all.rows[k].excluded;
        }
        got[length++] = (char)('0' + level);
        if (excluded) got[length++] = '*';
        done(&s, &a);
    }
    got[length] = 0;
    if (strcmp(got, want)) fail_msg("%s: levels %s, want %s", why, got, want);
}

static void golden_table(void **unused)
{
    static const char *const v[] = {
        "A0 B5 C10", "A0 A30 B45 C75",       "B0 A5 C10", "A0 B10 X12 C20",   "A0 X3 B8 C15",
        "A0 C5",     "A0 B2 A100 B110 C115", "B0 A0 C10", "A0 B5 X6 A7 B8 C9"};
    static const struct {
        const char *why;
        enum funnel_order order;
        enum funnel_attempts attempts;
        bool exclude;
        const char *levels;
        uint64_t reached[3];
    } rows[] = {
        {"best", FUNNEL_ORDERED, FUNNEL_BEST, false, "331331333", {9, 7, 7}},
        {"first", FUNNEL_ORDERED, FUNNEL_FIRST, false, "321331233", {9, 7, 5}},
        {"strict", FUNNEL_STRICT, FUNNEL_BEST, false, "331211333", {9, 6, 5}},
        {"any", FUNNEL_ANY, FUNNEL_BEST, false, "333332333", {9, 9, 8}},
        {"best + exclude X in 2..3", FUNNEL_ORDERED, FUNNEL_BEST, true, "3312*31333", {9, 7, 6}},
        {"first + exclude X in 2..3", FUNNEL_ORDERED, FUNNEL_FIRST, true, "3212*31232*", {9, 7, 3}},
    };
    (void)unused;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct funnel_def def = letters(3);
        def.order = rows[i].order;
        def.attempts = rows[i].attempts;
        def.n_exclusions = rows[i].exclude;
        def.exclusion[0] = (struct funnel_exclusion){.bit = 'X' - 'A', .from = 1, .to = 2};
        levels(rows[i].why, &def, v, 9, rows[i].levels);
        struct funnel_state s = run(&def, v, 9);
        struct arena a;
        struct funnel_answer r = answer(&s, &def, &a);
        for (size_t k = 0; k < 3; k++)
            if (r.all.rows[k].reached != rows[i].reached[k])
                fail_msg("%s: step %zu reached %" PRIu64, rows[i].why, k + 1,
                         r.all.rows[k].reached);
        assert_int_equal(r.all.entered, 9);
        done(&s, &a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(golden_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
