/* stat.h: what every estimator of this folder gives back: a number, or why there is none.
 *
 * No call of stats/ returns NaN or infinity.  `value`, `low` and `high` are 0 unless the status is
 * STAT_OK.  Intervals are 95 %, two-sided. */
#ifndef CAIRN_STATS_STAT_H
#define CAIRN_STATS_STAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum stat_status {
    STAT_OK,
    STAT_TOO_LITTLE,  /* "too_little": more data would give a number */
    STAT_NOT_DEFINED, /* "not_defined": the question has no answer here, such as a rate of nobody */
};

struct stat_interval {
    enum stat_status status;
    double value, low, high;
};

const char *stat_status_name(enum stat_status status); /* "ok", "too_little", "not_defined" */

/* The 97.5 % quantile of the standard normal distribution: 1.959963985. */
double stat_z(void);

#endif
