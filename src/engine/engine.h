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
    const char *config_where; /* NULL: DIR/config.db */
    const char *country_db;   /* NULL: the one that came with the program, if found */
    size_t store_memory_bytes, journey_memory_bytes; /* 0: defaults */
    size_t threads;                                  /* for reports; 0: one per core */
    const struct fs *fs;                             /* of journal and journeys; NULL: fs_real */
    const struct clock *clock;                       /* NULL: clock_real */
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

/* Makes the folder when it is new, takes its lock (ERR_CONFLICT when a server has it: its address
 * is in DIR/lock), brings the journeys up to what the store has, tells the filter of duplicates
 * what store and journal hold, and starts the two threads, which go on from there. SIGXFSZ should
 * be ignored by the program, so that a limit of file size is an error and no end. */
MUST_CHECK err_code engine_open(const struct engine_options *o, struct engine *out,
                                struct err *err);
/* Waits until the store and the journeys have everything that is durable now; ERR_CANCELLED after
 * `wait_ms`. */
MUST_CHECK err_code engine_settle(struct engine *e, int64_t wait_ms, struct err *err);
uint64_t engine_store_lag(const struct engine *e); /* durable events not yet in the store */

struct engine_stats {
    uint64_t stored_seq,
        indexed_seq;         /* everything up to here is in the store, is visible in reports */
    uint64_t store_failures; /* failed batches; each is tried again until it succeeds */
    uint64_t index_failures; /* the same for the journeys */
    uint64_t journal_recoveries, journal_recovery_failures;
    uint64_t refused;   /* records that the store or the journeys refuse for good: logged */
    bool store_failing; /* the last try failed; the journal keeps what waits */
};
struct engine_stats engine_stats(const struct engine *e);

/* To be called once nothing is handed to accept any more.  Makes what was accepted durable, lets
 * the threads finish, persists, releases the lock.  What the store cannot take now stays in the
 * journal. */
void engine_close(struct engine *e);

enum { ENGINE_ADDRESS = 256, ENGINE_SECRET = 64 };
/* The folder's lock without opening it: true when another process has it; its address, for commands
 * that then talk to it ("http://127.0.0.1:8722"), and the secret that proves they may.  Both are ""
 * when that process has not announced itself (it is starting, or no server). */
bool engine_server_address(const char *data_dir, char address[ENGINE_ADDRESS],
                           char secret[ENGINE_SECRET]);
/* Makes a secret and writes it with the address into the lock file (0600), for those commands. */
MUST_CHECK err_code engine_announce(struct engine *e, const char *address,
                                    char secret[ENGINE_SECRET], struct err *err);

#endif
