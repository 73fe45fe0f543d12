#include <stdlib.h>

#include "event/currency.h"
#include "journey/plan_own.h"
#include "journey/work.h"

enum { PLAN_MEMORY = 512 * 1024 * 1024 };

static err_code no_memory(struct err *err)
{
    return err_set(err, ERR_NOMEM, 0, "make a plan");
}

static uint8_t name_flags(struct str name)
{
    enum event_kind kind = event_kind_of(name);
    return (uint8_t)((kind == KIND_SIGNAL ? 0 : JF_INTERACTION) |
                     (kind == KIND_PAGEVIEW ? JF_PAGEVIEW : 0));
}

static uint8_t client_flags(uint32_t bits)
{
    enum event_origin from = client_origin(bits);
    return (uint8_t)((bits & CLIENT_OFFLINE ? JF_OFFLINE : 0) |
                     (bits & CLIENT_SIMULATED ? JF_SIMULATED : 0) |
                     (from == ORIGIN_BROWSER || from == ORIGIN_IMPORT_BOTS ? WORK_JUDGED : 0));
}

/* Nothing that tells where the visitor came from. */
static bool is_direct(const struct dicts *d, uint32_t touch)
{
    for (unsigned field = 0; field < TOUCH_N; field++)
        if (field != TOUCH_HOST && dict_field(d, DICT_TOUCH, touch, field)) return false;
    return true;
}

err_code plan_open(struct snapshot *s, const struct scan_site *site, struct plan **out,
                   struct err *err)
{
    struct plan *p = calloc(1, sizeof *p);
    (void)site; /* the zone: no dimension of time is computed here yet */
    if (!p) return no_memory(err);
    arena_init(&p->arena, PLAN_MEMORY);
    p->s = s;
    const uint32_t *n = s->counts.n;
    p->name_flags = ARENA_NEW(&p->arena, uint8_t, n[DICT_NAME] + 1);
    p->client_flags = ARENA_NEW(&p->arena, uint8_t, n[DICT_CLIENT] + 1);
    p->touch_direct = ARENA_NEW(&p->arena, uint8_t, n[DICT_TOUCH] + 1);
    p->currency_digits = ARENA_NEW(&p->arena, uint8_t, n[DICT_VALUE_0 + KEY_CURRENCY] + 1);
    p->bot_sessions = ARENA_NEW(&p->arena, atomic_ullong, 1);
    if (!p->name_flags || !p->client_flags || !p->touch_direct || !p->currency_digits ||
        !p->bot_sessions) {
        plan_close(p);
        return no_memory(err);
    }
    atomic_init(p->bot_sessions, 0);
    for (uint32_t i = 0; i < n[DICT_NAME]; i++)
        p->name_flags[i] = name_flags(dict_text(s->dicts, DICT_NAME, i));
    for (uint32_t i = 0; i < n[DICT_CLIENT]; i++)
        p->client_flags[i] = client_flags(dict_field(s->dicts, DICT_CLIENT, i, CLIENT_BITS));
    for (uint32_t i = 0; i < n[DICT_TOUCH]; i++) p->touch_direct[i] = is_direct(s->dicts, i);
    p->currency_digits[0] = 2;
    for (uint32_t i = 1; i < n[DICT_VALUE_0 + KEY_CURRENCY]; i++) {
        int digits = currency_digits(dict_text(s->dicts, DICT_VALUE_0 + KEY_CURRENCY, i));
        p->currency_digits[i] = (uint8_t)(digits >= 0 ? digits : 2);
    }
    *out = p;
    return ERR_OK;
}

void plan_close(struct plan *p)
{
    if (!p) return;
    arena_free(&p->arena);
    free(p);
}

