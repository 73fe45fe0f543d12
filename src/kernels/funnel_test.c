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

/* One character is one second: a letter is an event for that step, '-' a second of nothing. */
static void a_letter_is_a_second(void **unused)
{
    static const struct {
        const char *why, *steps, *journey;
        int64_t window_ms;
        size_t reached;
    } cases[] = {
        {"the window's edge is inside", "AB", "A---B", 4000, 2},
        {"past the window", "AB", "A----B", 4000, 1},
        {"a second attempt may succeed", "ABC", "AB-----ABC", 4000, 3},
        {"a goal used twice needs two events", "AAB", "AB", 10000, 1},
        {"a goal used twice, twice", "AAB", "A-A-B", 10000, 3},
        {"no window at all", "AB", "A----------------B", 0, 2},
        {"an older attempt is ahead", "ABC", "A-B-A-C", 6000, 3},
        {"an older attempt has run out", "ABC", "A-B-A-C", 5000, 2},
        {"steps out of order", "ABC", "C-B-A", 10000, 1},
    };
    (void)unused;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct funnel_def def = {.window_ms = cases[i].window_ms, .to_ms = INT64_MAX};
        for (const char *p = cases[i].steps; *p; p++) def.bit[def.n_steps++] = (uint8_t)(*p - 'A');
        char words[256] = "";
        for (size_t c = 0, n = 0; cases[i].journey[c]; c++)
            if (cases[i].journey[c] != '-')
                n +=
                    (size_t)snprintf(words + n, sizeof words - n, "%c%zu ", cases[i].journey[c], c);
        struct err err;
        struct drawn d;
        struct funnel_state s = {0};
        struct arena a;
        assert_int_equal(funnel_kernel.init(&s, &def, &err), ERR_OK);
        drawn_make(&d, 1, words, 1000);
        assert_int_equal(funnel_kernel.add(&s, &def, &d.j, &err), ERR_OK);
        struct funnel_answer r = answer(&s, &def, &a);
        size_t reached = 0;
        while (reached < def.n_steps && r.all.rows[reached].reached) reached++;
        if (reached != cases[i].reached) fail_msg("%s: reached %zu", cases[i].why, reached);
        done(&s, &a);
    }
}

static void ties_follow_the_steps_or_the_arrival(void **unused)
{
    static const char *const v[] = {"B0 A0", "A0 B0", "BA0", "B0 BA0", "AB0 A0"};
    static const char *const x[] = {"A0 X0 B0", "X0 A0 B0", "A0 X0 B1"};
    struct funnel_def def = letters(2);
    (void)unused;
    levels("any: the lowest step first", &def, v, 5, "22121");
    def.ties = FUNNEL_TIES_ARRIVAL;
    levels("arrival: as they came", &def, v, 5, "12111");
    def.n_exclusions = 1;
    def.exclusion[0] = (struct funnel_exclusion){.bit = 'X' - 'A', .from = 0, .to = 1};
    levels("arrival: steps before exclusions", &def, x, 3, "221*");
    def.ties = FUNNEL_TIES_ANY;
    levels("any: steps before exclusions", &def, x, 3, "221*");
    def.exclusion[0].bit = 0; /* A is also the exclusion: a step is the step only */
    levels("a step is no exclusion", &def, x, 3, "222");
}

static void an_attempt_enters_in_the_range(void **unused)
{
    static const char *const v[] = {"A9 B10", "A10 B11", "A19 B30", "A20 B21", "A9 A19 B21"};
    struct funnel_def def = letters(2);
    (void)unused;
    def.from_ms = 10 * minute_ms;
    def.to_ms = 20 * minute_ms;
    levels("entry in range, later steps after it", &def, v, 5, "02202");
    def.attempts = FUNNEL_FIRST;
    levels("first in range", &def, v, 5, "02202");
    def.attempts = FUNNEL_BEST;
    def.order = FUNNEL_ANY;
    levels("any: the first counted event", &def, v, 5, "12202");
}

