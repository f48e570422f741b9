/*
 * quorum = none (protocol.md section 4.6): two data members, no witness; the four rules that are added.
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

static void init(void)
{
	core_lab_init(&lab, 2, 0);
	lab.config.quorum = VRRP_QUORUM_NONE;
	lab.config.member[0].priority = 200;
}

static void rule_1_the_other_must_grant_while_it_is_heard(void **state)
{
	(void)state;
	init();
	core_lab_start(&lab);
	core_lab_hear(&lab, 1);
	assert_int_equal(lab.core.role, VRRP_ROLE_CANDIDATE);
	assert_int_equal(lab.mine.grant.to, 1);
	core_lab_after_us(&lab, 1000);
	core_lab_hear(&lab, 1); /* heard, and does not grant */
	assert_int_equal(lab.core.role, VRRP_ROLE_CANDIDATE);
	core_lab_grant(&lab, 1);
	assert_int_equal(lab.core.role, VRRP_ROLE_PROMOTING);
}

static void rule_1_who_is_alone_needs_its_own_vote_only(void **state)
{
	(void)state;
	init();
	core_lab_start(&lab);
	core_lab_after_us(&lab, 31 * SECOND);
	assert_int_equal(lab.core.role, VRRP_ROLE_PROMOTING);
	assert_int_equal(core_lab_ops(&lab, VRRP_PG_OP_PROMOTE), 1);
}

static void rule_1_to_stay_holder_the_own_vote_is_enough(void **state)
{
	(void)state;
	init();
	core_lab_start(&lab);
	core_lab_serve(&lab);
	core_lab_run_us(&lab, 20 * SECOND, 0);
	assert_int_equal(lab.core.role, VRRP_ROLE_MASTER);
	lab.peer[1].grant.to = 0;
	for (unsigned i = 0; i < 20; i++) { /* heard again, and it grants nothing */
		core_lab_hear(&lab, 1);
		core_lab_run_us(&lab, 200 * CORE_LAB_MS, 0);
	}
	assert_int_equal(lab.core.role, VRRP_ROLE_MASTER);
}

static void rule_1_of_another_configuration_it_is_not_asked(void **state)
{
	(void)state;
	init();
	core_lab_start(&lab);
	lab.peer[1].digest[0] = 9;
	core_lab_run_us(&lab, 31 * SECOND, 1U << 1);
	assert_true(core_lab_became(&lab, VRRP_ROLE_PROMOTING));
}

static void rule_2_the_lower_ballot_of_two_holders_lets_go_and_is_put_aside(void **state)
{
	(void)state;
	init();
	core_lab_start(&lab);
	core_lab_serve(&lab);
	core_lab_be_master(&lab, 1, lab.core.ballot.counter + 1, 2);
	core_lab_hear(&lab, 1);
	assert_string_equal(
		core_lab_line(&lab), "gate-out destroy unbind advert-0 gate-shut LEAVING pg:stop immediate send store");
	assert_true(lab.disk.diverged);
	core_lab_pg_done(&lab, true);
	assert_int_equal(core_lab_ops(&lab, VRRP_PG_OP_START_STANDBY), 1);
	core_lab_pg_done(&lab, true);
	assert_true(lab.core.op == VRRP_PG_OP_REWIND || lab.core.op == VRRP_PG_OP_CLONE);
}

/* Nothing was served, nothing was written: no reason to copy the whole of it anew. */
static void rule_2_who_was_never_out_of_recovery_is_not_diverged(void **state)
{
	(void)state;
	init();
	lab.config.fence = true;
	core_lab_start(&lab);
	core_lab_after_us(&lab, 30 * SECOND);
	assert_int_equal(lab.core.role, VRRP_ROLE_PROMOTING); /* fence_command runs */
	core_lab_be_master(&lab, 1, lab.core.ballot.counter + 1, 2);
	core_lab_hear(&lab, 1);
	assert_string_equal(core_lab_line(&lab), "LEAVING FAULT send store BACKUP pg:follow send");
	assert_false(lab.disk.diverged);
}

static void rule_2_the_higher_ballot_stays(void **state)
{
	(void)state;
	init();
	core_lab_start(&lab);
	core_lab_serve(&lab);
	core_lab_be_master(&lab, 1, lab.core.ballot.counter - 1, 2);
	core_lab_hear(&lab, 1);
	assert_int_equal(lab.core.role, VRRP_ROLE_MASTER);
	assert_false(lab.disk.diverged);
}

static void with_a_majority_two_holders_are_left_to_the_leases(void **state)
{
	(void)state;
	core_lab_up(&lab, 3, 0);
	core_lab_serve(&lab);
	core_lab_be_master(&lab, 1, lab.core.ballot.counter + 1, 2);
	core_lab_hear(&lab, 1);
	assert_int_equal(lab.core.role, VRRP_ROLE_MASTER);
}

static void rule_3_until_the_other_is_heard_nobody_stands_before_boot_wait(void **state)
{
	(void)state;
	init();
	core_lab_start(&lab);
	core_lab_after_us(&lab, 30 * SECOND - 1000);
	assert_false(core_lab_became(&lab, VRRP_ROLE_CANDIDATE));
	core_lab_after_us(&lab, 1000);
	assert_true(core_lab_became(&lab, VRRP_ROLE_CANDIDATE));
}

