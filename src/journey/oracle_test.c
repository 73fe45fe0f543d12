/* oracle_test.c: the index and its scan against a plain program over an array of events: whatever
 * the segmentation and the number of threads, every visitor's journey comes out the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "base/hash.h"
#include "base/pool.h"
#include "event/channel.h"
#include "event/currency.h"
#include "journey/index.h"
#include "journey/scan.h"

#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__ /* ten times slower */
enum { N_LIVES = 25 };
#else
enum { N_LIVES = 100 };
#endif
enum { MAX_EVENTS = 400, N_RULES = 22, N_FILTERS = 7 };

/* --- random events --- */

struct made { /* an event, and the text its properties are made of */
    struct event e;
    char props[160], items[240];
    char size[8], tag[2][8], number[8]; /* what props says; "" for absent */
    size_t n_tags, n_items;
    struct {
        char id[8], coupon[8];
        int price;
    } item[3];
};

static size_t pick(uint64_t *r, size_t n)
{
    return (size_t)(rand_next(r) >> 32) % n;
}

static const char *one_of(uint64_t *r, const char *const *list)
{
    size_t n = 0;
    while (list[n]) n++;
    return list[pick(r, n)];
}
#define ONE_OF(r, ...) one_of(r, (const char *const[]){__VA_ARGS__, NULL})

static void make_properties(struct made *m, uint64_t *r)
{
    size_t n = 0;
    char comma[2] = "";
    struct event *e = &m->e;
    snprintf(m->size, sizeof m->size, "%s", ONE_OF(r, "", "", "S", "XL", "10.5"));
    snprintf(m->number, sizeof m->number, "%s", ONE_OF(r, "", "5", "50", "500"));
    m->n_tags = pick(r, 3);
    n += (size_t)snprintf(m->props + n, sizeof m->props - n, "{");
    if (*m->size) {
        n += (size_t)snprintf(m->props + n, sizeof m->props - n, "\"size\":\"%s\"", m->size);
        comma[0] = ',';
    }
    if (*m->number) {
        n += (size_t)snprintf(m->props + n, sizeof m->props - n, "%s\"deep\":{\"n\":%s}", comma,
                              m->number);
        comma[0] = ',';
    }
    if (m->n_tags) n += (size_t)snprintf(m->props + n, sizeof m->props - n, "%s\"tags\":[", comma);
    for (size_t i = 0; i < m->n_tags; i++) {
        snprintf(m->tag[i], sizeof m->tag[i], "%s", ONE_OF(r, "x", "y", "z"));
        n += (size_t)snprintf(m->props + n, sizeof m->props - n, "%s\"%s\"", i ? "," : "",
                              m->tag[i]);
    }
    if (m->n_tags) n += (size_t)snprintf(m->props + n, sizeof m->props - n, "]");
    snprintf(m->props + n, sizeof m->props - n, "}");
    e->text[TEXT_PROPS] = str_of(m->props);
    m->n_items = pick(r, 4);
    if (m->n_items == 0) return;
    n = (size_t)snprintf(m->items, sizeof m->items, "[");
    for (size_t i = 0; i < m->n_items; i++) {
        snprintf(m->item[i].id, sizeof m->item[i].id, "%s", ONE_OF(r, "A", "B", "C"));
        snprintf(m->item[i].coupon, sizeof m->item[i].coupon, "%s", ONE_OF(r, "", "ten"));
        m->item[i].price = (int)pick(r, 3) * 10;
        n += (size_t)snprintf(m->items + n, sizeof m->items - n,
                              "%s{\"item_id\":\"%s\",\"price\":%d%s%s%s}", i ? "," : "",
                              m->item[i].id, m->item[i].price,
                              *m->item[i].coupon ? ",\"coupon\":\"" : "", m->item[i].coupon,
                              *m->item[i].coupon ? "\"" : "");
    }
    snprintf(m->items + n, sizeof m->items - n, "]");
    e->text[TEXT_ITEMS] = str_of(m->items);
}

