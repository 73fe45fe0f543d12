#include "report/realtime.h"

#include "report/breakdown.h"
#include "report/examples.h"
#include "report/overview.h"

enum { MINUTE_MS = 60 * 1000, MINUTES = 30, NOW_MINUTES = 5, FEED = 30, TOP = 10 };

void realtime_range(struct request *q)
{
    int64_t minute = q->now_ms - q->now_ms % MINUTE_MS;
    q->range = (struct range){minute - (MINUTES - 1) * MINUTE_MS, minute + MINUTE_MS};
    q->has_compare = false;
}

/* Visitors with an event in the last five minutes. */
static err_code visitors_now(const struct request *q, uint64_t *n, struct err *err)
{
    struct plan *p = NULL;
    struct ids_state ids = {0};
    const struct ids_def def = {q->now_ms - NOW_MINUTES * MINUTE_MS, q->range.to_ms, 0};
    err_code rc = request_plan(q, &p, err);
    if (rc != ERR_OK) return rc;
    plan_time(p, def.from_ms, def.to_ms);
    rc = request_scan(q, p, &ids_kernel, &def, &ids, err);
    plan_close(p);
    *n = ids_all(&ids);
    return rc;
}

/* The largest values of a dimension: [{"value","visitors"}]. */
static err_code top_of(const struct request *q, const char *dimension, struct maker *m,
                       struct err *err)
{
    json_t *ask = json_pack("{s:s,s:[s,s]}", "dimension", dimension, "metrics", "visitors", "hits");
    json_t *table = NULL;
    if (!ask) return err_set(err, ERR_NOMEM, 0, "a report");
    struct request one = *q;
    one.json = ask;
    one.limit = TOP;
    err_code rc = report_breakdown(&one, &table, err);
    if (rc == ERR_OK) make_set(m, dimension, json_incref(json_object_get(table, "rows")));
    json_decref(table);
    json_decref(ask);
    return rc;
}

err_code report_realtime(const struct request *q, json_t **result, struct err *err)
{
    static const char *const tables[] = {"path", "name", "source", "country", "device"};
    struct goal_set goals;
    struct buckets minutes;
    struct counted *c = NULL;
    const struct counting what = {&goals, true, &minutes};
    struct maker m = make_begin();
    uint64_t now = 0;
    json_t *feed = NULL;
    err_code rc = goals_load(q, &goals, err);
    if (rc == ERR_OK) rc = visitors_now(q, &now, err);
    if (rc == ERR_OK) rc = buckets_cut(q, q->range, BUCKET_MINUTE, &minutes, err);
    if (rc == ERR_OK) rc = counted_run(q, &what, NULL, &c, err);
    make_count(&m, "visitors_now", now);
    if (rc == ERR_OK) overview_numbers(q, &minutes, &c->overview, &m);
    counted_release(c, NULL);
    for (size_t i = 0; rc == ERR_OK && i < sizeof tables / sizeof *tables; i++)
        rc = top_of(q, tables[i], &m, err);
    if (rc == ERR_OK) rc = examples_list(q, NULL, FEED, &feed, err);
    if (rc == ERR_OK) make_set(&m, "feed", feed);
    if (rc == ERR_OK) return make_end(&m, result, err);
    json_decref(m.object);
    return rc;
}
