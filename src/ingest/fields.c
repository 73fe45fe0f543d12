#include "ingest/fields.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>

#include "base/iso8601.h"
#include "event/money.h"

const struct json_limits fields_limits = {
    .max_depth = LIMIT_JSON_DEPTH,
    .max_members = LIMIT_PROPERTIES,
    /* An event past these could not be stored either (LIMIT_EVENT_BYTES). */
    .max_nodes = LIMIT_EVENT_BYTES / 2,
    .max_bytes = 4 * LIMIT_EVENT_BYTES,
};

enum { LIMIT_IP = 64, LIMIT_LANGUAGE = 64, LIMIT_ENGAGED_MS = 24 * 3600 * 1000 };

enum field_type {
    AS_TEXT,
    AS_ID,
    AS_VALUE,
    AS_AT,
    AS_AGE,
    AS_ENGAGED,
    AS_SCROLL,
    AS_BOOL,
    AS_PROPS,
    AS_ITEMS
};

struct field {
    const char *name;
    size_t name_n;
    enum field_type type;
    size_t at;    /* offset in struct fields, of texts and flags */
    size_t limit; /* bytes, of texts */
    enum reject_code too_long;
    bool trusted;
};

#define TEXT(n, limit, code)                                                                       \
    {                                                                                              \
#n, sizeof #n - 1, AS_TEXT, offsetof(struct fields, n), limit, code, false                 \
    }
#define VALUE(n) TEXT(n, LIMIT_VALUE, REJECT_value_too_long)
#define ID(n)                                                                                      \
    {                                                                                              \
#n, sizeof #n - 1, AS_ID, offsetof(struct fields, n), LIMIT_VALUE, REJECT_value_too_long,  \
            false                                                                                  \
    }
#define TRUSTED(n, limit)                                                                          \
    {                                                                                              \
#n, sizeof #n - 1, AS_TEXT, offsetof(struct fields, n), limit, REJECT_value_too_long, true \
    }
#define OTHER(n, type, at, trusted)                                                                \
    {                                                                                              \
        n, sizeof n - 1, type, at, 0, REJECT_bad_field, trusted                                    \
    }

static const struct field table[] = {
    TEXT(name, LIMIT_NAME, REJECT_name_too_long),
    TEXT(site, LIMIT_NAME, REJECT_value_too_long),
    TEXT(url, LIMIT_URL, REJECT_url_too_long),
    TEXT(referrer, LIMIT_URL, REJECT_url_too_long),
    VALUE(title),
    ID(id),
    ID(visitor),
    ID(user),
    ID(session),
    ID(order_id),
    VALUE(currency),
    VALUE(screen),
    TEXT(language, LIMIT_LANGUAGE, REJECT_value_too_long),
    VALUE(timezone),
    VALUE(experiment),
    VALUE(variant),
    TRUSTED(ip, LIMIT_IP),
    TRUSTED(user_agent, LIMIT_VALUE),
    TRUSTED(id_kind, LIMIT_NAME),
    OTHER("value", AS_VALUE, 0, false),
    OTHER("at", AS_AT, 0, true),
    OTHER("age_ms", AS_AGE, 0, false),
    OTHER("engaged_ms", AS_ENGAGED, 0, false),
    OTHER("scroll", AS_SCROLL, 0, false),
    OTHER("offline", AS_BOOL, offsetof(struct fields, offline), false),
    OTHER("webdriver", AS_BOOL, offsetof(struct fields, webdriver), false),
    OTHER("props", AS_PROPS, 0, false),
    OTHER("items", AS_ITEMS, 0, false),
};

enum reject_code fields_fault(enum json_fault fault)
{
    switch (fault) {
    case JSON_FAULT_UTF8: return REJECT_bad_utf8;
    case JSON_FAULT_DEPTH: return REJECT_too_deep;
    case JSON_FAULT_DUPLICATE: return REJECT_bad_field;
    case JSON_FAULT_MEMBERS: return REJECT_too_many_properties;
    case JSON_FAULT_SIZE:
    case JSON_FAULT_NOMEM: return REJECT_event_too_large;
    case JSON_FAULT_NONE:
    case JSON_FAULT_SYNTAX: break;
    }
    return REJECT_bad_json;
}

static bool refuse(struct reject *why, enum reject_code code, const char *fmt, struct str s)
{
    why->code = code;
    snprintf(why->field, sizeof why->field, fmt, STR_FMT(s));
    struct str f = str_of(why->field); /* what was cut inside a character */
    while (f.n && !str_is_utf8(f)) f.n--;
    why->field[f.n] = 0;
    return false;
}

/* The path of `target` below `parent`, appended to `path`; true when it is there. */
static bool find_path(const struct json_node *parent, const struct json_node *target, char *path,
                      size_t size)
{
    uint32_t i = 0;
    for (JSON_EACH(child, parent)) {
        if (target >= child && target < child + child->span) {
            size_t used = strlen(path);
            if (parent->type == NODE_ARRAY) snprintf(path + used, size - used, "[%" PRIu32 "]", i);
            else snprintf(path + used, size - used, "%s%.*s", used ? "." : "", STR_FMT(child->key));
            return target == child || find_path(child, target, path, size);
        }
        i++;
    }
    return false;
}

static bool refuse_node(struct reject *why, enum reject_code code, const struct json_node *root,
                        const struct json_node *node)
{
    char path[sizeof why->field] = "";
    (void)find_path(root, node, path, sizeof path);
    return refuse(why, code, "%.*s", str_of(path));
}

