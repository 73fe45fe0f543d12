/* schema.h: the store's tables, and the struct that the files of this folder share.
 *
 * `events` has one row an event: the fixed columns below, then one VARCHAR for each of EVENT_TEXTS.
 * What is absent is NULL.  `meta` has one row: the schema's number, the watermark and the store's
 * identity. */
#ifndef CAIRN_STORE_SCHEMA_H
#define CAIRN_STORE_SCHEMA_H

#include <pthread.h>
#include <stdatomic.h>

#include "store/duck.h"
#include "store/store.h"

/* X(enum suffix, column); their types are in schema.c */
#define STORE_COLUMNS(X)                                                                           \
    X(SEQ, seq)                                                                                    \
    X(SITE, site)                                                                                  \
    X(VISITOR, visitor)                                                                            \
    X(AT, happened_at)          /* UTC */                                                          \
    X(RECEIVED_AT, received_at) /* UTC */                                                          \
    X(ID_KIND, id_kind)                                                                            \
    X(KIND, kind)                                                                                  \
    X(ORIGIN, origin)                                                                              \
    X(BOT_REASON, bot_reason) /* NULL: not a bot */                                                \
    X(OFFLINE, offline)                                                                            \
    X(SIMULATED, simulated)                                                                        \
    X(VALUE_MINOR, value_minor) /* in the minor unit of `currency` */                              \
    X(ENGAGED_MS, engaged_ms)                                                                      \
    X(SCROLL, scroll) /* percent */                                                                \
    X(DEDUPE, dedupe)

enum store_column {
#define X(suffix, column) COLUMN_##suffix,
    STORE_COLUMNS(X)
#undef X
        COLUMN_TEXTS, /* the first of EVENT_N_TEXTS */
    STORE_N_COLUMNS = COLUMN_TEXTS + EVENT_N_TEXTS
};

struct store {
    char *path;
    size_t memory_bytes;
    int threads;
    uint64_t identity;
    /* Readers hold it shared for as long as they have a connection; alone it is held while the
     * database is opened again.  Taken after `writing`. */
    pthread_rwlock_t use;
    duckdb_database db;         /* NULL after a failed try to open it again */
    _Atomic uint64_t watermark; /* set with release after its batch is committed */
    pthread_mutex_t writing;    /* guards what follows; a leaf */
    duckdb_connection writer;
    duckdb_data_chunk chunk;  /* what store_add fills */
    duckdb_appender appender; /* while a transaction is open */
    uint64_t pending;         /* the watermark that the open transaction will commit */
    bool open;
    bool spoilt; /* a transaction failed: open the database again before the next one */
};

/* Opens the database again as its files have it.  Called with `writing` held. */
MUST_CHECK err_code store_reopen(struct store *s, struct err *err);
/* A connection of a reader's own, and its end.  ERR_IO while the database cannot be opened. */
MUST_CHECK err_code store_connect(struct store *s, duckdb_connection *out, struct err *err);
void store_disconnect(struct store *s, duckdb_connection *con); /* NULL in it is allowed */

/* Makes or migrates the tables; runs as one transaction on the writer. */
MUST_CHECK err_code store_schema_migrate(struct store *s, struct err *err);

/* "seq,site,...,items": all columns in the order of enum store_column. */
void store_schema_columns(struct buf *sql);

#endif
