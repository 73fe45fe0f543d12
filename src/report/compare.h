/* compare.h: an answer beside the same one of another period. */
#ifndef CAIRN_REPORT_COMPARE_H
#define CAIRN_REPORT_COMPARE_H

#include "report/answer.h"

/* Adds to every rate of `now` that `before` has too: "change": {"value","ci"}, the difference of
 * the two with Newcombe's interval (METHODS 1).  Rows are found again by their "key", "value" or
 * "label", not by their place.  ERR_NOMEM. */
MUST_CHECK err_code compare_rates(json_t *now, const json_t *before, struct err *err);

/* With a breakdown, adds to each goal of `now` "change_split": {"mix","rate"}: how much of the
 * change comes from who came and how much from what they did (METHODS 1), or why that cannot be
 * told.  ERR_NOMEM. */
MUST_CHECK err_code compare_mix(struct arena *a, json_t *now, const json_t *before,
                                struct err *err);

#endif
