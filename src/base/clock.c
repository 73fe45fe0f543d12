#include "base/clock.h"

#include <time.h>

static int64_t real_now_ms(const struct clock *c)
{
    (void)c;
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int64_t fixed_now_ms(const struct clock *c)
{
    return c->set_ms;
}

const struct clock clock_real = {.now_ms = real_now_ms};

struct clock clock_fixed(int64_t now_ms)
{
    return (struct clock){.now_ms = fixed_now_ms, .set_ms = now_ms};
}

int64_t clock_mono_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}
