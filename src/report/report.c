#include "report/report.h"

#include "report/breakdown.h"
#include "report/compare.h"
#include "report/funnel.h"
#include "report/funnel_ask.h"
#include "report/goals.h"
#include "report/overview.h"
#include "report/preview.h"
#include "report/realtime.h"
#include "report/visitors.h"

typedef err_code (*run_fn)(const struct request *q, json_t **result, struct err *err);

const char *const report_names[] = {"overview",   "goals",        "breakdown", "funnel",
                                    "visitors",   "visitor",      "realtime",  "values",
                                    "properties", "goal_preview", NULL};

struct report {
    const char *name;
    run_fn run;
    const char *own_keys; /* of the request, besides the shared ones */
};

static bool find(const char *name, struct report *out)
{
    const struct report reports[] = {
        {"overview", report_overview, " series "},
        {"goals", report_goals, ""},
        {"breakdown", report_breakdown, " dimension metrics by "},
        {"funnel", report_funnel, funnel_own_keys},
        {"visitors", report_visitors, visitors_own_keys},
        {"visitor", report_visitor, " visitor "},
        {"realtime", report_realtime, ""},
        {"values", report_values, " dimension prefix contains "},
        {"properties", report_properties, ""},
        {"goal_preview", report_goal_preview, " key name class rule count value currency "},
    };
    for (size_t i = 0; i < sizeof reports / sizeof *reports; i++)
        if (strcmp(reports[i].name, name) == 0) {
            *out = reports[i];
            return true;
        }
    return false;
}

/* {"range","result"} of the other period, and the differences into `result`. */
static err_code add_comparison(const struct request *q, run_fn run, json_t *result, json_t **out,
                               struct err *err)
{
    struct request before = *q;
    json_t *other = NULL;
    before.range = q->compare;
    before.has_compare = false;
    err_code rc = run(&before, &other, err);
    if (rc != ERR_OK) return rc;
    rc = compare_rates(result, other, err);
    if (rc == ERR_OK) rc = compare_mix(q->a, result, other, err);
    if (rc == ERR_OK) {
        struct maker m = make_begin();
        make_set(&m, "range", answer_range(q, &q->compare));
        make_set(&m, "result", json_incref(other));
        rc = make_end(&m, out, err);
    }
    json_decref(other);
    return rc;
}

static err_code envelope(const struct request *q, const char *name, int64_t started_ns,
                         json_t *result, json_t *comparison, json_t **answer, struct err *err)
{
    struct maker m = make_begin();
    make_text(&m, "report", str_of(name));
    make_set(&m, "range", answer_range(q, &q->range));
    make_set(&m, "watermark_ms", json_integer((json_int_t)snapshot_watermark_ms(q->snapshot)));
    make_set(&m, "took_ms", json_integer((json_int_t)((clock_mono_ns() - started_ns) / 1000000)));
    make_set(&m, "simulated", json_boolean(q->simulated || snapshot_simulated(q->snapshot)));
    make_set(&m, "result", json_incref(result));
    if (comparison) make_set(&m, "compare", json_incref(comparison));
    return make_end(&m, answer, err);
}

err_code report_run(const struct report_context *x, uint32_t site, const char *name,
                    const json_t *request, struct arena *a, json_t **answer, struct err *err)
{
    int64_t started_ns = clock_mono_ns();
    struct report report;
    struct request q;
    json_t *result = NULL, *comparison = NULL;
    *answer = NULL;
    if (!find(name, &report))
        return err_named(err, ERR_NOT_FOUND, "unknown_report", "", "there is no report \"%.80s\"",
                         name);
    err_code rc = request_open(x, site, request, report.own_keys, a, &q, err);
    if (rc == ERR_OK && report.run == report_realtime) realtime_range(&q);
    if (rc == ERR_OK) rc = report.run(&q, &result, err);
    if (rc == ERR_OK && q.has_compare)
        rc = add_comparison(&q, report.run, result, &comparison, err);
    if (rc == ERR_OK) rc = envelope(&q, name, started_ns, result, comparison, answer, err);
    json_decref(result);
    json_decref(comparison);
    request_close(&q);
    return rc;
}