/* Every key and text below `value`, which is props or items. */
static bool check_values(const struct json_node *root, const struct json_node *value,
                         struct reject *why)
{
    for (const struct json_node *n = value + 1; n < value + value->span; n++) {
        if (n->key.n > LIMIT_NAME) return refuse_node(why, REJECT_name_too_long, root, n);
        if (n->text.n > LIMIT_VALUE) return refuse_node(why, REJECT_value_too_long, root, n);
    }
    return true;
}

static bool is_number(const struct json_node *n)
{
    int64_t ignored;
    if (n->type == NODE_NUMBER) return true;
    return n->type == NODE_TEXT && (n->text.n == 0 || money_parse(n->text, 0, &ignored));
}

static bool check_items(const struct json_node *root, const struct json_node *items,
                        struct reject *why)
{
    if (items->type != NODE_ARRAY) return refuse(why, REJECT_bad_field, "items", STR_NONE);
    if (items->n > LIMIT_ITEMS) return refuse(why, REJECT_too_many_items, "items", STR_NONE);
    for (JSON_EACH(item, items)) {
        if (item->type != NODE_OBJECT) return refuse_node(why, REJECT_bad_field, root, item);
        for (JSON_EACH(member, item)) {
            bool numeric = str_is(member->key, "price") || str_is(member->key, "quantity");
            if (numeric && member->type != NODE_NULL && !is_number(member))
                return refuse_node(why, REJECT_bad_number, root, member);
        }
    }
    return check_values(root, items, why);
}

/* A number, or a text that is one, rounded to a whole number. */
static bool whole_number(const struct json_node *n, int64_t *out)
{
    return (n->type == NODE_NUMBER || n->type == NODE_TEXT) && money_parse(n->text, 0, out);
}

static bool read_at(const struct json_node *n, int64_t *at_ms)
{
    if (n->type == NODE_TEXT && iso8601_parse(n->text, at_ms)) return *at_ms >= 0;
    return (n->type == NODE_NUMBER || n->type == NODE_TEXT) && str_to_i64(n->text, at_ms) &&
           *at_ms >= 0;
}

static bool read_text(const struct field *f, const struct json_node *n, struct fields *out,
                      struct reject *why)
{
    if (n->type != NODE_TEXT && !(f->type == AS_ID && n->type == NODE_NUMBER))
        return refuse(why, REJECT_bad_field, "%.*s", n->key);
    if (n->text.n > f->limit) return refuse(why, f->too_long, "%.*s", n->key);
    *(struct str *)((char *)out + f->at) = n->text;
    return true;
}

static bool read_bool(const struct field *f, const struct json_node *n, struct fields *out,
                      struct reject *why)
{
    bool on = n->type == NODE_TRUE || str_is(n->text, "true") || str_is(n->text, "1");
    bool off = n->type == NODE_FALSE || str_is(n->text, "false") || str_is(n->text, "0");
    if (!on && !off) return refuse(why, REJECT_bad_field, "%.*s", n->key);
    *(bool *)((char *)out + f->at) = on;
    return true;
}

static bool read_field(const struct field *f, const struct json_node *root,
                       const struct json_node *n, struct fields *out, struct reject *why)
{
    int64_t v;
    switch (f->type) {
    case AS_TEXT:
    case AS_ID: return read_text(f, n, out, why);
    case AS_BOOL: return read_bool(f, n, out, why);
    case AS_VALUE:
        if (!is_number(n)) return refuse(why, REJECT_bad_number, "value", STR_NONE);
        out->value = n->text;
        return true;
    case AS_AT:
        if (!read_at(n, &out->at_ms)) return refuse(why, REJECT_bad_time, "at", STR_NONE);
        out->has_at = true;
        return true;
    case AS_AGE:
        if (!whole_number(n, &out->age_ms) || out->age_ms < 0)
            return refuse(why, REJECT_bad_time, "age_ms", STR_NONE);
        out->has_age = true;
        return true;
    case AS_ENGAGED:
        if (!whole_number(n, &v) || v < 0 || v > LIMIT_ENGAGED_MS)
            return refuse(why, REJECT_bad_number, "engaged_ms", STR_NONE);
        out->engaged_ms = (uint32_t)v;
        return true;
    case AS_SCROLL:
        if (!whole_number(n, &v) || v < 0 || v > 100)
            return refuse(why, REJECT_bad_number, "scroll", STR_NONE);
        out->scroll_percent = (uint8_t)v;
        return true;
    case AS_PROPS:
        if (n->type != NODE_OBJECT) return refuse(why, REJECT_bad_field, "props", STR_NONE);
        out->props = n;
        return check_values(root, n, why);
    case AS_ITEMS: out->items = n; return check_items(root, n, why);
    }
    return false;
}

static const struct field *field_named(struct str name)
{
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        const struct field *f = &table[i];
        if (f->name_n != name.n || f->name[0] != name.p[0]) continue; /* most end here */
        if (memcmp(f->name, name.p, name.n) == 0) return f;
    }
    return NULL;
}

bool fields_read(const struct json_node *root, bool trusted, struct fields *out, struct reject *why)
{
    *out = (struct fields){0};
    if (root->type != NODE_OBJECT) return refuse(why, REJECT_bad_json, "", STR_NONE);
    for (JSON_EACH(n, root)) {
        const struct field *f = field_named(n->key);
        if (!f || (f->trusted && !trusted)) return refuse(why, REJECT_bad_field, "%.*s", n->key);
        if (n->type == NODE_NULL || (n->type == NODE_TEXT && n->text.n == 0)) continue;
        if (!read_field(f, root, n, out, why)) return false;
    }
    return true;
}
