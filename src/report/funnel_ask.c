#include "report/funnel_ask.h"

#include <math.h>
#include <stdio.h>

#include "report/goals.h"

enum { WINDOW_DEFAULT_S = 7 * 24 * 3600, SECONDS_MOST = 3660 * 24 * 3600 };

const char *const funnel_own_keys = " funnel steps window_s order attempts ties scope exclude hold "
                                    "like breakdown_step name key ";

/* What is read, and where an error is. */
struct asking {
    const struct request *q;
    struct funnel_ask *ask;
    json_t *stored; /* the stored funnel's document, or NULL */
    struct goal_set goals;
    bool goals_loaded;
    struct err *err;
};

static err_code no_memory(struct err *err)
{
    return err_set(err, ERR_NOMEM, 0, "a funnel");
}

static struct str text_of(const json_t *v)
{
    return (struct str){json_string_value(v), json_string_length(v)};
}

/* A field of the request, else of the stored funnel. */
static const json_t *field_of(const struct asking *x, const char *key)
{
    const json_t *v = json_object_get(x->q->json, key);
    return v ? v : json_object_get(x->stored, key);
}

static err_code load_stored(struct asking *x)
{
    struct str key = STR_NONE;
    err_code rc = request_text(x->q, "funnel", &key, x->err);
    if (rc != ERR_OK || key.n == 0) return rc;
    rc = config_get(x->q->x->config, x->q->site, "funnels", key, &x->stored, x->err);
    if (rc == ERR_NOT_FOUND)
        return err_named(x->err, ERR_INVALID, "unknown_funnel", "funnel",
                         "there is no funnel \"%.*s\"", STR_FMT(str_sub(key, 0, 80)));
    return rc;
}

static err_code find_goal(struct asking *x, const json_t *key, const char *field,
                          const struct site_goal **out)
{
    if (!x->goals_loaded) {
        err_code rc = goals_load(x->q, &x->goals, x->err);
        if (rc != ERR_OK) return rc;
        x->goals_loaded = true;
    }
    if (!json_is_string(key)) return request_bad(x->err, field, "a goal's key is needed");
    return goals_find(&x->goals, text_of(key), field, out, x->err);
}

/* A step without goals in it reads by itself; {"any":[..]} with one is put together here. */
static bool has_goal(const json_t *j)
{
    const json_t *any = json_object_get(j, "any");
    if (json_object_get(j, "goal")) return true;
    for (size_t i = 0; i < json_array_size(any); i++)
        if (json_object_get(json_array_get(any, i), "goal")) return true;
    return false;
}

static err_code check_step_keys(struct asking *x, const json_t *j, const char *own, const char *at)
{
    static const char extra[] = RULE_STEP_KEYS;
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)j, key, value)
    {
        char spaced[40], field[80];
        int n = snprintf(spaced, sizeof spaced, " %s ", key);
        bool fits = n < (int)sizeof spaced && !strchr(key, ' ');
        if (strcmp(key, own) == 0 || (fits && strstr(extra, spaced))) continue;
        snprintf(field, sizeof field, "%.40s.%.30s", at, key);
        return request_bad(x->err, field, "a step has no such field");
    }
    return ERR_OK;
}

static err_code read_step_rule(struct asking *x, const json_t *j, const char *at, int depth,
                               struct rule *out)
{
    char field[80];
    if (!has_goal(j)) return rule_from_step_json(j, at, x->q->a, out, x->err);
    const json_t *goal = json_object_get(j, "goal"), *any = json_object_get(j, "any");
    err_code rc = check_step_keys(x, j, goal ? "goal" : "any", at);
    if (rc != ERR_OK) return rc;
    if (goal) {
        const struct site_goal *g = NULL;
        snprintf(field, sizeof field, "%.60s.goal", at);
        rc = find_goal(x, goal, field, &g);
        if (rc == ERR_OK) *out = g->rule;
        return rc;
    }
    size_t n = json_array_size(any);
    snprintf(field, sizeof field, "%.60s.any", at);
    if (n > RULE_MAX_CHILDREN) return request_bad(x->err, field, "there are too many");
    *out = (struct rule){.type = RULE_ANY, .children = ARENA_NEW(x->q->a, struct rule, n)};
    if (!out->children) return no_memory(x->err);
    for (; out->n_children < n; out->n_children++) {
        struct rule *child = &out->children[out->n_children];
        snprintf(field, sizeof field, "%.50s.any[%zu]", at, out->n_children);
        rc = read_step_rule(x, json_array_get(any, out->n_children), field, depth + 1, child);
        if (rc != ERR_OK) return rc;
        if (rule_is_stateful(child))
            return err_named(x->err, ERR_INVALID, "bad_rule", field,
                             "%s: a rule about several events cannot be part of any", field);
    }
    return ERR_OK;
}

