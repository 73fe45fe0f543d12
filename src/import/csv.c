#include "import/csv.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"

/* How long the row at the window's beginning is, its line end included, and how many lines end in
 * it. 0: its end is not in the window.  `*open`: a quote is open at the window's end. */
static size_t row_length(const struct text *t, char separator, uint64_t *lines, bool *open)
{
    const char *p = t->p + t->from, *end = t->p + t->n;
    bool quoted = false, at_start = true; /* of a field */
    *lines = 0;
    for (const char *s = p; s < end; s++) {
        if (quoted) {
            const char *q = memchr(s, '"', (size_t)(end - s));
            for (const char *nl = s; q && (nl = memchr(nl, '\n', (size_t)(q - nl))); nl++) ++*lines;
            if (!q) break;
            s = q;
            quoted = false; /* a doubled quote opens it again */
            at_start = true;
        } else if (*s == '\n') {
            ++*lines;
            *open = false;
            return (size_t)(s - p) + 1;
        } else {
            if (*s == '"' && at_start) quoted = true;
            at_start = *s == separator;
        }
    }
    *open = quoted;
    return t->end && !quoted ? (size_t)(end - p) : 0;
}

/* Takes the quotes off the field that begins at `s`, in place; the byte after it is returned: a
 * separator or `end`.  NULL when text follows the closing quote. */
static char *unquote(char *s, char *end, char separator, struct str *value)
{
    char *to = s;
    value->p = s;
    for (char *from = s + 1;;) {
        char *q = memchr(from, '"', (size_t)(end - from));
        if (!q) return NULL;
        memmove(to, from, (size_t)(q - from));
        to += q - from;
        from = q + 1;
        if (from < end && *from == '"') {
            *to++ = '"';
            from++;
            continue;
        }
        value->n = (size_t)(to - s);
        return from == end || *from == separator ? from : NULL;
    }
}

/* Splits s[0..n); false for a fault of quotes.  Counts columns past the room there is. */
static bool split(char *s, size_t n, char separator, struct str *values, size_t room,
                  size_t *columns)
{
    char *end = s + n;
    size_t column = 0;
    for (;; s++) {
        struct str value;
        if (s < end && *s == '"') {
            s = unquote(s, end, separator, &value);
            if (!s) return false;
        } else {
            char *stop = s < end ? memchr(s, separator, (size_t)(end - s)) : NULL;
            if (!stop) stop = end;
            value = (struct str){s, (size_t)(stop - s)};
            s = stop;
        }
        if (column < room) values[column] = value;
        column++;
        if (s == end) break;
    }
    *columns = column;
    return true;
}

static size_t first_line(const struct text *t)
{
    const char *p = t->p + t->from, *nl = memchr(p, '\n', t->n - t->from);
    return nl ? (size_t)(nl - p) + 1 : t->n - t->from;
}

/* Finds the next row's bytes, without line end, and drops them from the text. */
static bool take_row(struct csv *c, struct str *row, enum csv_fault *fault, err_code *code,
                     struct err *err)
{
    struct text *t = c->text;
    *fault = CSV_OK;
    *code = ERR_OK;
    for (;;) {
        uint64_t lines = 0;
        bool open = false;
        size_t n = t->n > t->from ? row_length(t, c->separator, &lines, &open) : 0;
        if (n == 0 && !t->end) { /* more bytes, or that there are none, may complete it */
            bool more = text_more(t, code, err);
            if (*code) return false;
            if (more || t->end) continue;
        }
        if (n == 0 && t->n == t->from) return false;
        c->line = t->line;
        if (n == 0) {
            /* A quote that never closes, or a row past all bounds: its first line is lost. */
            *fault = open ? CSV_QUOTE : CSV_TOO_LONG;
            n = first_line(t);
            if (n > TEXT_RECORD_MAX) *fault = CSV_TOO_LONG;
            lines = 1;
        } else if (n > TEXT_RECORD_MAX) {
            *fault = CSV_TOO_LONG;
        }
        char *p = t->p + t->from;
        text_drop(t, n, lines);
        while (n > 0 && (p[n - 1] == '\n' || p[n - 1] == '\r')) n--;
        *row = (struct str){p, n};
        if (n > 0) return true; /* a blank line is no row */
    }
}

static char find_separator(struct str header)
{
    static const char candidates[] = ",;\t|";
    size_t best = 0, most = 0;
    for (size_t i = 0; i < sizeof candidates - 1; i++) {
        size_t n = 0;
        bool quoted = false;
        for (size_t k = 0; k < header.n; k++) {
            quoted ^= header.p[k] == '"';
            n += !quoted && header.p[k] == candidates[i];
        }
        if (n > most) most = n, best = i;
    }
    return candidates[best];
}

static err_code keep_names(struct csv *c, struct str header, struct err *err)
{
    char *copy = malloc(header.n + 1);
    c->values = calloc(CSV_MAX_COLUMNS, sizeof *c->values);
    c->names = calloc(CSV_MAX_COLUMNS + 1, sizeof *c->names);
    if (!copy || !c->values || !c->names) {
        free(copy);
        return err_set(err, ERR_NOMEM, 0, "read the header");
    }
    memcpy(copy, header.p, header.n);
    c->names[CSV_MAX_COLUMNS].p = copy; /* owns the bytes */
    if (!split(copy, header.n, c->separator, c->names, CSV_MAX_COLUMNS, &c->n_columns))
        return err_set(err, ERR_INVALID, 0, "the quotes of the header do not match");
    if (c->n_columns > CSV_MAX_COLUMNS)
        return err_set(err, ERR_INVALID, 0, "%zu columns are more than %d", c->n_columns,
                       CSV_MAX_COLUMNS);
    for (size_t i = 0; i < c->n_columns; i++) c->names[i] = str_trim(c->names[i]);
    return ERR_OK;
}

err_code csv_open(struct csv *c, struct text *text, struct err *err)
{
    *c = (struct csv){.text = text, .separator = ','};
    struct str header;
    enum csv_fault fault;
    err_code code;
    while (text->n - text->from < 3 && text_more(text, &code, err)) continue;
    if (text->n - text->from >= 3 && memcmp(text->p + text->from, "\xef\xbb\xbf", 3) == 0)
        text_drop(text, 3, 0);
    /* Quotes may stand after any of the separators before it is known which one it is. */
    struct str line = {text->p + text->from, text->n > text->from ? first_line(text) : 0};
    c->separator = find_separator(line);
    bool there = take_row(c, &header, &fault, &code, err);
    if (!there) return code ? code : err_set(err, ERR_INVALID, 0, "the file is empty");
    if (fault) return err_set(err, ERR_INVALID, 0, "the header cannot be read");
    return keep_names(c, header, err);
}

bool csv_next(struct csv *c, enum csv_fault *fault, err_code *code, struct err *err)
{
    struct str row;
    if (!take_row(c, &row, fault, code, err)) return false;
    c->hash = hash_fast(row);
    if (*fault) return true;
    size_t columns = 0;
    if (!split((char *)(uintptr_t)row.p, row.n, c->separator, c->values, CSV_MAX_COLUMNS, &columns))
        *fault = CSV_QUOTE;
    else if (columns != c->n_columns) *fault = CSV_COLUMNS;
    return true;
}

void csv_close(struct csv *c)
{
    if (c->names) free((char *)(uintptr_t)c->names[CSV_MAX_COLUMNS].p);
    free(c->names);
    free(c->values);
    *c = (struct csv){0};
}
