#include "cli/cli.h"

#include <signal.h>
#include <sodium.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/log.h"
#include "import/options.h"

const struct option common_options[] = {
    {"data", OPTION_TEXT, "./data", 0, 0, "DIR", "The data folder; made when new."},
    {"config", OPTION_TEXT, "", 0, 0, "FILE", "Read options from FILE: lines of name = value."},
    {"url", OPTION_TEXT, "", 0, 0, "URL",
     "With serve: the address by which people reach it. Else: talk to the server there."},
    {"token", OPTION_TEXT, "", 0, 0, "TOKEN", "The token for --url."},
    {"log-level", OPTION_TEXT, "info", 0, 0, "LEVEL",
     "The least that is logged: debug, info, warn, error."},
    {0},
};

const struct option serve_options[] = {
    {"listen", OPTION_TEXT, "127.0.0.1:8722", 0, 0, "ADDRESS:PORT", "Where to listen."},
    {"trust-proxy", OPTION_TEXT, "", 0, 0, "ADDRESSES",
     "Proxies whose X-Forwarded-For is believed: addresses or networks, with commas between."},
    {"database", OPTION_TEXT, "", 0, 0, "WHERE",
     "The configuration's home when it is not in the data folder: postgresql://..."},
    {"country-db", OPTION_TEXT, "", 0, 0, "FILE",
     "An MMDB file for countries; without it the built-in one."},
    {"threads", OPTION_NUMBER, "0", 0, 256, "N",
     "Threads for HTTP and for reports; 0 is one per core."},
    {"max-connections", OPTION_NUMBER, "4096", 1, 100000, "N",
     "Connections open at once; more wait."},
    {"idle-timeout", OPTION_NUMBER, "30", 1, 3600, "SECONDS",
     "A silent connection is closed after this, a dripping one after twice as long."},
    {"drain", OPTION_NUMBER, "10", 0, 600, "SECONDS", "Time for answers under way when stopping."},
    {"store-memory", OPTION_BYTES, "512M", 64 << 20, INT64_C(1) << 40, "BYTES",
     "The most memory the event store takes."},
    {"journey-memory", OPTION_BYTES, "256M", 1 << 20, INT64_C(1) << 40, "BYTES",
     "Recent journeys past this are written to disk."},
    {"metrics", OPTION_FLAG, "yes", 0, 0, "yes|no", "Answer /metrics for Prometheus."},
    {0},
};

static const struct option no_options[] = {{0}};
static const struct option site_options[] = {
    {"domain", OPTION_TEXT, "", 0, 0, "DOMAIN", "The site's domain, as in shop.example."},
    {"name", OPTION_TEXT, "", 0, 0, "NAME", "What people call it; without it the key."},
    {"timezone", OPTION_TEXT, "", 0, 0, "ZONE",
     "Its days and hours, as in Europe/Berlin. Default UTC."},
    {"currency", OPTION_TEXT, "", 0, 0, "CODE", "Of values without one, as in EUR. Default EUR."},
    {"template", OPTION_TEXT, "", 0, 0, "NAME",
     "Goals to start with: ecommerce, saas, lead, publisher."},
    {0},
};
static const struct option user_options[] = {
    {"role", OPTION_TEXT, "viewer", 0, 0, "ROLE", "owner, admin, editor or viewer."},
    {"password-stdin", OPTION_FLAG, "no", 0, 0, "", "Read the password from standard input."},
    {0},
};
static const struct option token_options[] = {
    {"site", OPTION_TEXT, "", 0, 0, "KEY", "The site."},
    {"scope", OPTION_TEXT, "read", 0, 0, "SCOPES", "read, write, ingest, with commas between."},
    {"name", OPTION_TEXT, "command line", 0, 0, "NAME", "What it is for."},
    {0},
};
static const struct option export_options[] = {
    {"site", OPTION_TEXT, "", 0, 0, "KEY", "The site."},
    {"from", OPTION_TEXT, "", 0, 0, "DAY",
     "The first day, as in 2026-10-01, in the site's time zone."},
    {"to", OPTION_TEXT, "", 0, 0, "DAY", "The last day, included."},
    {0},
};
static const struct option demo_options[] = {
    {"days", OPTION_NUMBER, "90", 1, 3650, "N", "How far back the shop goes."},
    {"visitors", OPTION_NUMBER, "20000", 1, 50000000, "N", "How many people."},
    {"seed", OPTION_NUMBER, "1", 0, INT64_MAX, "N", "The same seed makes the same shop."},
    {0},
};

