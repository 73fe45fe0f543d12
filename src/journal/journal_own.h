/* journal_own.h: what journal.c, commit.c and reader.c share; for this folder only. */
#ifndef CAIRN_JOURNAL_JOURNAL_OWN_H
#define CAIRN_JOURNAL_JOURNAL_OWN_H

#include <pthread.h>

#include "journal/journal.h"
#include "journal/segment.h"

struct waiter {
    void (*done)(void *arg, err_code code);
    void *arg;
};

/* What gathers while the commit before it is on its way to the disk. */
struct batch {
    unsigned char *p; /* records as they will stand in the file, not yet sealed */
    size_t n, size;
    uint64_t first_seq, records;
    struct waiter *waiters;
    size_t n_waiters, size_waiters;
};

struct segment {
    struct segment_header header;
    uint64_t last_seq; /* durable; header.first_seq - 1 when there is none */
    int64_t end;       /* durable bytes */
    bool leaving;      /* its file is being deleted */
};

struct journal {
    const struct fs *fs;
    char dir[512];
    struct journal_options options;
    pthread_t thread;

    /* Guards everything below up to the next line; a leaf: no I/O and no callback under it. */
    pthread_mutex_t lock;
    pthread_cond_t work;  /* to the committer: there is something, or it is to end */
    pthread_cond_t moved; /* to readers and journal_sync: durable_seq or failed changed */
    struct batch batches[2];
    struct batch *filling, *flying; /* flying: NULL while nothing is being written */
    uint64_t next_seq, durable_seq;
    uint64_t tail_seq; /* the last number in the files: durable_seq, but for skipped numbers */
    uint64_t released;
    uint64_t failures_seen; /* grows with each failure, so that journal_sync can tell */
    bool failed, refusing, recovering, deleting, closing;
    struct segment *segments; /* oldest first */
    size_t n_segments, size_segments;
    struct journal_reader *readers;
    struct journal_stats stats;

    /* --- the committer's, or journal_recover's while `failed` --- */
    int fd;            /* of the newest file, or -1: begin one */
    uint64_t salt;     /* of that file */
    int64_t end, room; /* where the next record goes; up to where the file has blocks */
};

struct journal_reader {
    struct journal *j;
    struct journal_reader *next; /* in j->readers, under its lock */
    uint64_t needs;              /* no record before this one will be asked for; under its lock */
    uint64_t seq;                /* the next record wanted */
    uint64_t have;               /* up to here the open file can be read without asking */
    uint64_t file_seq,
        file_at; /* numbers of the open file's first record and of the cursor's next */
    int fd;      /* or -1 */
    struct segment_cursor cursor;
};

/* commit.c */
void *journal_commit_thread(void *journal);
/* Makes the file that the next record goes to and puts it into the list. */
MUST_CHECK err_code journal_begin_file(struct journal *j, uint64_t first_seq, struct err *err);
MUST_CHECK bool journal_add_segment(struct journal *j,
                                    const struct segment *s); /* under the lock */
void journal_path(const struct journal *j, uint64_t first_seq, char *out, size_t size);

#endif
