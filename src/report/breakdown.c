#include "report/breakdown.h"

#include <stdio.h>

#include "kernels/tally.h"
#include "report/goals.h"

enum { MAX_METRICS = 40 };

struct metric {
    const char *name; /* as asked: the key in the rows */
    enum tally_by by;
    size_t goal; /* of TALLY_BY_HITS and TALLY_BY_CONVERSIONS: of the definition */
};

struct table_ask {
    struct str dimension;
    struct metric metrics[MAX_METRICS];
    size_t n_metrics, by;
    struct goal_set goals;
    const struct rule *rules[MAX_METRICS]; /* of the definition's goals */
    enum goal_count counts[MAX_METRICS];
    size_t n_goals;
};

static err_code no_memory(struct err *err)
{
    return err_set(err, ERR_NOMEM, 0, "a breakdown");
}

static err_code read_dimension(const struct request *q, struct str *out, struct err *err)
{
    err_code rc = request_text(q, "dimension", out, err);
    if (rc != ERR_OK) return rc;
    if (out->n == 0)
        return err_named(err, ERR_INVALID, "missing_field", "dimension", "dimension is missing");
    if (!rule_property_known(*out))
        return err_named(err, ERR_INVALID, "unknown_property", "dimension",
                         "there is no property \"%.*s\"", STR_FMT(str_sub(*out, 0, 80)));
    return ERR_OK;
}

static err_code read_metric(const struct json_t *v, const char *field, struct table_ask *ask,
                            struct err *err)
{
    static const struct {
        const char *name;
        enum tally_by by;
    } plain[] = {{"visitors", TALLY_BY_VISITORS},
                 {"sessions", TALLY_BY_SESSIONS},
                 {"views", TALLY_BY_VIEWS},
                 {"hits", TALLY_BY_EVENTS}};
    struct str text = {json_string_value(v), json_string_length(v)}, key;
    struct metric *m = &ask->metrics[ask->n_metrics];
    m->name = json_string_value(v);
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
        if (json_is_string(v) && str_is(text, plain[i].name)) {
            m->by = plain[i].by;
            ask->n_metrics++;
            return ERR_OK;
        }
    struct str kind = str_cut(text, ':', &key);
    bool hits = str_is(kind, "hits");
    if (!json_is_string(v) || key.n == 0 || (!hits && !str_is(kind, "conversions")))
        return err_named(
            err, ERR_INVALID, "unknown_metric", field,
            "%s: visitors, sessions, views, hits, hits:<goal> and conversions:<goal> are known",
            field);
    const struct site_goal *g = NULL;
    err_code rc = goals_find(&ask->goals, key, field, &g, err);
    if (rc != ERR_OK) return rc;
    m->by = hits ? TALLY_BY_HITS : TALLY_BY_CONVERSIONS;
    m->goal = ask->n_goals;
    for (size_t i = 0; i < ask->n_goals; i++)
        if (ask->rules[i] == &g->rule) m->goal = i;
    if (m->goal == ask->n_goals) {
        ask->rules[ask->n_goals] = &g->rule;
        ask->counts[ask->n_goals++] = g->count;
    }
    ask->n_metrics++;
    return ERR_OK;
}

static err_code read_metrics(const struct request *q, struct table_ask *ask, struct err *err)
{
    const json_t *list = json_object_get(q->json, "metrics");
    struct str by = STR_NONE;
    err_code rc = goals_load(q, &ask->goals, err);
    if (rc == ERR_OK) rc = request_text(q, "by", &by, err);
    if (rc != ERR_OK) return rc;
    if (!list) {
        ask->metrics[0] = (struct metric){"visitors", TALLY_BY_VISITORS, 0};
        ask->metrics[1] = (struct metric){"sessions", TALLY_BY_SESSIONS, 0};
        ask->metrics[2] = (struct metric){"views", TALLY_BY_VIEWS, 0};
        ask->metrics[3] = (struct metric){"hits", TALLY_BY_EVENTS, 0};
        ask->n_metrics = 4;
    }
    if (list && (json_array_size(list) == 0 || json_array_size(list) > MAX_METRICS))
        return request_bad(err, "metrics", "a list of 1 to 40 metrics is needed");
    for (size_t i = 0; i < json_array_size(list); i++) {
        char field[80];
        snprintf(field, sizeof field, "metrics[%zu]", i);
        rc = read_metric(json_array_get(list, i), field, ask, err);
        if (rc != ERR_OK) return rc;
    }
    for (size_t i = 0; by.n && i < ask->n_metrics; i++) {
        if (str_is(by, ask->metrics[i].name)) {
            ask->by = i;
            return ERR_OK;
        }
    }
    return by.n ? request_bad(err, "by", "it is none of the metrics") : ERR_OK;
}

static uint64_t metric_of(const struct metric *m, const struct tally_row *r)
{
    switch (m->by) {
    case TALLY_BY_VISITORS: return r->visitors;
    case TALLY_BY_SESSIONS: return r->sessions;
    case TALLY_BY_VIEWS: return r->views;
    case TALLY_BY_EVENTS: return r->events;
    case TALLY_BY_HITS: return r->hits[m->goal];
    case TALLY_BY_CONVERSIONS: return r->conversions[m->goal];
    }
    return 0;
}

static json_t *row_of(const struct table_ask *ask, const struct tally_row *r, json_t *value)
{
    struct maker m = make_begin();
    json_t *row = NULL;
    make_set(&m, "value", value);
    for (size_t i = 0; i < ask->n_metrics; i++)
        make_count(&m, ask->metrics[i].name, metric_of(&ask->metrics[i], r));
    return make_end(&m, &row, NULL) == ERR_OK ? row : NULL;
}

