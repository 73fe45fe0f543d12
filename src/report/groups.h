/* groups.h: a result split by the values of a dimension ("breakdown"). */
#ifndef CAIRN_REPORT_GROUPS_H
#define CAIRN_REPORT_GROUPS_H

#include "report/answer.h"

/* Makes the result of a request whose filters may have been narrowed to one group. */
typedef err_code (*result_fn)(const struct request *q, const void *arg, json_t **result,
                              struct err *err);

/* The result, and with a breakdown "groups": [{"value", <the result>}] beside it: the largest first
 * by the request's unit, the rest under "(other)"; null is the group of events without a value. */
MUST_CHECK err_code groups_result(const struct request *q, result_fn one, const void *arg,
                                  json_t **result, struct err *err);

/* {"value":value or null, <members of result>}; takes `result`. */
json_t *group_of(struct str value, bool absent, json_t *result);

#endif
