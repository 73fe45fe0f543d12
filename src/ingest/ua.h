/* ua.h: what a user agent tells: browser, system, class of device, and whether it is a robot.
 *
 * Rules come from uap-core and crawler-user-agents, compiled into tables when Cairn is built
 * (scripts/ua-tables.mjs), and run on PCRE2 with its JIT and match limits.  Few user agents are
 * distinct, so results are kept in a small cache.  Safe from any thread. */
#ifndef CAIRN_INGEST_UA_H
#define CAIRN_INGEST_UA_H

#include "base/err.h"
#include "base/str.h"

enum { AGENT_NAME = 48 };

struct agent {
    char browser[AGENT_NAME]; /* "Chrome", "Mobile Safari", ...; "" when unknown */
    char os[AGENT_NAME];      /* "Windows", "iOS", ... */
    const char *device;       /* desktop | mobile | tablet | tv | other; static */
    bool is_bot;              /* on the list of crawlers, or none at all */
    bool is_headless;         /* says that it is automated */
    int chromium;             /* the major version of a Chromium, 0 for others */
};

struct ua;
MUST_CHECK err_code ua_open(struct ua **out, struct err *err);
void ua_close(struct ua *u); /* NULL is allowed */

/* Fills `out` for `text`, of which only the first UA_MAX bytes count. */
enum { UA_MAX = 1024 };
void ua_find(struct ua *u, struct str text, struct agent *out);

#endif
