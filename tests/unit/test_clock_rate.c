/* What struct timex says about the clock's rate (adjtimex(2); protocol.md section 9, B3). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <limits.h>

#include "vipd/clock.h"

#define DRIFT_PPM 100000U /* max_drift = 10 %: each clock may be off by half of it */

static uint32_t excess(long tick, long freq)
{
	struct timex timex = { .tick = tick, .freq = freq };

	return clock_rate_excess_ppm(&timex, DRIFT_PPM);
}

static void a_clock_that_is_left_alone_is_good(void **state)
{
	(void)state;
	assert_int_equal(excess(10000, 0), 0);
	assert_int_equal(excess(10000, 500 * 65536L), 0); /* what a daemon that disciplines it does in steady state */
	assert_int_equal(excess(10000, -500 * 65536L), 0);
}

static void half_of_max_drift_is_the_limit(void **state)
{
	(void)state;
	assert_int_equal(excess(10500, 0), 0);
	assert_int_equal(excess(10500, 65536L), 1);
	assert_int_equal(excess(9500, 0), 0);
	assert_int_equal(excess(9500, -65536L), 1);
}

static void chrony_slews_by_tick_and_freq_together(void **state)
{
	(void)state;
	assert_int_equal(excess(10833, 33 * 65536L), 83333 - 50000); /* its default maxslewrate */
	assert_int_equal(excess(9167, -33 * 65536L), 83333 - 50000);
	assert_int_equal(excess(11000, 500 * 65536L), 50500); /* as far as Linux lets anybody go */
	assert_int_equal(excess(10600, -500 * 65536L), 9500); /* they may work against each other */
}

static void any_value_is_safe(void **state)
{
	(void)state;
	assert_true(excess(LONG_MAX, LONG_MAX) > 0);
	assert_true(excess(LONG_MIN, LONG_MIN) > 0);
	assert_true(excess(LONG_MIN, LONG_MAX) > 0);
	assert_true(excess(0, 0) == 950000);
}

static void this_hosts_clock_can_be_read(void **state)
{
	struct timex timex = { .tick = 0 };

	(void)state;
	assert_int_equal(clock_rate_read(&timex), 0);
	assert_in_range(timex.tick, 9000, 11000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_clock_that_is_left_alone_is_good),
		cmocka_unit_test(half_of_max_drift_is_the_limit),
		cmocka_unit_test(chrony_slews_by_tick_and_freq_together),
		cmocka_unit_test(any_value_is_safe),
		cmocka_unit_test(this_hosts_clock_can_be_read),
	};

	return cmocka_run_group_tests_name("clock's rate", tests, NULL, NULL);
}
