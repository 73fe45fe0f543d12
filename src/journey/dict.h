/* dict.h: the dictionaries of one site: every text an event may have becomes a small number.
 *
 * Append-only: a code means the same in every part and for ever.  Code 0 is "absent" everywhere.
 * Texts that seldom change within a visit are not coded one by one: an event has a code for its
 * *touch* (how the visitor came: host, referrer, campaign) and one for its *client* (where and on
 * what), each standing for a tuple of codes, so a condition on any of them is judged once per
 * distinct tuple.  Everything else is a value under a *key* ("title", "props.size", "items.price").
 *
 * One writer.  Readers look only below the counts that were published to them (struct dict_counts),
 * and never search: they judge every text once. */
#ifndef CAIRN_JOURNEY_DICT_H
#define CAIRN_JOURNEY_DICT_H

#include <stdatomic.h>

#include "base/map.h"
#include "event/event.h"

/* The texts of a touch and of a client, in the order of their tuples: append only. */
#define TOUCH_TEXTS(X)                                                                             \
    X(HOST) X(REFERRER_HOST) X(SOURCE) X(MEDIUM) X(CAMPAIGN) X(TERM) X(CONTENT) X(CLICK_ID_KIND)
#define CLIENT_TEXTS(X)                                                                            \
    X(COUNTRY)                                                                                     \
    X(REGION) X(CITY) X(DEVICE) X(BROWSER) X(OS) X(LANGUAGE) X(SCREEN) X(TIMEZONE) X(PROTOCOL)

enum touch_field {
#define X(id) TOUCH_##id,
    TOUCH_TEXTS(X)
#undef X
        TOUCH_N
};
enum client_field {
#define X(id) CLIENT_##id,
    CLIENT_TEXTS(X)
#undef X
        CLIENT_BITS, /* not a text: see below */
    CLIENT_N
};

/* Of a client's CLIENT_BITS. */
static inline enum id_kind client_id_kind(uint32_t bits)
{
    return (enum id_kind)(bits & 3);
}
static inline enum event_origin client_origin(uint32_t bits)
{
    return (enum event_origin)(bits >> 2 & 3);
}
enum { CLIENT_OFFLINE = 16, CLIENT_SIMULATED = 32 };

/* Keys with a fixed code.  The last three are numbers, not texts: the "code" is the number. */
enum key {
    KEY_NONE,
    KEY_TITLE,
    KEY_QUERY,
    KEY_REFERRER,
    KEY_ORDER_ID,
    KEY_SESSION,
    KEY_CURRENCY,
    KEY_EXPERIMENT,
    KEY_VARIANT,
    KEY_ENGAGED,    /* milliseconds */
    KEY_SCROLL,     /* percent */
    KEY_ITEM_COUNT, /* how many items the event has */
    KEY_OWN,        /* "props.x" and "items.x" begin here */
    KEY_MAX = 1000  /* distinct keys of a site; what is past it is counted, not kept */
};

enum dict_id {
    DICT_NAME,
    DICT_PATH,
    DICT_TOUCH,
    DICT_CLIENT,
    DICT_KEY,
    DICT_TOUCH_0, /* + enum touch_field */
    DICT_CLIENT_0 = DICT_TOUCH_0 + TOUCH_N,
    DICT_VALUE_0 = DICT_CLIENT_0 + CLIENT_N, /* + enum key */
    DICT_N = DICT_VALUE_0 + KEY_MAX
};

struct dicts {
    atomic_uint refs;
    struct map *map[DICT_N];    /* NULL until the first text; a slot is set once */
    uint64_t keys_refused;      /* properties past KEY_MAX */
    uint64_t values_refused;    /* properties with more than UINT8_MAX values in one event */
    struct cell_reader *reader; /* the writer's own */
};

/* How far readers may look, as of one publication. */
struct dict_counts {
    uint32_t n[DICT_N];
};

/* One value of an event under a key.  `ord` tells values of one key apart: the place of the item,
 * or of the element of a list. */
struct cell {
    uint32_t row, code;
    uint16_t key;
    uint8_t ord;
};

struct cells {
    struct cell *p;
    size_t n, size;
};

/* An event in codes. */
struct coded {
    uint64_t visitor;
    int64_t at_ms, value_minor;
    uint32_t name, path, touch, client;
    bool has_value;
};

MUST_CHECK err_code dicts_open(struct dicts **out, struct err *err); /* one reference */
struct dicts *dicts_take(struct dicts *d);
void dicts_release(struct dicts *d); /* NULL is allowed */

/* The code of a text, added when new; 0 for an empty one.  ERR_NOMEM. */
MUST_CHECK err_code dicts_code(struct dicts *d, unsigned id, struct str s, uint32_t *code,
                               struct err *err);
/* Codes an event; its cells are appended with row `row`.  ERR_NOMEM. */
MUST_CHECK err_code dicts_event(struct dicts *d, const struct event *e, uint32_t row,
                                struct coded *out, struct cells *cells, struct err *err);
/* Adds a text under its next code, as it was when it was written down. */
MUST_CHECK err_code dicts_restore(struct dicts *d, unsigned id, struct str text, bool *is_new,
                                  struct err *err);
void dicts_counts(const struct dicts *d, struct dict_counts *out); /* the writer only */
size_t dicts_memory(const struct dicts *d);

/* Below, `code` is under a published count. */
static inline struct str dict_text(const struct dicts *d, unsigned id, uint32_t code)
{
    return code && d->map[id] ? map_text(d->map[id], code) : STR_NONE;
}
/* A field of a touch (DICT_TOUCH) or client (DICT_CLIENT). */
static inline uint32_t dict_field(const struct dicts *d, unsigned id, uint32_t code, unsigned field)
{
    uint32_t v = 0;
    struct str tuple = dict_text(d, id, code);
    if (tuple.n) memcpy(&v, tuple.p + sizeof v * field, sizeof v);
    return v;
}

/* Appends a cell; false when out of memory. */
bool cells_add(struct cells *c, struct cell cell);

/* Flattens a JSON object ("props.") or array of objects ("items.") into cells; `*n_items` gets the
 * number of elements of the array.  Nested objects become "props.a.b", elements of a list the same
 * key with a rising ord.  null and "" are absent. */
MUST_CHECK err_code dicts_flatten(struct dicts *d, struct str json, const char *prefix,
                                  uint32_t row, struct cells *cells, uint32_t *n_items,
                                  struct err *err);

#endif