static json_t *rows_of(const struct table_ask *ask, const struct plan *p, unsigned slot,
                       const struct tally_answer *a)
{
    json_t *rows = json_array();
    bool ok = rows != NULL;
    for (size_t i = 0; ok && i < a->n_rows; i++) {
        uint32_t code = a->rows[i].code;
        json_t *value = code == JOURNEY_NO_VALUE ? json_null()
                                                 : answer_text(plan_dimension_text(p, slot, code));
        ok = list_add(rows, row_of(ask, &a->rows[i], value));
    }
    if (ok && (a->n_values > a->n_rows || a->capped))
        ok = list_add(rows, row_of(ask, &a->other, json_string("(other)")));
    if (ok) return rows;
    json_decref(rows);
    return NULL;
}

/* Counts the values of the asked dimension; the plan stays open for the texts of the answer. */
static err_code tally_run(const struct request *q, const struct table_ask *ask,
                          const struct rule *only, struct plan **plan, unsigned *slot,
                          struct tally_answer *answer, struct err *err)
{
    struct tally_state state = {0};
    bool scanned = false;
    struct tally_def *def = ARENA_NEW(q->a, struct tally_def, 1);
    if (!def) return no_memory(err);
    def->from_ms = q->range.from_ms;
    def->to_ms = q->range.to_ms;
    err_code rc = request_plan(q, plan, err);
    if (rc == ERR_OK) rc = request_dimension(*plan, ask->dimension, "dimension", slot, err);
    if (rc == ERR_OK && only) rc = plan_filter(*plan, only, ON_EVENT, err);
    for (size_t i = 0; rc == ERR_OK && i < ask->n_goals; i++) {
        unsigned bit = 0;
        rc = plan_predicate(*plan, ask->rules[i], &bit, err);
        def->goal[def->n_goals++] = (struct goal){(uint8_t)bit, ask->counts[i]};
    }
    if (rc != ERR_OK) return rc;
    def->slot = *slot;
    plan_need(*plan, NEED_SESSIONS);
    plan_time(*plan, def->from_ms, def->to_ms);
    rc = request_scan(q, *plan, &tally_kernel, def, &state, err);
    scanned = rc == ERR_OK;
    const struct metric *by = &ask->metrics[ask->by];
    if (rc == ERR_OK) rc = tally_finish(&state, def, by->by, by->goal, q->limit, q->a, answer, err);
    if (scanned && tally_kernel.release) tally_kernel.release(&state);
    return rc;
}

err_code report_breakdown(const struct request *q, json_t **result, struct err *err)
{
    struct plan *p = NULL;
    struct tally_answer answer = {0};
    unsigned slot = 0;
    struct table_ask *ask = ARENA_NEW(q->a, struct table_ask, 1);
    if (!ask) return no_memory(err);
    err_code rc = read_dimension(q, &ask->dimension, err);
    if (rc == ERR_OK) rc = read_metrics(q, ask, err);
    if (rc == ERR_OK) rc = tally_run(q, ask, NULL, &p, &slot, &answer, err);
    if (rc == ERR_OK) {
        struct maker m = make_begin();
        make_text(&m, "dimension", ask->dimension);
        make_count(&m, "total", answer.n_values);
        make_set(&m, "rows", rows_of(ask, p, slot, &answer));
        rc = make_end(&m, result, err);
    }
    plan_close(p);
    return rc;
}

/* `text` as it is, in a regular expression. */
static struct str quoted(struct arena *a, const char *before, struct str text)
{
    struct buf b = {0};
    buf_z(&b, before);
    for (size_t i = 0; i < text.n; i++) {
        if (strchr("\\^$.[]|()?*+{}#-/", text.p[i])) buf_char(&b, '\\');
        buf_char(&b, text.p[i]);
    }
    struct str out = b.bad ? STR_NONE : arena_copy(a, buf_view(&b));
    buf_free(&b);
    return out;
}

err_code report_values(const struct request *q, json_t **result, struct err *err)
{
    struct plan *p = NULL;
    struct tally_answer answer = {0};
    struct str prefix = STR_NONE, contains = STR_NONE, pattern = STR_NONE;
    unsigned slot = 0;
    struct table_ask *ask = ARENA_NEW(q->a, struct table_ask, 1);
    if (!ask) return no_memory(err);
    ask->metrics[0] = (struct metric){"n", TALLY_BY_EVENTS, 0};
    ask->n_metrics = 1;
    err_code rc = read_dimension(q, &ask->dimension, err);
    if (rc == ERR_OK) rc = request_text(q, "prefix", &prefix, err);
    if (rc == ERR_OK) rc = request_text(q, "contains", &contains, err);
    if (rc != ERR_OK) return rc;
    if (prefix.n > RULE_MAX_REGEX / 2 || contains.n > RULE_MAX_REGEX / 2)
        return request_bad(err, prefix.n ? "prefix" : "contains", "it is too long");
    if (prefix.n || contains.n) {
        pattern = quoted(q->a, prefix.n ? "(?i)^" : "(?i)", prefix.n ? prefix : contains);
        if (!pattern.p) return no_memory(err);
    }
    struct condition where = {ask->dimension, OP_REGEX, &pattern, 1, 0};
    struct rule only = {.type = RULE_CONDITIONS, .where = &where, .n_where = 1};
    rc = tally_run(q, ask, pattern.n ? &only : NULL, &p, &slot, &answer, err);
    if (rc == ERR_OK) {
        struct maker m = make_begin();
        make_text(&m, "dimension", ask->dimension);
        make_count(&m, "total", answer.n_values);
        make_set(&m, "values", rows_of(ask, p, slot, &answer));
        rc = make_end(&m, result, err);
    }
    plan_close(p);
    return rc;
}
