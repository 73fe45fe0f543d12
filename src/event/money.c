#include "event/money.h"

#include "event/currency.h"

bool money_currency(struct str text, char code[4], int *exponent)
{
    if (text.n != 3) return false;
    for (int i = 0; i < 3; i++) {
        char c = text.p[i];
        if (c >= 'a' && c <= 'z') c = (char)(c - 'a' + 'A');
        if (c < 'A' || c > 'Z') return false;
        code[i] = c;
    }
    code[3] = 0;
    *exponent = currency_digits((struct str){code, 3});
    return *exponent >= 0;
}

/* Reads the power of ten after 'e'; what is absurdly large is clamped, which changes no outcome. */
static bool power(struct str s, int *out)
{
    bool negative = s.n && s.p[0] == '-';
    size_t i = negative || (s.n && s.p[0] == '+') ? 1 : 0;
    if (i == s.n) return false;
    int v = 0;
    for (; i < s.n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9') return false;
        if (v < 100000) v = v * 10 + (s.p[i] - '0');
    }
    *out = negative ? -v : v;
    return true;
}

bool money_parse(struct str decimal, int exponent, int64_t *minor)
{
    size_t end = 0, n_digits = 0;
    long point = -1; /* digits before the point */
    bool negative = decimal.n && decimal.p[0] == '-';
    size_t from = negative || (decimal.n && decimal.p[0] == '+') ? 1 : 0;
    for (end = from; end < decimal.n; end++) {
        char c = decimal.p[end];
        if (c >= '0' && c <= '9') n_digits++;
        else if (c == '.' && point < 0) point = (long)n_digits;
        else break;
    }
    if (n_digits == 0) return false;
    int ten = 0;
    if (end < decimal.n) {
        if (decimal.p[end] != 'e' && decimal.p[end] != 'E') return false;
        if (!power(str_sub(decimal, end + 1, decimal.n), &ten)) return false;
    }
    /* Whole minor units are made of this many digits; the one after them decides the rounding. */
    long whole = (point < 0 ? (long)n_digits : point) + ten + exponent;
    int64_t v = 0;
    long seen = 0;
    bool up = false;
    for (size_t i = from; i < end; i++) {
        if (decimal.p[i] == '.') continue;
        int digit = decimal.p[i] - '0';
        if (seen < whole) {
            if (__builtin_mul_overflow(v, 10, &v) || __builtin_add_overflow(v, digit, &v))
                return false;
        } else if (seen == whole) {
            up = digit >= 5;
        }
        seen++;
    }
    for (; seen < whole && v != 0; seen++)
        if (__builtin_mul_overflow(v, 10, &v)) return false;
    if (up && __builtin_add_overflow(v, 1, &v)) return false;
    *minor = negative ? -v : v;
    return true;
}

void money_format(int64_t minor, int exponent, char out[MONEY_TEXT])
{
    uint64_t v = minor < 0 ? 0 - (uint64_t)minor : (uint64_t)minor;
    char digits[MONEY_TEXT], *p = digits + sizeof digits; /* written from the end */
    *--p = 0;
    for (int i = 0; v > 0 || i <= exponent; i++, v /= 10) {
        if (i == exponent && i > 0) *--p = '.';
        *--p = (char)('0' + v % 10);
    }
    if (minor < 0) *--p = '-';
    memcpy(out, p, (size_t)(digits + sizeof digits - p));
}
