#include "journey/index_own.h"

#include <stdlib.h>

#include "base/log.h"
#include "journey/snapshot.h"

enum {
    SEAL_EVENTS = 128 * 1024, /* sorted into a part at once, published or not */
    DEFAULT_MEMORY = 256 * 1024 * 1024,
};
static const int64_t first_ms = INT64_C(-62135596800000); /* 0001-01-01 */
static const int64_t end_ms = INT64_C(253402300800000);   /* 10000-01-01 */

/* --- sites and their parts --- */

struct index_site *index_find(const struct index *x, uint32_t site)
{
    for (size_t i = 0; i < x->n_sites; i++)
        if (x->sites[i]->id == site) return x->sites[i];
    return NULL;
}

void index_site_free(struct index_site *s)
{
    if (!s) return;
    for (size_t i = 0; i < s->n_parts; i++) part_release(s->parts[i]);
    free(s->parts);
    mem_free(&s->mem);
    dicts_release(s->dicts);
    free(s);
}

err_code index_site_new(struct index *x, uint32_t site, uint64_t watermark, struct index_site **out,
                        struct err *err)
{
    struct index_site *s = calloc(1, sizeof *s);
    if (!s) return err_set(err, ERR_NOMEM, 0, "open site %u", site);
    err_code rc = dicts_open(&s->dicts, err);
    if (rc != ERR_OK) {
        free(s);
        return rc;
    }
    s->id = site;
    s->watermark = s->fed_seq = watermark;
    s->watermark_ms = x->received_ms;
    dicts_counts(s->dicts, &s->counts);
    pthread_mutex_lock(&x->lock);
    struct index_site **more = realloc(x->sites, (x->n_sites + 1) * sizeof *more);
    if (more) {
        x->sites = more;
        x->sites[x->n_sites++] = s;
    }
    pthread_mutex_unlock(&x->lock);
    if (!more) {
        index_site_free(s);
        return err_set(err, ERR_NOMEM, 0, "open site %u", site);
    }
    *out = s;
    return ERR_OK;
}

err_code index_insert(struct index_site *s, struct part *p, struct err *err)
{
    struct part **more = realloc(s->parts, (s->n_parts + 1) * sizeof *more);
    if (!more) return err_set(err, ERR_NOMEM, 0, "list %zu segments", s->n_parts + 1);
    s->parts = more;
    size_t i = s->n_parts++;
    for (; i > 0; i--) {
        const struct part *q = more[i - 1];
        if (q->month < p->month || (q->month == p->month && q->first_seq < p->first_seq)) break;
        more[i] = more[i - 1];
    }
    more[i] = p;
    return ERR_OK;
}

void index_replace(struct index_site *s, size_t from, size_t n, struct part *by, struct part **old)
{
    memcpy(old, s->parts + from, n * sizeof *old);
    s->parts[from] = by;
    memmove(s->parts + from + 1, s->parts + from + n, (s->n_parts - from - n) * sizeof *s->parts);
    s->n_parts -= n - 1;
}

size_t index_heap_bytes(const struct index *x)
{
    size_t bytes = 0;
    for (size_t i = 0; i < x->n_sites; i++)
        for (size_t p = 0; p < x->sites[i]->n_parts; p++)
            if (!x->sites[i]->parts[p]->mapped) bytes += x->sites[i]->parts[p]->size;
    return bytes;
}

/* --- the thread that keeps parts few and memory bounded --- */

static void *merger(void *arg)
{
    struct index *x = arg;
    pthread_mutex_lock(&x->lock);
    while (!x->closing) {
        if (!x->behind) {
            pthread_cond_wait(&x->wake, &x->lock);
            continue;
        }
        x->behind = false;
        bool spill = index_heap_bytes(x) > x->memory_bytes && !x->persist_failed;
        pthread_mutex_unlock(&x->lock);
        pthread_mutex_lock(&x->rewrite);
        struct err err;
        err_code rc = spill ? index_save(x, &err) : ERR_OK;
        bool again = index_merge_round(x);
        pthread_mutex_unlock(&x->rewrite);
        if (rc != ERR_OK) log_line(LOG_ERROR, "journeys_not_written", "why=\"%s\"", err.msg);
        pthread_mutex_lock(&x->lock);
        x->persist_failed = rc != ERR_OK;
        x->behind = x->behind || again;
    }
    pthread_mutex_unlock(&x->lock);
    return NULL;
}

/* --- feeding --- */

