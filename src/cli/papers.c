/* papers.c: version; and what the tables of commands and options say, as a sample configuration
 * (docs/cairn.conf) and as the manual page (man/cairn.1).  A test holds the files to this. */
#include "cli/cli.h"
#include "cli/version.h"

int version_command(struct cli *c)
{
    (void)c;
    puts("cairn " CAIRN_VERSION);
    return EXIT_DONE;
}

static void print_sample(void)
{
    puts("# Cairn's settings. Lines that begin with # are off; what they show is the default.\n"
         "# The command line and CAIRN_NAME in the environment win over this file.");
    options_sample(common_options, stdout);
    options_sample(serve_options, stdout);
}

/* A hyphen that is typed, not one that breaks a line. */
static void print_typed(const char *text)
{
    for (; *text; text++) fputs(*text == '-' ? "\\-" : (char[]){*text, 0}, stdout);
}

static void print_man(void)
{
    puts(".TH CAIRN 1 \"\" \"cairn " CAIRN_VERSION "\" \"Cairn\"\n"
         ".SH NAME\ncairn \\- counts the small steps people take on a site, and which of them lead "
         "to the goal\n"
         ".SH SYNOPSIS\n.B cairn\n\\fICOMMAND\\fR [\\fIoptions\\fR]\n"
         ".SH DESCRIPTION\n"
         "One program: it records events over HTTP, keeps them in a data folder, and serves the "
         "dashboard.\n"
         "Commands work the same whether or not a server runs on the data folder.\n"
         ".SH COMMANDS");
    for (const struct command *d = commands; d->name; d++) {
        printf(".SS cairn %s ", d->name);
        print_typed(d->usage ? d->usage : "");
        printf("\n%s\n", d->summary);
        if (d->own) options_man(d->own, stdout);
        if (d->raw) puts("Its own \\-\\-help tells its options.");
    }
    puts(".SH OPTIONS OF EVERY COMMAND");
    options_man(common_options, stdout);
    puts(".SH OPTIONS OF SERVE AND DEMO");
    options_man(serve_options, stdout);
    puts(".SH ENVIRONMENT\n"
         "Each option may stand in the environment, in capitals, with CAIRN_ before it and _ for "
         "\\-:\n"
         ".BR CAIRN_DATA ,\n.BR CAIRN_LISTEN .\n"
         ".SH EXIT STATUS\n0 done, 1 stopped, 2 wrong usage.\n"
         ".SH SIGNALS\nSIGTERM and SIGINT: take no more connections, answer what is under way, "
         "stop.\n"
         "A second one: stop at once.");
}

int options_command(struct cli *c)
{
    if (strcmp(c->options.words[0], "conf") == 0) {
        print_sample();
    } else if (strcmp(c->options.words[0], "man") == 0) {
        print_man();
    } else {
        fprintf(stderr, "usage: cairn %s %s\n", c->command->name, c->command->usage);
        return EXIT_USAGE;
    }
    return EXIT_DONE;
}