static err_code read_label(struct asking *x, const json_t *j, size_t i, struct str *out)
{
    static const char *const short_forms[] = {"label", "event", "page"};
    const json_t *goal = json_object_get(j, "goal");
    for (size_t k = 0; k < 3 && out->n == 0; k++)
        if (json_is_string(json_object_get(j, short_forms[k])))
            *out = arena_copy(x->q->a, text_of(json_object_get(j, short_forms[k])));
    if (out->n == 0 && goal) {
        const struct site_goal *g = NULL;
        err_code rc = find_goal(x, goal, "steps", &g);
        if (rc != ERR_OK) return rc;
        *out = g->name;
    }
    if (out->n == 0) {
        const char *text = arena_printf(x->q->a, "Step %zu", i + 1);
        *out = str_of(text);
    }
    return out->p ? ERR_OK : no_memory(x->err);
}

static err_code read_seconds(struct asking *x, const json_t *v, const char *field, int64_t *out_ms)
{
    double s = json_is_number(v) ? json_number_value(v) : NAN;
    if (!(s >= 0.001 && s <= SECONDS_MOST))
        return request_bad(x->err, field, "seconds, more than 0 and up to ten years, are needed");
    *out_ms = llround(s * 1000);
    return ERR_OK;
}

static err_code read_step(struct asking *x, const json_t *j, size_t i)
{
    struct funnel_def *def = &x->ask->def;
    struct funnel_step *step = &x->ask->steps[i];
    const json_t *optional = json_object_get(j, "optional"), *gap = json_object_get(j, "max_gap_s");
    char at[80], field[96];
    snprintf(at, sizeof at, "steps[%zu]", i);
    if (!json_is_object(j)) return request_bad(x->err, at, "a step is an object");
    err_code rc = read_step_rule(x, j, at, 1, &step->rule);
    if (rc == ERR_OK) rc = read_label(x, j, i, &step->label);
    if (rc != ERR_OK) return rc;
    snprintf(field, sizeof field, "%s.optional", at);
    if (optional && !json_is_boolean(optional))
        return request_bad(x->err, field, "true or false is needed");
    def->optional[i] = json_is_true(optional);
    snprintf(field, sizeof field, "%s.max_gap_s", at);
    if (gap && !json_is_null(gap)) rc = read_seconds(x, gap, field, &def->max_gap_ms[i]);
    return rc;
}

static err_code read_steps(struct asking *x)
{
    const json_t *steps = field_of(x, "steps");
    size_t n = json_array_size(steps);
    if (!steps) return err_named(x->err, ERR_INVALID, "missing_field", "steps", "steps is missing");
    if (!json_is_array(steps)) return request_bad(x->err, "steps", "a list is needed");
    if (n < FUNNEL_MIN_STEPS)
        return err_named(x->err, ERR_INVALID, "too_few_steps", "steps",
                         "a funnel has %d steps at least", FUNNEL_MIN_STEPS);
    if (n > FUNNEL_MAX_STEPS)
        return err_named(x->err, ERR_INVALID, "too_many_steps", "steps",
                         "a funnel has %d steps at most", FUNNEL_MAX_STEPS);
    x->ask->def.n_steps = n;
    for (size_t i = 0; i < n; i++) {
        err_code rc = read_step(x, json_array_get(steps, i), i);
        if (rc != ERR_OK) return rc;
    }
    return ERR_OK;
}

/* A step's number as people count, from 1; absent is `fallback`. */
static err_code read_step_number(struct asking *x, const json_t *v, const char *field,
                                 size_t fallback, size_t *out)
{
    *out = fallback;
    if (!v) return ERR_OK;
    json_int_t n = json_integer_value(v);
    if (!json_is_integer(v) || n < 1 || n > (json_int_t)x->ask->def.n_steps)
        return request_bad(x->err, field, "the number of a step is needed, from 1");
    *out = (size_t)n - 1;
    return ERR_OK;
}

