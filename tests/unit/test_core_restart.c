/*
 * Restart without failover (protocol.md section 4.3; attacks B4, B5): what the holder does, and what the next process
 * does with what it left. The voters' side is test_core_long.c's.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "tests/unit/core_lab.h"
#include "vrrp/core_internal.h"

#define SECOND VRRP_US_PER_S
#define GRACE_US (10 * SECOND)

static struct core_lab lab;

static void serve(unsigned members, unsigned witnesses)
{
	core_lab_up_primary(&lab, members, witnesses);
	core_lab_serve(&lab);
	lab.now = vrrp_time_add(lab.now, CORE_LAB_MS);
}

/* MASTER, and the process has left with its token; returns the ballot. */
static struct vrrp_ballot leave(void)
{
	serve(3, 1);
	core_lab_event(&lab, VRRP_EVENT_RESTART, true);
	core_lab_grant(&lab, 1);
	assert_true(lab.core.exited);
	lab.now = vrrp_time_add(lab.now, 300 * CORE_LAB_MS);
	return lab.token.ballot;
}

static bool left_for_a_restart(void)
{
	for (unsigned i = 0; i < lab.done_count; i++) {
		if (lab.done[i].kind == VRRP_ACT_EXIT) {
			return lab.done[i].restart;
		}
	}
	return false;
}

/* --- the holder --- */

static void with_the_grants_in_hand_the_token_is_written_and_the_process_is_gone(void **state)
{
	struct vrrp_time asked;

	(void)state;
	serve(3, 1);
	core_lab_event(&lab, VRRP_EVENT_RESTART, true);
	asked = lab.now;
	assert_int_equal(lab.mine.ask_ms, 10000);
	assert_int_equal(lab.disk.long_grant.to, 1); /* its own vote is for as long */
	assert_true(lab.disk.long_grant.expires.us == asked.us + GRACE_US);
	lab.now = vrrp_time_add(lab.now, CORE_LAB_MS);
	core_lab_grant(&lab, 1);
	assert_string_equal(core_lab_line(&lab), "gate-open bind token exit");
	assert_true(left_for_a_restart());
	assert_true(lab.token.lease_end.us == asked.us + 9 * SECOND);
	assert_true(vrrp_ballot_equal(&lab.token.ballot, &lab.core.ballot));
	assert_memory_equal(lab.token.digest, lab.config.digest, VRRP_DIGEST_BYTES);
	core_lab_after_us(&lab, 100 * CORE_LAB_MS); /* whatever still comes: nothing is done any more */
	assert_string_equal(core_lab_line(&lab), "");
}

static void the_renewals_go_on_between_the_long_asks(void **state)
{
	(void)state;
	serve(3, 1);
	core_lab_event(&lab, VRRP_EVENT_RESTART, true);
	assert_int_equal(lab.mine.ask_ms, 10000);
	core_lab_after_us(&lab, lab.config.advert_int_us);
	assert_int_equal(lab.mine.ask_ms, 1000);
	core_lab_after_us(&lab, lab.config.advert_int_us);
	assert_int_equal(lab.mine.ask_ms, 10000);
}

static void b6_the_own_vote_counts_when_its_record_is_durable(void **state)
{
	(void)state;
	serve(3, 1);
	lab.disk_held = true;
	core_lab_event(&lab, VRRP_EVENT_RESTART, true);
	core_lab_grant(&lab, 1);
	assert_int_equal(core_lab_count(&lab, VRRP_ACT_TOKEN), 0);
	core_lab_stored(&lab, true);
	assert_string_equal(core_lab_line(&lab), "gate-open bind token exit");
}

static void one_grant_of_five_is_not_enough(void **state)
{
	(void)state;
	serve(5, 0);
	core_lab_event(&lab, VRRP_EVENT_RESTART, true);
	core_lab_grant(&lab, 1);
	assert_int_equal(core_lab_count(&lab, VRRP_ACT_TOKEN), 0);
	core_lab_grant(&lab, 2);
	assert_int_equal(core_lab_count(&lab, VRRP_ACT_TOKEN), 1);
}

/* Voters that answer the renewals and not the long asks, for a lease. */
static void only_renewals_are_answered(int64_t us)
{
	for (int64_t left = us; left > 0; left -= 10 * CORE_LAB_MS) {
		core_lab_after_us(&lab, 10 * CORE_LAB_MS);
		if (lab.mine.ask_ms == 1000) {
			core_lab_grant(&lab, 1);
		} else {
			core_lab_hear(&lab, 1);
		}
		if (lab.core.role != VRRP_ROLE_MASTER) {
			return;
		}
	}
}

