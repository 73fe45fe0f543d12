/* duckdb_bench SHAPE N: the funnel in DuckDB, in memory, on the same rows sorted by visitor.
 *
 * SQL has no funnel, so the latest start of an attempt at each step is carried along by window
 * functions: the same rule, and the same answer.
 * Prints "duckdb by_visitor median_ms min_ms n1 n2 n3". */
#include <duckdb.h>
#include <inttypes.h>

#include "base/clock.h"
#include "shape.h"

enum { WARM_UP = 2, RUNS = 9 };

static bool load(duckdb_connection c, const struct shape_row *rows, size_t n)
{
    static const char *const table =
        "CREATE TABLE events (visitor UBIGINT, at_ms BIGINT, name ENUM ('pageview', 'view_item',"
        " 'add_to_cart', 'purchase', 'search', 'scroll', 'begin_checkout', 'sign_up'), page "
        "USMALLINT)";
    duckdb_appender a;
    if (duckdb_query(c, "SET threads = 2", NULL) || duckdb_query(c, table, NULL)) return false;
    if (duckdb_appender_create(c, NULL, "events", &a)) return false;
    for (size_t i = 0; i < n; i++) {
        duckdb_append_uint64(a, rows[i].visitor);
        duckdb_append_int64(a, rows[i].at_ms);
        duckdb_append_varchar(a, shape_names[rows[i].name]);
        duckdb_append_uint16(a, rows[i].page);
        if (duckdb_appender_end_row(a)) return false;
    }
    return duckdb_appender_destroy(&a) == DuckDBSuccess;
}

static bool ask(duckdb_connection c, const char *query, int64_t answer[3])
{
    duckdb_result r;
    bool ok = duckdb_query(c, query, &r) == DuckDBSuccess;
    if (!ok) fprintf(stderr, "duckdb_bench: %s\n", duckdb_result_error(&r));
    for (idx_t k = 0; ok && k < 3; k++) answer[k] = duckdb_value_int64(&r, k, 0);
    duckdb_destroy_result(&r);
    return ok;
}

int main(int argc, char **argv)
{
    size_t n_visitors;
    duckdb_database db;
    duckdb_connection c;
    if (argc != 3) return 2;
    size_t n = strtoull(argv[2], NULL, 10);
    struct shape_row *rows = shape_rows(argv[1], n, &n_visitors);
    if (!rows || duckdb_open(NULL, &db) || duckdb_connect(db, &c)) return 1;
    bool ok = load(c, rows, n);
    free(rows);

    char query[2048];
    const char *a = shape_names[SHAPE_STEP_1], *b = shape_names[SHAPE_STEP_2],
               *z = shape_names[SHAPE_STEP_3];
    snprintf(query, sizeof query,
             "WITH e AS (SELECT visitor, at_ms, name,"
             " max(at_ms) FILTER (name = '%s') OVER w AS s1"
             " FROM events WHERE name IN ('%s', '%s', '%s')"
             " WINDOW w AS (PARTITION BY visitor ORDER BY at_ms ROWS UNBOUNDED PRECEDING)),"
             " f AS (SELECT visitor, at_ms, name, s1,"
             " max(s1) FILTER (name = '%s' AND at_ms - s1 <= %" PRId64 ") OVER w AS s2 FROM e"
             " WINDOW w AS (PARTITION BY visitor ORDER BY at_ms ROWS UNBOUNDED PRECEDING)),"
             " g AS (SELECT max(CASE WHEN name = '%s' AND at_ms - s2 <= %" PRId64 " THEN 3"
             " WHEN s2 IS NOT NULL THEN 2 WHEN s1 IS NOT NULL THEN 1 ELSE 0 END) AS level"
             " FROM f GROUP BY visitor)"
             " SELECT count(*) FILTER (level >= 1), count(*) FILTER (level >= 2),"
             " count(*) FILTER (level >= 3) FROM g",
             a, a, b, z, b, shape_window_ms, z, shape_window_ms);
    int64_t answer[3] = {0};
    double ms[RUNS], least;
    for (int i = -WARM_UP; ok && i < RUNS; i++) {
        int64_t start_ns = clock_mono_ns();
        ok = ask(c, query, answer);
        if (i >= 0) ms[i] = (double)(clock_mono_ns() - start_ns) / 1e6;
    }
    if (ok) {
        double median = shape_median(ms, RUNS, &least);
        printf("duckdb by_visitor %.2f %.2f %" PRId64 " %" PRId64 " %" PRId64 "\n", median, least,
               answer[0], answer[1], answer[2]);
    }
    duckdb_disconnect(&c);
    duckdb_close(&db);
    return ok ? 0 : 1;
}
