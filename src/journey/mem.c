#include "journey/mem.h"

#include <stdlib.h>

#include "journey/part_build.h"

err_code mem_add(struct mem *m, struct dicts *d, const struct event *e, struct err *err)
{
    if (m->n == m->size) {
        size_t size = m->size ? m->size * 2 : 64;
        struct coded *p = realloc(m->rows, size * sizeof *p);
        if (!p) return err_set(err, ERR_NOMEM, 0, "keep %zu events", size);
        m->rows = p;
        m->size = size;
    }
    size_t cells = m->cells.n;
    err_code rc = dicts_event(d, e, (uint32_t)m->n, &m->rows[m->n], &m->cells, err);
    if (rc != ERR_OK) {
        m->cells.n = cells;
        return rc;
    }
    if (m->n++ == 0) m->first_seq = e->seq;
    m->last_seq = e->seq;
    return ERR_OK;
}

struct place { /* where a row goes */
    int32_t month;
    uint32_t row;
    uint64_t visitor;
    int64_t at_ms;
};

static int place_cmp(const void *x, const void *y)
{
    const struct place *a = x, *b = y;
    if (a->month != b->month) return a->month < b->month ? -1 : 1;
    if (a->visitor != b->visitor) return a->visitor < b->visitor ? -1 : 1;
    if (a->at_ms != b->at_ms) return a->at_ms < b->at_ms ? -1 : 1;
    return a->row < b->row ? -1 : a->row > b->row;
}

static int cell_cmp(const void *x, const void *y)
{
    const struct cell *a = x, *b = y;
    if (a->key != b->key) return a->key < b->key ? -1 : 1;
    if (a->row != b->row) return a->row < b->row ? -1 : 1;
    return a->ord < b->ord ? -1 : a->ord > b->ord;
}

struct seal { /* scratch for one call of mem_seal, sized for all its rows */
    struct place *place;
    uint32_t *to; /* [row]: its place */
    struct cell *cells;
    uint64_t *ids;
    uint32_t *first, *codes, *rows;
    uint8_t *ords;
    int64_t *values;
};

static void seal_free(struct seal *s)
{
    free(s->place);
    free(s->to);
    free(s->cells);
    free(s->ids);
    free(s->first);
    free(s->codes);
    free(s->rows);
    free(s->ords);
    free(s->values);
}

static bool seal_alloc(struct seal *s, const struct mem *m)
{
    size_t n = m->n > m->cells.n ? m->n : m->cells.n;
    s->place = calloc(m->n, sizeof *s->place);
    s->to = calloc(m->n, sizeof *s->to);
    s->cells = calloc(m->cells.n + 1, sizeof *s->cells);
    s->ids = calloc(m->n, sizeof *s->ids);
    s->first = calloc(m->n + 1, sizeof *s->first);
    s->codes = calloc(2 * n, sizeof *s->codes);
    s->rows = calloc(n, sizeof *s->rows);
    s->ords = calloc(n, sizeof *s->ords);
    s->values = calloc(m->n, sizeof *s->values);
    return s->place && s->to && s->cells && s->ids && s->first && s->codes && s->rows && s->ords &&
           s->values;
}

/* What the header says of rows [from, to) in place order. */
static void describe(struct part_header *h, const struct mem *m, const struct dicts *d,
                     const struct place *place, uint32_t n)
{
    h->n_events = n;
    h->month = place->month;
    h->first_seq = m->first_seq;
    h->last_seq = m->last_seq;
    h->min_ms = INT64_MAX;
    h->max_ms = INT64_MIN;
    h->flags = PART_ALL_SIMULATED;
    for (uint32_t i = 0; i < n; i++) {
        const struct coded *r = &m->rows[place[i].row];
        uint32_t bits = dict_field(d, DICT_CLIENT, r->client, CLIENT_BITS);
        if (r->at_ms < h->min_ms) h->min_ms = r->at_ms;
        if (r->at_ms > h->max_ms) h->max_ms = r->at_ms;
        if (i == 0 || place[i].visitor != place[i - 1].visitor) h->n_visitors++;
        if (bits & CLIENT_OFFLINE) h->flags |= PART_OFFLINE;
        if (bits & CLIENT_SIMULATED) h->flags |= PART_SIMULATED;
        else h->flags &= (uint8_t)~PART_ALL_SIMULATED;
        h->id_kinds |= (uint8_t)(1u << client_id_kind(bits));
        h->origins |= (uint8_t)(1u << client_origin(bits));
    }
}

static uint32_t coded_field(const struct coded *r, enum column_kind kind)
{
    switch (kind) {
    case COL_NAME: return r->name;
    case COL_PATH: return r->path;
    case COL_TOUCH: return r->touch;
    default: return r->client;
    }
}

