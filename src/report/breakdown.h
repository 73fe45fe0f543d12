/* breakdown.h: a table of a dimension's values (reports `breakdown`, `values`) and the list of them
 * (`properties`). */
#ifndef CAIRN_REPORT_BREAKDOWN_H
#define CAIRN_REPORT_BREAKDOWN_H

#include "report/answer.h"

/* Own fields: "dimension", "metrics" (visitors, sessions, views, hits, hits:<goal>,
 * conversions:<goal>), "by": the metric that decides the order, the first when absent. */
MUST_CHECK err_code report_breakdown(const struct request *q, json_t **result, struct err *err);

/* For pickers: the values of "dimension" that hold "contains" (letters without case), or begin with
 * "prefix", the most frequent first: {"values":[{"value","n"}]}, n events. */
MUST_CHECK err_code report_values(const struct request *q, json_t **result, struct err *err);

/* For pickers: what can be asked about: {"properties":[{"property","values","own"}]}; "values" is
 * the number of distinct ones, of the owner's properties ("own") only.  The range does not matter.
 */
MUST_CHECK err_code report_properties(const struct request *q, json_t **result, struct err *err);

#endif
