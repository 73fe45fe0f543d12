#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "import/log_page.h"

/* A line of each kind of log, and what is read from it:
 * address|user|method|target|status|referrer|agent|host|seconds, or how it fails. */
static const struct {
    const char *why;
    enum log_kind kind;
    const char *line, *read;
} cases[] = {
    {"common", LOG_PLAIN,
     "203.0.113.7 - - [17/May/2015:10:05:03 +0000] \"GET /a?b=1 HTTP/1.1\" 200 12",
     "203.0.113.7||GET|/a?b=1|200||||1431857103"},
    {"combined", LOG_PLAIN,
     "203.0.113.7 - anna [17/May/2015:10:05:03 +0200] \"GET / HTTP/1.1\" 200 - "
     "\"https://x.example/\" \"Mozilla/5.0 (X11)\"",
     "203.0.113.7|anna|GET|/|200|https://x.example/|Mozilla/5.0 (X11)||1431849903"},
    {"no referrer, no agent", LOG_PLAIN,
     "::1 - - [17/May/2015:10:05:03 +0000] \"GET / HTTP/1.1\" 304 - \"-\" \"-\"",
     "::1||GET|/|304||||1431857103"},
    {"the virtual host in front, with its port", LOG_PLAIN,
     "shop.example:443 203.0.113.7 - - [17/May/2015:10:05:03 +0000] \"GET / HTTP/1.1\" 200 1 \"-\" "
     "\"A\"",
     "203.0.113.7||GET|/|200||A|shop.example|1431857103"},
    {"a user's name with a space", LOG_PLAIN,
     "203.0.113.7 - anna maria [17/May/2015:10:05:03 +0000] \"GET / HTTP/1.1\" 200 1",
     "203.0.113.7|anna maria|GET|/|200||||1431857103"},
    {"quotes as Apache writes them", LOG_PLAIN,
     "1.2.3.4 - - [17/May/2015:10:05:03 +0000] \"GET / HTTP/1.1\" 200 1 \"-\" \"an \\\"agent\\\" "
     "\\\\\"",
     "1.2.3.4||GET|/|200||an \"agent\" \\||1431857103"},
    {"quotes as nginx writes them", LOG_PLAIN,
     "1.2.3.4 - - [17/May/2015:10:05:03 +0000] \"GET / HTTP/1.1\" 200 1 \"-\" \"an "
     "\\x22agent\\x22\"",
     "1.2.3.4||GET|/|200||an \"agent\"||1431857103"},
    {"more fields behind", LOG_PLAIN,
     "1.2.3.4 - - [17/May/2015:10:05:03 +0000] \"GET / HTTP/1.1\" 200 1 \"-\" \"A\" \"5.6.7.8\" "
     "0.005",
     "1.2.3.4||GET|/|200||A||1431857103"},
    {"spaces in the target", LOG_PLAIN,
     "1.2.3.4 - - [17/May/2015:10:05:03 +0000] \"GET /a b HTTP/1.1\" 200 1",
     "1.2.3.4||GET|/a b|200||||1431857103"},
    {"HTTP/0.9", LOG_PLAIN, "1.2.3.4 - - [17/May/2015:10:05:03 +0000] \"GET /\" 200 1",
     "1.2.3.4||GET|/|200||||1431857103"},
    {"a leap second is the next minute", LOG_PLAIN,
     "1.2.3.4 - - [30/Jun/2015:23:59:60 +0000] \"GET / HTTP/1.1\" 200 1",
     "1.2.3.4||GET|/|200||||1435708800"},
    {"no request", LOG_PLAIN, "1.2.3.4 - - [17/May/2015:10:05:03 +0000] \"-\" 408 -", "NO_REQUEST"},
    {"a TLS handshake", LOG_PLAIN,
     "1.2.3.4 - - [17/May/2015:10:05:03 +0000] \"\\x16\\x03\\x01\" 400 226", "NO_REQUEST"},
    {"no such day", LOG_PLAIN, "1.2.3.4 - - [31/Feb/2015:10:05:03 +0000] \"GET / HTTP/1.1\" 200 1",
     "MALFORMED"},
    {"no status", LOG_PLAIN, "1.2.3.4 - - [17/May/2015:10:05:03 +0000] \"GET / HTTP/1.1\" - 1",
     "MALFORMED"},
    {"cut short", LOG_PLAIN, "1.2.3.4 - - [17/May/2015:10:05:03 +0000] \"GET / HT", "MALFORMED"},
    {"empty", LOG_PLAIN, "", "MALFORMED"},
    {"W3C directive", LOG_W3C, "#Version: 1.0", "DIRECTIVE"},
    {"W3C before its fields", LOG_W3C, "2015-05-17 10:05:03 1.2.3.4", "MALFORMED"},
    {"nginx JSON", LOG_JSON,
     "{\"time_iso8601\":\"2015-05-17T10:05:03+00:00\",\"remote_addr\":\"1.2.3.4\",\"request\":"
     "\"GET /a "
     "HTTP/"
     "1.1\",\"status\":\"200\",\"http_referer\":\"-\",\"http_user_agent\":\"A\",\"host\":\"shop."
     "example\"}",
     "1.2.3.4||GET|/a|200||A|shop.example|1431857103"},
    {"Caddy JSON", LOG_JSON,
     "{\"ts\":1431857103.4,\"request\":{\"remote_ip\":\"1.2.3.4\",\"method\":\"GET\",\"host\":"
     "\"shop.example\",\"uri\":\"/a?b\",\"headers\":{\"User-Agent\":[\"A\"],\"Referer\":[\"https://"
     "x.example/\"]}},\"status\":200}",
     "1.2.3.4||GET|/a?b|200|https://x.example/|A|shop.example|1431857103"},
    {"Traefik JSON", LOG_JSON,
     "{\"ClientHost\":\"1.2.3.4\",\"DownstreamStatus\":404,\"RequestMethod\":\"GET\","
     "\"RequestPath\":\"/"
     "a\",\"RequestHost\":\"shop.example\",\"StartUTC\":\"2015-05-17T10:05:03.5Z\",\"request_User-"
     "Agent\":\"A\"}",
     "1.2.3.4||GET|/a|404||A|shop.example|1431857103"},
    {"JSON without a status", LOG_JSON, "{\"ts\":1431857103,\"level\":\"info\"}", "MALFORMED"},
    {"no JSON", LOG_JSON, "{", "MALFORMED"},
};

