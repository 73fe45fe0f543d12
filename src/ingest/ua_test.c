#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdlib.h>

#include "ingest/geo.h"
#include "ingest/ua.h"

#define WEBKIT "AppleWebKit/537.36 (KHTML, like Gecko) "
#define APPLE  "AppleWebKit/605.1.15 (KHTML, like Gecko) "

static const struct {
    const char *text, *browser, *os, *device;
    bool is_bot;
} agents[] = {
    {"Mozilla/5.0 (Windows NT 10.0; Win64; x64) " WEBKIT "Chrome/130.0.0.0 Safari/537.36", "Chrome",
     "Windows", "desktop", false},
    {"Mozilla/5.0 (Windows NT 10.0; Win64; x64) " WEBKIT
     "Chrome/130.0.0.0 Safari/537.36 Edg/130.0.0.0",
     "Edge", "Windows", "desktop", false},
    {"Mozilla/5.0 (Windows NT 10.0; Win64; x64) " WEBKIT
     "Chrome/128.0.0.0 Safari/537.36 OPR/114.0.0.0",
     "Opera", "Windows", "desktop", false},
    {"Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:131.0) Gecko/20100101 Firefox/131.0", "Firefox",
     "Windows", "desktop", false},
    {"Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0", "Firefox", "Linux",
     "desktop", false},
    {"Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:131.0) Gecko/20100101 Firefox/131.0", "Firefox",
     "Ubuntu", "desktop", false},
    {"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) " APPLE "Version/17.5 Safari/605.1.15",
     "Safari", "Mac OS X", "desktop", false},
    {"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) " WEBKIT "Chrome/130.0.0.0 Safari/537.36",
     "Chrome", "Mac OS X", "desktop", false},
    {"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) " WEBKIT "Chrome/130.0.0.0 Safari/537.36", "Chrome",
     "Chrome OS", "desktop", false},
    {"Mozilla/5.0 (Windows NT 6.1; WOW64; Trident/7.0; rv:11.0) like Gecko", "IE", "Windows",
     "desktop", false},
    {"Mozilla/4.0 (compatible; MSIE 8.0; Windows NT 6.1; Trident/4.0; Tablet PC 2.0)", "IE",
     "Windows", "desktop", false},
    {"Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) " APPLE
     "Version/17.5 Mobile/15E148 Safari/604.1",
     "Mobile Safari", "iOS", "mobile", false},
    {"Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) " APPLE
     "CriOS/130.0.6723.37 Mobile/15E148 "
     "Safari/604.1",
     "Chrome Mobile iOS", "iOS", "mobile", false},
    {"Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) " APPLE
     "FxiOS/131.0 Mobile/15E148 Safari/605.1.15",
     "Firefox iOS", "iOS", "mobile", false},
    {"Mozilla/5.0 (iPad; CPU OS 15_6 like Mac OS X) " APPLE
     "Version/15.6 Mobile/15E148 Safari/604.1",
     "Mobile Safari", "iOS", "tablet", false},
    {"Mozilla/5.0 (Linux; Android 10; K) " WEBKIT "Chrome/130.0.0.0 Mobile Safari/537.36",
     "Chrome Mobile", "Android", "mobile", false},
    {"Mozilla/5.0 (Linux; Android 13; SM-S908B) " WEBKIT
     "SamsungBrowser/25.0 Chrome/121.0.0.0 Mobile "
     "Safari/537.36",
     "Samsung Internet", "Android", "mobile", false},
    {"Mozilla/5.0 (Linux; Android 13; SM-X700) " WEBKIT "Chrome/130.0.0.0 Safari/537.36", "Chrome",
     "Android", "tablet", false},
    {"Mozilla/5.0 (Android 14; Mobile; rv:131.0) Gecko/131.0 Firefox/131.0", "Firefox Mobile",
     "Android", "mobile", false},
    {"Mozilla/5.0 (Android 14; Tablet; rv:131.0) Gecko/131.0 Firefox/131.0", "Firefox Mobile",
     "Android", "tablet", false},
    {"Mozilla/5.0 (Linux; Android 12; KFTRWI) " WEBKIT
     "Silk/130.1 like Chrome/130.0.0.0 Safari/537.36",
     "Amazon Silk", "Android", "tablet", false},
    {"Mozilla/5.0 (SMART-TV; Linux; Tizen 6.0) AppleWebKit/538.1 (KHTML, like Gecko) Version/6.0 "
     "TV Safari/538.1",
     "Safari", "Tizen", "tv", false},
    {"Mozilla/5.0 (Web0S; Linux/SmartTV) " WEBKIT
     "Chrome/94.0.4606.128 Safari/537.36 WebAppManager",
     "Chrome", "Web0S", "tv", false},
    {"Mozilla/5.0 (PlayStation 5/SmartTV) AppleWebKit/605.1.15 (KHTML, like Gecko)", NULL, NULL,
     "tv", false},
    {"Opera/9.80 (Android; Opera Mini/36.2/119.132; U; id) Presto/2.12.423 Version/12.16",
     "Opera Mini", "Android", "mobile", false},
    {"Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) " APPLE
     "Mobile/15E148 Instagram 334.0.0.30.97",
     "Instagram", "iOS", "mobile", false},
    {"Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", "Googlebot", "",
     "other", true},
    {"Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)", "bingbot", "",
     "other", true},
    {"Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; "
     "+https://openai.com/gptbot)",
     NULL, NULL, "other", true},
    {"curl/7.88.1", "curl", "", "other", true},
    {"python-requests/2.31.0", "Python Requests", "", "other", true},
    {"UniversalFeedParser/4.2-pre-314-svn +http://feedparser.org/", NULL, NULL, "other", true},
    {"", "", "", "other", true},
    {"   ", "", "", "other", true},
    {"\xff\xfe(\xff)", "", "", "other", false},
};

