/* Any bytes as a cookie header, a query, a list of proxies and a forwarded-for header: nothing is
 * read outside them, and what comes out is inside them or a normal address. */
#include <arpa/inet.h>
#include <stdlib.h>

#include "net/field.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void need(bool holds)
{
    if (!holds) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    /* A copy of exactly these bytes, so that reading one too many is seen. */
    char *p = malloc(size ? size : 1);
    if (!p) return 0;
    if (size) memcpy(p, data, size);
    struct str rest, all = {p, size};
    struct str first = str_cut(all, '\n', &rest);

    struct str cookie = field_cookie(all, STR("s"));
    need(cookie.n == 0 || (cookie.p >= p && cookie.p + cookie.n <= p + size));

    struct arena a;
    arena_init(&a, 1 << 20);
    struct str value;
    if (field_param(all, STR("p"), &a, &value)) need(value.n <= size);
    arena_free(&a);

    struct proxies proxies;
    char client[ADDRESS_TEXT];
    unsigned char bytes[16];
    if (proxies_parse(first, &proxies, NULL) != ERR_OK) {
        proxies.n = 1; /* everybody with an IPv4 address */
        proxies.ranges[0] = (struct proxy_range){.bytes = {[10] = 0xff, [11] = 0xff}, .prefix = 96};
    }
    proxies_client(&proxies, STR("127.0.0.1"), rest, client);
    need(inet_pton(AF_INET, client, bytes) == 1 || inet_pton(AF_INET6, client, bytes) == 1);
    free(p);
    return 0;
}
