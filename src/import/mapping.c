#include "import/mapping.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "base/hash.h"
#include "base/iso8601.h"

bool mapping_is_recording(const struct mapping *m)
{
    return m->time.name.n + m->visitor.name.n + m->event.name.n + m->event_is.n + m->url.name.n +
               m->referrer.name.n + m->user_agent.name.n + m->ip.name.n + m->value.name.n +
               m->order_id.name.n + m->n_props ==
           0;
}

static err_code bind(struct mapped *c, const struct str *names, size_t n, bool strict,
                     struct err *err)
{
    c->at = -1;
    if (c->name.n == 0) return ERR_OK;
    for (size_t i = 0; i < n && c->at < 0; i++)
        if (str_eq(names[i], c->name)) c->at = (int)i;
    for (size_t i = 0; i < n && c->at < 0; i++)
        if (str_eq_nocase(names[i], c->name)) c->at = (int)i;
    if (c->at >= 0 || !strict) return ERR_OK;
    return err_named(err, ERR_INVALID, "unknown_column", "", "there is no column \"%.*s\"",
                     STR_FMT(c->name));
}

err_code mapping_bind(struct mapping *m, const struct str *names, size_t n, bool strict,
                      struct err *err)
{
    struct mapped *const single[] = {&m->time, &m->visitor,  &m->event,
                                     &m->url,  &m->referrer, &m->user_agent,
                                     &m->ip,   &m->value,    &m->order_id};
    err_code code = ERR_OK;
    for (size_t i = 0; !code && i < sizeof single / sizeof *single; i++)
        code = bind(single[i], names, n, strict, err);
    for (size_t i = 0; !code && i < m->n_props; i++)
        code = bind(&m->props[i], names, n, strict, err);
    for (size_t i = 0; !code && i < m->n_ids; i++) code = bind(&m->ids[i], names, n, strict, err);
    for (size_t i = 0; !code && i < m->n_where; i++)
        code = bind(&m->where[i].column, names, n, strict, err);
    return code;
}

/* --- time --- */

static bool scaled(struct str s, int64_t per_ms_num, int64_t per_ms_den, int64_t *at_ms)
{
    int64_t whole;
    double d;
    if (str_to_i64(s, &whole)) {
        if (__builtin_mul_overflow(whole, per_ms_num, &whole)) return false;
        *at_ms = whole / per_ms_den;
        return true;
    }
    if (!str_to_double(s, &d)) return false;
    d = round(d * (double)per_ms_num / (double)per_ms_den);
    if (!(d > -1e18 && d < 1e18)) return false;
    *at_ms = (int64_t)d;
    return true;
}

/* A date, or a date and time, with a zone or in `zone`. */
static bool iso_time(struct str s, const struct zone *zone, int64_t *at_ms)
{
    char utc[64];
    int64_t local;
    if (iso8601_parse(s, at_ms)) return true;
    if (s.n > 40) return false;
    bool date_only = s.n <= 10;
    snprintf(utc, sizeof utc, "%.*s%s", STR_FMT(s), date_only ? "T00:00:00Z" : "Z");
    if (!iso8601_parse(str_of(utc), &local)) return false;
    if (!zone) {
        *at_ms = local;
        return true;
    }
    /* The offset that holds at the instant itself, not at the one that has the same digits in UTC.
     */
    int64_t guess = local - zone_offset_ms(zone, local);
    *at_ms = local - zone_offset_ms(zone, guess);
    return true;
}