static struct ua *ua;

static int set_up(void **state)
{
    (void)state;
    return ua_open(&ua, NULL) == ERR_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    ua_close(ua);
    return 0;
}

static void real_agents(void **state)
{
    (void)state;
    for (int twice = 0; twice < 2; twice++) { /* the second time from the cache */
        for (size_t i = 0; i < sizeof agents / sizeof *agents; i++) {
            struct agent a;
            ua_find(ua, str_of(agents[i].text), &a);
            bool ok = (!agents[i].browser || strcmp(a.browser, agents[i].browser) == 0) &&
                      (!agents[i].os || strcmp(a.os, agents[i].os) == 0) &&
                      strcmp(a.device, agents[i].device) == 0 && a.is_bot == agents[i].is_bot;
            if (!ok)
                fail_msg("%s: %s on %s, %s%s", agents[i].text, a.browser, a.os, a.device,
                         a.is_bot ? ", bot" : "");
        }
    }
}

static void versions_of_chromium(void **state)
{
    (void)state;
    struct agent a;
    ua_find(ua, str_of(agents[0].text), &a);
    assert_int_equal(a.chromium, 130);
    ua_find(ua, str_of(agents[4].text), &a);
    assert_int_equal(a.chromium, 0);
    ua_find(ua, STR("Chrome/99999999999999999999"), &a);
    assert_true(a.chromium > 0);
}

static void *find_all(void *arg)
{
    for (int round = 0; round < 20; round++)
        for (size_t i = 0; i < sizeof agents / sizeof *agents; i++) {
            struct agent a;
            ua_find(ua, str_of(agents[i].text), &a);
            if (strcmp(a.device, agents[i].device) != 0) *(bool *)arg = false;
        }
    return NULL;
}

static void from_many_threads(void **state)
{
    (void)state;
    pthread_t threads[4];
    bool ok[4] = {true, true, true, true};
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, find_all, &ok[i]), 0);
    for (int i = 0; i < 4; i++) pthread_join(threads[i], NULL);
    for (int i = 0; i < 4; i++) assert_true(ok[i]);
}

/* The real log of the shared data: its robots name themselves, its browsers must not be taken for
 * any. */
static void agents_of_a_real_log(void **state)
{
    (void)state;
    const char *dir = getenv("CAIRN_DATA_DIR_SHARED");
    char command[600], line[4096];
    snprintf(command, sizeof command, "xz -dc '%s/weblog/apache_combined_dev.log.xz' 2>/dev/null",
             dir ? dir : "../shared/data");
    FILE *log = popen(command, "r");
    assert_non_null(log);
    size_t lines = 0, bots = 0, without_system = 0;
    while (fgets(line, sizeof line, log)) {
        char *end = strrchr(line, '"');
        if (!end) continue;
        *end = 0;
        char *from = strrchr(line, '"');
        if (!from) continue;
        struct agent a;
        ua_find(ua, str_of(strcmp(from + 1, "-") == 0 ? "" : from + 1), &a);
        lines++;
        bots += a.is_bot;
        static const char *const words[] = {"bot/", "spider", "Slurp", "crawler", "feedfetcher"};
        for (size_t i = 0; i < sizeof words / sizeof *words; i++)
            if (strcasestr(from + 1, words[i]) && !a.is_bot) fail_msg("no robot: %s", from + 1);
        static const char *const desks[] = {"Mozilla/5.0 (Windows NT",
                                            "Mozilla/5.0 (Macintosh; Intel"};
        for (size_t i = 0; i < sizeof desks / sizeof *desks; i++) {
            if (strncmp(from + 1, desks[i], strlen(desks[i])) != 0 || a.is_bot) continue;
            if (strcmp(a.device, "desktop") != 0) fail_msg("%s: %s", a.device, from + 1);
            without_system += a.os[0] == 0 || a.browser[0] == 0;
        }
    }
    pclose(log);
    if (lines == 0) skip();
    printf("# %zu lines, %zu of robots\n", lines, bots);
    assert_int_equal(lines, 5000);
    assert_true(bots > 500 && bots < 2500);
    assert_int_equal(without_system, 0);
}

static void countries(void **state)
{
    (void)state;
    static const struct {
        const char *ip, *country;
    } cases[] = {
        {"8.8.8.8", "US"},
        {"2001:4860:4860::8888", "US"},
        {"193.99.144.80", "DE"},
        {"::ffff:8.8.8.8", "US"},
        {"127.0.0.1", ""},
        {"10.0.0.1", ""},
        {"::1", ""},
        {"", ""},
        {"8.8.8", ""},
        {"8.8.8.8.8", ""},
        {"nonsense", ""},
    };
    struct geo *g;
    struct err err = {0};
    if (geo_open("deps/vendor/geo/geo-whois-asn-country.mmdb", &g, &err)) fail_msg("%s", err.msg);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct place p = geo_find(g, str_of(cases[i].ip));
        if (!str_is(p.country, cases[i].country))
            fail_msg("%s: %.*s", cases[i].ip, STR_FMT(p.country));
    }
    geo_close(g);
    assert_int_equal(geo_open(NULL, &g, &err), ERR_OK);
    assert_int_equal(geo_find(g, STR("8.8.8.8")).country.n, 0);
    geo_close(g);
    assert_int_equal(geo_open("absent.mmdb", &g, &err), ERR_IO);
    assert_int_equal(geo_open("Makefile", &g, &err), ERR_CORRUPT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(real_agents),       cmocka_unit_test(versions_of_chromium),
        cmocka_unit_test(from_many_threads), cmocka_unit_test(agents_of_a_real_log),
        cmocka_unit_test(countries),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