static void gaps_belong_to_the_step_that_arrives(void **unused)
{
    static const char *const v[] = {"A0 B5 C9", "A0 B6 C9", "A0 B5 C10 ", "A0 A4 B9 C10",
                                    "A0 B4 B9 C13"};
    struct funnel_def def = letters(3);
    (void)unused;
    def.max_gap_ms[1] = 5 * minute_ms;
    def.max_gap_ms[2] = 4 * minute_ms;
    levels("best", &def, v, 5, "31232");
    def.attempts = FUNNEL_FIRST;
    levels("first: a missed gap ends it", &def, v, 5, "31212");
}

static void strict_knows_signals_and_breaks(void **unused)
{
    static const char *const v[] = {"A0 A1 B2 B3 C4 C5", "A0 S1~ B2 C3", "A0 .1 B2", "A0 B1 A2 C3",
                                    "A0 .1~ B2"};
    struct funnel_def def = letters(3);
    (void)unused;
    def.order = FUNNEL_STRICT;
    levels("strict", &def, v, 5, "33122");
}

static void totals_count_attempts(void **unused)
{
    static const char *const v[] = {"A0 B1 A2 B3 A4", "A0 A50 B70 A80", "A0 B10 A61 B62"};
    struct funnel_def def = letters(2);
    struct arena a;
    (void)unused;
    def.attempts = FUNNEL_TOTALS;
    static const struct {
        uint64_t attempts, completed;
    } want[] = {
        {3, 2},
        /* A50 does not restart the attempt of A0, which B70 finds closed; A80 opens the second. */
        {2, 0},
        {2, 2},
    };
    for (size_t i = 0; i < 3; i++) {
        struct funnel_state s = run(&def, &v[i], 1);
        struct funnel_answer r = answer(&s, &def, &a);
        assert_int_equal(r.all.rows[0].reached, want[i].attempts);
        assert_int_equal(r.all.rows[1].reached, want[i].completed);
        assert_int_equal(r.all.entered, want[i].attempts);
        done(&s, &a);
    }
}

static void offline_events_are_steps_of_the_visitor(void **unused)
{
    static const char *const v[] = {"A0 B90@", "A0 | B40", "A0 .1 B2"};
    struct funnel_def def = letters(2);
    (void)unused;
    def.window_ms = 0;
    levels("visitor", &def, v, 3, "222");
    def.scope = FUNNEL_SESSION;
    levels("session: what is in none belongs to none", &def, v, 3, "112");
}

static void sessions_are_units_of_their_own(void **unused)
{
    static const char *const v[] = {"A0 B1 | A50 | .90 B91"};
    struct funnel_def def = letters(2);
    struct arena a;
    (void)unused;
    def.scope = FUNNEL_SESSION;
    struct funnel_state s = run(&def, v, 1);
    struct funnel_answer r = answer(&s, &def, &a);
    assert_int_equal(r.all.entered, 2);
    assert_int_equal(r.all.rows[1].reached, 1);
    done(&s, &a);
}

static void an_optional_step_is_counted_beside_the_way(void **unused)
{
    static const char *const v[] = {"A0 B10 C20", "A0 C30", "A0 B5", "A0"};
    struct funnel_def def = letters(3);
    struct arena a;
    (void)unused;
    def.optional[1] = true;
    struct funnel_state s = run(&def, v, 4);
    struct funnel_answer r = answer(&s, &def, &a);
    assert_int_equal(r.all.rows[0].reached, 4);
    assert_int_equal(r.all.rows[1].reached, 2);
    assert_int_equal(r.all.rows[1].completed, 1);
    assert_int_equal(r.all.rows[1].dropped, 1);
    assert_int_equal(r.all.rows[2].reached, 2);
    assert_int_equal(r.all.rows[2].previous, 0); /* the last required step */
    assert_int_equal(r.all.rows[2].dropped, 0);
    /* Since the previous step that was matched: 10 and 30 minutes. */
    assert_int_equal(r.all.rows[2].times.n, 2);
    assert_int_equal(r.all.rows[2].times.p50_ms, 10 * minute_ms);
    assert_int_equal(r.all.rows[2].times.p90_ms, 30 * minute_ms);
    assert_int_equal(r.all.rows[0].times.status, STAT_NOT_DEFINED);
    done(&s, &a);
}

