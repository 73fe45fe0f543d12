/* feed_store.c: carries events from the journal into the store, in batches.
 *
 * The journal keeps everything until the store has committed it, so after any failure this starts
 * again behind the store's watermark, and goes on trying for as long as it takes. */
#include <inttypes.h>
#include <stdlib.h>

#include "base/log.h"
#include "engine/engine_own.h"

enum {
    BATCH_ROWS = 4096,
    BATCH_BYTES = 8 * 1024 * 1024,
    BATCH_MS = 1000, /* a row waits no longer than this for its batch */
    NAP_MS = 20,
    IDLE_MS = 200,
    BACKLOG_ROWS = 100000, /* from here on many batches are one transaction */
    TRANSACTION_ROWS = 500000,
    BACKOFF_FIRST_MS = 100,
    BACKOFF_MAX_MS = 10000,
    PERSIST_MS = 5 * 60 * 1000,
};

struct row {
    uint64_t seq;
    size_t at, n; /* in bytes */
};

struct feed {
    struct engine_own *own;
    struct journal_reader *reader; /* NULL: begin behind the store's watermark */
    struct buf bytes;              /* the batch's records, copied: a reader lends one at a time */
    size_t n;
    bool in_transaction, careful; /* careful: one batch, one transaction, to find what is refused */
    size_t transaction_rows;
    int64_t backoff_ms, persist_ns;
    uint64_t persisted_seq, refused;
    struct row rows[BATCH_ROWS];
    struct event events[BATCH_ROWS];
};

static int64_t ms_since(int64_t ns)
{
    return (clock_mono_ns() - ns) / 1000000;
}

/* True when the batch should not wait for more: somebody waits for it, or the engine closes. */
static bool in_a_hurry(struct feed *f, uint64_t seq)
{
    struct engine_own *o = f->own;
    pthread_mutex_lock(&o->lock);
    bool yes = o->closing || o->hurry_to >= seq;
    pthread_mutex_unlock(&o->lock);
    return yes;
}

/* Fills the batch.  ERR_NOT_FOUND: nothing came in a while. */
static err_code gather(struct feed *f, struct err *err)
{
    int64_t began = 0;
    f->n = 0;
    buf_clear(&f->bytes);
    while (f->n < BATCH_ROWS && f->bytes.n < BATCH_BYTES) {
        struct str record;
        uint64_t seq;
        int wait_ms = f->n == 0 && !f->in_transaction ? IDLE_MS : 0;
        err_code code = journal_read(f->reader, wait_ms, &seq, &record, err);
        if (code == ERR_OK) {
            if (f->n == 0) began = clock_mono_ns();
            f->rows[f->n++] = (struct row){seq, f->bytes.n, record.n};
            buf_str(&f->bytes, record);
            if (f->bytes.bad) return err_set(err, ERR_NOMEM, 0, "batch of %zu events", f->n);
            continue;
        }
        if (code != ERR_NOT_FOUND) return code;
        if (f->n == 0) return code;
        if (f->in_transaction || in_a_hurry(f, f->rows[0].seq) || ms_since(began) >= BATCH_MS)
            break;
        engine_nap(f->own, NAP_MS);
    }
    return ERR_OK;
}

static void note_refused(struct feed *f, uint64_t seq, const struct err *why)
{
    log_line(LOG_ERROR, "event_refused_for_good", "seq=%" PRIu64 " why=\"%s\"", seq, why->msg);
    f->refused++;
}

/* Bytes to events.  What passed the journal's checksum and is no event was never written by this
 * program: it is logged and left out, for it would stop everything behind it. */
static size_t decode(struct feed *f)
{
    size_t n = 0;
    for (size_t i = 0; i < f->n; i++) {
        struct err why;
        struct str record = {f->bytes.p + f->rows[i].at, f->rows[i].n};
        if (event_decode(record, &f->events[n], &why) != ERR_OK) {
            note_refused(f, f->rows[i].seq, &why);
            continue;
        }
        f->events[n++].seq = f->rows[i].seq;
    }
    return n;
}

/* Halves the batch until what the store calls invalid stands alone, and leaves that out. */
static err_code add_carefully(struct feed *f, const struct event *events, size_t n, struct err *err)
{
    err_code code = store_add(f->own->parts.store, events, n, err);
    if (code != ERR_INVALID) return code;
    if (n == 1) {
        note_refused(f, events[0].seq, err);
        return ERR_OK;
    }
    code = add_carefully(f, events, n / 2, err);
    return code == ERR_OK ? add_carefully(f, events + n / 2, n - n / 2, err) : code;
}

static err_code commit(struct feed *f, struct err *err)
{
    if (!f->in_transaction) return ERR_OK;
    f->in_transaction = false;
    return store_commit(f->own->parts.store, err);
}

