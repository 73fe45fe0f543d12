/* fs_fault.h: a disk that fails when it is told to, for tests of durable state.
 *
 * Calls go through to the real disk; counted ones fail, write short, or run out of room.  All
 * fields may be set between calls; the struct must not move once `fs` has been handed out. */
#ifndef CAIRN_BASE_FS_FAULT_H
#define CAIRN_BASE_FS_FAULT_H

#include <pthread.h>
#include <stdbool.h>

#include "base/fs.h"

enum fs_call {
    FS_OPEN = 1,
    FS_CLOSE = 2,
    FS_PREAD = 4,
    FS_PWRITE = 8,
    FS_DATASYNC = 16,
    FS_TRUNCATE = 32,
    FS_SIZE = 64,
    FS_RENAME = 128,
    FS_UNLINK = 256,
    FS_MKDIR = 512,
    FS_SYNCDIR = 1024,
    FS_LIST = 2048,
    FS_ALL = 4095,
};

struct fs_fault {
    struct fs fs;         /* what the code under test gets */
    pthread_mutex_t lock; /* guards the fields below; a leaf */
    unsigned which;       /* kinds of call that are counted, of enum fs_call */
    long calls;           /* counted so far */
    long fail_first;      /* the first counted call that fails, from 1; 0: none */
    long fail_count;      /* so many in a row; < 0: all from then on */
    int error;            /* errno of a failure; 0: EIO */
    bool tear;            /* a failing pwrite leaves the first half of its bytes */
    size_t most;          /* a pwrite takes at most so many bytes; 0: all */
    int64_t room;         /* bytes that may still be written, then ENOSPC; < 0: no end */
};

void fs_fault_init(struct fs_fault *f);
/* Sets up a failure of the `first`-th call of the kinds in `which` from now, `count` times. */
void fs_fault_arm(struct fs_fault *f, unsigned which, long first, long count, int error);
void fs_fault_room(struct fs_fault *f, int64_t room);
long fs_fault_calls(struct fs_fault *f); /* counted since armed */

#endif
