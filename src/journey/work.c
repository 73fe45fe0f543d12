#include "journey/work.h"

#include <stdlib.h>

/* Lists a column in use, so that sorting and filtering move it along. */
static bool lane(struct work *w, bool used, void *column_of, size_t width)
{
    void **column = column_of;
    if (!used) return true;
    *column = malloc(w->size * width);
    w->lane[w->n_lanes++] = (struct lane){*column, width};
    return *column != NULL;
}

static bool make_lanes(struct work *w)
{
    const struct plan *p = w->p;
    unsigned want = p->want;
    bool ok = lane(w, true, &w->at_ms, sizeof *w->at_ms) &&
              lane(w, true, &w->flags, sizeof *w->flags) &&
              lane(w, true, &w->match, sizeof *w->match) &&
              lane(w, p->n_hidden > 0, &w->hidden, sizeof *w->hidden) &&
              lane(w, want & WANT_NAME, &w->name, sizeof *w->name) &&
              lane(w, want & WANT_PATH, &w->path, sizeof *w->path) &&
              lane(w, want & WANT_TOUCH, &w->touch, sizeof *w->touch) &&
              lane(w, want & WANT_CLIENT, &w->client, sizeof *w->client) &&
              lane(w, want & WANT_VALUE, &w->value, sizeof *w->value) &&
              lane(w, want & WANT_VALUE, &w->currency, sizeof *w->currency) &&
              lane(w, want & WANT_ENGAGED, &w->engaged, sizeof *w->engaged) &&
              lane(w, want & WANT_SESSIONS, &w->session, sizeof *w->session);
    for (size_t i = 0; i < p->n_words && ok; i++) {
        if (p->plain) w->term[i] = w->match;
        else ok = lane(w, true, &w->term[i], sizeof *w->term[i]);
    }
    for (unsigned d = 0; d < p->n_dims && ok; d++)
        ok = lane(w, p->dim[d].from != DIM_NAME && p->dim[d].from != DIM_PATH, &w->dim[d],
                  sizeof *w->dim[d]);
    w->keep = malloc(w->size);
    w->order = malloc(2 * w->size * sizeof *w->order);
    w->moved = malloc(w->size * sizeof *w->moved);
    return ok && w->keep && w->order && w->moved;
}

static void free_lanes(struct work *w)
{
    for (size_t i = 0; i < w->n_lanes; i++) free(w->lane[i].p);
    free(w->keep);
    free(w->order);
    free(w->moved);
    w->keep = NULL;
    w->order = NULL;
    w->moved = NULL;
    w->n_lanes = 0;
    w->size = 0;
}

err_code work_room(struct work *w, size_t n, struct err *err)
{
    if (n <= w->size) return ERR_OK;
    size_t size = w->size ? w->size : 1024;
    while (size < n) size *= 2;
    free_lanes(w);
    w->size = size;
    if (make_lanes(w)) return ERR_OK;
    free_lanes(w);
    return err_set(err, ERR_NOMEM, 0, "look at %zu events of one visitor", n);
}

err_code work_open(struct work *w, const struct plan *p, struct err *err)
{
    *w = (struct work){.p = p, .may_skip = p->require != 0};
    for (size_t t = 0; t < p->n_terms; t++)
        if (p->means[t].open & p->require) w->needed[t / 64] |= UINT64_C(1) << t % 64;
    for (size_t i = 0; i < p->n_stateful; i++)
        if (p->stateful[i].out.open & p->require) w->may_skip = false;
    return work_room(w, 1, err);
}

void work_close(struct work *w)
{
    free_lanes(w);
    free(w->sessions);
    free(w->about);
}
