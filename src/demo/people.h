/* people.h: who visits the simulated shop, and when. */
#ifndef CAIRN_DEMO_PEOPLE_H
#define CAIRN_DEMO_PEOPLE_H

#include "demo/shop.h"

/* How somebody comes to the shop. */
struct way_in {
    const char *source, *medium, *campaign, *referrer, *referrer_host, *click_id_kind;
    double share; /* of first visits */
    double eager; /* the chance that who comes this way wants to buy */
};

struct machine {
    const char *device, *browser, *os, *screen;
    double share;
    bool phone;
};

struct place {
    const char *country, *language, *timezone;
    double share;
};

struct person {
    const struct way_in *first;
    const struct machine *machine;
    const struct place *place;
    bool eager, consented;
};

/* One visit of one person. */
struct visit {
    int64_t start_ms;
    uint32_t person;
    uint16_t number; /* from 0 */
};

/* Always the same for the same (seed, number). */
struct person person_of(const struct shop_options *o, uint32_t number);
/* How the person came this time: later visits are mostly direct, or by newsletter. */
const struct way_in *person_way_in(const struct shop_options *o, const struct person *p,
                                   const struct visit *v);
/* The id that the server would have given: for the day without consent, lasting with it. */
uint64_t person_visitor(const struct shop_options *o, const struct person *p,
                        const struct visit *v);

/* All visits, by time; `*out` is malloc'd and the caller's. */
MUST_CHECK err_code people_visits(const struct shop_options *o, struct visit **out, size_t *n,
                                  struct err *err);

#endif