/* What must be gathered follows from what was asked; worked out again after each question. */
static void settle(struct plan *p)
{
    unsigned w = 0;
    if (p->needs & NEED_SESSIONS || p->any_session) w |= WANT_SESSIONS;
    if (p->needs & NEED_VALUE) w |= WANT_VALUE;
    if (p->needs & NEED_ENGAGED) w |= WANT_ENGAGED;
    if (p->needs & NEED_NAME) w |= WANT_NAME;
    if (p->needs & NEED_PATH) w |= WANT_PATH;
    if (p->session_used[LOOK_TOUCHED] || p->session_used[LOOK_OWN_TOUCH])
        w |= WANT_TOUCH | WANT_TOUCHED;
    if (p->session_used[LOOK_AT_CLIENT]) w |= WANT_CLIENT;
    if (p->session_used[LOOK_ENTRY] || p->session_used[LOOK_EXIT]) w |= WANT_PATH;
    for (size_t i = 0; i < p->n_dims; i++) {
        const struct dimension *d = &p->dim[i];
        if (d->from >= DIM_TOUCHED) w |= WANT_SESSIONS;
        if (d->from == DIM_NAME || d->from == DIM_KIND) w |= WANT_NAME;
        if (d->from == DIM_PATH || d->from == DIM_ENTRY || d->from == DIM_EXIT) w |= WANT_PATH;
        if (d->from == DIM_TUPLE) w |= d->client ? WANT_CLIENT : WANT_TOUCH;
        if (d->from == DIM_TOUCHED || d->from == DIM_OWN_TOUCH) w |= WANT_TOUCH | WANT_TOUCHED;
        if (d->from == DIM_AT_CLIENT) w |= WANT_CLIENT;
    }
    for (size_t i = 0; i < p->n_stateful; i++)
        if (p->stateful[i].type != RULE_SEQUENCE) w |= WANT_SESSIONS;
    for (size_t i = 0; i < p->n_filters; i++)
        if (p->filter[i].on == ON_SESSION) w |= WANT_SESSIONS;
    if (w & WANT_SESSIONS) w |= WANT_ENGAGED;
    p->want = w;
    p->plain = p->n_words <= 1 && p->n_stateful == 0 && !p->any_session;
    for (size_t t = 0; t < p->n_terms && p->plain; t++)
        p->plain = p->means[t].open == UINT64_C(1) << t;
}

err_code plan_predicate(struct plan *p, const struct rule *r, unsigned *bit, struct err *err)
{
    if (p->n_open == JOURNEY_MAX_PREDICATES)
        return err_named(err, ERR_TOO_BIG, "too_many_rules", "", "more than %d rules at once",
                         JOURNEY_MAX_PREDICATES);
    *bit = (unsigned)p->n_open++;
    struct predicate_bits out = {.open = UINT64_C(1) << *bit};
    err_code rc = predicate_add(p, r, out, err);
    settle(p);
    return rc;
}

err_code plan_hidden(struct plan *p, struct predicate_bits *out, struct err *err)
{
    if (p->n_hidden == PLAN_MAX_HIDDEN)
        return err_named(err, ERR_TOO_BIG, "too_many_rules", "",
                         "filters and sequences with more than %d rules at once", PLAN_MAX_HIDDEN);
    *out = (struct predicate_bits){.hidden = UINT64_C(1) << p->n_hidden++};
    return ERR_OK;
}

err_code plan_filter(struct plan *p, const struct rule *r, enum filter_on on, struct err *err)
{
    struct predicate_bits bits;
    if (p->n_filters == PLAN_MAX_FILTERS)
        return err_named(err, ERR_TOO_BIG, "too_many_filters", "", "more than %d filters",
                         PLAN_MAX_FILTERS);
    err_code rc = plan_hidden(p, &bits, err);
    if (rc == ERR_OK) rc = predicate_add(p, r, bits, err);
    if (rc == ERR_OK) p->filter[p->n_filters++] = (struct filter){bits, on};
    settle(p);
    return rc;
}

/* --- dimensions --- */

/* From the codes of touches or clients to those of one field. */
static uint32_t *field_map(struct plan *p, unsigned tuple, unsigned field)
{
    uint32_t n = p->s->counts.n[tuple], *map = ARENA_NEW(&p->arena, uint32_t, n + 1);
    for (uint32_t code = 0; map && code < n; code++)
        map[code] = dict_field(p->s->dicts, tuple, code, field);
    return map;
}

/* A computed property has few values: they are numbered as they come. */
static bool computed_map(struct plan *p, const struct property *at, unsigned dict,
                         struct dimension *d)
{
    enum { MOST = 64 };
    uint32_t n = p->s->counts.n[dict];
    struct str *texts = ARENA_NEW(&p->arena, struct str, MOST);
    d->map = ARENA_NEW(&p->arena, uint32_t, n + 1);
    if (!texts || !d->map) return false;
    d->count = 1;
    for (uint32_t code = 0; code < n; code++) {
        struct str text = property_computed(p, at, code);
        uint32_t i = 0;
        while (i < d->count && !str_eq(texts[i], text)) i++;
        if (i == d->count && d->count < MOST) texts[d->count++] = text;
        d->map[code] = i;
    }
    d->texts = texts;
    d->dict = DICT_N;
    return true;
}

