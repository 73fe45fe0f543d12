/* Any text: no crash, and what is taken is written as JSON that reads the same again. */
#include <assert.h>
#include <stdlib.h>

#include "base/json_reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool on_head(void *arg, const struct json_node *object)
{
    (void)arg;
    return json_member(object, "site") != NULL;
}

static bool on_record(void *arg, const struct json_node *root, enum json_fault fault)
{
    (void)arg;
    assert((root == NULL) == (fault != JSON_FAULT_NONE));
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct json_limits limits = {
        .max_depth = 8, .max_members = 20, .max_nodes = 200, .max_bytes = 4096};
    const struct json_records records = {
        .list_key = "events", .head = on_head, .record = on_record};
    struct json_reader *r;
    const struct json_node *root;
    struct str text = {(const char *)data, size};
    if (json_reader_open(&limits, &r, NULL)) return 0;
    if (json_reader_value(r, text, &root) == JSON_FAULT_NONE) {
        struct buf once = {0}, twice = {0};
        json_write_node(&once, root);
        if (json_reader_value(r, buf_view(&once), &root) != JSON_FAULT_NONE) abort();
        json_write_node(&twice, root);
        if (!str_eq(buf_view(&once), buf_view(&twice))) abort();
        buf_free(&once);
        buf_free(&twice);
    } else {
        assert(str_is_utf8(str_of(json_reader_where(r))));
    }
    (void)json_reader_records(r, text, &records);
    json_reader_close(r);
    return 0;
}
