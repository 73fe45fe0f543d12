#include "ingest/accept.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/json_reader.h"
#include "base/log.h"
#include "ingest/body.h"
#include "ingest/counters.h"
#include "ingest/dedupe.h"
#include "ingest/enrich.h"
#include "ingest/promise.h"
#include "ingest/query.h"

enum {
    SCRATCH_BYTES = 16 * LIMIT_EVENT_BYTES, /* for one event under way */
    KEPT_BYTES = 1024 * 1024,               /* a bench with larger buffers gives them back */
    TICK_S = 30,
};

const char *const reject_names[REJECT_N] = {
#define X(name) #name,
    REJECTS(X)
#undef X
};

/* An event that is ready for the journal. */
struct ready {
    size_t from, n; /* its bytes within `encoded` */
    uint32_t site;
    enum bot_reason bot;
};

/* What one request works with; kept for the next one. */
struct bench {
    struct json_reader *reader;
    struct arena scratch; /* of the event under way */
    struct buf encoded;
    struct ready *ready;
    struct dedupe_key *keys; /* beside `ready` */
    struct str *records;
    size_t room;
    struct bench *next;
};

struct accept {
    struct config *config;
    struct journal *journal;
    const struct clock *clock;
    struct enrich enrich;
    struct dedupe *dedupe;
    struct counters *counters;
    struct accept_store store;

    pthread_mutex_t
        known_lock;  /* guards what follows; held over store.know, above dedupe's locks */
    uint32_t *known; /* sites whose ids of any age the filter has */
    size_t n_known;

    pthread_mutex_t bench_lock; /* guards the list of idle benches; nothing is called under it */
    struct bench *benches;

    struct promises *promises;

    pthread_t ticker;
    pthread_mutex_t tick_lock; /* guards `stopping` */
    pthread_cond_t tick;
    bool stopping, ticking;
};

/* --- open and close --- */

static void *tick_run(void *arg)
{
    struct accept *x = arg;
    pthread_mutex_lock(&x->tick_lock);
    while (!x->stopping) {
        int64_t until_s = clock_mono_ns() / 1000000000 + TICK_S;
        struct timespec until = {.tv_sec = (time_t)until_s};
        pthread_cond_timedwait(&x->tick, &x->tick_lock, &until);
        if (x->stopping) break;
        pthread_mutex_unlock(&x->tick_lock);
        identity_tick(x->enrich.identity, clock_now_ms(x->clock));
        pthread_mutex_lock(&x->tick_lock);
    }
    pthread_mutex_unlock(&x->tick_lock);
    return NULL;
}

static err_code start_ticker(struct accept *x, struct err *err)
{
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&x->tick, &attributes);
    pthread_condattr_destroy(&attributes);
    int code = pthread_create(&x->ticker, NULL, tick_run, x);
    if (code) return err_set(err, ERR_NOMEM, code, "start a thread");
    x->ticking = true;
    return ERR_OK;
}

static void bench_free(struct bench *b)
{
    json_reader_close(b->reader);
    arena_free(&b->scratch);
    buf_free(&b->encoded);
    free(b->ready);
    free(b->keys);
    free(b->records);
    free(b);
}

void accept_close(struct accept *x)
{
    if (!x) return;
    if (x->ticking) {
        pthread_mutex_lock(&x->tick_lock);
        x->stopping = true;
        pthread_cond_signal(&x->tick);
        pthread_mutex_unlock(&x->tick_lock);
        pthread_join(x->ticker, NULL);
        pthread_cond_destroy(&x->tick);
    }
    promises_close(x->promises);
    for (struct bench *b = x->benches, *next; b; b = next) {
        next = b->next;
        bench_free(b);
    }
    ua_close(x->enrich.ua);
    geo_close(x->enrich.geo);
    identity_close(x->enrich.identity);
    dedupe_close(x->dedupe);
    counters_close(x->counters);
    free(x->known);
    pthread_mutex_destroy(&x->known_lock);
    pthread_mutex_destroy(&x->bench_lock);
    pthread_mutex_destroy(&x->tick_lock);
    free(x);
}

