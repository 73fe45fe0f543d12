#include "kernels/recent.h"

static err_code recent_init(void *state, const void *def, struct err *err)
{
    (void)err;
    struct recent_state *s = state;
    const struct recent_def *d = def;
    s->n = 0;
    s->limit = d->limit < RECENT_MAX ? d->limit : RECENT_MAX;
    return ERR_OK;
}

/* Newest first; a total order, so that the same events are kept however the visitors are split. */
static bool comes_before(const struct recent_event *a, const struct recent_event *b)
{
    if (a->at_ms != b->at_ms) return a->at_ms > b->at_ms;
    if (a->visitor != b->visitor) return a->visitor < b->visitor;
    return a->place > b->place;
}

/* False when it is older than all that are kept. */
static bool keep(struct recent_state *s, const struct recent_event *e)
{
    if (s->n == s->limit && (s->n == 0 || !comes_before(e, &s->event[s->n - 1]))) return false;
    size_t i = s->n < s->limit ? s->n++ : s->n - 1;
    for (; i > 0 && comes_before(e, &s->event[i - 1]); i--) s->event[i] = s->event[i - 1];
    s->event[i] = *e;
    return true;
}

static err_code recent_add(void *state, const void *def, const struct journey *j, struct err *err)
{
    (void)err;
    const struct recent_def *d = def;
    for (size_t i = j->n; i-- > 0;) {
        bool wanted = d->bits ? (j->match[i] & d->bits) != 0 : (j->flags[i] & JF_INTERACTION) != 0;
        if (!wanted) continue;
        struct recent_event e = {.at_ms = j->at_ms[i],
                                 .visitor = j->visitor,
                                 .place = (uint32_t)i,
                                 .name = j->name ? j->name[i] : 0,
                                 .path = j->path ? j->path[i] : 0};
        if (j->value_minor) {
            e.value_minor = j->value_minor[i];
            e.currency = j->currency[i];
        }
        for (unsigned k = 0; k < d->n_dims; k++) e.dim[k] = j->dim[k][i];
        if (!keep(state, &e)) break; /* the visitor's events before it are older still */
    }
    return ERR_OK;
}

static err_code recent_merge(void *into, void *from, struct err *err)
{
    (void)err;
    const struct recent_state *s = from;
    for (size_t i = 0; i < s->n; i++)
        if (!keep(into, &s->event[i])) break;
    return ERR_OK;
}

const struct kernel recent_kernel = {sizeof(struct recent_state), recent_init, recent_add,
                                     recent_merge, NULL};
