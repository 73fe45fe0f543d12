#include "report/request.h"

#include <math.h>
#include <stdio.h>

#include "event/limits.h"
#include "report/filter.h"

const char *const unit_names[UNIT_N] = {"visitor", "session", "lead"};

err_code request_bad(struct err *err, const char *field, const char *why)
{
    return err_named(err, ERR_INVALID, "bad_field", field, "%s: %s", field, why);
}

static struct str text_of(const json_t *j)
{
    return (struct str){json_string_value(j), json_string_length(j)};
}

err_code request_number(const struct request *q, const char *key, double least, double most,
                        double *out, struct err *err)
{
    const json_t *v = json_object_get(q->json, key);
    if (!v) return ERR_OK;
    char why[80];
    snprintf(why, sizeof why, "a number between %g and %g is needed", least, most);
    double x = json_is_number(v) ? json_number_value(v) : NAN;
    if (!(x >= least && x <= most)) return request_bad(err, key, why);
    *out = x;
    return ERR_OK;
}

err_code request_text(const struct request *q, const char *key, struct str *out, struct err *err)
{
    const json_t *v = json_object_get(q->json, key);
    if (!v || json_is_null(v)) return ERR_OK;
    if (!json_is_string(v) || json_string_length(v) > LIMIT_VALUE)
        return request_bad(err, key, "a text is needed");
    *out = text_of(v);
    return ERR_OK;
}

err_code request_word(const struct request *q, const char *key, const char *const *words, int n,
                      int *out, struct err *err)
{
    const json_t *v = json_object_get(q->json, key);
    if (!v || json_is_null(v)) return ERR_OK;
    for (int i = 0; json_is_string(v) && i < n; i++)
        if (str_is(text_of(v), words[i])) {
            *out = i;
            return ERR_OK;
        }
    char why[120] = "it is none of";
    for (int i = 0; i < n; i++) {
        size_t used = strlen(why);
        snprintf(why + used, sizeof why - used, " %s", words[i]);
    }
    return request_bad(err, key, why);
}

static err_code check_keys(const json_t *json, const char *own, struct err *err)
{
    static const char shared[] = " range compare unit filter segment breakdown limit ";
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)json, key, value)
    {
        char spaced[40];
        int n = snprintf(spaced, sizeof spaced, " %s ", key);
        bool fits = n < (int)sizeof spaced && !strchr(key, ' ');
        if (fits && (strstr(shared, spaced) || strstr(own, spaced))) continue;
        return err_named(err, ERR_INVALID, "unknown_field", key,
                         "this report has no field \"%.80s\"", key);
    }
    return ERR_OK;
}

/* The site's zone, currency and label. */
static err_code read_site(struct request *q, struct err *err)
{
    err_code rc = ERR_OK;
    const struct site_table *sites = config_sites(q->x->config);
    const struct site *s = site_by_id(sites, q->site);
    if (!s) {
        rc = err_named(err, ERR_NOT_FOUND, "unknown_site", "", "there is no such site");
    } else {
        memcpy(q->currency, s->currency, sizeof q->currency);
        q->simulated = s->simulated;
        rc = zone_open(s->timezone.n ? s->timezone : STR("UTC"), &q->zone, err);
        q->timezone = arena_copy(q->a, s->timezone.n ? s->timezone : STR("UTC"));
        if (rc == ERR_OK && !q->timezone.p) rc = err_set(err, ERR_NOMEM, 0, "a report's request");
    }
    config_sites_release(q->x->config, sites);
    return rc;
}

static err_code read_ranges(struct request *q, struct err *err)
{
    const json_t *range = json_object_get(q->json, "range");
    const json_t *compare = json_object_get(q->json, "compare");
    err_code rc = ERR_OK;
    if (range) rc = range_read(range, "range", q->zone, &q->range, err);
    else q->range = range_last_days(q->zone, q->now_ms);
    if (rc != ERR_OK || !compare || json_is_null(compare)) return rc;
    q->has_compare = true;
    if (json_is_object(compare)) return range_read(compare, "compare", q->zone, &q->compare, err);
    if (json_is_string(compare) && str_is(text_of(compare), "previous"))
        q->compare = range_previous(q->zone, q->range);
    else if (json_is_string(compare) && str_is(text_of(compare), "year"))
        q->compare = range_before(q->zone, q->range, 364);
    else return request_bad(err, "compare", "\"previous\", \"year\" or a range is needed");
    return ERR_OK;
}

