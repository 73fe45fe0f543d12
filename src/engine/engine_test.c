#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/fs_fault.h"
#include "base/log.h"
#include "engine/engine.h"

enum { SETTLE_MS = 20000 };

/* A data folder with one site, and the real parts at work on it. */
static struct world {
    char dir[64];
    struct fs_fault fault;
    struct engine e;
    uint32_t site;
    uint64_t rebuilt; /* what progress told last */
} w;

static void run(const char *format)
{
    char command[256];
    snprintf(command, sizeof command, format, w.dir);
    assert_int_equal(system(command), 0);
}

static void note_progress(void *arg, const char *what, uint64_t done, uint64_t total)
{
    (void)what;
    assert_true(done <= total);
    *(uint64_t *)arg = done;
}

static void open_engine(void)
{
    struct err err = {0};
    struct engine_options o = {.data_dir = w.dir,
                               .threads = 2,
                               .fs = &w.fault.fs,
                               .progress = note_progress,
                               .arg = &w.rebuilt};
    if (engine_open(&o, &w.e, &err)) fail_msg("%s", err.msg);
}

static int setup(void **state)
{
    (void)state;
    memset(&w, 0, sizeof w);
    snprintf(w.dir, sizeof w.dir, "/tmp/cairn-engine-XXXXXX");
    assert_non_null(mkdtemp(w.dir));
    fs_fault_init(&w.fault);
    open_engine();
    struct err err = {0};
    json_t *j = json_pack("{ss ss}", "key", "shop", "domain", "shop.example");
    if (config_site_add(w.e.config, j, "test", &w.site, &err)) fail_msg("%s", err.msg);
    json_decref(j);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    engine_close(&w.e);
    run("rm -rf '%s'");
    return 0;
}

static void restart(void)
{
    engine_close(&w.e);
    open_engine();
}

/* Sends events numbered first .. first + n - 1 in one request; the number is the id.  Returns how
 * many were new; whether they are on disk is in `*code`. */
static size_t send_some(size_t first, size_t n, err_code *code)
{
    struct arena a;
    struct buf body = {0};
    struct accept_result result;
    struct err err;
    const struct site_table *sites = config_sites(w.e.config);
    arena_init(&a, LIMIT_REQUEST_ARENA);
    buf_char(&body, '[');
    for (size_t i = first; i < first + n; i++)
        buf_printf(&body, "%s{\"name\":\"step\",\"id\":\"%zu\",\"visitor\":\"v%zu\"}",
                   i > first ? "," : "", i, i % 7);
    buf_char(&body, ']');
    struct accept_request r = {.body = buf_view(&body),
                               .site = site_by_id(sites, w.site),
                               .origin_kind = ORIGIN_SERVER,
                               .trusted = true,
                               .max_body = LIMIT_BATCH_BODY,
                               .protocol = "cairn"};
    accept_events(w.e.accept, &r, &a, &result);
    *code = result.status == 202 ? journal_sync(w.e.journal, &err) : ERR_IO;
    size_t accepted = result.accepted;
    if (result.status == 202) assert_int_equal(result.accepted + result.duplicates, n);
    config_sites_release(w.e.config, sites);
    buf_free(&body);
    arena_free(&a);
    return accepted;
}

static void send_new(size_t first, size_t n)
{
    err_code code;
    assert_int_equal(send_some(first, n, &code), n);
    assert_int_equal(code, ERR_OK);
}

/* Store and journeys have n events, once they had time. */
static void expect_events(uint64_t n)
{
    struct err err;
    struct store_counts counts;
    if (engine_settle(&w.e, SETTLE_MS, &err)) fail_msg("%s", err.msg);
    assert_int_equal(engine_store_lag(&w.e), 0);
    assert_int_equal(store_counts(w.e.store, w.site, &counts, &err), ERR_OK);
    assert_int_equal(counts.events, n);
    struct snapshot *s = index_snapshot(w.e.index, w.site);
    assert_int_equal(snapshot_events(s), n);
    snapshot_release(s);
}

static void events_reach_store_and_journeys(void **state)
{
    (void)state;
    expect_events(0);
    send_new(0, 1);
    expect_events(1);
    send_new(1, 9999);
    expect_events(10000);
    struct engine_stats s = engine_stats(&w.e);
    assert_int_equal(s.stored_seq, 10000);
    assert_int_equal(s.indexed_seq, 10000);
    assert_int_equal(s.store_failures + s.index_failures + s.refused, 0);
}

static void a_restart_changes_nothing(void **state)
{
    (void)state;
    err_code code;
    for (size_t round = 0; round < 3; round++) {
        send_new(round * 100, 100);
        restart();
        expect_events((round + 1) * 100);
        assert_int_equal(send_some(0, (round + 1) * 100, &code), 0); /* all known */
    }
}

static void ids_in_the_journal_alone_are_known(void **state)
{
    (void)state;
    err_code code;
    send_new(0, 500);
    expect_events(500);
    engine_close(&w.e);
    run("rm '%s'/events.duckdb"); /* the journal still has them all */
    open_engine();
    assert_int_equal(send_some(0, 500, &code), 0);
    expect_events(500);
}

