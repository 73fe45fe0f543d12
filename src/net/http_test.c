#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "event/limits.h"
#include "net/http.h"

/* A server whose path says what happens:
 *   /echo    the body comes back          /query   the raw query        /param  parameter p,
 * decoded /peer    the socket's address         /later   answered by another thread, body "later"
 *   /hold    kept in `held` until the test answers      /stream  three events, then the end
 *   /endless a stream that says nothing */
enum { SMALL_LIMIT = 1000 };
static struct {
    struct http_server *server;
    _Atomic(struct http_request *) held;
    atomic_int pulls, closed;
} t;

static void answer_text(struct http_request *r, struct str body)
{
    http_answer(r, 200, "text/plain", body);
}

static void *answer_later(void *arg)
{
    struct http_request *r = arg;
    http_add_header(r, "X-Who", "another thread");
    answer_text(r, STR("later"));
    return NULL;
}

static int pull_three(void *arg, struct buf *out)
{
    (void)arg;
    int n = atomic_fetch_add(&t.pulls, 1);
    buf_printf(out, "data: %d\n\n", n);
    return n == 2 ? -1 : 1;
}

static int pull_nothing(void *arg, struct buf *out)
{
    (void)arg;
    (void)out;
    atomic_fetch_add(&t.pulls, 1);
    return 10;
}

static void stream_closed(void *arg)
{
    (void)arg;
    atomic_fetch_add(&t.closed, 1);
}

static void handle(void *arg, struct http_request *r)
{
    (void)arg;
    struct str path = http_path(r), value = STR_NONE;
    if (str_is(path, "/echo")) {
        answer_text(r, http_body(r));
    } else if (str_is(path, "/query")) {
        answer_text(r, http_query(r));
    } else if (str_is(path, "/param")) {
        answer_text(r, http_param(r, "p", &value) ? value : STR("absent"));
    } else if (str_is(path, "/peer")) {
        answer_text(r, http_peer(r));
    } else if (str_is(path, "/cookie")) {
        answer_text(r, http_cookie(r, "session"));
    } else if (str_is(path, "/later")) {
        pthread_t thread;
        assert_int_equal(pthread_create(&thread, NULL, answer_later, r), 0);
        pthread_detach(thread);
    } else if (str_is(path, "/hold")) {
        atomic_store(&t.held, r);
    } else if (str_is(path, "/stream")) {
        http_answer_stream(r, "text/event-stream", pull_three, stream_closed, NULL);
    } else if (str_is(path, "/endless")) {
        http_answer_stream(r, "text/event-stream", pull_nothing, stream_closed, NULL);
    } else {
        http_answer_static(r, 404, "text/plain", path);
    }
}

static void refuse(void *arg, struct http_request *r, int status)
{
    (void)arg;
    http_answer_static(r, status, "text/plain", STR("refused"));
}

static size_t body_limit(void *arg, enum http_method method, struct str path)
{
    (void)arg;
    (void)method;
    return str_begins(path, STR("/big")) || str_is(path, "/echo") ? LIMIT_BODY : SMALL_LIMIT;
}

static void start(size_t max_connections, unsigned idle_s)
{
    struct err err = {0};
    struct http_options o = {.listen = "127.0.0.1:0",
                             .threads = 2,
                             .max_connections = max_connections,
                             .idle_timeout_s = idle_s,
                             .body_limit = body_limit,
                             .handle = handle,
                             .refuse = refuse};
    memset(&t, 0, sizeof t);
    if (http_open(&o, &t.server, &err) != ERR_OK) fail_msg("%s", err.msg);
}

static int set_up(void **state)
{
    (void)state;
    start(100, 30);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    http_close(t.server, 1000);
    return 0;
}

/* --- a client that writes and reads bytes --- */

static int dial(void)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)http_port(t.server)),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct timeval patience = {.tv_sec = 20};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    return fd;
}

static bool say_bytes(int fd, const char *p, size_t n)
{
    while (n > 0) {
        ssize_t sent = send(fd, p, n, MSG_NOSIGNAL);
        if (sent <= 0) return false;
        p += sent;
        n -= (size_t)sent;
    }
    return true;
}

