#include "report/overview.h"

#include "report/identity.h"

enum { HOURLY_MS = 3 * 24 * 3600 * 1000 }; /* ranges up to this long are shown by the hour */

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

void overview_numbers(const struct request *q, const struct buckets *series,
                      const struct overview_answer *a, struct maker *m)
{
    set_numbers(m, a);
    make_set(m, "series", series_of(q, series, a));
}

static err_code overview_result(const struct request *q, const struct counting *what,
                                struct counted *c, json_t **result, struct err *err)
{
    json_t *goals = NULL;
    err_code rc = goals_list(what->goals, &c->goals, &goals, err);
    if (rc != ERR_OK) return rc;
    struct maker m = make_begin();
    make_text(&m, "unit", str_of(unit_names[q->unit]));
    overview_numbers(q, what->series, &c->overview, &m);
    identity_note(q, &c->ids, &m);
    make_count(&m, "units", c->goals.units);
    make_set(&m, "goals", goals);
    return make_end(&m, result, err);
}

err_code report_overview(const struct request *q, json_t **result, struct err *err)
{
    struct goal_set goals;
    struct buckets series;
    const struct counting what = {&goals, true, &series};
    bool hourly = q->range.to_ms - q->range.from_ms <= HOURLY_MS;
    int unit = hourly ? BUCKET_HOUR : BUCKET_DAY;
    err_code rc = request_word(q, "series", bucket_names, BUCKET_N, &unit, err);
    if (rc == ERR_OK) rc = buckets_cut(q, q->range, (enum bucket_unit)unit, &series, err);
    if (rc == ERR_OK) rc = goals_load(q, &goals, err);
    return rc == ERR_OK ? counted_result(q, &what, overview_result, result, err) : rc;
}
