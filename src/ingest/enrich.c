#include "ingest/enrich.h"

#include <stdio.h>

#include "event/money.h"
#include "event/sources.h"
#include "ingest/bots.h"
#include "ingest/url.h"

struct making { /* one event under way */
    const struct enrich *x;
    const struct accept_request *r;
    const struct site *site;
    const struct fields *f;
    int64_t now_ms;
    struct arena *a;
    struct event *e;
    struct reject *why;
    struct err *err;
    struct url page;
    struct url_campaign campaign;
};

static bool refuse(struct making *m, enum reject_code code, const char *field)
{
    m->why->code = code;
    snprintf(m->why->field, sizeof m->why->field, "%s", field);
    return false;
}

static bool no_memory(struct making *m)
{
    (void)err_set(m->err, ERR_NOMEM, 0, "an event within %zu bytes", m->a->cap);
    return refuse(m, REJECT_N, "");
}

static bool is_browser(const struct making *m)
{
    return m->r->origin_kind == ORIGIN_BROWSER;
}

static bool set_times(struct making *m)
{
    m->e->received_at_ms = m->now_ms;
    m->e->at_ms = m->now_ms;
    if (m->f->has_at) {
        if (m->f->at_ms - m->now_ms > LIMIT_FUTURE_MS) return refuse(m, REJECT_at_in_future, "at");
        m->e->at_ms = m->f->at_ms;
    } else if (m->f->has_age) {
        if (m->f->age_ms > LIMIT_AGE_MS) return refuse(m, REJECT_too_old, "age_ms");
        m->e->at_ms = m->now_ms - m->f->age_ms;
    }
    return true;
}

/* --- page, referrer, campaign --- */

static bool host_allowed(const struct site *site, struct str host)
{
    for (size_t i = 0; i < site->n_hosts; i++)
        if (str_eq_nocase(url_bare_host(host), url_bare_host(site->hosts[i]))) return true;
    return site->n_hosts == 0;
}

static bool set_page(struct making *m)
{
    struct event *e = m->e;
    /* An image on a page tells the page by its Referer. */
    bool image =
        m->f->url.n == 0 && is_browser(m) && m->r->referer.n > 0 && m->r->referer.n <= LIMIT_URL;
    struct str text = image ? m->r->referer : m->f->url;
    if (text.n == 0) {
        if (e->kind == KIND_PAGEVIEW && is_browser(m))
            return refuse(m, REJECT_missing_field, "url");
        return true;
    }
    if (image && !str_is_utf8(text)) return true;
    if (!url_clean(text, m->site->domain, m->a, &m->page, &e->text[TEXT_URL], &m->campaign)) {
        m->page = (struct url){0};
        return image ? true : refuse(m, REJECT_bad_field, "url");
    }
    e->text[TEXT_HOST] = m->page.host;
    e->text[TEXT_PATH] = m->page.path;
    e->text[TEXT_QUERY] = m->page.query;
    return host_allowed(m->site, m->page.host) ? true : refuse(m, REJECT_foreign_host, "url");
}

static bool origin_allowed(struct making *m)
{
    struct url origin;
    if (!is_browser(m) || m->site->n_hosts == 0) return true;
    if (m->r->origin.n == 0 || !url_split(m->r->origin, m->a, &origin)) return true; /* "null" */
    return host_allowed(m->site, origin.host) ? true : refuse(m, REJECT_foreign_host, "");
}

static bool is_own_host(const struct making *m, struct str host)
{
    if (str_eq(url_bare_host(host), url_bare_host(m->page.host))) return true;
    if (url_host_within(host, m->site->domain)) return true;
    return m->site->n_hosts > 0 && host_allowed(m->site, host);
}

static void set_referrer(struct making *m)
{
    struct url from;
    struct str clean;
    /* What a page's referrer says is not in the page's hands: one that is no address is left out.
     */
    if (m->f->referrer.n == 0 || str_begins(str_trim(m->f->referrer), STR("/"))) return;
    if (!url_clean(m->f->referrer, STR_NONE, m->a, &from, &clean, NULL)) return;
    m->e->text[TEXT_REFERRER] = clean;
    if (!is_own_host(m, from.host)) m->e->text[TEXT_REFERRER_HOST] = from.host;
}

