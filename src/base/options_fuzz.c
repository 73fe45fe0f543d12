/* Any bytes as a configuration file: read or refused, and what is read keeps to its ranges. */
#include <stdlib.h>

#include "base/options.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct option table[] = {
    {"text", OPTION_TEXT, "", 0, 0, "X", "x"},
    {"flag", OPTION_FLAG, "no", 0, 0, "", "x"},
    {"number", OPTION_NUMBER, "3", -5, 10, "N", "x"},
    {"bytes", OPTION_BYTES, "64M", 1024, INT64_C(1) << 40, "BYTES", "x"},
    {0},
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct option *const tables[] = {table};
    struct options o;
    struct err err;
    char *p = malloc(size ? size : 1); /* exactly these bytes, so that one too many is seen */
    if (!p) return 0;
    if (size) memcpy(p, data, size);
    options_init(&o, tables, 1);
    if (options_lines(&o, (struct str){p, size}, "fuzz", NULL, &err) == ERR_OK) {
        int64_t n = option_number(&o, "number"), b = option_number(&o, "bytes");
        if (n < -5 || n > 10 || b < 1024 || b > INT64_C(1) << 40) abort();
        (void)option_flag(&o, "flag");
    }
    options_free(&o);
    free(p);
    return 0;
}
