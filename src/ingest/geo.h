/* geo.h: the country (and region and city, if the file has them) of an IP address, from an MMDB
 * file. */
#ifndef CAIRN_INGEST_GEO_H
#define CAIRN_INGEST_GEO_H

#include "base/err.h"
#include "base/str.h"

struct geo;
struct place {
    struct str country, region,
        city; /* ISO 3166-1 alpha-2; names in English.  Valid until geo_close */
};

/* `path` may be NULL: then every address is nowhere.  ERR_IO, ERR_CORRUPT. */
MUST_CHECK err_code geo_open(const char *path, struct geo **out, struct err *err);
void geo_close(struct geo *g); /* NULL is allowed */
/* Empty texts for what is unknown, private or no address. */
struct place geo_find(const struct geo *g, struct str ip);

#endif
