#include "journey/merge.h"

#include <stdlib.h>

#include "journey/part_build.h"

struct merge {
    struct part *const *parts;
    size_t n_parts;
    uint32_t *to[MERGE_MAX]; /* [part][row]: its place */
    uint32_t *codes, *dense;
    uint64_t *ids;
    uint32_t *first;
};

/* One visitor's events of all parts: `next` are rows, `end` where each part's end. */
static uint32_t merge_visitor(struct merge *m, uint32_t place, uint32_t *next, const uint32_t *end)
{
    for (;;) {
        size_t best = MERGE_MAX;
        uint32_t best_at = 0;
        for (size_t p = 0; p < m->n_parts; p++) {
            if (next[p] == end[p]) continue;
            uint32_t at = m->parts[p]->at[next[p]];
            if (best < MERGE_MAX && at >= best_at)
                continue; /* a tie: the earlier part goes first */
            best = p;
            best_at = at;
        }
        if (best == MERGE_MAX) return place;
        m->to[best][next[best]++] = place;
        m->codes[place++] = best_at;
    }
}

/* Decides every event's place; the times end up in m->codes.  Returns the number of visitors. */
static uint32_t merge_order(struct merge *m)
{
    uint32_t v[MERGE_MAX] = {0}, next[MERGE_MAX] = {0}, end[MERGE_MAX], place = 0, n = 0;
    for (;;) {
        bool any = false;
        uint64_t id = 0;
        for (size_t p = 0; p < m->n_parts; p++) {
            const struct part *t = m->parts[p];
            if (v[p] == t->n_visitors || (any && t->visitor[v[p]] >= id)) continue;
            any = true;
            id = t->visitor[v[p]];
        }
        m->first[n] = place;
        if (!any) return n;
        for (size_t p = 0; p < m->n_parts; p++) {
            const struct part *t = m->parts[p];
            end[p] = next[p];
            if (v[p] < t->n_visitors && t->visitor[v[p]] == id) end[p] = t->first[++v[p]];
        }
        m->ids[n++] = id;
        place = merge_visitor(m, place, next, end);
    }
}

static const struct column *dense_column(const struct part *p, enum column_kind kind)
{
    switch (kind) {
    case COL_NAME: return &p->name_code;
    case COL_PATH: return &p->path_code;
    case COL_TOUCH: return &p->touch_code;
    default: return &p->client_code;
    }
}

static void merge_codes(struct merge *m, struct part_build *b, enum column_kind kind)
{
    for (size_t p = 0; p < m->n_parts; p++) {
        const struct column *c = dense_column(m->parts[p], kind);
        for (uint32_t i = 0; i < c->n; i++) m->codes[m->to[p][i]] = column_code(c, i);
    }
    build_codes(b, kind, m->codes);
}

/* One key of all parts.  Entries of a dense column that are 0 are absent. */
static err_code merge_key(struct merge *m, struct part_build *b, uint32_t key, struct err *err)
{
    const struct column *c[MERGE_MAX];
    uint32_t next[MERGE_MAX] = {0}, kept = 0;
    size_t room = 0;
    bool multi = false;
    for (size_t p = 0; p < m->n_parts; p++) {
        c[p] = part_key(m->parts[p], key);
        room += c[p] ? c[p]->n : 0;
        multi = multi || (c[p] && c[p]->form == FORM_MULTI);
    }
    uint32_t *row = malloc(room * sizeof *row), *code = malloc(room * sizeof *code);
    uint8_t *ord = malloc(room);
    err_code rc = ERR_OK;
    if (!row || !code || !ord) rc = err_set(err, ERR_NOMEM, 0, "merge %zu values", room);
    for (uint32_t n = 0, place; rc == ERR_OK && n < room; n++) {
        size_t best = MERGE_MAX;
        uint32_t best_place = 0;
        for (size_t p = 0; p < m->n_parts; p++) {
            if (!c[p] || next[p] == c[p]->n) continue;
            place = m->to[p][c[p]->form == FORM_DENSE ? next[p] : c[p]->row[next[p]]];
            if (best < MERGE_MAX && place >= best_place) continue;
            best = p;
            best_place = place;
        }
        uint32_t i = next[best]++;
        if (c[best]->form == FORM_DENSE && column_code(c[best], i) == 0) continue;
        row[kept] = best_place;
        ord[kept] = c[best]->form == FORM_MULTI ? c[best]->ord[i] : 0;
        code[kept++] = column_code(c[best], i);
    }
    if (rc == ERR_OK) build_key(b, key, row, multi ? ord : NULL, code, kept, m->dense);
    free(row);
    free(code);
    free(ord);
    return rc;
}

