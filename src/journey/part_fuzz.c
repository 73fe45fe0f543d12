/* part_fuzz.c: a segment file with any bytes is refused or can be read to its end.
 * The checksums are put right first, so that what they would catch is reached. */
#include <stdint.h>
#include <stdlib.h>

#include "base/hash.h"
#include "journey/layout.h"
#include "journey/merge.h"
#include "journey/part.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void put_right(unsigned char *bytes, size_t size)
{
    struct part_header h;
    memcpy(&h, bytes, sizeof h);
    h.file_bytes = size;
    if (h.n_columns > PART_MAX_COLUMNS || h.header_bytes > size ||
        h.header_bytes != sizeof h + h.n_columns * sizeof(struct part_directory))
        return;
    h.data_sum = hash_fast((struct str){(char *)bytes + h.header_bytes, size - h.header_bytes});
    memcpy(bytes, &h, sizeof h);
    h.header_sum = part_header_sum(bytes, h.header_bytes);
    memcpy(bytes, &h, sizeof h);
}

/* Touches every value a reader can reach. */
static uint64_t read_all(const struct part *p)
{
    const struct column *dense[] = {&p->name_code, &p->path_code, &p->touch_code, &p->client_code};
    uint64_t sum = 0;
    for (uint32_t v = 0; v < p->n_visitors; v++) {
        sum += part_seek(p, p->visitor[v]);
        for (uint32_t e = p->first[v]; e < p->first[v + 1]; e++) {
            sum += p->at[e];
            for (size_t c = 0; c < 4; c++) sum += column_code(dense[c], e);
        }
    }
    for (uint32_t e = 0; e < p->value.n; e++)
        sum += (uint64_t)column_value(&p->value, e) + p->value.row[e];
    for (size_t k = 0; k < p->n_keys; k++) {
        const struct column *c = &p->key[k];
        uint32_t last = part_key(p, c->key)->n - 1;
        for (uint32_t e = 0; e <= last; e++) sum += column_code(c, e);
        if (c->form != FORM_DENSE) sum += column_seek(c, 0, c->row[last]);
        if (c->form == FORM_MULTI) sum += c->ord[last];
    }
    return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct dict_counts counts;
    struct err err;
    struct part *part, *merged;
    if (counts.n[0] == 0)
        for (unsigned id = 0; id < DICT_N; id++) counts.n[id] = 300;
    if (size < sizeof(struct part_header)) return 0;
    unsigned char *bytes = malloc(size);
    if (!bytes) return 0;
    memcpy(bytes, data, size);
    put_right(bytes, size);
    if (part_check(bytes, size, &counts, &err) != ERR_OK) {
        free(bytes);
        return 0;
    }
    if (part_of_bytes(bytes, size, &part, &err) != ERR_OK) abort();
    volatile uint64_t sum = read_all(part);
    (void)sum;
    /* Two of the same merge into one with everything twice, which is a segment again. */
    struct part *twice[] = {part, part};
    if (merge_parts(twice, 2, &merged, &err) == ERR_OK) {
        if (merged->n_events != 2 * part->n_events) abort();
        if (part_check(merged->bytes, merged->size, &counts, &err) != ERR_OK) abort();
        part_release(merged);
    }
    part_release(part);
    return 0;
}
