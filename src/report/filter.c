#include "report/filter.h"

#include <stdio.h>

enum { MAX_FILTERS = 20 };

static const char *const on_names[] = {
    [ON_EVENT] = "event", [ON_SESSION] = "session", [ON_VISITOR] = "visitor"};

static bool of_the_event(struct str property)
{
    static const char *const names[] = {"name",  "host",   "path",       "query",   "title",
                                        "value", "scroll", "engaged_ms", "order_id"};
    if (str_begins(property, STR("props.")) || str_begins(property, STR("items."))) return true;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (str_is(property, names[i])) return true;
    return false;
}

enum filter_on filter_on_default(const struct rule *r)
{
    if (r->type != RULE_CONDITIONS && r->type != RULE_ANY && r->type != RULE_ALL) return ON_SESSION;
    for (size_t i = 0; i < r->n_where; i++)
        if (!of_the_event(r->where[i].property)) return ON_SESSION;
    for (size_t i = 0; i < r->n_children; i++)
        if (filter_on_default(&r->children[i]) != ON_EVENT) return ON_SESSION;
    return ON_EVENT;
}

static err_code read_on(const json_t *j, const char *at, enum filter_on *on, struct err *err)
{
    const json_t *v = json_object_get(j, "on");
    if (!v) return ERR_OK;
    for (int i = 0; json_is_string(v) && i < 3; i++)
        if (strcmp(json_string_value(v), on_names[i]) == 0) {
            *on = (enum filter_on)i;
            return ERR_OK;
        }
    char field[80];
    snprintf(field, sizeof field, "%.60s.on", at);
    return request_bad(err, field, "event, session or visitor is needed");
}

/* One filter: a condition, a rule, or {"rule":..}; "on" may stand beside each. */
static err_code add_filter(struct request *q, const json_t *j, const char *at, struct err *err)
{
    if (!json_is_object(j)) return request_bad(err, at, "a condition is needed");
    if (q->n_filters == MAX_FILTERS) return request_bad(err, at, "there are too many filters");
    struct filter *f = &q->filters[q->n_filters];
    json_t *rest = json_copy((json_t *)j); /* shallow: the same without "on" */
    if (!rest) return err_set(err, ERR_NOMEM, 0, "filter at %s", at);
    json_object_del(rest, "on");
    const json_t *rule = json_object_get(rest, "rule");
    char field[80];
    snprintf(field, sizeof field, "%.60s%s", at, rule ? ".rule" : "");
    err_code rc = rule_from_json(rule ? rule : rest, field, q->a, &f->rule, err);
    if (rc == ERR_OK && rule && json_object_size(rest) > 1)
        rc = request_bad(err, at, "only \"on\" may stand beside a rule");
    if (rc == ERR_OK) {
        f->on = filter_on_default(&f->rule);
        rc = read_on(j, at, &f->on, err);
    }
    if (rc == ERR_OK) q->n_filters++;
    json_decref(rest);
    return rc;
}

static err_code add_filters(struct request *q, const json_t *list, const char *at, struct err *err)
{
    if (!json_is_array(list)) return request_bad(err, at, "a list of conditions is needed");
    for (size_t i = 0; i < json_array_size(list); i++) {
        char field[80];
        snprintf(field, sizeof field, "%.50s[%zu]", at, i);
        err_code rc = add_filter(q, json_array_get(list, i), field, err);
        if (rc != ERR_OK) return rc;
    }
    return ERR_OK;
}

/* A segment's own fields, besides what a stored one has for people (key, name, ...). */
static err_code add_segment(struct request *q, const json_t *j, struct err *err)
{
    const json_t *rule = json_object_get(j, "rule"), *filter = json_object_get(j, "filter");
    if (filter) return add_filters(q, filter, "segment.filter", err);
    if (!rule) return add_filter(q, j, "segment", err);
    json_t *only = json_pack("{s:O}", "rule", (json_t *)rule);
    if (!only) return err_set(err, ERR_NOMEM, 0, "segment");
    err_code rc = add_filter(q, only, "segment", err);
    json_decref(only);
    if (rc != ERR_OK) return rc;
    struct filter *f = &q->filters[q->n_filters - 1];
    if (f->on == ON_EVENT)
        f->on = ON_SESSION; /* a segment is of sessions unless it says otherwise */
    return read_on(j, "segment", &f->on, err);
}

static err_code stored_segment(struct request *q, struct str key, struct err *err)
{
    json_t *doc = NULL;
    err_code rc = config_get(q->x->config, q->site, "segments", key, &doc, err);
    if (rc == ERR_NOT_FOUND)
        return err_named(err, ERR_INVALID, "unknown_segment", "segment",
                         "there is no segment \"%.*s\"", STR_FMT(str_sub(key, 0, 80)));
    if (rc != ERR_OK) return rc;
    rc = add_segment(q, doc, err);
    json_decref(doc);
    return rc;
}

err_code filters_read(struct request *q, struct err *err)
{
    const json_t *filter = json_object_get(q->json, "filter");
    const json_t *segment = json_object_get(q->json, "segment");
    q->filters = ARENA_NEW(q->a, struct filter, MAX_FILTERS);
    if (!q->filters) return err_set(err, ERR_NOMEM, 0, "filters");
    err_code rc = ERR_OK;
    if (filter && !json_is_null(filter)) rc = add_filters(q, filter, "filter", err);
    if (rc != ERR_OK || !segment || json_is_null(segment)) return rc;
    if (json_is_object(segment)) return add_segment(q, segment, err);
    if (!json_is_string(segment))
        return request_bad(err, "segment", "a segment's key or a rule is needed");
    return stored_segment(q, (struct str){json_string_value(segment), json_string_length(segment)},
                          err);
}
