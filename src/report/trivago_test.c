/* trivago_test.c: real journeys against the independent answer key of the data folder (FACTS.json).
 * Skipped, and said so, when the folder is absent: CAIRN_DATA_DIR_SHARED, or ../shared/data. */
#include "report/world_test.h"

#include <lzma.h>

static char path[512];
static struct world by_user, by_session;

static bool find_data(void)
{
    const char *given = getenv("CAIRN_DATA_DIR_SHARED");
    snprintf(path, sizeof path, "%s/clickstream/trivago_dev.csv.xz",
             given ? given : "../shared/data");
    return access(path, R_OK) == 0;
}

/* The whole of an .xz file. */
static void unpack(struct buf *out)
{
    lzma_stream z = LZMA_STREAM_INIT;
    unsigned char in[65536], more[65536];
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    assert_int_equal(lzma_stream_decoder(&z, UINT64_MAX, 0), LZMA_OK);
    lzma_ret rc = LZMA_OK;
    while (rc == LZMA_OK) {
        if (z.avail_in == 0) {
            z.next_in = in;
            z.avail_in = fread(in, 1, sizeof in, f);
        }
        z.next_out = more;
        z.avail_out = sizeof more;
        rc = lzma_code(&z, z.avail_in == 0 ? LZMA_FINISH : LZMA_RUN);
        buf_bytes(out, more, sizeof more - z.avail_out);
    }
    assert_int_equal(rc, LZMA_STREAM_END);
    assert_false(out->bad);
    lzma_end(&z);
    fclose(f);
}

/* The next cell of a CSV row, without its quotes; cells of this file never hold any. */
static struct str cell(struct str *rest)
{
    if (rest->n && rest->p[0] == '"') {
        struct str in = str_sub(*rest, 1, rest->n);
        struct str text = str_cut(in, '"', rest);
        (void)str_cut(*rest, ',', rest);
        return text;
    }
    return str_cut(*rest, ',', rest);
}

enum { USER, SESSION, TIME, STEP, ACTION, REFERENCE, PLATFORM, CITY, DEVICE, CELLS };

static void fill(struct world *w, struct str text, int visitor)
{
    struct str row = str_cut(text, '\n', &text); /* the header */
    while (text.n) {
        struct str cells[CELLS];
        int64_t s = 0;
        row = str_cut(text, '\n', &text);
        for (int i = 0; i < CELLS; i++) cells[i] = cell(&row);
        assert_true(str_to_i64(cells[TIME], &s));
        struct event e = {.visitor = hash_fast(cells[visitor]),
                          .at_ms = s * 1000,
                          .id_kind = ID_KNOWN,
                          .origin = ORIGIN_IMPORT};
        e.text[TEXT_NAME] = cells[ACTION];
        e.text[TEXT_DEVICE] = cells[DEVICE];
        e.text[TEXT_CITY] = cells[CITY];
        world_event(w, &e);
    }
    world_publish(w);
}

static int set_up(void **state)
{
    (void)state;
    struct buf text = {0};
    if (!find_data()) return 0;
    unpack(&text);
    world_open(&by_user, INT64_C(1790000000000), 2);
    world_open(&by_session, INT64_C(1790000000000), 2);
    fill(&by_user, buf_view(&text), USER);
    fill(&by_session, buf_view(&text), SESSION);
    buf_free(&text);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    if (!find_data()) return 0;
    world_close(&by_user);
    world_close(&by_session);
    return 0;
}

static bool skipped(void)
{
    if (by_user.index) return false;
    print_message("%s is absent\n", path);
    return true;
}

#define DAYS "'range':{'from':'2018-11-06','to':'2018-11-09'}"
#define STEPS                                                                                      \
    "'steps':[{'event':'search for destination'},{'event':'interaction item image'},"              \
    "{'event':'clickout item'}]"

static void counts_visitors_and_events(void **state)
{
    (void)state;
    if (skipped()) skip();
    json_t *answer = world_ask(&by_user, "overview", "{" DAYS "}");
    assert_int_equal(world_int(answer, "result.visitors"), 3344);
    assert_int_equal(world_int(answer, "result.events"), 47935);
    json_decref(answer);
    answer = world_ask(&by_session, "overview", "{" DAYS "}");
    assert_int_equal(world_int(answer, "result.visitors"), 3850);
    json_decref(answer);
}

static const struct {
    bool session;
    const char *more; /* of the request */
    int64_t reached[3];
} funnels[] = {
    {false, "'ties':'arrival','window_s':null", {1021, 455, 442}},
    {false, "'ties':'arrival','window_s':3600", {1021, 437, 421}},
    {false, "'ties':'arrival','window_s':300", {1021, 379, 299}},
    {true, "'ties':'arrival','window_s':null", {1132, 466, 440}},
    {false, "'ties':'any','window_s':null", {1021, 456, 443}},
    {false, "'ties':'any','window_s':3600", {1021, 438, 422}},
    {false, "'ties':'any','window_s':300", {1021, 380, 299}},
    {true, "'ties':'any','window_s':null", {1132, 467, 441}},
    {false, "'ties':'arrival'", {1021, 455, 442}}, /* all of it is within the default week */
};