static bool say(int fd, const char *text)
{
    return say_bytes(fd, text, strlen(text));
}

struct answer {
    int status;
    char head[4096];
    struct buf body;
};

/* One answer with a Content-Length; status 0 when the server closed instead.  Reads no further than
 * the answer's end, so that the next one stays in the socket. */
static struct answer hear_head(int fd, bool no_body)
{
    struct answer a = {0};
    size_t n = 0;
    while (n < sizeof a.head - 1) {
        ssize_t got = recv(fd, a.head + n, 1, 0);
        if (got <= 0) return (struct answer){0};
        n++;
        if (n >= 4 && memcmp(a.head + n - 4, "\r\n\r\n", 4) == 0) break;
    }
    a.status = (int)strtol(a.head + 9, NULL, 10);
    const char *length = strcasestr(a.head, "content-length: ");
    size_t left = length && !no_body ? strtoul(length + 16, NULL, 10) : 0;
    while (left > 0) {
        char piece[16384];
        ssize_t got = recv(fd, piece, left < sizeof piece ? left : sizeof piece, 0);
        if (got <= 0) return (struct answer){0};
        buf_bytes(&a.body, piece, (size_t)got);
        left -= (size_t)got;
    }
    return a;
}

static struct answer hear(int fd)
{
    return hear_head(fd, false);
}

static void expect_answer(int fd, int status, struct str body)
{
    struct answer a = hear(fd);
    assert_int_equal(a.status, status);
    if (!str_eq(buf_view(&a.body), body))
        fail_msg("got \"%.*s\", want \"%.*s\"", STR_FMT(buf_view(&a.body)), STR_FMT(body));
    buf_free(&a.body);
}

static bool closed_by_server(int fd)
{
    char c;
    return recv(fd, &c, 1, 0) <= 0;
}

static void wait_for(bool (*true_now)(void))
{
    for (int i = 0; i < 4000 && !true_now(); i++) usleep(5000);
    assert_true(true_now());
}

static bool request_is_held(void)
{
    return atomic_load(&t.held) != NULL;
}

/* --- requests that are answered --- */

static const struct {
    const char *why, *say;
    int status;
    const char *body;
} cases[] = {
    {"a path", "GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n", 404, "/nowhere"},
    {"a decoded path", "GET /a%20b HTTP/1.1\r\nHost: x\r\n\r\n", 404, "/a b"},
    {"the query as it came", "GET /query?a=%41&b=+ HTTP/1.1\r\nHost: x\r\n\r\n", 200, "a=%41&b=+"},
    {"a parameter, decoded", "GET /param?x=1&p=a%26b+c HTTP/1.1\r\nHost: x\r\n\r\n", 200, "a&b c"},
    {"a parameter that is not there", "GET /param?pp=1 HTTP/1.1\r\nHost: x\r\n\r\n", 200, "absent"},
    {"a cookie", "GET /cookie HTTP/1.1\r\nHost: x\r\nCookie: a=1; session=s3\r\n\r\n", 200, "s3"},
    {"the peer", "GET /peer HTTP/1.1\r\nHost: x\r\n\r\n", 200, "127.0.0.1"},
    {"a body", "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello", 200, "hello"},
    {"a body in chunks",
     "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: "
     "chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n",
     200, "hello"},
    {"an empty body", "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n", 200, ""},
    {"a POST without a length", "POST /echo HTTP/1.1\r\nHost: x\r\n\r\n", 200, ""},
    {"an answer of another thread", "GET /later HTTP/1.1\r\nHost: x\r\n\r\n", 200, "later"},
    {"a method we have no name for", "BREW /x HTTP/1.1\r\nHost: x\r\n\r\n", 404, "/x"},
    {"a byte 0 in the path is refused", "GET /echo%00x HTTP/1.1\r\nHost: x\r\n\r\n", 400,
     "refused"},
    {"a target that is no path is refused", "GET http://x/ HTTP/1.1\r\nHost: x\r\n\r\n", 400,
     "refused"},
};

