#include "kernels/overview.h"

#include <stdlib.h>

#include "kernels/span.h"

struct overview_work {
    struct overview_answer sum;                 /* without points */
    uint64_t macros_of[JOURNEY_MAX_PREDICATES]; /* by bit: the macro goals it hits */
    uint64_t macro_bits;
    size_t n_points;
    struct overview_point point[];
};

static err_code init(void *state, const void *def, struct err *err)
{
    const struct overview_def *d = def;
    if (d->n_buckets > OVERVIEW_MAX_BUCKETS)
        return err_named(err, ERR_INVALID, "bad_field", "range", "%zu days or hours are too many",
                         d->n_buckets);
    struct overview_work *w = calloc(1, sizeof *w + d->n_buckets * sizeof w->point[0]);
    ((struct overview_state *)state)->work = w;
    if (!w) return err_set(err, ERR_NOMEM, 0, "a series of %zu points", d->n_buckets);
    w->n_points = d->n_buckets;
    for (size_t g = 0; g < d->n_macros; g++) {
        w->macro_bits |= UINT64_C(1) << d->macro[g].bit;
        w->macros_of[d->macro[g].bit] |= UINT64_C(1) << g;
    }
    return ERR_OK;
}

/* Walks the buckets beside ascending times. */
struct bucket_walk {
    const struct overview_def *d;
    struct overview_work *w;
    size_t at;
    bool placed;
};

/* The point of a time in range, not before the last one asked for; NULL without a series. */
static struct overview_point *point_of(struct bucket_walk *b, int64_t at_ms)
{
    const struct overview_def *d = b->d;
    if (d->n_buckets == 0 || at_ms < d->bucket_ms[0] || at_ms >= d->bucket_ms[d->n_buckets])
        return NULL;
    if (!b->placed) {
        size_t lo = 0, hi = d->n_buckets;
        while (hi - lo > 1) {
            size_t mid = lo + (hi - lo) / 2;
            if (d->bucket_ms[mid] <= at_ms) lo = mid;
            else hi = mid;
        }
        b->at = lo;
        b->placed = true;
    }
    while (at_ms >= d->bucket_ms[b->at + 1]) b->at++;
    return &b->w->point[b->at];
}

static void add_sessions(struct overview_work *w, const struct overview_def *d,
                         const struct journey *j)
{
    struct bucket_walk walk = {.d = d, .w = w};
    for (size_t s = 0; s < j->n_sessions; s++) {
        const struct journey_session *x = &j->sessions[s];
        if (x->start_ms < d->from_ms || x->start_ms >= d->to_ms) continue;
        w->sum.sessions++;
        w->sum.session_engaged_ms += x->engaged_ms;
        w->sum.session_length_ms += (uint64_t)(x->last_ms - x->start_ms);
        if (!x->engaged) w->sum.bounces++; /* add() takes those with a key event off again */
        struct overview_point *p = point_of(&walk, x->start_ms);
        if (p) p->sessions++;
    }
}

static err_code add(void *state, const void *def, const struct journey *j, struct err *err)
{
    struct overview_work *w = ((struct overview_state *)state)->work;
    const struct overview_def *d = def;
    (void)err;
    struct span in = span_of(j, d->from_ms, d->to_ms);
    if (in.lo == in.hi) return ERR_OK;
    const uint64_t sessions = w->sum.sessions, bounces = w->sum.bounces;
    w->sum.visitors++;
    w->sum.events += in.hi - in.lo;
    add_sessions(w, d, j);

    struct bucket_walk walk = {.d = d, .w = w};
    struct goal_cut cut[OVERVIEW_MAX_GOALS];
    for (size_t g = 0; g < d->n_macros; g++) cut[g] = (struct goal_cut){0};
    struct overview_point *before = NULL;
    uint32_t saved = 0; /* the last session that a key event kept from being a bounce, plus one */
    for (size_t i = in.lo; i < in.hi; i++) {
        struct overview_point *p = point_of(&walk, j->at_ms[i]);
        if (p && p != before) p->visitors++;
        before = p;
        if (j->flags[i] & JF_INTERACTION) w->sum.interactions++;
        if (j->flags[i] & JF_PAGEVIEW) {
            w->sum.views++;
            if (p) p->views++;
        }
        if (j->engaged_ms) w->sum.engaged_ms += j->engaged_ms[i];
        uint32_t s = j->session[i];
        if ((j->match[i] & d->key_bits) && s != JOURNEY_NO_SESSION && saved != s + 1 &&
            !j->sessions[s].engaged && j->sessions[s].start_ms >= d->from_ms) {
            w->sum.bounces--;
            saved = s + 1;
        }
        for (uint64_t m = j->match[i] & w->macro_bits; m; m &= m - 1) {
            for (uint64_t goals = w->macros_of[__builtin_ctzll(m)]; goals; goals &= goals - 1) {
                size_t g = (size_t)__builtin_ctzll(goals);
                if (!goal_next(&cut[g], d->macro[g].count, s)) continue;
                w->sum.conversions++;
                if (p) p->conversions++;
            }
        }
    }
    cluster_add(&w->sum.bounce, w->sum.bounces - bounces, w->sum.sessions - sessions);
    return ERR_OK;
}

static err_code merge(void *into, void *from, struct err *err)
{
    struct overview_work *a = ((struct overview_state *)into)->work;
    const struct overview_work *b = ((struct overview_state *)from)->work;
    (void)err;
    a->sum.visitors += b->sum.visitors;
    a->sum.sessions += b->sum.sessions;
    a->sum.views += b->sum.views;
    a->sum.events += b->sum.events;
    a->sum.interactions += b->sum.interactions;
    a->sum.bounces += b->sum.bounces;
    cluster_merge(&a->sum.bounce, &b->sum.bounce);
    a->sum.engaged_ms += b->sum.engaged_ms;
    a->sum.session_engaged_ms += b->sum.session_engaged_ms;
    a->sum.session_length_ms += b->sum.session_length_ms;
    a->sum.conversions += b->sum.conversions;
    for (size_t i = 0; i < a->n_points; i++) {
        a->point[i].visitors += b->point[i].visitors;
        a->point[i].sessions += b->point[i].sessions;
        a->point[i].views += b->point[i].views;
        a->point[i].conversions += b->point[i].conversions;
    }
    return ERR_OK;
}

static void release(void *state)
{
    struct overview_state *s = state;
    free(s->work);
    s->work = NULL;
}

const struct kernel overview_kernel = {
    .state_size = sizeof(struct overview_state),
    .init = init,
    .add = add,
    .merge = merge,
    .release = release,
};

err_code overview_finish(const struct overview_state *s, const struct overview_def *def,
                         struct arena *a, struct overview_answer *out, struct err *err)
{
    (void)def;
    *out = s->work->sum;
    out->n_points = s->work->n_points;
    out->points = ARENA_NEW(a, struct overview_point, out->n_points);
    if (!out->points) return err_set(err, ERR_NOMEM, 0, "a series of %zu points", out->n_points);
    for (size_t i = 0; i < out->n_points; i++) out->points[i] = s->work->point[i];
    return ERR_OK;
}
