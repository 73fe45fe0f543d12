/* preview.h: what a goal that is not saved yet would have counted (report `goal_preview`). */
#ifndef CAIRN_REPORT_PREVIEW_H
#define CAIRN_REPORT_PREVIEW_H

#include "report/answer.h"

/* Own fields: those of a goal: "rule", "count", "class", "value", "currency", "key", "name".  Hits,
 * conversions and the rate of the range (the past 30 days when absent), conversions by day, and
 * examples of matching events. */
MUST_CHECK err_code report_goal_preview(const struct request *q, json_t **result, struct err *err);

#endif
