/* load_bench PORT PATH SECONDS CONNECTIONS BATCH [TOKEN] [SITE]: POSTs events to a server on this
 * machine, one request at a time on each connection, and counts what was answered 202.
 *
 * Every event has its own id and one of a million visitors.  With BATCH 1 the body is one event as
 * the tracker sends it; above, an array.  One thread: it must stay cheaper than the server.
 * Prints "load REQUESTS_A_SECOND EVENTS_A_SECOND p50_ms p99_ms max_ms accepted other_answers". */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/hash.h"

enum { MAX_CONNECTIONS = 4096, REPLY_BYTES = 8192, TICKS = 20000 /* of 0.01 ms */ };

struct connection {
    int fd;
    char *out; /* the request at hand */
    size_t out_n, sent;
    char in[REPLY_BYTES];
    size_t in_n;
    int64_t began_ns;
    bool done; /* answered, and nothing more to ask */
};

struct load {
    const char *path, *token, *site;
    size_t batch, request_bytes;
    uint64_t seed, accepted, others, requests;
    uint64_t ticks[TICKS + 1]; /* answers by how long they took */
    int64_t longest_ns;
    char first_other[200];
};

static size_t put_event(struct load *l, char *to, size_t room)
{
    uint64_t r = rand_next(&l->seed);
    return (size_t)snprintf(
        to, room,
        "{\"site\":\"%s\",\"name\":\"pageview\",\"url\":\"https://shop.example/p/%u\","
        "\"referrer\":\"https://www.example.org/\",\"title\":\"Product %u\","
        "\"id\":\"%016" PRIx64 "\",\"visitor\":\"v%u\"}",
        l->site, (unsigned)(r % 1000), (unsigned)(r % 1000), r, (unsigned)(r >> 20) % 1000000);
}

static void make_request(struct load *l, struct connection *c)
{
    /* The body goes behind room for the head, which must know its length. */
    char *body = c->out + 600;
    size_t n = 0, room = l->request_bytes - 600;
    if (l->batch > 1) body[n++] = '[';
    for (size_t i = 0; i < l->batch; i++) {
        if (i) body[n++] = ',';
        n += put_event(l, body + n, room - n);
    }
    if (l->batch > 1) body[n++] = ']';
    char head[600];
    size_t h = (size_t)snprintf(
        head, sizeof head,
        "POST %s HTTP/1.1\r\nHost: 127.0.0.1\r\nOrigin: https://shop.example\r\n"
        "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0\r\n"
        "Accept-Language: en\r\nContent-Type: text/plain\r\nSec-Fetch-Mode: no-cors\r\n"
        "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Dest: empty\r\n%s%s%sContent-Length: %zu\r\n\r\n",
        l->path, l->token ? "Authorization: Bearer " : "", l->token ? l->token : "",
        l->token ? "\r\n" : "", n);
    memmove(c->out + h, body, n);
    memcpy(c->out, head, h);
    c->out_n = h + n;
    c->sent = 0;
    c->in_n = 0;
    c->began_ns = clock_mono_ns();
}

/* True when the whole answer is there; then `*status` is its number. */
static bool answered(struct connection *c, int *status)
{
    c->in[c->in_n] = 0;
    char *end = strstr(c->in, "\r\n\r\n");
    if (!end) return false;
    const char *length = strcasestr(c->in, "\r\ncontent-length:");
    size_t body = length && length < end ? strtoull(length + 17, NULL, 10) : 0;
    if (c->in_n < (size_t)(end + 4 - c->in) + body) return false;
    *status = c->in_n > 12 ? (int)strtol(c->in + 9, NULL, 10) : 0;
    return true;
}

static void count(struct load *l, struct connection *c, int status)
{
    int64_t took_ns = clock_mono_ns() - c->began_ns;
    uint64_t tick = (uint64_t)took_ns / 10000;
    l->ticks[tick < TICKS ? tick : TICKS]++;
    if (took_ns > l->longest_ns) l->longest_ns = took_ns;
    l->requests++;
    const char *accepted = strstr(c->in, "\"accepted\":");
    if (status == 202 && accepted) {
        l->accepted += strtoull(accepted + 11, NULL, 10);
    } else {
        if (!l->others) snprintf(l->first_other, sizeof l->first_other, "%.199s", c->in);
        l->others++;
    }
}

