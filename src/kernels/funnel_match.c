/* The scans for ordered and strict funnels.  METHODS 2.2 is the specification; funnel_oracle_test.c
 * compares them with slow programs that try every attempt. */
#include "kernels/funnel_match.h"

#include <assert.h>
#include <string.h>

static const int64_t none = INT64_MIN; /* no live attempt */

void funnel_compile(const struct funnel_def *def, struct funnel_program *out)
{
    *out = (struct funnel_program){.def = *def};
    out->plain = def->order == FUNNEL_ORDERED && def->attempts == FUNNEL_BEST &&
                 def->scope == FUNNEL_VISITOR && def->n_exclusions == 0 && def->n_hold == 0;
    for (size_t k = 0; k < def->n_steps; k++) {
        out->step_bits |= UINT64_C(1) << def->bit[k];
        out->steps_of[def->bit[k]] |= UINT64_C(1) << k;
        out->bits_to[k] = out->step_bits;
        if (!def->optional[k]) out->done = k + 1;
        if (def->optional[k] || (k > 0 && def->max_gap_ms[k])) out->plain = false;
    }
    for (size_t low = 1; low < 256; low++)
        out->steps_of_low[low] =
            out->steps_of_low[low & (low - 1)] | out->steps_of[__builtin_ctzll(low)];
    for (size_t x = 0; x < def->n_exclusions; x++) {
        out->exclusion_bits |= UINT64_C(1) << def->exclusion[x].bit;
        out->exclusions_of[def->exclusion[x].bit] |= (uint16_t)(1u << x);
    }
}

/* ---- best ---- */

struct best {
    const struct funnel_program *p;
    struct funnel_attempt *out;
    bool broken; /* strict: the attempt in `out` has ended already */
    /* Of the newest attempt to have reached step k, the one with the most window left. */
    int64_t start_ms[FUNNEL_MAX_STEPS], last_ms[FUNNEL_MAX_STEPS];
    uint64_t path[FUNNEL_MAX_STEPS];
    uint32_t at[FUNNEL_MAX_STEPS][FUNNEL_MAX_STEPS]; /* [k][0..k] */
};

/* The level from which an event at `at_ms` may go to step k, or SIZE_MAX: the live one with the
 * latest start among k - 1 and what is reached by skipping only optional steps; the deepest of
 * several with that start. */
static size_t best_before(const struct best *b, size_t k, int64_t at_ms)
{
    const struct funnel_def *def = &b->p->def;
    size_t found = SIZE_MAX;
    for (size_t l = k; l-- > 0;) {
        bool live = b->start_ms[l] != none && funnel_in_window(def, b->start_ms[l], at_ms) &&
                    (def->max_gap_ms[k] == 0 || at_ms - b->last_ms[l] <= def->max_gap_ms[k]);
        if (live && (found == SIZE_MAX || b->start_ms[l] > b->start_ms[found])) found = l;
        if (!def->optional[l]) break;
    }
    return found;
}

static void best_reach(struct best *b, size_t k, size_t from, size_t i, int64_t at_ms)
{
    b->start_ms[k] = k ? b->start_ms[from] : at_ms;
    b->last_ms[k] = at_ms;
    b->path[k] = (k ? b->path[from] : 0) | UINT64_C(1) << k;
    if (k) memcpy(b->at[k], b->at[from], (from + 1) * sizeof b->at[k][0]);
    b->at[k][k] = (uint32_t)i;
    if (k + 1 <= b->out->level) return;
    b->out->level = k + 1;
    b->out->path = b->path[k];
    b->out->start_ms = b->start_ms[k];
    b->out->excluded = false;
    b->broken = false;
    memcpy(b->out->at, b->at[k], (k + 1) * sizeof b->at[k][0]);
}

static void best_exclude(struct best *b, size_t from, size_t to, int64_t at_ms)
{
    const struct funnel_def *def = &b->p->def;
    int64_t newest = none;
    for (size_t k = from; k < to; k++)
        if (b->start_ms[k] != none && b->start_ms[k] > newest &&
            funnel_in_window(def, b->start_ms[k], at_ms))
            newest = b->start_ms[k];
    if (newest == none) return;
    for (size_t k = 0; k < to; k++)
        if (b->start_ms[k] <= newest) b->start_ms[k] = none;
    struct funnel_attempt *out = b->out;
    if (out->level <= to && out->start_ms <= newest && !b->broken &&
        funnel_in_window(def, out->start_ms, at_ms))
        out->excluded = true;
}

