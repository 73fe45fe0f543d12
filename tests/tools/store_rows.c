/* store_rows.c: prints the events of a stopped server's store, read through store.h alone, so that
 * the crash tests can count what is in it without the journal: number, site, id, properties, one
 * line each.  store_rows DIR */
#include <inttypes.h>

#include "store/store.h"

static err_code print_one(void *arg, const struct event *e)
{
    (void)arg;
    printf("%" PRIu64 "\t%" PRIu32 "\t%.*s\t%.*s\n", e->seq, e->site, STR_FMT(e->text[TEXT_ID]),
           STR_FMT(e->text[TEXT_PROPS]));
    return ERR_OK;
}

int main(int argc, char **argv)
{
    struct store *s = NULL;
    struct err err = {0};
    char path[4096];
    if (argc != 2) {
        fputs("usage: store_rows DIR\n", stderr);
        return 2;
    }
    snprintf(path, sizeof path, "%s/events.duckdb", argv[1]);
    struct store_query q = {.with_bots = true, .order = STORE_BY_SEQ};
    err_code code = store_open(path, 0, 1, &s, &err);
    if (code == ERR_OK) code = store_each(s, &q, print_one, NULL, &err);
    if (code != ERR_OK) fprintf(stderr, "store_rows: %s\n", err.msg);
    store_close(s);
    return code == ERR_OK ? 0 : 1;
}
