#include "ingest/test_world.h"

static void trusted_senders_set_time_and_address(void **state)
{
    (void)state;
    const struct site_table *sites = config_sites(w.config);
    struct accept_request r = browser(STR(
        "{\"at\":\"2018-11-06T12:00:00Z\",\"ip\":\"8.8.8.8\",\"user_agent\":\"Mozilla/5.0 (iPhone; "
        "CPU iPhone "
        "OS 17_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.0 "
        "Mobile/15E148 "
        "Safari/604.1\",\"name\":\"x\"}\n{\"name\":\"x\",\"visitor\":\"v\",\"site\":\"whatever\"}\n"
        "{\"name\":\"x\",\"at\":1793448300000}\n{\"name\":\"x\",\"at\":1793448300001}"));
    r.trusted = true;
    r.site = site_by_key(sites, STR("demo"));
    r.origin_kind = ORIGIN_SERVER;
    assert_string_equal(send_request(&r),
                        "{\"accepted\":3,\"duplicates\":0,\"rejected\":[{\"index\":3,\"code\":"
                        "\"at_in_future\",\"field\":\"at\"}]}");
    const struct event *e = next_event();
    assert_int_equal(e->at_ms, 1541505600000);
    assert_int_equal(e->received_at_ms, noon_ms);
    assert_text(e, TEXT_COUNTRY, "US");
    assert_text(e, TEXT_BROWSER, "Mobile Safari");
    assert_text(e, TEXT_DEVICE, "mobile");
    e = next_event();
    assert_int_equal(e->site, 1);
    assert_int_equal(e->id_kind, ID_CONSENTED);
    assert_text(e, TEXT_BROWSER, ""); /* the agent of the request is the server's own */
    assert_int_equal(e->bot_reason, BOT_NONE);
    config_sites_release(w.config, sites);
}

static void an_import_needs_somebody(void **state)
{
    (void)state;
    const struct site_table *sites = config_sites(w.config);
    struct accept_request r = {
        .body = STR("{\"name\":\"x\",\"at\":0}\n{\"name\":\"x\",\"at\":0,\"ip\":\"::1\"}"),
        .trusted = true,
        .site = site_by_key(sites, STR("demo")),
        .origin_kind = ORIGIN_IMPORT,
        .max_body = LIMIT_BATCH_BODY,
        .protocol = "csv"};
    assert_string_equal(send_request(&r),
                        "{\"accepted\":1,\"duplicates\":0,\"rejected\":[{\"index\":0,\"code\":"
                        "\"missing_field\",\"field\":\"visitor\"}]}");
    assert_text(next_event(), TEXT_PROTOCOL, "csv");
    config_sites_release(w.config, sites);
}

