#include "net/http.h"

#include <errno.h>
#include <netdb.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "event/limits.h"
#include "net/http_own.h"

enum {
    /* A body past its limit is read away up to this factor, so that the client sees the 413 rather
     * than a broken connection; past it the connection is cut. */
    DISCARD_FACTOR = 4,
    KEEP_BODY_BYTES = 64 * 1024, /* buffers above this are not kept between requests */
    SLOWEST_BYTES_PER_S = 16 * 1024,
    KEEPER_MS = 500,
};

static int64_t seconds_ns(size_t s)
{
    return (int64_t)s * 1000000000;
}

/* libmicrohttpd only cuts who is wholly silent.  So that a drop a second holds no connection for
 * ever, each stage has an end too: the time to be silent twice, plus the bytes at a slow pace. */
static void stage_begins(struct http_request *r, size_t bytes)
{
    size_t s = 2 * (size_t)r->server->options.idle_timeout_s + bytes / SLOWEST_BYTES_PER_S;
    atomic_store_explicit(&r->deadline_ns, clock_mono_ns() + seconds_ns(s), memory_order_relaxed);
}

static void stage_without_end(struct http_request *r)
{
    atomic_store_explicit(&r->deadline_ns, 0, memory_order_relaxed);
}

/* --- a connection's life --- */

static void request_reset(struct http_request *r)
{
    arena_reset(&r->arena);
    if (r->body.size > KEEP_BODY_BYTES) buf_free(&r->body);
    if (r->copied.size > KEEP_BODY_BYTES) buf_free(&r->copied);
    buf_clear(&r->body);
    buf_clear(&r->copied);
    r->path = r->query = r->answer = STR_NONE;
    r->headers = NULL;
    r->refused = r->status = 0;
    r->discarded = r->streamed = 0;
    r->streaming = r->stream_over = false;
    r->closed = NULL;
    r->pull_ns = 0;
}

static void connection_begins(struct http_loop *l, struct MHD_Connection *c, void **context)
{
    struct http_server *s = l->server;
    struct http_request *r = calloc(1, sizeof *r);
    *context = r;
    if (!r) return; /* every request of this connection is then cut */
    r->server = s;
    r->loop = l;
    r->c = c;
    arena_init(&r->arena, LIMIT_REQUEST_ARENA);
    const union MHD_ConnectionInfo *fd =
        MHD_get_connection_info(c, MHD_CONNECTION_INFO_CONNECTION_FD);
    const union MHD_ConnectionInfo *from =
        MHD_get_connection_info(c, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    r->fd = fd ? (int)fd->connect_fd : -1;
    if (from && from->client_addr) {
        char text[NI_MAXHOST];
        socklen_t n = from->client_addr->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6)
                                                               : sizeof(struct sockaddr_in);
        if (getnameinfo(from->client_addr, n, text, sizeof text, NULL, 0, NI_NUMERICHOST) == 0) {
            static const struct proxies none = {0};
            proxies_client(&none, str_of(text), STR_NONE, r->peer); /* ::ffff:1.2.3.4 to 1.2.3.4 */
        }
    }
    stage_begins(r, 0);
    pthread_mutex_lock(&s->lock);
    r->next = s->connections;
    if (r->next) r->next->prev = r;
    s->connections = r;
    pthread_mutex_unlock(&s->lock);
}

static void connection_ends(struct http_server *s, struct http_request *r)
{
    pthread_mutex_lock(&s->lock);
    if (r && r->prev) r->prev->next = r->next;
    else if (r) s->connections = r->next;
    if (r && r->next) r->next->prev = r->prev;
    if (s->full) pthread_cond_broadcast(&s->changed);
    pthread_mutex_unlock(&s->lock);
    if (!r) return;
    arena_free(&r->arena);
    buf_free(&r->body);
    buf_free(&r->copied);
    free(r);
}

void http_on_connection(void *loop, struct MHD_Connection *c, void **context,
                        enum MHD_ConnectionNotificationCode code)
{
    struct http_loop *l = loop;
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        atomic_fetch_add_explicit(&l->open, 1, memory_order_relaxed);
        connection_begins(l, c, context);
    } else {
        atomic_fetch_sub_explicit(&l->open, 1, memory_order_relaxed);
        connection_ends(l->server, *context);
    }
}

/* --- a request comes in --- */

