/* fs.h: the few file calls that durable state is built on, behind a table of functions, so that
 * tests can make each one fail in turn or keep only a prefix of what was written.
 *
 * Every call returns 0 or more, or a negative errno. */
#ifndef CAIRN_BASE_FS_H
#define CAIRN_BASE_FS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct fs {
    int (*open)(const struct fs *fs, const char *path, int flags, mode_t mode); /* an fd */
    int (*close)(const struct fs *fs, int fd);
    ssize_t (*pread)(const struct fs *fs, int fd, void *to, size_t n, int64_t at);
    ssize_t (*pwrite)(const struct fs *fs, int fd, const void *from, size_t n, int64_t at);
    int (*datasync)(const struct fs *fs, int fd);
    int (*truncate)(const struct fs *fs, int fd, int64_t size);
    int64_t (*size)(const struct fs *fs, int fd);
    int (*rename)(const struct fs *fs, const char *from, const char *to);
    int (*unlink)(const struct fs *fs, const char *path);
    int (*mkdir)(const struct fs *fs, const char *path); /* 0700; 0 when it exists */
    int (*syncdir)(const struct fs *fs, const char *path);
    /* Each name in the folder but "." and "..", in no order; other than 0 stops and is returned. */
    int (*list)(const struct fs *fs, const char *path, int (*each)(void *arg, const char *name),
                void *arg);
    void *state; /* a test's own */
};

extern const struct fs fs_real;

/* The whole of n bytes, past short writes and EINTR; 0 or a negative errno. */
int fs_write_all(const struct fs *fs, int fd, const void *from, size_t n, int64_t at);
/* Up to n bytes, past short reads; the number read. */
ssize_t fs_read_all(const struct fs *fs, int fd, void *to, size_t n, int64_t at);

#endif
