/*
 * The words of base.h: instants stay between "never happened" and "never", at their edges too.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

#include "vrrp/base.h"

#ifdef NDEBUG
#error asserts are part of the program in every build: do not define NDEBUG
#endif

static struct vrrp_time at(int64_t us)
{
	return (struct vrrp_time){ us };
}

static void adding_a_duration(void **state)
{
	(void)state;
	assert_int_equal(vrrp_time_add(at(5), 7).us, 12);
	assert_int_equal(vrrp_time_add(at(5), 0).us, 5);
	assert_int_equal(vrrp_time_add(at(5), -5).us, 0);
	assert_int_equal(vrrp_time_add(at(0), 250 * VRRP_US_PER_MS).us, 250000);
	assert_int_equal(vrrp_time_add(at(0), 2 * VRRP_US_PER_S).us, 2000000);
}

static void adding_stays_between_none_and_never(void **state)
{
	(void)state;
	assert_int_equal(vrrp_time_add(at(5), -6).us, VRRP_TIME_NONE.us);
	assert_int_equal(vrrp_time_add(at(0), INT64_MIN).us, VRRP_TIME_NONE.us);
	assert_int_equal(vrrp_time_add(at(INT64_MAX - 1), 1).us, VRRP_TIME_NEVER.us);
	assert_int_equal(vrrp_time_add(at(INT64_MAX - 1), 2).us, VRRP_TIME_NEVER.us);
	assert_int_equal(vrrp_time_add(at(1), INT64_MAX).us, VRRP_TIME_NEVER.us);
}

static void never_stays_never(void **state)
{
	(void)state;
	assert_int_equal(vrrp_time_add(VRRP_TIME_NEVER, 0).us, INT64_MAX);
	assert_int_equal(vrrp_time_add(VRRP_TIME_NEVER, -1).us, INT64_MAX);
	assert_int_equal(vrrp_time_add(VRRP_TIME_NEVER, INT64_MIN).us, INT64_MAX);
	assert_int_equal(vrrp_time_add(VRRP_TIME_NEVER, INT64_MAX).us, INT64_MAX);
}

static void differences_have_a_sign(void **state)
{
	(void)state;
	assert_int_equal(vrrp_time_diff_us(at(9), at(4)), 5);
	assert_int_equal(vrrp_time_diff_us(at(4), at(9)), -5);
	assert_int_equal(vrrp_time_diff_us(at(4), at(4)), 0);
	assert_int_equal(vrrp_time_diff_us(VRRP_TIME_NONE, VRRP_TIME_NEVER), -INT64_MAX);
	assert_int_equal(vrrp_time_diff_us(VRRP_TIME_NEVER, VRRP_TIME_NONE), INT64_MAX);
}

static void order_is_strict(void **state)
{
	(void)state;
	assert_true(vrrp_time_before(at(1), at(2)));
	assert_false(vrrp_time_before(at(2), at(2)));
	assert_false(vrrp_time_before(at(3), at(2)));
	assert_true(vrrp_time_before(VRRP_TIME_NONE, VRRP_TIME_NEVER));
	assert_false(vrrp_time_before(VRRP_TIME_NEVER, VRRP_TIME_NEVER));
}

static void min_and_max(void **state)
{
	(void)state;
	assert_int_equal(vrrp_time_min(at(1), at(2)).us, 1);
	assert_int_equal(vrrp_time_min(at(2), at(1)).us, 1);
	assert_int_equal(vrrp_time_max(at(1), at(2)).us, 2);
	assert_int_equal(vrrp_time_max(at(2), at(1)).us, 2);
	assert_int_equal(vrrp_time_min(at(7), at(7)).us, 7);
	assert_int_equal(vrrp_time_max(at(7), at(7)).us, 7);
	assert_int_equal(vrrp_time_min(at(7), VRRP_TIME_NEVER).us, 7);
}

static void size_of_an_address(void **state)
{
	struct vrrp_addr addr = { .family = 4 };

	(void)state;
	assert_int_equal(vrrp_addr_size(&addr), 4);
	addr.family = 6;
	assert_int_equal(vrrp_addr_size(&addr), 16);
	addr.family = 0;
	assert_int_equal(vrrp_addr_size(&addr), 0);
	addr.family = 255;
	assert_int_equal(vrrp_addr_size(&addr), 0);
}

/* PostgreSQL prints the two halves in hex without leading zeros. */
static void an_lsn_prints_as_postgresql_prints_it(void **state)
{
	const vrrp_lsn lsn = UINT64_C(0x5A3F2C8);
	char text[32];

	(void)state;
	(void)snprintf(text, sizeof(text), VRRP_LSN_FMT, VRRP_LSN_ARG(lsn));
	assert_string_equal(text, "0/5A3F2C8");
	(void)snprintf(text, sizeof(text), VRRP_LSN_FMT, VRRP_LSN_ARG(UINT64_MAX));
	assert_string_equal(text, "FFFFFFFF/FFFFFFFF");
	(void)snprintf(text, sizeof(text), VRRP_LSN_FMT, VRRP_LSN_ARG((UINT64_C(0x16) << 32) | 1));
	assert_string_equal(text, "16/1");
}

static void an_array_knows_its_length(void **state)
{
	struct vrrp_history history = { 0 };
	const uint16_t three[3] = { 1, 2, 3 };

	(void)state;
	assert_int_equal(VRRP_ARRAY_LENGTH(history.entry), VRRP_HISTORY_MAX);
	assert_int_equal(VRRP_ARRAY_LENGTH(three), 3);
	assert_int_equal(three[VRRP_ARRAY_LENGTH(three) - 1], 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(adding_a_duration),
		cmocka_unit_test(adding_stays_between_none_and_never),
		cmocka_unit_test(never_stays_never),
		cmocka_unit_test(differences_have_a_sign),
		cmocka_unit_test(order_is_strict),
		cmocka_unit_test(min_and_max),
		cmocka_unit_test(size_of_an_address),
		cmocka_unit_test(an_lsn_prints_as_postgresql_prints_it),
		cmocka_unit_test(an_array_knows_its_length),
	};

	return cmocka_run_group_tests_name("base", tests, NULL, NULL);
}