err_code index_open(const struct fs *fs, const struct index_options *options, struct index **out,
                    struct err *err)
{
    struct index *x = calloc(1, sizeof *x);
    if (!x) return err_set(err, ERR_NOMEM, 0, "open the journeys");
    x->fs = fs;
    x->memory_bytes = options->memory_bytes ? options->memory_bytes : DEFAULT_MEMORY;
    x->dir = strdup(options->dir);
    pthread_mutex_init(&x->rewrite, NULL);
    pthread_mutex_init(&x->lock, NULL);
    pthread_cond_init(&x->wake, NULL);
    err_code rc = x->dir ? index_load(x, err) : err_set(err, ERR_NOMEM, 0, "open the journeys");
    int failed = rc == ERR_OK ? pthread_create(&x->merger, NULL, merger, x) : 0;
    if (failed) rc = err_set(err, ERR_IO, failed, "start the thread that merges journeys");
    if (rc != ERR_OK) {
        for (size_t i = 0; i < x->n_sites; i++) index_site_free(x->sites[i]);
        free(x->sites);
        free(x->dir);
        free(x);
        return rc;
    }
    *out = x;
    return ERR_OK;
}

uint64_t index_watermark(const struct index *x, uint32_t site)
{
    struct index *own = (struct index *)x; /* to lock it */
    pthread_mutex_lock(&own->lock);
    const struct index_site *s = index_find(x, site);
    uint64_t seq = s ? s->watermark : x->seq;
    pthread_mutex_unlock(&own->lock);
    return seq;
}

/* Sorts what was fed into parts, not yet visible. */
static err_code seal(struct index *x, struct index_site *s, struct err *err)
{
    struct part **parts = NULL;
    size_t n = 0, kept = 0;
    err_code rc = mem_seal(&s->mem, s->dicts, s->id, &parts, &n, err);
    pthread_mutex_lock(&x->lock);
    for (; kept < n && rc == ERR_OK; kept++) {
        rc = index_insert(s, parts[kept], err);
        if (rc != ERR_OK) break;
    }
    x->behind = true;
    pthread_cond_signal(&x->wake);
    pthread_mutex_unlock(&x->lock);
    for (; kept < n; kept++) part_release(parts[kept]);
    free(parts);
    return rc;
}

err_code index_add(struct index *x, const struct event *e, struct err *err)
{
    struct index_site *s = index_find(x, e->site);
    err_code rc = s ? ERR_OK : index_site_new(x, e->site, x->seq, &s, err);
    if (rc != ERR_OK || e->seq <= s->fed_seq) return rc;
    if (e->at_ms < first_ms || e->at_ms >= end_ms)
        return err_set(err, ERR_INVALID, 0, "event %llu is not of this calendar",
                       (unsigned long long)e->seq);
    if (e->bot_reason != BOT_NONE) {
        s->fed_bots[e->bot_reason]++;
    } else {
        rc = mem_add(&s->mem, s->dicts, e, err);
        if (rc == ERR_OK && s->mem.n >= SEAL_EVENTS) rc = seal(x, s, err);
        if (rc != ERR_OK) return rc;
    }
    s->fed_seq = e->seq;
    return ERR_OK;
}

err_code index_publish(struct index *x, uint64_t seq, int64_t received_ms, struct err *err)
{
    for (size_t i = 0; i < x->n_sites; i++) {
        if (x->sites[i]->fed_seq > seq) seq = x->sites[i]->fed_seq;
        if (x->sites[i]->mem.n == 0) continue;
        err_code rc = seal(x, x->sites[i], err);
        if (rc != ERR_OK) return rc;
    }
    pthread_mutex_lock(&x->lock);
    if (seq > x->seq) x->seq = seq;
    if (received_ms > x->received_ms) x->received_ms = received_ms;
    for (size_t i = 0; i < x->n_sites; i++) {
        struct index_site *s = x->sites[i];
        for (size_t p = 0; p < s->n_parts; p++) {
            if (s->parts[p]->last_seq <= s->watermark) continue;
            s->version++;
            dicts_counts(s->dicts, &s->counts);
            break;
        }
        if (memcmp(s->bots, s->fed_bots, sizeof s->bots) != 0) s->version++;
        memcpy(s->bots, s->fed_bots, sizeof s->bots);
        s->keys_refused = s->dicts->keys_refused;
        s->values_refused = s->dicts->values_refused;
        if (seq > s->watermark) s->watermark = s->fed_seq = seq;
        s->watermark_ms = x->received_ms;
    }
    pthread_mutex_unlock(&x->lock);
    return ERR_OK;
}

err_code index_persist(struct index *x, struct err *err)
{
    pthread_mutex_lock(&x->rewrite);
    err_code rc = index_save(x, err);
    pthread_mutex_unlock(&x->rewrite);
    return rc;
}

