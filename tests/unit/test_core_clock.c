/*
 * Clocks (protocol.md section 9; attack B3): whose rate is beyond half of max_drift counts its leases shorter and its
 * grants longer by the excess. And an own stall: nobody is believed until heard again, no candidacy for one advert_int.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "tests/unit/core_lab.h"

#define SECOND VRRP_US_PER_S

static struct core_lab lab;

static void clock_is(uint32_t excess_ppm)
{
	core_lab_step(&lab, (struct vrrp_event){ .kind = VRRP_EVENT_CLOCK, .clock_excess_ppm = excess_ppm });
}

static int64_t left_us(void)
{
	return vrrp_time_diff_us(vrrp_core_lease_end(&lab.core), lab.now);
}

static void b3_a_holder_counts_its_lease_shorter_by_the_excess(void **state)
{
	struct vrrp_time asked;

	(void)state;
	core_lab_up_primary(&lab, 3, 1);
	clock_is(50000);
	core_lab_serve(&lab);
	core_lab_after_us(&lab, lab.config.advert_int_us);
	asked = lab.now;
	lab.now = vrrp_time_add(lab.now, CORE_LAB_MS);
	core_lab_grant(&lab, 1);
	assert_true(vrrp_core_lease_end(&lab.core).us == asked.us + 850 * CORE_LAB_MS); /* 1 s, less 10 %, less 5 % */
}

static void b3_what_runs_is_counted_shorter_and_the_gate_with_it(void **state)
{
	int64_t before_us;

	(void)state;
	core_lab_up_primary(&lab, 3, 1);
	core_lab_serve(&lab);
	before_us = left_us();
	clock_is(50000);
	assert_true(left_us() < before_us && left_us() >= before_us - 50 * CORE_LAB_MS);
	assert_true(lab.core.gate_end.us == vrrp_core_lease_end(&lab.core).us);
	assert_true(core_lab_count(&lab, VRRP_ACT_GATE) == 1);
	before_us = left_us();
	clock_is(0); /* better again: what was counted with care stays */
	assert_true(left_us() == before_us);
}

static void b3_a_lease_that_is_over_by_that_is_over(void **state)
{
	(void)state;
	core_lab_up_primary(&lab, 3, 1);
	core_lab_serve(&lab);
	core_lab_after_us(&lab, left_us() - 2 * CORE_LAB_MS);
	assert_int_equal(lab.core.role, VRRP_ROLE_MASTER);
	clock_is(50000);
	assert_int_equal(lab.core.role, VRRP_ROLE_FAULT);
	assert_true(lab.core.gate_end.us == 0);
}

static void b3_a_voter_counts_its_grants_longer_by_the_excess(void **state)
{
	(void)state;
	core_lab_up(&lab, 3, 0);
	assert_true(core_lab_ask(&lab, 1));
	assert_true(vrrp_time_diff_us(lab.core.grant.expires, lab.now) == SECOND);
	clock_is(50000);
	assert_true(vrrp_time_diff_us(lab.core.grant.expires, lab.now) >= 1050 * CORE_LAB_MS);
	core_lab_up(&lab, 3, 0);
	clock_is(50000);
	assert_true(core_lab_ask(&lab, 1));
	assert_true(vrrp_time_diff_us(lab.core.grant.expires, lab.now) == 1050 * CORE_LAB_MS);
	assert_int_equal(lab.mine.grant.remaining_ms, 1050);
}

/* What has passed since the ask was counted by the clock as it was. */
static void b3_an_answer_after_the_slew_to_an_ask_before_its_end_is_worth_less(void **state)
{
	struct vrrp_time asked;

	(void)state;
	core_lab_up_primary(&lab, 3, 1);
	clock_is(50000);
	core_lab_serve(&lab);
	core_lab_after_us(&lab, lab.config.advert_int_us);
	asked = lab.now;
	lab.now = vrrp_time_add(lab.now, CORE_LAB_MS);
	clock_is(20000);
	lab.now = vrrp_time_add(lab.now, CORE_LAB_MS);
	clock_is(0);
	lab.now = vrrp_time_add(lab.now, CORE_LAB_MS);
	core_lab_grant(&lab, 1);
	core_lab_grant(&lab, 2); /* a majority besides my own vote, which was counted at once */
	assert_true(vrrp_core_lease_end(&lab.core).us == asked.us + 850 * CORE_LAB_MS);
	core_lab_after_us(&lab, lab.config.advert_int_us - 3 * CORE_LAB_MS);
	asked = lab.now;
	core_lab_grant(&lab, 1);
	core_lab_grant(&lab, 2);
	assert_true(vrrp_core_lease_end(&lab.core).us == asked.us + 900 * CORE_LAB_MS);
}

