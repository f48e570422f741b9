/*
 * The generator: the published numbers, ranges at their edges, and no bias that a billionth of luck would excuse.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "vrrp/prng.h"

#define DRAWS 60000

/* xoshiro256** of the state {1, 2, 3, 4}: the authors' reference output. */
static void reference_output(void **state)
{
	static const uint64_t WANT[] = { 11520, 0, 1509978240, UINT64_C(1215971899390074240),
		UINT64_C(1216172134540287360), UINT64_C(607988272756665600) };
	struct vrrp_prng prng = { { 1, 2, 3, 4 } };

	(void)state;
	for (size_t i = 0; i < VRRP_ARRAY_LENGTH(WANT); i++) {
		assert_true(vrrp_prng_next(&prng) == WANT[i]);
	}
}

/* splitmix64 of 0: its first four outputs. */
static void a_seed_is_spread(void **state)
{
	static const uint64_t WANT[] = { UINT64_C(0xe220a8397b1dcdaf), UINT64_C(0x6e789e6aa1b965f4),
		UINT64_C(0x06c45d188009454f), UINT64_C(0xf88bb8a8724c81ec) };
	struct vrrp_prng prng;

	(void)state;
	vrrp_prng_init(&prng, 0);
	assert_memory_equal(prng.state, WANT, sizeof(WANT));
}

static void the_same_seed_gives_the_same_numbers(void **state)
{
	struct vrrp_prng a;
	struct vrrp_prng b;
	struct vrrp_prng other;
	unsigned equal = 0;

	(void)state;
	vrrp_prng_init(&a, 42);
	vrrp_prng_init(&b, 42);
	vrrp_prng_init(&other, 43);
	for (unsigned i = 0; i < 1000; i++) {
		const uint64_t x = vrrp_prng_next(&a);

		assert_true(x == vrrp_prng_next(&b));
		equal += x == vrrp_prng_next(&other);
	}
	assert_int_equal(equal, 0);
}

static void below_stays_below(void **state)
{
	static const uint64_t BOUNDS[] = { 1, 2, 3, 255, 256, UINT64_C(1) << 63, (UINT64_C(1) << 63) + 1, UINT64_MAX };
	struct vrrp_prng prng;

	(void)state;
	vrrp_prng_init(&prng, 1);
	for (size_t i = 0; i < VRRP_ARRAY_LENGTH(BOUNDS); i++) {
		for (unsigned n = 0; n < 2000; n++) {
			assert_true(vrrp_prng_below(&prng, BOUNDS[i]) < BOUNDS[i]);
		}
	}
}

/*
 * Six sides, 60,000 throws: 10,000 each with a deviation of 91. And 3/4 of 2^64, where a plain modulo would give the
 * lower third twice as often: of 60,000 draws 20,000 instead of 30,000, with a deviation of 115.
 */
static void below_has_no_bias(void **state)
{
	const uint64_t bound = UINT64_C(3) << 62;
	unsigned side[6] = { 0 };
	unsigned low = 0;
	struct vrrp_prng prng;

	(void)state;
	vrrp_prng_init(&prng, 2);
	for (unsigned i = 0; i < DRAWS; i++) {
		side[vrrp_prng_below(&prng, 6)]++;
		low += vrrp_prng_below(&prng, bound) < bound / 3;
	}
	for (unsigned i = 0; i < 6; i++) {
		assert_in_range(side[i], 9400, 10600);
	}
	assert_in_range(low, 19200, 20800);
}

static void a_range_includes_both_ends(void **state)
{
	bool seen[5] = { false };
	struct vrrp_prng prng;

	(void)state;
	vrrp_prng_init(&prng, 3);
	for (unsigned i = 0; i < 1000; i++) {
		const int64_t x = vrrp_prng_range(&prng, -2, 2);

		assert_true(x >= -2 && x <= 2);
		seen[x + 2] = true;
	}
	for (unsigned i = 0; i < 5; i++) {
		assert_true(seen[i]);
	}
}

static void a_range_may_be_one_value_or_all(void **state)
{
	static const int64_t VALUES[] = { 0, 7, -7, INT64_MIN, INT64_MAX };
	struct vrrp_prng prng;
	unsigned negative = 0;

	(void)state;
	vrrp_prng_init(&prng, 4);
	for (size_t i = 0; i < VRRP_ARRAY_LENGTH(VALUES); i++) {
		assert_true(vrrp_prng_range(&prng, VALUES[i], VALUES[i]) == VALUES[i]);
	}
	for (unsigned i = 0; i < 1000; i++) {
		negative += vrrp_prng_range(&prng, INT64_MIN, INT64_MAX) < 0;
		assert_true(vrrp_prng_range(&prng, INT64_MAX - 1, INT64_MAX) >= INT64_MAX - 1);
		assert_true(vrrp_prng_range(&prng, INT64_MIN, INT64_MIN + 1) <= INT64_MIN + 1);
	}
	assert_in_range(negative, 400, 600);
}

static void chances(void **state)
{
	unsigned hits = 0;
	struct vrrp_prng prng;

	(void)state;
	vrrp_prng_init(&prng, 5);
	for (unsigned i = 0; i < DRAWS; i++) {
		assert_false(vrrp_prng_chance(&prng, 0, 7));
		assert_true(vrrp_prng_chance(&prng, 7, 7));
		assert_true(vrrp_prng_chance(&prng, 8, 7));
		hits += vrrp_prng_chance(&prng, 1, 4);
	}
	assert_in_range(hits, 14200, 15800);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reference_output),
		cmocka_unit_test(a_seed_is_spread),
		cmocka_unit_test(the_same_seed_gives_the_same_numbers),
		cmocka_unit_test(below_stays_below),
		cmocka_unit_test(below_has_no_bias),
		cmocka_unit_test(a_range_includes_both_ends),
		cmocka_unit_test(a_range_may_be_one_value_or_all),
		cmocka_unit_test(chances),
	};

	return cmocka_run_group_tests_name("prng", tests, NULL, NULL);
}
