#include "base/fs_fault.h"

#include <errno.h>

/* 0, or the negative errno that this call is to fail with. */
static int fails(const struct fs *fs, unsigned kind)
{
    struct fs_fault *f = fs->state;
    int rc = 0;
    pthread_mutex_lock(&f->lock);
    if (f->which & kind) {
        f->calls++;
        if (f->fail_first > 0 && f->calls >= f->fail_first &&
            (f->fail_count < 0 || f->calls < f->fail_first + f->fail_count))
            rc = f->error ? -f->error : -EIO;
    }
    pthread_mutex_unlock(&f->lock);
    return rc;
}

static int fault_open(const struct fs *fs, const char *path, int flags, mode_t mode)
{
    int rc = fails(fs, FS_OPEN);
    return rc ? rc : fs_real.open(&fs_real, path, flags, mode);
}

static int fault_close(const struct fs *fs, int fd)
{
    int rc = fails(fs, FS_CLOSE), real = fs_real.close(&fs_real, fd);
    return rc ? rc : real;
}

static ssize_t fault_pread(const struct fs *fs, int fd, void *to, size_t n, int64_t at)
{
    int rc = fails(fs, FS_PREAD);
    return rc ? rc : fs_real.pread(&fs_real, fd, to, n, at);
}

static ssize_t fault_pwrite(const struct fs *fs, int fd, const void *from, size_t n, int64_t at)
{
    struct fs_fault *f = fs->state;
    int rc = fails(fs, FS_PWRITE);
    pthread_mutex_lock(&f->lock);
    bool tear = f->tear, full = false;
    if (f->most > 0 && n > f->most) n = f->most;
    if (!rc && f->room >= 0) {
        if (n > 0 && f->room == 0) full = true;
        if (n > (size_t)f->room) n = (size_t)f->room;
        f->room -= (int64_t)n;
    }
    pthread_mutex_unlock(&f->lock);
    if (full) return -ENOSPC;
    if (!rc) return fs_real.pwrite(&fs_real, fd, from, n, at);
    if (tear) {
        ssize_t half = fs_real.pwrite(&fs_real, fd, from, n / 2, at);
        (void)half;
    }
    return rc;
}

static int fault_datasync(const struct fs *fs, int fd)
{
    int rc = fails(fs, FS_DATASYNC);
    return rc ? rc : fs_real.datasync(&fs_real, fd);
}

static int fault_truncate(const struct fs *fs, int fd, int64_t size)
{
    int rc = fails(fs, FS_TRUNCATE);
    return rc ? rc : fs_real.truncate(&fs_real, fd, size);
}

static int64_t fault_size(const struct fs *fs, int fd)
{
    int rc = fails(fs, FS_SIZE);
    return rc ? rc : fs_real.size(&fs_real, fd);
}

static int fault_rename(const struct fs *fs, const char *from, const char *to)
{
    int rc = fails(fs, FS_RENAME);
    return rc ? rc : fs_real.rename(&fs_real, from, to);
}

static int fault_unlink(const struct fs *fs, const char *path)
{
    int rc = fails(fs, FS_UNLINK);
    return rc ? rc : fs_real.unlink(&fs_real, path);
}

static int fault_mkdir(const struct fs *fs, const char *path)
{
    int rc = fails(fs, FS_MKDIR);
    return rc ? rc : fs_real.mkdir(&fs_real, path);
}

static int fault_syncdir(const struct fs *fs, const char *path)
{
    int rc = fails(fs, FS_SYNCDIR);
    return rc ? rc : fs_real.syncdir(&fs_real, path);
}

static int fault_list(const struct fs *fs, const char *path,
                      int (*each)(void *arg, const char *name), void *arg)
{
    int rc = fails(fs, FS_LIST);
    return rc ? rc : fs_real.list(&fs_real, path, each, arg);
}

void fs_fault_init(struct fs_fault *f)
{
    *f = (struct fs_fault){
        .fs = {.open = fault_open,
               .close = fault_close,
               .pread = fault_pread,
               .pwrite = fault_pwrite,
               .datasync = fault_datasync,
               .truncate = fault_truncate,
               .size = fault_size,
               .rename = fault_rename,
               .unlink = fault_unlink,
               .mkdir = fault_mkdir,
               .syncdir = fault_syncdir,
               .list = fault_list,
               .state = f},
        .room = -1,
    };
    pthread_mutex_init(&f->lock, NULL);
}

void fs_fault_arm(struct fs_fault *f, unsigned which, long first, long count, int error)
{
    pthread_mutex_lock(&f->lock);
    f->which = which;
    f->calls = 0;
    f->fail_first = first;
    f->fail_count = count;
    f->error = error;
    pthread_mutex_unlock(&f->lock);
}

void fs_fault_room(struct fs_fault *f, int64_t room)
{
    pthread_mutex_lock(&f->lock);
    f->room = room;
    pthread_mutex_unlock(&f->lock);
}

long fs_fault_calls(struct fs_fault *f)
{
    pthread_mutex_lock(&f->lock);
    long n = f->calls;
    pthread_mutex_unlock(&f->lock);
    return n;
}
