#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void copy(char *to, size_t size, const char *from)
{
    snprintf(to, size, "%s", from);
}

err_code err_set(struct err *err, err_code code, int sys, const char *fmt, ...)
{
    if (!err) return code;
    va_list ap;
    va_start(ap, fmt);
    memset(err, 0, sizeof *err);
    err->code = code;
    err->sys = sys;
    vsnprintf(err->msg, sizeof err->msg, fmt, ap);
    va_end(ap);
    if (sys) {
        size_t used = strlen(err->msg);
        char text[96];
        snprintf(err->msg + used, sizeof err->msg - used, ": %s",
                 strerror_r(sys, text, sizeof text));
    }
    return code;
}

err_code err_named(struct err *err, err_code code, const char *name, const char *field,
                   const char *fmt, ...)
{
    if (!err) return code;
    va_list ap;
    va_start(ap, fmt);
    memset(err, 0, sizeof *err);
    err->code = code;
    copy(err->name, sizeof err->name, name);
    copy(err->field, sizeof err->field, field);
    vsnprintf(err->msg, sizeof err->msg, fmt, ap);
    va_end(ap);
    return code;
}

const char *err_code_name(err_code code)
{
    static const char *const names[] = {
        [ERR_OK] = "ok",
        [ERR_INVALID] = "invalid",
        [ERR_TOO_BIG] = "too_big",
        [ERR_NOT_FOUND] = "not_found",
        [ERR_CONFLICT] = "conflict",
        [ERR_DENIED] = "denied",
        [ERR_NOMEM] = "overloaded",
        [ERR_CANCELLED] = "cancelled",
        [ERR_IO] = "io",
        [ERR_CORRUPT] = "corrupt",
    };
    return names[code];
}
