/* options.h: `cairn import`: what the command line says (API.md "Commands"). */
#ifndef CAIRN_IMPORT_OPTIONS_H
#define CAIRN_IMPORT_OPTIONS_H

#include "import/mapping.h"
#include "import/source.h"

enum { IMPORT_MAX_FILES = 4096 };

struct import_options {
    enum source_format format;
    const char *protocol; /* the format's name */
    const char *files[IMPORT_MAX_FILES];
    size_t n_files;
    const char *site, *data_dir, *server, *token;
    struct mapping mapping; /* names borrowed from argv */
    bool bots, quiet, help;
};

/* argv[0] is the command's name.  ERR_INVALID with a sentence for the person who typed it. */
MUST_CHECK err_code import_options_read(int argc, char **argv, struct import_options *out,
                                        struct err *err);

/* Runs the command; the exit status: 0 done, 1 stopped or failed, 2 wrong usage. */
int import_command(int argc, char **argv);

#endif
