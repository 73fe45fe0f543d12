/* funnel_ask.h: the question of a funnel: JSON to steps, rules and a kernel's definition. */
#ifndef CAIRN_REPORT_FUNNEL_ASK_H
#define CAIRN_REPORT_FUNNEL_ASK_H

#include "kernels/funnel.h"
#include "report/request.h"

struct funnel_ask {
    struct funnel_step {
        struct str label;
        struct rule rule;
    } steps[FUNNEL_MAX_STEPS];
    struct rule exclusions[FUNNEL_MAX_EXCLUSIONS];
    struct str hold[FUNNEL_MAX_HOLD];
    struct funnel_def def; /* but for bits and slots, which a plan gives: funnel_bind */
    const char *unit;      /* "visitor", "session" or "attempt" */
};

extern const char *const funnel_own_keys; /* of request_open */

/* Reads steps, window_s, order, attempts, ties, scope, exclude, hold, like and breakdown_step; with
 * "funnel": key, those of the stored funnel stand in for absent ones.  ERR_INVALID with the names
 * of rules, unknown_goal, unknown_funnel, too_few_steps, too_many_steps, unsupported_combination,
 * bad_field.  `out` is in q->a. */
MUST_CHECK err_code funnel_ask_read(const struct request *q, struct funnel_ask **out,
                                    struct err *err);

/* Compiles the rules into `p` and completes the definition; sets the plan's needs and time. */
MUST_CHECK err_code funnel_bind(const struct request *q, struct funnel_ask *ask, struct plan *p,
                                struct err *err);

#endif
