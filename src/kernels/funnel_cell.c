#include "kernels/funnel_cell.h"

static err_code cell_fold(void *into, const void *from, size_t n_steps, struct err *err)
{
    struct funnel_cell *a = into;
    const struct funnel_cell *b = from;
    a->entered += b->entered;
    for (size_t k = 0; k < n_steps; k++) {
        struct funnel_step_sums *x = &a->step[k];
        const struct funnel_step_sums *y = &b->step[k];
        x->reached += y->reached;
        x->stopped += y->stopped;
        x->dropped += y->dropped;
        x->excluded += y->excluded;
        x->completed += y->completed;
        x->continued += y->continued;
        x->entered_here += y->entered_here;
        err_code e = sketch_merge(&x->times, &y->times, err);
        if (e) return e;
    }
    return ERR_OK;
}

static void cell_release(void *row, size_t n_steps)
{
    struct funnel_cell *c = row;
    for (size_t k = 0; k < n_steps; k++) sketch_free(&c->step[k].times);
}

const struct keyed_ops funnel_cell_ops = {.fold = cell_fold, .release = cell_release};

err_code funnel_cell_add(struct funnel_cell *c, const struct funnel_program *p,
                         const struct journey *j, const struct funnel_attempt *a, struct err *err)
{
    bool completed = a->level >= p->done;
    struct funnel_step_sums *last = &c->step[a->level - 1];
    c->entered++;
    last->stopped++;
    if (!completed) last->dropped++;
    if (a->excluded) last->excluded++;
    size_t before = SIZE_MAX;
    for (uint64_t path = a->path; path; path &= path - 1) {
        size_t k = (size_t)__builtin_ctzll(path);
        struct funnel_step_sums *s = &c->step[k];
        s->reached++;
        if (completed) s->completed++;
        if (before != SIZE_MAX) {
            err_code e = sketch_add(&s->times, j->at_ms[a->at[k]] - j->at_ms[a->at[before]], err);
            if (e) return e;
        }
        before = k;
    }
    return ERR_OK;
}

err_code funnel_cell_add_open(struct funnel_cell *c, const struct funnel_program *p,
                              const struct journey *j, const struct funnel_visits *v,
                              struct err *err)
{
    size_t n = p->def.n_steps;
    bool completed = v->did >> (n - 1) & 1;
    c->entered++;
    for (size_t k = 0; k < n; k++) {
        struct funnel_step_sums *s = &c->step[k];
        if (!(v->did >> k & 1)) continue;
        bool continued = v->continued >> k & 1;
        bool went_on = k + 1 < n && (v->continued >> (k + 1) & 1);
        s->reached++;
        if (completed) s->completed++;
        if (continued) s->continued++;
        if (!continued) s->entered_here++;
        if (!went_on) s->stopped++;
        if (!went_on && k + 1 < n) s->dropped++;
        if (!continued) continue;
        err_code e = sketch_add(&s->times, j->at_ms[v->to[k]] - j->at_ms[v->from[k]], err);
        if (e) return e;
    }
    return ERR_OK;
}

/* The next interaction of the same session after event `i`, or SIZE_MAX.  Within an instant "after"
 * is in the order of the scan: with ties = any an event of the same instant that matches a lower
 * step came before. */
static size_t next_interaction(const struct funnel_program *p, const struct journey *j, size_t i)
{
    uint32_t session = j->session[i];
    if (session == JOURNEY_NO_SESSION) return SIZE_MAX;
    size_t found = SIZE_MAX, n = i + 1;
    if (p->def.ties == FUNNEL_TIES_ANY) {
        size_t lo = i;
        while (lo > 0 && j->at_ms[lo - 1] == j->at_ms[i]) lo--;
        unsigned rank = 0;
        uint64_t steps = funnel_steps(p, j->match[i]);
        unsigned own = steps ? (unsigned)__builtin_ctzll(steps) : FUNNEL_MAX_STEPS;
        for (n = lo; n < j->n && j->at_ms[n] == j->at_ms[i]; n++) {
            if (n == i || !(j->flags[n] & JF_INTERACTION) || j->session[n] != session) continue;
            steps = funnel_steps(p, j->match[n]);
            unsigned r = steps ? (unsigned)__builtin_ctzll(steps) : FUNNEL_MAX_STEPS;
            if (r < own || (r == own && n < i)) continue;
            if (found == SIZE_MAX || r < rank) {
                found = n;
                rank = r;
            }
        }
        if (found != SIZE_MAX) return found;
    }
    for (; n < j->n; n++) {
        if (j->session[n] == session && (j->flags[n] & JF_INTERACTION)) return n;
        /* Another session has begun; an event outside of all sessions ends nothing. */
        if (j->session[n] != session && j->session[n] != JOURNEY_NO_SESSION) break;
    }
    return SIZE_MAX;
}

uint64_t funnel_destination(const struct funnel_program *p, const struct journey *j, size_t i,
                            int64_t start_ms)
{
    size_t next = next_interaction(p, j, i);
    if (next != SIZE_MAX)
        return j->flags[next] & JF_PAGEVIEW ? funnel_went_key(WENT_PAGE, j->path[next])
                                            : funnel_went_key(WENT_EVENT, j->name[next]);
    size_t s = 0;
    if (j->session[i] != JOURNEY_NO_SESSION) s = j->session[i] + 1;
    else
        while (s < j->n_sessions && j->sessions[s].start_ms <= j->at_ms[i]) s++;
    bool back = s < j->n_sessions && funnel_in_window(&p->def, start_ms, j->sessions[s].start_ms);
    return funnel_went_key(back ? WENT_CAME_BACK : WENT_LEFT, 0);
}
