/* report_test.c: questions about the shop of world_test.h, whose answers a reader can count there.
 */
#include "event/rule.h"
#include "report/world_test.h"

#define WEEK "'range':{'from':'2026-10-05','to':'2026-10-11'}"

/* Whole numbers at paths of the answer. */
static const struct {
    const char *report, *request, *path;
    int64_t expected;
} numbers[] = {
    /* Hugo comes ten minutes after the week has ended in Berlin. */
    {"overview", "{" WEEK "}", "visitors", 7},
    {"overview", "{'range':{'from':'2026-10-05','to':'2026-10-12'}}", "visitors", 8},
    {"overview", "{" WEEK "}", "sessions", 9},
    {"overview", "{" WEEK "}", "views", 16},
    {"overview", "{" WEEK "}", "events", 25},
    {"overview", "{" WEEK "}", "bounce.n", 2}, /* Dora and Emil; Finn stayed */
    {"overview", "{" WEEK "}", "bounce.of", 9},
    {"overview", "{" WEEK "}", "conversions", 3},
    {"overview", "{" WEEK "}", "engaged_ms", 30000},
    {"overview", "{" WEEK "}", "identity.day", 6},
    {"overview", "{" WEEK "}", "identity.known", 1},
    /* Gina's session goes past midnight and counts on Friday; her download is Saturday's. */
    {"overview", "{" WEEK "}", "series.points.4.sessions", 1},
    {"overview", "{" WEEK "}", "series.points.5.sessions", 0},
    {"overview", "{" WEEK "}", "series.points.5.visitors", 1},
    {"overview", "{" WEEK "}", "series.points.0.conversions", 1},
    {"overview", "{" WEEK ",'filter':[{'property':'device','op':'is','value':'mobile'}]}",
     "visitors", 3},
    {"overview", "{" WEEK ",'segment':'phones'}", "visitors", 3},
    {"overview", "{" WEEK ",'segment':{'property':'device','op':'is','value':'mobile'}}",
     "visitors", 3},
    /* A filter about pages looks at events, unless it is asked to look further. */
    {"overview", "{" WEEK ",'filter':[{'property':'path','op':'is','value':'/cart'}]}", "views", 2},
    {"overview", "{" WEEK ",'filter':[{'property':'path','op':'is','value':'/cart'}]}", "sessions",
     2},
    {"overview",
     "{" WEEK ",'filter':[{'property':'path','op':'is','value':'/cart','on':'session'}]}", "views",
     5},
    {"overview",
     "{" WEEK ",'filter':[{'property':'path','op':'is','value':'/cart','on':'visitor'}]}", "views",
     8},

    {"goals", "{" WEEK "}", "goals.0.hits", 3},
    {"goals", "{" WEEK "}", "goals.0.conversions", 3},
    {"goals", "{" WEEK "}", "goals.0.converted.n", 3}, /* every order, so three of seven visitors */
    {"goals", "{" WEEK "}", "goals.0.converted.of", 7},
    {"goals", "{" WEEK "}", "goals.0.value.minor", 5500},
    {"goals", "{" WEEK "}", "goals.1.hits", 4},
    {"goals", "{" WEEK "}", "goals.1.conversions", 4},
    {"goals", "{" WEEK "}", "goals.1.converted.n", 3},
    {"goals", "{" WEEK "}", "goals.1.value.minor", 600},
    {"goals", "{" WEEK ",'unit':'session'}", "goals.1.converted.n", 4},
    {"goals", "{" WEEK ",'unit':'session'}", "goals.1.converted.of", 9},
    {"goals", "{" WEEK "}", "goals.2.converted.n", 1},
    {"goals", "{" WEEK ",'unit':'session'}", "goals.3.converted.n", 6},
    {"goals", "{" WEEK "}", "goals.3.converted.n", 4},
    {"goals", "{" WEEK ",'breakdown':'device'}", "groups.0.units", 4}, /* desktop */
    {"goals", "{" WEEK ",'breakdown':'device'}", "groups.1.goals.1.converted.n", 2},
    {"goals", "{" WEEK ",'breakdown':'device','limit':1}", "groups.1.units", 3}, /* (other) */

    {"breakdown", "{" WEEK ",'dimension':'path'}", "rows.0.visitors", 5}, /* / */
    {"breakdown", "{" WEEK ",'dimension':'path','metrics':['views','hits'],'by':'hits'}",
     "rows.0.hits", 7},
    {"breakdown", "{" WEEK ",'dimension':'path','metrics':['conversions:purchase']}",
     "rows.0.conversions:purchase", 3},
    {"breakdown", "{" WEEK ",'dimension':'props.size','metrics':['hits'],'limit':1}", "total", 2},

    {"funnel", "{" WEEK ",'funnel':'shop'}", "entered", 4},
    {"funnel", "{" WEEK ",'funnel':'shop'}", "steps.1.reached", 3},
    {"funnel", "{" WEEK ",'funnel':'shop'}", "steps.2.reached", 2},
    {"funnel", "{" WEEK ",'funnel':'shop'}", "steps.0.dropped", 1},
    {"funnel", "{" WEEK ",'funnel':'shop'}", "steps.2.from_previous.of", 3},
    {"funnel", "{" WEEK ",'funnel':'shop'}", "steps.2.from_first.of", 4},
    {"funnel", "{" WEEK ",'funnel':'shop'}", "matured.immature.n", 3}, /* all but Anna */
    {"funnel", "{" WEEK ",'funnel':'shop','scope':'session'}", "entered", 6},
    {"funnel", "{" WEEK ",'funnel':'shop','scope':'session'}", "steps.2.reached", 3},
    {"funnel", "{" WEEK ",'funnel':'shop','attempts':'totals'}", "steps.2.reached", 3},
    /* Cora looks at the product half an hour before her order. */
    {"funnel", "{" WEEK ",'funnel':'shop','window_s':480,'attempts':'first'}", "steps.2.reached",
     1},
    {"funnel", "{" WEEK ",'funnel':'shop','window_s':540}", "steps.2.reached", 2},
    {"funnel", "{" WEEK ",'funnel':'shop','window_s':539}", "steps.2.reached", 1},
    {"funnel", "{" WEEK ",'steps':[{'page':'/p/*'},{'any':[{'goal':'pdf'},{'goal':'cart'}]}]}",
     "steps.1.reached", 4},
    {"funnel", "{" WEEK ",'funnel':'shop','exclude':[{'page':'/delivery','from':2,'to':3}]}",
     "steps.1.excluded", 1},
    {"funnel", "{" WEEK ",'funnel':'shop','breakdown':'device'}", "groups.0.entered", 2},
    {"funnel", "{" WEEK ",'funnel':'shop','breakdown':'device','limit':1}", "groups.1.entered", 2},

    {"visitors", "{" WEEK "}", "total", 7},
    {"visitors", "{" WEEK ",'goal':'cart'}", "total", 3},
    {"visitors", "{" WEEK ",'funnel':'shop','step':2,'did':'dropped'}", "total", 1},
    {"visitors", "{" WEEK ",'funnel':'shop','step':2}", "total", 3},
    {"values", "{" WEEK ",'dimension':'name','prefix':'ADD'}", "values.0.n", 4},
    {"values", "{" WEEK ",'dimension':'path','contains':'.'}", "total", 0},
    {"values", "{" WEEK ",'dimension':'path','contains':'p/'}", "total", 2},
    {"properties", "{}", "properties.40.values",
     2}, /* the first own one: items.item_id or .price */
    {"goal_preview", "{'rule':{'type':'destination','match':'begins','path':'/blog'}}", "hits", 2},
    {"goal_preview", "{'rule':{'type':'search'}}", "hits", 0},
    {"goal_preview", "{'rule':{'type':'pages','at_least':3},'unit':'session'}", "converted.n", 2},
};

