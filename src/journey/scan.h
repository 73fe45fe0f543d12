/* scan.h: one pass over a snapshot, visitor by visitor, into a kernel.
 *
 * A plan says what the kernel needs: up to 64 predicates (rules compiled to tables over the
 * dictionaries: each distinct value is judged once, not each event), dimensions, columns, filters.
 * The pass runs on all threads of a pool over ranges of visitors, each with its own kernel state,
 * and merges the states in a fixed order, so the answer has the same bits on any number of threads
 * and any segmentation (METHODS 0.2). */
#ifndef CAIRN_JOURNEY_SCAN_H
#define CAIRN_JOURNEY_SCAN_H

#include "base/arena.h"
#include "base/pool.h"
#include "event/rule.h"
#include "journey/index.h"
#include "journey/journey.h"

enum scan_need { /* columns beyond at_ms, match and flags */
                 NEED_SESSIONS = 1,
                 NEED_VALUE = 2,
                 NEED_ENGAGED = 4,
                 NEED_NAME = 8,
                 NEED_PATH = 16,
};

enum filter_on { ON_EVENT, ON_SESSION, ON_VISITOR };

/* What the site's settings change in how dimensions are computed. */
struct scan_site {
    const struct zone *zone; /* of the site */
};

struct plan; /* bound to one snapshot; made by one thread, then read by all */

/* The snapshot is borrowed and must outlive the plan. */
MUST_CHECK err_code plan_open(struct snapshot *s, const struct scan_site *site, struct plan **out,
                              struct err *err);
/* `*bit` is the predicate's place in match[].  ERR_TOO_BIG past 64; ERR_INVALID with the field of
 * what is wrong (bad regex, unknown property). */
MUST_CHECK err_code plan_predicate(struct plan *p, const struct rule *r, unsigned *bit,
                                   struct err *err);
/* Keeps only events that match / whole sessions / whole visitors with a matching event.  Several
 * filters must all hold. */
MUST_CHECK err_code plan_filter(struct plan *p, const struct rule *r, enum filter_on on,
                                struct err *err);
/* A dimension by its name of API.md: event dimensions (name, path, host, title, query, props.x,
 * items.x ...) have the event's value; session ones (channel, source, country, device, entry,
 * exit, ...) the value of the session's first touch on all its events (FEATURES 9: direct carries
 * the last non-direct touch for 180 days; "true_channel" does not).  `*slot` indexes journey.dim.
 */
MUST_CHECK err_code plan_dimension(struct plan *p, struct str name, unsigned *slot,
                                   struct err *err);
/* The text of a dimension's value code; borrowed from the snapshot.  Code 0 is "absent". */
struct str plan_dimension_text(const struct plan *p, unsigned slot, uint32_t code);
uint32_t plan_dimension_count(const struct plan *p, unsigned slot); /* codes are below this */
/* The owner's properties that the site's events have had, "props.x" and "items.x", in the order
 * they were first seen: the i-th, with its number of distinct values; false past the last. */
bool plan_own_property(const struct plan *p, uint32_t i, struct str *name, uint32_t *values);
struct str plan_name_text(const struct plan *p, uint32_t code);
struct str plan_path_text(const struct plan *p, uint32_t code);
struct str plan_currency_text(const struct plan *p, uint32_t code);
void plan_need(struct plan *p, unsigned needs); /* enum scan_need bits */
/* Only events in [from_ms, to_ms) reach the kernel; sessions are still cut on the whole journey. */
void plan_time(struct plan *p, int64_t from_ms, int64_t to_ms);
/* Visitors without any event matching one of these bits are skipped (0: nobody is). */
void plan_require(struct plan *p, uint64_t bits);
/* Sessions that the last pass left out because they behave like a bot's (METHODS 12, bots 6). */
uint64_t plan_bot_sessions(const struct plan *p);
void plan_close(struct plan *p); /* NULL is allowed */

/* A kernel as the scan drives it.  `state` has state_size bytes, zeroed before init. */
struct kernel {
    size_t state_size;
    err_code (*init)(void *state, const void *def, struct err *err);
    err_code (*add)(void *state, const void *def, const struct journey *j, struct err *err);
    err_code (*merge)(void *into, void *from, struct err *err);
    void (*release)(void *state); /* frees what init and add took; NULL: nothing */
};

/* Runs the kernel over all visitors; `state` (state_size bytes, the caller's) holds the merged
 * state and the caller finishes and releases it.  `cancelled` (may be NULL) is polled at least
 * every 50 ms of work: ERR_CANCELLED. */
MUST_CHECK err_code scan_run(const struct plan *p, struct pool *pool, const struct kernel *k,
                             const void *def, void *state, bool (*cancelled)(void *arg), void *arg,
                             struct err *err);

/* One visitor alone, for the visitor's page; ERR_NOT_FOUND. */
MUST_CHECK err_code scan_visitor(const struct plan *p, uint64_t visitor, const struct kernel *k,
                                 const void *def, void *state, struct err *err);

#endif
