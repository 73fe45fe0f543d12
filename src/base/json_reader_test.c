#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/json_reader.h"

static struct json_reader *reader;

static int open_reader(void **state)
{
    (void)state;
    /* Small limits, so that each is met with a text that fits a line. */
    const struct json_limits limits = {
        .max_depth = 3, .max_members = 3, .max_nodes = 8, .max_bytes = 64};
    return json_reader_open(&limits, &reader, NULL) == ERR_OK ? 0 : -1;
}

static int close_reader(void **state)
{
    (void)state;
    json_reader_close(reader);
    return 0;
}

/* What was read, written again, or the fault and where it was. */
static const char *read_one(const char *text)
{
    static struct buf out;
    const struct json_node *root;
    enum json_fault fault = json_reader_value(reader, str_of(text), &root);
    buf_clear(&out);
    if (fault) buf_printf(&out, "fault %d at %s", fault, json_reader_where(reader));
    else json_write_node(&out, root);
    buf_char(&out, 0);
    return out.p;
}

static void values_pass_unchanged(void **state)
{
    static const struct {
        const char *text, *out;
    } cases[] = {
        {"null", "null"},
        {" true ", "true"},
        {"[]", "[]"},
        {"{}", "{}"},
        {"-0", "-0"},
        {"1.50", "1.50"},
        {"12345678901234567890123", "12345678901234567890123"},
        {"1E+2", "1E+2"},
        {"\"\"", "\"\""},
        {"\"a\\u00e9\\n\\\"\\\\\\/\\u0001\"", "\"a\xc3\xa9\\n\\\"\\\\/\\u0001\""},
        {"\"\\ud83d\\ude00\"", "\"\xf0\x9f\x98\x80\""},
        {"{ \"a\" : [ 1 , { \"b\" : null } ] }", "{\"a\":[1,{\"b\":null}]}"},
        {"{\"a\":{\"x\":1},\"b\":{\"x\":1}}", "{\"a\":{\"x\":1},\"b\":{\"x\":1}}"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(read_one(cases[i].text), cases[i].out);
}

static void faults_have_a_place(void **state)
{
    static const struct {
        const char *why, *text;
        enum json_fault fault;
        const char *where;
    } cases[] = {
        {"nothing", "", JSON_FAULT_SYNTAX, ""},
        {"stops early", "{\"a\":1", JSON_FAULT_SYNTAX, ""},
        {"more follows", "{} {}", JSON_FAULT_SYNTAX, ""},
        {"a comma too many", "[1,]", JSON_FAULT_SYNTAX, ""},
        {"a leading zero", "[01]", JSON_FAULT_SYNTAX, ""},
        {"a control character", "\"a\tb\"", JSON_FAULT_SYNTAX, ""},
        {"a comment", "[1 /* one */]", JSON_FAULT_SYNTAX, ""},
        {"single quotes", "{'a':1}", JSON_FAULT_SYNTAX, ""},
        {"at the depth", "[[[1]]]", JSON_FAULT_NONE, ""},
        {"past the depth", "{\"a\":[0,{\"b\":[]}]}", JSON_FAULT_DEPTH, "a[1].b"},
        {"far past it", "[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]", JSON_FAULT_DEPTH, "[0][0][0]"},
        {"at the members", "{\"a\":1,\"b\":2,\"c\":3}", JSON_FAULT_NONE, ""},
        {"past the members", "{\"p\":{\"a\":1,\"b\":2,\"c\":3,\"d\":4}}", JSON_FAULT_MEMBERS, "p"},
        {"an array may have more", "[1,2,3,4,5,6,7]", JSON_FAULT_NONE, ""},
        {"past the nodes", "[1,2,3,4,5,6,7,8]", JSON_FAULT_SIZE, "[7]"},
        {"a key twice", "{\"a\":{\"b\":1,\"c\":2,\"b\":3}}", JSON_FAULT_DUPLICATE, "a.b"},
        {"a key twice by escape", "{\"b\":1,\"\\u0062\":3}", JSON_FAULT_DUPLICATE, "b"},
        {"overlong", "{\"a\":[\"\xc0\xaf\"]}", JSON_FAULT_UTF8, "a[0]"},
        {"half a character", "{\"a\":\"\xc3\"}", JSON_FAULT_UTF8, "a"},
        {"a lone surrogate by escape", "{\"a\":\"\\udc00\"}", JSON_FAULT_UTF8, "a"},
        {"NUL by escape", "{\"a\":{\"b\":\"\\u0000\"}}", JSON_FAULT_UTF8, "a.b"},
        {"escapes past the bytes",
         "\"\\n23456789012345678901234567890123456789012345678901234567890123456789\"",
         JSON_FAULT_SIZE, ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct json_node *root;
        enum json_fault fault = json_reader_value(reader, str_of(cases[i].text), &root);
        if (fault != cases[i].fault) fail_msg("%s: fault %d", cases[i].why, fault);
        if (fault && strcmp(json_reader_where(reader), cases[i].where) != 0)
            fail_msg("%s: at %s", cases[i].why, json_reader_where(reader));
        assert_true((root == NULL) == (fault != JSON_FAULT_NONE));
    }
}

/* --- records: what was told, as a line --- */

static struct buf told;
static const char *wanted_site; /* the head says that it is enough only when this is there */

static bool on_head(void *arg, const struct json_node *object)
{
    (void)arg;
    bool enough = json_member(object, "site") != NULL || !wanted_site;
    if (!enough) buf_z(&told, "?");
    buf_z(&told, "head ");
    json_write_node(&told, object);
    buf_z(&told, " ");
    return enough;
}

static bool on_record(void *arg, const struct json_node *root, enum json_fault fault)
{
    (void)arg;
    if (fault) buf_printf(&told, "fault %d at %s ", fault, json_reader_where(reader));
    else json_write_node(&told, root), buf_z(&told, " ");
    return !root || !json_member(root, "stop");
}

static const char *read_records(const char *text)
{
    const struct json_records h = {.list_key = "events", .head = on_head, .record = on_record};
    buf_clear(&told);
    enum json_fault fault = json_reader_records(reader, str_of(text), &h);
    buf_printf(&told, "= %d", fault);
    buf_char(&told, 0);
    return told.p;
}

static void records_come_in_three_shapes(void **state)
{
    static const struct {
        const char *text, *told;
    } cases[] = {
        {"{\"a\":1}", "{\"a\":1} = 0"},
        {"[]", "= 0"},
        {"[{\"a\":1},{\"b\":[2]}]", "{\"a\":1} {\"b\":[2]} = 0"},
        {"[1,\"x\",[2],null]", "1 \"x\" [2] null = 0"},
        {"{\"events\":[]}", "?head {} ?head {} = 0"},
        {"{\"site\":\"s\",\"events\":[{\"a\":1},{\"b\":2}]}",
         "head {\"site\":\"s\"} {\"a\":1} {\"b\":2} = 0"},
        {"{\"events\":[{\"a\":1}],\"site\":\"s\"}", "?head {} head {\"site\":\"s\"} {\"a\":1} = 0"},
        {"{\"x\":[1],\"site\":\"\\n\",\"events\":[{\"a\":\"\\n\"},{}],\"y\":2}",
         "head {\"x\":[1],\"site\":\"\\n\"} {\"a\":\"\\n\"} {} = 0"},
        {"{\"events\":1,\"a\":2}", "{\"events\":1,\"a\":2} = 0"},
        /* A fault ends a record, not the others. */
        {"[{\"a\":[[[1]]]},{\"b\":2}]", "fault 3 at a[0][0] {\"b\":2} = 0"},
        {"{\"site\":\"s\",\"events\":[{\"a\":1,\"a\":2},{\"b\":\"\\udc00\"},{\"c\":3}]}",
         "head {\"site\":\"s\"} fault 4 at a fault 2 at b {\"c\":3} = 0"},
        {"{\"a\":[[[[1]]]]}", "fault 3 at a[0][0] = 0"},
        /* The text as a whole. */
        {"", "= 1"},
        {"7", "= 1"},
        {"[{\"a\":1},{\"b\":", "{\"a\":1} = 1"},
        {"{\"site\":\"s\",\"events\":[],\"events\":[]}", "head {\"site\":\"s\"} = 4"},
        {"{\"x\":[[[[1]]]],\"events\":[{}]}", "fault 3 at x[0][0] = 0"},
        {"{\"site\":\"s\",\"events\":[{}],\"x\":[[[[1]]]]}", "head {\"site\":\"s\"} {} = 3"},
        {"[{\"stop\":1},{\"b\":2}]", "{\"stop\":1} = 0"},
    };
    (void)state;
    wanted_site = "s";
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(read_records(cases[i].text), cases[i].told);
    buf_free(&told);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(values_pass_unchanged, open_reader, close_reader),
        cmocka_unit_test_setup_teardown(faults_have_a_place, open_reader, close_reader),
        cmocka_unit_test_setup_teardown(records_come_in_three_shapes, open_reader, close_reader),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