static void answers(void **state)
{
    (void)state;
    int kept = dial(); /* all on one connection, and each on its own */
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        print_message("# %s\n", cases[i].why);
        int fd = dial();
        assert_true(say(fd, cases[i].say));
        expect_answer(fd, cases[i].status, str_of(cases[i].body));
        close(fd);
        assert_true(say(kept, cases[i].say));
        expect_answer(kept, cases[i].status, str_of(cases[i].body));
    }
    close(kept);
}

static void head_has_no_body(void **state)
{
    (void)state;
    int fd = dial();
    assert_true(
        say(fd, "HEAD /nowhere HTTP/1.1\r\nHost: x\r\n\r\nGET /peer HTTP/1.1\r\nHost: x\r\n\r\n"));
    struct answer a = hear_head(fd, true);
    assert_int_equal(a.status, 404);
    assert_non_null(strcasestr(a.head, "content-length: 8\r\n"));
    expect_answer(fd, 200, STR("127.0.0.1"));
    close(fd);
}

static void pipelined_requests_are_answered_in_order(void **state)
{
    (void)state;
    int fd = dial();
    for (int i = 0; i < 50; i++) {
        char text[200];
        snprintf(text, sizeof text,
                 "GET /later HTTP/1.1\r\nHost: x\r\n\r\nPOST /echo HTTP/1.1\r\nHost: x\r\n"
                 "Content-Length: 2\r\n\r\n%02d",
                 i);
        assert_true(say(fd, text));
    }
    for (int i = 0; i < 50; i++) {
        char text[16];
        snprintf(text, sizeof text, "%02d", i);
        expect_answer(fd, 200, STR("later"));
        expect_answer(fd, 200, str_of(text));
    }
    close(fd);
}

static void expect_100(void **state)
{
    (void)state;
    int fd = dial();
    assert_true(say(
        fd, "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n"));
    struct answer a = hear(fd);
    assert_int_equal(a.status, 100);
    assert_true(say(fd, "ok"));
    expect_answer(fd, 200, STR("ok"));
    close(fd);
    fd = dial(); /* too much is refused before it is sent */
    assert_true(say(
        fd, "POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 1001\r\nExpect: 100-continue\r\n\r\n"));
    expect_answer(fd, 413, STR("refused"));
    close(fd);
}

/* --- limits: at the value, and one past it --- */

static void request_line_limit(void **state)
{
    (void)state;
    static const char before[] = "GET /query?", after[] = " HTTP/1.1";
    for (size_t past = 0; past <= 1; past++) {
        struct buf b = {0};
        buf_z(&b, before);
        /* Many parameters, as a full `GET /e.gif` has them. */
        while (b.n < LIMIT_REQUEST_LINE + past - strlen(after))
            buf_char(&b, b.n % 400 == 399 ? '&' : 'a');
        size_t query_n = b.n - strlen("GET /query?");
        char *want = malloc(query_n);
        assert_non_null(want);
        memcpy(want, b.p + strlen("GET /query?"), query_n);
        buf_z(&b, after);
        assert_int_equal(b.n, LIMIT_REQUEST_LINE + past);
        buf_z(&b, "\r\nHost: x\r\n");
        for (int i = 0; i < 20; i++) buf_printf(&b, "X-Header-%d: %0100d\r\n", i, i);
        buf_z(&b, "\r\n");
        int fd = dial();
        assert_true(say_bytes(fd, b.p, b.n));
        if (past) expect_answer(fd, 414, STR("refused"));
        else expect_answer(fd, 200, (struct str){want, query_n});
        close(fd);
        free(want);
        buf_free(&b);
    }
}

static void send_body(int fd, const char *path, size_t n, bool chunked)
{
    struct buf b = {0};
    buf_printf(&b, "POST %s HTTP/1.1\r\nHost: x\r\n", path);
    if (chunked) buf_printf(&b, "Transfer-Encoding: chunked\r\n\r\n%zx\r\n", n);
    else buf_printf(&b, "Content-Length: %zu\r\n\r\n", n);
    for (size_t i = 0; i < n; i++) buf_char(&b, 'x');
    if (chunked) buf_z(&b, "\r\n0\r\n\r\n");
    assert_true(say_bytes(fd, b.p, b.n));
    buf_free(&b);
}

