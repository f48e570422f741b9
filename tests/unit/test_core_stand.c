/*
 * The candidate (protocol.md section 4, "Candidate / holder" and "Eligible"; attacks B8, D2, D3, D4): who stands, when,
 * for how long, and what it withdraws for.
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

/* Lets `us` pass with everybody heard; whether I stood. */
static bool stands_within_us(int64_t us)
{
	core_lab_run_us(&lab, us, 0xfe);
	return core_lab_became(&lab, VRRP_ROLE_CANDIDATE);
}

static void the_best_stands_at_once_and_asks(void **state)
{
	(void)state;
	core_lab_init(&lab, 3, 0);
	lab.config.member[0].priority = 200;
	core_lab_start(&lab);
	core_lab_hear_all(&lab);
	assert_int_equal(lab.core.role, VRRP_ROLE_CANDIDATE);
	assert_int_equal(lab.mine.role, VRRP_ROLE_CANDIDATE);
	assert_int_equal(lab.mine.ask_ms, 1000);
	assert_int_equal(lab.mine.ballot.member, 1);
	assert_true(lab.mine.ballot.incarnation == lab.mine.incarnation);
	assert_int_equal(lab.mine.grant.to, 1); /* its own vote */
}

static void the_rth_best_waits_r_times_an_eighth_of_advert_int(void **state)
{
	(void)state;
	core_lab_up(&lab, 3, 0); /* of three equals the one of the lowest priority: r = 2 */
	core_lab_after_us(&lab, 2 * RANK_US - 1);
	assert_int_equal(lab.core.role, VRRP_ROLE_BACKUP);
	core_lab_after_us(&lab, 1);
	assert_int_equal(lab.core.role, VRRP_ROLE_CANDIDATE);
}

static void between_two_ranks_are_at_least_five_ms(void **state)
{
	(void)state;
	core_lab_init(&lab, 3, 0);
	lab.config.advert_int_us = 20 * CORE_LAB_MS;
	lab.config.lease_us = 80 * CORE_LAB_MS;
	core_lab_start(&lab);
	core_lab_hear_all(&lab);
	core_lab_after_us(&lab, 9999);
	assert_int_equal(lab.core.role, VRRP_ROLE_BACKUP);
	core_lab_after_us(&lab, 1);
	assert_int_equal(lab.core.role, VRRP_ROLE_CANDIDATE);
}

static void who_is_not_eligible_or_of_another_configuration_has_no_rank(void **state)
{
	(void)state;
	core_lab_init(&lab, 3, 0);
	core_lab_start(&lab);
	lab.peer[1].flags &= (uint16_t)~VRRP_FLAG_ELIGIBLE;
	core_lab_hear_all(&lab);
	core_lab_after_us(&lab, RANK_US);
	assert_int_equal(lab.core.role, VRRP_ROLE_CANDIDATE);
}

static void without_a_fresh_majority_nobody_stands(void **state)
{
	(void)state;
	core_lab_init(&lab, 5, 0);
	core_lab_start(&lab);
	core_lab_hear(&lab, 1);
	core_lab_run_us(&lab, 60 * SECOND, 1U << 1);
	assert_false(core_lab_became(&lab, VRRP_ROLE_CANDIDATE));
	core_lab_hear(&lab, 2);
	assert_true(core_lab_became(&lab, VRRP_ROLE_CANDIDATE)); /* at once: its turn came long ago */
}

static void a_majority_of_another_configuration_is_none(void **state)
{
	(void)state;
	core_lab_init(&lab, 3, 0);
	core_lab_start(&lab);
	lab.peer[1].digest[0] = 9;
	lab.peer[2].digest[0] = 9;
	assert_false(stands_within_us(60 * SECOND));
}

