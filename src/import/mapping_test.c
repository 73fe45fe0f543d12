#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "import/options.h"

static const struct json_limits limits = {
    .max_depth = 16, .max_members = 100, .max_nodes = 1000, .max_bytes = 10000};

#define S(text)                                                                                    \
    {                                                                                              \
        text, sizeof text - 1                                                                      \
    } /* STR for what is static */
static const struct str columns[] = {S("who"),   S("when"), S("what"), S("page"),
                                     S("price"), S("Size"), S("note")};
enum { N = sizeof columns / sizeof *columns };

/* The command line's mapping, a row under the columns above, and the event that comes of it; a
 * refusal as code@field. */
static const struct {
    const char *why, *options[12], *row[N], *event;
} cases[] = {
    {"the least",
     {"--time", "when", "--visitor", "who"},
     {"v1", "1541548939"},
     "{\"at\":1541548939000,\"id\":\"~ROW\",\"visitor\":\"v1\"}"},
    {"known users, a name for all",
     {"--time", "when:ms", "--visitor", "who", "--known", "--event-is", "visit"},
     {"v1", "1541548939123"},
     "{\"at\":1541548939123,\"id\":\"~ROW\",\"user\":\"v1\",\"name\":\"visit\"}"},
    {"everything",
     {"--time=when:iso", "--visitor=who", "--event=what", "--url=page", "--value=price",
      "--currency=EUR", "--prop=Size,note", "--order-id=note"},
     {"v1", "2018-11-07T00:02:19Z", "buy", "https://x/", "1.5", "XL", "a\"b"},
     "{\"at\":1541548939000,\"id\":\"~ROW\",\"visitor\":\"v1\",\"name\":\"buy\",\"currency\":"
     "\"EUR\","
     "\"url\":\"https://x/"
     "\",\"value\":\"1.5\",\"order_id\":\"a\\\"b\",\"props\":{\"Size\":\"XL\",\"note\":\"a\\\"b\"}"
     "}"},
    {"what is empty is left out, the currency with the value",
     {"--time=when", "--visitor=who", "--url=page", "--value=price", "--currency=EUR",
      "--prop=Size"},
     {"v1", "0"},
     "{\"at\":0,\"id\":\"~ROW\",\"visitor\":\"v1\"}"},
    {"names of columns in another case",
     {"--time=WHEN", "--visitor=Who", "--prop=size"},
     {"v1", "0", "", "", "", "S"},
     "{\"at\":0,\"id\":\"~ROW\",\"visitor\":\"v1\",\"props\":{\"size\":\"S\"}}"},
    {"an id of one column is taken as it is",
     {"--time=when", "--visitor=who", "--id=note"},
     {"v1", "0", "", "", "", "", "o-7"},
     "{\"at\":0,\"id\":\"o-7\",\"visitor\":\"v1\"}"},
    {"where",
     {"--time=when", "--visitor=who", "--where=what=buy"},
     {"v1", "0", "look"},
     "ELSEWHERE"},
    {"where with an equals sign in the value",
     {"--time=when", "--visitor=who", "--where=what=a=b"},
     {"v1", "0", "a=b"},
     "{\"at\":0,\"id\":\"~ROW\",\"visitor\":\"v1\"}"},
    {"no time", {"--time=when", "--visitor=who"}, {"v1", ""}, "missing_field@when"},
    {"no such time", {"--time=when", "--visitor=who"}, {"v1", "yesterday"}, "bad_time@when"},
    {"nobody", {"--time=when", "--visitor=who"}, {"", "0"}, "missing_field@who"},
    {"nothing happened",
     {"--time=when", "--visitor=who", "--event=what"},
     {"v1", "0", ""},
     "missing_field@what"},
    {"an id that is not there",
     {"--time=when", "--visitor=who", "--id=note"},
     {"v1", "0"},
     "missing_field@note"},
    {"Latin-1",
     {"--time=when", "--visitor=who", "--prop=note"},
     {"v1", "0", "", "", "", "", "M\xfcnchen"},
     "bad_utf8@note"},
};

static struct import_options options;

