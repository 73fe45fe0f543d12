/* filter.h: `filter` and `segment` of a request: which events, sessions or visitors are looked at.
 */
#ifndef CAIRN_REPORT_FILTER_H
#define CAIRN_REPORT_FILTER_H

#include "report/request.h"

/* Fills q->filters from both fields.  A filter is a condition or a rule with an optional "on"; a
 * segment is {"rule","on"} or {"filter":[..]}, inline or under the key of a stored one. ERR_INVALID
 * with the names of rules, bad_field, unknown_segment. */
MUST_CHECK err_code filters_read(struct request *q, struct err *err);

/* Where a filter applies unless it says so: to events when it is only about what an event shows of
 * itself (name, page, props, items), to whole sessions otherwise. */
enum filter_on filter_on_default(const struct rule *r);

#endif
