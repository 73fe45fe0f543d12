#include "import/text.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_BYTES = 256 * 1024 };

void text_open(struct text *t, struct input *in)
{
    *t = (struct text){.in = in, .line = 1};
}

void text_over(struct text *t, char *bytes, size_t n)
{
    *t = (struct text){.p = bytes, .n = n, .line = 1, .end = true};
}

void text_close(struct text *t)
{
    if (t->in) free(t->p);
    t->p = NULL;
}

bool text_more(struct text *t, err_code *code, struct err *err)
{
    if (t->end || t->n - t->from > TEXT_RECORD_MAX) return false;
    if (t->from > 0 && t->n == t->size) {
        memmove(t->p, t->p + t->from, t->n - t->from);
        t->n -= t->from;
        t->from = 0;
    }
    if (t->n == t->size) {
        size_t size = t->size ? t->size * 2 : FIRST_BYTES;
        char *more = realloc(t->p, size);
        if (!more) {
            *code = err_set(err, ERR_NOMEM, 0, "read a row of more than %zu bytes", t->size);
            return false;
        }
        t->p = more;
        t->size = size;
    }
    size_t got = 0;
    *code = input_read(t->in, t->p + t->n, t->size - t->n, &got, err);
    if (*code) return false;
    t->n += got;
    t->end = got == 0;
    return got > 0;
}

void text_drop(struct text *t, size_t n, uint64_t lines)
{
    t->from += n;
    t->offset += n;
    t->line += lines;
}

bool text_line(struct text *t, struct str *line, bool *too_long, err_code *code, struct err *err)
{
    size_t seen = 0;
    *too_long = false;
    *code = ERR_OK;
    for (;;) {
        const char *p = t->p + t->from;
        size_t have = t->n - t->from;
        const char *nl = have > seen ? memchr(p + seen, '\n', have - seen) : NULL;
        if (nl || (t->end && have > 0)) {
            size_t n = nl ? (size_t)(nl - p) : have;
            *line = (struct str){p, n > 0 && p[n - 1] == '\r' ? n - 1 : n};
            *too_long = n > TEXT_RECORD_MAX;
            if (*too_long) line->n = TEXT_RECORD_MAX;
            text_drop(t, n + (nl != NULL), nl != NULL);
            return true;
        }
        seen = have;
        if (text_more(t, code, err)) continue;
        if (*code) return false;
        if (t->end && have == 0) return false;
        if (!t->end) break; /* the window is full and no end in sight */
    }
    /* The beginning is told; what follows up to the line's end is dropped with the next call's
     * first step, so that the borrowed beginning stays where it is. */
    *line = (struct str){t->p + t->from, TEXT_RECORD_MAX};
    *too_long = true;
    size_t keep = TEXT_RECORD_MAX;
    for (;;) {
        char *p = t->p + t->from;
        char *nl = memchr(p + keep, '\n', t->n - t->from - keep);
        if (nl) {
            text_drop(t, (size_t)(nl - p) + 1, 1);
            return true;
        }
        t->offset += t->n - t->from - keep;
        t->n = t->from + keep; /* forgets what it has looked at */
        size_t got = 0;
        *code = input_read(t->in, t->p + t->n, t->size - t->n, &got, err);
        if (*code) return false;
        t->n += got;
        if (got == 0) {
            t->end = true;
            text_drop(t, keep, 0);
            return true;
        }
    }
}
