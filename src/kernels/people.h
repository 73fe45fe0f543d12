/* people.h: the visitors behind a number, the latest seen first.
 *
 * What the plan must ask for: NEED_SESSIONS; NEED_VALUE for value_minor; up to PEOPLE_DIMS
 * dimensions in slots 0, 1, ...  plan_time: the range. */
#ifndef CAIRN_KERNELS_PEOPLE_H
#define CAIRN_KERNELS_PEOPLE_H

#include "journey/scan.h"
#include "kernels/funnel.h"

enum { PEOPLE_MAX = 1000, PEOPLE_DIMS = 6 };

enum people_funnel { PEOPLE_REACHED, PEOPLE_DROPPED }; /* a step and maybe more; it and no more */

struct people_def {
    uint64_t bits; /* visitors with an event that has one of these; 0: with any event */
    /* Or those who got that far in a funnel; NULL: no matter. */
    const struct funnel_def *funnel;
    size_t funnel_step;
    enum people_funnel did;
    size_t limit; /* at most PEOPLE_MAX */
    unsigned n_dims;
};

struct person {
    uint64_t visitor;
    uint8_t id_kind;
    int64_t first_ms, last_ms;                    /* in the range */
    uint32_t sessions, views, interactions, hits; /* hits: events with one of the bits */
    uint32_t dim[PEOPLE_DIMS];                    /* of the last event */
};

struct people_state {
    struct person *person; /* latest first */
    size_t n, limit;
    uint64_t total; /* visitors that match, kept or not */
};
/* Drives scan_run with a struct people_state and a struct people_def.  ERR_NOMEM. */
extern const struct kernel people_kernel;

#endif
