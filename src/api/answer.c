/* answer.c: errors and JSON as HTTP answers; the one table from codes to status. */
#include <sodium.h>
#include <stdlib.h>

#include "api/exchange.h"
#include "base/log.h"

int status_of(const struct err *err)
{
    static const int status[] = {
        [ERR_OK] = 200,       [ERR_INVALID] = 400, [ERR_TOO_BIG] = 413, [ERR_NOT_FOUND] = 404,
        [ERR_CONFLICT] = 409, [ERR_DENIED] = 403,  [ERR_NOMEM] = 503,   [ERR_CANCELLED] = 503,
        [ERR_IO] = 500,       [ERR_CORRUPT] = 500,
    };
    /* "Denied" is three things over HTTP: who are you, you may not, and not now. */
    static const char *const who[] = {"not_signed_in", "wrong_password", "bad_token", "link_used"};
    if (err->code == ERR_DENIED) {
        if (strcmp(err->name, "too_many_attempts") == 0) return 429;
        for (size_t i = 0; i < sizeof who / sizeof *who; i++)
            if (strcmp(err->name, who[i]) == 0) return 401;
    }
    return status[err->code];
}

void add_security_headers(struct http_request *r)
{
    http_add_header(r, "X-Content-Type-Options", "nosniff");
    http_add_header(r, "Referrer-Policy", "same-origin");
    http_add_header(r, "X-Frame-Options", "DENY");
    http_add_header(
        r, "Content-Security-Policy",
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        "font-src 'self'; connect-src 'self'; manifest-src 'self'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'");
    http_add_header(r, "Cross-Origin-Opener-Policy", "same-origin");
}

bool is_secure(const struct api *a, const struct http_request *r)
{
    if (a->secure) return true;
    return proxies_have(&a->options.proxies, http_peer(r)) &&
           str_eq_nocase(http_header(r, "X-Forwarded-Proto"), STR("https"));
}

void answer_json(struct http_request *r, int status, const json_t *json)
{
    char *text = json_dumps(json, JSON_COMPACT | JSON_REAL_PRECISION(17) | JSON_ENCODE_ANY);
    http_add_header(r, "Cache-Control", "no-store");
    http_add_header(r, "X-Content-Type-Options", "nosniff");
    if (text) http_answer(r, status, "application/json", str_of(text));
    else
        http_answer_static(
            r, 503, "application/json",
            STR("{\"error\":{\"code\":\"overloaded\",\"message\":\"out of memory\"}}"));
    free(text);
}

static void answer_named(struct http_request *r, int status, const char *code, const char *message,
                         const char *field)
{
    json_t *e = json_object(), *whole = json_object();
    /* A message may quote what a client sent, which need not be UTF-8. */
    struct str text = str_of(message);
    json_object_set_new(e, "code", json_string(code));
    json_object_set_new(e, "message",
                        str_is_utf8(text) ? json_string(message)
                                          : json_string("the request is not UTF-8"));
    if (*field && str_is_utf8(str_of(field))) json_object_set_new(e, "field", json_string(field));
    json_object_set_new(whole, "error", e);
    if (status == 503 || status == 429)
        http_add_header(r, "Retry-After", status == 503 ? "2" : "60");
    if (status == 401) http_add_header(r, "WWW-Authenticate", "Bearer");
    answer_json(r, status, whole);
    json_decref(whole);
}

void answer_error(struct http_request *r, const struct err *err)
{
    int status = status_of(err);
    const char *code = err->name[0] ? err->name : err_code_name(err->code);
    if (status == 500) {
        log_line(LOG_ERROR, "request_failed", "code=%s errno=%d why=\"%s\"", code, err->sys,
                 err->msg);
        answer_named(r, status, code, "the server could not do this; its log says why", "");
    } else {
        answer_named(r, status, code, err->msg, err->field);
    }
}

void answer_status(struct http_request *r, int status, const char *code, const char *message)
{
    answer_named(r, status, code, message, "");
}
