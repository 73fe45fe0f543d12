#include "report/visitors.h"

#include <inttypes.h>
#include <stdio.h>

#include "kernels/people.h"
#include "report/funnel_ask.h"
#include "report/goals.h"

const char *const visitors_own_keys =
    " goal step did funnel steps window_s order attempts ties scope "
    "exclude hold like breakdown_step ";

/* What is told of a visitor: as of the last event. */
static const char *const shown[] = {"channel", "source", "country", "device", "browser", "entry"};
enum { N_SHOWN = sizeof shown / sizeof *shown };

static json_t *person_of(const struct plan *p, const struct person *who, const unsigned *slots,
                         bool with_hits)
{
    static const char *const kinds[] = {"day", "consented", "known"};
    char id[20];
    struct maker m = make_begin();
    json_t *out = NULL;
    snprintf(id, sizeof id, "%016" PRIx64, who->visitor);
    make_text(&m, "visitor", str_of(id));
    make_text(&m, "id_kind", str_of(kinds[who->id_kind]));
    make_set(&m, "first_ms", json_integer((json_int_t)who->first_ms));
    make_set(&m, "last_ms", json_integer((json_int_t)who->last_ms));
    make_count(&m, "sessions", who->sessions);
    make_count(&m, "views", who->views);
    make_count(&m, "interactions", who->interactions);
    if (with_hits) make_count(&m, "hits", who->hits);
    for (size_t i = 0; i < N_SHOWN; i++)
        make_set(&m, shown[i],
                 who->dim[i] == JOURNEY_NO_VALUE
                     ? json_null()
                     : answer_text(plan_dimension_text(p, slots[i], who->dim[i])));
    return make_end(&m, &out, NULL) == ERR_OK ? out : NULL;
}

static err_code read_goal(const struct request *q, struct plan *p, struct people_def *def,
                          struct err *err)
{
    struct str key = STR_NONE;
    struct goal_set set;
    const struct site_goal *goal = NULL;
    unsigned bit = 0;
    err_code rc = request_text(q, "goal", &key, err);
    if (rc != ERR_OK || key.n == 0) return rc;
    rc = goals_load(q, &set, err);
    if (rc == ERR_OK) rc = goals_find(&set, key, "goal", &goal, err);
    if (rc == ERR_OK) rc = plan_predicate(p, &goal->rule, &bit, err);
    def->bits = UINT64_C(1) << bit;
    return rc;
}

/* Binds the funnel after the shown dimensions, which have the first slots. */
static err_code read_funnel(const struct request *q, struct plan *p, struct people_def *def,
                            struct err *err)
{
    static const char *const words[] = {[PEOPLE_REACHED] = "reached", [PEOPLE_DROPPED] = "dropped"};
    struct funnel_ask *ask = NULL;
    double step = 1;
    int did = PEOPLE_REACHED;
    if (!json_object_get(q->json, "steps") && !json_object_get(q->json, "funnel")) return ERR_OK;
    err_code rc = funnel_ask_read(q, &ask, err);
    if (rc != ERR_OK) return rc;
    ask->def.destinations = false;
    ask->def.breakdown = false;
    rc = request_number(q, "step", 1, (double)ask->def.n_steps, &step, err);
    if (rc == ERR_OK) rc = request_word(q, "did", words, 2, &did, err);
    if (rc == ERR_OK) rc = funnel_bind(q, ask, p, err);
    def->funnel = &ask->def;
    def->funnel_step = (size_t)step - 1;
    def->did = (enum people_funnel)did;
    return rc;
}

static json_t *people_list(const struct plan *p, const struct people_state *s,
                           const unsigned *slots, bool with_hits)
{
    json_t *list = json_array();
    for (size_t i = 0; list && i < s->n; i++)
        if (!list_add(list, person_of(p, &s->person[i], slots, with_hits))) {
            json_decref(list);
            list = NULL;
        }
    return list;
}

err_code report_visitors(const struct request *q, json_t **result, struct err *err)
{
    struct plan *p = NULL;
    struct people_def def = {.limit = q->limit, .n_dims = N_SHOWN};
    struct people_state state = {0};
    unsigned slots[N_SHOWN];
    bool scanned = false;
    err_code rc = request_plan(q, &p, err);
    for (size_t i = 0; rc == ERR_OK && i < N_SHOWN; i++)
        rc = request_dimension(p, str_of(shown[i]), "", &slots[i], err);
    if (rc != ERR_OK) goto out;
    plan_time(p, q->range.from_ms, q->range.to_ms);
    plan_need(p, NEED_SESSIONS);
    rc = read_goal(q, p, &def, err);
    if (rc == ERR_OK) rc = read_funnel(q, p, &def, err);
    if (rc != ERR_OK) goto out;
    rc = request_scan(q, p, &people_kernel, &def, &state, err);
    scanned = rc == ERR_OK;
    if (rc != ERR_OK) goto out;
    struct maker m = make_begin();
    make_count(&m, "total", state.total);
    make_set(&m, "visitors", people_list(p, &state, slots, def.bits != 0));
    rc = make_end(&m, result, err);
out:
    if (scanned) people_kernel.release(&state);
    plan_close(p);
    return rc;
}