err_code index_drop_site(struct index *x, uint32_t site, struct err *err)
{
    struct index_site *s = index_find(x, site);
    struct dicts *fresh;
    if (!s) {
        err_code made = index_site_new(x, site, 0, &s, err);
        if (made != ERR_OK) return made;
    }
    err_code rc = dicts_open(&fresh, err);
    if (rc != ERR_OK) return rc;
    mem_free(&s->mem);
    pthread_mutex_lock(&x->rewrite);
    pthread_mutex_lock(&x->lock);
    for (size_t i = 0; i < s->n_parts; i++) part_release(s->parts[i]);
    s->n_parts = 0;
    dicts_release(s->dicts);
    s->dicts = fresh;
    dicts_counts(s->dicts, &s->counts);
    memset(s->bots, 0, sizeof s->bots);
    memset(s->fed_bots, 0, sizeof s->fed_bots);
    memset(&s->saved, 0, sizeof s->saved);
    s->watermark = s->fed_seq = s->dict_bytes = 0;
    s->version++;
    pthread_mutex_unlock(&x->lock);
    index_forget(x, site);
    pthread_mutex_unlock(&x->rewrite);
    return ERR_OK;
}

/* --- reading --- */

struct snapshot *index_snapshot(struct index *x, uint32_t site)
{
    pthread_mutex_lock(&x->lock);
    const struct index_site *s = index_find(x, site);
    size_t n = s ? s->n_parts : 0;
    struct snapshot *out = calloc(1, sizeof *out + n * sizeof *out->parts);
    if (out) {
        out->site = site;
        out->watermark_ms = s ? s->watermark_ms : x->received_ms;
        out->version = s ? s->version : 0;
        if (s) {
            out->dicts = dicts_take(s->dicts);
            out->counts = s->counts;
        }
        for (size_t i = 0; i < n; i++) {
            if (s->parts[i]->last_seq > s->watermark) continue;
            out->parts[out->n_parts++] = part_take(s->parts[i]);
            out->events += s->parts[i]->n_events;
        }
    }
    pthread_mutex_unlock(&x->lock);
    return out;
}

void snapshot_release(struct snapshot *s)
{
    if (!s) return;
    for (size_t i = 0; i < s->n_parts; i++) part_release(s->parts[i]);
    dicts_release(s->dicts);
    free(s);
}

int64_t snapshot_watermark_ms(const struct snapshot *s)
{
    return s->watermark_ms;
}

uint64_t snapshot_version(const struct snapshot *s)
{
    return s->version;
}

uint64_t snapshot_events(const struct snapshot *s)
{
    return s->events;
}

bool snapshot_simulated(const struct snapshot *s)
{
    for (size_t i = 0; i < s->n_parts; i++)
        if (s->parts[i]->flags & PART_SIMULATED) return true;
    return false;
}

bool snapshot_range(const struct snapshot *s, int64_t *from_ms, int64_t *to_ms)
{
    for (size_t i = 0; i < s->n_parts; i++) {
        if (i == 0 || s->parts[i]->min_ms < *from_ms) *from_ms = s->parts[i]->min_ms;
        if (i == 0 || s->parts[i]->max_ms > *to_ms) *to_ms = s->parts[i]->max_ms;
    }
    return s->n_parts > 0;
}

static void add_size(void *arg, const char *name, uint64_t bytes)
{
    struct index_stats *out = arg;
    size_t i = 0;
    if (bytes == 0) return;
    while (i < out->n_columns && strcmp(out->columns[i].name, name) != 0) i++;
    if (i == sizeof out->columns / sizeof *out->columns) return;
    if (i == out->n_columns) out->columns[out->n_columns++].name = name;
    out->columns[i].bytes += bytes;
}

void index_stats(const struct index *x, uint32_t site, struct index_stats *out)
{
    struct index *own = (struct index *)x; /* to lock it */
    *out = (struct index_stats){0};
    pthread_mutex_lock(&own->lock);
    const struct index_site *s = index_find(x, site);
    for (size_t i = 0; s && i < s->n_parts; i++) {
        const struct part *p = s->parts[i];
        if (p->last_seq > s->watermark) continue;
        out->parts++;
        out->events += p->n_events;
        out->visitors += p->n_visitors;
        *(p->mapped ? &out->mapped_bytes : &out->memory_bytes) += p->size;
        part_sizes(p, add_size, out);
    }
    if (s) {
        memcpy(out->bots, s->bots, sizeof out->bots);
        out->keys_refused = s->keys_refused;
        out->values_refused = s->values_refused;
    }
    pthread_mutex_unlock(&own->lock);
}

void index_close(struct index *x)
{
    if (!x) return;
    struct err err;
    pthread_mutex_lock(&x->lock);
    x->closing = true;
    pthread_cond_signal(&x->wake);
    pthread_mutex_unlock(&x->lock);
    pthread_join(x->merger, NULL);
    if (index_persist(x, &err) != ERR_OK)
        log_line(LOG_ERROR, "journeys_not_written", "why=\"%s\"", err.msg);
    for (size_t i = 0; i < x->n_sites; i++) index_site_free(x->sites[i]);
    free(x->sites);
    pthread_cond_destroy(&x->wake);
    pthread_mutex_destroy(&x->lock);
    pthread_mutex_destroy(&x->rewrite);
    free(x->dir);
    free(x);
}