static enum http_method method_of(const char *name)
{
    static const char *const names[] = {"GET", "HEAD", "POST", "PATCH", "PUT", "DELETE", "OPTIONS"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(name, names[i]) == 0) return (enum http_method)i;
    return HTTP_OTHER;
}

/* The request line's target as it came; libmicrohttpd takes it apart in place after this. */
void *http_on_target(void *loop, const char *target, struct MHD_Connection *c)
{
    struct http_server *s = ((struct http_loop *)loop)->server;
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(c, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    struct http_request *r = info ? info->socket_context : NULL;
    if (!r) return NULL;
    struct str t = str_of(target), query;
    struct str path = str_cut(t, '?', &query);
    /* A byte 0 in the path would end it early, and name another one than the client wrote. */
    if (path.n == 0 || path.p[0] != '/' || str_contains(path, STR("%00"))) r->refused = 400;
    if (t.n > LIMIT_REQUEST_LINE) r->refused = 414;
    if (query.n > 0 && !r->refused) r->query = arena_copy(&r->arena, query);
    r->discarded = t.n; /* of the request line, until the head is there */
    atomic_fetch_add_explicit(&s->under_way, 1, memory_order_relaxed);
    atomic_store_explicit(&r->state, STATE_READING, memory_order_relaxed);
    return r;
}

static enum MHD_Result send_answer(struct http_request *r);

static enum MHD_Result refuse(struct http_request *r)
{
    if (r->server->options.refuse) r->server->options.refuse(r->server->options.arg, r, r->refused);
    else http_answer_static(r, r->refused, "text/plain", STR("refused\n"));
    return send_answer(r);
}

static enum MHD_Result on_head(struct http_request *r, const char *url, const char *method,
                               const char *version)
{
    struct http_server *s = r->server;
    r->method = method_of(method);
    r->path = arena_copy(&r->arena, str_of(url));
    if (strlen(method) + 1 + r->discarded + 1 + strlen(version) > LIMIT_REQUEST_LINE)
        r->refused = 414;
    r->discarded = 0;
    r->body_limit = s->options.body_limit
                        ? s->options.body_limit(s->options.arg, r->method, r->path)
                        : LIMIT_BODY;
    int64_t length = 0;
    struct str declared = http_header(r, "Content-Length");
    if (declared.n > 0 && !str_to_i64(declared, &length)) length = INT64_MAX; /* more than fits */
    stage_begins(r, length > 0 && (size_t)length < r->body_limit ? (size_t)length : r->body_limit);
    if (length < 0 || (size_t)length <= r->body_limit) {
        buf_reserve(&r->body, (size_t)length < KEEP_BODY_BYTES ? (size_t)length : KEEP_BODY_BYTES);
        return MHD_YES;
    }
    if (!r->refused) r->refused = 413;
    /* Whoever waits for 100 Continue can be told before sending; nobody is heard out for ever. */
    if (http_header(r, "Expect").n > 0 || (size_t)length > DISCARD_FACTOR * r->body_limit)
        return refuse(r);
    return MHD_YES;
}

static enum MHD_Result on_body(struct http_request *r, const char *data, size_t *n)
{
    size_t got = *n;
    *n = 0; /* all of it is taken */
    if (!r->refused && got > r->body_limit - r->body.n) r->refused = 413;
    if (!r->refused) {
        buf_bytes(&r->body, data, got);
        return r->body.bad ? MHD_NO : MHD_YES;
    }
    r->discarded += got;
    return r->discarded > DISCARD_FACTOR * r->body_limit ? MHD_NO : MHD_YES;
}

static enum MHD_Result on_whole(struct http_request *r)
{
    if (r->refused) return refuse(r);
    stage_without_end(r);
    /* Both in one order with http_close, which first says that time is out and then looks who is
     * handling: it sees us or we see it. */
    atomic_store(&r->state, STATE_HANDLING);
    if (atomic_load(&r->server->out_of_time)) return MHD_NO;
    r->server->options.handle(r->server->options.arg, r);
    int handling = STATE_HANDLING;
    if (atomic_load_explicit(&r->state, memory_order_acquire) == STATE_ANSWERED)
        return send_answer(r);
    /* Asleep first, then told so: an answer in between finds the connection asleep or waits for us.
     */
    MHD_suspend_connection(r->c);
    if (!atomic_compare_exchange_strong_explicit(&r->state, &handling, STATE_WAITING,
                                                 memory_order_acq_rel, memory_order_acquire))
        http_loop_wake(r);
    return MHD_YES;
}

/* Called with the head, then with each piece of the body, then at its end, then after each sleep.
 */
enum MHD_Result http_on_request(void *loop, struct MHD_Connection *c, const char *url,
                                const char *method, const char *version, const char *data,
                                size_t *n, void **context)
{
    (void)loop;
    (void)c;
    struct http_request *r = *context;
    if (!r) return MHD_NO;
    switch (atomic_load_explicit(&r->state, memory_order_acquire)) {
    case STATE_READING:
        if (!r->path.p) {
            enum MHD_Result ok = on_head(r, url, method, version);
            return r->path.p ? ok : MHD_NO;
        }
        return *n > 0 ? on_body(r, data, n) : on_whole(r);
    case STATE_ANSWERED: return send_answer(r);
    default: return MHD_YES;
    }
}

void http_on_completed(void *server, struct MHD_Connection *c, void **context,
                       enum MHD_RequestTerminationCode code)
{
    (void)c;
    (void)code;
    struct http_server *s = server;
    struct http_request *r = *context;
    if (!r) return;
    if (r->streaming) {
        pthread_mutex_lock(&s->lock);
        r->asleep = false;
        pthread_mutex_unlock(&s->lock);
        if (r->closed) r->closed(r->stream_arg);
    }
    request_reset(r);
    stage_begins(r, 0);
    atomic_store_explicit(&r->state, STATE_IDLE, memory_order_relaxed);
    atomic_fetch_sub_explicit(&s->under_way, 1, memory_order_release);
    if (atomic_load_explicit(&s->draining, memory_order_relaxed)) {
        pthread_mutex_lock(&s->lock);
        pthread_cond_broadcast(&s->changed);
        pthread_mutex_unlock(&s->lock);
    }
}

/* --- an answer goes out --- */

static ssize_t on_stream(void *cls, uint64_t at, char *to, size_t room)
{
    (void)at;
    struct http_request *r = cls;
    struct http_server *s = r->server;
    if (r->streamed == r->copied.n) {
        if (r->stream_over || atomic_load_explicit(&s->draining, memory_order_relaxed))
            return MHD_CONTENT_READER_END_OF_STREAM;
        buf_clear(&r->copied);
        r->streamed = 0;
        if (clock_mono_ns() >= r->pull_ns) {
            int wait_ms = r->pull(r->stream_arg, &r->copied);
            r->stream_over = wait_ms < 0 || r->copied.bad;
            r->pull_ns = clock_mono_ns() + (int64_t)wait_ms * 1000000;
            if (r->copied.bad) buf_clear(&r->copied);
        }
        if (r->copied.n == 0) {
            if (r->stream_over) return MHD_CONTENT_READER_END_OF_STREAM;
            MHD_suspend_connection(r->c);
            pthread_mutex_lock(&s->lock);
            r->asleep = true;
            pthread_cond_broadcast(&s->changed);
            pthread_mutex_unlock(&s->lock);
            return 0;
        }
    }
    size_t n = r->copied.n - r->streamed < room ? r->copied.n - r->streamed : room;
    memcpy(to, r->copied.p + r->streamed, n);
    r->streamed += n;
    return (ssize_t)n;
}

static enum MHD_Result send_answer(struct http_request *r)
{
    struct http_server *s = r->server;
    bool draining = atomic_load_explicit(&s->draining, memory_order_relaxed);
    struct MHD_Response *m =
        r->streaming ? MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 4096, on_stream, r, NULL)
                     : MHD_create_response_from_buffer(r->answer.n, (void *)(uintptr_t)r->answer.p,
                                                       MHD_RESPMEM_PERSISTENT);
    if (!m) return MHD_NO;
    bool ok =
        !r->content_type || MHD_add_response_header(m, "Content-Type", r->content_type) == MHD_YES;
    for (const struct http_header_out *h = r->headers; h; h = h->next)
        ok = ok && MHD_add_response_header(m, h->name, h->value) == MHD_YES;
    if (draining) ok = ok && MHD_add_response_header(m, "Connection", "close") == MHD_YES;
    if (r->streaming) stage_without_end(r);
    else stage_begins(r, r->answer.n);
    atomic_store_explicit(&r->state, r->streaming ? STATE_STREAMING : STATE_SENDING,
                          memory_order_relaxed);
    atomic_fetch_add_explicit(&s->requests, 1, memory_order_relaxed);
    if (r->status >= 100 && r->status < 600)
        atomic_fetch_add_explicit(&s->by_status[r->status / 100], 1, memory_order_relaxed);
    enum MHD_Result sent = ok ? MHD_queue_response(r->c, (unsigned)r->status, m) : MHD_NO;
    MHD_destroy_response(m);
    return sent;
}

