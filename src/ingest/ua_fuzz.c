/* Any header as a user agent. */
#include <stdlib.h>

#include "ingest/ua.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct ua *ua;
    struct agent a;
    if (!ua && ua_open(&ua, NULL)) abort();
    ua_find(ua, (struct str){(const char *)data, size}, &a);
    if (!str_is_utf8(str_of(a.browser)) || !str_is_utf8(str_of(a.os)) || !a.device) abort();
    return 0;
}
