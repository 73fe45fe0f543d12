/* work.h: one thread's scratch for the visitor at hand, from columns of parts to a struct journey.
 */
#ifndef CAIRN_JOURNEY_WORK_H
#define CAIRN_JOURNEY_WORK_H

#include "journey/plan_own.h"

enum {
    WORK_JUDGED = 64, /* in flags: of an origin whose behaviour is judged (METHODS 12) */
    WORK_MAX_ITEMS = 256,
};

struct work_session { /* what dimensions and conditions know of a session */
    uint32_t touch, own_touch, client, entry, exit; /* codes */
};

struct work {
    const struct plan *p;
    size_t n, size; /* events there, and room for */
    int64_t *at_ms, *value;
    uint64_t *term[PLAN_MAX_WORDS];
    uint64_t *match, *hidden;
    uint8_t *flags, *keep;
    uint32_t *name, *path, *touch, *client, *currency, *engaged, *session;
    uint32_t *dim[JOURNEY_MAX_DIMS];
    uint32_t *order; /* of sorting, with room for twice the events */
    uint64_t *moved;
    struct lane {
        void *p;
        size_t width;
    } lane[24 + JOURNEY_MAX_DIMS + PLAN_MAX_WORDS]; /* every column in use */
    size_t n_lanes;
    uint8_t id_kind; /* of the newest event */
    bool may_skip;   /* a visitor without a term of `needed` has nothing that the plan requires */
    uint64_t needed[PLAN_MAX_WORDS];
    struct journey_session *sessions;
    struct work_session *about; /* beside sessions */
    size_t n_sessions, sessions_size;
    uint64_t bot_sessions;
};

struct slice { /* one visitor's events in one part */
    const struct part *part;
    uint32_t *cursor; /* [work_cursors]: where the last visitor's entries were, by use */
    uint32_t first, n;
};

MUST_CHECK err_code work_open(struct work *w, const struct plan *p, struct err *err);
void work_close(struct work *w);
/* Room for n events in every column in use; what was there is lost.  ERR_NOMEM. */
MUST_CHECK err_code work_room(struct work *w, size_t n, struct err *err);

/* gather.c: judges the visitor's events and fills the columns the plan wants.  `*skip` when the
 * plan requires a predicate that none can meet: then nothing else is filled. */
MUST_CHECK err_code work_gather(struct work *w, const struct slice *slices, size_t n, bool *skip,
                                struct err *err);
/* visit.c: sorts, cuts sessions, judges what needs more than one event, filters, and describes the
 * result; `*any` is false when nothing of the visitor is left. */
MUST_CHECK err_code work_finish(struct work *w, uint64_t visitor, struct journey *out, bool *any,
                                struct err *err);

/* Cursors that a slice needs. */
size_t work_cursors(const struct plan *p);

#endif
