#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "ingest/accept.h"
#include "ingest/identity.h"

/* Saturday, 2026-10-31 12:00 UTC. */
enum { NOON_S = 1793448000 };
static const int64_t noon_ms = (int64_t)NOON_S * 1000;

static const char firefox[] =
    "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0";

/* The real thing but for the clock: configuration, journal and recording on a folder of its own. */
static struct world {
    char dir[64];
    struct clock clock;
    struct config *config;
    struct journal *journal;
    struct accept *accept;
    struct arena arena;
    struct accept_result result;
    struct buf answer;
    uint64_t next_seq; /* of the journal, that no test has looked at yet */
    struct journal_reader *reader;
    struct event event;
} w;

static void remove_tree(const char *dir)
{
    char command[256];
    snprintf(command, sizeof command, "rm -rf '%s'", dir);
    assert_int_equal(system(command), 0);
}

static void open_journal(void)
{
    char path[128];
    struct err err = {0};
    snprintf(path, sizeof path, "%s/journal", w.dir);
    if (journal_open(&fs_real, path, NULL, &w.journal, &err)) fail_msg("%s", err.msg);
    if (journal_reader_open(w.journal, 1, &w.reader, &err)) fail_msg("%s", err.msg);
}

static void add_site(const char *json)
{
    struct err err = {0};
    uint32_t id;
    json_t *j = json_loads(json, 0, NULL);
    if (config_site_add(w.config, j, "test", &id, &err)) fail_msg("%s", err.msg);
    json_decref(j);
}

static void patch_site(uint32_t id, const char *json)
{
    struct err err = {0};
    json_t *j = json_loads(json, 0, NULL);
    if (config_site_patch(w.config, id, j, "test", &err)) fail_msg("%s", err.msg);
    json_decref(j);
}

static int open_world(void **state)
{
    (void)state;
    char path[128];
    struct err err = {0};
    memset(&w, 0, sizeof w);
    snprintf(w.dir, sizeof w.dir, "/tmp/cairn-accept-XXXXXX");
    assert_non_null(mkdtemp(w.dir));
    w.clock = clock_fixed(noon_ms);
    snprintf(path, sizeof path, "%s/config.db", w.dir);
    if (config_open(path, &w.clock, &w.config, &err)) fail_msg("%s", err.msg);
    add_site("{\"key\":\"demo\",\"domain\":\"shop.example\",\"timezone\":\"Europe/Berlin\","
             "\"currency\":\"EUR\"}");
    open_journal();
    struct accept_options o = {.data_dir = w.dir,
                               .country_db = "deps/vendor/geo/geo-whois-asn-country.mmdb"};
    if (accept_open(&o, w.config, w.journal, &w.clock, &w.accept, &err)) fail_msg("%s", err.msg);
    arena_init(&w.arena, LIMIT_REQUEST_ARENA);
    return 0;
}

static int close_world(void **state)
{
    (void)state;
    accept_close(w.accept);
    journal_reader_close(w.reader);
    journal_close(w.journal);
    config_close(w.config);
    arena_free(&w.arena);
    buf_free(&w.answer);
    remove_tree(w.dir);
    return 0;
}

/* A page of the shop in Firefox. */
static struct accept_request browser(struct str body)
{
    return (struct accept_request){
        .body = body,
        .ip = STR("203.0.113.7"),
        .user_agent = str_of(firefox),
        .accept_language = STR("de-DE,de;q=0.9"),
        .origin_kind = ORIGIN_BROWSER,
        .max_body = LIMIT_BODY,
    };
}

static const char *send_request(const struct accept_request *r)
{
    arena_reset(&w.arena);
    accept_events(w.accept, r, &w.arena, &w.result);
    buf_clear(&w.answer);
    accept_answer_json(&w.result, &w.answer);
    buf_char(&w.answer, 0);
    return w.answer.p;
}

static const char *post(const char *body)
{
    struct accept_request r = browser(str_of(body));
    return send_request(&r);
}

/* The next event from the journal; its texts are valid until the next call. */
static const struct event *next_event(void)
{
    struct err err = {0};
    struct str record;
    uint64_t seq;
    if (journal_sync(w.journal, &err)) fail_msg("%s", err.msg);
    if (journal_read(w.reader, 1000, &seq, &record, &err)) fail_msg("%s", err.msg);
    if (event_decode(record, &w.event, &err)) fail_msg("%s", err.msg);
    w.event.seq = seq;
    return &w.event;
}

