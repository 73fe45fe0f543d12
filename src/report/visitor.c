/* One visitor's journey, as a list of events within sessions. */
#include <inttypes.h>

#include "report/goals.h"
#include "report/visitors.h"

enum { MOST_EVENTS = 1000, MOST_GOALS = 40 };

static const char *const shown[] = {"channel", "source", "country", "device", "browser", "title"};
enum { N_SHOWN = sizeof shown / sizeof *shown, OF_EVENT = 5 /* the last is the event's own */ };

struct timeline_def {
    const struct plan *plan;
    const struct goal_set *goals;
    size_t n_goals; /* goal i is bit i of match: bits are given in order to a new plan */
    uint8_t bit[MOST_GOALS];
    unsigned slots[N_SHOWN];
};

struct timeline { /* references; the kernel's only visitor fills them */
    json_t *events, *sessions;
    uint64_t n_events;
    uint8_t id_kind;
};

static json_t *text_or_null(const struct plan *p, unsigned slot, uint32_t code)
{
    return code == JOURNEY_NO_VALUE ? json_null() : answer_text(plan_dimension_text(p, slot, code));
}

static json_t *goals_at(const struct timeline_def *d, uint64_t match)
{
    json_t *list = json_array();
    for (size_t g = 0; list && g < d->n_goals; g++)
        if (match >> d->bit[g] & 1 && !list_add(list, answer_text(d->goals->goals[g].key))) {
            json_decref(list);
            list = NULL;
        }
    return list;
}

static json_t *event_of(const struct timeline_def *d, const struct journey *j, size_t i)
{
    struct maker m = make_begin();
    json_t *out = NULL;
    make_set(&m, "at_ms", json_integer((json_int_t)j->at_ms[i]));
    make_text(&m, "name", plan_name_text(d->plan, j->name[i]));
    make_text(&m, "path", plan_path_text(d->plan, j->path[i]));
    make_set(&m, "title", text_or_null(d->plan, d->slots[OF_EVENT], j->dim[OF_EVENT][i]));
    make_set(&m, "signal", json_boolean(!(j->flags[i] & JF_INTERACTION)));
    make_set(&m, "session",
             j->session[i] == JOURNEY_NO_SESSION ? json_null() : json_integer(j->session[i]));
    if (j->value_minor[i] != 0)
        make_set(&m, "value",
                 answer_money(j->value_minor[i], plan_currency_text(d->plan, j->currency[i])));
    make_set(&m, "goals", goals_at(d, j->match[i]));
    return make_end(&m, &out, NULL) == ERR_OK ? out : NULL;
}

static json_t *session_of(const struct timeline_def *d, const struct journey *j, size_t k)
{
    const struct journey_session *s = &j->sessions[k];
    struct maker m = make_begin();
    json_t *out = NULL;
    make_count(&m, "session", k);
    make_set(&m, "start_ms", json_integer((json_int_t)s->start_ms));
    make_set(&m, "last_ms", json_integer((json_int_t)s->last_ms));
    make_count(&m, "views", s->pageviews);
    make_count(&m, "engaged_ms", s->engaged_ms);
    make_set(&m, "engaged", json_boolean(s->engaged));
    for (unsigned i = 0; i < OF_EVENT; i++)
        make_set(&m, shown[i],
                 s->first < j->n ? text_or_null(d->plan, d->slots[i], j->dim[i][s->first])
                                 : json_null());
    return make_end(&m, &out, NULL) == ERR_OK ? out : NULL;
}

static err_code timeline_init(void *state, const void *def, struct err *err)
{
    (void)def;
    struct timeline *t = state;
    *t = (struct timeline){.events = json_array(), .sessions = json_array()};
    return t->events && t->sessions ? ERR_OK : err_set(err, ERR_NOMEM, 0, "a journey");
}

