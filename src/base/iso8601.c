#include "base/iso8601.h"

#include <stdio.h>

/* Howard Hinnant, "chrono-compatible low-level date algorithms": the year begins in March, so that
 * the leap day is its last. */
int32_t iso8601_day(int year, int month, int day)
{
    if (month <= 2) year--;
    int era = (year >= 0 ? year : year - 399) / 400;
    int year_of_era = year - era * 400;
    int day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

void iso8601_date(int32_t days, int *year, int *month, int *day)
{
    int64_t z = (int64_t)days + 719468;
    int64_t era = (z >= 0 ? z : z - 146096) / 146097;
    int day_of_era = (int)(z - era * 146097);
    int year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int month_from_march = (5 * day_of_year + 2) / 153;
    *day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    *month = month_from_march < 10 ? month_from_march + 3 : month_from_march - 9;
    *year = (int)(year_of_era + era * 400) + (*month <= 2);
}

struct reader {
    const char *p, *end;
};

static bool digits(struct reader *r, int n, int *out)
{
    if (r->end - r->p < n) return false;
    int v = 0;
    for (int i = 0; i < n; i++) {
        char c = *r->p++;
        if (c < '0' || c > '9') return false;
        v = v * 10 + (c - '0');
    }
    *out = v;
    return true;
}

static bool take(struct reader *r, char c)
{
    if (r->p == r->end || *r->p != c) return false;
    r->p++;
    return true;
}

static bool is_digit(const struct reader *r)
{
    return r->p < r->end && *r->p >= '0' && *r->p <= '9';
}

/* hh, hh:mm, hhmm, and with seconds the same way; the separators must agree. */
static bool time_of_day(struct reader *r, int *h, int *m, int *s, int *ms)
{
    *m = *s = *ms = 0;
    if (!digits(r, 2, h)) return false;
    bool colon = take(r, ':');
    if (!colon && !is_digit(r)) return true;
    if (!digits(r, 2, m)) return false;
    bool more = colon ? take(r, ':') : is_digit(r);
    if (!more) return true;
    if (!digits(r, 2, s)) return false;
    if (!take(r, '.') && !take(r, ',')) return true;
    if (!is_digit(r)) return false;
    for (int scale = 100; is_digit(r); scale /= 10) *ms += (*r->p++ - '0') * scale;
    return true;
}

static bool zone(struct reader *r, int *offset_min)
{
    *offset_min = 0;
    if (take(r, 'Z') || take(r, 'z')) return true;
    int sign = take(r, '+') ? 1 : take(r, '-') ? -1 : 0;
    int h, m = 0;
    if (!sign || !digits(r, 2, &h)) return false;
    if (take(r, ':') || is_digit(r))
        if (!digits(r, 2, &m)) return false;
    if (h > 23 || m > 59) return false;
    *offset_min = sign * (h * 60 + m);
    return true;
}

static int month_days(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days[month - 1] + (month == 2 && leap);
}

bool iso8601_parse(struct str text, int64_t *at_ms)
{
    struct reader r = {text.p, text.p + text.n};
    int year, month, day, h, m, s, ms, offset_min;
    if (!digits(&r, 4, &year)) return false;
    bool dash = take(&r, '-');
    if (!digits(&r, 2, &month) || (dash && !take(&r, '-')) || !digits(&r, 2, &day)) return false;
    if (year < 1 || month < 1 || month > 12 || day < 1 || day > month_days(year, month))
        return false;
    if (!take(&r, 'T') && !take(&r, 't') && !take(&r, ' ')) return false;
    if (!time_of_day(&r, &h, &m, &s, &ms)) return false;
    (void)take(&r, ' '); /* "2026-10-31 12:00:00 +0200", as git and Ruby write it */
    if (!zone(&r, &offset_min) || r.p != r.end) return false;
    if (h > 23 || m > 59 || s > 60) return false;
    int64_t minutes = ((int64_t)iso8601_day(year, month, day) * 24 + h) * 60 + m - offset_min;
    *at_ms = (minutes * 60 + s) * 1000 + ms;
    return true;
}

void iso8601_format(int64_t at_ms, char out[ISO8601_SIZE])
{
    const int64_t first = -62135596800000, last = 253402300799999; /* years 1 and 9999 */
    if (at_ms < first) at_ms = first;
    if (at_ms > last) at_ms = last;
    int64_t day = at_ms / 86400000, ms = at_ms % 86400000;
    if (ms < 0) day--, ms += 86400000;
    int year, month, mday, t = (int)ms;
    iso8601_date((int32_t)day, &year, &month, &mday);
    snprintf(out, ISO8601_SIZE, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", year, month, mday,
             t / 3600000 % 24, t / 60000 % 60, t / 1000 % 60, t % 1000);
}