static void tell(enum log_result result, const struct log_line *l, char *out, size_t size)
{
    static const char *const names[] = {"", "DIRECTIVE", "NO_REQUEST", "MALFORMED"};
    if (result != LOG_OK) snprintf(out, size, "%s", names[result]);
    else
        snprintf(out, size, "%.*s|%.*s|%.*s|%.*s|%d|%.*s|%.*s|%.*s|%" PRId64, STR_FMT(l->ip),
                 STR_FMT(l->user), STR_FMT(l->method), STR_FMT(l->target), l->status,
                 STR_FMT(l->referrer), STR_FMT(l->user_agent), STR_FMT(l->host), l->at_ms / 1000);
}

static void reads_lines(void **state)
{
    (void)state;
    struct log_format f;
    assert_int_equal(log_open(&f, NULL), ERR_OK);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct log_line line;
        char got[512];
        f.kind = cases[i].kind;
        f.n_w3c = 0;
        tell(log_read(&f, str_of(cases[i].line), &line), &line, got, sizeof got);
        if (strcmp(got, cases[i].read) != 0) fail_msg("%s: read %s", cases[i].why, got);
    }
    log_close(&f);
}

static void reads_w3c_by_its_fields(void **state)
{
    static const char *const lines[][2] = {
        {"#Fields: date time cs-method cs-uri-stem cs-uri-query c-ip cs(User-Agent) cs(Referer) "
         "sc-status",
         "DIRECTIVE"},
        {"2015-05-17 10:05:03 GET /a b=1 1.2.3.4 Mozilla/5.0+(X11) - 200",
         "1.2.3.4||GET|/a?b=1|200||Mozilla/5.0 (X11)||1431857103"},
        {"2015-05-17 10:05:03 GET /a - 1.2.3.4 - https://x.example/ 404",
         "1.2.3.4||GET|/a|404|https://x.example/|||1431857103"},
        {"2015-05-17 10:05:03 GET /a - 1.2.3.4 - 200", "MALFORMED"},
        {"2015-05-17 10:05:03 GET /a - 1.2.3.4 A - 200 more", "MALFORMED"},
        /* After a restart the server may write other columns. */
        {"#Fields: c-ip date time sc-status cs-method cs-uri-stem cs-host", "DIRECTIVE"},
        {"1.2.3.4 2015-05-17 10:05:03 200 GET /a shop.example",
         "1.2.3.4||GET|/a|200|||shop.example|1431857103"},
    };
    (void)state;
    struct log_format f;
    assert_int_equal(log_open(&f, NULL), ERR_OK);
    f.kind = LOG_W3C;
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        struct log_line line;
        char got[512];
        tell(log_read(&f, str_of(lines[i][0]), &line), &line, got, sizeof got);
        assert_string_equal(got, lines[i][1]);
    }
    log_close(&f);
}

