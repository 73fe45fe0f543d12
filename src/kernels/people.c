#include "kernels/people.h"

#include <stdlib.h>

static err_code people_init(void *state, const void *def, struct err *err)
{
    struct people_state *s = state;
    const struct people_def *d = def;
    s->n = 0;
    s->total = 0;
    s->limit = d->limit < PEOPLE_MAX ? d->limit : PEOPLE_MAX;
    s->person = calloc(s->limit ? s->limit : 1, sizeof *s->person);
    return s->person ? ERR_OK : err_set(err, ERR_NOMEM, 0, "a list of %zu visitors", s->limit);
}

/* Latest first; a total order, so that the same are kept however the visitors are split. */
static bool comes_before(const struct person *a, const struct person *b)
{
    if (a->last_ms != b->last_ms) return a->last_ms > b->last_ms;
    return a->visitor < b->visitor;
}

static void keep(struct people_state *s, const struct person *p)
{
    if (s->n == s->limit && (s->n == 0 || !comes_before(p, &s->person[s->n - 1]))) return;
    size_t i = s->n < s->limit ? s->n++ : s->n - 1;
    for (; i > 0 && comes_before(p, &s->person[i - 1]); i--) s->person[i] = s->person[i - 1];
    s->person[i] = *p;
}

/* Asks the funnel's own kernel about this visitor alone, so that the list is the number's. */
static err_code in_funnel(const struct people_def *d, const struct journey *j, bool *in,
                          struct err *err)
{
    struct funnel_state one = {0};
    struct funnel_answer answer = {0};
    struct arena a;
    const struct funnel_limits limits = {0, 0};
    arena_init(&a, 1 << 20);
    err_code rc = funnel_kernel.init(&one, d->funnel, err);
    if (rc == ERR_OK) {
        rc = funnel_kernel.add(&one, d->funnel, j, err);
        if (rc == ERR_OK) rc = funnel_finish(&one, d->funnel, &limits, &a, &answer, err);
        funnel_kernel.release(&one);
    }
    if (rc == ERR_OK) {
        const struct funnel_row *row = &answer.all.rows[d->funnel_step];
        *in = (d->did == PEOPLE_DROPPED ? row->dropped : row->reached) > 0;
    }
    arena_free(&a);
    return rc;
}

static err_code people_add(void *state, const void *def, const struct journey *j, struct err *err)
{
    struct people_state *s = state;
    const struct people_def *d = def;
    if (j->n == 0) return ERR_OK;
    struct person p = {.visitor = j->visitor,
                       .id_kind = j->id_kind,
                       .first_ms = j->at_ms[0],
                       .last_ms = j->at_ms[j->n - 1]};
    uint32_t session = JOURNEY_NO_SESSION;
    for (size_t i = 0; i < j->n; i++) {
        if (j->match[i] & d->bits) p.hits++;
        if (j->flags[i] & JF_PAGEVIEW) p.views++;
        if (j->flags[i] & JF_INTERACTION) p.interactions++;
        if (j->session[i] != JOURNEY_NO_SESSION && j->session[i] != session) {
            session = j->session[i];
            p.sessions++;
        }
    }
    if (d->bits && p.hits == 0) return ERR_OK;
    if (d->funnel) {
        bool in = false;
        err_code rc = in_funnel(d, j, &in, err);
        if (rc != ERR_OK || !in) return rc;
    }
    for (unsigned k = 0; k < d->n_dims; k++) p.dim[k] = j->dim[k][j->n - 1];
    s->total++;
    keep(s, &p);
    return ERR_OK;
}

static err_code people_merge(void *into, void *from, struct err *err)
{
    (void)err;
    struct people_state *to = into;
    const struct people_state *s = from;
    to->total += s->total;
    for (size_t i = 0; i < s->n; i++) keep(to, &s->person[i]);
    return ERR_OK;
}

static void people_release(void *state)
{
    struct people_state *s = state;
    free(s->person);
    s->person = NULL;
}

const struct kernel people_kernel = {sizeof(struct people_state), people_init, people_add,
                                     people_merge, people_release};
