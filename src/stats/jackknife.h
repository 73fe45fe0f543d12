/* jackknife.h: an interval for any estimator, by leaving out one group of visitors at a time
 * (METHODS 0.3; delete-a-group jackknife, Kott).
 *
 * Visitors fall into 32 groups by their id (journey_group), the estimator keeps its counters by
 * group, and is computed once from all and once without each group.  Rows that repeat within a
 * visitor do no harm. */
#ifndef CAIRN_STATS_JACKKNIFE_H
#define CAIRN_STATS_JACKKNIFE_H

#include "stats/stat.h"

enum {
    JACKKNIFE_GROUPS = 32,
    JACKKNIFE_MIN_GROUPS = 8, /* with any success in them: fewer give no interval */
};

/* The estimate `theta` of all, `leave_out[g]` without group g; `with_success` of the `n_groups`
 * have a success.  STAT_TOO_LITTLE below JACKKNIFE_MIN_GROUPS of them (below all, when there are
 * fewer groups than that); STAT_NOT_DEFINED when a number is not finite or n_groups is under 2. */
struct stat_interval jackknife(double theta, const double *leave_out, size_t n_groups,
                               size_t with_success);

/* The same for a ratio, which must be positive: on the logarithm, given back as a ratio. */
struct stat_interval jackknife_ratio(double theta, const double *leave_out, size_t n_groups,
                                     size_t with_success);

/* The variance alone: (n - 1)/n x the sum of squares around the mean of leave_out. */
double jackknife_variance(const double *leave_out, size_t n_groups);

#endif
