/* goal.h: a goal as kernels see it: a bit of journey.match and how its hits are counted. */
#ifndef CAIRN_KERNELS_GOAL_H
#define CAIRN_KERNELS_GOAL_H

#include <stdbool.h>
#include <stdint.h>

#include "journey/journey.h"

enum goal_count { GOAL_PER_SESSION, GOAL_PER_VISITOR, GOAL_EVERY };

struct goal {
    uint8_t bit;
    enum goal_count
        count; /* which hits are conversions: the first of its session or visitor, or all */
};

/* Walks one visitor's hits of one goal in time order; zeroed before the first. */
struct goal_cut {
    uint32_t session; /* of the last conversion, plus one */
    bool any;
};

/* True when this hit is a conversion.  A hit outside every session (an offline order) has none to
 * share, so with GOAL_PER_SESSION each is one. */
static inline bool goal_next(struct goal_cut *c, enum goal_count count, uint32_t session)
{
    bool counts =
        count == GOAL_EVERY || !c->any ||
        (count == GOAL_PER_SESSION && (session == JOURNEY_NO_SESSION || c->session != session + 1));
    if (!counts) return false;
    c->any = true;
    if (session != JOURNEY_NO_SESSION) c->session = session + 1;
    return true;
}

#endif
