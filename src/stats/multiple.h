/* multiple.h: p-values of a family of questions asked at once (METHODS 0.5).
 *
 * A family is everything shown in one ranked table.  `q` and `p` may be the same array; p-values
 * are in [0, 1].  The arena has the scratch.  ERR_NOMEM. */
#ifndef CAIRN_STATS_MULTIPLE_H
#define CAIRN_STATS_MULTIPLE_H

#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"

/* The false discovery rate at which each is declared: declare at q < 0.05 (Benjamini, Hochberg
 * 1995). */
MUST_CHECK err_code multiple_bh(const double *p, size_t n, struct arena *a, double *q,
                                struct err *err);

/* Step-down adjusted p-values that keep the chance of any false claim (Holm 1979): for the primary
 * metrics of an experiment. */
MUST_CHECK err_code multiple_holm(const double *p, size_t n, struct arena *a, double *adjusted,
                                  struct err *err);

#endif