static bool best_visit(void *scan, size_t i, int64_t at_ms, struct funnel_seen seen)
{
    struct best *b = scan;
    const struct funnel_def *def = &b->p->def;
    /* From the deepest step down, so that one event cannot serve one attempt twice. */
    for (uint64_t steps = seen.steps; steps;) {
        size_t k = 63 - (size_t)__builtin_clzll(steps);
        steps &= ~(UINT64_C(1) << k);
        size_t from = k ? best_before(b, k, at_ms) : 0;
        if (k ? from == SIZE_MAX : !funnel_in_range(def, at_ms)) continue;
        best_reach(b, k, from, i, at_ms);
    }
    if (b->out->level == def->n_steps) return false;
    for (unsigned x = seen.exclusions; x; x &= x - 1) {
        const struct funnel_exclusion *e = &def->exclusion[__builtin_ctz(x)];
        best_exclude(b, e->from, e->to, at_ms);
    }
    if (def->order == FUNNEL_STRICT && seen.interaction) {
        for (size_t k = 0; k < def->n_steps; k++)
            if (!(seen.steps >> k & 1)) b->start_ms[k] = none;
        if (b->out->level && !(seen.steps >> (b->out->level - 1) & 1)) b->broken = true;
    }
    return true;
}

void funnel_best(const struct funnel_program *p, const struct funnel_view *v,
                 struct funnel_attempt *out)
{
    struct best b;
    b.p = p;
    b.out = out;
    b.broken = false;
    out->level = 0;
    out->excluded = false;
    for (size_t k = 0; k < p->def.n_steps; k++) b.start_ms[k] = none;
    funnel_walk(p, v, best_visit, &b);
}

/* ---- best, plain ---- */

struct plain {
    size_t reached; /* steps; start_ms[0..reached) are set */
    int64_t start_ms[FUNNEL_MAX_STEPS];
    uint32_t at[FUNNEL_MAX_STEPS][FUNNEL_MAX_STEPS];
};

/* Does what funnel_best does for an event of these steps; `steps` holds none past the next one. */
static inline void plain_step(const struct funnel_def *def, struct plain *s, uint64_t steps,
                              size_t i, int64_t at_ms)
{
    do {
        size_t k = 63 - (size_t)__builtin_clzll(steps);
        steps &= ~(UINT64_C(1) << k);
        if (k == 0) {
            if (!funnel_in_range(def, at_ms)) continue;
            s->start_ms[0] = at_ms;
        } else {
            if (!funnel_in_window(def, s->start_ms[k - 1], at_ms)) continue;
            s->start_ms[k] = s->start_ms[k - 1];
            for (size_t l = 0; l < k; l++) s->at[k][l] = s->at[k - 1][l];
        }
        s->at[k][k] = (uint32_t)i;
        if (k == s->reached) s->reached++;
    } while (steps);
}

/* The steps of an event that can matter: none deeper than the next one. */
static inline uint64_t plain_steps(const struct funnel_program *p, const struct plain *s,
                                   uint64_t match)
{
    return funnel_steps(p, match) & ((UINT64_C(2) << s->reached) - 1);
}

struct plain_scan {
    const struct funnel_program *p;
    struct plain *s;
    struct funnel_attempt *out;
};

/* Keeps the attempt when it is the first to get this far; true when that was the last step. */
static inline bool plain_keep(const struct plain *s, struct funnel_attempt *out, size_t n_steps)
{
    if (s->reached == out->level) return false;
    size_t k = s->reached - 1;
    out->level = s->reached;
    out->start_ms = s->start_ms[k];
    for (size_t l = 0; l <= k; l++) out->at[l] = s->at[k][l];
    return s->reached == n_steps;
}

static bool plain_instant(void *scan, size_t i, int64_t at_ms, struct funnel_seen seen)
{
    struct plain_scan *x = scan;
    uint64_t steps = seen.steps & ((UINT64_C(2) << x->s->reached) - 1);
    if (steps) plain_step(&x->p->def, x->s, steps, i, at_ms);
    return !plain_keep(x->s, x->out, x->p->def.n_steps);
}

void funnel_plain(const struct funnel_program *p, const struct journey *j,
                  struct funnel_attempt *out)
{
    const size_t n = j->n, n_steps = p->def.n_steps;
    const bool any_tie = p->def.ties == FUNNEL_TIES_ANY;
    const uint64_t entry = UINT64_C(1) << p->def.bit[0], second = UINT64_C(1) << p->def.bit[1];
    out->level = 0;
    out->path = 0;
    out->excluded = false;

    /* Most visitors never enter, or enter and do no second step: one look over the bits tells. */
    uint64_t bits = 0;
    for (size_t k = 0; k < n; k++) bits |= j->match[k];
    if (!(bits & entry)) return;
    size_t i = 0;
    while (!(j->match[i] & entry)) i++;
    if (!(bits & second) && funnel_in_range(&p->def, j->at_ms[i])) {
        out->level = out->path = 1;
        out->at[0] = (uint32_t)i;
        out->start_ms = j->at_ms[i];
        return;
    }

