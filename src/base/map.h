/* map.h: strings to numbers 0, 1, 2 ... in the order they were first seen.
 *
 * The heart of every dictionary.  Strings are copied and never move or go away before map_close, so
 * a reader may keep a struct str from map_text.  One writer; readers only of codes below a count
 * that the writer handed them (see journey/dict.h for how that is published). */
#ifndef CAIRN_BASE_MAP_H
#define CAIRN_BASE_MAP_H

#include "base/err.h"
#include "base/str.h"

#define MAP_NONE UINT32_MAX
struct map;

MUST_CHECK err_code map_open(struct map **out, struct err *err);
/* The code of `s`, added when new (then `*is_new`, if given, is true).  ERR_NOMEM. */
MUST_CHECK err_code map_add(struct map *m, struct str s, uint32_t *code, bool *is_new,
                            struct err *err);
uint32_t map_find(const struct map *m, struct str s); /* MAP_NONE when absent */
struct str map_text(const struct map *m, uint32_t code);
uint32_t map_count(const struct map *m);
size_t map_memory(const struct map *m); /* bytes */
void map_close(struct map *m);          /* NULL is allowed */

#endif
