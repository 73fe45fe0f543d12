/* csv.c: the table of an answer as RFC 4180 text. */
#include <stdio.h>

#include "base/map.h"
#include "report/report.h"

/* One row's cells by column. */
struct table {
    struct map *columns;
    struct buf out;
    json_t *cells; /* object: column to text, of the row under way; NULL: columns are gathered */
    struct err *err;
    err_code rc;
};

/* A cell that begins like a formula would be run by a spreadsheet; what visitors sent must not be.
 */
static bool looks_like_formula(struct str s)
{
    return s.n > 0 && memchr("=+-@\t\r", s.p[0], 6) != NULL;
}

static void write_cell(struct buf *out, struct str s, bool is_text)
{
    bool guard = is_text && looks_like_formula(s), quote = guard;
    for (size_t i = 0; i < s.n && !quote; i++) quote = memchr(",\"\r\n", s.p[i], 4) != NULL;
    if (!quote) {
        buf_str(out, s);
        return;
    }
    buf_char(out, '"');
    if (guard) buf_char(out, '\'');
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '"') buf_char(out, '"');
        buf_char(out, s.p[i]);
    }
    buf_char(out, '"');
}

static void set_cell(struct table *t, const char *column, const json_t *value)
{
    uint32_t code;
    if (t->rc != ERR_OK) return;
    if (!t->cells) t->rc = map_add(t->columns, str_of(column), &code, NULL, t->err);
    else if (json_object_set(t->cells, column, (json_t *)value) != 0)
        t->rc = err_set(t->err, ERR_NOMEM, 0, "a table");
}

static void flatten(struct table *t, const char *prefix, const json_t *j);

static void flatten_list(struct table *t, const char *prefix, const json_t *list)
{
    static const char *const ends[] = {"lo", "hi"};
    char column[200];
    size_t length = strlen(prefix);
    bool interval = length >= 2 && strcmp(prefix + length - 2, "ci") == 0;
    if (interval) {
        for (size_t i = 0; i < 2 && i < json_array_size(list); i++) {
            snprintf(column, sizeof column, "%s_%s", prefix, ends[i]);
            set_cell(t, column, json_array_get(list, i));
        }
        return;
    }
    /* A list within a row (several currencies, destinations) has no place in a flat table but one
     * cell of JSON. */
    char *text = json_dumps(list, REPORT_JSON_FLAGS);
    json_t *cell = text ? json_string(text) : NULL;
    if (cell) set_cell(t, prefix, cell);
    else t->rc = err_set(t->err, ERR_NOMEM, 0, "a table");
    json_decref(cell);
    free(text);
}

static void flatten(struct table *t, const char *prefix, const json_t *j)
{
    const char *key;
    json_t *value;
    if (json_is_array(j)) {
        flatten_list(t, prefix, j);
    } else if (json_is_object(j)) {
        json_object_foreach((json_t *)j, key, value)
        {
            char column[200];
            snprintf(column, sizeof column, "%s%s%s", prefix, *prefix ? "_" : "", key);
            flatten(t, column, value);
        }
    } else {
        set_cell(t, prefix, j);
    }
}

static void write_value(struct buf *out, const json_t *v)
{
    if (json_is_string(v)) {
        write_cell(out, (struct str){json_string_value(v), json_string_length(v)}, true);
    } else if (v && !json_is_null(v)) {
        char *text = json_dumps(v, REPORT_JSON_FLAGS | JSON_ENCODE_ANY);
        if (text) write_cell(out, str_of(text), false);
        else out->bad = true;
        free(text);
    }
}

static void write_row(struct table *t)
{
    for (uint32_t c = 0; c < map_count(t->columns); c++) {
        struct str column = map_text(t->columns, c);
        if (c > 0) buf_char(&t->out, ',');
        write_value(&t->out, json_object_getn(t->cells, column.p, column.n));
    }
    buf_z(&t->out, "\r\n");
}

/* The list that is a report's table; a report without one is a table of one row. */
static const json_t *rows_of(const json_t *result)
{
    static const char *const names[] = {"goals",  "rows",       "steps",  "visitors",
                                        "values", "properties", "events", "days"};
    const json_t *points = json_object_get(json_object_get(result, "series"), "points");
    if (points) return points;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (json_is_array(json_object_get(result, names[i])))
            return json_object_get(result, names[i]);
    return NULL;
}

/* Calls for each row, with the group it belongs to (NULL: the whole). */
static void each_row(struct table *t, const json_t *result, const json_t *group, bool grouped,
                     bool write)
{
    const json_t *rows = rows_of(result);
    size_t n = rows ? json_array_size(rows) : 1;
    for (size_t i = 0; i < n && t->rc == ERR_OK; i++) {
        t->cells = write ? json_object() : NULL;
        if (write && !t->cells) t->rc = err_set(t->err, ERR_NOMEM, 0, "a table");
        if (grouped) set_cell(t, "group", group);
        flatten(t, "", rows ? json_array_get(rows, i) : result);
        if (write) write_row(t);
        json_decref(t->cells);
        t->cells = NULL;
    }
}

static void each_group(struct table *t, const json_t *result, bool write)
{
    const json_t *groups = json_object_get(result, "groups");
    if (!groups) each_row(t, result, NULL, false, write);
    for (size_t i = 0; i < json_array_size(groups); i++) {
        const json_t *group = json_array_get(groups, i);
        each_row(t, group, json_object_get(group, "value"), true, write);
    }
}

err_code report_csv(const json_t *answer, struct buf *out, struct err *err)
{
    struct table t = {.err = err};
    const json_t *result = json_object_get(answer, "result");
    t.rc = map_open(&t.columns, err);
    if (t.rc != ERR_OK) return t.rc;
    each_group(&t, result, false); /* the columns of all rows first: not every row has all */
    for (uint32_t c = 0; t.rc == ERR_OK && c < map_count(t.columns); c++) {
        if (c > 0) buf_char(&t.out, ',');
        write_cell(&t.out, map_text(t.columns, c), true);
    }
    buf_z(&t.out, "\r\n");
    if (t.rc == ERR_OK) each_group(&t, result, true);
    if (t.rc == ERR_OK && t.out.bad) t.rc = err_set(err, ERR_NOMEM, 0, "a table");
    if (t.rc == ERR_OK) buf_str(out, buf_view(&t.out));
    map_close(t.columns);
    buf_free(&t.out);
    return t.rc;
}
