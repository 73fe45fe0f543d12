/* mapping.h: which columns of a table say what of an event: rows in, events as JSON out.
 *
 * The JSON is that of Recording (API.md) with the fields that only imports may set.  Without any
 * column named by the options the table must have Recording's own names, as an export has. */
#ifndef CAIRN_IMPORT_MAPPING_H
#define CAIRN_IMPORT_MAPPING_H

#include "base/bytes.h"
#include "base/err.h"
#include "base/json_reader.h"
#include "base/zone.h"
#include "import/row.h"

enum { MAPPING_MAX_PROPS = 200, MAPPING_MAX_IDS = 16, MAPPING_MAX_WHERE = 16 };

enum time_unit { TIME_ANY, TIME_S, TIME_MS, TIME_US, TIME_ISO };

/* One option that names a column; `at` is its place in the table, or -1. */
struct mapped {
    struct str name; /* empty: the option was not given */
    int at;
};

struct mapping {
    struct mapped time, visitor, event, url, referrer, user_agent, ip, value, order_id;
    enum time_unit unit;
    struct str event_is, currency;
    bool known;  /* visitors are known users */
    bool id_row; /* --id @row */
    struct mapped props[MAPPING_MAX_PROPS], ids[MAPPING_MAX_IDS];
    size_t n_props, n_ids;
    struct {
        struct mapped column;
        struct str value;
    } where[MAPPING_MAX_WHERE];
    size_t n_where;
};

/* True when no option names a column: the table speaks Recording's own names. */
bool mapping_is_recording(const struct mapping *m);

/* Finds the columns.  `strict`: ERR_INVALID with name "unknown_column" for one that is not there.
 */
MUST_CHECK err_code mapping_bind(struct mapping *m, const struct str *names, size_t n, bool strict,
                                 struct err *err);

/* What a row's event is numbered by when the file does not say: the same row of the same file under
 * the same mapping has the same id, however often it is imported. */
struct mapping_context {
    const struct zone *zone; /* of times without one */
    uint64_t identity;       /* of file, site and mapping */
    struct json_reader *json;
};

enum mapped_to { MAPPED_EVENT, MAPPED_ELSEWHERE /* --where says no */, MAPPED_BOT, MAPPED_REFUSED };

/* Appends the event to `out` (nothing when it is not MAPPED_EVENT). */
enum mapped_to mapping_event(const struct mapping *m, const struct mapping_context *x,
                             const struct row *row, struct buf *out, struct refusal *why);

/* An instant in any of the forms that --time takes. */
bool mapping_time(struct str text, enum time_unit unit, const struct zone *zone, int64_t *at_ms);
/* The id of a row that has none of its own: "~" and a hash of file, number and bytes; with
 * MAPPING_ID_ROW "=" and the hash of its bytes alone. */
enum { MAPPING_ROW_ID = 18 };
#define MAPPING_ID_ROW UINT64_C(0)
void mapping_row_id(char out[MAPPING_ROW_ID], uint64_t identity, const struct row *row);

#endif
