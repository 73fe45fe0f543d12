/* overview.h: the plain numbers of a site (report `overview`). */
#ifndef CAIRN_REPORT_OVERVIEW_H
#define CAIRN_REPORT_OVERVIEW_H

#include "report/counted.h"

/* Sets visitors, sessions, views, bounce, engaged time and the series. */
void overview_numbers(const struct request *q, const struct buckets *series,
                      const struct overview_answer *a, struct maker *m);

/* Own field: "series": minute | hour | day. */
MUST_CHECK err_code report_overview(const struct request *q, json_t **result, struct err *err);

#endif