static err_code merge_values(struct merge *m, struct part_build *b, size_t n, struct err *err)
{
    uint32_t next[MERGE_MAX] = {0};
    uint32_t *row = malloc(n * sizeof *row);
    int64_t *value = malloc(n * sizeof *value);
    err_code rc = ERR_OK;
    if (!row || !value) rc = err_set(err, ERR_NOMEM, 0, "merge %zu values", n);
    for (size_t i = 0; i < n && rc == ERR_OK; i++) {
        size_t best = MERGE_MAX;
        for (size_t p = 0; p < m->n_parts; p++) {
            const struct column *c = &m->parts[p]->value;
            if (next[p] == c->n) continue;
            uint32_t place = m->to[p][c->row[next[p]]];
            if (best < MERGE_MAX && place >= row[i]) continue;
            best = p;
            row[i] = place;
        }
        value[i] = column_value(&m->parts[best]->value, next[best]++);
    }
    if (rc == ERR_OK) build_values(b, row, value, (uint32_t)n);
    free(row);
    free(value);
    return rc;
}

static void describe(struct part_header *h, struct part *const *parts, size_t n)
{
    *h = (struct part_header){.site = parts[0]->site,
                              .month = parts[0]->month,
                              .first_seq = parts[0]->first_seq,
                              .last_seq = parts[n - 1]->last_seq,
                              .min_ms = INT64_MAX,
                              .max_ms = INT64_MIN,
                              .flags = PART_ALL_SIMULATED};
    for (size_t p = 0; p < n; p++) {
        h->n_events += parts[p]->n_events;
        if (parts[p]->min_ms < h->min_ms) h->min_ms = parts[p]->min_ms;
        if (parts[p]->max_ms > h->max_ms) h->max_ms = parts[p]->max_ms;
        h->flags |= parts[p]->flags & (PART_SIMULATED | PART_OFFLINE);
        if (!(parts[p]->flags & PART_ALL_SIMULATED)) h->flags &= (uint8_t)~PART_ALL_SIMULATED;
        h->id_kinds |= parts[p]->id_kinds;
        h->origins |= parts[p]->origins;
    }
}

static bool merge_alloc(struct merge *m, size_t n_events, size_t n_visitors)
{
    m->codes = malloc(n_events * sizeof *m->codes);
    m->dense = malloc(n_events * sizeof *m->dense);
    m->ids = malloc(n_visitors * sizeof *m->ids);
    m->first = malloc((n_visitors + 1) * sizeof *m->first);
    bool ok = m->codes && m->dense && m->ids && m->first;
    for (size_t p = 0; p < m->n_parts && ok; p++) {
        m->to[p] = malloc(m->parts[p]->n_events * sizeof *m->to[p]);
        ok = m->to[p] != NULL;
    }
    return ok;
}

static void merge_free(struct merge *m)
{
    for (size_t p = 0; p < m->n_parts; p++) free(m->to[p]);
    free(m->codes);
    free(m->dense);
    free(m->ids);
    free(m->first);
}

err_code merge_parts(struct part *const *parts, size_t n, struct part **out, struct err *err)
{
    struct merge m = {.parts = parts, .n_parts = n};
    struct part_build *b = calloc(1, sizeof *b);
    bool has_key[KEY_MAX] = {false};
    uint32_t n_keys = 0;
    size_t n_values = 0, n_visitors = 0;
    err_code rc = ERR_OK;
    if (b) describe(&b->head, parts, n);
    for (size_t p = 0; p < n; p++) {
        n_visitors += parts[p]->n_visitors;
        n_values += parts[p]->value.n;
        for (size_t i = 0; i < parts[p]->n_keys; i++) {
            n_keys += !has_key[parts[p]->key[i].key];
            has_key[parts[p]->key[i].key] = true;
        }
    }
    if (!b || !merge_alloc(&m, b->head.n_events, n_visitors)) {
        rc = err_set(err, ERR_NOMEM, 0, "merge %zu segments", n);
        goto out;
    }
    b->head.n_visitors = merge_order(&m);
    build_begin(b, 6u + (n_values > 0 ? 1u : 0u) + n_keys);
    build_visitors(b, m.ids, m.first);
    build_times(b, m.codes);
    for (enum column_kind kind = COL_NAME; kind <= COL_CLIENT; kind++) merge_codes(&m, b, kind);
    if (n_values) rc = merge_values(&m, b, n_values, err);
    for (uint32_t key = 0; key < KEY_MAX && rc == ERR_OK; key++)
        if (has_key[key]) rc = merge_key(&m, b, key, err);
    if (rc == ERR_OK) rc = build_finish(b, out, err);
out:
    if (b) buf_free(&b->out);
    free(b);
    merge_free(&m);
    return rc;
}