static void primary_alone(bool serving, bool this_boot)
{
	init();
	lab.pg.in_recovery = false;
	lab.disk.serving.counter = serving ? 7 : 0;
	lab.disk.serving_this_boot = this_boot;
	core_lab_start(&lab);
	core_lab_run_us(&lab, 10 * SECOND, 0);
}

static void rule_3_except_a_primary_that_served_under_this_boot(void **state)
{
	(void)state;
	primary_alone(true, true);
	assert_int_equal(lab.core.role, VRRP_ROLE_MASTER);
	primary_alone(true, false); /* a reboot is long enough for the other to have taken over */
	assert_int_equal(lab.core.role, VRRP_ROLE_BACKUP);
	primary_alone(false, true);
	assert_int_equal(lab.core.role, VRRP_ROLE_BACKUP);
}

static void rule_3_heard_once_it_stands_without_waiting(void **state)
{
	(void)state;
	init();
	core_lab_start(&lab);
	core_lab_hear(&lab, 1);
	core_lab_run_us(&lab, 1500 * CORE_LAB_MS, 0); /* then it falls silent */
	assert_true(core_lab_became(&lab, VRRP_ROLE_PROMOTING));
}

static void fence(bool heard)
{
	init();
	lab.config.fence = true;
	core_lab_start(&lab);
	if (heard) {
		core_lab_elect(&lab);
	} else {
		core_lab_after_us(&lab, 30 * SECOND);
	}
	assert_int_equal(lab.core.role, VRRP_ROLE_PROMOTING);
}

static void fenced(bool ok)
{
	core_lab_step(&lab, (struct vrrp_event){ .kind = VRRP_EVENT_FENCED, .ticket = lab.core.wait_ticket, .ok = ok });
}

static void rule_4_between_lease_and_epoch_the_fence_must_have_ended_well(void **state)
{
	(void)state;
	fence(false);
	assert_int_equal(core_lab_count(&lab, VRRP_ACT_FENCE), 1);
	assert_true(vrrp_ballot_is_none(&lab.core.stored.epoch));
	core_lab_run_us(&lab, 5 * SECOND, 0);
	assert_int_equal(core_lab_ops(&lab, VRRP_PG_OP_PROMOTE), 0);
	assert_int_equal(lab.core.role, VRRP_ROLE_PROMOTING); /* renewed all along */
	fenced(true);
	assert_string_equal(core_lab_line(&lab), "store pg:promote send");
	assert_true(vrrp_ballot_equal(&lab.disk.epoch, &lab.core.ballot));
}

static void rule_4_a_fence_that_fails_or_does_not_end_is_no_promotion(void **state)
{
	(void)state;
	fence(false);
	fenced(false);
	assert_string_equal(core_lab_line(&lab), "LEAVING FAULT send");
	assert_true((lab.mine.fault_reasons & VRRP_FAULT_BIT(VRRP_FAULT_HELD)) != 0);
	fence(false);
	core_lab_run_us(&lab, lab.config.promote_timeout_us + SECOND, 0);
	assert_int_equal(lab.core.role, VRRP_ROLE_FAULT);
	assert_int_equal(core_lab_ops(&lab, VRRP_PG_OP_PROMOTE), 0);
	fenced(true); /* too late */
	assert_int_equal(core_lab_ops(&lab, VRRP_PG_OP_PROMOTE), 0);
}

static void rule_4_who_is_heard_and_is_no_primary_needs_no_fence(void **state)
{
	(void)state;
	fence(true);
	assert_int_equal(core_lab_count(&lab, VRRP_ACT_FENCE), 0);
	assert_int_equal(core_lab_ops(&lab, VRRP_PG_OP_PROMOTE), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rule_1_the_other_must_grant_while_it_is_heard),
		cmocka_unit_test(rule_1_who_is_alone_needs_its_own_vote_only),
		cmocka_unit_test(rule_1_to_stay_holder_the_own_vote_is_enough),
		cmocka_unit_test(rule_1_of_another_configuration_it_is_not_asked),
		cmocka_unit_test(rule_2_the_lower_ballot_of_two_holders_lets_go_and_is_put_aside),
		cmocka_unit_test(rule_2_who_was_never_out_of_recovery_is_not_diverged),
		cmocka_unit_test(rule_2_the_higher_ballot_stays),
		cmocka_unit_test(with_a_majority_two_holders_are_left_to_the_leases),
		cmocka_unit_test(rule_3_until_the_other_is_heard_nobody_stands_before_boot_wait),
		cmocka_unit_test(rule_3_except_a_primary_that_served_under_this_boot),
		cmocka_unit_test(rule_3_heard_once_it_stands_without_waiting),
		cmocka_unit_test(rule_4_between_lease_and_epoch_the_fence_must_have_ended_well),
		cmocka_unit_test(rule_4_a_fence_that_fails_or_does_not_end_is_no_promotion),
		cmocka_unit_test(rule_4_who_is_heard_and_is_no_primary_needs_no_fence),
	};

	return cmocka_run_group_tests_name("core_quorum_none", tests, NULL, NULL);
}