/* "A repeated step counts with its latest match before the next step." */
static void times_come_from_the_counted_attempt(void **unused)
{
    static const char *const v[] = {"A0 B10 B20 C25 A26 B27"};
    struct funnel_def def = letters(3);
    struct arena a;
    (void)unused;
    struct funnel_state s = run(&def, v, 1);
    struct funnel_answer r = answer(&s, &def, &a);
    assert_int_equal(r.all.rows[1].times.p50_ms, 20 * minute_ms);
    assert_int_equal(r.all.rows[2].times.p50_ms, 5 * minute_ms);
    done(&s, &a);
}

static void open_splits_who_came_from_who_entered(void **unused)
{
    static const char *const v[] = {"A0 B1 C2", "B0 C1", "A0 C1", "A0 B61", "C0"};
    struct funnel_def def = letters(3);
    struct arena a;
    (void)unused;
    def.order = FUNNEL_OPEN;
    struct funnel_state s = run(&def, v, 5);
    struct funnel_answer r = answer(&s, &def, &a);
    static const uint64_t want[3][3] = {{3, 0, 3}, {3, 1, 2}, {4, 2, 2}};
    for (size_t k = 0; k < 3; k++) {
        assert_int_equal(r.all.rows[k].reached, want[k][0]);
        assert_int_equal(r.all.rows[k].continued, want[k][1]);
        assert_int_equal(r.all.rows[k].entered_here, want[k][2]);
    }
    assert_int_equal(r.all.entered, 5);
    assert_int_equal(r.all.rows[0].dropped, 2);
    done(&s, &a);
}

static void held_values_stay_the_same(void **unused)
{
    static const char *const v[] = {"A0=1 B1=1",    "A0=1 B1=2",      "A0=1 A1=2 B2=2",     "A0 B1",
                                    "A0=1 X1 B2=1", "A0=1 X1=2 B2=1", "A0=1 B1=2 A2=2 B3=1"};
    struct funnel_def def = letters(2);
    (void)unused;
    def.n_hold = 1;
    def.n_exclusions = 1;
    def.exclusion[0] = (struct funnel_exclusion){.bit = 'X' - 'A', .from = 0, .to = 1};
    levels("held", &def, v, 7, "21201*22");
    def.attempts = FUNNEL_FIRST;
    levels("held, first: the value of the first entry", &def, v, 7, "21101*22");
}

/* Path 1 is 'a page'; letters are custom events. */
static void destinations_are_the_next_interaction(void **unused)
{
    static const char *const v[] = {
        "A0 .1 B2",  /* continued, over a page */
        "A0 B2",     /* continued, straight on */
        "A0 S1~ Q2", /* dropped: to Q; a signal is no step */
        "A0 .1 .2",  /* dropped: to a page */
        "A0",        /* left */
        "A0 Q9@",    /* left: an offline event is nowhere on the site */
        "A0 | .40",  /* came back within the window */
        "A0 | .61",  /* came back too late: left */
    };
    struct funnel_def def = letters(2);
    struct arena a;
    (void)unused;
    def.destinations = true;
    struct funnel_state s = run(&def, v, 8);
    struct funnel_answer r = answer(&s, &def, &a);
    static const struct funnel_went want[] = {
        {WENT_LEFT, 0, 3, 0},
        {WENT_PAGE, 1, 1, 1},
        {WENT_EVENT, 1 + 'Q' - 'A', 1, 0},
        {WENT_CAME_BACK, 0, 1, 0},
        {WENT_EVENT, 1 + 'B' - 'A', 0, 1},
    };
    const struct funnel_row *row = &r.all.rows[0];
    assert_int_equal(row->n_went, 5);
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(row->went[i].kind, want[i].kind);
        assert_int_equal(row->went[i].code, want[i].code);
        assert_int_equal(row->went[i].dropped, want[i].dropped);
        assert_int_equal(row->went[i].continued, want[i].continued);
    }
    assert_int_equal(row->dropped_of, 6);
    assert_int_equal(row->continued_of, 2);
    assert_int_equal(r.all.rows[1].n_went, 0); /* who completed went nowhere else */
    done(&s, &a);
}