static void make_event(struct made *m, uint64_t *r, uint64_t seq)
{
    static const int64_t gaps[] = {0,        0,          1,           999,        40000,
                                   1799999,  1800000,    1800001,     7200000,    86400000,
                                   86399999, 2592000000, 15552000000, 15552000001};
    *m = (struct made){0};
    struct event *e = &m->e;
    e->seq = seq;
    e->site = 7;
    e->visitor = pick(r, 4) ? pick(r, 6) + 1 : rand_next(r);
    int64_t at = INT64_C(1767200000000); /* an hour before 2026 */
    for (size_t i = pick(r, 6); i-- > 0;) at += gaps[pick(r, sizeof gaps / sizeof *gaps)];
    e->at_ms = at;
    e->received_at_ms = at;
    e->text[TEXT_NAME] = str_of(ONE_OF(r, "pageview", "pageview", "pageview", "a", "b", "purchase",
                                       "scroll", "engagement"));
    if (str_is(e->text[TEXT_NAME], "pageview")) {
        e->text[TEXT_PATH] = str_of(ONE_OF(r, "/", "/cart", "/cart/2", "/p/blue", ""));
        e->text[TEXT_HOST] = str_of(ONE_OF(r, "shop.example", "blog.example"));
        e->text[TEXT_TITLE] = str_of(ONE_OF(r, "", "Cart"));
        if (pick(r, 3) == 0) e->text[TEXT_REFERRER_HOST] = str_of("www.google.com");
        if (pick(r, 3) == 0) e->text[TEXT_SOURCE] = str_of(ONE_OF(r, "google", "news"));
        if (e->text[TEXT_SOURCE].n) e->text[TEXT_MEDIUM] = str_of(ONE_OF(r, "", "cpc", "email"));
    }
    e->text[TEXT_DEVICE] = str_of(ONE_OF(r, "mobile", "desktop"));
    e->text[TEXT_COUNTRY] = str_of(ONE_OF(r, "DE", "FR", ""));
    e->kind = event_kind_of(e->text[TEXT_NAME]);
    e->id_kind = (enum id_kind)pick(r, 3);
    e->offline = pick(r, 8) == 0;
    e->simulated = pick(r, 8) == 0;
    e->origin = pick(r, 4) ? ORIGIN_SERVER : ORIGIN_BROWSER;
    e->bot_reason = pick(r, 30) == 0 ? BOT_HEADLESS : BOT_NONE;
    e->engaged_ms = pick(r, 3) ? 0 : (uint32_t)pick(r, 9000);
    e->scroll_percent = pick(r, 3) ? 0 : (uint8_t)(pick(r, 100) + 1);
    e->has_value = pick(r, 4) == 0;
    if (e->has_value) {
        e->value_minor = (int64_t)pick(r, 5000) - 500;
        if (pick(r, 9) == 0) e->value_minor *= INT64_C(1000000000);
        e->text[TEXT_CURRENCY] = str_of(ONE_OF(r, "EUR", "JPY", "KWD"));
    }
    if (pick(r, 2)) make_properties(m, r);
}

/* --- the rules --- */

static struct str google[] = {{"google", 6}}, mobile[] = {{"mobile", 6}}, xl[] = {{"XL", 2}};
static struct str x_tag[] = {{"x", 1}}, item_a[] = {{"A", 1}}, ten[] = {{"10", 2}};
static struct str coupon[] = {{"ten", 3}}, direct[] = {{"Direct", 6}}, cart[] = {{"/cart", 5}};
static struct str c_or_d[] = {{"DE", 2}, {"XX", 2}};
#define IS(p, v)                                                                                   \
    {                                                                                              \
        .property = {p, sizeof p - 1}, .op = OP_IS, .values = v, .n_values = 1                     \
    }
#define NOT(p, v)                                                                                  \
    {                                                                                              \
        .property = {p, sizeof p - 1}, .op = OP_IS_NOT, .values = v, .n_values = 1                 \
    }
#define GTE(p, x)                                                                                  \
    {                                                                                              \
        .property = {p, sizeof p - 1}, .op = OP_GTE, .values = ten, .n_values = 1, .number = x     \
    }

static struct condition w_source[] = {IS("source", google)},
                        w_not_source[] = {NOT("true_source", google)};
static struct condition w_size[] = {IS("props.size", xl)}, w_not_size[] = {NOT("props.size", xl)};
static struct condition w_tag[] = {IS("props.tags", x_tag)},
                        w_not_tag[] = {NOT("props.tags", x_tag)};
