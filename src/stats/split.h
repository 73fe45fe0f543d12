/* split.h: whether a rate changed because people changed, or because their mix did (METHODS 1).
 *
 * Of two periods and segments that cover both: a segment's share of the units, and its rate. */
#ifndef CAIRN_STATS_SPLIT_H
#define CAIRN_STATS_SPLIT_H

#include "stats/stat.h"

struct split_segment {
    uint64_t y1, n1, y2, n2; /* successes of units, in period 1 and 2 */
};

struct split {
    enum stat_status status;
    double total; /* change of the overall rate: mix + rate */
    double mix, rate;
};

/* A segment's part of the change is in parts[i] (total, mix, rate), when `parts` is not NULL.  A
 * segment without units in one period has no rate there: the other period's stands in, so that all
 * of its change is mix.  STAT_NOT_DEFINED when a period has no units at all. */
struct split split_rate_mix(const struct split_segment *segments, size_t n, struct split *parts);

#endif
