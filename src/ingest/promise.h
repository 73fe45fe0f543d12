/* promise.h: ids that were taken, until their events are on disk.
 *
 * If the journal cannot keep the events the ids are forgotten: the sender was not answered 2xx and
 * sends again, and that must not be taken for a duplicate. */
#ifndef CAIRN_INGEST_PROMISE_H
#define CAIRN_INGEST_PROMISE_H

#include "ingest/dedupe.h"
#include "journal/journal.h"

struct promises; /* all those not settled yet */
struct promise;  /* of one request; NULL when it has no ids */

MUST_CHECK err_code promises_open(struct dedupe *dedupe, struct journal *journal,
                                  struct promises **out, struct err *err);
/* Waits until all are settled.  NULL is allowed. */
void promises_close(struct promises *p);

/* Room for the ids of a request, made before anything is taken. */
MUST_CHECK err_code promise_make(struct promises *p, const struct dedupe_key *keys, size_t n,
                                 struct promise **out, struct err *err);
/* The events of `keys`, but for duplicates, were appended. */
void promise_give(struct promise *promise, const struct dedupe_key *keys, size_t n);
/* Nothing was appended. */
void promise_drop(struct promise *promise);

#endif