err_code accept_open(const struct accept_options *o, struct config *config, struct journal *journal,
                     const struct clock *clock, struct accept **out, struct err *err)
{
    struct accept *x = calloc(1, sizeof *x);
    if (!x) return err_set(err, ERR_NOMEM, 0, "open the recording");
    pthread_mutex_init(&x->bench_lock, NULL);
    pthread_mutex_init(&x->known_lock, NULL);
    pthread_mutex_init(&x->tick_lock, NULL);
    x->config = config;
    x->journal = journal;
    x->clock = clock;
    char salts[4096];
    if (snprintf(salts, sizeof salts, "%s/salts", o->data_dir) >= (int)sizeof salts) {
        accept_close(x);
        return err_set(err, ERR_INVALID, 0, "the data folder's name is too long");
    }
    err_code code = ua_open(&x->enrich.ua, err);
    if (!code) code = geo_open(o->country_db, &x->enrich.geo, err);
    if (!code) code = identity_open(salts, &x->enrich.identity, err);
    if (!code) code = dedupe_open(&x->dedupe, err);
    if (!code) code = counters_open(&x->counters, err);
    if (!code) code = promises_open(x->dedupe, journal, &x->promises, err);
    if (!code) code = start_ticker(x, err);
    if (code) {
        accept_close(x);
        return code;
    }
    *out = x;
    return ERR_OK;
}

static struct bench *bench_take(struct accept *x)
{
    pthread_mutex_lock(&x->bench_lock);
    struct bench *b = x->benches;
    if (b) x->benches = b->next;
    pthread_mutex_unlock(&x->bench_lock);
    if (b) return b;
    b = calloc(1, sizeof *b);
    if (!b) return NULL;
    arena_init(&b->scratch, SCRATCH_BYTES);
    if (json_reader_open(&fields_limits, &b->reader, NULL) == ERR_OK) return b;
    free(b);
    return NULL;
}

static void bench_give(struct accept *x, struct bench *b)
{
    if (b->encoded.size > KEPT_BYTES || b->room * sizeof *b->ready > KEPT_BYTES) {
        bench_free(b);
        return;
    }
    arena_reset(&b->scratch);
    buf_clear(&b->encoded);
    pthread_mutex_lock(&x->bench_lock);
    b->next = x->benches;
    x->benches = b;
    pthread_mutex_unlock(&x->bench_lock);
}

/* --- one request --- */

struct take {
    struct accept *x;
    const struct accept_request *r;
    const struct site_table *sites;
    struct bench *bench;
    struct arena *a; /* the request's */
    struct accept_result *out;
    int64_t now_ms;
    struct str list_site; /* of an envelope */
    size_t n_events, n_ready, rejected_room, n_unknown_site, n_privacy;
    struct counts *counts; /* one for each site met; counts[0] is of no known site */
    size_t n_counts;
    enum err_code failed; /* not the client's fault: the whole request is answered 503 */
};

static struct counts *counts_of(struct take *t, uint32_t site)
{
    for (size_t i = 0; i < t->n_counts; i++)
        if (t->counts[i].site == site) return &t->counts[i];
    if ((t->n_counts & (t->n_counts - 1)) == 0) { /* full at powers of two */
        struct counts *more = ARENA_NEW(t->a, struct counts, t->n_counts ? t->n_counts * 2 : 1);
        if (!more) {
            t->failed = ERR_NOMEM;
            return t->counts;
        }
        if (t->n_counts) memcpy(more, t->counts, t->n_counts * sizeof *more);
        t->counts = more;
    }
    t->counts[t->n_counts].site = site;
    return &t->counts[t->n_counts++];
}

static void reject(struct take *t, uint32_t site, const struct reject *why)
{
    struct accept_result *out = t->out;
    if (out->n_rejected == t->rejected_room) {
        size_t room = t->rejected_room ? t->rejected_room * 2 : 4;
        struct reject *more = ARENA_NEW(t->a, struct reject, room);
        if (!more) {
            t->failed = ERR_NOMEM;
            return;
        }
        if (out->n_rejected) memcpy(more, out->rejected, out->n_rejected * sizeof *more);
        out->rejected = more;
        t->rejected_room = room;
    }
    out->rejected[out->n_rejected++] = *why;
    t->n_unknown_site += why->code == REJECT_unknown_site;
    t->n_privacy += why->code == REJECT_privacy_signal;
    struct counts *c = counts_of(t, site);
    if (c) c->rejected[why->code]++;
}

