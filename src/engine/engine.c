#include "engine/engine.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "engine/engine_own.h"

enum { FRESH_WAIT_MS = 30000 }; /* at start, for the journeys to take what the journal holds */

bool engine_nap(struct engine_own *o, int ms)
{
    int64_t until = clock_mono_ns() + (int64_t)ms * 1000000;
    struct timespec t = {.tv_sec = (time_t)(until / 1000000000),
                         .tv_nsec = (long)(until % 1000000000)};
    pthread_mutex_lock(&o->lock);
    if (!o->closing && ms > 0) pthread_cond_timedwait(&o->changed, &o->lock, &t);
    bool closing = o->closing;
    pthread_mutex_unlock(&o->lock);
    return closing;
}

/* --- opening --- */

/* The database of countries beside the program: installed, or in the tree that it was built in. */
static const char *find_country_db(char *path, size_t size)
{
    static const char *const places[] = {"country.mmdb", "../share/cairn/country.mmdb",
                                         "../../deps/vendor/geo/geo-whois-asn-country.mmdb"};
    char self[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    if (n <= 0) return NULL;
    self[n] = 0;
    *strrchr(self, '/') = 0;
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        int len = snprintf(path, size, "%s/%s", self, places[i]);
        if (len > 0 && (size_t)len < size && access(path, R_OK) == 0) return path;
    }
    return NULL;
}

static err_code open_parts(struct engine_own *o, const struct engine_options *options,
                           struct err *err)
{
    struct engine *e = &o->parts;
    const struct fs *fs = options->fs ? options->fs : &fs_real;
    char config[PATH_MAX], journal[PATH_MAX], store[PATH_MAX], journey[PATH_MAX], country[PATH_MAX];
    const char *dir = options->data_dir;
    int n = snprintf(config, sizeof config, "%s/config.db", dir);
    snprintf(journal, sizeof journal, "%s/journal", dir);
    snprintf(journey, sizeof journey, "%s/journey", dir);
    snprintf(store, sizeof store, "%s/events.duckdb", dir);
    if (n < 0 || n > PATH_MAX - 32)
        return err_set(err, ERR_INVALID, 0, "the data folder's path is too long");

    int rc = fs_real.mkdir(&fs_real, dir);
    if (rc < 0) return err_set(err, ERR_IO, -rc, "make the data folder %s", dir);
    err_code code = engine_lock(dir, &o->lock_fd, err);
    if (code == ERR_OK) code = pool_open(options->threads, &e->pool, err);
    if (code == ERR_OK)
        code = config_open(options->config_where ? options->config_where : config, e->clock,
                           &e->config, err);
    if (code == ERR_OK) code = journal_open(fs, journal, NULL, &e->journal, err);
    if (code == ERR_OK)
        code =
            store_open(store, options->store_memory_bytes, (int)options->threads, &e->store, err);
    struct index_options index = {.dir = journey, .memory_bytes = options->journey_memory_bytes};
    if (code == ERR_OK) code = index_open(fs, &index, &e->index, err);
    if (code == ERR_OK) code = engine_catch_up_index(o, options, err);
    struct accept_options accept = {
        .data_dir = dir,
        .country_db =
            options->country_db ? options->country_db : find_country_db(country, sizeof country),
    };
    if (code == ERR_OK)
        code = accept_open(&accept, e->config, e->journal, e->clock, &e->accept, err);
    if (code == ERR_OK) code = engine_catch_up_accept(o, err);
    return code;
}

static err_code start_threads(struct engine_own *o, struct err *err)
{
    err_code code =
        journal_reader_open(o->parts.journal, o->stats.indexed_seq + 1, &o->index_reader, err);
    if (code != ERR_OK) return code;
    int rc = pthread_create(&o->store_thread, NULL, engine_store_thread, o);
    o->store_started = rc == 0;
    if (rc == 0) rc = pthread_create(&o->index_thread, NULL, engine_index_thread, o);
    o->index_started = rc == 0;
    return rc ? err_set(err, ERR_IO, rc, "start the threads of the data folder") : ERR_OK;
}

