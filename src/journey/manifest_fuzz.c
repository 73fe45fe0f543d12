/* manifest_fuzz.c: a manifest with any bytes is refused or says the same when written again. */
#include <stdint.h>
#include <stdlib.h>

#include "base/hash.h"
#include "journey/manifest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a;
    struct manifest m, again;
    struct err err;
    struct buf out = {0};
    char *bytes = malloc(size + 1);
    if (!bytes) abort();
    memcpy(bytes, data, size);
    if (size >= 8) { /* the checksum is put right */
        uint64_t sum = hash_fast((struct str){bytes, size - 8});
        memcpy(bytes + size - 8, &sum, sizeof sum);
    }
    arena_init(&a, 1 << 20);
    if (manifest_read((struct str){bytes, size}, &a, &m, &err) == ERR_OK) {
        manifest_write(&m, &out);
        err_code rc = manifest_read(buf_view(&out), &a, &again, &err);
        if (rc == ERR_CORRUPT || (rc == ERR_OK && again.n_sites != m.n_sites)) abort();
    }
    buf_free(&out);
    arena_free(&a);
    free(bytes);
    return 0;
}