static err_code write_batch(struct feed *f, struct err *err)
{
    struct store *s = f->own->parts.store;
    uint64_t last = f->rows[f->n - 1].seq, durable = journal_durable_seq(f->own->parts.journal);
    size_t n = decode(f);
    err_code code = ERR_OK;
    if (!f->in_transaction && !f->careful && durable - last >= BACKLOG_ROWS) {
        code = store_begin(s, err);
        f->in_transaction = code == ERR_OK;
        f->transaction_rows = 0;
    }
    if (code == ERR_OK && n > 0)
        code = f->in_transaction ? store_add(s, f->events, n, err)
                                 : add_carefully(f, f->events, n, err);
    f->transaction_rows += n;
    if (code == ERR_OK && (f->transaction_rows >= TRANSACTION_ROWS || durable - last < BATCH_ROWS))
        code = commit(f, err);
    return code;
}

/* Everything up to `seq` is committed. */
static void note_stored(struct feed *f, uint64_t seq)
{
    struct engine_own *o = f->own;
    f->backoff_ms = 0;
    f->careful = false;
    pthread_mutex_lock(&o->lock);
    if (seq > o->stats.stored_seq) o->stats.stored_seq = seq;
    o->stats.refused += f->refused;
    bool was_failing = o->stats.store_failing;
    o->stats.store_failing = false;
    pthread_cond_broadcast(&o->changed);
    pthread_mutex_unlock(&o->lock);
    f->refused = 0;
    if (was_failing) log_line(LOG_INFO, "store_works_again", "stored=%" PRIu64, seq);
    journal_release(o->parts.journal, seq);
}

/* Begins again behind the watermark after a pause.  True when the engine closes: then the journal
 * keeps the rest for the next start. */
static bool back_off(struct feed *f, const struct err *why)
{
    struct engine_own *o = f->own;
    journal_reader_close(f->reader);
    f->reader = NULL;
    f->in_transaction = false; /* the store has none open after a failure */
    f->careful = true;
    f->refused = 0;
    pthread_mutex_lock(&o->lock);
    o->stats.store_failures++;
    o->stats.store_failing = true;
    bool closing = o->closing;
    pthread_mutex_unlock(&o->lock);
    f->backoff_ms = f->backoff_ms ? f->backoff_ms * 2 : BACKOFF_FIRST_MS;
    if (f->backoff_ms > BACKOFF_MAX_MS) f->backoff_ms = BACKOFF_MAX_MS;
    log_line(LOG_ERROR, "store_failed", "code=%s retry_ms=%" PRId64 " why=\"%s\"",
             err_code_name(why->code), f->backoff_ms, why->msg);
    for (int64_t began = clock_mono_ns(); !closing && ms_since(began) < f->backoff_ms;)
        closing = engine_nap(o, (int)f->backoff_ms);
    return closing;
}

/* The journeys are written out here and not by the thread that feeds them, so that they stay fresh
 * meanwhile. */
static void persist_sometimes(struct feed *f)
{
    struct engine_own *o = f->own;
    struct err err;
    if (ms_since(f->persist_ns) < PERSIST_MS) return;
    f->persist_ns = clock_mono_ns();
    pthread_mutex_lock(&o->lock);
    uint64_t seq = o->stats.indexed_seq;
    pthread_mutex_unlock(&o->lock);
    if (seq == f->persisted_seq) return;
    if (index_persist(o->parts.index, &err) == ERR_OK) {
        f->persisted_seq = seq;
        return;
    }
    log_line(LOG_ERROR, "journeys_not_written", "why=\"%s\"", err.msg);
    pthread_mutex_lock(&o->lock);
    o->stats.index_failures++;
    pthread_mutex_unlock(&o->lock);
}

static err_code step(struct feed *f, bool *idle, struct err *err)
{
    struct engine_own *o = f->own;
    uint64_t durable = journal_durable_seq(o->parts.journal);
    err_code code = ERR_OK;
    if (!f->reader)
        code = journal_reader_open(o->parts.journal, store_watermark(o->parts.store) + 1,
                                   &f->reader, err);
    if (code == ERR_OK) code = gather(f, err);
    *idle = code == ERR_NOT_FOUND;
    if (*idle) {
        code = commit(f, err);
        /* Numbers may have been skipped: with nothing to read, all that was durable is stored. */
        if (code == ERR_OK) note_stored(f, durable);
    } else if (code == ERR_OK) {
        code = write_batch(f, err);
        if (code == ERR_OK && !f->in_transaction) note_stored(f, f->rows[f->n - 1].seq);
    }
    return code;
}

void *engine_store_thread(void *own)
{
    struct engine_own *o = own;
    struct err err;
    struct feed *f;
    while (!(f = calloc(1, sizeof *f))) {
        log_line(LOG_ERROR, "store_failed", "why=\"no memory for a batch\"");
        if (engine_nap(o, BACKOFF_MAX_MS)) return NULL;
    }
    f->own = o;
    f->persist_ns = clock_mono_ns();
    for (;;) {
        bool idle;
        if (step(f, &idle, &err) != ERR_OK) {
            if (back_off(f, &err)) break;
        } else if (idle && engine_nap(o, 0)) {
            break;
        }
        persist_sometimes(f);
    }
    journal_reader_close(f->reader);
    buf_free(&f->bytes);
    free(f);
    return NULL;
}
