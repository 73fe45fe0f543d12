/* source.h: a file of rows, whatever its format: CSV, JSON lines, Parquet, or the lines of a log.
 */
#ifndef CAIRN_IMPORT_SOURCE_H
#define CAIRN_IMPORT_SOURCE_H

#include "import/row.h"
#include "import/text.h"

enum source_format { SOURCE_CSV, SOURCE_JSONL, SOURCE_PARQUET, SOURCE_LOG };

struct source;

/* Opens `path` ("-": standard input, not for Parquet). */
MUST_CHECK err_code source_open(enum source_format format, const char *path, struct source **out,
                                struct err *err);

/* What tells this file from others: a hash of its beginning, so a log that has grown is the same.
 */
uint64_t source_identity(const struct source *s);
struct str source_head(const struct source *s); /* the beginning of a text file */
/* The columns of a CSV or Parquet file; 0 for the other formats, whose rows name their own. */
size_t source_columns(const struct source *s, const struct str **names);

/* Where to take up reading again: after the rows told so far. */
struct position {
    uint64_t rows, line, offset;
};
struct position source_position(const struct source *s);
MUST_CHECK err_code source_seek(struct source *s, const struct position *p, struct err *err);

/* The next row; at the end `*row` is NULL.  A row that cannot be read comes with why->code set
 * (else NULL) and no values.  A log's row has one value, the line.  Valid until the next call. */
MUST_CHECK err_code source_next(struct source *s, const struct row **row, struct refusal *why,
                                struct err *err);
double source_share(const struct source *s); /* read so far, in [0, 1]; negative: unknown */
void source_close(struct source *s);         /* NULL is allowed */

#endif
