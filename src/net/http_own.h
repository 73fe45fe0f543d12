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
    struct http_loop *loop; /* whose connection it is */
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
    size_t streamed;           /* of copied */
    int64_t pull_ns;           /* when to call pull next */
    bool asleep;               /* under server->lock */
    struct http_request *wake; /* of the keeper's list, then, under its lock, of the loop's */
};

/* One thread and its connections, which no other thread touches: what others have for it, they put
 * down here.  It takes all of that at once, so that a commit which answers a hundred requests wakes
 * it once. */
struct http_loop {
    struct http_server *server;
    struct MHD_Daemon *daemon;
    pthread_t thread;
    bool runs;
    int epoll_fd;                 /* the library's: readable when it has something to do */
    int wake_fd;                  /* an eventfd */
    atomic_size_t open, arriving; /* connections, and sockets that are to become some */

    /* Guards what follows; a leaf, may be taken under server->lock. */
    pthread_mutex_t lock;
    struct http_request *woken; /* asleep connections that go on */
    int *arrived;               /* sockets, up to `n_arrived` */
    size_t n_arrived, size_arrived;
    bool stopping, sleeps; /* sleeps: whoever puts something down writes wake_fd */
};

struct http_server {
    struct http_options options;
    struct http_loop *loops;
    size_t n_loops; /* that are open */
    int listen_fd, port;
    pthread_t keeper, acceptor;
    /* Guards the list of connections, `asleep`, `full` and `stopping`.  A leaf: no other lock is
     * taken and nothing is called under it but shutdown(2), which does not block. */
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct http_request *connections;
    bool stopping, full; /* full: the acceptor waits for a connection to end */
    bool keeper_runs, acceptor_runs;
    atomic_bool draining;    /* relaxed: looked at now and then */
    atomic_bool out_of_time; /* in one order with `state` in http_close; else relaxed */
    atomic_size_t under_way; /* a relaxed count */
    _Atomic uint64_t requests, by_status[6];
};

/* Lets a sleeping connection go on, from any thread.  `r` may be gone afterwards. */
void http_loop_wake(struct http_request *r);

/* loop.c.  Opens the loop's daemon and starts its thread; what it got to is undone by loop_close.
 */
MUST_CHECK err_code http_loop_open(struct http_loop *l, struct http_server *s, struct err *err);
/* Ends the thread and closes the connections, none of which may be asleep. */
void http_loop_close(struct http_loop *l);
/* The thread that takes connections from the listening socket to the loop that has fewest; ends
 * when the socket is shut down while draining. */
void *http_accept(void *server);
size_t http_open_connections(const struct http_server *s);

/* http.c: what happens to a connection. */
void http_on_connection(void *server, struct MHD_Connection *c, void **context,
                        enum MHD_ConnectionNotificationCode code);
enum MHD_Result http_on_request(void *loop, struct MHD_Connection *c, const char *url,
                                const char *method, const char *version, const char *data,
                                size_t *n, void **context);
void http_on_completed(void *server, struct MHD_Connection *c, void **context,
                       enum MHD_RequestTerminationCode code);
void *http_on_target(void *loop, const char *target, struct MHD_Connection *c);

#endif
