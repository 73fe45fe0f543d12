#include "store/duck.h"

err_code duck_fail(struct err *err, duckdb_error_type type, const char *message, const char *what)
{
    if (!message) message = "no reason given";
    err_code code = ERR_IO;
    if (type == DUCKDB_ERROR_OUT_OF_MEMORY) code = ERR_NOMEM;
    if (type == DUCKDB_ERROR_INTERRUPT) code = ERR_CANCELLED;
    if (strstr(message, "Corrupt database") || strstr(message, "not a valid DuckDB database"))
        code = ERR_CORRUPT;
    if (strstr(message, "Invalid unicode")) code = ERR_INVALID;
    if (strstr(message, "Could not set lock on file")) code = ERR_CONFLICT;
    return err_set(err, code, 0, "%s: %s", what, message);
}

/* The beginning of a statement, to name it in an error. */
static err_code fail_statement(struct err *err, duckdb_error_type type, const char *message,
                               const char *sql)
{
    char what[64];
    snprintf(what, sizeof what, "store: %.40s", sql);
    return duck_fail(err, type, message, what);
}

err_code duck_run(duckdb_connection c, const char *sql, struct err *err)
{
    duckdb_result r;
    err_code code = ERR_OK;
    if (duckdb_query(c, sql, &r) != DuckDBSuccess)
        code = fail_statement(err, duckdb_result_error_type(&r), duckdb_result_error(&r), sql);
    duckdb_destroy_result(&r);
    return code;
}

err_code duck_open_memory(duckdb_database *db, duckdb_connection *c, struct err *err)
{
    static const char *const options[][2] = {
        {"threads", "1"},
        {"memory_limit", "512MiB"},
        {"autoinstall_known_extensions", "false"},
        {"autoload_known_extensions", "false"},
        {"allow_community_extensions", "false"},
        {"allow_persistent_secrets", "false"},
    };
    duckdb_config config = NULL;
    err_code code = ERR_OK;
    *db = NULL, *c = NULL;
    if (duckdb_create_config(&config) != DuckDBSuccess)
        return err_set(err, ERR_NOMEM, 0, "open DuckDB in memory");
    for (size_t i = 0; i < sizeof options / sizeof *options; i++)
        if (duckdb_set_config(config, options[i][0], options[i][1]) != DuckDBSuccess)
            code = err_set(err, ERR_IO, 0, "DuckDB refuses the option %s", options[i][0]);
    if (!code && (duckdb_open_ext(NULL, db, config, NULL) != DuckDBSuccess ||
                  duckdb_connect(*db, c) != DuckDBSuccess))
        code = err_set(err, ERR_NOMEM, 0, "open DuckDB in memory");
    if (!code) code = duck_run(*c, "SET TimeZone = 'UTC'; SET lock_configuration = true", err);
    duckdb_destroy_config(&config);
    return code;
}

err_code duck_number(duckdb_connection c, const char *sql, uint64_t *out, struct err *err)
{
    duckdb_result r;
    err_code code = ERR_OK;
    *out = 0;
    if (duckdb_query(c, sql, &r) != DuckDBSuccess) {
        code = fail_statement(err, duckdb_result_error_type(&r), duckdb_result_error(&r), sql);
    } else {
        duckdb_data_chunk chunk = duckdb_fetch_chunk(r);
        if (chunk && duckdb_data_chunk_get_size(chunk) > 0) {
            struct duck_column col = duck_column(chunk, 0);
            if (duck_there(&col, 0)) *out = *(const uint64_t *)col.data;
        }
        if (chunk) duckdb_destroy_data_chunk(&chunk);
    }
    duckdb_destroy_result(&r);
    return code;
}

err_code duck_stream_open(duckdb_connection c, const char *sql, struct duck_stream *out,
                          struct err *err)
{
    *out = (struct duck_stream){0};
    if (duckdb_prepare(c, sql, &out->statement) != DuckDBSuccess)
        return fail_statement(err, DUCKDB_ERROR_PARSER, duckdb_prepare_error(out->statement), sql);
    if (duckdb_pending_prepared_streaming(out->statement, &out->pending) != DuckDBSuccess)
        return fail_statement(err, DUCKDB_ERROR_EXECUTOR, duckdb_pending_error(out->pending), sql);
    out->has_result = true;
    if (duckdb_execute_pending(out->pending, &out->result) != DuckDBSuccess)
        return fail_statement(err, duckdb_result_error_type(&out->result),
                              duckdb_result_error(&out->result), sql);
    return ERR_OK;
}

err_code duck_stream_next(struct duck_stream *s, duckdb_data_chunk *out, struct err *err)
{
    if (s->chunk) duckdb_destroy_data_chunk(&s->chunk);
    *out = s->chunk = duckdb_fetch_chunk(s->result);
    const char *message = s->chunk ? NULL : duckdb_result_error(&s->result);
    if (message)
        return duck_fail(err, duckdb_result_error_type(&s->result), message, "read from the store");
    return ERR_OK;
}

void duck_stream_close(struct duck_stream *s)
{
    if (s->chunk) duckdb_destroy_data_chunk(&s->chunk);
    if (s->has_result) duckdb_destroy_result(&s->result);
    if (s->pending) duckdb_destroy_pending(&s->pending);
    if (s->statement) duckdb_destroy_prepare(&s->statement);
    *s = (struct duck_stream){0};
}

struct duck_column duck_column(duckdb_data_chunk chunk, size_t column)
{
    duckdb_vector v = duckdb_data_chunk_get_vector(chunk, column);
    return (struct duck_column){duckdb_vector_get_data(v), duckdb_vector_get_validity(v)};
}

struct str duck_text(const struct duck_column *c, size_t row)
{
    if (!duck_there(c, row)) return STR_NONE;
    const duckdb_string_t *t = (const duckdb_string_t *)c->data + row;
    uint32_t n = t->value.inlined.length;
    return (struct str){
        n <= sizeof t->value.inlined.inlined ? t->value.inlined.inlined : t->value.pointer.ptr, n};
}

void duck_quote(struct buf *sql, struct str s)
{
    buf_char(sql, '\'');
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '\'') buf_char(sql, '\'');
        buf_char(sql, s.p[i]);
    }
    buf_char(sql, '\'');
}
