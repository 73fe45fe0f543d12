#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "ingest/query.h"
#include "ingest/url.h"

static struct arena arena;

static int open_arena(void **state)
{
    (void)state;
    arena_init(&arena, 1 << 20);
    return 0;
}

static int close_arena(void **state)
{
    (void)state;
    arena_free(&arena);
    return 0;
}

static void addresses_are_split_and_cleaned(void **state)
{
    /* `clean` is NULL when the text is no address. */
    static const struct {
        const char *why, *text, *clean, *host, *path, *query;
    } cases[] = {
        {"plain", "https://shop.example/p/7?size=XL", "https://shop.example/p/7?size=XL",
         "shop.example", "/p/7", "size=XL"},
        {"host in lower case", "HTTPS://Shop.EXAMPLE/P", "https://shop.example/P", "shop.example",
         "/P", ""},
        {"no path", "https://shop.example", "https://shop.example/", "shop.example", "/", ""},
        {"no path but a query", "https://shop.example?a=1", "https://shop.example/?a=1",
         "shop.example", "/", "a=1"},
        {"port", "http://localhost:8080/x", "http://localhost:8080/x", "localhost", "/x", ""},
        {"credentials", "https://anna:secret@shop.example/x", "https://shop.example/x",
         "shop.example", "/x", ""},
        {"a last dot", "https://shop.example./x", "https://shop.example/x", "shop.example", "/x",
         ""},
        {"IPv6", "http://[2001:DB8::1]:80/x", "http://[2001:db8::1]:80/x", "[2001:db8::1]", "/x",
         ""},
        {"white space around", " https://shop.example/x\n", "https://shop.example/x",
         "shop.example", "/x", ""},
        {"an app", "android-app://com.example.shop/", "android-app://com.example.shop/",
         "com.example.shop", "/", ""},
        {"a path alone", "/p/7?a=1", "/p/7?a=1", "own.example", "/p/7", "a=1"},
        {"an anchor", "https://shop.example/x?a=1#top", "https://shop.example/x?a=1",
         "shop.example", "/x", "a=1"},
        {"a token in the fragment", "https://shop.example/x#access_token=1",
         "https://shop.example/x", "shop.example", "/x", ""},
        {"a route", "https://shop.example/app#/cart?token=1", "https://shop.example/app#/cart",
         "shop.example", "/app#/cart", ""},
        {"a route with bang", "https://shop.example/#!/cart", "https://shop.example/#!/cart",
         "shop.example", "/#!/cart", ""},
        {"click ids", "https://shop.example/?gclid=x&a=1&fbclid=y", "https://shop.example/?a=1",
         "shop.example", "/", "a=1"},
        {"only click ids", "https://shop.example/x?gclid=x", "https://shop.example/x",
         "shop.example", "/x", ""},
        {"in capitals", "https://shop.example/?GCLID=x&a=1", "https://shop.example/?a=1",
         "shop.example", "/", "a=1"},
        {"with a hidden name", "https://shop.example/?%67clid=x&a=1", "https://shop.example/?a=1",
         "shop.example", "/", "a=1"},
        {"secrets", "https://shop.example/?token=t&password=p&a=1&sessionid=s&X-Amz-Signature=q",
         "https://shop.example/?a=1", "shop.example", "/", "a=1"},
        {"a mail address", "https://shop.example/?who=anna@example.org&a=1&b=x%40example.org",
         "https://shop.example/?a=1", "shop.example", "/", "a=1"},
        {"an at sign is no mail address", "https://shop.example/?price=2@3&h=@anna",
         "https://shop.example/?price=2@3&h=@anna", "shop.example", "/", "price=2@3&h=@anna"},
        {"tags stay", "https://shop.example/?utm_source=news&gclid=1",
         "https://shop.example/?utm_source=news", "shop.example", "/", "utm_source=news"},
        {"a session in the path", "https://shop.example/p;jsessionid=AB12?a=1",
         "https://shop.example/p?a=1", "shop.example", "/p", "a=1"},
        {"empty parameters", "https://shop.example/?&&a=1&&", "https://shop.example/?a=1",
         "shop.example", "/", "a=1"},
        {"a name without a value", "https://shop.example/?a&b=2", "https://shop.example/?a&b=2",
         "shop.example", "/", "a&b=2"},
        {"no scheme", "shop.example/x", NULL, NULL, NULL, NULL},
        {"no host", "https:///x", NULL, NULL, NULL, NULL},
        {"only credentials", "https://anna@/x", NULL, NULL, NULL, NULL},
        {"no such port", "https://shop.example:80a/x", NULL, NULL, NULL, NULL},
        {"a space in the host", "https://shop example/x", NULL, NULL, NULL, NULL},
        {"not closed", "https://[::1/x", NULL, NULL, NULL, NULL},
        {"about:blank", "about:blank", NULL, NULL, NULL, NULL},
        {"javascript", "javascript:alert(1)", NULL, NULL, NULL, NULL},
        {"without a scheme", "//cdn.example/x", NULL, NULL, NULL, NULL},
        {"two last dots", "https://shop.example../x", NULL, NULL, NULL, NULL},
        {"a line break inside", "https://shop.example/a\nb", NULL, NULL, NULL, NULL},
        {"a space before what goes", "https://shop.example/a b ?token=1",
         "https://shop.example/a b", "shop.example", "/a b", ""},
        {"nothing", "", NULL, NULL, NULL, NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct url u;
        struct str clean;
        bool ok = url_clean(str_of(cases[i].text), STR("own.example"), &arena, &u, &clean, NULL);
        if (ok != (cases[i].clean != NULL))
            fail_msg("%s: %s", cases[i].why, ok ? "taken" : "refused");
        if (!ok) continue;
        if (!str_is(clean, cases[i].clean) || !str_is(u.host, cases[i].host) ||
            !str_is(u.path, cases[i].path) || !str_is(u.query, cases[i].query))
            fail_msg("%s: %.*s host %.*s path %.*s query %.*s", cases[i].why, STR_FMT(clean),
                     STR_FMT(u.host), STR_FMT(u.path), STR_FMT(u.query));
        /* Cleaning twice changes nothing more. */
        struct str again;
        assert_true(url_clean(clean, STR("own.example"), &arena, &u, &again, NULL));
        assert_true(str_eq(clean, again));
    }
}

static void tags_and_click_ids_are_told(void **state)
{
    (void)state;
    struct url u;
    struct str clean;
    struct url_campaign c;
    assert_true(url_clean(
        STR("https://shop.example/?UTM_Source=News%20Letter&utm_medium=e+mail&utm_campaign="
            "spring&utm_term=shoes&utm_content=top&utm_source=second&msclkid=1&gclid=2"),
        STR_NONE, &arena, &u, &clean, &c));
    assert_true(str_is(c.source, "News Letter"));
    assert_true(str_is(c.medium, "e mail"));
    assert_true(str_is(c.campaign, "spring"));
    assert_true(str_is(c.term, "shoes"));
    assert_true(str_is(c.content, "top"));
    assert_string_equal(c.click_id_kind, "msclkid");
    assert_true(url_clean(STR("https://shop.example/?utm_source=%ff%fe&gclid="), STR_NONE, &arena,
                          &u, &clean, &c));
    assert_int_equal(c.source.n, 0);
    assert_null(c.click_id_kind);
}

static void queries_are_decoded(void **state)
{
    static const struct {
        const char *raw, *decoded;
    } cases[] = {
        {"", ""},         {"plain", "plain"}, {"a+b%20c", "a b c"}, {"%C3%A9", "\xc3\xa9"},
        {"100%", "100%"}, {"%zz", "%zz"},     {"%4", "%4"},         {"%2541", "%41"},
        {"%41%42", "AB"}, {"+%2B+", " + "},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (!str_is(query_decode(str_of(cases[i].raw), &arena), cases[i].decoded))
            fail_msg("%s", cases[i].raw);
}

static void hosts_within_a_domain(void **state)
{
    (void)state;
    assert_true(url_host_within(STR("shop.example"), STR("shop.example")));
    assert_true(url_host_within(STR("www.shop.example"), STR("shop.example")));
    assert_true(url_host_within(STR("shop.example"), STR("www.shop.example")));
    assert_true(url_host_within(STR("blog.shop.example"), STR("shop.example")));
    assert_false(url_host_within(STR("myshop.example"), STR("shop.example")));
    assert_false(url_host_within(STR("example"), STR("shop.example")));
    assert_false(url_host_within(STR("shop.example"), STR("")));
}

/* Every cap of memory up to the one that is enough ends in a refusal, never in a wrong address. */
static void memory_may_run_out(void **state)
{
    (void)state;
    struct str text = STR("https://anna@Shop.example/a;jsessionid=1?utm_source=a+b&gclid=1&a=1#/x"),
               clean;
    struct url u;
    struct url_campaign c;
    size_t cap = 0;
    for (bool ok = false; !ok; cap++) {
        struct arena small;
        arena_init(&small, cap);
        ok = url_clean(text, STR_NONE, &small, &u, &clean, &c);
        if (ok) assert_true(str_is(clean, "https://shop.example/a?utm_source=a+b&a=1#/x"));
        arena_free(&small);
        assert_true(cap < 4096);
    }
    assert_true(cap > 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(addresses_are_split_and_cleaned, open_arena, close_arena),
        cmocka_unit_test_setup_teardown(tags_and_click_ids_are_told, open_arena, close_arena),
        cmocka_unit_test_setup_teardown(queries_are_decoded, open_arena, close_arena),
        cmocka_unit_test(hosts_within_a_domain),
        cmocka_unit_test(memory_may_run_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
