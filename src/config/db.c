#include "config/db.h"

#include <errno.h>
#include <fcntl.h>
#include <libpq-fe.h>
#include <sqlite3.h>
#include <unistd.h>

/* Exactly one of the two is open. */
struct db {
    sqlite3 *lite;
    PGconn *pg;
};

enum { BUSY_WAIT_MS = 5000, MAX_SQL = 2000 };

static err_code open_sqlite(const char *path, struct db *d, struct err *err)
{
    /* Made here when it is new, so that nobody else may read it from the first moment on. */
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) return err_set(err, ERR_IO, errno, "open %s", path);
    close(fd);
    int rc = sqlite3_open_v2(path, &d->lite, SQLITE_OPEN_READWRITE, NULL);
    if (rc != SQLITE_OK)
        return err_set(err, ERR_IO, 0, "open %s: %s", path,
                       d->lite ? sqlite3_errmsg(d->lite) : "no memory");
    sqlite3_busy_timeout(d->lite, BUSY_WAIT_MS);
    rc = sqlite3_exec(d->lite,
                      "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA trusted_schema=OFF",
                      NULL, NULL, NULL);
    if (rc != SQLITE_OK)
        return err_set(err, rc == SQLITE_NOTADB || rc == SQLITE_CORRUPT ? ERR_CORRUPT : ERR_IO, 0,
                       "open %s: %s", path, sqlite3_errmsg(d->lite));
    return ERR_OK;
}

static void be_quiet(void *arg, const char *message)
{
    (void)arg;
    (void)message; /* errors come back from the calls */
}

err_code db_open(const char *where, struct db **out, struct err *err)
{
    struct db *d = calloc(1, sizeof *d);
    if (!d) return err_set(err, ERR_NOMEM, 0, "open the configuration");
    err_code rc = ERR_OK;
    if (str_begins(str_of(where), STR("postgresql://")) ||
        str_begins(str_of(where), STR("postgres://"))) {
        d->pg = PQconnectdb(where);
        /* libpq's message names host and database, never the password. */
        if (PQstatus(d->pg) != CONNECTION_OK)
            rc = err_set(err, ERR_IO, 0, "connect to PostgreSQL: %s", PQerrorMessage(d->pg));
        else PQsetNoticeProcessor(d->pg, be_quiet, NULL);
    } else {
        rc = open_sqlite(where, d, err);
    }
    if (rc) {
        db_close(d);
        return rc;
    }
    *out = d;
    return ERR_OK;
}

void db_close(struct db *d)
{
    if (!d) return;
    if (d->pg) PQfinish(d->pg);
    if (d->lite) sqlite3_close(d->lite);
    free(d);
}

static err_code no_room(struct err *err)
{
    return err_set(err, ERR_NOMEM, 0, "answer of the configuration's database");
}

/* Adds a row to `rows`; the cell array doubles inside the arena. */
static bool add_row(struct arena *a, struct db_rows *rows, size_t *room)
{
    if (rows->n == *room) {
        size_t more = *room ? *room * 2 : 8;
        struct str *cells = ARENA_NEW(a, struct str, more * rows->columns);
        if (!cells) return false;
        if (rows->n) memcpy(cells, rows->cells, rows->n * rows->columns * sizeof *cells);
        rows->cells = cells;
        *room = more;
    }
    rows->n++;
    return true;
}

static err_code set_cell(struct arena *a, struct db_rows *rows, size_t column, const char *p,
                         size_t n, struct err *err)
{
    struct str cell = STR_NONE;
    if (p) {
        cell = arena_copy(a, (struct str){p, n});
        if (!cell.p) return no_room(err);
    }
    rows->cells[(rows->n - 1) * rows->columns + column] = cell;
    return ERR_OK;
}