static void assert_no_event(void)
{
    struct err err = {0};
    struct str record;
    uint64_t seq;
    assert_int_equal(journal_sync(w.journal, &err), ERR_OK);
    assert_int_equal(journal_read(w.reader, 0, &seq, &record, &err), ERR_NOT_FOUND);
}

static void assert_text(const struct event *e, enum event_text which, const char *expected)
{
    char got[4096];
    snprintf(got, sizeof got, "%.*s", STR_FMT(e->text[which]));
    assert_string_equal(got, expected);
}

static void an_event_as_in_the_contract(void **state)
{
    (void)state;
    const char *answer =
        post("{\"site\":\"demo\",\"name\":\"add_to_cart\",\"url\":\"https://Shop.example/p/"
             "7?utm_source=news\",\"referrer\":\"https://www.google.com/\",\"title\":\"Blue "
             "shirt\",\"age_ms\":120,\"id\":\"b2c1\",\"visitor\":\"consented id\",\"user\":\"known "
             "id\",\"session\":\"hint\",\"props\":{\"size\" : \"XL\"},\"value\":12.5,\"currency\":"
             "\"EUR\",\"order_id\":\"O-1\",\"items\":[{\"item_id\":\"SKU1\",\"price\":\"12.50\","
             "\"quantity\":1}],\"engaged_ms\":9000,\"scroll\":80}");
    assert_string_equal(answer, "{\"accepted\":1,\"duplicates\":0,\"rejected\":[]}");
    assert_int_equal(w.result.status, 202);
    const struct event *e = next_event();
    assert_int_equal(e->site, 1);
    assert_int_equal(e->kind, KIND_CUSTOM);
    assert_int_equal(e->id_kind, ID_KNOWN);
    assert_int_equal(e->at_ms, noon_ms - 120);
    assert_int_equal(e->received_at_ms, noon_ms);
    assert_int_equal(e->value_minor, 1250);
    assert_int_equal(e->engaged_ms, 9000);
    assert_int_equal(e->scroll_percent, 80);
    assert_int_equal(e->bot_reason, BOT_NONE);
    assert_true(e->dedupe != 0);
    assert_text(e, TEXT_NAME, "add_to_cart");
    assert_text(e, TEXT_URL, "https://shop.example/p/7?utm_source=news");
    assert_text(e, TEXT_HOST, "shop.example");
    assert_text(e, TEXT_PATH, "/p/7");
    assert_text(e, TEXT_QUERY, "utm_source=news");
    assert_text(e, TEXT_REFERRER, "https://www.google.com/");
    assert_text(e, TEXT_REFERRER_HOST, "www.google.com");
    assert_text(e, TEXT_SOURCE, "news");
    assert_text(e, TEXT_MEDIUM, "");
    assert_text(e, TEXT_TITLE, "Blue shirt");
    assert_text(e, TEXT_PROPS, "{\"size\":\"XL\"}");
    assert_text(e, TEXT_ITEMS, "[{\"item_id\":\"SKU1\",\"price\":12.50,\"quantity\":1}]");
    assert_text(e, TEXT_CURRENCY, "EUR");
    assert_text(e, TEXT_ORDER_ID, "O-1");
    assert_text(e, TEXT_SESSION, "hint");
    assert_text(e, TEXT_BROWSER, "Firefox");
    assert_text(e, TEXT_OS, "Linux");
    assert_text(e, TEXT_DEVICE, "desktop");
    assert_text(e, TEXT_LANGUAGE, "de-DE");
    assert_text(e, TEXT_PROTOCOL, "cairn");
    assert_no_event();
}

static void hosts_are_restricted_when_the_site_says_so(void **state)
{
    (void)state;
    patch_site(1, "{\"hosts\":[\"shop.example\",\"*.shop.test\"]}");
    assert_string_equal(post("{\"site\":\"demo\",\"url\":\"https://evil.example/\"}"),
                        "{\"accepted\":0,\"duplicates\":0,\"rejected\":[{\"index\":0,\"code\":"
                        "\"foreign_host\",\"field\":\"url\"}]}");
    assert_int_equal(w.result.status, 400);
    post("{\"site\":\"demo\",\"url\":\"https://www.shop.example/\"}");
    assert_int_equal(w.result.status, 202);
    post("{\"site\":\"demo\",\"url\":\"https://a.shop.test/\"}");
    assert_int_equal(w.result.status, 202);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_event_as_in_the_contract, open_world, close_world),
        cmocka_unit_test_setup_teardown(hosts_are_restricted_when_the_site_says_so, open_world,
                                        close_world),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