static void b5_grants_not_in_hand_within_a_lease_is_a_normal_stop(void **state)
{
	(void)state;
	serve(3, 1);
	core_lab_event(&lab, VRRP_EVENT_RESTART, true);
	only_renewals_are_answered(900 * CORE_LAB_MS);
	assert_int_equal(lab.core.role, VRRP_ROLE_MASTER);
	only_renewals_are_answered(200 * CORE_LAB_MS);
	assert_int_equal(lab.core.role, VRRP_ROLE_LEAVING);
	assert_int_equal(lab.core.op, VRRP_PG_OP_STOP_FAST);
	core_lab_pg_done(&lab, true);
	assert_true(vrrp_ballot_equal(&lab.core.release, &lab.core.stored.epoch));
	core_lab_after_us(&lab, SECOND);
	assert_int_equal(lab.core.op, VRRP_PG_OP_START_STANDBY);
	core_lab_pg_done(&lab, true);
	assert_true(left_for_a_restart()); /* it was asked to come back */
	assert_true(vrrp_ballot_is_none(&lab.token.ballot));
}

static void while_paused_a_restart_without_grants_is_given_up(void **state)
{
	(void)state;
	serve(3, 1);
	core_lab_event(&lab, VRRP_EVENT_PAUSE, true);
	core_lab_event(&lab, VRRP_EVENT_RESTART, true);
	only_renewals_are_answered(1500 * CORE_LAB_MS);
	assert_int_equal(lab.core.role, VRRP_ROLE_MASTER); /* nobody could take over */
	assert_false(lab.core.restarting);
	assert_int_equal(lab.mine.ask_ms, 1000);
}

static void no_restart_while_the_lease_is_taken(void **state)
{
	(void)state;
	core_lab_up(&lab, 3, 0);
	core_lab_elect(&lab);
	assert_int_equal(lab.core.role, VRRP_ROLE_PROMOTING);
	core_lab_event(&lab, VRRP_EVENT_RESTART, true);
	assert_false(lab.core.restarting);
	assert_int_equal(lab.core.op, VRRP_PG_OP_PROMOTE);
}

static void b5_a_token_of_a_lease_let_go_is_gone_before_the_release(void **state)
{
	(void)state;
	serve(3, 1);
	lab.token_held = true;
	core_lab_event(&lab, VRRP_EVENT_RESTART, true);
	core_lab_grant(&lab, 1);
	assert_int_equal(core_lab_count(&lab, VRRP_ACT_TOKEN), 1);
	core_lab_event(&lab, VRRP_EVENT_PG_DEAD, true);
	assert_string_equal(core_lab_line(&lab), "gate-out destroy unbind advert-0 gate-shut FAULT send");
	assert_true(vrrp_ballot_is_none(&lab.mine.release));
	core_lab_token(&lab, true); /* it had been on its way: now it stands there */
	assert_false(vrrp_ballot_is_none(&lab.token.ballot));
	assert_int_equal(core_lab_count(&lab, VRRP_ACT_TOKEN), 1);
	assert_int_equal(core_lab_count(&lab, VRRP_ACT_EXIT), 0);
	assert_true(vrrp_ballot_is_none(&lab.core.release));
	core_lab_token(&lab, true);
	assert_true(vrrp_ballot_is_none(&lab.token.ballot));
	assert_true(vrrp_ballot_equal(&lab.mine.release, &lab.core.stored.epoch));
}

static void b5_a_token_that_cannot_be_removed_holds_the_release_until_its_end(void **state)
{
	(void)state;
	serve(3, 1);
	lab.token_held = true;
	core_lab_event(&lab, VRRP_EVENT_RESTART, true);
	core_lab_grant(&lab, 1);
	core_lab_event(&lab, VRRP_EVENT_PG_DEAD, true);
	core_lab_token(&lab, true);
	for (unsigned tries = 0; tries < 8; tries++) {
		core_lab_token(&lab, false);
		assert_true(vrrp_ballot_is_none(&lab.core.release));
		core_lab_after_us(&lab, SECOND);
		assert_int_equal(core_lab_count(&lab, VRRP_ACT_TOKEN), 1);
	}
	core_lab_after_us(&lab, SECOND);
	assert_true(vrrp_ballot_equal(&lab.core.release, &lab.core.stored.epoch));
}

