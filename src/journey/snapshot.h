/* snapshot.h: what one site's index held at an instant: its parts, and how much of the
 * dictionaries. */
#ifndef CAIRN_JOURNEY_SNAPSHOT_H
#define CAIRN_JOURNEY_SNAPSHOT_H

#include "journey/dict.h"
#include "journey/part.h"

struct snapshot {
    uint32_t site;
    uint64_t version, events;
    int64_t watermark_ms;
    struct dicts *dicts; /* a reference */
    struct dict_counts counts;
    size_t n_parts;
    struct part *parts[]; /* a reference each; by month, then in order of seq */
};

#endif