const struct command commands[] = {
    {.name = "serve",
     .summary = "The server; makes the data folder when it is new.",
     .serves = true,
     .run = serve_command},
    {.name = "demo",
     .summary = "Fill the site `demo` with a simulated shop, then serve.",
     .own = demo_options,
     .serves = true,
     .run = demo_command},
    {.name = "site add",
     .usage = "KEY --domain D",
     .summary = "Add a site; prints the line for its pages.",
     .own = site_options,
     .min_words = 1,
     .max_words = 1,
     .run = site_command},
    {.name = "user add",
     .usage = "MAIL",
     .summary = "Add a user, or make a new sign-in link for one.",
     .own = user_options,
     .min_words = 1,
     .max_words = 1,
     .run = user_command},
    {.name = "token add",
     .usage = "--site KEY --scope SCOPES",
     .summary = "Make a token; it is printed once.",
     .own = token_options,
     .run = token_command},
    {.name = "import",
     .usage = "FORMAT FILE... --site KEY",
     .summary = "Bring history in: csv, jsonl, parquet, access-log.",
     .raw = import_command},
    {.name = "export",
     .usage = "FORMAT FILE --site KEY",
     .summary = "Write a site's events: csv, jsonl, parquet.",
     .own = export_options,
     .min_words = 2,
     .max_words = 2,
     .run = export_command},
    {.name = "doctor", .summary = "Look the data folder over.", .run = doctor_command},
    {.name = "options",
     .usage = "conf|man",
     .summary = "Print a sample configuration, or the manual page.",
     .min_words = 1,
     .max_words = 1,
     .run = options_command},
    {.name = "version", .summary = "Print the version.", .run = version_command},
    {0},
};

int cli_fail(const struct err *err)
{
    fprintf(stderr, "cairn: %s\n", err->msg[0] ? err->msg : err_code_name(err->code));
    bool usage = strcmp(err->name, "bad_option") == 0 || strcmp(err->name, "unknown_option") == 0;
    return usage ? EXIT_USAGE : EXIT_STOPPED;
}

static const char *usage_of(const struct command *d)
{
    return d->usage ? d->usage : "";
}

static const struct option *own_options(const struct command *d)
{
    return d->own ? d->own : no_options;
}

static void help(FILE *to)
{
    fputs("cairn: counts the small steps people take on a site, and which of them lead to the "
          "goal.\n\n",
          to);
    for (const struct command *d = commands; d->name; d++) {
        int n = fprintf(to, "  cairn %s %s", d->name, usage_of(d));
        fprintf(to, "%*s%s\n", n < 52 ? 52 - n : 2, "", d->summary);
    }
    fputs("\n`cairn COMMAND --help` tells its options.\n", to);
}

static void command_help(const struct command *d)
{
    printf("cairn %s %s\n%s\n\n", d->name, usage_of(d), d->summary);
    options_help(own_options(d), stdout);
    options_help(common_options, stdout);
    if (d->serves) options_help(serve_options, stdout);
    puts("\nEach option may also stand in the configuration file, or in the environment as "
         "CAIRN_NAME.");
}

/* The command that argv begins with, and how many words of argv its name takes. */
static const struct command *find(int argc, char **argv, int *used)
{
    for (const struct command *d = commands; d->name; d++) {
        struct str rest, first = str_cut(str_of(d->name), ' ', &rest);
        if (argc < 1 || !str_is(first, argv[0])) continue;
        if (rest.n > 0 && (argc < 2 || !str_is(rest, argv[1]))) continue;
        *used = rest.n > 0 ? 2 : 1;
        return d;
    }
    return NULL;
}

static err_code read_options(struct cli *c, int argc, char **argv, struct err *err)
{
    const struct option *const tables[] = {own_options(c->command), common_options, serve_options};
    options_init(&c->options, tables, 3);
    err_code rc = options_args(&c->options, argc, argv, err);
    if (!rc) rc = options_env(&c->options, err);
    const char *file = rc ? "" : option_text(&c->options, "config");
    if (!rc && *file) rc = options_file(&c->options, file, NULL, err);
    return rc;
}

static err_code set_log_level(const char *name, struct err *err)
{
    static const char *const names[] = {"debug", "info", "warn", "error"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(name, names[i]) == 0) {
            log_set_level((enum log_level)i);
            return ERR_OK;
        }
    return err_named(err, ERR_INVALID, "bad_option", "log-level",
                     "--log-level is debug, info, warn or error, not \"%s\"", name);
}

