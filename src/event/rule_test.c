/* rule_test.c: JSON to rules: what is read, what is refused, under which name and at which field.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/bytes.h"
#include "event/rule.h"

/* A rule in words, so that a case is one readable line. */
static void print_text(struct buf *b, const char *name, struct str s)
{
    if (s.n) buf_printf(b, " %s=%.*s", name, STR_FMT(s));
}

static void print_rule(struct buf *b, const struct rule *r)
{
    static const char *const types[RULE_N] = {
        "destination", "event",   "duration",   "pages", "engaged", "scroll",  "form",
        "download",    "outlink", "search",     "media", "click",   "visible", "sequence",
        "value",       "returns", "conditions", "any",   "all"};
    static const char *const how[] = {"exact", "begins", "contains", "regex", "glob"};
    static const char *const ops[OP_N] = {"is",   "is_not", "contains", "not_contains", "begins",
                                          "ends", "regex",  "exists",   "gt",           "gte",
                                          "lt",   "lte",    "in"};
    buf_printf(b, "%s", types[r->type]);
    if (r->path.n) buf_printf(b, " %s %.*s", how[r->how], STR_FMT(r->path));
    print_text(b, "host", r->host);
    print_text(b, "name", r->name);
    print_text(b, "form", r->form);
    print_text(b, "stage", r->stage);
    print_text(b, "extension", r->extension);
    print_text(b, "selector", r->selector);
    print_text(b, "text", r->text);
    print_text(b, "href", r->href);
    if (r->at_least > 0) buf_printf(b, " >= %g", r->at_least);
    if (r->within_ms > 0) buf_printf(b, " within %lld", (long long)r->within_ms);
    for (size_t i = 0; i < r->n_where; i++) {
        const struct condition *c = &r->where[i];
        buf_printf(b, " [%.*s %s", STR_FMT(c->property), ops[c->op]);
        for (size_t k = 0; k < c->n_values; k++) buf_printf(b, " %.*s", STR_FMT(c->values[k]));
        if (c->op >= OP_GT && c->op <= OP_LTE) buf_printf(b, " = %g", c->number);
        buf_z(b, "]");
    }
    for (size_t i = 0; i < r->n_children; i++) {
        buf_z(b, " (");
        print_rule(b, &r->children[i]);
        buf_z(b, ")");
    }
}

/* Reads with quotes written as ', which JSON never needs here. */
static json_t *json_of(const char *text)
{
    char copy[4096];
    snprintf(copy, sizeof copy, "%s", text);
    for (char *p = copy; *p; p++)
        if (*p == '\'') *p = '"';
    json_error_t e;
    json_t *j = json_loads(copy, JSON_DECODE_ANY, &e);
    if (!j) fail_msg("%s: %s", text, e.text);
    return j;
}

