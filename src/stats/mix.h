/* mix.h: why a rate changed: because who came changed, or because they behaved otherwise (METHODS
 * 1). */
#ifndef CAIRN_STATS_MIX_H
#define CAIRN_STATS_MIX_H

#include <stddef.h>
#include <stdint.h>

#include "stats/stat.h"

struct mix_group { /* of one segment: y of n, before (1) and now (2) */
    uint64_t y1, n1, y2, n2;
};

/* The total change of the rate as mix + rate, exactly but for rounding.  A segment that is empty in
 * one period changes the mix only.  STAT_NOT_DEFINED when a period has nobody. */
enum stat_status mix_split(const struct mix_group *groups, size_t n, double *mix, double *rate);

#endif
