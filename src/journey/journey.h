/* journey.h: what a kernel sees: one visitor's events in time order, as columns.
 *
 * Made by scan.h for one call of a kernel's _add and valid during it only.  Ties in time are in
 * order of arrival (seq).  Which columns are there is what the plan asked for. */
#ifndef CAIRN_JOURNEY_JOURNEY_H
#define CAIRN_JOURNEY_JOURNEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    JOURNEY_MAX_PREDICATES = 64, /* bits of match[] */
    JOURNEY_MAX_DIMS = 8,        /* dimensions a plan may ask for */
    JOURNEY_NO_VALUE = 0,        /* code of an absent value in every dimension */
};

#define JOURNEY_NO_SESSION UINT32_MAX

enum journey_flag {
    JF_INTERACTION = 1, /* a step (METHODS 0.1); otherwise a signal */
    JF_PAGEVIEW = 2,
    JF_OFFLINE = 4,
    JF_SESSION_START = 8, /* the first event of its session */
    JF_SIMULATED = 16,
};

struct journey_session {
    uint32_t first, end; /* events [first, end), of which offline ones may be others' */
    int64_t start_ms, last_ms;
    uint32_t pageviews, interactions;
    uint32_t engaged_ms; /* sum of the increments */
    bool engaged;        /* >= 10 s engaged, or >= 2 views (key events: the report adds them) */
};

struct journey {
    uint64_t visitor;
    uint8_t id_kind; /* enum id_kind of the newest event */
    size_t n;        /* events */
    const int64_t *at_ms;
    const uint64_t *match;   /* bit p: the plan's predicate p holds at this event */
    const uint8_t *flags;    /* enum journey_flag */
    const uint32_t *session; /* index into sessions, or JOURNEY_NO_SESSION */
    const struct journey_session *sessions;
    size_t n_sessions;
    const uint32_t *dim[JOURNEY_MAX_DIMS]; /* value codes of the plan's dimensions, one an event */
    const int64_t *value_minor;            /* 0 when none; NULL unless asked for */
    const uint32_t *currency;    /* code of the plan's currency dictionary; with value_minor */
    const uint32_t *engaged_ms;  /* NULL unless asked for */
    const uint32_t *name, *path; /* codes of the site's dictionaries; NULL unless asked for */
};

/* The group of the jackknife and of clustered intervals (METHODS 0.3): 0..31. */
static inline unsigned journey_group(uint64_t visitor)
{
    uint64_t x = visitor;
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return (unsigned)((x ^ x >> 31) >> 59);
}

#endif