static void groups_are_the_values_at_a_step(void **unused)
{
    static const char *const v[] = {"A0=7 B1=8", "A0=7", "A0=5 B1=8", "A0=9", "A0=7 A1=5 B2"};
    struct funnel_def def = letters(2);
    struct arena a;
    struct err err;
    (void)unused;
    def.breakdown = true;
    struct funnel_state s = run(&def, v, 5);
    struct funnel_answer r;
    struct funnel_limits limits = {.groups = 2};
    arena_init(&a, 1 << 20);
    assert_int_equal(funnel_finish(&s, &def, &limits, &a, &r, &err), ERR_OK);
    assert_int_equal(r.n_groups, 2);
    assert_int_equal(r.groups[0].code, 5); /* two each: the smaller code first */
    assert_int_equal(r.groups[0].result.rows[1].reached, 2);
    assert_int_equal(r.groups[1].code, 7);
    assert_int_equal(r.groups[1].result.entered, 2);
    assert_int_equal(r.groups[1].result.rows[1].reached, 1);
    assert_int_equal(r.groups[1].result.rows[0].dropped, 1);
    assert_int_equal(r.other.entered, 1);
    assert_false(r.capped);
    done(&s, &a);

    def.breakdown_step = 1; /* where the last step was done; who did not has no value */
    s = run(&def, v, 5);
    r = answer(&s, &def, &a);
    assert_int_equal(r.n_groups, 2);
    assert_int_equal(r.groups[0].code, JOURNEY_NO_VALUE);
    assert_int_equal(r.groups[0].result.entered, 3);
    assert_int_equal(r.groups[1].code, 8);
    assert_int_equal(r.groups[1].result.rows[1].reached, 2);
    done(&s, &a);
}

static void what_cannot_go_together_is_refused(void **unused)
{
    struct funnel_def def = letters(3);
    struct err err;
    (void)unused;
    static const enum funnel_order orders[] = {FUNNEL_ANY, FUNNEL_OPEN};
    for (size_t i = 0; i < 2; i++) {
        def = letters(3);
        def.order = orders[i];
        assert_int_equal(funnel_check(&def, &err), ERR_OK);
        def.optional[1] = true;
        assert_int_equal(funnel_check(&def, &err), ERR_INVALID);
        assert_string_equal(err.name, "unsupported_combination");
        assert_string_equal(err.field, "steps[1].optional");
        def = letters(3);
        def.order = orders[i];
        def.max_gap_ms[2] = 1;
        assert_int_equal(funnel_check(&def, &err), ERR_INVALID);
        assert_string_equal(err.name, "unsupported_combination");
        assert_string_equal(err.field, "steps[2].max_gap_s");
        def = letters(3);
        def.order = orders[i];
        def.n_exclusions = 1;
        def.exclusion[0] = (struct funnel_exclusion){.from = 0, .to = 1};
        assert_int_equal(funnel_check(&def, &err), ERR_INVALID);
        assert_string_equal(err.name, "unsupported_combination");
        def = letters(3);
        def.order = orders[i];
        def.attempts = FUNNEL_TOTALS;
        assert_int_equal(funnel_check(&def, &err), ERR_INVALID);
        assert_string_equal(err.name, "unsupported_combination");
    }
    static const size_t sizes[] = {0, 1, 2, FUNNEL_MAX_STEPS, FUNNEL_MAX_STEPS + 1};
    for (size_t i = 0; i < 5; i++) {
        def = letters(2);
        def.n_steps = sizes[i];
        assert_int_equal(funnel_check(&def, &err) == ERR_OK, i == 2 || i == 3);
    }
    def = letters(2);
    def.optional[0] = true;
    assert_int_equal(funnel_check(&def, &err), ERR_INVALID);
    def = letters(2);
    def.n_exclusions = 1;
    def.exclusion[0] = (struct funnel_exclusion){.from = 1, .to = 1};
    assert_int_equal(funnel_check(&def, &err), ERR_INVALID);
    assert_string_equal(err.field, "exclude[0]");
}

