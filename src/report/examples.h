/* examples.h: the newest events that match, as JSON. */
#ifndef CAIRN_REPORT_EXAMPLES_H
#define CAIRN_REPORT_EXAMPLES_H

#include "report/answer.h"

/* [{"at_ms","visitor","name","path","title","source","country","device","value"?}] of the request's
 * range, newest first; `rule` NULL: interactions of any kind.  `limit` up to 100. */
MUST_CHECK err_code examples_list(const struct request *q, const struct rule *rule, size_t limit,
                                  json_t **out, struct err *err);

#endif
