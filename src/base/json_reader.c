#include "base/json_reader.h"

#include <inttypes.h>
#include <stdlib.h>
#include <yajl/yajl_parse.h>

enum { FIRST_NODES = 64 };

struct json_reader {
    struct json_limits limits;
    struct json_node *nodes;
    uint32_t n, room;
    struct arena record_texts,
        head_texts; /* decoded texts of the record and of an envelope's head */

    /* The reading under way. */
    struct str text;
    bool all_utf8;                      /* then only texts with escapes need a look of their own */
    const struct json_records *records; /* NULL: one value */
    bool stopped, deferred, second_pass;
    bool in_list, skip_list;  /* inside the array of records; it is being passed over */
    bool has_list, bare_list; /* the text is an envelope, an array */
    uint64_t depth;           /* containers open, all of them */
    uint64_t record_from;     /* `depth` outside of the record under way */
    uint32_t base;            /* where the record's nodes begin: after an envelope's head */
    unsigned n_open, head_open;
    uint32_t open[JSON_MAX_DEPTH + 1]; /* nodes of the containers open in this record */
    struct str key;
    enum json_fault fault, head_fault; /* of the record under way */
    char where[JSON_WHERE];
};

err_code json_reader_open(const struct json_limits *limits, struct json_reader **out,
                          struct err *err)
{
    struct json_reader *r = calloc(1, sizeof *r);
    if (r) r->nodes = malloc(FIRST_NODES * sizeof *r->nodes);
    if (!r || !r->nodes) {
        free(r);
        return err_set(err, ERR_NOMEM, 0, "open a JSON reader");
    }
    r->limits = *limits;
    if (r->limits.max_depth > JSON_MAX_DEPTH) r->limits.max_depth = JSON_MAX_DEPTH;
    r->room = FIRST_NODES;
    arena_init(&r->record_texts, limits->max_bytes);
    arena_init(&r->head_texts, limits->max_bytes);
    *out = r;
    return ERR_OK;
}

void json_reader_close(struct json_reader *r)
{
    if (!r) return;
    arena_free(&r->record_texts);
    arena_free(&r->head_texts);
    free(r->nodes);
    free(r);
}

const char *json_reader_where(const struct json_reader *r)
{
    return r->where;
}

const struct json_node *json_member(const struct json_node *object, const char *key)
{
    if (object->type != NODE_OBJECT) return NULL;
    for (JSON_EACH(child, object))
        if (str_is(child->key, key)) return child;
    return NULL;
}

/* --- one record --- */

static void path_key(struct json_reader *r, struct str key)
{
    size_t used = strlen(r->where);
    snprintf(r->where + used, sizeof r->where - used, "%s%.*s", used ? "." : "", STR_FMT(key));
}

static void path_index(struct json_reader *r, uint32_t index)
{
    size_t used = strlen(r->where);
    snprintf(r->where + used, sizeof r->where - used, "[%" PRIu32 "]", index);
}

/* Takes note of the record's first fault and of the path to it: through the open containers to
 * `key`, or in an array to the value that comes now. */
static void fail(struct json_reader *r, enum json_fault fault, struct str key)
{
    if (r->fault) return;
    r->fault = fault;
    r->where[0] = 0;
    for (unsigned i = r->in_list ? r->head_open : 0; i < r->n_open; i++) {
        const struct json_node *parent = &r->nodes[r->open[i]];
        bool last = i + 1 == r->n_open;
        if (parent->type == NODE_ARRAY) path_index(r, last ? parent->n : parent->n - 1);
        else if (!last) path_key(r, r->nodes[r->open[i + 1]].key);
        else if (key.n) path_key(r, key);
    }
    /* What was cut in the middle of a character must not spoil the answer. */
    struct str w = str_of(r->where);
    while (w.n && !str_is_utf8(w)) w.n--;
    r->where[w.n] = 0;
}

static bool in_record(const struct json_reader *r)
{
    return r->depth > r->record_from;
}

/* Makes a text last as long as the record; false after a fault. */
static bool keep(struct json_reader *r, struct str *s)
{
    bool inside = s->p >= r->text.p && s->p + s->n <= r->text.p + r->text.n;
    if (inside && r->all_utf8) return true;
    if (!str_is_utf8(*s) || memchr(s->p, 0, s->n)) {
        fail(r, JSON_FAULT_UTF8, r->key);
        return false;
    }
    if (inside) return true;
    *s = arena_copy(r->in_list ? &r->record_texts : &r->head_texts, *s);
    if (s->p) return true;
    fail(r, JSON_FAULT_SIZE, r->key);
    return false;
}

