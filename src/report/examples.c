#include "report/examples.h"

#include <inttypes.h>
#include <stdio.h>

#include "kernels/recent.h"

static const char *const shown[] = {"title", "source", "country", "device"};
enum { N_SHOWN = sizeof shown / sizeof *shown };

static json_t *example_of(const struct plan *p, const struct recent_event *e, const unsigned *slots)
{
    char id[20];
    struct maker m = make_begin();
    json_t *out = NULL;
    snprintf(id, sizeof id, "%016" PRIx64, e->visitor);
    make_set(&m, "at_ms", json_integer((json_int_t)e->at_ms));
    make_text(&m, "visitor", str_of(id));
    make_text(&m, "name", plan_name_text(p, e->name));
    make_text(&m, "path", plan_path_text(p, e->path));
    for (size_t i = 0; i < N_SHOWN; i++)
        make_set(&m, shown[i],
                 e->dim[i] == JOURNEY_NO_VALUE
                     ? json_null()
                     : answer_text(plan_dimension_text(p, slots[i], e->dim[i])));
    if (e->value_minor != 0)
        make_set(&m, "value", answer_money(e->value_minor, plan_currency_text(p, e->currency)));
    return make_end(&m, &out, NULL) == ERR_OK ? out : NULL;
}

err_code examples_list(const struct request *q, const struct rule *rule, size_t limit, json_t **out,
                       struct err *err)
{
    struct plan *p = NULL;
    struct recent_def def = {.limit = limit, .n_dims = N_SHOWN};
    struct recent_state *state = ARENA_NEW(q->a, struct recent_state, 1);
    unsigned slots[N_SHOWN], bit = 0;
    *out = NULL;
    if (!state) return err_set(err, ERR_NOMEM, 0, "examples");
    err_code rc = request_plan(q, &p, err);
    for (size_t i = 0; rc == ERR_OK && i < N_SHOWN; i++)
        rc = request_dimension(p, str_of(shown[i]), "", &slots[i], err);
    if (rc == ERR_OK && rule) {
        rc = plan_predicate(p, rule, &bit, err);
        def.bits = UINT64_C(1) << bit;
    }
    if (rc == ERR_OK) {
        plan_need(p, NEED_NAME | NEED_PATH | NEED_VALUE);
        plan_time(p, q->range.from_ms, q->range.to_ms);
        rc = request_scan(q, p, &recent_kernel, &def, state, err);
    }
    if (rc == ERR_OK) *out = json_array();
    for (size_t i = 0; *out && i < state->n; i++)
        if (!list_add(*out, example_of(p, &state->event[i], slots))) {
            json_decref(*out);
            *out = NULL;
        }
    if (rc == ERR_OK && !*out) rc = err_set(err, ERR_NOMEM, 0, "examples");
    plan_close(p);
    return rc;
}
