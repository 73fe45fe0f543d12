/* Rates, overview and tally on journeys drawn by hand, and split anywhere and merged. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/hash.h"
#include "event/event.h"
#include "kernels/drawn_test.h"
#include "kernels/overview.h"
#include "kernels/rate.h"
#include "kernels/tally.h"

enum { A, B, C, D };

/* Range [100, 200) minutes, one unit a minute. */
static const char *const visitors[] = {
    "A110 .111 A112 | A150 .151",  /* two sessions, both with A; three hits */
    ".90 A105 .108 | .120 | B199", /* A in a session that began before the range */
    ".50 A60 .70",                 /* all before the range */
    ".150 A200 B201",              /* the edge: 200 is outside, so A does not count */
    "A100",                        /* the other edge is inside */
    "D20 | .130 A131 | .180",      /* a lead since minute 20 */
    "A130 D131 .132",              /* a lead only after A */
    "A140@ A141@",                 /* two orders by telephone, in no session */
};
enum { N_VISITORS = sizeof visitors / sizeof *visitors };

static void draw(struct drawn *d, size_t v)
{
    drawn_make(d, v, visitors[v], 60000);
    for (size_t i = 0; i < d->j.n; i++) {
        d->value_minor[i] = d->match[i] ? (int64_t)(100 + i) : 0;
        d->currency[i] = d->match[i] ? 1 + (uint32_t)v % 2 : 0;
        d->engaged_ms[i] = 1000;
    }
    d->j.id_kind = v == 4 ? ID_KNOWN : ID_DAY;
}

/* Runs a kernel over all visitors: those of each part apart, then merged in the order given by
 * `seed`; one part is the plain run. */
static void run(const struct kernel *k, const void *def, void *state, size_t n_parts, uint64_t seed)
{
    unsigned char parts[8][64] = {{0}};
    struct err err = {0};
    struct drawn d;
    assert_true(n_parts <= 8 && k->state_size <= 64);
    for (size_t p = 0; p < n_parts; p++) assert_int_equal(k->init(parts[p], def, &err), ERR_OK);
    for (size_t v = 0; v < N_VISITORS; v++) {
        draw(&d, v);
        assert_int_equal(k->add(parts[rand_next(&seed) % n_parts], def, &d.j, &err), ERR_OK);
    }
    size_t into = rand_next(&seed) % n_parts;
    for (size_t i = 1; i < n_parts; i++) {
        size_t p = (into + i) % n_parts;
        assert_int_equal(k->merge(parts[into], parts[p], &err), ERR_OK);
        k->release(parts[p]);
    }
    memcpy(state, parts[into], k->state_size);
}

static struct rate_def rate_def(void)
{
    return (struct rate_def){.goal = {{A, GOAL_PER_SESSION},
                                      {A, GOAL_PER_VISITOR},
                                      {A, GOAL_EVERY},
                                      {B, GOAL_PER_SESSION}},
                             .value_from_event = {true, true, true, false},
                             .n_goals = 4,
                             .from_ms = 100 * 60000,
                             .to_ms = 200 * 60000,
                             .lead = RATE_LEAD_GOAL,
                             .lead_bit = D};
}

static void check_rates(size_t n_parts, uint64_t seed)
{
    struct rate_def def = rate_def();
    struct rate_state s;
    struct rate_answer r;
    struct arena a;
    struct err err = {0};
    arena_init(&a, 1 << 20);
    run(&rate_kernel, &def, &s, n_parts, seed);
    assert_int_equal(rate_finish(&s, &def, &a, &r, &err), ERR_OK);

    assert_int_equal(r.visitors, 7); /* all but the third */
    /* Starting in the range: 2, 2 (not the one from 90), 1, 1, 2, 1, none by telephone. */
    assert_int_equal(r.sessions, 9);
    assert_int_equal(r.leads, 2); /* the sixth and the seventh */
    static const struct {
        uint64_t hits, conversions, visitors, leads, sessions;
    } want[] = {
        /* hits 3 + 1 + 1 + 1 + 1 + 2; sessions with A: 2 + one from before + 1 + 1 + 1 + each call
         */
        {9, 8, 6, 1, 5},
        {9, 6, 6, 1, 5},
        {9, 9, 6, 1, 5},
        {1, 1, 1, 0, 1},
    };
    for (size_t g = 0; g < 4; g++) {
        assert_int_equal(r.rows[g].hits, want[g].hits);
        assert_int_equal(r.rows[g].conversions, want[g].conversions);
        assert_int_equal(r.rows[g].visitors, want[g].visitors);
        assert_int_equal(r.rows[g].leads, want[g].leads);
        assert_int_equal(r.rows[g].sessions.y, want[g].sessions);
        assert_int_equal(r.rows[g].sessions.n, 9);
        assert_int_equal(r.rows[g].sessions.k, 6);
        assert_int_equal(r.rows[g].sessions.nn, 4 + 4 + 1 + 1 + 4 + 1);
    }
    /* Of the visitors: 2 of 2, 0 of 2, 0 of 1, 1 of 1, 1 of 2, 1 of 1. */
    assert_int_equal(r.rows[0].sessions.yy, 4 + 1 + 1 + 1);
    assert_int_equal(r.rows[0].sessions.yn, 4 + 1 + 2 + 1);
    /* Every hit: 3, 1, 1, 1, 1 and 2 by telephone. */
    assert_int_equal(r.rows[2].per_visitor.y, 9);
    assert_int_equal(r.rows[2].per_visitor.yy, 9 + 1 + 1 + 1 + 1 + 4);
    assert_int_equal(r.rows[2].per_visitor.n, 7);
    assert_int_equal(r.rows[2].per_session.y, 3 + 1 + 1 + 1);
    assert_int_equal(r.rows[2].per_session.yn, 3 * 2 + 1 + 1 * 2 + 1);
    /* Values are 100 + place: currency 1 for even visitors, 2 for odd ones. */
    assert_int_equal(r.rows[2].n_money, 2);
    assert_int_equal(r.rows[2].money[0].currency, 1);
    assert_int_equal(r.rows[2].money[0].minor, (100 + 102 + 103) + 100 + 100);
    assert_int_equal(r.rows[2].money[1].minor, 101 + 102 + (100 + 101));
    assert_int_equal(r.rows[0].money[0].minor, (100 + 103) + 100 + 100); /* first of each session */
    assert_int_equal(r.rows[3].n_money, 0);
    rate_kernel.release(&s);
    arena_free(&a);
}

