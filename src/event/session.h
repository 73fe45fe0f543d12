/* session.h: how a journey is cut into sessions (METHODS 12 "Sessions"). */
#ifndef CAIRN_EVENT_SESSION_H
#define CAIRN_EVENT_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    SESSION_IDLE_MS = 30 * 60 * 1000,  /* a gap longer than this starts a new one */
    SESSION_MAX_MS = 24 * 3600 * 1000, /* cut this long after its start */
    SESSION_ENGAGED_MS = 10 * 1000,    /* in the foreground: not a bounce */
    SESSION_ENGAGED_VIEWS = 2,
};

/* Walks one visitor's events in time order. */
struct session_cut {
    int64_t start_ms, last_ms;
    bool open;
};

/* True when an online event at `at_ms` starts a new session. */
static inline bool session_next(struct session_cut *s, int64_t at_ms)
{
    bool fresh =
        !s->open || at_ms - s->last_ms > SESSION_IDLE_MS || at_ms - s->start_ms >= SESSION_MAX_MS;
    if (fresh) s->start_ms = at_ms;
    s->open = true;
    s->last_ms = at_ms;
    return fresh;
}

#endif
