/* input.h: a file to read from beginning to end: plain, gzip, xz or zstd, told by its first bytes.
 *
 * Members that follow one another (as log rotation concatenates them) are one file. */
#ifndef CAIRN_IMPORT_INPUT_H
#define CAIRN_IMPORT_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct input;

/* `path` "-" is standard input.  ERR_NOT_FOUND, ERR_IO. */
MUST_CHECK err_code input_open(const char *path, struct input **out, struct err *err);
/* Up to n bytes as they were before compression; `*got` 0 is the end.  ERR_CORRUPT when the
 * compressed bytes are damaged or stop early. */
MUST_CHECK err_code input_read(struct input *in, void *to, size_t n, size_t *got, struct err *err);
/* Moves on to a place counted in uncompressed bytes; ERR_INVALID when the file ends before it. */
MUST_CHECK err_code input_skip_to(struct input *in, uint64_t offset, struct err *err);
/* How much of the file on disk has been read, in [0, 1]; negative when its size is unknown. */
double input_share(const struct input *in);
void input_close(struct input *in); /* NULL is allowed */

#endif