/* Tags first, then the click id, then the referrer; nothing of these is a direct visit. */
static void set_source(struct making *m)
{
    const struct url_campaign *c = &m->campaign;
    struct str *text = m->e->text, host = text[TEXT_REFERRER_HOST];
    text[TEXT_CAMPAIGN] = c->campaign;
    text[TEXT_TERM] = c->term;
    text[TEXT_CONTENT] = c->content;
    text[TEXT_SOURCE] = c->source;
    text[TEXT_MEDIUM] = c->medium;
    const struct click_id *click = NULL;
    if (c->click_id_kind) {
        click = click_id_named(str_of(c->click_id_kind));
        if (click->source) text[TEXT_CLICK_ID_KIND] = str_of(click->name);
    }
    if (c->source.n) return;
    const struct source *known = host.n ? source_of_host(host) : NULL;
    if (click && click->source) {
        text[TEXT_SOURCE] = str_of(click->source);
        if (c->medium.n == 0) text[TEXT_MEDIUM] = str_of(click->medium);
    } else if (host.n) {
        text[TEXT_SOURCE] = known ? known->name : url_bare_host(host);
        if (c->medium.n == 0)
            text[TEXT_MEDIUM] = str_of(source_medium(known ? known->kind : SOURCE_UNKNOWN));
    }
}

/* --- who and with what --- */

static bool is_import(const struct making *m)
{
    return m->r->origin_kind == ORIGIN_IMPORT || m->r->origin_kind == ORIGIN_IMPORT_BOTS;
}

/* An export tells the stored id itself, "#" and 16 hex digits (docs/FORMAT.md "Export"). */
static bool set_exported_visitor(struct making *m)
{
    const struct fields *f = m->f;
    struct str id = f->user.n ? f->user : f->visitor;
    if (!is_import(m) || id.n != 17 || id.p[0] != '#') return false;
    if (!str_to_u64_hex(str_sub(id, 1, id.n), &m->e->visitor)) return false;
    m->e->id_kind = f->user.n ? ID_KNOWN : str_is(f->id_kind, "day") ? ID_DAY : ID_CONSENTED;
    return true;
}

static bool set_visitor(struct making *m)
{
    const struct fields *f = m->f;
    struct event *e = m->e;
    if (set_exported_visitor(m)) return true;
    if (f->user.n || f->visitor.n) {
        e->id_kind = f->user.n ? ID_KNOWN : ID_CONSENTED;
        e->visitor = identity_visitor(m->site, e->id_kind, f->user.n ? f->user : f->visitor);
        return true;
    }
    e->id_kind = ID_DAY;
    bool given = f->ip.n || f->user_agent.n;
    struct str ip = given ? f->ip : m->r->ip, user_agent = given ? f->user_agent : m->r->user_agent;
    bool import = is_import(m);
    if (import && ip.n == 0 && user_agent.n == 0) return refuse(m, REJECT_missing_field, "visitor");
    err_code code =
        import || f->has_at
            ? identity_past_day(m->x->identity, m->site, ip, user_agent, e->at_ms, m->now_ms,
                                import, &e->visitor, m->err)
            : identity_day(m->x->identity, m->site, ip, user_agent, m->now_ms, &e->visitor, m->err);
    return code == ERR_OK ? true : refuse(m, REJECT_N, "");
}

static bool set_agent(struct making *m)
{
    struct event *e = m->e;
    struct str user_agent =
        is_browser(m) && !m->f->user_agent.n ? m->r->user_agent : m->f->user_agent;
    struct agent agent = {.device = ""};
    if (user_agent.n || is_browser(m)) ua_find(m->x->ua, user_agent, &agent);
    e->text[TEXT_BROWSER] = arena_copy(m->a, str_of(agent.browser));
    e->text[TEXT_OS] = arena_copy(m->a, str_of(agent.os));
    if (!e->text[TEXT_BROWSER].p || !e->text[TEXT_OS].p) return no_memory(m);
    e->text[TEXT_DEVICE] = str_of(agent.device);
    e->bot_reason =
        bots_judge(m->r, user_agent, &agent, m->f->webdriver, str_is(m->page.scheme, "https"));

    struct str ip = is_browser(m) && !m->f->ip.n ? m->r->ip : m->f->ip;
    struct place place = geo_find(m->x->geo, ip);
    e->text[TEXT_COUNTRY] = place.country;
    e->text[TEXT_REGION] = place.region;
    e->text[TEXT_CITY] = place.city;
    return true;
}

/* The first of "de-DE,de;q=0.9". */
static struct str first_language(struct str accept_language)
{
    struct str rest, first = str_cut(accept_language, ',', &rest);
    first = str_trim(str_cut(first, ';', &rest));
    return first.n <= 35 && str_is_utf8(first) && !str_is(first, "*") ? first : STR_NONE;
}

/* --- what is it worth --- */

