/* layout.h: the bytes of a part, for the two files that write and read them (docs/FORMAT.md).
 * Little-endian, as every machine this runs on is. */
#ifndef CAIRN_JOURNEY_LAYOUT_H
#define CAIRN_JOURNEY_LAYOUT_H

#include <stddef.h>
#include <stdint.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "parts are mapped as they are");

#define PART_MAGIC "CAIRNSEG"
enum { PART_VERSION = 1, PART_ALIGN = 64, PART_MAX_COLUMNS = 1100 };

struct part_header {
    char magic[8];
    uint32_t version, header_bytes; /* this, then the directory */
    uint64_t file_bytes;
    uint64_t header_sum; /* XXH3-64 of the header and directory with this field 0 */
    uint64_t data_sum;   /* XXH3-64 of everything after header_bytes */
    uint32_t site;
    int32_t month;
    uint64_t first_seq, last_seq;
    int64_t min_ms, max_ms;
    uint32_t n_events, n_visitors, n_columns;
    uint8_t flags, id_kinds, origins, zero;
};
_Static_assert(sizeof(struct part_header) == 96, "no holes");

struct part_directory { /* one column; offsets from the file's start, 0: not there */
    uint8_t kind, form, width, zero;
    uint32_t key, n;
    uint32_t zero2;
    uint64_t row_at, ord_at, code_at;
};
_Static_assert(sizeof(struct part_directory) == 40, "no holes");

/* Of a header with its directory, `n` bytes in all, at most PART_MAX_HEADER. */
enum { PART_MAX_HEADER = 96 + PART_MAX_COLUMNS * 40 };
uint64_t part_header_sum(const unsigned char *bytes, size_t n);

#endif
