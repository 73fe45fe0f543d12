#include "event/event.h"

enum { EVENT_VERSION = 1 };

const char *const event_text_names[EVENT_N_TEXTS] = {
#define X(id, column) #column,
    EVENT_TEXTS(X)
#undef X
};

const char *const event_bot_names[BOT_N] = {
    "", "user_agent", "prefetch", "headless", "datacentre", "referrer_spam", "behaviour",
};

enum event_kind event_kind_of(struct str name)
{
    static const char *const signals[] = {
        "engagement", "scroll",     "web_vitals", "rage_click", "dead_click",
        "quick_back", "js_error",   "form_focus", "form_blur",  "form_change",
        "form_field", "form_error", "form_view",  "mail_open",  "heartbeat",
    };
    if (str_is(name, "pageview")) return KIND_PAGEVIEW;
    if (str_is(name, "purchase")) return KIND_ORDER;
    if (str_is(name, "exposure")) return KIND_EXPOSURE;
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        if (str_is(name, signals[i])) return KIND_SIGNAL;
    return KIND_CUSTOM;
}

enum { FLAG_OFFLINE = 1, FLAG_SIMULATED = 2, FLAG_VALUE = 4 };

void event_encode(const struct event *e, struct buf *out)
{
    unsigned flags = (e->offline ? FLAG_OFFLINE : 0u) | (e->simulated ? FLAG_SIMULATED : 0u) |
                     (e->has_value ? FLAG_VALUE : 0u);
    buf_u8(out, EVENT_VERSION);
    buf_u8(out, (uint8_t)flags);
    buf_u8(out, (uint8_t)e->id_kind);
    buf_u8(out, (uint8_t)e->kind);
    buf_u8(out, (uint8_t)e->origin);
    buf_u8(out, (uint8_t)e->bot_reason);
    buf_u8(out, e->scroll_percent);
    buf_varint(out, e->site);
    buf_u64(out, e->visitor);
    buf_u64(out, e->dedupe);
    buf_svarint(out, e->at_ms);
    buf_svarint(out, e->received_at_ms - e->at_ms);
    buf_varint(out, e->engaged_ms);
    if (e->has_value) buf_svarint(out, e->value_minor);
    size_t n = 0;
    for (size_t i = 0; i < EVENT_N_TEXTS; i++) n += e->text[i].n > 0;
    buf_varint(out, n);
    for (size_t i = 0; i < EVENT_N_TEXTS; i++) {
        if (e->text[i].n == 0) continue;
        buf_u8(out, (uint8_t)i);
        buf_lstr(out, e->text[i]);
    }
}

err_code event_decode(struct str bytes, struct event *out, struct err *err)
{
    struct cursor c = cursor_of(bytes);
    uint8_t version = cursor_u8(&c), flags = cursor_u8(&c);
    uint8_t id_kind = cursor_u8(&c), kind = cursor_u8(&c);
    uint8_t origin = cursor_u8(&c), bot = cursor_u8(&c);
    if (c.bad || version != EVENT_VERSION || id_kind > ID_KNOWN || kind >= KIND_N ||
        origin >= ORIGIN_N || bot >= BOT_N)
        return err_set(err, ERR_CORRUPT, 0, "event of %zu bytes, version %u", bytes.n, version);
    *out = (struct event){
        .id_kind = (enum id_kind)id_kind,
        .kind = (enum event_kind)kind,
        .origin = (enum event_origin)origin,
        .bot_reason = (enum bot_reason)bot,
        .offline = flags & FLAG_OFFLINE,
        .simulated = flags & FLAG_SIMULATED,
        .has_value = flags & FLAG_VALUE,
    };
    out->scroll_percent = cursor_u8(&c);
    uint64_t site = cursor_varint(&c);
    out->visitor = cursor_u64(&c);
    out->dedupe = cursor_u64(&c);
    out->at_ms = cursor_svarint(&c);
    int64_t delay = cursor_svarint(&c);
    uint64_t engaged = cursor_varint(&c);
    if (out->has_value) out->value_minor = cursor_svarint(&c);
    uint64_t n = cursor_varint(&c);
    if (site > UINT32_MAX || engaged > UINT32_MAX ||
        __builtin_add_overflow(out->at_ms, delay, &out->received_at_ms))
        c.bad = true;
    out->site = (uint32_t)site;
    out->engaged_ms = (uint32_t)engaged;
    for (uint64_t i = 0; i < n && !c.bad; i++) {
        uint8_t which = cursor_u8(&c);
        struct str s = cursor_lstr(&c);
        if (which < EVENT_N_TEXTS) out->text[which] = s;
    }
    if (c.bad || cursor_left(&c) > 0)
        return err_set(err, ERR_CORRUPT, 0, "event of %zu bytes ends early or late", bytes.n);
    return ERR_OK;
}
