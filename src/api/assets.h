/* assets.h: the files that are built into the program: dashboard, tracker, demo shop.
 *
 * scripts/embed.mjs writes the table.  Each file is there as it is and, where that is smaller,
 * compressed; the browser's Accept-Encoding chooses. */
#ifndef CAIRN_API_ASSETS_H
#define CAIRN_API_ASSETS_H

#include "net/http.h"

struct asset {
    const char *path; /* "/assets/index-3f2a.js" */
    const char *type;
    const char *etag;               /* of the content, quoted; the compressed forms add a letter */
    bool immutable;                 /* the name has a hash of the content: never asked again */
    struct str plain, gzip, brotli; /* the last two may be empty */
};
struct asset_table {
    const struct asset *files; /* sorted by path */
    size_t n;
};

extern const struct asset_table assets_embedded; /* build/gen/assets.c: for main.c alone */

const struct asset *asset_find(const struct asset_table *t, struct str path); /* or NULL */

/* The file behind an address: itself, a folder's index.html, or the dashboard's for its screens;
 * NULL when there is none. */
const struct asset *asset_for(const struct asset_table *t, struct str path);

/* Answers a GET or HEAD with the file: 200, or 304 when the browser has it. */
void asset_answer(const struct asset *f, struct http_request *r);

#endif