static void read_options(const char *const *words)
{
    static char command[] = "import", format[] = "csv", file[] = "file", site[] = "--site=demo";
    char *argv[20] = {command, format, file, site};
    int argc = 4;
    struct err err = {0};
    for (; *words; words++) argv[argc++] = (char *)(uintptr_t)*words;
    if (import_options_read(argc, argv, &options, &err)) fail_msg("%s", err.msg);
}

/* The event, its row's id written as ~ROW, or what happened instead. */
static void map(const struct row *row, const struct mapping_context *x, struct buf *out)
{
    struct refusal why = {0};
    char id[MAPPING_ROW_ID];
    struct mapping *m = &options.mapping;
    switch (mapping_event(m, x, row, out, &why)) {
    case MAPPED_EVENT: break;
    case MAPPED_ELSEWHERE: buf_z(out, "ELSEWHERE"); break;
    case MAPPED_BOT: buf_z(out, "BOT"); break;
    case MAPPED_REFUSED: buf_printf(out, "%s@%s", why.code, why.field); break;
    }
    buf_char(out, 0);
    mapping_row_id(id, x->identity, row);
    char *at = strstr(out->p, id);
    if (!at) return;
    memcpy(at, "~ROW", 4);
    memmove(at + 4, at + strlen(id), strlen(at + strlen(id)) + 1);
}

static void maps_rows(void **state)
{
    struct mapping_context x = {.identity = 7, .json = *state};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct str values[N];
        struct buf out = {0};
        for (size_t k = 0; k < N; k++) values[k] = str_of(cases[i].row[k]);
        struct row row = {
            .number = 3, .line = 4, .hash = 5, .n = N, .names = columns, .values = values};
        read_options(cases[i].options);
        assert_int_equal(mapping_bind(&options.mapping, columns, N, true, NULL), ERR_OK);
        map(&row, &x, &out);
        if (strcmp(out.p, cases[i].event) != 0) fail_msg("%s: %s", cases[i].why, out.p);
        buf_free(&out);
    }
}

static void takes_an_export_as_it_is(void **state)
{
    static const struct str names[] = {S("site"),    S("name"),  S("at"),      S("id"),
                                       S("visitor"), S("props"), S("unknown"), S("country")};
    struct str values[] = {STR("x"),
                           STR("buy"),
                           STR("2018-11-07T00:02:19.000Z"),
                           STR("b2"),
                           STR("#00000000000000ab"),
                           STR("{\"a\": 1}"),
                           STR("?"),
                           STR("DE")};
    struct mapping_context x = {.identity = 7, .json = *state};
    struct row row = {.n = 8, .names = names, .values = values};
    struct buf out = {0};
    read_options((const char *const[]){NULL});
    map(&row, &x, &out);
    assert_string_equal(out.p, "{\"at\":1541548939000,\"id\":\"b2\",\"name\":\"buy\","
                               "\"visitor\":\"#00000000000000ab\",\"props\":{\"a\":1}}");
    buf_clear(&out);
    values[5] = STR("{\"a\"");
    map(&row, &x, &out);
    assert_string_equal(out.p, "bad_json@props");
    buf_free(&out);
}

static void names_the_same_row_alike(void **state)
{
    (void)state;
    char a[MAPPING_ROW_ID], b[MAPPING_ROW_ID];
    struct row row = {.number = 1, .hash = 2}, next = {.number = 2, .hash = 2};
    mapping_row_id(a, 9, &row), mapping_row_id(b, 9, &row);
    assert_string_equal(a, b);
    mapping_row_id(b, 8, &row);
    assert_string_not_equal(a, b); /* another file */
    mapping_row_id(b, 9, &next);
    assert_string_not_equal(a, b); /* the same bytes further down */
    mapping_row_id(a, MAPPING_ID_ROW, &row), mapping_row_id(b, MAPPING_ID_ROW, &next);
    assert_string_equal(a, b); /* --id @row */
}

