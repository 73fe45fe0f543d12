/* buckets.h: a range cut at the minutes, hours or days of the site's zone, for series. */
#ifndef CAIRN_REPORT_BUCKETS_H
#define CAIRN_REPORT_BUCKETS_H

#include "report/request.h"

enum bucket_unit { BUCKET_MINUTE, BUCKET_HOUR, BUCKET_DAY, BUCKET_N };
extern const char *const bucket_names[BUCKET_N];

struct buckets {
    enum bucket_unit unit;
    int64_t *start_ms; /* n + 1: bucket i is [start_ms[i], start_ms[i + 1]) */
    size_t n;
};

/* Cuts the range; its ends may cut the first and last bucket short.  ERR_INVALID bad_range when
 * there would be more than 10,000. */
MUST_CHECK err_code buckets_cut(const struct request *q, struct range r, enum bucket_unit unit,
                                struct buckets *out, struct err *err);
/* "2026-10-31", or "2026-10-31T14:00" for parts of a day: local time of the bucket's start. */
void bucket_label(const struct request *q, const struct buckets *b, size_t i, char out[24]);

#endif
