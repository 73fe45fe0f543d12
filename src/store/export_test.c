#include <ftw.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>

#include "store/schema.h"

struct place {
    char dir[64], db[96], file[96];
    struct store *s;
};

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
    (void)st, (void)flag, (void)ftw;
    return remove(path);
}

/* Two events of site 1: everything set, and nothing but what must be; one of site 2. */
static err_code fill(struct store *s, struct err *err)
{
    struct event e[3] = {
        {.seq = 1,
         .site = 1,
         .visitor = 0xabc,
         .at_ms = INT64_C(1541548939123),
         .received_at_ms = INT64_C(1541548940000),
         .id_kind = ID_KNOWN,
         .bot_reason = BOT_USER_AGENT,
         .offline = true,
         .has_value = true,
         .value_minor = 1250,
         .engaged_ms = 9000,
         .scroll_percent = 80,
         .dedupe = 5},
        {.seq = 2, .site = 1, .visitor = UINT64_MAX, .has_value = true, .value_minor = -1500},
        {.seq = 3, .site = 2}};
    e[0].text[TEXT_NAME] = STR("add_to_cart");
    e[0].text[TEXT_URL] = STR("https://shop.example/p/7?a=1,2");
    e[0].text[TEXT_TITLE] = STR("Blue \"shirt\"\nlarge, \xc3\xbc");
    e[0].text[TEXT_ID] = STR("b2c1");
    e[0].text[TEXT_CURRENCY] = STR("EUR");
    e[0].text[TEXT_PROPS] = STR("{\"size\":\"XL\"}");
    e[0].text[TEXT_ITEMS] = STR("[{\"item_id\":\"SKU1\"}]");
    e[1].text[TEXT_NAME] = STR("pageview");
    e[1].text[TEXT_CURRENCY] = STR("JPY");
    return store_add(s, e, 3, err);
}

static int setup(void **state)
{
    struct place *p = calloc(1, sizeof *p);
    struct err err = {0};
    if (!p) return -1;
    snprintf(p->dir, sizeof p->dir, "/tmp/cairn-export-XXXXXX");
    if (!mkdtemp(p->dir)) return -1;
    snprintf(p->db, sizeof p->db, "%s/events.duckdb", p->dir);
    snprintf(p->file, sizeof p->file, "%s/it's out", p->dir);
    *state = p;
    if (store_open(p->db, 0, 2, &p->s, &err) || fill(p->s, &err)) return -1;
    p->s->identity = 0x1234;
    return 0;
}