enum form { RULE, STEP };
static const struct {
    enum form form;
    const char *json, *read;
} good[] = {
    {RULE, "{'type':'destination','path':'/thanks'}", "destination exact /thanks"},
    {RULE, "{'type':'destination','match':'begins','path':'/p/','host':'shop.example'}",
     "destination begins /p/ host=shop.example"},
    {RULE, "{'type':'destination','match':'regex','path':'^/p/[0-9]+$'}",
     "destination regex ^/p/[0-9]+$"},
    {RULE,
     "{'type':'event','name':'add_to_cart','where':[{'property':'items.price','op':'gte','value':"
     "10}]}",
     "event name=add_to_cart [items.price gte 10 = 10]"},
    {RULE, "{'type':'event','name':'x','where':[]}", "event name=x"},
    {RULE, "{'type':'duration','at_least_s':120}", "duration >= 120"},
    {RULE, "{'type':'pages','at_least':3}", "pages >= 3"},
    {RULE, "{'type':'engaged','at_least_s':30.5}", "engaged >= 30.5"},
    {RULE, "{'type':'scroll','at_least':75,'path':'/blog/*','match':'glob'}",
     "scroll glob /blog/* >= 75"},
    {RULE, "{'type':'click','selector':'#buy'}", "click selector=#buy"},
    {RULE, "{'type':'visible','selector':'.price'}", "visible selector=.price"},
    {RULE, "{'type':'form','form':'signup','stage':'submit'}", "form form=signup stage=submit"},
    {RULE, "{'type':'form','stage':'start'}", "form stage=start"},
    {RULE, "{'type':'download'}", "download"},
    {RULE, "{'type':'download','extension':'pdf'}", "download extension=pdf"},
    {RULE, "{'type':'outlink','host':'example.org'}", "outlink host=example.org"},
    {RULE, "{'type':'search'}", "search"},
    {RULE, "{'type':'media','stage':'complete'}", "media stage=complete"},
    {RULE, "{'type':'value','at_least':99.5}", "value >= 99.5"},
    {RULE, "{'type':'returns','within_days':7}", "returns within 604800000"},
    {RULE,
     "{'type':'sequence','within_s':60,'steps':[{'type':'event','name':'a'},{'type':'pages','at_"
     "least':2}]}",
     "sequence within 60000 (event name=a) (pages >= 2)"},
    {RULE,
     "{'any':[{'type':'search'},{'all':[{'type':'event','name':'a'},{'property':'device','op':'is',"
     "'value':'mobile'}]}]}",
     "any (search) (all (event name=a) (conditions [device is mobile]))"},
    {RULE, "{'type':'any','any':[{'type':'search'}]}", "any (search)"},
    {RULE, "{'property':'country','op':'in','value':['DE','AT']}", "conditions [country in DE AT]"},
    {RULE,
     "{'where':[{'property':'props.size','op':'exists'},{'property':'value','op':'lt','value':'12."
     "50'}]}",
     "conditions [props.size exists] [value lt 12.50 = 12.5]"},
    {RULE, "{'property':'props.a.b','op':'is_not','value':true}",
     "conditions [props.a.b is_not true]"},
    {RULE, "{'property':'props.n','op':'is','value':10.0}", "conditions [props.n is 10]"},
    {RULE, "{'property':'props.n','op':'is','value':0.1}", "conditions [props.n is 0.1]"},
    {RULE, "{'property':'channel','op':'is','value':''}", "conditions [channel is ]"},
    {STEP, "{'event':'pageview'}", "event name=pageview"},
    {STEP,
     "{'event':'a','where':[{'property':'path','op':'ends','value':'.html'}],'optional':true}",
     "event name=a [path ends .html]"},
    {STEP, "{'page':'/cart*','max_gap_s':60,'label':'Cart'}", "destination glob /cart*"},
    {STEP, "{'rule':{'type':'search'}}", "search"},
    {STEP, "{'any':[{'event':'a'},{'page':'/b'},{'rule':{'type':'search'}},{'type':'download'}]}",
     "any (event name=a) (destination glob /b) (search) (download)"},
    {STEP, "{'type':'pages','at_least':2,'optional':true}", "pages >= 2"},
};

static void reads_every_form(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        struct arena a;
        struct err err = {0};
        struct rule r;
        struct buf b = {0};
        json_t *j = json_of(good[i].json);
        arena_init(&a, 1 << 20);
        err_code rc = good[i].form == STEP ? rule_from_step_json(j, "s", &a, &r, &err)
                                           : rule_from_json(j, "rule", &a, &r, &err);
        if (rc != ERR_OK) fail_msg("%s: %s %s %s", good[i].json, err.name, err.field, err.msg);
        print_rule(&b, &r);
        buf_char(&b, 0);
        assert_string_equal(b.p, good[i].read);
        buf_free(&b);
        arena_free(&a);
        json_decref(j);
    }
}

