/* overview.h: the plain numbers of a site (report `overview`). */
#ifndef CAIRN_REPORT_OVERVIEW_H
#define CAIRN_REPORT_OVERVIEW_H

#include "report/buckets.h"
#include "report/goals.h"

/* Visitors, sessions, views, bounce, engaged time and the series of the request's range. */
MUST_CHECK err_code overview_numbers(const struct request *q, const struct goal_set *set,
                                     const struct buckets *series, struct maker *m,
                                     struct err *err);

/* Own field: "series": minute | hour | day. */
MUST_CHECK err_code report_overview(const struct request *q, json_t **result, struct err *err);

#endif
