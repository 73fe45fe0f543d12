/* log_page.h: what a request in an access log means: a page view, a download, or nothing that a
 * person did.  Nothing is dropped silently: each reason is counted. */
#ifndef CAIRN_IMPORT_LOG_PAGE_H
#define CAIRN_IMPORT_LOG_PAGE_H

#include "import/log_line.h"

#define LOG_MEANINGS(X)                                                                            \
    X(PAGEVIEW, pageview)                                                                          \
    X(DOWNLOAD, file_download)                                                                     \
    X(STATIC, static) /* style, script, picture, font, feed: a part of a page */                   \
    X(ROBOTS, robots_txt)                                                                          \
    X(ERROR, error)       /* status 400 and above */                                               \
    X(REDIRECT, redirect) /* status 300 to 399 but 304, which is a page seen again */              \
    X(METHOD, method)     /* not GET: HEAD, POST, OPTIONS ... */                                   \
    X(PARTIAL, partial)   /* status 206 (pieces of a file) or 1xx */

enum log_meaning {
#define X(suffix, name) MEANS_##suffix,
    LOG_MEANINGS(X)
#undef X
        MEANS_N
};
extern const char *const log_meaning_names[MEANS_N];

/* `extension` gets the path's extension as written, for downloads. */
enum log_meaning log_meaning(const struct log_line *line, struct str *extension);

/* Appends the event as JSON in the form of Recording, with `id`.  `known`: the log's user names are
 * known users. */
void log_event_json(struct buf *out, const struct log_line *line, enum log_meaning meaning,
                    struct str extension, bool known, struct str id);

#endif
