/* sources.h: the sites that visitors are known to come from, and the click ids of ad networks.
 *
 * One table for two users: recording turns a referrer into source and medium with it, and channels
 * (channel.h) ask which kind of site a source is. */
#ifndef CAIRN_EVENT_SOURCES_H
#define CAIRN_EVENT_SOURCES_H

#include "base/str.h"

enum source_kind {
    SOURCE_UNKNOWN,
    SOURCE_SEARCH,
    SOURCE_SOCIAL,
    SOURCE_VIDEO,
    SOURCE_SHOPPING,
    SOURCE_AI,
    SOURCE_EMAIL,
};

struct source {
    struct str host; /* "bing.com": it and what lies below it; "google.*": under any country */
    struct str name; /* "bing": how reports call it */
    enum source_kind kind;
};

/* The source behind a referrer's host (lower case), the most specific one; NULL when unknown. */
const struct source *source_of_host(struct str host);

/* What kind of site `source` is, given as in reports ("google", "Facebook") or as a host. */
enum source_kind source_kind_of(struct str source);

/* The medium that a visit from such a site has when it was not tagged: "organic", "social", ... */
const char *source_medium(enum source_kind kind);

/* A parameter that an ad network or mailer adds to the links it sends people through. */
struct click_id {
    const char *name;            /* as in the address, lower case */
    const char *source, *medium; /* what it implies without tags; NULL: only to be left out */
};

const struct click_id *click_id_named(struct str name); /* lower case; NULL when it is none */

#endif
