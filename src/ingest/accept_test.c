#include "ingest/test_world.h"

#include <errno.h>
#include <pthread.h>

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
    patch_site(1, "{\"hosts\":[\"shop.example\",\"shop.test\"]}");
    assert_string_equal(post("{\"site\":\"demo\",\"url\":\"https://evil.example/\"}"),
                        "{\"accepted\":0,\"duplicates\":0,\"rejected\":[{\"index\":0,\"code\":"
                        "\"foreign_host\",\"field\":\"url\"}]}");
    assert_int_equal(w.result.status, 400);
    post("{\"site\":\"demo\",\"url\":\"https://www.shop.example/\"}");
    assert_int_equal(w.result.status, 202);
    struct accept_request r = browser(STR("{\"site\":\"demo\",\"name\":\"x\"}"));
    r.origin = STR("https://evil.example");
    send_request(&r);
    assert_int_equal(w.result.status, 400);
    r.origin = STR("https://shop.test");
    send_request(&r);
    assert_int_equal(w.result.status, 202);
}

static void each_answer_is_as_in_the_contract(void **state)
{
    static const struct {
        const char *why, *body;
        int status;
        const char *answer; /* or its begin */
    } cases[] = {
        {"one event", "{\"site\":\"demo\",\"name\":\"x\"}", 202, ACCEPTED(1)},
        {"an array", "[{\"site\":\"demo\",\"name\":\"x\"},{\"site\":\"demo\",\"name\":\"y\"}]", 202,
         ACCEPTED(2)},
        {"an envelope", "{\"site\":\"demo\",\"events\":[{\"name\":\"x\"},{\"name\":\"y\"}]}", 202,
         ACCEPTED(2)},
        {"the site after the events", "{\"events\":[{\"name\":\"x\"}],\"site\":\"demo\"}", 202,
         ACCEPTED(1)},
        {"lines", "{\"site\":\"demo\",\"name\":\"x\"}\n\n{\"site\":\"demo\",\"name\":\"y\"}\r\n",
         202, ACCEPTED(2)},
        {"one pretty event",
         "{\n  \"site\":\"demo\",\n  \"props\":\n{\"a\":1},\n \"name\":\"x\"\n}", 202, ACCEPTED(1)},
        {"a BOM", "\xef\xbb\xbf{\"site\":\"demo\",\"name\":\"x\"}", 202, ACCEPTED(1)},
        {"no events", "[]", 202, ACCEPTED(0)},
        {"a broken line among others",
         "{\"site\":\"demo\",\"name\":\"x\"}\n{\"site\":\n{\"site\":\"demo\",\"name\":\"y\"}", 202,
         "{\"accepted\":2,\"duplicates\":0,\"rejected\":[{\"index\":1,\"code\":\"bad_json\"}]}"},
        {"nothing", "", 400,
         "{\"accepted\":0,\"duplicates\":0,\"rejected\":[{\"index\":0,\"code\":\"bad_json\"}],"
         "\"error\":{\"code\":"
         "\"bad_json\",\"message\":"},
        {"cut short: nothing of it is taken", "[{\"site\":\"demo\",\"name\":\"x\"},{\"site\":\"de",
         400,
         "{\"accepted\":0,\"duplicates\":0,\"rejected\":[{\"index\":0,\"code\":\"bad_json\"}],"
         "\"error\":"},
        {"an event that is none", "[7]", 400, REFUSED("{\"index\":0,\"code\":\"bad_json\"}")},
        {"not UTF-8", "{\"site\":\"demo\",\"title\":\"\xff\"}", 400,
         REFUSED("{\"index\":0,\"code\":\"bad_utf8\",\"field\":\"title\"}")},
        {"no site", "{\"name\":\"x\"}", 400,
         REFUSED("{\"index\":0,\"code\":\"missing_field\",\"field\":\"site\"}")},
        {"an unknown site", "{\"site\":\"nope\",\"name\":\"x\"}", 404,
         "{\"error\":{\"code\":\"unknown_site\",\"message\":\"no such site\"}}"},
        {"an unknown site among others",
         "[{\"site\":\"nope\",\"name\":\"x\"},{\"site\":\"demo\",\"name\":\"x\"}]", 202,
         "{\"accepted\":1,\"duplicates\":0,\"rejected\":[{\"index\":0,\"code\":\"unknown_site\","
         "\"field\":\"site\"}]}"},
        {"an unknown site and another fault",
         "[{\"site\":\"nope\",\"name\":\"x\"},{\"site\":\"demo\",\"name\":7}]", 400,
         REFUSED("{\"index\":0,\"code\":\"unknown_site\",\"field\":\"site\"},{\"index\":1,\"code\":"
                 "\"bad_field\","
                 "\"field\":\"name\"}")},
        {"a page view without its page", "{\"site\":\"demo\"}", 400,
         REFUSED("{\"index\":0,\"code\":\"missing_field\",\"field\":\"url\"}")},
        {"no address", "{\"site\":\"demo\",\"url\":\"shop\"}", 400,
         REFUSED("{\"index\":0,\"code\":\"bad_field\",\"field\":\"url\"}")},
        {"an unknown currency",
         "{\"site\":\"demo\",\"name\":\"x\",\"value\":1,\"currency\":\"ABC\"}", 400,
         REFUSED("{\"index\":0,\"code\":\"bad_currency\",\"field\":\"currency\"}")},
        {"a value that fits no amount", "{\"site\":\"demo\",\"name\":\"x\",\"value\":1e17}", 400,
         REFUSED("{\"index\":0,\"code\":\"bad_number\",\"field\":\"value\"}")},
        {"at the age", "{\"site\":\"demo\",\"name\":\"x\",\"age_ms\":172800000}", 202, ACCEPTED(1)},
        {"past the age", "{\"site\":\"demo\",\"name\":\"x\",\"age_ms\":172800001}", 400,
         REFUSED("{\"index\":0,\"code\":\"too_old\",\"field\":\"age_ms\"}")},
        {"a time from a browser", "{\"site\":\"demo\",\"name\":\"x\",\"at\":1}", 400,
         REFUSED("{\"index\":0,\"code\":\"bad_field\",\"field\":\"at\"}")},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *answer = post(cases[i].body);
        if (strncmp(answer, cases[i].answer, strlen(cases[i].answer)) != 0)
            fail_msg("%s: %s", cases[i].why, answer);
        if (w.result.status != cases[i].status)
            fail_msg("%s: status %d", cases[i].why, w.result.status);
    }
}

