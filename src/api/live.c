#include "api/live.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>

enum {
    LOOK_MS = 1000,
    BEAT_MS = 15000, /* a comment this often, so that proxies and we notice who is gone */
    LIVE_MAX_LISTENERS = 1000,
};

/* A site that has listeners. */
struct live_site {
    struct live_site *next;
    uint32_t site;
    size_t listeners;
    uint64_t version, events; /* of the newest snapshot */
    int64_t watermark_ms;
    uint64_t looks; /* grows when there is something to tell */
};

struct live {
    struct engine *engine;
    pthread_mutex_t lock; /* guards all below; a leaf */
    pthread_cond_t end;
    struct live_site *sites;
    size_t listeners;
    bool closing;
    pthread_t thread;
};

struct listener {
    struct live *live;
    struct live_site *site;
    uint64_t told; /* of site->looks */
    int64_t last_ns;
};

static void look_at(struct live *l, struct live_site *s)
{
    struct snapshot *snap = index_snapshot(l->engine->index, s->site);
    uint64_t version = snapshot_version(snap), events = snapshot_events(snap);
    int64_t watermark = snapshot_watermark_ms(snap);
    snapshot_release(snap);
    pthread_mutex_lock(&l->lock);
    if (s->looks == 0 || s->version != version) {
        s->version = version;
        s->events = events;
        s->watermark_ms = watermark;
        s->looks++;
    }
    pthread_mutex_unlock(&l->lock);
}

static void *watch(void *arg)
{
    struct live *l = arg;
    pthread_mutex_lock(&l->lock);
    while (!l->closing) {
        /* A site is only taken out by this thread, so it stays while it is looked at. */
        struct live_site **link = &l->sites;
        while (*link) {
            struct live_site *s = *link;
            if (s->listeners == 0) {
                *link = s->next;
                free(s);
                continue;
            }
            pthread_mutex_unlock(&l->lock);
            look_at(l, s);
            pthread_mutex_lock(&l->lock);
            /* New sites are put in front: find the place again. */
            for (link = &l->sites; *link != s;) link = &(*link)->next;
            link = &s->next;
        }
        struct timespec until;
        clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_nsec += (long)LOOK_MS % 1000 * 1000000;
        until.tv_sec += LOOK_MS / 1000 + until.tv_nsec / 1000000000;
        until.tv_nsec %= 1000000000;
        while (!l->closing && pthread_cond_timedwait(&l->end, &l->lock, &until) != ETIMEDOUT) {
        }
    }
    pthread_mutex_unlock(&l->lock);
    return NULL;
}

err_code live_open(struct engine *engine, struct live **out, struct err *err)
{
    *out = NULL;
    struct live *l = calloc(1, sizeof *l);
    if (!l) return err_set(err, ERR_NOMEM, 0, "the live streams");
    l->engine = engine;
    pthread_mutex_init(&l->lock, NULL);
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&l->end, &monotonic);
    pthread_condattr_destroy(&monotonic);
    int bad = pthread_create(&l->thread, NULL, watch, l);
    if (bad) {
        pthread_cond_destroy(&l->end);
        pthread_mutex_destroy(&l->lock);
        free(l);
        return err_set(err, ERR_NOMEM, bad, "start the live streams' thread");
    }
    *out = l;
    return ERR_OK;
}

static int pull(void *arg, struct buf *out)
{
    struct listener *w = arg;
    int64_t now = clock_mono_ns();
    pthread_mutex_lock(&w->live->lock);
    struct live_site s = *w->site;
    pthread_mutex_unlock(&w->live->lock);
    if (s.looks > w->told) {
        buf_printf(out,
                   "event: events\ndata: {\"events\":%" PRIu64 ",\"watermark_ms\":%" PRId64 "}\n\n",
                   s.events, s.watermark_ms);
        w->told = s.looks;
        w->last_ns = now;
    } else if (w->last_ns == 0 || now - w->last_ns > (int64_t)BEAT_MS * 1000000) {
        buf_z(out, ": listening\n\n"); /* a comment (WHATWG, server-sent events) */
        w->last_ns = now;
    }
    return LOOK_MS / 2;
}

static void closed(void *arg)
{
    struct listener *w = arg;
    pthread_mutex_lock(&w->live->lock);
    w->site->listeners--;
    w->live->listeners--;
    pthread_mutex_unlock(&w->live->lock);
    free(w);
}

/* The site with one more listener, or NULL past the limits. */
static struct live_site *join_site(struct live *l, uint32_t site)
{
    if (l->listeners == LIVE_MAX_LISTENERS) return NULL;
    struct live_site *s = l->sites;
    while (s && s->site != site) s = s->next;
    if (!s) {
        s = calloc(1, sizeof *s);
        if (!s) return NULL;
        s->site = site;
        s->next = l->sites;
        l->sites = s;
    }
    s->listeners++;
    l->listeners++;
    return s;
}

void live_answer(struct live *l, struct http_request *r, uint32_t site)
{
    struct listener *w = calloc(1, sizeof *w);
    pthread_mutex_lock(&l->lock);
    struct live_site *s = w ? join_site(l, site) : NULL;
    pthread_mutex_unlock(&l->lock);
    if (!s) {
        free(w);
        http_add_header(r, "Retry-After", "60");
        http_answer_static(
            r, 503, "application/json",
            STR("{\"error\":{\"code\":\"overloaded\",\"message\":\"too many listen\"}}"));
        return;
    }
    *w = (struct listener){.live = l, .site = s};
    http_add_header(r, "Cache-Control", "no-store");
    http_add_header(r, "X-Accel-Buffering", "no"); /* nginx would hold the events back */
    http_answer_stream(r, "text/event-stream", pull, closed, w);
}

void live_close(struct live *l)
{
    if (!l) return;
    pthread_mutex_lock(&l->lock);
    l->closing = true;
    pthread_cond_broadcast(&l->end);
    pthread_mutex_unlock(&l->lock);
    pthread_join(l->thread, NULL);
    while (l->sites) {
        struct live_site *s = l->sites;
        l->sites = s->next;
        free(s);
    }
    pthread_cond_destroy(&l->end);
    pthread_mutex_destroy(&l->lock);
    free(l);
}