static bool set_value(struct making *m)
{
    char code[4];
    int exponent;
    struct str currency = m->f->currency.n ? m->f->currency : str_of(m->site->currency);
    if (m->f->currency.n == 0 && m->f->value.n == 0) return true;
    if (!money_currency(currency, code, &exponent))
        return refuse(m, REJECT_bad_currency, "currency");
    if (m->f->value.n == 0) return true;
    if (!money_parse(m->f->value, exponent, &m->e->value_minor))
        return refuse(m, REJECT_bad_number, "value");
    m->e->has_value = true;
    m->e->text[TEXT_CURRENCY] = arena_copy(m->a, str_of(code));
    return m->e->text[TEXT_CURRENCY].p ? true : no_memory(m);
}

/* A text that fields.c found to be a number, as JSON writes it: "+07." is 7. */
static void write_number(struct buf *out, struct str s)
{
    bool negative = s.p[0] == '-';
    size_t i = negative || s.p[0] == '+' ? 1 : 0;
    while (i + 1 < s.n && s.p[i] == '0' && s.p[i + 1] >= '0' && s.p[i + 1] <= '9') i++;
    if (negative) buf_char(out, '-');
    if (s.p[i] == '.') buf_char(out, '0');
    for (; i < s.n; i++) {
        bool digit_follows = i + 1 < s.n && s.p[i + 1] >= '0' && s.p[i + 1] <= '9';
        if (s.p[i] == '.' && !digit_follows) continue;
        buf_char(out, s.p[i]);
    }
}

static void write_items(struct buf *out, const struct json_node *items)
{
    buf_char(out, '[');
    for (JSON_EACH(item, items)) {
        if (item != items + 1) buf_char(out, ',');
        buf_char(out, '{');
        for (JSON_EACH(member, item)) {
            if (member != item + 1) buf_char(out, ',');
            json_write_text(out, member->key);
            buf_char(out, ':');
            bool numeric = str_is(member->key, "price") || str_is(member->key, "quantity");
            if (numeric && member->type == NODE_TEXT && member->text.n)
                write_number(out, member->text);
            else if (numeric && member->type == NODE_TEXT) buf_z(out, "null");
            else json_write_node(out, member);
        }
        buf_char(out, '}');
    }
    buf_char(out, ']');
}

/* Props and items as compact JSON. */
static bool set_documents(struct making *m)
{
    struct buf b = {0};
    size_t props_n = 0;
    if (m->f->props && m->f->props->n) json_write_node(&b, m->f->props);
    props_n = b.n;
    if (m->f->items && m->f->items->n) write_items(&b, m->f->items);
    bool ok = !b.bad;
    if (ok && b.n) {
        struct str both = arena_copy(m->a, buf_view(&b));
        ok = both.p != NULL;
        m->e->text[TEXT_PROPS] = str_sub(both, 0, props_n);
        m->e->text[TEXT_ITEMS] = str_sub(both, props_n, both.n);
    }
    buf_free(&b);
    return ok ? true : no_memory(m);
}

bool enrich_event(const struct enrich *x, const struct accept_request *r, const struct site *site,
                  const struct fields *f, int64_t now_ms, struct arena *a, struct event *out,
                  struct reject *why, struct err *err)
{
    struct making m = {.x = x,
                       .r = r,
                       .site = site,
                       .f = f,
                       .now_ms = now_ms,
                       .a = a,
                       .e = out,
                       .why = why,
                       .err = err};
    *out = (struct event){
        .site = site->id,
        .origin = r->origin_kind,
        .offline = f->offline,
        .simulated = site->simulated,
        .engaged_ms = f->engaged_ms,
        .scroll_percent = f->scroll_percent,
        .dedupe = f->id.n ? identity_event(site, f->id) : 0,
    };
    struct str *text = out->text;
    text[TEXT_NAME] = f->name.n ? f->name : STR("pageview");
    text[TEXT_TITLE] = f->title;
    text[TEXT_SCREEN] = f->screen;
    text[TEXT_LANGUAGE] = f->language.n ? f->language : first_language(r->accept_language);
    text[TEXT_TIMEZONE] = f->timezone;
    text[TEXT_ORDER_ID] = f->order_id;
    text[TEXT_SESSION] = f->session;
    text[TEXT_ID] = f->id;
    text[TEXT_PROTOCOL] = r->protocol ? str_of(r->protocol) : STR("cairn");
    text[TEXT_EXPERIMENT] = f->experiment;
    text[TEXT_VARIANT] = f->variant;
    out->kind = event_kind_of(text[TEXT_NAME]);
    if (is_browser(&m) && site->exclude_dnt && (r->dnt || r->gpc))
        return refuse(&m, REJECT_privacy_signal, "");
    if (!set_times(&m) || !set_page(&m) || !origin_allowed(&m)) return false;
    set_referrer(&m);
    set_source(&m);
    return set_value(&m) && set_documents(&m) && set_agent(&m) && set_visitor(&m);
}
