/* arena.h: memory for one request: many small allocations, one reset, and a cap.
 *
 * The cap is a limit of the product (memory per request) and the out-of-memory test at once:
 * past it every allocation fails, and the caller answers ERR_NOMEM.  Not for several threads. */
#ifndef CAIRN_BASE_ARENA_H
#define CAIRN_BASE_ARENA_H

#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct arena_block;
struct arena {
    struct arena_block *first;
    size_t used, cap; /* bytes handed out, and the most that may be */
};

void arena_init(struct arena *a, size_t cap);
/* Zeroed bytes aligned for any type, or NULL past the cap.  Valid until reset or free. */
void *arena_alloc(struct arena *a, size_t size);
/* `count` x `size`, NULL also when the product overflows. */
void *arena_array(struct arena *a, size_t count, size_t size);
/* A copy with a 0 after it; .p is NULL only when out of memory. */
struct str arena_copy(struct arena *a, struct str s);
char *arena_printf(struct arena *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void arena_reset(struct arena *a); /* keeps one block for the next request */
void arena_free(struct arena *a);

#define ARENA_NEW(a, type, count) ((type *)arena_array((a), (count), sizeof(type)))

#endif
