#include "report/goals.h"

#include <stdio.h>

#include "event/currency.h"
#include "report/counted.h"

#include "stats/interval.h"

static struct str text_at(const json_t *doc, const char *key)
{
    const json_t *v = json_object_get(doc, key);
    return (struct str){json_string_value(v), json_string_length(v)};
}

static err_code no_memory(struct err *err)
{
    return err_set(err, ERR_NOMEM, 0, "the goals of a report");
}

/* "value" and "currency": what a conversion is worth. */
static err_code read_value(const struct request *q, const json_t *doc, const char *field,
                           struct site_goal *out, struct err *err)
{
    char at[80];
    const json_t *value = json_object_get(doc, "value");
    const json_t *fixed = json_object_get(value, "fixed");
    struct str currency = text_at(doc, "currency");
    if (currency.n == 0) currency = str_of(q->currency);
    out->currency = arena_copy(q->a, currency);
    if (!out->currency.p) return no_memory(err);
    if (!value || json_is_null(value) || json_is_string(value)) return ERR_OK;
    snprintf(at, sizeof at, "%.60s%svalue", field, *field ? "." : "");
    if (str_is(text_at(value, "from"), "event")) {
        out->value = VALUE_FROM_EVENT;
        return ERR_OK;
    }
    if (!json_is_number(fixed) ||
        !currency_minor(currency, json_number_value(fixed), &out->fixed_minor))
        return request_bad(err, at,
                           "{\"fixed\":number} in a known currency or {\"from\":\"event\"}");
    out->value = VALUE_FIXED;
    return ERR_OK;
}

static err_code read_count(const json_t *doc, const char *field, struct site_goal *out,
                           struct err *err)
{
    static const char *const words[] = {
        [GOAL_PER_SESSION] = "session", [GOAL_PER_VISITOR] = "visitor", [GOAL_EVERY] = "every"};
    char at[80];
    if (!json_object_get(doc, "count")) return ERR_OK;
    for (int i = 0; i < 3; i++)
        if (str_is(text_at(doc, "count"), words[i])) {
            out->count = (enum goal_count)i;
            return ERR_OK;
        }
    snprintf(at, sizeof at, "%.60s%scount", field, *field ? "." : "");
    return request_bad(err, at, "session, visitor or every is needed");
}

err_code goal_read(const struct request *q, const json_t *doc, const char *field,
                   struct site_goal *out, struct err *err)
{
    char at[80];
    *out = (struct site_goal){0};
    struct str class = text_at(doc, "class"), name = text_at(doc, "name");
    out->key = arena_copy(q->a, text_at(doc, "key"));
    out->name = arena_copy(q->a, name.n ? name : text_at(doc, "key"));
    out->class = arena_copy(q->a, class.n ? class : STR("secondary"));
    if (!out->key.p || !out->name.p || !out->class.p) return no_memory(err);
    snprintf(at, sizeof at, "%.60s%srule", field, *field ? "." : "");
    err_code rc = rule_from_json(json_object_get(doc, "rule"), at, q->a, &out->rule, err);
    if (rc == ERR_OK) rc = read_count(doc, field, out, err);
    if (rc == ERR_OK) rc = read_value(q, doc, field, out, err);
    return rc;
}

err_code goals_load(const struct request *q, struct goal_set *out, struct err *err)
{
    json_t *list = NULL;
    *out = (struct goal_set){0};
    err_code rc = config_list(q->x->config, q->site, "goals", &list, err);
    if (rc != ERR_OK) return rc;
    size_t n = json_array_size(list);
    out->goals = ARENA_NEW(q->a, struct site_goal, n ? n : 1);
    if (!out->goals) rc = no_memory(err);
    for (; rc == ERR_OK && out->n < n; out->n++) {
        char field[80];
        snprintf(field, sizeof field, "goals[%zu]", out->n);
        rc = goal_read(q, json_array_get(list, out->n), field, &out->goals[out->n], err);
    }
    json_decref(list);
    return rc;
}