/* --- the keeper: wakes streams, cuts who is too slow --- */

static void *keep(void *arg)
{
    struct http_server *s = arg;
    pthread_mutex_lock(&s->lock);
    while (!s->stopping) {
        bool draining = atomic_load_explicit(&s->draining, memory_order_relaxed);
        int64_t now = clock_mono_ns(), next = now + (int64_t)KEEPER_MS * 1000000;
        struct http_request *wake = NULL;
        for (struct http_request *r = s->connections; r; r = r->next) {
            int64_t deadline = atomic_load_explicit(&r->deadline_ns, memory_order_relaxed);
            /* The descriptor is open: a connection leaves the list before it is closed. */
            if (deadline && now >= deadline) shutdown(r->fd, SHUT_RDWR);
            if (!r->asleep) continue;
            if (draining || now >= r->pull_ns) {
                r->asleep = false;
                r->wake = wake;
                wake = r;
            } else if (r->pull_ns < next) {
                next = r->pull_ns;
            }
        }
        if (wake) { /* asleep until we wake them, so they stay where they are without the lock */
            pthread_mutex_unlock(&s->lock);
            while (wake) {
                struct http_request *r = wake;
                wake = r->wake;
                http_loop_wake(r);
            }
            pthread_mutex_lock(&s->lock);
            continue;
        }
        struct timespec until = {.tv_sec = next / 1000000000, .tv_nsec = next % 1000000000};
        pthread_cond_timedwait(&s->changed, &s->lock, &until);
    }
    pthread_mutex_unlock(&s->lock);
    return NULL;
}

