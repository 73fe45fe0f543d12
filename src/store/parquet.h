/* parquet.h: the rows of a Parquet file as texts, through DuckDB; the file's order is kept. */
#ifndef CAIRN_STORE_PARQUET_H
#define CAIRN_STORE_PARQUET_H

#include "base/err.h"
#include "base/str.h"

struct parquet;

/* Begins after the first `skip` rows.  ERR_IO, ERR_NOT_FOUND, ERR_INVALID when it is no Parquet
 * file. */
MUST_CHECK err_code parquet_open(const char *path, uint64_t skip, struct parquet **out,
                                 struct err *err);
size_t parquet_columns(const struct parquet *p, const struct str **names);
uint64_t parquet_rows(const struct parquet *p); /* of the whole file */
/* The next row's values, borrowed until the next call; empty for NULL.  Instants are written in
 * UTC.
 * `*values` is NULL at the end. */
MUST_CHECK err_code parquet_next(struct parquet *p, const struct str **values, struct err *err);
void parquet_close(struct parquet *p); /* NULL is allowed */

#endif
