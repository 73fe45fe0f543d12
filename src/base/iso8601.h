/* iso8601.h: instants as text: ISO 8601 with a zone (RFC 3339 and the common looser forms). */
#ifndef CAIRN_BASE_ISO8601_H
#define CAIRN_BASE_ISO8601_H

#include "base/str.h"

enum { ISO8601_SIZE = 32 };

/* "2026-10-31T12:00:00Z", "2026-10-31 12:00:00.123+02:00", "20261031T1200+0200",
 * "2026-10-31T12:00-05". Digits past the millisecond are dropped; second 60 is the next minute's
 * first.  False when it is malformed, no such time, or has no zone: a local time is not an instant.
 * Years 1 to 9999. */
bool iso8601_parse(struct str text, int64_t *at_ms);

/* "2026-10-31T12:00:00.123Z".  The year is clamped to what iso8601_parse reads. */
void iso8601_format(int64_t at_ms, char out[ISO8601_SIZE]);

/* Days since 1970-01-01 in the proleptic Gregorian calendar, and back. */
int32_t iso8601_day(int year, int month, int day);
void iso8601_date(int32_t days, int *year, int *month, int *day);

#endif
