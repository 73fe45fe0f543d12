/* serve.c: the server, from the open folder to the last answer; and the demo shop in front of it.
 */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>
#include <poll.h>

#include "api/api.h"
#include "base/log.h"
#include "cli/cli.h"
#include "cli/version.h"
#include "demo/fill.h"

/* Each connection is a descriptor, and the store, the journal and the journeys have some too. */
static void raise_file_limit(size_t connections)
{
    struct rlimit limit;
    rlim_t want = connections + 1024;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= want) return;
    limit.rlim_cur = want < limit.rlim_max ? want : limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur < want)
        log_line(LOG_WARN, "few_descriptors", "have=%llu want=%llu",
                 (unsigned long long)limit.rlim_cur, (unsigned long long)want);
}

static void block_signals(sigset_t *set)
{
    sigemptyset(set);
    sigaddset(set, SIGTERM);
    sigaddset(set, SIGINT);
    pthread_sigmask(SIG_BLOCK, set, NULL); /* before the first thread, so that all inherit it */
}

/* As long as nobody has a password, each start prints a link by which one can be chosen. */
static err_code print_link(struct engine *e, const char *address, struct err *err)
{
    char secret[CONFIG_SECRET];
    if (!config_has_no_password(e->config)) return ERR_OK;
    err_code rc = config_user_link(e->config, STR("owner@localhost"), "owner", secret, err);
    if (rc) return rc;
    printf("Sign in, once, within a day: %s/sign-in?link=%s\n", address, secret);
    return ERR_OK;
}

/* Waits for a signal; meanwhile notices what commands change in the configuration beside us. */
static void wait_for_signal(const sigset_t *set, struct engine *e)
{
    enum { POLL_MS = 1000 };
    int fd = signalfd(-1, set, SFD_CLOEXEC);
    struct pollfd p = {.fd = fd, .events = POLLIN};
    while (fd >= 0) {
        int n = poll(&p, 1, POLL_MS);
        if (n > 0 || (n < 0 && errno != EINTR)) break;
        struct err err;
        if (config_poll(e->config, &err))
            log_line(LOG_WARN, "config_poll_failed", "why=\"%s\"", err.msg);
    }
    if (fd < 0) return;
    /* Taken, so that it is not still waiting as the second one when they are let through. */
    struct signalfd_siginfo info;
    ssize_t got = read(fd, &info, sizeof info);
    (void)got;
    close(fd);
}

/* A second signal while draining: the journal has what was answered, so stopping now loses nothing.
 */
static void stop_now(int number)
{
    (void)number;
    _exit(EXIT_STOPPED);
}

static void second_signal_stops(const sigset_t *set)
{
    struct sigaction action = {.sa_handler = stop_now};
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    pthread_sigmask(SIG_UNBLOCK, set, NULL);
}

static err_code http_start(struct cli *c, struct api *api, struct http_server **http,
                           struct err *err)
{
    struct http_options o = {
        .listen = option_text(&c->options, "listen"),
        .threads = (size_t)option_number(&c->options, "threads"),
        .max_connections = (size_t)option_number(&c->options, "max-connections"),
        .idle_timeout_s = (unsigned)option_number(&c->options, "idle-timeout"),
        .body_limit = api_body_limit,
        .handle = api_handle,
        .refuse = api_refuse,
        .arg = api,
    };
    raise_file_limit(o.max_connections);
    return http_open(&o, http, err);
}

/* The address for people on this machine: a wildcard is reached as localhost. */
static void own_address(struct cli *c, const struct http_server *http, char out[256])
{
    struct str listen = str_of(option_text(&c->options, "listen"));
    size_t colon = listen.n;
    while (colon > 0 && listen.p[colon - 1] != ':') colon--;
    struct str host = str_sub(listen, 0, colon ? colon - 1 : 0);
    if (host.n == 0 || str_is(host, "0.0.0.0")) host = STR("127.0.0.1");
    if (str_is(host, "[::]")) host = STR("[::1]");
    snprintf(out, 256, "http://%.*s:%d", STR_FMT(host), http_port(http));
}

static err_code serve(struct cli *c, struct engine *e, const sigset_t *signals, struct err *err)
{
    struct api *api = NULL;
    struct http_server *http = NULL;
    char secret[64] = "", address[256];
    const char *public_url = option_text(&c->options, "url");
    struct api_options o = {.data_dir = c->data_dir,
                            .public_url = public_url,
                            .assets = c->assets,
                            .version = CAIRN_VERSION,
                            .metrics = option_flag(&c->options, "metrics")};
    err_code rc = proxies_parse(str_of(option_text(&c->options, "trust-proxy")), &o.proxies, err);
    if (!rc) rc = api_open(&o, e, &api, err);
    if (!rc) rc = http_start(c, api, &http, err);
    if (rc) goto out;
    api_set_server(api, http);
    own_address(c, http, address);
    rc = engine_announce(e, address, secret, err);
    if (!rc) api_set_operator(api, secret);
    log_line(LOG_INFO, "serving", "at=%s version=%s", address, CAIRN_VERSION);
    if (!rc) rc = print_link(e, *public_url ? public_url : address, err);
    if (rc) goto out;
    printf("Cairn is at %s\n", *public_url ? public_url : address);
    fflush(stdout);
    wait_for_signal(signals, e);
    second_signal_stops(signals);
    log_line(LOG_INFO, "stopping", "drain_s=%lld", (long long)option_number(&c->options, "drain"));
out:
    http_close(http, (int)option_number(&c->options, "drain") * 1000);
    api_close(api);
    return rc;
}

int cli_serve(struct cli *c, struct engine *e)
{
    struct err err = {0};
    sigset_t signals;
    block_signals(&signals);
    err_code rc = serve(c, e, &signals, &err);
    engine_close(e);
    return rc ? cli_fail(&err) : EXIT_DONE;
}

int serve_command(struct cli *c)
{
    struct engine e;
    struct err err = {0};
    sigset_t signals;
    block_signals(&signals);
    return cli_engine_open(c, &e, &err) ? cli_fail(&err) : cli_serve(c, &e);
}

/* --- the demo shop --- */

static void show_progress(void *arg, uint64_t done, uint64_t of)
{
    int64_t *last_ns = arg, now = clock_mono_ns();
    bool terminal = isatty(STDERR_FILENO);
    if (done < of && now - *last_ns < INT64_C(1000000) * (terminal ? 100 : 5000)) return;
    *last_ns = now;
    fprintf(stderr, "%sdemo: %" PRIu64 " of %" PRIu64 " visits (%d %%)%s", terminal ? "\r" : "",
            done, of, of ? (int)(done * 100 / of) : 100, terminal && done < of ? "" : "\n");
}

static bool signal_waits(void *arg)
{
    (void)arg;
    sigset_t set;
    return sigpending(&set) == 0 &&
           (sigismember(&set, SIGINT) == 1 || sigismember(&set, SIGTERM) == 1);
}

int demo_command(struct cli *c)
{
    struct engine e;
    struct err err = {0};
    sigset_t signals;
    int64_t last_ns = 0;
    block_signals(&signals);
    struct demo_options o = {.days = (int)option_number(&c->options, "days"),
                             .visitors = (uint64_t)option_number(&c->options, "visitors"),
                             .seed = (uint64_t)option_number(&c->options, "seed"),
                             .progress = show_progress,
                             .stopped = signal_waits,
                             .arg = &last_ns};
    if (cli_engine_open(c, &e, &err)) return cli_fail(&err);
    if (demo_fill(&e, &o, &err)) {
        engine_close(&e);
        return cli_fail(&err);
    }
    return cli_serve(c, &e);
}
