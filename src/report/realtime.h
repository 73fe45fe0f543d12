/* realtime.h: the last 30 minutes, and the newest events (report `realtime`). */
#ifndef CAIRN_REPORT_REALTIME_H
#define CAIRN_REPORT_REALTIME_H

#include "report/answer.h"

/* The range is the last 30 whole minutes and the current one, whatever was asked for. */
void realtime_range(struct request *q);
MUST_CHECK err_code report_realtime(const struct request *q, json_t **result, struct err *err);

#endif
