/* rejects.h: the rows that were refused, one JSON object a line in FILE.rejects.jsonl:
 *   {"row":7,"line":9,"code":"bad_time","field":"timestamp"}
 *
 * Gathered batch by batch and written in the order of the rows, so that an import that is taken up
 * again can cut the file back to where it was and go on. */
#ifndef CAIRN_IMPORT_REJECTS_H
#define CAIRN_IMPORT_REJECTS_H

#include <stdio.h>

#include "base/err.h"
#include "import/row.h"

struct rejects {
    char *path; /* NULL until rejects_open */
    FILE *file; /* made with the first refusal */
    uint64_t bytes;
    struct rejected {
        uint64_t row, line;
        char code[32], field[80];
    } * waiting;
    size_t n, room;
};

/* Goes on after the first `bytes` of an earlier run's file; 0: begins anew, removing an old one. */
MUST_CHECK err_code rejects_open(struct rejects *r, const char *path, uint64_t bytes,
                                 struct err *err);
MUST_CHECK err_code rejects_add(struct rejects *r, uint64_t row, uint64_t line, const char *code,
                                const char *field, struct err *err);
/* Writes what waits; on return it is in the file. */
MUST_CHECK err_code rejects_flush(struct rejects *r, struct err *err);
void rejects_close(struct rejects *r);

#endif
