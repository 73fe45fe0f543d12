/* loop.c: the threads that serve connections, and the one that accepts them.
 *
 * Each loop runs a daemon of the library on its own thread.  The library could run the thread, too,
 * but then each answer that waited (every recorded event: it waits for the disk) would be a write
 * to the thread's pipe, a wake-up, and a walk over all that still wait.  Here whoever answers puts
 * the request down, the loop takes all that lie there, and only a loop that sleeps is woken. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "net/http_own.h"

enum {
    /* A connection's memory in libmicrohttpd: the head, and the table of its fields.  The whole of
     * it is zeroed after each answer, so it is as small as a full request line of many parameters
     * and a browser's usual fields allow. */
    CONNECTION_BYTES = 32 * 1024,
    ACCEPT_PAUSE_MS = 100, /* after a failure, such as no free descriptor */
};

/* --- what others put down ----------------------------------------------------------------------*/

/* Under the lock: true when the caller is to write wake_fd, after it. */
static bool must_wake(struct http_loop *l)
{
    bool sleeps = l->sleeps;
    l->sleeps = false;
    return sleeps;
}

static void wake(const struct http_loop *l)
{
    ssize_t n = write(l->wake_fd, &(uint64_t){1}, sizeof(uint64_t));
    (void)n; /* fails only when it is readable already */
}

void http_loop_wake(struct http_request *r)
{
    struct http_loop *l = r->loop;
    pthread_mutex_lock(&l->lock);
    r->wake = l->woken;
    l->woken = r;
    bool first = must_wake(l);
    pthread_mutex_unlock(&l->lock);
    if (first) wake(l);
}

/* Takes the socket over, also when it fails. */
static void arrive(struct http_loop *l, int fd)
{
    pthread_mutex_lock(&l->lock);
    bool room = l->n_arrived < l->size_arrived, first = false;
    if (!room) {
        size_t size = l->size_arrived ? l->size_arrived * 2 : 64;
        int *more = realloc(l->arrived, size * sizeof *more);
        room = more != NULL;
        if (more) {
            l->arrived = more;
            l->size_arrived = size;
        }
    }
    if (room) {
        atomic_fetch_add_explicit(&l->arriving, 1, memory_order_relaxed);
        l->arrived[l->n_arrived++] = fd;
        first = must_wake(l);
    }
    pthread_mutex_unlock(&l->lock);
    if (first) wake(l);
    if (!room) close(fd);
}

/* --- the loop ----------------------------------------------------------------------------------*/

static void add_connection(struct http_loop *l, int fd)
{
    struct sockaddr_storage from = {0};
    socklen_t n = sizeof from;
    if (getpeername(fd, (struct sockaddr *)&from, &n) != 0) close(fd); /* gone already */
    else (void)MHD_add_connection(l->daemon, fd, (struct sockaddr *)&from, n);
    /* Released after `open` has counted it: see is_full. */
    atomic_fetch_sub_explicit(&l->arriving, 1, memory_order_release);
}

/* Takes what others put down; false when the loop is to end. */
static bool take(struct http_loop *l)
{
    int fds[64];
    size_t n;
    struct http_request *woken;
    bool stopping;
    do {
        pthread_mutex_lock(&l->lock);
        l->sleeps = false;
        woken = l->woken;
        l->woken = NULL;
        for (n = 0; n < sizeof fds / sizeof *fds && l->n_arrived > 0; n++)
            fds[n] = l->arrived[--l->n_arrived];
        stopping = l->stopping;
        pthread_mutex_unlock(&l->lock);
        while (woken) {
            struct http_request *r = woken;
            woken = r->wake;
            MHD_resume_connection(r->c);
        }
        for (size_t i = 0; i < n; i++) add_connection(l, fds[i]);
    } while (n == sizeof fds / sizeof *fds);
    return !stopping;
}

/* True when nothing lies there; from then on whoever puts something down writes wake_fd. */
static bool may_sleep(struct http_loop *l)
{
    pthread_mutex_lock(&l->lock);
    l->sleeps = !l->woken && l->n_arrived == 0 && !l->stopping;
    bool yes = l->sleeps;
    pthread_mutex_unlock(&l->lock);
    return yes;
}

static void *run_loop(void *arg)
{
    struct http_loop *l = arg;
    while (take(l)) {
        MHD_run(l->daemon);
        MHD_UNSIGNED_LONG_LONG wait_ms;
        int ms = -1;
        if (MHD_get_timeout(l->daemon, &wait_ms) == MHD_YES)
            ms = wait_ms < INT32_MAX ? (int)wait_ms : INT32_MAX;
        if (ms == 0 || !may_sleep(l)) continue;
        struct pollfd p[] = {{.fd = l->epoll_fd, .events = POLLIN},
                             {.fd = l->wake_fd, .events = POLLIN}};
        uint64_t ignored;
        if (poll(p, 2, ms) > 0 && p[1].revents) {
            ssize_t n = read(l->wake_fd, &ignored, sizeof ignored);
            (void)n;
        }
    }
    return NULL;
}

