/* accept.h: from the bytes of a request to events that are safe on disk.
 *
 * parse -> check -> classify -> identify -> de-duplicate -> journal.  One accept serves all
 * threads. Refused and dropped events are counted by site and reason. */
#ifndef CAIRN_INGEST_ACCEPT_H
#define CAIRN_INGEST_ACCEPT_H

#include "base/arena.h"
#include "base/clock.h"
#include "base/err.h"
#include "config/config.h"
#include "event/event.h"
#include "event/limits.h"
#include "journal/journal.h"

struct accept;

struct accept_options {
    const char *data_dir;   /* salts live here, 0600 */
    const char *country_db; /* an MMDB file, or NULL */
};
MUST_CHECK err_code accept_open(const struct accept_options *o, struct config *config,
                                struct journal *journal, const struct clock *clock,
                                struct accept **out, struct err *err);
void accept_close(struct accept *a); /* NULL is allowed */

/* What is known of a request besides its body.  Borrowed texts; absent ones are empty. */
struct accept_request {
    struct str body;
    struct str query; /* of GET /e.gif: the event as a query string */
    struct str ip;    /* text form, of the client after trusted proxies */
    struct str user_agent, referer, origin, accept_language;
    struct str sec_purpose, purpose, x_moz, sec_fetch_site; /* bot rules 2 and 3 */
    struct str content_encoding;
    bool dnt, gpc;           /* DNT: 1, Sec-GPC: 1 */
    const struct site *site; /* fixed by the address (server API, import); NULL: events name it */
    enum event_origin origin_kind;
    bool trusted;            /* scope `ingest`: at, ip, user_agent are taken from the event */
    bool any_age_duplicates; /* import: ids in the store are duplicates whatever their age */
    size_t max_body;         /* LIMIT_BODY or LIMIT_BATCH_BODY */
    const char *protocol;    /* TEXT_PROTOCOL; "cairn" for our own tracker */
};

enum reject_code {
/* clang-format off */
#define REJECTS(X)                                                                                 \
    X(bad_json) X(bad_utf8) X(too_deep) X(bad_field) X(missing_field) X(name_too_long)             \
    X(value_too_long) X(url_too_long) X(too_many_properties) X(too_many_items) X(bad_number)       \
    X(bad_currency) X(bad_time) X(at_in_future) X(too_old) X(unknown_site) X(foreign_host)         \
    X(bad_encoding) X(inflated_too_large) X(body_too_large) X(too_many_events) X(event_too_large)  \
    X(privacy_signal)
/* clang-format on */
#define X(name) REJECT_##name,
    REJECTS(X)
#undef X
        REJECT_N
};
extern const char *const reject_names[REJECT_N];

struct reject {
    size_t index; /* of the event in the request, from 0 */
    enum reject_code code;
    char field[80]; /* "props.note" */
};

struct accept_result {
    size_t accepted, duplicates; /* accepted: new ones */
    struct reject *rejected;     /* in the arena */
    size_t n_rejected;
    int status;             /* 202, or 400, 404, 413, 503 */
    enum reject_code whole; /* the reason when the request as a whole was refused (404, 413, 400) */
    bool whole_refused;
};

/* Takes a request: on return accepted events have been handed to the journal; the caller answers
 * after journal_when_durable (also when there are only duplicates: the first copy may not be on
 * disk yet).  Everything in `out` lives in `a`. */
void accept_events(struct accept *x, const struct accept_request *r, struct arena *a,
                   struct accept_result *out);

/* The answer's body as API.md has it; appended to `out`. */
void accept_answer_json(const struct accept_result *r, struct buf *out);

/* Feeds the duplicate filter with what the store has of the last 7 days, at start. */
void accept_seen(struct accept *x, uint32_t site, uint64_t dedupe, int64_t received_ms);

/* What an import needs of the store.  `know` is called once a site, before the first import into
 * it, and feeds accept_seen with every id that the store has of it.  `identity` is
 * store_identity(): an event whose id says that it was exported from this very store and site is a
 * duplicate.  Before the first accept_events. */
struct accept_store {
    uint64_t identity;
    err_code (*know)(void *arg, uint32_t site, struct err *err);
    void *arg;
};
void accept_set_store(struct accept *x, const struct accept_store *store);

/* Counters by site, newest state: rejected by code, bots by reason, accepted, duplicates.  A new
 * JSON object: {"accepted":n,"duplicates":n,"rejected":{code:n},"bots":{reason:n}}. */
MUST_CHECK err_code accept_counters(struct accept *x, uint32_t site, json_t **out, struct err *err);

#endif
