#include "event/rule_read.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdio.h>

void read_path_key(char out[FIELD], const char *at, const char *key)
{
    snprintf(out, FIELD, "%s%s%s", at, *at ? "." : "", key);
}

void read_path_index(char out[FIELD], const char *at, size_t i)
{
    snprintf(out, FIELD, "%.*s[%zu]", FIELD - 24, at, i);
}

err_code read_bad(struct reader *r, const char *at, const char *key, const char *why)
{
    char field[FIELD];
    if (*key) read_path_key(field, at, key);
    else snprintf(field, sizeof field, "%s", at);
    return err_named(r->err, ERR_INVALID, "bad_rule", field, "%s: %s", *field ? field : "the rule",
                     why);
}

err_code read_missing(struct reader *r, const char *at, const char *key)
{
    char field[FIELD];
    read_path_key(field, at, key);
    return err_named(r->err, ERR_INVALID, "missing_field", field, "%s is missing", field);
}

err_code read_no_memory(struct reader *r)
{
    return err_set(r->err, ERR_NOMEM, 0, "rule past %zu bytes", r->a->cap);
}

struct str read_str(const json_t *j)
{
    return (struct str){json_string_value(j), json_string_length(j)};
}

bool read_only(const json_t *j, const char *allowed, const char **unknown)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)j, key, value)
    {
        char spaced[40];
        int n = snprintf(spaced, sizeof spaced, " %s ", key);
        if (n < (int)sizeof spaced && !strchr(key, ' ') && strstr(allowed, spaced)) continue;
        *unknown = key;
        return false;
    }
    return true;
}

err_code read_text(struct reader *r, const json_t *j, const char *at, const char *key, size_t most,
                   struct str *out)
{
    const json_t *v = json_object_get(j, key);
    *out = STR_NONE;
    if (!v || json_is_null(v)) return ERR_OK;
    if (!json_is_string(v)) return read_bad(r, at, key, "a text is needed");
    struct str s = read_str(v);
    if (s.n == 0) return read_bad(r, at, key, "it is empty");
    if (s.n > most) return read_bad(r, at, key, "it is too long");
    *out = arena_copy(r->a, s);
    return out->p ? ERR_OK : read_no_memory(r);
}

err_code read_text_needed(struct reader *r, const json_t *j, const char *at, const char *key,
                          size_t most, struct str *out)
{
    err_code rc = read_text(r, j, at, key, most, out);
    if (rc == ERR_OK && out->n == 0) return read_missing(r, at, key);
    return rc;
}

err_code read_number(struct reader *r, const json_t *j, const char *at, const char *key,
                     double least, double most, double *out)
{
    const json_t *v = json_object_get(j, key);
    if (!v || json_is_null(v)) return read_missing(r, at, key);
    if (!json_is_number(v)) return read_bad(r, at, key, "a number is needed");
    *out = json_number_value(v);
    if (*out >= least && *out <= most) return ERR_OK;
    char why[80];
    snprintf(why, sizeof why, "it must be between %.6g and %.6g", least, most);
    return read_bad(r, at, key, why);
}

err_code read_word(struct reader *r, const json_t *j, const char *at, const char *key,
                   const char *const *names, int n, int fallback, int *out)
{
    const json_t *v = json_object_get(j, key);
    if (!v && fallback < 0) return read_missing(r, at, key);
    *out = fallback;
    if (!v) return ERR_OK;
    for (*out = 0; json_is_string(v) && *out < n; ++*out)
        if (str_is(read_str(v), names[*out])) return ERR_OK;
    return read_bad(r, at, key, "it is none of the words that may stand here");
}

err_code read_regex(struct reader *r, const char *at, const char *key, struct str s)
{
    int code = 0;
    PCRE2_SIZE offset = 0;
    char field[FIELD];
    read_path_key(field, at, key);
    if (s.n > RULE_MAX_REGEX)
        return err_named(r->err, ERR_INVALID, "bad_regex", field, "%s is longer than %d bytes",
                         field, RULE_MAX_REGEX);
    pcre2_code *re = pcre2_compile((PCRE2_SPTR)s.p, s.n, RULE_REGEX_OPTIONS, &code, &offset, NULL);
    if (re) {
        pcre2_code_free(re);
        return ERR_OK;
    }
    PCRE2_UCHAR text[120] = "";
    pcre2_get_error_message(code, text, sizeof text);
    return err_named(r->err, ERR_INVALID, "bad_regex", field, "%s: %s at character %zu", field,
                     (const char *)text, (size_t)offset + 1);
}
