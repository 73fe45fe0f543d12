/* funnel_program.h: a funnel's definition made ready for the scans, and the order they see events
 * in.
 *
 * Inside of funnel.h; not for other folders. */
#ifndef CAIRN_KERNELS_FUNNEL_PROGRAM_H
#define CAIRN_KERNELS_FUNNEL_PROGRAM_H

#include "kernels/funnel.h"

struct funnel_program {
    struct funnel_def def;
    uint64_t step_bits, exclusion_bits;        /* of journey.match: what looks at an event at all */
    uint64_t steps_of[JOURNEY_MAX_PREDICATES]; /* by bit: the steps it serves */
    uint64_t bits_to[FUNNEL_MAX_STEPS];        /* by step: the bits of it and all before it */
    uint64_t steps_of_low[256]; /* by the first eight bits: mostly there are no others */
    uint16_t exclusions_of[JOURNEY_MAX_PREDICATES]; /* by bit: the exclusions it sets off */
    size_t
        done;   /* completed means more than this many steps: the last required one is [done - 1] */
    bool plain; /* ordered, best, nothing optional, no gap, exclusion, hold: funnel_plain() will do
                 */
};

void funnel_compile(const struct funnel_def *def, struct funnel_program *out);

/* The events of one unit: a visitor, a session of theirs, or the part of it with one held value. */
struct funnel_view {
    const struct journey *j;
    size_t lo, hi;    /* events [lo, hi) */
    uint32_t session; /* only its events, when by_session */
    bool by_session;
    const uint32_t *hold; /* n_hold values that an event must have to be a step; NULL: any */
};

struct funnel_seen {     /* what an event is to the funnel */
    uint64_t steps;      /* bit k: step k */
    uint16_t exclusions; /* 0 when it is a step */
    bool interaction;
    bool skip; /* not of this view */
};

static inline uint64_t funnel_steps(const struct funnel_program *p, uint64_t match)
{
    uint64_t steps = p->steps_of_low[match & 255];
    for (uint64_t m = match & p->step_bits & ~UINT64_C(255); m; m &= m - 1)
        steps |= p->steps_of[__builtin_ctzll(m)];
    return steps;
}

static inline bool funnel_holds(const struct funnel_program *p, const struct funnel_view *v,
                                size_t i)
{
    for (size_t h = 0; h < p->def.n_hold; h++)
        if (v->j->dim[p->def.hold_slot[h]][i] != v->hold[h]) return false;
    return true;
}

static inline struct funnel_seen funnel_look(const struct funnel_program *p,
                                             const struct funnel_view *v, size_t i)
{
    struct funnel_seen s = {0};
    if (v->by_session && v->j->session[i] != v->session) {
        s.skip = true;
        return s;
    }
    uint64_t match = v->j->match[i];
    s.interaction = v->j->flags[i] & JF_INTERACTION;
    s.steps = funnel_steps(p, match);
    if (s.steps) {
        /* An event with another held value is a step of another attempt: nothing here. */
        if (v->hold && !funnel_holds(p, v, i)) s.steps = 0;
        return s;
    }
    for (uint64_t m = match & p->exclusion_bits; m; m &= m - 1)
        s.exclusions |= p->exclusions_of[__builtin_ctzll(m)];
    /* With a held value, an exclusion that carries another one belongs to another attempt; one that
     * carries none (the help page was opened) concerns all. */
    if (s.exclusions && v->hold)
        for (size_t h = 0; h < p->def.n_hold; h++) {
            uint32_t value = v->j->dim[p->def.hold_slot[h]][i];
            if (value != JOURNEY_NO_VALUE && value != v->hold[h]) s.exclusions = 0;
        }
    return s;
}

/* False ends the walk. */
typedef bool funnel_visit(void *scan, size_t i, int64_t at_ms, struct funnel_seen seen);

/* Shows the events [lo, hi) of one instant in the order of METHODS 2.2: with ties = any by the
 * lowest step they match and what is no step last; with ties = arrival as they came, but exclusions
 * after the steps. */
static inline bool funnel_walk_instant(const struct funnel_program *p, const struct funnel_view *v,
                                       size_t lo, size_t hi, funnel_visit *visit, void *scan)
{
    int64_t at_ms = v->j->at_ms[lo];
    if (p->def.ties == FUNNEL_TIES_ANY) {
        uint64_t all = 0;
        for (size_t i = lo; i < hi; i++) all |= funnel_look(p, v, i).steps;
        for (; all; all &= all - 1) {
            for (size_t i = lo; i < hi; i++) {
                struct funnel_seen s = funnel_look(p, v, i);
                if (s.steps && __builtin_ctzll(s.steps) == __builtin_ctzll(all) &&
                    !visit(scan, i, at_ms, s))
                    return false;
            }
        }
    } else {
        for (size_t i = lo; i < hi; i++) {
            struct funnel_seen s = funnel_look(p, v, i);
            if (!s.skip && !s.exclusions && !visit(scan, i, at_ms, s)) return false;
        }
    }
    for (size_t i = lo; i < hi; i++) {
        struct funnel_seen s = funnel_look(p, v, i);
        bool last = p->def.ties == FUNNEL_TIES_ANY ? !s.steps : s.exclusions != 0;
        if (!s.skip && last && !visit(scan, i, at_ms, s)) return false;
    }
    return true;
}

/* Shows every event of the view, in order. */
static inline void funnel_walk(const struct funnel_program *p, const struct funnel_view *v,
                               funnel_visit *visit, void *scan)
{
    const int64_t *at_ms = v->j->at_ms;
    for (size_t i = v->lo, end; i < v->hi; i = end) {
        for (end = i + 1; end < v->hi && at_ms[end] == at_ms[i];) end++;
        if (end - i > 1) {
            if (!funnel_walk_instant(p, v, i, end, visit, scan)) return;
            continue;
        }
        struct funnel_seen s = funnel_look(p, v, i);
        if (!s.skip && !visit(scan, i, at_ms[i], s)) return;
    }
}

static inline bool funnel_in_window(const struct funnel_def *def, int64_t start_ms, int64_t at_ms)
{
    return def->window_ms == 0 || at_ms - start_ms <= def->window_ms;
}

static inline bool funnel_in_range(const struct funnel_def *def, int64_t at_ms)
{
    return at_ms >= def->from_ms && at_ms < def->to_ms;
}

#endif
