/* drawn_test.h: a journey drawn as a line of text, for the tests of the kernels.
 *
 * Words in time order, one an event: letters, then its time.
 *   A0 BC5 X12     at minute 0 an event of predicate A (bit 0), at 5 one of B and C, at 12 one of X
 *   .7             an event of no predicate
 *   S3~            a signal, not an interaction          O9@  an offline event outside of sessions
 *   A0=2           the value 2 in dimension 0            |    the next word begins a session
 * Without any '|' everything that is not offline is one session.  Every event is a page view of
 * path 1 unless it has letters: then it is a custom event whose name is 1 + the first letter's bit.
 */
#ifndef CAIRN_KERNELS_DRAWN_TEST_H
#define CAIRN_KERNELS_DRAWN_TEST_H

#include "journey/journey.h"

enum { DRAWN_MAX = 512 };

struct drawn {
    struct journey j;
    int64_t at_ms[DRAWN_MAX];
    uint64_t match[DRAWN_MAX];
    uint8_t flags[DRAWN_MAX];
    uint32_t session[DRAWN_MAX], dim[DRAWN_MAX], name[DRAWN_MAX], path[DRAWN_MAX];
    uint32_t currency[DRAWN_MAX], engaged_ms[DRAWN_MAX];
    int64_t value_minor[DRAWN_MAX];
    struct journey_session sessions[DRAWN_MAX];
};

/* Fills `d`, whose journey points into itself: do not copy it. */
static inline void drawn_make(struct drawn *d, uint64_t visitor, const char *text, int64_t unit_ms)
{
    size_t n = 0, n_sessions = 0;
    bool fresh = true;
    for (const char *p = text; *p;) {
        if (*p == ' ') {
            p++;
            continue;
        }
        if (*p == '|') {
            fresh = true;
            p++;
            continue;
        }
        uint64_t match = 0;
        for (; (*p >= 'A' && *p <= 'Z') || *p == '.'; p++)
            if (*p != '.') match |= UINT64_C(1) << (*p - 'A');
        int64_t at = 0;
        for (; *p >= '0' && *p <= '9'; p++) at = at * 10 + (*p - '0');
        bool signal = false, offline = false;
        d->dim[n] = 0;
        for (; *p && *p != ' '; p++) {
            if (*p == '~') signal = true;
            if (*p == '@') offline = true;
            if (*p >= '0' && *p <= '9') d->dim[n] = d->dim[n] * 10 + (uint32_t)(*p - '0');
        }
        d->at_ms[n] = at * unit_ms;
        d->match[n] = match;
        d->name[n] = match ? 1 + (uint32_t)__builtin_ctzll(match) : 0;
        d->path[n] = match ? 0 : 1;
        d->flags[n] = (uint8_t)((signal ? 0 : JF_INTERACTION) |
                                (match || signal ? 0 : JF_PAGEVIEW) | (offline ? JF_OFFLINE : 0));
        d->session[n] = JOURNEY_NO_SESSION;
        d->value_minor[n] = 0;
        d->currency[n] = 0;
        d->engaged_ms[n] = 0;
        if (!offline) {
            if (fresh) {
                d->sessions[n_sessions++] =
                    (struct journey_session){.first = (uint32_t)n, .start_ms = d->at_ms[n]};
                d->flags[n] |= JF_SESSION_START;
                fresh = false;
            }
            struct journey_session *s = &d->sessions[n_sessions - 1];
            s->end = (uint32_t)n + 1;
            s->last_ms = d->at_ms[n];
            if (d->flags[n] & JF_PAGEVIEW) s->pageviews++;
            if (d->flags[n] & JF_INTERACTION) s->interactions++;
            s->engaged = s->pageviews >= 2;
            d->session[n] = (uint32_t)n_sessions - 1;
        }
        n++;
    }
    d->j = (struct journey){.visitor = visitor,
                            .n = n,
                            .at_ms = d->at_ms,
                            .match = d->match,
                            .flags = d->flags,
                            .session = d->session,
                            .sessions = d->sessions,
                            .n_sessions = n_sessions,
                            .dim = {d->dim},
                            .value_minor = d->value_minor,
                            .currency = d->currency,
                            .engaged_ms = d->engaged_ms,
                            .name = d->name,
                            .path = d->path};
}

#endif
