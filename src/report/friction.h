/* friction.h: which step to fix first (METHODS 2.6, target (a): a share of the drop-offs is
 * rescued). */
#ifndef CAIRN_REPORT_FRICTION_H
#define CAIRN_REPORT_FRICTION_H

#include "report/funnel_ask.h"

/* [{"from","to","label","n","reached","rescued_share","gain":{"value","range"}}], the largest gain
 * first: how many more would complete if `rescue` (0.2) of those who drop off after step `from`
 * went on to `to`; the range is for a later conversion of the rescued between half of the others'
 * and the same.  NULL when out of memory. */
json_t *friction_ranking(const struct funnel_ask *ask, const struct funnel_result *r);

#endif