static int teardown(void **state)
{
    struct place *p = *state;
    store_close(p->s);
    nftw(p->dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    free(p);
    return 0;
}

static void read_file(const char *path, char *out, size_t size)
{
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    size_t n = fread(out, 1, size - 1, f);
    out[n] = 0;
    fclose(f);
}

static const char csv[] =
    "site,name,url,referrer,title,at,id,visitor,user,id_kind,session,props,value,currency,order_id,"
    "items,engaged_ms,scroll,offline,experiment,variant,screen,language,timezone,country,region,"
    "city,"
    "device,browser,os,source,medium,campaign,term,content,click_id_kind,protocol,bot_reason,"
    "received_at\n"
    "de'mo,add_to_cart,\"https://shop.example/p/7?a=1,2\",,\"Blue \"\"shirt\"\"\nlarge, \xc3\xbc\","
    "2018-11-07T00:02:19.123Z,b2c1,,\"#0000000000000abc\",known,,\"{\"\"size\"\":\"\"XL\"\"}\",12."
    "5,"
    "EUR,,"
    "\"[{\"\"item_id\"\":\"\"SKU1\"\"}]\",9000,80,true,,,,,,,,,,,,,,,,,,,user_agent,"
    "2018-11-07T00:02:20.000Z\n"
    "de'mo,pageview,,,,1970-01-01T00:00:00.000Z,@0000000000001234-1-2,\"#ffffffffffffffff\",,day,,,"
    "-"
    "1500,"
    "JPY,,,,,,,,,,,,,,,,,,,,,,,,,1970-01-01T00:00:00.000Z\n";

static void writes_csv(void **state)
{
    struct place *p = *state;
    char text[4096];
    uint64_t rows = 0;
    struct err err = {0};
    struct store_export what = {
        .site = 1, .site_key = STR("de'mo"), .format = "csv", .path = p->file};
    if (store_export(p->s, &what, &rows, &err)) fail_msg("%s", err.msg);
    assert_int_equal(rows, 2);
    read_file(p->file, text, sizeof text);
    assert_string_equal(text, csv);
}

static void writes_json_lines(void **state)
{
    struct place *p = *state;
    char text[4096];
    uint64_t rows = 0;
    struct err err = {0};
    struct store_export what = {.site = 1,
                                .site_key = STR("demo"),
                                .format = "jsonl",
                                .path = p->file,
                                .from_ms = 1,
                                .to_ms = INT64_MAX / 2000};
    if (store_export(p->s, &what, &rows, &err)) fail_msg("%s", err.msg);
    assert_int_equal(rows, 1);
    read_file(p->file, text, sizeof text);
    assert_non_null(strstr(text, "{\"site\":\"demo\",\"name\":\"add_to_cart\","));
    assert_non_null(
        strstr(text, "\"props\":{\"size\":\"XL\"},\"value\":12.5,\"currency\":\"EUR\""));
    assert_non_null(strstr(text, "\"title\":\"Blue \\\"shirt\\\"\\nlarge, \xc3\xbc\""));
}

static void writes_parquet(void **state)
{
    struct place *p = *state;
    uint64_t rows = 0;
    struct err err = {0};
    struct store_export what = {
        .site = 1, .site_key = STR("demo"), .format = "parquet", .path = p->file};
    if (store_export(p->s, &what, &rows, &err)) fail_msg("%s", err.msg);
    assert_int_equal(rows, 2);
    duckdb_database db;
    duckdb_connection c;
    struct buf sql = {0};
    uint64_t n = 0;
    assert_int_equal(duck_open_memory(&db, &c, &err), ERR_OK);
    buf_z(&sql, "SELECT count(*)::UBIGINT FROM read_parquet(");
    duck_quote(&sql, str_of(p->file));
    buf_printf(&sql,
               ") WHERE (value = 12.5 AND \"at\" = '2018-11-07 00:02:19.123+00') OR value = -1500");
    if (duck_number(c, sql.p, &n, &err)) fail_msg("%s", err.msg);
    assert_int_equal(n, 2);
    buf_free(&sql);
    duckdb_disconnect(&c);
    duckdb_close(&db);
}

static void appends_to_standard_output(void **state)
{
    struct place *p = *state;
    char text[4096];
    uint64_t rows = 0;
    struct err err = {0};
    struct store_export what = {.site = 1, .site_key = STR("de'mo"), .format = "csv", .path = "-"};
    fflush(stdout);
    int keep = dup(STDOUT_FILENO);
    FILE *f = fopen(p->file, "w");
    assert_non_null(f);
    fputs("before\n", f);
    fflush(f);
    dup2(fileno(f), STDOUT_FILENO);
    err_code code = store_export(p->s, &what, &rows, &err);
    dup2(keep, STDOUT_FILENO);
    close(keep);
    fclose(f);
    assert_int_equal(code, ERR_OK);
    read_file(p->file, text, sizeof text);
    assert_memory_equal(text, "before\n", 7);
    assert_string_equal(text + 7, csv);
}

static void leaves_nothing_half_written(void **state)
{
    struct place *p = *state;
    uint64_t rows = 0;
    struct err err = {0};
    struct store_export what = {.site = 1, .format = "xml", .path = p->file};
    assert_int_equal(store_export(p->s, &what, &rows, &err), ERR_INVALID);
    what.format = "csv", what.path = "/nonexistent/folder/file";
    assert_int_equal(store_export(p->s, &what, &rows, &err), ERR_IO);
    /* A folder stands where the file should go. */
    what.path = p->dir;
    assert_int_equal(store_export(p->s, &what, &rows, &err), ERR_IO);
    snprintf(p->file, sizeof p->file, "%s.part", p->dir);
    assert_int_equal(access(p->file, F_OK), -1);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(writes_csv),
        TEST(writes_json_lines),
        TEST(writes_parquet),
        TEST(appends_to_standard_output),
        TEST(leaves_nothing_half_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
