/* funnel_match.h: the scans: one unit's events to the attempts that count.
 *
 * Inside of funnel.h; not for other folders.  O(events x matched steps) each, O(n_steps^2) memory,
 * no allocation. */
#ifndef CAIRN_KERNELS_FUNNEL_MATCH_H
#define CAIRN_KERNELS_FUNNEL_MATCH_H

#include "kernels/funnel_program.h"

struct funnel_attempt {
    size_t level;                  /* deepest step reached, plus one; 0: never entered */
    uint64_t path;                 /* bit k: step k was done; FUNNEL_ANY: the first `level` bits */
    uint32_t at[FUNNEL_MAX_STEPS]; /* [k], when in path: the event that was step k; FUNNEL_ANY: the
                                      k-th step in the order in which they were done */
    int64_t start_ms;
    bool excluded; /* died by an exclusion */
};

/* best, ordered or strict: the first attempt to reach the deepest step. */
void funnel_best(const struct funnel_program *p, const struct funnel_view *v,
                 struct funnel_attempt *out);
/* The same answer as funnel_best for p->plain, on a whole visitor. */
void funnel_plain(const struct funnel_program *p, const struct journey *j,
                  struct funnel_attempt *out);
/* first and totals, ordered or strict: each attempt as it closes. */
typedef err_code funnel_closed(void *arg, const struct funnel_attempt *a, struct err *err);
MUST_CHECK err_code funnel_greedy(const struct funnel_program *p, const struct funnel_view *v,
                                  funnel_closed *closed, void *arg, struct err *err);
/* any: most distinct steps in one window. */
void funnel_any(const struct funnel_program *p, const struct funnel_view *v,
                struct funnel_attempt *out);

struct funnel_visits {                /* open */
    uint64_t did, continued;          /* by step */
    uint32_t first[FUNNEL_MAX_STEPS]; /* in did: its first event */
    uint32_t entry;                   /* the first event of any step, when did */
    uint32_t from[FUNNEL_MAX_STEPS],
        to[FUNNEL_MAX_STEPS]; /* in continued: step k - 1's event and step k's */
};
/* Adds to `out`, which the caller zeroes: several views may belong to one unit. */
void funnel_open(const struct funnel_program *p, const struct funnel_view *v,
                 struct funnel_visits *out);

#endif