bool mapping_time(struct str s, enum time_unit unit, const struct zone *zone, int64_t *at_ms)
{
    int64_t n;
    s = str_trim(s);
    switch (unit) {
    case TIME_S: return scaled(s, 1000, 1, at_ms);
    case TIME_MS: return scaled(s, 1, 1, at_ms);
    case TIME_US: return scaled(s, 1, 1000, at_ms);
    case TIME_ISO: return iso_time(s, zone, at_ms);
    case TIME_ANY: break;
    }
    /* By size: seconds reach 1e11 in the year 5138, milliseconds 1e14 likewise; 20170501 is a day.
     */
    if (s.n == 8 && s.p[0] >= '1' && s.p[0] <= '2' && iso_time(s, zone, at_ms)) return true;
    if (str_to_i64(s, &n)) {
        int64_t size = n < 0 ? -(n + 1) : n;
        return size < INT64_C(100000000000)      ? scaled(s, 1000, 1, at_ms)
               : size < INT64_C(100000000000000) ? scaled(s, 1, 1, at_ms)
                                                 : scaled(s, 1, 1000, at_ms);
    }
    return iso_time(s, zone, at_ms) || scaled(s, 1000, 1, at_ms);
}

/* --- one event --- */

struct making {
    const struct mapping *m;
    const struct mapping_context *x;
    const struct row *row;
    struct buf *out;
    struct refusal *why;
};

static bool refuse(struct making *k, const char *code, struct str field)
{
    k->why->code = code;
    snprintf(k->why->field, sizeof k->why->field, "%.*s", STR_FMT(field));
    return false;
}

static struct str value_at(const struct making *k, const struct mapped *c)
{
    return c->at >= 0 && (size_t)c->at < k->row->n ? k->row->values[c->at] : STR_NONE;
}

/* ,"name":"value"; nothing for an empty value. */
static bool put(struct making *k, const char *name, struct str column, struct str value)
{
    if (value.n == 0) return true;
    if (!str_is_utf8(value)) return refuse(k, "bad_utf8", column);
    if (k->out->n > 0 && k->out->p[k->out->n - 1] != '{') buf_char(k->out, ',');
    buf_printf(k->out, "\"%s\":", name);
    json_write_text(k->out, value);
    return true;
}

static bool put_column(struct making *k, const char *name, const struct mapped *c)
{
    return put(k, name, c->name, value_at(k, c));
}

static bool put_needed(struct making *k, const char *name, const struct mapped *c)
{
    if (value_at(k, c).n == 0) return refuse(k, "missing_field", c->name);
    return put_column(k, name, c);
}

static bool put_time(struct making *k, struct str column, struct str value, enum time_unit unit)
{
    int64_t at_ms;
    if (value.n == 0) return refuse(k, "missing_field", column);
    if (!mapping_time(value, unit, k->x->zone, &at_ms)) return refuse(k, "bad_time", column);
    buf_printf(k->out, "\"at\":%" PRId64, at_ms);
    return true;
}

void mapping_row_id(char out[MAPPING_ROW_ID], uint64_t identity, const struct row *row)
{
    uint64_t parts[] = {identity, row->number, row->hash};
    bool whole = identity == MAPPING_ID_ROW;
    snprintf(out, MAPPING_ROW_ID, "%c%016" PRIx64, whole ? '=' : '~',
             whole ? row->hash : hash_fast((struct str){(const char *)parts, sizeof parts}));
}

/* A key over several columns: each with its length, so that "a","bc" is not "ab","c". */
static uint64_t key_hash(const struct making *k)
{
    struct buf b = {0};
    for (size_t i = 0; i < k->m->n_ids; i++) buf_lstr(&b, value_at(k, &k->m->ids[i]));
    uint64_t h = hash_fast(buf_view(&b));
    k->out->bad |= b.bad;
    buf_free(&b);
    return h;
}

static bool put_id(struct making *k, struct str own)
{
    const struct mapping *m = k->m;
    if (m->n_ids == 1) return put_needed(k, "id", &m->ids[0]);
    if (m->n_ids == 0 && !m->id_row && own.n) return put(k, "id", STR("id"), own);
    char id[MAPPING_ROW_ID];
    if (m->n_ids > 1) snprintf(id, sizeof id, "=%016" PRIx64, key_hash(k));
    else mapping_row_id(id, m->id_row ? MAPPING_ID_ROW : k->x->identity, k->row);
    buf_printf(k->out, ",\"id\":\"%s\"", id);
    return true;
}

