/*
 * A small seeded generator: xoshiro256** (Blackman, Vigna 2018), its state filled by splitmix64 from one number.
 *
 * For the random factor of a candidate's wait (protocol.md section 4) and for everything the simulator and the tests
 * draw: the same seed gives the same numbers on every machine and in every build. NOT for incarnations or keys: those
 * come from the system's generator. The struct is the caller's, a plain value, may be copied; no two threads at once.
 */
#ifndef VRRP_PRNG_H
#define VRRP_PRNG_H

#include "vrrp/base.h"

struct vrrp_prng {
	uint64_t state[4]; /* never all zero after init */
};

/* Any seed, also 0. */
void vrrp_prng_init(struct vrrp_prng *prng, uint64_t seed);

uint64_t vrrp_prng_next(struct vrrp_prng *prng);

/* 0 .. bound - 1, each equally likely; bound 0 is a programming error. */
uint64_t vrrp_prng_below(struct vrrp_prng *prng, uint64_t bound);

/* low .. high, both included; low > high is a programming error. */
int64_t vrrp_prng_range(struct vrrp_prng *prng, int64_t low, int64_t high);

/* True in `numerator` of `denominator` cases; denominator 0 is a programming error; numerator >= it: always. */
bool vrrp_prng_chance(struct vrrp_prng *prng, uint64_t numerator, uint64_t denominator);

#endif
