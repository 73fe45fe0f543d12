#include <inttypes.h>

#include "store/schema.h"

/* Where the rows of the chunk go, column by column. */
struct row_writer {
    void *data[STORE_N_COLUMNS];
    uint64_t *validity[STORE_N_COLUMNS]; /* NULL for columns that are never absent */
};

static bool may_be_absent(size_t column)
{
    return column >= COLUMN_TEXTS || column == COLUMN_BOT_REASON || column == COLUMN_VALUE_MINOR ||
           column == COLUMN_ENGAGED_MS || column == COLUMN_SCROLL || column == COLUMN_DEDUPE;
}

/* Everything that may be absent is, until put_ sets its bit. */
static void row_writer_reset(struct row_writer *w, duckdb_data_chunk chunk)
{
    size_t words = (size_t)duckdb_vector_size() / 64;
    duckdb_data_chunk_reset(chunk);
    for (size_t i = 0; i < STORE_N_COLUMNS; i++) {
        duckdb_vector v = duckdb_data_chunk_get_vector(chunk, i);
        w->data[i] = duckdb_vector_get_data(v);
        w->validity[i] = NULL;
        if (!may_be_absent(i)) continue;
        duckdb_vector_ensure_validity_writable(v);
        w->validity[i] = duckdb_vector_get_validity(v);
        memset(w->validity[i], 0, words * sizeof(uint64_t));
    }
}

static inline void set_there(struct row_writer *w, size_t column, size_t row)
{
    w->validity[column][row / 64] |= UINT64_C(1) << (row % 64);
}

/* A long text is not copied: the row points at the event's bytes, which outlive the append. */
static inline void put_text(struct row_writer *w, size_t column, size_t row, struct str s)
{
    duckdb_string_t *t = (duckdb_string_t *)w->data[column] + row;
    uint32_t n = (uint32_t)s.n;
    if (n <= sizeof t->value.inlined.inlined) {
        *t = (duckdb_string_t){.value.inlined.length = n};
        memcpy(t->value.inlined.inlined, s.p, n);
    } else {
        t->value.pointer.length = n;
        memcpy(t->value.pointer.prefix, s.p, sizeof t->value.pointer.prefix);
        t->value.pointer.ptr = (char *)(uintptr_t)s.p;
    }
    set_there(w, column, row);
}

/* Milliseconds to DuckDB's microseconds; what no timestamp can hold becomes the nearest one. */
static int64_t to_us(int64_t ms)
{
    const int64_t most_ms = INT64_MAX / 1000 - 1;
    if (ms > most_ms) ms = most_ms;
    if (ms < -most_ms) ms = -most_ms;
    return ms * 1000;
}

