/* fields.h: one event as it was sent: every field of API.md "Recording", its type and its limit.
 *
 * In: a JSON object, or a query string made into one (query.h).  Out: the fields by name, or the
 * first reason to refuse the event.  An unknown field is refused by name, so that "vaule" does not
 * lose money silently; null and "" mean absent. */
#ifndef CAIRN_INGEST_FIELDS_H
#define CAIRN_INGEST_FIELDS_H

#include "base/json_reader.h"
#include "ingest/accept.h"

struct fields {
    struct str site, name, url, referrer, title, id, visitor, user, session, order_id, currency;
    struct str screen, language, timezone, experiment, variant;
    struct str ip, user_agent, id_kind;    /* trusted senders only */
    struct str value;                      /* a decimal number, or empty */
    const struct json_node *props, *items; /* checked; NULL when absent */
    int64_t at_ms, age_ms;
    uint32_t engaged_ms;
    uint8_t scroll_percent;
    bool has_at, has_age;
    bool offline, webdriver;
};

/* Borrows from `root`.  `trusted`: at, ip and user_agent are allowed.  False with `why` filled. */
bool fields_read(const struct json_node *root, bool trusted, struct fields *out,
                 struct reject *why);

/* The reader's fault as the reason to refuse an event. */
enum reject_code fields_fault(enum json_fault fault);

/* What a reader of events must keep to. */
extern const struct json_limits fields_limits;

#endif