static int dial(uint16_t port)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;
    if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof to) < 0) return -1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    fcntl(fd, F_SETFL, O_NONBLOCK);
    return fd;
}

/* Sends what can be sent; false when the connection is gone. */
static bool push(struct connection *c)
{
    while (c->sent < c->out_n) {
        ssize_t n = write(c->fd, c->out + c->sent, c->out_n - c->sent);
        if (n < 0) return errno == EAGAIN;
        c->sent += (size_t)n;
    }
    return true;
}

/* Reads what is there, and sends the next request once the answer is whole. */
static bool pull(struct load *l, struct connection *c, bool more)
{
    for (;;) {
        ssize_t n = read(c->fd, c->in + c->in_n, REPLY_BYTES - 1 - c->in_n);
        if (n < 0) return errno == EAGAIN;
        if (n == 0) return false;
        c->in_n += (size_t)n;
        int status;
        if (!answered(c, &status)) continue;
        count(l, c, status);
        c->done = !more;
        if (c->done) return false;
        make_request(l, c);
        return push(c);
    }
}

static double percentile_ms(const struct load *l, double q)
{
    uint64_t seen = 0, rank = (uint64_t)(q * (double)l->requests);
    for (size_t t = 0; t <= TICKS; t++)
        if ((seen += l->ticks[t]) > rank) return (double)t / 100;
    return 0;
}

int main(int argc, char **argv)
{
    if (argc < 6) return 2;
    static struct connection connections[MAX_CONNECTIONS];
    static struct load l;
    size_t n = strtoull(argv[4], NULL, 10), open = 0;
    int64_t seconds = strtoll(argv[3], NULL, 10);
    l.path = argv[2];
    l.batch = strtoull(argv[5], NULL, 10);
    l.token = argc > 6 && *argv[6] ? argv[6] : NULL;
    l.site = argc > 7 ? argv[7] : "bench";
    l.seed = (uint64_t)clock_mono_ns();
    l.request_bytes = 1200 + l.batch * 320;
    int poll = epoll_create1(0);
    if (poll < 0 || n == 0 || n > MAX_CONNECTIONS || l.batch == 0) return 2;
    for (size_t i = 0; i < n; i++) {
        struct connection *c = &connections[i];
        c->fd = dial((uint16_t)strtoul(argv[1], NULL, 10));
        c->out = malloc(l.request_bytes);
        struct epoll_event e = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = c};
        if (c->fd < 0 || !c->out || epoll_ctl(poll, EPOLL_CTL_ADD, c->fd, &e) < 0) {
            perror("load_bench: connect");
            return 1;
        }
        make_request(&l, c);
        open++;
    }
    int64_t start_ns = clock_mono_ns(), until_ns = start_ns + seconds * 1000000000,
            last_ns = start_ns;
    while (open) {
        struct epoll_event ready[256];
        int k = epoll_wait(poll, ready, 256, 2000);
        if (k <= 0 && clock_mono_ns() > until_ns + 5000000000) break; /* a server that hangs */
        for (int i = 0; i < k; i++) {
            struct connection *c = ready[i].data.ptr;
            if (push(c) && pull(&l, c, clock_mono_ns() < until_ns)) continue;
            if (!c->done && !l.others++)
                snprintf(l.first_other, sizeof l.first_other, "a connection was closed");
            close(c->fd);
            open--;
        }
        last_ns = clock_mono_ns();
    }
    double took_s = (double)(last_ns - start_ns) / 1e9;
    printf("load %.0f %.0f %.2f %.2f %.2f %" PRIu64 " %" PRIu64 "\n", (double)l.requests / took_s,
           (double)l.accepted / took_s, percentile_ms(&l, 0.5), percentile_ms(&l, 0.99),
           (double)l.longest_ns / 1e6, l.accepted, l.others);
    if (l.others) fprintf(stderr, "load_bench: another answer: %s\n", l.first_other);
    return open || l.others ? 1 : 0;
}
