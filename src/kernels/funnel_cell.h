/* funnel_cell.h: what is added up over attempts, for all of them and for each breakdown value.
 *
 * Inside of funnel.h; not for other folders.  Everything is a sum, so cells merge by addition. */
#ifndef CAIRN_KERNELS_FUNNEL_CELL_H
#define CAIRN_KERNELS_FUNNEL_CELL_H

#include "kernels/funnel_match.h"
#include "kernels/keyed.h"
#include "stats/sketch.h"

struct funnel_step_sums {
    uint64_t reached, stopped, dropped, excluded, completed, continued, entered_here;
    struct sketch times;
};

struct funnel_cell {
    uint64_t entered;
    struct funnel_step_sums step[]; /* n_steps */
};

static inline size_t funnel_cell_bytes(size_t n_steps)
{
    return sizeof(struct funnel_cell) + n_steps * sizeof(struct funnel_step_sums);
}

/* Rows of a struct keyed with arg n_steps. */
extern const struct keyed_ops funnel_cell_ops;

MUST_CHECK err_code funnel_cell_add(struct funnel_cell *c, const struct funnel_program *p,
                                    const struct journey *j, const struct funnel_attempt *a,
                                    struct err *err);
MUST_CHECK err_code funnel_cell_add_open(struct funnel_cell *c, const struct funnel_program *p,
                                         const struct journey *j, const struct funnel_visits *v,
                                         struct err *err);

/* Destinations of one step: rows of WENT_COLUMNS sums by funnel_went_key(). */
enum { WENT_DROPPED, WENT_CONTINUED, WENT_COLUMNS };

static inline uint64_t funnel_went_key(enum funnel_went_kind kind, uint32_t code)
{
    return (uint64_t)kind << 32 | code;
}

/* Where the visitor went after event `i`, a step of an attempt that began at `start_ms`. */
uint64_t funnel_destination(const struct funnel_program *p, const struct journey *j, size_t i,
                            int64_t start_ms);

struct funnel_work {
    struct funnel_program program;
    struct funnel_cell *all;
    struct funnel_delays delays;
    struct keyed groups; /* of funnel_cell, by breakdown code */
    struct keyed went[FUNNEL_MAX_STEPS];
    uint64_t dropped_of[FUNNEL_MAX_STEPS], continued_of[FUNNEL_MAX_STEPS];
    struct funnel_held { /* scratch of hold: the events that are steps, by held values */
        uint32_t event;
        uint32_t value[FUNNEL_MAX_HOLD];
    } * held;
    size_t held_room;
};

#endif
