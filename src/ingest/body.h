/* body.h: a request's bytes to the text of its events: inflated when compressed, without a BOM.
 *
 * Content-Type is never looked at: trackers send JSON as text/plain and gzip without saying so
 * (the first bytes tell: 1f 8b). */
#ifndef CAIRN_INGEST_BODY_H
#define CAIRN_INGEST_BODY_H

#include "base/bytes.h"
#include "ingest/accept.h"

struct body {
    struct str text; /* borrowed from the request, or from `inflated` */
    struct buf inflated;
};

/* `encoding` is the Content-Encoding header; gzip, deflate and identity are read.  `limit` is for
 * the bytes on the wire; inflated they may be LIMIT_INFLATE_FACTOR times as many.  REJECT_N when
 * all is well, else body_too_large, bad_encoding, inflated_too_large; body_close in any case. */
enum reject_code body_open(struct str bytes, struct str encoding, size_t limit, struct body *out);
void body_close(struct body *b);

/* True when the text is one object a line (NDJSON) rather than one JSON text. */
bool body_is_lines(struct str text);
/* Splits off the next line that is not blank, without its end; false after the last. */
bool body_next_line(struct str *rest, struct str *line);

#endif