static void a_lease_that_ended_under_the_token_is_not_left_with_it(void **state)
{
	(void)state;
	serve(3, 1);
	lab.token_held = true;
	core_lab_event(&lab, VRRP_EVENT_RESTART, true);
	core_lab_grant(&lab, 1);
	core_lab_freeze_us(&lab, 9 * SECOND);
	assert_int_equal(lab.core.role, VRRP_ROLE_FAULT);
	core_lab_token(&lab, true);
	assert_int_equal(core_lab_count(&lab, VRRP_ACT_EXIT), 0);
	assert_int_equal(core_lab_count(&lab, VRRP_ACT_TOKEN), 1);
	assert_true(vrrp_ballot_is_none(&lab.core.token.ballot)); /* removed */
}

static void a_stop_overtakes_a_restart(void **state)
{
	(void)state;
	serve(3, 1);
	lab.token_held = true;
	core_lab_event(&lab, VRRP_EVENT_RESTART, true);
	core_lab_grant(&lab, 1);
	core_lab_event(&lab, VRRP_EVENT_STOP, true);
	assert_int_equal(lab.core.op, VRRP_PG_OP_STOP_FAST);
	core_lab_token(&lab, true);
	core_lab_pg_done(&lab, true);
	assert_true(vrrp_ballot_is_none(&lab.core.release));
	core_lab_after_us(&lab, SECOND);
	core_lab_pg_done(&lab, true);
	assert_int_equal(core_lab_count(&lab, VRRP_ACT_EXIT), 0); /* the token still stands there */
	core_lab_token(&lab, true);
	assert_int_equal(core_lab_count(&lab, VRRP_ACT_EXIT), 1);
	assert_false(left_for_a_restart());
	assert_true(vrrp_ballot_equal(&lab.mine.release, &lab.core.stored.epoch));
}

static void a_token_that_cannot_be_written_is_a_normal_stop(void **state)
{
	(void)state;
	serve(3, 1);
	lab.token_held = true;
	core_lab_event(&lab, VRRP_EVENT_RESTART, true);
	core_lab_grant(&lab, 1);
	core_lab_token(&lab, false);
	assert_int_equal(lab.core.role, VRRP_ROLE_LEAVING);
	assert_int_equal(core_lab_count(&lab, VRRP_ACT_TOKEN), 1); /* removed: who knows what stands there */
}

static void who_holds_nothing_just_leaves_and_is_not_silent_after_it(void **state)
{
	(void)state;
	core_lab_up(&lab, 3, 0);
	core_lab_event(&lab, VRRP_EVENT_RESTART, true);
	assert_string_equal(core_lab_line(&lab), "INIT send store exit");
	assert_true(left_for_a_restart());
	core_lab_start(&lab);
	core_lab_hear_all(&lab);
	assert_true(core_lab_ask(&lab, 1));
	core_lab_start(&lab); /* killed, not stopped: silent */
	core_lab_hear_all(&lab);
	assert_false(core_lab_ask(&lab, 2));
}

static void the_silent_who_leaves_is_silent_again(void **state)
{
	(void)state;
	core_lab_up(&lab, 3, 0);
	core_lab_start(&lab);
	core_lab_event(&lab, VRRP_EVENT_RESTART, true);
	assert_true(left_for_a_restart());
	core_lab_start(&lab);
	core_lab_hear_all(&lab);
	assert_false(core_lab_ask(&lab, 1));
	assert_int_equal(core_lab_refusal(&lab, 1), VRRP_REFUSAL_SILENT);
}

/* --- the next process --- */

static void the_next_process_serves_on_under_the_same_ballot(void **state)
{
	struct vrrp_ballot ballot = leave();
	struct vrrp_time end = lab.token.lease_end;

	(void)state;
	core_lab_start(&lab);
	assert_string_equal(core_lab_line(&lab), "MASTER gate-open bind advert-99 send store advert-99 send");
	assert_true(vrrp_ballot_equal(&lab.mine.ballot, &ballot));
	assert_true(lab.core.incarnation != ballot.incarnation);
	assert_true(vrrp_core_lease_end(&lab.core).us == end.us);
	assert_int_equal(lab.mine.ask_ms, 1000);
	assert_int_equal(lab.core.grant.to, 1); /* its own vote goes on, without silence */
	assert_false(core_is_silent(&lab.core));
	assert_true(vrrp_ballot_is_none(&lab.token.ballot));
	lab.now = vrrp_time_add(lab.now, CORE_LAB_MS);
	core_lab_grant(&lab, 1); /* the voter names the new incarnation */
	assert_true(vrrp_core_lease_end(&lab.core).us == end.us);
	core_lab_run_us(&lab, 12 * SECOND, 1U << 1);
	assert_int_equal(lab.core.role, VRRP_ROLE_MASTER);
	assert_int_equal(core_lab_count(&lab, VRRP_ACT_UNBIND), 0);
	assert_true(vrrp_ballot_equal(&lab.mine.ballot, &ballot));
	assert_int_equal(lab.disk.long_grant.to, 0); /* the record of its own vote is over */
}

