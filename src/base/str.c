#include "base/str.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool str_eq_nocase(struct str a, struct str b)
{
    if (a.n != b.n) return false;
    for (size_t i = 0; i < a.n; i++)
        if (lower(a.p[i]) != lower(b.p[i])) return false;
    return true;
}

bool str_begins(struct str s, struct str prefix)
{
    return s.n >= prefix.n && (prefix.n == 0 || memcmp(s.p, prefix.p, prefix.n) == 0);
}

bool str_ends(struct str s, struct str suffix)
{
    return s.n >= suffix.n &&
           (suffix.n == 0 || memcmp(s.p + s.n - suffix.n, suffix.p, suffix.n) == 0);
}

bool str_contains(struct str s, struct str needle)
{
    if (needle.n == 0) return true;
    return s.n >= needle.n && memmem(s.p, s.n, needle.p, needle.n) != NULL;
}

int str_cmp(struct str a, struct str b)
{
    size_t n = a.n < b.n ? a.n : b.n;
    int c = n ? memcmp(a.p, b.p, n) : 0;
    return c ? c : (a.n > b.n) - (a.n < b.n);
}

size_t str_find(struct str s, char c)
{
    const char *at = s.n ? memchr(s.p, c, s.n) : NULL;
    return at ? (size_t)(at - s.p) : s.n;
}

struct str str_cut(struct str s, char c, struct str *rest)
{
    size_t at = str_find(s, c);
    *rest = at < s.n ? (struct str){s.p + at + 1, s.n - at - 1} : STR_NONE;
    return (struct str){s.p, at};
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\v' || c == '\f';
}

struct str str_trim(struct str s)
{
    while (s.n && is_space(s.p[0])) s.p++, s.n--;
    while (s.n && is_space(s.p[s.n - 1])) s.n--;
    return s;
}

struct str str_sub(struct str s, size_t from, size_t to)
{
    if (to > s.n) to = s.n;
    if (from > to) from = to;
    return (struct str){s.p ? s.p + from : NULL, to - from};
}

bool str_to_i64(struct str s, int64_t *out)
{
    bool negative = s.n && s.p[0] == '-';
    size_t i = negative ? 1 : 0;
    if (i == s.n) return false;
    int64_t v = 0; /* kept negative: the range is one larger on that side */
    for (; i < s.n; i++) {
        int digit = s.p[i] - '0';
        if (digit < 0 || digit > 9) return false;
        if (__builtin_mul_overflow(v, 10, &v) || __builtin_sub_overflow(v, digit, &v)) return false;
    }
    if (!negative && v == INT64_MIN) return false;
    *out = negative ? v : -v;
    return true;
}

bool str_to_u64_hex(struct str s, uint64_t *out)
{
    if (s.n == 0 || s.n > 16) return false;
    uint64_t v = 0;
    for (size_t i = 0; i < s.n; i++) {
        char c = lower(s.p[i]);
        unsigned digit;
        if (c >= '0' && c <= '9') digit = (unsigned)(c - '0');
        else if (c >= 'a' && c <= 'f') digit = (unsigned)(c - 'a') + 10;
        else return false;
        v = v << 4 | digit;
    }
    *out = v;
    return true;
}

bool str_to_double(struct str s, double *out)
{
    char text[64];
    if (s.n == 0 || s.n >= sizeof text) return false;
    for (size_t i = 0; i < s.n; i++) { /* no hex, no "inf", no leading space */
        char c = s.p[i];
        if (!((c >= '0' && c <= '9') || c == '.' || c == '-' || c == '+' || c == 'e' || c == 'E'))
            return false;
    }
    memcpy(text, s.p, s.n);
    text[s.n] = 0;
    char *end;
    double v = strtod(text, &end); /* the program never calls setlocale for LC_NUMERIC */
    if (end != text + s.n || !isfinite(v)) return false;
    *out = v;
    return true;
}

bool str_is_utf8(struct str s)
{
    if (s.n == 0) return true; /* also when there is no pointer to count from */
    const unsigned char *p = (const unsigned char *)s.p, *end = p + s.n;
    while (p < end) {
        unsigned char c = *p++;
        if (c < 0x80) continue;
        unsigned more = c >= 0xc2 && c <= 0xdf   ? 1
                        : (c & 0xf0) == 0xe0     ? 2
                        : c >= 0xf0 && c <= 0xf4 ? 3
                                                 : 0;
        if (more == 0 || (size_t)(end - p) < more) return false;
        unsigned char low = 0x80, high = 0xbf; /* the second byte's range, RFC 3629 section 4 */
        if (c == 0xe0) low = 0xa0;
        if (c == 0xed) high = 0x9f;
        if (c == 0xf0) low = 0x90;
        if (c == 0xf4) high = 0x8f;
        if (p[0] < low || p[0] > high) return false;
        for (unsigned i = 1; i < more; i++)
            if ((p[i] & 0xc0) != 0x80) return false;
        p += more;
    }
    return true;
}
