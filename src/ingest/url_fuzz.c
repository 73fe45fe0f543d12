/* Any text as an address: what is kept of it is an address again, and cleaning it changes nothing
 * more. */
#include <stdlib.h>

#include "event/sources.h"
#include "ingest/url.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a;
    struct url u, v;
    struct str clean, again;
    struct url_campaign c;
    arena_init(&a, 1 << 20);
    if (url_clean((struct str){(const char *)data, size}, STR("own.example"), &a, &u, &clean, &c)) {
        if (u.host.n == 0 || u.path.n == 0 || (c.source.n && !str_is_utf8(c.source))) abort();
        if (!url_clean(clean, STR("own.example"), &a, &v, &again, NULL)) abort();
        if (!str_eq(clean, again) || !str_eq(u.host, v.host) || !str_eq(u.query, v.query)) abort();
        (void)source_of_host(u.host);
        (void)source_kind_of(u.host);
    }
    arena_free(&a);
    return 0;
}