static struct condition w_deep[] = {GTE("props.deep.n", 50)};
static struct condition w_item[] = {IS("items.item_id", item_a), GTE("items.price", 10)};
static struct condition w_item_not[] = {IS("items.item_id", item_a), NOT("items.coupon", coupon)};
static struct condition w_mobile[] = {IS("device", mobile)};
static struct condition w_direct[] = {IS("channel", direct)};
static struct condition w_entry[] = {IS("entry", cart)}, w_exit[] = {NOT("exit", cart)};
static struct condition w_value[] = {GTE("value", 10)}, w_no_value[] = {NOT("value", ten)};
static struct condition w_in[] = {
    {.property = {"country", 7}, .op = OP_IN, .values = c_or_d, .n_values = 2}};
static struct condition w_title[] = {{.property = {"title", 5}, .op = OP_EXISTS}};

static struct rule any_of[] = {
    {.type = RULE_EVENT, .name = {"a", 1}},
    {.type = RULE_DESTINATION, .how = MATCH_BEGINS, .path = {"/cart", 5}}};
static struct rule all_of[] = {{.type = RULE_ANY, .children = any_of, .n_children = 2},
                               {.type = RULE_CONDITIONS, .where = w_mobile, .n_where = 1}};
static struct rule in_order[] = {{.type = RULE_EVENT, .name = {"a", 1}},
                                 {.type = RULE_EVENT, .name = {"b", 1}},
                                 {.type = RULE_PAGES, .at_least = 2}};

static const struct rule rules[N_RULES] = {
    {.type = RULE_EVENT, .name = {"a", 1}},
    {.type = RULE_DESTINATION,
     .how = MATCH_GLOB,
     .path = {"/cart*", 6},
     .host = {"shop.example", 12}},
    {.type = RULE_DESTINATION, .how = MATCH_REGEX, .path = {"^/p/[a-z]+$", 11}},
    {.type = RULE_CONDITIONS, .where = w_source, .n_where = 1},
    {.type = RULE_EVENT, .name = {"a", 1}, .where = w_not_source, .n_where = 1},
    {.type = RULE_CONDITIONS, .where = w_size, .n_where = 1},
    {.type = RULE_CONDITIONS, .where = w_not_size, .n_where = 1},
    {.type = RULE_CONDITIONS, .where = w_tag, .n_where = 1},
    {.type = RULE_CONDITIONS, .where = w_not_tag, .n_where = 1},
    {.type = RULE_CONDITIONS, .where = w_item, .n_where = 2},
    {.type = RULE_CONDITIONS, .where = w_item_not, .n_where = 2},
    {.type = RULE_ALL, .children = all_of, .n_children = 2},
    {.type = RULE_CONDITIONS, .where = w_direct, .n_where = 1},
    {.type = RULE_CONDITIONS, .where = w_entry, .n_where = 1},
    {.type = RULE_VALUE, .at_least = 12.5},
    {.type = RULE_SCROLL, .at_least = 50},
    {.type = RULE_DURATION, .at_least = 30},
    {.type = RULE_PAGES, .at_least = 2},
    {.type = RULE_ENGAGED, .at_least = 8},
    {.type = RULE_RETURNS, .within_ms = 86400000},
    {.type = RULE_SEQUENCE, .within_ms = 86400000, .children = in_order, .n_children = 3},
    {.type = RULE_CONDITIONS, .where = w_no_value, .n_where = 1},
};
static const struct rule filters[N_FILTERS] = {
    {.type = RULE_CONDITIONS, .where = w_mobile, .n_where = 1},
    {.type = RULE_CONDITIONS, .where = w_exit, .n_where = 1},
    {.type = RULE_CONDITIONS, .where = w_deep, .n_where = 1},
    {.type = RULE_CONDITIONS, .where = w_value, .n_where = 1},
    {.type = RULE_CONDITIONS, .where = w_in, .n_where = 1},
    {.type = RULE_CONDITIONS, .where = w_title, .n_where = 1},
    {.type = RULE_PAGES, .at_least = 2},
};
static const char *const dims[] = {"channel", "path", "device", "props.tags",
                                   "exit",    "kind", "host",   "true_source"};
enum { N_DIMS = sizeof dims / sizeof *dims };

struct question {
    int filter, on; /* filter -1: none */
    bool timed, sessions, required;
    int64_t from_ms, to_ms;
};

/* --- the plain program --- */

struct told { /* what the plain program knows of one event */
    const struct made *m;
    int session; /* -1: none */
    bool start;
    uint64_t match;
    bool filtered, keep;
};
struct told_session {
    int64_t start_ms, last_ms;
    uint32_t pageviews, interactions, engaged_ms;
    const struct made *touch, *own, *first; /* whose source and medium count */
    struct str entry, exit;
};
struct plain {
    struct told t[MAX_EVENTS];
    struct told_session s[MAX_EVENTS];
    size_t n, n_sessions;
};