#define PUT(suffix, type, value) ((type *)w->data[COLUMN_##suffix])[row] = (type)(value)
#define PUT_IF(condition, suffix, type, value)                                                     \
    do {                                                                                           \
        if (condition) {                                                                           \
            PUT(suffix, type, value);                                                              \
            set_there(w, COLUMN_##suffix, row);                                                    \
        }                                                                                          \
    } while (0)

static void put_event(struct row_writer *w, size_t row, const struct event *e)
{
    PUT(SEQ, uint64_t, e->seq);
    PUT(SITE, uint32_t, e->site);
    PUT(VISITOR, uint64_t, e->visitor);
    PUT(AT, int64_t, to_us(e->at_ms));
    PUT(RECEIVED_AT, int64_t, to_us(e->received_at_ms));
    PUT(ID_KIND, uint8_t, e->id_kind);
    PUT(KIND, uint8_t, e->kind);
    PUT(ORIGIN, uint8_t, e->origin);
    PUT(OFFLINE, bool, e->offline);
    PUT(SIMULATED, bool, e->simulated);
    PUT_IF(e->bot_reason != BOT_NONE, BOT_REASON, uint8_t, e->bot_reason);
    PUT_IF(e->has_value, VALUE_MINOR, int64_t, e->value_minor);
    PUT_IF(e->engaged_ms > 0, ENGAGED_MS, uint32_t, e->engaged_ms);
    PUT_IF(e->scroll_percent > 0, SCROLL, uint8_t, e->scroll_percent);
    PUT_IF(e->dedupe != 0, DEDUPE, uint64_t, e->dedupe);
    for (size_t i = 0; i < EVENT_N_TEXTS; i++)
        if (e->text[i].n > 0) put_text(w, COLUMN_TEXTS + i, row, e->text[i]);
}

static err_code append_events(struct store *s, const struct event *events, size_t n,
                              struct err *err)
{
    size_t chunk_rows = (size_t)duckdb_vector_size();
    struct row_writer w;
    for (size_t from = 0; from < n; from += chunk_rows) {
        size_t rows = n - from < chunk_rows ? n - from : chunk_rows;
        row_writer_reset(&w, s->chunk);
        for (size_t row = 0; row < rows; row++) put_event(&w, row, &events[from + row]);
        duckdb_data_chunk_set_size(s->chunk, rows);
        if (duckdb_append_data_chunk(s->appender, s->chunk) != DuckDBSuccess) goto failed;
    }
    /* Into the transaction now, so that memory does not grow with it: DuckDB writes row groups that
     * are full to the file ahead of the commit. */
    if (duckdb_appender_flush(s->appender) == DuckDBSuccess) return ERR_OK;
failed:
    return duck_fail(err, DUCKDB_ERROR_IO, duckdb_appender_error(s->appender),
                     "append to the store");
}

/* `why`: what failed.  DuckDB 1.5 takes rows back from its memory when a commit fails, but not the
 * end of their texts: the next row's text would begin with theirs.  So nothing is added to what a
 * failure of the disk left behind. */
static void roll_back(struct store *s, err_code why)
{
    err_code ignored = ERR_OK;
    s->spoilt = why != ERR_INVALID;
    if (s->appender) duckdb_appender_destroy(&s->appender);
    if (s->open) ignored = duck_run(s->writer, "ROLLBACK", NULL);
    (void)ignored;
    s->open = false;
}

static err_code begin(struct store *s, struct err *err)
{
    if (s->open) return err_set(err, ERR_INVALID, 0, "store: a transaction is open already");
    err_code code = s->spoilt ? store_reopen(s, err) : ERR_OK;
    if (code) return code;
    code = duck_run(s->writer, "BEGIN", err);
    if (code) return code;
    s->open = true;
    s->pending = store_watermark(s);
    if (duckdb_appender_create(s->writer, NULL, "events", &s->appender) == DuckDBSuccess)
        return ERR_OK;
    code =
        duck_fail(err, DUCKDB_ERROR_IO, duckdb_appender_error(s->appender), "append to the store");
    roll_back(s, code);
    return code;
}

static err_code add(struct store *s, const struct event *events, size_t n, struct err *err)
{
    while (n > 0 && events[0].seq <= s->pending) events++, n--;
    if (n == 0) return ERR_OK;
    err_code code = ERR_OK;
    for (size_t i = 1; i < n && !code; i++)
        if (events[i].seq <= events[i - 1].seq)
            code = err_set(err, ERR_INVALID, 0, "store: event %" PRIu64 " after event %" PRIu64,
                           events[i].seq, events[i - 1].seq);
    if (!code) code = append_events(s, events, n, err);
    if (code) roll_back(s, code);
    else s->pending = events[n - 1].seq;
    return code;
}

static err_code commit(struct store *s, struct err *err)
{
    char sql[80];
    if (!s->open) return err_set(err, ERR_INVALID, 0, "store: no transaction is open");
    duckdb_appender_destroy(&s->appender);
    snprintf(sql, sizeof sql, "UPDATE meta SET watermark = %" PRIu64, s->pending);
    err_code code = duck_run(s->writer, sql, err);
    if (!code) code = duck_run(s->writer, "COMMIT", err);
    if (code) {
        roll_back(s, code);
        return code;
    }
    s->open = false;
    atomic_store_explicit(&s->watermark, s->pending, memory_order_release);
    return ERR_OK;
}

err_code store_begin(struct store *s, struct err *err)
{
    pthread_mutex_lock(&s->writing);
    err_code code = begin(s, err);
    pthread_mutex_unlock(&s->writing);
    return code;
}

err_code store_commit(struct store *s, struct err *err)
{
    pthread_mutex_lock(&s->writing);
    err_code code = commit(s, err);
    pthread_mutex_unlock(&s->writing);
    return code;
}

err_code store_add(struct store *s, const struct event *events, size_t n, struct err *err)
{
    err_code code = ERR_OK;
    pthread_mutex_lock(&s->writing);
    bool alone = !s->open;
    if (n > 0 && events[n - 1].seq > (alone ? store_watermark(s) : s->pending)) {
        if (alone) code = begin(s, err);
        if (!code) code = add(s, events, n, err);
        if (!code && alone) code = commit(s, err);
    }
    pthread_mutex_unlock(&s->writing);
    return code;
}
