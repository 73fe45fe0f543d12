#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <unistd.h>

#include "event/currency.h"
#include "store/schema.h"

enum export_format { AS_CSV, AS_JSONL, AS_PARQUET };

/* The amount in the currency's major unit, exact: decimals differ by currency, so the statement
 * lists those that have other than two. */
static void value_column(struct buf *sql, enum export_format format)
{
    static const char *const by_digits[] = {"1", "10", "100", "1000", "10000"};
    char code[4] = "AAA";
    if (format != AS_PARQUET) buf_z(sql, "rtrim(rtrim((");
    buf_z(sql, "CASE");
    for (int digits = 0; digits <= 4; digits++) {
        const char *glue = " WHEN currency IN (";
        if (digits == 2) continue;
        for (code[0] = 'A'; code[0] <= 'Z'; code[0]++)
            for (code[1] = 'A'; code[1] <= 'Z'; code[1]++)
                for (code[2] = 'A'; code[2] <= 'Z'; code[2]++)
                    if (currency_digits(str_of(code)) == digits) {
                        buf_printf(sql, "%s'%s'", glue, code);
                        glue = ",";
                    }
        if (*glue == ',')
            buf_printf(sql, ") THEN (value_minor::DECIMAL(38,4) / %s)::DECIMAL(38,4)",
                       by_digits[digits]);
    }
    buf_z(sql, " ELSE (value_minor::DECIMAL(38,4) / 100)::DECIMAL(38,4) END");
    if (format != AS_PARQUET) buf_z(sql, ")::VARCHAR,'0'),'.')");
    if (format == AS_JSONL) buf_z(sql, "::JSON");
}

static void time_column(struct buf *sql, const char *column, enum export_format format)
{
    buf_printf(sql,
               format == AS_PARQUET ? "timezone('UTC', %s)"
                                    : "strftime(%s,'%%Y-%%m-%%dT%%H:%%M:%%S.%%gZ')",
               column);
}

/* The statement that makes the rows, columns in the order of docs/FORMAT.md "Export". */
static void rows_statement(struct store *s, const struct store_export *what,
                           enum export_format format, struct buf *sql)
{
    const char *json = format == AS_JSONL ? "::JSON" : "";
    buf_z(sql, "SELECT ");
    duck_quote(sql, what->site_key);
    buf_z(sql, " AS site, name, url, referrer, title, ");
    time_column(sql, "happened_at", format);
    buf_printf(sql, " AS at, coalesce(id, '@%016" PRIx64 "-%" PRIu32 "-' || seq) AS id,",
               s->identity, what->site);
    buf_z(sql, "CASE WHEN id_kind <> 'known' THEN '#' || format('{:016x}', visitor) END AS visitor,"
               "CASE WHEN id_kind = 'known' THEN '#' || format('{:016x}', visitor) END AS user,"
               "id_kind::VARCHAR AS id_kind, session,");
    buf_printf(sql, "props%s AS props, ", json);
    value_column(sql, format);
    buf_printf(sql, " AS value, currency, order_id, items%s AS items, engaged_ms, scroll,", json);
    buf_z(sql,
          "CASE WHEN offline THEN true END AS offline, experiment, variant, screen, language,"
          "timezone, country, region, city, device, browser, os, source, medium, campaign, term,"
          "content, click_id_kind, protocol, bot_reason::VARCHAR AS bot_reason, ");
    time_column(sql, "received_at", format);
    buf_printf(sql, " AS received_at FROM events WHERE site = %" PRIu32, what->site);
    if (what->from_ms || what->to_ms)
        buf_printf(sql,
                   " AND happened_at >= make_timestamp_ms(%" PRId64
                   ") AND happened_at < make_timestamp_ms(%" PRId64 ")",
                   what->from_ms, what->to_ms);
}

/* --- rows of the locked database as a table of the instance that writes the file --- */

struct rows {
    struct duck_stream stream;
    uint64_t n;
    err_code code;
    struct err *err;
};

static void bind_rows(duckdb_bind_info info)
{
    struct rows *r = duckdb_bind_get_extra_info(info);
    idx_t n = duckdb_column_count(&r->stream.result);
    for (idx_t i = 0; i < n; i++) {
        duckdb_logical_type type = duckdb_column_logical_type(&r->stream.result, i);
        duckdb_bind_add_result_column(info, duckdb_column_name(&r->stream.result, i), type);
        duckdb_destroy_logical_type(&type);
    }
}

static void init_rows(duckdb_init_info info)
{
    duckdb_init_set_max_threads(info, 1);
}

static void next_rows(duckdb_function_info info, duckdb_data_chunk output)
{
    struct rows *r = duckdb_function_get_extra_info(info);
    duckdb_data_chunk chunk = NULL;
    r->code = duck_stream_next(&r->stream, &chunk, r->err);
    if (r->code) {
        duckdb_function_set_error(info, "the rows could not be read");
        return;
    }
    idx_t rows = chunk ? duckdb_data_chunk_get_size(chunk) : 0;
    for (idx_t i = 0; rows > 0 && i < duckdb_data_chunk_get_column_count(output); i++)
        duckdb_vector_reference_vector(duckdb_data_chunk_get_vector(output, i),
                                       duckdb_data_chunk_get_vector(chunk, i));
    duckdb_data_chunk_set_size(output, rows);
    r->n += rows;
}

