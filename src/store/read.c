#include <inttypes.h>
#include <sys/stat.h>

#include "store/schema.h"

static void where(struct buf *sql, const struct store_query *q)
{
    const char *glue = " WHERE ";
#define AND(...) (buf_z(sql, glue), buf_printf(sql, __VA_ARGS__), glue = " AND ")
    if (q->site) AND("site = %" PRIu32, q->site);
    if (q->after_seq) AND("seq > %" PRIu64, q->after_seq);
    if (q->upto_seq) AND("seq <= %" PRIu64, q->upto_seq);
    if (q->from_ms || q->to_ms)
        AND("happened_at >= make_timestamp_ms(%" PRId64
            ") AND happened_at < make_timestamp_ms(%" PRId64 ")",
            q->from_ms, q->to_ms);
    if (q->one_visitor) AND("visitor = %" PRIu64, q->visitor);
    if (!q->with_bots) AND("bot_reason IS NULL");
#undef AND
}

#define GET(suffix, type)    (((const type *)col[COLUMN_##suffix].data)[row])
#define GET_IF(suffix, type) (duck_there(&col[COLUMN_##suffix], row) ? GET(suffix, type) : 0)

static void get_event(const struct duck_column *col, size_t row, struct event *e)
{
    *e = (struct event){
        .seq = GET(SEQ, uint64_t),
        .site = GET(SITE, uint32_t),
        .visitor = GET(VISITOR, uint64_t),
        .at_ms = GET(AT, int64_t) / 1000,
        .received_at_ms = GET(RECEIVED_AT, int64_t) / 1000,
        .id_kind = (enum id_kind)GET(ID_KIND, uint8_t),
        .kind = (enum event_kind)GET(KIND, uint8_t),
        .origin = (enum event_origin)GET(ORIGIN, uint8_t),
        .bot_reason = (enum bot_reason)GET_IF(BOT_REASON, uint8_t),
        .offline = GET(OFFLINE, bool),
        .simulated = GET(SIMULATED, bool),
        .has_value = duck_there(&col[COLUMN_VALUE_MINOR], row),
        .value_minor = GET_IF(VALUE_MINOR, int64_t),
        .engaged_ms = GET_IF(ENGAGED_MS, uint32_t),
        .scroll_percent = (uint8_t)GET_IF(SCROLL, uint8_t),
        .dedupe = GET_IF(DEDUPE, uint64_t),
    };
    for (size_t i = 0; i < EVENT_N_TEXTS; i++) e->text[i] = duck_text(&col[COLUMN_TEXTS + i], row);
}

static err_code each_row(duckdb_data_chunk chunk, bool by_seq, uint64_t *last_seq,
                         err_code (*each)(void *arg, const struct event *e), void *arg,
                         struct err *err)
{
    struct duck_column col[STORE_N_COLUMNS];
    for (size_t i = 0; i < STORE_N_COLUMNS; i++) col[i] = duck_column(chunk, i);
    size_t rows = (size_t)duckdb_data_chunk_get_size(chunk);
    for (size_t row = 0; row < rows; row++) {
        struct event e;
        get_event(col, row, &e);
        if (by_seq && e.seq <= *last_seq)
            return err_set(err, ERR_CORRUPT, 0,
                           "store: event %" PRIu64 " stands after event %" PRIu64, e.seq,
                           *last_seq);
        *last_seq = e.seq;
        err_code code = each(arg, &e);
        if (code) return code;
    }
    return ERR_OK;
}

/* Runs `sql` on a connection of its own, so that the writer goes on beside it. */
static err_code with_stream(struct store *s, struct buf *sql,
                            err_code (*chunk)(duckdb_data_chunk c, void *arg, struct err *err),
                            void *arg, struct err *err)
{
    duckdb_connection con = NULL;
    struct duck_stream stream = {0};
    duckdb_data_chunk c = NULL;
    buf_char(sql, '\0');
    err_code code = sql->bad ? err_set(err, ERR_NOMEM, 0, "read from store %s", s->path)
                             : store_connect(s, &con, err);
    if (code) goto out;
    if ((code = duck_stream_open(con, sql->p, &stream, err))) goto out;
    while (!(code = duck_stream_next(&stream, &c, err)) && c)
        if ((code = chunk(c, arg, err))) break;
out:
    duck_stream_close(&stream);
    store_disconnect(s, &con);
    buf_free(sql);
    return code;
}

