#include "net/field.h"

#include <arpa/inet.h>

struct str field_cookie(struct str header, struct str name)
{
    while (header.n > 0) {
        struct str rest, value;
        struct str pair = str_trim(str_cut(header, ';', &rest));
        struct str key = str_cut(pair, '=', &value);
        if (key.n < pair.n && str_eq(str_trim(key), name)) {
            value = str_trim(value);
            if (value.n >= 2 && value.p[0] == '"' && value.p[value.n - 1] == '"')
                value = str_sub(value, 1, value.n - 1);
            return value;
        }
        header = rest;
    }
    return STR_NONE;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

/* The next decoded byte of `s` from `*i` on. */
static char next_decoded(struct str s, size_t *i)
{
    char c = s.p[(*i)++];
    if (c == '+') return ' ';
    if (c != '%' || s.n - *i < 2) return c;
    int high = hex_digit(s.p[*i]), low = hex_digit(s.p[*i + 1]);
    if (high < 0 || low < 0) return c;
    *i += 2;
    return (char)(high * 16 + low);
}

static bool decodes_to(struct str s, struct str name)
{
    size_t i = 0, n = 0;
    while (i < s.n)
        if (n == name.n || next_decoded(s, &i) != name.p[n++]) return false;
    return n == name.n;
}

bool field_param(struct str query, struct str name, struct arena *a, struct str *out)
{
    while (query.n > 0) {
        struct str rest, value;
        struct str key = str_cut(str_cut(query, '&', &rest), '=', &value);
        if (decodes_to(key, name)) {
            char *p = arena_alloc(a, value.n + 1);
            if (!p) return false;
            size_t n = 0;
            for (size_t i = 0; i < value.n;) p[n++] = next_decoded(value, &i);
            *out = (struct str){p, n};
            return true;
        }
        query = rest;
    }
    return false;
}

/* An address as 16 bytes; false when it is none. */
static bool address_read(struct str s, unsigned char out[16])
{
    static const unsigned char v4_in_v6[12] = {[10] = 0xff, [11] = 0xff};
    char text[ADDRESS_TEXT];
    if (s.n == 0 || s.n >= sizeof text || memchr(s.p, 0, s.n)) return false;
    memcpy(text, s.p, s.n);
    text[s.n] = 0;
    if (inet_pton(AF_INET6, text, out) == 1) return true;
    memcpy(out, v4_in_v6, sizeof v4_in_v6);
    return inet_pton(AF_INET, text, out + 12) == 1;
}

static bool address_is_v4(const unsigned char bytes[16])
{
    for (size_t i = 0; i < 10; i++)
        if (bytes[i]) return false;
    return bytes[10] == 0xff && bytes[11] == 0xff;
}

static void address_write(const unsigned char bytes[16], char out[ADDRESS_TEXT])
{
    bool v4 = address_is_v4(bytes);
    inet_ntop(v4 ? AF_INET : AF_INET6, v4 ? bytes + 12 : bytes, out, ADDRESS_TEXT);
}

err_code proxies_parse(struct str text, struct proxies *out, struct err *err)
{
    *out = (struct proxies){0};
    while (text.n > 0) {
        struct str rest, bits;
        struct str part = str_trim(str_cut(text, ',', &rest));
        text = rest;
        if (part.n == 0) continue;
        if (out->n == PROXY_MAX_RANGES)
            return err_set(err, ERR_INVALID, 0, "more than %d trusted proxies", PROXY_MAX_RANGES);
        struct proxy_range *r = &out->ranges[out->n];
        struct str address = str_cut(part, '/', &bits);
        if (!address_read(address, r->bytes))
            return err_set(err, ERR_INVALID, 0, "\"%.*s\" is not an address", STR_FMT(part));
        unsigned most = address_is_v4(r->bytes) ? 32 : 128;
        int64_t n = most;
        if (address.n < part.n && (!str_to_i64(bits, &n) || n < 0 || n > most))
            return err_set(err, ERR_INVALID, 0, "\"%.*s\": the part after / is 0 to %u",
                           STR_FMT(part), most);
        r->prefix = (unsigned)n + (128 - most);
        out->n++;
    }
    return ERR_OK;
}

static bool range_has(const struct proxy_range *r, const unsigned char address[16])
{
    size_t whole = r->prefix / 8;
    if (memcmp(r->bytes, address, whole) != 0) return false;
    unsigned left = r->prefix % 8;
    return left == 0 || (r->bytes[whole] ^ address[whole]) >> (8 - left) == 0;
}

static bool ranges_have(const struct proxies *p, const unsigned char address[16])
{
    for (size_t i = 0; i < p->n; i++)
        if (range_has(&p->ranges[i], address)) return true;
    return false;
}

bool proxies_have(const struct proxies *p, struct str address)
{
    unsigned char bytes[16];
    return address_read(address, bytes) && ranges_have(p, bytes);
}

/* One entry of X-Forwarded-For: proxies write a port, brackets or quotes too. */
static bool forwarded_read(struct str entry, unsigned char out[16])
{
    entry = str_trim(entry);
    if (entry.n >= 2 && entry.p[0] == '"' && entry.p[entry.n - 1] == '"')
        entry = str_sub(entry, 1, entry.n - 1);
    if (entry.n > 0 && entry.p[0] == '[') {
        size_t end = str_find(entry, ']');
        return end < entry.n && address_read(str_sub(entry, 1, end), out);
    }
    if (address_read(entry, out)) return true;
    size_t colon = str_find(entry, ':');
    return colon < entry.n && address_read(str_sub(entry, 0, colon), out);
}

void proxies_client(const struct proxies *p, struct str peer, struct str forwarded,
                    char out[ADDRESS_TEXT])
{
    unsigned char client[16], before[16];
    out[0] = 0;
    if (!address_read(peer, client)) return;
    while (forwarded.n > 0 && ranges_have(p, client)) {
        size_t from = forwarded.n;
        while (from > 0 && forwarded.p[from - 1] != ',') from--;
        if (!forwarded_read(str_sub(forwarded, from, forwarded.n), before)) break;
        memcpy(client, before, sizeof client);
        forwarded.n = from > 0 ? from - 1 : 0;
    }
    address_write(client, out);
}
