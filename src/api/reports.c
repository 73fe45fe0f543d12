/* reports.c: questions, what came in, the live stream, export, and how the data folder is. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include "api/doctor.h"
#include "api/exchange.h"
#include "report/report.h"

static bool client_gone(void *arg)
{
    return http_gone(arg);
}

/* Whether `accept` asks for `type` before anything else it names. */
static bool wants(struct str accept, struct str type)
{
    struct str first = str_cut(str_cut(accept, ',', &(struct str){0}), ';', &(struct str){0});
    return str_eq_nocase(str_trim(first), type);
}

err_code run_report(struct exchange *x, struct err *err)
{
    struct engine *e = x->api->engine;
    struct report_context context = {.config = e->config,
                                     .index = e->index,
                                     .pool = e->pool,
                                     .clock = e->clock,
                                     .cancelled = client_gone,
                                     .arg = x->r};
    struct str name = arena_copy(http_arena(x->r), x->parts[1]);
    if (!name.p) return err_set(err, ERR_NOMEM, 0, "a report's name");
    json_t *empty = x->body ? NULL : json_object();
    err_code rc = report_run(&context, x->site, name.p, x->body ? x->body : empty, http_arena(x->r),
                             &x->answer, err);
    json_decref(empty);
    if (rc || !wants(http_header(x->r, "Accept"), STR("text/csv"))) return rc;
    rc = report_csv(x->answer, &x->table, err);
    json_decref(x->answer);
    x->answer = NULL;
    if (!x->table.p) buf_reserve(&x->table, 1); /* an empty table is still a table */
    return rc;
}

err_code run_ingestion(struct exchange *x, struct err *err)
{
    return accept_counters(x->api->engine->accept, x->site, &x->answer, err);
}

err_code run_live(struct exchange *x, struct err *err)
{
    (void)err;
    live_answer(x->api->live, x->r, x->site);
    return ERR_OK;
}

err_code run_openapi(struct exchange *x, struct err *err)
{
    const struct asset *f = asset_find(&x->api->options.assets, STR("/api/openapi.json"));
    if (!f) return err_named(err, ERR_NOT_FOUND, "not_found", "", "this build has no description");
    asset_answer(f, x->r);
    return ERR_OK;
}

/* --- export: the store writes a file, which is sent piece by piece --- */

struct sending {
    int fd;
};

static int pull_file(void *arg, struct buf *out)
{
    enum { PIECE = 64 * 1024 };
    struct sending *s = arg;
    if (!buf_reserve(out, PIECE)) return -1;
    ssize_t n = read(s->fd, out->p + out->n, PIECE);
    if (n <= 0) return -1;
    out->n += (size_t)n;
    return 0;
}

static void close_file(void *arg)
{
    struct sending *s = arg;
    close(s->fd);
    free(s);
}

static err_code read_time(struct exchange *x, const char *name, int64_t *out, struct err *err)
{
    struct str text;
    *out = 0;
    if (!http_param(x->r, name, &text) || str_to_i64(text, out)) return ERR_OK;
    return err_named(err, ERR_INVALID, "bad_time", name, "%s is epoch milliseconds", name);
}

err_code run_export(struct exchange *x, struct err *err)
{
    static const struct {
        const char *format, *type;
    } known[] = {
        {"csv", "text/csv; charset=utf-8"},
        {"jsonl", "application/x-ndjson"},
        {"parquet", "application/vnd.apache.parquet"},
    };
    struct str format = STR("jsonl");
    const char *type = NULL;
    int64_t from_ms, to_ms;
    (void)http_param(x->r, "format", &format);
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (str_is(format, known[i].format)) type = known[i].type;
    if (!type)
        return err_named(err, ERR_INVALID, "bad_field", "format",
                         "formats are csv, jsonl and parquet");
    err_code rc = read_time(x, "from_ms", &from_ms, err);
    if (!rc) rc = read_time(x, "to_ms", &to_ms, err);
    if (rc) return rc;
    struct engine *e = x->api->engine;
    rc = engine_settle(e, 10000, err); /* so that what was answered before is in it */
    struct sending *s = rc ? NULL : malloc(sizeof *s);
    if (!rc && !s) rc = err_set(err, ERR_NOMEM, 0, "export");
    /* Gone from the folder while it is still open here: nothing is left behind, however this ends.
     */
    char *path =
        arena_printf(http_arena(x->r), "%s/export-%p.tmp", x->api->options.data_dir, (void *)x);
    uint64_t rows;
    if (!rc && !path) rc = err_set(err, ERR_NOMEM, 0, "export");
    struct store_export what = {x->site, x->parts[0], format.p, path, from_ms, to_ms};
    if (!rc) rc = store_export(e->store, &what, &rows, err);
    if (!rc) {
        s->fd = open(path, O_RDONLY | O_CLOEXEC);
        if (s->fd < 0) rc = err_set(err, ERR_IO, errno, "open %s", path);
    }
    if (path) unlink(path);
    if (rc) {
        free(s);
        return rc;
    }
    http_add_header(x->r, "Cache-Control", "no-store");
    http_answer_stream(x->r, type, pull_file, close_file, s);
    return ERR_OK;
}

/* --- how the folder is --- */

err_code run_settle(struct exchange *x, struct err *err)
{
    return engine_settle(x->api->engine, 60000, err);
}

/* What `cairn doctor` prints: per site the events in the store and in the journeys, and their
 * bytes. */
err_code run_doctor(struct exchange *x, struct err *err)
{
    return doctor_json(x->api->engine, &x->answer, err);
}
