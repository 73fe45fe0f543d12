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

struct journal; /* opaque */

struct journal_options {
    size_t segment_bytes; /* a new file is begun past this; 0: 64 MiB */
    size_t queue_bytes;   /* appended but not yet synced; 0: LIMIT_QUEUE_BYTES */
};

/* Opens the journal in `dir`, making it if absent, drops a torn tail, and starts the committer.
 * `fs` is borrowed and must outlive the journal: the real disk, or a failing one in tests.
 * ERR_IO, ERR_NOMEM; ERR_CORRUPT if a record before the tail fails its checksum. */
MUST_CHECK err_code journal_open(const struct fs *fs, const char *dir,
                                 const struct journal_options *options, struct journal **out,
                                 struct err *err);

/* Appends n records, copying them; they get consecutive numbers and `*first_seq` is the first.
 * All or nothing.  Not durable yet.  ERR_NOMEM when the queue is full (answer 503), ERR_IO after a
 * failed write or sync: then nothing more is accepted until journal_recover or a restart. */
MUST_CHECK err_code journal_append(struct journal *j, const struct str *records, size_t n,
                                   uint64_t *first_seq, struct err *err);

/* Calls done(arg, code) once everything appended before this call is on disk (ERR_OK) or cannot be
 * (ERR_IO): from the committer's thread, or at once when it is already so.  Must not block. */
void journal_when_durable(struct journal *j, void (*done)(void *arg, err_code code), void *arg);
/* The same, waiting. */
MUST_CHECK err_code journal_sync(struct journal *j, struct err *err);

uint64_t journal_durable_seq(const struct journal *j); /* the last number that is on disk; 0: none */
uint64_t journal_first_seq(const struct journal *j);   /* the oldest number still kept */

/* Reads records that are durable, from number `seq` on.  The cursor is one thread's. */
struct journal_reader;
MUST_CHECK err_code journal_reader_open(struct journal *j, uint64_t seq, struct journal_reader **out,
                                        struct err *err);
/* The next record, borrowed until the next call; `*seq` is its number.  Waits up to `wait_ms` for
 * one; ERR_NOT_FOUND when none came in that time. */
MUST_CHECK err_code journal_read(struct journal_reader *r, int wait_ms, uint64_t *seq,
                                 struct str *record, struct err *err);
void journal_reader_close(struct journal_reader *r); /* NULL is allowed */

/* Tells that every record up to `seq` is kept elsewhere: files wholly below it are deleted once no
 * open reader needs them. */
void journal_release(struct journal *j, uint64_t seq);

/* Tries again after a failed write or sync (disk full): checks the tail, begins a new file. */
MUST_CHECK err_code journal_recover(struct journal *j, struct err *err);

/* A new journal must never reuse numbers that the store has seen: raises the next number to at least
 * `seq` + 1.  Before the first append only. */
void journal_skip_to(struct journal *j, uint64_t seq);

struct journal_stats {
    uint64_t appended, syncs, bytes; /* since open */
    size_t queued_bytes, segments;
    bool failed;
};
struct journal_stats journal_stats(const struct journal *j);
void journal_close(struct journal *j); /* syncs what is queued; NULL is allowed */

#endif
