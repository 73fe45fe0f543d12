/* plan_own.h: the inside of a plan, for plan.c, predicate.c, gather.c, visit.c and scan.c.
 *
 * A rule about single events is brought into a sum of products: it holds when one of its *terms*
 * holds, and a term when all its leaves (a condition on one column) do.  Each column that is looked
 * at has a table with one bit a term for every code: set when the term has nothing against that
 * code.  So all terms are judged at once: AND the words that the event's codes lead to. */
#ifndef CAIRN_JOURNEY_PLAN_OWN_H
#define CAIRN_JOURNEY_PLAN_OWN_H

#include "journey/scan.h"
#include "journey/snapshot.h"
#include "journey/text_match.h"

enum {
    PLAN_MAX_WORDS = 16, /* of 64 terms */
    PLAN_MAX_FILTERS = 32,
    PLAN_MAX_HIDDEN = 64, /* predicates of filters and of sequences' steps */
    PLAN_MAX_STATEFUL = JOURNEY_MAX_PREDICATES + PLAN_MAX_HIDDEN,
};

/* What a leaf looks at.  Up to LOOK_KEY at the event, after LOOK_VALUE at its session. */
enum look {
    LOOK_NAME,
    LOOK_PATH,
    LOOK_TOUCH,
    LOOK_CLIENT,
    LOOK_KEY,       /* any value under a key of the event or its props */
    LOOK_ITEMS,     /* a value of one and the same item */
    LOOK_NUMBER,    /* of KEY_ENGAGED */
    LOOK_VALUE,     /* money, in major units */
    LOOK_TOUCHED,   /* the session's touch, direct ones filled in */
    LOOK_OWN_TOUCH, /* the session's own */
    LOOK_AT_CLIENT, /* the session's client */
    LOOK_ENTRY,
    LOOK_EXIT,
    LOOK_N
};

struct table {
    uint64_t *word[PLAN_MAX_WORDS]; /* by code; NULL: all ones */
    uint32_t n;                     /* codes */
};

struct pass { /* one look at a key */
    uint32_t key;
    unsigned turn; /* a term's 2nd condition on the same key is judged in a second pass */
    bool items;
    struct table table;
    uint64_t negative[PLAN_MAX_WORDS]; /* terms whose condition must hold for all values */
};

struct number_test { /* on KEY_ENGAGED or the value */
    enum look look;
    unsigned word;
    uint64_t bit;
    struct text_match test; /* without a regex: that never holds for a number */
};

struct predicate_bits { /* a set of predicates: public ones, and the plan's own */
    uint64_t open, hidden;
};

struct stateful {
    enum rule_type type;
    struct predicate_bits out;
    double at_least;
    int64_t within_ms;
    struct predicate_bits *steps; /* of a sequence */
    size_t n_steps;
};

enum dim_from {
    DIM_NAME,
    DIM_PATH,
    DIM_KIND,
    DIM_TUPLE,   /* a field of the event's touch or client */
    DIM_KEY,     /* the first value under a key */
    DIM_TOUCHED, /* fields of the session's */
    DIM_OWN_TOUCH,
    DIM_AT_CLIENT,
    DIM_ENTRY,
    DIM_EXIT,
};

struct dimension {
    enum dim_from from;
    unsigned dict; /* whose texts the codes are; DICT_N: `texts` */
    uint32_t key;  /* of DIM_KEY */
    bool client;   /* of DIM_TUPLE: the client's field, else the touch's */
    uint32_t *map; /* code of name, touch or client -> code of the dimension; NULL: the same */
    const struct str *texts;
    uint32_t count;
};

struct filter {
    struct predicate_bits bits;
    enum filter_on on;
};

enum want { /* columns to gather */
            WANT_NAME = 1,
            WANT_PATH = 2,
            WANT_TOUCH = 4,
            WANT_CLIENT = 8,
            WANT_VALUE = 16,
            WANT_ENGAGED = 32,
            WANT_SESSIONS = 64,
            WANT_TOUCHED = 128, /* sessions' touches */
};

struct plan {
    struct snapshot *s;
    struct arena arena;
    unsigned needs, want;
    size_t n_open, n_hidden;
    size_t n_terms, n_words;
    struct table dense[LOOK_CLIENT + 1];
    struct table session[LOOK_N];    /* from LOOK_TOUCHED on */
    uint64_t lonely[PLAN_MAX_WORDS]; /* terms that events without a session may meet */
    bool session_used[LOOK_N], any_session;
    struct pass *pass;
    size_t n_pass;
    struct number_test *number;
    size_t n_numbers;
    uint64_t items_terms[PLAN_MAX_WORDS];             /* terms with a condition on items */
    struct predicate_bits means[64 * PLAN_MAX_WORDS]; /* [term] */
    bool plain;                                       /* term t is predicate t, and that is all */
    struct stateful stateful[PLAN_MAX_STATEFUL];
    size_t n_stateful;
    struct filter filter[PLAN_MAX_FILTERS];
    size_t n_filters;
    struct dimension dim[JOURNEY_MAX_DIMS];
    size_t n_dims;
    uint64_t require;
    bool has_time;
    int64_t from_ms, to_ms;
    uint8_t *name_flags;         /* [name]: enum journey_flag */
    uint8_t *client_flags;       /* [client]: enum journey_flag, and WORK_BROWSER */
    uint8_t *touch_direct;       /* [touch]: says nothing of where the visitor came from */
    uint8_t *currency_digits;    /* [currency] */
    atomic_ullong *bot_sessions; /* left out by the last pass */
};

/* predicate.c: compiles a rule so that it sets `out`. */
MUST_CHECK err_code predicate_add(struct plan *p, const struct rule *r, struct predicate_bits out,
                                  struct err *err);
/* plan.c */
MUST_CHECK err_code plan_hidden(struct plan *p, struct predicate_bits *out, struct err *err);
/* property.c: where a property is found. */
struct property {
    enum look look;
    unsigned dict;  /* whose texts are judged */
    unsigned field; /* of a tuple */
    uint32_t key;
    bool computed; /* the channel of a touch, the kind of a name: see property_text */
};
bool property_find(const struct plan *p, struct str name, struct property *out);
/* The text of a computed property for a code of what it looks at. */
struct str property_computed(const struct plan *p, const struct property *at, uint32_t code);

#endif
