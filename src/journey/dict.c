#include "journey/dict.h"

#include <stdlib.h>

#include "journey/flatten.h"

static const enum event_text touch_texts[TOUCH_N] = {
#define X(id) [TOUCH_##id] = TEXT_##id,
    TOUCH_TEXTS(X)
#undef X
};
static const enum event_text client_texts[CLIENT_BITS] = {
#define X(id) [CLIENT_##id] = TEXT_##id,
    CLIENT_TEXTS(X)
#undef X
};
static const char *const fixed_keys[KEY_OWN] = {
    "",         "title",      "query",   "referrer", "order_id", "session",
    "currency", "experiment", "variant", "engaged",  "scroll",   "items",
};
static const struct {
    enum key key;
    enum event_text text;
} key_texts[] = {
    {KEY_TITLE, TEXT_TITLE},       {KEY_QUERY, TEXT_QUERY},           {KEY_REFERRER, TEXT_REFERRER},
    {KEY_ORDER_ID, TEXT_ORDER_ID}, {KEY_SESSION, TEXT_SESSION},       {KEY_CURRENCY, TEXT_CURRENCY},
    {KEY_VARIANT, TEXT_VARIANT},   {KEY_EXPERIMENT, TEXT_EXPERIMENT},
};

/* The dictionary, with the absent value at 0. */
static err_code open_map(struct dicts *d, unsigned id, struct err *err)
{
    static const uint32_t zero[TOUCH_N + CLIENT_N];
    struct str absent = STR_NONE;
    struct map *m;
    uint32_t code;
    if (id == DICT_TOUCH) absent = (struct str){(const char *)zero, TOUCH_N * sizeof *zero};
    if (id == DICT_CLIENT) absent = (struct str){(const char *)zero, CLIENT_N * sizeof *zero};
    err_code rc = map_open(&m, err);
    if (rc != ERR_OK) return rc;
    rc = map_add(m, absent, &code, NULL, err);
    if (rc != ERR_OK) {
        map_close(m);
        return rc;
    }
    d->map[id] = m;
    return ERR_OK;
}

err_code dicts_open(struct dicts **out, struct err *err)
{
    struct dicts *d = calloc(1, sizeof *d);
    if (!d) return err_set(err, ERR_NOMEM, 0, "open a site's dictionaries");
    atomic_init(&d->refs, 1);
    err_code rc = open_map(d, DICT_KEY, err);
    for (uint32_t i = 1, code; i < KEY_OWN && rc == ERR_OK; i++)
        rc = map_add(d->map[DICT_KEY], str_of(fixed_keys[i]), &code, NULL, err);
    for (unsigned id = 0; id < DICT_KEY && rc == ERR_OK; id++) rc = open_map(d, id, err);
    if (rc == ERR_OK) rc = cell_reader_open(&d->reader, err);
    if (rc != ERR_OK) {
        dicts_release(d);
        return rc;
    }
    *out = d;
    return ERR_OK;
}

struct dicts *dicts_take(struct dicts *d)
{
    atomic_fetch_add_explicit(&d->refs, 1, memory_order_relaxed);
    return d;
}

void dicts_release(struct dicts *d)
{
    /* Release, then acquire by the last one: whatever others read happens before the free. */
    if (!d || atomic_fetch_sub_explicit(&d->refs, 1, memory_order_acq_rel) > 1) return;
    for (unsigned id = 0; id < DICT_N; id++) map_close(d->map[id]);
    cell_reader_close(d->reader);
    free(d);
}

err_code dicts_code(struct dicts *d, unsigned id, struct str s, uint32_t *code, struct err *err)
{
    *code = 0;
    if (s.n == 0) return ERR_OK;
    if (!d->map[id]) {
        err_code rc = open_map(d, id, err);
        if (rc != ERR_OK) return rc;
    }
    return map_add(d->map[id], s, code, NULL, err);
}

err_code dicts_restore(struct dicts *d, unsigned id, struct str text, bool *is_new, struct err *err)
{
    uint32_t code;
    err_code rc = d->map[id] ? ERR_OK : open_map(d, id, err);
    return rc == ERR_OK ? map_add(d->map[id], text, &code, is_new, err) : rc;
}

