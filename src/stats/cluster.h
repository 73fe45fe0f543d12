/* cluster.h: rates of units that repeat within a visitor, such as sessions (METHODS 1).
 *
 * A visitor's sessions are alike, so they are worth fewer than their number.  The sums are whole
 * numbers over visitors: adding them merges states to the same bits in any order. */
#ifndef CAIRN_STATS_CLUSTER_H
#define CAIRN_STATS_CLUSTER_H

#include "stats/stat.h"

struct cluster_sums { /* of a visitor's successes Y and units N; visitors without a unit are left
                         out */
    uint64_t k;       /* visitors */
    uint64_t y, n;
    uint64_t yy, yn, nn;
};

static inline void cluster_add(struct cluster_sums *s, uint64_t y, uint64_t n)
{
    if (!n) return;
    s->k++;
    s->y += y;
    s->n += n;
    s->yy += y * y;
    s->yn += y * n;
    s->nn += n * n;
}

static inline void cluster_merge(struct cluster_sums *into, const struct cluster_sums *from)
{
    into->k += from->k;
    into->y += from->y;
    into->n += from->n;
    into->yy += from->yy;
    into->yn += from->yn;
    into->nn += from->nn;
}

/* The share of units that succeed (each at most once): Wilson's interval in the effective number of
 * units that the delta method gives (Deng, Knoblich, Lu 2018).  STAT_NOT_DEFINED without units,
 * STAT_TOO_LITTLE with one visitor. */
struct stat_interval cluster_share(const struct cluster_sums *s);

/* Successes per unit where a unit may have several ("every hit"), which may exceed 1: the delta
 * method's interval, not below 0. */
struct stat_interval cluster_ratio(const struct cluster_sums *s);

/* The standard error of y/n by the delta method; negative when there are fewer than two visitors.
 */
double cluster_error(const struct cluster_sums *s);

#endif
