/* cli.h: the commands of the program: what they share, and the table of them.
 *
 * A command gets its options read and its data folder known.  Commands that change the
 * configuration open config.db beside a running server, which notices; what needs the events asks
 * the server over HTTP when one has the folder (or --url names one), and opens the folder itself
 * otherwise. */
#ifndef CAIRN_CLI_CLI_H
#define CAIRN_CLI_CLI_H

#include <jansson.h>

#include "api/assets.h"
#include "base/bytes.h"
#include "base/err.h"
#include "base/options.h"
#include "engine/engine.h"

enum { EXIT_DONE = 0, EXIT_STOPPED = 1, EXIT_USAGE = 2 };

struct cli {
    const struct command *command;
    struct options options; /* the command's own, then those of every command, then serve's */
    struct asset_table assets;
    const char *data_dir;
    bool remote;                     /* a server has the folder, or --url was given */
    char address[256];               /* "http://127.0.0.1:8722" */
    char secret[CONFIG_SECRET + 64]; /* what proves to it who we are */
};

struct command {
    const char *name;         /* "site add" is two words */
    const char *usage;        /* "KEY --domain D" */
    const char *summary;      /* one line for --help */
    const struct option *own; /* ends with a NULL name */
    size_t min_words, max_words;
    bool serves;                       /* takes the server's options too */
    int (*run)(struct cli *c);         /* exit status; has told on standard error what went wrong */
    int (*raw)(int argc, char **argv); /* instead: reads its words itself; argv[0] is its name */
};
extern const struct command commands[]; /* ends with a NULL name */

/* The options of every command, and of those that serve. */
extern const struct option common_options[], serve_options[];

/* Runs what argv says; `assets` are the files that `serve` gives to browsers. */
int cli_main(int argc, char **argv, struct asset_table assets);

/* "cairn: " and the sentence of `err` to standard error; EXIT_STOPPED, or EXIT_USAGE for what was
 * written wrong. */
int cli_fail(const struct err *err);

/* Opens the folder as --store-memory and the like say, for commands that run without a server. */
MUST_CHECK err_code cli_engine_open(struct cli *c, struct engine *e, struct err *err);
/* Opens the configuration alone, beside a server that may be running. */
MUST_CHECK err_code cli_config_open(struct cli *c, struct config **out, struct err *err);
/* The number of the site with this key; ERR_NOT_FOUND unknown_site. */
MUST_CHECK err_code cli_site(struct config *config, const char *key, uint32_t *id, struct err *err);

/* Serves an open engine until a signal: `cairn serve`, and `cairn demo` after filling it.  Takes
 * over `e` and closes it. */
int cli_serve(struct cli *c, struct engine *e);

/* --- talking to a server --- */

/* Sends to c->address with c->secret; `body` may be empty.  On ERR_OK `*status` is the answer's and
 * its body is in `out`.  ERR_IO when the server cannot be reached. */
MUST_CHECK err_code cli_http(struct cli *c, const char *method, const char *path, struct str body,
                             int *status, struct buf *out, struct err *err);
/* The same with JSON both ways: anything but 2xx becomes an error with the server's code and
 * message. `body` may be NULL; `*answer` is a new reference or NULL. */
MUST_CHECK err_code cli_call(struct cli *c, const char *method, const char *path,
                             const json_t *body, json_t **answer, struct err *err);
/* GET path into a file ("-": standard output). */
MUST_CHECK err_code cli_download(struct cli *c, const char *path, const char *file,
                                 struct err *err);

/* --- the commands, by file --- */
int serve_command(struct cli *c);
int site_command(struct cli *c);
int user_command(struct cli *c);
int token_command(struct cli *c);
int export_command(struct cli *c);
int doctor_command(struct cli *c);
int version_command(struct cli *c);
int options_command(struct cli *c);
int demo_command(struct cli *c);

#endif
