/* range.h: the days a question is about, in the site's time zone. */
#ifndef CAIRN_REPORT_RANGE_H
#define CAIRN_REPORT_RANGE_H

#include <jansson.h>

#include "base/err.h"
#include "base/zone.h"

struct range {
    int64_t from_ms, to_ms; /* [from, to) */
};

/* {"from","to"}: days, both inclusive; or {"from_ms","to_ms"}: [from, to).  ERR_INVALID bad_range
 * at `at`.from ... */
MUST_CHECK err_code range_read(const json_t *j, const char *at, const struct zone *zone,
                               struct range *out, struct err *err);
/* The last 30 days, today included: when nothing was asked for. */
struct range range_last_days(const struct zone *zone, int64_t now_ms);
/* As long, `days` earlier, at the same time of the day. */
struct range range_before(const struct zone *zone, struct range r, int32_t days);
/* The period to compare with: shifted by the least multiple of 7 days that leaves no overlap, so
 * that weekdays stand beside weekdays (METHODS 1). */
struct range range_previous(const struct zone *zone, struct range r);
int32_t range_days(const struct zone *zone, struct range r); /* days it touches */

#endif