static bool grow(struct bench *b)
{
    size_t room = b->room ? b->room * 2 : 16;
    struct ready *ready = realloc(b->ready, room * sizeof *ready);
    if (ready) b->ready = ready;
    struct dedupe_key *keys = realloc(b->keys, room * sizeof *keys);
    if (keys) b->keys = keys;
    struct str *records = realloc(b->records, room * sizeof *records);
    if (records) b->records = records;
    if (!ready || !keys || !records) return false;
    b->room = room;
    return true;
}

/* Puts the event's bytes beside those before it. */
static void add_ready(struct take *t, const struct event *e, struct reject *why)
{
    struct bench *b = t->bench;
    size_t from = b->encoded.n;
    event_encode(e, &b->encoded);
    if (b->encoded.bad || (t->n_ready == b->room && !grow(b))) {
        t->failed = ERR_NOMEM;
        return;
    }
    if (b->encoded.n - from > LIMIT_EVENT_BYTES) {
        b->encoded.n = from;
        why->code = REJECT_event_too_large;
        reject(t, e->site, why);
        return;
    }
    /* Made now: after the journal has the event nothing may fail any more. */
    if (!counts_of(t, e->site) || t->failed) return;
    b->keys[t->n_ready] = (struct dedupe_key){.key = e->dedupe};
    b->ready[t->n_ready++] = (struct ready){from, b->encoded.n - from, e->site, e->bot_reason};
}

static const struct site *site_of(const struct take *t, const struct fields *f, struct reject *why)
{
    if (t->r->site) return t->r->site;
    struct str key = f->site.n ? f->site : t->list_site;
    const struct site *site = key.n ? site_by_key(t->sites, key) : NULL;
    if (!site) {
        why->code = key.n ? REJECT_unknown_site : REJECT_missing_field;
        snprintf(why->field, sizeof why->field, "site");
    }
    return site;
}

/* Whose numbers a refusal goes to: the site named as far as it could be read. */
static uint32_t site_to_blame(const struct take *t, const struct json_node *root)
{
    if (t->r->site) return t->r->site->id;
    const struct json_node *named = root ? json_member(root, "site") : NULL;
    struct str key = named && named->type == NODE_TEXT ? named->text : t->list_site;
    const struct site *site = key.n ? site_by_key(t->sites, key) : NULL;
    return site ? site->id : 0;
}

void accept_set_store(struct accept *x, const struct accept_store *store)
{
    x->store = *store;
}

/* Before an import: every id that the store has of the site is in the filter. */
static err_code know_site(struct accept *x, uint32_t site, struct err *err)
{
    if (!x->store.know) return ERR_OK;
    err_code code = ERR_OK;
    bool known = false;
    pthread_mutex_lock(&x->known_lock);
    for (size_t i = 0; i < x->n_known && !known; i++) known = x->known[i] == site;
    if (!known) {
        uint32_t *more = realloc(x->known, (x->n_known + 1) * sizeof *more);
        if (more) x->known = more;
        code = more ? x->store.know(x->store.arg, site, err)
                    : err_set(err, ERR_NOMEM, 0, "remember a site");
        if (!code) x->known[x->n_known++] = site;
    }
    pthread_mutex_unlock(&x->known_lock);
    return code;
}

/* An import of what this store exported: "@<identity>-<site>-<seq>" (docs/FORMAT.md "Export"). */
static bool is_own_export(const struct take *t, const struct event *e)
{
    char own[40];
    if (!t->r->any_age_duplicates || e->text[TEXT_ID].n == 0 || e->text[TEXT_ID].p[0] != '@')
        return false;
    snprintf(own, sizeof own, "@%016" PRIx64 "-%" PRIu32 "-", t->x->store.identity, e->site);
    return str_begins(e->text[TEXT_ID], str_of(own));
}

