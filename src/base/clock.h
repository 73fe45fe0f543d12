/* clock.h: the only place that reads a clock.  Tests pass a clock they set by hand. */
#ifndef CAIRN_BASE_CLOCK_H
#define CAIRN_BASE_CLOCK_H

#include <stdint.h>

struct clock {
    int64_t (*now_ms)(const struct clock *c); /* UTC, milliseconds since 1970 */
    int64_t set_ms;                           /* what a test clock answers */
};

extern const struct clock clock_real;
struct clock clock_fixed(int64_t now_ms); /* set_ms may be changed at any time by one thread */

static inline int64_t clock_now_ms(const struct clock *c)
{
    return c->now_ms(c);
}

/* Monotonic, for durations only. */
int64_t clock_mono_ns(void);

#endif