static void on_library_message(void *cls, const char *fmt, va_list ap)
{
    (void)cls;
    char text[256];
    vsnprintf(text, sizeof text, fmt, ap);
    log_line(LOG_DEBUG, "http_library", "says=\"%s\"", text);
}

err_code http_loop_open(struct http_loop *l, struct http_server *s, struct err *err)
{
    l->server = s;
    l->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    pthread_mutex_init(&l->lock, NULL);
    if (l->wake_fd < 0) return err_set(err, ERR_IO, errno, "make an eventfd");
    l->daemon = MHD_start_daemon(
        MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_TURBO |
            MHD_USE_ERROR_LOG,
        0, NULL, NULL, http_on_request, l, MHD_OPTION_EXTERNAL_LOGGER, on_library_message, NULL,
        MHD_OPTION_CONNECTION_LIMIT, (unsigned)s->options.max_connections,
        MHD_OPTION_CONNECTION_TIMEOUT, s->options.idle_timeout_s,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_BYTES, MHD_OPTION_NOTIFY_CONNECTION,
        http_on_connection, l, MHD_OPTION_NOTIFY_COMPLETED, http_on_completed, s,
        MHD_OPTION_URI_LOG_CALLBACK, http_on_target, l, MHD_OPTION_END);
    const union MHD_DaemonInfo *info =
        l->daemon ? MHD_get_daemon_info(l->daemon, MHD_DAEMON_INFO_EPOLL_FD) : NULL;
    if (!info) return err_set(err, ERR_IO, errno, "start the HTTP server");
    l->epoll_fd = info->epoll_fd;
    int rc = pthread_create(&l->thread, NULL, run_loop, l);
    l->runs = rc == 0;
    if (rc) return err_set(err, ERR_NOMEM, rc, "start a thread of the HTTP server");
    pthread_setname_np(l->thread, "http");
    return ERR_OK;
}

void http_loop_close(struct http_loop *l)
{
    if (l->runs) {
        pthread_mutex_lock(&l->lock);
        l->stopping = true;
        bool first = must_wake(l);
        pthread_mutex_unlock(&l->lock);
        if (first) wake(l);
        pthread_join(l->thread, NULL);
    }
    if (l->daemon) MHD_stop_daemon(l->daemon);
    if (l->wake_fd >= 0) close(l->wake_fd);
    free(l->arrived);
    pthread_mutex_destroy(&l->lock);
}

/* --- accepting ---------------------------------------------------------------------------------*/

size_t http_open_connections(const struct http_server *s)
{
    size_t n = 0;
    for (size_t i = 0; i < s->n_loops; i++)
        n += atomic_load_explicit(&s->loops[i].open, memory_order_relaxed);
    return n;
}

static size_t held_by(const struct http_loop *l)
{
    /* In this order, so that none is missed on its way from one to the other. */
    size_t arriving = atomic_load_explicit(&l->arriving, memory_order_acquire);
    return arriving + atomic_load_explicit(&l->open, memory_order_relaxed);
}

static bool is_full(const struct http_server *s)
{
    size_t n = 0;
    for (size_t i = 0; i < s->n_loops; i++) n += held_by(&s->loops[i]);
    return n >= s->options.max_connections;
}

static struct http_loop *least_busy(struct http_server *s)
{
    struct http_loop *best = &s->loops[0];
    for (size_t i = 1; i < s->n_loops; i++)
        if (held_by(&s->loops[i]) < held_by(best)) best = &s->loops[i];
    return best;
}

/* Waits for a connection to end while there are as many as allowed, and `pause_ms` at least. */
static void wait_for_room(struct http_server *s, int pause_ms)
{
    int64_t end = clock_mono_ns() + (int64_t)pause_ms * 1000000;
    pthread_mutex_lock(&s->lock);
    while (!atomic_load_explicit(&s->draining, memory_order_relaxed)) {
        s->full = is_full(s);
        int64_t now = clock_mono_ns();
        if (!s->full && now >= end) break;
        /* A socket that never became a connection tells nobody: look again before long. */
        int64_t next = now < end ? end : now + (int64_t)ACCEPT_PAUSE_MS * 1000000;
        struct timespec until = {.tv_sec = next / 1000000000, .tv_nsec = next % 1000000000};
        pthread_cond_timedwait(&s->changed, &s->lock, &until);
    }
    s->full = false;
    pthread_mutex_unlock(&s->lock);
}

void *http_accept(void *server)
{
    struct http_server *s = server;
    while (!atomic_load_explicit(&s->draining, memory_order_acquire)) {
        if (is_full(s)) wait_for_room(s, 0);
        struct pollfd p = {.fd = s->listen_fd, .events = POLLIN};
        if (poll(&p, 1, -1) <= 0) continue;
        int fd = accept4(s->listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) {
            arrive(least_busy(s), fd);
        } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
            log_line(LOG_WARN, "connection_refused", "errno=%d", errno);
            wait_for_room(s, ACCEPT_PAUSE_MS);
        }
    }
    return NULL;
}
