/* survival_test.c: the worked example of METHODS 2.5, and the edges. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>

#include "stats/survival.h"

static void near_to(double got, double want)
{
    if (fabs(got - want) > 1e-6 * fabs(want)) fail_msg("%.10g, not %.10g", got, want);
}

static void gives_the_worked_example(void **state)
{
    (void)state;
    static const uint64_t did[] = {40, 22, 14, 9, 6, 4, 3}, left[] = {20, 20, 20, 20, 20, 20, 20};
    static const double share[] = {0.04,       0.06246809, 0.07708440, 0.08669810,
                                   0.09326075, 0.09774400, 0.1011921};
    struct stat_interval out[7];
    survival_share(did, left, 7, 1000, out);
    for (int i = 0; i < 7; i++) {
        assert_int_equal(out[i].status, STAT_OK);
        near_to(out[i].value, share[i]);
    }
    near_to(out[6].low, 0.08376577);
    near_to(out[6].high, 0.1219957);
}

static void says_when_it_cannot_tell(void **state)
{
    (void)state;
    static const uint64_t none[] = {0, 0}, all[] = {3, 7}, many[] = {8, 8};
    struct stat_interval out[2];
    survival_share(none, none, 2, 0, out);
    assert_int_equal(out[1].status, STAT_NOT_DEFINED);
    survival_share(none, none, 2, 10, out);
    assert_int_equal(out[1].status, STAT_TOO_LITTLE);
    survival_share(all, none, 2, 10, out);
    assert_int_equal(out[0].status, STAT_OK);
    assert_int_equal(out[1].status, STAT_TOO_LITTLE);
    survival_share(many, none, 2, 10, out);
    assert_int_equal(out[1].status, STAT_NOT_DEFINED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_the_worked_example),
        cmocka_unit_test(says_when_it_cannot_tell),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
