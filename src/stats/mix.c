#include "stats/mix.h"

enum stat_status mix_split(const struct mix_group *groups, size_t n, double *mix, double *rate)
{
    uint64_t all1 = 0, all2 = 0;
    *mix = *rate = 0;
    for (size_t i = 0; i < n; i++) {
        all1 += groups[i].n1;
        all2 += groups[i].n2;
    }
    if (all1 == 0 || all2 == 0) return STAT_NOT_DEFINED;
    for (size_t i = 0; i < n; i++) {
        const struct mix_group *g = &groups[i];
        if (g->n1 == 0 && g->n2 == 0) continue;
        double w1 = (double)g->n1 / (double)all1, w2 = (double)g->n2 / (double)all2;
        double r2 = g->n2 ? (double)g->y2 / (double)g->n2 : (double)g->y1 / (double)g->n1;
        double r1 = g->n1 ? (double)g->y1 / (double)g->n1 : r2;
        *mix += (w2 - w1) * (r1 + r2) / 2;
        *rate += (w1 + w2) / 2 * (r2 - r1);
    }
    return STAT_OK;
}