static void take_event(struct take *t, const struct json_node *root, enum json_fault fault,
                       const char *where)
{
    struct fields f;
    struct event e;
    struct err err;
    struct reject why = {.index = t->n_events - 1};
    if (fault) {
        if (fault == JSON_FAULT_NOMEM) t->failed = ERR_NOMEM;
        why.code = fields_fault(fault);
        snprintf(why.field, sizeof why.field, "%s", where);
        reject(t, site_to_blame(t, NULL), &why);
        return;
    }
    const struct site *site = NULL;
    bool ok = fields_read(root, t->r->trusted, &f, &why);
    if (ok) ok = (site = site_of(t, &f, &why)) != NULL;
    if (ok) {
        if (t->bench->scratch.used) arena_reset(&t->bench->scratch);
        ok = enrich_event(&t->x->enrich, t->r, site, &f, t->now_ms, &t->bench->scratch, &e, &why,
                          &err);
        if (!ok && why.code == REJECT_N) {
            log_line(LOG_ERROR, "event_not_made", "site=%" PRIu32 " why=\"%s\"", site->id, err.msg);
            t->failed = err.code;
            return;
        }
    }
    if (ok && is_own_export(t, &e)) {
        struct counts *c = counts_of(t, e.site);
        t->out->duplicates++;
        if (c) c->duplicates++;
    } else if (ok) add_ready(t, &e, &why);
    else reject(t, site_to_blame(t, root), &why);
}

static bool on_record(void *arg, const struct json_node *root, enum json_fault fault)
{
    struct take *t = arg;
    if (++t->n_events > LIMIT_EVENTS) return false;
    take_event(t, root, fault, fault ? json_reader_where(t->bench->reader) : "");
    return t->failed == ERR_OK;
}

static bool on_head(void *arg, const struct json_node *head)
{
    struct take *t = arg;
    if (t->r->site) return true;
    const struct json_node *site = json_member(head, "site");
    if (!site || site->type != NODE_TEXT) return false;
    t->list_site = arena_copy(t->a, site->text);
    if (!t->list_site.p) t->failed = ERR_NOMEM;
    return true;
}

static void refuse_whole(struct take *t, int status, enum reject_code code)
{
    *t->out = (struct accept_result){.status = status, .whole = code, .whole_refused = true};
    t->n_ready = 0;
    if (code == REJECT_N) return;
    t->counts = NULL;
    t->n_counts = 0;
    struct counts *c = counts_of(t, t->r->site ? t->r->site->id : 0);
    if (c) c->rejected[code]++;
}

static void take_lines(struct take *t, struct str text)
{
    struct str line;
    while (t->failed == ERR_OK && t->n_events <= LIMIT_EVENTS && body_next_line(&text, &line)) {
        const struct json_node *root = NULL;
        enum json_fault fault = json_reader_value(t->bench->reader, line, &root);
        (void)on_record(t, root, fault);
    }
}

static void take_query(struct take *t)
{
    const struct json_node *root = NULL;
    char where[JSON_WHERE];
    t->n_events = 1;
    enum json_fault fault = query_read(t->r->query, t->bench->reader, t->a, &root, where);
    take_event(t, root, fault, where);
}

/* Reads the request's events; false when it was refused as a whole. */
static bool take_all(struct take *t)
{
    if (t->r->body.n == 0 && t->r->query.n > 0) {
        take_query(t);
        return true;
    }
    struct body body;
    enum reject_code refused = body_open(t->r->body, t->r->content_encoding, t->r->max_body, &body);
    enum json_fault fault = JSON_FAULT_NONE;
    if (refused == REJECT_N) {
        const struct json_records records = {
            .list_key = "events", .head = on_head, .record = on_record, .arg = t};
        if (body_is_lines(body.text)) take_lines(t, body.text);
        else fault = json_reader_records(t->bench->reader, body.text, &records);
    }
    body_close(&body);
    if (t->n_events > LIMIT_EVENTS) refused = REJECT_too_many_events;
    if (refused != REJECT_N) {
        bool too_much = refused == REJECT_body_too_large || refused == REJECT_too_many_events;
        refuse_whole(t, too_much ? 413 : 400, refused);
    } else if (fault == JSON_FAULT_NOMEM) {
        t->failed = ERR_NOMEM;
    } else if (fault) {
        refuse_whole(t, 400, fields_fault(fault));
    }
    return !t->out->whole_refused;
}

