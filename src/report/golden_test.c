/* golden_test.c: whole answers about the shop of world_test.h, kept in tests/golden/ and shared
 * with the dashboard's tests.  GOLDEN=rewrite writes them anew: the difference is then to be
 * reviewed. */
#include "report/world_test.h"

#define WEEK "'range':{'from':'2026-10-05','to':'2026-10-11'}"

static const struct {
    const char *file, *report, *request;
} golden[] = {
    {"overview", "overview", "{" WEEK ",'compare':'previous'}"},
    {"overview-hours", "overview", "{'range':{'from':'2026-10-25','to':'2026-10-25'}}"},
    {"goals", "goals", "{" WEEK ",'unit':'session','compare':'previous'}"},
    {"goals-by-source", "goals", "{" WEEK ",'breakdown':'source'}"},
    {"goals-by-device", "goals",
     "{" WEEK ",'unit':'session','breakdown':'device','compare':'previous'}"},
    {"breakdown", "breakdown",
     "{" WEEK
     ",'dimension':'path','metrics':['visitors','sessions','views','hits','conversions:purchase'],"
     "'limit':4}"},
    {"funnel", "funnel", "{" WEEK ",'funnel':'shop'}"},
    {"funnel-by-device", "funnel", "{" WEEK ",'funnel':'shop','breakdown':'device'}"},
    {"funnel-open", "funnel",
     "{" WEEK ",'steps':[{'page':'/'},{'page':'/p/*'},{'goal':'cart'},{'goal':'purchase'}],"
     "'order':'open','window_s':null}"},
    {"funnel-optional", "funnel",
     "{" WEEK ",'steps':[{'page':'/p/*'},{'goal':'cart'},{'page':'/cart','optional':true},"
     "{'goal':'purchase'}],'window_s':86400,'exclude':[{'page':'/delivery','from':2,'to':4}]}"},
    {"visitors", "visitors", "{" WEEK ",'goal':'cart'}"},
    {"visitor", "visitor", "{'visitor':'ANNA'}"},
    {"realtime", "realtime", "{}"},
    {"values", "values", "{" WEEK ",'dimension':'path','contains':'p/'}"},
    {"properties", "properties", "{}"},
    {"goal_preview", "goal_preview",
     "{'range':{'from':'2026-10-05','to':'2026-10-07'},'rule':{'type':'destination','match':'"
     "begins',"
     "'path':'/p/'},'count':'visitor','value':{'fixed':0.5}}"},
};

static json_t *request_of(size_t i)
{
    json_t *request = world_json(golden[i].request);
    const char *name = json_string_value(json_object_get(request, "visitor"));
    char id[20];
    if (name) { /* a name of the shop: its id */
        snprintf(id, sizeof id, "%016llx", (unsigned long long)hash_fast(str_of(name)));
        json_object_set_new(request, "visitor", json_string(id));
    }
    return request;
}

static json_t *ask(struct world *w, size_t i)
{
    struct arena a;
    struct err err = {0};
    json_t *request = request_of(i), *answer = NULL;
    arena_init(&a, 64 << 20);
    if (report_run(&w->x, w->site, golden[i].report, request, &a, &answer, &err) != ERR_OK)
        fail_msg("%s: %s %s: %s", golden[i].file, err.name, err.field, err.msg);
    arena_free(&a);
    json_object_set_new(answer, "took_ms",
                        json_integer(0)); /* all else is the same on any machine */
    return json_pack("{s:s,s:o,s:o}", "report", golden[i].report, "request", request, "answer",
                     answer);
}

static void answers_as_kept(void **state)
{
    (void)state;
    const char *mode = getenv("GOLDEN");
    bool rewrite = mode && strcmp(mode, "rewrite") == 0;
    struct world w;
    world_shop_open(&w, 2);
    for (size_t i = 0; i < sizeof golden / sizeof *golden; i++) {
        char path[96];
        snprintf(path, sizeof path, "tests/golden/%s.json", golden[i].file);
        /* Realtime: Friday night, when Gina is there. */
        w.clock.set_ms = strcmp(golden[i].report, "realtime") == 0 ? INT64_C(1791584040000)
                                                                   : INT64_C(1791799200000);
        json_t *got = ask(&w, i);
        if (rewrite) {
            assert_int_equal(json_dump_file(got, path, JSON_INDENT(1) | JSON_REAL_PRECISION(17)),
                             0);
        } else {
            /* Through text, as a client reads it: 1 and 1.0 stay apart, doubles keep their bits. */
            json_error_t e;
            json_t *kept = json_load_file(path, 0, &e);
            char *text = json_dumps(got, REPORT_JSON_FLAGS);
            json_t *read = json_loads(text, 0, &e);
            if (!kept || !json_equal(kept, read))
                fail_msg("%s is not what it was: GOLDEN=rewrite shows the difference\n%s", path,
                         text);
            free(text);
            json_decref(read);
            json_decref(kept);
        }
        json_decref(got);
    }
    world_close(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(answers_as_kept)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
