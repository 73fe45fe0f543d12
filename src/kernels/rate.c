#include "kernels/rate.h"

#include <stdlib.h>

#include "event/event.h"
#include "kernels/keyed.h"
#include "kernels/span.h"

struct rate_sums { /* y, yy, yn of struct cluster_sums; k, n, nn are the same for every goal */
    uint64_t y, yy, yn;
};

struct rate_goal_sums {
    uint64_t hits, conversions, visitors, leads;
    struct rate_sums sessions, per_visitor, per_session;
};

struct rate_work {
    uint64_t visitors, leads;
    uint64_t with_sessions, sessions, sessions_squared; /* k, n, nn over visitors with sessions */
    struct rate_goal_sums goal[RATE_MAX_GOALS];
    uint64_t goals_of[JOURNEY_MAX_PREDICATES]; /* by bit: the goals it hits */
    uint64_t goal_bits;
    struct keyed money; /* by goal << 32 | currency: one sum, int64_t in two's complement */
};

static err_code init(void *state, const void *def, struct err *err)
{
    const struct rate_def *d = def;
    struct rate_work *w = calloc(1, sizeof *w);
    ((struct rate_state *)state)->work = w;
    if (!w) return err_set(err, ERR_NOMEM, 0, "rates of %zu goals", d->n_goals);
    for (size_t g = 0; g < d->n_goals; g++) {
        w->goal_bits |= UINT64_C(1) << d->goal[g].bit;
        w->goals_of[d->goal[g].bit] |= UINT64_C(1) << g;
    }
    keyed_init(&w->money, &keyed_sums, 1, sizeof(uint64_t), SIZE_MAX);
    return ERR_OK;
}

/* The event from which on this visitor is a lead; SIZE_MAX: never one. */
static size_t lead_from(const struct rate_def *d, const struct journey *j)
{
    if (d->lead == RATE_LEAD_KNOWN) return j->id_kind == ID_KNOWN ? 0 : SIZE_MAX;
    if (d->lead == RATE_LEAD_GOAL)
        for (size_t i = 0; i < j->n; i++)
            if (j->match[i] >> d->lead_bit & 1) return i;
    return SIZE_MAX;
}

struct visit { /* what one visitor did about one goal */
    struct goal_cut cut;
    uint32_t session; /* the last one that converted, plus one */
    uint64_t sessions, conversions, in_sessions;
    bool hit, lead;
};

static err_code add_money(struct rate_work *w, size_t g, const struct journey *j, size_t i,
                          struct err *err)
{
    if (!j->value_minor || j->value_minor[i] == 0) return ERR_OK;
    uint64_t *sum = keyed_row(&w->money, (uint64_t)g << 32 | j->currency[i], err);
    if (!sum) return ERR_NOMEM;
    *sum += (uint64_t)j->value_minor[i];
    return ERR_OK;
}

static void add_squares(struct rate_sums *s, uint64_t y, uint64_t n)
{
    s->y += y;
    s->yy += y * y;
    s->yn += y * n;
}

static err_code add(void *state, const void *def, const struct journey *j, struct err *err)
{
    struct rate_work *w = ((struct rate_state *)state)->work;
    const struct rate_def *d = def;
    struct span in = span_of(j, d->from_ms, d->to_ms);
    if (in.lo == in.hi) return ERR_OK;

    uint64_t n_sessions = 0;
    for (size_t s = 0; s < j->n_sessions; s++)
        if (j->sessions[s].start_ms >= d->from_ms && j->sessions[s].start_ms < d->to_ms)
            n_sessions++;
    size_t lead = lead_from(d, j);
    w->visitors++;
    if (lead < in.hi) w->leads++;
    if (n_sessions) w->with_sessions++;
    w->sessions += n_sessions;
    w->sessions_squared += n_sessions * n_sessions;

    struct visit visit[RATE_MAX_GOALS];
    uint64_t touched = 0; /* goals: visit[] is set for these */
    for (size_t i = in.lo; i < in.hi; i++) {
        for (uint64_t m = j->match[i] & w->goal_bits; m; m &= m - 1) {
            for (uint64_t goals = w->goals_of[__builtin_ctzll(m)]; goals; goals &= goals - 1) {
                size_t g = (size_t)__builtin_ctzll(goals);
                struct visit *v = &visit[g];
                if (!(touched >> g & 1)) *v = (struct visit){0};
                touched |= UINT64_C(1) << g;
                uint32_t s = j->session[i];
                bool counted = s != JOURNEY_NO_SESSION && j->sessions[s].start_ms >= d->from_ms;
                w->goal[g].hits++;
                v->hit = true;
                if (i >= lead) v->lead = true;
                if (counted && v->session != s + 1) {
                    v->session = s + 1;
                    v->sessions++;
                }
                if (!goal_next(&v->cut, d->goal[g].count, s)) continue;
                v->conversions++;
                if (counted) v->in_sessions++;
                if (d->value_from_event[g] && add_money(w, g, j, i, err)) return ERR_NOMEM;
            }
        }
    }
    for (; touched; touched &= touched - 1) {
        size_t g = (size_t)__builtin_ctzll(touched);
        const struct visit *v = &visit[g];
        struct rate_goal_sums *sums = &w->goal[g];
        sums->visitors++;
        if (v->lead) sums->leads++;
        sums->conversions += v->conversions;
        add_squares(&sums->sessions, v->sessions, n_sessions);
        add_squares(&sums->per_visitor, v->conversions, 1);
        add_squares(&sums->per_session, v->in_sessions, n_sessions);
    }
    return ERR_OK;
}

