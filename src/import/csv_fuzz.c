#include <stdlib.h>

#include "import/csv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Any bytes: rows come to an end, their values lie within the file, and lines only grow. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *bytes = malloc(size + 1);
    struct text text;
    struct csv csv;
    enum csv_fault fault;
    err_code code;
    if (!bytes) return 0;
    memcpy(bytes, data, size);
    text_over(&text, bytes, size);
    if (csv_open(&csv, &text, NULL) == ERR_OK) {
        uint64_t line = 0;
        while (csv_next(&csv, &fault, &code, NULL)) {
            if (csv.line <= line) abort();
            line = csv.line;
            for (size_t i = 0; !fault && i < csv.n_columns; i++) {
                struct str v = csv.values[i];
                if (v.n && (v.p < bytes || v.p + v.n > bytes + size)) abort();
            }
        }
    }
    csv_close(&csv);
    free(bytes);
    return 0;
}