static void counts_what_a_reader_counts(void **state)
{
    (void)state;
    struct world w;
    world_shop_open(&w, 2);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        json_t *answer = world_ask(&w, numbers[i].report, numbers[i].request);
        const json_t *v = world_at(json_object_get(answer, "result"), numbers[i].path);
        if (!json_is_integer(v) || json_integer_value(v) != numbers[i].expected) {
            char *text = json_dumps(answer, REPORT_JSON_FLAGS);
            fail_msg("%s %s: %s is not %lld: %s", numbers[i].report, numbers[i].request,
                     numbers[i].path, (long long)numbers[i].expected, text);
        }
        json_decref(answer);
    }
    world_close(&w);
}

static const struct {
    const char *report, *request, *name, *field;
} refused[] = {
    {"nonsense", "{}", "unknown_report", ""},
    {"goals", "{'units':'visitor'}", "unknown_field", "units"},
    {"goals", "{'unit':'person'}", "bad_field", "unit"},
    {"goals", "{'limit':0}", "bad_field", "limit"},
    {"goals", "{'limit':2.5}", "bad_field", "limit"},
    {"goals", "{'range':'today'}", "bad_range", "range"},
    {"goals", "{'range':{'from':'2026-10-05'}}", "bad_range", "range.to"},
    {"goals", "{'range':{'from':'2026-10-32','to':'2026-11-01'}}", "bad_range", "range.from"},
    {"goals", "{'range':{'from':'2026-10-05','to':'2026-10-04'}}", "bad_range", "range.to"},
    {"goals", "{'range':{'from':'2026-10-05','to':'2026-10-06','to_ms':5}}", "bad_range",
     "range.from"},
    {"goals", "{'range':{'from_ms':5,'to_ms':5}}", "bad_range", "range.to_ms"},
    {"goals", "{'range':{'from':'1990-01-01','to':'2026-10-06'}}", "bad_range", "range"},
    {"goals", "{'compare':'last'}", "bad_field", "compare"},
    {"goals", "{'compare':{'from':'x','to':'y'}}", "bad_range", "compare.from"},
    {"goals", "{'filter':{}}", "bad_field", "filter"},
    {"goals", "{'filter':[{'property':'colour','op':'is','value':1}]}", "unknown_property",
     "filter[0].property"},
    {"goals", "{'filter':[{'property':'path','op':'is','value':'/','on':'page'}]}", "bad_field",
     "filter[0].on"},
    {"goals", "{'filter':[{'property':'path','op':'regex','value':'('}]}", "bad_regex",
     "filter[0].value"},
    {"goals", "{'segment':'nobody'}", "unknown_segment", "segment"},
    {"goals", "{'breakdown':'colour'}", "unknown_property", "breakdown"},
    {"breakdown", "{}", "missing_field", "dimension"},
    {"breakdown", "{'dimension':'path','metrics':['money']}", "unknown_metric", "metrics[0]"},
    {"breakdown", "{'dimension':'path','metrics':['hits:nothing']}", "unknown_goal", "metrics[0]"},
    {"breakdown", "{'dimension':'path','by':'money'}", "bad_field", "by"},
    {"breakdown", "{'dimension':'value'}", "unknown_property", "dimension"},
    {"funnel", "{}", "missing_field", "steps"},
    {"funnel", "{'funnel':'none'}", "unknown_funnel", "funnel"},
    {"funnel", "{'steps':[{'event':'a'}]}", "too_few_steps", "steps"},
    {"funnel", "{'steps':[{'event':'a'},{'goal':'none'}]}", "unknown_goal", "steps[1].goal"},
    {"funnel", "{'steps':[{'event':'a'},{'rule':{'type':'x'}}]}", "unknown_rule_type",
     "steps[1].rule.type"},
    {"funnel", "{'steps':[{'event':'a'},{'goal':'cart','gap':1}]}", "bad_field", "steps[1].gap"},
    {"funnel", "{'steps':[{'event':'a'},{'event':'b','max_gap_s':-1}]}", "bad_field",
     "steps[1].max_gap_s"},
    {"funnel", "{'steps':[{'event':'a','optional':true},{'event':'b'}]}", "unsupported_combination",
     "steps[0].optional"},
    {"funnel", "{'steps':[{'event':'a'},{'event':'b','optional':true}],'order':'any'}",
     "unsupported_combination", "steps[1].optional"},
    {"funnel", "{'funnel':'shop','order':'open','attempts':'first'}", "unsupported_combination",
     "attempts"},
    {"funnel", "{'funnel':'shop','order':'sideways'}", "bad_field", "order"},
    {"funnel", "{'funnel':'shop','window_s':0}", "bad_field", "window_s"},
    {"funnel", "{'funnel':'shop','exclude':[{'event':'x','from':2,'to':2}]}", "bad_field",
     "exclude[0].to"},
    {"funnel", "{'funnel':'shop','hold':['colour']}", "unknown_property", "hold[0]"},
    {"funnel", "{'funnel':'shop','breakdown':'device','breakdown_step':4}", "bad_field",
     "breakdown_step"},
    {"visitors", "{'goal':'none'}", "unknown_goal", "goal"},
    {"visitor", "{}", "missing_field", "visitor"},
    {"visitor", "{'visitor':'12'}", "bad_field", "visitor"},
    {"visitor", "{'visitor':'00000000000000ff'}", "unknown_visitor", "visitor"},
    {"goal_preview", "{}", "missing_field", "rule"},
    {"goal_preview", "{'rule':{'type':'search'},'count':'often'}", "bad_field", "count"},
};

