/* ua_tables.h: the shape of build/gen/ua_tables.c, which scripts/ua-tables.mjs makes. */
#ifndef CAIRN_INGEST_UA_TABLES_H
#define CAIRN_INGEST_UA_TABLES_H

#include <stddef.h>

struct ua_rule {
    const char *regex;
    const char *name; /* "$1" stands for a group; NULL: group 1 */
};

extern const struct ua_rule ua_browser_rules[];
extern const size_t ua_n_browser_rules;
extern const struct ua_rule ua_os_rules[];
extern const size_t ua_n_os_rules;

/* Crawlers: what is a plain text anywhere in the user agent, and regular expressions for the rest.
 */
extern const char *const ua_bot_texts[];
extern const size_t ua_n_bot_texts;
extern const char *const ua_bot_regexes[];
extern const size_t ua_n_bot_regexes;

#endif
