/* tally.h: one row for each value of a dimension: exact visitors, sessions, views, hits,
 * conversions.
 *
 * Counts events in [from_ms, to_ms) by their own value, a session under each value that it shows,
 * when it starts in the range.
 * What the plan must ask for: NEED_SESSIONS and the dimension.  plan_time: the range. */
#ifndef CAIRN_KERNELS_TALLY_H
#define CAIRN_KERNELS_TALLY_H

#include "base/arena.h"
#include "journey/scan.h"
#include "kernels/goal.h"

enum {
    TALLY_MAX_GOALS = JOURNEY_MAX_PREDICATES,
    TALLY_MAX_VALUES = 1 << 20, /* distinct values kept apart; see tally_answer.capped */
};

struct tally_def {
    unsigned slot; /* of journey.dim */
    struct goal goal[TALLY_MAX_GOALS];
    size_t n_goals;
    int64_t from_ms, to_ms;
};

struct tally_work;
struct tally_state {
    struct tally_work *work;
};
/* Drives scan_run with a struct tally_state and a struct tally_def.  ERR_NOMEM. */
extern const struct kernel tally_kernel;

struct tally_row {
    uint32_t code; /* of the dimension; JOURNEY_NO_VALUE: absent */
    uint64_t visitors, sessions, views, events;
    /* One a goal.  A conversion (after goal.count) counts under the value of its event. */
    uint64_t *hits, *conversions;
};

/* What rows are ordered by, largest first, then by code. */
enum tally_by {
    TALLY_BY_VISITORS,
    TALLY_BY_SESSIONS,
    TALLY_BY_VIEWS,
    TALLY_BY_EVENTS,
    TALLY_BY_HITS,
    TALLY_BY_CONVERSIONS
};

struct tally_answer {
    struct tally_row *rows;
    size_t n_rows;
    /* The sum of the rows left out.  Its visitors and sessions are summed over values: somebody
     * with two of the values counts twice. */
    struct tally_row other;
    uint64_t n_values; /* distinct values seen and kept */
    bool capped;       /* more than TALLY_MAX_VALUES: some are in `other` whatever their size */
};

/* At most `limit` rows, ordered by `by` (of goal `goal` for the last two), in `a`.  ERR_NOMEM. */
MUST_CHECK err_code tally_finish(const struct tally_state *s, const struct tally_def *def,
                                 enum tally_by by, size_t goal, size_t limit, struct arena *a,
                                 struct tally_answer *out, struct err *err);

#endif