static void refuses_by_name_and_field(void **state)
{
    (void)state;
    struct world w;
    world_shop_open(&w, 1);
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        struct err err = {0};
        json_t *answer = world_try(&w, refused[i].report, refused[i].request, &err);
        if (answer || strcmp(err.name, refused[i].name) != 0 ||
            strcmp(err.field, refused[i].field) != 0)
            fail_msg("%s %s: %s at %s: %s", refused[i].report, refused[i].request,
                     answer ? "answered" : err.name, err.field, err.msg);
    }
    world_close(&w);
}

/* The same bits on any number of threads. */
static void answers_alike_on_any_threads(void **state)
{
    (void)state;
    json_t *first = NULL;
    for (size_t threads = 1; threads <= 4; threads++) {
        struct world w;
        world_shop_open(&w, threads);
        json_t *answer = world_ask(&w, "funnel", "{" WEEK ",'funnel':'shop','breakdown':'device'}");
        json_t *result = json_incref(json_object_get(answer, "result"));
        if (!first) first = json_incref(result);
        assert_true(json_equal(first, result));
        json_decref(result);
        json_decref(answer);
        world_close(&w);
    }
    json_decref(first);
}

static void groups_are_what_a_filter_leaves(void **state)
{
    (void)state;
    static const char *const dimensions[] = {"device", "source",  "path",
                                             "name",   "channel", "country"};
    struct world w;
    world_shop_open(&w, 2);
    for (size_t i = 0; i < sizeof dimensions / sizeof *dimensions; i++) {
        world_check_groups(&w, "overview", WEEK, dimensions[i], 50);
        world_check_groups(&w, "goals", WEEK ",'unit':'session'", dimensions[i], 2);
    }
    world_close(&w);
}

