/* rule_read.h: what rule.c and condition.c share to read JSON: fields, and errors that name them.
 *
 * `at` is the path of the object read, "" at the top; texts are copied into the arena. */
#ifndef CAIRN_EVENT_RULE_READ_H
#define CAIRN_EVENT_RULE_READ_H

#include "event/rule.h"

enum { FIELD = sizeof(((struct err *)0)->field) };

struct reader {
    struct arena *a;
    struct err *err;
};

/* Paths: "at.key" and "at[i]", cut to what an error's field can hold. */
void read_path_key(char out[FIELD], const char *at, const char *key);
void read_path_index(char out[FIELD], const char *at, size_t i);

/* Errors: bad_rule at `at`.`key` (or `at` alone when key is ""), missing_field, out of memory. */
err_code read_bad(struct reader *r, const char *at, const char *key, const char *why);
err_code read_missing(struct reader *r, const char *at, const char *key);
err_code read_no_memory(struct reader *r);

struct str read_str(const json_t *j); /* a JSON string's bytes, borrowed */
/* False with the first key of `j` that is not among `allowed`, which has a space around each. */
bool read_only(const json_t *j, const char *allowed, const char **unknown);
/* A text of up to `most` bytes; absent or null is empty.  Present but empty is refused: it would
 * match nothing or everything, and no one means that. */
err_code read_text(struct reader *r, const json_t *j, const char *at, const char *key, size_t most,
                   struct str *out);
err_code read_text_needed(struct reader *r, const json_t *j, const char *at, const char *key,
                          size_t most, struct str *out);
err_code read_number(struct reader *r, const json_t *j, const char *at, const char *key,
                     double least, double most, double *out);
/* The index of the text among `names`; absent is `fallback`, or missing_field when that is
 * negative. */
err_code read_word(struct reader *r, const json_t *j, const char *at, const char *key,
                   const char *const *names, int n, int fallback, int *out);
/* bad_regex for what PCRE2 would not compile later, when a report runs. */
err_code read_regex(struct reader *r, const char *at, const char *key, struct str s);

/* `also`: names of fields that may stand beside property, op and value, with spaces around. */
err_code read_condition(struct reader *r, const json_t *j, const char *at, const char *also,
                        struct condition *out);
err_code read_where(struct reader *r, const json_t *j, const char *at, struct rule *out);

#endif
