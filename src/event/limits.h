/* limits.h: every limit on what comes from outside, by name.  Sizes are bytes; KiB = 1024.
 * Each has a test at its value and one past it. */
#ifndef CAIRN_EVENT_LIMITS_H
#define CAIRN_EVENT_LIMITS_H

enum {
    LIMIT_REQUEST_LINE = 16 * 1024,
    LIMIT_BODY = 1024 * 1024,            /* POST /e and every API request */
    LIMIT_BATCH_BODY = 16 * 1024 * 1024, /* POST /api/v1/sites/{site}/events */
    LIMIT_INFLATE_FACTOR = 8,            /* a compressed body may grow to 8 times the body limit */
    LIMIT_EVENTS = 10000,                /* in one batch */
    LIMIT_JSON_DEPTH = 16,               /* the event object is 1 */
    LIMIT_NAME = 200,                    /* event name, property key */
    LIMIT_VALUE = 4 * 1024,              /* one text value */
    LIMIT_URL = 8 * 1024,
    LIMIT_PROPERTIES = 200,
    LIMIT_ITEMS = 200,
    LIMIT_EVENT_BYTES = 128 * 1024,         /* one event in the journal */
    LIMIT_FUTURE_MS = 5 * 60 * 1000,        /* at: no further ahead than this */
    LIMIT_AGE_MS = 48 * 3600 * 1000,        /* age_ms: no older than this */
    LIMIT_DEDUPE_MS = 7 * 24 * 3600 * 1000, /* the same id within this time is one event */
    LIMIT_REQUEST_ARENA = 64 * 1024 * 1024,
    LIMIT_CONNECTIONS = 4096,
    LIMIT_QUEUE_BYTES = 64 * 1024 * 1024, /* accepted but not yet on disk; past it 503 */
};

#endif
