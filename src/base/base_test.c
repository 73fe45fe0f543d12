/* The small tools of base/: strings, bytes, arenas, maps, the thread pool. */
#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdatomic.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/hash.h"
#include "base/map.h"
#include "base/pool.h"

static void numbers_are_read_whole_or_not_at_all(void **state)
{
    (void)state;
    int64_t v;
    double d;
    static const struct {
        const char *text;
        bool ok;
        int64_t v;
    } cases[] = {
        {"0", true, 0},
        {"-1", true, -1},
        {"9223372036854775807", true, INT64_MAX},
        {"9223372036854775808", false, 0},
        {"-9223372036854775808", true, INT64_MIN},
        {"-9223372036854775809", false, 0},
        {"", false, 0},
        {"-", false, 0},
        {"1 ", false, 0},
        {"+1", false, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bool ok = str_to_i64(str_of(cases[i].text), &v);
        if (ok != cases[i].ok || (ok && v != cases[i].v)) fail_msg("\"%s\"", cases[i].text);
    }
    assert_true(str_to_double(STR("1e3"), &d) && d == 1000.0);
    assert_false(str_to_double(STR("inf"), &d) || str_to_double(STR("0x1"), &d) ||
                 str_to_double(STR("1,5"), &d) || str_to_double(STR("1e999"), &d) ||
                 str_to_double(STR(""), &d));
    uint64_t u;
    assert_true(str_to_u64_hex(STR("534f13a2c0a029eb"), &u) && u == UINT64_C(0x534f13a2c0a029eb));
    assert_false(str_to_u64_hex(STR("11112222333344445"), &u) || str_to_u64_hex(STR("0g"), &u));
}

static void utf8_is_checked_as_the_rfc_says(void **state)
{
    (void)state;
    static const struct {
        const char *why, *text;
        bool ok;
    } cases[] = {
        {"plain", "abc", true},
        {"two bytes", "\xc3\xa4", true},
        {"emoji", "\xf0\x9f\x98\x80", true},
        {"overlong slash", "\xc0\xaf", false},
        {"overlong in three", "\xe0\x80\xaf", false},
        {"surrogate", "\xed\xa0\x80", false},
        {"past U+10FFFF", "\xf4\x90\x80\x80", false},
        {"cut short", "\xe2\x82", false},
        {"lone continuation", "\x80", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (str_is_utf8(str_of(cases[i].text)) != cases[i].ok) fail_msg("%s", cases[i].why);
}

static void bytes_come_back_as_they_were(void **state)
{
    (void)state;
    struct buf b = {0};
    static const int64_t numbers[] = {0, 1, -1, 63, 64, -64, -65, INT64_MAX, INT64_MIN};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) buf_svarint(&b, numbers[i]);
    buf_varint(&b, UINT64_MAX);
    buf_lstr(&b, STR("text"));
    buf_u32(&b, 0x01020304);
    buf_u64(&b, UINT64_MAX - 1);
    assert_false(b.bad);
    for (size_t cut = 0; cut <= b.n; cut++) {
        struct cursor c = cursor_of((struct str){b.p, cut});
        bool same = true;
        for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
            same &= cursor_svarint(&c) == numbers[i];
        same &= cursor_varint(&c) == UINT64_MAX;
        same &= str_is(cursor_lstr(&c), "text");
        same &= cursor_u32(&c) == 0x01020304;
        same &= cursor_u64(&c) == UINT64_MAX - 1;
        assert_int_equal(c.bad, cut < b.n); /* every shorter text is noticed */
        assert_int_equal(same, cut == b.n);
    }
    struct cursor eleven = cursor_of(STR("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"));
    cursor_varint(&eleven);
    assert_true(eleven.bad);
    buf_free(&b);
}

static void an_arena_stops_at_its_cap(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a, 1000);
    assert_non_null(arena_alloc(&a, 600));
    assert_null(arena_alloc(&a, 600));
    assert_null(arena_array(&a, SIZE_MAX / 2, 4));
    assert_null(arena_alloc(&a, SIZE_MAX));
    arena_reset(&a);
    char *p = arena_alloc(&a, 900);
    assert_non_null(p);
    for (size_t i = 0; i < 900; i++) assert_int_equal(p[i], 0);
    assert_null(arena_copy(&a, (struct str){p, 500}).p);
    arena_free(&a);
    arena_init(&a, 100000);
    for (size_t i = 0; i < 1000; i++) assert_true((uintptr_t)arena_alloc(&a, i % 50) % 16 == 0);
    assert_string_equal(arena_printf(&a, "%d-%s", 7, "x"), "7-x");
    arena_free(&a);
}

static void a_map_numbers_texts_in_order(void **state)
{
    (void)state;
    struct map *m;
    assert_int_equal(map_open(&m, NULL), ERR_OK);
    assert_int_equal(map_find(m, STR("a")), MAP_NONE);
    char text[24];
    uint32_t code;
    bool is_new;
    struct str first = STR_NONE;
    for (uint32_t i = 0; i < 20000; i++) {
        snprintf(text, sizeof text, "value %u", i);
        assert_int_equal(map_add(m, str_of(text), &code, &is_new, NULL), ERR_OK);
        assert_int_equal(code, i);
        assert_true(is_new);
        if (i == 0) first = map_text(m, 0);
    }
    assert_ptr_equal(first.p, map_text(m, 0).p); /* texts never move */
    assert_int_equal(map_add(m, STR("value 777"), &code, &is_new, NULL), ERR_OK);
    assert_false(is_new);
    assert_int_equal(code, 777);
    assert_true(str_is(map_text(m, 19999), "value 19999"));
    assert_int_equal(map_add(m, STR_NONE, &code, &is_new, NULL),
                     ERR_OK); /* "" is a text like another */
    assert_int_equal(map_find(m, STR("")), 20000);
    map_close(m);
}

struct sums {
    atomic_size_t seen[1000], too_high;
    size_t n_workers;
    atomic_bool inside[POOL_MAX_THREADS], shared;
};

static void note(void *arg, size_t i, size_t worker)
{
    struct sums *s = arg;
    if (worker >= s->n_workers) atomic_fetch_add(&s->too_high, 1);
    if (atomic_exchange(&s->inside[worker], true)) atomic_store(&s->shared, true);
    atomic_fetch_add(&s->seen[i], 1);
    atomic_store(&s->inside[worker], false);
}

static void check_run(struct pool *p)
{
    struct sums *s = calloc(1, sizeof *s);
    s->n_workers = pool_threads(p);
    pool_run(p, 1000, note, s);
    for (size_t i = 0; i < 1000; i++) assert_int_equal(s->seen[i], 1);
    assert_int_equal(s->too_high, 0);
    assert_false(s->shared); /* a worker number is one thread's at a time */
    free(s);
}

static void *run_some(void *p)
{
    for (int i = 0; i < 20; i++) check_run(p);
    return NULL;
}

static void a_pool_runs_each_index_once(void **state)
{
    (void)state;
    for (size_t n = 1; n <= 5; n += 2) {
        struct pool *p;
        assert_int_equal(pool_open(n, &p, NULL), ERR_OK);
        pthread_t others[3];
        for (int i = 0; i < 3; i++) pthread_create(&others[i], NULL, run_some, p);
        run_some(p);
        for (int i = 0; i < 3; i++) pthread_join(others[i], NULL);
        pool_run(p, 0, note, NULL);
        pool_close(p);
    }
}

static void hashes_are_the_published_ones(void **state)
{
    (void)state;
    unsigned char key[16], message[15];
    for (unsigned char i = 0; i < 16; i++) key[i] = i;
    for (unsigned char i = 0; i < 15; i++) message[i] = i;
    /* SipHash paper, appendix A. */
    assert_true(hash_sip(key, (struct str){(char *)message, 15}) == UINT64_C(0xa129ca6149be45e5));
    uint64_t state64 = 1; /* METHODS 13 */
    static const double first[] = {.5665615751722809, .7457817572627011, .9710027535867962};
    for (int i = 0; i < 3; i++) assert_true(rand_unit(&state64) == first[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_read_whole_or_not_at_all),
        cmocka_unit_test(utf8_is_checked_as_the_rfc_says),
        cmocka_unit_test(bytes_come_back_as_they_were),
        cmocka_unit_test(an_arena_stops_at_its_cap),
        cmocka_unit_test(a_map_numbers_texts_in_order),
        cmocka_unit_test(a_pool_runs_each_index_once),
        cmocka_unit_test(hashes_are_the_published_ones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
