/*
 * The round of a candidate (protocol.md section 4; attacks B7, B8, D2): its ballot, its length, what it withdraws for,
 * and what a grant is worth.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "tests/unit/core_lab.h"

#define SECOND VRRP_US_PER_S
#define RANK_US (31250) /* advert_int / 8 */

static struct core_lab lab;

static void b7_a_ballot_is_above_all_that_was_heard_or_stored(void **state)
{
	(void)state;
	core_lab_init(&lab, 3, 0);
	lab.disk.ballot_counter = 40;
	core_lab_start(&lab);
	lab.peer[1].ballot_highest = (struct vrrp_ballot){ 41, 101, 2 };
	lab.peer[2].epoch = (struct vrrp_ballot){ 39, 102, 3 };
	lab.peer[2].incarnation = 777;
	core_lab_hear_all(&lab);
	core_lab_stand(&lab);
	assert_int_equal(lab.mine.ballot.counter, 42);
	assert_int_equal(lab.mine.ballot_highest.counter, 42);
	lab.peer[1].ballot_highest.counter = 99; /* heard, though not fresh: it can only raise */
	core_lab_run_us(&lab, SECOND, 0);
	core_lab_hear_stale(&lab, 1);
	core_lab_stand(&lab);
	assert_int_equal(lab.mine.ballot.counter, 100);
}

/* I7: an absurd counter must not bring the next one round to 0, which is no ballot at all. */
static void i7_a_counter_that_leaps_is_not_followed(void **state)
{
	(void)state;
	core_lab_up(&lab, 3, 0);
	lab.peer[1].ballot_highest = (struct vrrp_ballot){ UINT64_MAX, 101, 2 };
	core_lab_stand(&lab);
	assert_in_range(lab.mine.ballot.counter, 1, 1000);
}

static void a_round_ends_after_half_an_advert_int_and_is_released(void **state)
{
	struct vrrp_ballot ballot;
	int64_t waits_us;

	(void)state;
	core_lab_up(&lab, 3, 0);
	core_lab_stand(&lab);
	ballot = lab.mine.ballot;
	core_lab_after_us(&lab, 125 * CORE_LAB_MS - 1);
	assert_int_equal(lab.core.role, VRRP_ROLE_CANDIDATE);
	core_lab_after_us(&lab, 1);
	assert_int_equal(lab.core.role, VRRP_ROLE_BACKUP);
	assert_true(vrrp_ballot_equal(&lab.mine.release, &ballot));
	assert_int_equal(lab.mine.ask_ms, 0);
	assert_int_equal(lab.mine.grant.to, 0); /* its own vote is free as well */
	waits_us = vrrp_time_diff_us(lab.core.stand_not_before, lab.now);
	assert_in_range(waits_us, 3 * RANK_US / 2, 3 * RANK_US * 3 / 2); /* r = 2: (r + 1) x 0.5 to 1.5 */
	core_lab_after_us(&lab, waits_us - 1);
	assert_false(core_lab_became(&lab, VRRP_ROLE_CANDIDATE));
	core_lab_after_us(&lab, 2);
	assert_true(core_lab_became(&lab, VRRP_ROLE_CANDIDATE));
	assert_true(lab.mine.ballot.counter > ballot.counter);
}

static void on_a_slow_way_a_round_takes_three_times_the_rtt(void **state)
{
	(void)state;
	core_lab_up(&lab, 5, 0);
	core_lab_stand(&lab);
	core_lab_after_us(&lab, 100 * CORE_LAB_MS);
	core_lab_grant(&lab, 1); /* RTT 100 ms; two grants of five */
	core_lab_after_us(&lab, 30 * CORE_LAB_MS);
	assert_int_equal(lab.core.role, VRRP_ROLE_BACKUP); /* this round was planned before */
	core_lab_stand(&lab);
	core_lab_after_us(&lab, 299 * CORE_LAB_MS);
	assert_int_equal(lab.core.role, VRRP_ROLE_CANDIDATE);
	core_lab_after_us(&lab, CORE_LAB_MS);
	assert_int_equal(lab.core.role, VRRP_ROLE_BACKUP);
}

