/* text.h: an input as text: a window that slides over it, for the readers of lines and of CSV. */
#ifndef CAIRN_IMPORT_TEXT_H
#define CAIRN_IMPORT_TEXT_H

#include "base/str.h"
#include "import/input.h"

enum { TEXT_RECORD_MAX = 1024 * 1024 }; /* bytes of one line or one CSV row */

struct text {
    struct input *in; /* borrowed; NULL: the window is all there is */
    char *p;
    size_t from, n, size; /* the window is p[from .. n) */
    uint64_t offset;      /* of p[from] in the input */
    uint64_t line;        /* of p[from], from 1 */
    bool end;             /* nothing follows the window */
};

void text_open(struct text *t, struct input *in);
/* A window over bytes that are there already; they are written to by the CSV reader. */
void text_over(struct text *t, char *bytes, size_t n);
void text_close(struct text *t);

/* Makes the window longer by reading on; false at the end of the input, when the window has reached
 * TEXT_RECORD_MAX, or with *code set.  Moves the window in memory. */
bool text_more(struct text *t, err_code *code, struct err *err);
/* Drops the first n bytes, in which `lines` lines end. */
void text_drop(struct text *t, size_t n, uint64_t lines);

/* The next line without its end ("\n" or "\r\n"), borrowed until the next call; false at the end. A
 * line longer than TEXT_RECORD_MAX comes as its beginning with `*too_long`, and the rest is
 * skipped. */
MUST_CHECK bool text_line(struct text *t, struct str *line, bool *too_long, err_code *code,
                          struct err *err);

#endif
