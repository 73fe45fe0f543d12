#include "report/funnel.h"

#include "kernels/grouped.h"
#include "report/counted.h"
#include "report/friction.h"
#include "report/funnel_ask.h"
#include "report/identity.h"
#include "report/maturity.h"
#include "stats/interval.h"

enum { DESTINATIONS = 10 };

static json_t *times_of(const struct funnel_times *t)
{
    if (t->status != STAT_OK) return answer_none(t->status, "nobody came here from a step before");
    return json_pack("{s:I,s:I,s:I}", "p50", (json_int_t)t->p50_ms, "p75", (json_int_t)t->p75_ms,
                     "p90", (json_int_t)t->p90_ms);
}

/* How much more often those who stop go there than those who go on. */
static json_t *lift_of(const struct funnel_row *row, const struct funnel_went *w)
{
    struct stat_interval i =
        interval_ratio(w->dropped, row->dropped_of, w->continued, row->continued_of);
    return answer_interval(&i, "too few went there to compare");
}

static json_t *went_of(const struct plan *p, const struct funnel_row *row,
                       const struct funnel_went *w)
{
    static const char *const kinds[] = {[WENT_PAGE] = "page",
                                        [WENT_EVENT] = "event",
                                        [WENT_LEFT] = "left",
                                        [WENT_CAME_BACK] = "came_back",
                                        [WENT_OTHER] = "other"};
    struct str what = w->kind == WENT_PAGE        ? plan_path_text(p, w->code)
                      : w->kind == WENT_EVENT     ? plan_name_text(p, w->code)
                      : w->kind == WENT_LEFT      ? STR("left site")
                      : w->kind == WENT_CAME_BACK ? STR("came back later")
                                                  : STR("(other)");
    struct maker m = make_begin();
    json_t *out = NULL;
    make_text(&m, "what", what);
    make_text(&m, "kind", str_of(kinds[w->kind]));
    make_count(&m, "n", w->dropped);
    make_count(&m, "continued", w->continued);
    make_set(&m, "lift", lift_of(row, w));
    return make_end(&m, &out, NULL) == ERR_OK ? out : NULL;
}

static json_t *went_list(const struct plan *p, const struct funnel_row *row)
{
    json_t *list = json_array();
    for (size_t i = 0; list && i < row->n_went; i++) {
        if (row->went[i].dropped == 0) continue;
        if (!list_add(list, went_of(p, row, &row->went[i]))) {
            json_decref(list);
            list = NULL;
        }
    }
    return list;
}

static json_t *rate(uint64_t n, uint64_t of)
{
    struct stat_interval ci = interval_wilson(n, of);
    return answer_rate(n, of, &ci);
}

static json_t *step_of(const struct funnel_ask *ask, const struct plan *p,
                       const struct funnel_result *r, size_t i)
{
    const struct funnel_def *def = &ask->def;
    const struct funnel_row *row = &r->rows[i], *before = &r->rows[row->previous];
    bool open = def->order == FUNNEL_OPEN;
    struct maker m = make_begin();
    json_t *out = NULL;
    make_text(&m, "label", ask->steps[i].label);
    make_count(&m, "reached", row->reached);
    make_set(&m, "from_previous",
             open && i > 0 ? rate(row->continued, r->rows[i - 1].reached)
                           : rate(row->reached, i > 0 ? before->reached : r->entered));
    make_set(&m, "from_first", rate(row->reached, open ? r->entered : r->rows[0].reached));
    make_set(&m, "time_ms", times_of(&row->times));
    make_count(&m, "dropped", row->dropped);
    make_set(&m, "went_to", went_list(p, row));
    make_count(&m, "excluded", row->excluded);
    if (def->optional[i]) {
        make_set(&m, "optional", json_true());
        make_set(&m, "of_completed", rate(row->completed, r->rows[r->n_rows - 1].reached));
    }
    if (open) {
        make_count(&m, "continued", row->continued);
        make_count(&m, "entered_here", row->entered_here);
    }
    return make_end(&m, &out, NULL) == ERR_OK ? out : NULL;
}

static json_t *result_of(const struct funnel_ask *ask, const struct plan *p,
                         const struct funnel_result *r)
{
    json_t *steps = json_array(), *out = NULL;
    struct maker m = make_begin();
    for (size_t i = 0; steps && i < r->n_rows; i++)
        if (!list_add(steps, step_of(ask, p, r, i))) {
            json_decref(steps);
            steps = NULL;
        }
    make_text(&m, "unit", str_of(ask->unit));
    make_count(&m, "entered", r->entered);
    make_set(&m, "steps", steps);
    make_set(&m, "fix_first", friction_ranking(ask, r));
    return make_end(&m, &out, NULL) == ERR_OK ? out : NULL;
}

