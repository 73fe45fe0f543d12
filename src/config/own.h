/* own.h: what the files of config/ share and nobody else sees. */
#ifndef CAIRN_CONFIG_OWN_H
#define CAIRN_CONFIG_OWN_H

#include <pthread.h>
#include <stdatomic.h>

#include "config/config.h"
#include "config/db.h"

struct site_snapshot; /* site_store.c */

struct config {
    struct db *db;
    const struct clock *clock;
    pthread_mutex_t lock; /* guards db; the outer lock: snapshot_lock may be taken under it */
    pthread_mutex_t snapshot_lock; /* guards the pointer below and its count of readers */
    struct site_snapshot *sites;
    atomic_uint_fast64_t version; /* of what `sites` was read from */
};

enum { CONFIG_ARENA = 32 * 1024 * 1024, NUMBER_TEXT = 24 };

/* A call's frame: takes the lock and an arena, and with `write` a transaction. */
struct config_call {
    struct config *c;
    struct arena a;
    bool write;
};
MUST_CHECK err_code call_begin(struct config *c, bool write, struct config_call *call,
                               struct err *err);
/* Ends it: commits and raises the version when rc is ERR_OK, rolls back otherwise.  Returns rc, or
 * why the commit failed. */
MUST_CHECK err_code call_end(struct config_call *call, err_code rc, struct err *err);

/* A number as text for a parameter. */
struct str number_text(char buffer[NUMBER_TEXT], int64_t v);
int64_t cell_number(struct str cell); /* 0 when NULL */

/* The next value of a counter ("site", "user", "history"); never given twice. */
MUST_CHECK err_code next_number(struct config_call *call, const char *counter, int64_t *out,
                                struct err *err);
MUST_CHECK err_code history_add(struct config_call *call, uint32_t site, const char *kind,
                                struct str key, const char *who, const char *change,
                                struct str before, struct str after, struct err *err);

/* Reads the sites into a new snapshot and publishes it; the lock is held. */
MUST_CHECK err_code sites_reload(struct config *c, struct err *err);
void sites_close(struct config *c);

/* Compact JSON text in the arena. */
MUST_CHECK err_code json_text(struct arena *a, const json_t *doc, struct str *out, struct err *err);
MUST_CHECK err_code json_read(struct str text, json_t **out, struct err *err);
/* `doc` with the top-level members of `patch` set, or removed where null; a new object. */
MUST_CHECK err_code json_patched(const json_t *doc, const json_t *patch, json_t **out,
                                 struct err *err);
/* 1..64 of a-z 0-9 - _ ; ERR_INVALID, bad_field. */
MUST_CHECK err_code key_check(struct str key, const char *field, struct err *err);
/* Checks a document of a kind before it is stored (check.c). */
MUST_CHECK err_code thing_check(const char *kind, const json_t *doc, struct arena *a,
                                struct err *err);
MUST_CHECK err_code site_check(const json_t *doc, struct err *err);

#endif
