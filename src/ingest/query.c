#include "ingest/query.h"

#include <stdio.h>

#include "event/limits.h"

enum { MAX_PARAMETERS = 64 };

static int hex(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

struct str query_decode(struct str s, struct arena *a)
{
    if (str_find(s, '%') == s.n && str_find(s, '+') == s.n) return s.p ? s : STR("");
    char *out = arena_alloc(a, s.n);
    if (!out) return STR_NONE;
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++) {
        int high = s.p[i] == '%' && i + 2 < s.n ? hex(s.p[i + 1]) : -1;
        int low = high >= 0 ? hex(s.p[i + 2]) : -1;
        if (low >= 0) {
            out[n++] = (char)(high << 4 | low);
            i += 2;
        } else {
            out[n++] = s.p[i] == '+' ? ' ' : s.p[i];
        }
    }
    return (struct str){out, n};
}

static bool is_field(struct str name)
{
    static const char *const names[] = {
        "name",       "site",    "url",      "referrer", "title",      "id",         "visitor",
        "user",       "session", "order_id", "currency", "screen",     "language",   "timezone",
        "experiment", "variant", "value",    "age_ms",   "engaged_ms", "scroll",     "offline",
        "webdriver",  "props",   "items",    "at",       "ip",         "user_agent",
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (str_is(name, names[i])) return true;
    return false;
}

/* The value of `props` or `items`: its nodes copied behind what `out` has. */
static enum json_fault read_json(struct str text, struct json_reader *r, struct arena *a,
                                 struct json_node *out, uint32_t room, uint32_t *n)
{
    const struct json_node *value;
    enum json_fault fault = json_reader_value(r, text, &value);
    if (fault) return fault;
    if (value->span > room) return JSON_FAULT_SIZE;
    for (uint32_t i = 0; i < value->span; i++) {
        out[i] = value[i];
        out[i].key = arena_copy(a, value[i].key);
        out[i].text = arena_copy(a, value[i].text);
        if (!out[i].key.p || !out[i].text.p) return JSON_FAULT_NOMEM;
    }
    *n = value->span;
    return JSON_FAULT_NONE;
}

enum json_fault query_read(struct str query, struct json_reader *r, struct arena *a,
                           const struct json_node **out, char *where)
{
    /* No value has more nodes than its text has bytes. */
    uint32_t room =
        (uint32_t)(query.n < LIMIT_EVENT_BYTES ? query.n : LIMIT_EVENT_BYTES) + MAX_PARAMETERS;
    struct json_node *nodes = ARENA_NEW(a, struct json_node, room);
    where[0] = 0;
    if (!nodes) return JSON_FAULT_NOMEM;
    uint32_t n = 1;
    struct json_node root = {.type = NODE_OBJECT};
    for (struct str rest = query; rest.n;) {
        struct str raw, pair = str_cut(rest, '&', &rest), name = str_cut(pair, '=', &raw);
        if (!is_field(name)) continue;
        if (root.n == MAX_PARAMETERS) return JSON_FAULT_MEMBERS;
        for (uint32_t i = 1; i < n; i += nodes[i].span)
            if (str_eq(nodes[i].key, name)) {
                snprintf(where, JSON_WHERE, "%.*s", STR_FMT(name));
                return JSON_FAULT_DUPLICATE;
            }
        struct str text = query_decode(raw, a);
        if (!text.p) return JSON_FAULT_NOMEM;
        uint32_t added = 1;
        bool json = text.n && (str_is(name, "props") || str_is(name, "items"));
        enum json_fault fault = JSON_FAULT_NONE;
        if (json) fault = read_json(text, r, a, &nodes[n], room - n, &added);
        else if (!str_is_utf8(text) || (text.n && memchr(text.p, 0, text.n)))
            fault = JSON_FAULT_UTF8;
        else nodes[n] = (struct json_node){.text = text, .span = 1, .type = NODE_TEXT};
        if (fault) {
            const char *below = json ? json_reader_where(r) : "";
            snprintf(where, JSON_WHERE, "%.*s%s%s", STR_FMT(name),
                     *below && *below != '[' ? "." : "", below);
            return fault;
        }
        nodes[n].key = name;
        n += added;
        root.n++;
    }
    root.span = n;
    nodes[0] = root;
    *out = nodes;
    return JSON_FAULT_NONE;
}