static const struct {
    enum form form;
    const char *json, *name, *field;
} refused[] = {
    {RULE, "7", "bad_rule", "rule"},
    {RULE, "{}", "missing_field", "rule.type"},
    {RULE, "{'type':'teleport'}", "unknown_rule_type", "rule.type"},
    {RULE, "{'type':1}", "unknown_rule_type", "rule.type"},
    {RULE, "{'type':'event'}", "missing_field", "rule.name"},
    {RULE, "{'type':'event','name':''}", "bad_rule", "rule.name"},
    {RULE, "{'type':'event','name':5}", "bad_rule", "rule.name"},
    {RULE, "{'type':'event','name':'a','wehre':[]}", "bad_rule", "rule.wehre"},
    {RULE, "{'type':'event','name':'a','name where':[]}", "bad_rule", "rule.name where"},
    {RULE, "{'type':'event','name':'a','where':{}}", "bad_rule", "rule.where"},
    {RULE,
     "{'type':'event','name':'a','where':[{'property':'path','op':'is','value':'/"
     "'},{'property':'path','op':'like','value':'x'}]}",
     "unknown_operator", "rule.where[1].op"},
    {RULE, "{'type':'event','name':'a','where':[{'property':'colour','op':'is','value':'x'}]}",
     "unknown_property", "rule.where[0].property"},
    {RULE, "{'property':'props.','op':'exists'}", "unknown_property", "rule.property"},
    {RULE, "{'property':'id','op':'exists'}", "unknown_property", "rule.property"},
    {RULE, "{'property':'path','value':'/'}", "missing_field", "rule.op"},
    {RULE, "{'property':'path','op':'is'}", "missing_field", "rule.value"},
    {RULE, "{'property':'path','op':'is','value':['/']}", "bad_rule", "rule.value"},
    {RULE, "{'property':'path','op':'is','value':null}", "bad_rule", "rule.value"},
    {RULE, "{'property':'path','op':'in','value':'/'}", "bad_rule", "rule.value"},
    {RULE, "{'property':'path','op':'in','value':['/',{}]}", "bad_rule", "rule.value[1]"},
    {RULE, "{'property':'path','op':'exists','value':false}", "bad_rule", "rule.value"},
    {RULE, "{'property':'value','op':'gt','value':'ten'}", "bad_rule", "rule.value"},
    {RULE, "{'property':'path','op':'regex','value':'(a'}", "bad_regex", "rule.value"},
    {RULE, "{'property':'path','op':'is','value':'/','on':'session'}", "bad_rule", "rule.on"},
    {RULE, "{'type':'destination'}", "missing_field", "rule.path"},
    {RULE, "{'type':'destination','path':'[','match':'regex'}", "bad_regex", "rule.path"},
    {RULE, "{'type':'destination','path':'/','match':'like'}", "bad_rule", "rule.match"},
    {RULE, "{'type':'duration'}", "missing_field", "rule.at_least_s"},
    {RULE, "{'type':'duration','at_least_s':'10'}", "bad_rule", "rule.at_least_s"},
    {RULE, "{'type':'duration','at_least_s':-1}", "bad_rule", "rule.at_least_s"},
    {RULE, "{'type':'pages','at_least':0}", "bad_rule", "rule.at_least"},
    {RULE, "{'type':'pages','at_least':1.5}", "bad_rule", "rule.at_least"},
    {RULE, "{'type':'scroll','at_least':101}", "bad_rule", "rule.at_least"},
    {RULE, "{'type':'form','form':'a'}", "missing_field", "rule.stage"},
    {RULE, "{'type':'form','stage':'complete'}", "bad_rule", "rule.stage"},
    {RULE, "{'type':'click'}", "missing_field", "rule.selector"},
    {RULE, "{'type':'returns','within_days':0}", "bad_rule", "rule.within_days"},
    {RULE, "{'any':[]}", "bad_rule", "rule.any"},
    {RULE, "{'any':{}}", "bad_rule", "rule.any"},
    {RULE, "{'all':[{'type':'search'},{'type':'event'}]}", "missing_field", "rule.all[1].name"},
    {RULE, "{'all':[{'type':'pages','at_least':2}]}", "bad_rule", "rule.all[0]"},
    {RULE, "{'any':[{'all':[{'type':'returns','within_days':2}]}]}", "bad_rule",
     "rule.any[0].all[0]"},
    {RULE, "{'type':'sequence','within_s':9,'steps':[{'type':'search'}]}", "bad_rule",
     "rule.steps"},
    {RULE, "{'type':'sequence','steps':[{'type':'search'},{'type':'search'}]}", "missing_field",
     "rule.within_s"},
    {RULE, "{'event':'a'}", "missing_field", "rule.type"},
    {RULE, "{'where':[]}", "bad_rule", "rule.where"},
    {STEP, "{'event':'a','window':1}", "bad_rule", "s.window"},
    {STEP, "{'page':''}", "bad_rule", "s.page"},
    {STEP, "{'rule':{'event':'a'}}", "missing_field", "s.rule.type"},
    {STEP, "{'goal':'cart'}", "missing_field", "s.type"},
};

