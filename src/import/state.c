#include "import/state.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"

void counts_skip(struct counts *c, const char *why)
{
    for (size_t i = 0; i < COUNT_NAMES; i++) {
        if (!c->skipped[i].why) c->skipped[i].why = why;
        if (strcmp(c->skipped[i].why, why) != 0) continue;
        c->skipped[i].n++;
        return;
    }
}

uint64_t counts_skipped(const struct counts *c)
{
    uint64_t n = 0;
    for (size_t i = 0; i < COUNT_NAMES; i++) n += c->skipped[i].n;
    return n;
}

static uint64_t number(const json_t *o, const char *name)
{
    json_int_t n = json_integer_value(json_object_get(o, name));
    return n > 0 ? (uint64_t)n : 0;
}

bool state_load(const char *path, uint64_t identity, const char *const *whys, struct state *out)
{
    char own[20];
    json_t *o = json_load_file(path, 0, NULL);
    const char *of = json_string_value(json_object_get(o, "of"));
    snprintf(own, sizeof own, "%016" PRIx64, identity);
    bool same = of && strcmp(of, own) == 0;
    if (same) {
        const json_t *skipped = json_object_get(o, "skipped");
        *out = (struct state){
            .identity = identity,
            .at = {number(o, "rows"), number(o, "line"), number(o, "offset")},
            .counts = {.rows = number(o, "rows"),
                       .recorded = number(o, "recorded"),
                       .duplicates = number(o, "duplicates"),
                       .refused = number(o, "refused")},
            .rejects_bytes = number(o, "rejects_bytes"),
        };
        for (size_t i = 0; i < COUNT_NAMES && whys[i]; i++) {
            out->counts.skipped[i].why = whys[i];
            out->counts.skipped[i].n = number(skipped, whys[i]);
        }
    }
    json_decref(o);
    return same;
}

/* Replaces the file in one step: a reader finds the old state or the new one. */
err_code state_save(const char *path, const struct state *s, struct err *err)
{
    char temporary[4096], own[20];
    if (snprintf(temporary, sizeof temporary, "%s.new", path) >= (int)sizeof temporary)
        return err_set(err, ERR_INVALID, 0, "the path %s is too long", path);
    json_t *skipped = json_object();
    for (size_t i = 0; i < COUNT_NAMES && s->counts.skipped[i].why; i++)
        json_object_set_new(skipped, s->counts.skipped[i].why,
                            json_integer((json_int_t)s->counts.skipped[i].n));
    snprintf(own, sizeof own, "%016" PRIx64, s->identity);
    json_t *o = json_pack("{s:s,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:o}", "of", own, "rows",
                          (json_int_t)s->at.rows, "line", (json_int_t)s->at.line, "offset",
                          (json_int_t)s->at.offset, "recorded", (json_int_t)s->counts.recorded,
                          "duplicates", (json_int_t)s->counts.duplicates, "refused",
                          (json_int_t)s->counts.refused, "rejects_bytes",
                          (json_int_t)s->rejects_bytes, "skipped", skipped);
    err_code code = o ? ERR_OK : err_set(err, ERR_NOMEM, 0, "write %s", path);
    if (!code && (json_dump_file(o, temporary, JSON_COMPACT) != 0 || rename(temporary, path) != 0))
        code = err_set(err, ERR_IO, errno, "write %s: %s", path, strerror(errno));
    json_decref(o);
    return code;
}

void state_remove(const char *path)
{
    unlink(path);
}