/* --- the server --- */

/* A listening socket at "host:port"; a negative errno. */
static int listen_at(const char *text, int *port, struct err *err)
{
    struct str s = str_of(text);
    size_t colon = s.n;
    while (colon > 0 && s.p[colon - 1] != ':') colon--;
    struct str host = str_sub(s, 0, colon ? colon - 1 : 0);
    if (host.n >= 2 && host.p[0] == '[' && host.p[host.n - 1] == ']')
        host = str_sub(host, 1, host.n - 1);
    char name[256];
    if (colon == 0 || colon == s.n || host.n >= sizeof name) {
        err_set(err, ERR_INVALID, 0, "\"%s\" is not an address and a port, as in 127.0.0.1:8722",
                text);
        return -1;
    }
    memcpy(name, host.p, host.n);
    name[host.n] = 0;
    struct addrinfo hints = {.ai_flags = AI_PASSIVE | AI_NUMERICSERV, .ai_socktype = SOCK_STREAM};
    struct addrinfo *list = NULL;
    int bad = getaddrinfo(host.n ? name : NULL, text + colon, &hints, &list);
    if (bad) {
        err_set(err, ERR_INVALID, 0, "listen at %s: %s", text, gai_strerror(bad));
        return -1;
    }
    int on = 1, fd = socket(list->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd >= 0) setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (fd < 0 || bind(fd, list->ai_addr, list->ai_addrlen) != 0 || listen(fd, SOMAXCONN) != 0) {
        int sys = errno;
        err_named(err, ERR_IO, "cannot_listen", "listen", "listen at %s: %s", text,
                  sys == EADDRINUSE ? "another program has this address" : strerrordesc_np(sys));
        if (err) err->sys = sys;
        if (fd >= 0) close(fd);
        freeaddrinfo(list);
        return -1;
    }
    freeaddrinfo(list);
    struct sockaddr_storage own;
    socklen_t n = sizeof own;
    char digits[NI_MAXSERV];
    int64_t number = 0;
    if (getsockname(fd, (struct sockaddr *)&own, &n) == 0 &&
        getnameinfo((struct sockaddr *)&own, n, NULL, 0, digits, sizeof digits, NI_NUMERICSERV) ==
            0)
        (void)str_to_i64(str_of(digits), &number);
    *port = (int)number;
    return fd;
}