/* Whom a command talks to: --url, or the server that has the folder. */
static err_code find_server(struct cli *c, struct err *err)
{
    const char *url = option_text(&c->options, "url");
    if (*url && !c->command->serves) {
        struct str base = str_of(url);
        while (base.n > 0 && base.p[base.n - 1] == '/') base.n--;
        if (base.n >= sizeof c->address)
            return err_named(err, ERR_INVALID, "bad_option", "url", "--url is too long");
        snprintf(c->address, sizeof c->address, "%.*s", STR_FMT(base));
        snprintf(c->secret, sizeof c->secret, "%s", option_text(&c->options, "token"));
        c->remote = true;
    } else if (!c->command->serves) {
        /* Without an address another command has it, and opening it says so. */
        c->remote = engine_server_address(c->data_dir, c->address, c->secret) && c->address[0];
    }
    return ERR_OK;
}

int cli_main(int argc, char **argv, struct asset_table assets)
{
    if (sodium_init() < 0) {
        fputs("cairn: there are no random numbers on this machine\n", stderr);
        return EXIT_STOPPED;
    }
    signal(SIGPIPE, SIG_IGN);
    umask(077);               /* events are people's: whatever we write is its owner's alone */
    signal(SIGXFSZ, SIG_IGN); /* a file at its limit is an error like a full disk, not the end */
    int used = 0;
    const struct command *d = find(argc - 1, argv + 1, &used);
    if (!d) {
        bool asked = argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0);
        help(asked ? stdout : stderr);
        return asked ? EXIT_DONE : EXIT_USAGE;
    }
    if (d->raw) return d->raw(argc - used, argv + used);
    struct cli *c = calloc(1, sizeof *c); /* the options' words alone are too much for a stack */
    struct err err = {0};
    if (!c) return EXIT_STOPPED;
    c->command = d;
    c->assets = assets;
    int status;
    if (read_options(c, argc - 1 - used, argv + 1 + used, &err) ||
        set_log_level(option_text(&c->options, "log-level"), &err)) {
        status = cli_fail(&err);
    } else if (c->options.help) {
        command_help(d);
        status = EXIT_DONE;
    } else if (c->options.n_words < d->min_words || c->options.n_words > d->max_words) {
        fprintf(stderr, "usage: cairn %s %s\n", d->name, usage_of(d));
        status = EXIT_USAGE;
    } else {
        c->data_dir = option_text(&c->options, "data");
        status = find_server(c, &err) ? cli_fail(&err) : d->run(c);
    }
    options_free(&c->options);
    free(c);
    return status;
}

/* --- what commands share --- */

static const char *or_null(const char *s)
{
    return *s ? s : NULL;
}

/* Long work at the start, as plain lines: the reader may be a service manager. */
static void progress(void *arg, const char *what, uint64_t done, uint64_t total)
{
    (void)arg;
    log_line(LOG_INFO, "start_progress", "what=\"%s\" done=%llu of=%llu", what,
             (unsigned long long)done, (unsigned long long)total);
}

err_code cli_engine_open(struct cli *c, struct engine *e, struct err *err)
{
    struct engine_options o = {
        .data_dir = c->data_dir,
        .config_where = or_null(option_text(&c->options, "database")),
        .country_db = or_null(option_text(&c->options, "country-db")),
        .store_memory_bytes = (size_t)option_number(&c->options, "store-memory"),
        .journey_memory_bytes = (size_t)option_number(&c->options, "journey-memory"),
        .threads = (size_t)option_number(&c->options, "threads"),
        .progress = progress,
    };
    return engine_open(&o, e, err);
}

err_code cli_config_open(struct cli *c, struct config **out, struct err *err)
{
    const char *where = option_text(&c->options, "database");
    char path[4096];
    if (*where) return config_open(where, &clock_real, out, err);
    int bad = fs_real.mkdir(&fs_real, c->data_dir);
    if (bad < 0) return err_set(err, ERR_IO, -bad, "make the folder %s", c->data_dir);
    int n = snprintf(path, sizeof path, "%s/config.db", c->data_dir);
    if (n < 0 || (size_t)n >= sizeof path)
        return err_set(err, ERR_INVALID, 0, "--data is too long");
    return config_open(path, &clock_real, out, err);
}

err_code cli_site(struct config *config, const char *key, uint32_t *id, struct err *err)
{
    const struct site_table *t = config_sites(config);
    const struct site *s = site_by_key(t, str_of(key));
    *id = s ? s->id : 0;
    config_sites_release(config, t);
    if (s) return ERR_OK;
    if (!*key)
        return err_named(err, ERR_INVALID, "bad_option", "site", "--site KEY says which site");
    return err_named(err, ERR_NOT_FOUND, "unknown_site", "site", "there is no site \"%s\"", key);
}
