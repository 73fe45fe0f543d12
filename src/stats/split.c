#include "stats/split.h"

struct split split_rate_mix(const struct split_segment *segments, size_t n, struct split *parts)
{
    double n1 = 0, n2 = 0;
    for (size_t i = 0; i < n; i++) {
        n1 += (double)segments[i].n1;
        n2 += (double)segments[i].n2;
    }
    struct split all = {.status = n1 > 0 && n2 > 0 ? STAT_OK : STAT_NOT_DEFINED};
    for (size_t i = 0; i < n; i++) {
        const struct split_segment *s = &segments[i];
        struct split part = {.status = s->n1 || s->n2 ? all.status : STAT_NOT_DEFINED};
        if (part.status == STAT_OK) {
            double w1 = (double)s->n1 / n1, w2 = (double)s->n2 / n2;
            double r1 = s->n1 ? (double)s->y1 / (double)s->n1 : (double)s->y2 / (double)s->n2;
            double r2 = s->n2 ? (double)s->y2 / (double)s->n2 : r1;
            part.mix = (w2 - w1) * (r1 + r2) / 2;
            part.rate = (w1 + w2) / 2 * (r2 - r1);
            part.total = part.mix + part.rate;
            all.mix += part.mix;
            all.rate += part.rate;
        }
        if (parts) parts[i] = part;
    }
    all.total = all.mix + all.rate;
    return all;
}
