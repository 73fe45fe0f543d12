#include "kernels/grouped.h"

#include <stdlib.h>

/* A part of one visitor's journey: copies of the columns that the plan has. */
struct piece {
    size_t room;
    int64_t *at_ms, *value_minor;
    uint64_t *match;
    uint8_t *flags;
    uint32_t *session, *currency, *engaged_ms, *name, *path, *dim[JOURNEY_MAX_DIMS];
    struct journey_session *sessions;
};

struct grouped_work {
    const struct grouped_def *def;
    void **state;  /* [place * n_parts + part], NULL until needed; place 0 is everybody */
    bool *seen;    /* by group, while a journey is split */
    uint16_t *met; /* the groups of a journey */
    struct piece piece;
};

static err_code no_memory(struct err *err)
{
    return err_set(err, ERR_NOMEM, 0, "the groups of a breakdown");
}

static err_code state_at(struct grouped_work *w, size_t place, size_t part, void **out,
                         struct err *err)
{
    const struct kernel *k = w->def->kernel[part];
    void **at = &w->state[place * w->def->n_parts + part];
    *out = *at;
    if (*at) return ERR_OK;
    void *state = calloc(1, k->state_size ? k->state_size : 1);
    if (!state) return no_memory(err);
    err_code rc = k->init(state, w->def->def[part], err);
    if (rc != ERR_OK) {
        free(state);
        return rc;
    }
    *out = *at = state;
    return ERR_OK;
}

err_code grouped_all(struct grouped_state *s, size_t part, void **out, struct err *err)
{
    return state_at(s->work, 0, part, out, err);
}

err_code grouped_group(struct grouped_state *s, size_t group, size_t part, void **out,
                       struct err *err)
{
    return state_at(s->work, group + 1, part, out, err);
}

static err_code add_at(struct grouped_work *w, size_t place, const struct journey *j,
                       struct err *err)
{
    err_code rc = ERR_OK;
    for (size_t part = 0; part < w->def->n_parts && rc == ERR_OK; part++) {
        void *state;
        rc = state_at(w, place, part, &state, err);
        if (rc == ERR_OK) rc = w->def->kernel[part]->add(state, w->def->def[part], j, err);
    }
    return rc;
}

static bool piece_grow(struct piece *p, size_t n)
{
    if (n <= p->room) return true;
    size_t room = n < 256 ? 256 : n * 2;
    bool ok = true;
    p->room = 0;
#define GROW(column) ok = (free(column), (column) = calloc(room, sizeof *(column))) != NULL && ok
    GROW(p->at_ms);
    GROW(p->value_minor);
    GROW(p->match);
    GROW(p->flags);
    GROW(p->session);
    GROW(p->currency);
    GROW(p->engaged_ms);
    GROW(p->name);
    GROW(p->path);
    GROW(p->sessions);
    for (size_t k = 0; k < JOURNEY_MAX_DIMS; k++) GROW(p->dim[k]);
#undef GROW
    if (ok) p->room = room;
    return ok;
}

static void piece_free(struct piece *p)
{
    free(p->at_ms);
    free(p->value_minor);
    free(p->match);
    free(p->flags);
    free(p->session);
    free(p->currency);
    free(p->engaged_ms);
    free(p->name);
    free(p->path);
    free(p->sessions);
    for (size_t k = 0; k < JOURNEY_MAX_DIMS; k++) free(p->dim[k]);
}

static void copy_event(struct piece *p, size_t to, const struct journey *j, size_t i)
{
    p->at_ms[to] = j->at_ms[i];
    p->match[to] = j->match[i];
    p->flags[to] = j->flags[i];
    if (j->session) p->session[to] = j->session[i];
    if (j->value_minor) p->value_minor[to] = j->value_minor[i];
    if (j->currency) p->currency[to] = j->currency[i];
    if (j->engaged_ms) p->engaged_ms[to] = j->engaged_ms[i];
    if (j->name) p->name[to] = j->name[i];
    if (j->path) p->path[to] = j->path[i];
    for (size_t k = 0; k < JOURNEY_MAX_DIMS; k++)
        if (j->dim[k]) p->dim[k][to] = j->dim[k][i];
}

/* Sessions keep their own times and sums, but stand at the events that are left of them. */
static size_t keep_sessions(struct piece *p, size_t n, const struct journey *j)
{
    size_t kept = 0;
    uint32_t of = JOURNEY_NO_SESSION; /* the number in `j` of the last one kept */
    for (size_t i = 0; i < n; i++) {
        uint32_t k = p->session[i];
        if (k == JOURNEY_NO_SESSION) continue;
        if (k != of) {
            p->sessions[kept] = j->sessions[k];
            p->sessions[kept++].first = (uint32_t)i;
            of = k;
        }
        p->sessions[kept - 1].end = (uint32_t)i + 1;
        p->session[i] = (uint32_t)kept - 1;
    }
    return kept;
}