static void finds_the_kind_out(void **state)
{
    static const struct {
        const char *head;
        bool known;
        enum log_kind kind;
    } heads[] = {
        {"1.2.3.4 - - [17/May/2015:10:05:03 +0000] \"GET / HTTP/1.1\" 200 1\n", true, LOG_PLAIN},
        {"garbage\n1.2.3.4 - - [17/May/2015:10:05:03 +0000] \"GET / HTTP/1.1\" 200 1\r\nx\n", true,
         LOG_PLAIN},
        {"#Version: 1.0\n#Fields: date time c-ip cs-method cs-uri-stem sc-status\n2015-05-17 "
         "10:05:03 ::1 GET / 200\n",
         true, LOG_W3C},
        {"{\"ts\":1,\"status\":200,\"method\":\"GET\",\"uri\":\"/\"}", true, LOG_JSON},
        {"a,b\n1,2\n", false, LOG_PLAIN},
        {"", false, LOG_PLAIN},
    };
    (void)state;
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) {
        struct log_format f;
        assert_int_equal(log_open(&f, NULL), ERR_OK);
        assert_int_equal(log_detect(&f, str_of(heads[i].head)), heads[i].known);
        if (heads[i].known) assert_int_equal(f.kind, heads[i].kind);
        log_close(&f);
    }
}

static void tells_pages_from_their_parts(void **state)
{
    static const struct {
        const char *method, *target;
        int status;
        enum log_meaning meaning;
    } requests[] = {
        {"GET", "/", 200, MEANS_PAGEVIEW},
        {"GET", "/a/b", 304, MEANS_PAGEVIEW},
        {"GET", "/index.html?x=/a.png", 200, MEANS_PAGEVIEW},
        {"GET", "/release-1.2/notes", 200, MEANS_PAGEVIEW},
        {"GET", "/v1.2", 200, MEANS_PAGEVIEW},
        {"GET", "/a.CSS?v=3", 200, MEANS_STATIC},
        {"GET", "/favicon.ico", 200, MEANS_STATIC},
        {"GET", "/feed.xml", 200, MEANS_STATIC},
        {"GET", "/manual.PDF", 200, MEANS_DOWNLOAD},
        {"GET", "/manual.pdf", 206, MEANS_PARTIAL},
        {"GET", "/robots.txt", 200, MEANS_ROBOTS},
        {"GET", "/robots.txt", 404, MEANS_ROBOTS},
        {"GET", "/gone", 404, MEANS_ERROR},
        {"GET", "/a.png", 500, MEANS_ERROR},
        {"GET", "/old", 301, MEANS_REDIRECT},
        {"HEAD", "/", 200, MEANS_METHOD},
        {"POST", "/cart", 200, MEANS_METHOD},
    };
    (void)state;
    for (size_t i = 0; i < sizeof requests / sizeof *requests; i++) {
        struct str extension;
        struct log_line l = {.method = str_of(requests[i].method),
                             .target = str_of(requests[i].target),
                             .status = requests[i].status};
        enum log_meaning got = log_meaning(&l, &extension);
        if (got != requests[i].meaning)
            fail_msg("%s %s %d is %s", requests[i].method, requests[i].target, requests[i].status,
                     log_meaning_names[got]);
    }
}

static void writes_events(void **state)
{
    (void)state;
    struct buf out = {0};
    struct log_line l = {.ip = STR("1.2.3.4"),
                         .user = STR("anna"),
                         .target = STR("/a\xff\"b"),
                         .referrer = STR("https://x.example/\x01"),
                         .user_agent = STR("A"),
                         .at_ms = 5};
    log_event_json(&out, &l, MEANS_PAGEVIEW, STR_NONE, false, STR("~1"));
    buf_char(&out, '\n');
    l = (struct log_line){
        .target = STR("/m.pdf"), .host = STR("shop.example"), .user = STR("anna")};
    log_event_json(&out, &l, MEANS_DOWNLOAD, STR("pdf"), true, STR("~2"));
    buf_char(&out, 0);
    assert_string_equal(
        out.p,
        "{\"at\":5,\"id\":\"~1\",\"url\":\"/a%FF\\\"b\",\"referrer\":\"https://x.example/%01\","
        "\"ip\":\"1.2.3.4\",\"user_agent\":\"A\"}\n"
        "{\"at\":0,\"id\":\"~2\",\"url\":\"https://shop.example/m.pdf\",\"user\":\"anna\","
        "\"name\":\"file_download\",\"props\":{\"extension\":\"pdf\",\"url\":\"https://"
        "shop.example/m.pdf\"}}");
    buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_lines),        cmocka_unit_test(reads_w3c_by_its_fields),
        cmocka_unit_test(finds_the_kind_out), cmocka_unit_test(tells_pages_from_their_parts),
        cmocka_unit_test(writes_events),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
