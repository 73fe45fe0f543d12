#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ingest/identity.h"

enum { MINUTE_MS = 60 * 1000 };
/* 2026-11-01 00:00 in Berlin. */
static const int64_t midnight_ms = 1793487600000;

static char dir[64], salts[80];
static struct identity *x;
static struct site site;

static void open_salts(void)
{
    struct err err = {0};
    if (identity_open(salts, &x, &err)) fail_msg("%s", err.msg);
}

static int set_up(void **state)
{
    (void)state;
    snprintf(dir, sizeof dir, "/tmp/cairn-identity-XXXXXX");
    assert_non_null(mkdtemp(dir));
    snprintf(salts, sizeof salts, "%s/salts", dir);
    site = (struct site){.id = 1, .domain = STR("example.org"), .timezone = STR("Europe/Berlin")};
    for (int i = 0; i < HASH_KEY_BYTES; i++) site.id_key[i] = (unsigned char)i;
    open_salts();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    char command[128];
    identity_close(x);
    snprintf(command, sizeof command, "rm -rf '%s'", dir);
    return system(command);
}

static uint64_t visitor_at(int64_t now_ms, const char *ip)
{
    uint64_t v = 0;
    struct err err = {0};
    if (identity_day(x, &site, str_of(ip), STR("Firefox"), now_ms, &v, &err))
        fail_msg("%s", err.msg);
    return v;
}

static uint64_t past_visitor(int64_t at_ms, int64_t now_ms, bool import)
{
    uint64_t v = 0;
    struct err err = {0};
    if (identity_past_day(x, &site, STR("203.0.113.7"), STR("Firefox"), at_ms, now_ms, import, &v,
                          &err))
        fail_msg("%s", err.msg);
    return v;
}

static void vectors_of_the_method(void **state)
{
    (void)state;
    static const char agent[] =
        "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0";
    unsigned char key[HASH_KEY_BYTES];
    char message[15];
    for (int i = 0; i < HASH_KEY_BYTES; i++) key[i] = (unsigned char)i;
    for (int i = 0; i < 15; i++) message[i] = (char)i;
    assert_true(hash_sip(key, (struct str){message, 15}) == UINT64_C(0xa129ca6149be45e5));
    assert_true(identity_hash(key, STR("example.org"), STR("203.0.113.7"), str_of(agent)) ==
                UINT64_C(0x534f13a2c0a029eb));
}

static void what_of_an_address_counts(void **state)
{
    (void)state;
    const unsigned char *key = site.id_key;
#define HASH(ip) identity_hash(key, STR("d"), STR(ip), STR("a"))
    assert_true(HASH("2001:db8:1:2:3:4:5:6") ==
                HASH("2001:db8:1:2:ffff::1")); /* the first 8 bytes */
    assert_true(HASH("2001:db8:1:2::") != HASH("2001:db8:1:3::"));
    assert_true(HASH("::ffff:192.0.2.1") == HASH("192.0.2.1"));
    assert_true(HASH("192.0.2.1") != HASH("192.0.2.2"));
    assert_true(HASH("no address") == HASH(""));
#undef HASH
    /* Lengths are part of the message: nothing can move from one field to the next. */
    assert_true(identity_hash(key, STR("ab"), STR(""), STR("c")) !=
                identity_hash(key, STR("a"), STR(""), STR("bc")));
}

static void a_day_is_the_sites(void **state)
{
    (void)state;
    int64_t noon = midnight_ms - 12 * 60 * MINUTE_MS;
    uint64_t today = visitor_at(noon, "203.0.113.7");
    assert_true(visitor_at(noon, "203.0.113.8") != today);
    assert_true(visitor_at(midnight_ms - 3 * 60 * MINUTE_MS, "203.0.113.7") == today);
    /* The session of 21:00 is long over. */
    uint64_t tomorrow = visitor_at(midnight_ms, "203.0.113.7");
    assert_true(tomorrow != today);
    assert_true(visitor_at(midnight_ms + 12 * 60 * MINUTE_MS, "203.0.113.7") == tomorrow);

    struct site other = site;
    uint64_t v;
    struct err err;
    other.id = 2;
    assert_int_equal(
        identity_day(x, &other, STR("203.0.113.7"), STR("Firefox"), midnight_ms, &v, &err), ERR_OK);
    assert_true(v != tomorrow);
}

static void a_session_open_at_midnight_goes_on(void **state)
{
    (void)state;
    uint64_t before = visitor_at(midnight_ms - 10 * MINUTE_MS, "203.0.113.7");
    assert_true(visitor_at(midnight_ms + 20 * MINUTE_MS, "203.0.113.7") ==
                before); /* exactly 30 min */
    assert_true(visitor_at(midnight_ms + 45 * MINUTE_MS, "203.0.113.7") == before);
    /* Yesterday's salt is gone by now, the session is not. */
    assert_true(visitor_at(midnight_ms + 70 * MINUTE_MS, "203.0.113.7") == before);
    assert_true(visitor_at(midnight_ms + 100 * MINUTE_MS, "203.0.113.7") == before);
    uint64_t after = visitor_at(midnight_ms + 131 * MINUTE_MS, "203.0.113.7");
    assert_true(after != before);
    assert_true(visitor_at(midnight_ms + 132 * MINUTE_MS, "203.0.113.7") == after);
}