err_code plan_dimension(struct plan *p, struct str name, unsigned *slot, struct err *err)
{
    struct property at;
    if (p->n_dims == JOURNEY_MAX_DIMS)
        return err_named(err, ERR_TOO_BIG, "too_many_dimensions", "", "more than %d dimensions",
                         JOURNEY_MAX_DIMS);
    if (!property_find(p, name, &at) || at.look == LOOK_VALUE || at.look == LOOK_NUMBER ||
        (at.look == LOOK_KEY && at.key == KEY_SCROLL))
        return err_named(err, ERR_INVALID, "unknown_property", "", "there is no dimension %.*s",
                         STR_FMT(name));
    static const enum dim_from from[LOOK_N] = {[LOOK_NAME] = DIM_NAME,
                                               [LOOK_PATH] = DIM_PATH,
                                               [LOOK_TOUCH] = DIM_TUPLE,
                                               [LOOK_CLIENT] = DIM_TUPLE,
                                               [LOOK_KEY] = DIM_KEY,
                                               [LOOK_ITEMS] = DIM_KEY,
                                               [LOOK_TOUCHED] = DIM_TOUCHED,
                                               [LOOK_OWN_TOUCH] = DIM_OWN_TOUCH,
                                               [LOOK_AT_CLIENT] = DIM_AT_CLIENT,
                                               [LOOK_ENTRY] = DIM_ENTRY,
                                               [LOOK_EXIT] = DIM_EXIT};
    struct dimension *d = &p->dim[p->n_dims];
    *d = (struct dimension){.from = from[at.look],
                            .dict = at.dict,
                            .key = at.key,
                            .client = at.look == LOOK_CLIENT,
                            .count = p->s->counts.n[at.dict]};
    bool client = at.look == LOOK_CLIENT || at.look == LOOK_AT_CLIENT;
    bool touch = at.look == LOOK_TOUCH || at.look == LOOK_TOUCHED || at.look == LOOK_OWN_TOUCH;
    if (at.computed) {
        if (at.look == LOOK_NAME) d->from = DIM_KIND;
        if (!computed_map(p, &at, touch ? DICT_TOUCH : DICT_NAME, d)) return no_memory(err);
    } else if (client || touch) {
        d->map = field_map(p, client ? DICT_CLIENT : DICT_TOUCH, at.field);
        if (!d->map) return no_memory(err);
    }
    if (d->count == 0) d->count = 1;
    *slot = (unsigned)p->n_dims++;
    settle(p);
    return ERR_OK;
}

struct str plan_dimension_text(const struct plan *p, unsigned slot, uint32_t code)
{
    const struct dimension *d = &p->dim[slot];
    return d->dict == DICT_N ? d->texts[code] : dict_text(p->s->dicts, d->dict, code);
}

uint32_t plan_dimension_count(const struct plan *p, unsigned slot)
{
    return p->dim[slot].count;
}

bool plan_own_property(const struct plan *p, uint32_t i, struct str *name, uint32_t *values)
{
    const uint32_t *n = p->s->counts.n;
    if (i >= KEY_MAX || KEY_OWN + i >= n[DICT_KEY]) return false;
    *name = dict_text(p->s->dicts, DICT_KEY, KEY_OWN + i);
    uint32_t codes = n[DICT_VALUE_0 + KEY_OWN + i];
    *values = codes ? codes - 1 : 0; /* code 0 is "absent" */
    return true;
}

struct str plan_name_text(const struct plan *p, uint32_t code)
{
    return dict_text(p->s->dicts, DICT_NAME, code);
}

struct str plan_path_text(const struct plan *p, uint32_t code)
{
    return dict_text(p->s->dicts, DICT_PATH, code);
}

struct str plan_currency_text(const struct plan *p, uint32_t code)
{
    return dict_text(p->s->dicts, DICT_VALUE_0 + KEY_CURRENCY, code);
}

void plan_need(struct plan *p, unsigned needs)
{
    p->needs |= needs;
    settle(p);
}

void plan_time(struct plan *p, int64_t from_ms, int64_t to_ms)
{
    /* "Always" and "never ending" are asked for with the extremes; a margin is added to both later.
     */
    const int64_t least = INT64_MIN / 4, most = INT64_MAX / 4;
    p->has_time = true;
    p->from_ms = from_ms < least ? least : from_ms;
    p->to_ms = to_ms > most ? most : to_ms;
}

void plan_require(struct plan *p, uint64_t bits)
{
    p->require |= bits;
}

uint64_t plan_bot_sessions(const struct plan *p)
{
    return atomic_load_explicit(p->bot_sessions, memory_order_relaxed);
}
