#include "base/zone.h"

#include <stdio.h>
#include <stdlib.h>
#include <unicode/ucal.h>
#include <unicode/ustring.h>

enum { DAY_MS = 86400000, MAX_TRANSITIONS = 1024, MAX_NAME = 64 };
static const int64_t FIRST_MS = -2208988800000; /* 1900 */
static const int64_t LAST_MS = 4102444800000;   /* 2100; the last rule's offset holds after that */

/* Offsets hold from at_ms on, up to the next entry. */
struct change {
    int64_t at_ms;
    int32_t offset_ms;
};

struct zone {
    size_t n;
    struct change changes[]; /* [0].at_ms is INT64_MIN */
};

static int32_t offset_at(UCalendar *cal, int64_t at_ms, UErrorCode *status)
{
    ucal_setMillis(cal, (double)at_ms, status);
    return ucal_get(cal, UCAL_ZONE_OFFSET, status) + ucal_get(cal, UCAL_DST_OFFSET, status);
}

err_code zone_open(struct str iana, struct zone **out, struct err *err)
{
    UChar id[MAX_NAME], canonical[MAX_NAME];
    char name[MAX_NAME];
    UBool system = 0;
    UErrorCode status = U_ZERO_ERROR;
    if (iana.n > 0 && iana.n < sizeof name) {
        memcpy(name, iana.p, iana.n);
        name[iana.n] = 0;
        u_charsToUChars(name, id, (int32_t)iana.n + 1);
        ucal_getCanonicalTimeZoneID(id, -1, canonical, MAX_NAME, &system, &status);
    }
    /* ICU answers an unknown name with GMT in silence; `system` tells a known one. */
    if (U_FAILURE(status) || !system)
        return err_named(err, ERR_INVALID, "unknown_timezone", "timezone",
                         "no time zone is called \"%.*s\"; use a name such as Europe/Berlin",
                         (int)(iana.n < 60 ? iana.n : 60), iana.p ? iana.p : "");

    struct zone *z = malloc(sizeof *z + MAX_TRANSITIONS * sizeof z->changes[0]);
    UCalendar *cal = z ? ucal_open(id, -1, "en", UCAL_GREGORIAN, &status) : NULL;
    if (!cal) {
        free(z);
        return err_set(err, ERR_NOMEM, 0, "open time zone %s", name);
    }
    z->n = 1;
    z->changes[0] = (struct change){INT64_MIN, offset_at(cal, FIRST_MS, &status)};
    UDate at;
    ucal_setMillis(cal, (double)FIRST_MS, &status);
    while (z->n < MAX_TRANSITIONS && U_SUCCESS(status) &&
           ucal_getTimeZoneTransitionDate(cal, UCAL_TZ_TRANSITION_NEXT, &at, &status) &&
           (int64_t)at < LAST_MS) {
        int32_t offset = offset_at(cal, (int64_t)at, &status); /* also moves the calendar there */
        if (offset != z->changes[z->n - 1].offset_ms)
            z->changes[z->n++] = (struct change){(int64_t)at, offset};
    }
    ucal_close(cal);
    if (U_FAILURE(status)) {
        free(z);
        return err_set(err, ERR_IO, 0, "read time zone %s: %s", name, u_errorName(status));
    }
    struct zone *fit = realloc(z, sizeof *z + z->n * sizeof z->changes[0]);
    *out = fit ? fit : z;
    return ERR_OK;
}

void zone_close(struct zone *z)
{
    free(z);
}

int32_t zone_offset_ms(const struct zone *z, int64_t at_ms)
{
    size_t low = 0, high = z->n; /* the last change at or before at_ms is in [low, high) */
    while (high - low > 1) {
        size_t mid = low + (high - low) / 2;
        if (z->changes[mid].at_ms <= at_ms) low = mid;
        else high = mid;
    }
    return z->changes[low].offset_ms;
}

int32_t zone_day(const struct zone *z, int64_t at_ms)
{
    int64_t local = at_ms + zone_offset_ms(z, at_ms);
    return (int32_t)(local >= 0 ? local / DAY_MS : -((-local + DAY_MS - 1) / DAY_MS));
}

int64_t zone_day_start_ms(const struct zone *z, int32_t day)
{
    /* The first instant whose local day is `day`: midnight by the offset in force just before it,
     * or, where the clocks skip midnight, the instant of the change. */
    int64_t midnight = (int64_t)day * DAY_MS;
    int64_t best = INT64_MAX;
    for (size_t i = 0; i < z->n; i++) {
        int64_t from = z->changes[i].at_ms;
        int64_t to = i + 1 < z->n ? z->changes[i + 1].at_ms : INT64_MAX;
        int64_t at = midnight - z->changes[i].offset_ms;
        if (at < from) at = from;
        if (at >= to || zone_day(z, at) != day) continue;
        if (at < best) best = at;
    }
    /* A day that a zone skipped altogether (the date line) begins where the next one does. */
    return best != INT64_MAX ? best : zone_day_start_ms(z, day + 1);
}

static bool is_leap(int y)
{
    return (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;
}

/* Days from 1970-01-01 in the proleptic Gregorian calendar. */
static int32_t days_from_civil(int y, int m, int d)
{
    static const int before[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
    int past = y - 1;
    return past * 365 + past / 4 - past / 100 + past / 400 - 719162 + before[m - 1] +
           (m > 2 && is_leap(y)) + d - 1;
}

bool zone_parse_day(struct str text, int32_t *day)
{
    static const int length[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int64_t y, m, d;
    if (text.n != 10 || text.p[4] != '-' || text.p[7] != '-' ||
        !str_to_i64(str_sub(text, 0, 4), &y) || !str_to_i64(str_sub(text, 5, 7), &m) ||
        !str_to_i64(str_sub(text, 8, 10), &d))
        return false;
    if (y < 1 || m < 1 || m > 12 || d < 1 || d > length[m - 1] + (m == 2 && is_leap((int)y)))
        return false;
    *day = days_from_civil((int)y, (int)m, (int)d);
    return true;
}

void zone_format_day(int32_t day, char out[16])
{
    int y = 1970 + day / 366 - (day < 0);
    while (days_from_civil(y + 1, 1, 1) <= day) y++;
    while (days_from_civil(y, 1, 1) > day) y--;
    int m = 12;
    while (days_from_civil(y, m, 1) > day) m--;
    unsigned d = (unsigned)(day - days_from_civil(y, m, 1) + 1);
    snprintf(out, 16, "%04u-%02u-%02u", (unsigned)y % 10000, (unsigned)m % 100, d % 100);
}
