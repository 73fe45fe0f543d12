/* work.h: one thread's scratch for a pass: from columns of parts to a struct journey.
 *
 * Each part is decoded a *block* of visitors at a time, in long plain loops.  A visitor who is in
 * one part only is then looked at where the block has it; one in several parts is put together in
 * the work's own columns. */
#ifndef CAIRN_JOURNEY_WORK_H
#define CAIRN_JOURNEY_WORK_H

#include "journey/plan_own.h"

enum {
    WORK_JUDGED = 64, /* in flags: of an origin whose behaviour is judged (METHODS 12) */
    WORK_MAX_ITEMS = 256,
};

/* A column of the events at hand; which are in use follows from the plan. */
enum lane {
    LANE_AT,
    LANE_FLAGS,
    LANE_MATCH,
    LANE_HIDDEN,
    LANE_NAME,
    LANE_PATH,
    LANE_TOUCH,
    LANE_CLIENT,
    LANE_VALUE,
    LANE_CURRENCY,
    LANE_ENGAGED,
    LANE_SESSION,
    LANE_DIM_0,
    LANE_TERM_0 = LANE_DIM_0 + JOURNEY_MAX_DIMS,
    LANE_N = LANE_TERM_0 + PLAN_MAX_WORDS
};

struct columns {
    union {
        struct {
            int64_t *at_ms;
            uint8_t *flags; /* enum journey_flag, WORK_JUDGED */
            uint64_t *match, *hidden;
            uint32_t *name, *path, *touch, *client;
            int64_t *value;
            uint32_t *currency, *engaged, *session;
            uint32_t *dim[JOURNEY_MAX_DIMS];
            uint64_t *term[PLAN_MAX_WORDS]; /* a plain plan has its only word in `match` */
        };
        void *lane[LANE_N]; /* the same, by enum lane */
    };
};
_Static_assert(sizeof(struct columns) == LANE_N * sizeof(void *), "a lane for every column");

struct work_session { /* what dimensions and conditions know of a session */
    uint32_t touch, own_touch, client, entry, exit; /* codes */
};

struct block { /* of one part, moving forward */
    const struct part *part;
    uint32_t next, end;     /* visitors still to come */
    uint32_t decoded_end;   /* visitors below it are in the columns */
    uint32_t first_row;     /* the event at place 0 of the columns */
    uint32_t n;             /* events in the columns */
    bool judged_only;       /* terms alone: no event in it is one that the plan requires */
    size_t size, hits_size; /* room for events */
    struct columns c;
    uint32_t *hits;   /* [place]: events before it that the plan requires; n + 1 of them */
    uint32_t *cursor; /* [work_cursors]: where the last entries of a sparse column were, by use */
};

struct work {
    const struct plan *p;
    uint8_t lane[LANE_N], width[LANE_N]; /* those in use, and their bytes an event */
    size_t n_lanes;
    bool may_skip; /* a visitor without a term of `needed` has nothing that the plan requires */
    uint64_t needed[PLAN_MAX_WORDS];
    bool judge_bots; /* some events are of an origin whose behaviour is judged */
    int one_kind;    /* the id_kind of all events, or -1 */
    struct block *blocks;
    size_t n_blocks;
    uint32_t *cursors;

    /* The visitor at hand. */
    struct columns c;
    size_t n, n_slices;
    uint8_t id_kind; /* of the newest event */
    struct journey_session *sessions;
    struct work_session *about; /* beside sessions */
    size_t n_sessions, sessions_size;

    struct columns own; /* for visitors in several parts */
    size_t own_size;
    uint8_t *keep;
    uint32_t *order; /* of sorting, with room for twice the events */
    uint64_t *moved;
    size_t scratch_size; /* of these three */
    uint64_t bot_sessions;
};

struct slice { /* one visitor's events in one part */
    struct block *block;
    uint32_t first, n; /* rows of the part */
};

/* Scratch for a plan over some parts of its snapshot, which stay the caller's. */
MUST_CHECK err_code work_open(struct work *w, const struct plan *p, struct part *const *parts,
                              size_t n_parts, struct err *err);
void work_close(struct work *w);
/* Aims the blocks at the visitors with ids in [low, high); high 0: to the last. */
void work_aim(struct work *w, uint64_t low, uint64_t high);
/* Room for n events of one visitor beside the columns.  ERR_NOMEM. */
MUST_CHECK err_code work_room(struct work *w, size_t n, struct err *err);
/* Room for n events in columns of which there was room for *size; the old ones are lost. */
MUST_CHECK err_code work_columns(const struct work *w, struct columns *c, size_t *size, size_t n,
                                 struct err *err);

/* gather.c: puts the columns of a visitor with these slices, in order of month and seq, into w->c;
 * the blocks move past the visitor.  `*skip` when the plan requires a predicate that no event can
 * meet: then nothing is put there. */
MUST_CHECK err_code work_gather(struct work *w, const struct slice *slices, size_t n, bool *skip,
                                struct err *err);
/* visit.c: sorts, cuts sessions, judges what needs more than one event, filters, and describes the
 * result; `*any` is false when nothing of the visitor is left. */
MUST_CHECK err_code work_finish(struct work *w, uint64_t visitor, struct journey *out, bool *any,
                                struct err *err);

/* decode.c: a block's terms, and then its other columns. */
void decode_terms(const struct work *w, struct block *b);
void decode_columns(const struct work *w, struct block *b);
/* Cursors that a block needs. */
size_t work_cursors(const struct plan *p);

#endif
