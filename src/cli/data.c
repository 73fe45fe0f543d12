/* data.c: export and doctor. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include "api/doctor.h"
#include "base/zone.h"
#include "cli/cli.h"

/* --- export --- */

/* --from and --to as instants of the site's zone; 0 when absent. */
static err_code read_days(struct cli *c, struct str zone_name, int64_t *from_ms, int64_t *to_ms,
                          struct err *err)
{
    struct zone *zone = NULL;
    int32_t day;
    *from_ms = *to_ms = 0;
    const char *from = option_text(&c->options, "from"), *to = option_text(&c->options, "to");
    if (!*from && !*to) return ERR_OK;
    err_code rc = zone_open(zone_name, &zone, err);
    if (rc) return rc;
    if (*from && zone_parse_day(str_of(from), &day)) *from_ms = zone_day_start_ms(zone, day);
    else if (*from)
        rc = err_named(err, ERR_INVALID, "bad_option", "from", "--from is a day, as in 2026-10-01");
    *to_ms = INT64_MAX;
    if (!rc && *to && zone_parse_day(str_of(to), &day)) *to_ms = zone_day_start_ms(zone, day + 1);
    else if (!rc && *to)
        rc = err_named(err, ERR_INVALID, "bad_option", "to", "--to is a day, as in 2026-10-31");
    zone_close(zone);
    return rc;
}

static err_code export_there(struct cli *c, const char *format, const char *file, const char *key,
                             struct err *err)
{
    json_t *site = NULL;
    int64_t from_ms, to_ms;
    char path[900];
    snprintf(path, sizeof path, "/api/v1/sites/%.500s", key);
    err_code rc = cli_call(c, "GET", path, NULL, &site, err);
    if (rc) return rc;
    rc = read_days(c, str_of(json_string_value(json_object_get(site, "timezone"))), &from_ms,
                   &to_ms, err);
    json_decref(site);
    if (rc) return rc;
    snprintf(path, sizeof path,
             "/api/v1/sites/%.500s/export?format=%.20s&from_ms=%" PRId64 "&to_ms=%" PRId64, key,
             format, from_ms, to_ms);
    return cli_download(c, path, file, err);
}

static err_code export_here(struct cli *c, const char *format, const char *file, const char *key,
                            struct err *err)
{
    struct engine e;
    struct store_export what = {.format = format, .path = file, .site_key = str_of(key)};
    uint64_t rows = 0;
    err_code rc = cli_engine_open(c, &e, err);
    if (rc) return rc;
    rc = cli_site(e.config, key, &what.site, err);
    const struct site_table *t = config_sites(e.config);
    const struct site *s = site_by_id(t, what.site);
    if (!rc && s) rc = read_days(c, s->timezone, &what.from_ms, &what.to_ms, err);
    config_sites_release(e.config, t);
    if (!rc) rc = engine_settle(&e, INT64_C(600000), err);
    if (!rc) rc = store_export(e.store, &what, &rows, err);
    engine_close(&e);
    if (!rc) fprintf(stderr, "%" PRIu64 " events\n", rows);
    return rc;
}

int export_command(struct cli *c)
{
    static const char *const formats[] = {"csv", "jsonl", "parquet"};
    struct err err = {0};
    const char *format = c->options.words[0], *file = c->options.words[1];
    const char *key = option_text(&c->options, "site");
    bool known = false;
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        known = known || strcmp(format, formats[i]) == 0;
    if (!known || !*key) {
        fprintf(stderr, "usage: cairn %s %s\n", c->command->name, c->command->usage);
        return EXIT_USAGE;
    }
    err_code rc = (c->remote ? export_there : export_here)(c, format, file, key, &err);
    return rc ? cli_fail(&err) : EXIT_DONE;
}

/* --- doctor --- */

static uint64_t number(const json_t *o, const char *name)
{
    return (uint64_t)json_integer_value(json_object_get(o, name));
}

/* The report for people; true when nothing is wrong. */
static bool print_doctor(const json_t *d)
{
    const json_t *journal = json_object_get(d, "journal"), *store = json_object_get(d, "store"),
                 *site;
    bool failed = json_is_true(json_object_get(journal, "failed"));
    printf("journal   events %" PRIu64 " to %" PRIu64 " in %" PRIu64 " files%s\n",
           number(journal, "first_seq"), number(journal, "durable_seq"),
           number(journal, "segments"), failed ? "; CANNOT BE WRITTEN" : "");
    printf("store     %" PRIu64 " events, %" PRIu64 " of bots, %" PRIu64 " bytes, %" PRIu64
           " still to come from the journal\n",
           number(store, "events"), number(store, "bots"), number(store, "file_bytes"),
           number(store, "lag"));
    bool whole = true;
    size_t i;
    json_array_foreach(json_object_get(d, "sites"), i, site)
    {
        const json_t *j = json_object_get(site, "journeys"), *bytes;
        const char *column;
        uint64_t events = number(j, "events"), kept = number(site, "events") - number(site, "bots");
        printf("site      %s: %" PRIu64 " events of %" PRIu64 " visitors in %" PRIu64 " parts",
               json_string_value(json_object_get(site, "key")), events, number(j, "visitors"),
               number(j, "parts"));
        if (events > 0)
            printf(", %.1f bytes an event", (double)number(j, "mapped_bytes") / (double)events);
        puts("");
        json_object_foreach((json_t *)(uintptr_t)json_object_get(j, "columns"), column, bytes)
            printf("            %-16s %12" JSON_INTEGER_FORMAT " bytes\n", column,
                   json_integer_value(bytes));
        if (events != kept) {
            printf("            the store has %" PRIu64 " for the journeys: %s\n", kept,
                   "delete the folder `journey` and start again to rebuild them");
            whole = false;
        }
    }
    return whole && !failed;
}

int doctor_command(struct cli *c)
{
    struct err err = {0};
    struct engine e;
    json_t *d = NULL;
    err_code rc;
    if (c->remote) {
        rc = cli_call(c, "POST", "/api/v1/settle", NULL, NULL, &err);
        if (!rc) rc = cli_call(c, "GET", "/api/v1/doctor", NULL, &d, &err);
    } else if (access(c->data_dir, F_OK) != 0) {
        rc = err_set(&err, ERR_NOT_FOUND, errno, "there is no data folder %s", c->data_dir);
    } else {
        rc = cli_engine_open(c, &e, &err);
        if (!rc) {
            rc = engine_settle(&e, INT64_C(600000), &err);
            if (!rc) rc = doctor_json(&e, &d, &err);
            engine_close(&e);
        }
    }
    if (rc) return cli_fail(&err);
    bool well = print_doctor(d);
    json_decref(d);
    puts(well ? "all is well" : "something needs a look");
    return well ? EXIT_DONE : EXIT_STOPPED;
}