static err_code read_exclusion(struct asking *x, const json_t *j, size_t i)
{
    struct funnel_def *def = &x->ask->def;
    char at[40], field[80];
    size_t from = 0, to = 0;
    snprintf(at, sizeof at, "exclude[%zu]", i);
    if (!json_is_object(j)) return request_bad(x->err, at, "{\"rule\",\"from\",\"to\"} is needed");
    json_t *rule = json_copy((json_t *)j); /* shallow: the step form without the span */
    if (!rule) return no_memory(x->err);
    json_object_del(rule, "from");
    json_object_del(rule, "to");
    err_code rc = read_step_rule(x, rule, at, 1, &x->ask->exclusions[i]);
    json_decref(rule);
    if (rc != ERR_OK) return rc;
    snprintf(field, sizeof field, "%s.from", at);
    rc = read_step_number(x, json_object_get(j, "from"), field, 0, &from);
    if (rc != ERR_OK) return rc;
    snprintf(field, sizeof field, "%s.to", at);
    rc = read_step_number(x, json_object_get(j, "to"), field, def->n_steps - 1, &to);
    if (rc != ERR_OK) return rc;
    if (to <= from) return request_bad(x->err, field, "the span ends after the step it begins at");
    def->exclusion[i].from = (uint8_t)from;
    def->exclusion[i].to = (uint8_t)to;
    def->n_exclusions++;
    return ERR_OK;
}

static err_code read_exclusions(struct asking *x)
{
    const json_t *list = field_of(x, "exclude");
    if (!list || json_is_null(list)) return ERR_OK;
    if (!json_is_array(list) || json_array_size(list) > FUNNEL_MAX_EXCLUSIONS)
        return request_bad(x->err, "exclude", "a list of up to 10 is needed");
    for (size_t i = 0; i < json_array_size(list); i++) {
        err_code rc = read_exclusion(x, json_array_get(list, i), i);
        if (rc != ERR_OK) return rc;
    }
    return ERR_OK;
}

static err_code read_hold(struct asking *x)
{
    const json_t *list = field_of(x, "hold");
    if (!list || json_is_null(list)) return ERR_OK;
    if (!json_is_array(list) || json_array_size(list) > FUNNEL_MAX_HOLD)
        return request_bad(x->err, "hold", "a list of up to 4 properties is needed");
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *v = json_array_get(list, i);
        char field[80];
        snprintf(field, sizeof field, "hold[%zu]", i);
        if (!json_is_string(v) || !rule_property_known(text_of(v)))
            return err_named(x->err, ERR_INVALID, "unknown_property", field,
                             "%s: there is no such property", field);
        x->ask->hold[i] = arena_copy(x->q->a, text_of(v));
        if (!x->ask->hold[i].p) return no_memory(x->err);
        x->ask->def.n_hold++;
    }
    return ERR_OK;
}

static err_code read_word(struct asking *x, const char *key, const char *const *words, int n,
                          int *out)
{
    const json_t *v = field_of(x, key);
    if (!v || json_is_null(v)) return ERR_OK;
    for (int i = 0; json_is_string(v) && i < n; i++)
        if (str_is(text_of(v), words[i])) {
            *out = i;
            return ERR_OK;
        }
    char why[120] = "it is none of";
    for (int i = 0; i < n; i++) {
        size_t used = strlen(why);
        snprintf(why + used, sizeof why - used, " %s", words[i]);
    }
    return request_bad(x->err, key, why);
}

/* How it is counted.  `like` sets what another system does; what is asked for by name wins over it.
 */
