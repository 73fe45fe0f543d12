/* import_bench.c: rows a second of a CSV file and lines a second of an access log, from bytes in
 * memory to events as JSON: the importer's own work, without recording them.  One thread. */
#include <inttypes.h>

#include "base/clock.h"
#include "base/hash.h"
#include "import/csv.h"
#include "import/log_page.h"
#include "import/mapping.h"

enum { ROWS = 500000, ROUNDS = 5 };

static void make_csv(struct buf *out)
{
    uint64_t rng = 1;
    buf_z(out, "user_id,session_id,timestamp,step,action_type,reference,platform,city,device\n");
    for (int i = 0; i < ROWS; i++)
        buf_printf(out,
                   "%012" PRIX64 ",%016" PRIx64 ",%d,%d,interaction item image,%d,DE,\"Berlin, "
                   "Germany\",mobile\n",
                   rand_next(&rng) >> 16, rand_next(&rng), 1541548939 + i / 4, i % 40,
                   (int)(rand_unit(&rng) * 1e6));
}

static void make_log(struct buf *out)
{
    uint64_t rng = 1;
    for (int i = 0; i < ROWS; i++)
        buf_printf(
            out,
            "203.0.%d.%d - - [17/May/2015:%02d:%02d:%02d +0000] \"GET /p/%d?utm_source=news "
            "HTTP/1.1\" 200 5123 \"https://www.google.com/\" \"Mozilla/5.0 (X11; Linux x86_64; "
            "rv:128.0) Gecko/20100101 Firefox/128.0\"\n",
            (int)(rand_unit(&rng) * 256), (int)(rand_unit(&rng) * 256), i / 36000 % 24,
            i / 600 % 60, i / 10 % 60, (int)(rand_unit(&rng) * 5000));
}

static double csv_round(const struct buf *file, struct buf *copy)
{
    struct text text;
    struct csv csv;
    enum csv_fault fault;
    err_code code;
    struct refusal why;
    struct buf out = {0};
    struct mapping m = {.time.name = STR("timestamp"),
                        .visitor.name = STR("user_id"),
                        .event.name = STR("action_type"),
                        .props = {{.name = STR("reference")}, {.name = STR("device")}},
                        .n_props = 2};
    struct mapping_context x = {.identity = 1};
    buf_clear(copy);
    buf_str(copy, buf_view(file)); /* quotes are taken off in place */
    int64_t start = clock_mono_ns();
    uint64_t rows = 0;
    text_over(&text, copy->p, copy->n);
    if (csv_open(&csv, &text, NULL) || mapping_bind(&m, csv.names, csv.n_columns, true, NULL))
        exit(1);
    while (csv_next(&csv, &fault, &code, NULL)) {
        struct row row = {.number = ++rows,
                          .line = csv.line,
                          .hash = csv.hash,
                          .n = csv.n_columns,
                          .names = csv.names,
                          .values = csv.values};
        if (rows % 4096 == 0) buf_clear(&out);
        if (mapping_event(&m, &x, &row, &out, &why) != MAPPED_EVENT) exit(1);
    }
    csv_close(&csv);
    buf_free(&out);
    if (rows != ROWS) exit(1);
    return (double)(clock_mono_ns() - start) / 1e9;
}

static double log_round(const struct buf *file)
{
    struct log_format f;
    struct log_line line;
    struct str rest = buf_view(file), extension;
    struct buf out = {0};
    if (log_open(&f, NULL)) exit(1);
    int64_t start = clock_mono_ns();
    uint64_t lines = 0;
    while (rest.n) {
        char id[MAPPING_ROW_ID];
        struct str one = str_cut(rest, '\n', &rest);
        struct row row = {.number = ++lines, .hash = hash_fast(one)};
        if (lines % 4096 == 0) buf_clear(&out);
        if (log_read(&f, one, &line) != LOG_OK) exit(1);
        enum log_meaning meaning = log_meaning(&line, &extension);
        mapping_row_id(id, 1, &row);
        log_event_json(&out, &line, meaning, extension, false, str_of(id));
    }
    log_close(&f);
    buf_free(&out);
    if (lines != ROWS) exit(1);
    return (double)(clock_mono_ns() - start) / 1e9;
}

int main(void)
{
    struct buf csv = {0}, log = {0}, copy = {0};
    double best_csv = 1e9, best_log = 1e9;
    make_csv(&csv);
    make_log(&log);
    for (int i = 0; i < ROUNDS; i++) {
        double a = csv_round(&csv, &copy), b = log_round(&log);
        if (a < best_csv) best_csv = a;
        if (b < best_log) best_log = b;
    }
    printf("import, CSV to events as JSON:        %8.0f rows/s\n", ROWS / best_csv);
    printf("import, access log to events as JSON: %8.0f lines/s\n", ROWS / best_log);
    buf_free(&csv);
    buf_free(&log);
    buf_free(&copy);
    return 0;
}
