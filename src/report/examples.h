/* examples.h: the newest events that match, as JSON. */
#ifndef CAIRN_REPORT_EXAMPLES_H
#define CAIRN_REPORT_EXAMPLES_H

#include "kernels/recent.h"
#include "report/answer.h"

/* [{"at_ms","visitor","name","path","title","source","country","device","value"?}] of the request's
 * range, newest first; `rule` NULL: interactions of any kind.  `limit` up to 100. */
MUST_CHECK err_code examples_list(const struct request *q, const struct rule *rule, size_t limit,
                                  json_t **out, struct err *err);

/* The same within a pass of several kernels.  Binding comes first: the kernel wants the first slots
 * of the plan's dimensions.  `def` gets all but bits and limit. */
MUST_CHECK err_code examples_bind(struct plan *p, struct recent_def *def, struct err *err);
json_t *examples_of(const struct plan *p, const struct recent_state *s); /* NULL: out of memory */

/* Slots of dimensions that binding has asked for. */
enum { EXAMPLES_TITLE, EXAMPLES_SOURCE, EXAMPLES_COUNTRY, EXAMPLES_DEVICE, EXAMPLES_SLOTS };

#endif
