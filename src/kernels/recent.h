/* recent.h: the newest events that match, as examples or a live feed.
 *
 * What the plan must ask for: NEED_NAME and NEED_PATH, NEED_VALUE for value_minor; up to
 * RECENT_DIMS dimensions in slots 0, 1, ...  plan_time: the range. */
#ifndef CAIRN_KERNELS_RECENT_H
#define CAIRN_KERNELS_RECENT_H

#include "journey/scan.h"

enum { RECENT_MAX = 100, RECENT_DIMS = 6 };

struct recent_def {
    uint64_t bits; /* events with one of these; 0: interactions of any kind */
    size_t limit;  /* at most RECENT_MAX */
    unsigned n_dims;
};

struct recent_event {
    int64_t at_ms;
    uint64_t visitor;
    uint32_t
        place; /* within the visitor's events that the plan shows: a total order with the above */
    uint32_t name, path, dim[RECENT_DIMS];
    int64_t value_minor;
    uint32_t currency;
};

struct recent_state {
    struct recent_event event[RECENT_MAX]; /* newest first */
    size_t n;
    size_t limit;
};
extern const struct kernel recent_kernel;

#endif
