#include "demo/fill.h"

#include <time.h>

#include "base/log.h"
#include "demo/shop.h"

enum { DAY_MS = 86400000, BATCH = 2000, BACKLOG = 500000, SETTLE_MS = 600000, PATIENCE_MS = 20 };

static const char *const goals[] = {
    "{\"key\":\"size_guide\",\"name\":\"Opened the size "
    "guide\",\"class\":\"secondary\",\"rule\":{\"type\":\"event\","
    "\"name\":\"size_guide\"}}",
    "{\"key\":\"view_delivery\",\"name\":\"Read about delivery and "
    "returns\",\"class\":\"secondary\",\"rule\":{\"type\":"
    "\"event\",\"name\":\"view_delivery\"}}",
    "{\"key\":\"video\",\"name\":\"Watched the "
    "video\",\"class\":\"secondary\",\"rule\":{\"type\":\"media\",\"stage\":"
    "\"start\"}}",
    "{\"key\":\"address\",\"name\":\"Gave an "
    "address\",\"class\":\"milestone\",\"rule\":{\"type\":\"event\",\"name\":"
    "\"add_shipping_info\"}}",
    "{\"key\":\"engaged\",\"name\":\"Stayed for a "
    "minute\",\"class\":\"secondary\",\"rule\":{\"type\":\"engaged\","
    "\"at_least_s\":60}}",
    NULL,
};
static const char funnel[] =
    "{\"key\":\"buying\",\"name\":\"Buying, step by "
    "step\",\"steps\":[{\"goal\":\"view_item\"},{\"goal\":\"add_to_cart\"},"
    "{\"goal\":\"begin_checkout\"},{\"goal\":\"address\"},{\"goal\":\"add_payment_info\"},{"
    "\"goal\":\"purchase\"}]}";

static err_code add_document(struct config *c, uint32_t site, const char *kind, const char *text,
                             struct err *err)
{
    json_t *doc = json_loads(text, 0, NULL);
    err_code rc = config_add(c, site, kind, doc, "cairn demo", NULL, err);
    json_decref(doc);
    return rc;
}

/* The options a filling was begun with are kept in the site, so that it can be gone on with. */
static json_t *site_json(const struct demo_options *o, int64_t until_ms)
{
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:b, s:s, s:{s:I, s:i, s:I, s:I, s:b}}", "key",
                     "demo", "name", "Fell & Ford (simulated)", "domain", "fell-and-ford.example",
                     "timezone", "Europe/Berlin", "currency", "EUR", "simulated", true, "template",
                     "ecommerce", "demo", "seed", (json_int_t)o->seed, "days", o->days, "visitors",
                     (json_int_t)o->visitors, "until_ms", (json_int_t)until_ms, "full", false);
}

static err_code make_site(struct engine *e, const struct demo_options *o, uint32_t *site,
                          struct err *err)
{
    json_t *doc = site_json(o, clock_now_ms(e->clock));
    err_code rc = doc ? config_site_add(e->config, doc, "cairn demo", site, err)
                      : err_set(err, ERR_NOMEM, 0, "make the demo site");
    json_decref(doc);
    for (size_t i = 0; !rc && goals[i]; i++)
        rc = add_document(e->config, *site, "goals", goals[i], err);
    if (!rc) rc = add_document(e->config, *site, "funnels", funnel, err);
    return rc;
}

struct filling {
    struct engine *e;
    const struct demo_options *o;
    uint64_t skip; /* events that an earlier filling has put there */
    struct buf bytes;
    size_t end[BATCH]; /* where each record of the batch ends */
    size_t n;
    struct err *err;
};

