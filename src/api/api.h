/* api.h: what the server answers: recording, the dashboard's API, its files, health and metrics.
 *
 * In: whole requests from net/.  Out: exactly one answer each.  The table of routes (routes.c) says
 * who may call what; what a caller may not see answers 404.  Recording, files and health are
 * answered on the HTTP threads; everything that may take longer runs on a few workers of its own.
 */
#ifndef CAIRN_API_API_H
#define CAIRN_API_API_H

#include "api/assets.h"
#include "engine/engine.h"
#include "net/field.h"
#include "net/http.h"

struct api;

struct api_options {
    const char *data_dir;      /* for files on their way out */
    const char *public_url;    /* "https://stats.example", or "": how people reach the dashboard */
    struct proxies proxies;    /* who may say whom they forward for */
    struct asset_table assets; /* the dashboard's and tracker's files; may be empty */
    const char *version;
    size_t workers; /* for reports and sign-in; 0: 4 */
    bool metrics;   /* answer /metrics */
};

/* `engine` is borrowed and must outlive the api.  ERR_NOMEM. */
MUST_CHECK err_code api_open(const struct api_options *o, struct engine *engine, struct api **out,
                             struct err *err);
/* These three go into http_options with the api as `arg`. */
void api_handle(void *api, struct http_request *r);
void api_refuse(void *api, struct http_request *r, int status);
size_t api_body_limit(void *api, enum http_method method, struct str path);
/* For /metrics; NULL before there is one. */
void api_set_server(struct api *a, const struct http_server *server);
/* From now on this secret, sent as a token, proves that a command on this machine asks: an owner.
 */
void api_set_operator(struct api *a, const char *secret);
/* After http_close: nothing is under way any more.  NULL is allowed. */
void api_close(struct api *a);

/* The table of routes, for the test against openapi.json: "GET /api/v1/sites/{site}", ...; NULL
 * past the end. */
const char *api_route_name(size_t i, char out[128]);

#endif