static void stop_listening(struct http_server *s)
{
    /* Under the lock, so that the acceptor does not look just before and then wait. */
    pthread_mutex_lock(&s->lock);
    atomic_store_explicit(&s->draining, true, memory_order_relaxed);
    pthread_cond_broadcast(&s->changed);
    pthread_mutex_unlock(&s->lock);
    if (s->listen_fd >= 0) shutdown(s->listen_fd, SHUT_RDWR);
    if (s->acceptor_runs) pthread_join(s->acceptor, NULL);
}

/* Everything else, once nothing is under way. */
static void close_parts(struct http_server *s)
{
    pthread_mutex_lock(&s->lock);
    s->stopping = true;
    pthread_cond_broadcast(&s->changed);
    pthread_mutex_unlock(&s->lock);
    if (s->keeper_runs) pthread_join(s->keeper, NULL);
    for (size_t i = 0; i < s->n_loops; i++) http_loop_close(&s->loops[i]);
    if (s->listen_fd >= 0) close(s->listen_fd);
    free(s->loops);
    pthread_cond_destroy(&s->changed);
    pthread_mutex_destroy(&s->lock);
    free(s);
}

err_code http_open(const struct http_options *o, struct http_server **out, struct err *err)
{
    *out = NULL;
    struct http_server *s = calloc(1, sizeof *s);
    if (!s) return err_set(err, ERR_NOMEM, 0, "HTTP server");
    s->options = *o;
    if (s->options.threads == 0) {
        long cores = sysconf(_SC_NPROCESSORS_ONLN);
        s->options.threads = cores > 0 ? (size_t)cores : 1;
    }
    if (s->options.max_connections == 0) s->options.max_connections = LIMIT_CONNECTIONS;
    if (s->options.max_connections < s->options.threads)
        s->options.threads = s->options.max_connections;
    pthread_mutex_init(&s->lock, NULL);
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&s->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    s->listen_fd = listen_at(o->listen, &s->port, err);
    if (s->listen_fd < 0) goto fail;
    s->loops = calloc(s->options.threads, sizeof *s->loops);
    if (!s->loops) {
        err_set(err, ERR_NOMEM, 0, "HTTP server");
        goto fail;
    }
    while (s->n_loops < s->options.threads)
        if (http_loop_open(&s->loops[s->n_loops++], s, err) != ERR_OK) goto fail;
    s->keeper_runs = pthread_create(&s->keeper, NULL, keep, s) == 0;
    s->acceptor_runs = pthread_create(&s->acceptor, NULL, http_accept, s) == 0;
    if (!s->keeper_runs || !s->acceptor_runs) {
        err_set(err, ERR_NOMEM, 0, "start the HTTP server's threads");
        goto fail;
    }
    *out = s;
    return ERR_OK;
fail:
    stop_listening(s);
    close_parts(s);
    return err ? err->code : ERR_IO;
}

int http_port(const struct http_server *s)
{
    return s->port;
}

void http_close(struct http_server *s, int drain_ms)
{
    if (!s) return;
    stop_listening(s);
    int64_t end = clock_mono_ns() + (int64_t)drain_ms * 1000000;
    pthread_mutex_lock(&s->lock);
    for (;;) {
        int64_t now = clock_mono_ns();
        bool late = now >= end || atomic_load_explicit(&s->under_way, memory_order_acquire) == 0;
        if (late) {
            /* From here on nothing new is handled (see on_whole).  Unanswered ones are waited for,
             * as the library does not stop with any asleep; those that only are read or sent are
             * cut. */
            atomic_store(&s->out_of_time, true);
            bool held = false;
            for (struct http_request *r = s->connections; r; r = r->next) {
                int state = atomic_load(&r->state);
                if (state == STATE_STREAMING) shutdown(r->fd, SHUT_RDWR);
                held = held ||
                       (state != STATE_IDLE && state != STATE_READING && state != STATE_SENDING);
            }
            if (!held) break;
        }
        int64_t next = late || end - now > 20000000 ? now + 20000000 : end;
        struct timespec until = {.tv_sec = next / 1000000000, .tv_nsec = next % 1000000000};
        pthread_cond_timedwait(&s->changed, &s->lock, &until);
    }
    pthread_mutex_unlock(&s->lock);
    close_parts(s);
}

struct http_stats http_stats(const struct http_server *s)
{
    struct http_stats out = {.requests = atomic_load_explicit(&s->requests, memory_order_relaxed),
                             .open_connections = http_open_connections(s)};
    for (size_t i = 0; i < 6; i++)
        out.by_status[i] = atomic_load_explicit(&s->by_status[i], memory_order_relaxed);
    return out;
}