static err_code read_counting(struct asking *x)
{
    static const char *const orders[] = {"ordered", "strict", "any", "open"};
    static const char *const attempts[] = {"best", "first", "totals"};
    static const char *const ties[] = {"any", "arrival"};
    static const char *const scopes[] = {"visitor", "session"};
    static const char *const likes[] = {"cairn", "mixpanel", "ga4"};
    enum { CAIRN, MIXPANEL, GA4 };
    struct funnel_def *def = &x->ask->def;
    int like = CAIRN, order = FUNNEL_ORDERED, attempt = FUNNEL_BEST, tie = FUNNEL_TIES_ANY;
    int scope = x->q->has_unit && x->q->unit == UNIT_SESSION ? FUNNEL_SESSION : FUNNEL_VISITOR;
    err_code rc = read_word(x, "like", likes, 3, &like);
    if (rc != ERR_OK) return rc;
    if (like == MIXPANEL) attempt = FUNNEL_FIRST;
    def->window_ms = like == GA4 ? 0 : (int64_t)WINDOW_DEFAULT_S * 1000;
    if (rc == ERR_OK) rc = read_word(x, "order", orders, 4, &order);
    if (rc == ERR_OK) rc = read_word(x, "attempts", attempts, 3, &attempt);
    if (rc == ERR_OK) rc = read_word(x, "ties", ties, 2, &tie);
    if (rc == ERR_OK) rc = read_word(x, "scope", scopes, 2, &scope);
    if (rc != ERR_OK) return rc;
    def->order = (enum funnel_order)order;
    def->attempts = (enum funnel_attempts)attempt;
    def->ties = (enum funnel_ties)tie;
    def->scope = (enum funnel_scope)scope;
    x->ask->unit = attempt == FUNNEL_TOTALS ? "attempt" : scopes[scope];
    const json_t *window = field_of(x, "window_s");
    if (window && json_is_null(window)) def->window_ms = 0;
    if (window && !json_is_null(window)) rc = read_seconds(x, window, "window_s", &def->window_ms);
    return rc;
}

static err_code read_breakdown_step(struct asking *x)
{
    x->ask->def.breakdown = x->q->breakdown.n > 0;
    return read_step_number(x, field_of(x, "breakdown_step"), "breakdown_step", 0,
                            &x->ask->def.breakdown_step);
}

err_code funnel_ask_read(const struct request *q, struct funnel_ask **out, struct err *err)
{
    struct asking x = {.q = q, .ask = ARENA_NEW(q->a, struct funnel_ask, 1), .err = err};
    *out = x.ask;
    if (!x.ask) return no_memory(err);
    x.ask->def.from_ms = q->range.from_ms;
    x.ask->def.to_ms = q->range.to_ms;
    x.ask->def.destinations = true;
    x.ask->def.now_ms = snapshot_watermark_ms(q->snapshot);
    err_code rc = load_stored(&x);
    if (rc == ERR_OK) rc = read_steps(&x);
    if (rc == ERR_OK) rc = read_counting(&x);
    if (rc == ERR_OK) rc = read_exclusions(&x);
    if (rc == ERR_OK) rc = read_hold(&x);
    if (rc == ERR_OK) rc = read_breakdown_step(&x);
    if (rc == ERR_OK) rc = funnel_check(&x.ask->def, err);
    json_decref(x.stored);
    return rc;
}

/* Until when events may belong to an attempt that enters before to_ms. */
static int64_t last_ms(const struct funnel_def *def)
{
    /* An open funnel has a window from each step to the next. */
    int64_t windows = def->order == FUNNEL_OPEN ? (int64_t)def->n_steps - 1 : 1, last;
    if (def->window_ms == 0 || __builtin_mul_overflow(def->window_ms, windows, &last) ||
        __builtin_add_overflow(def->to_ms, last, &last))
        return INT64_MAX;
    return last;
}

err_code funnel_bind(const struct request *q, struct funnel_ask *ask, struct plan *p,
                     struct err *err)
{
    struct funnel_def *def = &ask->def;
    unsigned bit = 0;
    for (size_t i = 0; i < def->n_steps; i++) {
        err_code rc = plan_predicate(p, &ask->steps[i].rule, &bit, err);
        if (rc != ERR_OK) return rc;
        def->bit[i] = (uint8_t)bit;
    }
    for (size_t i = 0; i < def->n_exclusions; i++) {
        err_code rc = plan_predicate(p, &ask->exclusions[i], &bit, err);
        if (rc != ERR_OK) return rc;
        def->exclusion[i].bit = (uint8_t)bit;
    }
    if (def->breakdown) {
        err_code rc = request_dimension(p, q->breakdown, "breakdown", &def->breakdown_slot, err);
        if (rc != ERR_OK) return rc;
    }
    for (size_t i = 0; i < def->n_hold; i++) {
        err_code rc = request_dimension(p, ask->hold[i], "hold", &def->hold_slot[i], err);
        if (rc != ERR_OK) return rc;
    }
    plan_need(p, NEED_SESSIONS | (def->destinations ? NEED_NAME | NEED_PATH : 0));
    plan_time(p, def->from_ms, last_ms(def));
    if (def->order == FUNNEL_ORDERED || def->order == FUNNEL_STRICT)
        plan_require(p, UINT64_C(1) << def->bit[0]);
    return ERR_OK;
}
