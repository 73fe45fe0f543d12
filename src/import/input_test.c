#include <lzma.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "base/hash.h"
#include "import/text.h"

enum { N = 700000 }; /* more than a few of input.c's buffers */

static char plain[N], path[] = "/tmp/cairn-input-XXXXXX";

static void write_file(const void *bytes, size_t n)
{
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, n, f), n);
    fclose(f);
}

static size_t pack(const char *how, const char *from, size_t n, unsigned char *to, size_t room)
{
    if (strcmp(how, "gzip") == 0) {
        z_stream z = {0};
        assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
        z.next_in = (unsigned char *)(uintptr_t)from, z.avail_in = (uInt)n;
        z.next_out = to, z.avail_out = (uInt)room;
        assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
        deflateEnd(&z);
        return room - z.avail_out;
    }
    if (strcmp(how, "xz") == 0) {
        size_t at = 0;
        assert_int_equal(lzma_easy_buffer_encode(1, LZMA_CHECK_CRC64, NULL,
                                                 (const unsigned char *)from, n, to, &at, room),
                         LZMA_OK);
        return at;
    }
    if (strcmp(how, "zstd") == 0) return ZSTD_compress(to, room, from, n, 1);
    memcpy(to, from, n);
    return n;
}

/* Reads the file to its end; the hash of what came. */
static err_code read_file(uint64_t skip, uint64_t *hash, size_t *total)
{
    struct input *in;
    struct err err;
    err_code code = input_open(path, &in, &err);
    if (code) return code;
    struct buf all = {0};
    char chunk[7001];
    size_t got = 1;
    if (skip) code = input_skip_to(in, skip, &err);
    while (!code && got) {
        code = input_read(in, chunk, sizeof chunk, &got, &err);
        buf_bytes(&all, chunk, code ? 0 : got);
    }
    if (!code && !(input_share(in) > 0.999)) code = ERR_IO;
    *hash = hash_fast(buf_view(&all));
    *total = all.n;
    buf_free(&all);
    input_close(in);
    return code;
}

static void reads_each_packing(void **state)
{
    static const char *const packings[] = {"plain", "gzip", "xz", "zstd"};
    static unsigned char packed[2 * N + 100000];
    (void)state;
    for (size_t p = 0; p < 4; p++) {
        uint64_t hash;
        size_t n = pack(packings[p], plain, N, packed, sizeof packed), total;
        write_file(packed, n);
        assert_int_equal(read_file(0, &hash, &total), ERR_OK);
        assert_int_equal(total, N);
        assert_int_equal(hash, hash_fast((struct str){plain, N}));
        assert_int_equal(read_file(300001, &hash, &total), ERR_OK);
        assert_int_equal(hash, hash_fast((struct str){plain + 300001, N - 300001}));
        assert_int_equal(read_file(N + 1, &hash, &total), ERR_INVALID);

        /* One behind the other, as rotated logs are put together. */
        n += pack(packings[p], plain, 1000, packed + n, sizeof packed - n);
        write_file(packed, n);
        assert_int_equal(read_file(0, &hash, &total), ERR_OK);
        assert_int_equal(total, N + 1000);
    }
}

static void tells_damage(void **state)
{
    static const char *const packings[] = {"gzip", "xz", "zstd"};
    static unsigned char packed[2 * N];
    (void)state;
    for (size_t p = 0; p < 3; p++) {
        uint64_t hash;
        size_t n = pack(packings[p], plain, N, packed, sizeof packed), total;
        write_file(packed, n - 9); /* cut short */
        assert_int_equal(read_file(0, &hash, &total), ERR_CORRUPT);
        packed[n / 2] ^= 0x55, packed[n / 2 + 1] ^= 0xff;
        write_file(packed, n);
        err_code code = read_file(0, &hash, &total);
        /* zstd writes no checksum unless asked, so a flipped byte may come through as another one.
         */
        assert_true(code == ERR_CORRUPT || (p == 2 && hash != hash_fast((struct str){plain, N})));
    }
}

static void opens_what_is_there(void **state)
{
    (void)state;
    struct input *in;
    uint64_t hash;
    size_t total;
    assert_int_equal(input_open("/nonexistent/file", &in, NULL), ERR_NOT_FOUND);
    assert_int_equal(input_open("/tmp", &in, NULL), ERR_IO);
    write_file("", 0);
    assert_int_equal(input_open(path, &in, NULL), ERR_OK);
    assert_int_equal(input_read(in, &hash, 1, &total, NULL), ERR_OK);
    assert_int_equal(total, 0);
    input_close(in);
}

static void cuts_lines(void **state)
{
    static const char file[] = "one\ntwo\r\n\n\nfive";
    static const char *const want[] = {"one", "two", "", "", "five"};
    (void)state;
    struct input *in;
    struct text t;
    struct str line;
    bool too_long;
    err_code code;
    struct err err;
    write_file(file, sizeof file - 1);
    assert_int_equal(input_open(path, &in, &err), ERR_OK);
    text_open(&t, in);
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(t.line, i + 1);
        assert_true(text_line(&t, &line, &too_long, &code, &err));
        assert_true(str_is(line, want[i]) && !too_long);
    }
    assert_int_equal(t.offset, sizeof file - 1);
    assert_false(text_line(&t, &line, &too_long, &code, &err));
    assert_int_equal(code, ERR_OK);
    text_close(&t);
    input_close(in);
}

static void cuts_endless_lines_off(void **state)
{
    (void)state;
    struct buf file = {0};
    buf_z(&file, "first\n");
    for (int i = 0; i < 5 * TEXT_RECORD_MAX / 2; i++) buf_char(&file, 'x');
    buf_z(&file, "\nlast\n");
    write_file(file.p, file.n);
    struct input *in;
    struct text t;
    struct str line;
    bool too_long;
    err_code code;
    struct err err;
    assert_int_equal(input_open(path, &in, &err), ERR_OK);
    text_open(&t, in);
    assert_true(text_line(&t, &line, &too_long, &code, &err) && str_is(line, "first"));
    assert_true(text_line(&t, &line, &too_long, &code, &err) && too_long);
    assert_int_equal(line.n, TEXT_RECORD_MAX);
    assert_int_equal(t.line, 3);
    assert_true(text_line(&t, &line, &too_long, &code, &err) && str_is(line, "last") && !too_long);
    assert_int_equal(t.offset, file.n);
    text_close(&t);
    input_close(in);
    buf_free(&file);
}

static int setup(void **state)
{
    (void)state;
    uint64_t rng = 1;
    int fd = mkstemp(path);
    if (fd < 0) return -1;
    close(fd);
    for (size_t i = 0; i < N; i++) plain[i] = (char)('a' + rand_next(&rng) % 16);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    return unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_each_packing),     cmocka_unit_test(tells_damage),
        cmocka_unit_test(opens_what_is_there),    cmocka_unit_test(cuts_lines),
        cmocka_unit_test(cuts_endless_lines_off),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
