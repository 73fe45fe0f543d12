#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "import/csv.h"

/* A file and how it should be read: a row as line:value|value, faults by name. */
static const struct {
    const char *why, *file, *rows;
} cases[] = {
    {"plain", "a,b\n1,2\n3,4\n", "2:1|2 3:3|4"},
    {"no line end at the end", "a,b\n1,2", "2:1|2"},
    {"CRLF", "a,b\r\n1,2\r\n", "2:1|2"},
    {"byte order mark",
     "\xef\xbb\xbf"
     "a,b\n1,2\n",
     "2:1|2"},
    {"semicolons", "a;b\n1,5;2\n", "2:1,5|2"},
    {"tabs", "a\tb\n1\t2\n", "2:1|2"},
    {"a separator in quotes", "a,b\n\"1,1\",2\n", "2:1,1|2"},
    {"doubled quotes", "a,b\n\"say \"\"hi\"\"\",\"\"\"\"\n", "2:say \"hi\"|\""},
    {"empty values, quoted and not", "a,b\n,\"\"\n", "2:|"},
    {"a line break in quotes; the next row's line counts it", "a,b\n\"1\n1\",2\n3,4\n",
     "2:1\n1|2 4:3|4"},
    {"blank lines are no rows", "a,b\n\n1,2\r\n\r\n\n3,4\n", "3:1|2 6:3|4"},
    {"a quote inside a bare value is itself", "a,b\n5\" pipe,2\n", "2:5\" pipe|2"},
    {"quotes in the header", "\"a,\"\"x\",b\n1,2\n", "2:1|2"},
    {"too few columns", "a,b\n1\n3,4\n", "2:COLUMNS 3:3|4"},
    {"too many columns", "a,b\n1,2,3\n3,4\n", "2:COLUMNS 3:3|4"},
    {"text after a closing quote", "a,b\n\"1\"x,2\n3,4\n", "2:QUOTE 3:3|4"},
    {"an open quote costs its line only", "a,b\n\"1,2\n3,4\n5,6\n", "2:QUOTE 3:3|4 4:5|6"},
    {"only a header", "a,b\n", ""},
};

/* Reads through windows of `step` bytes, from a pipe, so that rows are cut at every place. */
static void read_all(const char *file, size_t n, size_t step, struct buf *out)
{
    static const char *const faults[] = {"", "QUOTE", "COLUMNS", "TOO_LONG"};
    char name[] = "/tmp/cairn-csv-XXXXXX";
    int fd = mkstemp(name);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, file, n), n);
    close(fd);
    struct input *in;
    struct text text;
    struct csv csv;
    enum csv_fault fault;
    err_code code;
    struct err err = {0};
    assert_int_equal(input_open(name, &in, &err), ERR_OK);
    text_open(&text, in);
    if (step) { /* a window that begins tiny and grows as the rows ask for it */
        text.p = malloc(step);
        text.size = step;
    }
    assert_int_equal(csv_open(&csv, &text, &err), ERR_OK);
    while (csv_next(&csv, &fault, &code, &err)) {
        buf_printf(out, "%s%llu:%s", out->n ? " " : "", (unsigned long long)csv.line,
                   faults[fault]);
        for (size_t i = 0; !fault && i < csv.n_columns; i++)
            buf_printf(out, "%s%.*s", i ? "|" : "", STR_FMT(csv.values[i]));
    }
    assert_int_equal(code, ERR_OK);
    buf_char(out, 0);
    csv_close(&csv);
    text_close(&text);
    input_close(in);
    unlink(name);
}

static void reads_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (size_t step = 0; step < 8; step++) {
            struct buf out = {0};
            read_all(cases[i].file, strlen(cases[i].file), step, &out);
            if (strcmp(out.p, cases[i].rows) != 0)
                fail_msg("%s (window %zu): read %s", cases[i].why, step, out.p);
            buf_free(&out);
        }
}

static void knows_the_names(void **state)
{
    (void)state;
    char file[] = "\xef\xbb\xbf"
                  "\"a,\"\"x\", b ,\n1,2,3\n";
    struct text text;
    struct csv csv;
    text_over(&text, file, sizeof file - 1);
    assert_int_equal(csv_open(&csv, &text, NULL), ERR_OK);
    assert_int_equal(csv.n_columns, 3);
    assert_true(str_is(csv.names[0], "a,\"x"));
    assert_true(str_is(csv.names[1], "b"));
    assert_true(str_is(csv.names[2], ""));
    csv_close(&csv);
}

static void refuses_what_has_no_header(void **state)
{
    static const char *const files[] = {"", "\n\n", "\xef\xbb\xbf", "\"a,b\n1,2\n"};
    (void)state;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char bytes[32];
        struct text text;
        struct csv csv;
        size_t n = strlen(files[i]);
        memcpy(bytes, files[i], n);
        text_over(&text, bytes, n);
        assert_int_equal(csv_open(&csv, &text, NULL), ERR_INVALID);
        csv_close(&csv);
    }
}

static void is_bounded(void **state)
{
    (void)state;
    static const size_t sizes[] = {TEXT_RECORD_MAX - 3, TEXT_RECORD_MAX + 1, 3 * TEXT_RECORD_MAX};
    for (size_t i = 0; i < 3; i++)
        for (int quoted = 0; quoted < 2; quoted++) {
            struct buf file = {0}, out = {0};
            buf_z(&file, "a\n");
            if (quoted) buf_char(&file, '"');
            for (size_t k = 0; k < sizes[i]; k++) buf_char(&file, 'x');
            if (quoted) buf_char(&file, '"');
            buf_z(&file, "\nlast\n");
            read_all(file.p, file.n, 0, &out);
            assert_true(str_ends(buf_view(&out), (struct str){"last", 5}));
            assert_int_equal(str_contains(buf_view(&out), STR("TOO_LONG")), i > 0);
            buf_free(&file);
            buf_free(&out);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_rows),
        cmocka_unit_test(knows_the_names),
        cmocka_unit_test(refuses_what_has_no_header),
        cmocka_unit_test(is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
