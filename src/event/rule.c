#include "event/rule_read.h"

#include <math.h>
#include <stdio.h>

#include "event/limits.h"

enum { MAX_SECONDS = 400 * 86400 }; /* of any duration in a rule: a year and a bit */

static const struct {
    const char *name;
    const char
        *keys; /* the fields a rule of this type may have besides "type", with spaces around */
} types[RULE_N] = {
    [RULE_DESTINATION] = {"destination", " match path host "},
    [RULE_EVENT] = {"event", " name where "},
    [RULE_DURATION] = {"duration", " at_least_s "},
    [RULE_PAGES] = {"pages", " at_least "},
    [RULE_ENGAGED] = {"engaged", " at_least_s "},
    [RULE_SCROLL] = {"scroll", " at_least path match "},
    [RULE_FORM] = {"form", " form stage "},
    [RULE_DOWNLOAD] = {"download", " extension "},
    [RULE_OUTLINK] = {"outlink", " host "},
    [RULE_SEARCH] = {"search", " "},
    [RULE_MEDIA] = {"media", " stage "},
    [RULE_CLICK] = {"click", " selector text href "},
    [RULE_VISIBLE] = {"visible", " selector "},
    [RULE_SEQUENCE] = {"sequence", " steps within_s "},
    [RULE_VALUE] = {"value", " at_least "},
    [RULE_RETURNS] = {"returns", " within_days "},
    [RULE_CONDITIONS] = {"conditions", " where "},
    [RULE_ANY] = {"any", " any "},
    [RULE_ALL] = {"all", " all "},
};

static const char *const matches[] = {
    [MATCH_EXACT] = "exact", [MATCH_BEGINS] = "begins", [MATCH_CONTAINS] = "contains",
    [MATCH_REGEX] = "regex", [MATCH_GLOB] = "glob",
};

static err_code read_rule(struct reader *r, const json_t *j, const char *at, int depth, bool step,
                          struct rule *out);

/* The list under `key`: children of any, all and sequence. */
static err_code read_children(struct reader *r, const json_t *j, const char *at, const char *key,
                              size_t least, int depth, bool step, struct rule *out)
{
    const json_t *list = json_object_get(j, key);
    size_t n = json_array_size(list);
    if (!list) return read_missing(r, at, key);
    if (!json_is_array(list)) return read_bad(r, at, key, "a list of rules is needed");
    if (n < least)
        return read_bad(r, at, key, least > 1 ? "two rules at least are needed" : "it is empty");
    if (n > RULE_MAX_CHILDREN) return read_bad(r, at, key, "there are too many rules");
    out->children = ARENA_NEW(r->a, struct rule, n);
    if (!out->children) return read_no_memory(r);
    for (out->n_children = 0; out->n_children < n; out->n_children++) {
        char path[FIELD], item[FIELD];
        struct rule *child = &out->children[out->n_children];
        read_path_key(path, at, key);
        read_path_index(item, path, out->n_children);
        err_code rc =
            read_rule(r, json_array_get(list, out->n_children), item, depth + 1, step, child);
        if (rc != ERR_OK) return rc;
        if (out->type != RULE_SEQUENCE && rule_is_stateful(child))
            return read_bad(r, item, "",
                            "a rule about several events cannot be part of any or all");
        if (out->type == RULE_SEQUENCE && child->type == RULE_SEQUENCE)
            return read_bad(r, item, "", "a sequence cannot be a step of a sequence");
    }
    return ERR_OK;
}

static err_code read_path(struct reader *r, const json_t *j, const char *at, bool needed,
                          struct rule *out)
{
    int how = MATCH_EXACT;
    err_code rc = read_word(r, j, at, "match", matches, MATCH_GLOB + 1, MATCH_EXACT, &how);
    if (rc != ERR_OK) return rc;
    out->how = (enum match_how)how;
    rc = needed ? read_text_needed(r, j, at, "path", LIMIT_URL, &out->path)
                : read_text(r, j, at, "path", LIMIT_URL, &out->path);
    if (rc == ERR_OK && out->how == MATCH_REGEX && out->path.n)
        rc = read_regex(r, at, "path", out->path);
    return rc;
}