static void a_candidate_withdraws_for_a_holder(void **state)
{
	(void)state;
	core_lab_up(&lab, 5, 0);
	core_lab_stand(&lab);
	core_lab_be_master(&lab, 1, 20, 2);
	core_lab_hear(&lab, 1);
	assert_string_equal(core_lab_line(&lab), "BACKUP send store pg:follow send");
	assert_true(lab.mine.release.counter != 0 && lab.mine.ask_ms == 0);
}

static void a_candidate_withdraws_for_a_better_one(void **state)
{
	(void)state;
	core_lab_up(&lab, 5, 0);
	core_lab_stand(&lab);
	lab.peer[1].role = VRRP_ROLE_CANDIDATE;
	core_lab_hear(&lab, 1);
	assert_string_equal(core_lab_line(&lab), "BACKUP send");
	assert_true(lab.mine.release.counter != 0 && lab.mine.ask_ms == 0);
}

static void a_candidate_withdraws_when_it_is_no_longer_eligible(void **state)
{
	(void)state;
	core_lab_up(&lab, 5, 0);
	core_lab_stand(&lab);
	core_lab_event(&lab, VRRP_EVENT_LINK, false);
	assert_string_equal(core_lab_line(&lab), "FAULT send");
	assert_true(lab.mine.release.counter != 0 && lab.mine.ask_ms == 0);
}

static void refuse(unsigned i, enum vrrp_refusal reason, uint32_t bound_ms)
{
	lab.peer[i].refusal = (struct vrrp_report_refusal){
		.ballot = lab.mine.ballot, .bound_ms = bound_ms, .to = 1, .reason = (uint8_t)reason
	};
	core_lab_hear(&lab, i);
}

static void a_voter_that_is_released_within_the_round_is_asked_again_at_once(void **state)
{
	uint64_t counter;

	(void)state;
	core_lab_up(&lab, 3, 0);
	core_lab_stand(&lab);
	counter = lab.mine.ballot.counter;
	lab.peer[1].grant = (struct vrrp_report_grant){ .to = 3, .ballot = { 5, 7, 3 }, .remaining_ms = 700 };
	refuse(1, VRRP_REFUSAL_BOUND, 700);
	assert_int_equal(core_lab_count(&lab, VRRP_ACT_SEND), 0);
	lab.peer[1].grant = (struct vrrp_report_grant){ .to = 0 }; /* the refusal is still shown */
	core_lab_hear(&lab, 1);
	assert_int_equal(core_lab_count(&lab, VRRP_ACT_SEND), 1);
	assert_int_equal(lab.mine.ask_ms, 1000);
	assert_int_equal(lab.mine.ballot.counter, counter);
}

static void a_refusals_ms_sets_the_next_ask(void **state)
{
	uint64_t counter;

	(void)state;
	core_lab_up(&lab, 3, 0);
	core_lab_stand(&lab);
	counter = lab.mine.ballot.counter;
	refuse(1, VRRP_REFUSAL_BOUND, 50);
	core_lab_after_us(&lab, 50 * CORE_LAB_MS);
	assert_int_equal(core_lab_count(&lab, VRRP_ACT_SEND), 1); /* asks again right then, under the same ballot */
	assert_int_equal(lab.mine.ask_ms, 1000);
	assert_int_equal(lab.mine.ballot.counter, counter);
	refuse(2, VRRP_REFUSAL_SILENT, 700); /* beyond the round: after it not before then */
	core_lab_after_us(&lab, 699 * CORE_LAB_MS);
	assert_false(core_lab_became(&lab, VRRP_ROLE_CANDIDATE));
	assert_int_equal(lab.core.role, VRRP_ROLE_BACKUP);
	core_lab_run_us(&lab, 200 * CORE_LAB_MS, 0xfe);
	assert_true(core_lab_became(&lab, VRRP_ROLE_CANDIDATE));
}