static err_code register_rows(duckdb_connection c, struct rows *r, struct err *err)
{
    duckdb_table_function f = duckdb_create_table_function();
    duckdb_table_function_set_name(f, "cairn_rows");
    duckdb_table_function_set_extra_info(f, r, NULL);
    duckdb_table_function_set_bind(f, bind_rows);
    duckdb_table_function_set_init(f, init_rows);
    duckdb_table_function_set_function(f, next_rows);
    duckdb_state state = duckdb_register_table_function(c, f);
    duckdb_destroy_table_function(&f);
    return state == DuckDBSuccess ? ERR_OK : err_set(err, ERR_NOMEM, 0, "export");
}

/* COPY in an instance of its own, in memory, which may write `path` and read nothing: the store's
 * database stays shut in. */
static err_code copy_rows(struct rows *rows, enum export_format format, const char *path,
                          struct err *err)
{
    static const char *const options[] = {
        "FORMAT csv, HEADER",
        "FORMAT json",
        "FORMAT parquet, COMPRESSION zstd",
    };
    duckdb_database db = NULL;
    duckdb_connection c = NULL;
    struct buf sql = {0};
    err_code code = duck_open_memory(&db, &c, err);
    if (code) goto out;
    if ((code = register_rows(c, rows, err))) goto out;
    buf_z(&sql, "COPY (SELECT * FROM cairn_rows()) TO ");
    duck_quote(&sql, str_of(path));
    buf_printf(&sql, " (%s, USE_TMP_FILE false)", options[format]);
    if (sql.bad) {
        code = err_set(err, ERR_NOMEM, 0, "export");
        goto out;
    }
    code = duck_run(c, sql.p, rows->code ? NULL : err);
    if (rows->code) code = rows->code;
out:
    if (c) duckdb_disconnect(&c);
    if (db) duckdb_close(&db);
    buf_free(&sql);
    return code;
}

/* --- where the rows go --- */

struct pump {
    int from;
    int failed; /* errno */
};

static void *run_pump(void *arg)
{
    struct pump *p = arg;
    char bytes[64 * 1024];
    ssize_t n;
    while ((n = read(p->from, bytes, sizeof bytes)) > 0 || (n < 0 && errno == EINTR))
        for (ssize_t done = 0; n > 0 && done < n && !p->failed;) {
            ssize_t put = write(STDOUT_FILENO, bytes + done, (size_t)(n - done));
            if (put < 0 && errno != EINTR) p->failed = errno;
            if (put > 0) done += put;
        }
    return NULL;
}

/* Through a pipe, because DuckDB would truncate a standard output that is a file. */
static err_code export_to_stdout(struct rows *rows, enum export_format format, struct err *err)
{
    int ends[2];
    pthread_t thread;
    char path[32];
    if (pipe2(ends, O_CLOEXEC) != 0) return err_set(err, ERR_IO, errno, "export: pipe");
    struct pump pump = {.from = ends[0]};
    int failed = pthread_create(&thread, NULL, run_pump, &pump);
    if (failed) {
        close(ends[0]), close(ends[1]);
        return err_set(err, ERR_NOMEM, failed, "export: thread");
    }
    snprintf(path, sizeof path, "/dev/fd/%d", ends[1]);
    err_code code = copy_rows(rows, format, path, err);
    close(ends[1]);
    pthread_join(thread, NULL);
    close(ends[0]);
    if (!code && pump.failed)
        code = err_set(err, ERR_IO, pump.failed, "export: write to standard output");
    return code;
}

static err_code export_to_file(struct rows *rows, enum export_format format, const char *path,
                               struct err *err)
{
    struct buf part = {0};
    buf_printf(&part, "%s.part", path);
    if (part.bad) return err_set(err, ERR_NOMEM, 0, "export to %s", path);
    err_code code = copy_rows(rows, format, part.p, err);
    if (!code && rename(part.p, path) != 0)
        code = err_set(err, ERR_IO, errno, "export: rename %s to %s", part.p, path);
    if (code) unlink(part.p);
    buf_free(&part);
    return code;
}

err_code store_export(struct store *s, const struct store_export *what, uint64_t *rows_out,
                      struct err *err)
{
    static const char *const names[] = {"csv", "jsonl", "parquet"};
    struct rows rows = {.err = err};
    struct buf sql = {0};
    duckdb_connection con = NULL;
    size_t format = 0;
    *rows_out = 0;
    while (format < 3 && strcmp(names[format], what->format) != 0) format++;
    if (format == 3)
        return err_named(err, ERR_INVALID, "unknown_format", "format", "no format \"%s\"",
                         what->format);
    rows_statement(s, what, (enum export_format)format, &sql);
    err_code code = sql.bad ? err_set(err, ERR_NOMEM, 0, "export from store %s", s->path)
                            : store_connect(s, &con, err);
    if (code) goto out;
    if ((code = duck_stream_open(con, sql.p, &rows.stream, err))) goto out;
    code = strcmp(what->path, "-") == 0
               ? export_to_stdout(&rows, (enum export_format)format, err)
               : export_to_file(&rows, (enum export_format)format, what->path, err);
    if (!code) *rows_out = rows.n;
out:
    duck_stream_close(&rows.stream);
    store_disconnect(s, &con);
    buf_free(&sql);
    return code;
}
