/* Any text: what is taken as an instant is the same instant when written and read again. */
#include <stdlib.h>

#include "base/iso8601.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int64_t at_ms, again;
    char text[ISO8601_SIZE];
    if (!iso8601_parse((struct str){(const char *)data, size}, &at_ms)) return 0;
    iso8601_format(at_ms, text);
    /* A zone may carry the year out of what four digits hold. */
    bool inside = at_ms >= -62135596800000 && at_ms <= 253402300799999;
    if (inside && (!iso8601_parse(str_of(text), &again) || again != at_ms)) abort();
    return 0;
}
