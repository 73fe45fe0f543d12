#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/fs_fault.h"

static char dir[64];

static int make_dir(void **state)
{
    (void)state;
    /* In memory where there is such a place: what a sync costs is not tested here. */
    const char *where = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    snprintf(dir, sizeof dir, "%s/cairn-fs-XXXXXX", where);
    return mkdtemp(dir) ? 0 : -1;
}

static int drop_name(void *arg, const char *name)
{
    char path[400];
    (void)arg;
    snprintf(path, sizeof path, "%s/%s", dir, name);
    return unlink(path);
}

static int drop_dir(void **state)
{
    (void)state;
    fs_real.list(&fs_real, dir, drop_name, NULL);
    return rmdir(dir);
}

static const char *in_dir(const char *name)
{
    static char path[128];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    return path;
}

static int count_name(void *arg, const char *name)
{
    (void)name;
    return ++*(int *)arg == 3 ? 77 : 0;
}

static void real_calls_answer_negative_errno(void **state)
{
    (void)state;
    const struct fs *fs = &fs_real;
    assert_int_equal(fs->open(fs, in_dir("absent"), O_RDONLY, 0), -ENOENT);
    assert_int_equal(fs->unlink(fs, in_dir("absent")), -ENOENT);
    assert_int_equal(fs->syncdir(fs, in_dir("absent")), -ENOENT);
    assert_int_equal(fs->list(fs, in_dir("absent"), count_name, NULL), -ENOENT);
    assert_int_equal(fs->close(fs, -1), -EBADF);
    assert_int_equal(fs->datasync(fs, -1), -EBADF);
    assert_int_equal(fs->size(fs, -1), -EBADF);
    assert_int_equal(fs->mkdir(fs, dir), 0); /* it exists */
    int fd = fs->open(fs, in_dir("a"), O_RDWR | O_CREAT, 0600);
    assert_true(fd >= 0);
    assert_int_equal(fs->mkdir(fs, in_dir("a")), -EEXIST); /* but is no folder */
    assert_int_equal(fs_write_all(fs, fd, "hello", 5, 3), 0);
    assert_int_equal(fs->size(fs, fd), 8);
    char back[16];
    assert_int_equal(fs_read_all(fs, fd, back, sizeof back, 0), 8);
    assert_memory_equal(back, "\0\0\0hello", 8);
    assert_int_equal(fs->truncate(fs, fd, 4), 0);
    assert_int_equal(fs->size(fs, fd), 4);
    assert_int_equal(fs->datasync(fs, fd), 0);
    assert_int_equal(fs->close(fs, fd), 0);
    assert_int_equal(fs->rename(fs, in_dir("a"), in_dir("a")), 0);
    assert_int_equal(fs->syncdir(fs, dir), 0);
}

static void list_stops_when_told(void **state)
{
    (void)state;
    int n = 0;
    for (int i = 0; i < 3; i++) {
        char name[8];
        snprintf(name, sizeof name, "f%d", i);
        fs_real.close(&fs_real, fs_real.open(&fs_real, in_dir(name), O_CREAT | O_WRONLY, 0600));
    }
    assert_int_equal(fs_real.list(&fs_real, dir, count_name, &n), 77);
    assert_int_equal(n, 3);
}

static void short_writes_are_finished(void **state)
{
    (void)state;
    struct fs_fault f;
    fs_fault_init(&f);
    f.most = 3;
    int fd = f.fs.open(&f.fs, in_dir("short"), O_RDWR | O_CREAT, 0600);
    assert_int_equal(fs_write_all(&f.fs, fd, "0123456789", 10, 0), 0);
    assert_int_equal(f.fs.size(&f.fs, fd), 10);
    f.fs.close(&f.fs, fd);
}

static void a_full_disk_keeps_what_fitted(void **state)
{
    (void)state;
    struct fs_fault f;
    fs_fault_init(&f);
    int fd = f.fs.open(&f.fs, in_dir("full"), O_RDWR | O_CREAT, 0600);
    fs_fault_room(&f, 6);
    assert_int_equal(fs_write_all(&f.fs, fd, "0123456789", 10, 0), -ENOSPC);
    assert_int_equal(f.fs.size(&f.fs, fd), 6);
    f.fs.close(&f.fs, fd);
}

static void the_armed_call_fails_and_no_other(void **state)
{
    (void)state;
    struct fs_fault f;
    fs_fault_init(&f);
    int fd = f.fs.open(&f.fs, in_dir("armed"), O_RDWR | O_CREAT, 0600);
    fs_fault_arm(&f, FS_DATASYNC, 2, 1, ENOSPC);
    assert_int_equal(f.fs.datasync(&f.fs, fd), 0);
    assert_int_equal(f.fs.size(&f.fs, fd), 0); /* another kind is not counted */
    assert_int_equal(f.fs.datasync(&f.fs, fd), -ENOSPC);
    assert_int_equal(f.fs.datasync(&f.fs, fd), 0);
    assert_int_equal(fs_fault_calls(&f), 3);
    f.tear = true;
    fs_fault_arm(&f, FS_PWRITE, 1, -1, 0);
    assert_int_equal(fs_write_all(&f.fs, fd, "0123456789", 10, 0), -EIO);
    assert_int_equal(f.fs.size(&f.fs, fd), 5);
    f.fs.close(&f.fs, fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(real_calls_answer_negative_errno, make_dir, drop_dir),
        cmocka_unit_test_setup_teardown(list_stops_when_told, make_dir, drop_dir),
        cmocka_unit_test_setup_teardown(short_writes_are_finished, make_dir, drop_dir),
        cmocka_unit_test_setup_teardown(a_full_disk_keeps_what_fitted, make_dir, drop_dir),
        cmocka_unit_test_setup_teardown(the_armed_call_fails_and_no_other, make_dir, drop_dir),
    };
    return cmocka_run_group_tests_name("fs", tests, NULL, NULL);
}
