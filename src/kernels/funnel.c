#include "kernels/funnel.h"

#include <math.h>
#include <stdlib.h>

#include "kernels/funnel_cell.h"

enum { MAX_CELLS = 1 << 18 }; /* step sums over all groups of one state */

static err_code refused(struct err *err, const char *field, const char *what)
{
    return err_named(err, ERR_INVALID, "unsupported_combination", field, "%s", what);
}

err_code funnel_check(const struct funnel_def *def, struct err *err)
{
    if (def->n_steps < FUNNEL_MIN_STEPS || def->n_steps > FUNNEL_MAX_STEPS)
        return err_named(err, ERR_INVALID, "bad_field", "steps",
                         "a funnel has %d to %d steps, not %zu", FUNNEL_MIN_STEPS, FUNNEL_MAX_STEPS,
                         def->n_steps);
    if (def->window_ms < 0)
        return err_named(err, ERR_INVALID, "bad_field", "window_s", "a window is not negative");
    if (def->n_exclusions > FUNNEL_MAX_EXCLUSIONS)
        return err_named(err, ERR_INVALID, "bad_field", "exclude", "at most %d exclusions, not %zu",
                         FUNNEL_MAX_EXCLUSIONS, def->n_exclusions);
    if (def->n_hold > FUNNEL_MAX_HOLD)
        return err_named(err, ERR_INVALID, "bad_field", "hold",
                         "at most %d held properties, not %zu", FUNNEL_MAX_HOLD, def->n_hold);
    if (def->breakdown && def->breakdown_step >= def->n_steps)
        return err_named(err, ERR_INVALID, "bad_field", "breakdown_step", "there is no step %zu",
                         def->breakdown_step + 1);
    bool free_order = def->order == FUNNEL_ANY || def->order == FUNNEL_OPEN;
    for (size_t k = 0; k < def->n_steps; k++) {
        char field[40];
        snprintf(field, sizeof field, "steps[%zu].%s", k,
                 def->optional[k] ? "optional" : "max_gap_s");
        if (def->bit[k] >= JOURNEY_MAX_PREDICATES || def->max_gap_ms[k] < 0)
            return err_named(err, ERR_INVALID, "bad_field", field, "out of range");
        if (def->optional[k] && k == 0)
            return refused(err, field, "the first step cannot be optional");
        if (free_order && (def->optional[k] || def->max_gap_ms[k]))
            return refused(err, field,
                           "the orders any and open know no gaps and no optional steps");
    }
    for (size_t x = 0; x < def->n_exclusions; x++) {
        const struct funnel_exclusion *e = &def->exclusion[x];
        char field[40];
        snprintf(field, sizeof field, "exclude[%zu]", x);
        if (e->bit >= JOURNEY_MAX_PREDICATES || e->from >= e->to || e->to >= def->n_steps)
            return err_named(err, ERR_INVALID, "bad_field", field,
                             "an exclusion lies between a step and a later one");
        if (free_order) return refused(err, field, "the orders any and open know no exclusions");
    }
    if (free_order && def->attempts != FUNNEL_BEST)
        return refused(err, "attempts", "the orders any and open count units, not attempts");
    return ERR_OK;
}

/* ---- counting ---- */

struct unit { /* whose attempts are being counted */
    struct funnel_work *w;
    const struct journey *j;
};

static uint32_t breakdown_value(const struct funnel_def *def, const struct journey *j,
                                const struct funnel_attempt *a)
{
    if (!(a->path >> def->breakdown_step & 1)) return JOURNEY_NO_VALUE;
    return j->dim[def->breakdown_slot][a->at[def->breakdown_step]];
}

/* The cell of a breakdown value, for one addition. */
static struct funnel_cell *group_cell(struct funnel_work *w, uint32_t code, struct err *err)
{
    if (keyed_trim(&w->groups, err)) return NULL;
    return keyed_row(&w->groups, code, err);
}

static err_code count_went(struct funnel_work *w, const struct journey *j, size_t k, size_t event,
                           int64_t start_ms, int column, struct err *err)
{
    uint64_t key = funnel_destination(&w->program, j, event, start_ms);
    err_code e = keyed_trim(&w->went[k], err);
    uint64_t *row = e ? NULL : keyed_row(&w->went[k], key, err);
    if (!row) return ERR_NOMEM;
    row[column]++;
    (column == WENT_DROPPED ? w->dropped_of : w->continued_of)[k]++;
    return ERR_OK;
}

