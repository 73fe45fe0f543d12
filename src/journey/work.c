#include "journey/work.h"

#include <stdlib.h>

static void use_lane(struct work *w, bool used, size_t lane, size_t width)
{
    if (!used) return;
    w->lane[w->n_lanes] = (uint8_t)lane;
    w->width[w->n_lanes++] = (uint8_t)width;
}

static void choose_lanes(struct work *w)
{
    const struct plan *p = w->p;
    unsigned want = p->want;
    use_lane(w, true, LANE_AT, 8);
    use_lane(w, true, LANE_FLAGS, 1);
    use_lane(w, true, LANE_MATCH, 8);
    use_lane(w, p->n_hidden > 0, LANE_HIDDEN, 8);
    use_lane(w, want & WANT_NAME, LANE_NAME, 4);
    use_lane(w, want & WANT_PATH, LANE_PATH, 4);
    use_lane(w, want & WANT_TOUCH, LANE_TOUCH, 4);
    use_lane(w, want & WANT_CLIENT, LANE_CLIENT, 4);
    use_lane(w, want & WANT_VALUE, LANE_VALUE, 8);
    use_lane(w, want & WANT_VALUE, LANE_CURRENCY, 4);
    use_lane(w, want & WANT_ENGAGED, LANE_ENGAGED, 4);
    use_lane(w, want & WANT_SESSIONS, LANE_SESSION, 4);
    for (size_t d = 0; d < p->n_dims; d++)
        use_lane(w, p->dim[d].from != DIM_NAME && p->dim[d].from != DIM_PATH, LANE_DIM_0 + d, 4);
    for (size_t word = 0; word < p->n_words && !p->plain; word++)
        use_lane(w, true, LANE_TERM_0 + word, 8);
}

err_code work_columns(const struct work *w, struct columns *c, size_t *size, size_t n,
                      struct err *err)
{
    if (n <= *size) return ERR_OK;
    size_t room = *size ? *size : 2048;
    while (room < n) room *= 2;
    *size = 0;
    for (size_t i = 0; i < w->n_lanes; i++) {
        void **lane = &c->lane[w->lane[i]];
        free(*lane);
        *lane = malloc(room * w->width[i]);
        if (!*lane) return err_set(err, ERR_NOMEM, 0, "look at %zu events at once", n);
    }
    *size = room;
    return ERR_OK;
}

static void free_columns(const struct work *w, struct columns *c)
{
    for (size_t i = 0; i < w->n_lanes; i++) free(c->lane[w->lane[i]]);
}

err_code work_room(struct work *w, size_t n, struct err *err)
{
    if (n <= w->scratch_size) return ERR_OK;
    size_t room = w->scratch_size ? w->scratch_size : 1024;
    while (room < n) room *= 2;
    free(w->keep);
    free(w->order);
    free(w->moved);
    w->keep = malloc(room);
    w->order = malloc(2 * room * sizeof *w->order);
    w->moved = malloc(room * sizeof *w->moved);
    w->scratch_size = w->keep && w->order && w->moved ? room : 0;
    return w->scratch_size ? ERR_OK : err_set(err, ERR_NOMEM, 0, "a visitor of %zu events", n);
}

static void skip_what_none_needs(struct work *w)
{
    const struct plan *p = w->p;
    w->may_skip = p->require != 0;
    for (size_t t = 0; t < p->n_terms; t++)
        if (p->means[t].open & p->require) w->needed[t / 64] |= UINT64_C(1) << t % 64;
    for (size_t i = 0; i < p->n_stateful; i++)
        if (p->stateful[i].out.open & p->require) w->may_skip = false;
}

err_code work_open(struct work *w, const struct plan *p, struct part *const *parts, size_t n_parts,
                   struct err *err)
{
    uint8_t kinds = 0, origins = 0;
    *w = (struct work){.p = p};
    choose_lanes(w);
    skip_what_none_needs(w);
    w->n_blocks = n_parts;
    w->blocks = calloc(n_parts + 1, sizeof *w->blocks);
    w->cursors = calloc(n_parts * work_cursors(p) + 1, sizeof *w->cursors);
    if (!w->blocks || !w->cursors) return err_set(err, ERR_NOMEM, 0, "read %zu segments", n_parts);
    for (size_t i = 0; i < n_parts; i++) {
        w->blocks[i].part = parts[i];
        w->blocks[i].cursor = w->cursors + i * work_cursors(p);
        kinds |= parts[i]->id_kinds;
        origins |= parts[i]->origins;
    }
    w->one_kind = kinds & (kinds - 1) || kinds == 0 ? -1 : __builtin_ctz(kinds);
    w->judge_bots = origins & (1 << ORIGIN_BROWSER | 1 << ORIGIN_IMPORT_BOTS);
    return ERR_OK;
}

void work_aim(struct work *w, uint64_t low, uint64_t high)
{
    memset(w->cursors, 0, w->n_blocks * work_cursors(w->p) * sizeof *w->cursors);
    for (size_t i = 0; i < w->n_blocks; i++) {
        struct block *b = &w->blocks[i];
        b->next = b->decoded_end = part_seek(b->part, low);
        b->end = high ? part_seek(b->part, high) : b->part->n_visitors;
    }
}

void work_close(struct work *w)
{
    for (size_t i = 0; w->blocks && i < w->n_blocks; i++) {
        free_columns(w, &w->blocks[i].c);
        free(w->blocks[i].hits);
    }
    free_columns(w, &w->own);
    free(w->blocks);
    free(w->cursors);
    free(w->keep);
    free(w->order);
    free(w->moved);
    free(w->sessions);
    free(w->about);
}