static void merge_squares(struct rate_sums *a, const struct rate_sums *b)
{
    a->y += b->y;
    a->yy += b->yy;
    a->yn += b->yn;
}

static err_code merge(void *into, void *from, struct err *err)
{
    struct rate_work *a = ((struct rate_state *)into)->work;
    const struct rate_work *b = ((struct rate_state *)from)->work;
    a->visitors += b->visitors;
    a->leads += b->leads;
    a->with_sessions += b->with_sessions;
    a->sessions += b->sessions;
    a->sessions_squared += b->sessions_squared;
    for (size_t g = 0; g < RATE_MAX_GOALS; g++) {
        struct rate_goal_sums *x = &a->goal[g];
        const struct rate_goal_sums *y = &b->goal[g];
        x->hits += y->hits;
        x->conversions += y->conversions;
        x->visitors += y->visitors;
        x->leads += y->leads;
        merge_squares(&x->sessions, &y->sessions);
        merge_squares(&x->per_visitor, &y->per_visitor);
        merge_squares(&x->per_session, &y->per_session);
    }
    return keyed_merge(&a->money, &b->money, err);
}

static void release(void *state)
{
    struct rate_state *s = state;
    if (s->work) keyed_free(&s->work->money);
    free(s->work);
    s->work = NULL;
}

const struct kernel rate_kernel = {
    .state_size = sizeof(struct rate_state),
    .init = init,
    .add = add,
    .merge = merge,
    .release = release,
};

static struct cluster_sums cluster_of(const struct rate_sums *s, uint64_t k, uint64_t n,
                                      uint64_t nn)
{
    return (struct cluster_sums){.k = k, .y = s->y, .n = n, .yy = s->yy, .yn = s->yn, .nn = nn};
}

static int money_order(const void *a, const void *b)
{
    const struct rate_money *x = a, *y = b;
    return (x->currency > y->currency) - (x->currency < y->currency);
}

static err_code make_money(const struct keyed *money, size_t g, struct arena *a,
                           struct rate_row *out, struct err *err)
{
    out->money = ARENA_NEW(a, struct rate_money, money->n);
    if (!out->money) return err_set(err, ERR_NOMEM, 0, "sums of %zu currencies", money->n);
    size_t at = 0;
    uint64_t key;
    void *row;
    while (keyed_next(money, &at, &key, &row)) {
        if (key >> 32 != g) continue;
        out->money[out->n_money++] =
            (struct rate_money){.currency = (uint32_t)key, .minor = (int64_t) * (uint64_t *)row};
    }
    qsort(out->money, out->n_money, sizeof *out->money, money_order);
    return ERR_OK;
}

err_code rate_finish(const struct rate_state *s, const struct rate_def *def, struct arena *a,
                     struct rate_answer *out, struct err *err)
{
    const struct rate_work *w = s->work;
    *out =
        (struct rate_answer){.visitors = w->visitors, .sessions = w->sessions, .leads = w->leads};
    out->n_rows = def->n_goals;
    out->rows = ARENA_NEW(a, struct rate_row, def->n_goals);
    if (!out->rows) return err_set(err, ERR_NOMEM, 0, "rates of %zu goals", def->n_goals);
    for (size_t g = 0; g < def->n_goals; g++) {
        const struct rate_goal_sums *sums = &w->goal[g];
        struct rate_row *r = &out->rows[g];
        r->hits = sums->hits;
        r->conversions = sums->conversions;
        r->visitors = sums->visitors;
        r->leads = sums->leads;
        r->sessions =
            cluster_of(&sums->sessions, w->with_sessions, w->sessions, w->sessions_squared);
        r->per_session =
            cluster_of(&sums->per_session, w->with_sessions, w->sessions, w->sessions_squared);
        r->per_visitor = cluster_of(&sums->per_visitor, w->visitors, w->visitors, w->visitors);
        err_code e = make_money(&w->money, g, a, r, err);
        if (e) return e;
    }
    return ERR_OK;
}