static void body_limit_at_and_past(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        size_t n;
        int status;
    } bodies[] = {
        {"/small", SMALL_LIMIT, 404},
        {"/small", SMALL_LIMIT + 1, 413},
        {"/big", LIMIT_BODY, 404},
        {"/big", LIMIT_BODY + 1, 413},
    };
    int fd = dial(); /* one connection: a refused body does not break what follows */
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++)
        for (int chunked = 0; chunked <= 1; chunked++) {
            send_body(fd, bodies[i].path, bodies[i].n, chunked);
            expect_answer(fd, bodies[i].status,
                          bodies[i].status == 413 ? STR("refused") : str_of(bodies[i].path));
        }
    close(fd);
    fd = dial(); /* far past it the connection is cut without reading on */
    assert_true(say(fd, "POST /small HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n"));
    expect_answer(fd, 413, STR("refused"));
    assert_true(closed_by_server(fd));
    close(fd);
}

static bool three_open(void)
{
    return http_stats(t.server).open_connections == 3;
}

static bool none_open(void)
{
    return http_stats(t.server).open_connections == 0;
}

/* --- time --- */

static void silent_and_dripping_clients_are_cut(void **state)
{
    (void)state;
    start(100, 1);
    int silent = dial(), head = dial(), body = dial();
    assert_true(say(head, "GET / HT"));
    assert_true(say(body, "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 900\r\n\r\n"));
    wait_for(three_open);
    /* A byte every 200 ms is never silent for a second: only the end of the stage cuts it. */
    int64_t end = clock_mono_ns() + INT64_C(15000000000);
    while (!none_open() && clock_mono_ns() < end) {
        say(head, "x");
        say(body, "x");
        usleep(200000);
    }
    assert_true(none_open());
    close(silent);
    close(head);
    close(body);
    http_close(t.server, 1000);
}

static void connections_past_the_limit_wait(void **state)
{
    (void)state;
    start(2, 30); /* one per thread */
    int fds[4];
    for (size_t i = 0; i < 4; i++) {
        fds[i] = dial();
        assert_true(say(fds[i], "GET /peer HTTP/1.1\r\nHost: x\r\n\r\n"));
    }
    /* Two of the four are served; each that leaves lets another in. */
    size_t answered = 0;
    bool done[4] = {false};
    while (answered < 4) {
        struct pollfd p[4];
        for (size_t i = 0; i < 4; i++)
            p[i] = (struct pollfd){.fd = done[i] ? -1 : fds[i], .events = POLLIN};
        assert_true(poll(p, 4, 20000) > 0);
        assert_true(http_stats(t.server).open_connections <= 2);
        for (size_t i = 0; i < 4; i++) {
            if (done[i] || !(p[i].revents & POLLIN)) continue;
            expect_answer(fds[i], 200, STR("127.0.0.1"));
            close(fds[i]);
            done[i] = true;
            answered++;
        }
    }
    http_close(t.server, 1000);
}

/* --- answers that come later --- */

static void a_client_that_left_is_noticed(void **state)
{
    (void)state;
    int fd = dial();
    assert_true(say(fd, "GET /hold HTTP/1.1\r\nHost: x\r\n\r\n"));
    wait_for(request_is_held);
    struct http_request *r = atomic_load(&t.held);
    assert_false(http_gone(r));
    close(fd);
    for (int i = 0; i < 1000 && !http_gone(r); i++) usleep(1000);
    assert_true(http_gone(r));
    answer_text(r, STR("nobody hears this"));
    wait_for(none_open);
}

static void many_threads_answer(void **state)
{
    (void)state;
    enum { CLIENTS = 8, ROUNDS = 50 };
    int fds[CLIENTS];
    for (size_t i = 0; i < CLIENTS; i++) fds[i] = dial();
    for (int round = 0; round < ROUNDS; round++) {
        for (size_t i = 0; i < CLIENTS; i++)
            assert_true(say(fds[i], "GET /later HTTP/1.1\r\nHost: x\r\n\r\n"));
        for (size_t i = 0; i < CLIENTS; i++) expect_answer(fds[i], 200, STR("later"));
    }
    for (size_t i = 0; i < CLIENTS; i++) close(fds[i]);
    assert_int_equal(http_stats(t.server).requests, CLIENTS * ROUNDS);
    assert_int_equal(http_stats(t.server).by_status[2], CLIENTS * ROUNDS);
}

