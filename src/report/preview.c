#include "report/preview.h"

#include "report/examples.h"
#include "report/overview.h"

enum { EXAMPLES = 10 };

/* Conversions by day: the series of an overview in which this is the one macro goal. */
static err_code days_of(const struct request *q, const struct site_goal *goal, json_t **days,
                        struct err *err)
{
    struct site_goal macro = *goal;
    macro.class = STR("macro");
    const struct goal_set one = {&macro, 1};
    struct buckets series;
    struct maker m = make_begin();
    err_code rc = buckets_cut(q, q->range, BUCKET_DAY, &series, err);
    if (rc == ERR_OK) rc = overview_numbers(q, &one, &series, &m, err);
    json_t *points = json_object_get(json_object_get(m.object, "series"), "points");
    *days = json_array();
    bool ok = *days != NULL && !m.failed;
    for (size_t i = 0; rc == ERR_OK && ok && i < json_array_size(points); i++) {
        json_t *point = json_array_get(points, i);
        ok = list_add(*days, json_pack("{s:O,s:O,s:O}", "at", json_object_get(point, "at"),
                                       "from_ms", json_object_get(point, "from_ms"), "conversions",
                                       json_object_get(point, "conversions")));
    }
    json_decref(m.object);
    if (rc == ERR_OK && ok) return ERR_OK;
    json_decref(*days);
    *days = NULL;
    return rc != ERR_OK ? rc : err_set(err, ERR_NOMEM, 0, "a preview");
}

err_code report_goal_preview(const struct request *q, json_t **result, struct err *err)
{
    struct site_goal goal;
    const struct goal_set one = {&goal, 1};
    struct goal_results counted = {0};
    json_t *list = NULL, *days = NULL, *examples = NULL;
    if (!json_object_get(q->json, "rule"))
        return err_named(err, ERR_INVALID, "missing_field", "rule", "rule is missing");
    err_code rc = goal_read(q, q->json, "", &goal, err);
    if (rc == ERR_OK) rc = goals_count(q, &one, &q->range, &counted, err);
    if (rc == ERR_OK) rc = goals_list(&one, &counted, &list, err);
    goal_results_release(&counted);
    if (rc == ERR_OK) rc = days_of(q, &goal, &days, err);
    if (rc == ERR_OK) rc = examples_list(q, &goal.rule, EXAMPLES, &examples, err);
    if (rc == ERR_OK) {
        json_t *row = json_array_get(list, 0);
        struct maker m = make_begin();
        make_text(&m, "unit", str_of(unit_names[q->unit]));
        make_count(&m, "units", counted.units);
        make_set(&m, "hits", json_incref(json_object_get(row, "hits")));
        make_set(&m, "conversions", json_incref(json_object_get(row, "conversions")));
        make_set(&m, "converted", json_incref(json_object_get(row, "converted")));
        make_set(&m, "value", json_incref(json_object_get(row, "value")));
        make_set(&m, "days", json_incref(days));
        make_set(&m, "examples", json_incref(examples));
        rc = make_end(&m, result, err);
    }
    json_decref(list);
    json_decref(days);
    json_decref(examples);
    return rc;
}