static void while_a_holder_is_heard_nobody_stands(void **state)
{
	static const enum vrrp_role HOLDERS[] = { VRRP_ROLE_PROMOTING, VRRP_ROLE_MASTER, VRRP_ROLE_LEAVING };

	(void)state;
	for (size_t i = 0; i < VRRP_ARRAY_LENGTH(HOLDERS); i++) {
		core_lab_up(&lab, 3, 0);
		core_lab_be_master(&lab, 1, 20, 2);
		lab.peer[1].role = (uint8_t)HOLDERS[i];
		assert_false(stands_within_us(20 * SECOND));
		core_lab_run_us(&lab, 700 * CORE_LAB_MS, 1U << 2); /* unheard, but its last report still speaks */
		assert_false(core_lab_became(&lab, VRRP_ROLE_CANDIDATE));
		core_lab_run_us(&lab, 400 * CORE_LAB_MS, 1U << 2);
		assert_true(core_lab_became(&lab, VRRP_ROLE_CANDIDATE));
	}
}

static void while_the_own_grant_to_another_runs_nobody_stands(void **state)
{
	(void)state;
	core_lab_up(&lab, 3, 0);
	assert_true(core_lab_ask(&lab, 1));
	lab.peer[1].role = VRRP_ROLE_BACKUP; /* withdrawn, and the release is lost */
	lab.peer[1].ask_ms = 0;
	assert_false(stands_within_us(999 * CORE_LAB_MS));
	assert_true(stands_within_us(100 * CORE_LAB_MS));
}

enum { DOWN, STARTING, REPLAY, OTHER_SYSTEM, STALE, LAG, NOFAILOVER, LINK, SCRIPT, DIVERGED, DISK_FAILS, REASONS };

static void make_unfit(unsigned reason)
{
	switch (reason) {
	case DOWN:
		lab.pg.up = false;
		break;
	case STARTING:
		lab.pg.up = false;
		lab.pg.starting = true;
		break;
	case REPLAY:
		lab.pg.replay_paused = true;
		break;
	case OTHER_SYSTEM:
		lab.disk.system_identifier = CORE_LAB_SYSTEM + 1;
		break;
	case STALE:
		lab.pg.timeline = 2;
		break;
	case LAG:
		lab.disk.master_seen.at = (struct vrrp_position){ .history = lab.history,
			.position = CORE_LAB_LSN + lab.config.max_lag_bytes + 1,
			.epoch = { 3, 102, 3 },
			.timeline = 1 };
		break;
	case NOFAILOVER:
		lab.config.member[0].nofailover = true;
		break;
	case SCRIPT:
		lab.pg.faults = VRRP_FAULT_BIT(VRRP_FAULT_SCRIPT);
		break;
	case DIVERGED:
		lab.disk.diverged = true;
		break;
	default:
		break;
	}
}

static void who_is_not_eligible_does_not_stand_and_says_why(void **state)
{
	static const enum vrrp_fault SAYS[REASONS] = { VRRP_FAULT_PG_DOWN, VRRP_FAULT_PG_STARTING,
		VRRP_FAULT_REPLAY_PAUSED, VRRP_FAULT_SYSTEM_ID, VRRP_FAULT_HISTORY, VRRP_FAULT_LAG,
		VRRP_FAULT_NOFAILOVER, VRRP_FAULT_LINK, VRRP_FAULT_SCRIPT, VRRP_FAULT_DIVERGED, VRRP_FAULT_STATE_FILE };

	(void)state;
	for (unsigned reason = 0; reason < REASONS; reason++) {
		core_lab_init(&lab, 3, 0);
		make_unfit(reason);
		lab.disk_held = reason == DISK_FAILS;
		core_lab_start(&lab);
		if (reason == LINK) {
			core_lab_event(&lab, VRRP_EVENT_LINK, false);
		}
		if (reason == DISK_FAILS) {
			core_lab_stored(&lab, false);
		}
		core_lab_hear_all(&lab);
		assert_int_equal(lab.core.role, VRRP_ROLE_FAULT);
		assert_int_equal(lab.mine.fault_reasons, VRRP_FAULT_BIT(SAYS[reason]));
		assert_int_equal(lab.mine.flags & VRRP_FLAG_ELIGIBLE, 0);
		core_lab_run_us(&lab, 900 * CORE_LAB_MS, 0xfe);
		assert_false(core_lab_became(&lab, VRRP_ROLE_CANDIDATE));
	}
}

