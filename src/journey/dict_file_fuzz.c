/* dict_file_fuzz.c: a dictionary file with any bytes is refused or says the same when written
 * again. The blocks' checksums are put right first. */
#include <stdint.h>
#include <stdlib.h>

#include "base/hash.h"
#include "journey/dict_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void put_right(char *bytes, size_t size)
{
    enum { HEADER = 16 };
    for (size_t at = 0; size - at >= HEADER;) {
        uint32_t n;
        memcpy(&n, bytes + at + 4, sizeof n);
        if (n > size - at - HEADER) return;
        uint64_t sum = hash_fast((struct str){bytes + at + HEADER, n});
        memcpy(bytes + at + 8, &sum, sizeof sum);
        at += HEADER + n;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct dict_counts none;
    struct dicts *d, *again;
    struct dict_counts counts, counts_again;
    struct err err;
    struct buf out = {0};
    char *bytes = malloc(size + 1);
    if (!bytes || dicts_open(&d, &err) != ERR_OK) abort();
    memcpy(bytes, data, size);
    put_right(bytes, size);
    if (dict_file_read((struct str){bytes, size}, d, &err) == ERR_OK) {
        dicts_counts(d, &counts);
        dict_file_write(d, &none, &counts, &out);
        if (dicts_open(&again, &err) != ERR_OK) abort();
        if (dict_file_read(buf_view(&out), again, &err) != ERR_OK) abort();
        dicts_counts(again, &counts_again);
        for (unsigned id = 0; id < DICT_N; id++) /* a dictionary may be there and empty */
            if (counts.n[id] > 1 && counts.n[id] != counts_again.n[id]) abort();
        dicts_release(again);
    }
    buf_free(&out);
    dicts_release(d);
    free(bytes);
    return 0;
}
