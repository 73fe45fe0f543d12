#include "report/counted.h"

#include "base/map.h"
#include "kernels/grouped.h"
#include "kernels/tally.h"

/* Goals in one pass.  A plan has 64 predicates, and macro goals and the lead goal need some. */
enum { GOALS_A_PASS = 40, MACROS = 20 };
enum { PART_RATE, PART_OVERVIEW, PART_IDS };

static err_code no_memory(struct err *err)
{
    return err_set(err, ERR_NOMEM, 0, "the numbers of a report");
}

/* --- the values to split by */

err_code values_largest(const struct request *q, struct values *out, struct err *err)
{
    struct plan *p = NULL;
    struct tally_state state = {0};
    struct tally_answer answer = {0};
    bool scanned = false;
    const enum tally_by by = q->unit == UNIT_SESSION ? TALLY_BY_SESSIONS : TALLY_BY_VISITORS;
    struct tally_def *def = ARENA_NEW(q->a, struct tally_def, 1);
    if (!def) return no_memory(err);
    def->from_ms = q->range.from_ms;
    def->to_ms = q->range.to_ms;
    err_code rc = request_plan(q, &p, err);
    if (rc == ERR_OK) rc = request_dimension(p, q->breakdown, "breakdown", &def->slot, err);
    if (rc != ERR_OK) goto out;
    plan_need(p, NEED_SESSIONS);
    plan_time(p, def->from_ms, def->to_ms);
    rc = request_scan(q, p, &tally_kernel, def, &state, err);
    scanned = rc == ERR_OK;
    if (rc == ERR_OK) rc = tally_finish(&state, def, by, 0, q->limit, q->a, &answer, err);
    if (rc != ERR_OK) goto out;
    out->n = answer.n_rows;
    out->more = answer.n_values > answer.n_rows || answer.capped;
    out->of = ARENA_NEW(q->a, struct str, out->n ? out->n : 1);
    if (!out->of) rc = no_memory(err);
    for (size_t i = 0; rc == ERR_OK && i < out->n; i++) {
        if (answer.rows[i].code == JOURNEY_NO_VALUE) continue;
        out->of[i] = arena_copy(q->a, plan_dimension_text(p, def->slot, answer.rows[i].code));
        if (!out->of[i].p) rc = no_memory(err);
    }
out:
    if (scanned) tally_kernel.release(&state);
    plan_close(p);
    return rc;
}

size_t counted_places(const struct values *values)
{
    return 1 + (values ? values->n + values->more : 0);
}

/* Which group each code of the dimension is in. */
static err_code map_groups(const struct request *q, struct plan *p, const struct values *values,
                           struct grouped_def *def, struct err *err)
{
    struct map *index = NULL;
    err_code rc = request_dimension(p, q->breakdown, "breakdown", &def->slot, err);
    if (rc == ERR_OK) rc = map_open(&index, err);
    for (size_t i = 0; rc == ERR_OK && i < values->n; i++) {
        uint32_t number;
        rc = map_add(index, values->of[i], &number, NULL, err);
    }
    uint32_t n_codes = rc == ERR_OK ? plan_dimension_count(p, def->slot) : 0;
    uint16_t *group_of = ARENA_NEW(q->a, uint16_t, n_codes + 1);
    if (rc == ERR_OK && !group_of) rc = no_memory(err);
    const uint16_t rest = values->more ? (uint16_t)values->n : GROUPED_NONE;
    for (uint32_t code = 0; rc == ERR_OK && code < n_codes; code++) {
        uint32_t i = map_find(
            index, code == JOURNEY_NO_VALUE ? STR_NONE : plan_dimension_text(p, def->slot, code));
        group_of[code] = i == MAP_NONE ? rest : (uint16_t)i;
    }
    def->n_groups = counted_places(values) - 1;
    def->group_of = group_of;
    map_close(index);
    return rc;
}

/* --- one pass */

struct pass {
    const struct request *q;
    const struct counting *what;
    const struct values *values;
    struct plan *plan;
    struct rate_def rate;
    struct overview_def overview;
    struct ids_def ids;
    struct grouped_def grouped;
    size_t first, n; /* goals */
};

/* Goals of class macro make a session engaged and are the conversions of the series. */
static err_code bind_overview(struct pass *x, struct err *err)
{
    const struct goal_set *set = x->what->goals;
    struct overview_def *def = &x->overview;
    *def = (struct overview_def){.from_ms = x->q->range.from_ms,
                                 .to_ms = x->q->range.to_ms,
                                 .bucket_ms = x->what->series->start_ms,
                                 .n_buckets = x->what->series->n};
    for (size_t i = 0; i < set->n && def->n_macros < MACROS; i++) {
        unsigned bit = x->rate.goal[i < x->n ? i : 0].bit;
        if (!str_is(set->goals[i].class, "macro")) continue;
        if (i >= x->n) {
            err_code rc = plan_predicate(x->plan, &set->goals[i].rule, &bit, err);
            if (rc != ERR_OK) return rc;
        }
        def->macro[def->n_macros++] = (struct goal){(uint8_t)bit, set->goals[i].count};
        def->key_bits |= UINT64_C(1) << bit;
    }
    plan_need(x->plan, NEED_ENGAGED);
    return ERR_OK;
}

