#include "report/overview.h"

#include "kernels/overview.h"
#include "report/buckets.h"
#include "report/goals.h"
#include "report/groups.h"
#include "report/identity.h"

enum { HOURLY_MS = 3 * 24 * 3600 * 1000 }; /* ranges up to this long are shown by the hour */

struct overview_ask {
    struct goal_set goals;
    int series; /* enum bucket_unit, or -1: by the range's length */
};

static err_code no_memory(struct err *err)
{
    return err_set(err, ERR_NOMEM, 0, "an overview");
}

static json_t *series_of(const struct request *q, const struct buckets *b,
                         const struct overview_answer *a)
{
    json_t *points = json_array();
    for (size_t i = 0; points && i < a->n_points; i++) {
        const struct overview_point *p = &a->points[i];
        char at[24];
        bucket_label(q, b, i, at);
        if (!list_add(points,
                      json_pack("{s:s,s:I,s:I,s:I,s:I,s:I}", "at", at, "from_ms",
                                (json_int_t)b->start_ms[i], "visitors", (json_int_t)p->visitors,
                                "sessions", (json_int_t)p->sessions, "views", (json_int_t)p->views,
                                "conversions", (json_int_t)p->conversions))) {
            json_decref(points);
            points = NULL;
        }
    }
    return points ? json_pack("{s:s,s:o}", "unit", bucket_names[b->unit], "points", points) : NULL;
}

/* A mean over sessions, in whole milliseconds. */
static json_t *mean_ms(uint64_t sum_ms, uint64_t n)
{
    if (n == 0) return answer_none(STAT_NOT_DEFINED, "there is no session");
    return json_integer((json_int_t)((sum_ms + n / 2) / n));
}

static void set_numbers(struct maker *m, const struct overview_answer *a)
{
    struct stat_interval bounce = cluster_share(&a->bounce);
    make_count(m, "visitors", a->visitors);
    make_count(m, "sessions", a->sessions);
    make_count(m, "views", a->views);
    make_count(m, "events", a->events);
    make_set(m, "bounce", answer_rate(a->bounces, a->sessions, &bounce));
    make_count(m, "engaged_ms", a->engaged_ms);
    make_set(m, "engaged_ms_per_session", mean_ms(a->session_engaged_ms, a->sessions));
    make_set(m, "session_ms", mean_ms(a->session_length_ms, a->sessions));
    make_set(m, "views_per_session",
             a->sessions ? json_real((double)a->views / (double)a->sessions)
                         : answer_none(STAT_NOT_DEFINED, "there is no session"));
    make_count(m, "conversions", a->conversions);
}

/* Goals of class macro make a session engaged and are the conversions of the series. */
static err_code add_macros(const struct goal_set *set, struct plan *p, struct overview_def *def,
                           struct err *err)
{
    for (size_t i = 0; i < set->n && def->n_macros < 40; i++) {
        unsigned bit = 0;
        if (!str_is(set->goals[i].class, "macro")) continue;
        err_code rc = plan_predicate(p, &set->goals[i].rule, &bit, err);
        if (rc != ERR_OK) return rc;
        def->macro[def->n_macros++] = (struct goal){(uint8_t)bit, set->goals[i].count};
        def->key_bits |= UINT64_C(1) << bit;
    }
    return ERR_OK;
}

err_code overview_numbers(const struct request *q, const struct goal_set *set,
                          const struct buckets *series, struct maker *m, struct err *err)
{
    struct plan *p = NULL;
    struct overview_state state = {0};
    struct overview_answer answer = {0};
    bool scanned = false;
    struct overview_def *def = ARENA_NEW(q->a, struct overview_def, 1);
    if (!def) return no_memory(err);
    *def = (struct overview_def){.from_ms = q->range.from_ms,
                                 .to_ms = q->range.to_ms,
                                 .bucket_ms = series->start_ms,
                                 .n_buckets = series->n};
    err_code rc = request_plan(q, &p, err);
    if (rc == ERR_OK) rc = add_macros(set, p, def, err);
    if (rc != ERR_OK) goto out;
    plan_need(p, NEED_SESSIONS | NEED_ENGAGED);
    plan_time(p, def->from_ms, def->to_ms);
    rc = request_scan(q, p, &overview_kernel, def, &state, err);
    scanned = rc == ERR_OK;
    if (rc == ERR_OK) rc = overview_finish(&state, def, q->a, &answer, err);
    if (rc != ERR_OK) goto out;
    set_numbers(m, &answer);
    make_set(m, "series", series_of(q, series, &answer));
out:
    if (scanned && overview_kernel.release) overview_kernel.release(&state);
    plan_close(p);
    return rc;
}

static err_code overview_result(const struct request *q, const void *arg, json_t **result,
                                struct err *err)
{
    const struct overview_ask *ask = arg;
    struct buckets series;
    struct goal_results counted = {0};
    json_t *goals = NULL;
    struct maker m = make_begin();
    bool hourly = q->range.to_ms - q->range.from_ms <= HOURLY_MS;
    enum bucket_unit unit = ask->series >= 0 ? (enum bucket_unit)ask->series
                            : hourly         ? BUCKET_HOUR
                                             : BUCKET_DAY;
    make_text(&m, "unit", str_of(unit_names[q->unit]));
    err_code rc = buckets_cut(q, q->range, unit, &series, err);
    if (rc == ERR_OK) rc = overview_numbers(q, &ask->goals, &series, &m, err);
    if (rc == ERR_OK) rc = identity_note(q, &m, err);
    if (rc == ERR_OK) rc = goals_count(q, &ask->goals, &q->range, &counted, err);
    if (rc == ERR_OK) rc = goals_list(&ask->goals, &counted, &goals, err);
    goal_results_release(&counted);
    if (rc == ERR_OK) {
        make_count(&m, "units", counted.units);
        make_set(&m, "goals", goals);
        return make_end(&m, result, err);
    }
    json_decref(m.object);
    return rc;
}

err_code report_overview(const struct request *q, json_t **result, struct err *err)
{
    struct overview_ask ask = {.series = -1};
    err_code rc = request_word(q, "series", bucket_names, BUCKET_N, &ask.series, err);
    if (rc == ERR_OK) rc = goals_load(q, &ask.goals, err);
    return rc == ERR_OK ? groups_result(q, overview_result, &ask, result, err) : rc;
}