/* Appends the batch; waits while the journal's queue or the store's backlog is full. */
static err_code flush(struct filling *f)
{
    struct str records[BATCH];
    for (size_t i = 0, at = 0; i < f->n; at = f->end[i++])
        records[i] = (struct str){f->bytes.p + at, f->end[i] - at};
    err_code rc = f->bytes.bad ? err_set(f->err, ERR_NOMEM, 0, "encode the demo's events") : ERR_OK;
    while (!rc && engine_store_lag(f->e) > BACKLOG) {
        if (f->o->stopped && f->o->stopped(f->o->arg))
            return err_set(f->err, ERR_CANCELLED, 0, "fill the demo");
        nanosleep(&(struct timespec){.tv_nsec = PATIENCE_MS * 1000000}, NULL);
    }
    uint64_t first;
    if (!rc && f->n > 0) {
        rc = journal_append(f->e->journal, records, f->n, &first, f->err);
        if (rc == ERR_NOMEM) { /* the queue is full: let the disk catch up */
            rc = journal_sync(f->e->journal, f->err);
            if (!rc) rc = journal_append(f->e->journal, records, f->n, &first, f->err);
        }
    }
    buf_clear(&f->bytes);
    f->n = 0;
    return rc;
}

static err_code take(void *arg, const struct event *event, const struct shop_progress *p)
{
    struct filling *f = arg;
    if (f->skip > 0) {
        f->skip--;
        return ERR_OK;
    }
    event_encode(event, &f->bytes);
    f->end[f->n++] = f->bytes.n;
    if (f->n < BATCH) return ERR_OK;
    if (f->o->progress) f->o->progress(f->o->arg, p->visits_done, p->visits);
    if (f->o->stopped && f->o->stopped(f->o->arg))
        return err_set(f->err, ERR_CANCELLED, 0, "fill the demo");
    return flush(f);
}

static err_code fill(struct engine *e, uint32_t site, const json_t *plan,
                     const struct demo_options *o, struct err *err)
{
    /* What was appended before is a prefix of what is made again. */
    struct store_counts counts;
    err_code rc = engine_settle(e, SETTLE_MS, err);
    if (!rc) rc = store_counts(e->store, site, &counts, err);
    if (rc) return rc;
    struct filling f = {.e = e, .o = o, .skip = counts.events, .err = err};
    struct shop_options shop = {
        .site = site,
        .seed = (uint64_t)json_integer_value(json_object_get(plan, "seed")),
        .visitors = (uint64_t)json_integer_value(json_object_get(plan, "visitors")),
        .days = (int)json_integer_value(json_object_get(plan, "days")),
        .until_ms = json_integer_value(json_object_get(plan, "until_ms")),
    };
    const struct site_table *sites = config_sites(e->config);
    memcpy(shop.id_key, site_by_id(sites, site)->id_key, sizeof shop.id_key);
    config_sites_release(e->config, sites);
    rc = shop_run(&shop, take, &f, err);
    if (!rc) rc = flush(&f);
    buf_free(&f.bytes);
    if (!rc) rc = journal_sync(e->journal, err);
    if (!rc) rc = engine_settle(e, SETTLE_MS, err);
    return rc;
}

err_code demo_fill(struct engine *e, const struct demo_options *o, struct err *err)
{
    const struct site_table *sites = config_sites(e->config);
    const struct site *s = site_by_key(sites, STR("demo"));
    uint32_t site = s ? s->id : 0;
    bool own = s && !s->simulated;
    config_sites_release(e->config, sites);
    if (own)
        return err_set(err, ERR_CONFLICT, 0,
                       "the site `demo` of this folder is not a simulated one");
    err_code rc = site ? ERR_OK : make_site(e, o, &site, err);
    json_t *doc = NULL;
    if (!rc) rc = config_site_json(e->config, site, &doc, err);
    if (rc) return rc;
    json_t *plan = json_object_get(doc, "demo");
    if (!json_is_true(json_object_get(plan, "full"))) {
        rc = fill(e, site, plan, o, err);
        json_t *patch = NULL;
        if (!rc && json_object_set_new(plan, "full", json_true()) == 0)
            patch = json_pack("{s:O}", "demo", plan);
        if (!rc)
            rc = patch ? config_site_patch(e->config, site, patch, "cairn demo", err)
                       : err_set(err, ERR_NOMEM, 0, "note that the demo is full");
        json_decref(patch);
    }
    json_decref(doc);
    return rc;
}
