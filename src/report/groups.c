#include "report/groups.h"

#include "kernels/tally.h"

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

struct values {
    struct str *of; /* empty: absent */
    size_t n;
    bool more; /* there are others */
};

/* The largest values of the dimension in the range, in the request's arena. */
static err_code largest_values(const struct request *q, struct values *out, struct err *err)
{
    struct plan *p = NULL;
    struct tally_state state = {0};
    struct tally_answer answer = {0};
    bool scanned = false;
    struct tally_def *def = ARENA_NEW(q->a, struct tally_def, 1);
    if (!def) return err_set(err, ERR_NOMEM, 0, "a breakdown");
    def->from_ms = q->range.from_ms;
    def->to_ms = q->range.to_ms;
    err_code rc = request_plan(q, &p, err);
    if (rc == ERR_OK) rc = request_dimension(p, q->breakdown, "breakdown", &def->slot, err);
    if (rc != ERR_OK) goto out;
    plan_need(p, NEED_SESSIONS);
    plan_time(p, def->from_ms, def->to_ms);
    rc = request_scan(q, p, &tally_kernel, def, &state, err);
    scanned = rc == ERR_OK;
    if (rc == ERR_OK)
        rc = tally_finish(&state, def,
                          q->unit == UNIT_SESSION ? TALLY_BY_SESSIONS : TALLY_BY_VISITORS, 0,
                          q->limit, q->a, &answer, err);
    if (rc != ERR_OK) goto out;
    out->n = answer.n_rows;
    out->more = answer.n_values > answer.n_rows || answer.capped;
    out->of = ARENA_NEW(q->a, struct str, out->n ? out->n : 1);
    if (!out->of) rc = err_set(err, ERR_NOMEM, 0, "a breakdown");
    for (size_t i = 0; rc == ERR_OK && i < out->n; i++) {
        struct str text = plan_dimension_text(p, def->slot, answer.rows[i].code);
        if (answer.rows[i].code != JOURNEY_NO_VALUE) out->of[i] = arena_copy(q->a, text);
        if (answer.rows[i].code != JOURNEY_NO_VALUE && !out->of[i].p)
            rc = err_set(err, ERR_NOMEM, 0, "a breakdown");
    }
out:
    if (scanned && tally_kernel.release) tally_kernel.release(&state);
    plan_close(p);
    return rc;
}

/* The request narrowed by one more filter on events, which the group's result is then made of. */
static err_code narrowed(const struct request *q, struct condition *where, size_t n,
                         struct request *out, struct err *err)
{
    *out = *q;
    out->filters = ARENA_NEW(q->a, struct filter, q->n_filters + 1);
    if (!out->filters) return err_set(err, ERR_NOMEM, 0, "a breakdown");
    if (q->n_filters) memcpy(out->filters, q->filters, q->n_filters * sizeof *q->filters);
    out->filters[q->n_filters] = (struct filter){
        .rule = {.type = RULE_CONDITIONS, .where = where, .n_where = n}, .on = ON_EVENT};
    out->n_filters++;
    out->breakdown = STR_NONE;
    return ERR_OK;
}

static err_code add_group(const struct request *q, const struct values *v, size_t i, result_fn one,
                          const void *arg, json_t *groups, struct err *err)
{
    /* One value is it; "(other)", after the last, is none of them. */
    bool other = i == v->n;
    size_t n = other ? v->n : 1;
    struct condition *where = ARENA_NEW(q->a, struct condition, n);
    struct request narrow;
    json_t *result = NULL;
    if (!where) return err_set(err, ERR_NOMEM, 0, "a breakdown");
    for (size_t k = 0; k < n; k++)
        where[k] = (struct condition){.property = q->breakdown,
                                      .op = other ? OP_IS_NOT : OP_IS,
                                      .values = &v->of[other ? k : i],
                                      .n_values = 1};
    err_code rc = narrowed(q, where, n, &narrow, err);
    if (rc == ERR_OK) rc = one(&narrow, arg, &result, err);
    if (rc != ERR_OK) return rc;
    struct str value = other ? STR("(other)") : v->of[i];
    return list_add(groups, group_of(value, !other && value.n == 0, result))
               ? ERR_OK
               : err_set(err, ERR_NOMEM, 0, "a breakdown");
}

err_code groups_result(const struct request *q, result_fn one, const void *arg, json_t **result,
                       struct err *err)
{
    struct values v = {0};
    err_code rc = one(q, arg, result, err);
    if (rc != ERR_OK || q->breakdown.n == 0) return rc;
    json_t *groups = json_array();
    if (!groups) rc = err_set(err, ERR_NOMEM, 0, "a breakdown");
    if (rc == ERR_OK) rc = largest_values(q, &v, err);
    for (size_t i = 0; rc == ERR_OK && i < v.n + (v.more ? 1 : 0); i++)
        rc = add_group(q, &v, i, one, arg, groups, err);
    if (rc == ERR_OK && json_object_set_new(*result, "groups", groups) != 0) {
        groups = NULL;
        rc = err_set(err, ERR_NOMEM, 0, "a breakdown");
    }
    if (rc == ERR_OK) return ERR_OK;
    json_decref(groups);
    json_decref(*result);
    *result = NULL;
    return rc;
}