static void fifty_steps_fit(void **unused)
{
    struct funnel_def def = {.n_steps = FUNNEL_MAX_STEPS, .to_ms = INT64_MAX};
    char words[1024] = "";
    const char *const v[] = {words};
    struct arena a;
    (void)unused;
    for (size_t k = 0, n = 0; k < FUNNEL_MAX_STEPS; k++) {
        def.bit[k] = (uint8_t)(k % 26); /* each letter serves two steps, or one */
        n += (size_t)snprintf(words + n, sizeof words - n, "%c%zu ", (int)('A' + k % 26), k);
    }
    struct funnel_state s = run(&def, v, 1);
    struct funnel_answer r = answer(&s, &def, &a);
    assert_int_equal(r.all.rows[FUNNEL_MAX_STEPS - 1].reached, 1);
    done(&s, &a);
    def.max_gap_ms[1] = minute_ms; /* the general scan */
    s = run(&def, v, 1);
    r = answer(&s, &def, &a);
    assert_int_equal(r.all.rows[FUNNEL_MAX_STEPS - 1].reached, 1);
    done(&s, &a);
}

/* With every cap on the answer's memory from nothing up: an error, or the answer. */
static void a_full_arena_is_an_error(void **unused)
{
    static const char *const v[] = {"A0=7 B1=8", "A0=7 .2", "A0=5 B1=8", "A0=9"};
    struct funnel_def def = letters(2);
    struct err err;
    (void)unused;
    def.breakdown = true;
    def.destinations = true;
    for (size_t cap = 0, ended = 0; !ended; cap += 64) {
        struct funnel_state s = run(&def, v, 4);
        struct funnel_limits limits = {2, 2};
        struct funnel_answer r;
        struct arena a;
        arena_init(&a, cap);
        err_code e = funnel_finish(&s, &def, &limits, &a, &r, &err);
        assert_true(e == ERR_OK || e == ERR_NOMEM);
        ended = e == ERR_OK;
        assert_true(cap < 100000);
        done(&s, &a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(golden_table),
        cmocka_unit_test(a_letter_is_a_second),
        cmocka_unit_test(ties_follow_the_steps_or_the_arrival),
        cmocka_unit_test(an_attempt_enters_in_the_range),
        cmocka_unit_test(gaps_belong_to_the_step_that_arrives),
        cmocka_unit_test(strict_knows_signals_and_breaks),
        cmocka_unit_test(totals_count_attempts),
        cmocka_unit_test(offline_events_are_steps_of_the_visitor),
        cmocka_unit_test(sessions_are_units_of_their_own),
        cmocka_unit_test(an_optional_step_is_counted_beside_the_way),
        cmocka_unit_test(times_come_from_the_counted_attempt),
        cmocka_unit_test(open_splits_who_came_from_who_entered),
        cmocka_unit_test(held_values_stay_the_same),
        cmocka_unit_test(destinations_are_the_next_interaction),
        cmocka_unit_test(groups_are_the_values_at_a_step),
        cmocka_unit_test(what_cannot_go_together_is_refused),
        cmocka_unit_test(fifty_steps_fit),
        cmocka_unit_test(a_full_arena_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
