#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include "base/bytes.h"
#include "net/field.h"

static void expect(const char *why, struct str got, const char *want)
{
    if (!str_is(got, want)) fail_msg("%s: got \"%.*s\", want \"%s\"", why, STR_FMT(got), want);
}

static void cookies(void **state)
{
    (void)state;
    static const struct {
        const char *why, *header, *value;
    } cases[] = {
        {"alone", "s=1", "1"},
        {"among others", "a=0; s=1; b=2", "1"},
        {"a name that ends alike", "xs=0; s=1", "1"},
        {"the first of two", "s=1; s=2", "1"},
        {"quoted", "s=\"1\"", "1"},
        {"one quote is part of the value", "s=\"", "\""},
        {"with = in the value", "s=a=b", "a=b"},
        {"spaces around", "  s = 1 ;", "1"},
        {"without a value", "s", ""},
        {"absent", "a=1", ""},
        {"nothing", "", ""},
        {"only separators", ";;==;", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        expect(cases[i].why, field_cookie(str_of(cases[i].header), STR("s")), cases[i].value);
}

static void params(void **state)
{
    (void)state;
    static const struct {
        const char *why, *query, *value; /* NULL: absent */
    } cases[] = {
        {"alone", "p=1", "1"},
        {"among others", "a=0&p=1&b=2", "1"},
        {"the first of two", "p=1&p=2", "1"},
        {"an empty value", "p=", ""},
        {"no value", "p", ""},
        {"decoded", "p=%C3%a9+%2B", "\xc3\xa9 +"},
        {"a decoded name", "%70=1", "1"},
        {"a broken escape stays", "p=100%&q=%zz", "100%"},
        {"a cut escape stays", "p=%4", "%4"},
        {"a longer name", "pp=1", NULL},
        {"a shorter name", "=1", NULL},
        {"nothing", "", NULL},
        {"only separators", "&&=&", NULL},
    };
    struct arena a;
    arena_init(&a, 1 << 16);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct str got = STR_NONE;
        bool found = field_param(str_of(cases[i].query), STR("p"), &a, &got);
        if (found != (cases[i].value != NULL)) fail_msg("%s: found is %d", cases[i].why, found);
        if (found) expect(cases[i].why, got, cases[i].value);
    }
    arena_free(&a);
    arena_init(&a, 0);
    struct str got;
    assert_false(field_param(STR("p=1"), STR("p"), &a, &got)); /* out of memory */
    arena_free(&a);
}

static void forwarded(void **state)
{
    (void)state;
    static const struct {
        const char *why, *trusted, *peer, *forwarded, *client;
    } cases[] = {
        {"nobody is trusted", "", "10.0.0.1", "1.2.3.4", "10.0.0.1"},
        {"the proxy is", "10.0.0.1", "10.0.0.1", "1.2.3.4", "1.2.3.4"},
        {"another one is not", "10.0.0.2", "10.0.0.1", "1.2.3.4", "10.0.0.1"},
        {"what the client made up stays behind", "10.0.0.0/8", "10.0.0.1", "6.6.6.6, 1.2.3.4",
         "1.2.3.4"},
        {"two proxies", "10.0.0.0/8", "10.0.0.1", "1.2.3.4, 10.9.9.9", "1.2.3.4"},
        {"only proxies", "10.0.0.0/8", "10.0.0.1", "10.1.1.1,10.2.2.2", "10.1.1.1"},
        {"no header", "10.0.0.0/8", "10.0.0.1", "", "10.0.0.1"},
        {"not an address", "10.0.0.0/8", "10.0.0.1", "unknown", "10.0.0.1"},
        {"not an address behind a good one", "10.0.0.0/8", "10.0.0.1", "unknown, 10.1.1.1",
         "10.1.1.1"},
        {"with a port", "127.0.0.1", "127.0.0.1", "1.2.3.4:5678", "1.2.3.4"},
        {"IPv6 with brackets and port", "127.0.0.1", "127.0.0.1", "[2001:db8::1]:99",
         "2001:db8::1"},
        {"quoted IPv6", "127.0.0.1", "127.0.0.1", "\"[2001:db8::1]\"", "2001:db8::1"},
        {"an IPv6 proxy range", "fd00::/8", "fd12::1", "1.2.3.4", "1.2.3.4"},
        {"IPv4 in IPv6 is IPv4", "127.0.0.1", "::ffff:127.0.0.1", "::ffff:1.2.3.4", "1.2.3.4"},
        {"a prefix in the middle of a byte", "10.0.0.0/9", "10.128.0.1", "1.2.3.4", "10.128.0.1"},
        {"prefix 0 is everybody", "0.0.0.0/0", "9.9.9.9", "1.2.3.4", "1.2.3.4"},
        {"prefix 0 of IPv4 is not IPv6", "0.0.0.0/0", "2001:db8::1", "1.2.3.4", "2001:db8::1"},
        {"a peer without an address", "", "", "1.2.3.4", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct proxies p;
        struct err err;
        char client[ADDRESS_TEXT];
        if (proxies_parse(str_of(cases[i].trusted), &p, &err) != ERR_OK) fail_msg("%s", err.msg);
        proxies_client(&p, str_of(cases[i].peer), str_of(cases[i].forwarded), client);
        expect(cases[i].why, str_of(client), cases[i].client);
    }
}

static void bad_proxies_are_named(void **state)
{
    (void)state;
    static const char *const bad[] = {"proxy",   "10.0.0.0/33", "10.0.0.0/",
                                      "::1/129", "1.2.3.4/-1",  "1.2.3.4 5.6.7.8"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct proxies p;
        struct err err = {0};
        if (proxies_parse(str_of(bad[i]), &p, &err) != ERR_INVALID)
            fail_msg("%s was taken", bad[i]);
        assert_non_null(strstr(err.msg, bad[i]));
    }
    for (size_t past = 0; past <= 1; past++) {
        struct buf b = {0};
        for (size_t i = 0; i < PROXY_MAX_RANGES + past; i++) buf_printf(&b, "10.0.0.%zu,", i);
        struct proxies p;
        assert_int_equal(proxies_parse(buf_view(&b), &p, NULL), past ? ERR_INVALID : ERR_OK);
        buf_free(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cookies),
        cmocka_unit_test(params),
        cmocka_unit_test(forwarded),
        cmocka_unit_test(bad_proxies_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