static void the_lease_is_had_with_a_majority_and_not_before(void **state)
{
	(void)state;
	core_lab_up(&lab, 5, 0);
	core_lab_stand(&lab);
	core_lab_after_us(&lab, 1000);
	core_lab_grant(&lab, 1);
	assert_int_equal(lab.core.role, VRRP_ROLE_CANDIDATE);
	core_lab_grant(&lab, 1); /* the same voter twice is one vote */
	assert_int_equal(lab.core.role, VRRP_ROLE_CANDIDATE);
	core_lab_grant(&lab, 2);
	assert_int_equal(lab.core.role, VRRP_ROLE_PROMOTING);
	assert_int_equal(vrrp_core_grants(&lab.core), 3);
}

/* From the moment before the ask was built, shortened by max_drift; not from when the answer came. */
static void b8_the_lease_counts_from_the_ask(void **state)
{
	struct vrrp_time asked;

	(void)state;
	core_lab_up(&lab, 3, 0);
	core_lab_stand(&lab);
	asked = lab.now;
	lab.now = vrrp_time_add(lab.now, 40 * CORE_LAB_MS);
	core_lab_grant(&lab, 1);
	assert_int_equal(lab.core.role, VRRP_ROLE_PROMOTING);
	assert_true(vrrp_core_lease_end(&lab.core).us == asked.us + 900 * CORE_LAB_MS);
}

static void a_grant_for_anything_else_is_worth_nothing(void **state)
{
	struct vrrp_report_grant grant;
	uint64_t earlier;

	(void)state;
	core_lab_up(&lab, 3, 0);
	core_lab_stand(&lab);
	earlier = lab.mine.seq;
	core_lab_after_us(&lab, 126 * CORE_LAB_MS);
	core_lab_stand(&lab);
	core_lab_after_us(&lab, 1000);
	grant = (struct vrrp_report_grant){ lab.mine.ballot, lab.mine.incarnation, lab.mine.seq, 1000, 1 };
	for (unsigned i = 0; i < 6; i++) {
		lab.peer[1].grant = grant;
		lab.peer[1].grant.ballot.counter -= i == 0;
		lab.peer[1].grant.incarnation += i == 1;
		lab.peer[1].grant.seq += i == 2;
		lab.peer[1].grant.seq = i == 3 ? earlier : lab.peer[1].grant.seq; /* asked under another ballot */
		lab.peer[1].grant.to = i == 4 ? 3 : 1;
		lab.peer[1].digest[0] = i == 5 ? 9 : 1;
		core_lab_hear(&lab, 1);
		assert_int_equal(lab.core.role, VRRP_ROLE_CANDIDATE);
	}
	lab.peer[1].digest[0] = 1;
	core_lab_hear_stale(&lab, 1);
	assert_int_equal(lab.core.role, VRRP_ROLE_CANDIDATE);
	core_lab_hear(&lab, 1);
	assert_int_equal(lab.core.role, VRRP_ROLE_PROMOTING);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(b7_a_ballot_is_above_all_that_was_heard_or_stored),
		cmocka_unit_test(i7_a_counter_that_leaps_is_not_followed),
		cmocka_unit_test(a_round_ends_after_half_an_advert_int_and_is_released),
		cmocka_unit_test(on_a_slow_way_a_round_takes_three_times_the_rtt),
		cmocka_unit_test(a_candidate_withdraws_for_a_holder),
		cmocka_unit_test(a_candidate_withdraws_for_a_better_one),
		cmocka_unit_test(a_candidate_withdraws_when_it_is_no_longer_eligible),
		cmocka_unit_test(a_refusals_ms_sets_the_next_ask),
		cmocka_unit_test(a_voter_that_is_released_within_the_round_is_asked_again_at_once),
		cmocka_unit_test(the_lease_is_had_with_a_majority_and_not_before),
		cmocka_unit_test(b8_the_lease_counts_from_the_ask),
		cmocka_unit_test(a_grant_for_anything_else_is_worth_nothing),
	};

	return cmocka_run_group_tests_name("core_round", tests, NULL, NULL);
}
