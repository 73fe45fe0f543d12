#include "report/preview.h"

#include "report/examples.h"
#include "report/overview.h"

enum { EXAMPLES = 10 };

static json_t *days_of(const struct request *q, const struct buckets *days,
                       const struct overview_answer *a)
{
    json_t *list = json_array();
    for (size_t i = 0; list && i < a->n_points; i++) {
        char at[24];
        bucket_label(q, days, i, at);
        if (!list_add(list,
                      json_pack("{s:s,s:I,s:I}", "at", at, "from_ms", (json_int_t)days->start_ms[i],
                                "conversions", (json_int_t)a->points[i].conversions))) {
            json_decref(list);
            list = NULL;
        }
    }
    return list;
}

err_code report_goal_preview(const struct request *q, json_t **result, struct err *err)
{
    struct site_goal goal;
    struct buckets days;
    struct counted *c = NULL;
    const struct goal_set one = {&goal, 1};
    const struct counting what = {&one, true, &days};
    json_t *list = NULL, *examples = NULL;
    if (!json_object_get(q->json, "rule"))
        return err_named(err, ERR_INVALID, "missing_field", "rule", "rule is missing");
    err_code rc = goal_read(q, q->json, "", &goal, err);
    goal.class = STR("macro"); /* so that the series counts it */
    if (rc == ERR_OK) rc = buckets_cut(q, q->range, BUCKET_DAY, &days, err);
    if (rc == ERR_OK) rc = counted_run(q, &what, NULL, &c, err);
    if (rc == ERR_OK) rc = goals_list(&one, &c->goals, &list, err);
    if (rc == ERR_OK) rc = examples_list(q, &goal.rule, EXAMPLES, &examples, err);
    if (rc == ERR_OK) {
        json_t *row = json_array_get(list, 0);
        struct maker m = make_begin();
        make_text(&m, "unit", str_of(unit_names[q->unit]));
        make_count(&m, "units", c->goals.units);
        make_set(&m, "hits", json_incref(json_object_get(row, "hits")));
        make_set(&m, "conversions", json_incref(json_object_get(row, "conversions")));
        make_set(&m, "converted", json_incref(json_object_get(row, "converted")));
        make_set(&m, "value", json_incref(json_object_get(row, "value")));
        make_set(&m, "days", days_of(q, &days, &c->overview));
        make_set(&m, "examples", json_incref(examples));
        rc = make_end(&m, result, err);
    }
    counted_release(c, NULL);
    json_decref(list);
    json_decref(examples);
    return rc;
}
