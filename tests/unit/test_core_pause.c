/*
 * Pause (protocol.md section 4.4; attack D6): (flag, counter), the highest counter heard wins; while paused nobody is
 * promoted and nobody switches over.
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

static void say(unsigned i, bool paused, uint32_t counter)
{
	lab.peer[i].flags = (uint16_t)((lab.peer[i].flags & ~VRRP_FLAG_PAUSED) | (paused ? VRRP_FLAG_PAUSED : 0));
	lab.peer[i].pause_counter = counter;
	core_lab_hear(&lab, i);
}

static void a_pause_is_stored_and_told_with_a_higher_counter(void **state)
{
	(void)state;
	core_lab_up(&lab, 3, 0);
	core_lab_event(&lab, VRRP_EVENT_PAUSE, true);
	assert_string_equal(core_lab_line(&lab), "send store");
	assert_true(lab.disk.paused);
	assert_int_equal(lab.disk.pause_counter, 1);
	assert_true((lab.mine.flags & VRRP_FLAG_PAUSED) != 0);
	assert_int_equal(lab.mine.pause_counter, 1);
	core_lab_event(&lab, VRRP_EVENT_PAUSE, true); /* twice is once */
	assert_int_equal(lab.disk.pause_counter, 1);
	core_lab_event(&lab, VRRP_EVENT_PAUSE, false);
	assert_false(lab.disk.paused);
	assert_int_equal(lab.disk.pause_counter, 2);
	assert_int_equal(lab.mine.pause_counter, 2);
}

static void it_is_durable_when_its_store_is(void **state)
{
	(void)state;
	core_lab_up(&lab, 3, 0);
	assert_true(vrrp_core_pause_is_durable(&lab.core));
	lab.disk_held = true;
	core_lab_event(&lab, VRRP_EVENT_PAUSE, true);
	assert_false(vrrp_core_pause_is_durable(&lab.core));
	core_lab_stored(&lab, false);
	core_lab_event(&lab, VRRP_EVENT_PAUSE, true); /* asked again: it is as good as before */
	assert_false(vrrp_core_pause_is_durable(&lab.core));
	core_lab_after_us(&lab, SECOND + SECOND / 2); /* written again by itself */
	core_lab_stored(&lab, true);
	assert_true(vrrp_core_pause_is_durable(&lab.core));
	lab.disk_held = false;
	core_lab_start(&lab);
	assert_true(lab.disk.paused);
	assert_true(vrrp_core_pause_is_durable(&lab.core));
}

static void d6_the_highest_counter_heard_wins(void **state)
{
	(void)state;
	core_lab_up(&lab, 3, 0);
	say(1, true, 5);
	assert_true(lab.disk.paused);
	assert_int_equal(lab.disk.pause_counter, 5);
	say(2, false, 4);
	assert_true(lab.disk.paused);
	say(2, false, 6);
	assert_false(lab.disk.paused);
	core_lab_event(&lab, VRRP_EVENT_PAUSE, true); /* above everything heard */
	assert_int_equal(lab.disk.pause_counter, 7);
	say(2, false, 6);
	assert_true(lab.disk.paused);
}

static void d6_at_equal_counters_paused_wins(void **state)
{
	(void)state;
	core_lab_up(&lab, 3, 0);
	say(1, false, 5);
	say(2, true, 5);
	assert_true(lab.disk.paused);
	say(1, false, 5);
	assert_true(lab.disk.paused);
}

static void an_old_packet_says_nothing_and_another_configuration_does(void **state)
{
	(void)state;
	core_lab_up(&lab, 3, 0);
	lab.peer[1].flags |= VRRP_FLAG_PAUSED;
	lab.peer[1].pause_counter = 9;
	core_lab_hear_stale(&lab, 1);
	assert_int_equal(lab.core.stored.pause_counter, 0);
	lab.peer[1].digest[3] ^= 1; /* while members are changed a pause is wanted most */
	core_lab_hear(&lab, 1);
	assert_true(lab.core.stored.paused);
}