static bool is_direct(const struct made *m)
{
    return !m->e.text[TEXT_SOURCE].n && !m->e.text[TEXT_MEDIUM].n &&
           !m->e.text[TEXT_REFERRER_HOST].n;
}

static struct str channel_name(const struct made *m)
{
    return str_of(channel_names[channel_of(m->e.text[TEXT_SOURCE], m->e.text[TEXT_MEDIUM], STR_NONE,
                                           STR_NONE, m->e.text[TEXT_REFERRER_HOST])]);
}

static void plain_sessions(struct plain *p)
{
    int64_t start = 0, last = 0;
    p->n_sessions = 0;
    for (size_t i = 0; i < p->n; i++) {
        struct told *t = &p->t[i];
        const struct event *e = &t->m->e;
        bool open = p->n_sessions > 0 && e->at_ms - last <= 1800000 && e->at_ms - start < 86400000;
        t->session = open ? (int)p->n_sessions - 1 : -1;
        if (!e->offline && !open) {
            struct told_session *s = &p->s[p->n_sessions];
            *s = (struct told_session){
                .start_ms = e->at_ms, .touch = t->m, .own = t->m, .first = t->m};
            for (size_t k = i; is_direct(s->touch) && k-- > 0;) {
                if (is_direct(p->t[k].m)) continue;
                if (e->at_ms - p->t[k].m->e.at_ms <= INT64_C(180) * 86400000) s->touch = p->t[k].m;
                break;
            }
            t->session = (int)p->n_sessions++;
            t->start = true;
            start = e->at_ms;
        }
        if (!e->offline) last = e->at_ms;
        if (t->session < 0) continue;
        struct told_session *s = &p->s[t->session];
        if (!e->offline) s->last_ms = e->at_ms;
        s->pageviews += e->kind == KIND_PAGEVIEW;
        s->interactions += e->kind != KIND_SIGNAL;
        s->engaged_ms += e->engaged_ms;
        if (e->kind != KIND_PAGEVIEW) continue;
        if (!s->entry.n) s->entry = e->text[TEXT_PATH];
        s->exit = e->text[TEXT_PATH];
    }
}

static struct str session_text(const struct plain *p, const struct told *t, struct str property)
{
    if (t->session < 0) return STR_NONE;
    const struct told_session *s = &p->s[t->session];
    if (str_is(property, "channel")) return channel_name(s->touch);
    if (str_is(property, "source")) return s->touch->e.text[TEXT_SOURCE];
    if (str_is(property, "true_source")) return s->own->e.text[TEXT_SOURCE];
    if (str_is(property, "device")) return s->first->e.text[TEXT_DEVICE];
    if (str_is(property, "country")) return s->first->e.text[TEXT_COUNTRY];
    return str_is(property, "entry") ? s->entry : s->exit;
}

static bool one_holds(const struct condition *c, struct str v)
{
    double x;
    bool in = false;
    for (size_t i = 0; i < c->n_values; i++) in = in || (v.n && str_eq(v, c->values[i]));
    switch (c->op) {
    case OP_IS:
    case OP_IN: return in;
    case OP_IS_NOT: return !in;
    case OP_EXISTS: return v.n > 0;
    default: return str_to_double(v, &x) && x >= c->number;
    }
}

static bool condition_holds(const struct plain *p, const struct told *t, const struct condition *c)
{
    const struct made *m = t->m;
    if (str_is(c->property, "props.size")) return one_holds(c, str_of(m->size));
    if (str_is(c->property, "props.deep.n")) return one_holds(c, str_of(m->number));
    if (str_is(c->property, "title")) return one_holds(c, m->e.text[TEXT_TITLE]);
    if (str_is(c->property, "props.tags")) {
        bool has = false;
        for (size_t i = 0; i < m->n_tags; i++) has = has || strcmp(m->tag[i], "x") == 0;
        return has == (c->op == OP_IS);
    }
    if (str_is(c->property, "value")) {
        int digits = currency_digits(m->e.text[TEXT_CURRENCY]);
        double x = (double)m->e.value_minor / (digits == 0 ? 1 : digits == 2 ? 100 : 1000);
        if (!m->e.has_value) return c->op == OP_IS_NOT;
        return c->op == OP_IS_NOT ? x != 10 : x >= c->number;
    }
    return one_holds(c, session_text(p, t, c->property));
}