/* A new node for the value that begins here, under the key read before; false after a fault. */
static bool add(struct json_reader *r, enum node_type type, struct str text)
{
    unsigned outer = r->in_list ? r->head_open : 0;
    struct json_node *parent = r->n_open > outer ? &r->nodes[r->open[r->n_open - 1]] : NULL;
    if (parent && parent->type == NODE_OBJECT && parent->n == r->limits.max_members) {
        fail(r, JSON_FAULT_MEMBERS, STR_NONE);
        return false;
    }
    if (r->n - r->base >= r->limits.max_nodes) {
        fail(r, JSON_FAULT_SIZE, r->key);
        return false;
    }
    if (parent) parent->n++;
    if (r->n == r->room) {
        struct json_node *more = realloc(r->nodes, (size_t)r->room * 2 * sizeof *more);
        if (!more) {
            fail(r, JSON_FAULT_NOMEM, STR_NONE);
            return false;
        }
        r->nodes = more;
        r->room *= 2;
    }
    r->nodes[r->n++] = (struct json_node){.key = r->key, .text = text, .span = 1, .type = type};
    r->key = STR_NONE;
    return true;
}

/* Begins a record when the value that comes now is one. */
static void record_begin(struct json_reader *r)
{
    r->n = r->base;
    r->n_open = r->in_list ? r->head_open : 0;
    r->fault = JSON_FAULT_NONE;
    r->where[0] = 0;
    r->key = STR_NONE;
    if (r->in_list && r->record_texts.used) arena_reset(&r->record_texts);
}

static int record_end(struct json_reader *r)
{
    if (!r->records || r->skip_list || !r->in_list) return 1;
    if (r->records->record(r->records->arg, r->fault ? NULL : &r->nodes[r->base], r->fault))
        return 1;
    r->stopped = true;
    return 0;
}

static int scalar(struct json_reader *r, enum node_type type, struct str text)
{
    if (r->skip_list && r->in_list) return 1;
    bool whole = !in_record(r);
    if (whole) record_begin(r);
    if (!r->fault && (text.n == 0 || keep(r, &text))) add(r, type, text);
    return whole ? record_end(r) : 1;
}

static int on_null(void *arg)
{
    return scalar(arg, NODE_NULL, STR_NONE);
}

static int on_boolean(void *arg, int value)
{
    return scalar(arg, value ? NODE_TRUE : NODE_FALSE, STR_NONE);
}

static int on_number(void *arg, const char *p, size_t n)
{
    return scalar(arg, NODE_NUMBER, (struct str){p, n});
}

static int on_text(void *arg, const unsigned char *p, size_t n)
{
    return scalar(arg, NODE_TEXT, (struct str){(const char *)p, n});
}

static int on_key(void *arg, const unsigned char *p, size_t n)
{
    struct json_reader *r = arg;
    if (r->fault || (r->skip_list && r->in_list)) return 1;
    struct str key = {(const char *)p, n};
    r->key = STR_NONE;
    if (n == 0 || keep(r, &key)) r->key = key;
    return 1;
}

/* The array of an envelope's records begins: they are told when the head says that it knows enough.
 */
static int list_begin(struct json_reader *r)
{
    if (r->has_list) {
        r->head_fault = JSON_FAULT_DUPLICATE;
        return 0;
    }
    r->has_list = true;
    struct json_node *head = &r->nodes[0];
    head->span = r->n;
    if (!r->second_pass && !r->records->head(r->records->arg, head)) {
        r->deferred = true;
        r->skip_list = true;
    }
    r->in_list = true;
    r->head_open = r->n_open;
    r->base = r->n;
    r->depth++;
    r->record_from = r->depth;
    return 1;
}

static void list_end(struct json_reader *r)
{
    r->in_list = r->skip_list = false;
    r->record_from = 0;
    r->n = r->base;
    r->base = 0;
    r->n_open = r->head_open;
    r->head_open = 0;
    r->fault = JSON_FAULT_NONE;
    r->key = STR_NONE;
}

static int container_begin(struct json_reader *r, enum node_type type)
{
    bool whole = !in_record(r);
    if (r->records && r->depth == 0 && type == NODE_ARRAY) { /* a bare array of records */
        r->in_list = r->bare_list = true;
        r->depth = r->record_from = 1;
        return 1;
    }
    if (r->records && r->depth == 1 && !r->in_list && type == NODE_ARRAY && !r->fault &&
        str_is(r->key, r->records->list_key))
        return list_begin(r);
    r->depth++;
    if (r->skip_list && r->in_list) return 1;
    if (whole) record_begin(r);
    if (r->fault) return 1;
    if (r->depth - r->record_from > r->limits.max_depth) {
        fail(r, JSON_FAULT_DEPTH, r->key);
        return 1;
    }
    if (add(r, type, STR_NONE)) r->open[r->n_open++] = r->n - 1;
    return 1;
}

static bool has_duplicate(const struct json_node *object, struct str *key)
{
    for (JSON_EACH(a, object)) {
        for (const struct json_node *b = object + 1; b < a; b += b->span) {
            if (a->key.n != b->key.n || !str_eq(a->key, b->key)) continue;
            *key = a->key;
            return true;
        }
    }
    return false;
}

