/* lock.c: one process has a data folder at a time; the others find its address here. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/engine_own.h"

static int open_lock(const char *data_dir, int flags)
{
    char path[4096];
    int n = snprintf(path, sizeof path, "%s/lock", data_dir);
    if (n < 0 || (size_t)n >= sizeof path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    return open(path, flags | O_CLOEXEC, 0600);
}

/* Two whole lines: address, secret. */
static void read_announcement(int fd, char address[ENGINE_ADDRESS], char secret[ENGINE_SECRET])
{
    char text[ENGINE_ADDRESS + ENGINE_SECRET + 2];
    ssize_t got = fs_read_all(&fs_real, fd, text, sizeof text, 0);
    struct str rest = {text, got > 0 ? (size_t)got : 0};
    address[0] = secret[0] = 0;
    struct str first = str_cut(rest, '\n', &rest), second = str_cut(rest, '\n', &rest);
    if (second.n == 0 || second.p[second.n] != '\n') return; /* being written */
    if (first.n >= ENGINE_ADDRESS || second.n >= ENGINE_SECRET) return;
    memcpy(address, first.p, first.n);
    address[first.n] = 0;
    memcpy(secret, second.p, second.n);
    secret[second.n] = 0;
}

err_code engine_lock(const char *data_dir, int *out, struct err *err)
{
    int fd = open_lock(data_dir, O_RDWR | O_CREAT);
    if (fd < 0) return err_set(err, ERR_IO, errno, "open the lock of %s", data_dir);
    if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
        int why = errno;
        char address[ENGINE_ADDRESS], secret[ENGINE_SECRET];
        read_announcement(fd, address, secret);
        close(fd);
        if (why != EWOULDBLOCK) return err_set(err, ERR_IO, why, "lock %s", data_dir);
        return err_named(err, ERR_CONFLICT, "data_folder_in_use", "", "%s is in use by %s",
                         data_dir, address[0] ? address : "another command");
    }
    /* What the one before announced is no longer so. */
    if (ftruncate(fd, 0) < 0) {
        err_code code = err_set(err, ERR_IO, errno, "empty the lock of %s", data_dir);
        close(fd);
        return code;
    }
    *out = fd;
    return ERR_OK;
}

bool engine_server_address(const char *data_dir, char address[ENGINE_ADDRESS],
                           char secret[ENGINE_SECRET])
{
    address[0] = secret[0] = 0;
    int fd = open_lock(data_dir, O_RDONLY);
    if (fd < 0) return false;
    /* A shared lock is refused exactly while somebody holds the folder. */
    bool taken = flock(fd, LOCK_SH | LOCK_NB) < 0 && errno == EWOULDBLOCK;
    if (taken) read_announcement(fd, address, secret);
    close(fd);
    return taken;
}

err_code engine_announce(struct engine *e, const char *address, char secret[ENGINE_SECRET],
                         struct err *err)
{
    unsigned char random[24];
    if (getrandom(random, sizeof random, 0) != sizeof random)
        return err_set(err, ERR_IO, errno, "secret of the server");
    for (size_t i = 0; i < sizeof random; i++) snprintf(secret + 2 * i, 3, "%02x", random[i]);
    char text[ENGINE_ADDRESS + ENGINE_SECRET];
    int n = snprintf(text, sizeof text, "%s\n%s\n", address, secret);
    if (strlen(address) >= ENGINE_ADDRESS || n < 0)
        return err_set(err, ERR_INVALID, 0, "the address of the server is too long");
    int rc = ftruncate(e->own->lock_fd, 0) < 0 ? -errno : 0;
    if (rc == 0) rc = fs_write_all(&fs_real, e->own->lock_fd, text, (size_t)n, 0);
    return rc ? err_set(err, ERR_IO, -rc, "announce %s", address) : ERR_OK;
}