/* The part of the window that a delay lies in; a delay of 0 is in the first. */
static size_t delay_part(const struct funnel_def *def, int64_t delay_ms)
{
    double part = ceil((double)delay_ms * FUNNEL_DELAYS / (double)def->window_ms) - 1;
    return part < 0 ? 0 : part >= FUNNEL_DELAYS ? FUNNEL_DELAYS - 1 : (size_t)part;
}

static void count_delay(struct funnel_work *w, const struct journey *j,
                        const struct funnel_attempt *a)
{
    const struct funnel_def *def = &w->program.def;
    int64_t age_ms = def->now_ms - a->start_ms;
    bool immature = age_ms < def->window_ms;
    if (immature) w->delays.immature++;
    if (a->level >= w->program.done)
        w->delays.completed[delay_part(def, j->at_ms[a->at[a->level - 1]] - a->start_ms)]++;
    else if (immature) w->delays.censored[delay_part(def, age_ms)]++;
}

static err_code count_attempt(void *arg, const struct funnel_attempt *a, struct err *err)
{
    struct unit *u = arg;
    struct funnel_work *w = u->w;
    const struct funnel_program *p = &w->program;
    if (a->level == 0) return ERR_OK;
    if (p->def.now_ms && p->def.window_ms) count_delay(w, u->j, a);
    err_code e = funnel_cell_add(w->all, p, u->j, a, err);
    if (!e && p->def.breakdown) {
        struct funnel_cell *c = group_cell(w, breakdown_value(&p->def, u->j, a), err);
        e = c ? funnel_cell_add(c, p, u->j, a, err) : ERR_NOMEM;
    }
    if (e || !p->def.destinations) return e;
    for (uint64_t path = a->path; path && !e; path &= path - 1) {
        size_t k = (size_t)__builtin_ctzll(path);
        bool last = k + 1 == a->level;
        if (last && a->level >= p->done) break;
        e = count_went(w, u->j, k, a->at[k], a->start_ms, last ? WENT_DROPPED : WENT_CONTINUED,
                       err);
    }
    return e;
}

static err_code count_open(struct unit *u, const struct funnel_visits *v, struct err *err)
{
    struct funnel_work *w = u->w;
    const struct funnel_program *p = &w->program;
    if (!v->did) return ERR_OK;
    err_code e = funnel_cell_add_open(w->all, p, u->j, v, err);
    if (!e && p->def.breakdown) {
        size_t k = p->def.breakdown_step;
        uint32_t event = k == 0 ? v->entry : v->first[k];
        bool has = k == 0 || (v->did >> k & 1);
        uint32_t code = has ? u->j->dim[p->def.breakdown_slot][event] : JOURNEY_NO_VALUE;
        struct funnel_cell *c = group_cell(w, code, err);
        e = c ? funnel_cell_add_open(c, p, u->j, v, err) : ERR_NOMEM;
    }
    if (!p->def.destinations) return e;
    for (size_t k = 0; k + 1 < p->def.n_steps && !e; k++) {
        if (!(v->did >> k & 1)) continue;
        bool went_on = v->continued >> (k + 1) & 1;
        uint32_t event = went_on ? v->from[k + 1] : v->first[k];
        e = count_went(w, u->j, k, event, u->j->at_ms[event],
                       went_on ? WENT_CONTINUED : WENT_DROPPED, err);
    }
    return e;
}

/* ---- one unit: its views, one or one for each held value ---- */

/* Of two attempts the one that counts: the deeper, then the one that got there first. */
static bool attempt_beats(const struct journey *j, const struct funnel_attempt *a,
                          const struct funnel_attempt *b)
{
    if (a->level != b->level) return a->level > b->level;
    if (a->level == 0) return false;
    uint32_t x = a->at[a->level - 1], y = b->at[b->level - 1];
    return j->at_ms[x] != j->at_ms[y] ? j->at_ms[x] < j->at_ms[y] : x < y;
}

/* What the views of one unit came to. */
struct outcome {
    struct funnel_attempt best;
    struct funnel_visits visits;
};