static bool where_holds(const struct plain *p, const struct told *t, const struct rule *r)
{
    if (r->n_where && str_begins(r->where[0].property, STR("items."))) {
        for (size_t i = 0; i < t->m->n_items; i++) {
            bool second = r->where[1].op == OP_GTE ? t->m->item[i].price >= 10
                                                   : strcmp(t->m->item[i].coupon, "ten") != 0;
            if (strcmp(t->m->item[i].id, "A") == 0 && second) return true;
        }
        return false;
    }
    for (size_t i = 0; i < r->n_where; i++)
        if (!condition_holds(p, t, &r->where[i])) return false;
    return true;
}

static bool rule_holds(const struct plain *p, const struct told *t, const struct rule *r)
{
    const struct event *e = &t->m->e;
    bool any = false, all = true;
    switch (r->type) {
    case RULE_EVENT: return str_eq(e->text[TEXT_NAME], r->name) && where_holds(p, t, r);
    case RULE_CONDITIONS: return where_holds(p, t, r);
    case RULE_DESTINATION:
        if (e->kind != KIND_PAGEVIEW || (r->host.n && !str_eq(e->text[TEXT_HOST], r->host)))
            return false;
        return r->how == MATCH_REGEX ? str_is(e->text[TEXT_PATH], "/p/blue")
                                     : str_begins(e->text[TEXT_PATH], STR("/cart"));
    case RULE_SCROLL: return e->scroll_percent >= r->at_least;
    case RULE_VALUE: {
        struct condition c = {.property = STR("value"), .op = OP_GTE, .number = r->at_least};
        return condition_holds(p, t, &c);
    }
    default:
        for (size_t i = 0; i < r->n_children; i++) {
            bool holds = rule_holds(p, t, &r->children[i]);
            any = any || holds;
            all = all && holds;
        }
        return r->type == RULE_ANY ? any : all;
    }
}

/* Sets hit[i] where the rule holds. */
static void rule_hits(const struct plain *p, const struct rule *r, bool *hit)
{
    memset(hit, 0, p->n);
    if (!rule_is_stateful(r)) {
        for (size_t i = 0; i < p->n; i++) hit[i] = rule_holds(p, &p->t[i], r);
        return;
    }
    if (r->type == RULE_SEQUENCE) {
        bool step[3][MAX_EVENTS];
        size_t from = 0; /* every completion starts anew after its event */
        for (size_t k = 0; k < 3; k++) rule_hits(p, &r->children[k], step[k]);
        for (size_t c = 0; c < p->n; c++)
            for (size_t b = from; b < c; b++)
                for (size_t a = from; a < b; a++)
                    if (step[0][a] && step[1][b] && step[2][c] &&
                        p->t[c].m->e.at_ms - p->t[a].m->e.at_ms <= r->within_ms)
                        hit[c] = true, from = c + 1;
        return;
    }
    for (size_t k = 0; k < p->n_sessions; k++) {
        double views = 0, engaged = 0;
        for (size_t i = 0; i < p->n; i++) {
            const struct event *e = &p->t[i].m->e;
            if (p->t[i].session != (int)k) continue;
            views += e->kind == KIND_PAGEVIEW;
            engaged += e->engaged_ms;
            if (r->type == RULE_DURATION)
                hit[i] = !e->offline && (double)(e->at_ms - p->s[k].start_ms) >= r->at_least * 1000;
            else if (r->type == RULE_PAGES) hit[i] = views >= r->at_least;
            else if (r->type == RULE_ENGAGED) hit[i] = engaged >= r->at_least * 1000;
            else hit[i] = k > 0 && p->s[k].start_ms - p->s[k - 1].last_ms <= r->within_ms;
            if (hit[i] || r->type == RULE_RETURNS) break;
        }
    }
}

/* --- both write the same lines --- */

struct lines { /* each visitor's lines as one hash: their sum does not depend on order */
    uint64_t sum, visitors, events;
    const struct plan *plan;
};

static uint64_t mix(uint64_t h, uint64_t v)
{
    return hash_mix(h ^ (v + UINT64_C(0x9e3779b97f4a7c15)));
}