static void nobody_heard_again_the_lease_ends_when_the_token_says(void **state)
{
	struct vrrp_time end;

	(void)state;
	(void)leave();
	end = lab.token.lease_end;
	core_lab_start(&lab);
	core_lab_after_us(&lab, vrrp_time_diff_us(end, lab.now) - CORE_LAB_MS);
	assert_int_equal(lab.core.role, VRRP_ROLE_MASTER);
	core_lab_after_us(&lab, CORE_LAB_MS);
	assert_int_not_equal(lab.core.role, VRRP_ROLE_MASTER);
	assert_true(lab.core.gate_end.us == 0);
}

/* With which excess the process before counted it is not known. */
static void b3_a_clock_that_is_slewed_at_the_start_makes_what_the_token_says_shorter(void **state)
{
	struct vrrp_time end;
	int64_t left_us;

	(void)state;
	(void)leave();
	end = lab.token.lease_end;
	left_us = vrrp_time_diff_us(end, lab.now);
	lab.clock_excess_ppm = 50000;
	core_lab_start(&lab);
	assert_int_equal(lab.core.role, VRRP_ROLE_MASTER);
	assert_true(vrrp_time_diff_us(vrrp_core_lease_end(&lab.core), lab.now) <= left_us - left_us / 20);
	assert_true(lab.core.gate_end.us <= vrrp_core_lease_end(&lab.core).us);
}

static void b5_the_token_is_used_once(void **state)
{
	(void)state;
	(void)leave();
	core_lab_start(&lab);
	assert_int_equal(lab.core.role, VRRP_ROLE_MASTER);
	lab.now = vrrp_time_add(lab.now, CORE_LAB_MS);
	core_lab_start(&lab); /* killed, and started again: no token */
	assert_true(strncmp(core_lab_line(&lab), "gate-shut unbind", 16) == 0);
	assert_int_not_equal(lab.core.role, VRRP_ROLE_MASTER);
	assert_true(core_is_silent(&lab.core)); /* B6: bound to itself until the long grant ends */
	core_lab_hear_all(&lab);
	assert_false(core_lab_ask(&lab, 1));
}

/* "Otherwise: close, unbind, release that ballot." */
static void refused(struct vrrp_ballot ballot)
{
	core_lab_start(&lab);
	assert_true(strncmp(core_lab_line(&lab), "gate-shut unbind", 16) == 0);
	assert_int_not_equal(lab.core.role, VRRP_ROLE_MASTER);
	assert_true(vrrp_ballot_equal(&lab.mine.release, &ballot));
	assert_int_equal(lab.mine.ask_ms, 0);
}

static void b5_a_token_of_another_boot_is_not_used(void **state)
{
	struct vrrp_ballot ballot = leave();

	(void)state;
	lab.token.this_boot = false;
	refused(ballot);
}

static void a_token_of_another_configuration_is_not_used(void **state)
{
	struct vrrp_ballot ballot = leave();

	(void)state;
	lab.config.digest[5] ^= 1;
	refused(ballot);
}

static void a_token_whose_lease_has_ended_is_not_used(void **state)
{
	struct vrrp_ballot ballot = leave();

	(void)state;
	lab.now = lab.token.lease_end;
	refused(ballot);
}

static void a_token_that_does_not_fit_the_state_file_is_not_used(void **state)
{
	struct vrrp_ballot ballot = leave();

	(void)state;
	lab.disk.epoch.counter++;
	refused(ballot);
	ballot = leave();
	lab.disk.serving.counter++;
	refused(ballot);
	ballot = leave();
	lab.disk.promoting = ballot;
	refused(ballot);
	ballot = leave();
	lab.disk.diverged = true;
	refused(ballot);
	ballot = leave();
	lab.readable = false;
	lab.disk = (struct vrrp_stored){ 0 };
	refused(ballot);
}

