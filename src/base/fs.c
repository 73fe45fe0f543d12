#include "base/fs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int real_open(const struct fs *fs, const char *path, int flags, mode_t mode)
{
    (void)fs;
    int fd = open(path, flags | O_CLOEXEC, mode);
    return fd < 0 ? -errno : fd;
}

/* Not again after EINTR: Linux has closed the descriptor by then (close(2)). */
static int real_close(const struct fs *fs, int fd)
{
    (void)fs;
    return close(fd) < 0 && errno != EINTR ? -errno : 0;
}

static ssize_t real_pread(const struct fs *fs, int fd, void *to, size_t n, int64_t at)
{
    (void)fs;
    ssize_t got = pread(fd, to, n, at);
    return got < 0 ? -errno : got;
}

static ssize_t real_pwrite(const struct fs *fs, int fd, const void *from, size_t n, int64_t at)
{
    (void)fs;
    ssize_t put = pwrite(fd, from, n, at);
    return put < 0 ? -errno : put;
}

static int real_datasync(const struct fs *fs, int fd)
{
    (void)fs;
    /* EINTR may leave pages unwritten without an error to come: ask again. */
    while (fdatasync(fd) < 0)
        if (errno != EINTR) return -errno;
    return 0;
}

static int real_truncate(const struct fs *fs, int fd, int64_t size)
{
    (void)fs;
    while (ftruncate(fd, size) < 0)
        if (errno != EINTR) return -errno;
    return 0;
}

static int64_t real_size(const struct fs *fs, int fd)
{
    (void)fs;
    struct stat st;
    return fstat(fd, &st) < 0 ? -errno : st.st_size;
}

static int real_rename(const struct fs *fs, const char *from, const char *to)
{
    (void)fs;
    return rename(from, to) < 0 ? -errno : 0;
}

static int real_unlink(const struct fs *fs, const char *path)
{
    (void)fs;
    return unlink(path) < 0 ? -errno : 0;
}

static int real_mkdir(const struct fs *fs, const char *path)
{
    (void)fs;
    if (mkdir(path, 0700) == 0) return 0;
    struct stat st;
    int why = errno;
    return why == EEXIST && stat(path, &st) == 0 && S_ISDIR(st.st_mode) ? 0 : -why;
}

static int real_syncdir(const struct fs *fs, const char *path)
{
    (void)fs;
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return -errno;
    int rc = fsync(fd) < 0 ? -errno : 0;
    close(fd);
    return rc;
}

static int real_list(const struct fs *fs, const char *path,
                     int (*each)(void *arg, const char *name), void *arg)
{
    (void)fs;
    DIR *d = opendir(path);
    if (!d) return -errno;
    int rc = 0;
    struct dirent *e;
    while (rc == 0 && (errno = 0, e = readdir(d)))
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0) rc = each(arg, e->d_name);
    if (rc == 0 && errno) rc = -errno;
    closedir(d);
    return rc;
}

const struct fs fs_real = {
    .open = real_open,
    .close = real_close,
    .pread = real_pread,
    .pwrite = real_pwrite,
    .datasync = real_datasync,
    .truncate = real_truncate,
    .size = real_size,
    .rename = real_rename,
    .unlink = real_unlink,
    .mkdir = real_mkdir,
    .syncdir = real_syncdir,
    .list = real_list,
};

int fs_write_all(const struct fs *fs, int fd, const void *from, size_t n, int64_t at)
{
    const char *p = from;
    while (n > 0) {
        ssize_t put = fs->pwrite(fs, fd, p, n, at);
        if (put == -EINTR) continue;
        if (put < 0) return (int)put;
        if (put == 0) return -ENOSPC; /* no progress and no reason: a device at its end */
        p += put;
        n -= (size_t)put;
        at += put;
    }
    return 0;
}

ssize_t fs_read_all(const struct fs *fs, int fd, void *to, size_t n, int64_t at)
{
    char *p = to;
    size_t done = 0;
    while (done < n) {
        ssize_t got = fs->pread(fs, fd, p + done, n - done, at + (int64_t)done);
        if (got == -EINTR) continue;
        if (got < 0) return got;
        if (got == 0) break;
        done += (size_t)got;
    }
    return (ssize_t)done;
}