static err_code append_new(void *arg, struct err *err)
{
    struct take *t = arg;
    struct bench *b = t->bench;
    size_t n = 0;
    for (size_t i = 0; i < t->n_ready; i++)
        if (!b->keys[i].duplicate)
            b->records[n++] = (struct str){b->encoded.p + b->ready[i].from, b->ready[i].n};
    uint64_t first_seq;
    return n ? journal_append(t->x->journal, b->records, n, &first_seq, err) : ERR_OK;
}

static void commit(struct take *t)
{
    struct bench *b = t->bench;
    struct err err;
    struct promise *promise;
    if (b->encoded.n > LIMIT_QUEUE_BYTES / 2) { /* it would find no room even in an idle journal */
        refuse_whole(t, 413, REJECT_body_too_large);
        return;
    }
    t->failed = promise_make(t->x->promises, b->keys, t->n_ready, &promise, &err);
    if (t->failed) return;
    t->failed = dedupe_commit(t->x->dedupe, b->keys, t->n_ready, t->now_ms,
                              t->r->any_age_duplicates, append_new, t, &err);
    if (t->failed) {
        promise_drop(promise);
        if (t->failed != ERR_NOMEM) log_line(LOG_ERROR, "not_recorded", "why=\"%s\"", err.msg);
        return;
    }
    promise_give(promise, b->keys, t->n_ready);
    for (size_t i = 0; i < t->n_ready; i++) {
        struct counts *c = counts_of(t, b->ready[i].site);
        bool duplicate = b->keys[i].duplicate;
        t->out->duplicates += duplicate;
        t->out->accepted += !duplicate;
        c->duplicates += duplicate;
        c->accepted += !duplicate;
        if (!duplicate && b->ready[i].bot) c->bots[b->ready[i].bot]++;
    }
    /* The first copies may be among what the journal could not keep and is about to be forgotten.
     */
    if (t->out->duplicates && journal_stats(t->x->journal).failed) t->failed = ERR_IO;
}

static void set_status(struct take *t)
{
    struct accept_result *out = t->out;
    bool all_refused = out->n_rejected > 0 && out->n_rejected == t->n_events;
    if (all_refused && t->n_unknown_site == t->n_events) {
        out->status = 404;
        out->whole = REJECT_unknown_site;
        out->whole_refused = true;
    } else if (all_refused && t->n_privacy < t->n_events) {
        out->status = 400;
    } else {
        /* Also when all were dropped for a privacy signal: the page did nothing wrong. */
        out->status = 202;
    }
}

void accept_events(struct accept *x, const struct accept_request *r, struct arena *a,
                   struct accept_result *out)
{
    *out = (struct accept_result){.status = 202, .whole = REJECT_N};
    struct take t = {.x = x, .r = r, .a = a, .out = out, .now_ms = clock_now_ms(x->clock)};
    t.bench = bench_take(x);
    if (!t.bench) {
        refuse_whole(&t, 503, REJECT_N);
        return;
    }
    t.sites = config_sites(x->config);
    struct err err;
    if (r->any_age_duplicates && r->site && (t.failed = know_site(x, r->site->id, &err)))
        log_line(LOG_ERROR, "ids_not_read", "site=%" PRIu32 " why=\"%s\"", r->site->id, err.msg);
    if (t.failed == ERR_OK && take_all(&t) && t.failed == ERR_OK) {
        if (t.n_ready) commit(&t);
        if (!out->whole_refused && t.failed == ERR_OK) set_status(&t);
    }
    if (t.failed) {
        refuse_whole(&t, 503, REJECT_N);
    } else {
        for (size_t i = 0; i < t.n_counts; i++) counters_add(x->counters, &t.counts[i]);
    }
    config_sites_release(x->config, t.sites);
    bench_give(x, t.bench);
}

/* --- beside requests --- */

void accept_seen(struct accept *x, uint32_t site, uint64_t dedupe, int64_t received_ms)
{
    (void)site; /* it is in the key */
    dedupe_seen(x->dedupe, dedupe, received_ms, clock_now_ms(x->clock));
}

err_code accept_counters(struct accept *x, uint32_t site, json_t **out, struct err *err)
{
    struct counts c = counters_of(x->counters, site);
    return counters_json(&c, out, err);
}