static void a_counter_that_is_used_up_is_not_begun_anew(void **state)
{
	(void)state;
	core_lab_up(&lab, 3, 0);
	say(1, true, UINT32_MAX);
	core_lab_event(&lab, VRRP_EVENT_PAUSE, false);
	assert_true(lab.core.stored.paused);
	assert_true(lab.core.stored.pause_counter == UINT32_MAX);
}

static void it_outlives_a_restart_of_all_daemons(void **state)
{
	(void)state;
	core_lab_up(&lab, 3, 0);
	core_lab_event(&lab, VRRP_EVENT_PAUSE, true);
	core_lab_start(&lab);
	core_lab_hear_all(&lab); /* the others say counter 0: they have just been installed anew */
	core_lab_run_us(&lab, 60 * SECOND, 0x6);
	assert_int_equal(lab.core.role, VRRP_ROLE_BACKUP);
	assert_true(lab.mine.pause_counter == 1 && (lab.mine.flags & VRRP_FLAG_PAUSED) != 0);
	core_lab_event(&lab, VRRP_EVENT_PAUSE, false);
	core_lab_run_us(&lab, SECOND, 0x6);
	assert_true(vrrp_role_holds(lab.core.role));
}

static void a_candidate_withdraws_when_it_is_paused(void **state)
{
	(void)state;
	core_lab_up(&lab, 3, 0);
	core_lab_stand(&lab);
	say(1, true, 1);
	assert_int_equal(lab.core.role, VRRP_ROLE_BACKUP);
	assert_false(vrrp_ballot_is_none(&lab.mine.release));
}

static void a_winner_that_is_paused_does_not_promote(void **state)
{
	(void)state;
	core_lab_up(&lab, 3, 0);
	core_lab_stand(&lab);
	lab.disk_held = true;
	core_lab_grant(&lab, 1);
	assert_int_equal(lab.core.role, VRRP_ROLE_PROMOTING);
	core_lab_event(&lab, VRRP_EVENT_PAUSE, true);
	core_lab_stored(&lab, true);
	assert_int_equal(core_lab_ops(&lab, VRRP_PG_OP_PROMOTE), 0);
	assert_true(core_lab_became(&lab, VRRP_ROLE_LEAVING));
	assert_int_equal(lab.core.role, VRRP_ROLE_BACKUP);
	assert_false(vrrp_ballot_is_none(&lab.mine.release));
}

static void a_running_primary_stands_and_holds(void **state)
{
	(void)state;
	core_lab_up_primary(&lab, 3, 1);
	core_lab_event(&lab, VRRP_EVENT_PAUSE, true);
	core_lab_serve(&lab);
	core_lab_run_us(&lab, 5 * SECOND, 1U << 1);
	assert_int_equal(lab.core.role, VRRP_ROLE_MASTER);
}

static void a_running_primary_that_is_behind_does_not_stand(void **state)
{
	(void)state;
	core_lab_up_primary(&lab, 3, 0);
	lab.config.election_lag_bytes = 0;
	core_lab_event(&lab, VRRP_EVENT_PAUSE, true);
	lab.peer[1].position += 4096;
	lab.peer[2].position += 4096;
	core_lab_run_us(&lab, 60 * SECOND, 0x6);
	assert_int_equal(lab.core.role, VRRP_ROLE_BACKUP);
	lab.peer[1].upstream = lab.peer[2].upstream = 1; /* they have it from me: my last look is older */
	lab.peer[1].flags |= VRRP_FLAG_STREAMING;
	lab.peer[2].flags |= VRRP_FLAG_STREAMING;
	core_lab_run_us(&lab, 5 * SECOND, 0x6);
	assert_int_equal(lab.core.role, VRRP_ROLE_MASTER);
}