/* A busy primary writes more than max_lag between two probes here; its reports come in between. */
static void own_lag_is_judged_when_the_own_position_is_seen(void **state)
{
	(void)state;
	core_lab_up(&lab, 3, 0);
	core_lab_be_master(&lab, 1, 20, 1);
	core_lab_hear(&lab, 1);
	lab.peer[1].position += 2 * lab.config.max_lag_bytes;
	core_lab_hear(&lab, 1);
	assert_int_equal(lab.core.role, VRRP_ROLE_BACKUP);
	core_lab_probe(&lab); /* and still it has no more: that is lag */
	assert_int_equal(lab.core.role, VRRP_ROLE_FAULT);
	assert_int_equal(lab.mine.fault_reasons, VRRP_FAULT_BIT(VRRP_FAULT_LAG));
	lab.pg.position = lab.peer[1].position;
	core_lab_probe(&lab);
	assert_int_equal(lab.core.role, VRRP_ROLE_BACKUP);
}

static void nobody_stands_on_a_look_that_is_beyond_max_lag_by_now(void **state)
{
	(void)state;
	core_lab_up(&lab, 3, 0);
	core_lab_be_master(&lab, 1, 20, 1);
	core_lab_hear(&lab, 1);
	lab.peer[1].position += 2 * lab.config.max_lag_bytes;
	core_lab_hear(&lab, 1);
	lab.probe_held = true;
	core_lab_run_us(&lab, 3 * SECOND, 1U << 2); /* the holder is gone, and PostgreSQL here does not answer */
	assert_false(core_lab_became(&lab, VRRP_ROLE_CANDIDATE));
	lab.pg.position = lab.peer[1].position;
	core_lab_probe(&lab);
	assert_true(core_lab_became(&lab, VRRP_ROLE_CANDIDATE));
}

static void a_better_candidate_is_let_go_first(void **state)
{
	(void)state;
	core_lab_up(&lab, 5, 0);
	lab.peer[1].role = VRRP_ROLE_CANDIDATE; /* asks others: the way to me is slow */
	assert_false(stands_within_us(2500 * CORE_LAB_MS));
}

static void d3_after_three_leases_a_candidate_yields_only_to_one_that_is_ahead(void **state)
{
	(void)state;
	core_lab_up(&lab, 5, 0);
	lab.peer[1].role = VRRP_ROLE_CANDIDATE;
	assert_false(stands_within_us(3 * SECOND));
	assert_true(stands_within_us(SECOND));
	core_lab_up(&lab, 5, 0);
	lab.peer[1].role = VRRP_ROLE_CANDIDATE;
	lab.peer[1].position += 1;
	assert_false(stands_within_us(20 * SECOND));
}

static void beside_a_running_primary_nobody_stands_for_three_leases(void **state)
{
	(void)state;
	core_lab_init(&lab, 3, 0);
	lab.peer[1].flags = VRRP_FLAG_ELIGIBLE | VRRP_FLAG_PG_UP | VRRP_FLAG_POSITION_KNOWN;
	core_lab_start(&lab);
	core_lab_hear_all(&lab);
	assert_false(stands_within_us(2900 * CORE_LAB_MS));
	assert_true(stands_within_us(300 * CORE_LAB_MS));
}

