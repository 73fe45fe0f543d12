/* span.h: the part of a journey that lies in a range of time. */
#ifndef CAIRN_KERNELS_SPAN_H
#define CAIRN_KERNELS_SPAN_H

#include "journey/journey.h"

struct span {
    size_t lo, hi; /* events [lo, hi) */
};

/* The first event at or after `at_ms`. */
static inline size_t span_seek(const struct journey *j, int64_t at_ms)
{
    size_t lo = 0, hi = j->n;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (j->at_ms[mid] < at_ms) lo = mid + 1;
        else hi = mid;
    }
    return lo;
}

/* Events in [from_ms, to_ms).  Mostly all of them: the plan has cut the rest away. */
static inline struct span span_of(const struct journey *j, int64_t from_ms, int64_t to_ms)
{
    struct span s = {0, j->n};
    if (j->n == 0) return s;
    if (j->at_ms[0] < from_ms) s.lo = span_seek(j, from_ms);
    if (j->at_ms[j->n - 1] >= to_ms) s.hi = span_seek(j, to_ms);
    if (s.hi < s.lo) s.hi = s.lo;
    return s;
}

#endif
