/* engine.h: a data folder at work: configuration, journal, store and journeys, and the two threads
 * that carry events from the journal into the store and the journeys.
 *
 * Used by every command that opens a data folder: serve, demo, import, export, the benchmarks.
 *   DIR/config.db  DIR/journal/  DIR/events.duckdb  DIR/journey/  DIR/salt  DIR/lock */
#ifndef CAIRN_ENGINE_ENGINE_H
#define CAIRN_ENGINE_ENGINE_H

#include "base/clock.h"
#include "base/err.h"
#include "base/fs.h"
#include "base/pool.h"
#include "config/config.h"
#include "ingest/accept.h"
#include "journal/journal.h"
#include "journey/index.h"
#include "store/store.h"

struct engine_options {
    const char *data_dir;
    const char *config_where;   /* NULL: DIR/config.db */
    const char *country_db;     /* NULL: the one that came with the program, if found */
    size_t store_memory_bytes, journey_memory_bytes; /* 0: defaults */
    size_t threads;             /* for reports; 0: one per core */
    const struct fs *fs;        /* NULL: fs_real */
    const struct clock *clock;  /* NULL: clock_real */
    /* Told of long work at start (rebuilding journeys): done of total, or NULL. */
    void (*progress)(void *arg, const char *what, uint64_t done, uint64_t total);
    void *arg;
};

struct engine { /* the parts, borrowed by whoever holds the engine */
    struct config *config;
    struct journal *journal;
    struct store *store;
    struct index *index;
    struct accept *accept;
    struct pool *pool;
    const struct clock *clock;
    struct engine_own *own; /* threads, lock file: engine.c only */
};

/* Takes the folder's lock (ERR_CONFLICT when a server has it: its address is in DIR/lock), replays
 * what the store lacks, brings the journeys up to date, starts the two threads. */
MUST_CHECK err_code engine_open(const struct engine_options *o, struct engine *out, struct err *err);
/* Waits until the store and the journeys have everything that is durable now; ERR_CANCELLED after
 * `wait_ms`. */
MUST_CHECK err_code engine_settle(struct engine *e, int64_t wait_ms, struct err *err);
uint64_t engine_store_lag(const struct engine *e);   /* events not yet in the store */
void engine_close(struct engine *e); /* settles, persists, releases the lock */

/* The folder's lock without opening it: true when a server runs on it; its address, for commands
 * that then talk to it ("http://127.0.0.1:8722"), and the secret that proves they may. */
bool engine_server_address(const char *data_dir, char address[256], char secret[64]);
/* Writes address and secret into the lock file, for those commands. */
MUST_CHECK err_code engine_announce(struct engine *e, const char *address, char secret[64],
                                    struct err *err);

#endif
