/* csv.h: rows of a CSV file (RFC 4180) as they stream by: quotes, line breaks in quotes, CRLF, a
 * byte order mark.  The separator is the one of ",", ";", tab and "|" that the header has most of.
 *
 * Every row knows its first line.  A row that cannot be read costs its first line only: reading
 * goes on with the next line, so one stray quote does not swallow the file. */
#ifndef CAIRN_IMPORT_CSV_H
#define CAIRN_IMPORT_CSV_H

#include "import/text.h"

enum { CSV_MAX_COLUMNS = 2000 };

enum csv_fault {
    CSV_OK,
    CSV_QUOTE,   /* a quote without its partner, or text after a closing quote */
    CSV_COLUMNS, /* not as many columns as the header */
    CSV_TOO_LONG,
};

struct csv {
    struct text *text; /* borrowed */
    char separator;
    struct str *names; /* the header; owned */
    size_t n_columns;
    struct str *values; /* of the latest row; borrowed from the text until the next call */
    uint64_t hash;      /* of the latest row's bytes as they stand in the file */
    uint64_t line;      /* of the latest row, from 1 */
};

/* Reads the header.  ERR_INVALID when there is none or its names do not fit. */
MUST_CHECK err_code csv_open(struct csv *c, struct text *text, struct err *err);
/* The next row that is not blank; false at the end or with *code set. */
MUST_CHECK bool csv_next(struct csv *c, enum csv_fault *fault, err_code *code, struct err *err);
void csv_close(struct csv *c);

#endif
