/* mix_test.c: the worked example of METHODS 1: every segment improves while the whole falls. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>

#include "stats/mix.h"

static void near_to(double got, double want)
{
    if (fabs(got - want) > 1e-12) fail_msg("%.15g, not %.15g", got, want);
}

static void splits_the_worked_example(void **state)
{
    (void)state;
    /* Shares .6 and .4, then .4 and .6; rates .05 and .02, then .053 and .022. */
    static const struct mix_group groups[] = {{3000, 60000, 2120, 40000},
                                              {800, 40000, 1320, 60000}};
    double mix, rate;
    assert_int_equal(mix_split(groups, 2, &mix, &rate), STAT_OK);
    near_to(mix, -0.0061);
    near_to(rate, 0.0025);
    near_to(mix + rate, -0.0036);
}

static void knows_what_came_and_what_went(void **state)
{
    (void)state;
    static const struct mix_group groups[] = {{10, 100, 20, 100}, {5, 50, 0, 0}, {0, 0, 30, 50}};
    double mix, rate;
    assert_int_equal(mix_split(groups, 3, &mix, &rate), STAT_OK);
    near_to(mix + rate, 50.0 / 150 - 15.0 / 150);
    near_to(rate, 100.0 / 150 * 0.1);
    static const struct mix_group nobody[] = {{0, 0, 1, 2}};
    assert_int_equal(mix_split(nobody, 1, &mix, &rate), STAT_NOT_DEFINED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(splits_the_worked_example),
        cmocka_unit_test(knows_what_came_and_what_went),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
