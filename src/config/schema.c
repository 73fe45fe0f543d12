#include "config/schema.h"

#include <stdio.h>

/* Migration k brings version k to k + 1; append only.  Each is a list of statements. */
static const char *const first[] = {
    "CREATE TABLE counters (name TEXT PRIMARY KEY, value BIGINT NOT NULL)",
    "INSERT INTO counters VALUES ('version', 1), ('site', 0), ('user', 0), ('history', 0)",
    "CREATE TABLE sites (id BIGINT PRIMARY KEY, key TEXT NOT NULL UNIQUE, doc TEXT NOT NULL,"
    " id_key TEXT NOT NULL, created_ms BIGINT NOT NULL)",
    /* goals, funnels, segments ...: one JSON document each */
    "CREATE TABLE things (site BIGINT NOT NULL, kind TEXT NOT NULL, key TEXT NOT NULL,"
    " position BIGINT NOT NULL, doc TEXT NOT NULL, PRIMARY KEY (site, kind, key))",
    "CREATE TABLE history (id BIGINT PRIMARY KEY, site BIGINT NOT NULL, kind TEXT NOT NULL,"
    " key TEXT NOT NULL, at_ms BIGINT NOT NULL, who TEXT NOT NULL, change TEXT NOT NULL,"
    " doc_before TEXT, doc_after TEXT)",
    "CREATE INDEX history_of ON history (site, kind, key)",
    "CREATE TABLE users (id BIGINT PRIMARY KEY, mail TEXT NOT NULL UNIQUE, role TEXT NOT NULL,"
    " password TEXT, created_ms BIGINT NOT NULL)",
    "CREATE TABLE user_sites (user_id BIGINT NOT NULL, site BIGINT NOT NULL, role TEXT NOT NULL,"
    " PRIMARY KEY (user_id, site))",
    /* Of secrets only the hash is kept. */
    "CREATE TABLE links (hash TEXT PRIMARY KEY, user_id BIGINT NOT NULL, expires_ms BIGINT NOT "
    "NULL)",
    "CREATE TABLE web_sessions (hash TEXT PRIMARY KEY, user_id BIGINT NOT NULL, csrf TEXT NOT NULL,"
    " expires_ms BIGINT NOT NULL)",
    "CREATE TABLE tokens (hash TEXT PRIMARY KEY, site BIGINT NOT NULL, name TEXT NOT NULL,"
    " scopes BIGINT NOT NULL, created_ms BIGINT NOT NULL)",
    "CREATE TABLE attempts (mail TEXT NOT NULL, at_ms BIGINT NOT NULL)",
    "CREATE INDEX attempts_of ON attempts (mail, at_ms)",
    NULL,
};

static const char *const *const migrations[] = {first};
enum { VERSION = sizeof migrations / sizeof *migrations };

static err_code version_of(struct db *d, struct arena *a, int64_t *version, struct err *err)
{
    struct db_rows rows;
    err_code rc =
        db_run(d, a, "CREATE TABLE IF NOT EXISTS schema_version (version BIGINT NOT NULL)", NULL, 0,
               NULL, err);
    if (!rc) rc = db_run(d, a, "SELECT MAX(version) FROM schema_version", NULL, 0, &rows, err);
    if (rc) return rc;
    *version = 0;
    if (rows.cells[0].p && !str_to_i64(rows.cells[0], version))
        return err_set(err, ERR_CORRUPT, 0, "the configuration's version is not a number");
    return ERR_OK;
}

err_code schema_migrate(struct db *d, struct err *err)
{
    struct arena a;
    arena_init(&a, 64 * 1024);
    err_code rc = db_begin(d, err);
    if (rc) return rc;
    int64_t version = 0;
    rc = version_of(d, &a, &version, err);
    if (!rc && version > VERSION)
        rc = err_set(
            err, ERR_CORRUPT, 0,
            "the configuration was written by a newer Cairn (version %d, this one knows %d)",
            (int)version, (int)VERSION);
    for (; !rc && version < VERSION; version++) {
        for (const char *const *sql = migrations[version]; *sql && !rc; sql++)
            rc = db_run(d, &a, *sql, NULL, 0, NULL, err);
        char next[24];
        snprintf(next, sizeof next, "%d", (int)version + 1);
        if (!rc) rc = DB(d, &a, "INSERT INTO schema_version VALUES (?1)", NULL, err, str_of(next));
    }
    if (!rc) rc = db_commit(d, err);
    else db_rollback(d);
    arena_free(&a);
    return rc;
}
