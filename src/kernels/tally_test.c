/* Breakdown by a dimension, and the keyed rows below it and below the funnel's groups. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/hash.h"
#include "kernels/drawn_test.h"
#include "kernels/keyed.h"
#include "kernels/tally.h"

static const char *const visitors[] = {
    "A110=1 .111=1 A112=2 | A150=1 .151=3", /* value 1 in two sessions */
    ".90=1 A105=1 | .120=2",                /* its first session began before the range */
    ".50=1 A60=2",                          /* before the range */
    "B199=3 B200=3",                        /* the edge is outside */
    ".130",                                 /* no value at all */
    ".160=3",                               /* a session of the same number as the one before */
    "A140=1@",                              /* in no session */
};
enum { N_VISITORS = sizeof visitors / sizeof *visitors };

static const struct tally_def def = {.slot = 0,
                                     .goal = {{0, GOAL_PER_SESSION}, {1, GOAL_EVERY}},
                                     .n_goals = 2,
                                     .from_ms = 100 * 60000,
                                     .to_ms = 200 * 60000};

static void deal(struct tally_state *part, size_t n_parts, uint64_t seed)
{
    struct err err;
    struct drawn d;
    for (size_t p = 0; p < n_parts; p++)
        assert_int_equal(tally_kernel.init(&part[p], &def, &err), ERR_OK);
    for (size_t v = 0; v < N_VISITORS; v++) {
        drawn_make(&d, v, visitors[v], 60000);
        assert_int_equal(tally_kernel.add(&part[rand_next(&seed) % n_parts], &def, &d.j, &err),
                         ERR_OK);
    }
    for (size_t p = 1; p < n_parts; p++) {
        assert_int_equal(tally_kernel.merge(&part[0], &part[p], &err), ERR_OK);
        tally_kernel.release(&part[p]);
    }
}

static void rows_by_value(void **unused)
{
    static const struct {
        uint32_t code;
        uint64_t visitors, sessions, views, events, hits[2], conversions[2];
    } want[] = {
        {1, 3, 2, 1, 5, {4, 0}, {4, 0}}, /* the session from before the range is not counted */
        {3, 3, 3, 2, 3, {0, 1}, {0, 1}},
        {2, 2, 2, 1, 2, {1, 0}, {0, 0}}, /* A at 112 is the second of its session */
        {0, 1, 1, 1, 1, {0, 0}, {0, 0}},
    };
    (void)unused;
    for (uint64_t seed = 1; seed < 100; seed++) {
        struct tally_state part[4];
        struct tally_answer r;
        struct arena a;
        struct err err;
        deal(part, 1 + seed % 4, seed);
        arena_init(&a, 1 << 16);
        assert_int_equal(tally_finish(&part[0], &def, TALLY_BY_VISITORS, 0, 10, &a, &r, &err),
                         ERR_OK);
        assert_int_equal(r.n_rows, 4);
        assert_int_equal(r.n_values, 4);
        for (size_t i = 0; i < 4; i++) {
            assert_int_equal(r.rows[i].code, want[i].code);
            assert_int_equal(r.rows[i].visitors, want[i].visitors);
            assert_int_equal(r.rows[i].sessions, want[i].sessions);
            assert_int_equal(r.rows[i].views, want[i].views);
            assert_int_equal(r.rows[i].events, want[i].events);
            assert_memory_equal(r.rows[i].hits, want[i].hits, sizeof want[i].hits);
            assert_memory_equal(r.rows[i].conversions, want[i].conversions, sizeof want[i].hits);
        }
        assert_int_equal(r.other.visitors, 0);

        assert_int_equal(tally_finish(&part[0], &def, TALLY_BY_HITS, 1, 1, &a, &r, &err), ERR_OK);
        assert_int_equal(r.n_rows, 1);
        assert_int_equal(r.rows[0].code, 3);
        assert_int_equal(r.other.visitors, 3 + 2 + 1);
        assert_int_equal(r.other.hits[0], 5);
        tally_kernel.release(&part[0]);
        arena_free(&a);
    }
}

/* Which keys keep a row, and every sum, whatever the order of keys and merges. */
static void keyed_rows_are_the_same_in_any_order(void **unused)
{
    enum { KEYS = 300, CAP = 40 };
    struct err err;
    struct keyed whole;
    (void)unused;
    keyed_init(&whole, &keyed_sums, 1, sizeof(uint64_t), CAP);
    for (uint64_t key = 0; key < KEYS; key++) {
        uint64_t *row = keyed_row(&whole, key, &err);
        *row += key + 1;
        assert_int_equal(keyed_trim(&whole, &err), ERR_OK);
    }
    assert_true(whole.n > CAP / 4 && whole.n <= CAP);
    for (uint64_t seed = 1; seed < 50; seed++) {
        uint64_t r = seed, order[KEYS];
        struct keyed part[3];
        for (size_t p = 0; p < 3; p++) keyed_init(&part[p], &keyed_sums, 1, sizeof(uint64_t), CAP);
        for (size_t i = 0; i < KEYS; i++) {
            size_t k = rand_next(&r) % (i + 1);
            order[i] = order[k];
            order[k] = i;
        }
        for (size_t i = 0; i < KEYS; i++) { /* each key's sum in two pieces, wherever they fall */
            for (uint64_t piece = 0; piece < 2; piece++) {
                /* Mostly one state, so that it has folded more than those it meets. */
                struct keyed *k = &part[rand_next(&r) % 9 ? 0 : rand_next(&r) % 3];
                uint64_t *row = keyed_row(k, order[i], &err);
                *row += piece ? order[i] : 1;
                assert_int_equal(keyed_trim(k, &err), ERR_OK);
            }
        }
        size_t into = rand_next(&r) % 3;
        for (size_t p = 1; p < 3; p++)
            assert_int_equal(keyed_merge(&part[into], &part[(into + p) % 3], &err), ERR_OK);
        struct keyed *m = &part[into];
        assert_int_equal(m->n, whole.n);
        assert_int_equal(m->level, whole.level);
        assert_int_equal(*(uint64_t *)m->other, *(uint64_t *)whole.other);
        size_t at = 0;
        uint64_t key;
        void *row;
        while (keyed_next(m, &at, &key, &row)) {
            assert_true(keyed_keeps(&whole, key));
            assert_int_equal(*(uint64_t *)row, key + 1);
        }
        for (size_t p = 0; p < 3; p++) keyed_free(&part[p]);
    }
    keyed_free(&whole);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_by_value),
        cmocka_unit_test(keyed_rows_are_the_same_in_any_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