/* The result of everybody: with what only the whole has. */
static err_code whole_of(const struct request *q, const struct funnel_ask *ask,
                         const struct plan *p, const struct funnel_answer *a,
                         const struct ids_state *ids, json_t **result, struct err *err)
{
    struct maker m = {result_of(ask, p, &a->all), false};
    if (!m.object) return err_set(err, ERR_NOMEM, 0, "a funnel");
    identity_note(q, ids, &m);
    make_set(&m, "matured", maturity_of(ask, a));
    return make_end(&m, result, err);
}

static err_code add_groups(const struct funnel_ask *ask, const struct plan *p,
                           const struct funnel_answer *a, json_t *result, struct err *err)
{
    json_t *groups = json_array();
    bool ok = groups != NULL;
    for (size_t i = 0; ok && i < a->n_groups; i++) {
        const struct funnel_group *g = &a->groups[i];
        struct str value = plan_dimension_text(p, ask->def.breakdown_slot, g->code);
        ok = list_add(groups,
                      group_of(value, g->code == JOURNEY_NO_VALUE, result_of(ask, p, &g->result)));
    }
    if (ok && a->other.entered > 0)
        ok = list_add(groups, group_of(STR("(other)"), false, result_of(ask, p, &a->other)));
    if (!ok) {
        json_decref(groups);
        return err_set(err, ERR_NOMEM, 0, "a funnel");
    }
    return json_object_set_new(result, "groups", groups) == 0
               ? ERR_OK
               : err_set(err, ERR_NOMEM, 0, "a funnel");
}

/* The steps that an entry can be at. */
static uint64_t entry_bits(const struct funnel_def *def)
{
    uint64_t bits = UINT64_C(1) << def->bit[0];
    bool anywhere = def->order == FUNNEL_ANY || def->order == FUNNEL_OPEN;
    for (size_t i = 1; i < def->n_steps && anywhere; i++) bits |= UINT64_C(1) << def->bit[i];
    return bits;
}

/* The funnel, and who enters it, in one pass. */
static err_code funnel_scan(const struct request *q, const struct funnel_ask *ask,
                            const struct plan *p, struct funnel_answer *answer,
                            struct ids_state *ids, struct err *err)
{
    const struct funnel_limits limits = {.groups = q->limit, .destinations = DESTINATIONS};
    const struct ids_def ids_def = {ask->def.from_ms, ask->def.to_ms, entry_bits(&ask->def)};
    const struct grouped_def def = {
        .n_parts = 2, .kernel = {&funnel_kernel, &ids_kernel}, .def = {&ask->def, &ids_def}};
    struct grouped_state state = {0};
    void *part;
    err_code rc = request_scan(q, p, &grouped_kernel, &def, &state, err);
    if (rc != ERR_OK) return rc;
    rc = grouped_all(&state, 0, &part, err);
    if (rc == ERR_OK) rc = funnel_finish(part, &ask->def, &limits, q->a, answer, err);
    if (rc == ERR_OK) rc = grouped_all(&state, 1, &part, err);
    if (rc == ERR_OK) *ids = *(struct ids_state *)part;
    grouped_kernel.release(&state);
    return rc;
}

err_code report_funnel(const struct request *q, json_t **result, struct err *err)
{
    struct plan *p = NULL;
    struct funnel_ask *ask = NULL;
    struct funnel_answer answer = {0};
    struct ids_state ids = {0};
    err_code rc = funnel_ask_read(q, &ask, err);
    if (rc == ERR_OK) rc = request_plan(q, &p, err);
    if (rc == ERR_OK) rc = funnel_bind(q, ask, p, err);
    if (rc == ERR_OK) rc = funnel_scan(q, ask, p, &answer, &ids, err);
    if (rc == ERR_OK) rc = whole_of(q, ask, p, &answer, &ids, result, err);
    if (rc == ERR_OK && ask->def.breakdown) {
        rc = add_groups(ask, p, &answer, *result, err);
        if (rc != ERR_OK) {
            json_decref(*result);
            *result = NULL;
        }
    }
    plan_close(p);
    return rc;
}
