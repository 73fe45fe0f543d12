/* exchange.c: from a matched route to its answer: who asks, may they, the body, the run. */
#include "api/exchange.h"

#include <sodium.h>

#include "event/limits.h"

/* --- who asks --- */

static err_code not_signed_in(struct err *err)
{
    return err_named(err, ERR_DENIED, "not_signed_in", "", "sign in first, or send a token");
}

/* Without telling by its time how much of a guess was right. */
static bool same_secret(struct str a, const char *b)
{
    return a.n == strlen(b) && a.n > 0 && sodium_memcmp(a.p, b, a.n) == 0;
}

static err_code find_caller(struct exchange *x, struct err *err)
{
    struct config *config = x->api->engine->config;
    struct str value = http_header(x->r, "Authorization");
    if (value.n > 0) {
        if (value.n < 7 || !str_eq_nocase(str_sub(value, 0, 7), STR("Bearer ")))
            return err_named(err, ERR_DENIED, "bad_token", "",
                             "send Authorization: Bearer and a token");
        struct str secret = str_trim(str_sub(value, 7, value.n));
        if (atomic_load_explicit(&x->api->has_operator, memory_order_acquire) &&
            same_secret(secret, x->api->operator_secret)) {
            x->caller = (struct caller){.name = "command line",
                                        .owner = true,
                                        .scopes = SCOPE_READ | SCOPE_WRITE | SCOPE_INGEST};
            return ERR_OK;
        }
        return config_token(config, secret, &x->caller, err);
    }
    struct str cookie = http_cookie(x->r, "cairn_session");
    if (cookie.n == 0) return not_signed_in(err);
    x->by_cookie = true;
    return config_session(config, cookie, &x->caller, x->csrf, err);
}

/* Another site's page can make a browser send our cookie, but cannot read the token. */
static err_code check_csrf(const struct exchange *x, struct err *err)
{
    if (!x->by_cookie || x->route->method == HTTP_GET) return ERR_OK;
    if (same_secret(http_header(x->r, "X-CSRF-Token"), x->csrf)) return ERR_OK;
    return err_named(err, ERR_DENIED, "bad_csrf", "",
                     "send X-CSRF-Token with what GET /api/v1/session tells");
}

/* --- may they --- */

static err_code unknown_site(const struct exchange *x, struct err *err)
{
    return err_named(err, ERR_NOT_FOUND, "unknown_site", "", "there is no site \"%.*s\"",
                     STR_FMT(x->parts[0]));
}

static err_code find_site(struct exchange *x, struct err *err)
{
    const struct site_table *t = config_sites(x->api->engine->config);
    const struct site *s = site_by_key(t, x->parts[0]);
    x->site = s ? s->id : 0;
    config_sites_release(x->api->engine->config, t);
    return s ? ERR_OK : unknown_site(x, err);
}

static err_code not_allowed(struct err *err, const char *what)
{
    return err_named(err, ERR_DENIED, "not_allowed", "", "this needs %s", what);
}

static err_code check_site(struct exchange *x, struct err *err)
{
    err_code rc = find_site(x, err);
    if (rc) return rc;
    const struct caller *c = &x->caller;
    enum role role = config_role(x->api->engine->config, c, x->site);
    bool token = c->user == 0 && !c->owner;
    /* Whoever has nothing to do with the site cannot learn that it exists. */
    if (token ? c->token_site != x->site : role == ROLE_NONE) return unknown_site(x, err);
    switch (x->route->need) {
    case NEED_READ: return role >= ROLE_VIEWER ? ERR_OK : not_allowed(err, "the scope read");
    case NEED_WRITE:
        return role >= ROLE_EDITOR ? ERR_OK : not_allowed(err, "an editor, or the scope write");
    case NEED_ADMIN:
        return role >= ROLE_ADMIN ? ERR_OK : not_allowed(err, "an administrator of the site");
    case NEED_INGEST:
        return c->scopes & SCOPE_INGEST ? ERR_OK
                                        : not_allowed(err, "a token with the scope ingest");
    default: return ERR_OK;
    }
}

static err_code check(struct exchange *x, struct err *err)
{
    if (x->route->need == NEED_NOBODY) return ERR_OK;
    err_code rc = find_caller(x, err);
    if (!rc) rc = check_csrf(x, err);
    if (rc || x->route->need == NEED_CALLER) return rc;
    if (x->route->need == NEED_OWNER)
        return x->caller.owner ? ERR_OK
                               : err_named(err, ERR_NOT_FOUND, "not_found", "",
                                           "there is nothing at this address");
    return check_site(x, err);
}

/* --- the body --- */

static err_code read_body(struct exchange *x, struct err *err)
{
    if (x->route->run == run_site_events) return ERR_OK; /* has its own reader */
    struct str text = http_body(x->r);
    if (text.n == 0) return ERR_OK;
    if (!str_is_utf8(text))
        return err_named(err, ERR_INVALID, "bad_utf8", "", "the body is not UTF-8");
    json_error_t why;
    /* jansson bounds the depth itself (JSON_PARSER_MAX_DEPTH). */
    x->body = json_loadb(text.p, text.n, JSON_REJECT_DUPLICATES, &why);
    if (x->body) return ERR_OK;
    return err_named(err, ERR_INVALID, "bad_json", "", "line %d, column %d: %s", why.line,
                     why.column, why.text);
}

err_code body_text(const struct exchange *x, const char *name, struct str *out, struct err *err)
{
    const json_t *v = json_object_get(x->body, name);
    if (!v) return err_named(err, ERR_INVALID, "missing_field", name, "%s is missing", name);
    if (!json_is_string(v))
        return err_named(err, ERR_INVALID, "bad_field", name, "%s is a text", name);
    *out = (struct str){json_string_value(v), json_string_length(v)};
    return ERR_OK;
}

/* --- the run --- */

static void answer_table(struct http_request *r, const struct buf *table)
{
    http_add_header(r, "Cache-Control", "no-store");
    http_add_header(r, "X-Content-Type-Options", "nosniff");
    if (table->bad) answer_status(r, 503, "overloaded", "out of memory");
    else http_answer(r, 200, "text/csv; charset=utf-8; header=present", buf_view(table));
}

static void run(void *arg)
{
    struct exchange *x = arg;
    struct http_request *r = x->r;
    const struct route *route = x->route;
    struct err err = {0};
    err_code rc = check(x, &err);
    if (!rc) rc = read_body(x, &err);
    json_t *body = x->body;
    if (!rc) rc = route->run(x, &err);
    /* After an answer the request's arena, and the exchange in it, may be gone. */
    if (rc || !route->direct) {
        json_t *answer = x->answer;
        struct buf table = x->table;
        if (rc) answer_error(r, &err);
        else if (answer) answer_json(r, x->status ? x->status : 200, answer);
        else if (table.p) answer_table(r, &table);
        else http_answer_static(r, 204, NULL, STR_NONE);
        json_decref(answer);
        buf_free(&table);
    }
    json_decref(body);
}

void exchange_start(struct api *a, struct http_request *r, const struct route *route,
                    const struct str parts[ROUTE_MAX_PARTS])
{
    struct exchange *x = ARENA_NEW(http_arena(r), struct exchange, 1);
    if (x) {
        *x = (struct exchange){.api = a, .r = r, .route = route};
        memcpy(x->parts, parts, sizeof x->parts);
    }
    if (!x || !workers_give(a->workers, run, x))
        answer_status(r, 503, "overloaded", "too much is asked at once; try again");
}