err_code goals_find(const struct goal_set *set, struct str key, const char *field,
                    const struct site_goal **out, struct err *err)
{
    for (size_t i = 0; i < set->n; i++)
        if (str_eq(set->goals[i].key, key)) {
            *out = &set->goals[i];
            return ERR_OK;
        }
    return err_named(err, ERR_INVALID, "unknown_goal", field, "there is no goal \"%.*s\"",
                     STR_FMT(str_sub(key, 0, 80)));
}

/* Who a lead is: the site's "lead", {"goal":key} or "known". */
static err_code read_lead(const struct request *q, struct plan *p, struct rate_def *def,
                          struct err *err)
{
    json_t *site = NULL, *doc = NULL;
    err_code rc = config_site_json(q->x->config, q->site, &site, err);
    if (rc != ERR_OK) return rc;
    const json_t *lead = json_object_get(site, "lead");
    if (json_is_string(lead) && strcmp(json_string_value(lead), "known") == 0) {
        def->lead = RATE_LEAD_KNOWN;
    } else if (json_is_object(lead)) {
        struct site_goal goal;
        unsigned bit = 0;
        rc = config_get(q->x->config, q->site, "goals", text_at(lead, "goal"), &doc, err);
        if (rc == ERR_NOT_FOUND)
            rc = err_named(err, ERR_INVALID, "unknown_goal", "unit",
                           "the site's lead is a goal that does not exist");
        if (rc == ERR_OK) rc = goal_read(q, doc, "lead", &goal, err);
        if (rc == ERR_OK) rc = plan_predicate(p, &goal.rule, &bit, err);
        def->lead = RATE_LEAD_GOAL;
        def->lead_bit = (uint8_t)bit;
    }
    json_decref(doc);
    json_decref(site);
    return rc;
}

static json_t *fixed_value(const struct site_goal *g, uint64_t conversions)
{
    int64_t sum;
    if (__builtin_mul_overflow(g->fixed_minor, (int64_t)conversions, &sum))
        return answer_none(STAT_NOT_DEFINED, "the sum is too large");
    return answer_money(sum, g->currency);
}

/* One currency as an object, several as a list: sums across currencies are never made. */
static json_t *event_value(const struct plan *p, const struct site_goal *g,
                           const struct rate_row *row)
{
    if (row->n_money == 0) return answer_money(0, g->currency);
    if (row->n_money == 1)
        return answer_money(row->money[0].minor, plan_currency_text(p, row->money[0].currency));
    json_t *list = json_array();
    for (size_t i = 0; list && i < row->n_money; i++)
        if (!list_add(list, answer_money(row->money[i].minor,
                                         plan_currency_text(p, row->money[i].currency)))) {
            json_decref(list);
            list = NULL;
        }
    return list;
}

/* The rate in the asked unit: who converted of who could, or conversions a unit when each counts.
 */
static void one_rate(const struct request *q, const struct site_goal *g,
                     const struct rate_answer *a, const struct rate_row *row,
                     struct goal_result *out)
{
    if (q->unit == UNIT_LEAD) {
        out->n = row->leads;
        out->rate = interval_wilson(row->leads, a->leads);
    } else if (g->count == GOAL_EVERY) {
        const struct cluster_sums *s =
            q->unit == UNIT_SESSION ? &row->per_session : &row->per_visitor;
        out->n = s->y;
        /* Nobody did it: the delta method has no variance to go by, Wilson has. */
        out->rate = s->y == 0 ? interval_wilson(0, s->k) : cluster_ratio(s);
    } else if (q->unit == UNIT_SESSION) {
        out->n = row->sessions.y;
        out->rate = cluster_share(&row->sessions);
    } else {
        out->n = row->visitors;
        out->rate = interval_wilson(row->visitors, a->visitors);
    }
}

