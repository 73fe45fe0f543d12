/* http_own.h: what http.c and http_request.c share; nobody else includes it. */
#ifndef CAIRN_NET_HTTP_OWN_H
#define CAIRN_NET_HTTP_OWN_H

#include <microhttpd.h>
#include <stdatomic.h>
#include <pthread.h>

#include "net/field.h"
#include "net/http.h"

/* Who may touch a request.  The server's thread until HANDLING ends with http_answer on the spot or
 * with the connection asleep (WAITING); then whoever holds the request, until its http_answer makes
 * it ANSWERED and wakes the connection.  Changes are acquire-release: what was written before is
 * seen after. */
enum http_state {
    STATE_IDLE,
    STATE_READING,
    STATE_HANDLING,
    STATE_WAITING,
    STATE_ANSWERED,
    STATE_SENDING,
    STATE_STREAMING,
};

struct http_header_out {
    const char *name, *value;
    struct http_header_out *next;
};

/* One per connection, used for one exchange after the other. */
struct http_request {
    struct http_server *server;
    struct MHD_Connection *c;
    int fd;
    char peer[ADDRESS_TEXT];
    struct http_request *prev, *next; /* all connections: under server->lock */
    _Atomic int64_t deadline_ns;      /* the connection is cut when it passes; 0: none.  Relaxed. */

    _Atomic int state; /* enum http_state */
    int refused;       /* 400, 413 or 414 once a limit is passed, else 0 */
    enum http_method method;
    struct str path, query;
    struct arena arena;
    struct buf body;
    size_t body_limit, discarded;

    int status; /* the answer */
    const char *content_type;
    struct http_header_out *headers;
    struct buf copied;
    struct str answer;

    bool streaming, stream_over; /* a stream */
    int (*pull)(void *arg, struct buf *out);
    void (*closed)(void *arg);
    void *stream_arg;
    size_t streamed; /* of copied */
    int64_t pull_ns; /* when to call pull next */
    bool asleep;     /* under server->lock, as is wake */
    struct http_request *wake;
};

struct http_server {
    struct http_options options;
    struct MHD_Daemon *daemon;
    int listen_fd, port;
    pthread_t keeper;
    /* Guards the list of connections, `asleep` and `stopping`.  A leaf: no other lock is taken and
     * nothing is called under it but shutdown(2), which does not block. */
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct http_request *connections;
    bool stopping, keeper_runs;
    atomic_bool draining, out_of_time; /* relaxed: flags that are looked at now and then */
    atomic_size_t open, under_way;     /* relaxed counts */
    _Atomic uint64_t requests, by_status[6];
};

#endif
