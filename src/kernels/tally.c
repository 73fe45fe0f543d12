#include "kernels/tally.h"

#include <stdlib.h>

#include "kernels/keyed.h"
#include "kernels/span.h"

/* A row: these sums, then hits and conversions by goal, then two stamps that are not added up. */
enum { VISITORS, SESSIONS, VIEWS, EVENTS, FIRST_GOAL };

struct tally_work {
    size_t n_goals, n_sums;
    struct keyed rows;
    /* Values that `rows` no longer keeps, of the visitor at hand: so that `other` gets the sum over
     * values that their own rows would have got. */
    struct keyed passing;
    uint64_t goals_of[JOURNEY_MAX_PREDICATES]; /* by bit: the goals it hits */
    uint64_t goal_bits;
    uint64_t visitor, session; /* running numbers from 1, for the stamps */
};

static uint64_t *visitor_stamp(const struct tally_work *w, uint64_t *row)
{
    return row + w->n_sums;
}

static uint64_t *session_stamp(const struct tally_work *w, uint64_t *row)
{
    return row + w->n_sums + 1;
}

static err_code init(void *state, const void *def, struct err *err)
{
    const struct tally_def *d = def;
    struct tally_work *w = calloc(1, sizeof *w);
    ((struct tally_state *)state)->work = w;
    if (!w) return err_set(err, ERR_NOMEM, 0, "a breakdown");
    w->n_goals = d->n_goals;
    w->n_sums = FIRST_GOAL + 2 * d->n_goals;
    size_t row_bytes = (w->n_sums + 2) * sizeof(uint64_t);
    keyed_init(&w->rows, &keyed_sums, w->n_sums, row_bytes, TALLY_MAX_VALUES);
    keyed_init(&w->passing, &keyed_sums, w->n_sums, row_bytes, SIZE_MAX);
    for (size_t g = 0; g < d->n_goals; g++) {
        w->goal_bits |= UINT64_C(1) << d->goal[g].bit;
        w->goals_of[d->goal[g].bit] |= UINT64_C(1) << g;
    }
    return ERR_OK;
}

static uint64_t *row_of(struct tally_work *w, uint32_t code, struct err *err)
{
    bool kept = w->rows.level == 0 || keyed_keeps(&w->rows, code);
    return keyed_row(kept ? &w->rows : &w->passing, code, err);
}

static err_code pass_on(struct tally_work *w, struct err *err)
{
    if (w->passing.n) {
        size_t at = 0;
        uint64_t key;
        void *row;
        while (keyed_next(&w->passing, &at, &key, &row)) {
            err_code e = keyed_sums.fold(w->rows.other, row, w->n_sums, err);
            if (e) return e;
        }
        keyed_clear(&w->passing);
    }
    return keyed_trim(&w->rows, err);
}

static err_code add(void *state, const void *def, const struct journey *j, struct err *err)
{
    struct tally_work *w = ((struct tally_state *)state)->work;
    const struct tally_def *d = def;
    struct span in = span_of(j, d->from_ms, d->to_ms);
    struct goal_cut cut[TALLY_MAX_GOALS];
    for (size_t g = 0; g < w->n_goals; g++) cut[g] = (struct goal_cut){0};
    w->visitor++;
    for (size_t i = in.lo; i < in.hi; i++) {
        uint64_t *row = row_of(w, j->dim[d->slot][i], err);
        if (!row) return ERR_NOMEM;
        uint32_t s = j->session[i];
        row[EVENTS]++;
        if (j->flags[i] & JF_PAGEVIEW) row[VIEWS]++;
        if (*visitor_stamp(w, row) != w->visitor) {
            *visitor_stamp(w, row) = w->visitor;
            row[VISITORS]++;
        }
        if (s != JOURNEY_NO_SESSION && *session_stamp(w, row) != w->session + s + 1 &&
            j->sessions[s].start_ms >= d->from_ms) {
            *session_stamp(w, row) = w->session + s + 1;
            row[SESSIONS]++;
        }
        for (uint64_t m = j->match[i] & w->goal_bits; m; m &= m - 1) {
            for (uint64_t goals = w->goals_of[__builtin_ctzll(m)]; goals; goals &= goals - 1) {
                size_t g = (size_t)__builtin_ctzll(goals);
                row[FIRST_GOAL + g]++;
                if (goal_next(&cut[g], d->goal[g].count, s)) row[FIRST_GOAL + w->n_goals + g]++;
            }
        }
    }
    w->session += j->n_sessions;
    return pass_on(w, err);
}

