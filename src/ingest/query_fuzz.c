/* Any query string as an event. */
#include "ingest/fields.h"
#include "ingest/query.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct json_reader *r;
    struct arena a;
    const struct json_node *root;
    char where[JSON_WHERE];
    if (size > LIMIT_REQUEST_LINE || json_reader_open(&fields_limits, &r, NULL)) return 0;
    arena_init(&a, LIMIT_REQUEST_ARENA);
    if (query_read((struct str){(const char *)data, size}, r, &a, &root, where) ==
        JSON_FAULT_NONE) {
        struct fields f;
        struct reject why;
        (void)fields_read(root, (size & 1) != 0, &f, &why);
    }
    arena_free(&a);
    json_reader_close(r);
    return 0;
}
