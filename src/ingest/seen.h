/* seen.h: a bounded table of visitors seen lately: visitor to another visitor and a time. */
#ifndef CAIRN_INGEST_SEEN_H
#define CAIRN_INGEST_SEEN_H

#include <stddef.h>
#include <stdint.h>

struct seen_entry {
    uint64_t key, value;
    int64_t last_ms;
};
struct seen {
    struct seen_entry *entries; /* open addressing; key 0 is free */
    size_t n, size;
};

enum { SEEN_MAX = 1 << 20 };

struct seen_entry *seen_find(struct seen *s, uint64_t key); /* or NULL */
/* The entry for `key`, new with value 0 when absent; NULL when the table is full or memory is out.
 */
struct seen_entry *seen_add(struct seen *s, uint64_t key);
void seen_clear(struct seen *s); /* gives the memory back */

#endif
