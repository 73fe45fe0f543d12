#include "import/run.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/progress.h"
#include "import/log_page.h"
#include "import/rejects.h"

enum { SAVE_ROWS = 50000 }; /* rows between two saved states when few of them are events */

static const char elsewhere[] = "where", bot[] = "bot", directive[] = "directive",
                  no_request[] = "no_request";

struct run {
    const struct job *job;
    struct source *source;
    struct rejects rejects;
    struct state state;
    char *state_path;
    uint64_t saved_rows;
    struct mapping_context context;
    struct log_format log;
    struct progress progress;
};

char *run_path_beside(const char *path, const char *suffix)
{
    struct buf b = {0};
    const char *slash = strrchr(path, '/');
    char *folder = strdup(path);
    if (!folder) return NULL;
    folder[slash ? slash - path : 0] = 0;
    bool here = strcmp(path, "-") == 0;
    if (!here && slash && access(*folder ? folder : "/", W_OK) != 0) path = slash + 1;
    free(folder);
    buf_printf(&b, "%s%s", here ? "stdin" : path, suffix);
    if (b.bad) {
        buf_free(&b);
        return NULL;
    }
    return b.p;
}

/* What makes another event of the same row is part of its identity: another site, name, time or
 * visitor.  What only adds to the event is not: importing again with one more --prop adds nothing.
 */
static uint64_t identity_of(const struct job *job, uint64_t file)
{
    const struct mapping *m = job->mapping;
    struct buf b = {0};
    buf_u64(&b, file);
    buf_varint(&b, (uint64_t)job->format);
    buf_lstr(&b, str_of(job->site_key));
    buf_lstr(&b, m->time.name);
    buf_lstr(&b, m->visitor.name);
    buf_u8(&b, m->known);
    buf_lstr(&b, m->event.name);
    buf_lstr(&b, m->event_is);
    for (size_t i = 0; i < m->n_where; i++) {
        buf_lstr(&b, m->where[i].column.name);
        buf_lstr(&b, m->where[i].value);
    }
    uint64_t h = b.bad ? 0 : hash_fast(buf_view(&b));
    buf_free(&b);
    return h ? h : 1; /* 0 stands for none */
}

static err_code on_refused(void *arg, uint64_t row, uint64_t line, const char *code,
                           const char *field, struct err *err)
{
    return rejects_add(arg, row, line, code, field, err);
}

/* Everything read so far is recorded, or written down as refused, when this returns. */
static err_code flush(struct run *r, struct err *err)
{
    struct sink_result got;
    err_code code = sink_flush(r->job->sink, &got, on_refused, &r->rejects, err);
    if (code) return code;
    struct counts *c = &r->state.counts;
    c->recorded += got.recorded;
    c->duplicates += got.duplicates;
    c->refused += r->rejects.n;
    if ((code = rejects_flush(&r->rejects, err))) return code;
    r->state.at = source_position(r->source);
    r->state.rejects_bytes = r->rejects.bytes;
    r->saved_rows = c->rows;
    return state_save(r->state_path, &r->state, err);
}

/* --- rows of a table, lines of a log --- */

static err_code refuse(struct run *r, const struct row *row, const struct refusal *why,
                       struct err *err)
{
    return rejects_add(&r->rejects, row->number, row->line, why->code, why->field, err);
}

static err_code take_row(struct run *r, const struct row *row, struct refusal *why, struct err *err)
{
    struct mapping *m = r->job->mapping;
    err_code code = ERR_OK;
    if (r->job->format == SOURCE_JSONL) code = mapping_bind(m, row->names, row->n, false, err);
    if (code) return code;
    switch (mapping_event(m, &r->context, row, sink_batch(r->job->sink), why)) {
    case MAPPED_EVENT: sink_added(r->job->sink, row); break;
    case MAPPED_ELSEWHERE: counts_skip(&r->state.counts, elsewhere); break;
    case MAPPED_BOT: counts_skip(&r->state.counts, bot); break;
    case MAPPED_REFUSED: return refuse(r, row, why, err);
    }
    return ERR_OK;
}

static err_code take_line(struct run *r, const struct row *row, struct refusal *why,
                          struct err *err)
{
    struct log_line line;
    struct str extension;
    char id[20];
    switch (log_read(&r->log, row->values[0], &line)) {
    case LOG_OK: break;
    case LOG_DIRECTIVE: counts_skip(&r->state.counts, directive); return ERR_OK;
    case LOG_NO_REQUEST: counts_skip(&r->state.counts, no_request); return ERR_OK;
    case LOG_MALFORMED: why->code = "bad_line"; return refuse(r, row, why, err);
    }
    enum log_meaning meaning = log_meaning(&line, &extension);
    if (meaning != MEANS_PAGEVIEW && meaning != MEANS_DOWNLOAD) {
        counts_skip(&r->state.counts, log_meaning_names[meaning]);
        return ERR_OK;
    }
    mapping_row_id(id, r->job->mapping->id_row ? MAPPING_ID_ROW : r->context.identity, row);
    log_event_json(sink_batch(r->job->sink), &line, meaning, extension, r->job->mapping->known,
                   str_of(id));
    sink_added(r->job->sink, row);
    return ERR_OK;
}

