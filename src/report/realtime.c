#include "report/realtime.h"

#include "kernels/grouped.h"
#include "kernels/tally.h"
#include "report/examples.h"
#include "report/overview.h"

enum { MINUTE_MS = 60 * 1000, MINUTES = 30, NOW_MINUTES = 5, FEED = 30, TOP = 10 };
enum { N_TABLES = 5, MACROS = 40 };
enum { PART_OVERVIEW, PART_NOW, PART_FEED, PART_TABLES };

/* The tables, and the slots of their dimensions; the feed's are the first. */
static const struct {
    const char *name;
    unsigned slot;
} tables[N_TABLES] = {
    {"path", EXAMPLES_SLOTS},      {"name", EXAMPLES_SLOTS + 1}, {"source", EXAMPLES_SOURCE},
    {"country", EXAMPLES_COUNTRY}, {"device", EXAMPLES_DEVICE},
};

/* All of it in one pass: this page is asked for again and again. */
struct live {
    struct buckets minutes;
    struct overview_def overview;
    struct ids_def now;
    struct recent_def feed;
    struct tally_def tally[N_TABLES];
    struct grouped_def parts;
};

void realtime_range(struct request *q)
{
    int64_t minute = q->now_ms - q->now_ms % MINUTE_MS;
    q->range = (struct range){minute - (MINUTES - 1) * MINUTE_MS, minute + MINUTE_MS};
    q->has_compare = false;
}

static void add_part(struct grouped_def *parts, const struct kernel *k, const void *def)
{
    parts->kernel[parts->n_parts] = k;
    parts->def[parts->n_parts++] = def;
}

static err_code bind_macros(const struct request *q, struct plan *p, struct overview_def *def,
                            struct err *err)
{
    struct goal_set goals;
    err_code rc = goals_load(q, &goals, err);
    for (size_t i = 0; rc == ERR_OK && i < goals.n && def->n_macros < MACROS; i++) {
        unsigned bit = 0;
        if (!str_is(goals.goals[i].class, "macro")) continue;
        rc = plan_predicate(p, &goals.goals[i].rule, &bit, err);
        def->macro[def->n_macros++] = (struct goal){(uint8_t)bit, goals.goals[i].count};
        def->key_bits |= UINT64_C(1) << bit;
    }
    return rc;
}

static err_code bind(const struct request *q, struct plan *p, struct live *l, struct err *err)
{
    const struct range r = q->range;
    err_code rc = buckets_cut(q, r, BUCKET_MINUTE, &l->minutes, err);
    l->overview = (struct overview_def){.from_ms = r.from_ms,
                                        .to_ms = r.to_ms,
                                        .bucket_ms = l->minutes.start_ms,
                                        .n_buckets = l->minutes.n};
    l->now = (struct ids_def){q->now_ms - NOW_MINUTES * MINUTE_MS, r.to_ms, 0};
    l->feed = (struct recent_def){.limit = FEED};
    if (rc == ERR_OK) rc = bind_macros(q, p, &l->overview, err);
    if (rc == ERR_OK) rc = examples_bind(p, &l->feed, err);
    add_part(&l->parts, &overview_kernel, &l->overview);
    add_part(&l->parts, &ids_kernel, &l->now);
    add_part(&l->parts, &recent_kernel, &l->feed);
    for (size_t i = 0; rc == ERR_OK && i < N_TABLES; i++) {
        unsigned slot = tables[i].slot;
        if (slot >= EXAMPLES_SLOTS)
            rc = request_dimension(p, str_of(tables[i].name), "", &slot, err);
        l->tally[i] = (struct tally_def){.slot = slot, .from_ms = r.from_ms, .to_ms = r.to_ms};
        add_part(&l->parts, &tally_kernel, &l->tally[i]);
    }
    plan_need(p, NEED_SESSIONS | NEED_ENGAGED);
    plan_time(p, r.from_ms, r.to_ms);
    return rc;
}

/* The largest values of a dimension: [{"value","visitors","hits"}]. */
static json_t *top_rows(const struct plan *p, const struct tally_def *def,
                        const struct tally_answer *a)
{
    json_t *rows = json_array();
    for (size_t i = 0; rows && i < a->n_rows; i++) {
        const struct tally_row *r = &a->rows[i];
        json_t *value = r->code == JOURNEY_NO_VALUE
                            ? json_null()
                            : answer_text(plan_dimension_text(p, def->slot, r->code));
        if (!list_add(rows, json_pack("{s:o,s:I,s:I}", "value", value, "visitors",
                                      (json_int_t)r->visitors, "hits", (json_int_t)r->events))) {
            json_decref(rows);
            rows = NULL;
        }
    }
    return rows;
}

static err_code tell(const struct request *q, const struct plan *p, const struct live *l,
                     struct grouped_state *s, struct maker *m, struct err *err)
{
    struct overview_answer numbers = {0};
    void *part;
    err_code rc = grouped_all(s, PART_NOW, &part, err);
    if (rc == ERR_OK) make_count(m, "visitors_now", ids_all(part));
    if (rc == ERR_OK) rc = grouped_all(s, PART_OVERVIEW, &part, err);
    if (rc == ERR_OK) rc = overview_finish(part, &l->overview, q->a, &numbers, err);
    if (rc == ERR_OK) overview_numbers(q, &l->minutes, &numbers, m);
    for (size_t i = 0; rc == ERR_OK && i < N_TABLES; i++) {
        struct tally_answer top = {0};
        rc = grouped_all(s, PART_TABLES + i, &part, err);
        if (rc == ERR_OK)
            rc = tally_finish(part, &l->tally[i], TALLY_BY_VISITORS, 0, TOP, q->a, &top, err);
        if (rc == ERR_OK) make_set(m, tables[i].name, top_rows(p, &l->tally[i], &top));
    }
    if (rc == ERR_OK) rc = grouped_all(s, PART_FEED, &part, err);
    if (rc == ERR_OK) make_set(m, "feed", examples_of(p, part));
    return rc;
}

err_code report_realtime(const struct request *q, json_t **result, struct err *err)
{
    struct plan *p = NULL;
    struct grouped_state state = {0};
    struct live *l = ARENA_NEW(q->a, struct live, 1);
    if (!l) return err_set(err, ERR_NOMEM, 0, "the last half hour");
    err_code rc = request_plan(q, &p, err);
    if (rc == ERR_OK) rc = bind(q, p, l, err);
    if (rc == ERR_OK) rc = request_scan(q, p, &grouped_kernel, &l->parts, &state, err);
    if (rc == ERR_OK) {
        struct maker m = make_begin();
        rc = tell(q, p, l, &state, &m, err);
        grouped_kernel.release(&state);
        if (rc == ERR_OK) rc = make_end(&m, result, err);
        else json_decref(m.object);
    }
    plan_close(p);
    return rc;
}
