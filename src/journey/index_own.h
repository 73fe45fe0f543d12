/* index_own.h: the inside of an index, for the files index*.c. */
#ifndef CAIRN_JOURNEY_INDEX_OWN_H
#define CAIRN_JOURNEY_INDEX_OWN_H

#include <pthread.h>

#include "journey/index.h"
#include "journey/mem.h"

enum { INDEX_PATH = 4096, INDEX_NAME = 64 };

struct index_site {
    uint32_t id;
    /* The feeding thread's own. */
    struct mem mem;
    uint64_t fed_seq; /* the last number given to index_add */
    uint64_t fed_bots[BOT_N];
    /* Guarded by index.lock.  Dictionaries are written by the feeding thread without it; others
     * look below `counts` only. */
    struct dicts *dicts;
    struct dict_counts counts; /* as of the last publication */
    struct part **parts;       /* by month, then in order of seq */
    size_t n_parts;
    uint64_t watermark; /* parts up to this number are visible */
    int64_t watermark_ms;
    uint64_t version;
    uint64_t bots[BOT_N], keys_refused, values_refused;
    /* Guarded by index.rewrite. */
    struct dict_counts saved; /* how much of the dictionaries is in the file */
    uint64_t dict_bytes;      /* the file's length */
    uint64_t generation;      /* names files that are not to be mistaken for older ones */
};

struct index {
    const struct fs *fs;
    char *dir;
    size_t memory_bytes;
    /* Rank 1: held while parts are merged, written and replaced, so long.  Guards the files. */
    pthread_mutex_t rewrite;
    /* Rank 2, a leaf, held briefly: guards the list of sites (which only the feeding thread
     * changes) and what is said of it above. */
    pthread_mutex_t lock;
    pthread_cond_t wake; /* something to merge, or closing */
    bool closing, behind;
    pthread_t merger;
    struct index_site **sites;
    size_t n_sites;
    uint64_t seq; /* everything up to it has been published */
    int64_t received_ms;
    bool persist_failed; /* the last attempt; not tried again by itself until more comes in */
};

/* The site, or NULL.  The feeding thread, or with the lock. */
struct index_site *index_find(const struct index *x, uint32_t site);
/* Makes room for and lists an empty site with everything up to `watermark` in it. */
MUST_CHECK err_code index_site_new(struct index *x, uint32_t site, uint64_t watermark,
                                   struct index_site **out, struct err *err);
void index_site_free(struct index_site *s);
/* Adds a part, whose reference is taken over, in its place.  With the lock. */
MUST_CHECK err_code index_insert(struct index_site *s, struct part *p, struct err *err);
/* Replaces parts[from, from + n) by one; the old references are put into `old`.  With the lock. */
void index_replace(struct index_site *s, size_t from, size_t n, struct part *by, struct part **old);

/* index_merge.c: one round over all sites; true when something was merged.  With `rewrite`. */
bool index_merge_round(struct index *x);
/* Bytes of parts that are in memory only.  With the lock. */
size_t index_heap_bytes(const struct index *x);

/* index_load.c: what is on disk, before any other thread knows the index. */
MUST_CHECK err_code index_load(struct index *x, struct err *err);
void index_forget(struct index *x, uint32_t site); /* removes a site's files */
/* index_save.c: writes out what is visible.  With `rewrite`. */
MUST_CHECK err_code index_save(struct index *x, struct err *err);

#endif
