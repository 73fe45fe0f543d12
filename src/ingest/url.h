/* url.h: page addresses: split, and cleaned of what must not be stored.
 *
 * Left out of what is kept: user name and password, fragments (except the route of a single-page
 * app,
 * "#/cart"), click ids and other ids of persons in the query, parameters that carry secrets, values
 * that look like a mail address, ";jsessionid=" in the path. */
#ifndef CAIRN_INGEST_URL_H
#define CAIRN_INGEST_URL_H

#include "base/arena.h"
#include "base/str.h"

struct url {
    struct str scheme; /* lower case */
    struct str host;   /* lower case, without port, user name and a last dot; [..] kept for IPv6 */
    struct str port;   /* as written, or empty */
    struct str path;   /* begins with '/', as written; with the route of a single-page app */
    struct str query;  /* without '?' */
    struct str fragment; /* without '#' */
};

/* What the query told besides: texts are decoded and live in the arena. */
struct url_campaign {
    struct str source, medium, campaign, term, content;
    const char *click_id_kind; /* "gclid", or NULL; static */
};

/* Splits an absolute address ("https://Shop.Example:8443/p?x#y"), copying only what needs lower
 * case. False when it has no scheme and host, or bytes in the host that no name has. */
bool url_split(struct str text, struct arena *a, struct url *out);

/* Splits and cleans: `out` has the cleaned parts (fragment empty), `*clean` the whole address
 * again. `campaign`, if given, is filled.  A text that begins with '/' is taken as a path on
 * `host`, which is then in lower case already.  False as above, or out of memory. */
bool url_clean(struct str text, struct str host, struct arena *a, struct url *out,
               struct str *clean, struct url_campaign *campaign);

/* `host` without a first "www.". */
struct str url_bare_host(struct str host);
/* True when `host` is `domain` or lies below it, "www." aside. */
bool url_host_within(struct str host, struct str domain);

#endif