static void refuses_by_name_and_field(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        struct arena a;
        struct err err = {0};
        struct rule r;
        json_t *j = json_of(refused[i].json);
        arena_init(&a, 1 << 20);
        err_code rc = refused[i].form == STEP ? rule_from_step_json(j, "s", &a, &r, &err)
                                              : rule_from_json(j, "rule", &a, &r, &err);
        if (rc != ERR_INVALID || strcmp(err.name, refused[i].name) != 0 ||
            strcmp(err.field, refused[i].field) != 0)
            fail_msg("%s: code %d, %s at %s: %s", refused[i].json, rc, err.name, err.field,
                     err.msg);
        assert_true(err.msg[0] != 0);
        arena_free(&a);
        json_decref(j);
    }
}

static json_t *nested(int depth)
{
    json_t *j = json_of("{'type':'search'}");
    for (int i = 1; i < depth; i++) j = json_pack("{s:[o]}", "any", j);
    return j;
}

static json_t *list_of(const char *key, const char *item, size_t n)
{
    json_t *list = json_array();
    for (size_t i = 0; i < n; i++) json_array_append_new(list, json_of(item));
    return json_pack("{s:o}", key, list);
}

static json_t *regex_of(size_t n)
{
    char text[2000];
    memset(text, 'a', n);
    return json_pack("{s:s,s:s,s:s%}", "property", "path", "op", "regex", "value", text, n);
}

static json_t *in_of(size_t n)
{
    json_t *j = list_of("value", "'x'", n);
    json_object_set_new(j, "property", json_string("path"));
    json_object_set_new(j, "op", json_string("in"));
    return j;
}

/* Each limit at its value and one past it. */
static void holds_its_limits(void **state)
{
    (void)state;
    const char *condition = "{'property':'path','op':'is','value':'/'}";
    struct {
        const char *what;
        json_t *at, *past;
    } limits[] = {
        {"depth", nested(RULE_MAX_DEPTH), nested(RULE_MAX_DEPTH + 1)},
        {"children", list_of("any", "{'type':'search'}", RULE_MAX_CHILDREN),
         list_of("any", "{'type':'search'}", RULE_MAX_CHILDREN + 1)},
        {"conditions", list_of("where", condition, RULE_MAX_CONDITIONS),
         list_of("where", condition, RULE_MAX_CONDITIONS + 1)},
        {"regex", regex_of(RULE_MAX_REGEX), regex_of(RULE_MAX_REGEX + 1)},
        {"values", in_of(RULE_MAX_VALUES), in_of(RULE_MAX_VALUES + 1)},
    };
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
        struct arena a;
        struct err err = {0};
        struct rule r;
        arena_init(&a, 1 << 20);
        if (rule_from_json(limits[i].at, "", &a, &r, &err) != ERR_OK)
            fail_msg("%s: %s", limits[i].what, err.msg);
        if (rule_from_json(limits[i].past, "", &a, &r, &err) != ERR_INVALID)
            fail_msg("%s: one past the limit was taken", limits[i].what);
        arena_free(&a);
        json_decref(limits[i].at);
        json_decref(limits[i].past);
    }
}

/* The arena's cap is the out-of-memory test: each try but the last ends in ERR_NOMEM. */
static void ends_cleanly_without_memory(void **state)
{
    (void)state;
    json_t *j = json_of(good[21].json);
    size_t cap = 0;
    for (;; cap += 16) {
        struct arena a;
        struct err err = {0};
        struct rule r;
        arena_init(&a, cap);
        err_code rc = rule_from_json(j, "rule", &a, &r, &err);
        arena_free(&a);
        if (rc == ERR_OK) break;
        assert_int_equal(rc, ERR_NOMEM);
        assert_true(cap < 100000);
    }
    assert_true(cap > 100);
    json_decref(j);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_every_form),
        cmocka_unit_test(refuses_by_name_and_field),
        cmocka_unit_test(holds_its_limits),
        cmocka_unit_test(ends_cleanly_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