struct each_arg {
    bool by_seq;
    uint64_t last_seq;
    err_code (*each)(void *arg, const struct event *e);
    void *arg;
};

static err_code each_chunk(duckdb_data_chunk c, void *arg, struct err *err)
{
    struct each_arg *a = arg;
    return each_row(c, a->by_seq, &a->last_seq, a->each, a->arg, err);
}

err_code store_each(struct store *s, const struct store_query *q,
                    err_code (*each)(void *arg, const struct event *e), void *arg, struct err *err)
{
    struct buf sql = {0};
    struct each_arg a = {.by_seq = q->order == STORE_BY_SEQ, .each = each, .arg = arg};
    buf_z(&sql, "SELECT ");
    store_schema_columns(&sql);
    buf_z(&sql, " FROM events");
    where(&sql, q);
    /* Rows stand in the order of seq, because they are only ever appended so and DuckDB keeps that
     * order; sorting ten million wide rows again would cost minutes.  each_row checks it. */
    if (!a.by_seq) buf_z(&sql, " ORDER BY visitor, happened_at, seq");
    if (q->limit) buf_printf(&sql, " LIMIT %zu", q->limit);
    return with_stream(s, &sql, each_chunk, &a, err);
}

struct dedupe_arg {
    err_code (*each)(void *arg, uint32_t site, uint64_t dedupe, int64_t received_ms);
    void *arg;
};

static err_code dedupe_chunk(duckdb_data_chunk c, void *arg, struct err *err)
{
    struct dedupe_arg *a = arg;
    struct duck_column site = duck_column(c, 0), dedupe = duck_column(c, 1);
    struct duck_column at = duck_column(c, 2);
    size_t rows = (size_t)duckdb_data_chunk_get_size(c);
    (void)err;
    for (size_t i = 0; i < rows; i++) {
        err_code code =
            a->each(a->arg, ((const uint32_t *)site.data)[i], ((const uint64_t *)dedupe.data)[i],
                    ((const int64_t *)at.data)[i] / 1000);
        if (code) return code;
    }
    return ERR_OK;
}

err_code store_each_dedupe(struct store *s, uint32_t site, int64_t since_ms,
                           err_code (*each)(void *arg, uint32_t site, uint64_t dedupe,
                                            int64_t received_ms),
                           void *arg, struct err *err)
{
    struct buf sql = {0};
    struct dedupe_arg a = {each, arg};
    buf_printf(&sql,
               "SELECT site, dedupe, received_at FROM events WHERE dedupe IS NOT NULL "
               "AND received_at >= make_timestamp_ms(%" PRId64 ")",
               since_ms);
    if (site) buf_printf(&sql, " AND site = %" PRIu32, site);
    return with_stream(s, &sql, dedupe_chunk, &a, err);
}

static err_code counts_chunk(duckdb_data_chunk c, void *arg, struct err *err)
{
    struct store_counts *out = arg;
    struct duck_column events = duck_column(c, 0), bots = duck_column(c, 1);
    (void)err;
    out->events = *(const uint64_t *)events.data;
    out->bots = *(const uint64_t *)bots.data;
    return ERR_OK;
}

err_code store_counts(struct store *s, uint32_t site, struct store_counts *out, struct err *err)
{
    struct buf sql = {0}, wal = {0};
    struct stat st;
    *out = (struct store_counts){0};
    buf_z(&sql, "SELECT count(*)::UBIGINT, count(bot_reason)::UBIGINT FROM events");
    if (site) buf_printf(&sql, " WHERE site = %" PRIu32, site);
    err_code code = with_stream(s, &sql, counts_chunk, out, err);
    if (code) return code;
    buf_printf(&wal, "%s.wal", s->path);
    if (stat(s->path, &st) == 0) out->file_bytes = (uint64_t)st.st_size;
    if (!wal.bad && stat(wal.p, &st) == 0) out->wal_bytes = (uint64_t)st.st_size;
    buf_free(&wal);
    return ERR_OK;
}
