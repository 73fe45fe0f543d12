/* Any body, from its bytes to the records of the journal: the first byte picks encoding and trust.
 * Stands on the real classification; the salts and the journal's file are on a folder of their own.
 */
#include <stdlib.h>

#include "ingest/body.h"
#include "ingest/enrich.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct enrich parts;
static const struct site site = {
    .id = 1, .domain = {"shop.example", 12}, .timezone = {"Europe/Berlin", 13}, .currency = "EUR"};

struct one {
    const struct accept_request *r;
    struct json_reader *reader;
    struct arena *a;
};

static void open_parts(void)
{
    char dir[] = "/tmp/cairn-fuzz-XXXXXX";
    if (!mkdtemp(dir) || ua_open(&parts.ua, NULL) || geo_open(NULL, &parts.geo, NULL) ||
        identity_open(dir, &parts.identity, NULL))
        abort();
}

static void take(const struct one *o, const struct json_node *root)
{
    struct fields f;
    struct event e, again;
    struct reject why = {0};
    struct err err;
    if (!root || !fields_read(root, o->r->trusted, &f, &why)) return;
    if (!enrich_event(&parts, o->r, &site, &f, 1793448000000, o->a, &e, &why, &err)) return;
    struct buf b = {0};
    event_encode(&e, &b);
    if (event_decode(buf_view(&b), &again, &err)) abort();
    for (int i = 0; i < EVENT_N_TEXTS; i++)
        if (!str_eq(e.text[i], again.text[i]) || !str_is_utf8(e.text[i])) abort();
    buf_free(&b);
}

static bool on_head(void *arg, const struct json_node *head)
{
    (void)arg;
    return json_member(head, "site") != NULL;
}

static bool on_record(void *arg, const struct json_node *root, enum json_fault fault)
{
    (void)fault;
    take(arg, root);
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const encodings[] = {"", "gzip", "deflate", "br"};
    if (size == 0) return 0;
    if (!parts.ua) open_parts();
    struct accept_request r = {.trusted = data[0] & 4,
                               .origin_kind = data[0] & 4 ? ORIGIN_SERVER : ORIGIN_BROWSER,
                               .user_agent = STR("Mozilla/5.0 Firefox/131.0"),
                               .site = &site};
    struct body body;
    struct arena a;
    struct one o = {.r = &r, .a = &a};
    if (json_reader_open(&fields_limits, &o.reader, NULL)) return 0;
    arena_init(&a, LIMIT_REQUEST_ARENA);
    struct str bytes = {(const char *)data + 1, size - 1}, line;
    if (body_open(bytes, str_of(encodings[data[0] & 3]), 1 << 16, &body) == REJECT_N) {
        const struct json_records h = {"events", on_head, on_record, &o};
        const struct json_node *root = NULL;
        struct str rest = body.text;
        if (!body_is_lines(body.text)) (void)json_reader_records(o.reader, body.text, &h);
        else
            while (body_next_line(&rest, &line))
                if (json_reader_value(o.reader, line, &root) == JSON_FAULT_NONE) take(&o, root);
    }
    body_close(&body);
    arena_free(&a);
    json_reader_close(o.reader);
    return 0;
}
