/* query.h: an event written as a query string (GET /e.gif), as the object it would be in JSON. */
#ifndef CAIRN_INGEST_QUERY_H
#define CAIRN_INGEST_QUERY_H

#include "base/json_reader.h"

/* Percent-decodes `s` with '+' as a space into `a`; borrowed when there is nothing to decode.  A
 * '%' without two hex digits stays as it is.  .p is NULL when out of memory. */
struct str query_decode(struct str s, struct arena *a);

/* Reads `query` ("site=demo&name=x&props=%7B..%7D") into nodes in `a`: an object of texts, `props`
 * and `items` being JSON themselves, read with `r` (their decoded texts are then copied).  Names
 * that no field has are left out: pages add numbers of their own to an image's address against
 * caches. On a fault `where` (JSON_WHERE bytes) has the parameter. */
enum json_fault query_read(struct str query, struct json_reader *r, struct arena *a,
                           const struct json_node **out, char *where);

#endif
