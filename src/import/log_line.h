/* log_line.h: one line of a web server's access log, whatever server wrote it.
 *
 *   plain  common, combined, with the virtual host in front (Apache, nginx, Caddy ...)
 *   w3c    W3C extended (IIS): a "#Fields:" line names the columns
 *   json   one JSON object a line (nginx, Caddy, Traefik) */
#ifndef CAIRN_IMPORT_LOG_LINE_H
#define CAIRN_IMPORT_LOG_LINE_H

#include "base/bytes.h"
#include "base/json_reader.h"

struct log_line {
    struct str ip, user, method, target, referrer, user_agent, host; /* "-" is empty */
    int status;
    int64_t at_ms;
};

enum log_kind { LOG_PLAIN, LOG_W3C, LOG_JSON };
enum { LOG_W3C_COLUMNS = 64 };

struct log_format {
    enum log_kind kind;
    unsigned char w3c[LOG_W3C_COLUMNS]; /* what stands in each column */
    size_t n_w3c;
    struct json_reader *json; /* made by log_open */
    struct buf scratch;       /* texts that had escapes, of the latest line */
};

MUST_CHECK err_code log_open(struct log_format *f, struct err *err);
void log_close(struct log_format *f);

/* Chooses the kind that reads most of the lines in `head`, the beginning of a file; false when none
 * reads any. */
bool log_detect(struct log_format *f, struct str head);

/* Reads a line; texts are borrowed from it and from `f`, until the next call.  LOG_NO_REQUEST: a
 * line of the format whose request is none ("-", bytes of a TLS handshake). */
enum log_result { LOG_OK, LOG_DIRECTIVE, LOG_NO_REQUEST, LOG_MALFORMED };
enum log_result log_read(struct log_format *f, struct str line, struct log_line *out);

/* For w3c alone and for log_read's use. */
enum log_result log_read_w3c(struct log_format *f, struct str line, struct log_line *out);
enum log_result log_read_json(struct log_format *f, struct str line, struct log_line *out);
/* "GET /x HTTP/1.1" into method and target. */
bool log_split_request(struct str request, struct log_line *out);
/* "17/May/2015:10:05:03 +0000" */
bool log_time(struct str text, int64_t *at_ms);
struct str log_dash(struct str s); /* "-" as empty */

#endif