static err_code tuple_code(struct dicts *d, unsigned id, const uint32_t *tuple, size_t n,
                           uint32_t *code, struct err *err)
{
    struct str bytes = {(const char *)tuple, n * sizeof *tuple};
    return map_add(d->map[id], bytes, code, NULL, err);
}

bool cells_add(struct cells *c, struct cell cell)
{
    if (c->n == c->size) {
        size_t size = c->size ? c->size * 2 : 256;
        struct cell *p = realloc(c->p, size * sizeof *p);
        if (!p) return false;
        c->p = p;
        c->size = size;
    }
    c->p[c->n++] = cell;
    return true;
}

static err_code add_number(struct cells *cells, uint32_t row, enum key key, uint32_t v,
                           struct err *err)
{
    if (v == 0 || cells_add(cells, (struct cell){.row = row, .code = v, .key = (uint16_t)key}))
        return ERR_OK;
    return err_set(err, ERR_NOMEM, 0, "columns of an event");
}

err_code dicts_event(struct dicts *d, const struct event *e, uint32_t row, struct coded *out,
                     struct cells *cells, struct err *err)
{
    uint32_t touch[TOUCH_N], client[CLIENT_N], n_items = 0;
    *out = (struct coded){.visitor = e->visitor, .at_ms = e->at_ms};
    err_code rc = dicts_code(d, DICT_NAME, e->text[TEXT_NAME], &out->name, err);
    if (rc == ERR_OK) rc = dicts_code(d, DICT_PATH, e->text[TEXT_PATH], &out->path, err);
    for (unsigned i = 0; i < TOUCH_N && rc == ERR_OK; i++)
        rc = dicts_code(d, DICT_TOUCH_0 + i, e->text[touch_texts[i]], &touch[i], err);
    for (unsigned i = 0; i < CLIENT_BITS && rc == ERR_OK; i++)
        rc = dicts_code(d, DICT_CLIENT_0 + i, e->text[client_texts[i]], &client[i], err);
    client[CLIENT_BITS] = (uint32_t)e->id_kind | (uint32_t)e->origin << 2 |
                          (e->offline ? (uint32_t)CLIENT_OFFLINE : 0) |
                          (e->simulated ? (uint32_t)CLIENT_SIMULATED : 0);
    if (rc == ERR_OK) rc = tuple_code(d, DICT_TOUCH, touch, TOUCH_N, &out->touch, err);
    if (rc == ERR_OK) rc = tuple_code(d, DICT_CLIENT, client, CLIENT_N, &out->client, err);
    for (size_t i = 0; i < sizeof key_texts / sizeof *key_texts && rc == ERR_OK; i++) {
        uint32_t code;
        rc = dicts_code(d, DICT_VALUE_0 + key_texts[i].key, e->text[key_texts[i].text], &code, err);
        if (rc == ERR_OK) rc = add_number(cells, row, key_texts[i].key, code, err);
    }
    if (rc == ERR_OK) rc = add_number(cells, row, KEY_ENGAGED, e->engaged_ms, err);
    if (rc == ERR_OK) rc = add_number(cells, row, KEY_SCROLL, e->scroll_percent, err);
    if (rc == ERR_OK && e->text[TEXT_PROPS].n)
        rc = dicts_flatten(d, e->text[TEXT_PROPS], "props", row, cells, &n_items, err);
    n_items = 0;
    if (rc == ERR_OK && e->text[TEXT_ITEMS].n)
        rc = dicts_flatten(d, e->text[TEXT_ITEMS], "items", row, cells, &n_items, err);
    if (rc == ERR_OK) rc = add_number(cells, row, KEY_ITEM_COUNT, n_items, err);
    out->has_value = e->has_value;
    out->value_minor = e->has_value ? e->value_minor : 0;
    return rc;
}

void dicts_counts(const struct dicts *d, struct dict_counts *out)
{
    for (unsigned id = 0; id < DICT_N; id++) out->n[id] = d->map[id] ? map_count(d->map[id]) : 0;
}

size_t dicts_memory(const struct dicts *d)
{
    size_t n = sizeof *d;
    for (unsigned id = 0; id < DICT_N; id++) n += d->map[id] ? map_memory(d->map[id]) : 0;
    return n;
}
