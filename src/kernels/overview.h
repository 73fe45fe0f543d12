/* overview.h: the plain numbers of a site in a range, and their series by day or hour.
 *
 * A visitor counts with any event in range, a session in the range (and bucket) in which it starts,
 * everything else where it happened.
 * What the plan must ask for: NEED_SESSIONS; NEED_ENGAGED for engaged_ms.  plan_time: the range. */
#ifndef CAIRN_KERNELS_OVERVIEW_H
#define CAIRN_KERNELS_OVERVIEW_H

#include "base/arena.h"
#include "journey/scan.h"
#include "kernels/goal.h"
#include "stats/cluster.h"

enum { OVERVIEW_MAX_BUCKETS = 100000, OVERVIEW_MAX_GOALS = JOURNEY_MAX_PREDICATES };

struct overview_def {
    int64_t from_ms, to_ms;
    uint64_t key_bits; /* an event with one of these makes its session engaged (key events) */
    /* Bucket i is [bucket_ms[i], bucket_ms[i + 1]), ascending; n_buckets + 1 times, from from_ms to
     * to_ms, made by the report from the site's zone.  Borrowed.  n_buckets 0: no series. */
    const int64_t *bucket_ms;
    size_t n_buckets;
    struct goal macro[OVERVIEW_MAX_GOALS]; /* whose conversions the series and `macro` count */
    size_t n_macros;
};

struct overview_work;
struct overview_state {
    struct overview_work *work;
};
/* Drives scan_run with a struct overview_state and a struct overview_def.  ERR_NOMEM; ERR_INVALID
 * past OVERVIEW_MAX_BUCKETS. */
extern const struct kernel overview_kernel;

struct overview_point {
    uint64_t visitors; /* with an event in the bucket: points do not add up to the whole */
    uint64_t sessions; /* that start in it */
    uint64_t views;
    uint64_t conversions; /* macro, at their own time */
};

struct overview_answer {
    uint64_t visitors, sessions, views, events, interactions;
    uint64_t bounces;            /* sessions neither engaged nor with a key event */
    struct cluster_sums bounce;  /* y of n sessions of each visitor: cluster_share() is the rate */
    uint64_t engaged_ms;         /* of events in range */
    uint64_t session_engaged_ms; /* of the sessions counted, whole: divided by sessions, the mean */
    uint64_t session_length_ms;  /* last event less first, of the sessions counted */
    uint64_t conversions;        /* macro */
    struct overview_point *points; /* n_buckets */
    size_t n_points;
};

MUST_CHECK err_code overview_finish(const struct overview_state *s, const struct overview_def *def,
                                    struct arena *a, struct overview_answer *out, struct err *err);

#endif
