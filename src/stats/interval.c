#include "stats/interval.h"

#include <math.h>

static const struct stat_interval not_defined = {.status = STAT_NOT_DEFINED};
static const struct stat_interval too_little = {.status = STAT_TOO_LITTLE};

struct stat_interval interval_wilson_effective(double p, double n)
{
    if (!(n > 0) || !(p >= 0 && p <= 1) || !isfinite(n)) return not_defined;
    double z = stat_z(), zz = z * z;
    double centre = (p + zz / (2 * n)) / (1 + zz / n);
    double half = z * sqrt(p * (1 - p) / n + zz / (4 * n * n)) / (1 + zz / n);
    struct stat_interval r = {STAT_OK, p, centre - half, centre + half};
    /* Exact in theory; rounding must not turn "nobody" into a tiny or negative rate. */
    if (p == 0) r.low = 0;
    if (p == 1) r.high = 1;
    return r;
}

struct stat_interval interval_wilson(uint64_t y, uint64_t n)
{
    if (n == 0 || y > n) return not_defined;
    return interval_wilson_effective((double)y / (double)n, (double)n);
}

struct stat_interval interval_difference(uint64_t y1, uint64_t n1, uint64_t y2, uint64_t n2)
{
    struct stat_interval a = interval_wilson(y1, n1), b = interval_wilson(y2, n2);
    if (a.status != STAT_OK || b.status != STAT_OK) return not_defined;
    double d = a.value - b.value;
    return (struct stat_interval){STAT_OK, d, d - hypot(a.value - a.low, b.high - b.value),
                                  d + hypot(a.high - a.value, b.value - b.low)};
}

struct stat_interval interval_ratio(uint64_t y1, uint64_t n1, uint64_t y2, uint64_t n2)
{
    if (n1 == 0 || n2 == 0 || y1 > n1 || y2 > n2) return not_defined;
    if (y1 == 0 || y2 == 0) return too_little;
    double ratio = ((double)y1 / (double)n1) / ((double)y2 / (double)n2);
    /* Not below 0 but for rounding: 1/y >= 1/n in both. */
    double var = 1 / (double)y1 - 1 / (double)n1 + 1 / (double)y2 - 1 / (double)n2;
    double factor = exp(stat_z() * sqrt(fmax(var, 0)));
    return (struct stat_interval){STAT_OK, ratio, ratio / factor, ratio * factor};
}