/* The cells of one key, [from, to), whose rows are places in the month at `base`. */
static void seal_key(struct part_build *b, struct seal *s, const struct cell *cell, size_t n,
                     uint32_t base)
{
    uint32_t kept = 0;
    bool multi = false;
    for (size_t i = 0; i < n; i++) {
        if (i > 0 && cell[i].row == cell[i - 1].row) {
            if (cell[i].ord == cell[i - 1].ord) continue; /* a key given twice: the first counts */
            multi = true;
        }
        multi = multi || cell[i].ord > 0;
        s->rows[kept] = cell[i].row - base;
        s->ords[kept] = cell[i].ord;
        s->codes[kept++] = cell[i].code;
    }
    build_key(b, cell->key, s->rows, multi ? s->ords : NULL, s->codes, kept, s->codes + kept);
}

/* One month's part: places [from, to), and `n_cells` cells at `cell`, by key and place. */
static err_code seal_month(const struct mem *m, const struct dicts *d, struct seal *s,
                           uint32_t site, uint32_t from, uint32_t to, struct part **out,
                           struct err *err)
{
    struct part_build *b = calloc(1, sizeof *b);
    if (!b) return err_set(err, ERR_NOMEM, 0, "make a segment");
    const struct place *place = s->place + from;
    uint32_t n = to - from, n_values = 0, n_keys = 0, v = 0;
    size_t n_cells = 0;
    for (size_t i = 0; i < m->cells.n; i++) {
        uint32_t row = s->to[m->cells.p[i].row];
        if (row < from || row >= to) continue;
        s->cells[n_cells] = m->cells.p[i];
        s->cells[n_cells++].row = row;
    }
    qsort(s->cells, n_cells, sizeof *s->cells, cell_cmp);
    for (size_t i = 0; i < n_cells; i++) n_keys += i == 0 || s->cells[i].key != s->cells[i - 1].key;
    describe(&b->head, m, d, place, n);
    b->head.site = site;
    int64_t base_ms = month_start_ms(place->month);
    for (uint32_t i = 0; i < n; i++) {
        const struct coded *r = &m->rows[place[i].row];
        if (r->has_value) {
            s->rows[n_values] = i;
            s->values[n_values++] = r->value_minor;
        }
        if (i > 0 && place[i].visitor == place[i - 1].visitor) continue;
        s->ids[v] = place[i].visitor;
        s->first[v++] = i;
    }
    s->first[v] = n;
    build_begin(b, 6u + (n_values > 0 ? 1u : 0u) + n_keys);
    build_visitors(b, s->ids, s->first);
    if (n_values) build_values(b, s->rows, s->values, n_values);
    for (uint32_t i = 0; i < n; i++)
        s->codes[i] = (uint32_t)(m->rows[place[i].row].at_ms - base_ms);
    build_times(b, s->codes);
    for (enum column_kind kind = COL_NAME; kind <= COL_CLIENT; kind++) {
        for (uint32_t i = 0; i < n; i++) s->codes[i] = coded_field(&m->rows[place[i].row], kind);
        build_codes(b, kind, s->codes);
    }
    for (size_t i = 0, end; i < n_cells; i = end) {
        for (end = i; end < n_cells && s->cells[end].key == s->cells[i].key;) end++;
        seal_key(b, s, s->cells + i, end - i, from);
    }
    err_code rc = build_finish(b, out, err);
    free(b);
    return rc;
}

err_code mem_seal(struct mem *m, const struct dicts *d, uint32_t site, struct part ***parts,
                  size_t *n_parts, struct err *err)
{
    if (m->n == 0) return ERR_OK;
    struct seal s = {0};
    size_t n_before = *n_parts;
    err_code rc = ERR_OK;
    if (!seal_alloc(&s, m)) {
        rc = err_set(err, ERR_NOMEM, 0, "sort %zu events", m->n);
        goto out;
    }
    for (uint32_t i = 0; i < m->n; i++)
        s.place[i] =
            (struct place){month_of(m->rows[i].at_ms), i, m->rows[i].visitor, m->rows[i].at_ms};
    qsort(s.place, m->n, sizeof *s.place, place_cmp);
    for (uint32_t i = 0; i < m->n; i++) s.to[s.place[i].row] = i;
    for (uint32_t from = 0, to; from < m->n && rc == ERR_OK; from = to) {
        for (to = from; to < m->n && s.place[to].month == s.place[from].month;) to++;
        struct part **more = realloc(*parts, (*n_parts + 1) * sizeof **parts);
        if (!more) {
            rc = err_set(err, ERR_NOMEM, 0, "list %zu segments", *n_parts);
            break;
        }
        *parts = more;
        rc = seal_month(m, d, &s, site, from, to, &more[*n_parts], err);
        if (rc == ERR_OK) ++*n_parts;
    }
    if (rc == ERR_OK) m->n = m->cells.n = 0;
    else
        while (*n_parts > n_before) part_release((*parts)[--*n_parts]);
out:
    seal_free(&s);
    return rc;
}

size_t mem_memory(const struct mem *m)
{
    return m->size * sizeof *m->rows + m->cells.size * sizeof *m->cells.p;
}

void mem_free(struct mem *m)
{
    free(m->rows);
    free(m->cells.p);
    *m = (struct mem){0};
}
