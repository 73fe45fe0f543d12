#include "api/doctor.h"

static json_t *count(uint64_t n)
{
    return json_integer((json_int_t)n);
}

static json_t *journeys_json(const struct index_stats *s, uint64_t watermark)
{
    json_t *columns = json_object(), *bots = json_object();
    for (size_t i = 0; i < s->n_columns; i++)
        json_object_set_new(columns, s->columns[i].name, count(s->columns[i].bytes));
    for (size_t i = 1; i < BOT_N; i++)
        if (s->bots[i]) json_object_set_new(bots, event_bot_names[i], count(s->bots[i]));
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "events", count(s->events),
                     "visitors", count(s->visitors), "parts", count(s->parts), "mapped_bytes",
                     count(s->mapped_bytes), "memory_bytes", count(s->memory_bytes), "watermark",
                     count(watermark), "columns", columns, "bots", bots);
}

static err_code site_json(struct engine *e, const struct site *site, json_t **out, struct err *err)
{
    struct store_counts counts;
    struct index_stats stats;
    err_code rc = store_counts(e->store, site->id, &counts, err);
    if (rc) return rc;
    index_stats(e->index, site->id, &stats);
    *out = json_pack("{s:o, s:o, s:o, s:o}", "key", json_stringn(site->key.p, site->key.n),
                     "events", count(counts.events), "bots", count(counts.bots), "journeys",
                     journeys_json(&stats, index_watermark(e->index, site->id)));
    return *out ? ERR_OK : err_set(err, ERR_NOMEM, 0, "doctor");
}

err_code doctor_json(struct engine *e, json_t **out, struct err *err)
{
    struct journal_stats j = journal_stats(e->journal);
    struct store_counts all;
    err_code rc = store_counts(e->store, 0, &all, err);
    if (rc) return rc;
    json_t *sites = json_array();
    const struct site_table *t = config_sites(e->config);
    for (size_t i = 0; !rc && i < t->n; i++) {
        json_t *site;
        rc = site_json(e, &t->sites[i], &site, err);
        if (!rc) json_array_append_new(sites, site);
    }
    config_sites_release(e->config, t);
    if (rc) {
        json_decref(sites);
        return rc;
    }
    *out = json_pack("{s:{s:o, s:o, s:o, s:o, s:b}, s:{s:o, s:o, s:o, s:o, s:o}, s:o}", "journal",
                     "first_seq", count(journal_first_seq(e->journal)), "durable_seq",
                     count(journal_durable_seq(e->journal)), "segments", count(j.segments),
                     "queued_bytes", count(j.queued_bytes), "failed", (int)j.failed, "store",
                     "events", count(all.events), "bots", count(all.bots), "watermark",
                     count(store_watermark(e->store)), "file_bytes", count(all.file_bytes), "lag",
                     count(engine_store_lag(e)), "sites", sites);
    return *out ? ERR_OK : err_set(err, ERR_NOMEM, 0, "doctor");
}
