/* funnel.h: how far visitors get through a list of steps, how long it takes, where they go instead.
 *
 * METHODS 2.1 to 2.4 decide every edge.  Steps arrive as bits of journey.match and are numbered
 * from 0 here.  The state merges to the same bits in any order, so any split of the visitors over
 * threads or machines gives the same answer.
 * What the plan must ask for: NEED_SESSIONS with scope FUNNEL_SESSION or destinations; NEED_NAME
 * and NEED_PATH with destinations; the dimensions of breakdown and hold.  plan_time may cut before
 * from_ms, and at to_ms + window_ms (never at to_ms: later steps may lie after the range).
 * plan_require(bit of step 0) is right for every order but FUNNEL_ANY and FUNNEL_OPEN. */
#ifndef CAIRN_KERNELS_FUNNEL_H
#define CAIRN_KERNELS_FUNNEL_H

#include "base/arena.h"
#include "journey/scan.h"
#include "stats/stat.h"

enum {
    FUNNEL_MIN_STEPS = 2,
    FUNNEL_MAX_STEPS = 50,
    FUNNEL_MAX_EXCLUSIONS = 10,
    FUNNEL_MAX_HOLD = 4,
    FUNNEL_MAX_GROUPS = 65536, /* distinct breakdown values kept apart; see funnel_result.capped */
    FUNNEL_MAX_DESTINATIONS = 65536, /* distinct destinations of a step kept apart, likewise */
    FUNNEL_DELAYS = 56, /* equal parts of the window, for the delay from entry to completion */
};

enum funnel_order { FUNNEL_ORDERED, FUNNEL_STRICT, FUNNEL_ANY, FUNNEL_OPEN };
enum funnel_attempts { FUNNEL_BEST, FUNNEL_FIRST, FUNNEL_TOTALS };
enum funnel_ties { FUNNEL_TIES_ANY, FUNNEL_TIES_ARRIVAL };
enum funnel_scope { FUNNEL_VISITOR, FUNNEL_SESSION };

struct funnel_def {
    size_t n_steps;
    uint8_t bit[FUNNEL_MAX_STEPS];        /* of journey.match; several steps may share one */
    bool optional[FUNNEL_MAX_STEPS];      /* never the first */
    int64_t max_gap_ms[FUNNEL_MAX_STEPS]; /* since the previous matched step; 0: none */
    int64_t window_ms;                    /* since step 0 of the attempt, edge included; 0: none */
    enum funnel_order order;
    enum funnel_attempts attempts;
    enum funnel_ties ties;
    enum funnel_scope scope;
    struct funnel_exclusion {
        uint8_t bit;
        uint8_t from, to; /* steps, from 0: kills an attempt that has reached from and not yet to */
    } exclusion[FUNNEL_MAX_EXCLUSIONS];
    size_t n_exclusions;
    int64_t from_ms, to_ms; /* an attempt must enter in [from_ms, to_ms) */
    bool breakdown;
    unsigned breakdown_slot; /* of journey.dim */
    size_t breakdown_step;   /* whose event's value counts; 0: where the attempt entered */
    size_t n_hold;
    unsigned
        hold_slot[FUNNEL_MAX_HOLD]; /* dimensions with one value at all steps; absent never is */
    bool destinations;
    int64_t
        now_ms; /* with a window: what happened until then is known, for `delays`; 0: not asked */
};

/* ERR_INVALID: with the name unsupported_combination and the field of API.md for what cannot go
 * together (gaps, optional steps, exclusions or attempts other than best with any and open; an
 * optional first step), with bad_field for a number out of range. */
MUST_CHECK err_code funnel_check(const struct funnel_def *def, struct err *err);

struct funnel_work; /* opaque */
struct funnel_state {
    struct funnel_work *work;
};
/* Drives scan_run with a struct funnel_state and a checked struct funnel_def.  ERR_NOMEM. */
extern const struct kernel funnel_kernel;

/* Where somebody went after a step: their next interaction, or none. */
enum funnel_went_kind { WENT_PAGE, WENT_EVENT, WENT_LEFT, WENT_CAME_BACK, WENT_OTHER };

struct funnel_went {
    enum funnel_went_kind kind;
    uint32_t code;      /* of path for WENT_PAGE, of name for WENT_EVENT */
    uint64_t dropped;   /* of those whose attempt ended at this step */
    uint64_t continued; /* of those who did a later step */
};

struct funnel_row {
    uint64_t
        reached; /* counted attempts that did this step; FUNNEL_ANY: that did this many steps */
    uint64_t stopped;   /* whose last step this is */
    uint64_t dropped;   /* of stopped: without having done every required step */
    uint64_t excluded;  /* of stopped: by an exclusion */
    uint64_t completed; /* of reached: that did all required steps (an optional step's share) */
    uint64_t continued, entered_here; /* FUNNEL_OPEN: reached = continued + entered_here */
    size_t previous;                  /* row of the last required step before; itself for row 0 */
    struct funnel_times { /* since the previous matched step; STAT_NOT_DEFINED: nobody */
        enum stat_status status;
        uint64_t n;
        int64_t p50_ms, p75_ms, p90_ms;
    } times;
    /* Largest `dropped` first; empty unless destinations were asked for.  Lift of a destination is
     * (dropped / dropped_of) / (continued / continued_of). */
    struct funnel_went *went;
    size_t n_went;
    uint64_t dropped_of, continued_of;
};

/* `unit` of the counts: visitors, sessions with scope session, attempts with FUNNEL_TOTALS. */
struct funnel_result {
    uint64_t entered; /* reached of row 0; FUNNEL_OPEN: units that did any step */
    struct funnel_row *rows;
    size_t n_rows;
};

struct funnel_group {
    uint32_t code; /* of the breakdown dimension; JOURNEY_NO_VALUE: absent */
    struct funnel_result result;
};

/* How long those who completed took, and how long the others have been watched: whoever entered
 * less than a window before now_ms may still complete (METHODS 2.5).  Empty with FUNNEL_OPEN. */
struct funnel_delays {
    uint64_t completed[FUNNEL_DELAYS]; /* [i]: within (i, i + 1] parts of the window since entry */
    uint64_t censored[FUNNEL_DELAYS];  /* not completed, watched for that long only */
    uint64_t immature; /* entered less than a window before now_ms, completed or not */
};

struct funnel_answer {
    struct funnel_result all;
    struct funnel_group *groups; /* largest `entered` first, then smallest code */
    size_t n_groups;
    struct funnel_result other; /* what groups leaves out; entered 0: nothing */
    struct funnel_delays delays;
    bool capped; /* there were more than FUNNEL_MAX_GROUPS values: some are in `other` whatever
                    their size */
};

struct funnel_limits {
    size_t groups;       /* most groups to give, the rest in `other` */
    size_t destinations; /* most destinations a step, the rest one WENT_OTHER */
};

/* Makes the rows in `a`; what is left out by the limits is folded within the state, so call it
 * once. ERR_NOMEM. */
MUST_CHECK err_code funnel_finish(struct funnel_state *s, const struct funnel_def *def,
                                  const struct funnel_limits *limits, struct arena *a,
                                  struct funnel_answer *out, struct err *err);

#endif
