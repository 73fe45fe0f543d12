/* err.h: how a call says that it failed: a code to act on, a sentence to read.
 *
 * Every call that can fail returns an err_code and fills a struct err that the caller owns.
 * One table (api/) maps codes to HTTP status, one (main.c) to the exit status. */
#ifndef CAIRN_BASE_ERR_H
#define CAIRN_BASE_ERR_H

#define MUST_CHECK __attribute__((warn_unused_result))

typedef enum err_code {
    ERR_OK = 0,
    ERR_INVALID,   /* the client sent something wrong: HTTP 400 */
    ERR_TOO_BIG,   /* past a limit in event/limits.h: 413 */
    ERR_NOT_FOUND, /* no such thing, or not for this caller: 404 */
    ERR_CONFLICT,  /* it exists already, or changed meanwhile: 409 */
    ERR_DENIED,    /* not signed in, or not allowed: 401 or 403 */
    ERR_NOMEM,     /* an arena reached its cap or a queue its end, try later: 503 */
    ERR_CANCELLED, /* the client is gone or time is up: the work was stopped */
    ERR_IO,        /* the disk or socket said no: 500 */
    ERR_CORRUPT,   /* stored bytes fail their checksum: 500, and someone should look */
} err_code;

struct err {
    err_code code;
    int sys;        /* errno, or 0 */
    char name[40];  /* a fixed word for programs, as in API.md: "unknown_goal"; may be empty */
    char field[80]; /* which part of the input, as a path: "steps[2].rule.path"; may be empty */
    char msg[240];  /* what was tried, on what: "append to 00042.jnl at byte 8192" */
};

/* Fills `err` (NULL is allowed) and returns `code`, so that a failure is one line. */
err_code err_set(struct err *err, err_code code, int sys, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* The same with a name for programs and the field it is about; either may be "". */
err_code err_named(struct err *err, err_code code, const char *name, const char *field,
                   const char *fmt, ...) __attribute__((format(printf, 5, 6)));

const char *err_code_name(err_code code); /* "invalid", "too_big", ... */

#endif
