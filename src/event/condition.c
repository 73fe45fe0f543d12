#include "event/rule_read.h"

#include <math.h>
#include <stdio.h>

#include "event/limits.h"

static const char *const ops[OP_N] = {
    [OP_IS] = "is",
    [OP_IS_NOT] = "is_not",
    [OP_CONTAINS] = "contains",
    [OP_NOT_CONTAINS] = "not_contains",
    [OP_BEGINS] = "begins",
    [OP_ENDS] = "ends",
    [OP_REGEX] = "regex",
    [OP_EXISTS] = "exists",
    [OP_GT] = "gt",
    [OP_GTE] = "gte",
    [OP_LT] = "lt",
    [OP_LTE] = "lte",
    [OP_IN] = "in",
};

/* The texts of an event but those that are bodies or keys, and what is computed when it is asked.
 */
const char *const rule_property_names[] = {
    "name",          "host",     "path",         "query",       "title",       "referrer",
    "referrer_host", "source",   "medium",       "campaign",    "term",        "content",
    "click_id_kind", "channel",  "true_channel", "true_source", "true_medium", "true_campaign",
    "country",       "region",   "city",         "device",      "browser",     "os",
    "screen",        "language", "timezone",     "order_id",    "session",     "protocol",
    "experiment",    "variant",  "currency",     "entry",       "exit",        "value",
    "engaged_ms",    "scroll",   "kind",         NULL,
};

bool rule_property_known(struct str name)
{
    struct str rest;
    struct str head = str_cut(name, '.', &rest);
    if (str_is(head, "props") || str_is(head, "items")) return rest.n > 0 && rest.n <= LIMIT_NAME;
    for (size_t i = 0; rule_property_names[i]; i++)
        if (str_is(name, rule_property_names[i])) return true;
    return false;
}

/* A number in the shortest form that reads back as the same, so that 10 and 10.0 are one value. */
static struct str number_text(struct reader *r, const json_t *v)
{
    char text[40];
    if (json_is_integer(v)) {
        snprintf(text, sizeof text, "%" JSON_INTEGER_FORMAT, json_integer_value(v));
    } else {
        double x = json_real_value(v), back = NAN;
        for (int digits = 15; digits <= 17 && back != x; digits++) {
            snprintf(text, sizeof text, "%.*g", digits, x);
            if (!str_to_double(str_of(text), &back)) break;
        }
    }
    return arena_copy(r->a, str_of(text));
}

static err_code one_value(struct reader *r, const json_t *v, const char *at, const char *key,
                          struct str *out)
{
    if (json_is_string(v)) {
        if (json_string_length(v) > LIMIT_VALUE) return read_bad(r, at, key, "it is too long");
        *out = arena_copy(r->a, read_str(v));
    } else if (json_is_number(v)) {
        *out = number_text(r, v);
    } else if (json_is_boolean(v)) {
        *out = arena_copy(r->a, json_is_true(v) ? STR("true") : STR("false"));
    } else {
        return read_bad(r, at, key, "a text, a number, true or false is needed");
    }
    return out->p ? ERR_OK : read_no_memory(r);
}

static err_code in_values(struct reader *r, const json_t *v, const char *at, struct condition *c)
{
    size_t n = json_array_size(v);
    if (!json_is_array(v) || n == 0)
        return read_bad(r, at, "value", "\"in\" needs a list of values");
    if (n > RULE_MAX_VALUES) return read_bad(r, at, "value", "there are too many values");
    c->values = ARENA_NEW(r->a, struct str, n);
    if (!c->values) return read_no_memory(r);
    for (c->n_values = 0; c->n_values < n; c->n_values++) {
        char key[40];
        snprintf(key, sizeof key, "value[%zu]", c->n_values);
        err_code rc =
            one_value(r, json_array_get(v, c->n_values), at, key, &c->values[c->n_values]);
        if (rc != ERR_OK) return rc;
    }
    return ERR_OK;
}

static err_code condition_value(struct reader *r, const json_t *j, const char *at,
                                struct condition *c)
{
    const json_t *v = json_object_get(j, "value");
    if (c->op == OP_EXISTS)
        return !v || json_is_true(v) ? ERR_OK
                                     : read_bad(r, at, "value", "\"exists\" takes no value");
    if (!v) return read_missing(r, at, "value");
    if (c->op == OP_IN) return in_values(r, v, at, c);
    c->values = ARENA_NEW(r->a, struct str, 1);
    if (!c->values) return read_no_memory(r);
    c->n_values = 1;
    err_code rc = one_value(r, v, at, "value", c->values);
    if (rc != ERR_OK) return rc;
    if (c->op >= OP_GT && c->op <= OP_LTE && !str_to_double(c->values[0], &c->number))
        return read_bad(r, at, "value", "a number is needed to compare with");
    if (c->op == OP_REGEX) return read_regex(r, at, "value", c->values[0]);
    return ERR_OK;
}

err_code read_condition(struct reader *r, const json_t *j, const char *at, const char *also,
                        struct condition *out)
{
    const char *unknown;
    char allowed[80], field[FIELD];
    *out = (struct condition){0};
    if (!json_is_object(j))
        return read_bad(r, at, "", "a condition is {\"property\",\"op\",\"value\"}");
    snprintf(allowed, sizeof allowed, " property op value%s", also);
    if (!read_only(j, allowed, &unknown))
        return read_bad(r, at, unknown, "a condition has no such field");
    err_code rc =
        read_text_needed(r, j, at, "property", LIMIT_NAME + sizeof "props.", &out->property);
    if (rc != ERR_OK) return rc;
    if (!rule_property_known(out->property)) {
        read_path_key(field, at, "property");
        return err_named(r->err, ERR_INVALID, "unknown_property", field,
                         "there is no property \"%.*s\"", STR_FMT(str_sub(out->property, 0, 80)));
    }
    const json_t *op = json_object_get(j, "op");
    if (!op) return read_missing(r, at, "op");
    read_path_key(field, at, "op");
    int i = 0;
    while (i < OP_N && !(json_is_string(op) && str_is(read_str(op), ops[i]))) i++;
    if (i == OP_N)
        return err_named(
            r->err, ERR_INVALID, "unknown_operator", field,
            "%s: is, is_not, contains, not_contains, begins, ends, regex, exists, gt, gte, "
            "lt, lte and in are known",
            field);
    out->op = (enum op)i;
    return condition_value(r, j, at, out);
}

err_code read_where(struct reader *r, const json_t *j, const char *at, struct rule *out)
{
    const json_t *where = json_object_get(j, "where");
    size_t n = json_array_size(where);
    if (!where || json_is_null(where)) return ERR_OK;
    if (!json_is_array(where)) return read_bad(r, at, "where", "a list of conditions is needed");
    if (n > RULE_MAX_CONDITIONS) return read_bad(r, at, "where", "there are too many conditions");
    if (n == 0) return ERR_OK;
    out->where = ARENA_NEW(r->a, struct condition, n);
    if (!out->where) return read_no_memory(r);
    for (out->n_where = 0; out->n_where < n; out->n_where++) {
        char list[FIELD], item[FIELD];
        read_path_key(list, at, "where");
        read_path_index(item, list, out->n_where);
        err_code rc = read_condition(r, json_array_get(where, out->n_where), item, " ",
                                     &out->where[out->n_where]);
        if (rc != ERR_OK) return rc;
    }
    return ERR_OK;
}

err_code condition_from_json(const json_t *j, const char *field, struct arena *a,
                             struct condition *out, struct err *err)
{
    struct reader r = {a, err};
    return read_condition(&r, j, field ? field : "", " on ", out);
}
