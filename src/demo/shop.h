/* shop.h: a simulated shop: believable journeys whose truth is known.
 *
 * Pure and deterministic: the same options give the same events in the same order.  What is built
 * in:
 * - a bottleneck: the delivery address, worst on phones;
 * - micro conversions that matter: the size guide (raises adding to the cart), delivery and returns
 *   (raises beginning the checkout);
 * - micro conversions that only look so, because eager people do them more often: the video, the
 *   newsletter, the wish list;
 * - weekdays, hours, a slow season, a newsletter every second Tuesday, growth;
 * - visitors who come back (only those who consented are recognised), bots.
 * The paths are those of the real demo shop (tracker/demo-shop), so real clicks join the same
 * pages. */
#ifndef CAIRN_DEMO_SHOP_H
#define CAIRN_DEMO_SHOP_H

#include "base/hash.h"
#include "event/event.h"

struct shop_options {
    uint32_t site;
    unsigned char id_key[HASH_KEY_BYTES]; /* of the site: consented ids are hashed with it */
    uint64_t seed;
    uint64_t visitors; /* people; each has one or more visits */
    int days;          /* the last of them ends at until_ms */
    int64_t until_ms;  /* no event lies at or after this */
    /* For tests: as if this micro conversion had no effect on what follows. */
    bool no_effects;
};

struct shop_progress {
    uint64_t visits_done, visits;
};

/* Calls `each` for every event, roughly in time order (visits overlap).  Texts are borrowed during
 * the call.  Returns what `each` returned when that was not ERR_OK; ERR_NOMEM; ERR_INVALID when
 * days or visitors are out of range (1..3650, 1..50,000,000). */
MUST_CHECK err_code shop_run(const struct shop_options *o,
                             err_code (*each)(void *arg, const struct event *e,
                                              const struct shop_progress *p),
                             void *arg, struct err *err);

#endif
