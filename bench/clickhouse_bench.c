/* clickhouse_bench SHAPE N LIBCHDB FOLDER: the funnel by windowFunnel of ClickHouse, as a library.
 *
 * The same rows in two tables, sorted by (visitor, at_ms) and by time, each merged to one part.
 * Prints "clickhouse LAYOUT median_ms min_ms n1 n2 n3" for each. */
#include <dlfcn.h>
#include <inttypes.h>

#include "base/clock.h"
#include "shape.h"

enum { WARM_UP = 3, RUNS = 15, QUERY_BYTES = 2048 };

struct chdb { /* its C interface, of which the package has no header */
    void **(*connect)(int argc, char **argv);
    void *(*query)(void *connection, const char *query, const char *format);
    char *(*buffer)(void *result);
    size_t (*length)(void *result);
    const char *(*error)(void *result);
    void (*destroy)(void *result);
    void (*close)(void **connection);
    void **connection;
};

/* A function pointer from dlsym, in the way POSIX asks for. */
static bool find(void *library, const char *name, void *to)
{
    void *symbol = dlsym(library, name);
    memcpy(to, &symbol, sizeof symbol);
    if (!symbol) fprintf(stderr, "clickhouse_bench: no %s in the library\n", name);
    return symbol;
}

static bool open_library(struct chdb *c, const char *library, char *path)
{
    void *l = dlopen(library, RTLD_NOW | RTLD_LOCAL);
    if (!l) {
        fprintf(stderr, "clickhouse_bench: %s\n", dlerror());
        return false;
    }
    if (!find(l, "chdb_connect", &c->connect) || !find(l, "chdb_query", &c->query) ||
        !find(l, "chdb_result_buffer", &c->buffer) || !find(l, "chdb_result_length", &c->length) ||
        !find(l, "chdb_result_error", &c->error) ||
        !find(l, "chdb_destroy_query_result", &c->destroy) ||
        !find(l, "chdb_close_conn", &c->close))
        return false;
    char name[] = "clickhouse";
    char *argv[] = {name, path};
    c->connection = c->connect(2, argv);
    return c->connection && *c->connection;
}

/* Runs a statement; its answer as text in `out`, when given. */
static bool run(struct chdb *c, const char *query, char *out, size_t size)
{
    void *r = c->query(*c->connection, query, "TSV");
    const char *error = r ? c->error(r) : "no result";
    if (error && *error) {
        fprintf(stderr, "clickhouse_bench: %s\n%.400s\n", error, query);
        return false;
    }
    if (out) snprintf(out, size, "%.*s", (int)c->length(r), c->buffer(r));
    c->destroy(r);
    return true;
}

static bool write_rows(const char *path, const struct shape_row *rows, size_t n)
{
    FILE *f = fopen(path, "wb");
    if (!f) return false;
    for (size_t i = 0; i < n; i++) { /* RowBinary: little-endian, a text has its length before it */
        const char *name = shape_names[rows[i].name];
        fwrite(&rows[i].visitor, 8, 1, f);
        fwrite(&rows[i].at_ms, 8, 1, f);
        fputc((int)strlen(name), f);
        fputs(name, f);
        fwrite(&rows[i].page, 2, 1, f);
    }
    return fclose(f) == 0;
}

static bool make_table(struct chdb *c, const char *layout, const char *order, const char *file)
{
    char q[QUERY_BYTES];
    snprintf(
        q, sizeof q,
        "CREATE TABLE %s (visitor UInt64, at_ms UInt64, name LowCardinality(String), page UInt16)"
        " ENGINE = MergeTree ORDER BY %s",
        layout, order);
    if (!run(c, q, NULL, 0)) return false;
    snprintf(q, sizeof q,
             "INSERT INTO %s SELECT * FROM file('%s', 'RowBinary',"
             " 'visitor UInt64, at_ms UInt64, name String, page UInt16')",
             layout, file);
    if (!run(c, q, NULL, 0)) return false;
    snprintf(q, sizeof q, "OPTIMIZE TABLE %s FINAL", layout);
    return run(c, q, NULL, 0);
}

/* The better of two ways to ask: grouping in the order of the table, or by hash. */
static bool measure(struct chdb *c, const char *layout, int in_order)
{
    char q[QUERY_BYTES], answer[256];
    double ms[RUNS], least;
    snprintf(q, sizeof q,
             "SELECT countIf(level >= 1), countIf(level >= 2), countIf(level >= 3) FROM ("
             "SELECT windowFunnel(%" PRId64
             ")(at_ms, name = '%s', name = '%s', name = '%s') AS level"
             " FROM %s WHERE name IN ('%s', '%s', '%s') GROUP BY visitor)"
             " SETTINGS max_threads = 2, optimize_aggregation_in_order = %d",
             shape_window_ms, shape_names[SHAPE_STEP_1], shape_names[SHAPE_STEP_2],
             shape_names[SHAPE_STEP_3], layout, shape_names[SHAPE_STEP_1],
             shape_names[SHAPE_STEP_2], shape_names[SHAPE_STEP_3], in_order);
    for (int i = -WARM_UP; i < RUNS; i++) {
        int64_t start_ns = clock_mono_ns();
        if (!run(c, q, answer, sizeof answer)) return false;
        if (i >= 0) ms[i] = (double)(clock_mono_ns() - start_ns) / 1e6;
    }
    for (char *p = answer; *p; p++)
        if (*p == '\t' || *p == '\n') *p = ' ';
    double median = shape_median(ms, RUNS, &least);
    printf("clickhouse %s%s %.2f %.2f %s\n", layout, in_order ? "_in_order" : "", median, least,
           answer);
    return true;
}

int main(int argc, char **argv)
{
    char path[1024], file[1024];
    size_t n_visitors;
    struct chdb c = {0};
    if (argc != 5) return 2;
    size_t n = strtoull(argv[2], NULL, 10);
    struct shape_row *rows = shape_rows(argv[1], n, &n_visitors);
    snprintf(path, sizeof path, "--path=%s", argv[4]);
    snprintf(file, sizeof file, "%s.rows", argv[4]);
    if (!rows || !write_rows(file, rows, n)) return 1;
    free(rows);
    bool ok = open_library(&c, argv[3], path) &&
              make_table(&c, "by_visitor", "(visitor, at_ms)", file) &&
              make_table(&c, "by_time", "(at_ms, visitor)", file) && measure(&c, "by_visitor", 0) &&
              measure(&c, "by_visitor", 1) && measure(&c, "by_time", 0);
    if (c.connection) c.close(c.connection);
    remove(file);
    return ok ? 0 : 1;
}
