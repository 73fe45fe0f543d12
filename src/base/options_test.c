#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>

#include "base/options.h"

static const struct option first[] = {
    {"name", OPTION_TEXT, "nobody", 0, 0, "NAME", "Who."},
    {"loud", OPTION_FLAG, "no", 0, 0, "", "How."},
    {0},
};
static const struct option second[] = {
    {"count", OPTION_NUMBER, "3", 0, 10, "N", "How many."},
    {"memory-limit", OPTION_BYTES, "64M", 1024, INT64_C(1) << 40, "BYTES", "How much."},
    {0},
};
static const struct option elsewhere[] = {
    {"other", OPTION_TEXT, "", 0, 0, "X", "Of another command."}, {0}};

static void open_both(struct options *o)
{
    const struct option *const tables[] = {first, second};
    options_init(o, tables, 2);
}

static err_code read_args(struct options *o, const char *const *words, struct err *err)
{
    int n = 0;
    char *argv[16] = {0};
    while (words[n]) {
        argv[n] = (char *)(uintptr_t)words[n];
        n++;
    }
    return options_args(o, n, argv, err);
}

static void words_and_values(void **state)
{
    (void)state;
    struct options o;
    struct err err = {0};
    open_both(&o);
    assert_string_equal(option_text(&o, "name"), "nobody");
    assert_int_equal(option_number(&o, "memory-limit"), 64 << 20);
    assert_false(option_given(&o, "name"));
    static const char *const words[] = {"add", "--name", "me", "-", "--loud", "--memory-limit=2k",
                                        "--",  "--x",    NULL};
    if (read_args(&o, words, &err)) fail_msg("%s", err.msg);
    assert_string_equal(option_text(&o, "name"), "me");
    assert_true(option_flag(&o, "loud"));
    assert_int_equal(option_number(&o, "memory-limit"), 2048);
    assert_int_equal(option_number(&o, "count"), 3);
    assert_int_equal(o.n_words, 3);
    assert_string_equal(o.words[1], "-");
    assert_string_equal(o.words[2], "--x");
    options_free(&o);
}

static void what_is_wrong_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *why, *words[4], *said;
    } cases[] = {
        {"unknown", {"--nope"}, "--nope"},
        {"short ones are not options", {"-n"}, "-n"},
        {"a value is missing", {"--name"}, "--name needs NAME"},
        {"not a number", {"--count", "x"}, "from 0 to 10"},
        {"past the range", {"--count", "11"}, "from 0 to 10"},
        {"below the range", {"--count", "-1"}, "from 0 to 10"},
        {"a unit where none belongs", {"--count", "1k"}, "--count"},
        {"too many bytes", {"--memory-limit", "9999999999G"}, "--memory-limit"},
        {"a flag is yes or no", {"--loud=maybe"}, "yes or no"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct options o;
        struct err err = {0};
        open_both(&o);
        if (read_args(&o, cases[i].words, &err) != ERR_INVALID) fail_msg("%s: taken", cases[i].why);
        if (!strstr(err.msg, cases[i].said)) fail_msg("%s: \"%s\"", cases[i].why, err.msg);
        options_free(&o);
    }
    struct options o;
    static const char *const edge[] = {"--count", "10", "--memory-limit", "1k", NULL};
    open_both(&o);
    assert_int_equal(read_args(&o, edge, NULL), ERR_OK);
    options_free(&o);
}

static void files(void **state)
{
    (void)state;
    static const struct {
        const char *why, *text, *said; /* NULL: it is fine */
    } cases[] = {
        {"nothing", "", NULL},
        {"comments and space", "# x\n\n  name =  a b \r\n", NULL},
        {"an option of another command", "other = 1\nname = a b\n", NULL},
        {"an unknown one", "name = x\nnope = 1", "f.conf line 2: there is no option \"nope\""},
        {"no =", "name", "line 1: a line is name = value"},
        {"a bad value", "\n\ncount = 12", "line 3"},
        {"a flag", "loud = yes\nname = a b", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct options o;
        struct err err = {0};
        open_both(&o);
        err_code rc = options_lines(&o, str_of(cases[i].text), "f.conf", elsewhere, &err);
        if (!cases[i].said && rc) fail_msg("%s: %s", cases[i].why, err.msg);
        if (cases[i].said && (!rc || !strstr(err.msg, cases[i].said)))
            fail_msg("%s: \"%s\"", cases[i].why, err.msg);
        if (!rc && strlen(cases[i].text) > 0) assert_string_equal(option_text(&o, "name"), "a b");
        options_free(&o);
    }
    struct options o;
    open_both(&o);
    assert_int_equal(options_file(&o, "/nonexistent/cairn.conf", NULL, NULL), ERR_IO);
    options_free(&o);
}

/* The command line, then the environment, then the file, in whatever order they are read. */
static void the_nearer_wins(void **state)
{
    (void)state;
    static const char *const words[] = {"--name", "line", NULL};
    struct options o;
    open_both(&o);
    setenv("CAIRN_NAME", "env", 1);
    setenv("CAIRN_MEMORY_LIMIT", "5k", 1);
    assert_int_equal(read_args(&o, words, NULL), ERR_OK);
    assert_int_equal(options_env(&o, NULL), ERR_OK);
    assert_int_equal(
        options_lines(&o, STR("name = file\nmemory-limit = 6k\ncount = 4\n"), "f", NULL, NULL),
        ERR_OK);
    assert_string_equal(option_text(&o, "name"), "line");
    assert_int_equal(option_number(&o, "memory-limit"), 5120);
    assert_int_equal(option_number(&o, "count"), 4);
    options_free(&o);
    open_both(&o);
    setenv("CAIRN_MEMORY_LIMIT", "a lot", 1);
    assert_int_equal(options_env(&o, NULL), ERR_INVALID);
    options_free(&o);
    unsetenv("CAIRN_NAME");
    unsetenv("CAIRN_MEMORY_LIMIT");
}

/* What is printed as a sample can be read again, every line of it switched on. */
static void the_sample_reads(void **state)
{
    (void)state;
    char *text = NULL;
    size_t n = 0;
    FILE *f = open_memstream(&text, &n);
    options_sample(second, f);
    fclose(f);
    for (char *at = text; (at = strstr(at, "\n#")); at++)
        if (at[2] != ' ') at[1] = ' ';
    struct options o;
    struct err err = {0};
    open_both(&o);
    if (options_lines(&o, (struct str){text, n}, "sample", NULL, &err)) fail_msg("%s", err.msg);
    assert_true(option_given(&o, "count"));
    assert_true(option_given(&o, "memory-limit"));
    options_free(&o);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_and_values),
        cmocka_unit_test(what_is_wrong_is_named),
        cmocka_unit_test(files),
        cmocka_unit_test(the_nearer_wins),
        cmocka_unit_test(the_sample_reads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
