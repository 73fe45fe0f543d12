/* funnel_random_test.h: random journeys and funnels, and the events as the rules of METHODS 2.2
 * order them, for comparing the scans with slow, obvious programs. */
#ifndef CAIRN_KERNELS_FUNNEL_RANDOM_TEST_H
#define CAIRN_KERNELS_FUNNEL_RANDOM_TEST_H

#include <stdlib.h>

#include "base/hash.h"
#include "kernels/drawn_test.h"
#include "kernels/funnel_match.h"

#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__ /* five times slower */
enum { JOURNEYS = 15000 };
#else
enum { JOURNEYS = 60000 };
#endif
enum { MAX_EVENTS = 18, EXCLUDE_BIT = 20 };

/* ---- random journeys and definitions ---- */

static inline uint64_t below(uint64_t *seed, uint64_t n)
{
    return rand_next(seed) % n;
}

static inline bool chance(uint64_t *seed, uint64_t one_in)
{
    return below(seed, one_in) == 0;
}

/* Short steps of time, so that ties, edges of the window and repeats are common. */
static inline void random_journey(struct drawn *d, uint64_t *seed, size_t n_steps)
{
    size_t n = 1 + below(seed, MAX_EVENTS);
    int64_t at_ms = 0;
    uint32_t session = 0;
    drawn_make(d, below(seed, 1000), "", 1);
    d->j.n = n;
    d->j.n_sessions = 1;
    d->sessions[0] = (struct journey_session){0};
    for (size_t i = 0; i < n; i++) {
        at_ms += (int64_t)below(seed, 4);
        if (i && chance(seed, 8)) {
            d->sessions[session].end = (uint32_t)i;
            d->sessions[++session] =
                (struct journey_session){.first = (uint32_t)i, .start_ms = at_ms};
            d->j.n_sessions++;
        }
        uint64_t match = 0;
        if (!chance(seed, 6)) match |= UINT64_C(1) << below(seed, n_steps);
        if (chance(seed, 5)) match |= UINT64_C(1) << below(seed, n_steps);
        if (chance(seed, 6)) match |= UINT64_C(1) << EXCLUDE_BIT;
        if (chance(seed, 6)) match &= UINT64_C(1) << EXCLUDE_BIT;
        bool offline = i && chance(seed, 12);
        d->at_ms[i] = at_ms;
        d->match[i] = match;
        d->dim[i] = (uint32_t)below(seed, 3);
        d->flags[i] = (uint8_t)((chance(seed, 5) ? 0 : JF_INTERACTION) |
                                (offline ? JF_OFFLINE : 0) | (match ? 0 : JF_PAGEVIEW));
        d->session[i] = offline && chance(seed, 2) ? JOURNEY_NO_SESSION : session;
        d->name[i] = (uint32_t)match;
        d->path[i] = (uint32_t)below(seed, 4);
    }
    d->sessions[session].end = (uint32_t)n;
}

enum feature { PLAIN = 0, GAP = 1, EXCLUSION = 2, OPTIONAL = 4 };

static inline struct funnel_def random_def(uint64_t *seed, unsigned features)
{
    struct funnel_def d = {.n_steps = 2 + below(seed, 3)};
    for (size_t k = 0; k < d.n_steps; k++) {
        d.bit[k] = (uint8_t)(chance(seed, 12) ? below(seed, d.n_steps) : k); /* a bit may repeat */
        if (k && (features & GAP) && chance(seed, 2)) d.max_gap_ms[k] = 1 + (int64_t)below(seed, 6);
        if (k && (features & OPTIONAL) && chance(seed, 2)) d.optional[k] = true;
    }
    if (features & EXCLUSION) {
        d.n_exclusions = 1 + below(seed, 2);
        for (size_t x = 0; x < d.n_exclusions; x++) {
            uint64_t from = below(seed, d.n_steps - 1);
            uint64_t to = from + 1 + below(seed, d.n_steps - 1 - from);
            d.exclusion[x] = (struct funnel_exclusion){EXCLUDE_BIT, (uint8_t)from, (uint8_t)to};
        }
    }
    d.window_ms = chance(seed, 5) ? 0 : 1 + (int64_t)below(seed, 20);
    d.ties = chance(seed, 3) ? FUNNEL_TIES_ARRIVAL : FUNNEL_TIES_ANY;
    d.from_ms = chance(seed, 3) ? (int64_t)below(seed, 8) : 0;
    d.to_ms = chance(seed, 3) ? d.from_ms + 1 + (int64_t)below(seed, 16) : INT64_MAX;
    return d;
}

/* ---- what the oracles read: the events that matter, in the order of the rules ---- */

struct item {
    size_t event;
    int64_t t;
    bool step[FUNNEL_MAX_STEPS], exclude, interaction;
    int rank; /* within an instant */
};

struct items {
    struct item item[MAX_EVENTS];
    size_t n;
};

static inline int item_order(const void *a, const void *b)
{
    const struct item *x = a, *y = b;
    if (x->t != y->t) return x->t < y->t ? -1 : 1;
    if (x->rank != y->rank) return x->rank < y->rank ? -1 : 1;
    return (x->event > y->event) - (x->event < y->event);
}

static inline void list_items(const struct funnel_def *def, const struct journey *j,
                              struct items *out)
{
    out->n = j->n;
    for (size_t i = 0; i < j->n; i++) {
        struct item *x = &out->item[i];
        int lowest = FUNNEL_MAX_STEPS;
        *x = (struct item){.event = i, .t = j->at_ms[i]};
        for (size_t k = def->n_steps; k-- > 0;) {
            x->step[k] = j->match[i] >> def->bit[k] & 1;
            if (x->step[k]) lowest = (int)k;
        }
        x->exclude =
            lowest == FUNNEL_MAX_STEPS && def->n_exclusions && j->match[i] >> EXCLUDE_BIT & 1;
        x->interaction = j->flags[i] & JF_INTERACTION;
        x->rank = def->ties == FUNNEL_TIES_ANY ? lowest : x->exclude;
    }
    qsort(out->item, out->n, sizeof out->item[0], item_order);
}

static inline bool within(const struct funnel_def *def, int64_t start, int64_t t)
{
    return def->window_ms == 0 || t - start <= def->window_ms;
}

static inline bool enters(const struct funnel_def *def, const struct item *x)
{
    return x->step[0] && x->t >= def->from_ms && x->t < def->to_ms;
}

/* From level l an attempt may do step k: what lies between is optional, and the gap is kept. */
static inline bool may_go(const struct funnel_def *def, size_t l, size_t k, int64_t last, int64_t t)
{
    if (k <= l || (def->max_gap_ms[k] && t - last > def->max_gap_ms[k])) return false;
    for (size_t m = l + 1; m < k; m++)
        if (!def->optional[m]) return false;
    return true;
}

#endif