static void many(struct buf *b, size_t n)
{
    buf_clear(b);
    buf_z(b, "{\"site\":\"demo\",\"events\":[");
    for (size_t i = 0; i < n; i++) buf_z(b, i ? ",{\"name\":\"x\"}" : "{\"name\":\"x\"}");
    buf_z(b, "]}");
}

static void events_at_their_limit_and_one_past_it(void **state)
{
    (void)state;
    struct buf b = {0};
    many(&b, LIMIT_EVENTS);
    struct accept_request r = browser(buf_view(&b));
    send_request(&r);
    assert_int_equal(w.result.status, 202);
    assert_int_equal(w.result.accepted, LIMIT_EVENTS);
    many(&b, LIMIT_EVENTS + 1);
    r.body = buf_view(&b);
    assert_string_equal(send_request(&r), "{\"error\":{\"code\":\"too_many_events\",\"message\":"
                                          "\"too many events in one request\"}}");
    assert_int_equal(w.result.status, 413);
    struct err err;
    assert_int_equal(journal_sync(w.journal, &err), ERR_OK);
    assert_int_equal(journal_durable_seq(w.journal), LIMIT_EVENTS);
    buf_free(&b);
}

static void a_body_at_its_limit_and_one_past_it(void **state)
{
    (void)state;
    struct buf b = {0};
    buf_z(&b, "{\"site\":\"demo\",\"name\":\"x\"}");
    while (b.n < LIMIT_BODY + 1) buf_char(&b, ' ');
    struct accept_request r = browser(str_sub(buf_view(&b), 0, LIMIT_BODY));
    send_request(&r);
    assert_int_equal(w.result.status, 202);
    r.body = buf_view(&b);
    assert_string_equal(
        send_request(&r),
        "{\"error\":{\"code\":\"body_too_large\",\"message\":\"the body is too large\"}}");
    assert_int_equal(w.result.status, 413);
    buf_free(&b);
}

