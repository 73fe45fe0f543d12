#include <stdlib.h>

#include "journey/work.h"

enum {
    BLOCK_EVENTS = 2048
}; /* decoded at once, unless one visitor has more: stays in the L2 cache */

/* Counts the events that the plan requires, so that one subtraction tells of any visitor whether
 * there are some: a loop over a handful of events is mostly mispredicted branches. */
static err_code count_hits(const struct work *w, struct block *b, struct err *err)
{
    if (b->hits_size < b->size + 1) {
        free(b->hits);
        b->hits = malloc((b->size + 1) * sizeof *b->hits);
        b->hits_size = b->hits ? b->size + 1 : 0;
        if (!b->hits) return err_set(err, ERR_NOMEM, 0, "look at %u events at once", b->n);
    }
    const uint64_t *term = w->p->plain ? b->c.match : b->c.term[0], needed = w->needed[0];
    uint32_t *hits = b->hits, n = b->n, sum = 0;
    bool several = w->p->n_words > 1;
    for (uint32_t i = 0; i < n; i++) {
        bool hit = (term[i] & needed) != 0;
        for (size_t word = 1; several && word < w->p->n_words; word++)
            hit = hit || b->c.term[word][i] & w->needed[word];
        hits[i] = sum;
        sum += hit;
    }
    hits[n] = sum;
    return ERR_OK;
}

/* Decodes the block's next visitors: their terms, and the rest when it may be needed. */
static err_code advance(const struct work *w, struct block *b, struct err *err)
{
    const uint32_t *first = b->part->first;
    uint32_t v = b->next + 1, from = first[b->next];
    while (v < b->end && first[v + 1] - from <= BLOCK_EVENTS) v++;
    b->n = first[v] - from;
    err_code rc = work_columns(w, &b->c, &b->size, b->n, err);
    if (rc != ERR_OK) return rc;
    b->first_row = from;
    b->decoded_end = v;
    decode_terms(w, b);
    b->judged_only = false;
    if (w->may_skip && w->p->n_words == 0) {
        b->judged_only = true;
    } else if (w->may_skip) {
        rc = count_hits(w, b, err);
        if (rc != ERR_OK) return rc;
        b->judged_only = b->hits[b->n] == 0;
    }
    if (!b->judged_only) decode_columns(w, b);
    return ERR_OK;
}

static bool meets_none(const struct slice *s)
{
    const uint32_t *hits = s->block->hits + (s->first - s->block->first_row);
    return s->block->judged_only || hits[0] == hits[s->n];
}

/* The id_kind of the newest event; of the later part when several are as new. */
static uint8_t newest_kind(const struct work *w, const struct slice *slices, size_t n)
{
    const struct slice *newest = slices;
    int64_t newest_ms = INT64_MIN;
    if (w->one_kind >= 0) return (uint8_t)w->one_kind;
    for (size_t i = 0; i < n; i++) {
        const struct part *part = slices[i].block->part;
        int64_t last_ms = part->base_ms + part->at[slices[i].first + slices[i].n - 1];
        if (last_ms < newest_ms) continue;
        newest_ms = last_ms;
        newest = &slices[i];
    }
    uint32_t client = column_code(&newest->block->part->client_code, newest->first + newest->n - 1);
    return (uint8_t)client_id_kind(dict_field(w->p->s->dicts, DICT_CLIENT, client, CLIENT_BITS));
}

static void *place_in(const struct work *w, const struct slice *s, size_t i)
{
    size_t offset = (size_t)(s->first - s->block->first_row) * w->width[i];
    return (char *)s->block->c.lane[w->lane[i]] + offset;
}

err_code work_gather(struct work *w, const struct slice *slices, size_t n, bool *skip,
                     struct err *err)
{
    bool needless = w->may_skip;
    size_t total = 0;
    for (size_t i = 0; i < n; i++) {
        struct block *b = slices[i].block;
        if (b->next >= b->decoded_end) {
            err_code rc = advance(w, b, err);
            if (rc != ERR_OK) return rc;
        }
        b->next++;
        total += slices[i].n;
        needless = needless && meets_none(&slices[i]);
    }
    *skip = needless;
    if (needless) return ERR_OK;
    w->n = total;
    w->n_slices = n;
    w->id_kind = newest_kind(w, slices, n);
    err_code rc = work_room(w, total, err);
    if (rc == ERR_OK && n > 1) rc = work_columns(w, &w->own, &w->own_size, total, err);
    if (rc != ERR_OK) return rc;
    for (size_t i = 0; i < n; i++) {
        if (!slices[i].block->judged_only) continue;
        decode_columns(w, slices[i].block);
        slices[i].block->judged_only = false;
    }
    if (n == 1) {
        for (size_t i = 0; i < w->n_lanes; i++) w->c.lane[w->lane[i]] = place_in(w, slices, i);
        return ERR_OK;
    }
    for (size_t i = 0; i < w->n_lanes; i++) {
        char *to = w->c.lane[w->lane[i]] = w->own.lane[w->lane[i]];
        for (size_t s = 0; s < n; s++) {
            size_t bytes = (size_t)slices[s].n * w->width[i];
            memcpy(to, place_in(w, &slices[s], i), bytes);
            to += bytes;
        }
    }
    return ERR_OK;
}
