/* event.h: one thing that happened: what ingest/ makes, the journal keeps, the store tells.
 *
 * Texts are borrowed: an event from a request lives in the request's arena, one from the journal in
 * the read buffer.  A text that is absent is empty.  Times are UTC epoch milliseconds. */
#ifndef CAIRN_EVENT_EVENT_H
#define CAIRN_EVENT_EVENT_H

#include "base/bytes.h"
#include "base/err.h"
#include "base/str.h"

enum id_kind { ID_DAY, ID_CONSENTED, ID_KNOWN }; /* METHODS 12 */

/* An interaction is a journey step; a signal (heartbeat, scroll, rage click ...) only belongs to
 * one (METHODS 0.1). */
enum event_kind { KIND_PAGEVIEW, KIND_CUSTOM, KIND_ORDER, KIND_SIGNAL, KIND_EXPOSURE, KIND_N };

/* Where it came in: decides which bot rules apply (METHODS 12). */
enum event_origin { ORIGIN_BROWSER, ORIGIN_SERVER, ORIGIN_IMPORT, ORIGIN_IMPORT_BOTS, ORIGIN_N };

/* Why an event counts as a bot's (METHODS 12 "Bots"); stored apart, never silently dropped. */
enum bot_reason {
    BOT_NONE,
    BOT_USER_AGENT,
    BOT_PREFETCH,
    BOT_HEADLESS,
    BOT_DATACENTRE,
    BOT_REFERRER_SPAM,
    BOT_BEHAVIOUR,
    BOT_N
};

/* The texts of an event: X(enum suffix, column in the store and name in the API).
 * Order is the order in journal records: append only. */
#define EVENT_TEXTS(X)                                                                             \
    X(NAME, name)                                                                                  \
    X(URL, url)   /* cleaned: no click ids, no sensitive parameters */                             \
    X(HOST, host) /* lower case */                                                                 \
    X(PATH, path)                                                                                  \
    X(QUERY, query) /* without '?', cleaned as url is */                                           \
    X(TITLE, title)                                                                                \
    X(REFERRER, referrer)           /* cleaned */                                                  \
    X(REFERRER_HOST, referrer_host) /* only of another site than the page's own host */            \
    X(SOURCE, source)               /* utm_source, else what the referrer or click id implies */   \
    X(MEDIUM, medium)                                                                              \
    X(CAMPAIGN, campaign)                                                                          \
    X(TERM, term)                                                                                  \
    X(CONTENT, content)                                                                            \
    X(CLICK_ID_KIND, click_id_kind) /* "gclid", ...; never its value */                            \
    X(COUNTRY, country)             /* ISO 3166-1 alpha-2 */                                       \
    X(REGION, region)                                                                              \
    X(CITY, city)                                                                                  \
    X(DEVICE, device) /* desktop | mobile | tablet | tv | other */                                 \
    X(BROWSER, browser)                                                                            \
    X(OS, os)                                                                                      \
    X(SCREEN, screen) /* "1440x900" */                                                             \
    X(LANGUAGE, language)                                                                          \
    X(TIMEZONE, timezone)                                                                          \
    X(ORDER_ID, order_id)                                                                          \
    X(SESSION, session)   /* the sender's hint, kept as a property only */                         \
    X(ID, id)             /* the sender's id for de-duplication */                                 \
    X(PROTOCOL, protocol) /* "cairn", "matomo", "csv", "access-log", ... */                        \
    X(EXPERIMENT, experiment)                                                                      \
    X(VARIANT, variant)                                                                            \
    X(CURRENCY, currency) /* ISO 4217, when there is a value */                                    \
    X(PROPS, props)       /* a JSON object, or empty */                                            \
    X(ITEMS, items)       /* a JSON array of objects, or empty */

enum event_text {
#define X(id, column) TEXT_##id,
    EVENT_TEXTS(X)
#undef X
        EVENT_N_TEXTS
};

struct event {
    uint64_t seq;     /* the journal's number, from 1; 0 until it is appended */
    uint32_t site;    /* config's number of the site */
    uint64_t visitor; /* METHODS 12 */
    int64_t at_ms, received_at_ms;
    enum id_kind id_kind;
    enum event_kind kind;
    enum event_origin origin;
    enum bot_reason bot_reason;
    bool offline;   /* a refund, a call-centre order: makes and extends no session */
    bool simulated; /* from `cairn demo` */
    bool has_value;
    int64_t value_minor;    /* in the minor unit of text[TEXT_CURRENCY] */
    uint32_t engaged_ms;    /* an increment, 0 when absent */
    uint8_t scroll_percent; /* 0 when absent */
    uint64_t dedupe;        /* hash of (site, id), 0 when there is no id */
    struct str text[EVENT_N_TEXTS];
};

extern const char *const event_text_names[EVENT_N_TEXTS];
extern const char *const event_bot_names[BOT_N]; /* "", "user_agent", ... */

/* KIND_SIGNAL for the tracker's signals, KIND_PAGEVIEW for "pageview", KIND_ORDER for "purchase",
 * KIND_EXPOSURE for "exposure", else KIND_CUSTOM. */
enum event_kind event_kind_of(struct str name);

/* The journal's payload for `e` (docs/FORMAT.md), without seq, which the record has. */
void event_encode(const struct event *e, struct buf *out);
/* Texts are borrowed from `bytes`.  ERR_CORRUPT; unknown later texts are skipped. */
MUST_CHECK err_code event_decode(struct str bytes, struct event *out, struct err *err);

#endif