static void an_event_at_its_size_and_past_it(void **state)
{
    (void)state;
    for (int past = 0; past < 2; past++) {
        struct buf b = {0};
        buf_z(&b, "{\"site\":\"demo\",\"name\":\"x\",\"props\":{");
        for (int i = 0; i < 31 + past; i++) {
            buf_printf(&b, "%s\"p%d\":\"", i ? "," : "", i);
            for (int k = 0; k < LIMIT_VALUE; k++) buf_char(&b, 'x');
            buf_char(&b, '"');
        }
        buf_z(&b, "}}");
        struct accept_request r = browser(buf_view(&b));
        const char *answer = send_request(&r);
        assert_string_equal(answer, past ? REFUSED("{\"index\":0,\"code\":\"event_too_large\"}")
                                         : ACCEPTED(1));
        buf_free(&b);
    }
}

static void the_same_id_is_counted_once(void **state)
{
    (void)state;
    const char *one = "{\"site\":\"demo\",\"name\":\"x\",\"id\":\"a\"}";
    assert_string_equal(post(one), ACCEPTED(1));
    assert_string_equal(post(one), "{\"accepted\":0,\"duplicates\":1,\"rejected\":[]}");
    assert_int_equal(w.result.status, 202);
    post("{\"site\":\"demo\",\"events\":[{\"name\":\"x\",\"id\":\"b\"},{\"name\":\"x\",\"id\":"
         "\"b\"},{\"name\":7}]}");
    assert_int_equal(w.result.accepted, 1);
    assert_int_equal(w.result.duplicates, 1);
    assert_int_equal(w.result.n_rejected, 1);
    assert_int_equal(w.result.status, 202);
    post("[{\"site\":\"demo\",\"name\":\"x\",\"id\":\"a\"},{\"site\":\"nope\",\"name\":\"x\"}]");
    assert_int_equal(w.result.status, 202); /* a duplicate is as good as taken */

    add_site("{\"key\":\"other\",\"domain\":\"other.example\"}");
    assert_string_equal(post("{\"site\":\"other\",\"name\":\"x\",\"id\":\"a\"}"), ACCEPTED(1));

    w.clock.set_ms = noon_ms + LIMIT_DEDUPE_MS;
    assert_string_equal(post(one), "{\"accepted\":0,\"duplicates\":1,\"rejected\":[]}");
    w.clock.set_ms = noon_ms + LIMIT_DEDUPE_MS + 1;
    assert_string_equal(post(one), ACCEPTED(1));
    assert_string_equal(post(one), "{\"accepted\":0,\"duplicates\":1,\"rejected\":[]}");
}

static void ids_that_the_store_has_are_known(void **state)
{
    (void)state;
    post("{\"site\":\"demo\",\"name\":\"x\",\"id\":\"old\"}");
    uint64_t key = next_event()->dedupe;
    struct err err = {0};
    struct accept_options o = {.data_dir = w.dir};
    accept_close(w.accept);
    if (accept_open(&o, w.config, w.journal, &w.clock, &w.accept, &err)) fail_msg("%s", err.msg);
    accept_seen(w.accept, 1, key, noon_ms - LIMIT_DEDUPE_MS - 1);
    struct accept_request r = browser(STR("{\"site\":\"demo\",\"name\":\"x\",\"id\":\"old\"}"));
    r.any_age_duplicates = true;
    assert_string_equal(send_request(&r), "{\"accepted\":0,\"duplicates\":1,\"rejected\":[]}");
    r.any_age_duplicates = false;
    assert_string_equal(send_request(&r), ACCEPTED(1));
}

static void what_the_disk_refused_may_be_sent_again(void **state)
{
    (void)state;
    const char *one = "{\"site\":\"demo\",\"name\":\"x\",\"id\":\"a\"}";
    struct err err;
    fs_fault_arm(&w.disk, FS_PWRITE | FS_DATASYNC, 1, -1, ENOSPC);
    (void)post(one);
    assert_int_equal(journal_sync(w.journal, &err), ERR_IO);
    assert_string_equal(post(one), "{\"error\":{\"code\":\"overloaded\",\"message\":"
                                   "\"too much to do at the moment, try again later\"}}");
    assert_int_equal(w.result.status, 503);

    fs_fault_arm(&w.disk, 0, 0, 0, 0);
    assert_int_equal(journal_recover(w.journal, &err), ERR_OK);
    assert_string_equal(post(one), ACCEPTED(1));
    assert_text(next_event(), TEXT_ID, "a");
    assert_string_equal(post(one), "{\"accepted\":0,\"duplicates\":1,\"rejected\":[]}");
    assert_no_event();
}

