#include <pthread.h>
#include <stdlib.h>

#include "journey/work.h"

enum {
    RANGE_EVENTS = 32 * 1024, /* about as many in a range of visitors ... */
    MAX_RANGES = 256,         /* ... but no more ranges than this */
    POLL_EVENTS = 64 * 1024,  /* between two looks at whether the caller still wants it */
};
static const int64_t margin_ms = INT64_C(48) * 3600 * 1000;

struct scan {
    const struct plan *p;
    const struct kernel *k;
    const void *def;
    bool (*cancelled)(void *arg);
    void *arg;
    struct part *const *parts; /* those the plan's time can need */
    size_t n_parts;
    unsigned range_bits; /* a range is the visitors whose top bits are its number */
    struct work *work;   /* [worker]; p NULL until it is first used */
    atomic_bool stop;
    pthread_mutex_t lock; /* guards what follows; no call is made under it */
    void **done;          /* [range]: its state, until it is merged */
    size_t merged;        /* ranges merged so far: always in the order of their numbers */
    bool merging;         /* somebody is at it */
    void *into;
    size_t failed_range; /* the lowest that failed */
    err_code rc;
    struct err err;
};

/* --- one visitor after the other --- */

static err_code visit(struct work *w, const struct kernel *k, const void *def, void *state,
                      uint64_t visitor, const struct slice *slices, size_t n, struct err *err)
{
    struct journey j;
    bool skip, any;
    err_code rc = work_gather(w, slices, n, &skip, err);
    if (rc != ERR_OK || skip) return rc;
    rc = work_finish(w, visitor, &j, &any, err);
    return rc == ERR_OK && any ? k->add(state, def, &j, err) : rc;
}

/* The blocks that still have visitors, in order, which decides ties in time; head[] are the next
 * visitors' ids. */
static size_t live_blocks(struct work *w, struct block **live, uint64_t *head)
{
    size_t n = 0;
    for (size_t i = 0; i < w->n_blocks; i++) {
        struct block *b = &w->blocks[i];
        if (b->next == b->end) continue;
        head[n] = b->part->visitor[b->next];
        live[n++] = b;
    }
    return n;
}

static struct slice next_slice(struct block *b)
{
    const uint32_t *first = b->part->first + b->next;
    return (struct slice){b, first[0], first[1] - first[0]};
}

/* All visitors the blocks are aimed at, ascending.  Which parts a visitor is in is as good as
 * random: finding that out without branches saves their misprediction. */
static err_code walk_all(struct scan *s, struct work *w, struct block **live, uint64_t *head,
                         struct slice *slices, uint32_t *in, void *state, struct err *err)
{
    size_t since_poll = 0, n = live_blocks(w, live, head);
    while (n > 0) {
        uint64_t id = head[0];
        size_t n_in = 0;
        bool ended = false;
        for (size_t i = 1; i < n; i++) id = head[i] < id ? head[i] : id;
        for (size_t i = 0; i < n; i++) {
            in[n_in] = (uint32_t)i;
            n_in += head[i] == id;
        }
        for (size_t i = 0; i < n_in; i++) slices[i] = next_slice(live[in[i]]);
        err_code rc = visit(w, s->k, s->def, state, id, slices, n_in, err);
        if (rc != ERR_OK) return rc;
        for (size_t i = 0; i < n_in; i++) {
            const struct block *b = slices[i].block;
            since_poll += slices[i].n;
            if (b->next == b->end) ended = true;
            else head[in[i]] = b->part->visitor[b->next];
        }
        if (ended) n = live_blocks(w, live, head);
        if (since_poll < POLL_EVENTS) continue;
        since_poll = 0;
        if (atomic_load_explicit(&s->stop, memory_order_relaxed)) return ERR_OK;
        if (s->cancelled && s->cancelled(s->arg))
            return err_set(err, ERR_CANCELLED, 0, "the question was withdrawn");
    }
    return ERR_OK;
}

static err_code walk_range(struct scan *s, struct work *w, size_t range, void *state,
                           struct err *err)
{
    size_t n = s->n_parts + 1;
    struct block **live = malloc(n * sizeof *live);
    struct slice *slices = malloc(n * sizeof *slices);
    uint64_t *head = malloc(n * sizeof *head);
    uint32_t *in = malloc(n * sizeof *in);
    unsigned shift = 64 - s->range_bits;
    err_code rc = ERR_OK;
    if (!live || !slices || !head || !in) rc = err_set(err, ERR_NOMEM, 0, "read %zu segments", n);
    if (rc == ERR_OK) {
        if (s->range_bits) work_aim(w, (uint64_t)range << shift, (uint64_t)(range + 1) << shift);
        else work_aim(w, 0, 0);
        rc = walk_all(s, w, live, head, slices, in, state, err);
    }
    free(live);
    free(slices);
    free(head);
    free(in);
    return rc;
}

/* --- many ranges, merged in order --- */

static void release_state(const struct kernel *k, void *state)
{
    if (state && k->release) k->release(state);
    free(state);
}

static void fail(struct scan *s, size_t range, err_code rc, const struct err *err)
{
    pthread_mutex_lock(&s->lock);
    if (range < s->failed_range) {
        s->failed_range = range;
        s->rc = rc;
        s->err = *err;
    }
    pthread_mutex_unlock(&s->lock);
    atomic_store_explicit(&s->stop, true, memory_order_relaxed);
}

/* Hands in a range's state; whoever finds the next one in turn merges it, so that states do not
 * pile up and the order is the same on any number of threads. */
