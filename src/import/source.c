#include "import/source.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/hash.h"
#include "base/json_reader.h"
#include "import/csv.h"
#include "store/parquet.h"

enum { HEAD_BYTES = 4096, MAX_MEMBERS = 2000 };

static const struct json_limits limits = {.max_depth = 32,
                                          .max_members = MAX_MEMBERS,
                                          .max_nodes = 100000,
                                          .max_bytes = 2 * TEXT_RECORD_MAX};

struct source {
    enum source_format format;
    const char *path;
    struct input *in;
    struct text text;
    struct csv csv;
    struct parquet *parquet;
    struct json_reader *json;
    uint64_t identity, rows;
    struct row row;
    struct str names[MAX_MEMBERS], values[MAX_MEMBERS];
    bool is_json[MAX_MEMBERS];
    struct buf documents; /* JSON of the row's objects and arrays */
};

static err_code open_parquet(struct source *s, uint64_t skip, struct err *err)
{
    char head[HEAD_BYTES];
    FILE *f = fopen(s->path, "rb");
    if (f) { /* the end, where the index of a Parquet file is, tells more than its beginning */
        (void)fseek(f, -HEAD_BYTES, SEEK_END);
        size_t n = fread(head, 1, sizeof head, f);
        s->identity = hash_fast((struct str){head, n});
        fclose(f);
    }
    return parquet_open(s->path, skip, &s->parquet, err);
}

static err_code open_text(struct source *s, struct err *err)
{
    err_code code = input_open(s->path, &s->in, err);
    if (code) return code;
    text_open(&s->text, s->in);
    while (s->text.n < HEAD_BYTES && text_more(&s->text, &code, err)) continue;
    if (code) return code;
    struct str head = {s->text.p, s->text.n < HEAD_BYTES ? s->text.n : HEAD_BYTES};
    s->identity = hash_fast(head);
    if (s->format != SOURCE_CSV && str_begins(head, STR("\xef\xbb\xbf"))) text_drop(&s->text, 3, 0);
    if (s->format == SOURCE_CSV) return csv_open(&s->csv, &s->text, err);
    if (s->format == SOURCE_JSONL) return json_reader_open(&limits, &s->json, err);
    return ERR_OK;
}

err_code source_open(enum source_format format, const char *path, struct source **out,
                     struct err *err)
{
    struct source *s = calloc(1, sizeof *s);
    *out = NULL;
    if (!s) return err_set(err, ERR_NOMEM, 0, "open %s", path);
    s->format = format;
    s->path = path;
    err_code code = format == SOURCE_PARQUET ? open_parquet(s, 0, err) : open_text(s, err);
    if (code) source_close(s);
    else *out = s;
    return code;
}

uint64_t source_identity(const struct source *s)
{
    return s->identity;
}

struct str source_head(const struct source *s)
{
    return (struct str){s->text.p + s->text.from, s->text.n - s->text.from};
}

size_t source_columns(const struct source *s, const struct str **names)
{
    *names = s->csv.names;
    if (s->format == SOURCE_PARQUET) return parquet_columns(s->parquet, names);
    return s->format == SOURCE_CSV ? s->csv.n_columns : 0;
}

struct position source_position(const struct source *s)
{
    return (struct position){s->rows, s->text.line, s->text.offset};
}

err_code source_seek(struct source *s, const struct position *p, struct err *err)
{
    s->rows = p->rows;
    if (s->format == SOURCE_PARQUET) {
        parquet_close(s->parquet);
        s->parquet = NULL;
        return open_parquet(s, p->rows, err);
    }
    struct text *t = &s->text;
    if (p->offset < t->offset)
        return err_set(err, ERR_INVALID, 0, "%s: byte %llu is read already", s->path,
                       (unsigned long long)p->offset);
    uint64_t skip = p->offset - t->offset, held = t->n - t->from;
    text_drop(t, (size_t)(skip < held ? skip : held), 0);
    t->line = p->line;
    if (skip <= held) return ERR_OK;
    t->from = t->n = 0;
    t->offset = p->offset;
    return input_skip_to(s->in, p->offset, err);
}

