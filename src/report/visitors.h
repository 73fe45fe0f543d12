/* visitors.h: from a number to the people behind it, and to one of them (reports `visitors`,
 * `visitor`). */
#ifndef CAIRN_REPORT_VISITORS_H
#define CAIRN_REPORT_VISITORS_H

#include "report/answer.h"

/* Own fields: "goal": key (who reached it), or the fields of a funnel with "step": number from 1
 * and "did": reached | dropped. */
extern const char *const visitors_own_keys;
MUST_CHECK err_code report_visitors(const struct request *q, json_t **result, struct err *err);

/* Own field: "visitor": 16 hexadecimal digits, as `visitors` shows them.  The whole journey,
 * whatever the range; the newest 1,000 events of it.  ERR_NOT_FOUND unknown_visitor. */
MUST_CHECK err_code report_visitor(const struct request *q, json_t **result, struct err *err);

#endif
