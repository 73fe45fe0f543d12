/* exchange.h: one request at work inside the api: who asks, for which site, and the answer. */
#ifndef CAIRN_API_EXCHANGE_H
#define CAIRN_API_EXCHANGE_H

#include <jansson.h>
#include <stdatomic.h>

#include "api/api.h"
#include "api/live.h"
#include "api/workers.h"

struct api {
    struct api_options options;
    struct engine *engine;
    struct workers *workers;
    struct live *live;
    _Atomic(const struct http_server *) server; /* release-acquire, as is has_operator: set while */
    atomic_bool has_operator;                   /* requests may already come in */
    char operator_secret[64];
    int64_t started_ms;
    bool secure; /* the public address is https: cookies are only for it */
};

/* Who may call a route.  In this order: the first three need no site in the address. */
enum need {
    NEED_NOBODY, /* anyone */
    NEED_CALLER, /* signed in, or a token */
    NEED_OWNER,  /* of the installation; for everybody else it does not exist */
    NEED_READ,   /* of the site: a viewer, or a token with scope read */
    NEED_WRITE,  /* an editor, or a token with scope write */
    NEED_ADMIN,  /* an administrator of the site, in person */
    NEED_INGEST, /* a token with scope ingest */
};

struct exchange;
struct route {
    enum http_method method;
    const char *pattern; /* "/api/v1/sites/{site}/goals/{key}" */
    enum need need;
    /* On a worker.  Fills `answer` and `status`, or `table`; a `direct` one answers itself when it
     * returns ERR_OK. */
    err_code (*run)(struct exchange *x, struct err *err);
    const char *kind; /* of config_kinds, for routes that serve several */
    bool direct;
};

enum { ROUTE_MAX_PARTS = 4 };
struct exchange { /* in the request's arena */
    struct api *api;
    struct http_request *r;
    const struct route *route;
    struct str
        parts[ROUTE_MAX_PARTS]; /* what stands for {..}, in order; parts[0] is the site's key */
    uint32_t site;
    struct caller caller;
    bool by_cookie; /* signed in by cookie: changes need the CSRF token */
    char csrf[CONFIG_SECRET];
    json_t *body;     /* of POST and PATCH, NULL when empty; released with the exchange */
    int status;       /* 200 unless set */
    json_t *answer;   /* released with the exchange; NULL and no table: 204 */
    struct buf table; /* of CSV, instead of `answer`; freed with the exchange */
};

extern const struct route routes[]; /* ends with a NULL pattern */

/* Begins the exchange of a route for r; false when out of memory (then it is answered). */
void exchange_start(struct api *a, struct http_request *r, const struct route *route,
                    const struct str parts[ROUTE_MAX_PARTS]);

/* --- answers --- */

int status_of(const struct err *err);
/* {"error":{"code","message","field"?}}.  What is our own fault is logged and not told. */
void answer_error(struct http_request *r, const struct err *err);
void answer_status(struct http_request *r, int status, const char *code, const char *message);
void answer_json(struct http_request *r, int status, const json_t *json);
/* The fields every answer of the dashboard and the API carries. */
void add_security_headers(struct http_request *r);
/* Whether the client came over TLS, as far as we can know. */
bool is_secure(const struct api *a, const struct http_request *r);

/* The text member `name` of the body; ERR_INVALID missing_field or bad_field. */
MUST_CHECK err_code body_text(const struct exchange *x, const char *name, struct str *out,
                              struct err *err);

/* --- what the files of routes offer to the table --- */

err_code run_session_get(struct exchange *x, struct err *err);
err_code run_session_post(struct exchange *x, struct err *err);
err_code run_session_delete(struct exchange *x, struct err *err);
err_code run_session_password(struct exchange *x, struct err *err);
err_code run_users_get(struct exchange *x, struct err *err);
err_code run_users_post(struct exchange *x, struct err *err);
err_code run_users_delete(struct exchange *x, struct err *err);
err_code run_user_role(struct exchange *x, struct err *err);
err_code run_sites_get(struct exchange *x, struct err *err);
err_code run_sites_post(struct exchange *x, struct err *err);
err_code run_site_get(struct exchange *x, struct err *err);
err_code run_site_patch(struct exchange *x, struct err *err);
err_code run_tokens_get(struct exchange *x, struct err *err);
err_code run_tokens_post(struct exchange *x, struct err *err);
err_code run_tokens_delete(struct exchange *x, struct err *err);
err_code run_things_get(struct exchange *x, struct err *err);
err_code run_things_post(struct exchange *x, struct err *err);
err_code run_thing_get(struct exchange *x, struct err *err);
err_code run_thing_patch(struct exchange *x, struct err *err);
err_code run_thing_delete(struct exchange *x, struct err *err);
err_code run_thing_history(struct exchange *x, struct err *err);
err_code run_report(struct exchange *x, struct err *err);
err_code run_ingestion(struct exchange *x, struct err *err);
err_code run_live(struct exchange *x, struct err *err);
err_code run_export(struct exchange *x, struct err *err);
err_code run_doctor(struct exchange *x, struct err *err);
err_code run_settle(struct exchange *x, struct err *err);
err_code run_site_events(struct exchange *x, struct err *err);
err_code run_openapi(struct exchange *x, struct err *err);

/* --- answered on the HTTP thread --- */

bool collect_is_path(struct str path); /* /e, /e/, /e.gif */
void collect_handle(struct api *a, struct http_request *r);
void add_cors(struct http_request *r);
void answer_preflight(struct http_request *r);
void health_handle(struct api *a, struct http_request *r, bool ready);
void metrics_handle(struct api *a, struct http_request *r);

#endif