static err_code merge(void *into, void *from, struct err *err)
{
    struct tally_work *a = ((struct tally_state *)into)->work;
    const struct tally_work *b = ((struct tally_state *)from)->work;
    return keyed_merge(&a->rows, &b->rows, err);
}

static void release(void *state)
{
    struct tally_state *s = state;
    if (s->work) {
        keyed_free(&s->work->rows);
        keyed_free(&s->work->passing);
    }
    free(s->work);
    s->work = NULL;
}

const struct kernel tally_kernel = {
    .state_size = sizeof(struct tally_state),
    .init = init,
    .add = add,
    .merge = merge,
    .release = release,
};

struct ranked {
    uint64_t by;
    uint32_t code;
    const uint64_t *sums;
};

static int ranked_order(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;
    if (x->by != y->by) return x->by > y->by ? -1 : 1;
    return (x->code > y->code) - (x->code < y->code);
}

static size_t column_of(enum tally_by by, size_t goal, size_t n_goals)
{
    switch (by) {
    case TALLY_BY_VISITORS: return VISITORS;
    case TALLY_BY_SESSIONS: return SESSIONS;
    case TALLY_BY_VIEWS: return VIEWS;
    case TALLY_BY_EVENTS: return EVENTS;
    case TALLY_BY_HITS: return FIRST_GOAL + goal;
    case TALLY_BY_CONVERSIONS: return FIRST_GOAL + n_goals + goal;
    }
    return VISITORS;
}

/* Adds sums to a row, giving it its arrays first; `sums` NULL: only the arrays. */
static err_code add_row(struct tally_row *row, const uint64_t *sums, size_t n_goals,
                        struct arena *a, struct err *err)
{
    if (!row->hits) {
        row->hits = ARENA_NEW(a, uint64_t, 2 * n_goals);
        if (!row->hits) return err_set(err, ERR_NOMEM, 0, "a row of %zu goals", n_goals);
        row->conversions = row->hits + n_goals;
    }
    if (!sums) return ERR_OK;
    row->visitors += sums[VISITORS];
    row->sessions += sums[SESSIONS];
    row->views += sums[VIEWS];
    row->events += sums[EVENTS];
    for (size_t g = 0; g < 2 * n_goals; g++) row->hits[g] += sums[FIRST_GOAL + g];
    return ERR_OK;
}

err_code tally_finish(const struct tally_state *s, const struct tally_def *def, enum tally_by by,
                      size_t goal, size_t limit, struct arena *a, struct tally_answer *out,
                      struct err *err)
{
    const struct tally_work *w = s->work;
    const size_t column = column_of(by, goal, def->n_goals);
    *out = (struct tally_answer){.n_values = w->rows.n, .capped = w->rows.level > 0};
    struct ranked *all = calloc(w->rows.n + 1, sizeof *all);
    out->n_rows = w->rows.n < limit ? w->rows.n : limit;
    out->rows = ARENA_NEW(a, struct tally_row, out->n_rows);
    err_code e = all && out->rows ? ERR_OK : err_set(err, ERR_NOMEM, 0, "%zu rows", w->rows.n);
    size_t n = 0, at = 0;
    uint64_t key;
    void *row;
    while (!e && keyed_next(&w->rows, &at, &key, &row)) {
        const uint64_t *sums = row;
        all[n++] = (struct ranked){.by = sums[column], .code = (uint32_t)key, .sums = sums};
    }
    if (n) qsort(all, n, sizeof *all, ranked_order);
    if (!e) e = add_row(&out->other, w->rows.other, def->n_goals, a, err);
    for (size_t i = 0; i < n && !e; i++) {
        if (i < limit) out->rows[i].code = all[i].code;
        e = add_row(i < limit ? &out->rows[i] : &out->other, all[i].sums, def->n_goals, a, err);
    }
    free(all);
    return e;
}
