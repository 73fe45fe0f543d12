/* collect.c: recording: a request's events to ingest/, and the answer once they are on disk. */
#include <stdlib.h>

#include "api/exchange.h"

/* 1 x 1, transparent; 43 bytes. */
static const unsigned char gif[43] = {
    'G', 'I', 'F', '8', '9', 'a',  1, 0, 1, 0, 0x80, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0x21, 0xf9, 4,
    1,   0,   0,   0,   0,   0x2c, 0, 0, 0, 0, 1,    0, 1, 0, 0, 2, 2,    0x44, 1,    0,    0x3b,
};

bool collect_is_path(struct str path)
{
    return str_is(path, "/e") || str_is(path, "/e/") || str_is(path, "/e.gif");
}

/* --- CORS: any page may record; PROTOCOLS asks for the origin back, as "*" is refused with cookies
 * --- */

static bool is_plain(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] < 0x20 || s.p[i] == 0x7f) return false;
    return s.n > 0;
}

void add_cors(struct http_request *r)
{
    struct str origin = http_header(r, "Origin");
    http_add_header(r, "Vary", "Origin");
    if (!is_plain(origin)) return;
    http_add_header(r, "Access-Control-Allow-Origin", origin.p); /* the library ends it with a 0 */
    http_add_header(r, "Access-Control-Allow-Credentials", "true");
}

void answer_preflight(struct http_request *r)
{
    struct str headers = http_header(r, "Access-Control-Request-Headers");
    http_add_header(r, "Access-Control-Allow-Methods", "GET, POST, OPTIONS");
    if (is_plain(headers)) http_add_header(r, "Access-Control-Allow-Headers", headers.p);
    if (http_header(r, "Access-Control-Request-Private-Network").n > 0)
        http_add_header(r, "Access-Control-Allow-Private-Network", "true");
    http_add_header(r, "Access-Control-Max-Age", "7200");
    http_answer_static(r, 204, NULL, STR_NONE);
}

/* --- taking events --- */

/* What waits for the disk; in the request's arena. */
struct taken {
    struct http_request *r;
    struct accept_result result;
    bool as_gif;
};

static void answer_taken(void *arg, err_code code)
{
    struct taken *t = arg;
    struct http_request *r = t->r;
    if (code) {
        answer_status(r, 503, "overloaded", "the events could not be kept; send them again");
        return;
    }
    int status = t->result.status;
    if (status == 503 || status == 429) http_add_header(r, "Retry-After", "2");
    if (t->as_gif) {
        http_answer_static(r, status == 202 ? 200 : status, "image/gif",
                           (struct str){(const char *)gif, sizeof gif});
        return;
    }
    struct buf body = {0};
    accept_answer_json(&t->result, &body);
    if (body.bad) http_answer_static(r, 503, NULL, STR_NONE);
    else http_answer(r, status, "application/json", buf_view(&body));
    buf_free(&body);
}

static bool says_yes(const struct http_request *r, const char *name)
{
    return str_is(http_header(r, name), "1");
}

/* Hands the request to ingest/; answers, at once or when it is durable. */
static void take(struct api *a, struct http_request *r, struct accept_request *q, bool as_gif)
{
    struct arena *arena = http_arena(r);
    struct taken *t = ARENA_NEW(arena, struct taken, 1);
    char *ip = arena_alloc(arena, ADDRESS_TEXT);
    if (!t || !ip) {
        answer_status(r, 503, "overloaded", "out of memory");
        return;
    }
    *t = (struct taken){.r = r, .as_gif = as_gif};
    proxies_client(&a->options.proxies, http_peer(r), http_header(r, "X-Forwarded-For"), ip);
    q->ip = str_of(ip);
    q->user_agent = http_header(r, "User-Agent");
    q->referer = http_header(r, "Referer");
    q->origin = http_header(r, "Origin");
    q->accept_language = http_header(r, "Accept-Language");
    q->sec_purpose = http_header(r, "Sec-Purpose");
    q->purpose = http_header(r, "Purpose");
    q->x_moz = http_header(r, "X-Moz");
    q->sec_fetch_site = http_header(r, "Sec-Fetch-Site");
    q->content_encoding = http_header(r, "Content-Encoding");
    q->dnt = says_yes(r, "DNT");
    q->gpc = says_yes(r, "Sec-GPC");
    accept_events(a->engine->accept, q, arena, &t->result);
    if (t->result.accepted > 0 || t->result.duplicates > 0)
        journal_when_durable(a->engine->journal, answer_taken, t);
    else answer_taken(t, ERR_OK);
}

void collect_handle(struct api *a, struct http_request *r)
{
    bool as_gif = str_is(http_path(r), "/e.gif");
    enum http_method method = http_method(r);
    struct accept_request q = {
        .origin_kind = ORIGIN_BROWSER, .max_body = LIMIT_BODY, .protocol = "cairn"};
    add_cors(r);
    if (method == HTTP_OPTIONS) {
        answer_preflight(r);
    } else if (as_gif && (method == HTTP_GET || method == HTTP_HEAD)) {
        http_add_header(r, "Cache-Control", "no-store");
        http_add_header(r, "Cross-Origin-Resource-Policy", "cross-origin");
        q.query = http_query(r);
        if (method == HTTP_GET) take(a, r, &q, true);
        else /* looks without visiting: nothing happened */
            http_answer_static(r, 200, "image/gif", (struct str){(const char *)gif, sizeof gif});
    } else if (!as_gif && method == HTTP_POST) {
        q.body = http_body(r);
        take(a, r, &q, false);
    } else {
        http_add_header(r, "Allow", as_gif ? "GET, HEAD, OPTIONS" : "POST, OPTIONS");
        answer_status(r, 405, "bad_method",
                      as_gif ? "send events with GET" : "send events with POST");
    }
}

/* --- the server API --- */

static bool param_is(struct http_request *r, const char *name, const char *value)
{
    struct str got;
    return http_param(r, name, &got) && str_is(got, value);
}

/* "csv", "access-log": it is stored with each event. */
static bool is_format(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!(s.p[i] >= 'a' && s.p[i] <= 'z') && !(s.p[i] >= '0' && s.p[i] <= '9') && s.p[i] != '-')
            return false;
    return s.n > 0 && s.n <= 32;
}

err_code run_site_events(struct exchange *x, struct err *err)
{
    struct accept_request q = {.origin_kind = ORIGIN_SERVER,
                               .max_body = LIMIT_BATCH_BODY,
                               .protocol = "cairn",
                               .trusted = true,
                               .body = http_body(x->r)};
    struct str
        format; /* of `cairn import`: history, in which a duplicate is one whatever its age */
    if (http_param(x->r, "import", &format)) {
        if (!is_format(format))
            return err_named(err, ERR_INVALID, "bad_field", "import", "import is a format's name");
        q.origin_kind = param_is(x->r, "bots", "1") ? ORIGIN_IMPORT_BOTS : ORIGIN_IMPORT;
        q.any_age_duplicates = true;
        q.protocol = format.p;
    }
    struct config *config = x->api->engine->config;
    const struct site_table *t = config_sites(config);
    q.site = site_by_id(t, x->site);
    take(x->api, x->r, &q, false);
    config_sites_release(config, t);
    return ERR_OK;
}