static struct str plain_dim(const struct plain *p, const struct told *t, const char *dim)
{
    const struct event *e = &t->m->e;
    static const char *const kinds[] = {"pageview", "custom", "order", "signal", "exposure"};
    if (strcmp(dim, "path") == 0) return e->text[TEXT_PATH];
    if (strcmp(dim, "host") == 0) return e->text[TEXT_HOST];
    if (strcmp(dim, "kind") == 0) return str_of(kinds[e->kind]);
    if (strcmp(dim, "props.tags") == 0) return t->m->n_tags ? str_of(t->m->tag[0]) : STR_NONE;
    return session_text(p, t, str_of(dim));
}

static void plain_visitor(struct plain *p, const struct question *q, struct lines *out)
{
    bool hit[MAX_EVENTS], any = false;
    plain_sessions(p);
    for (size_t r = 0; r < N_RULES; r++) {
        rule_hits(p, &rules[r], hit);
        for (size_t i = 0; i < p->n; i++) p->t[i].match |= (uint64_t)hit[i] << r;
    }
    if (q->filter >= 0) rule_hits(p, &filters[q->filter], hit);
    for (size_t i = 0; i < p->n; i++) {
        struct told *t = &p->t[i];
        bool in_time = !q->timed || (t->m->e.at_ms >= q->from_ms && t->m->e.at_ms < q->to_ms);
        t->keep = in_time;
        if (q->filter < 0) continue;
        bool holds = q->on == ON_EVENT && hit[i];
        for (size_t k = 0; k < p->n; k++) {
            bool k_in_time =
                !q->timed || (p->t[k].m->e.at_ms >= q->from_ms && p->t[k].m->e.at_ms < q->to_ms);
            if (q->on == ON_SESSION)
                holds = holds || (hit[k] && t->session >= 0 && p->t[k].session == t->session);
            if (q->on == ON_VISITOR) holds = holds || (hit[k] && k_in_time);
        }
        t->keep = t->keep && holds;
    }
    uint64_t h = 0, events = 0, met = 0;
    int last = -1, number = -1;
    for (size_t i = 0; i < p->n; i++) {
        const struct told *t = &p->t[i];
        const struct event *e = &t->m->e;
        if (!t->keep) continue;
        events++;
        met |= t->match & 1;
        h = mix(h, e->visitor);
        h = mix(h, (uint64_t)e->at_ms);
        h = mix(h, t->match);
        h = mix(h, (uint64_t)((e->kind != KIND_SIGNAL ? JF_INTERACTION : 0) |
                              (e->kind == KIND_PAGEVIEW ? JF_PAGEVIEW : 0) |
                              (e->offline ? JF_OFFLINE : 0) | (e->simulated ? JF_SIMULATED : 0) |
                              (t->start ? JF_SESSION_START : 0)));
        h = mix(h, hash_fast(e->text[TEXT_NAME]));
        h = mix(h, hash_fast(e->text[TEXT_PATH]));
        h = mix(h, (uint64_t)(e->has_value ? e->value_minor : 0));
        h = mix(h, hash_fast(e->text[TEXT_CURRENCY]));
        h = mix(h, e->engaged_ms);
        for (size_t d = 0; d < N_DIMS; d++) h = mix(h, hash_fast(plain_dim(p, t, dims[d])));
        if (t->session >= 0 && t->session != last) number++;
        h = mix(h, t->session < 0 ? JOURNEY_NO_SESSION : (uint64_t)number);
        if (t->session < 0) continue;
        last = t->session;
        const struct told_session *s = &p->s[last];
        h = mix(h, (uint64_t)s->start_ms);
        h = mix(h, (uint64_t)s->last_ms);
        h = mix(h, (uint64_t)s->pageviews << 32 | s->interactions);
        h = mix(h, s->engaged_ms);
        h = mix(h, s->engaged_ms >= 10000 || s->pageviews >= 2);
    }
    any = events > 0 && (!q->required || met);
    if (!any) return;
    out->visitors++;
    out->events += events;
    out->sum += mix(h, p->t[p->n - 1].m->e.id_kind);
}

static int by_journey(const void *x, const void *y)
{
    const struct event *a = &(*(const struct made *const *)x)->e,
                       *b = &(*(const struct made *const *)y)->e;
    if (a->visitor != b->visitor) return a->visitor < b->visitor ? -1 : 1;
    if (a->at_ms != b->at_ms) return a->at_ms < b->at_ms ? -1 : 1;
    return a->seq < b->seq ? -1 : 1;
}

