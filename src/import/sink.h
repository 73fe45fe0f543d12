/* sink.h: where events go: into the data folder that this process has open, or to a server over
 * HTTP.
 *
 * Both take the same bytes: events as JSON lines, in batches, in order; a batch is on disk when
 * sink_flush returns. */
#ifndef CAIRN_IMPORT_SINK_H
#define CAIRN_IMPORT_SINK_H

#include <signal.h>

#include "base/bytes.h"
#include "config/site.h"
#include "engine/engine.h"
#include "import/row.h"

struct sink;

struct sink_target {
    struct engine *engine;       /* this process's, or NULL: */
    const char *address;         /* "http://127.0.0.1:8722" */
    const char *secret;          /* bearer token */
    const struct site *site;     /* with an engine */
    const char *site_key;        /* with an address */
    const char *protocol;        /* "csv", "access-log", ... */
    bool bots;                   /* the behaviour rules apply too */
    volatile sig_atomic_t *stop; /* how often a signal asked: 1 ends waiting, 2 an exchange */
};
MUST_CHECK err_code sink_open(const struct sink_target *t, struct sink **out, struct err *err);

/* The batch's bytes, to append one event to; then sink_added with the row it came from. */
struct buf *sink_batch(struct sink *s);
void sink_added(struct sink *s, const struct row *row);
bool sink_full(const struct sink *s);

struct sink_result {
    uint64_t recorded, duplicates, refused;
};
/* Hands the batch over and waits until it is durable.  `refused` is called for each event that was
 * not taken.  ERR_DENIED, ERR_NOT_FOUND (no such site), ERR_IO, ERR_CANCELLED (told to stop
 * meanwhile). */
MUST_CHECK err_code sink_flush(struct sink *s, struct sink_result *result,
                               err_code (*refused)(void *arg, uint64_t row, uint64_t line,
                                                   const char *code, const char *field,
                                                   struct err *err),
                               void *arg, struct err *err);
void sink_close(struct sink *s); /* NULL is allowed */

/* A GET whose answer is JSON, from the target's server. */
MUST_CHECK err_code sink_get(struct sink *s, const char *path, json_t **out, struct err *err);

#endif