static void keeps_funnels_of_goals(void **state)
{
    (void)state;
    struct world w;
    world_shop_open(&w, 1);
    world_thing(&w, "funnels",
                "{'key':'either','name':'Either','window_s':3600,"
                "'steps':[{'page':'/p/*'},{'any':[{'goal':'cart'},{'event':'file_download'}]}]}");
    json_t *answer = world_ask(&w, "funnel", "{" WEEK ",'funnel':'either'}");
    assert_int_equal(world_int(answer, "result.steps.1.reached"), 4);
    json_decref(answer);
    world_close(&w);
}

/* Whatever is said to be a property can be asked about. */
static void knows_every_property(void **state)
{
    (void)state;
    struct world w;
    world_shop_open(&w, 1);
    for (size_t i = 0; rule_property_names[i]; i++) {
        char request[200];
        snprintf(request, sizeof request, "{" WEEK ",'filter':[{'property':'%s','op':'exists'}]}",
                 rule_property_names[i]);
        json_decref(world_ask(&w, "goals", request));
    }
    world_close(&w);
}

/* Weekdays stand beside weekdays, and rates carry their difference. */
static void compares_with_the_week_before(void **state)
{
    (void)state;
    struct world w;
    world_shop_open(&w, 1);
    json_t *answer = world_ask(&w, "goals", "{" WEEK ",'compare':'previous'}");
    assert_string_equal(json_string_value(world_at(answer, "compare.range.from")), "2026-09-28");
    assert_string_equal(json_string_value(world_at(answer, "compare.range.to")), "2026-10-04");
    assert_int_equal(world_int(answer, "compare.result.goals.1.converted.n"), 1);
    assert_int_equal(world_int(answer, "compare.result.goals.1.converted.of"), 2);
    /* 3 of 7 less 1 of 2. */
    double d = json_real_value(world_at(answer, "result.goals.1.converted.change.value"));
    assert_true(d > -0.0714286 && d < -0.0714285);
    json_decref(answer);

    /* A month of 30 days is compared with one 35 days earlier. */
    answer = world_ask(&w, "goals",
                       "{'range':{'from':'2026-09-12','to':'2026-10-11'},"
                       "'compare':'previous'}");
    assert_string_equal(json_string_value(world_at(answer, "compare.range.from")), "2026-08-08");
    assert_string_equal(json_string_value(world_at(answer, "compare.range.to")), "2026-09-06");
    json_decref(answer);
    world_close(&w);
}