static void boot_wait_is_for_all_data_members_to_be_heard(void **state)
{
	(void)state;
	core_lab_init(&lab, 3, 0);
	core_lab_start(&lab);
	core_lab_run_us(&lab, 30 * SECOND - 1000, 1U << 1);
	assert_false(core_lab_became(&lab, VRRP_ROLE_CANDIDATE));
	core_lab_run_us(&lab, 100 * CORE_LAB_MS, 1U << 1);
	assert_true(core_lab_became(&lab, VRRP_ROLE_CANDIDATE));
	core_lab_init(&lab, 3, 1); /* a witness that is down is not waited for */
	core_lab_start(&lab);
	core_lab_run_us(&lab, SECOND, 1U << 1);
	assert_true(core_lab_became(&lab, VRRP_ROLE_CANDIDATE));
}

static void d4_who_hears_that_a_holder_was_heard_does_not_wait(void **state)
{
	(void)state;
	core_lab_init(&lab, 3, 0);
	core_lab_start(&lab);
	lab.peer[1].flags |= VRRP_FLAG_HEARD_HOLDER;
	core_lab_run_us(&lab, SECOND, 1U << 1);
	assert_true(core_lab_became(&lab, VRRP_ROLE_CANDIDATE));
}

static void d4_a_running_primary_does_not_wait(void **state)
{
	(void)state;
	core_lab_up_primary(&lab, 3, 0);
	core_lab_hear(&lab, 1);
	assert_true(core_lab_became(&lab, VRRP_ROLE_CANDIDATE));
}

/* A primary that a higher epoch has passed is no running primary any more: it stands by position, like a standby. */
static void a_primary_that_was_passed_waits_like_a_standby(void **state)
{
	(void)state;
	core_lab_up_primary(&lab, 3, 0);
	lab.peer[1].epoch = (struct vrrp_ballot){ 5, 101, 2 };
	core_lab_run_us(&lab, SECOND, 1U << 1);
	assert_false(core_lab_became(&lab, VRRP_ROLE_CANDIDATE));
}

static void while_paused_only_a_running_primary_stands(void **state)
{
	(void)state;
	core_lab_init(&lab, 3, 0);
	lab.disk.paused = true;
	core_lab_start(&lab);
	assert_false(stands_within_us(60 * SECOND));
	assert_int_equal(lab.mine.flags & VRRP_FLAG_PAUSED, VRRP_FLAG_PAUSED);
	core_lab_init(&lab, 3, 0);
	lab.disk.paused = true;
	lab.pg.in_recovery = false;
	core_lab_start(&lab);
	assert_true(stands_within_us(SECOND));
}

/* Frozen for longer than advert_int: whom it heard before may be long gone. */
static void after_an_own_stall_nobody_is_believed_and_nobody_stands(void **state)
{
	(void)state;
	core_lab_up(&lab, 3, 0);
	core_lab_freeze_us(&lab, 600 * CORE_LAB_MS);
	assert_int_equal(lab.core.role, VRRP_ROLE_BACKUP);
	assert_false(vrrp_peer_speaks(&lab.core.peer[1], lab.now));
	core_lab_hear_all(&lab);
	core_lab_after_us(&lab, 249 * CORE_LAB_MS);
	assert_int_equal(lab.core.role, VRRP_ROLE_BACKUP);
	core_lab_after_us(&lab, CORE_LAB_MS);
	assert_int_equal(lab.core.role, VRRP_ROLE_CANDIDATE);
}

/* The election shall compare what is there now: a probe older than the holder's end is waited for, but not for long. */
static void a_probe_that_is_late_is_waited_for_as_long_as_a_rank(void **state)
{
	(void)state;
	core_lab_init(&lab, 3, 0);
	lab.config.member[0].priority = 200;
	core_lab_start(&lab);
	core_lab_be_master(&lab, 1, 20, 1);
	core_lab_hear_all(&lab);
	lab.probe_held = true;
	core_lab_run_us(&lab, 1030 * CORE_LAB_MS, 1U << 2);
	assert_int_equal(core_lab_count(&lab, VRRP_ACT_PROBE), 1);
	assert_false(core_lab_became(&lab, VRRP_ROLE_CANDIDATE));
	core_lab_run_us(&lab, 2 * CORE_LAB_MS, 1U << 2);
	assert_true(core_lab_became(&lab, VRRP_ROLE_CANDIDATE));
}

