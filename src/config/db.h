/* db.h: the small SQL dialect that SQLite and PostgreSQL share, behind one connection.
 *
 * Parameters are written ?1, ?2 ... and bound as text; NULL is a str with p == NULL.  Tables use
 * TEXT and BIGINT only, so both engines convert alike.  Not for several threads: config.c locks. */
#ifndef CAIRN_CONFIG_DB_H
#define CAIRN_CONFIG_DB_H

#include "base/arena.h"
#include "base/err.h"

struct db;

struct db_rows {
    size_t n, columns;
    struct str *cells; /* n x columns, in the arena; each ends with a 0 */
};

enum { DB_MAX_PARAMS = 12 };

/* `where`: a path of a SQLite file, made if absent, or "postgresql://...". */
MUST_CHECK err_code db_open(const char *where, struct db **out, struct err *err);
void db_close(struct db *d); /* NULL is allowed */

/* Runs one statement.  `rows` may be NULL when no answer is wanted; cells live in `a`.
 * ERR_CONFLICT when a unique key is there already. */
MUST_CHECK err_code db_run(struct db *d, struct arena *a, const char *sql, const struct str *params,
                           size_t n_params, struct db_rows *rows, struct err *err);

/* A transaction that no other connection's changes can slip into; never nested. */
MUST_CHECK err_code db_begin(struct db *d, struct err *err);
MUST_CHECK err_code db_commit(struct db *d, struct err *err);
void db_rollback(struct db *d);

/* A literal list of parameters: DB(d, a, sql, &rows, err, STR("x"), key). */
#define DB(d, a, sql, rows, err, ...)                                                              \
    db_run((d), (a), (sql), (const struct str[]){__VA_ARGS__},                                     \
           sizeof((const struct str[]){__VA_ARGS__}) / sizeof(struct str), (rows), (err))

#endif