static void agrees_with_the_answer_key(void **state)
{
    (void)state;
    if (skipped()) skip();
    for (size_t i = 0; i < sizeof funnels / sizeof *funnels; i++) {
        char request[400];
        snprintf(request, sizeof request, "{" DAYS "," STEPS ",%s}", funnels[i].more);
        json_t *answer = world_ask(funnels[i].session ? &by_session : &by_user, "funnel", request);
        for (size_t k = 0; k < 3; k++) {
            char at[40];
            snprintf(at, sizeof at, "result.steps.%zu.reached", k);
            if (world_int(answer, at) != funnels[i].reached[k])
                fail_msg("%s, visitor = %s: step %zu: %lld, not %lld", funnels[i].more,
                         funnels[i].session ? "session_id" : "user_id", k + 1,
                         (long long)world_int(answer, at), (long long)funnels[i].reached[k]);
        }
        json_decref(answer);
    }
}

/* The events by name, and the first device of sessions, are in the key as well. */
static void agrees_on_names_and_devices(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int64_t n;
    } names[] = {{"interaction item image", 31954}, {"clickout item", 6866},
                 {"filter selection", 2718},        {"search for destination", 1555},
                 {"change of sort order", 1468},    {"interaction item info", 992},
                 {"interaction item rating", 753},  {"interaction item deals", 564},
                 {"search for poi", 556},           {"search for item", 509}};
    if (skipped()) skip();
    json_t *answer = world_ask(&by_user, "values", "{" DAYS ",'dimension':'name'}");
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const json_t *row = json_array_get(world_at(answer, "result.values"), i);
        assert_string_equal(json_string_value(json_object_get(row, "value")), names[i].name);
        assert_int_equal(json_integer_value(json_object_get(row, "n")), names[i].n);
    }
    json_decref(answer);
}

/* Of the sessions: who did a step and who clicked out as well, in any order; and by device. */
static void agrees_on_micro_conversions(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int64_t did, both;
    } micros[] = {{"filter selection", 807, 760},         {"change of sort order", 508, 481},
                  {"interaction item image", 1439, 1349}, {"interaction item info", 524, 496},
                  {"interaction item rating", 438, 409},  {"interaction item deals", 370, 334},
                  {"search for poi", 422, 389},           {"search for item", 365, 339},
                  {"search for destination", 1132, 1069}};
    static const struct {
        const char *device;
        int64_t of, n;
    } devices[] = {{"mobile", 2172, 2071}, {"desktop", 1394, 1319}, {"tablet", 284, 277}};
    if (skipped()) skip();
    world_thing(&by_session, "goals",
                "{'key':'out','name':'Clicked out','class':'macro','count':'visitor',"
                "'rule':{'type':'event','name':'clickout item'}}");
    for (size_t i = 0; i < sizeof micros / sizeof *micros; i++) {
        char request[400];
        snprintf(request, sizeof request,
                 "{" DAYS ",'filter':[{'property':'name','op':'is','value':'%s','on':'visitor'}]}",
                 micros[i].name);
        json_t *answer = world_ask(&by_session, "goals", request);
        assert_int_equal(world_int(answer, "result.goals.0.converted.of"), micros[i].did);
        assert_int_equal(world_int(answer, "result.goals.0.converted.n"), micros[i].both);
        json_decref(answer);
        snprintf(request, sizeof request,
                 "{" DAYS ",'order':'any','window_s':null,"
                 "'steps':[{'event':'%s'},{'event':'clickout item'}]}",
                 micros[i].name);
        answer = world_ask(&by_session, "funnel", request);
        assert_int_equal(world_int(answer, "result.steps.1.reached"), micros[i].both);
        json_decref(answer);
    }
    json_t *answer = world_ask(&by_session, "goals", "{" DAYS ",'breakdown':'device'}");
    for (size_t i = 0; i < 3; i++) {
        const json_t *group = json_array_get(world_at(answer, "result.groups"), i);
        assert_string_equal(json_string_value(json_object_get(group, "value")), devices[i].device);
        assert_int_equal(world_int(group, "goals.0.converted.of"), devices[i].of);
        assert_int_equal(world_int(group, "goals.0.converted.n"), devices[i].n);
    }
    json_decref(answer);
}

static void groups_are_what_a_filter_leaves(void **state)
{
    (void)state;
    if (skipped()) skip();
    world_thing(&by_user, "goals",
                "{'key':'out','name':'Clicked out','class':'macro','count':'session',"
                "'rule':{'type':'event','name':'clickout item'}}");
    world_check_groups(&by_user, "overview", DAYS, "device", 10);
    world_check_groups(&by_user, "overview", DAYS, "city", 5);
    world_check_groups(&by_user, "overview", DAYS, "name", 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_visitors_and_events),
        cmocka_unit_test(agrees_with_the_answer_key),
        cmocka_unit_test(agrees_on_names_and_devices),
        cmocka_unit_test(agrees_on_micro_conversions),
        cmocka_unit_test(groups_are_what_a_filter_leaves),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