    /* Only steps up to the next one can matter: the bits of those before each level. */
    struct plain s;
    s.reached = 0;
    uint64_t wanted = entry;
    const uint64_t *match = j->match;
    const int64_t *at_ms = j->at_ms;
    for (size_t seen = 0; i < n; i++) {
        while (i < n && !(match[i] & wanted)) i++;
        if (i == n) break;
        bool last;
        size_t lo = i, end = i + 1;
        if (any_tie) { /* an instant is looked at as a whole; what was passed over had no effect */
            while (lo > seen && at_ms[lo - 1] == at_ms[i]) lo--;
            while (end < n && at_ms[end] == at_ms[i]) end++;
        }
        if (end - lo > 1) {
            const struct funnel_view v = {.j = j, .lo = lo, .hi = end};
            last = !funnel_walk_instant(p, &v, lo, end, plain_instant,
                                        &(struct plain_scan){p, &s, out});
        } else {
            plain_step(&p->def, &s, plain_steps(p, &s, match[i]), i, at_ms[i]);
            last = plain_keep(&s, out, n_steps);
        }
        if (last) break;
        wanted = p->bits_to[s.reached];
        i = end - 1;
        seen = end;
    }
    out->path = (UINT64_C(1) << out->level) - 1;
}

/* ---- first and totals ---- */

struct greedy {
    const struct funnel_program *p;
    funnel_closed *closed;
    void *arg;
    struct err *err;
    err_code failed;
    bool open, over; /* over: the only attempt that counts has closed */
    int64_t last_ms;
    struct funnel_attempt a;
};

static void greedy_close(struct greedy *g)
{
    g->failed = g->closed(g->arg, &g->a, g->err);
    g->open = false;
    if (g->p->def.attempts == FUNNEL_FIRST) g->over = true;
}

/* The steps that may come next, and whether the time since the last one rules all of them out. */
static uint64_t greedy_next(const struct greedy *g, int64_t at_ms, bool *too_late)
{
    const struct funnel_def *def = &g->p->def;
    uint64_t next = 0;
    for (size_t k = g->a.level; k < def->n_steps; k++) {
        if (def->max_gap_ms[k] == 0 || at_ms - g->last_ms <= def->max_gap_ms[k])
            next |= UINT64_C(1) << k;
        if (!def->optional[k]) break;
    }
    *too_late = next == 0 || !funnel_in_window(def, g->a.start_ms, at_ms);
    return next;
}

/* Shows an event to the open attempt; true when it took it as a step. */
static bool greedy_take(struct greedy *g, size_t i, int64_t at_ms, struct funnel_seen seen)
{
    const struct funnel_def *def = &g->p->def;
    bool too_late;
    uint64_t next = greedy_next(g, at_ms, &too_late) & seen.steps;
    if (too_late) {
        greedy_close(g);
        return false;
    }
    if (next) {
        size_t k = 63 - (size_t)__builtin_clzll(next);
        g->a.level = k + 1;
        g->a.path |= UINT64_C(1) << k;
        g->a.at[k] = (uint32_t)i;
        g->last_ms = at_ms;
        if (g->a.level == def->n_steps) greedy_close(g);
        return true;
    }
    size_t here = g->a.level - 1;
    for (unsigned x = seen.exclusions; x; x &= x - 1) {
        const struct funnel_exclusion *e = &def->exclusion[__builtin_ctz(x)];
        if (here >= e->from && here < e->to) g->a.excluded = true;
    }
    bool broken = def->order == FUNNEL_STRICT && seen.interaction && !(seen.steps >> here & 1);
    if (g->a.excluded || broken) greedy_close(g);
    return false;
}

static bool greedy_visit(void *scan, size_t i, int64_t at_ms, struct funnel_seen seen)
{
    struct greedy *g = scan;
    bool took = g->open && greedy_take(g, i, at_ms, seen);
    if (!g->open && !g->over && !took && (seen.steps & 1) && funnel_in_range(&g->p->def, at_ms)) {
        g->open = true;
        g->last_ms = at_ms;
        g->a.level = 1;
        g->a.path = 1;
        g->a.at[0] = (uint32_t)i;
        g->a.start_ms = at_ms;
        g->a.excluded = false;
    }
    return !g->failed && !g->over;
}

err_code funnel_greedy(const struct funnel_program *p, const struct funnel_view *v,
                       funnel_closed *closed, void *arg, struct err *err)
{
    struct greedy g = {.p = p, .closed = closed, .arg = arg, .err = err};
    funnel_walk(p, v, greedy_visit, &g);
    if (g.open && !g.failed) greedy_close(&g);
    return g.failed;
}
