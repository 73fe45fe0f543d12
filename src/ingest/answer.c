/* answer.c: the answer to a request as API.md "Recording" has it. */
#include "base/json_reader.h"
#include "ingest/accept.h"

static const char *message_of(const struct accept_result *r)
{
    if (r->status == 503) return "too much to do at the moment, try again later";
    switch (r->whole) {
    case REJECT_unknown_site: return "no such site";
    case REJECT_body_too_large: return "the body is too large";
    case REJECT_too_many_events: return "too many events in one request";
    case REJECT_bad_encoding:
        return "the body's Content-Encoding is unknown or its bytes are damaged";
    case REJECT_inflated_too_large: return "the body is too large once inflated";
    case REJECT_bad_json: return "the body is not JSON";
    default: return "the request cannot be read";
    }
}

static void write_error(const struct accept_result *r, struct buf *out)
{
    const char *code =
        r->status == 503 || r->whole == REJECT_N ? "overloaded" : reject_names[r->whole];
    buf_printf(out, "\"error\":{\"code\":\"%s\",\"message\":\"%s\"}", code, message_of(r));
}

void accept_answer_json(const struct accept_result *r, struct buf *out)
{
    buf_char(out, '{');
    if (r->whole_refused && r->status != 400) {
        write_error(r, out);
    } else {
        buf_printf(out, "\"accepted\":%zu,\"duplicates\":%zu,\"rejected\":[", r->accepted,
                   r->duplicates);
        if (r->whole_refused)
            buf_printf(out, "{\"index\":0,\"code\":\"%s\"}", reject_names[r->whole]);
        for (size_t i = 0; i < r->n_rejected; i++) {
            const struct reject *j = &r->rejected[i];
            buf_printf(out, "%s{\"index\":%zu,\"code\":\"%s\"", i ? "," : "", j->index,
                       reject_names[j->code]);
            if (j->field[0]) {
                buf_z(out, ",\"field\":");
                json_write_text(out, str_of(j->field));
            }
            buf_char(out, '}');
        }
        buf_char(out, ']');
        if (r->whole_refused) {
            buf_char(out, ',');
            write_error(r, out);
        }
    }
    buf_char(out, '}');
}
