/* index.h: the journeys of every site of a data folder: a derived index, safe to delete.
 *
 * In: events in order of seq, from the store when it opens and from the journal after that.
 * Out: immutable snapshots for scan.h.  One feeding thread, many readers, one merging thread.
 * Bytes on disk: docs/FORMAT.md.
 *
 * A site has dictionaries (append-only; a code means the same in every part), and parts: month
 * segments mapped from files, and sorted runs in memory for what is recent.  Within a part events
 * are sorted by (visitor, at_ms, seq).  Parts never change; merging makes new ones. */
#ifndef CAIRN_JOURNEY_INDEX_H
#define CAIRN_JOURNEY_INDEX_H

#include "base/clock.h"
#include "base/err.h"
#include "base/fs.h"
#include "event/event.h"

struct index;
struct snapshot;

struct index_options {
    const char *dir;     /* made if absent */
    size_t memory_bytes; /* runs past this are written out as segments; 0: 256 MiB */
};

/* Opens what is on disk: checks each file's checksum, version and size; a bad or half-written file
 * is set aside, logged, and its site starts from nothing (index_watermark is then 0 for it). */
MUST_CHECK err_code index_open(const struct fs *fs, const struct index_options *options,
                               struct index **out, struct err *err);

/* Every event of the site up to this number is in the index; 0: rebuild it from the store. */
uint64_t index_watermark(const struct index *x, uint32_t site);

/* Adds events, in ascending seq; numbers at or below the site's watermark are ignored, so feeding
 * again after a restart is harmless.  Bot events are kept out of the journeys and counted.
 * Visible to new snapshots after index_publish. */
MUST_CHECK err_code index_add(struct index *x, const struct event *e, struct err *err);

/* Makes what was added visible; tells every site that everything up to `seq`, received up to
 * `received_ms`, has been fed. */
MUST_CHECK err_code index_publish(struct index *x, uint64_t seq, int64_t received_ms,
                                  struct err *err);

/* Writes runs out as month segments, to a temporary name, synced, renamed, and then the manifest.
 */
MUST_CHECK err_code index_persist(struct index *x, struct err *err);

/* Removes a site's files, for a rebuild. */
MUST_CHECK err_code index_drop_site(struct index *x, uint32_t site, struct err *err);

/* The newest state of a site; never NULL, may be empty.  Release each one. */
struct snapshot *index_snapshot(struct index *x, uint32_t site);
void snapshot_release(struct snapshot *s); /* NULL is allowed */
int64_t
snapshot_watermark_ms(const struct snapshot *s);     /* every event received up to then is in it */
uint64_t snapshot_version(const struct snapshot *s); /* changes when the content does */
uint64_t snapshot_events(const struct snapshot *s);
bool snapshot_simulated(const struct snapshot *s); /* holds simulated events */
bool snapshot_range(const struct snapshot *s, int64_t *first_ms,
                    int64_t *last_ms); /* false: empty */

/* Bytes an event by column, for `cairn doctor`; bots by reason. */
struct index_column_size {
    const char *name;
    uint64_t bytes;
};
struct index_stats {
    uint64_t events, visitors, parts, mapped_bytes, memory_bytes;
    uint64_t bots[BOT_N];    /* kept out when they came in; behaviour is judged at scan time */
    uint64_t keys_refused;   /* property values past the cap on a site's distinct keys */
    uint64_t values_refused; /* past 256 values of one key in one event */
    struct index_column_size columns[24];
    size_t n_columns;
};
void index_stats(const struct index *x, uint32_t site, struct index_stats *out);
void index_close(struct index *x); /* persists first; NULL is allowed */

#endif
