/* stats_test.h: comparing with a worked number: relative 1e-6, the tolerance of METHODS. */
#ifndef CAIRN_STATS_STATS_TEST_H
#define CAIRN_STATS_STATS_TEST_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* METHODS prints seven digits, so half a unit of the last one is within this too. */
#define near(why, got, want)                                                                       \
    do {                                                                                           \
        double got_ = (got), want_ = (want);                                                       \
        if (!(fabs(got_ - want_) <= 1e-6 * fabs(want_) + 1e-12))                                   \
            fail_msg("%s: got %.10g, want %.10g", (why), got_, want_);                             \
    } while (0)

#endif
