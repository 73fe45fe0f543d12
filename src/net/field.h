/* field.h: the small fields of a request that we read ourselves: cookies, query parameters, and the
 * addresses that proxies add.  Pure functions over borrowed bytes. */
#ifndef CAIRN_NET_FIELD_H
#define CAIRN_NET_FIELD_H

#include "base/arena.h"
#include "base/err.h"

/* The value of cookie `name` in a Cookie header, without quotes; empty when absent (RFC 6265 5.4).
 */
struct str field_cookie(struct str header, struct str name);

/* The first parameter `name` of a query string, decoded into `a` ("+" is a space, a broken "%"
 * stays as it is).  False when absent or out of memory. */
bool field_param(struct str query, struct str name, struct arena *a, struct str *out);

/* Which addresses may tell whom they forward for. */
struct proxy_range {
    unsigned char bytes[16]; /* IPv6; IPv4 as ::ffff:a.b.c.d */
    unsigned prefix;         /* bits that must match, of 128 */
};
enum { PROXY_MAX_RANGES = 32, ADDRESS_TEXT = 46 };
struct proxies {
    struct proxy_range ranges[PROXY_MAX_RANGES];
    size_t n;
};

/* "127.0.0.1, 10.0.0.0/8, ::1"; empty trusts nobody.  ERR_INVALID names the part. */
MUST_CHECK err_code proxies_parse(struct str text, struct proxies *out, struct err *err);
bool proxies_have(const struct proxies *p, struct str address);

/* The client's address: `peer`, or when that is a trusted proxy, the last address of `forwarded`
 * (X-Forwarded-For) that is not one.  What cannot be read ends the walk at the last address that
 * could be.  The text in `out` is normal: no port, no brackets, IPv4 without an IPv6 prefix. */
void proxies_client(const struct proxies *p, struct str peer, struct str forwarded,
                    char out[ADDRESS_TEXT]);

#endif