static void a_token_of_another_member_is_nobodys_to_release(void **state)
{
	(void)state;
	(void)leave();
	lab.token.ballot.member = 2;
	core_lab_start(&lab);
	assert_true(strncmp(core_lab_line(&lab), "gate-shut unbind", 16) == 0);
	assert_true(vrrp_ballot_is_none(&lab.mine.release));
}

static void postgresql_found_as_a_standby_is_let_go_at_once(void **state)
{
	struct vrrp_ballot ballot = leave();

	(void)state;
	lab.pg.in_recovery = true;
	core_lab_start(&lab);
	assert_int_not_equal(lab.core.role, VRRP_ROLE_MASTER);
	assert_true(lab.core.gate_end.us == 0);
	assert_true(vrrp_ballot_equal(&lab.core.release, &ballot));
}

static void postgresql_found_gone_is_let_go_at_once(void **state)
{
	struct vrrp_ballot ballot = leave();

	(void)state;
	lab.pg.up = false;
	lab.pg.gone = true;
	core_lab_start(&lab);
	assert_int_not_equal(lab.core.role, VRRP_ROLE_MASTER);
	assert_true(lab.core.gate_end.us == 0);
	assert_true(vrrp_ballot_equal(&lab.core.release, &ballot));
}

static void c2_postgresql_not_looked_at_yet_is_stopped_before_the_release(void **state)
{
	(void)state;
	(void)leave();
	lab.probe_held = true;
	core_lab_start(&lab);
	core_lab_hear_all(&lab);
	assert_int_equal(lab.core.role, VRRP_ROLE_MASTER); /* not known to be unfit: an eligible other is no reason */
	core_lab_event(&lab, VRRP_EVENT_KERNEL_FAILED, true);
	assert_int_equal(lab.core.op, VRRP_PG_OP_STOP_IMMEDIATE);
	assert_true(vrrp_ballot_is_none(&lab.core.release));
	core_lab_pg_done(&lab, true);
	assert_false(vrrp_ballot_is_none(&lab.core.release));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(with_the_grants_in_hand_the_token_is_written_and_the_process_is_gone),
		cmocka_unit_test(the_renewals_go_on_between_the_long_asks),
		cmocka_unit_test(b6_the_own_vote_counts_when_its_record_is_durable),
		cmocka_unit_test(one_grant_of_five_is_not_enough),
		cmocka_unit_test(b5_grants_not_in_hand_within_a_lease_is_a_normal_stop),
		cmocka_unit_test(while_paused_a_restart_without_grants_is_given_up),
		cmocka_unit_test(no_restart_while_the_lease_is_taken),
		cmocka_unit_test(b5_a_token_of_a_lease_let_go_is_gone_before_the_release),
		cmocka_unit_test(b5_a_token_that_cannot_be_removed_holds_the_release_until_its_end),
		cmocka_unit_test(a_lease_that_ended_under_the_token_is_not_left_with_it),
		cmocka_unit_test(a_stop_overtakes_a_restart),
		cmocka_unit_test(a_token_that_cannot_be_written_is_a_normal_stop),
		cmocka_unit_test(who_holds_nothing_just_leaves_and_is_not_silent_after_it),
		cmocka_unit_test(the_silent_who_leaves_is_silent_again),
		cmocka_unit_test(the_next_process_serves_on_under_the_same_ballot),
		cmocka_unit_test(nobody_heard_again_the_lease_ends_when_the_token_says),
		cmocka_unit_test(b3_a_clock_that_is_slewed_at_the_start_makes_what_the_token_says_shorter),
		cmocka_unit_test(b5_the_token_is_used_once),
		cmocka_unit_test(b5_a_token_of_another_boot_is_not_used),
		cmocka_unit_test(a_token_of_another_configuration_is_not_used),
		cmocka_unit_test(a_token_whose_lease_has_ended_is_not_used),
		cmocka_unit_test(a_token_that_does_not_fit_the_state_file_is_not_used),
		cmocka_unit_test(a_token_of_another_member_is_nobodys_to_release),
		cmocka_unit_test(postgresql_found_as_a_standby_is_let_go_at_once),
		cmocka_unit_test(postgresql_found_gone_is_let_go_at_once),
		cmocka_unit_test(c2_postgresql_not_looked_at_yet_is_stopped_before_the_release),
	};

	return cmocka_run_group_tests_name("core: restart", tests, NULL, NULL);
}