static err_code read_stage(struct reader *r, const json_t *j, const char *at,
                           const char *const *stages, int n, struct rule *out)
{
    int i = 0;
    err_code rc = read_word(r, j, at, "stage", stages, n, -1, &i);
    if (rc != ERR_OK) return rc;
    out->stage = arena_copy(r->a, str_of(stages[i]));
    return out->stage.p ? ERR_OK : read_no_memory(r);
}

static err_code read_seconds(struct reader *r, const json_t *j, const char *at, const char *key,
                             double unit_s, int64_t *out_ms)
{
    double x = 0;
    err_code rc = read_number(r, j, at, key, 0.001 / unit_s, MAX_SECONDS / unit_s, &x);
    if (rc == ERR_OK) *out_ms = llround(x * unit_s * 1000);
    return rc;
}

static err_code read_typed(struct reader *r, const json_t *j, const char *at, int depth, bool step,
                           struct rule *out)
{
    static const char *const form_stages[] = {"start", "submit"};
    static const char *const media_stages[] = {"start", "progress", "complete"};
    err_code rc = ERR_OK;
    switch (out->type) {
    case RULE_DESTINATION:
        rc = read_path(r, j, at, true, out);
        return rc != ERR_OK ? rc : read_text(r, j, at, "host", LIMIT_URL, &out->host);
    case RULE_EVENT:
        rc = read_text_needed(r, j, at, "name", LIMIT_NAME, &out->name);
        return rc != ERR_OK ? rc : read_where(r, j, at, out);
    case RULE_DURATION:
    case RULE_ENGAGED: return read_number(r, j, at, "at_least_s", 0, MAX_SECONDS, &out->at_least);
    case RULE_PAGES:
        rc = read_number(r, j, at, "at_least", 1, 1e6, &out->at_least);
        if (rc == ERR_OK && out->at_least != floor(out->at_least))
            return read_bad(r, at, "at_least", "a whole number is needed");
        return rc;
    case RULE_SCROLL:
        rc = read_number(r, j, at, "at_least", 1, 100, &out->at_least);
        return rc != ERR_OK ? rc : read_path(r, j, at, false, out);
    case RULE_FORM:
        rc = read_text(r, j, at, "form", LIMIT_VALUE, &out->form);
        return rc != ERR_OK ? rc : read_stage(r, j, at, form_stages, 2, out);
    case RULE_DOWNLOAD: return read_text(r, j, at, "extension", LIMIT_NAME, &out->extension);
    case RULE_OUTLINK: return read_text(r, j, at, "host", LIMIT_URL, &out->host);
    case RULE_SEARCH: return ERR_OK;
    case RULE_MEDIA: return read_stage(r, j, at, media_stages, 3, out);
    case RULE_CLICK:
        rc = read_text(r, j, at, "selector", LIMIT_VALUE, &out->selector);
        if (rc == ERR_OK) rc = read_text(r, j, at, "text", LIMIT_VALUE, &out->text);
        if (rc == ERR_OK) rc = read_text(r, j, at, "href", LIMIT_URL, &out->href);
        if (rc == ERR_OK && out->selector.n + out->text.n + out->href.n == 0)
            return read_missing(r, at, "selector");
        return rc;
    case RULE_VISIBLE: return read_text_needed(r, j, at, "selector", LIMIT_VALUE, &out->selector);
    case RULE_SEQUENCE:
        rc = read_seconds(r, j, at, "within_s", 1, &out->within_ms);
        return rc != ERR_OK ? rc : read_children(r, j, at, "steps", 2, depth, step, out);
    case RULE_VALUE: return read_number(r, j, at, "at_least", 0, 1e15, &out->at_least);
    case RULE_RETURNS: return read_seconds(r, j, at, "within_days", 86400, &out->within_ms);
    case RULE_CONDITIONS:
        if (!json_object_get(j, "where")) return read_missing(r, at, "where");
        rc = read_where(r, j, at, out);
        return rc == ERR_OK && out->n_where == 0 ? read_bad(r, at, "where", "it is empty") : rc;
    case RULE_ANY: return read_children(r, j, at, "any", 1, depth, step, out);
    case RULE_ALL: return read_children(r, j, at, "all", 1, depth, step, out);
    case RULE_N: break;
    }
    return read_bad(r, at, "type", "it is not a type");
}

