#include "report/examples.h"

#include <inttypes.h>
#include <stdio.h>

static const char *const shown[EXAMPLES_SLOTS] = {
    [EXAMPLES_TITLE] = "title",
    [EXAMPLES_SOURCE] = "source",
    [EXAMPLES_COUNTRY] = "country",
    [EXAMPLES_DEVICE] = "device",
};

static json_t *example_of(const struct plan *p, const struct recent_event *e)
{
    char id[20];
    struct maker m = make_begin();
    json_t *out = NULL;
    snprintf(id, sizeof id, "%016" PRIx64, e->visitor);
    make_set(&m, "at_ms", json_integer((json_int_t)e->at_ms));
    make_text(&m, "visitor", str_of(id));
    make_text(&m, "name", plan_name_text(p, e->name));
    make_text(&m, "path", plan_path_text(p, e->path));
    for (unsigned i = 0; i < EXAMPLES_SLOTS; i++)
        make_set(&m, shown[i],
                 e->dim[i] == JOURNEY_NO_VALUE ? json_null()
                                               : answer_text(plan_dimension_text(p, i, e->dim[i])));
    if (e->value_minor != 0)
        make_set(&m, "value", answer_money(e->value_minor, plan_currency_text(p, e->currency)));
    return make_end(&m, &out, NULL) == ERR_OK ? out : NULL;
}

json_t *examples_of(const struct plan *p, const struct recent_state *s)
{
    json_t *list = json_array();
    for (size_t i = 0; list && i < s->n; i++)
        if (!list_add(list, example_of(p, &s->event[i]))) {
            json_decref(list);
            list = NULL;
        }
    return list;
}

err_code examples_bind(struct plan *p, struct recent_def *def, struct err *err)
{
    for (unsigned i = 0; i < EXAMPLES_SLOTS; i++) {
        unsigned slot;
        err_code rc = request_dimension(p, str_of(shown[i]), "", &slot, err);
        if (rc != ERR_OK) return rc;
    }
    def->n_dims = EXAMPLES_SLOTS;
    plan_need(p, NEED_NAME | NEED_PATH | NEED_VALUE);
    return ERR_OK;
}

err_code examples_list(const struct request *q, const struct rule *rule, size_t limit, json_t **out,
                       struct err *err)
{
    struct plan *p = NULL;
    struct recent_def def = {.limit = limit};
    struct recent_state *state = ARENA_NEW(q->a, struct recent_state, 1);
    unsigned bit = 0;
    *out = NULL;
    if (!state) return err_set(err, ERR_NOMEM, 0, "examples");
    err_code rc = request_plan(q, &p, err);
    if (rc == ERR_OK) rc = examples_bind(p, &def, err);
    if (rc == ERR_OK && rule) {
        rc = plan_predicate(p, rule, &bit, err);
        def.bits = UINT64_C(1) << bit;
    }
    if (rc == ERR_OK) {
        plan_time(p, q->range.from_ms, q->range.to_ms);
        rc = request_scan(q, p, &recent_kernel, &def, state, err);
    }
    if (rc == ERR_OK) {
        *out = examples_of(p, state);
        if (!*out) rc = err_set(err, ERR_NOMEM, 0, "examples");
    }
    plan_close(p);
    return rc;
}
