/* survival.h: how many will have done it in time, when some have not been watched for long
 * (METHODS 2.5). */
#ifndef CAIRN_STATS_SURVIVAL_H
#define CAIRN_STATS_SURVIVAL_H

#include "stats/stat.h"

/* The share of `n` that does it within each of `buckets` delays: Kaplan and Meier's estimate
 * (1958), from those who did it in each bucket and those who left observation in it; within a
 * bucket who did it went first.  out[i] has the interval on the scale of ln(-ln S) with Greenwood's
 * variance; STAT_TOO_LITTLE while nobody did it or when everybody at risk has, STAT_NOT_DEFINED
 * when n is 0 or smaller than the sums. */
void survival_share(const uint64_t *did, const uint64_t *left, size_t buckets, uint64_t n,
                    struct stat_interval *out);

#endif
