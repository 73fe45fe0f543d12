/* maturity.h: what a funnel will have come to once its youngest entrants have had their time
 * (METHODS 2.5). */
#ifndef CAIRN_REPORT_MATURITY_H
#define CAIRN_REPORT_MATURITY_H

#include "report/funnel_ask.h"

/* "matured" of the answer: the corrected share and curve when more than 5 % of the entrants are
 * young, else why there is nothing to correct.  NULL when out of memory. */
json_t *maturity_of(const struct funnel_ask *ask, const struct funnel_answer *a);

#endif