static err_code read_breakdown(struct request *q, struct err *err)
{
    err_code rc = request_text(q, "breakdown", &q->breakdown, err);
    if (rc != ERR_OK || q->breakdown.n == 0) return rc;
    if (!rule_property_known(q->breakdown))
        return err_named(err, ERR_INVALID, "unknown_property", "breakdown",
                         "there is no property \"%.*s\"", STR_FMT(str_sub(q->breakdown, 0, 80)));
    return ERR_OK;
}

err_code request_open(const struct report_context *x, uint32_t site, const json_t *json,
                      const char *own, struct arena *a, struct request *out, struct err *err)
{
    *out = (struct request){.x = x, .a = a, .json = json, .site = site, .limit = LIMIT_DEFAULT};
    out->now_ms = clock_now_ms(x->clock);
    if (!json_is_object(json)) return request_bad(err, "", "the request is an object");
    err_code rc = check_keys(json, own, err);
    if (rc == ERR_OK) rc = read_site(out, err);
    if (rc == ERR_OK) rc = read_ranges(out, err);
    if (rc != ERR_OK) return rc;

    int unit = UNIT_VISITOR;
    rc = request_word(out, "unit", unit_names, UNIT_N, &unit, err);
    if (rc != ERR_OK) return rc;
    out->unit = (enum unit)unit;
    out->has_unit = json_object_get(json, "unit") != NULL;

    double limit = LIMIT_DEFAULT;
    rc = request_number(out, "limit", 1, LIMIT_MOST, &limit, err);
    if (rc != ERR_OK) return rc;
    if (limit != floor(limit)) return request_bad(err, "limit", "a whole number is needed");
    out->limit = (size_t)limit;
    rc = read_breakdown(out, err);
    if (rc == ERR_OK) rc = filters_read(out, err);
    if (rc != ERR_OK) return rc;
    out->snapshot = index_snapshot(x->index, site);
    return ERR_OK;
}

void request_close(struct request *q)
{
    snapshot_release(q->snapshot);
    zone_close(q->zone);
    q->snapshot = NULL;
    q->zone = NULL;
}

err_code request_plan(const struct request *q, struct plan **out, struct err *err)
{
    const struct scan_site site = {.zone = q->zone};
    err_code rc = plan_open(q->snapshot, &site, out, err);
    if (rc != ERR_OK) return rc;
    for (size_t i = 0; rc == ERR_OK && i < q->n_filters; i++)
        rc = plan_filter(*out, &q->filters[i].rule, q->filters[i].on, err);
    if (rc == ERR_OK) return ERR_OK;
    plan_close(*out);
    *out = NULL;
    return rc;
}

err_code request_dimension(struct plan *p, struct str name, const char *field, unsigned *slot,
                           struct err *err)
{
    err_code rc = plan_dimension(p, name, slot, err);
    if (rc != ERR_INVALID) return rc;
    return err_named(err, ERR_INVALID, "unknown_property", field,
                     "\"%.*s\" is not something to split by", STR_FMT(str_sub(name, 0, 80)));
}

err_code request_scan(const struct request *q, const struct plan *p, const struct kernel *k,
                      const void *def, void *state, struct err *err)
{
    /* A report is several scans, and a small one may end before it polls. */
    if (q->x->cancelled && q->x->cancelled(q->x->arg))
        return err_set(err, ERR_CANCELLED, 0, "nobody waits for this report any more");
    return scan_run(p, q->x->pool, k, def, state, q->x->cancelled, q->x->arg, err);
}

void request_day_text(const struct request *q, int64_t at_ms, char out[16])
{
    zone_format_day(zone_day(q->zone, at_ms), out);
}