/* A lead is whom the site says; without that there is no number. */
static void counts_leads(void **state)
{
    (void)state;
    struct world w;
    world_shop_open(&w, 1);
    json_t *answer = world_ask(&w, "goals", "{" WEEK ",'unit':'lead'}");
    assert_string_equal(json_string_value(world_at(answer, "result.goals.0.converted.status")),
                        "not_defined");
    json_decref(answer);
    json_t *patch = world_json("{'lead':{'goal':'cart'}}");
    OK(config_site_patch(w.config, w.site, patch, "test", err));
    json_decref(patch);
    answer = world_ask(&w, "goals", "{" WEEK ",'unit':'lead'}");
    assert_int_equal(world_int(answer, "result.units"), 3); /* Anna, Ben, Cora */
    assert_int_equal(world_int(answer, "result.goals.0.converted.n"), 2);
    json_decref(answer);
    world_close(&w);
}

static void shows_one_journey(void **state)
{
    (void)state;
    struct world w;
    char request[80];
    world_shop_open(&w, 1);
    json_t *list = world_ask(&w, "visitors", "{" WEEK ",'goal':'purchase'}");
    /* Latest first: Anna on the 8th, Cora on the 6th. */
    assert_int_equal(world_int(list, "result.visitors.0.sessions"), 2);
    snprintf(request, sizeof request, "{'visitor':'%s'}",
             json_string_value(world_at(list, "result.visitors.0.visitor")));
    json_t *answer = world_ask(&w, "visitor", request);
    assert_int_equal(world_int(answer, "result.total"), 10); /* with the week before */
    assert_string_equal(json_string_value(world_at(answer, "result.id_kind")), "known");
    assert_string_equal(json_string_value(world_at(answer, "result.events.6.goals.0")), "purchase");
    assert_int_equal(json_array_size(world_at(answer, "result.sessions")), 3);
    json_decref(answer);
    json_decref(list);
    world_close(&w);
}

static void sees_the_last_half_hour(void **state)
{
    (void)state;
    struct world w;
    world_shop_open(&w, 1);
    w.clock.set_ms = INT64_C(1791584040000); /* 9 October, 22:14 UTC */
    json_t *answer = world_ask(&w, "realtime", "{}");
    assert_int_equal(world_int(answer, "result.events"), 2);
    assert_int_equal(world_int(answer, "result.visitors_now"), 1);
    assert_int_equal(json_array_size(world_at(answer, "result.series.points")), 30);
    assert_string_equal(json_string_value(world_at(answer, "result.feed.0.name")), "file_download");
    json_decref(answer);
    world_close(&w);
}

static bool always(void *arg)
{
    (void)arg;
    return true;
}

