#include "ingest/dedupe.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/hash.h"
#include "event/limits.h"

/* A request may hold all shards and then the journal's lock; the thread sanitizer follows 64 at
 * most. */
enum { SHARD_BITS = 5, SHARDS = 1 << SHARD_BITS, FIRST_SIZE = 64 };

struct entry {
    uint64_t key; /* 0: free */
    int64_t received_ms;
};

struct shard {
    pthread_mutex_t
        lock; /* guards what follows; shards are locked in rising order, the journal's lock after */
    struct entry *entries;
    size_t n, size; /* size is a power of two, at most half full */
};

struct dedupe {
    struct shard shards[SHARDS];
    /* Whether ids older than the limit are kept for imports.  Relaxed: it only ever turns true, and
     * a table that grows at that very moment may still drop what had expired before. */
    atomic_bool keep_old;
};

err_code dedupe_open(struct dedupe **out, struct err *err)
{
    struct dedupe *d = calloc(1, sizeof *d);
    if (!d) return err_set(err, ERR_NOMEM, 0, "open the filter of duplicates");
    for (size_t i = 0; i < SHARDS; i++) pthread_mutex_init(&d->shards[i].lock, NULL);
    *out = d;
    return ERR_OK;
}

void dedupe_close(struct dedupe *d)
{
    if (!d) return;
    for (size_t i = 0; i < SHARDS; i++) {
        pthread_mutex_destroy(&d->shards[i].lock);
        free(d->shards[i].entries);
    }
    free(d);
}

static size_t shard_of(uint64_t key)
{
    return (size_t)(key >> (64 - SHARD_BITS));
}

static struct entry *slot(struct entry *entries, size_t size, uint64_t key)
{
    size_t at = (size_t)hash_mix(key) & (size - 1);
    while (entries[at].key && entries[at].key != key) at = (at + 1) & (size - 1);
    return &entries[at];
}

/* Room for one more, dropping what has expired. */
static bool make_room(struct shard *s, int64_t now_ms, bool keep_old)
{
    if (s->n * 2 < s->size) return true;
    size_t live = 0;
    for (size_t i = 0; i < s->size; i++)
        live += s->entries[i].key &&
                (keep_old || now_ms - s->entries[i].received_ms <= LIMIT_DEDUPE_MS);
    size_t size = FIRST_SIZE;
    while (size < live * 4) size *= 2; /* a quarter full, so that the next time is far */
    struct entry *more = calloc(size, sizeof *more);
    if (!more) return false;
    for (size_t i = 0; i < s->size; i++) {
        const struct entry *e = &s->entries[i];
        if (e->key && (keep_old || now_ms - e->received_ms <= LIMIT_DEDUPE_MS))
            *slot(more, size, e->key) = *e;
    }
    free(s->entries);
    s->entries = more;
    s->size = size;
    s->n = live;
    return true;
}

void dedupe_seen(struct dedupe *d, uint64_t key, int64_t received_ms, int64_t now_ms)
{
    if (key == 0) return;
    bool old = now_ms - received_ms > LIMIT_DEDUPE_MS;
    if (old) atomic_store_explicit(&d->keep_old, true, memory_order_relaxed);
    bool keep_old = old || atomic_load_explicit(&d->keep_old, memory_order_relaxed);
    struct shard *s = &d->shards[shard_of(key)];
    pthread_mutex_lock(&s->lock);
    if (make_room(s, now_ms, keep_old)) {
        struct entry *e = slot(s->entries, s->size, key);
        s->n += e->key == 0;
        if (e->key == 0 || e->received_ms < received_ms) e->received_ms = received_ms;
        e->key = key;
    }
    pthread_mutex_unlock(&s->lock);
}

/* What an entry was before this request took it. */
struct undo {
    uint64_t key;
    int64_t received_ms;
    bool was_there;
};

static void forget(struct dedupe *d, const struct undo *u)
{
    struct shard *s = &d->shards[shard_of(u->key)];
    if (s->n == 0) return;
    struct entry *e = slot(s->entries, s->size, u->key);
    if (e->key == 0) return;
    if (u->was_there) {
        e->received_ms = u->received_ms;
        return;
    }
    /* Takes the entry out and closes the gap (Knuth 6.4, algorithm R). */
    size_t mask = s->size - 1, gap = (size_t)(e - s->entries), at = gap;
    for (;;) {
        at = (at + 1) & mask;
        if (s->entries[at].key == 0) break;
        size_t home = (size_t)hash_mix(s->entries[at].key) & mask;
        if (((at - home) & mask) < ((at - gap) & mask)) continue;
        s->entries[gap] = s->entries[at];
        gap = at;
    }
    s->entries[gap] = (struct entry){0};
    s->n--;
}

static err_code mark(struct dedupe *d, struct dedupe_key *keys, size_t n, int64_t now_ms,
                     bool any_age, struct undo *undo, size_t *n_undo)
{
    bool keep_old = any_age || atomic_load_explicit(&d->keep_old, memory_order_relaxed);
    for (size_t i = 0; i < n; i++) {
        keys[i].duplicate = false;
        if (keys[i].key == 0) continue;
        struct shard *s = &d->shards[shard_of(keys[i].key)];
        if (!make_room(s, now_ms, keep_old)) return ERR_NOMEM;
        struct entry *e = slot(s->entries, s->size, keys[i].key);
        bool live = e->key && (any_age || now_ms - e->received_ms <= LIMIT_DEDUPE_MS);
        if (live) {
            keys[i].duplicate = true;
            continue;
        }
        undo[(*n_undo)++] = (struct undo){keys[i].key, e->received_ms, e->key != 0};
        s->n += e->key == 0;
        *e = (struct entry){keys[i].key, now_ms};
    }
    return ERR_OK;
}

err_code dedupe_commit(struct dedupe *d, struct dedupe_key *keys, size_t n, int64_t now_ms,
                       bool any_age, err_code (*append)(void *arg, struct err *err), void *arg,
                       struct err *err)
{
    uint64_t touched = 0; /* a bit for each shard */
    _Static_assert(SHARDS <= 64, "one bit each");
    struct undo one, *undo = &one;
    size_t n_undo = 0;
    for (size_t i = 0; i < n; i++)
        if (keys[i].key) touched |= UINT64_C(1) << shard_of(keys[i].key);
    if (n > 1) undo = malloc(n * sizeof *undo);
    if (!undo) return err_set(err, ERR_NOMEM, 0, "filter %zu ids", n);
    for (size_t i = 0; i < SHARDS; i++)
        if (touched >> i & 1) pthread_mutex_lock(&d->shards[i].lock);
    err_code code = mark(d, keys, n, now_ms, any_age, undo, &n_undo);
    if (code) code = err_set(err, code, 0, "remember %zu ids", n);
    if (code == ERR_OK) code = append(arg, err);
    if (code)
        while (n_undo) forget(d, &undo[--n_undo]);
    for (size_t i = SHARDS; i-- > 0;)
        if (touched >> i & 1) pthread_mutex_unlock(&d->shards[i].lock);
    if (undo != &one) free(undo);
    return code;
}

void dedupe_forget(struct dedupe *d, const uint64_t *keys, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct shard *s = &d->shards[shard_of(keys[i])];
        pthread_mutex_lock(&s->lock);
        forget(d, &(struct undo){.key = keys[i]});
        pthread_mutex_unlock(&s->lock);
    }
}
