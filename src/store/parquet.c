#include "store/parquet.h"

#include <errno.h>
#include <inttypes.h>
#include <unistd.h>

#include "store/duck.h"

struct parquet {
    duckdb_database db;
    duckdb_connection c;
    struct duck_stream stream;
    duckdb_data_chunk chunk;
    size_t row, rows; /* within the chunk */
    uint64_t total;
    size_t n;
    struct str *names, *values;
    struct duck_column *columns;
};

static err_code start(struct parquet *p, const char *path, uint64_t skip, struct err *err)
{
    struct buf sql = {0};
    buf_z(&sql, "SELECT count(*)::UBIGINT FROM read_parquet(");
    duck_quote(&sql, str_of(path));
    buf_printf(&sql, ")");
    err_code code = sql.bad ? ERR_NOMEM : duck_number(p->c, sql.p, &p->total, err);
    buf_clear(&sql);
    buf_z(&sql, "SELECT COLUMNS(*)::VARCHAR FROM read_parquet(");
    duck_quote(&sql, str_of(path));
    buf_printf(&sql, ") OFFSET %" PRIu64, skip);
    if (!code) code = sql.bad ? ERR_NOMEM : duck_stream_open(p->c, sql.p, &p->stream, err);
    buf_free(&sql);
    return code;
}

err_code parquet_open(const char *path, uint64_t skip, struct parquet **out, struct err *err)
{
    *out = NULL;
    if (access(path, R_OK) != 0)
        return err_set(err, errno == ENOENT ? ERR_NOT_FOUND : ERR_IO, errno, "open %s: %s", path,
                       strerror(errno));
    struct parquet *p = calloc(1, sizeof *p);
    if (!p) return err_set(err, ERR_NOMEM, 0, "open %s", path);
    err_code code = duck_open_memory(&p->db, &p->c, err);
    if (!code && (code = start(p, path, skip, err)) == ERR_IO)
        code = err_set(err, ERR_INVALID, 0, "%s cannot be read as Parquet", path);
    if (!code) {
        p->n = (size_t)duckdb_column_count(&p->stream.result);
        p->names = calloc(p->n + 1, sizeof *p->names);
        p->values = calloc(p->n + 1, sizeof *p->values);
        p->columns = calloc(p->n + 1, sizeof *p->columns);
        if (!p->names || !p->values || !p->columns)
            code = err_set(err, ERR_NOMEM, 0, "open %s", path);
    }
    if (code) {
        parquet_close(p);
        return code;
    }
    for (size_t i = 0; i < p->n; i++)
        p->names[i] = str_of(duckdb_column_name(&p->stream.result, i));
    *out = p;
    return ERR_OK;
}

size_t parquet_columns(const struct parquet *p, const struct str **names)
{
    *names = p->names;
    return p->n;
}

uint64_t parquet_rows(const struct parquet *p)
{
    return p->total;
}

err_code parquet_next(struct parquet *p, const struct str **values, struct err *err)
{
    *values = NULL;
    while (p->row == p->rows) {
        err_code code = duck_stream_next(&p->stream, &p->chunk, err);
        if (code || !p->chunk) return code;
        p->row = 0;
        p->rows = (size_t)duckdb_data_chunk_get_size(p->chunk);
        for (size_t i = 0; i < p->n; i++) p->columns[i] = duck_column(p->chunk, i);
    }
    for (size_t i = 0; i < p->n; i++) p->values[i] = duck_text(&p->columns[i], p->row);
    p->row++;
    *values = p->values;
    return ERR_OK;
}

void parquet_close(struct parquet *p)
{
    if (!p) return;
    duck_stream_close(&p->stream);
    if (p->c) duckdb_disconnect(&p->c);
    if (p->db) duckdb_close(&p->db);
    free(p->names);
    free(p->values);
    free(p->columns);
    free(p);
}