static bool wait_for(struct engine_own *o, uint64_t stored, uint64_t indexed, int64_t wait_ms)
{
    int64_t until = clock_mono_ns() + wait_ms * 1000000;
    struct timespec t = {.tv_sec = (time_t)(until / 1000000000),
                         .tv_nsec = (long)(until % 1000000000)};
    int rc = 0;
    pthread_mutex_lock(&o->lock);
    if (stored > o->hurry_to) o->hurry_to = stored;
    pthread_cond_broadcast(&o->changed);
    while (rc == 0 && (o->stats.stored_seq < stored || o->stats.indexed_seq < indexed))
        rc = pthread_cond_timedwait(&o->changed, &o->lock, &t);
    bool done = o->stats.stored_seq >= stored && o->stats.indexed_seq >= indexed;
    pthread_mutex_unlock(&o->lock);
    return done;
}

err_code engine_open(const struct engine_options *options, struct engine *out, struct err *err)
{
    struct engine_own *o = calloc(1, sizeof *o);
    if (!o) return err_set(err, ERR_NOMEM, 0, "open the data folder");
    o->lock_fd = -1;
    o->parts.own = o;
    o->parts.clock = options->clock ? options->clock : &clock_real;
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_mutex_init(&o->lock, NULL);
    pthread_cond_init(&o->changed, &attr);
    pthread_condattr_destroy(&attr);
    err_code code = open_parts(o, options, err);
    if (code == ERR_OK) code = start_threads(o, err);
    *out = o->parts;
    if (code != ERR_OK) {
        engine_close(out);
        return code;
    }
    /* What was answered before the restart is in the first report after it. */
    if (!wait_for(o, 0, journal_durable_seq(out->journal), FRESH_WAIT_MS))
        log_line(LOG_WARN, "journeys_behind", "wait_ms=%d", FRESH_WAIT_MS);
    return ERR_OK;
}

/* --- in use --- */

err_code engine_settle(struct engine *e, int64_t wait_ms, struct err *err)
{
    uint64_t seq = journal_durable_seq(e->journal);
    if (wait_for(e->own, seq, seq, wait_ms)) return ERR_OK;
    return err_set(err, ERR_CANCELLED, 0, "the store or the journeys are behind after %lld ms",
                   (long long)wait_ms);
}

struct engine_stats engine_stats(const struct engine *e)
{
    pthread_mutex_lock(&e->own->lock);
    struct engine_stats s = e->own->stats;
    pthread_mutex_unlock(&e->own->lock);
    return s;
}

uint64_t engine_store_lag(const struct engine *e)
{
    uint64_t durable = journal_durable_seq(e->journal), stored = engine_stats(e).stored_seq;
    return durable > stored ? durable - stored : 0;
}

/* --- closing --- */

void engine_close(struct engine *e)
{
    struct engine_own *o = e->own;
    struct err err;
    if (!o) return;
    if (e->journal && journal_sync(e->journal, &err) != ERR_OK)
        log_line(LOG_ERROR, "journal_failed", "why=\"%s\"", err.msg);
    pthread_mutex_lock(&o->lock);
    o->closing = true;
    pthread_cond_broadcast(&o->changed);
    pthread_mutex_unlock(&o->lock);
    if (o->store_started) pthread_join(o->store_thread, NULL);
    if (o->index_started) pthread_join(o->index_thread, NULL);
    journal_reader_close(o->index_reader);
    accept_close(e->accept);
    index_close(e->index);
    store_close(e->store);
    journal_close(e->journal);
    config_close(e->config);
    pool_close(e->pool);
    if (o->lock_fd >= 0) close(o->lock_fd);
    pthread_cond_destroy(&o->changed);
    pthread_mutex_destroy(&o->lock);
    free(o);
    *e = (struct engine){0};
}