static err_code take_all(struct run *r, struct err *err)
{
    const struct row *row;
    struct refusal why;
    struct counts *c = &r->state.counts;
    while (!*r->job->stop) {
        err_code code = source_next(r->source, &row, &why, err);
        if (code || !row) return code;
        c->rows++;
        if (why.code) code = refuse(r, row, &why, err);
        else if (r->job->format == SOURCE_LOG) code = take_line(r, row, &why, err);
        else code = take_row(r, row, &why, err);
        if (!code && (sink_full(r->job->sink) || c->rows - r->saved_rows >= SAVE_ROWS))
            code = flush(r, err);
        if (code) return code;
        if (!r->job->quiet && c->rows % 256 == 0)
            progress_tell(&r->progress, c->rows, source_share(r->source));
    }
    return ERR_OK;
}

/* --- beginning and end --- */

static err_code check_columns(struct run *r, const char *path, struct err *err)
{
    struct mapping *m = r->job->mapping;
    const struct str *names;
    size_t n = source_columns(r->source, &names);
    if (r->job->format == SOURCE_LOG) {
        if (log_detect(&r->log, source_head(r->source))) return ERR_OK;
        return err_named(err, ERR_INVALID, "unknown_format", "",
                         "%s: no line reads as one of an access log", path);
    }
    if (r->job->format == SOURCE_JSONL) return ERR_OK;
    if (mapping_is_recording(m)) {
        for (size_t i = 0; i < n; i++)
            if (str_is(names[i], "at")) return mapping_bind(m, names, n, true, err);
        return err_named(err, ERR_INVALID, "unknown_column", "",
                         "%s is no export: say which columns tell what, beginning with --time",
                         path);
    }
    return mapping_bind(m, names, n, true, err);
}

/* Goes to where the last run stopped. */
static err_code take_up(struct run *r, struct err *err)
{
    struct position at = r->state.at;
    r->saved_rows = r->state.counts.rows;
    if (at.rows == 0) return ERR_OK;
    if (r->job->format != SOURCE_LOG || r->log.kind != LOG_W3C)
        return source_seek(r->source, &at, err);
    /* What the columns of a W3C log are is said on the way. */
    for (uint64_t i = 0; i < at.rows; i++) {
        const struct row *row;
        struct refusal why;
        struct log_line ignored;
        err_code code = source_next(r->source, &row, &why, err);
        if (code || !row) return code;
        (void)log_read(&r->log, row->values[0], &ignored);
    }
    return ERR_OK;
}

static err_code open_run(struct run *r, const char *path, struct err *err)
{
    const char *whys[COUNT_NAMES + 1] = {elsewhere, bot, directive, no_request};
    for (size_t i = 0; i < MEANS_N; i++) whys[4 + i] = log_meaning_names[i];
    static const struct json_limits limits = {.max_depth = 16,
                                              .max_members = 2000,
                                              .max_nodes = 100000,
                                              .max_bytes = 2 * TEXT_RECORD_MAX};
    char *rejects_path = run_path_beside(path, ".rejects.jsonl");
    r->state_path = run_path_beside(path, ".import.json");
    err_code code =
        rejects_path && r->state_path ? ERR_OK : err_set(err, ERR_NOMEM, 0, "import %s", path);
    if (!code) code = source_open(r->job->format, path, &r->source, err);
    if (!code) code = json_reader_open(&limits, &r->context.json, err);
    if (!code) code = log_open(&r->log, err);
    if (!code) code = check_columns(r, path, err);
    if (!code) {
        r->context.zone = r->job->zone;
        r->context.identity = identity_of(r->job, source_identity(r->source));
        if (!state_load(r->state_path, r->context.identity, whys, &r->state))
            r->state = (struct state){.identity = r->context.identity};
        code = rejects_open(&r->rejects, rejects_path, r->state.rejects_bytes, err);
    }
    if (!code) code = take_up(r, err);
    free(rejects_path);
    return code;
}

err_code run_file(const struct job *job, const char *path, struct counts *out, struct err *err)
{
    struct run r = {.job = job};
    const char *slash = strrchr(path, '/');
    err_code code = open_run(&r, path, err);
    if (!code) {
        progress_begin(&r.progress, slash ? slash + 1 : path, "rows");
        if (!job->quiet) progress_tell(&r.progress, r.state.counts.rows, source_share(r.source));
        code = take_all(&r, err);
        if (!code) code = flush(&r, err);
        if (!job->quiet) progress_end(&r.progress);
        if (!code && *job->stop) code = err_set(err, ERR_CANCELLED, 0, "stopped");
        else if (!code) state_remove(r.state_path);
    }
    *out = r.state.counts;
    rejects_close(&r.rejects);
    log_close(&r.log);
    json_reader_close(r.context.json);
    source_close(r.source);
    free(r.state_path);
    return code;
}