static err_code next_csv(struct source *s, bool *there, struct refusal *why, struct err *err)
{
    static const char *const codes[] = {NULL, "bad_quote", "column_count", "row_too_long"};
    enum csv_fault fault = CSV_OK;
    err_code code = ERR_OK;
    *there = csv_next(&s->csv, &fault, &code, err);
    why->code = codes[fault];
    s->row = (struct row){.line = s->csv.line,
                          .hash = s->csv.hash,
                          .n = s->csv.n_columns,
                          .names = s->csv.names,
                          .values = s->csv.values};
    return code;
}

static err_code next_parquet(struct source *s, bool *there, struct err *err)
{
    const struct str *values, *names;
    err_code code = parquet_next(s->parquet, &values, err);
    size_t n = parquet_columns(s->parquet, &names);
    *there = !code && values;
    if (!*there) return code;
    struct buf *b = &s->documents; /* all values with their lengths, for the hash */
    buf_clear(b);
    for (size_t i = 0; i < n; i++) buf_lstr(b, values[i]);
    if (b->bad) return err_set(err, ERR_NOMEM, 0, "read %s", s->path);
    s->row = (struct row){.hash = hash_fast(buf_view(b)), .n = n, .names = names, .values = values};
    return ERR_OK;
}

/* The members of a JSON object as columns. */
static void take_members(struct source *s, const struct json_node *root)
{
    size_t n = 0;
    buf_clear(&s->documents);
    for (JSON_EACH(node, root)) {
        if (n == MAX_MEMBERS) break;
        bool text = node->type == NODE_TEXT;
        s->names[n] = node->key;
        s->is_json[n] = !text;
        s->values[n] = text ? node->text : STR_NONE;
        if (!text && node->type != NODE_NULL) {
            size_t from = s->documents.n;
            json_write_node(&s->documents, node);
            /* Where it stands is known once all are written: until then its place and length. */
            s->values[n] = (struct str){(const char *)from, s->documents.n - from};
        }
        n++;
    }
    for (size_t i = 0; i < n; i++)
        if (s->is_json[i])
            s->values[i].p = s->values[i].n ? s->documents.p + (size_t)s->values[i].p : NULL;
    s->row.n = n;
    s->row.names = s->names;
    s->row.values = s->values;
    s->row.is_json = s->is_json;
}

static err_code next_line(struct source *s, bool *there, struct refusal *why, struct err *err)
{
    struct str line;
    bool too_long;
    err_code code;
    do {
        uint64_t at = s->text.line;
        *there = text_line(&s->text, &line, &too_long, &code, err);
        if (!*there) return code;
        s->row = (struct row){.line = at, .hash = hash_fast(line)};
    } while (str_trim(line).n == 0);
    if (too_long) why->code = "row_too_long";
    if (s->format == SOURCE_LOG) {
        s->values[0] = line;
        s->row.n = 1;
        s->row.values = s->values;
        return ERR_OK;
    }
    const struct json_node *root = NULL;
    enum json_fault fault = too_long ? JSON_FAULT_NONE : json_reader_value(s->json, line, &root);
    if (fault == JSON_FAULT_UTF8) why->code = "bad_utf8";
    else if (fault || (root && root->type != NODE_OBJECT)) why->code = "bad_json";
    if (fault) snprintf(why->field, sizeof why->field, "%s", json_reader_where(s->json));
    if (!why->code) take_members(s, root);
    if (s->documents.bad) return err_set(err, ERR_NOMEM, 0, "read %s", s->path);
    return ERR_OK;
}

err_code source_next(struct source *s, const struct row **row, struct refusal *why, struct err *err)
{
    bool there = false;
    *row = NULL;
    *why = (struct refusal){0};
    err_code code = s->format == SOURCE_CSV       ? next_csv(s, &there, why, err)
                    : s->format == SOURCE_PARQUET ? next_parquet(s, &there, err)
                                                  : next_line(s, &there, why, err);
    if (code || !there) return code;
    s->row.number = ++s->rows;
    *row = &s->row;
    return ERR_OK;
}

double source_share(const struct source *s)
{
    if (s->in) return input_share(s->in);
    uint64_t total = parquet_rows(s->parquet);
    return total ? (double)s->rows / (double)total : 1;
}

void source_close(struct source *s)
{
    if (!s) return;
    csv_close(&s->csv);
    text_close(&s->text);
    json_reader_close(s->json);
    parquet_close(s->parquet);
    input_close(s->in);
    buf_free(&s->documents);
    free(s);
}