static err_code bind(struct pass *x, struct err *err)
{
    const struct request *q = x->q;
    err_code rc = request_plan(q, &x->plan, err);
    if (rc == ERR_OK) rc = goals_bind(q, x->what->goals, x->first, x->n, x->plan, &x->rate, err);
    x->grouped.n_parts = 1;
    x->grouped.kernel[PART_RATE] = &rate_kernel;
    x->grouped.def[PART_RATE] = &x->rate;
    if (rc == ERR_OK && x->what->overview && x->first == 0) {
        rc = bind_overview(x, err);
        x->ids = (struct ids_def){q->range.from_ms, q->range.to_ms, 0};
        x->grouped.n_parts = 3;
        x->grouped.kernel[PART_OVERVIEW] = &overview_kernel;
        x->grouped.def[PART_OVERVIEW] = &x->overview;
        x->grouped.kernel[PART_IDS] = &ids_kernel;
        x->grouped.def[PART_IDS] = &x->ids;
    }
    if (rc == ERR_OK && x->values) rc = map_groups(q, x->plan, x->values, &x->grouped, err);
    return rc;
}

static err_code part_at(struct grouped_state *s, size_t place, size_t part, void **out,
                        struct err *err)
{
    return place == 0 ? grouped_all(s, part, out, err)
                      : grouped_group(s, place - 1, part, out, err);
}

static err_code take(struct pass *x, struct grouped_state *s, size_t place, struct counted *out,
                     struct err *err)
{
    void *part;
    struct rate_answer rates = {0};
    err_code rc = part_at(s, place, PART_RATE, &part, err);
    if (rc == ERR_OK) rc = rate_finish(part, &x->rate, x->q->a, &rates, err);
    if (rc == ERR_OK)
        rc = goals_take(x->q, x->what->goals, x->first, x->n, x->plan, &x->rate, &rates,
                        &out->goals, err);
    if (rc != ERR_OK || x->grouped.n_parts == 1) return rc;
    rc = part_at(s, place, PART_OVERVIEW, &part, err);
    if (rc == ERR_OK) rc = overview_finish(part, &x->overview, x->q->a, &out->overview, err);
    if (rc == ERR_OK) rc = part_at(s, place, PART_IDS, &part, err);
    if (rc == ERR_OK) out->ids = *(struct ids_state *)part;
    return rc;
}

static err_code run_pass(struct pass *x, struct counted *out, struct err *err)
{
    struct grouped_state state = {0};
    err_code rc = bind(x, err);
    if (rc == ERR_OK) rc = request_scan(x->q, x->plan, &grouped_kernel, &x->grouped, &state, err);
    if (rc == ERR_OK) {
        for (size_t place = 0; rc == ERR_OK && place < counted_places(x->values); place++)
            rc = take(x, &state, place, &out[place], err);
        grouped_kernel.release(&state);
    }
    plan_close(x->plan);
    return rc;
}

err_code counted_run(const struct request *q, const struct counting *what,
                     const struct values *values, struct counted **out, struct err *err)
{
    const size_t places = counted_places(values), n_goals = what->goals->n;
    struct counted *c = ARENA_NEW(q->a, struct counted, places);
    *out = c;
    if (!c) return no_memory(err);
    for (size_t i = 0; i < places; i++) {
        c[i].goals.of = ARENA_NEW(q->a, struct goal_result, n_goals ? n_goals : 1);
        if (!c[i].goals.of) return no_memory(err);
        c[i].goals.n = n_goals;
    }
    err_code rc = ERR_OK;
    for (size_t first = 0; rc == ERR_OK && (first == 0 || first < n_goals); first += GOALS_A_PASS) {
        struct pass *x = ARENA_NEW(q->a, struct pass, 1);
        if (!x) return no_memory(err);
        *x = (struct pass){.q = q, .what = what, .values = values, .first = first};
        x->n = n_goals - first < GOALS_A_PASS ? n_goals - first : GOALS_A_PASS;
        rc = run_pass(x, c, err);
    }
    return rc;
}

void counted_release(struct counted *c, const struct values *values)
{
    for (size_t i = 0; c && i < counted_places(values); i++) goal_results_release(&c[i].goals);
}

/* --- to JSON */

json_t *group_of(struct str value, bool absent, json_t *result)
{
    json_t *group = json_object();
    bool ok = group && result &&
              json_object_set_new(group, "value", absent ? json_null() : answer_text(value)) == 0 &&
              json_object_update(group, result) == 0;
    json_decref(result);
    if (ok) return group;
    json_decref(group);
    return NULL;
}

static err_code make_groups(const struct request *q, const struct counting *what,
                            const struct values *values, struct counted *c, counted_json one,
                            json_t *result, struct err *err)
{
    json_t *groups = json_array();
    err_code rc = groups ? ERR_OK : no_memory(err);
    for (size_t place = 1; rc == ERR_OK && place < counted_places(values); place++) {
        bool rest = place == values->n + 1;
        struct str value = rest ? STR("(other)") : values->of[place - 1];
        json_t *made = NULL;
        rc = one(q, what, &c[place], &made, err);
        if (rc == ERR_OK && !list_add(groups, group_of(value, value.n == 0, made)))
            rc = no_memory(err);
    }
    if (rc != ERR_OK) {
        json_decref(groups);
        return rc;
    }
    return json_object_set_new(result, "groups", groups) == 0 ? ERR_OK : no_memory(err);
}

err_code counted_result(const struct request *q, const struct counting *what, counted_json one,
                        json_t **result, struct err *err)
{
    struct values split = {0};
    const struct values *values = q->breakdown.n ? &split : NULL;
    struct counted *c = NULL;
    *result = NULL;
    err_code rc = values ? values_largest(q, &split, err) : ERR_OK;
    if (rc == ERR_OK) rc = counted_run(q, what, values, &c, err);
    if (rc == ERR_OK) rc = one(q, what, c, result, err);
    if (rc == ERR_OK && values) rc = make_groups(q, what, values, c, one, *result, err);
    counted_release(c, values);
    if (rc == ERR_OK) return ERR_OK;
    json_decref(*result);
    *result = NULL;
    return rc;
}
