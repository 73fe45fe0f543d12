#include "report/friction.h"

#include <stdlib.h>

#include "report/answer.h"

static const double rescue = 0.2, discount = 0.5;

struct friction {
    size_t from, to; /* required steps */
    uint64_t n, m;   /* reached */
    double gain;
};

static int larger_gain(const void *a, const void *b)
{
    const struct friction *x = a, *y = b;
    if (x->gain != y->gain) return x->gain < y->gain ? 1 : -1;
    return x->from < y->from ? -1 : 1;
}

json_t *friction_ranking(const struct funnel_ask *ask, const struct funnel_result *r)
{
    struct friction found[FUNNEL_MAX_STEPS];
    size_t n = 0;
    json_t *list = json_array();
    /* The identity behind it needs steps that follow one another; `any` and `open` have none. */
    if (ask->def.order == FUNNEL_ANY || ask->def.order == FUNNEL_OPEN) return list;
    double completed = r->n_rows ? (double)r->rows[r->n_rows - 1].reached : 0;
    for (size_t i = 1; i < r->n_rows; i++) {
        size_t from = r->rows[i].previous;
        uint64_t of = r->rows[from].reached, reached = r->rows[i].reached;
        if (ask->def.optional[i] || reached == 0 || of == reached) continue;
        double p = (double)reached / (double)of;
        found[n++] = (struct friction){from, i, of, reached, rescue * completed * (1 - p) / p};
    }
    qsort(found, n, sizeof *found, larger_gain);
    for (size_t i = 0; list && i < n; i++) {
        const struct friction *f = &found[i];
        struct maker m = make_begin();
        json_t *row = NULL;
        make_count(&m, "from", f->from + 1);
        make_count(&m, "to", f->to + 1);
        make_text(&m, "label", ask->steps[f->to].label);
        make_count(&m, "n", f->n);
        make_count(&m, "reached", f->m);
        make_number(&m, "rescued_share", rescue);
        make_set(
            &m, "gain",
            json_pack("{s:f,s:[f,f]}", "value", f->gain, "range", f->gain * discount, f->gain));
        if (make_end(&m, &row, NULL) != ERR_OK || !list_add(list, row)) {
            json_decref(list);
            list = NULL;
        }
    }
    return list;
}
