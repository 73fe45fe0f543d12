/* dict_file.h: a site's dictionaries on disk: blocks appended to one file (docs/FORMAT.md). */
#ifndef CAIRN_JOURNEY_DICT_FILE_H
#define CAIRN_JOURNEY_DICT_FILE_H

#include "base/bytes.h"
#include "journey/dict.h"

/* Appends the texts that `to` has over `from` as blocks.  A new file begins with `from` zeroed.
 * Out of memory: out->bad. */
void dict_file_write(const struct dicts *d, const struct dict_counts *from,
                     const struct dict_counts *to, struct buf *out);
/* Adds the texts of a whole file to fresh dictionaries.  Whatever the bytes are, afterwards every
 * code that is stored points at something.  ERR_CORRUPT, ERR_NOMEM. */
MUST_CHECK err_code dict_file_read(struct str bytes, struct dicts *d, struct err *err);

#endif
