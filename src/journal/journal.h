/* journal.h: the durable, append-only record of every accepted event.
 *
 * In: encoded events (event_encode).  Out: the same bytes, in the same order, after any crash.
 * Many threads append; one committer thread writes and syncs what has gathered (group commit);
 * readers follow behind and never block it.
 * Bytes on disk: docs/FORMAT.md.  Proofs: journal_test.c, tests/crash/. */
#ifndef CAIRN_JOURNAL_JOURNAL_H
#define CAIRN_JOURNAL_JOURNAL_H

#include "base/bytes.h"
#include "base/err.h"
#include "base/fs.h"
#include "event/limits.h"

struct journal; /* opaque */

struct journal_options {
    size_t segment_bytes; /* a new file is begun past this; 0: 64 MiB */
    size_t queue_bytes;   /* appended but not yet synced; 0: LIMIT_QUEUE_BYTES */
};

/* Opens the journal in `dir`, making it if absent, drops a torn tail, and starts the committer.
 * `fs` is borrowed and must outlive the journal: the real disk, or a failing one in tests.
 * ERR_IO, ERR_NOMEM; ERR_CORRUPT if a record before the tail fails its checksum or a file between
 * two others is missing.  The tail is the last commit: what was never acknowledged is not damage.
 */
MUST_CHECK err_code journal_open(const struct fs *fs, const char *dir,
                                 const struct journal_options *options, struct journal **out,
                                 struct err *err);

enum { JOURNAL_MAX_RECORD = LIMIT_EVENT_BYTES };

/* Appends n records, copying them; they get consecutive numbers and `*first_seq` is the first.
 * All or nothing.  Not durable yet.  ERR_TOO_BIG past JOURNAL_MAX_RECORD; ERR_NOMEM when the queue
 * is full (answer 503); ERR_IO after a failed write or sync: then what was not yet durable is
 * refused, its numbers will be given again, and nothing more is accepted until journal_recover or a
 * restart. */
MUST_CHECK err_code journal_append(struct journal *j, const struct str *records, size_t n,
                                   uint64_t *first_seq, struct err *err);

/* Calls done(arg, code) once everything appended before this call is on disk (ERR_OK) or cannot be
 * (ERR_IO): from the committer's thread, or at once when it is already so.  Must not block. */
void journal_when_durable(struct journal *j, void (*done)(void *arg, err_code code), void *arg);
/* The same, waiting. */
MUST_CHECK err_code journal_sync(struct journal *j, struct err *err);

uint64_t
journal_durable_seq(const struct journal *j);        /* the last number that is on disk; 0: none */
uint64_t journal_last_seq(const struct journal *j);  /* the last number given, durable or not */
uint64_t journal_first_seq(const struct journal *j); /* the oldest number still kept; when there is
                                                      * none, the next to be given */

/* Reads records that are durable, from number `seq` on (or the oldest kept after it).  The reader
 * is one thread's, and closed before the journal. */
struct journal_reader;
MUST_CHECK err_code journal_reader_open(struct journal *j, uint64_t seq,
                                        struct journal_reader **out, struct err *err);
/* The next record, borrowed until the next call; `*seq` is its number.  Waits up to `wait_ms` for
 * one; ERR_NOT_FOUND when none came in that time.  ERR_IO, ERR_CORRUPT: the reader stays where it
 * is. */
MUST_CHECK err_code journal_read(struct journal_reader *r, int wait_ms, uint64_t *seq,
                                 struct str *record, struct err *err);
void journal_reader_close(struct journal_reader *r); /* NULL is allowed */

/* Tells that every record up to `seq` is kept elsewhere: files wholly below it are deleted once no
 * open reader needs them. */
void journal_release(struct journal *j, uint64_t seq);

/* Tries again after a failed write or sync (disk full): cuts off what was not acknowledged and
 * begins a new file, because after a failed sync nobody knows what the old pages hold.  ERR_IO: not
 * yet. ERR_OK at once when nothing had failed. */
MUST_CHECK err_code journal_recover(struct journal *j, struct err *err);

/* A new journal must never reuse numbers that the store has seen: raises the next number to at
 * least `seq` + 1.  Before the first append only. */
void journal_skip_to(struct journal *j, uint64_t seq);

struct journal_stats {
    uint64_t appended, syncs, bytes; /* since open */
    uint64_t refused;                /* records that were appended and never became durable */
    uint64_t failures;               /* failed writes and syncs */
    size_t queued_bytes, segments;
    bool failed;    /* now; journal_recover */
    struct err why; /* the last failure */
};
struct journal_stats journal_stats(const struct journal *j);
void journal_close(struct journal *j); /* syncs what is queued; NULL is allowed */

#endif
