#include "store/schema.h"

/* The steps from one version of the tables to the next: never changed once released, only added to.
 * Step i makes version i + 1.  The words of an ENUM are in the order of the C enum of
 * that name (event/event.h), because the columns hold its numbers. */
static const char *const steps[] = {
    /* 1 */
    "CREATE TYPE id_kind AS ENUM ('day','consented','known');"
    "CREATE TYPE event_kind AS ENUM ('pageview','custom','order','signal','exposure');"
    "CREATE TYPE event_origin AS ENUM ('browser','server','import','import_bots');"
    "CREATE TYPE bot_reason AS ENUM ('','user_agent','prefetch','headless','datacentre',"
    "'referrer_spam','behaviour');"
    "CREATE TABLE events ("
    "seq UBIGINT NOT NULL, site UINTEGER NOT NULL, visitor UBIGINT NOT NULL,"
    "happened_at TIMESTAMP NOT NULL, received_at TIMESTAMP NOT NULL, id_kind id_kind NOT NULL,"
    "kind event_kind NOT NULL, origin event_origin NOT NULL, bot_reason bot_reason,"
    "offline BOOLEAN NOT NULL, simulated BOOLEAN NOT NULL, value_minor BIGINT,"
    "engaged_ms UINTEGER, scroll UTINYINT, dedupe UBIGINT);"
    "CREATE TABLE meta (schema_version UINTEGER NOT NULL, watermark UBIGINT NOT NULL,"
    "identity UBIGINT NOT NULL);"
    "INSERT INTO meta VALUES (0, 0, hash(gen_random_uuid()));",
};
enum { N_STEPS = sizeof steps / sizeof *steps };

/* Texts are only ever added at the end of EVENT_TEXTS, so a column for each new one at the end of
 * the table keeps both in the same order, without a step of its own. */
static err_code add_text_columns(struct store *s, struct err *err)
{
    uint64_t n = 0;
    err_code code = duck_number(s->writer,
                                "SELECT count(*)::UBIGINT FROM duckdb_columns() "
                                "WHERE table_name = 'events' AND schema_name = 'main'",
                                &n, err);
    for (uint64_t i = n; !code && i < STORE_N_COLUMNS; i++) {
        char sql[128];
        if (i < COLUMN_TEXTS)
            return err_set(err, ERR_CORRUPT, 0, "store %s: events has only %d columns", s->path,
                           (int)n);
        snprintf(sql, sizeof sql, "ALTER TABLE events ADD COLUMN \"%s\" VARCHAR",
                 event_text_names[i - COLUMN_TEXTS]);
        code = duck_run(s->writer, sql, err);
    }
    if (!code && n > STORE_N_COLUMNS)
        code = err_named(err, ERR_INVALID, "newer_store", "", "store %s was made by a newer Cairn",
                         s->path);
    return code;
}

static err_code migrate(struct store *s, struct err *err)
{
    uint64_t version = 0, has_meta = 0;
    err_code code = duck_number(
        s->writer, "SELECT count(*)::UBIGINT FROM duckdb_tables() WHERE table_name = 'meta'",
        &has_meta, err);
    if (!code && has_meta)
        code = duck_number(s->writer, "SELECT schema_version::UBIGINT FROM meta", &version, err);
    if (code) return code;
    if (version > N_STEPS)
        return err_named(err, ERR_INVALID, "newer_store", "", "store %s was made by a newer Cairn",
                         s->path);
    for (; version < N_STEPS; version++) {
        char sql[64];
        if ((code = duck_run(s->writer, steps[version], err))) return code;
        snprintf(sql, sizeof sql, "UPDATE meta SET schema_version = %d", (int)version + 1);
        if ((code = duck_run(s->writer, sql, err))) return code;
    }
    return add_text_columns(s, err);
}

err_code store_schema_migrate(struct store *s, struct err *err)
{
    err_code code = duck_run(s->writer, "BEGIN", err);
    if (code) return code;
    code = migrate(s, err);
    if (!code) code = duck_run(s->writer, "COMMIT", err);
    if (code) {
        err_code ignored = duck_run(s->writer, "ROLLBACK", NULL);
        (void)ignored;
    }
    return code;
}

void store_schema_columns(struct buf *sql)
{
    static const char *const fixed[] = {
#define X(suffix, column) #column,
        STORE_COLUMNS(X)
#undef X
    };
    for (size_t i = 0; i < STORE_N_COLUMNS; i++)
        buf_printf(sql, "%s\"%s\"", i ? "," : "",
                   i < COLUMN_TEXTS ? fixed[i] : event_text_names[i - COLUMN_TEXTS]);
}
