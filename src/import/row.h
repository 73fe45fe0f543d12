/* row.h: one row of a table from outside, as texts under the names of its columns. */
#ifndef CAIRN_IMPORT_ROW_H
#define CAIRN_IMPORT_ROW_H

#include "base/str.h"

struct row {
    uint64_t number; /* from 1, counting every row that is there */
    uint64_t line;   /* its first line in the file; 0 for Parquet, which has none */
    uint64_t hash;   /* of its bytes or values */
    size_t n;
    const struct str *names, *values;
    const bool *is_json; /* NULL: none; [i]: values[i] is an object, array, number or true/false */
};

/* Why rows and lines are refused, beside the codes that ingest/ gives. */
struct refusal {
    const char *code; /* static */
    char field[80];
};

#endif
