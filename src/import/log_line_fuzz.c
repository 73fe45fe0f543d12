#include <stdlib.h>

#include "import/log_page.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Any bytes as a log: the kind is found out, each line is read, and what comes of it is JSON. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct json_limits limits = {
        .max_depth = 4, .max_members = 20, .max_nodes = 100, .max_bytes = 4 * 1024 * 1024};
    struct str rest = {(const char *)data, size};
    static struct log_format f; /* made once: that takes longer than a run */
    static struct json_reader *reader;
    struct buf out = {0};
    if (!reader && (log_open(&f, NULL) || json_reader_open(&limits, &reader, NULL))) abort();
    if (size > 0) f.kind = (enum log_kind)(data[0] % 3);
    (void)log_detect(&f, rest);
    while (rest.n) {
        struct log_line line;
        struct str extension;
        const struct json_node *root;
        struct str one = str_cut(rest, '\n', &rest);
        if (log_read(&f, one, &line) != LOG_OK) continue;
        enum log_meaning meaning = log_meaning(&line, &extension);
        buf_clear(&out);
        log_event_json(&out, &line, meaning, extension, true, STR("~0"));
        if (json_reader_value(reader, buf_view(&out), &root) != JSON_FAULT_NONE) abort();
    }
    buf_free(&out);
    return 0;
}
