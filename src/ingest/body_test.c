#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <zlib.h>

#include "ingest/body.h"

/* `text` compressed; window_bits as zlib has them. */
static struct buf deflated(struct str text, int window_bits)
{
    struct buf out = {0};
    z_stream z = {.next_in = (Bytef *)(uintptr_t)text.p, .avail_in = (uInt)text.n};
    assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, window_bits, 9, Z_DEFAULT_STRATEGY), Z_OK);
    uLong bound = deflateBound(&z, text.n) + 64;
    assert_true(buf_reserve(&out, bound));
    z.next_out = (Bytef *)out.p;
    z.avail_out = (uInt)bound;
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    out.n = bound - z.avail_out;
    deflateEnd(&z);
    return out;
}

static void open_is(struct str bytes, const char *encoding, size_t limit, enum reject_code code,
                    struct str text)
{
    struct body b;
    enum reject_code got = body_open(bytes, str_of(encoding), limit, &b);
    if (got != code) fail_msg("%s: %s", encoding, got == REJECT_N ? "taken" : reject_names[got]);
    if (code == REJECT_N) assert_true(str_eq(b.text, text));
    body_close(&b);
}

static void encodings(void **state)
{
    (void)state;
    struct str text = STR("{\"name\":\"x\"}");
    struct buf gzip = deflated(text, 15 + 16), zlib = deflated(text, 15), raw = deflated(text, -15);
    open_is(text, "", 100, REJECT_N, text);
    open_is(text, "identity", 100, REJECT_N, text);
    open_is(STR("\xef\xbb\xbf{}"), "", 100, REJECT_N, STR("{}"));
    open_is(buf_view(&gzip), "gzip", 100, REJECT_N, text);
    open_is(buf_view(&gzip), "", 100, REJECT_N, text); /* no word of it, as posthog-js does */
    open_is(buf_view(&gzip), "GZIP ", 100, REJECT_N, text);
    open_is(text, "gzip", 100, REJECT_N, text); /* a proxy that inflates may leave the header */
    open_is(buf_view(&zlib), "deflate", 100, REJECT_N, text);
    open_is(buf_view(&raw), "deflate", 100, REJECT_N, text);
    open_is(text, "br", 100, REJECT_bad_encoding, text);
    open_is(text, "gzip, gzip", 100, REJECT_bad_encoding, text);
    open_is(text, "deflate", 100, REJECT_bad_encoding, text);
    for (size_t cut = 2; cut < gzip.n; cut++) /* cut anywhere: never taken for whole */
        open_is(str_sub(buf_view(&gzip), 0, cut), "", 100, REJECT_bad_encoding, text);
    struct buf two = {0};
    buf_str(&two, buf_view(&gzip));
    buf_str(&two, buf_view(&gzip));
    open_is(buf_view(&two), "", 100, REJECT_N, STR("{\"name\":\"x\"}{\"name\":\"x\"}"));
    buf_free(&two);
    buf_free(&gzip);
    buf_free(&zlib);
    buf_free(&raw);
}

static void sizes_at_their_limit_and_one_past_it(void **state)
{
    (void)state;
    enum { LIMIT = 4096, CAP = LIMIT * LIMIT_INFLATE_FACTOR };
    static char spaces[CAP + 1];
    memset(spaces, ' ', sizeof spaces);
    open_is((struct str){spaces, LIMIT}, "", LIMIT, REJECT_N, (struct str){spaces, LIMIT});
    open_is((struct str){spaces, LIMIT + 1}, "", LIMIT, REJECT_body_too_large, STR_NONE);
    struct buf at = deflated((struct str){spaces, CAP}, 15 + 16);
    open_is(buf_view(&at), "", LIMIT, REJECT_N, (struct str){spaces, CAP});
    buf_free(&at);
    struct buf past = deflated((struct str){spaces, CAP + 1}, 15 + 16);
    open_is(buf_view(&past), "", LIMIT, REJECT_inflated_too_large, STR_NONE);
    buf_free(&past);
}

static void lines_are_told_from_one_text(void **state)
{
    static const struct {
        const char *text;
        bool lines;
    } cases[] = {
        {"{\"a\":1}\n{\"a\":2}", true},
        {"{\"a\":1}\r\n\r\n{\"a\":2}\n", true},
        {"{\"a\":1}\n", false},
        {"{\"a\":1}", false},
        {"{\"a\":\n{\"b\":1}}", false},
        {"{\"a\":[\n{\"b\":1}]}", false},
        {"[{\"a\":1},\n{\"a\":2}]", false},
        {"{\"a\":[{},\n{}]}", false},
        {"{\"a\":1\n{\"a\":2}", true}, /* the first line is broken */
        {"", false},
        {"\n\n", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (body_is_lines(str_of(cases[i].text)) != cases[i].lines) fail_msg("%s", cases[i].text);
    struct str rest = STR("\n a \n\r\nb"), line;
    assert_true(body_next_line(&rest, &line) && str_is(line, "a"));
    assert_true(body_next_line(&rest, &line) && str_is(line, "b"));
    assert_false(body_next_line(&rest, &line));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(encodings),
        cmocka_unit_test(sizes_at_their_limit_and_one_past_it),
        cmocka_unit_test(lines_are_told_from_one_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
