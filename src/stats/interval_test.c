/* The worked examples of METHODS 1. */
#include "stats/cluster.h"
#include "stats/interval.h"
#include "stats/stats_test.h"

static void wilson_matches_published_values(void **unused)
{
    static const struct {
        const char *why;
        uint64_t y, n;
        double low, high;
    } cases[] = {
        {"Newcombe 1998a", 81, 263, 0.2552885, 0.3662096},
        {"Newcombe 1998a", 15, 148, 0.06238640, 0.1604872},
        {"Newcombe 1998a: nobody", 0, 20, 0, 0.1611252},
        {"Newcombe 1998a: one", 1, 29, 0.006113214, 0.1717552},
        {"three percent of 11,400", 342, 11400, 0.02702342, 0.03329322},
        {"everybody: the mirror of nobody", 20, 20, 1 - 0.1611252, 1},
    };
    (void)unused;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct stat_interval r = interval_wilson(cases[i].y, cases[i].n);
        near(cases[i].why, r.value, (double)cases[i].y / (double)cases[i].n);
        near(cases[i].why, r.low, cases[i].low);
        near(cases[i].why, r.high, cases[i].high);
        assert_int_equal(r.status, STAT_OK);
    }
    assert_true(interval_wilson(0, 20).low == 0);
    assert_true(interval_wilson(20, 20).high == 1);
    assert_int_equal(interval_wilson(0, 0).status, STAT_NOT_DEFINED);
    assert_int_equal(interval_wilson(3, 2).status, STAT_NOT_DEFINED);
}

static void difference_matches_published_values(void **unused)
{
    static const struct {
        const char *why;
        uint64_t y1, n1, y2, n2;
        double value, low, high;
    } cases[] = {
        {"Newcombe 1998b", 56, 70, 48, 80, 0.2, 0.05243147, 0.3338727},
        {"Newcombe 1998b: small", 9, 10, 3, 10, 0.6, 0.1705227, 0.8090180},
        {"Newcombe 1998b: nobody", 0, 10, 0, 20, 0, -0.1611252, 0.2775328},
        {"no clear change", 390, 12000, 342, 11400, 0.0025, -0.001972410, 0.006962913},
    };
    (void)unused;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct stat_interval r =
            interval_difference(cases[i].y1, cases[i].n1, cases[i].y2, cases[i].n2);
        near(cases[i].why, r.value, cases[i].value);
        near(cases[i].why, r.low, cases[i].low);
        near(cases[i].why, r.high, cases[i].high);
    }
    assert_int_equal(interval_difference(0, 0, 1, 2).status, STAT_NOT_DEFINED);
}

static void ratio_has_the_interval_of_its_logarithm(void **unused)
{
    (void)unused;
    struct stat_interval r = interval_ratio(390, 12000, 342, 11400);
    near("relative change", r.value, 1.083333333);
    near("relative change, low", r.low, 0.9390619);
    near("relative change, high", r.high, 1.249770);
    assert_int_equal(interval_ratio(0, 10, 1, 10).status, STAT_TOO_LITTLE);
    assert_int_equal(interval_ratio(1, 0, 1, 10).status, STAT_NOT_DEFINED);
    struct stat_interval all = interval_ratio(10, 10, 10, 10);
    near("all of all", all.low, 1);
    near("all of all", all.high, 1);
}

static void repeated_sessions_count_for_less(void **unused)
{
    static const uint64_t y[] = {0, 1, 0, 4, 0, 2, 0, 0}, n[] = {1, 2, 1, 5, 1, 3, 2, 1};
    struct cluster_sums s = {0}, halves[2] = {{0}, {0}};
    (void)unused;
    for (size_t i = 0; i < 8; i++) {
        cluster_add(&s, y[i], n[i]);
        cluster_add(&halves[i % 2], y[i], n[i]);
    }
    cluster_merge(&halves[1], &halves[0]);
    assert_memory_equal(&s, &halves[1], sizeof s);

    struct stat_interval r = cluster_share(&s);
    near("rate", r.value, 0.4375);
    near("standard error", cluster_error(&s), 0.1538884);
    near("low", r.low, 0.1960976);
    near("high", r.high, 0.7126391);
    struct stat_interval naive = interval_wilson(7, 16);
    near("naive low", naive.low, 0.2309865);
    near("naive high", naive.high, 0.6682144);

    struct stat_interval every = cluster_ratio(&s);
    near("ratio low", every.low, 0.4375 - 1.959963985 * 0.1538884);
    near("ratio high", every.high, 0.4375 + 1.959963985 * 0.1538884);
}

static void sessions_without_spread_count_in_full(void **unused)
{
    struct cluster_sums none = {0}, one = {0}, nobody = {0};
    (void)unused;
    for (size_t i = 0; i < 10; i++) cluster_add(&nobody, 0, 2);
    near("nobody converts", cluster_share(&nobody).high, interval_wilson(0, 20).high);
    cluster_add(&one, 1, 2);
    assert_int_equal(cluster_share(&one).status, STAT_TOO_LITTLE);
    assert_int_equal(cluster_share(&none).status, STAT_NOT_DEFINED);
    assert_int_equal(cluster_ratio(&none).status, STAT_NOT_DEFINED);
    cluster_add(&none, 0, 0);
    assert_int_equal(none.k, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wilson_matches_published_values),
        cmocka_unit_test(difference_matches_published_values),
        cmocka_unit_test(ratio_has_the_interval_of_its_logarithm),
        cmocka_unit_test(repeated_sessions_count_for_less),
        cmocka_unit_test(sessions_without_spread_count_in_full),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
