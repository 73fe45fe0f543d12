/* sketch.h: quantiles of durations and money, mergeable in any order to the same bits.
 *
 * Up to 10,000 values are kept as they are and quantiles are exact, by nearest rank.  Past that
 * they become counts in geometric buckets (DDSketch; Masson, Rim, Lee 2019) with gamma 1.02: every
 * quantile is then within 1 % of the exact one.  The state is whole numbers only. */
#ifndef CAIRN_STATS_SKETCH_H
#define CAIRN_STATS_SKETCH_H

#include "base/err.h"
#include "stats/stat.h"

enum { SKETCH_EXACT = 10000 };

struct sketch { /* zeroed is empty; fields are sketch.c's own */
    uint64_t n;
    uint64_t *bucket; /* NULL while values are kept exactly */
    int64_t *value;
    size_t room; /* of value */
};

MUST_CHECK err_code sketch_add(struct sketch *s, int64_t value, struct err *err);
/* Adds what `from` holds; `from` stays as it is. */
MUST_CHECK err_code sketch_merge(struct sketch *into, const struct sketch *from, struct err *err);
/* The smallest value such that at least the share `q`, in (0, 1], of all are at or below it.
 * STAT_NOT_DEFINED when empty.  May reorder the kept values, which changes no answer. */
enum stat_status sketch_quantile(struct sketch *s, double q, int64_t *out);
bool sketch_is_exact(const struct sketch *s);
void sketch_free(struct sketch *s); /* empty again */

#endif