static void deleted_journeys_are_made_again(void **state)
{
    (void)state;
    send_new(0, 3000);
    expect_events(3000);
    engine_close(&w.e);
    run("rm -rf '%s'/journey");
    open_engine();
    assert_int_equal(w.rebuilt, 3000);
    expect_events(3000);
    send_new(3000, 10);
    expect_events(3010);
}

static void a_lost_journal_does_not_reuse_numbers(void **state)
{
    (void)state;
    send_new(0, 20);
    expect_events(20);
    engine_close(&w.e);
    run("rm -rf '%s'/journal");
    open_engine();
    expect_events(20);
    send_new(20, 20);
    expect_events(40);
    restart();
    expect_events(40);
}

static void a_folder_has_one_process(void **state)
{
    (void)state;
    struct err err;
    struct engine other;
    char address[ENGINE_ADDRESS], secret[ENGINE_SECRET], said[ENGINE_SECRET];
    struct engine_options o = {.data_dir = w.dir};
    assert_int_equal(engine_open(&o, &other, &err), ERR_CONFLICT);
    assert_true(engine_server_address(w.dir, address, secret));
    assert_string_equal(address, "");
    assert_int_equal(engine_announce(&w.e, "http://127.0.0.1:8722", said, &err), ERR_OK);
    assert_true(engine_server_address(w.dir, address, secret));
    assert_string_equal(address, "http://127.0.0.1:8722");
    assert_string_equal(secret, said);
    assert_true(strlen(secret) >= 40);
    assert_int_equal(engine_open(&o, &other, &err), ERR_CONFLICT);
    assert_non_null(strstr(err.msg, "http://127.0.0.1:8722"));
    engine_close(&w.e);
    assert_false(engine_server_address(w.dir, address, secret));
    open_engine();
    assert_true(engine_server_address(w.dir, address, secret));
    assert_string_equal(address, "");
}

static void what_was_refused_can_be_sent_again(void **state)
{
    (void)state;
    static const struct {
        unsigned call;
        int error;
    } cases[] = {{FS_PWRITE, ENOSPC}, {FS_DATASYNC, EIO}};
    size_t sent = 0;
    for (size_t i = 0; i < 2; i++) {
        err_code code;
        send_new(sent, 10);
        sent += 10;
        fs_fault_arm(&w.fault, cases[i].call, 1, -1, cases[i].error);
        send_some(sent, 10, &code);
        assert_int_equal(code, ERR_IO);
        fs_fault_arm(&w.fault, 0, 0, 0, 0);
        while (journal_stats(w.e.journal).failed) usleep(10000); /* the engine recovers it */
        send_new(sent, 10);                                      /* new: it was not kept */
        sent += 10;
        expect_events(sent);
        assert_int_equal(engine_stats(&w.e).journal_recoveries, i + 1);
    }
    restart();
    expect_events(sent);
}

static void a_record_that_is_no_event_stops_nothing(void **state)
{
    (void)state;
    struct err err;
    struct str junk = STR("junk");
    uint64_t seq;
    send_new(0, 10);
    assert_int_equal(journal_append(w.e.journal, &junk, 1, &seq, &err), ERR_OK);
    /* Not UTF-8: the store refuses it, and only it. */
    struct event e = {.site = w.site, .visitor = 1, .at_ms = 1, .received_at_ms = 1};
    struct buf b = {0};
    e.text[TEXT_NAME] = STR("\xff");
    event_encode(&e, &b);
    struct str bad = buf_view(&b);
    assert_int_equal(journal_append(w.e.journal, &bad, 1, &seq, &err), ERR_OK);
    buf_free(&b);
    send_new(10, 10);
    assert_int_equal(engine_settle(&w.e, SETTLE_MS, &err), ERR_OK);
    struct store_counts counts;
    assert_int_equal(store_counts(w.e.store, w.site, &counts, &err), ERR_OK);
    assert_int_equal(counts.events, 20);
    assert_int_equal(engine_stats(&w.e).refused, 2);
}

static void the_watermark_moves_while_idle(void **state)
{
    (void)state;
    int64_t began = clock_now_ms(&clock_real), mark = 0;
    send_new(0, 1);
    while (mark < began) {
        struct snapshot *s = index_snapshot(w.e.index, w.site);
        mark = snapshot_watermark_ms(s);
        assert_true(mark <= clock_now_ms(&clock_real));
        if (mark >= began) assert_int_equal(snapshot_events(s), 1);
        snapshot_release(s);
        usleep(20000);
    }
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    log_set_level(LOG_ERROR + 1);
    const struct CMUnitTest tests[] = {
        TEST(events_reach_store_and_journeys),       TEST(a_restart_changes_nothing),
        TEST(ids_in_the_journal_alone_are_known),    TEST(deleted_journeys_are_made_again),
        TEST(a_lost_journal_does_not_reuse_numbers), TEST(a_folder_has_one_process),
        TEST(what_was_refused_can_be_sent_again),    TEST(a_record_that_is_no_event_stops_nothing),
        TEST(the_watermark_moves_while_idle),
    };
    return cmocka_run_group_tests_name("engine", tests, NULL, NULL);
}