static void hand_in(struct scan *s, size_t range, void *state)
{
    pthread_mutex_lock(&s->lock);
    s->done[range] = state;
    size_t n_ranges = (size_t)1 << s->range_bits;
    while (!s->merging && s->merged < n_ranges && s->done[s->merged]) {
        size_t next = s->merged;
        void *from = s->done[next];
        struct err err;
        s->done[next] = NULL;
        s->merging = true;
        pthread_mutex_unlock(&s->lock);
        err_code rc = s->k->merge(s->into, from, &err);
        release_state(s->k, from);
        if (rc != ERR_OK) fail(s, next, rc, &err);
        pthread_mutex_lock(&s->lock);
        s->merging = false;
        s->merged++;
    }
    pthread_mutex_unlock(&s->lock);
}

static void run_range(void *arg, size_t range, size_t worker)
{
    struct scan *s = arg;
    struct work *w = &s->work[worker];
    struct err err;
    if (atomic_load_explicit(&s->stop, memory_order_relaxed)) return;
    if (s->cancelled && s->cancelled(s->arg)) {
        fail(s, range, err_set(&err, ERR_CANCELLED, 0, "the question was withdrawn"), &err);
        return;
    }
    void *state = calloc(1, s->k->state_size ? s->k->state_size : 1);
    err_code rc =
        state ? s->k->init(state, s->def, &err) : err_set(&err, ERR_NOMEM, 0, "a kernel's state");
    if (rc != ERR_OK) {
        free(state);
        fail(s, range, rc, &err);
        return;
    }
    if (!w->p) rc = work_open(w, s->p, s->parts, s->n_parts, &err);
    if (rc == ERR_OK) rc = walk_range(s, w, range, state, &err);
    if (rc == ERR_OK) {
        hand_in(s, range, state);
    } else {
        release_state(s->k, state);
        fail(s, range, rc, &err);
    }
}

/* Months that can matter.  A plan that looks at single events only needs those of its time, and
 * what is near enough to tell a bot's session. */
static size_t choose_parts(const struct plan *p, struct part **out)
{
    bool all = !p->has_time || p->want & WANT_SESSIONS || p->n_stateful;
    size_t n = 0;
    for (size_t i = 0; i < p->s->n_parts; i++) {
        struct part *part = p->s->parts[i];
        if (!all && (part->base_ms >= p->to_ms + margin_ms ||
                     month_start_ms(part->month + 1) <= p->from_ms - margin_ms))
            continue;
        out[n++] = part;
    }
    return n;
}

err_code scan_run(const struct plan *p, struct pool *pool, const struct kernel *k, const void *def,
                  void *state, bool (*cancelled)(void *arg), void *arg, struct err *err)
{
    struct scan s = {.p = p,
                     .k = k,
                     .def = def,
                     .cancelled = cancelled,
                     .arg = arg,
                     .into = state,
                     .failed_range = SIZE_MAX};
    memset(state, 0, k->state_size);
    err_code rc = k->init(state, def, err);
    if (rc != ERR_OK) return rc;
    /* A number of ranges that depends on nothing but the events, so that sums come out the same. */
    while (s.range_bits < 8 && p->s->events >> s.range_bits > RANGE_EVENTS) s.range_bits++;
    size_t n_ranges = (size_t)1 << s.range_bits, n_workers = pool_threads(pool);
    struct part **parts = malloc((p->s->n_parts + 1) * sizeof *parts);
    s.work = calloc(n_workers, sizeof *s.work);
    s.done = calloc(n_ranges, sizeof *s.done);
    atomic_init(&s.stop, false);
    pthread_mutex_init(&s.lock, NULL);
    if (parts && s.work && s.done) {
        s.parts = parts;
        s.n_parts = choose_parts(p, parts);
        pool_run(pool, n_ranges, run_range, &s);
    } else {
        s.rc = err_set(&s.err, ERR_NOMEM, 0, "look through a site");
    }
    uint64_t bots = 0;
    for (size_t i = 0; s.work && i < n_workers; i++) {
        bots += s.work[i].bot_sessions;
        if (s.work[i].p) work_close(&s.work[i]);
    }
    atomic_store_explicit(p->bot_sessions, bots, memory_order_relaxed);
    for (size_t i = 0; s.done && i < n_ranges; i++) release_state(k, s.done[i]);
    pthread_mutex_destroy(&s.lock);
    free(parts);
    free(s.work);
    free(s.done);
    if (s.rc == ERR_OK) return ERR_OK;
    if (k->release) k->release(state);
    if (err) *err = s.err;
    return s.rc;
}

err_code scan_visitor(const struct plan *p, uint64_t visitor, const struct kernel *k,
                      const void *def, void *state, struct err *err)
{
    size_t n = 0;
    struct slice *slices = malloc((p->s->n_parts + 1) * sizeof *slices);
    struct work w = {0};
    err_code rc = slices ? work_open(&w, p, p->s->parts, p->s->n_parts, err)
                         : err_set(err, ERR_NOMEM, 0, "look at one visitor");
    if (rc == ERR_OK) {
        uint64_t after = visitor == UINT64_MAX ? 0 : visitor + 1; /* 0: to the last */
        work_aim(&w, visitor, after);
        for (size_t i = 0; i < w.n_blocks; i++)
            if (w.blocks[i].next < w.blocks[i].end) slices[n++] = next_slice(&w.blocks[i]);
        if (n == 0) rc = err_set(err, ERR_NOT_FOUND, 0, "there is no such visitor");
    }
    if (rc == ERR_OK) {
        memset(state, 0, k->state_size);
        rc = k->init(state, def, err);
        if (rc == ERR_OK) {
            rc = visit(&w, k, def, state, visitor, slices, n, err);
            if (rc != ERR_OK && k->release) k->release(state);
        }
    }
    work_close(&w);
    free(slices);
    return rc;
}