static void a_session_that_ended_before_midnight_does_not(void **state)
{
    (void)state;
    uint64_t before = visitor_at(midnight_ms - 10 * MINUTE_MS, "203.0.113.7");
    assert_true(visitor_at(midnight_ms + 20 * MINUTE_MS + 1, "203.0.113.7") != before);
}

static void read_salt(char out[64])
{
    char path[128];
    struct stat st;
    snprintf(path, sizeof path, "%s/salt-1", salts);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    FILE *f = fopen(path, "rb");
    memset(out, 0, 64);
    assert_true(fread(out, 1, 64, f) > 0);
    fclose(f);
}

static bool holds(const char file[64], const char salt[HASH_KEY_BYTES])
{
    return memmem(file, 64, salt, HASH_KEY_BYTES) != NULL;
}

static void salts_outlive_a_restart_but_not_their_hour(void **state)
{
    (void)state;
    char first[64], second[64], third[64];
    uint64_t today = visitor_at(midnight_ms - 60 * MINUTE_MS, "203.0.113.7");
    read_salt(first);
    const char *salt = first + 1 + 1 + 4 + 8;
    identity_close(x);
    open_salts();
    assert_true(visitor_at(midnight_ms - 50 * MINUTE_MS, "203.0.113.7") == today);

    identity_tick(x, midnight_ms + 1); /* nobody is there at night, the salt changes all the same */
    read_salt(second);
    assert_true(holds(second, salt));
    assert_memory_not_equal(second + (salt - first), salt, HASH_KEY_BYTES);
    identity_tick(x, midnight_ms + IDENTITY_PREVIOUS_MS - 1);
    read_salt(second);
    assert_true(holds(second, salt));
    identity_tick(x, midnight_ms + IDENTITY_PREVIOUS_MS);
    read_salt(third);
    assert_false(holds(third, salt));
    assert_true(holds(third, second + (salt - first)));
}

static void a_damaged_file_begins_the_day_anew(void **state)
{
    (void)state;
    char path[128];
    uint64_t before = visitor_at(midnight_ms, "203.0.113.7");
    identity_close(x);
    snprintf(path, sizeof path, "%s/salt-1", salts);
    assert_int_equal(truncate(path, 20), 0);
    open_salts();
    assert_true(visitor_at(midnight_ms, "203.0.113.7") != before);
}

static void past_days_have_keys_of_their_own(void **state)
{
    (void)state;
    int64_t now = midnight_ms + 5 * 60 * MINUTE_MS, day_ms = 24 * 60 * MINUTE_MS;
    uint64_t today = visitor_at(now, "203.0.113.7");
    assert_true(past_visitor(now - MINUTE_MS, now, false) == today);
    uint64_t last_week = past_visitor(now - 7 * day_ms, now, false);
    assert_true(last_week != today);
    assert_true(past_visitor(now - 7 * day_ms + MINUTE_MS, now, false) == last_week);
    assert_true(past_visitor(now - 6 * day_ms, now, false) != last_week);
    assert_true(past_visitor(now - 7 * day_ms, now + day_ms, false) != last_week);
    /* An import may be taken up again on another day. */
    uint64_t imported = past_visitor(now - 7 * day_ms, now, true);
    assert_true(past_visitor(now - 7 * day_ms, now + day_ms, true) == imported);
    assert_true(past_visitor(now - 6 * day_ms, now, true) != imported);
}

static void ids_as_sent(void **state)
{
    (void)state;
    struct site other = site;
    other.id_key[0] ^= 1;
    uint64_t known = identity_visitor(&site, ID_KNOWN, STR("anna"));
    assert_true(known == identity_visitor(&site, ID_KNOWN, STR("anna")));
    assert_true(known != identity_visitor(&site, ID_CONSENTED, STR("anna")));
    assert_true(known != identity_visitor(&other, ID_KNOWN, STR("anna")));
    assert_true(known != identity_event(&site, STR("anna")));
    assert_true(identity_event(&site, STR("anna")) != 0);
}

static void an_unknown_zone_is_told(void **state)
{
    (void)state;
    uint64_t v;
    struct err err = {0};
    site.timezone = STR("Mars/Olympus");
    assert_int_equal(identity_day(x, &site, STR(""), STR(""), midnight_ms, &v, &err), ERR_INVALID);
    assert_string_equal(err.name, "unknown_timezone");
    site.timezone = STR("Europe/Berlin");
    (void)visitor_at(midnight_ms, "203.0.113.7");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(vectors_of_the_method),
        TEST(what_of_an_address_counts),
        TEST(a_day_is_the_sites),
        TEST(a_session_open_at_midnight_goes_on),
        TEST(a_session_that_ended_before_midnight_does_not),
        TEST(salts_outlive_a_restart_but_not_their_hour),
        TEST(a_damaged_file_begins_the_day_anew),
        TEST(past_days_have_keys_of_their_own),
        TEST(ids_as_sent),
        TEST(an_unknown_zone_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