/* Reads until the end of the connection or the bytes `until`. */
static struct buf hear_all(int fd, const char *until)
{
    struct buf b = {0};
    char piece[4096];
    ssize_t got;
    while ((got = recv(fd, piece, sizeof piece, 0)) > 0) {
        buf_bytes(&b, piece, (size_t)got);
        if (until && str_ends(buf_view(&b), str_of(until))) break;
    }
    return b;
}

static bool stream_is_closed(void)
{
    return atomic_load(&t.closed) == 1;
}

static bool stream_is_pulled(void)
{
    return atomic_load(&t.pulls) >= 3;
}

static void streams(void **state)
{
    (void)state;
    int fd = dial();
    assert_true(say(fd, "GET /stream HTTP/1.1\r\nHost: x\r\n\r\n"));
    struct buf b = hear_all(fd, "0\r\n\r\n");
    for (int i = 0; i < 3; i++) {
        char want[32];
        snprintf(want, sizeof want, "data: %d\n\n", i);
        assert_true(str_contains(buf_view(&b), str_of(want)));
    }
    buf_free(&b);
    wait_for(stream_is_closed);
    /* The connection lives on; a stream that says nothing ends with the server. */
    assert_true(say(fd, "GET /endless HTTP/1.1\r\nHost: x\r\n\r\n"));
    atomic_store(&t.pulls, 0);
    atomic_store(&t.closed, 0);
    wait_for(stream_is_pulled);
    http_close(t.server, 1000);
    assert_true(stream_is_closed());
    close(fd);
    start(10, 30);
}

/* --- the end --- */

static void *close_server(void *arg)
{
    (void)arg;
    http_close(t.server, 200);
    return NULL;
}

static void closing_waits_for_answers(void **state)
{
    (void)state;
    int fd = dial(), idle = dial();
    assert_true(say(fd, "GET /hold HTTP/1.1\r\nHost: x\r\n\r\n"));
    wait_for(request_is_held);
    pthread_t closer;
    assert_int_equal(pthread_create(&closer, NULL, close_server, NULL), 0);
    /* Past the time to drain the holder is told, and still waited for. */
    struct http_request *r = atomic_load(&t.held);
    for (int i = 0; i < 4000 && !http_gone(r); i++) usleep(5000);
    assert_true(http_gone(r));
    answer_text(r, STR("in the end"));
    struct answer a = hear(fd);
    assert_int_equal(a.status, 200);
    assert_non_null(strcasestr(a.head, "connection: close"));
    buf_free(&a.body);
    assert_true(closed_by_server(fd));
    pthread_join(closer, NULL);
    assert_true(closed_by_server(idle));
    close(fd);
    close(idle);
    start(10, 30);
}

static void an_address_in_use_is_named(void **state)
{
    (void)state;
    char where[64];
    struct err err = {0};
    struct http_server *second = NULL;
    snprintf(where, sizeof where, "127.0.0.1:%d", http_port(t.server));
    struct http_options o = {.listen = where, .threads = 1, .idle_timeout_s = 1, .handle = handle};
    assert_int_equal(http_open(&o, &second, &err), ERR_IO);
    assert_non_null(strstr(err.msg, where));
    assert_null(second);
    o.listen = "nonsense";
    assert_int_equal(http_open(&o, &second, &err), ERR_INVALID);
}

int main(void)
{
#define WITH_SERVER(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        WITH_SERVER(answers),
        WITH_SERVER(head_has_no_body),
        WITH_SERVER(pipelined_requests_are_answered_in_order),
        WITH_SERVER(expect_100),
        WITH_SERVER(request_line_limit),
        WITH_SERVER(body_limit_at_and_past),
        cmocka_unit_test(silent_and_dripping_clients_are_cut),
        cmocka_unit_test(connections_past_the_limit_wait),
        WITH_SERVER(a_client_that_left_is_noticed),
        WITH_SERVER(many_threads_answer),
        WITH_SERVER(streams),
        WITH_SERVER(closing_waits_for_answers),
        WITH_SERVER(an_address_in_use_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
