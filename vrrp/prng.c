#include "vrrp/prng.h"

#include <assert.h>

/* Tries to draw without bias; each fails with less than one half, so the last resort is never seen. */
#define PRNG_TRIES_MAX 64

static uint64_t rotate_left(uint64_t x, unsigned bits)
{
	return (x << bits) | (x >> (64 - bits));
}

static uint64_t splitmix64(uint64_t *state)
{
	uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

void vrrp_prng_init(struct vrrp_prng *prng, uint64_t seed)
{
	/* splitmix64's outputs in a row are all different, so at most one of the four is 0. */
	for (size_t i = 0; i < VRRP_ARRAY_LENGTH(prng->state); i++) {
		prng->state[i] = splitmix64(&seed);
	}
}

uint64_t vrrp_prng_next(struct vrrp_prng *prng)
{
	uint64_t *s = prng->state;
	const uint64_t result = rotate_left(s[1] * 5, 7) * 9;
	const uint64_t t = s[1] << 17;

	s[2] ^= s[0];
	s[3] ^= s[1];
	s[1] ^= s[2];
	s[0] ^= s[3];
	s[2] ^= t;
	s[3] = rotate_left(s[3], 45);
	return result;
}

uint64_t vrrp_prng_below(struct vrrp_prng *prng, uint64_t bound)
{
	uint64_t x = 0;

	assert(bound > 0);
	/* 2^64 mod bound: below it, the small remainders would come once more often than the others. */
	const uint64_t threshold = (0 - bound) % bound;

	for (unsigned i = 0; i < PRNG_TRIES_MAX; i++) {
		x = vrrp_prng_next(prng);
		if (x >= threshold) {
			break;
		}
	}
	return x % bound;
}

int64_t vrrp_prng_range(struct vrrp_prng *prng, int64_t low, int64_t high)
{
	assert(low <= high);
	const uint64_t span = (uint64_t)high - (uint64_t)low; /* values less one: may be 2^64 - 1 */
	const uint64_t offset = span == UINT64_MAX ? vrrp_prng_next(prng) : vrrp_prng_below(prng, span + 1);

	return (int64_t)((uint64_t)low + offset);
}

bool vrrp_prng_chance(struct vrrp_prng *prng, uint64_t numerator, uint64_t denominator)
{
	return vrrp_prng_below(prng, denominator) < numerator;
}
