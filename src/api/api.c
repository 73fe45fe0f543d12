#include "api/api.h"

#include <sodium.h>
#include <stdlib.h>

#include "api/exchange.h"
#include "event/limits.h"

enum { WORKERS = 4, WAITING_MAX = 256 };

err_code api_open(const struct api_options *o, struct engine *engine, struct api **out,
                  struct err *err)
{
    *out = NULL;
    struct api *a = calloc(1, sizeof *a);
    if (!a) return err_set(err, ERR_NOMEM, 0, "the api");
    a->options = *o;
    a->engine = engine;
    a->started_ms = clock_now_ms(engine->clock);
    a->secure = str_begins(str_of(o->public_url), STR("https://"));
    err_code rc = workers_open(o->workers ? o->workers : WORKERS, WAITING_MAX, &a->workers, err);
    if (!rc) rc = live_open(engine, &a->live, err);
    if (rc) {
        api_close(a);
        return rc;
    }
    *out = a;
    return ERR_OK;
}

void api_set_server(struct api *a, const struct http_server *server)
{
    atomic_store_explicit(&a->server, server, memory_order_release);
}

void api_set_operator(struct api *a, const char *secret)
{
    snprintf(a->operator_secret, sizeof a->operator_secret, "%s", secret);
    atomic_store_explicit(&a->has_operator, true, memory_order_release);
}

void api_close(struct api *a)
{
    if (!a) return;
    workers_close(a->workers);
    live_close(a->live);
    free(a);
}

/* Matches a path with a route's pattern; what stands for {..} goes to `parts`. */
static bool matches(const char *pattern, struct str path, struct str parts[ROUTE_MAX_PARTS])
{
    struct str p = str_of(pattern);
    size_t n = 0;
    while (p.n > 0 && path.n > 0) {
        struct str want = str_cut(str_sub(p, 1, p.n), '/', &(struct str){0});
        struct str got = str_cut(str_sub(path, 1, path.n), '/', &(struct str){0});
        if (want.p[0] == '{') {
            if (got.n == 0 || n == ROUTE_MAX_PARTS) return false;
            parts[n++] = got;
        } else if (!str_eq(want, got)) {
            return false;
        }
        p = str_sub(p, 1 + want.n, p.n);
        path = str_sub(path, 1 + got.n, path.n);
    }
    return p.n == 0 && path.n == 0;
}

/* POST /api/v1/sites/{site}/events, the one address with a bigger body. */
static bool is_batch(struct str path)
{
    struct str parts[ROUTE_MAX_PARTS];
    return matches("/api/v1/sites/{site}/events", path, parts);
}

size_t api_body_limit(void *api, enum http_method method, struct str path)
{
    (void)api;
    (void)method;
    return is_batch(path) ? LIMIT_BATCH_BODY : LIMIT_BODY;
}

void api_refuse(void *api, struct http_request *r, int status)
{
    (void)api;
    add_cors(r);
    if (status == 413)
        answer_status(r, status, "body_too_large", "the body is longer than the limit");
    else if (status == 414)
        answer_status(r, status, "url_too_long", "the address is longer than 16 KiB");
    else answer_status(r, status, "bad_address", "the address cannot be read");
}

static void api_routes(struct api *a, struct http_request *r, struct str path)
{
    enum http_method method = http_method(r) == HTTP_HEAD ? HTTP_GET : http_method(r);
    if (path.n > 1 && str_ends(path, STR("/"))) path.n--; /* never a redirect */
    bool other_method = false;
    struct str parts[ROUTE_MAX_PARTS] = {{0}};
    for (const struct route *route = routes; route->pattern; route++) {
        if (!matches(route->pattern, path, parts)) continue;
        if (route->method == method) {
            exchange_start(a, r, route, parts);
            return;
        }
        other_method = true;
    }
    if (other_method) answer_status(r, 405, "bad_method", "this address does not take this method");
    else answer_status(r, 404, "not_found", "there is nothing at this address");
}

void api_handle(void *arg, struct http_request *r)
{
    struct api *a = arg;
    struct str path = http_path(r);
    enum http_method method = http_method(r);
    bool reads = method == HTTP_GET || method == HTTP_HEAD;
    if (collect_is_path(path)) {
        collect_handle(a, r);
    } else if (str_begins(path, STR("/api/"))) {
        if (is_batch(path)) add_cors(r);
        if (is_batch(path) && method == HTTP_OPTIONS) answer_preflight(r);
        else api_routes(a, r, path);
    } else if (reads && str_is(path, "/healthz")) {
        health_handle(a, r, false);
    } else if (reads && str_is(path, "/readyz")) {
        health_handle(a, r, true);
    } else if (reads && str_is(path, "/metrics") && a->options.metrics) {
        metrics_handle(a, r);
    } else {
        const struct asset *f = asset_for(&a->options.assets, path);
        add_security_headers(r);
        if (!f) answer_status(r, 404, "not_found", "there is nothing at this address");
        else if (!reads)
            answer_status(r, 405, "bad_method", "this address does not take this method");
        else asset_answer(f, r);
    }
}
