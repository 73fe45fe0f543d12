/* counters.h: what was taken, refused and marked since the start, by site and reason. */
#ifndef CAIRN_INGEST_COUNTERS_H
#define CAIRN_INGEST_COUNTERS_H

#include <jansson.h>

#include "ingest/accept.h"

struct counters;

/* One site's numbers, gathered by a request and added at once.  Site 0 has what named no known
 * site. */
struct counts {
    uint32_t site;
    uint64_t accepted, duplicates, rejected[REJECT_N], bots[BOT_N];
};

MUST_CHECK err_code counters_open(struct counters **out, struct err *err);
void counters_close(struct counters *c); /* NULL is allowed */
void counters_add(struct counters *c, const struct counts *more);
/* Zeros for a site that has none. */
struct counts counters_of(struct counters *c, uint32_t site);
/* {"accepted":n,"duplicates":n,"rejected":{code:n},"bots":{reason:n}}; reasons with 0 left out. */
MUST_CHECK err_code counters_json(const struct counts *c, json_t **out, struct err *err);

#endif
