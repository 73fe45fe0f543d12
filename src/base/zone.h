/* zone.h: IANA time zones: days, hours and weeks as a site's owner lives them (ICU's rules).
 *
 * A zone is read once into a table of its transitions; look-ups are then pure and quick. */
#ifndef CAIRN_BASE_ZONE_H
#define CAIRN_BASE_ZONE_H

#include "base/err.h"
#include "base/str.h"

struct zone;

/* ERR_INVALID, name "unknown_timezone". */
MUST_CHECK err_code zone_open(struct str iana, struct zone **out, struct err *err);
void zone_close(struct zone *z);                              /* NULL is allowed */
int32_t zone_offset_ms(const struct zone *z, int64_t at_ms);  /* local minus UTC at that instant */
int32_t zone_day(const struct zone *z, int64_t at_ms);        /* local days since 1970-01-01 */
int64_t zone_day_start_ms(const struct zone *z, int32_t day); /* the day's first instant */
/* "2026-10-31" to a day number; false when malformed or not a date. */
bool zone_parse_day(struct str text, int32_t *day);
void zone_format_day(int32_t day, char out[16]);

#endif