err_code goals_bind(const struct request *q, const struct goal_set *set, size_t first, size_t n,
                    struct plan *p, struct rate_def *def, struct err *err)
{
    unsigned needs = NEED_SESSIONS;
    *def = (struct rate_def){.n_goals = n, .from_ms = q->range.from_ms, .to_ms = q->range.to_ms};
    for (size_t i = 0; i < n; i++) {
        const struct site_goal *g = &set->goals[first + i];
        unsigned bit = 0;
        err_code rc = plan_predicate(p, &g->rule, &bit, err);
        if (rc != ERR_OK) return rc;
        def->goal[i] = (struct goal){(uint8_t)bit, g->count};
        def->value_from_event[i] = g->value == VALUE_FROM_EVENT;
        if (g->value == VALUE_FROM_EVENT) needs |= NEED_VALUE;
    }
    if (q->unit == UNIT_LEAD) {
        err_code rc = read_lead(q, p, def, err);
        if (rc != ERR_OK) return rc;
    }
    plan_need(p, needs);
    plan_time(p, def->lead == RATE_LEAD_GOAL ? INT64_MIN : def->from_ms, def->to_ms);
    return ERR_OK;
}

err_code goals_take(const struct request *q, const struct goal_set *set, size_t first, size_t n,
                    const struct plan *p, const struct rate_def *def,
                    const struct rate_answer *answer, struct goal_results *out, struct err *err)
{
    out->no_lead = q->unit == UNIT_LEAD && def->lead == RATE_LEAD_NONE;
    out->units = q->unit == UNIT_SESSION ? answer->sessions
                 : q->unit == UNIT_LEAD  ? answer->leads
                                         : answer->visitors;
    for (size_t i = 0; i < n; i++) {
        const struct site_goal *g = &set->goals[first + i];
        const struct rate_row *row = &answer->rows[i];
        struct goal_result *to = &out->of[first + i];
        to->hits = row->hits;
        to->conversions = row->conversions;
        one_rate(q, g, answer, row, to);
        to->value = g->value == VALUE_FIXED ? fixed_value(g, row->conversions)
                    : g->value == VALUE_FROM_EVENT
                        ? event_value(p, g, row)
                        : answer_none(STAT_NOT_DEFINED, "the goal has no value");
        if (!to->value) return no_memory(err);
    }
    return ERR_OK;
}

void goal_results_release(struct goal_results *r)
{
    for (size_t i = 0; i < r->n; i++) {
        json_decref(r->of[i].value);
        r->of[i].value = NULL;
    }
}

static json_t *rate_of(const struct goal_results *r, size_t i)
{
    if (r->no_lead)
        return answer_none(STAT_NOT_DEFINED, "the site has not said what a lead is (its `lead`)");
    return answer_rate(r->of[i].n, r->units, &r->of[i].rate);
}

err_code goals_list(const struct goal_set *set, struct goal_results *r, json_t **out,
                    struct err *err)
{
    *out = json_array();
    for (size_t i = 0; *out && i < set->n; i++) {
        const struct site_goal *g = &set->goals[i];
        struct maker m = make_begin();
        json_t *row = NULL;
        make_text(&m, "key", g->key);
        make_text(&m, "name", g->name);
        make_text(&m, "class", g->class);
        make_count(&m, "hits", r->of[i].hits);
        make_count(&m, "conversions", r->of[i].conversions);
        make_set(&m, "converted", rate_of(r, i));
        make_set(&m, "value", r->of[i].value);
        r->of[i].value = NULL;
        if (make_end(&m, &row, NULL) != ERR_OK || !list_add(*out, row)) {
            json_decref(*out);
            *out = NULL;
        }
    }
    return *out ? ERR_OK : no_memory(err);
}

static err_code goals_result(const struct request *q, const struct counting *what,
                             struct counted *c, json_t **result, struct err *err)
{
    json_t *list = NULL;
    err_code rc = goals_list(what->goals, &c->goals, &list, err);
    if (rc != ERR_OK) return rc;
    struct maker m = make_begin();
    make_text(&m, "unit", str_of(unit_names[q->unit]));
    make_count(&m, "units", c->goals.units);
    make_set(&m, "goals", list);
    return make_end(&m, result, err);
}

err_code report_goals(const struct request *q, json_t **result, struct err *err)
{
    struct goal_set set;
    const struct counting what = {.goals = &set};
    err_code rc = goals_load(q, &set, err);
    return rc == ERR_OK ? counted_result(q, &what, goals_result, result, err) : rc;
}