/* It stands for what the process before has granted. */
static void b3_a_voter_counts_its_silence_longer_by_the_excess(void **state)
{
	(void)state;
	for (unsigned at_start = 0; at_start < 2; at_start++) {
		core_lab_init(&lab, 3, 0);
		lab.disk.last_lease_us = SECOND;
		lab.clock_excess_ppm = at_start != 0 ? 50000 : 0;
		core_lab_start(&lab);
		if (at_start == 0) {
			assert_true(vrrp_time_diff_us(lab.core.silent_until, lab.now) == SECOND);
			clock_is(50000);
		}
		assert_true(vrrp_time_diff_us(lab.core.silent_until, lab.now) >= 1050 * CORE_LAB_MS);
		assert_int_equal(core_lab_count(&lab, VRRP_ACT_LOG), 1);
		clock_is(50000);
		assert_int_equal(core_lab_count(&lab, VRRP_ACT_LOG), 0);
	}
}

static void a_clock_that_cannot_be_is_bounded(void **state)
{
	(void)state;
	core_lab_up_primary(&lab, 3, 1);
	clock_is(UINT32_MAX);
	core_lab_stand(&lab);
	lab.now = vrrp_time_add(lab.now, CORE_LAB_MS);
	core_lab_grant(&lab, 1);
	assert_true(left_us() < SECOND);
	assert_int_equal(lab.core.clock_excess_ppm, 400000);
}

static void it_is_told_once_and_once_when_it_is_over(void **state)
{
	(void)state;
	core_lab_up(&lab, 3, 0);
	clock_is(100);
	assert_int_equal(core_lab_count(&lab, VRRP_ACT_LOG), 1);
	clock_is(200);
	assert_int_equal(core_lab_count(&lab, VRRP_ACT_LOG), 0);
	clock_is(0);
	assert_int_equal(core_lab_count(&lab, VRRP_ACT_LOG), 1);
}

static void a_candidate_that_was_stalled_withdraws(void **state)
{
	(void)state;
	core_lab_init(&lab, 3, 0);
	lab.config.lease_us = 4 * SECOND;
	core_lab_start(&lab);
	core_lab_hear_all(&lab);
	lab.core.rtt_max_us = 900 * CORE_LAB_MS; /* a round lasts three of them, half a lease at most */
	core_lab_stand(&lab);
	core_lab_freeze_us(&lab, 251 * CORE_LAB_MS + vrrp_time_diff_us(lab.core.deadline, lab.now));
	assert_true(vrrp_time_before(lab.now, lab.core.round_end)); /* its round would go on */
	assert_int_equal(lab.core.role, VRRP_ROLE_BACKUP);
	assert_true(lab.core.stalls == 1);
	core_lab_run_us(&lab, lab.config.advert_int_us - 1000, 0x6);
	assert_int_equal(lab.core.role, VRRP_ROLE_BACKUP);
	core_lab_run_us(&lab, SECOND, 0x6);
	assert_true(vrrp_role_holds(lab.core.role));
}

static void a_lease_outlives_a_stall_that_is_shorter_and_not_one_that_is_longer(void **state)
{
	(void)state;
	core_lab_up_primary(&lab, 3, 1);
	core_lab_serve(&lab);
	core_lab_freeze_us(&lab, left_us() - CORE_LAB_MS);
	assert_true(lab.core.stalls == 1);
	assert_int_equal(lab.core.role, VRRP_ROLE_MASTER); /* judged by the clock alone: nobody was heard again yet */
	core_lab_freeze_us(&lab, CORE_LAB_MS);
	assert_int_equal(lab.core.role, VRRP_ROLE_FAULT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(b3_a_holder_counts_its_lease_shorter_by_the_excess),
		cmocka_unit_test(b3_what_runs_is_counted_shorter_and_the_gate_with_it),
		cmocka_unit_test(b3_a_lease_that_is_over_by_that_is_over),
		cmocka_unit_test(b3_a_voter_counts_its_grants_longer_by_the_excess),
		cmocka_unit_test(b3_an_answer_after_the_slew_to_an_ask_before_its_end_is_worth_less),
		cmocka_unit_test(b3_a_voter_counts_its_silence_longer_by_the_excess),
		cmocka_unit_test(a_clock_that_cannot_be_is_bounded),
		cmocka_unit_test(it_is_told_once_and_once_when_it_is_over),
		cmocka_unit_test(a_candidate_that_was_stalled_withdraws),
		cmocka_unit_test(a_lease_outlives_a_stall_that_is_shorter_and_not_one_that_is_longer),
	};

	return cmocka_run_group_tests_name("core: clock", tests, NULL, NULL);
}