static err_code scan_view(struct unit *u, const struct funnel_view *v, struct outcome *o,
                          struct err *err)
{
    const struct funnel_program *p = &u->w->program;
    const struct funnel_def *def = &p->def;
    struct funnel_attempt a;
    if (def->order == FUNNEL_OPEN) {
        funnel_open(p, v, &o->visits);
        return ERR_OK;
    }
    if (def->order != FUNNEL_ANY && def->attempts != FUNNEL_BEST)
        return funnel_greedy(p, v, count_attempt, u, err);
    if (def->order == FUNNEL_ANY) funnel_any(p, v, &a);
    else funnel_best(p, v, &a);
    if (attempt_beats(u->j, &a, &o->best)) o->best = a;
    return ERR_OK;
}

static int held_order(const void *a, const void *b)
{
    const struct funnel_held *x = a, *y = b;
    for (size_t h = 0; h < FUNNEL_MAX_HOLD; h++)
        if (x->value[h] != y->value[h]) return x->value[h] < y->value[h] ? -1 : 1;
    return (x->event > y->event) - (x->event < y->event);
}

static bool held_same(const struct funnel_held *a, const struct funnel_held *b)
{
    for (size_t h = 0; h < FUNNEL_MAX_HOLD; h++)
        if (a->value[h] != b->value[h]) return false;
    return true;
}

/* Lists the view's steps that carry every held property, by value and then in time; `*n` of them.
 */
static err_code list_held(struct funnel_work *w, const struct funnel_view *v, size_t *n,
                          struct err *err)
{
    const struct funnel_def *def = &w->program.def;
    *n = 0;
    for (size_t i = v->lo; i < v->hi; i++) {
        if (!funnel_look(&w->program, v, i).steps) continue;
        struct funnel_held held = {.event = (uint32_t)i};
        bool absent = false;
        for (size_t h = 0; h < def->n_hold; h++) {
            held.value[h] = v->j->dim[def->hold_slot[h]][i];
            if (held.value[h] == JOURNEY_NO_VALUE) absent = true;
        }
        if (absent) continue;
        if (*n == w->held_room) {
            size_t room = w->held_room ? w->held_room * 2 : 64;
            struct funnel_held *more = realloc(w->held, room * sizeof *more);
            if (!more) return err_set(err, ERR_NOMEM, 0, "%zu events with held values", room);
            w->held = more;
            w->held_room = room;
        }
        w->held[(*n)++] = held;
    }
    if (*n) qsort(w->held, *n, sizeof *w->held, held_order);
    return ERR_OK;
}

/* With first, only the value of the first entry counts: its place in w->held, or `n`. */
static size_t first_entry(const struct funnel_work *w, const struct journey *j, size_t n)
{
    size_t found = n;
    for (size_t i = 0; i < n; i++) {
        uint32_t event = w->held[i].event;
        bool entry = (funnel_steps(&w->program, j->match[event]) & 1) &&
                     funnel_in_range(&w->program.def, j->at_ms[event]);
        if (entry && (found == n || event < w->held[found].event)) found = i;
    }
    return found;
}

static err_code scan_held(struct unit *u, const struct funnel_view *v, struct outcome *o,
                          struct err *err)
{
    struct funnel_work *w = u->w;
    size_t n;
    err_code e = list_held(w, v, &n, err);
    bool only_first = w->program.def.attempts == FUNNEL_FIRST;
    size_t only = !e && only_first ? first_entry(w, u->j, n) : n;
    if (only_first && only == n) return e;
    for (size_t i = 0, end; i < n && !e; i = end) {
        for (end = i + 1; end < n && held_same(&w->held[i], &w->held[end]);) end++;
        if (only_first && (only < i || only >= end)) continue;
        /* Nothing before the value's first step can matter to it, and after its last only an
         * exclusion can. */
        struct funnel_view part = *v;
        part.lo = w->held[i].event;
        while (part.lo > v->lo && u->j->at_ms[part.lo - 1] == u->j->at_ms[part.lo]) part.lo--;
        if (w->program.def.n_exclusions == 0) {
            part.hi = w->held[end - 1].event + 1;
            while (part.hi < v->hi && u->j->at_ms[part.hi] == u->j->at_ms[part.hi - 1]) part.hi++;
        }
        part.hold = w->held[i].value;
        e = scan_view(u, &part, o, err);
    }
    return e;
}

