/* identity.h: who did it, as a 64-bit visitor number (METHODS 12).
 *
 * Cookieless by default: a keyed hash of the site's domain, the IP address and the user agent,
 * whose key is random, one per site and local day, and destroyed: yesterday's visitors cannot be
 * recognised by anybody.  A consented or known id is hashed with the site's own key, the same for
 * good. IP address and user agent are used here and nowhere kept. */
#ifndef CAIRN_INGEST_IDENTITY_H
#define CAIRN_INGEST_IDENTITY_H

#include "base/err.h"
#include "base/str.h"
#include "config/site.h"
#include "event/event.h"

struct identity;

enum { IDENTITY_PREVIOUS_MS = 60 * 60 * 1000 }; /* how long yesterday's salt lives after midnight */

/* Salts are files in `dir` (made if absent), 0600, one a site. */
MUST_CHECK err_code identity_open(const char *dir, struct identity **out, struct err *err);
void identity_close(struct identity *x); /* NULL is allowed */

/* The cookieless id at `now_ms`.  A session that was open at the site's midnight keeps its id until
 * it ends (SESSION_IDLE_MS without an event).  ERR_IO when no salt can be made; ERR_INVALID for a
 * site with an unknown time zone. */
MUST_CHECK err_code identity_day(struct identity *x, const struct site *site, struct str ip,
                                 struct str user_agent, int64_t now_ms, uint64_t *visitor,
                                 struct err *err);

/* The same for something that happened on another day than today: no salt of that day exists any
 * more, so its key is made from the day and today's salt; for an import, whose sender has the
 * addresses on file anyway, from the day and the site's key, so that the import can be taken up
 * again tomorrow. */
MUST_CHECK err_code identity_past_day(struct identity *x, const struct site *site, struct str ip,
                                      struct str user_agent, int64_t at_ms, int64_t now_ms,
                                      bool import, uint64_t *visitor, struct err *err);

/* The visitor behind a consented or known id as it was sent; `kind` is not ID_DAY. */
uint64_t identity_visitor(const struct site *site, enum id_kind kind, struct str id);

/* The key for de-duplication of an event's id; never 0. */
uint64_t identity_event(const struct site *site, struct str id);

/* The hash itself, for METHODS 12's test: length-prefixed domain, address (4 bytes of IPv4, the
 * first 8 of IPv6, none when it is neither) and user agent. */
uint64_t identity_hash(const unsigned char key[HASH_KEY_BYTES], struct str domain, struct str ip,
                       struct str user_agent);

/* Changes and destroys the salts that are due, also of sites where nothing happens. */
void identity_tick(struct identity *x, int64_t now_ms);

#endif