static bool is_json(const struct row *row, size_t i)
{
    return row->is_json && row->is_json[i];
}

static bool put_props(struct making *k)
{
    bool any = false;
    for (size_t i = 0; i < k->m->n_props; i++) {
        const struct mapped *c = &k->m->props[i];
        struct str value = value_at(k, c);
        if (value.n == 0) continue;
        if (!str_is_utf8(value) || !str_is_utf8(c->name)) return refuse(k, "bad_utf8", c->name);
        buf_z(k->out, any ? "," : ",\"props\":{");
        json_write_text(k->out, c->name);
        buf_char(k->out, ':');
        if (is_json(k->row, (size_t)c->at)) buf_str(k->out, value);
        else json_write_text(k->out, value);
        any = true;
    }
    if (any) buf_char(k->out, '}');
    return true;
}

static bool put_mapped(struct making *k)
{
    const struct mapping *m = k->m;
    if (!put_time(k, m->time.name, value_at(k, &m->time), m->unit) || !put_id(k, STR_NONE))
        return false;
    if (m->visitor.name.n && !put_needed(k, m->known ? "user" : "visitor", &m->visitor))
        return false;
    if (m->event.name.n && !put_needed(k, "name", &m->event)) return false;
    if (m->event_is.n && !put(k, "name", STR("--event-is"), m->event_is)) return false;
    if (value_at(k, &m->value).n && !put(k, "currency", STR("--currency"), m->currency))
        return false;
    return put_column(k, "url", &m->url) && put_column(k, "referrer", &m->referrer) &&
           put_column(k, "user_agent", &m->user_agent) && put_column(k, "ip", &m->ip) &&
           put_column(k, "value", &m->value) && put_column(k, "order_id", &m->order_id) &&
           put_props(k);
}

/* --- a table with Recording's own names --- */

static struct str named(const struct row *row, const char *name)
{
    for (size_t i = 0; i < row->n; i++)
        if (str_is(row->names[i], name)) return row->values[i];
    return STR_NONE;
}

/* An object or array: as it is in JSON lines, as text in the other formats. */
static bool put_document(struct making *k, const char *name)
{
    const struct json_node *root;
    struct str value = named(k->row, name);
    if (value.n == 0) return true;
    if (json_reader_value(k->x->json, value, &root) != JSON_FAULT_NONE)
        return refuse(k, "bad_json", str_of(name));
    buf_printf(k->out, ",\"%s\":", name);
    json_write_node(k->out, root);
    return true;
}

static bool put_recording(struct making *k)
{
    static const char *const texts[] = {
        "name",       "url",     "referrer", "title",    "visitor",    "user",   "id_kind",
        "session",    "value",   "currency", "order_id", "engaged_ms", "scroll", "offline",
        "experiment", "variant", "screen",   "language", "timezone",   "ip",     "user_agent",
    };
    if (!put_time(k, STR("at"), named(k->row, "at"), TIME_ANY)) return false;
    if (!put_id(k, named(k->row, "id"))) return false;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (!put(k, texts[i], str_of(texts[i]), named(k->row, texts[i]))) return false;
    return put_document(k, "props") && put_document(k, "items");
}

enum mapped_to mapping_event(const struct mapping *m, const struct mapping_context *x,
                             const struct row *row, struct buf *out, struct refusal *why)
{
    struct making k = {m, x, row, out, why};
    for (size_t i = 0; i < m->n_where; i++)
        if (!str_eq(value_at(&k, &m->where[i].column), m->where[i].value)) return MAPPED_ELSEWHERE;
    bool recording = mapping_is_recording(m);
    if (recording && named(row, "bot_reason").n) return MAPPED_BOT;
    size_t from = out->n;
    buf_char(out, '{');
    if (recording ? put_recording(&k) : put_mapped(&k)) {
        buf_char(out, '}');
        return MAPPED_EVENT;
    }
    out->n = from;
    return MAPPED_REFUSED;
}