static err_code scan_unit(struct unit *u, const struct funnel_view *v, struct err *err)
{
    const struct funnel_def *def = &u->w->program.def;
    struct outcome o;
    o.best.level = 0;
    if (def->order == FUNNEL_OPEN) o.visits = (struct funnel_visits){0};
    err_code e = def->n_hold ? scan_held(u, v, &o, err) : scan_view(u, v, &o, err);
    if (e) return e;
    return def->order == FUNNEL_OPEN ? count_open(u, &o.visits, err)
                                     : count_attempt(u, &o.best, err);
}

/* ---- the four verbs ---- */

static void release(void *state)
{
    struct funnel_state *s = state;
    struct funnel_work *w = s->work;
    if (!w) return;
    if (w->all) funnel_cell_ops.release(w->all, w->program.def.n_steps);
    free(w->all);
    keyed_free(&w->groups);
    for (size_t k = 0; k < w->program.def.n_steps; k++) keyed_free(&w->went[k]);
    free(w->held);
    free(w);
    s->work = NULL;
}

static err_code init(void *state, const void *def, struct err *err)
{
    struct funnel_state *s = state;
    const struct funnel_def *d = def;
    size_t cell_bytes = funnel_cell_bytes(d->n_steps);
    struct funnel_work *w = calloc(1, sizeof *w);
    s->work = w;
    if (!w || !(w->all = calloc(1, cell_bytes))) {
        free(w);
        s->work = NULL;
        return err_set(err, ERR_NOMEM, 0, "a funnel of %zu steps", d->n_steps);
    }
    funnel_compile(d, &w->program);
    size_t groups = MAX_CELLS / d->n_steps;
    keyed_init(&w->groups, &funnel_cell_ops, d->n_steps, cell_bytes,
               groups < FUNNEL_MAX_GROUPS ? groups : FUNNEL_MAX_GROUPS);
    for (size_t k = 0; k < d->n_steps; k++)
        keyed_init(&w->went[k], &keyed_sums, WENT_COLUMNS, WENT_COLUMNS * sizeof(uint64_t),
                   FUNNEL_MAX_DESTINATIONS);
    return ERR_OK;
}

static err_code add(void *state, const void *def, const struct journey *j, struct err *err)
{
    struct funnel_work *w = ((struct funnel_state *)state)->work;
    struct unit u = {w, j};
    (void)def;
    if (w->program.plain) {
        struct funnel_attempt a;
        funnel_plain(&w->program, j, &a);
        return a.level ? count_attempt(&u, &a, err) : ERR_OK;
    }
    if (w->program.def.scope == FUNNEL_VISITOR)
        return scan_unit(&u, &(struct funnel_view){.j = j, .lo = 0, .hi = j->n}, err);
    err_code e = ERR_OK;
    for (size_t s = 0; s < j->n_sessions && !e; s++) {
        const struct funnel_view v = {.j = j,
                                      .lo = j->sessions[s].first,
                                      .hi = j->sessions[s].end,
                                      .session = (uint32_t)s,
                                      .by_session = true};
        e = scan_unit(&u, &v, err);
    }
    return e;
}

static err_code merge(void *into, void *from, struct err *err)
{
    struct funnel_work *a = ((struct funnel_state *)into)->work;
    const struct funnel_work *b = ((struct funnel_state *)from)->work;
    size_t n = a->program.def.n_steps;
    a->delays.immature += b->delays.immature;
    for (size_t i = 0; i < FUNNEL_DELAYS; i++) {
        a->delays.completed[i] += b->delays.completed[i];
        a->delays.censored[i] += b->delays.censored[i];
    }
    err_code e = funnel_cell_ops.fold(a->all, b->all, n, err);
    if (!e) e = keyed_trim(&a->groups, err);
    if (!e) e = keyed_merge(&a->groups, &b->groups, err);
    for (size_t k = 0; k < n && !e; k++) {
        a->dropped_of[k] += b->dropped_of[k];
        a->continued_of[k] += b->continued_of[k];
        e = keyed_merge(&a->went[k], &b->went[k], err);
    }
    return e;
}

const struct kernel funnel_kernel = {
    .state_size = sizeof(struct funnel_state),
    .init = init,
    .add = add,
    .merge = merge,
    .release = release,
};
