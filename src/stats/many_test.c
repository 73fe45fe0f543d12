/* Jackknife, families of p-values, rate versus mix: the worked examples of METHODS 0.3, 0.5 and 1.
 */
#include "stats/jackknife.h"
#include "stats/multiple.h"
#include "stats/split.h"
#include "stats/stats_test.h"

static const double leave_out[] = {0.0610, 0.0580, 0.0632, 0.0598};

static void jackknife_of_four_groups(void **unused)
{
    (void)unused;
    near("variance", jackknife_variance(leave_out, 4), 1.071000e-05);
    near("standard error", sqrt(jackknife_variance(leave_out, 4)), 0.003272614);
    struct stat_interval r = jackknife(0.0605, leave_out, 4, 4);
    near("half width", r.high - r.value, 0.01041492);
    near("half width", r.value - r.low, 0.01041492);
}

static void jackknife_of_a_ratio_is_on_the_logarithm(void **unused)
{
    double logs[4];
    (void)unused;
    for (size_t g = 0; g < 4; g++) logs[g] = log(leave_out[g]);
    struct stat_interval want = jackknife(log(0.0605), logs, 4, 4);
    struct stat_interval got = jackknife_ratio(0.0605, leave_out, 4, 4);
    near("low", got.low, exp(want.low));
    near("high", got.high, exp(want.high));
}

static void jackknife_says_when_there_is_too_little(void **unused)
{
    double same[JACKKNIFE_GROUPS], one_empty[JACKKNIFE_GROUPS];
    (void)unused;
    for (size_t g = 0; g < JACKKNIFE_GROUPS; g++) same[g] = one_empty[g] = 0.5;
    one_empty[3] = 0;
    assert_int_equal(jackknife(0.5, same, JACKKNIFE_GROUPS, 7).status, STAT_TOO_LITTLE);
    assert_int_equal(jackknife(0.5, same, JACKKNIFE_GROUPS, 8).status, STAT_OK);
    assert_int_equal(jackknife(NAN, same, JACKKNIFE_GROUPS, 32).status, STAT_NOT_DEFINED);
    assert_int_equal(jackknife(0.5, same, 1, 1).status, STAT_NOT_DEFINED);
    assert_int_equal(jackknife_ratio(0, same, JACKKNIFE_GROUPS, 32).status, STAT_NOT_DEFINED);
    assert_int_equal(jackknife_ratio(0.5, one_empty, JACKKNIFE_GROUPS, 32).status, STAT_TOO_LITTLE);
    /* The t quantile of 31 degrees of freedom that METHODS prints. */
    double alternating[JACKKNIFE_GROUPS];
    for (size_t g = 0; g < JACKKNIFE_GROUPS; g++) alternating[g] = g % 2 ? 1 : -1;
    near("t of 31", jackknife(0, alternating, JACKKNIFE_GROUPS, 32).high / sqrt(31), 2.039513446);
}

static void bh_gives_false_discovery_rates(void **unused)
{
    static const double p[] = {.0002, .004, .019, .021, .043, .2, .44, .9};
    static const double want[] = {.0016, .016, .042, .042, .0688, .2666667, .5028571, .9};
    static const size_t shuffled[] = {5, 2, 7, 0, 1, 6, 4, 3};
    double in[8], q[8];
    struct arena a;
    struct err err;
    (void)unused;
    arena_init(&a, 4096);
    assert_int_equal(multiple_bh(p, 8, &a, q, &err), ERR_OK);
    for (size_t i = 0; i < 8; i++) near("sorted", q[i], want[i]);
    for (size_t i = 0; i < 8; i++) in[i] = p[shuffled[i]];
    assert_int_equal(multiple_bh(in, 8, &a, in, &err), ERR_OK);
    for (size_t i = 0; i < 8; i++) near("in any order, in place", in[i], want[shuffled[i]]);
    assert_int_equal(multiple_bh(NULL, 0, &a, NULL, &err), ERR_OK);
    a.cap = a.used;
    assert_int_equal(multiple_bh(p, 8, &a, q, &err), ERR_NOMEM);
    arena_free(&a);
}

static void holm_keeps_the_chance_of_any_false_claim(void **unused)
{
    static const double p[] = {.004, .03, .02}, want[] = {.012, .04, .04};
    double adjusted[3];
    struct arena a;
    struct err err;
    (void)unused;
    arena_init(&a, 4096);
    assert_int_equal(multiple_holm(p, 3, &a, adjusted, &err), ERR_OK);
    for (size_t i = 0; i < 3; i++) near("holm", adjusted[i], want[i]);
    arena_free(&a);
}

static void every_segment_improves_while_the_total_falls(void **unused)
{
    /* Shares .6 .4 with rates .05 .02, then .4 .6 with .053 .022. */
    static const struct split_segment s[] = {{30000, 600000, 21200, 400000},
                                             {8000, 400000, 13200, 600000}};
    struct split parts[2];
    (void)unused;
    struct split r = split_rate_mix(s, 2, parts);
    assert_int_equal(r.status, STAT_OK);
    near("total", r.total, -0.0036);
    near("mix", r.mix, -0.0061);
    near("rate", r.rate, 0.0025);
    near("parts add up", parts[0].total + parts[1].total, r.total);
    assert_true(parts[0].rate > 0 && parts[1].rate > 0);
}

static void a_segment_that_comes_or_goes_is_mix(void **unused)
{
    static const struct split_segment s[] = {{10, 100, 10, 100}, {0, 0, 50, 100}};
    static const struct split_segment none[] = {{0, 0, 1, 2}};
    struct split parts[2];
    (void)unused;
    struct split r = split_rate_mix(s, 2, parts);
    near("total", r.total, 60.0 / 200 - 10.0 / 100);
    near("rate", r.rate, 0);
    assert_int_equal(split_rate_mix(none, 1, NULL).status, STAT_NOT_DEFINED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(jackknife_of_four_groups),
        cmocka_unit_test(jackknife_of_a_ratio_is_on_the_logarithm),
        cmocka_unit_test(jackknife_says_when_there_is_too_little),
        cmocka_unit_test(bh_gives_false_discovery_rates),
        cmocka_unit_test(holm_keeps_the_chance_of_any_false_claim),
        cmocka_unit_test(every_segment_improves_while_the_total_falls),
        cmocka_unit_test(a_segment_that_comes_or_goes_is_mix),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