static void a_paused_voter_grants_only_a_running_primary(void **state)
{
	(void)state;
	core_lab_up(&lab, 3, 0);
	core_lab_event(&lab, VRRP_EVENT_PAUSE, true);
	assert_false(core_lab_ask(&lab, 1));
	assert_int_equal(core_lab_refusal(&lab, 1), VRRP_REFUSAL_PAUSED);
	lab.peer[1].flags &= (uint16_t)~VRRP_FLAG_IN_RECOVERY;
	assert_true(core_lab_ask(&lab, 1));
}

static void a_paused_voter_grants_no_primary_that_is_behind_somebody(void **state)
{
	(void)state;
	core_lab_up(&lab, 3, 0);
	core_lab_event(&lab, VRRP_EVENT_PAUSE, true);
	lab.peer[2].position += 4096;
	core_lab_hear(&lab, 2);
	lab.peer[1].flags &= (uint16_t)~VRRP_FLAG_IN_RECOVERY;
	assert_false(core_lab_ask(&lab, 1));
	assert_int_equal(core_lab_refusal(&lab, 1), VRRP_REFUSAL_PAUSED);
}

static void a_holder_that_was_granted_is_renewed_while_paused(void **state)
{
	(void)state;
	core_lab_up(&lab, 3, 0);
	assert_true(core_lab_ask(&lab, 1));
	core_lab_event(&lab, VRRP_EVENT_PAUSE, true);
	lab.peer[1].role = VRRP_ROLE_PROMOTING;
	assert_true(core_lab_ask_again(&lab, 1));
}

static void while_paused_an_unfit_master_is_not_let_go(void **state)
{
	(void)state;
	core_lab_up_primary(&lab, 3, 1);
	core_lab_serve(&lab);
	core_lab_event(&lab, VRRP_EVENT_PAUSE, true);
	core_lab_hear_all(&lab);
	core_lab_event(&lab, VRRP_EVENT_LINK, false);
	assert_int_equal(lab.core.role, VRRP_ROLE_MASTER); /* nobody could take over */
	core_lab_event(&lab, VRRP_EVENT_PAUSE, false);
	assert_int_equal(lab.core.role, VRRP_ROLE_LEAVING);
}

static void while_paused_a_stop_does_not_wait_for_postgresql_to_be_a_standby(void **state)
{
	(void)state;
	core_lab_up_primary(&lab, 3, 1);
	core_lab_serve(&lab);
	core_lab_event(&lab, VRRP_EVENT_PAUSE, true);
	core_lab_event(&lab, VRRP_EVENT_STOP, true);
	core_lab_pg_done(&lab, true);
	assert_int_equal(core_lab_count(&lab, VRRP_ACT_EXIT), 1);
	assert_int_equal(core_lab_ops(&lab, VRRP_PG_OP_START_STANDBY), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pause_is_stored_and_told_with_a_higher_counter),
		cmocka_unit_test(it_is_durable_when_its_store_is),
		cmocka_unit_test(d6_the_highest_counter_heard_wins),
		cmocka_unit_test(d6_at_equal_counters_paused_wins),
		cmocka_unit_test(an_old_packet_says_nothing_and_another_configuration_does),
		cmocka_unit_test(a_counter_that_is_used_up_is_not_begun_anew),
		cmocka_unit_test(it_outlives_a_restart_of_all_daemons),
		cmocka_unit_test(a_candidate_withdraws_when_it_is_paused),
		cmocka_unit_test(a_winner_that_is_paused_does_not_promote),
		cmocka_unit_test(a_running_primary_stands_and_holds),
		cmocka_unit_test(a_running_primary_that_is_behind_does_not_stand),
		cmocka_unit_test(a_paused_voter_grants_only_a_running_primary),
		cmocka_unit_test(a_paused_voter_grants_no_primary_that_is_behind_somebody),
		cmocka_unit_test(a_holder_that_was_granted_is_renewed_while_paused),
		cmocka_unit_test(while_paused_an_unfit_master_is_not_let_go),
		cmocka_unit_test(while_paused_a_stop_does_not_wait_for_postgresql_to_be_a_standby),
	};

	return cmocka_run_group_tests_name("core: pause", tests, NULL, NULL);
}
