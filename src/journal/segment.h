/* segment.h: the bytes of one journal file: a header, then records.  Layout: docs/FORMAT.md.
 *
 * A record is valid only at its place: its checksum covers its number and is salted by the file, so
 * neither stale bytes of another file nor bytes that a client sent can pass for one.  Each record
 * says where its commit began; everything before that point had been synced when it was written,
 * which tells a torn tail (never acknowledged) from damage. */
#ifndef CAIRN_JOURNAL_SEGMENT_H
#define CAIRN_JOURNAL_SEGMENT_H

#include <stdbool.h>

#include "base/err.h"
#include "base/fs.h"
#include "base/str.h"
#include "event/limits.h"

enum {
    SEGMENT_HEADER_BYTES = 48,
    RECORD_HEADER_BYTES = 24,
    RECORD_MAX_PAYLOAD = LIMIT_EVENT_BYTES,
    SEGMENT_NAME_BYTES = 20 + 4 + 1, /* 20 digits, ".jnl", 0 */
};

struct segment_header {
    uint64_t first_seq; /* number of the first record */
    uint64_t
        after_seq; /* last number in the files before; first_seq - 1 unless numbers were skipped */
    uint64_t salt;
};

void segment_name(uint64_t first_seq, char out[SEGMENT_NAME_BYTES]);
bool segment_parse_name(const char *name, uint64_t *first_seq);
void segment_write_header(const struct segment_header *h, unsigned char out[SEGMENT_HEADER_BYTES]);

/* Writes a record's header at `at`, all but the checksum; `back` is the distance to the start of
 * its commit.  The payload follows it.  record_seal adds the checksum once the salt is known. */
void record_write_header(unsigned char *at, uint64_t seq, uint32_t len, uint32_t back);
/* Seals all records in n bytes. */
void record_seal(unsigned char *records, size_t n, uint64_t salt);

/* Reads records in order up to a given byte. */
struct segment_cursor {
    const struct fs *fs;
    int fd;
    uint64_t salt;
    int64_t at, end;    /* of the next record; how far may be read */
    int64_t commit_at;  /* where the commit of the last record read began */
    unsigned char *buf; /* owned: a window of the file */
    size_t buf_size, buf_n;
    int64_t buf_at;
};

/* ERR_IO; ERR_CORRUPT, also when the file is shorter than a header or of another version. */
MUST_CHECK err_code segment_read_header(const struct fs *fs, int fd, const char *name,
                                        struct segment_header *out, struct err *err);
/* Starts behind the header.  ERR_NOMEM. */
MUST_CHECK err_code segment_cursor_open(struct segment_cursor *c, const struct fs *fs, int fd,
                                        uint64_t salt, int64_t end, struct err *err);
void segment_cursor_close(struct segment_cursor *c); /* the fd stays open */
/* The record numbered `seq`, borrowed until the next call.  ERR_NOT_FOUND at `end`; ERR_CORRUPT
 * when what stands there is not that record whole (the cursor stays); ERR_IO. */
MUST_CHECK err_code segment_next(struct segment_cursor *c, uint64_t seq, struct str *payload,
                                 struct err *err);

struct segment_scan {
    struct segment_header header;
    uint64_t last_seq; /* first_seq - 1 when there is none */
    int64_t end;       /* behind the last whole record */
    int64_t commit_at; /* where the commit of the last record began */
    bool torn;         /* bytes other than 0 stood behind `end` */
};

/* Reads a whole file.  In the newest file (`tail`) a record that is not whole ends it, unless a
 * later commit follows; in the others it is ERR_CORRUPT.  Zeros at the end are room for more.
 * ERR_NOT_FOUND: the newest file was never begun properly and holds nothing. */
MUST_CHECK err_code segment_scan(const struct fs *fs, int fd, const char *name, bool tail,
                                 struct segment_scan *out, struct err *err);

#endif
