#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "ingest/fields.h"

static struct json_reader *reader;
static struct fields f;
static struct reject why;

static int open_reader(void **state)
{
    (void)state;
    return json_reader_open(&fields_limits, &reader, NULL) == ERR_OK ? 0 : -1;
}

static int close_reader(void **state)
{
    (void)state;
    json_reader_close(reader);
    return 0;
}

/* "" when the event is taken, else "code field". */
static const char *read_event(const char *json, bool trusted)
{
    static char out[160];
    const struct json_node *root;
    enum json_fault fault = json_reader_value(reader, str_of(json), &root);
    why = (struct reject){0};
    out[0] = 0;
    if (fault)
        snprintf(out, sizeof out, "%s %s", reject_names[fields_fault(fault)],
                 json_reader_where(reader));
    else if (!fields_read(root, trusted, &f, &why))
        snprintf(out, sizeof out, "%s %s", reject_names[why.code], why.field);
    return out;
}

static void each_field_has_its_type(void **state)
{
    static const struct {
        const char *json, *answer;
    } cases[] = {
        {"{}", ""},
        {"[]", "bad_json "},
        {"7", "bad_json "},
        {"{\"name\":\"x\"}", ""},
        {"{\"name\":null,\"value\":null,\"props\":null,\"items\":null,\"at\":null}",
         "bad_field at"},
        {"{\"name\":\"\",\"url\":\"\",\"id\":\"\",\"value\":\"\"}", ""},
        {"{\"name\":7}", "bad_field name"},
        {"{\"title\":[\"x\"]}", "bad_field title"},
        {"{\"vaule\":12.5}", "bad_field vaule"},
        {"{\"Value\":12.5}", "bad_field Value"},
        {"{\"name\":\"x\",\"name\":\"y\"}", "bad_field name"},
        {"{\"visitor\":123,\"user\":4.5,\"id\":6,\"order_id\":7,\"session\":8}", ""},
        {"{\"visitor\":true}", "bad_field visitor"},
        {"{\"value\":12.5}", ""},
        {"{\"value\":\"12.50\"}", ""},
        {"{\"value\":\"12,50\"}", "bad_number value"},
        {"{\"value\":true}", "bad_number value"},
        {"{\"value\":{}}", "bad_number value"},
        {"{\"age_ms\":0}", ""},
        {"{\"age_ms\":\"120\"}", ""},
        {"{\"age_ms\":119.6}", ""},
        {"{\"age_ms\":-1}", "bad_time age_ms"},
        {"{\"age_ms\":\"soon\"}", "bad_time age_ms"},
        {"{\"engaged_ms\":86400000}", ""},
        {"{\"engaged_ms\":86400001}", "bad_number engaged_ms"},
        {"{\"engaged_ms\":-1}", "bad_number engaged_ms"},
        {"{\"scroll\":0}", ""},
        {"{\"scroll\":100}", ""},
        {"{\"scroll\":101}", "bad_number scroll"},
        {"{\"scroll\":\"all\"}", "bad_number scroll"},
        {"{\"offline\":true,\"webdriver\":false}", ""},
        {"{\"offline\":\"1\",\"webdriver\":0}", ""},
        {"{\"offline\":\"yes\"}", "bad_field offline"},
        {"{\"props\":[]}", "bad_field props"},
        {"{\"props\":{\"a\":{\"b\":[1,null,true]}}}", ""},
        {"{\"items\":{}}", "bad_field items"},
        {"{\"items\":[{\"price\":\"1.5\",\"quantity\":2},{}]}", ""},
        {"{\"items\":[{},7]}", "bad_field items[1]"},
        {"{\"items\":[{},{},{\"price\":\"much\"}]}", "bad_number items[2].price"},
        {"{\"items\":[{\"quantity\":true}]}", "bad_number items[0].quantity"},
        {"{\"props\":{\"note\":\"\xff\"}}", "bad_utf8 props.note"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *got = read_event(cases[i].json, false);
        if (strcmp(got, cases[i].answer) != 0) fail_msg("%s: \"%s\"", cases[i].json, got);
    }
}

static void some_fields_are_for_trusted_senders(void **state)
{
    static const struct {
        const char *json, *trusted, *untrusted;
    } cases[] = {
        {"{\"at\":1793448000000}", "", "bad_field at"},
        {"{\"at\":\"1793448000000\"}", "", "bad_field at"},
        {"{\"at\":\"2026-10-31T14:00:00+02:00\"}", "", "bad_field at"},
        {"{\"at\":\"2026-10-31T14:00:00\"}", "bad_time at", "bad_field at"},
        {"{\"at\":1793448000000.5}", "bad_time at", "bad_field at"},
        {"{\"at\":-1}", "bad_time at", "bad_field at"},
        {"{\"at\":1e300}", "bad_time at", "bad_field at"},
        {"{\"ip\":\"203.0.113.7\"}", "", "bad_field ip"},
        {"{\"user_agent\":\"x\"}", "", "bad_field user_agent"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_string_equal(read_event(cases[i].json, true), cases[i].trusted);
        assert_string_equal(read_event(cases[i].json, false), cases[i].untrusted);
    }
    assert_string_equal(read_event("{\"at\":\"2026-10-31T14:00:00+02:00\"}", true), "");
    assert_true(f.has_at);
    assert_int_equal(f.at_ms, 1793448000000);
}

/* `before`, n times `unit` with commas between when it ends with one, and `after`. */
static char *repeat(const char *before, const char *unit, size_t n, const char *after)
{
    struct buf b = {0};
    buf_z(&b, before);
    for (size_t i = 0; i < n; i++) buf_z(&b, unit);
    if (b.n && b.p[b.n - 1] == ',') b.n--;
    buf_z(&b, after);
    buf_char(&b, 0);
    return b.p;
}

static void texts_at_their_limit_and_one_past_it(void **state)
{
    static const struct {
        const char *before, *after;
        size_t limit;
        const char *past;
    } cases[] = {
        {"{\"name\":\"", "\"}", LIMIT_NAME, "name_too_long name"},
        {"{\"title\":\"", "\"}", LIMIT_VALUE, "value_too_long title"},
        {"{\"id\":\"", "\"}", LIMIT_VALUE, "value_too_long id"},
        {"{\"visitor\":\"", "\"}", LIMIT_VALUE, "value_too_long visitor"},
        {"{\"user\":\"", "\"}", LIMIT_VALUE, "value_too_long user"},
        {"{\"session\":\"", "\"}", LIMIT_VALUE, "value_too_long session"},
        {"{\"order_id\":\"", "\"}", LIMIT_VALUE, "value_too_long order_id"},
        {"{\"experiment\":\"", "\"}", LIMIT_VALUE, "value_too_long experiment"},
        {"{\"url\":\"", "\"}", LIMIT_URL, "url_too_long url"},
        {"{\"referrer\":\"", "\"}", LIMIT_URL, "url_too_long referrer"},
        {"{\"user_agent\":\"", "\"}", LIMIT_VALUE, "value_too_long user_agent"},
        {"{\"props\":{\"note\":\"", "\"}}", LIMIT_VALUE, "value_too_long props.note"},
        {"{\"props\":{\"a\":[0,{\"b\":\"", "\"}]}}", LIMIT_VALUE, "value_too_long props.a[1].b"},
        {"{\"props\":{\"", "\":1}}", LIMIT_NAME, NULL},
        {"{\"items\":[{},{\"item_name\":\"", "\"}]}", LIMIT_VALUE,
         "value_too_long items[1].item_name"},
        {"{\"items\":[{\"", "\":1}]}", LIMIT_NAME, NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *at = repeat(cases[i].before, "x", cases[i].limit, cases[i].after);
        char *past = repeat(cases[i].before, "x", cases[i].limit + 1, cases[i].after);
        assert_string_equal(read_event(at, true), "");
        const char *got = read_event(past, true);
        if (cases[i].past) assert_string_equal(got, cases[i].past);
        else assert_true(strncmp(got, "name_too_long ", 14) == 0);
        free(at);
        free(past);
    }
}

static char *props(size_t n)
{
    struct buf b = {0};
    buf_z(&b, "{\"props\":{");
    for (size_t i = 0; i < n; i++) buf_printf(&b, "%s\"p%zu\":%zu", i ? "," : "", i, i);
    buf_z(&b, "}}");
    buf_char(&b, 0);
    return b.p;
}

static void counts_at_their_limit_and_one_past_it(void **state)
{
    (void)state;
    char *text = props(LIMIT_PROPERTIES);
    assert_string_equal(read_event(text, false), "");
    assert_int_equal(f.props->n, LIMIT_PROPERTIES);
    free(text);
    text = props(LIMIT_PROPERTIES + 1);
    assert_string_equal(read_event(text, false), "too_many_properties props");
    free(text);

    text = repeat("{\"items\":[", "{},", LIMIT_ITEMS, "]}");
    assert_string_equal(read_event(text, false), "");
    free(text);
    text = repeat("{\"items\":[", "{},", LIMIT_ITEMS + 1, "]}");
    assert_string_equal(read_event(text, false), "too_many_items items");
    free(text);
}

static void depth_at_its_limit_and_one_past_it(void **state)
{
    (void)state;
    /* The event is 1, props 2, and so on. */
    char open[64] = "", close[64] = "", text[256];
    for (int i = 0; i < LIMIT_JSON_DEPTH - 2; i++) {
        open[i] = '[';
        close[i] = ']';
    }
    snprintf(text, sizeof text, "{\"props\":{\"a\":%s%s}}", open, close);
    assert_string_equal(read_event(text, false), "");
    snprintf(text, sizeof text, "{\"props\":{\"a\":[%s%s]}}", open, close);
    assert_true(strncmp(read_event(text, false), "too_deep props.a[0]", 19) == 0);
}

static void a_cut_path_stays_text(void **state)
{
    (void)state;
    char *text = repeat("{\"props\":{\"", "\xc3\xa9", 90, "\":{\"x\":\"\\udc00\"}}}");
    (void)read_event(text, false);
    assert_true(str_is_utf8(str_of(json_reader_where(reader))));
    free(text);
    text = repeat("{\"", "\xc3\xa9", 90, "\":1}");
    assert_true(strncmp(read_event(text, false), "bad_field ", 10) == 0);
    assert_true(str_is_utf8(str_of(why.field)));
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_field_has_its_type, open_reader, close_reader),
        cmocka_unit_test_setup_teardown(some_fields_are_for_trusted_senders, open_reader,
                                        close_reader),
        cmocka_unit_test_setup_teardown(texts_at_their_limit_and_one_past_it, open_reader,
                                        close_reader),
        cmocka_unit_test_setup_teardown(counts_at_their_limit_and_one_past_it, open_reader,
                                        close_reader),
        cmocka_unit_test_setup_teardown(depth_at_its_limit_and_one_past_it, open_reader,
                                        close_reader),
        cmocka_unit_test_setup_teardown(a_cut_path_stays_text, open_reader, close_reader),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
