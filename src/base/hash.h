/* hash.h: the hashes Cairn uses, each for one purpose. */
#ifndef CAIRN_BASE_HASH_H
#define CAIRN_BASE_HASH_H

#include "base/str.h"

enum { HASH_KEY_BYTES = 16 };

/* SipHash-2-4 (Aumasson, Bernstein 2012), keyed: ids that nobody may guess or collide on purpose.
 */
uint64_t hash_sip(const unsigned char key[HASH_KEY_BYTES], struct str message);
/* XXH3-64: checksums of files and hash tables of our own strings. */
uint64_t hash_fast(struct str s);

/* splitmix64's finaliser: visitor groups and random choices (METHODS 0.2). */
static inline uint64_t hash_mix(uint64_t x)
{
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

/* The generator: state += golden gamma, then the mix (METHODS 13). */
static inline uint64_t rand_next(uint64_t *state)
{
    return hash_mix(*state += UINT64_C(0x9e3779b97f4a7c15));
}

/* In [0, 1): the top 53 bits. */
static inline double rand_unit(uint64_t *state)
{
    return (double)(rand_next(state) >> 11) * 0x1p-53;
}

#endif
