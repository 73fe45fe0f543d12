/* check.c: what a document must look like before it is stored. */
#include "base/zone.h"
#include "config/own.h"
#include "event/rule.h"

enum { MAX_NAME = 200, MAX_HOSTS = 100, MAX_STEPS = 50, MAX_DOC = 256 * 1024 };

static err_code bad(struct err *err, const char *field, const char *why)
{
    return err_named(err, ERR_INVALID, "bad_field", field, "%s", why);
}

static err_code missing(struct err *err, const char *field)
{
    return err_named(err, ERR_INVALID, "missing_field", field, "%s is missing", field);
}

/* A text of at most `max` bytes, or absent when not `required`. */
static err_code text_check(const json_t *doc, const char *name, size_t max, bool required,
                           struct err *err)
{
    const json_t *v = json_object_get(doc, name);
    if (!v) return required ? missing(err, name) : ERR_OK;
    if (!json_is_string(v)) return bad(err, name, "this is a text");
    if (json_string_length(v) > max)
        return err_named(err, ERR_INVALID, "value_too_long", name, "at most %zu bytes", max);
    return ERR_OK;
}

static bool one_of(const json_t *v, const char *const *words)
{
    for (; json_is_string(v) && *words; words++)
        if (strcmp(json_string_value(v), *words) == 0) return true;
    return false;
}

static err_code currency_check(const json_t *v, struct err *err)
{
    const char *z = json_string_value(v);
    bool ok = z && strlen(z) == 3;
    for (int i = 0; ok && i < 3; i++) ok = z[i] >= 'A' && z[i] <= 'Z';
    return ok ? ERR_OK
              : err_named(err, ERR_INVALID, "bad_currency", "currency",
                          "a currency is three letters such as EUR");
}

static err_code host_check(const json_t *v, const char *field, struct err *err)
{
    const char *z = json_string_value(v);
    size_t n = json_string_length(v);
    bool ok = z && n > 0 && n <= 253;
    for (size_t i = 0; ok && i < n; i++)
        ok = (z[i] >= 'a' && z[i] <= 'z') || (z[i] >= '0' && z[i] <= '9') || z[i] == '.' ||
             z[i] == '-' || z[i] == ':';
    return ok ? ERR_OK : bad(err, field, "a host is written in lower case, such as shop.example");
}

err_code site_check(const json_t *doc, struct err *err)
{
    err_code rc = text_check(doc, "name", MAX_NAME, true, err);
    const json_t *domain = json_object_get(doc, "domain"), *hosts = json_object_get(doc, "hosts");
    if (!rc && domain && json_string_length(domain) > 0) rc = host_check(domain, "domain", err);
    if (!rc) rc = currency_check(json_object_get(doc, "currency"), err);
    if (!rc && hosts && (!json_is_array(hosts) || json_array_size(hosts) > MAX_HOSTS))
        rc = bad(err, "hosts", "hosts is a list of at most 100 names");
    for (size_t i = 0; !rc && i < json_array_size(hosts); i++)
        rc = host_check(json_array_get(hosts, i), "hosts", err);
    const json_t *keys = json_object_get(doc, "vendor_keys"), *lead = json_object_get(doc, "lead");
    if (!rc && keys && !json_is_object(keys))
        rc = bad(err, "vendor_keys", "vendor_keys is an object");
    if (!rc && lead && !(json_is_string(lead) && strcmp(json_string_value(lead), "known") == 0) &&
        !json_is_string(json_object_get(lead, "goal")))
        rc = bad(err, "lead", "lead is {\"goal\": key} or \"known\"");
    if (rc) return rc;
    const json_t *zone = json_object_get(doc, "timezone");
    struct zone *z = NULL;
    rc = zone_open((struct str){json_string_value(zone), json_string_length(zone)}, &z, err);
    zone_close(z);
    return rc;
}

static err_code goal_check(const json_t *doc, struct arena *a, struct err *err)
{
    static const char *const classes[] = {"macro", "milestone", "secondary", NULL};
    static const char *const counts[] = {"session", "visitor", "every", NULL};
    const json_t *count = json_object_get(doc, "count"), *value = json_object_get(doc, "value");
    const json_t *rule = json_object_get(doc, "rule"), *currency = json_object_get(doc, "currency");
    if (!one_of(json_object_get(doc, "class"), classes))
        return bad(err, "class", "class is macro, milestone or secondary");
    if (count && !one_of(count, counts))
        return bad(err, "count", "count is session, visitor or every");
    if (value && !json_is_null(value)) {
        const json_t *fixed = json_object_get(value, "fixed"),
                     *from = json_object_get(value, "from");
        bool from_event = json_is_string(from) && strcmp(json_string_value(from), "event") == 0;
        if (!from_event && !(json_is_number(fixed) && json_number_value(fixed) >= 0 &&
                             json_number_value(fixed) <= 1e12))
            return bad(err, "value", "value is {\"fixed\": 12.50} or {\"from\": \"event\"}");
    }
    if (currency) {
        err_code rc = currency_check(currency, err);
        if (rc) return rc;
    }
    struct rule r;
    return rule ? rule_from_json(rule, "rule", a, &r, err) : missing(err, "rule");
}

/* One step: {"goal":key} is resolved when the funnel is asked, also as one of {"any":[..]}. */
static err_code step_check(const json_t *step, const char *field, bool outer, struct arena *a,
                           struct err *err)
{
    const json_t *any = json_object_get(step, "any"), *child;
    struct rule r;
    bool goals = false;
    size_t i;
    if (json_is_string(json_object_get(step, "goal"))) return ERR_OK;
    json_array_foreach(any, i, child) goals = goals || json_object_get(child, "goal");
    if (!goals || !outer) return rule_from_step_json(step, field, a, &r, err);
    json_array_foreach(any, i, child)
    {
        char at[80];
        snprintf(at, sizeof at, "%.40s.any[%zu]", field, i);
        err_code rc = step_check(child, at, false, a, err);
        if (rc) return rc;
    }
    return ERR_OK;
}

static err_code funnel_check_doc(const json_t *doc, struct arena *a, struct err *err)
{
    const json_t *steps = json_object_get(doc, "steps");
    if (!json_is_array(steps)) return missing(err, "steps");
    if (json_array_size(steps) < 2 || json_array_size(steps) > MAX_STEPS)
        return bad(err, "steps", "a funnel has 2 to 50 steps");
    for (size_t i = 0; i < json_array_size(steps); i++) {
        char field[80];
        snprintf(field, sizeof field, "steps[%zu]", i);
        err_code rc = step_check(json_array_get(steps, i), field, true, a, err);
        if (rc) return rc;
    }
    return ERR_OK;
}

err_code thing_check(const char *kind, const json_t *doc, struct arena *a, struct err *err)
{
    struct str text;
    err_code rc = json_text(a, doc, &text, err);
    if (!rc && text.n > MAX_DOC)
        rc = err_named(err, ERR_TOO_BIG, "body_too_large", "", "at most 256 KiB");
    if (!rc) rc = text_check(doc, "name", MAX_NAME, strcmp(kind, "annotations") != 0, err);
    if (!rc && strcmp(kind, "goals") == 0) rc = goal_check(doc, a, err);
    if (!rc && strcmp(kind, "funnels") == 0) rc = funnel_check_doc(doc, a, err);
    if (!rc && strcmp(kind, "annotations") == 0) rc = text_check(doc, "text", 1000, true, err);
    return rc;
}
