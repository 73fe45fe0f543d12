/* main.c: the program.  Commands are in cli/; the dashboard's files are linked in here. */
#include "cli/cli.h"

int main(int argc, char **argv)
{
    return cli_main(argc, argv, assets_embedded);
}
