/* options.h: the settings of a command, from one table: --name on the command line, CAIRN_NAME in
 * the environment, `name = value` in a file, --help, the sample configuration and the manual page.
 *
 * The command line wins over the environment, that over the file, that over the default. */
#ifndef CAIRN_BASE_OPTIONS_H
#define CAIRN_BASE_OPTIONS_H

#include <stdio.h>

#include "base/err.h"
#include "base/str.h"

enum option_kind {
    OPTION_TEXT,
    OPTION_NUMBER, /* in [min, max] */
    OPTION_BYTES,  /* the same, with K, M or G behind: powers of 1024 */
    OPTION_FLAG,   /* present or not; in a file: yes or no */
};

struct option {
    const char *name; /* "idle-timeout" */
    enum option_kind kind;
    const char *fallback; /* as it would be written; "" for none */
    int64_t min, max;
    const char *unit; /* "DIR", "seconds", "bytes": stands for the value in --help */
    const char *help; /* one sentence */
};

/* A table ends with a NULL name; a command has a few of them, looked through in order. */
enum { OPTIONS_MAX_TABLES = 4, OPTIONS_MAX_VALUES = 64, OPTIONS_MAX_WORDS = 4096 };
struct options {
    const struct option *tables[OPTIONS_MAX_TABLES];
    char *values[OPTIONS_MAX_VALUES];     /* by place over all tables; NULL: not given */
    int from[OPTIONS_MAX_VALUES];         /* enum option_source of the value */
    const char *words[OPTIONS_MAX_WORDS]; /* what is no option, in order; borrowed from argv */
    size_t n_words;
    bool help; /* --help or -h was given */
};

void options_init(struct options *o, const struct option *const tables[], size_t n_tables);
/* ERR_INVALID names the option, and the value with its range when that is what is wrong. */
MUST_CHECK err_code options_args(struct options *o, int argc, char **argv, struct err *err);
MUST_CHECK err_code options_env(struct options *o, struct err *err);
/* Lines of `name = value`, empty ones and those that begin with '#'.  Names of other commands'
 * tables must be listed in `also`, which may be NULL.  ERR_IO when the file cannot be read. */
MUST_CHECK err_code options_file(struct options *o, const char *path, const struct option *also,
                                 struct err *err);
/* The same from memory, for tests and the fuzzer; `name` stands in messages. */
MUST_CHECK err_code options_lines(struct options *o, struct str text, const char *name,
                                  const struct option *also, struct err *err);
void options_free(struct options *o);

/* The value, or the default; asserts that the option is in a table and of this kind. */
const char *option_text(const struct options *o, const char *name); /* "" when there is none */
int64_t option_number(const struct options *o, const char *name);   /* also of bytes */
bool option_flag(const struct options *o, const char *name);
bool option_given(const struct options *o, const char *name);

/* What the tables say, for people. */
void options_help(const struct option *table, FILE *to);
void options_sample(const struct option *table,
                    FILE *to); /* a configuration file, all commented out */
void options_man(const struct option *table, FILE *to); /* .TP items */

#endif
