/* Quantiles: nearest rank up to 10,000 values, within 1 % above, the same however they are merged.
 */
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "stats/sketch.h"
#include "stats/stats_test.h"

static int64_t quantile(struct sketch *s, double q)
{
    int64_t v;
    assert_int_equal(sketch_quantile(s, q, &v), STAT_OK);
    return v;
}

static void nearest_rank_is_exact(void **unused)
{
    static const int64_t values[] = {15, 20, 35, 40, 50};
    struct sketch s = {0};
    struct err err;
    int64_t v;
    (void)unused;
    assert_int_equal(sketch_quantile(&s, 0.5, &v), STAT_NOT_DEFINED);
    for (size_t i = 5; i-- > 0;) assert_int_equal(sketch_add(&s, values[i], &err), ERR_OK);
    assert_int_equal(quantile(&s, 0.05), 15);
    assert_int_equal(quantile(&s, 0.3), 20);
    assert_int_equal(quantile(&s, 0.4), 20); /* exactly two of five */
    assert_int_equal(quantile(&s, 0.5), 35);
    assert_int_equal(quantile(&s, 1), 50);
    sketch_free(&s);
    for (int64_t i = 10; i > 0; i--) assert_int_equal(sketch_add(&s, i, &err), ERR_OK);
    assert_int_equal(quantile(&s, 0.1), 1); /* one of ten, though 0.1 is not exact in binary */
    assert_int_equal(quantile(&s, 0.7), 7);
    sketch_free(&s);
}

static void exact_up_to_ten_thousand(void **unused)
{
    struct sketch s = {0};
    struct err err;
    (void)unused;
    for (int64_t i = 1; i <= SKETCH_EXACT; i++)
        assert_int_equal(sketch_add(&s, i * 7, &err), ERR_OK);
    assert_true(sketch_is_exact(&s));
    assert_int_equal(quantile(&s, 0.5), 7 * SKETCH_EXACT / 2);
    assert_int_equal(sketch_add(&s, 1, &err), ERR_OK);
    assert_false(sketch_is_exact(&s));
    int64_t half = quantile(&s, 0.5);
    assert_true(llabs(half - 7 * SKETCH_EXACT / 2) <= 7 * SKETCH_EXACT / 200);
    assert_true(half != 7 * SKETCH_EXACT / 2); /* it is an estimate now */
    sketch_free(&s);
}

static int by_value(const void *a, const void *b)
{
    const int64_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static void sketch_is_within_one_percent(void **unused)
{
    enum { N = 60000 };
    int64_t *values = malloc(N * sizeof *values);
    struct sketch s = {0};
    struct err err;
    uint64_t seed = 1;
    (void)unused;
    assert_non_null(values);
    for (size_t i = 0; i < N; i++) { /* from below 1 to 2^60, both signs, and zeros */
        values[i] = (int64_t)(rand_next(&seed) >> (4 + rand_next(&seed) % 60));
        if (rand_next(&seed) % 4 == 0) values[i] = -values[i];
        assert_int_equal(sketch_add(&s, values[i], &err), ERR_OK);
    }
    qsort(values, N, sizeof *values, by_value);
    for (size_t rank = 1; rank <= N; rank += 97) {
        int64_t exact = values[rank - 1], got = quantile(&s, (double)rank / N);
        /* 1 % by the theory; half a unit more because answers are whole. */
        assert_true(fabs((double)(got - exact)) <= 0.01 * fabs((double)exact) + 0.5);
    }
    sketch_free(&s);
    free(values);
}

static void the_largest_numbers_have_a_bucket(void **unused)
{
    static const int64_t extreme[] = {INT64_MIN, -1, 0, 1, INT64_MAX};
    struct sketch s = {0};
    struct err err;
    (void)unused;
    for (size_t i = 0; i < 5 * (SKETCH_EXACT / 5 + 1); i++)
        assert_int_equal(sketch_add(&s, extreme[i % 5], &err), ERR_OK);
    assert_true(quantile(&s, 0.2) < -INT64_C(9000000000000000000));
    assert_int_equal(quantile(&s, 0.4), -1);
    assert_int_equal(quantile(&s, 0.6), 0);
    assert_int_equal(quantile(&s, 0.8), 1);
    assert_true(quantile(&s, 1) > INT64_C(9000000000000000000));
    sketch_free(&s);
}

/* Dealt to several sketches and merged, in any order: the same as one that saw everything. */
static void merging_changes_nothing(void **unused)
{
    struct err err;
    (void)unused;
    for (uint64_t seed = 1; seed < 60; seed++) {
        uint64_t r = seed;
        struct sketch whole = {0}, part[4] = {{0}};
        size_t n = (size_t)(rand_next(&r) % 24000);
        for (size_t i = 0; i < n; i++) {
            int64_t v = (int64_t)(rand_next(&r) >> 40);
            assert_int_equal(sketch_add(&whole, v, &err), ERR_OK);
            assert_int_equal(sketch_add(&part[rand_next(&r) % 4 * (seed % 3 != 0)], v, &err),
                             ERR_OK);
        }
        size_t order[] = {0, 1, 2, 3};
        for (size_t i = 4; i-- > 1;) {
            size_t k = rand_next(&r) % (i + 1), t = order[i];
            order[i] = order[k];
            order[k] = t;
        }
        for (size_t i = 1; i < 4; i++)
            assert_int_equal(sketch_merge(&part[order[0]], &part[order[i]], &err), ERR_OK);
        struct sketch *m = &part[order[0]];
        assert_int_equal(m->n, whole.n);
        assert_int_equal(sketch_is_exact(m), sketch_is_exact(&whole));
        for (double q = 0.01; n && q <= 1; q += 0.01)
            assert_int_equal(quantile(m, q), quantile(&whole, q));
        for (size_t i = 0; i < 4; i++) sketch_free(&part[i]);
        sketch_free(&whole);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nearest_rank_is_exact),
        cmocka_unit_test(exact_up_to_ten_thousand),
        cmocka_unit_test(sketch_is_within_one_percent),
        cmocka_unit_test(the_largest_numbers_have_a_bucket),
        cmocka_unit_test(merging_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
