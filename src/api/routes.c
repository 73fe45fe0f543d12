/* routes.c: which address is what, and who may. */
#include "api/exchange.h"

#define SITE "/api/v1/sites/{site}"

/* What a site's owner keeps there: one set of routes for each kind of config.h. */
#define THINGS(kind)                                                                               \
    {HTTP_GET, SITE "/" kind, NEED_READ, run_things_get, kind},                                    \
        {HTTP_POST, SITE "/" kind, NEED_WRITE, run_things_post, kind},                             \
        {HTTP_GET, SITE "/" kind "/{key}", NEED_READ, run_thing_get, kind},                        \
        {HTTP_PATCH, SITE "/" kind "/{key}", NEED_WRITE, run_thing_patch, kind},                   \
        {HTTP_DELETE, SITE "/" kind "/{key}", NEED_WRITE, run_thing_delete, kind},                 \
    {                                                                                              \
        HTTP_GET, SITE "/" kind "/{key}/history", NEED_READ, run_thing_history, kind               \
    }

const struct route routes[] = {
    {HTTP_GET, "/api/openapi.json", NEED_NOBODY, run_openapi, NULL},
    {HTTP_POST, "/api/v1/session", NEED_NOBODY, run_session_post, NULL},
    {HTTP_GET, "/api/v1/session", NEED_CALLER, run_session_get, NULL},
    {HTTP_DELETE, "/api/v1/session", NEED_CALLER, run_session_delete, NULL},
    {HTTP_POST, "/api/v1/session/password", NEED_CALLER, run_session_password, NULL},
    {HTTP_GET, "/api/v1/users", NEED_OWNER, run_users_get, NULL},
    {HTTP_POST, "/api/v1/users", NEED_OWNER, run_users_post, NULL},
    {HTTP_DELETE, "/api/v1/users/{email}", NEED_OWNER, run_users_delete, NULL},
    {HTTP_GET, "/api/v1/doctor", NEED_OWNER, run_doctor, NULL},
    {HTTP_POST, "/api/v1/settle", NEED_OWNER, run_settle, NULL},
    {HTTP_GET, "/api/v1/sites", NEED_CALLER, run_sites_get, NULL},
    {HTTP_POST, "/api/v1/sites", NEED_OWNER, run_sites_post, NULL},
    {HTTP_GET, SITE, NEED_READ, run_site_get, NULL},
    {HTTP_PATCH, SITE, NEED_ADMIN, run_site_patch, NULL},
    {HTTP_POST, SITE "/users", NEED_ADMIN, run_user_role, NULL},
    {HTTP_GET, SITE "/tokens", NEED_ADMIN, run_tokens_get, NULL},
    {HTTP_POST, SITE "/tokens", NEED_ADMIN, run_tokens_post, NULL},
    {HTTP_DELETE, SITE "/tokens/{id}", NEED_ADMIN, run_tokens_delete, NULL},
    {HTTP_POST, SITE "/events", NEED_INGEST, run_site_events, NULL},
    {HTTP_POST, SITE "/reports/{report}", NEED_READ, run_report, NULL},
    {HTTP_GET, SITE "/live", NEED_READ, run_live, NULL},
    {HTTP_GET, SITE "/ingestion", NEED_READ, run_ingestion, NULL},
    {HTTP_GET, SITE "/export", NEED_READ, run_export, NULL},
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
    static const char *const methods[] = {"GET", "HEAD", "POST", "PATCH", "PUT", "DELETE", "OPTIONS"};
    static const char *const direct[] = {"POST /e",      "POST /e/",    "GET /e.gif", "GET /healthz",
                                         "GET /readyz", "GET /metrics"};
    const size_t n_routes = sizeof routes / sizeof *routes - 1, n_direct = sizeof direct / sizeof *direct;
    if (i >= n_routes + n_direct) return NULL;
    if (i < n_direct)
        snprintf(out, 128, "%s", direct[i]);
    else
        snprintf(out, 128, "%s %s", methods[routes[i - n_direct].method], routes[i - n_direct].pattern);
    return out;
}
