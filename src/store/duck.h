/* duck.h: DuckDB's C API as the rest of this folder uses it: statements that end in an err_code,
 * and results that are read chunk by chunk without ever being whole in memory.
 *
 * Inside store/ only, as duckdb.h is. */
#ifndef CAIRN_STORE_DUCK_H
#define CAIRN_STORE_DUCK_H

#include <duckdb.h>

#include "base/bytes.h"
#include "base/err.h"

/* A failed statement as ours: ERR_NOMEM, ERR_CORRUPT, ERR_CONFLICT (another process has the file),
 * ERR_INVALID (a text is not UTF-8), else ERR_IO.  `what` says what was tried; DuckDB's message
 * follows it. */
err_code duck_fail(struct err *err, duckdb_error_type type, const char *message, const char *what);

/* An instance in memory with one connection, for reading or writing files: no extensions beyond
 * those linked in, no network, nothing kept. */
MUST_CHECK err_code duck_open_memory(duckdb_database *db, duckdb_connection *c, struct err *err);

/* Runs statements whose answer is of no interest. */
MUST_CHECK err_code duck_run(duckdb_connection c, const char *sql, struct err *err);
/* The single number that a statement answers; 0 for NULL or no row. */
MUST_CHECK err_code duck_number(duckdb_connection c, const char *sql, uint64_t *out,
                                struct err *err);

/* A result that is made while it is read.  The connection is the stream's alone until the close. */
struct duck_stream {
    duckdb_prepared_statement statement;
    duckdb_pending_result pending;
    duckdb_result result;
    bool has_result;
    duckdb_data_chunk chunk; /* the latest; gone with the next call */
};
MUST_CHECK err_code duck_stream_open(duckdb_connection c, const char *sql, struct duck_stream *out,
                                     struct err *err);
/* The next chunk, or NULL in `*out` at the end. */
MUST_CHECK err_code duck_stream_next(struct duck_stream *s, duckdb_data_chunk *out,
                                     struct err *err);
void duck_stream_close(struct duck_stream *s); /* also after a failed open, and early */

/* One column of a chunk. */
struct duck_column {
    const void *data;
    const uint64_t *validity; /* NULL: every row is there */
};
struct duck_column duck_column(duckdb_data_chunk chunk, size_t column);
static inline bool duck_there(const struct duck_column *c, size_t row)
{
    return !c->validity || (c->validity[row / 64] >> (row % 64) & 1);
}
/* A text, borrowed from the chunk; empty when NULL. */
struct str duck_text(const struct duck_column *c, size_t row);

/* Appends `s` to `sql` as a quoted SQL text. */
void duck_quote(struct buf *sql, struct str s);

#endif
