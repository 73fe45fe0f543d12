/* rate.h: conversion rates of goals per visitor, session and lead (METHODS 1).
 *
 * Hits count by their own date: only events in [from_ms, to_ms) are hits, and a unit is eligible
 * when it has an event there; a session, when it starts there.
 * What the plan must ask for: NEED_SESSIONS; NEED_VALUE when a goal's value is from the event.
 * plan_time may be the range, unless leads are made by a goal: then nothing before to_ms may be cut
 * away, because somebody may have become a lead long ago. */
#ifndef CAIRN_KERNELS_RATE_H
#define CAIRN_KERNELS_RATE_H

#include "base/arena.h"
#include "journey/scan.h"
#include "kernels/goal.h"
#include "stats/cluster.h"

enum { RATE_MAX_GOALS = JOURNEY_MAX_PREDICATES };

/* Who a lead is: a known identity, or whoever ever hit the lead goal, from that hit on. */
enum rate_lead { RATE_LEAD_NONE, RATE_LEAD_KNOWN, RATE_LEAD_GOAL };

struct rate_def {
    struct goal goal[RATE_MAX_GOALS];
    bool value_from_event[RATE_MAX_GOALS]; /* sum the values of conversions; a fixed value is the
                                              report's: conversions x value */
    size_t n_goals;
    int64_t from_ms, to_ms;
    enum rate_lead lead;
    uint8_t lead_bit; /* with RATE_LEAD_GOAL */
};

struct rate_work;
struct rate_state {
    struct rate_work *work;
};
/* Drives scan_run with a struct rate_state and a struct rate_def.  ERR_NOMEM. */
extern const struct kernel rate_kernel;

struct rate_money {
    uint32_t currency; /* code of the plan's currency dictionary */
    int64_t minor;
};

struct rate_row {
    uint64_t hits;                /* matching events */
    uint64_t conversions;         /* after goal.count */
    uint64_t visitors, leads;     /* that converted, out of rate_answer.visitors and .leads */
    struct cluster_sums sessions; /* y of n sessions converted: cluster_share() is the rate */
    /* Conversions per visitor (y of n) and per session, for a goal counted every time, whose rate
     * may exceed 1: cluster_ratio(). */
    struct cluster_sums per_visitor, per_session;
    struct rate_money *money; /* of conversions, by currency code; empty without values */
    size_t n_money;
};

struct rate_answer {
    uint64_t visitors, sessions, leads; /* eligible units */
    struct rate_row *rows;              /* one a goal */
    size_t n_rows;
};

/* Rows live in `a`.  ERR_NOMEM. */
MUST_CHECK err_code rate_finish(const struct rate_state *s, const struct rate_def *def,
                                struct arena *a, struct rate_answer *out, struct err *err);

#endif
