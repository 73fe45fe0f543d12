/* interval.h: intervals for a proportion and for two of them (METHODS 1).
 *
 * Trials must be independent: visitors or leads.  Sessions repeat per visitor: see cluster.h. */
#ifndef CAIRN_STATS_INTERVAL_H
#define CAIRN_STATS_INTERVAL_H

#include "stats/stat.h"

/* Wilson's score interval of y/n (Wilson 1927; Newcombe 1998a, method 3).  The lower end is exactly
 * 0 when y is 0, the upper exactly 1 when y is n.  STAT_NOT_DEFINED when n is 0 or y exceeds n. */
struct stat_interval interval_wilson(uint64_t y, uint64_t n);

/* The same of a proportion `p` in an effective number of trials `n`, which need not be whole. */
struct stat_interval interval_wilson_effective(double p, double n);

/* y1/n1 - y2/n2, Newcombe's hybrid score interval (Newcombe 1998b, method 10). */
struct stat_interval interval_difference(uint64_t y1, uint64_t n1, uint64_t y2, uint64_t n2);

/* (y1/n1) / (y2/n2) with the interval of its logarithm (Katz 1978).  STAT_TOO_LITTLE when y1 or y2
 * is 0. */
struct stat_interval interval_ratio(uint64_t y1, uint64_t n1, uint64_t y2, uint64_t n2);

#endif
