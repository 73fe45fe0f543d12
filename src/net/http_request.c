#include <poll.h>
#include <stdlib.h>

#include "event/limits.h"
#include "net/http_own.h"

enum http_method http_method(const struct http_request *r)
{
    return r->method;
}

struct str http_path(const struct http_request *r)
{
    return r->path;
}

struct str http_query(const struct http_request *r)
{
    return r->query;
}

struct str http_body(const struct http_request *r)
{
    return buf_view(&r->body);
}

struct str http_peer(const struct http_request *r)
{
    return str_of(r->peer);
}

struct arena *http_arena(struct http_request *r)
{
    return &r->arena;
}

struct str http_header(const struct http_request *r, const char *name)
{
    const char *value = NULL;
    size_t n = 0;
    if (MHD_lookup_connection_value_n(r->c, MHD_HEADER_KIND, name, strlen(name), &value, &n) !=
        MHD_YES)
        return STR_NONE;
    return (struct str){value, n};
}

struct str http_cookie(const struct http_request *r, const char *name)
{
    return field_cookie(http_header(r, "Cookie"), str_of(name));
}

bool http_param(struct http_request *r, const char *name, struct str *out)
{
    return field_param(r->query, str_of(name), &r->arena, out);
}

bool http_gone(const struct http_request *r)
{
    if (atomic_load_explicit(&r->server->out_of_time, memory_order_relaxed)) return true;
    struct pollfd p = {.fd = r->fd, .events = POLLRDHUP};
    return poll(&p, 1, 0) > 0 && (p.revents & (POLLRDHUP | POLLHUP | POLLERR));
}

void http_add_header(struct http_request *r, const char *name, const char *value)
{
    struct http_header_out *h = ARENA_NEW(&r->arena, struct http_header_out, 1);
    struct str copy = arena_copy(&r->arena, str_of(value));
    if (!h || !copy.p) return; /* past the memory of a request: an answer without it */
    *h = (struct http_header_out){name, copy.p, r->headers};
    r->headers = h;
}

/* Hands the request back to the server's thread, which sends what it holds. */
static void answered(struct http_request *r)
{
    if (atomic_exchange_explicit(&r->state, STATE_ANSWERED, memory_order_acq_rel) == STATE_WAITING)
        http_loop_wake(r);
}

void http_answer(struct http_request *r, int status, const char *content_type, struct str body)
{
    buf_bytes(&r->copied, body.p, body.n);
    if (r->copied.bad) {
        buf_clear(&r->copied);
        status = 503;
    }
    http_answer_static(r, status, content_type, buf_view(&r->copied));
}

void http_answer_static(struct http_request *r, int status, const char *content_type,
                        struct str body)
{
    r->status = status;
    r->content_type = content_type;
    r->answer = body;
    answered(r);
}

void http_answer_stream(struct http_request *r, const char *content_type,
                        int (*pull)(void *arg, struct buf *out), void (*closed)(void *arg),
                        void *arg)
{
    r->status = 200;
    r->content_type = content_type;
    r->streaming = true;
    r->pull = pull;
    r->closed = closed;
    r->stream_arg = arg;
    answered(r);
}
