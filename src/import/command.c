#include <curl/curl.h>
#include <inttypes.h>
#include <jansson.h>
#include <signal.h>
#include <stdlib.h>

#include "import/options.h"
#include "import/run.h"

enum { EXIT_DONE, EXIT_STOPPED, EXIT_USAGE };

static const char help[] =
    "cairn import csv|jsonl|parquet|access-log FILE... --site KEY [mapping]\n"
    "\n"
    "FILE - is standard input; .gz, .xz and .zst are read as they are.  Refused rows are written "
    "to\n"
    "FILE.rejects.jsonl.  A stopped import goes on where it was when it is given again.\n"
    "Without a mapping the columns are those of an export.\n"
    "\n"
    "  --time COL[:s|ms|us|iso]  when; without a unit it is found by the number's size.  A time "
    "without\n"
    "                            a zone is in the site's.\n"
    "  --visitor COL             who; with --known ids of known users, else of people who "
    "consented\n"
    "  --ip COL, --user-agent COL  who, without an id: a visitor of that day\n"
    "  --event COL | --event-is NAME   what; without both a page view\n"
    "  --url COL --referrer COL --value COL --currency CUR --order-id COL --prop COL[,COL]\n"
    "  --id COL[,COL] | --id @row      rows with the same are one event\n"
    "  --where COL=VALUE         only these rows\n"
    "  --bots                    judge by behaviour too who is a bot\n"
    "  --data DIR                the data folder (else $CAIRN_DATA, else ./data)\n"
    "  --url URL --token T       a server elsewhere\n"
    "  --quiet                   no progress\n";

/* How often a signal asked to stop: the only thing that a handler may touch. */
static volatile sig_atomic_t stop;

static void on_signal(int signal_number)
{
    stop++;
    if (stop == 2) signal(signal_number, SIG_DFL); /* the third time kills */
}

/* The first time asks to stop after this batch, the second gives the batch up. */
static void catch_signals(void)
{
    struct sigaction a = {.sa_handler = on_signal};
    sigemptyset(&a.sa_mask);
    sigaction(SIGINT, &a, NULL);
    sigaction(SIGTERM, &a, NULL);
}

struct importing {
    struct import_options o;
    struct engine engine;
    bool has_engine;
    char address[256], secret[64];
    const struct site_table *sites;
    struct zone *zone;
    struct sink *sink;
};

static err_code open_folder(struct importing *x, const char *dir, struct sink_target *to,
                            struct err *err)
{
    if (engine_server_address(dir, x->address, x->secret)) {
        to->address = x->address;
        to->secret = x->secret;
        return ERR_OK;
    }
    struct engine_options options = {.data_dir = dir};
    err_code code = engine_open(&options, &x->engine, err);
    if (code) return code;
    x->has_engine = true;
    x->sites = config_sites(x->engine.config);
    to->engine = &x->engine;
    to->site = site_by_key(x->sites, str_of(x->o.site));
    if (!to->site)
        return err_named(err, ERR_NOT_FOUND, "unknown_site", "", "there is no site %s in %s",
                         x->o.site, dir);
    return zone_open(to->site->timezone, &x->zone, err);
}

/* The time zone of a site on a server; one that the token may not read is taken as UTC. */
static err_code ask_zone(struct importing *x, struct err *err)
{
    char path[160];
    json_t *site = NULL;
    snprintf(path, sizeof path, "/api/v1/sites/%s", x->o.site);
    err_code code = sink_get(x->sink, path, &site, err);
    const char *zone = json_string_value(json_object_get(site, "timezone"));
    if (!code && zone) code = zone_open(str_of(zone), &x->zone, err);
    json_decref(site);
    if (code == ERR_IO) return code;
    if (!x->zone) fputs("cairn: times without a zone are taken as UTC\n", stderr);
    return ERR_OK;
}

static err_code open_importing(struct importing *x, struct err *err)
{
    const char *dir = x->o.data_dir ? x->o.data_dir : getenv("CAIRN_DATA");
    struct sink_target to = {
        .address = x->o.server,
        .secret = x->o.token,
        .site_key = x->o.site,
        .protocol = x->o.protocol,
        .bots = x->o.bots,
        .stop = &stop,
    };
    err_code code = ERR_OK;
    if (!x->o.server) code = open_folder(x, dir && *dir ? dir : "./data", &to, err);
    if (!code) code = sink_open(&to, &x->sink, err);
    if (!code && !to.engine) code = ask_zone(x, err);
    return code;
}

static void close_importing(struct importing *x)
{
    sink_close(x->sink);
    zone_close(x->zone);
    if (!x->has_engine) return;
    config_sites_release(x->engine.config, x->sites);
    engine_close(&x->engine); /* brings what is in the journal into the store */
}

static void tell(const char *path, const struct counts *c)
{
    printf("%s: %" PRIu64 " rows: %" PRIu64 " recorded, %" PRIu64 " duplicates, %" PRIu64
           " refused, %" PRIu64 " skipped",
           path, c->rows, c->recorded, c->duplicates, c->refused, counts_skipped(c));
    const char *glue = " (";
    for (size_t i = 0; i < COUNT_NAMES && c->skipped[i].why; i++) {
        if (c->skipped[i].n == 0) continue;
        printf("%s%s %" PRIu64, glue, c->skipped[i].why, c->skipped[i].n);
        glue = ", ";
    }
    puts(*glue == ',' ? ")" : "");
    if (c->refused) {
        char *rejects = run_path_beside(path, ".rejects.jsonl");
        printf("  refused rows: %s\n", rejects ? rejects : "");
        free(rejects);
    }
    fflush(stdout);
}

static int fail(const struct err *err)
{
    fprintf(stderr, "cairn: %s\n", err->msg[0] ? err->msg : err_code_name(err->code));
    bool usage = strcmp(err->name, "bad_option") == 0 || strcmp(err->name, "unknown_column") == 0 ||
                 strcmp(err->name, "unknown_format") == 0;
    return usage ? EXIT_USAGE : EXIT_STOPPED;
}

static int run_files(struct importing *x)
{
    const struct job job = {
        .format = x->o.format,
        .mapping = &x->o.mapping,
        .zone = x->zone,
        .site_key = x->o.site,
        .sink = x->sink,
        .stop = &stop,
        .quiet = x->o.quiet,
    };
    for (size_t i = 0; i < x->o.n_files; i++) {
        struct counts counts;
        struct err err = {0};
        err_code code = run_file(&job, x->o.files[i], &counts, &err);
        if (!code || code == ERR_CANCELLED) tell(x->o.files[i], &counts);
        if (code == ERR_CANCELLED) {
            fputs("cairn: stopped; the same command goes on from here\n", stderr);
            return EXIT_STOPPED;
        }
        if (code) return fail(&err);
    }
    return EXIT_DONE;
}

int import_command(int argc, char **argv)
{
    struct importing *x = calloc(1, sizeof *x);
    struct err err = {0};
    if (!x) return EXIT_STOPPED;
    int status;
    err_code code = import_options_read(argc, argv, &x->o, &err);
    if (!code && x->o.help) {
        fputs(help, stdout);
        status = EXIT_DONE;
    } else if (code) {
        status = fail(&err);
    } else {
        stop = 0;
        catch_signals();
        curl_global_init(CURL_GLOBAL_DEFAULT);
        code = open_importing(x, &err);
        status = code ? fail(&err) : run_files(x);
        close_importing(x);
    }
    free(x);
    return status;
}