/* The events of one group as a journey of its own, in w->piece. */
static struct journey cut_out(struct grouped_work *w, const struct journey *j, uint16_t group)
{
    struct piece *p = &w->piece;
    const uint32_t *code = j->dim[w->def->slot];
    struct journey out = *j;
    out.n = 0;
    for (size_t i = 0; i < j->n; i++)
        if (w->def->group_of[code[i]] == group) copy_event(p, out.n++, j, i);
    out.n_sessions = j->session ? keep_sessions(p, out.n, j) : 0;
    out.at_ms = p->at_ms;
    out.match = p->match;
    out.flags = p->flags;
    if (j->session) out.session = p->session;
    if (j->session) out.sessions = p->sessions;
    if (j->value_minor) out.value_minor = p->value_minor;
    if (j->currency) out.currency = p->currency;
    if (j->engaged_ms) out.engaged_ms = p->engaged_ms;
    if (j->name) out.name = p->name;
    if (j->path) out.path = p->path;
    for (size_t k = 0; k < JOURNEY_MAX_DIMS; k++)
        if (j->dim[k]) out.dim[k] = p->dim[k];
    return out;
}

static err_code split(struct grouped_work *w, const struct journey *j, struct err *err)
{
    const uint32_t *code = j->dim[w->def->slot];
    size_t n = 0;
    bool outside = false; /* an event of no group */
    for (size_t i = 0; i < j->n; i++) {
        uint16_t group = w->def->group_of[code[i]];
        if (group == GROUPED_NONE) outside = true;
        else if (!w->seen[group]) {
            w->seen[group] = true;
            w->met[n++] = group;
        }
    }
    for (size_t k = 0; k < n; k++) w->seen[w->met[k]] = false;
    if (n == 1 && !outside)
        return add_at(w, w->met[0] + 1u, j, err); /* mostly: one value, one group */
    if (n > 0 && !piece_grow(&w->piece, j->n)) return no_memory(err);
    for (size_t k = 0; k < n; k++) {
        const struct journey part = cut_out(w, j, w->met[k]);
        err_code rc = add_at(w, w->met[k] + 1u, &part, err);
        if (rc != ERR_OK) return rc;
    }
    return ERR_OK;
}

static void release(void *state)
{
    struct grouped_state *s = state;
    struct grouped_work *w = s->work;
    if (!w) return;
    for (size_t i = 0; w->state && i < (w->def->n_groups + 1) * w->def->n_parts; i++) {
        const struct kernel *k = w->def->kernel[i % w->def->n_parts];
        if (w->state[i] && k->release) k->release(w->state[i]);
        free(w->state[i]);
    }
    piece_free(&w->piece);
    free(w->state);
    free(w->seen);
    free(w->met);
    free(w);
    s->work = NULL;
}

static err_code init(void *state, const void *def, struct err *err)
{
    struct grouped_state *s = state;
    const struct grouped_def *d = def;
    struct grouped_work *w = s->work = calloc(1, sizeof *w);
    if (!w) return no_memory(err);
    w->def = d;
    w->state = calloc((d->n_groups + 1) * d->n_parts, sizeof *w->state);
    w->seen = calloc(d->n_groups + 1, sizeof *w->seen);
    w->met = calloc(d->n_groups + 1, sizeof *w->met);
    if (w->state && w->seen && w->met) return ERR_OK;
    release(s);
    return no_memory(err);
}

static err_code add(void *state, const void *def, const struct journey *j, struct err *err)
{
    struct grouped_work *w = ((struct grouped_state *)state)->work;
    (void)def;
    err_code rc = add_at(w, 0, j, err);
    return rc == ERR_OK && w->def->n_groups && j->n ? split(w, j, err) : rc;
}

static err_code merge(void *into, void *from, struct err *err)
{
    struct grouped_work *a = ((struct grouped_state *)into)->work;
    const struct grouped_work *b = ((struct grouped_state *)from)->work;
    err_code rc = ERR_OK;
    for (size_t place = 0; place <= a->def->n_groups && rc == ERR_OK; place++) {
        for (size_t part = 0; part < a->def->n_parts && rc == ERR_OK; part++) {
            void *mine, *theirs = b->state[place * a->def->n_parts + part];
            if (!theirs) continue;
            rc = state_at(a, place, part, &mine, err);
            if (rc == ERR_OK) rc = a->def->kernel[part]->merge(mine, theirs, err);
        }
    }
    return rc;
}

const struct kernel grouped_kernel = {
    .state_size = sizeof(struct grouped_state),
    .init = init,
    .add = add,
    .merge = merge,
    .release = release,
};
