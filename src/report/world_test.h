/* world_test.h: a site with goals and journeys, for the tests of reports: real configuration, real
 * index, real threads; only the clock is set by hand. */
#ifndef CAIRN_REPORT_WORLD_TEST_H
#define CAIRN_REPORT_WORLD_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <unistd.h>

#include "event/currency.h"
#include "report/report.h"

struct world {
    char dir[64];
    struct clock clock;
    struct config *config;
    struct index *index;
    struct pool *pool;
    uint32_t site;
    uint64_t seq;
    struct report_context x;
};

#define OK(call)                                                                                   \
    do {                                                                                           \
        struct err e_ = {0};                                                                       \
        struct err *err = &e_;                                                                     \
        if ((call) != ERR_OK) fail_msg("%s: %s %s: %s", #call, e_.name, e_.field, e_.msg);         \
    } while (0)

/* JSON with ' for ", so that it can be read in a C string. */
static inline json_t *world_json(const char *text)
{
    char *copy = strdup(text);
    json_error_t e;
    for (char *p = copy; *p; p++)
        if (*p == '\'') *p = '"';
    json_t *j = json_loads(copy, 0, &e);
    if (!j) fail_msg("%s: %s", text, e.text);
    free(copy);
    return j;
}

static inline void world_open(struct world *w, int64_t now_ms, size_t threads)
{
    char where[96], journeys[96];
    *w = (struct world){.clock = clock_fixed(now_ms)};
    snprintf(w->dir, sizeof w->dir, "/tmp/cairn-report-XXXXXX");
    assert_non_null(mkdtemp(w->dir));
    snprintf(where, sizeof where, "%s/config.db", w->dir);
    snprintf(journeys, sizeof journeys, "%s/journey", w->dir);
    const struct index_options options = {.dir = journeys};
    OK(config_open(where, &w->clock, &w->config, err));
    OK(index_open(&fs_real, &options, &w->index, err));
    OK(pool_open(threads, &w->pool, err));
    json_t *site = world_json("{'key':'shop','domain':'shop.example','timezone':'Europe/Berlin',"
                              "'currency':'EUR'}");
    OK(config_site_add(w->config, site, "test", &w->site, err));
    json_decref(site);
    w->x = (struct report_context){
        .config = w->config, .index = w->index, .pool = w->pool, .clock = &w->clock};
}

static inline void world_close(struct world *w)
{
    char command[128];
    pool_close(w->pool);
    index_close(w->index);
    config_close(w->config);
    snprintf(command, sizeof command, "rm -rf '%s'", w->dir);
    assert_int_equal(system(command), 0);
}

static inline void world_thing(struct world *w, const char *kind, const char *doc)
{
    json_t *j = world_json(doc), *made = NULL;
    OK(config_add(w->config, w->site, kind, j, "test", &made, err));
    json_decref(made);
    json_decref(j);
}

static inline void world_event(struct world *w, struct event *e)
{
    e->seq = ++w->seq;
    e->site = w->site;
    e->received_at_ms = e->at_ms;
    e->kind = event_kind_of(e->text[TEXT_NAME]);
    OK(index_add(w->index, e, err));
}

static inline void world_publish(struct world *w)
{
    OK(index_publish(w->index, w->seq, w->clock.set_ms, err));
}

/* The answer, or NULL with `err` filled. */
static inline json_t *world_try(struct world *w, const char *report, const char *request,
                                struct err *err)
{
    struct arena a;
    json_t *j = world_json(request), *answer = NULL;
    arena_init(&a, 64 << 20);
    err_code rc = report_run(&w->x, w->site, report, j, &a, &answer, err);
    assert_true((rc == ERR_OK) == (answer != NULL));
    arena_free(&a);
    json_decref(j);
    return answer;
}

static inline json_t *world_ask(struct world *w, const char *report, const char *request)
{
    struct err err = {0};
    json_t *answer = world_try(w, report, request, &err);
    if (!answer) fail_msg("%s %s: %s %s: %s", report, request, err.name, err.field, err.msg);
    return answer;
}

/* What stands at a path such as "result.goals.0.converted.n"; NULL when nothing does. */
static inline const json_t *world_at(const json_t *j, const char *path)
{
    struct str rest = str_of(path);
    while (rest.n > 0 && j) {
        struct str key = str_cut(rest, '.', &rest);
        uint64_t i = 0;
        for (size_t k = 0; k < key.n; k++) i = i * 10 + (uint64_t)(key.p[k] - '0');
        j = json_is_array(j) ? json_array_get(j, (size_t)i) : json_object_getn(j, key.p, key.n);
    }
    return j;
}

static inline int64_t world_int(const json_t *j, const char *path)
{
    const json_t *v = world_at(j, path);
    if (!json_is_integer(v)) fail_msg("there is no whole number at %s", path);
    return json_integer_value(v);
}

/* Each group of a breakdown is what a filter on events for its value leaves: two ways to one
 * number. */
static inline void world_check_groups(struct world *w, const char *report, const char *range,
                                      const char *dimension, size_t limit)
{
    char request[400];
    snprintf(request, sizeof request, "{%s,'breakdown':'%s','limit':%zu}", range, dimension, limit);
    json_t *answer = world_ask(w, report, request);
    const json_t *groups = world_at(answer, "result.groups");
    assert_true(json_array_size(groups) > 1);
    for (size_t i = 0; i < json_array_size(groups); i++) {
        json_t *group = json_array_get(groups, i);
        const char *value = json_string_value(json_object_get(group, "value"));
        if (!value || strcmp(value, "(other)") == 0) continue;
        snprintf(request, sizeof request,
                 "{%s,'filter':[{'property':'%s','op':'is','value':'%s','on':'event'}]}", range,
                 dimension, value);
        json_t *alone = world_ask(w, report, request);
        json_t *result = json_object_get(alone, "result");
        json_object_set(result, "value", json_object_get(group, "value"));
        if (!json_equal(result, group)) {
            char *a = json_dumps(group, REPORT_JSON_FLAGS),
                 *b = json_dumps(result, REPORT_JSON_FLAGS);
            fail_msg("%s by %s, %s:\n%s\nbut with a filter\n%s", report, dimension, value, a, b);
        }
        json_decref(alone);
    }
    json_decref(answer);
}

/* --- a week in a small shop ---
 * One line an event: who,
 * day and time (UTC, October 2026), name, path, and what else is known: s= source, d= device, c=
 * country, v= value in EUR, p= a key of props (size), e= engaged seconds, % scroll, i= price of an
 * item.  The site is in Europe/Berlin, two hours ahead until the 25th. A name in capitals is a
 * known visitor, others live for a day. */
static const char *const world_shop[] = {
    /* Anna buys on Monday and again on Thursday: two sessions, two orders. */
    "ANNA  05 09:00 pageview      /         s=google d=desktop c=DE",
    "ANNA  05 09:01 pageview      /p/1      d=desktop c=DE",
    "ANNA  05 09:02 add_to_cart   /p/1      d=desktop c=DE i=12.50",
    "ANNA  05 09:03 pageview      /cart     d=desktop c=DE",
    "ANNA  05 09:05 purchase      /thanks   d=desktop c=DE v=12.50",
    "ANNA  08 17:00 pageview      /p/2      d=desktop c=DE",
    "ANNA  08 17:01 add_to_cart   /p/2      d=desktop c=DE i=30",
    "ANNA  08 17:02 purchase      /thanks   d=desktop c=DE v=30",
    /* Ben fills the cart on his phone, looks at the delivery page, and leaves. */
    "ben   05 10:00 pageview      /         s=google d=mobile c=DE",
    "ben   05 10:01 pageview      /p/1      d=mobile c=DE",
    "ben   05 10:02 add_to_cart   /p/1      d=mobile c=DE i=12.50 p=XL",
    "ben   05 10:04 pageview      /delivery d=mobile c=DE",
    /* Cora comes twice on one day: 31 minutes later is another session. */
    "cora  06 08:00 pageview      /         s=news.example d=mobile c=AT",
    "cora  06 08:10 pageview      /p/1      d=mobile c=AT",
    "cora  06 08:41 pageview      /p/1      d=mobile c=AT",
    "cora  06 08:42 add_to_cart   /p/1      d=mobile c=AT i=12.50",
    "cora  06 08:43 pageview      /cart     d=mobile c=AT",
    "cora  06 08:50 purchase      /thanks   d=mobile c=AT v=12.50",
    /* Dora and Emil bounce; Finn too, but stays for half a minute. */
    "dora  06 12:00 pageview      /         d=mobile c=DE",
    "emil  07 12:00 pageview      /blog     s=news.example d=desktop c=CH",
    "finn  07 13:00 pageview      /blog     s=news.example d=desktop c=CH",
    "finn  07 13:01 engagement    /blog     d=desktop c=CH e=30 %=80",
    /* 23:30 in Berlin on Friday, 00:10 on Saturday: one session, counted on Friday. */
    "gina  09 21:30 pageview      /         d=desktop c=DE",
    "gina  09 21:50 pageview      /p/2      d=desktop c=DE",
    "gina  09 22:10 file_download /p/2      d=desktop c=DE p=pdf",
    /* Outside of the week: 00:10 in Berlin on Monday the 12th. */
    "hugo  11 22:10 pageview      /         d=desktop c=DE",
    /* The week before, for comparison (day 0 is 30 September). */
    "ANNA  00 09:00 pageview      /         s=google d=desktop c=DE",
    "ANNA  00 09:05 pageview      /p/1      d=desktop c=DE",
    "ivan  01 10:00 pageview      /         d=mobile c=DE",
    "ivan  01 10:01 add_to_cart   /p/1      d=mobile c=DE i=12.50",
};

static inline void world_line(struct world *w, const char *line)
{
    char who[16], name[32], path[32], rest[96] = "", props[96] = "", items[96] = "";
    int day, hour, minute, used = 0;
    if (sscanf(line, "%15s %d %d:%d %31s %31s %n", who, &day, &hour, &minute, name, path, &used) <
        6)
        fail_msg("%s: not an event", line);
    snprintf(rest, sizeof rest, "%s", line + used);
    struct event e = {.visitor = hash_fast(str_of(who)), .origin = ORIGIN_BROWSER};
    e.id_kind = who[0] < 'a' ? ID_KNOWN : ID_DAY;
    /* 2026-10-01T00:00Z is 1790812800 s. */
    e.at_ms = (INT64_C(1790812800) + (day - 1) * 86400 + hour * 3600 + minute * 60) * 1000;
    e.text[TEXT_NAME] = str_of(name);
    e.text[TEXT_PATH] = str_of(path);
    e.text[TEXT_HOST] = STR("shop.example");
    char *save = NULL;
    for (char *f = strtok_r(rest, " ", &save); f; f = strtok_r(NULL, " ", &save)) {
        struct str v = str_of(f + 2);
        double x = 0;
        (void)str_to_double(v, &x);
        switch (f[0]) {
        case 's': e.text[TEXT_SOURCE] = v; break;
        case 'd': e.text[TEXT_DEVICE] = v; break;
        case 'c': e.text[TEXT_COUNTRY] = v; break;
        case 'e': e.engaged_ms = (uint32_t)(x * 1000); break;
        case '%': e.scroll_percent = (uint8_t)x; break;
        case 'p':
            snprintf(props, sizeof props, "{\"%s\":\"%s\"}",
                     str_is(e.text[TEXT_NAME], "file_download") ? "extension" : "size", f + 2);
            e.text[TEXT_PROPS] = str_of(props);
            break;
        case 'i':
            snprintf(items, sizeof items, "[{\"item_id\":\"SKU\",\"price\":%s}]", f + 2);
            e.text[TEXT_ITEMS] = str_of(items);
            break;
        case 'v':
            e.has_value = true;
            e.text[TEXT_CURRENCY] = STR("EUR");
            assert_true(currency_minor(STR("EUR"), x, &e.value_minor));
            break;
        default: fail_msg("%s: what is %s?", line, f);
        }
    }
    world_event(w, &e);
}

static inline void world_shop_open(struct world *w, size_t threads)
{
    /* 12 October 2026, 12:00 in Berlin. */
    world_open(w, INT64_C(1791799200000), threads);
    world_thing(w, "goals",
                "{'key':'purchase','name':'Bought','class':'macro','count':'every',"
                "'rule':{'type':'event','name':'purchase'},'value':{'from':'event'}}");
    world_thing(
        w, "goals",
        "{'key':'cart','name':'Added to cart','class':'milestone','count':'session',"
        "'rule':{'type':'event','name':'add_to_cart',"
        "'where':[{'property':'items.price','op':'gte','value':10}]},'value':{'fixed':1.5}}");
    world_thing(w, "goals",
                "{'key':'pdf','name':'Read the leaflet','class':'secondary','count':'visitor',"
                "'rule':{'type':'download','extension':'pdf'}}");
    world_thing(w, "goals",
                "{'key':'stayed','name':'Stayed two minutes','class':'secondary','count':'session',"
                "'rule':{'type':'duration','at_least_s':120}}");
    world_thing(w, "segments",
                "{'key':'phones','name':'On a phone',"
                "'rule':{'property':'device','op':'is','value':'mobile'},'on':'session'}");
    world_thing(w, "funnels",
                "{'key':'shop','name':'Shop','steps':[{'page':'/p/*'},{'goal':'cart'},"
                "{'goal':'purchase'}]}");
    for (size_t i = 0; i < sizeof world_shop / sizeof *world_shop; i++)
        world_line(w, world_shop[i]);
    world_publish(w);
}

#endif
