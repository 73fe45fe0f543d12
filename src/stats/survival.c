#include "stats/survival.h"

#include <math.h>

void survival_share(const uint64_t *did, const uint64_t *left, size_t buckets, uint64_t n,
                    struct stat_interval *out)
{
    uint64_t at_risk = n;
    double survive = 1, greenwood = 0;
    bool defined = n > 0;
    for (size_t i = 0; i < buckets; i++) {
        defined = defined && did[i] <= at_risk && left[i] <= at_risk - did[i];
        out[i] = (struct stat_interval){.status = STAT_NOT_DEFINED};
        if (!defined) continue;
        if (did[i] > 0) {
            double r = (double)at_risk, d = (double)did[i];
            survive *= 1 - d / r;
            greenwood += d / (r * (r - d)); /* infinite when all did it: survive is then 0 */
        }
        at_risk -= did[i] + left[i];
        out[i].status = STAT_TOO_LITTLE;
        if (survive <= 0 || survive >= 1) continue;
        double half = stat_z() * sqrt(greenwood) / -log(survive);
        out[i] = (struct stat_interval){.status = STAT_OK,
                                        .value = 1 - survive,
                                        .low = 1 - pow(survive, exp(-half)),
                                        .high = 1 - pow(survive, exp(half))};
    }
}