static err_code run_sqlite(struct db *d, struct arena *a, const char *sql, const struct str *params,
                           size_t n_params, struct db_rows *rows, struct err *err)
{
    sqlite3_stmt *s = NULL;
    if (sqlite3_prepare_v2(d->lite, sql, -1, &s, NULL) != SQLITE_OK)
        return err_set(err, ERR_IO, 0, "prepare \"%.80s\": %s", sql, sqlite3_errmsg(d->lite));
    for (size_t i = 0; i < n_params; i++) {
        if (params[i].p)
            sqlite3_bind_text64(s, (int)i + 1, params[i].p, params[i].n, SQLITE_STATIC,
                                SQLITE_UTF8);
        else sqlite3_bind_null(s, (int)i + 1);
    }
    err_code rc = ERR_OK;
    size_t room = 0;
    int step;
    if (rows) *rows = (struct db_rows){.columns = (size_t)sqlite3_column_count(s)};
    while (!rc && (step = sqlite3_step(s)) == SQLITE_ROW) {
        if (!rows) continue;
        if (!add_row(a, rows, &room)) {
            rc = no_room(err);
            break;
        }
        for (size_t c = 0; c < rows->columns && !rc; c++) {
            const char *text = (const char *)sqlite3_column_text(s, (int)c);
            rc = set_cell(a, rows, c, text, (size_t)sqlite3_column_bytes(s, (int)c), err);
        }
    }
    if (!rc && step != SQLITE_DONE)
        rc = err_set(err, (step & 0xff) == SQLITE_CONSTRAINT ? ERR_CONFLICT : ERR_IO, 0,
                     "run \"%.80s\": %s", sql, sqlite3_errmsg(d->lite));
    sqlite3_finalize(s);
    return rc;
}

/* "?1" becomes "$1"; our statements hold no other question mark. */
static void to_dollars(const char *sql, char *out, size_t size)
{
    size_t i = 0;
    for (; sql[i] && i + 1 < size; i++) out[i] = sql[i] == '?' ? '$' : sql[i];
    out[i] = 0;
}

static err_code run_pg(struct db *d, struct arena *a, const char *sql, const struct str *params,
                       size_t n_params, struct db_rows *rows, struct err *err)
{
    char text[MAX_SQL];
    const char *values[DB_MAX_PARAMS] = {NULL};
    to_dollars(sql, text, sizeof text);
    for (size_t i = 0; i < n_params; i++) {
        if (!params[i].p) continue;
        struct str z = arena_copy(a, params[i]); /* libpq wants a 0 at the end */
        if (!z.p) return no_room(err);
        values[i] = z.p;
    }
    PGresult *r = PQexecParams(d->pg, text, (int)n_params, NULL, values, NULL, NULL, 0);
    ExecStatusType status = PQresultStatus(r);
    err_code rc = ERR_OK;
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
        const char *state = PQresultErrorField(r, PG_DIAG_SQLSTATE);
        bool unique = state && strcmp(state, "23505") == 0;
        rc = err_set(err, unique ? ERR_CONFLICT : ERR_IO, 0, "run \"%.80s\": %.100s", sql,
                     PQerrorMessage(d->pg));
        if (PQstatus(d->pg) == CONNECTION_BAD) PQreset(d->pg); /* the next call may succeed */
    } else if (rows) {
        size_t room = 0;
        *rows = (struct db_rows){.columns = (size_t)PQnfields(r)};
        for (int i = 0; i < PQntuples(r) && !rc; i++) {
            if (!add_row(a, rows, &room)) rc = no_room(err);
            for (size_t c = 0; c < rows->columns && !rc; c++)
                rc = set_cell(a, rows, c,
                              PQgetisnull(r, i, (int)c) ? NULL : PQgetvalue(r, i, (int)c),
                              (size_t)PQgetlength(r, i, (int)c), err);
        }
    }
    PQclear(r);
    return rc;
}

err_code db_run(struct db *d, struct arena *a, const char *sql, const struct str *params,
                size_t n_params, struct db_rows *rows, struct err *err)
{
    return d->pg ? run_pg(d, a, sql, params, n_params, rows, err)
                 : run_sqlite(d, a, sql, params, n_params, rows, err);
}

static err_code run_plain(struct db *d, const char *sql, struct err *err)
{
    struct arena none;
    arena_init(&none, 0);
    return db_run(d, &none, sql, NULL, 0, NULL, err);
}

err_code db_begin(struct db *d, struct err *err)
{
    /* Both forms take the write lock at once: what is read inside cannot be stale at the commit. */
    return run_plain(d, d->pg ? "BEGIN ISOLATION LEVEL SERIALIZABLE" : "BEGIN IMMEDIATE", err);
}

err_code db_commit(struct db *d, struct err *err)
{
    return run_plain(d, "COMMIT", err);
}

void db_rollback(struct db *d)
{
    err_code rc = run_plain(d, "ROLLBACK", NULL);
    (void)rc; /* it fails only when there is nothing left to roll back */
}
