/* json_reader.h: JSON from outside, one bounded value at a time.
 *
 * yajl cuts the text into tokens; this keeps the limits: depth, members of an object, nodes, bytes,
 * UTF-8, no key twice.  A value is a flat run of nodes in reading order; numbers stay text, so that
 * nothing is rounded.  Texts are borrowed from what is read, or from the reader when they had
 * escapes.  A reader is one thread's and is reused from value to value without new memory. */
#ifndef CAIRN_BASE_JSON_READER_H
#define CAIRN_BASE_JSON_READER_H

#include "base/arena.h"
#include "base/bytes.h"
#include "base/err.h"
#include "base/str.h"

enum node_type {
    NODE_NULL,
    NODE_FALSE,
    NODE_TRUE,
    NODE_NUMBER,
    NODE_TEXT,
    NODE_ARRAY,
    NODE_OBJECT
};

struct json_node {
    struct str key;  /* of a member of an object, else empty */
    struct str text; /* of NODE_TEXT, decoded; of NODE_NUMBER, as it was written */
    uint32_t span;   /* nodes of this value with all below it: the next sibling is node + span */
    uint32_t n;      /* members or elements, directly below */
    enum node_type type;
};

/* for (JSON_EACH(child, parent)) */
#define JSON_EACH(child, parent)                                                                   \
    const struct json_node *child = (parent) + 1, *child##_end = (parent) + (parent)->span;        \
    child < child##_end;                                                                           \
    child += child->span

const struct json_node *json_member(const struct json_node *object, const char *key); /* or NULL */

enum json_fault {
    JSON_FAULT_NONE,
    JSON_FAULT_SYNTAX,    /* not JSON, or it stops early, or more follows */
    JSON_FAULT_UTF8,      /* also NUL and lone surrogates by escape */
    JSON_FAULT_DEPTH,     /* past max_depth; a scalar is 0, an object 1 */
    JSON_FAULT_DUPLICATE, /* the same key twice in an object */
    JSON_FAULT_MEMBERS,   /* an object with more than max_members */
    JSON_FAULT_SIZE,      /* more than max_nodes, or more than max_bytes of texts with escapes */
    JSON_FAULT_NOMEM,
};

enum { JSON_MAX_DEPTH = 64, JSON_WHERE = 80 };

struct json_limits {
    unsigned max_depth; /* up to JSON_MAX_DEPTH */
    uint32_t max_members, max_nodes;
    size_t max_bytes;
};

struct json_reader;

MUST_CHECK err_code json_reader_open(const struct json_limits *limits, struct json_reader **out,
                                     struct err *err);
void json_reader_close(struct json_reader *r); /* NULL is allowed */

/* Reads the one value in `text`.  On JSON_FAULT_NONE `*out` is valid until the reader's next use.
 */
enum json_fault json_reader_value(struct json_reader *r, struct str text,
                                  const struct json_node **out);

/* Where the last fault was, as a path below the value: "props.note", "items[2].price"; "" at the
 * top. */
const char *json_reader_where(const struct json_reader *r);

/* Reads `text` as records: an array of them, an envelope (an object with the array under
 * `list_key`), or a single object. */
struct json_records {
    const char *list_key;
    /* An envelope's other members, before its first record.  False: not enough is known yet (the
     * array came first): then called again with all of them, and its answer no longer matters. */
    bool (*head)(void *arg, const struct json_node *object);
    /* One record; with a fault `root` is NULL, json_reader_where() tells where, and reading goes on
     * with the next.  `root` is valid during the call.  False stops the reading. */
    bool (*record)(void *arg, const struct json_node *root, enum json_fault fault);
    void *arg;
};
/* A fault here is about the text as a whole; records told before must then be dropped. */
enum json_fault json_reader_records(struct json_reader *r, struct str text,
                                    const struct json_records *h);

/* Appends the value as compact JSON, members in the order they came. */
void json_write_node(struct buf *out, const struct json_node *node);
/* Appends `s`, which is valid UTF-8, as a JSON string with its quotes. */
void json_write_text(struct buf *out, struct str s);

#endif
