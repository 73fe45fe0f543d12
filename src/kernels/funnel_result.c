/* From sums to rows. */
#include <stdlib.h>

#include "kernels/funnel_cell.h"

static err_code out_of_memory(struct err *err)
{
    return err_set(err, ERR_NOMEM, 0, "the rows of a funnel");
}

static err_code make_rows(struct funnel_cell *c, const struct funnel_def *def, struct arena *a,
                          struct funnel_result *out, struct err *err)
{
    out->n_rows = def->n_steps;
    out->rows = ARENA_NEW(a, struct funnel_row, def->n_steps);
    if (!out->rows) return out_of_memory(err);
    out->entered = c->entered;
    size_t required = 0;
    for (size_t k = 0; k < def->n_steps; k++) {
        struct funnel_step_sums *s = &c->step[k];
        struct funnel_row *r = &out->rows[k];
        r->reached = s->reached;
        r->stopped = s->stopped;
        r->dropped = s->dropped;
        r->excluded = s->excluded;
        r->completed = s->completed;
        r->continued = s->continued;
        r->entered_here = s->entered_here;
        r->previous = required;
        if (!def->optional[k]) required = k;
        r->times.n = s->times.n;
        r->times.status = sketch_quantile(&s->times, 0.5, &r->times.p50_ms);
        sketch_quantile(&s->times, 0.75, &r->times.p75_ms);
        sketch_quantile(&s->times, 0.9, &r->times.p90_ms);
    }
    return ERR_OK;
}

static int went_order(const void *a, const void *b)
{
    const struct funnel_went *x = a, *y = b;
    if (x->dropped != y->dropped) return x->dropped > y->dropped ? -1 : 1;
    if (x->continued != y->continued) return x->continued > y->continued ? -1 : 1;
    if (x->kind != y->kind) return x->kind < y->kind ? -1 : 1;
    return (x->code > y->code) - (x->code < y->code);
}

static err_code make_went(const struct keyed *went, size_t limit, struct arena *a,
                          struct funnel_row *out, struct err *err)
{
    struct funnel_went *all = calloc(went->n + 1, sizeof *all);
    if (!all) return out_of_memory(err);
    size_t n = 0, at = 0;
    uint64_t key;
    void *row;
    while (keyed_next(went, &at, &key, &row)) {
        const uint64_t *sums = row;
        all[n++] = (struct funnel_went){.kind = (enum funnel_went_kind)(key >> 32),
                                        .code = (uint32_t)key,
                                        .dropped = sums[WENT_DROPPED],
                                        .continued = sums[WENT_CONTINUED]};
    }
    if (n) qsort(all, n, sizeof *all, went_order);
    struct funnel_went other = {.kind = WENT_OTHER};
    if (went->other) {
        other.dropped = ((const uint64_t *)went->other)[WENT_DROPPED];
        other.continued = ((const uint64_t *)went->other)[WENT_CONTINUED];
    }
    for (size_t i = limit; i < n; i++) {
        other.dropped += all[i].dropped;
        other.continued += all[i].continued;
    }
    if (n > limit) n = limit;
    if (other.dropped || other.continued) all[n++] = other;
    out->went = ARENA_NEW(a, struct funnel_went, n);
    err_code e = out->went ? ERR_OK : out_of_memory(err);
    for (size_t i = 0; i < n && !e; i++) out->went[i] = all[i];
    out->n_went = n;
    free(all);
    return e;
}

struct group {
    uint32_t code;
    struct funnel_cell *cell;
};

static int group_order(const void *a, const void *b)
{
    const struct group *x = a, *y = b;
    if (x->cell->entered != y->cell->entered) return x->cell->entered > y->cell->entered ? -1 : 1;
    return (x->code > y->code) - (x->code < y->code);
}

static err_code make_groups(struct keyed *groups, const struct funnel_def *def, size_t limit,
                            struct arena *a, struct funnel_answer *out, struct err *err)
{
    err_code e = keyed_trim(groups, err);
    if (e) return e;
    struct group *all = calloc(groups->n + 1, sizeof *all);
    struct funnel_cell *other = calloc(1, groups->row_bytes);
    if (!all || !other) {
        e = out_of_memory(err);
        goto out;
    }
    size_t n = 0, at = 0;
    uint64_t key;
    void *row;
    while (keyed_next(groups, &at, &key, &row)) all[n++] = (struct group){(uint32_t)key, row};
    if (n) qsort(all, n, sizeof *all, group_order);
    out->capped = groups->level > 0;
    if (groups->other) e = groups->ops->fold(other, groups->other, groups->arg, err);
    for (size_t i = limit; i < n && !e; i++)
        e = groups->ops->fold(other, all[i].cell, groups->arg, err);
    if (!e) e = make_rows(other, def, a, &out->other, err);
    out->n_groups = n < limit ? n : limit;
    out->groups = ARENA_NEW(a, struct funnel_group, out->n_groups);
    if (!e && !out->groups) e = out_of_memory(err);
    for (size_t i = 0; i < out->n_groups && !e; i++) {
        out->groups[i].code = all[i].code;
        e = make_rows(all[i].cell, def, a, &out->groups[i].result, err);
    }
out:
    if (other) groups->ops->release(other, groups->arg);
    free(other);
    free(all);
    return e;
}

err_code funnel_finish(struct funnel_state *s, const struct funnel_def *def,
                       const struct funnel_limits *limits, struct arena *a,
                       struct funnel_answer *out, struct err *err)
{
    struct funnel_work *w = s->work;
    *out = (struct funnel_answer){.delays = w->delays};
    err_code e = make_rows(w->all, def, a, &out->all, err);
    for (size_t k = 0; k < def->n_steps && def->destinations && !e; k++) {
        out->all.rows[k].dropped_of = w->dropped_of[k];
        out->all.rows[k].continued_of = w->continued_of[k];
        e = make_went(&w->went[k], limits->destinations, a, &out->all.rows[k], err);
    }
    if (!e && def->breakdown) e = make_groups(&w->groups, def, limits->groups, a, out, err);
    return e;
}