/* The short forms that only a funnel step has; `*is_short` tells whether `j` was one. */
static err_code read_short(struct reader *r, const json_t *j, const char *at, int depth,
                           bool *is_short, struct rule *out)
{
    const char *key = json_object_get(j, "event")  ? "event"
                      : json_object_get(j, "page") ? "page"
                      : json_object_get(j, "rule") ? "rule"
                                                   : NULL;
    char allowed[80], field[FIELD];
    const char *unknown;
    *is_short = key != NULL;
    if (!key) return ERR_OK;
    snprintf(allowed, sizeof allowed, " %s%s%s", key, *key == 'e' ? " where" : "", RULE_STEP_KEYS);
    if (!read_only(j, allowed, &unknown))
        return read_bad(r, at, unknown, "a step has no such field");
    if (*key == 'r') {
        read_path_key(field, at, "rule");
        return read_rule(r, json_object_get(j, "rule"), field, depth + 1, false, out);
    }
    if (*key == 'p') {
        out->type = RULE_DESTINATION;
        out->how = MATCH_GLOB;
        return read_text_needed(r, j, at, "page", LIMIT_URL, &out->path);
    }
    out->type = RULE_EVENT;
    err_code rc = read_text_needed(r, j, at, "event", LIMIT_NAME, &out->name);
    return rc != ERR_OK ? rc : read_where(r, j, at, out);
}

/* The type `j` names, or implies by the one field that decides it. */
static err_code rule_type_of(struct reader *r, const json_t *j, const char *at, enum rule_type *out)
{
    const json_t *type = json_object_get(j, "type");
    char field[FIELD];
    if (!type) {
        *out = json_object_get(j, "any")     ? RULE_ANY
               : json_object_get(j, "all")   ? RULE_ALL
               : json_object_get(j, "where") ? RULE_CONDITIONS
                                             : RULE_N;
        return *out == RULE_N ? read_missing(r, at, "type") : ERR_OK;
    }
    for (*out = 0; json_is_string(type) && *out < RULE_N; ++*out)
        if (str_is(read_str(type), types[*out].name)) return ERR_OK;
    read_path_key(field, at, "type");
    return err_named(r->err, ERR_INVALID, "unknown_rule_type", field,
                     "there is no rule of this type");
}

static err_code read_rule(struct reader *r, const json_t *j, const char *at, int depth, bool step,
                          struct rule *out)
{
    *out = (struct rule){0};
    if (depth > RULE_MAX_DEPTH) return read_bad(r, at, "", "rules stand in rules too deeply");
    if (!json_is_object(j)) return read_bad(r, at, "", "a rule is an object");
    if (step) {
        bool is_short = false;
        err_code rc = read_short(r, j, at, depth, &is_short, out);
        if (is_short || rc != ERR_OK) return rc;
    }
    if (json_object_get(j, "property")) {
        out->type = RULE_CONDITIONS;
        out->where = ARENA_NEW(r->a, struct condition, 1);
        if (!out->where) return read_no_memory(r);
        out->n_where = 1;
        return read_condition(r, j, at, step ? RULE_STEP_KEYS : " ", out->where);
    }
    err_code rc = rule_type_of(r, j, at, &out->type);
    if (rc != ERR_OK) return rc;
    char allowed[120];
    const char *unknown;
    snprintf(allowed, sizeof allowed, " type%s%s", types[out->type].keys,
             step ? RULE_STEP_KEYS : "");
    if (!read_only(j, allowed, &unknown))
        return read_bad(r, at, unknown, "a rule of this type has no such field");
    return read_typed(r, j, at, depth, step, out);
}

err_code rule_from_json(const json_t *j, const char *field, struct arena *a, struct rule *out,
                        struct err *err)
{
    struct reader r = {a, err};
    return read_rule(&r, j, field ? field : "", 1, false, out);
}

err_code rule_from_step_json(const json_t *j, const char *field, struct arena *a, struct rule *out,
                             struct err *err)
{
    struct reader r = {a, err};
    return read_rule(&r, j, field ? field : "", 1, true, out);
}

bool rule_is_stateful(const struct rule *r)
{
    switch (r->type) {
    case RULE_DURATION:
    case RULE_PAGES:
    case RULE_ENGAGED:
    case RULE_SEQUENCE:
    case RULE_RETURNS: return true;
    default: break;
    }
    for (size_t i = 0; i < r->n_children; i++)
        if (rule_is_stateful(&r->children[i])) return true;
    return false;
}
