/* segment_fuzz.c: any bytes as a journal file: what is read is whole, and reading is repeatable. */
#include <assert.h>
#include <sys/mman.h>
#include <unistd.h>

#include "journal/segment.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const uint8_t *data, size_t size, bool tail)
{
    int fd = memfd_create("segment", MFD_CLOEXEC);
    assert(fd >= 0 && fs_write_all(&fs_real, fd, data, size, 0) == 0);
    struct segment_scan scan, again;
    struct err err;
    if (segment_scan(&fs_real, fd, "input", tail, &scan, &err) == ERR_OK) {
        assert(scan.end >= SEGMENT_HEADER_BYTES && scan.end <= (int64_t)size);
        assert(scan.commit_at >= SEGMENT_HEADER_BYTES && scan.commit_at <= scan.end);
        /* Cut behind its last record the file is whole, in any position. */
        assert(ftruncate(fd, scan.end) == 0);
        assert(segment_scan(&fs_real, fd, "input", false, &again, &err) == ERR_OK);
        assert(again.last_seq == scan.last_seq && again.end == scan.end && !again.torn);
    }
    close(fd);
}

/* Gives records in a copy of the input the checksums they need, so that the search goes deeper. */
static void seal(uint8_t *p, size_t size)
{
    struct segment_header h = {.first_seq = 1, .salt = 42};
    if (size < SEGMENT_HEADER_BYTES) return;
    segment_write_header(&h, p);
    size_t at = SEGMENT_HEADER_BYTES;
    for (uint64_t seq = 1; size - at >= RECORD_HEADER_BYTES; seq++) {
        uint32_t len = p[at + 8], back = p[at + 12] & 1 ? 0 : (uint32_t)(at - SEGMENT_HEADER_BYTES);
        if (p[at] == 0xff || len > size - at - RECORD_HEADER_BYTES) break;
        record_write_header(p + at, seq, len, back);
        record_seal(p + at, RECORD_HEADER_BYTES + len, h.salt);
        at += RECORD_HEADER_BYTES + len;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    check(data, size, true);
    check(data, size, false);
    uint8_t *copy = malloc(size + 1);
    if (!copy) return 0;
    if (size) memcpy(copy, data, size);
    seal(copy, size);
    check(copy, size, true);
    check(copy, size, false);
    free(copy);
    return 0;
}
