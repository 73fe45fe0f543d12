#include "journey/flatten.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <yajl/yajl_parse.h>

#include "event/limits.h"

enum { MAX_DEPTH = LIMIT_JSON_DEPTH + 2 };

struct level {
    size_t key_n; /* the key's length when this level began */
    bool array;
    uint32_t next; /* the place of the next element */
};

struct cell_reader {
    struct buf key;
    struct level level[MAX_DEPTH];
    size_t depth;
    bool items;      /* the outermost array counts as the list of items */
    size_t prefix_n; /* a key that is no longer than this is none: the value is not in an object */
    uint32_t row;    /* below: of the event being read */
    struct dicts *d;
    struct cells *cells;
    struct err *err;
    err_code rc;
};

err_code cell_reader_open(struct cell_reader **out, struct err *err)
{
    *out = calloc(1, sizeof **out);
    return *out ? ERR_OK : err_set(err, ERR_NOMEM, 0, "open a reader of properties");
}

void cell_reader_close(struct cell_reader *r)
{
    if (!r) return;
    buf_free(&r->key);
    free(r);
}

/* The place among values of one key: the item's, else that in the innermost list. */
static uint32_t ordinal(const struct cell_reader *r)
{
    if (r->items) return r->level[0].next - 1;
    for (size_t i = r->depth; i-- > 0;)
        if (r->level[i].array) return r->level[i].next - 1;
    return 0;
}

/* A value begins: within a list it takes the next place. */
static void begin_value(struct cell_reader *r)
{
    if (r->depth > 0 && r->level[r->depth - 1].array) r->level[r->depth - 1].next++;
}

static int add_value(struct cell_reader *r, struct str s)
{
    begin_value(r);
    if (s.n == 0 || r->key.n == r->prefix_n) return 1;
    uint32_t ord = ordinal(r), key, code;
    if (ord > UINT8_MAX) {
        r->d->values_refused++;
        return 1;
    }
    struct map *keys = r->d->map[DICT_KEY];
    key = map_find(keys, buf_view(&r->key));
    if (key == MAP_NONE) {
        if (map_count(keys) >= KEY_MAX) {
            r->d->keys_refused++;
            return 1;
        }
        r->rc = map_add(keys, buf_view(&r->key), &key, NULL, r->err);
    }
    if (r->rc == ERR_OK) r->rc = dicts_code(r->d, DICT_VALUE_0 + key, s, &code, r->err);
    if (r->rc != ERR_OK) return 0;
    struct cell cell = {.row = r->row, .code = code, .key = (uint16_t)key, .ord = (uint8_t)ord};
    if (!cells_add(r->cells, cell)) r->rc = err_set(r->err, ERR_NOMEM, 0, "columns of an event");
    return r->rc == ERR_OK;
}

static int on_null(void *arg)
{
    begin_value(arg);
    return 1;
}

static int on_boolean(void *arg, int v)
{
    return add_value(arg, v ? STR("true") : STR("false"));
}

/* Whole numbers keep their text; others get the shortest that reads back the same, as in rules. */
static int on_number(void *arg, const char *p, size_t n)
{
    struct str s = {p, n};
    char text[40];
    double x, back = NAN;
    int64_t whole;
    if (!str_to_i64(s, &whole) && str_to_double(s, &x)) {
        for (int digits = 15; digits <= 17 && back != x; digits++) {
            snprintf(text, sizeof text, "%.*g", digits, x);
            if (!str_to_double(str_of(text), &back)) break;
        }
        s = str_of(text);
    }
    return add_value(arg, s);
}

static int on_string(void *arg, const unsigned char *p, size_t n)
{
    return add_value(arg, (struct str){(const char *)p, n});
}

static int push(struct cell_reader *r, bool array)
{
    begin_value(r);
    if (r->depth == MAX_DEPTH) return 0;
    r->level[r->depth++] = (struct level){.key_n = r->key.n, .array = array};
    return 1;
}

static int pop(void *arg)
{
    struct cell_reader *r = arg;
    r->key.n = r->level[--r->depth].key_n;
    return 1;
}

static int on_map(void *arg)
{
    return push(arg, false);
}

static int on_array(void *arg)
{
    return push(arg, true);
}

static int on_key(void *arg, const unsigned char *p, size_t n)
{
    struct cell_reader *r = arg;
    r->key.n = r->level[r->depth - 1].key_n;
    buf_char(&r->key, '.');
    buf_bytes(&r->key, p, n);
    return !r->key.bad;
}

err_code dicts_flatten(struct dicts *d, struct str json, const char *prefix, uint32_t row,
                       struct cells *cells, uint32_t *n_items, struct err *err)
{
    static const yajl_callbacks calls = {
        .yajl_null = on_null,
        .yajl_boolean = on_boolean,
        .yajl_number = on_number,
        .yajl_string = on_string,
        .yajl_start_map = on_map,
        .yajl_map_key = on_key,
        .yajl_end_map = pop,
        .yajl_start_array = on_array,
        .yajl_end_array = pop,
    };
    struct cell_reader *r = d->reader;
    buf_clear(&r->key);
    buf_z(&r->key, prefix);
    r->prefix_n = r->key.n;
    r->depth = 0;
    r->level[0] = (struct level){0};
    r->items = *prefix == 'i';
    r->row = row;
    r->d = d;
    r->cells = cells;
    r->err = err;
    r->rc = ERR_OK;
    yajl_handle h = yajl_alloc(&calls, NULL, r);
    if (!h) return err_set(err, ERR_NOMEM, 0, "read properties");
    /* What ingestion let through is valid; of anything else, what stands before the fault counts.
     */
    if (yajl_parse(h, (const unsigned char *)json.p, json.n) == yajl_status_ok)
        (void)yajl_complete_parse(h);
    yajl_free(h);
    if (r->key.bad && r->rc == ERR_OK) r->rc = err_set(err, ERR_NOMEM, 0, "read properties");
    *n_items = r->items && r->level[0].array ? r->level[0].next : 0;
    if (*n_items > UINT8_MAX + 1) *n_items = UINT8_MAX + 1;
    return r->rc;
}
