/* enrich.h: the fields of one event and what is known of its request, made into a struct event. */
#ifndef CAIRN_INGEST_ENRICH_H
#define CAIRN_INGEST_ENRICH_H

#include "ingest/fields.h"
#include "ingest/geo.h"
#include "ingest/identity.h"
#include "ingest/ua.h"

struct enrich {
    struct ua *ua;
    struct geo *geo;
    struct identity *identity;
};

/* Texts of `out` are borrowed from `f`, `r` and `site` or live in `a`.  False with `why`; when that
 * is not the event's fault (memory, a salt that cannot be made) `why->code` is REJECT_N and `err`
 * tells. */
bool enrich_event(const struct enrich *x, const struct accept_request *r, const struct site *site,
                  const struct fields *f, int64_t now_ms, struct arena *a, struct event *out,
                  struct reject *why, struct err *err);

#endif
