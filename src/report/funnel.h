/* funnel.h: how far people get through a list of steps (report `funnel`). */
#ifndef CAIRN_REPORT_FUNNEL_H
#define CAIRN_REPORT_FUNNEL_H

#include "report/answer.h"

MUST_CHECK err_code report_funnel(const struct request *q, json_t **result, struct err *err);

#endif
