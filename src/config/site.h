/* site.h: the sites and what recording needs to know of them, as an immutable table.
 *
 * Ingestion looks a site up for every event, so it reads a snapshot without locks; a change to the
 * configuration publishes a new one (see config.h). */
#ifndef CAIRN_CONFIG_SITE_H
#define CAIRN_CONFIG_SITE_H

#include <stdbool.h>

#include "base/hash.h"
#include "base/str.h"

struct site {
    uint32_t id;    /* never reused */
    struct str key; /* "demo": in addresses and in the tracker's tag */
    struct str name, domain;
    struct str timezone; /* IANA */
    char currency[4];
    struct str *hosts; /* when n_hosts > 0, only page addresses on these hosts are taken */
    size_t n_hosts;
    bool simulated;   /* made by `cairn demo` */
    bool exclude_dnt; /* honour Do Not Track and Global Privacy Control; default true */
    unsigned char id_key[HASH_KEY_BYTES]; /* keys the hash of consented and known ids */
};

struct site_table {
    const struct site *sites;
    size_t n;
};

const struct site *site_by_key(const struct site_table *t, struct str key); /* or NULL */
const struct site *site_by_id(const struct site_table *t, uint32_t id);

#endif
