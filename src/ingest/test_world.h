/* test_world.h: what the tests of recording stand on: configuration, journal and recording, all
 * real but for the clock, on a folder of their own. */
#ifndef CAIRN_INGEST_TEST_WORLD_H
#define CAIRN_INGEST_TEST_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <unistd.h>

#include "base/fs_fault.h"
#include "ingest/accept.h"
#include "ingest/identity.h"

/* Saturday, 2026-10-31 12:00 UTC. */
enum { NOON_S = 1793448000 };
static const int64_t noon_ms = (int64_t)NOON_S * 1000;

static const char firefox[] =
    "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0";

static struct world {
    char dir[64];
    struct clock clock;
    struct config *config;
    struct fs_fault disk; /* the journal's */
    struct journal *journal;
    struct accept *accept;
    struct arena arena;
    struct accept_result result;
    struct buf answer;
    uint64_t next_seq; /* of the journal, that no test has looked at yet */
    struct journal_reader *reader;
    struct event event;
} w;

static inline void remove_tree(const char *dir)
{
    char command[256];
    snprintf(command, sizeof command, "rm -rf '%s'", dir);
    assert_int_equal(system(command), 0);
}

static void open_journal(void)
{
    char path[128];
    struct err err = {0};
    snprintf(path, sizeof path, "%s/journal", w.dir);
    if (journal_open(&w.disk.fs, path, NULL, &w.journal, &err)) fail_msg("%s", err.msg);
    if (journal_reader_open(w.journal, 1, &w.reader, &err)) fail_msg("%s", err.msg);
}

static void add_site(const char *json)
{
    struct err err = {0};
    uint32_t id;
    json_t *j = json_loads(json, 0, NULL);
    if (config_site_add(w.config, j, "test", &id, &err)) fail_msg("%s", err.msg);
    json_decref(j);
}

static void patch_site(uint32_t id, const char *json)
{
    struct err err = {0};
    json_t *j = json_loads(json, 0, NULL);
    if (config_site_patch(w.config, id, j, "test", &err)) fail_msg("%s", err.msg);
    json_decref(j);
}

static int open_world(void **state)
{
    (void)state;
    char path[128];
    struct err err = {0};
    memset(&w, 0, sizeof w);
    snprintf(w.dir, sizeof w.dir, "/tmp/cairn-accept-XXXXXX");
    assert_non_null(mkdtemp(w.dir));
    w.clock = clock_fixed(noon_ms);
    snprintf(path, sizeof path, "%s/config.db", w.dir);
    if (config_open(path, &w.clock, &w.config, &err)) fail_msg("%s", err.msg);
    add_site("{\"key\":\"demo\",\"domain\":\"shop.example\",\"timezone\":\"Europe/Berlin\","
             "\"currency\":\"EUR\"}");
    fs_fault_init(&w.disk);
    open_journal();
    struct accept_options o = {.data_dir = w.dir,
                               .country_db = "deps/vendor/geo/geo-whois-asn-country.mmdb"};
    if (accept_open(&o, w.config, w.journal, &w.clock, &w.accept, &err)) fail_msg("%s", err.msg);
    arena_init(&w.arena, LIMIT_REQUEST_ARENA);
    return 0;
}

static int close_world(void **state)
{
    (void)state;
    accept_close(w.accept);
    journal_reader_close(w.reader);
    journal_close(w.journal);
    config_close(w.config);
    arena_free(&w.arena);
    buf_free(&w.answer);
    remove_tree(w.dir);
    return 0;
}

/* A page of the shop in Firefox. */
static struct accept_request browser(struct str body)
{
    return (struct accept_request){
        .body = body,
        .ip = STR("203.0.113.7"),
        .user_agent = str_of(firefox),
        .accept_language = STR("de-DE,de;q=0.9"),
        .origin_kind = ORIGIN_BROWSER,
        .max_body = LIMIT_BODY,
    };
}

static inline const char *send_request(const struct accept_request *r)
{
    arena_reset(&w.arena);
    accept_events(w.accept, r, &w.arena, &w.result);
    buf_clear(&w.answer);
    accept_answer_json(&w.result, &w.answer);
    buf_char(&w.answer, 0);
    return w.answer.p;
}

static inline const char *post(const char *body)
{
    struct accept_request r = browser(str_of(body));
    return send_request(&r);
}

/* The next event from the journal; its texts are valid until the next call. */
static inline const struct event *next_event(void)
{
    struct err err = {0};
    struct str record;
    uint64_t seq;
    if (journal_sync(w.journal, &err)) fail_msg("%s", err.msg);
    if (journal_read(w.reader, 1000, &seq, &record, &err)) fail_msg("%s", err.msg);
    if (event_decode(record, &w.event, &err)) fail_msg("%s", err.msg);
    w.event.seq = seq;
    return &w.event;
}

static void assert_no_event(void)
{
    struct err err = {0};
    struct str record;
    uint64_t seq;
    assert_int_equal(journal_sync(w.journal, &err), ERR_OK);
    assert_int_equal(journal_read(w.reader, 0, &seq, &record, &err), ERR_NOT_FOUND);
}

static void assert_text(const struct event *e, enum event_text which, const char *expected)
{
    char got[4096];
    snprintf(got, sizeof got, "%.*s", STR_FMT(e->text[which]));
    assert_string_equal(got, expected);
}

#define ACCEPTED(n)     "{\"accepted\":" #n ",\"duplicates\":0,\"rejected\":[]}"
#define REFUSED(reject) "{\"accepted\":0,\"duplicates\":0,\"rejected\":[" reject "]}"
#define TEST(name)      cmocka_unit_test_setup_teardown(name, open_world, close_world)

#endif