static int container_end(struct json_reader *r)
{
    r->depth--;
    if (r->in_list && r->depth < r->record_from) {
        list_end(r);
        return 1;
    }
    if (r->skip_list && r->in_list) return 1;
    if (!r->fault) {
        struct json_node *node = &r->nodes[r->open[r->n_open - 1]];
        struct str key;
        node->span = (uint32_t)(&r->nodes[r->n] - node);
        if (node->type == NODE_OBJECT && has_duplicate(node, &key))
            fail(r, JSON_FAULT_DUPLICATE, key);
        r->n_open--;
    }
    return in_record(r) ? 1 : record_end(r);
}

static int on_map(void *arg)
{
    return container_begin(arg, NODE_OBJECT);
}

static int on_array(void *arg)
{
    return container_begin(arg, NODE_ARRAY);
}

static int on_end(void *arg)
{
    return container_end(arg);
}

/* --- the whole text --- */

static enum json_fault parse(struct json_reader *r)
{
    static const yajl_callbacks callbacks = {
        .yajl_null = on_null,
        .yajl_boolean = on_boolean,
        .yajl_number = on_number,
        .yajl_string = on_text,
        .yajl_start_map = on_map,
        .yajl_map_key = on_key,
        .yajl_end_map = on_end,
        .yajl_start_array = on_array,
        .yajl_end_array = on_end,
    };
    r->in_list = r->skip_list = r->has_list = r->bare_list = r->stopped = false;
    r->depth = r->record_from = 0;
    r->base = 0;
    r->n_open = r->head_open = 0;
    r->head_fault = JSON_FAULT_NONE;
    if (r->head_texts.used) arena_reset(&r->head_texts);
    record_begin(r);
    yajl_handle y = yajl_alloc(&callbacks, NULL, r);
    if (!y) return JSON_FAULT_NOMEM;
    yajl_config(y, yajl_dont_validate_strings, 1); /* str_is_utf8 is stricter */
    yajl_status status = yajl_parse(y, (const unsigned char *)r->text.p, r->text.n);
    if (status == yajl_status_ok) status = yajl_complete_parse(y);
    yajl_free(y);
    if (r->head_fault) return r->head_fault;
    if (status == yajl_status_ok || r->stopped) return JSON_FAULT_NONE;
    r->where[0] = 0;
    return JSON_FAULT_SYNTAX;
}

static void begin(struct json_reader *r, struct str text, const struct json_records *records)
{
    r->text = text.n ? text : (struct str){"", 0};
    r->all_utf8 = str_is_utf8(r->text);
    r->records = records;
    r->deferred = r->second_pass = false;
}

enum json_fault json_reader_value(struct json_reader *r, struct str text,
                                  const struct json_node **out)
{
    begin(r, text, NULL);
    enum json_fault fault = parse(r);
    if (!fault) fault = r->fault;
    *out = fault ? NULL : r->nodes;
    return fault;
}

enum json_fault json_reader_records(struct json_reader *r, struct str text,
                                    const struct json_records *h)
{
    begin(r, text, h);
    enum json_fault fault = parse(r);
    if (!fault && r->deferred) {
        if (r->fault) return r->fault;
        (void)h->head(h->arg, &r->nodes[0]);
        r->deferred = false;
        r->second_pass = true;
        fault = parse(r);
    }
    if (fault || r->stopped) return fault;
    if (r->has_list) return r->fault; /* in a member after the list */
    if (r->bare_list) return JSON_FAULT_NONE;
    if (!r->fault && r->nodes[0].type != NODE_OBJECT) return JSON_FAULT_SYNTAX;
    (void)h->record(h->arg, r->fault ? NULL : &r->nodes[0], r->fault);
    return JSON_FAULT_NONE;
}

/* --- writing --- */

void json_write_text(struct buf *out, struct str s)
{
    static const char hex[] = "0123456789abcdef";
    buf_char(out, '"');
    size_t from = 0;
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (c >= 0x20 && c != '"' && c != '\\') continue;
        buf_bytes(out, s.p + from, i - from);
        from = i + 1;
        if (c == '"' || c == '\\') {
            buf_char(out, '\\');
            buf_char(out, (char)c);
        } else if (c == '\n') {
            buf_z(out, "\\n");
        } else {
            char escaped[] = {'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]};
            buf_bytes(out, escaped, sizeof escaped);
        }
    }
    if (s.n > from) buf_bytes(out, s.p + from, s.n - from);
    buf_char(out, '"');
}

void json_write_node(struct buf *out, const struct json_node *node)
{
    switch (node->type) {
    case NODE_NULL: buf_z(out, "null"); return;
    case NODE_FALSE: buf_z(out, "false"); return;
    case NODE_TRUE: buf_z(out, "true"); return;
    case NODE_NUMBER: buf_str(out, node->text); return;
    case NODE_TEXT: json_write_text(out, node->text); return;
    case NODE_ARRAY:
    case NODE_OBJECT: break;
    }
    bool object = node->type == NODE_OBJECT, first = true;
    buf_char(out, object ? '{' : '[');
    for (JSON_EACH(child, node)) { /* as deep as max_depth allows */
        if (!first) buf_char(out, ',');
        first = false;
        if (object) {
            json_write_text(out, child->key);
            buf_char(out, ':');
        }
        json_write_node(out, child);
    }
    buf_char(out, object ? '}' : ']');
}