static void reads_times(void **state)
{
    static const struct {
        const char *text;
        enum time_unit unit;
        const char *want; /* in ms, or "" */
    } times[] = {
        {"1541548939", TIME_ANY, "1541548939000"},
        {"1541548939.25", TIME_ANY, "1541548939250"},
        {"1541548939123", TIME_ANY, "1541548939123"},
        {"1541548939123456", TIME_ANY, "1541548939123"},
        {"20170501", TIME_ANY, "1493589600000"}, /* a day in Berlin */
        {"2017-05-01", TIME_ANY, "1493589600000"},
        {"20170501", TIME_S, "20170501000"},
        {"2017-05-01 12:00:00", TIME_ISO, "1493632800000"},
        {"2017-05-01T12:00:00+00:00", TIME_ISO, "1493640000000"},
        {" 2017-05-01T12:00Z ", TIME_ANY, "1493640000000"},
        /* 2:30 is there twice in autumn and not at all in spring; either is an instant. */
        {"2026-10-25 01:59:59", TIME_ISO, "1792886399000"},
        {"2026-10-25 03:00:00", TIME_ISO, "1792893600000"},
        {"2026-03-29 01:59:59", TIME_ISO, "1774745999000"},
        {"2026-03-29 03:00:00", TIME_ISO, "1774746000000"},
        {"-5", TIME_MS, "-5"},
        {"1e3", TIME_S, "1000000"},
        {"99999999999999999999", TIME_ANY, ""},
        {"9223372036854775807", TIME_S, ""},
        {"31/12/2017", TIME_ANY, ""},
        {"2017-02-30", TIME_ANY, ""},
        {"", TIME_ANY, ""},
        {"nan", TIME_S, ""},
        {"12x", TIME_MS, ""},
    };
    (void)state;
    struct zone *berlin;
    assert_int_equal(zone_open(STR("Europe/Berlin"), &berlin, NULL), ERR_OK);
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        char got[32] = "";
        int64_t at_ms;
        if (mapping_time(str_of(times[i].text), times[i].unit, berlin, &at_ms))
            snprintf(got, sizeof got, "%" PRId64, at_ms);
        if (strcmp(got, times[i].want) != 0) fail_msg("%s: %s", times[i].text, got);
    }
    zone_close(berlin);
}

static void refuses_wrong_usage(void **state)
{
    static const char *const lines[][8] = {
        {NULL},
        {"csv"},
        {"csv", "f"},
        {"xml", "f", "--site=demo"},
        {"csv", "f", "--site=de/mo"},
        {"csv", "f", "--site"},
        {"csv", "f", "--site=demo", "--nonsense"},
        {"csv", "f", "--site=demo", "--known=1"},
        {"csv", "f", "--site=demo", "--visitor=a"},
        {"csv", "f", "--site=demo", "--time=a"},
        {"csv", "f", "--site=demo", "--time=a", "--visitor=b", "--event=c", "--event-is=d"},
        {"csv", "f", "--site=demo", "--time=a", "--visitor=b", "--where=c"},
        {"csv", "f", "--site=demo", "--url=https://stats.example"},
        {"parquet", "-", "--site=demo"},
        {"access-log", "f", "--site=demo", "--event=c"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        char command[] = "import", *argv[10] = {command};
        int argc = 1;
        struct err err = {0};
        for (size_t k = 0; k < 8 && lines[i][k]; k++) argv[argc++] = (char *)(uintptr_t)lines[i][k];
        assert_int_equal(import_options_read(argc, argv, &options, &err), ERR_INVALID);
        assert_string_equal(err.name, "bad_option");
    }
}

static void tells_a_server_from_a_column(void **state)
{
    (void)state;
    read_options((const char *const[]){"--url=https://stats.example", "--token=t", "--url=page",
                                       "--time=a", "--visitor=b", NULL});
    assert_string_equal(options.server, "https://stats.example");
    assert_true(str_is(options.mapping.url.name, "page"));
    struct err err;
    assert_int_equal(mapping_bind(&options.mapping, columns, N, true, &err), ERR_INVALID);
    assert_string_equal(err.name, "unknown_column");
}

static int setup(void **state)
{
    struct json_reader *r;
    if (json_reader_open(&limits, &r, NULL)) return -1;
    *state = r;
    return 0;
}

static int teardown(void **state)
{
    json_reader_close(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(maps_rows),
        cmocka_unit_test(takes_an_export_as_it_is),
        cmocka_unit_test(names_the_same_row_alike),
        cmocka_unit_test(reads_times),
        cmocka_unit_test(refuses_wrong_usage),
        cmocka_unit_test(tells_a_server_from_a_column),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
