/* http.h: libmicrohttpd behind one header: bytes to requests and back.
 *
 * A handler runs on one of the server's threads once the whole request is there, within the limits.
 * It answers at once with http_answer, or later from any thread (the connection sleeps meanwhile
 * and costs no thread).  A request's arena and texts live until its answer has been sent. */
#ifndef CAIRN_NET_HTTP_H
#define CAIRN_NET_HTTP_H

#include "base/arena.h"
#include "base/bytes.h"
#include "base/err.h"

struct http_server;
struct http_request; /* one exchange */

enum http_method {
    HTTP_GET,
    HTTP_HEAD,
    HTTP_POST,
    HTTP_PATCH,
    HTTP_PUT,
    HTTP_DELETE,
    HTTP_OPTIONS,
    HTTP_OTHER
};

struct http_options {
    const char *listen; /* "127.0.0.1:8722", "[::]:8722" */
    size_t threads;     /* 0: one per core */
    size_t max_connections;
    unsigned idle_timeout_s; /* also the time to the first byte and between bytes */
    /* The most bytes a body may have for this request, decided when its head is there. */
    size_t (*body_limit)(void *arg, enum http_method method, struct str path);
    void (*handle)(void *arg, struct http_request *r);
    /* Instead of `handle` when a limit is passed or the address is malformed: 400, 413 or 414. Must
     * answer at once; NULL: a line of text. */
    void (*refuse)(void *arg, struct http_request *r, int status);
    void *arg;
};

/* ERR_IO with the address when it is taken or not allowed. */
MUST_CHECK err_code http_open(const struct http_options *o, struct http_server **out,
                              struct err *err);
int http_port(const struct http_server *s); /* the one in use, also when :0 was asked */
/* No new connections; waits up to `drain_ms` for answers under way, ends streams, and closes.  What
 * is not answered by then sees http_gone() and is waited for: whoever holds a request must answer
 * it. */
void http_close(struct http_server *s, int drain_ms); /* NULL is allowed */

enum http_method http_method(const struct http_request *r);
struct str http_path(const struct http_request *r);  /* decoded, begins with '/' */
struct str http_query(const struct http_request *r); /* raw, without '?' */
struct str http_header(const struct http_request *r,
                       const char *name); /* case does not matter; empty if absent */
struct str http_cookie(const struct http_request *r, const char *name);
struct str http_body(const struct http_request *r);
struct str http_peer(const struct http_request *r); /* the socket's address as text */
struct arena *http_arena(struct http_request *r);   /* capped at LIMIT_REQUEST_ARENA */
/* A decoded parameter of the query, copied into the arena; false when absent. */
bool http_param(struct http_request *r, const char *name, struct str *out);

/* Before the answer: a header of it. */
void http_add_header(struct http_request *r, const char *name, const char *value);
/* Sends the answer; the body is copied, or borrowed for good with http_answer_static.  Exactly once
 * per request, from any thread; `r` is gone afterwards. */
void http_answer(struct http_request *r, int status, const char *content_type, struct str body);
void http_answer_static(struct http_request *r, int status, const char *content_type,
                        struct str body);
/* A stream (server-sent events): `pull` is called on a server thread when there is room; it appends
 * to `out` and returns milliseconds until it wants to be called again, or -1 at the end.  `closed`
 * is called once when the exchange is over, however it ended. */
void http_answer_stream(struct http_request *r, const char *content_type,
                        int (*pull)(void *arg, struct buf *out), void (*closed)(void *arg),
                        void *arg);
/* True once the client has gone away (also when it only shut down its sending side), or the server
 * has no more time for the answer. */
bool http_gone(const struct http_request *r);

struct http_stats {
    uint64_t requests, by_status[6]; /* [2]: 2xx ... */
    size_t open_connections;
};
struct http_stats http_stats(const struct http_server *s);

#endif