static void plain_answer(const struct made *all, size_t n, const struct question *q,
                         struct lines *out)
{
    static struct plain p;
    const struct made *sorted[MAX_EVENTS];
    size_t kept = 0;
    for (size_t i = 0; i < n; i++)
        if (all[i].e.bot_reason == BOT_NONE) sorted[kept++] = &all[i];
    qsort(sorted, kept, sizeof *sorted, by_journey);
    *out = (struct lines){0};
    for (size_t i = 0, end; i < kept; i = end) {
        p.n = 0;
        for (end = i; end < kept && sorted[end]->e.visitor == sorted[i]->e.visitor; end++)
            p.t[p.n++] = (struct told){.m = sorted[end]};
        plain_visitor(&p, q, out);
    }
}

static err_code lines_init(void *state, const void *def, struct err *err)
{
    (void)state, (void)def, (void)err;
    return ERR_OK;
}

static err_code lines_add(void *state, const void *def, const struct journey *j, struct err *err)
{
    struct lines *out = state;
    const struct plan *plan = *(const struct plan *const *)def;
    uint64_t h = 0;
    (void)err;
    for (size_t i = 0; i < j->n; i++) {
        h = mix(h, j->visitor);
        h = mix(h, (uint64_t)j->at_ms[i]);
        h = mix(h, j->match[i]);
        h = mix(h, j->flags[i] & 31);
        h = mix(h, hash_fast(plan_name_text(plan, j->name[i])));
        h = mix(h, hash_fast(plan_path_text(plan, j->path[i])));
        h = mix(h, (uint64_t)j->value_minor[i]);
        h = mix(h, hash_fast(plan_currency_text(plan, j->currency[i])));
        h = mix(h, j->engaged_ms[i]);
        for (unsigned d = 0; d < N_DIMS; d++) {
            if (j->dim[d][i] >= plan_dimension_count(plan, d)) abort();
            h = mix(h, hash_fast(plan_dimension_text(plan, d, j->dim[d][i])));
        }
        h = mix(h, j->session[i]);
        if (j->session[i] == JOURNEY_NO_SESSION) continue;
        const struct journey_session *s = &j->sessions[j->session[i]];
        if (i < s->first || i >= s->end) abort();
        h = mix(h, (uint64_t)s->start_ms);
        h = mix(h, (uint64_t)s->last_ms);
        h = mix(h, (uint64_t)s->pageviews << 32 | s->interactions);
        h = mix(h, s->engaged_ms);
        h = mix(h, s->engaged);
    }
    out->visitors++;
    out->events += j->n;
    out->sum += mix(h, j->id_kind);
    return ERR_OK;
}

static err_code lines_merge(void *into, void *from, struct err *err)
{
    struct lines *a = into, *b = from;
    (void)err;
    a->sum += b->sum;
    a->visitors += b->visitors;
    a->events += b->events;
    return ERR_OK;
}
static const struct kernel lines_kernel = {sizeof(struct lines), lines_init, lines_add, lines_merge,
                                           NULL};

static void index_answer(struct index *x, struct pool *pool, const struct question *q,
                         struct lines *out)
{
    struct err err;
    struct plan *plan;
    unsigned bit;
    struct snapshot *s = index_snapshot(x, 7);
    assert_int_equal(plan_open(s, NULL, &plan, &err), ERR_OK);
    for (unsigned r = 0; r < N_RULES; r++) {
        if (plan_predicate(plan, &rules[r], &bit, &err) != ERR_OK) fail_msg("%u: %s", r, err.msg);
        assert_int_equal(bit, r);
    }
    for (unsigned d = 0; d < N_DIMS; d++) {
        if (plan_dimension(plan, str_of(dims[d]), &bit, &err) != ERR_OK) fail_msg("%s", err.msg);
        assert_int_equal(bit, d);
    }
    if (q->filter >= 0)
        assert_int_equal(plan_filter(plan, &filters[q->filter], (enum filter_on)q->on, &err),
                         ERR_OK);
    if (q->timed) plan_time(plan, q->from_ms, q->to_ms);
    if (q->required) plan_require(plan, 1);
    plan_need(plan, NEED_SESSIONS | NEED_VALUE | NEED_ENGAGED | NEED_NAME | NEED_PATH);
    if (scan_run(plan, pool, &lines_kernel, &plan, out, NULL, NULL, &err) != ERR_OK)
        fail_msg("%s", err.msg);
    plan_close(plan);
    snapshot_release(s);
}

/* --- the test --- */

