/* store.h: the truth: every event, in a plain DuckDB file that any DuckDB client can open.
 *
 * One writer.  A batch and the highest journal number in it are one transaction, so feeding the
 * same events again after a crash adds nothing twice.  Only this folder includes duckdb.h. */
#ifndef CAIRN_STORE_STORE_H
#define CAIRN_STORE_STORE_H

#include "base/err.h"
#include "event/event.h"

struct store;

/* Opens or makes `path` and migrates its tables.  `memory_bytes` caps DuckDB's memory (0: 512 MiB),
 * `threads` its threads (0: all).  ERR_CONFLICT when another process has it open. */
MUST_CHECK err_code store_open(const char *path, size_t memory_bytes, int threads,
                               struct store **out, struct err *err);
void store_close(struct store *s); /* checkpoints; NULL is allowed */

uint64_t store_watermark(const struct store *s); /* every event up to this number is committed */

/* Adds a batch in ascending seq, one transaction.  Events at or below the watermark are skipped.
 * Texts are UTF-8 (ERR_INVALID).  After an error nothing of the batch is in. */
MUST_CHECK err_code store_add(struct store *s, const struct event *events, size_t n,
                              struct err *err);

/* Between these two, several store_add are one transaction.  A long backlog goes in about twice as
 * fast that way: past some 100,000 rows they are written compressed into the file at once instead
 * of through the log.  After a failed store_add or store_commit nothing of the transaction is in,
 * and none is open.  The watermark moves at the commit. */
MUST_CHECK err_code store_begin(struct store *s, struct err *err);
MUST_CHECK err_code store_commit(struct store *s, struct err *err);

/* Streams events in the asked order; texts are borrowed during the call of `each`, which returns
 * other than ERR_OK to stop.  Runs beside the writer. */
enum store_order { STORE_BY_SEQ, STORE_BY_VISITOR /* visitor, at_ms, seq */ };
struct store_query {
    uint32_t site;          /* 0: all */
    uint64_t after_seq;     /* only seq > after_seq */
    uint64_t upto_seq;      /* 0: no limit */
    int64_t from_ms, to_ms; /* [from, to); both 0: all time */
    uint64_t visitor;       /* with one_visitor */
    bool one_visitor, with_bots;
    enum store_order order;
    size_t limit; /* 0: none */
};
MUST_CHECK err_code store_each(struct store *s, const struct store_query *q,
                               err_code (*each)(void *arg, const struct event *e), void *arg,
                               struct err *err);

/* The dedupe hashes (event.dedupe, not 0) of events received at or after `since_ms` (of one site,
 * or 0 for all), for the duplicate filter. */
MUST_CHECK err_code store_each_dedupe(struct store *s, uint32_t site, int64_t since_ms,
                                      err_code (*each)(void *arg, uint32_t site, uint64_t dedupe,
                                                       int64_t received_ms),
                                      void *arg, struct err *err);

struct store_counts {
    uint64_t events, bots, file_bytes, wal_bytes;
};
MUST_CHECK err_code store_counts(struct store *s, uint32_t site, struct store_counts *out,
                                 struct err *err);

/* Writes events of a site to a file, or "-" for standard output, with the field names of Recording
 * (API.md) and what Cairn found out besides (docs/FORMAT.md "Export").  A file appears only once it
 * is whole.  ERR_INVALID for another format, ERR_IO. */
struct store_export {
    uint32_t site;
    struct str site_key;
    const char *format; /* "csv", "jsonl", "parquet" */
    const char *path;
    int64_t from_ms, to_ms; /* [from, to); both 0: all time */
};
MUST_CHECK err_code store_export(struct store *s, const struct store_export *what, uint64_t *rows,
                                 struct err *err);

/* A number that no other store has: the id of an event that was sent without one is exported as
 * "@<identity>-<site>-<seq>", so that the same event is known again when it is imported. */
uint64_t store_identity(const struct store *s);

#endif
