/* str.h: a borrowed run of bytes, not 0-terminated.  Whoever made the bytes says how long they
 * live. */
#ifndef CAIRN_BASE_STR_H
#define CAIRN_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct str {
    const char *p; /* may be NULL when n is 0 */
    size_t n;
};

#define STR(literal) ((struct str){"" literal, sizeof(literal) - 1})
#define STR_NONE     ((struct str){NULL, 0})
#define STR_FMT(s)   (int)(s).n, (s).p ? (s).p : "" /* for "%.*s" */

static inline struct str str_of(const char *z)
{
    return (struct str){z, z ? strlen(z) : 0};
}

static inline bool str_eq(struct str a, struct str b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static inline bool str_is(struct str a, const char *z)
{
    return str_eq(a, str_of(z));
}

/* ASCII letters compare without case. */
bool str_eq_nocase(struct str a, struct str b);
bool str_begins(struct str s, struct str prefix);
bool str_ends(struct str s, struct str suffix);
bool str_contains(struct str s, struct str needle);
/* Bytewise order, shorter first when one begins the other: <0, 0, >0. */
int str_cmp(struct str a, struct str b);
/* The first place of `c`, or s.n when there is none. */
size_t str_find(struct str s, char c);
/* Splits off what stands before the first `c`; `*rest` is what follows it, or empty. */
struct str str_cut(struct str s, char c, struct str *rest);
struct str str_trim(struct str s); /* without ASCII white space at both ends */
struct str str_sub(struct str s, size_t from, size_t to); /* clamped to the string */

/* The whole of `s` as a number, without spaces; false when it is not one or does not fit. */
bool str_to_i64(struct str s, int64_t *out);
bool str_to_u64_hex(struct str s, uint64_t *out);
bool str_to_double(struct str s, double *out); /* finite, "." as the point in every locale */

bool str_is_utf8(struct str s); /* RFC 3629: no overlong forms, no surrogates */

#endif
