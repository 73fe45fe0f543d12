/* catch_up.c: at start: the journeys get what only the store has, the filter of duplicates what the
 * store and the journal have. */
#include <inttypes.h>

#include "base/log.h"
#include "engine/engine_own.h"

enum {
    TELL_EVERY = 65536,     /* events between two calls of progress */
    WORTH_KEEPING = 100000, /* events after which the rebuilt journeys are written out at once */
};

struct rebuild {
    struct engine_own *own;
    const struct engine_options *options;
    uint64_t base, total; /* in numbers: done and all of the sites before this one */
    uint64_t after;       /* this site's watermark */
    uint64_t n, refused;
    struct err err;
};

static err_code add_one(void *arg, const struct event *e)
{
    struct rebuild *r = arg;
    err_code code = index_add(r->own->parts.index, e, &r->err);
    if (code == ERR_INVALID) {
        log_line(LOG_ERROR, "journeys_refuse_event", "seq=%" PRIu64 " why=\"%s\"", e->seq,
                 r->err.msg);
        r->refused++;
        code = ERR_OK;
    }
    if (++r->n % TELL_EVERY == 0 && r->options->progress)
        r->options->progress(r->options->arg, "rebuild journeys", r->base + e->seq - r->after,
                             r->total);
    return code;
}

/* By number, which index_add asks for; it sorts what it gets into parts as it goes. */
static err_code rebuild_site(struct rebuild *r, uint32_t site, struct err *err)
{
    struct engine_own *o = r->own;
    uint64_t upto = store_watermark(o->parts.store);
    r->after = index_watermark(o->parts.index, site);
    if (r->after >= upto) return ERR_OK;
    struct store_query q = {.site = site,
                            .after_seq = r->after,
                            .upto_seq = upto,
                            .with_bots = true,
                            .order = STORE_BY_SEQ};
    err_code code = store_each(o->parts.store, &q, add_one, r, err);
    if (code != ERR_OK && r->err.code != ERR_OK && err) *err = r->err;
    r->base += upto - r->after;
    return code;
}

err_code engine_catch_up_index(struct engine_own *o, const struct engine_options *options,
                               struct err *err)
{
    struct rebuild r = {.own = o, .options = options};
    uint64_t upto = store_watermark(o->parts.store), last = upto;
    const struct site_table *sites = config_sites(o->parts.config);
    for (size_t i = 0; i < sites->n; i++) {
        uint64_t seq = index_watermark(o->parts.index, sites->sites[i].id);
        if (seq < upto) r.total += upto - seq;
        if (seq > last) last = seq;
    }
    err_code code = ERR_OK;
    for (size_t i = 0; i < sites->n && code == ERR_OK; i++)
        code = rebuild_site(&r, sites->sites[i].id, err);
    config_sites_release(o->parts.config, sites);
    if (code == ERR_OK) code = index_publish(o->parts.index, upto, 0, err);
    if (code == ERR_OK && r.n >= WORTH_KEEPING) code = index_persist(o->parts.index, err);
    if (code != ERR_OK) return code;
    if (r.n > 0) log_line(LOG_INFO, "journeys_caught_up", "events=%" PRIu64, r.n);
    if (r.n > 0 && options->progress)
        options->progress(options->arg, "rebuild journeys", r.total, r.total);
    o->stats.refused += r.refused;
    /* Numbers that the store or the journeys have seen mean other events already. */
    journal_skip_to(o->parts.journal, last);
    o->stats.stored_seq = o->stats.indexed_seq = upto;
    return ERR_OK;
}

static err_code seen_one(void *arg, uint32_t site, uint64_t dedupe, int64_t received_ms)
{
    accept_seen(arg, site, dedupe, received_ms);
    return ERR_OK;
}

/* What is durable and not in the store yet. */
static err_code seen_in_journal(struct engine_own *o, struct err *err)
{
    struct journal_reader *r;
    struct str record;
    struct event e;
    uint64_t seq = 0, last = journal_durable_seq(o->parts.journal), n = 0;
    err_code code =
        journal_reader_open(o->parts.journal, store_watermark(o->parts.store) + 1, &r, err);
    if (code != ERR_OK) return code;
    while (seq < last && (code = journal_read(r, 0, &seq, &record, err)) == ERR_OK) {
        n++;
        /* One that cannot be read is reported by the thread that carries it to the store. */
        if (event_decode(record, &e, NULL) == ERR_OK && e.dedupe)
            accept_seen(o->parts.accept, e.site, e.dedupe, e.received_at_ms);
    }
    journal_reader_close(r);
    if (n > 0) log_line(LOG_INFO, "journal_replayed", "events=%" PRIu64, n);
    return code == ERR_NOT_FOUND ? ERR_OK : code;
}

static err_code know_site(void *arg, uint32_t site, struct err *err)
{
    struct engine_own *o = arg;
    return store_each_dedupe(o->parts.store, site, 0, seen_one, o->parts.accept, err);
}

err_code engine_catch_up_accept(struct engine_own *o, struct err *err)
{
    int64_t since = clock_now_ms(o->parts.clock) - LIMIT_DEDUPE_MS;
    struct accept_store store = {store_identity(o->parts.store), know_site, o};
    accept_set_store(o->parts.accept, &store);
    err_code code = store_each_dedupe(o->parts.store, 0, since, seen_one, o->parts.accept, err);
    return code == ERR_OK ? seen_in_journal(o, err) : code;
}
