#include "report/range.h"

#include <stdio.h>

enum { DAY_MS = 24 * 3600 * 1000, DEFAULT_DAYS = 30, MOST_DAYS = 3660 };

static err_code bad_range(struct err *err, const char *at, const char *key, const char *why)
{
    char field[80];
    snprintf(field, sizeof field, "%s%s%s", at, *key ? "." : "", key);
    return err_named(err, ERR_INVALID, "bad_range", field, "%s: %s", field, why);
}

static err_code read_day(const json_t *j, const char *at, const char *key, int32_t *day,
                         struct err *err)
{
    const json_t *v = json_object_get(j, key);
    if (!v) return bad_range(err, at, key, "it is missing");
    struct str text = {json_string_value(v), json_string_length(v)};
    if (!json_is_string(v) || !zone_parse_day(text, day))
        return bad_range(err, at, key, "a day such as 2026-10-31 is needed");
    return ERR_OK;
}

static err_code read_ms(const json_t *j, const char *at, const char *key, int64_t *ms,
                        struct err *err)
{
    const json_t *v = json_object_get(j, key);
    if (!json_is_integer(v))
        return bad_range(err, at, key, "whole milliseconds since 1970 are needed");
    *ms = json_integer_value(v);
    if (*ms < 0 || *ms > INT64_C(253402300800000))
        return bad_range(err, at, key, "it is not between 1970 and 9999");
    return ERR_OK;
}

err_code range_read(const json_t *j, const char *at, const struct zone *zone, struct range *out,
                    struct err *err)
{
    if (!json_is_object(j)) return bad_range(err, at, "", "{\"from\",\"to\"} is needed");
    const char *key;
    json_t *value;
    bool by_ms = json_object_get(j, "from_ms") || json_object_get(j, "to_ms");
    json_object_foreach((json_t *)j, key, value)
    {
        if (strcmp(key, by_ms ? "from_ms" : "from") != 0 &&
            strcmp(key, by_ms ? "to_ms" : "to") != 0)
            return bad_range(err, at, key,
                             "a range is {\"from\",\"to\"} or {\"from_ms\",\"to_ms\"}");
    }
    err_code rc;
    if (by_ms) {
        rc = read_ms(j, at, "from_ms", &out->from_ms, err);
        if (rc == ERR_OK) rc = read_ms(j, at, "to_ms", &out->to_ms, err);
        if (rc != ERR_OK) return rc;
        if (out->to_ms <= out->from_ms)
            return bad_range(err, at, "to_ms", "it is not after from_ms");
    } else {
        int32_t from = 0, to = 0;
        rc = read_day(j, at, "from", &from, err);
        if (rc == ERR_OK) rc = read_day(j, at, "to", &to, err);
        if (rc != ERR_OK) return rc;
        if (to < from) return bad_range(err, at, "to", "it is before from");
        out->from_ms = zone_day_start_ms(zone, from);
        out->to_ms = zone_day_start_ms(zone, to + 1);
    }
    if (out->to_ms - out->from_ms > (int64_t)MOST_DAYS * DAY_MS)
        return bad_range(err, at, "", "it is longer than ten years");
    return ERR_OK;
}

struct range range_last_days(const struct zone *zone, int64_t now_ms)
{
    int32_t today = zone_day(zone, now_ms);
    return (struct range){zone_day_start_ms(zone, today - DEFAULT_DAYS + 1),
                          zone_day_start_ms(zone, today + 1)};
}

/* The same time of the day, `days` earlier. */
static int64_t days_before(const struct zone *zone, int64_t at_ms, int32_t days)
{
    int32_t day = zone_day(zone, at_ms);
    return zone_day_start_ms(zone, day - days) + (at_ms - zone_day_start_ms(zone, day));
}

struct range range_before(const struct zone *zone, struct range r, int32_t days)
{
    return (struct range){days_before(zone, r.from_ms, days), days_before(zone, r.to_ms, days)};
}

int32_t range_days(const struct zone *zone, struct range r)
{
    return zone_day(zone, r.to_ms - 1) - zone_day(zone, r.from_ms) + 1;
}

struct range range_previous(const struct zone *zone, struct range r)
{
    return range_before(zone, r, (range_days(zone, r) + 6) / 7 * 7);
}
