/* fill.h: puts the simulated shop into a data folder as the site `demo`. */
#ifndef CAIRN_DEMO_FILL_H
#define CAIRN_DEMO_FILL_H

#include "engine/engine.h"

struct demo_options {
    int days;          /* 90 */
    uint64_t visitors; /* people; some come back */
    uint64_t seed;
    void (*progress)(void *arg, uint64_t visits_done, uint64_t visits); /* or NULL */
    bool (*stopped)(void *arg); /* polled; true ends the filling, which a later call goes on with */
    void *arg;
};

/* Makes the site with goals and funnels if it is not there, and fills it once: a folder that is
 * full stays as it is, one whose filling was cut short (by anything) is filled up with what is
 * missing, by the options it was begun with.  Returns when the store and the journeys have
 * everything. ERR_CANCELLED when stopped; ERR_CONFLICT when `demo` is a site of somebody's own. */
MUST_CHECK err_code demo_fill(struct engine *e, const struct demo_options *o, struct err *err);

#endif