static struct pool *pools[3];
static uint64_t life; /* the seed at work; CAIRN_SEED=n runs one alone */

static void feed(struct index *x, const struct made *all, size_t n)
{
    struct err err;
    for (size_t i = 0; i < n; i++) assert_int_equal(index_add(x, &all[i].e, &err), ERR_OK);
}

static void ask_all(struct index *x, const struct made *all, size_t n, uint64_t *r)
{
    for (int k = 0; k < 4; k++) {
        struct lines want, got;
        struct question q = {.filter = (int)pick(r, N_FILTERS + 1) - 1, .on = (int)pick(r, 3)};
        q.timed = pick(r, 2);
        q.required = pick(r, 3) == 0;
        q.from_ms = all[pick(r, n)].e.at_ms;
        q.to_ms = all[pick(r, n)].e.at_ms + 1;
        plain_answer(all, n, &q, &want);
        index_answer(x, pools[pick(r, 3)], &q, &got);
        if (want.events != got.events || want.visitors != got.visitors || want.sum != got.sum)
            fail_msg("life %llu: filter %d on %d timed %d required %d: %llu/%llu events %llu/%llu "
                     "visitors",
                     q.filter, q.on, q.timed, q.required, (unsigned long long)got.events,
                     (unsigned long long)want.events, (unsigned long long)got.visitors,
                     (unsigned long long)want.visitors);
    }
}

static void reopen(struct index **x, const char *dir)
{
    struct err err;
    index_close(*x);
    assert_int_equal(index_open(&fs_real, &(struct index_options){.dir = dir}, x, &err), ERR_OK);
}

/* Feeds events in random portions, with publishing, writing out, reopening and rebuilding between.
 */
static void one_life(uint64_t seed)
{
    static struct made all[MAX_EVENTS];
    uint64_t r = seed;
    size_t n = pick(&r, MAX_EVENTS) + 1, fed = 0;
    struct index *x;
    struct err err;
    char dir[] = "/tmp/cairn-oracle-XXXXXX", command[64];
    assert_non_null(mkdtemp(dir));
    assert_int_equal(index_open(&fs_real, &(struct index_options){.dir = dir}, &x, &err), ERR_OK);
    for (size_t i = 0; i < n; i++) make_event(&all[i], &r, i + 1);
    while (fed < n) {
        size_t more = pick(&r, n / 3 + 1) + 1;
        if (more > n - fed) more = n - fed;
        feed(x, all + fed, more);
        fed += more;
        if (pick(&r, 2)) continue;
        assert_int_equal(index_publish(x, fed, 1000 + (int64_t)fed, &err), ERR_OK);
        if (pick(&r, 3) == 0) assert_int_equal(index_persist(x, &err), ERR_OK);
        if (pick(&r, 4) == 0) {
            reopen(&x, dir);
            assert_int_equal(index_watermark(x, 7), fed);
            feed(x, all, fed); /* again: ignored */
        }
        if (pick(&r, 8) == 0) {
            assert_int_equal(index_drop_site(x, 7, &err), ERR_OK);
            feed(x, all, fed);
            assert_int_equal(index_publish(x, fed, 1000 + (int64_t)fed, &err), ERR_OK);
        }
        ask_all(x, all, fed, &r);
    }
    assert_int_equal(index_publish(x, n, 5000, &err), ERR_OK);
    ask_all(x, all, n, &r);
    reopen(&x, dir);
    assert_int_equal(index_watermark(x, 7), n);
    ask_all(x, all, n, &r);
    index_close(x);
    snprintf(command, sizeof command, "rm -rf %s", dir);
    assert_int_equal(system(command), 0);
}

static void random_lives(void **unused)
{
    (void)unused;
    const char *only = getenv("CAIRN_SEED");
    for (uint64_t seed = 1; seed <= N_LIVES; seed++) {
        if (only && seed != strtoull(only, NULL, 10)) continue;
        life = seed;
        one_life(seed);
    }
}

int main(void)
{
    struct err err;
    static const size_t threads[] = {1, 2, 5};
    const struct CMUnitTest tests[] = {cmocka_unit_test(random_lives)};
    for (size_t i = 0; i < 3; i++)
        if (pool_open(threads[i], &pools[i], &err) != ERR_OK) return 1;
    int rc = cmocka_run_group_tests(tests, NULL, NULL);
    for (size_t i = 0; i < 3; i++) pool_close(pools[i]);
    return rc;
}
