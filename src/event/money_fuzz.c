/* The first byte is the exponent; an amount that is taken is the same when written and read again.
 */
#include <stdlib.h>

#include "event/money.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) return 0;
    int exponent = data[0] % (MONEY_MAX_EXPONENT + 1);
    struct str text = {(const char *)data + 1, size - 1};
    int64_t minor, again;
    char written[MONEY_TEXT], code[4];
    if (money_parse(text, exponent, &minor)) {
        money_format(minor, exponent, written);
        if (!money_parse(str_of(written), exponent, &again) || again != minor) abort();
    }
    (void)money_currency(text, code, &exponent);
    return 0;
}
