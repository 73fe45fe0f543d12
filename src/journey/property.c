#include "event/channel.h"
#include "journey/plan_own.h"

static const struct {
    enum event_text text;
    enum look look;
    unsigned dict, field;
} tuples[] = {
#define X(id) {TEXT_##id, LOOK_TOUCHED, DICT_TOUCH_0 + TOUCH_##id, TOUCH_##id},
    TOUCH_TEXTS(X)
#undef X
#define X(id) {TEXT_##id, LOOK_AT_CLIENT, DICT_CLIENT_0 + CLIENT_##id, CLIENT_##id},
        CLIENT_TEXTS(X)
#undef X
};
static const struct {
    const char *name;
    enum key key;
} keys[] = {
    {"title", KEY_TITLE},       {"query", KEY_QUERY},           {"referrer", KEY_REFERRER},
    {"order_id", KEY_ORDER_ID}, {"session", KEY_SESSION},       {"currency", KEY_CURRENCY},
    {"variant", KEY_VARIANT},   {"experiment", KEY_EXPERIMENT}, {"scroll", KEY_SCROLL},
};
static const char *const kinds[KIND_N] = {
    [KIND_PAGEVIEW] = "pageview", [KIND_CUSTOM] = "custom",     [KIND_ORDER] = "order",
    [KIND_SIGNAL] = "signal",     [KIND_EXPOSURE] = "exposure",
};

static uint32_t find_key(const struct plan *p, struct str name)
{
    for (uint32_t key = KEY_OWN; key < p->s->counts.n[DICT_KEY]; key++)
        if (str_eq(dict_text(p->s->dicts, DICT_KEY, key), name)) return key;
    return KEY_NONE; /* no event has it */
}

/* A tuple's field by its name; "true_source" is that of the session's own touch. */
static bool find_tuple(struct str name, struct property *out)
{
    bool own = str_begins(name, STR("true_"));
    if (own) name = str_sub(name, 5, name.n);
    for (size_t i = 0; i < sizeof tuples / sizeof *tuples; i++) {
        if (!str_is(name, event_text_names[tuples[i].text])) continue;
        *out = (struct property){
            .look = tuples[i].look, .dict = tuples[i].dict, .field = tuples[i].field};
        /* A page's host and the way an event came in are the event's, not the visit's. */
        if (tuples[i].text == TEXT_HOST) out->look = LOOK_TOUCH;
        if (tuples[i].text == TEXT_PROTOCOL) out->look = LOOK_CLIENT;
        if (own && out->look == LOOK_TOUCHED) out->look = LOOK_OWN_TOUCH;
        return !own || out->look == LOOK_OWN_TOUCH;
    }
    return false;
}

bool property_find(const struct plan *p, struct str name, struct property *out)
{
    bool props = str_begins(name, STR("props.")), items = str_begins(name, STR("items."));
    *out = (struct property){0};
    if (props || items) {
        out->look = items ? LOOK_ITEMS : LOOK_KEY;
        out->key = find_key(p, name);
        out->dict = DICT_VALUE_0 + out->key;
        return true;
    }
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        if (!str_is(name, keys[i].name)) continue;
        out->look = LOOK_KEY;
        out->key = keys[i].key;
        out->dict = DICT_VALUE_0 + out->key;
        return true;
    }
    if (find_tuple(name, out)) return true;
    out->computed = str_is(name, "kind") || str_is(name, "channel") || str_is(name, "true_channel");
    if (out->computed && !str_is(name, "kind")) {
        out->look = *name.p == 'c' ? LOOK_TOUCHED : LOOK_OWN_TOUCH;
        out->dict = DICT_TOUCH;
    } else if (str_is(name, "name") || out->computed) {
        out->look = LOOK_NAME;
        out->dict = DICT_NAME;
    } else if (str_is(name, "path") || str_is(name, "entry") || str_is(name, "exit")) {
        out->look = *name.p == 'p' ? LOOK_PATH : name.p[1] == 'n' ? LOOK_ENTRY : LOOK_EXIT;
        out->dict = DICT_PATH;
    } else if (str_is(name, "value")) {
        out->look = LOOK_VALUE;
    } else if (str_is(name, "engaged_ms")) {
        out->look = LOOK_NUMBER;
        out->key = KEY_ENGAGED;
    } else {
        return false;
    }
    return true;
}

static struct str channel(const struct dicts *d, uint32_t touch)
{
    struct str text[TOUCH_N];
    for (unsigned i = 0; i < TOUCH_N; i++)
        text[i] = dict_text(d, DICT_TOUCH_0 + i, dict_field(d, DICT_TOUCH, touch, i));
    return str_of(
        channel_names[channel_of(text[TOUCH_SOURCE], text[TOUCH_MEDIUM], text[TOUCH_CAMPAIGN],
                                 text[TOUCH_CLICK_ID_KIND], text[TOUCH_REFERRER_HOST])]);
}

struct str property_computed(const struct plan *p, const struct property *at, uint32_t code)
{
    if (at->look != LOOK_NAME) return channel(p->s->dicts, code);
    return code ? str_of(kinds[event_kind_of(dict_text(p->s->dicts, DICT_NAME, code))]) : STR_NONE;
}
