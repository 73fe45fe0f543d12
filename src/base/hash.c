#include "base/hash.h"

#include <sodium.h>
#include <xxhash.h>

uint64_t hash_sip(const unsigned char key[HASH_KEY_BYTES], struct str message)
{
    unsigned char out[crypto_shorthash_BYTES];
    _Static_assert(crypto_shorthash_KEYBYTES == HASH_KEY_BYTES, "SipHash-2-4 has a 16-byte key");
    crypto_shorthash(out, (const unsigned char *)message.p, message.n, key);
    uint64_t v = 0;
    for (int i = 0; i < 8; i++) v |= (uint64_t)out[i] << 8 * i;
    return v;
}

uint64_t hash_fast(struct str s)
{
    return XXH3_64bits(s.p, s.n);
}
