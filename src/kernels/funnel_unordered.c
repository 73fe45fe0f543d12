/* The scans for the orders any and open (METHODS 2.2). */
#include "kernels/funnel_match.h"

/* ---- any ---- */

struct window { /* one window, opened by the event `first` */
    const struct funnel_program *p;
    size_t first;
    bool begun;
    uint64_t missing;
    struct funnel_attempt a;
};

static bool window_visit(void *scan, size_t i, int64_t at_ms, struct funnel_seen seen)
{
    struct window *w = scan;
    if (!w->begun) {
        if (i != w->first) return true; /* of the same instant, and before it */
        w->begun = true;
        w->a.start_ms = at_ms;
    }
    if (!funnel_in_window(&w->p->def, w->a.start_ms, at_ms)) return false;
    uint64_t serves = seen.steps & w->missing;
    if (serves) {
        w->missing &= ~(serves & -serves);
        w->a.at[w->a.level++] = (uint32_t)i;
    }
    return w->missing != 0;
}

/* The window that the event `first` opens: each event serves the lowest step still missing. */
static void window_fill(const struct funnel_program *p, const struct funnel_view *v, size_t first,
                        struct funnel_attempt *out)
{
    struct funnel_view from = *v;
    for (from.lo = first; from.lo > v->lo && v->j->at_ms[from.lo - 1] == v->j->at_ms[first];)
        from.lo--;
    struct window w = {.p = p, .first = first, .missing = (UINT64_C(1) << p->def.n_steps) - 1};
    funnel_walk(p, &from, window_visit, &w);
    w.a.path = w.a.level ? (UINT64_C(1) << w.a.level) - 1 : 0;
    *out = w.a;
}

/* Which steps lie within the window of each event, kept up to date while both ends move on: a
 * window need be filled one event at a time only where it may hold more steps than any before. */
struct slide {
    const struct funnel_program *p;
    const struct funnel_view *v;
    size_t end;                        /* events before it have been counted in */
    uint32_t within[FUNNEL_MAX_STEPS]; /* events of the step from the window's first to `end` */
    size_t steps;                      /* steps with any */
};

static void slide_to(struct slide *s, size_t first)
{
    const struct journey *j = s->v->j;
    for (; s->end < s->v->hi && funnel_in_window(&s->p->def, j->at_ms[first], j->at_ms[s->end]);
         s->end++)
        for (uint64_t m = funnel_look(s->p, s->v, s->end).steps; m; m &= m - 1)
            if (s->within[__builtin_ctzll(m)]++ == 0) s->steps++;
}

static void slide_past(struct slide *s, uint64_t steps)
{
    for (; steps; steps &= steps - 1)
        if (--s->within[__builtin_ctzll(steps)] == 0) s->steps--;
}

void funnel_any(const struct funnel_program *p, const struct funnel_view *v,
                struct funnel_attempt *out)
{
    *out = (struct funnel_attempt){0};
    struct slide s = {.p = p, .v = v, .end = v->lo};
    const int64_t *at_ms = v->j->at_ms;
    /* Whole instants leave the sliding window at once: their events may come in another order. */
    for (size_t i = v->lo, end; i < v->hi && out->level < p->def.n_steps; i = end) {
        for (end = i + 1; end < v->hi && at_ms[end] == at_ms[i];) end++;
        slide_to(&s, i);
        for (size_t first = i; first < end && s.steps > out->level; first++) {
            struct funnel_attempt a;
            if (!funnel_in_range(&p->def, at_ms[first]) || !funnel_look(p, v, first).steps)
                continue;
            window_fill(p, v, first, &a);
            if (a.level > out->level) *out = a;
        }
        for (size_t left = i; left < end; left++) slide_past(&s, funnel_look(p, v, left).steps);
    }
}

/* ---- open ---- */

struct open {
    const struct funnel_program *p;
    struct funnel_visits *out;
    uint64_t done; /* in this view; [k] below is set for its bits */
    int64_t last_ms[FUNNEL_MAX_STEPS];
    uint32_t last[FUNNEL_MAX_STEPS];
};

static bool open_visit(void *scan, size_t i, int64_t at_ms, struct funnel_seen seen)
{
    struct open *o = scan;
    struct funnel_visits *out = o->out;
    for (uint64_t steps = seen.steps; steps;) {
        size_t k = 63 - (size_t)__builtin_clzll(steps);
        uint64_t bit = UINT64_C(1) << k;
        steps &= ~bit;
        bool continued =
            k > 0 && (o->done & bit >> 1) && funnel_in_window(&o->p->def, o->last_ms[k - 1], at_ms);
        /* Who comes from a step of the range may go on after it; who enters must enter in it. */
        if (!continued && !funnel_in_range(&o->p->def, at_ms)) continue;
        if (!out->did || i < out->entry) out->entry = (uint32_t)i;
        if (!(out->did & bit) || i < out->first[k]) out->first[k] = (uint32_t)i;
        if (continued && !(out->continued & bit)) {
            out->from[k] = o->last[k - 1];
            out->to[k] = (uint32_t)i;
            out->continued |= bit;
        }
        out->did |= bit;
        o->done |= bit;
        o->last_ms[k] = at_ms;
        o->last[k] = (uint32_t)i;
    }
    return true;
}

void funnel_open(const struct funnel_program *p, const struct funnel_view *v,
                 struct funnel_visits *out)
{
    struct open o = {.p = p, .out = out};
    funnel_walk(p, v, open_visit, &o);
}