static void rates_by_unit(void **unused)
{
    (void)unused;
    check_rates(1, 1);
}

static void rates_merge_in_any_order(void **unused)
{
    (void)unused;
    for (uint64_t seed = 1; seed < 200; seed++) check_rates(1 + seed % 8, seed);
}

static void a_known_identity_is_a_lead_from_the_start(void **unused)
{
    struct rate_def def = rate_def();
    struct rate_state s;
    struct rate_answer r;
    struct arena a;
    struct err err = {0};
    (void)unused;
    def.lead = RATE_LEAD_KNOWN;
    arena_init(&a, 1 << 20);
    run(&rate_kernel, &def, &s, 1, 1);
    assert_int_equal(rate_finish(&s, &def, &a, &r, &err), ERR_OK);
    assert_int_equal(r.leads, 1);
    assert_int_equal(r.rows[0].leads, 1);
    rate_kernel.release(&s);
    arena_free(&a);
}

static void check_overview(size_t n_parts, uint64_t seed)
{
    static const int64_t bucket_ms[] = {100 * 60000, 120 * 60000, 150 * 60000, 200 * 60000};
    struct overview_def def = {.from_ms = 100 * 60000,
                               .to_ms = 200 * 60000,
                               .key_bits = 1 << B,
                               .bucket_ms = bucket_ms,
                               .n_buckets = 3,
                               .macro = {{A, GOAL_PER_SESSION}},
                               .n_macros = 1};
    struct overview_state s;
    struct overview_answer r;
    struct arena a;
    struct err err = {0};
    arena_init(&a, 1 << 20);
    run(&overview_kernel, &def, &s, n_parts, seed);
    assert_int_equal(overview_finish(&s, &def, &a, &r, &err), ERR_OK);
    assert_int_equal(r.visitors, 7);
    assert_int_equal(r.sessions, 9);
    /* Views are the dots: 2 + 2 + 1 + 2 + 1, and none in the rest. */
    assert_int_equal(r.views, 8);
    assert_int_equal(r.events, 5 + 4 + 1 + 1 + 3 + 3 + 2);
    assert_int_equal(r.engaged_ms, 19 * 1000);
    /* No session has two views; the one of B199 has a key event. */
    assert_int_equal(r.bounces, 8);
    assert_int_equal(r.conversions, 8);
    assert_int_equal(r.session_length_ms, (2 + 1 + 51 + 1 + 2) * 60000);
    static const struct overview_point want[] = {
        /* 100..119: visitors 1, 2, 5 */ {3, 2, 2, 3},
        /* 120..149: visitors 2, 6, 7, 8 */ {4, 3, 3, 4},
        /* 150..199: visitors 1, 2, 4, 6 */ {4, 4, 3, 1},
    };
    assert_int_equal(r.n_points, 3);
    assert_memory_equal(r.points, want, sizeof want);
    overview_kernel.release(&s);
    arena_free(&a);
}

static void overview_and_its_series(void **unused)
{
    (void)unused;
    check_overview(1, 1);
    for (uint64_t seed = 1; seed < 100; seed++) check_overview(1 + seed % 8, seed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rates_by_unit),
        cmocka_unit_test(rates_merge_in_any_order),
        cmocka_unit_test(a_known_identity_is_a_lead_from_the_start),
        cmocka_unit_test(overview_and_its_series),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
