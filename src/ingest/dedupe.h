/* dedupe.h: which event ids were taken lately: the same id within LIMIT_DEDUPE_MS of receipt is one
 * event.
 *
 * Keys are keyed 64-bit hashes of (site, id).  Checking, remembering and handing to the journal are
 * one step (dedupe_commit), so that of requests with the same id at the same time exactly one wins,
 * and none is told "duplicate" of an event that the journal then refused. Memory: 16 bytes an id at
 * most half full; what has expired goes when a table grows. */
#ifndef CAIRN_INGEST_DEDUPE_H
#define CAIRN_INGEST_DEDUPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct dedupe;

struct dedupe_key {
    uint64_t key; /* 0: the event has no id */
    bool duplicate;
};

MUST_CHECK err_code dedupe_open(struct dedupe **out, struct err *err);
void dedupe_close(struct dedupe *d); /* NULL is allowed */

/* An id that the store has.  One older than LIMIT_DEDUPE_MS at `now_ms` counts with any_age only,
 * and from the first such one on nothing expires. */
void dedupe_seen(struct dedupe *d, uint64_t key, int64_t received_ms, int64_t now_ms);

/* Marks the duplicates among `keys`, also of each other, then calls append(arg, err), which hands
 * the others on.  When that fails none of them is remembered, and its code is returned.  ERR_NOMEM
 * without having called it. */
MUST_CHECK err_code dedupe_commit(struct dedupe *d, struct dedupe_key *keys, size_t n,
                                  int64_t now_ms, bool any_age,
                                  err_code (*append)(void *arg, struct err *err), void *arg,
                                  struct err *err);

/* Forgets ids that dedupe_commit took: the journal could not keep their events. */
void dedupe_forget(struct dedupe *d, const uint64_t *keys, size_t n);

#endif