static void stops_when_the_client_is_gone(void **state)
{
    (void)state;
    struct world w;
    struct err err = {0};
    world_shop_open(&w, 1);
    w.x.cancelled = always;
    assert_null(world_try(&w, "goals", "{" WEEK "}", &err));
    assert_int_equal(err.code, ERR_CANCELLED);
    world_close(&w);
}

/* The arena's cap is the out-of-memory test: each try but the last ends in ERR_NOMEM. */
static void ends_cleanly_without_memory(void **state)
{
    (void)state;
    static const char *const questions[][2] = {
        {"goals", "{" WEEK ",'breakdown':'device'}"},
        {"funnel", "{" WEEK ",'funnel':'shop','breakdown':'device'}"},
        {"breakdown", "{" WEEK ",'dimension':'path'}"},
    };
    struct world w;
    world_shop_open(&w, 1);
    for (size_t i = 0; i < 3; i++) {
        json_t *request = world_json(questions[i][1]);
        for (size_t cap = 0;; cap = cap * 5 / 4 + 64) {
            struct arena a;
            struct err err = {0};
            json_t *answer = NULL;
            arena_init(&a, cap);
            err_code rc = report_run(&w.x, w.site, questions[i][0], request, &a, &answer, &err);
            arena_free(&a);
            json_decref(answer);
            if (rc == ERR_OK) break;
            if (rc != ERR_NOMEM) fail_msg("cap %zu: %s", cap, err.msg);
        }
        json_decref(request);
    }
    world_close(&w);
}

static void writes_tables(void **state)
{
    (void)state;
    static const struct {
        const char *report, *request, *csv;
    } tables[] = {
        {"breakdown", "{" WEEK ",'dimension':'device'}",
         "value,visitors,sessions,views,hits\r\ndesktop,4,5,8,14\r\nmobile,3,4,8,11\r\n"},
        {"goals", "{'range':{'from':'2026-10-06','to':'2026-10-06'},'unit':'visitor'}",
         "key,name,class,hits,conversions,converted_n,converted_of,converted_ci,converted_status,"
         "converted_why,converted_ci_lo,converted_ci_hi,value_minor,value_currency,value_status,"
         "value_why\r\n"},
    };
    struct world w;
    world_shop_open(&w, 1);
    for (size_t i = 0; i < 1; i++) {
        struct buf out = {0};
        json_t *answer = world_ask(&w, tables[i].report, tables[i].request);
        OK(report_csv(answer, &out, err));
        buf_char(&out, 0);
        assert_string_equal(out.p, tables[i].csv);
        buf_free(&out);
        json_decref(answer);
    }
    /* What visitors sent must not run in a spreadsheet, and what has commas stays one cell. */
    json_t *answer =
        world_json("{'result':{'rows':[{'value':'=1+2','n':-3},{'value':'a,b','n':null},"
                   "{'value':null,'of':{'n':1,'of':2,'ci':[0.5,1.0]}}]}}");
    struct buf out = {0};
    OK(report_csv(answer, &out, err));
    buf_char(&out, 0);
    assert_string_equal(out.p, "value,n,of_n,of_of,of_ci_lo,of_ci_hi\r\n\"'=1+2\",-3,,,,\r\n"
                               "\"a,b\",,,,,\r\n,,1,2,0.5,1.0\r\n");
    buf_free(&out);
    json_decref(answer);
    world_close(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_what_a_reader_counts),
        cmocka_unit_test(refuses_by_name_and_field),
        cmocka_unit_test(answers_alike_on_any_threads),
        cmocka_unit_test(keeps_funnels_of_goals),
        cmocka_unit_test(knows_every_property),
        cmocka_unit_test(groups_are_what_a_filter_leaves),
        cmocka_unit_test(compares_with_the_week_before),
        cmocka_unit_test(counts_leads),
        cmocka_unit_test(shows_one_journey),
        cmocka_unit_test(sees_the_last_half_hour),
        cmocka_unit_test(stops_when_the_client_is_gone),
        cmocka_unit_test(ends_cleanly_without_memory),
        cmocka_unit_test(writes_tables),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
