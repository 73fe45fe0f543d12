/* grouped.h: several kernels in one pass, over everybody and over groups of events.
 *
 * A group has the events with some values of a dimension, as if the others did not exist: what a
 * filter on events would leave of each journey, with the sessions that still have events, whole. So
 * a breakdown costs one pass, not one for each value. What the plan must ask for: what the parts
 * need, and the dimension. */
#ifndef CAIRN_KERNELS_GROUPED_H
#define CAIRN_KERNELS_GROUPED_H

#include "journey/scan.h"

enum { GROUPED_MAX_PARTS = 12, GROUPED_NONE = UINT16_MAX };

struct grouped_def {
    size_t n_parts;
    const struct kernel *kernel[GROUPED_MAX_PARTS];
    const void *def[GROUPED_MAX_PARTS];
    size_t n_groups; /* 0: only everybody */
    unsigned slot;   /* the dimension */
    /* By code of the dimension: its group, below n_groups, or GROUPED_NONE.  Borrowed. */
    const uint16_t *group_of;
};

struct grouped_work;
struct grouped_state {
    struct grouped_work *work;
};
/* Drives scan_run with a struct grouped_state and a struct grouped_def.  ERR_NOMEM. */
extern const struct kernel grouped_kernel;

/* The state of part `part` for everybody, or for group `group`; owned by `s`. */
MUST_CHECK err_code grouped_all(struct grouped_state *s, size_t part, void **out, struct err *err);
MUST_CHECK err_code grouped_group(struct grouped_state *s, size_t group, size_t part, void **out,
                                  struct err *err);

#endif
