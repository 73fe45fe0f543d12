/* routes.c: which address is what, and who may. */
#include "api/exchange.h"

#define SITE "/api/v1/sites/{site}"
#define ROUTE(m, p, n, f)                                                                          \
    {                                                                                              \
        .method = HTTP_##m, .pattern = p, .need = NEED_##n, .run = f                               \
    }
#define DIRECT(m, p, n, f)                                                                         \
    {                                                                                              \
        .method = HTTP_##m, .pattern = p, .need = NEED_##n, .run = f, .direct = true               \
    }
#define OF_KIND(m, p, n, f, k)                                                                     \
    {                                                                                              \
        .method = HTTP_##m, .pattern = p, .need = NEED_##n, .run = f, .kind = k                    \
    }

/* What a site's owner keeps there: one set of routes for each kind of config.h. */
#define THINGS(kind)                                                                               \
    OF_KIND(GET, SITE "/" kind, READ, run_things_get, kind),                                       \
        OF_KIND(POST, SITE "/" kind, WRITE, run_things_post, kind),                                \
        OF_KIND(GET, SITE "/" kind "/{key}", READ, run_thing_get, kind),                           \
        OF_KIND(PATCH, SITE "/" kind "/{key}", WRITE, run_thing_patch, kind),                      \
        OF_KIND(DELETE, SITE "/" kind "/{key}", WRITE, run_thing_delete, kind),                    \
        OF_KIND(GET, SITE "/" kind "/{key}/history", READ, run_thing_history, kind)

const struct route routes[] = {
    DIRECT(GET, "/api/openapi.json", NOBODY, run_openapi),
    ROUTE(POST, "/api/v1/session", NOBODY, run_session_post),
    ROUTE(GET, "/api/v1/session", CALLER, run_session_get),
    ROUTE(DELETE, "/api/v1/session", CALLER, run_session_delete),
    ROUTE(POST, "/api/v1/session/password", CALLER, run_session_password),
    ROUTE(GET, "/api/v1/users", OWNER, run_users_get),
    ROUTE(POST, "/api/v1/users", OWNER, run_users_post),
    ROUTE(DELETE, "/api/v1/users/{email}", OWNER, run_users_delete),
    ROUTE(GET, "/api/v1/doctor", OWNER, run_doctor),
    ROUTE(POST, "/api/v1/settle", OWNER, run_settle),
    ROUTE(GET, "/api/v1/sites", CALLER, run_sites_get),
    ROUTE(POST, "/api/v1/sites", OWNER, run_sites_post),
    ROUTE(GET, SITE, READ, run_site_get),
    ROUTE(PATCH, SITE, ADMIN, run_site_patch),
    ROUTE(POST, SITE "/users", ADMIN, run_user_role),
    ROUTE(GET, SITE "/tokens", ADMIN, run_tokens_get),
    ROUTE(POST, SITE "/tokens", ADMIN, run_tokens_post),
    ROUTE(DELETE, SITE "/tokens/{id}", ADMIN, run_tokens_delete),
    DIRECT(POST, SITE "/events", INGEST, run_site_events),
    ROUTE(POST, SITE "/reports/{report}", READ, run_report),
    DIRECT(GET, SITE "/live", READ, run_live),
    ROUTE(GET, SITE "/ingestion", READ, run_ingestion),
    DIRECT(GET, SITE "/export", READ, run_export),
    THINGS("goals"),
    THINGS("funnels"),
    THINGS("segments"),
    THINGS("annotations"),
    THINGS("experiments"),
    THINGS("tags"),
    {0},
};

const char *api_route_name(size_t i, char out[128])
{
    static const char *const methods[] = {"GET", "HEAD",   "POST",   "PATCH",
                                          "PUT", "DELETE", "OPTIONS"};
    static const char *const direct[] = {"POST /e",      "POST /e/",    "GET /e.gif",
                                         "GET /healthz", "GET /readyz", "GET /metrics"};
    const size_t n_routes = sizeof routes / sizeof *routes - 1,
                 n_direct = sizeof direct / sizeof *direct;
    if (i >= n_routes + n_direct) return NULL;
    if (i < n_direct) snprintf(out, 128, "%s", direct[i]);
    else
        snprintf(out, 128, "%s %s", methods[routes[i - n_direct].method],
                 routes[i - n_direct].pattern);
    return out;
}