static err_code timeline_add(void *state, const void *def, const struct journey *j, struct err *err)
{
    const struct timeline_def *d = def;
    struct timeline *t = state;
    t->n_events = j->n;
    t->id_kind = j->id_kind;
    for (size_t i = j->n > MOST_EVENTS ? j->n - MOST_EVENTS : 0; i < j->n; i++)
        if (!list_add(t->events, event_of(d, j, i))) return err_set(err, ERR_NOMEM, 0, "a journey");
    for (size_t k = j->n_sessions > MOST_EVENTS ? j->n_sessions - MOST_EVENTS : 0;
         k < j->n_sessions; k++)
        if (!list_add(t->sessions, session_of(d, j, k)))
            return err_set(err, ERR_NOMEM, 0, "a journey");
    return ERR_OK;
}

static err_code timeline_merge(void *into, void *from, struct err *err)
{
    (void)into;
    (void)from;
    return err_set(err, ERR_INVALID, 0, "a journey is one visitor's");
}

static void timeline_release(void *state)
{
    struct timeline *t = state;
    json_decref(t->events);
    json_decref(t->sessions);
}

static const struct kernel timeline_kernel = {sizeof(struct timeline), timeline_init, timeline_add,
                                              timeline_merge, timeline_release};

static err_code read_visitor(const struct request *q, uint64_t *visitor, struct err *err)
{
    struct str text = STR_NONE;
    err_code rc = request_text(q, "visitor", &text, err);
    if (rc != ERR_OK) return rc;
    if (text.n == 0)
        return err_named(err, ERR_INVALID, "missing_field", "visitor", "visitor is missing");
    if (text.n != 16 || !str_to_u64_hex(text, visitor))
        return request_bad(err, "visitor", "16 hexadecimal digits are needed");
    return ERR_OK;
}

err_code report_visitor(const struct request *q, json_t **result, struct err *err)
{
    struct plan *p = NULL;
    struct goal_set set = {0};
    struct timeline_def def = {.goals = &set};
    struct timeline t = {0};
    uint64_t visitor = 0;
    bool scanned = false;
    static const char *const kinds[] = {"day", "consented", "known"};
    err_code rc = read_visitor(q, &visitor, err);
    if (rc == ERR_OK) rc = goals_load(q, &set, err);
    if (rc == ERR_OK) rc = request_plan(q, &p, err);
    for (size_t i = 0; rc == ERR_OK && i < N_SHOWN; i++)
        rc = request_dimension(p, str_of(shown[i]), "", &def.slots[i], err);
    for (; rc == ERR_OK && def.n_goals < set.n && def.n_goals < MOST_GOALS; def.n_goals++) {
        unsigned bit = 0;
        rc = plan_predicate(p, &set.goals[def.n_goals].rule, &bit, err);
        def.bit[def.n_goals] = (uint8_t)bit;
    }
    if (rc != ERR_OK) goto out;
    def.plan = p;
    plan_need(p, NEED_SESSIONS | NEED_VALUE | NEED_NAME | NEED_PATH | NEED_ENGAGED);
    plan_time(p, INT64_MIN, INT64_MAX);
    rc = scan_visitor(p, visitor, &timeline_kernel, &def, &t, err);
    if (rc == ERR_NOT_FOUND)
        rc =
            err_named(err, ERR_NOT_FOUND, "unknown_visitor", "visitor", "there is no such visitor");
    if (rc != ERR_OK) goto out;
    scanned = true;
    struct maker m = make_begin();
    char id[20];
    snprintf(id, sizeof id, "%016" PRIx64, visitor);
    make_text(&m, "visitor", str_of(id));
    make_text(&m, "id_kind", str_of(kinds[t.id_kind]));
    make_count(&m, "total", t.n_events);
    make_set(&m, "sessions", json_incref(t.sessions));
    make_set(&m, "events", json_incref(t.events));
    rc = make_end(&m, result, err);
out:
    if (scanned) timeline_kernel.release(&t);
    plan_close(p);
    return rc;
}