static void sources_are_read_from_what_is_there(void **state)
{
    static const struct {
        const char *url, *referrer, *source, *medium, *click_id, *referrer_host;
    } cases[] = {
        {"https://shop.example/", "", "", "", "", ""},
        {"https://shop.example/", "https://shop.example/a", "", "", "", ""},
        {"https://www.shop.example/", "https://blog.shop.example/a", "", "", "", ""},
        {"https://shop.example/", "https://www.google.de/search?q=x", "google", "organic", "",
         "www.google.de"},
        {"https://shop.example/", "https://www.blog.example/a", "blog.example", "referral", "",
         "www.blog.example"},
        {"https://shop.example/", "https://chatgpt.com/", "chatgpt", "ai-assistant", "",
         "chatgpt.com"},
        {"https://shop.example/", "https://l.facebook.com/", "facebook", "social", "",
         "l.facebook.com"},
        {"https://shop.example/?gclid=1", "https://www.google.de/", "google", "cpc", "gclid",
         "www.google.de"},
        {"https://shop.example/?msclkid=1", "", "bing", "cpc", "msclkid", ""},
        {"https://shop.example/?utm_source=n&utm_medium=email&gclid=1", "", "n", "email", "gclid",
         ""},
        {"https://shop.example/?utm_medium=email", "https://www.blog.example/", "blog.example",
         "email", "", "www.blog.example"},
        {"https://shop.example/?srsltid=1", "", "", "", "", ""},
        {"https://shop.example/", "about:blank", "", "", "", ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char body[400];
        snprintf(body, sizeof body, "{\"site\":\"demo\",\"url\":\"%s\",\"referrer\":\"%s\"}",
                 cases[i].url, cases[i].referrer);
        assert_string_equal(post(body), ACCEPTED(1));
        const struct event *e = next_event();
        assert_text(e, TEXT_SOURCE, cases[i].source);
        assert_text(e, TEXT_MEDIUM, cases[i].medium);
        assert_text(e, TEXT_CLICK_ID_KIND, cases[i].click_id);
        assert_text(e, TEXT_REFERRER_HOST, cases[i].referrer_host);
    }
}

static void robots_are_told_by_reason(void **state)
{
    static const char chrome[] =
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like "
        "Gecko) Chrome/130.0.0.0 Safari/537.36";
    static const struct {
        const char *why, *user_agent, *sec_purpose, *sec_fetch_site, *extra;
        enum bot_reason reason;
    } cases[] = {
        {"a browser", firefox, "", "", "", BOT_NONE},
        {"no agent", "", "", "", "", BOT_USER_AGENT},
        {"a crawler", "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
         "", "", "", BOT_USER_AGENT},
        {"a library", "curl/7.88.1", "", "", "", BOT_USER_AGENT},
        {"prefetched", firefox, "prefetch;prerender", "", "", BOT_PREFETCH},
        {"automated, by its own words", firefox, "", "", ",\"webdriver\":true", BOT_HEADLESS},
        {"headless",
         "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
         "HeadlessChrome/130.0.0.0 "
         "Safari/537.36",
         "", "same-origin", "", BOT_HEADLESS},
        {"Chromium as it is", chrome, "", "cross-site", "", BOT_NONE},
        {"Chromium without its headers", chrome, "", "", "", BOT_HEADLESS},
        {"which a page on http may lack", chrome, "", "", ",\"url\":\"http://shop.example/\"",
         BOT_NONE},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char body[300];
        bool own_url = strstr(cases[i].extra, "url") != NULL;
        snprintf(body, sizeof body, "{\"site\":\"demo\",\"name\":\"x\"%s%s}",
                 own_url ? "" : ",\"url\":\"https://shop.example/\"", cases[i].extra);
        struct accept_request r = browser(str_of(body));
        r.user_agent = str_of(cases[i].user_agent);
        r.sec_purpose = str_of(cases[i].sec_purpose);
        r.sec_fetch_site = str_of(cases[i].sec_fetch_site);
        assert_string_equal(send_request(&r), ACCEPTED(1));
        enum bot_reason reason = next_event()->bot_reason;
        if (reason != cases[i].reason) fail_msg("%s: %s", cases[i].why, event_bot_names[reason]);
    }
}

static void privacy_signals_are_honoured(void **state)
{
    (void)state;
    struct accept_request r = browser(STR("{\"site\":\"demo\",\"name\":\"x\"}"));
    r.gpc = true;
    assert_string_equal(send_request(&r), REFUSED("{\"index\":0,\"code\":\"privacy_signal\"}"));
    assert_int_equal(w.result.status, 202); /* the page did nothing wrong */
    assert_no_event();
    patch_site(1, "{\"exclude_dnt\":false}");
    r.dnt = true;
    assert_string_equal(send_request(&r), ACCEPTED(1));
}

static void an_image_tells_its_page_by_the_referer(void **state)
{
    (void)state;
    struct accept_request r = browser(STR_NONE);
    r.query = STR("site=demo&props=%7B%22a%22%3A%5B1%5D%7D&value=3.5&_=12345&scroll=40");
    r.referer = STR("https://shop.example/p?gclid=1");
    assert_string_equal(send_request(&r), ACCEPTED(1));
    const struct event *e = next_event();
    assert_text(e, TEXT_NAME, "pageview");
    assert_text(e, TEXT_URL, "https://shop.example/p");
    assert_text(e, TEXT_PROPS, "{\"a\":[1]}");
    assert_int_equal(e->value_minor, 350);
    assert_int_equal(e->scroll_percent, 40);
    r.query = STR("site=demo&props=%7B%22a%22%3A");
    assert_string_equal(send_request(&r),
                        REFUSED("{\"index\":0,\"code\":\"bad_json\",\"field\":\"props\"}"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(trusted_senders_set_time_and_address), TEST(an_import_needs_somebody),
        TEST(sources_are_read_from_what_is_there),  TEST(robots_are_told_by_reason),
        TEST(privacy_signals_are_honoured),         TEST(an_image_tells_its_page_by_the_referer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