/* What the others reported before they looked again may be a probe old. */
static void the_others_look_again_is_waited_for_as_well(void **state)
{
	(void)state;
	core_lab_init(&lab, 3, 0);
	lab.config.member[0].priority = 200;
	core_lab_start(&lab);
	core_lab_be_master(&lab, 1, 20, 1);
	lab.peer[2].flags &= (uint16_t)~VRRP_FLAG_LOOKED;
	core_lab_hear_all(&lab);
	core_lab_run_us(&lab, 1010 * CORE_LAB_MS, 1U << 2);
	assert_int_equal(vrrp_core_holder(&lab.core), -1);
	assert_int_equal(lab.core.role, VRRP_ROLE_BACKUP);
	lab.peer[2].flags |= VRRP_FLAG_LOOKED;
	core_lab_hear(&lab, 2);
	assert_int_equal(lab.core.role, VRRP_ROLE_CANDIDATE);
}

static void who_has_looked_since_the_holder_was_gone_says_so(void **state)
{
	(void)state;
	core_lab_init(&lab, 3, 0);
	core_lab_start(&lab);
	core_lab_be_master(&lab, 1, 20, 1);
	core_lab_hear_all(&lab);
	assert_int_equal(lab.mine.flags & VRRP_FLAG_LOOKED, 0);
	lab.probe_held = true;
	core_lab_run_us(&lab, 1010 * CORE_LAB_MS, 1U << 2);
	assert_int_equal(lab.mine.flags & VRRP_FLAG_LOOKED, 0);
	core_lab_probe(&lab);
	assert_int_equal(core_lab_count(&lab, VRRP_ACT_SEND), 1);
	assert_int_equal(lab.mine.flags & VRRP_FLAG_LOOKED, VRRP_FLAG_LOOKED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_best_stands_at_once_and_asks),
		cmocka_unit_test(the_rth_best_waits_r_times_an_eighth_of_advert_int),
		cmocka_unit_test(between_two_ranks_are_at_least_five_ms),
		cmocka_unit_test(who_is_not_eligible_or_of_another_configuration_has_no_rank),
		cmocka_unit_test(without_a_fresh_majority_nobody_stands),
		cmocka_unit_test(a_majority_of_another_configuration_is_none),
		cmocka_unit_test(while_a_holder_is_heard_nobody_stands),
		cmocka_unit_test(while_the_own_grant_to_another_runs_nobody_stands),
		cmocka_unit_test(who_is_not_eligible_does_not_stand_and_says_why),
		cmocka_unit_test(own_lag_is_judged_when_the_own_position_is_seen),
		cmocka_unit_test(nobody_stands_on_a_look_that_is_beyond_max_lag_by_now),
		cmocka_unit_test(a_better_candidate_is_let_go_first),
		cmocka_unit_test(d3_after_three_leases_a_candidate_yields_only_to_one_that_is_ahead),
		cmocka_unit_test(beside_a_running_primary_nobody_stands_for_three_leases),
		cmocka_unit_test(boot_wait_is_for_all_data_members_to_be_heard),
		cmocka_unit_test(d4_who_hears_that_a_holder_was_heard_does_not_wait),
		cmocka_unit_test(d4_a_running_primary_does_not_wait),
		cmocka_unit_test(a_primary_that_was_passed_waits_like_a_standby),
		cmocka_unit_test(while_paused_only_a_running_primary_stands),
		cmocka_unit_test(after_an_own_stall_nobody_is_believed_and_nobody_stands),
		cmocka_unit_test(a_probe_that_is_late_is_waited_for_as_long_as_a_rank),
		cmocka_unit_test(the_others_look_again_is_waited_for_as_well),
		cmocka_unit_test(who_has_looked_since_the_holder_was_gone_says_so),
	};

	return cmocka_run_group_tests_name("core_stand", tests, NULL, NULL);
}
