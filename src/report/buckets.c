#include "report/buckets.h"

#include <inttypes.h>
#include <stdio.h>

enum { MOST_BUCKETS = 10000, MINUTE_MS = 60 * 1000, HOUR_MS = 3600 * 1000 };

const char *const bucket_names[BUCKET_N] = {"minute", "hour", "day"};

/* The start of the bucket after the one `at_ms` is in.  Hours and minutes are steps of elapsed time
 * from the day's start, so a day of 23 or 25 hours has 23 or 25 of them. */
static int64_t next_start(const struct zone *z, enum bucket_unit unit, int64_t at_ms)
{
    int32_t day = zone_day(z, at_ms);
    int64_t tomorrow = zone_day_start_ms(z, day + 1);
    if (unit == BUCKET_DAY) return tomorrow;
    int64_t length = unit == BUCKET_HOUR ? HOUR_MS : MINUTE_MS, start = zone_day_start_ms(z, day);
    int64_t next = start + ((at_ms - start) / length + 1) * length;
    return next < tomorrow ? next : tomorrow;
}

err_code buckets_cut(const struct request *q, struct range r, enum bucket_unit unit,
                     struct buckets *out, struct err *err)
{
    out->unit = unit;
    out->n = 0;
    for (int64_t at = r.from_ms; at < r.to_ms; at = next_start(q->zone, unit, at))
        if (++out->n > MOST_BUCKETS)
            return err_named(err, ERR_INVALID, "bad_range", "range",
                             "the range has more than %d %ss: ask for a coarser series",
                             MOST_BUCKETS, bucket_names[unit]);
    out->start_ms = ARENA_NEW(q->a, int64_t, out->n + 1);
    if (!out->start_ms) return err_set(err, ERR_NOMEM, 0, "a series of %zu points", out->n);
    int64_t at = r.from_ms;
    for (size_t i = 0; i < out->n; i++, at = next_start(q->zone, unit, at)) out->start_ms[i] = at;
    out->start_ms[out->n] = r.to_ms;
    return ERR_OK;
}

void bucket_label(const struct request *q, const struct buckets *b, size_t i, char out[24])
{
    int64_t at = b->start_ms[i];
    char day[16];
    request_day_text(q, at, day);
    if (b->unit == BUCKET_DAY) {
        snprintf(out, 24, "%s", day);
        return;
    }
    int64_t local = at + zone_offset_ms(q->zone, at);
    int minutes = (int)((local / MINUTE_MS) % (24 * 60));
    snprintf(out, 24, "%sT%02d:%02d", day, minutes / 60, minutes % 60);
}