/* Every cap of memory up to the one that is enough ends in 503, with nothing taken. */
static void memory_may_run_out(void **state)
{
    (void)state;
    struct accept_request r =
        browser(STR("{\"site\":\"demo\",\"events\":[{\"name\":\"x\",\"id\":\"a\"},{\"name\":7}]}"));
    size_t cap = 0;
    do {
        struct arena small;
        arena_init(&small, cap);
        accept_events(w.accept, &r, &small, &w.result);
        if (w.result.status == 202) assert_int_equal(w.result.accepted, 1);
        arena_free(&small);
        assert_true(w.result.status == 202 || w.result.status == 503);
        assert_true(cap < 100000);
        cap += 16;
    } while (w.result.status != 202);
    assert_true(cap > 16);
    assert_text(next_event(), TEXT_ID, "a");
    assert_no_event();
}

enum { THREADS = 4, REQUESTS = 250 };

static void *send_each_id(void *arg)
{
    struct arena arena;
    size_t *accepted = arg;
    arena_init(&arena, LIMIT_REQUEST_ARENA);
    for (int i = 0; i < REQUESTS; i++) {
        char body[160];
        snprintf(body, sizeof body,
                 "[{\"site\":\"demo\",\"name\":\"x\",\"id\":\"%d\"},{\"site\":\"demo\",\"name\":"
                 "\"x\",\"id\":\"%d\"}]",
                 i, REQUESTS - i);
        struct accept_request r = browser(str_of(body));
        struct accept_result result;
        accept_events(w.accept, &r, &arena, &result);
        if (result.status == 202) *accepted += result.accepted;
        arena_reset(&arena);
    }
    arena_free(&arena);
    return NULL;
}

static void of_the_same_id_at_the_same_time_one_wins(void **state)
{
    (void)state;
    pthread_t threads[THREADS];
    size_t accepted[THREADS] = {0}, sum = 0;
    struct err err;
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, send_each_id, &accepted[i]), 0);
    for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
    for (int i = 0; i < THREADS; i++) sum += accepted[i];
    assert_int_equal(sum, REQUESTS + 1); /* ids 0 to REQUESTS */
    assert_int_equal(journal_sync(w.journal, &err), ERR_OK);
    assert_int_equal(journal_durable_seq(w.journal), REQUESTS + 1);
}

static void counters_tell_what_happened(void **state)
{
    (void)state;
    struct err err = {0};
    post("[{\"site\":\"demo\",\"name\":\"x\",\"id\":\"1\"},{\"site\":\"demo\",\"name\":\"x\","
         "\"id\":\"1\"},"
         "{\"site\":\"demo\",\"name\":\"x\",\"webdriver\":true},{\"site\":\"demo\",\"name\":7}]");
    post("{\"site\":\"nope\",\"name\":\"x\"}");
    json_t *j;
    assert_int_equal(accept_counters(w.accept, 1, &j, &err), ERR_OK);
    char *text = json_dumps(j, JSON_COMPACT);
    assert_string_equal(text,
                        "{\"accepted\":2,\"duplicates\":1,\"rejected\":{\"bad_field\":1},\"bots\":{"
                        "\"headless\":1}}");
    free(text);
    json_decref(j);
    assert_int_equal(accept_counters(w.accept, 0, &j, &err), ERR_OK);
    assert_int_equal(
        json_integer_value(json_object_get(json_object_get(j, "rejected"), "unknown_site")), 1);
    json_decref(j);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_event_as_in_the_contract),
        TEST(hosts_are_restricted_when_the_site_says_so),
        TEST(each_answer_is_as_in_the_contract),
        TEST(events_at_their_limit_and_one_past_it),
        TEST(a_body_at_its_limit_and_one_past_it),
        TEST(an_event_at_its_size_and_past_it),
        TEST(the_same_id_is_counted_once),
        TEST(ids_that_the_store_has_are_known),
        TEST(what_the_disk_refused_may_be_sent_again),
        TEST(of_the_same_id_at_the_same_time_one_wins),
        TEST(memory_may_run_out),
        TEST(counters_tell_what_happened),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
