/* rule.h: what a goal, a funnel step, a filter or a segment asks of events: a small tree.
 *
 * The same tree is read from JSON (API.md "Sign-in and configuration"), kept in the configuration,
 * and compiled against the dictionaries by journey/predicate.h.  All memory is the arena's. */
#ifndef CAIRN_EVENT_RULE_H
#define CAIRN_EVENT_RULE_H

#include <jansson.h>

#include "base/arena.h"
#include "base/err.h"
#include "event/event.h"

enum rule_type {
    RULE_DESTINATION, /* a page view of path (and host) */
    RULE_EVENT,       /* name, where */
    RULE_DURATION,    /* the event at which the session has lasted at_least seconds */
    RULE_PAGES,       /* the at_least-th page view of the session */
    RULE_ENGAGED,     /* the event at which the session's engaged time reaches at_least seconds */
    RULE_SCROLL,      /* scroll depth at_least percent, on path if given */
    RULE_FORM,        /* form (or any), stage start | submit */
    RULE_DOWNLOAD,    /* extension (or any) */
    RULE_OUTLINK,     /* host (or any) */
    RULE_SEARCH,
    RULE_MEDIA,    /* stage: start | progress | complete */
    RULE_CLICK,    /* recorded by the tracker as `element_click` with props selector, text, href */
    RULE_VISIBLE,  /* recorded as `element_visible` with props selector */
    RULE_SEQUENCE, /* the event that completes steps in order within within_ms, in one visitor */
    RULE_VALUE,    /* an event whose value is at_least, in major units */
    RULE_RETURNS,  /* the first event of a session that starts within within_ms of the last one */
    RULE_CONDITIONS, /* where alone: a filter, or {"property","op","value"} */
    RULE_ANY,        /* of children, on one event */
    RULE_ALL,
    RULE_N
};

enum match_how { MATCH_EXACT, MATCH_BEGINS, MATCH_CONTAINS, MATCH_REGEX, MATCH_GLOB };

enum op {
    OP_IS,
    OP_IS_NOT,
    OP_CONTAINS,
    OP_NOT_CONTAINS,
    OP_BEGINS,
    OP_ENDS,
    OP_REGEX,
    OP_EXISTS,
    OP_GT,
    OP_GTE,
    OP_LT,
    OP_LTE,
    OP_IN,
    OP_N
};

struct condition {
    struct str property; /* bare dimension, "props.x" or "items.x" */
    enum op op;
    struct str *values; /* one, or several for OP_IN; a number is kept in its JSON text */
    size_t n_values;
    double number; /* the value as a number for gt .. lte */
};

struct rule {
    enum rule_type type;
    enum match_how how; /* of path */
    struct str path, host, name;
    struct str form, stage, extension, selector, text, href;
    double at_least; /* seconds, views, percent or major units, as the type says */
    int64_t within_ms;
    struct condition *where;
    size_t n_where;
    struct rule *children; /* of sequence, any, all */
    size_t n_children;
};

enum {
    RULE_MAX_DEPTH = 8,
    RULE_MAX_CHILDREN = 50,
    RULE_MAX_CONDITIONS = 50,
    RULE_MAX_VALUES = 1000, /* of "in" */
    RULE_MAX_REGEX = 1000,  /* bytes */
};

/* How every regular expression of a rule is compiled: where it is checked, and where it runs. */
#define RULE_REGEX_OPTIONS (PCRE2_UTF | PCRE2_MATCH_INVALID_UTF | PCRE2_NEVER_BACKSLASH_C)

/* What may stand in a funnel step beside the rule itself: the caller's business. */
#define RULE_STEP_KEYS " optional max_gap_s label "

/* Reads a rule: {"type":..}, {"any":[..]}, {"all":[..]}, {"where":[..]} or one condition.  A field
 * that its type does not have is an error, so that a misspelt one is not silently nothing.
 * ERR_INVALID with err.field the path below `field` ("rule.where[1].op") and a name: bad_rule,
 * unknown_rule_type, unknown_operator, unknown_property, bad_regex, missing_field. */
MUST_CHECK err_code rule_from_json(const json_t *j, const char *field, struct arena *a,
                                   struct rule *out, struct err *err);
/* Also the short forms of a funnel step: {"event":name}, {"page":"/cart*"}, {"rule":..},
 * {"any":[..]};
 * {"goal":key} is resolved by the caller before. */
MUST_CHECK err_code rule_from_step_json(const json_t *j, const char *field, struct arena *a,
                                        struct rule *out, struct err *err);
/* One {"property","op","value"}, as in `filter` (an "on" beside it is the caller's) and `where`. */
MUST_CHECK err_code condition_from_json(const json_t *j, const char *field, struct arena *a,
                                        struct condition *out, struct err *err);
/* True when the rule looks at more than one event at a time (duration, pages, engaged, sequence,
 * returns), at any depth: such a rule may not stand inside any/all. */
bool rule_is_stateful(const struct rule *r);
/* True when there is such a property: a dimension of API.md, "props.x" or "items.x". */
bool rule_property_known(struct str name);
/* All but the owner's own, ends with NULL. */
extern const char *const rule_property_names[];

#endif
