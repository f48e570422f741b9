/*
 * The holder (protocol.md sections 4.1, 5, 8, 9; I1, I2, I5; attacks C1, C2): taking the address, keeping it, and the
 * order in which it is let go. Most tests compare the line of all that was ordered.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "tests/unit/core_lab.h"

#define SECOND VRRP_US_PER_S
#define ALL 0xfeU

static struct core_lab lab;

static void a_standby_takes_lease_epoch_promotion_gate_address_in_this_order(void **state)
{
	(void)state;
	core_lab_up(&lab, 3, 0);
	core_lab_serve(&lab);
	assert_string_equal(core_lab_line(&lab),
		"CANDIDATE send PROMOTING send store pg:promote send "
		"gate-open bind announce MASTER pg:checkpoint history advert-99 send store advert-99 send store");
	assert_true(vrrp_ballot_equal(&lab.disk.epoch, &lab.core.ballot));
	assert_true(vrrp_ballot_equal(&lab.disk.serving, &lab.core.ballot));
	assert_true(vrrp_ballot_is_none(&lab.disk.promoting));
	assert_int_equal(lab.mine.role, VRRP_ROLE_MASTER);
	assert_int_equal(lab.mine.timeline, 2);
}

static void a_running_primary_serves_without_a_promotion_but_after_its_epoch(void **state)
{
	(void)state;
	core_lab_up_primary(&lab, 3, 0);
	lab.disk_held = true;
	core_lab_elect(&lab);
	assert_int_equal(lab.core.role, VRRP_ROLE_PROMOTING);
	assert_int_equal(core_lab_count(&lab, VRRP_ACT_GATE), 0);
	core_lab_stored(&lab, true);
	assert_string_equal(core_lab_line(&lab), "gate-open bind announce MASTER pg:checkpoint advert-99 send store");
	assert_true(vrrp_ballot_equal(&lab.disk.epoch, &lab.core.ballot));
}

static void i1_gate_and_address_end_with_the_lease(void **state)
{
	(void)state;
	core_lab_up(&lab, 3, 0);
	core_lab_serve(&lab);
	for (unsigned i = 0; i < lab.done_count; i++) {
		if (lab.done[i].kind == VRRP_ACT_GATE) {
			assert_true(lab.done[i].in_end.us == lab.core.lease_end.us);
			assert_true(lab.done[i].out_end.us == lab.core.lease_end.us);
		}
		if (lab.done[i].kind == VRRP_ACT_BIND) {
			assert_int_equal(lab.done[i].lifetime_s, 2); /* 0.9 s rounded up, and one more */
		}
	}
	core_lab_run_us(&lab, 10 * SECOND, ALL);
	assert_int_equal(lab.core.role, VRRP_ROLE_MASTER);
	assert_true(lab.core.gate_end.us == lab.core.lease_end.us);
	assert_true(vrrp_time_diff_us(lab.core.lease_end, lab.now) > 600 * CORE_LAB_MS);
	assert_in_range(core_lab_count(&lab, VRRP_ACT_ADVERT), 40, 44);
	assert_in_range(core_lab_count(&lab, VRRP_ACT_BIND), 15, 44); /* its lifetime is refreshed */
}

static void a6a_nothing_is_promoted_before_the_epoch_is_durable(void **state)
{
	(void)state;
	core_lab_up(&lab, 3, 0);
	lab.disk_held = true;
	core_lab_elect(&lab);
	core_lab_run_us(&lab, 5 * SECOND, ALL);
	assert_int_equal(lab.core.role, VRRP_ROLE_PROMOTING);
	assert_int_equal(core_lab_ops(&lab, VRRP_PG_OP_PROMOTE), 0);
	core_lab_stored(&lab, true);
	assert_string_equal(core_lab_line(&lab), "pg:promote send");
	assert_true(vrrp_ballot_equal(&lab.disk.promoting, &lab.core.ballot));
}

/* PostgreSQL was a primary when the lease was won and is a standby when the disk has answered: C1's mark comes first.
 */
static void c1_promoting_is_durable_before_the_command_whatever_postgresql_was(void **state)
{
	(void)state;
	core_lab_up_primary(&lab, 3, 0);
	lab.disk_held = true;
	core_lab_elect(&lab);
	lab.pg.in_recovery = true;
	core_lab_probe(&lab);
	core_lab_stored(&lab, true);
	assert_int_equal(core_lab_count(&lab, VRRP_ACT_PG), 0);
	core_lab_stored(&lab, true);
	assert_int_equal(core_lab_ops(&lab, VRRP_PG_OP_PROMOTE), 1);
	assert_true(vrrp_ballot_equal(&lab.disk.promoting, &lab.core.ballot));
}

/* Switch points whose records are recycled have no name anywhere: the first holder gives them one, nobody later. */
static void s6_the_first_holder_names_what_nobody_can_name(void **state)
{
	uint64_t name;

	(void)state;
	core_lab_init(&lab, 3, 0);
	vrrp_history_append(&lab.history, &(struct vrrp_timeline){ 2, CORE_LAB_LSN - 0x100, 0 });
	lab.pg.timeline = 2;
	lab.pg.in_recovery = false;
	core_lab_start(&lab);
	core_lab_elect(&lab);
	name = lab.disk.history.entry[1].fingerprint;
	assert_true(name != 0);
	assert_true(lab.mine.history.entry[1].fingerprint == name);
	core_lab_run_us(&lab, 2 * SECOND, 0); /* lets go, and wins again */
	core_lab_pg_done(&lab, true);
	core_lab_run_us(&lab, SECOND, 0);
	core_lab_pg_done(&lab, true);
	core_lab_elect(&lab);
	assert_true(lab.disk.history.entry[1].fingerprint == name);
	core_lab_init(&lab, 3, 0);
	vrrp_history_append(&lab.history, &(struct vrrp_timeline){ 2, CORE_LAB_LSN - 0x100, 0 });
	lab.pg.timeline = 2;
	lab.pg.in_recovery = false;
	lab.disk.epoch = (struct vrrp_ballot){ 1, 55, 1 }; /* somebody held before */
	lab.disk.ballot_counter = 1;
	core_lab_start(&lab);
	core_lab_elect(&lab);
	assert_true(lab.disk.history.entry[1].fingerprint == 0);
}

static void an_epoch_that_cannot_be_stored_is_no_promotion(void **state)
{
	(void)state;
	core_lab_up(&lab, 3, 0);
	lab.disk_held = true;
	core_lab_elect(&lab);
	core_lab_stored(&lab, false);
	assert_string_equal(core_lab_line(&lab), "LEAVING FAULT send");
	assert_true(lab.mine.release.counter != 0);
	assert_true((lab.mine.fault_reasons & VRRP_FAULT_BIT(VRRP_FAULT_HELD)) != 0);
	assert_true((lab.mine.fault_reasons & VRRP_FAULT_BIT(VRRP_FAULT_STATE_FILE)) != 0);
}

static void i2_a_lease_that_ended_before_the_epoch_was_durable_promotes_nothing(void **state)
{
	(void)state;
	core_lab_up(&lab, 3, 0);
	lab.disk_held = true;
	core_lab_elect(&lab);
	core_lab_freeze_us(&lab, 2 * SECOND);
	assert_string_equal(core_lab_line(&lab), "FAULT BACKUP send");
	core_lab_stored(&lab, true);
	assert_int_equal(core_lab_ops(&lab, VRRP_PG_OP_PROMOTE), 0);
}

static void postgresql_that_died_before_the_promotion_is_let_go_for_the_next(void **state)
{
	(void)state;
	core_lab_up(&lab, 3, 0);
	lab.disk_held = true;
	core_lab_elect(&lab);
	lab.pg.up = false;
	core_lab_probe(&lab);
	core_lab_stored(&lab, true);
	assert_string_equal(core_lab_line(&lab), "LEAVING FAULT send");
	assert_true(lab.mine.release.counter != 0);
}

/* A promotion cannot be taken back: who became unfit while the epoch was on its way leaves it to the next. */
static void who_became_unfit_before_the_promotion_leaves_it_to_the_next(void **state)
{
	(void)state;
	core_lab_up(&lab, 3, 0);
	lab.disk_held = true;
	core_lab_elect(&lab);
	core_lab_event(&lab, VRRP_EVENT_LINK, false);
	core_lab_stored(&lab, true);
	assert_string_equal(core_lab_line(&lab), "LEAVING FAULT send");
	assert_int_equal(core_lab_ops(&lab, VRRP_PG_OP_PROMOTE), 0);
	assert_true(lab.mine.release.counter != 0);
}

/* The same with nobody else to do it: better so than not at all. */
static void who_became_unfit_is_promoted_if_there_is_nobody_else(void **state)
{
	(void)state;
	core_lab_up(&lab, 3, 0);
	lab.disk_held = true;
	core_lab_elect(&lab);
	lab.peer[1].flags &= (uint16_t)~VRRP_FLAG_ELIGIBLE;
	lab.peer[2].flags &= (uint16_t)~VRRP_FLAG_ELIGIBLE;
	core_lab_hear_all(&lab);
	core_lab_event(&lab, VRRP_EVENT_LINK, false);
	core_lab_stored(&lab, true);
	assert_int_equal(core_lab_ops(&lab, VRRP_PG_OP_PROMOTE), 1);
}

/* C1: check-then-act cannot be closed in user space; so what was promoted too late is stopped, and stands by its epoch.
 */
static void c1_a_promotion_that_outlived_its_lease_never_serves(void **state)
{
	(void)state;
	core_lab_up(&lab, 3, 0);
	core_lab_elect(&lab);
	core_lab_after_us(&lab, SECOND); /* nobody renews */
	assert_string_equal(core_lab_line(&lab), "send FAULT pg:stop immediate send");
	core_lab_promoted(&lab, 2);
	core_lab_probe(&lab);
	assert_int_equal(core_lab_count(&lab, VRRP_ACT_GATE), 0);
	assert_true((lab.mine.fault_reasons & VRRP_FAULT_BIT(VRRP_FAULT_SUPERSEDED)) != 0);
	assert_int_equal(lab.mine.release.counter, 0); /* not released before it is gone */
	core_lab_pg_done(&lab, true);
	assert_string_equal(core_lab_line(&lab), "pg:start as standby send");
	assert_true(lab.mine.release.counter != 0);
	lab.pg.in_recovery = true;
	core_lab_pg_done(&lab, true);
	assert_true(vrrp_ballot_is_none(&lab.disk.promoting));
	assert_false(lab.disk.diverged); /* "not diverged by this alone" */
	assert_true(lab.disk.epoch.counter != 0);
}

/* The daemon is frozen between the command and its end, and finds a primary when it thaws. */
static void c1_a_daemon_that_thaws_with_a_primary_and_no_lease_stops_it(void **state)
{
	(void)state;
	core_lab_up(&lab, 3, 0);
	core_lab_elect(&lab);
	lab.now = vrrp_time_add(lab.now, 5 * SECOND);
	core_lab_promoted(&lab, 2);
	core_lab_pg_done(&lab, true);
	assert_int_equal(core_lab_count(&lab, VRRP_ACT_GATE), 0);
	assert_int_equal(core_lab_count(&lab, VRRP_ACT_BIND), 0);
	assert_int_equal(core_lab_ops(&lab, VRRP_PG_OP_STOP_IMMEDIATE), 1);
	assert_int_equal(lab.core.role, VRRP_ROLE_FAULT);
}

static void c2_not_promoted_in_time_is_stopped_seen_gone_and_only_then_released(void **state)
{
	(void)state;
	core_lab_init(&lab, 3, 0);
	lab.config.promote_timeout_us = 600 * CORE_LAB_MS;
	core_lab_start(&lab);
	core_lab_elect(&lab);
	core_lab_run_us(&lab, 700 * CORE_LAB_MS, ALL);
	assert_int_equal(core_lab_ops(&lab, VRRP_PG_OP_STOP_IMMEDIATE), 1);
	assert_int_equal(lab.core.role, VRRP_ROLE_LEAVING);
	assert_int_equal(lab.mine.release.counter, 0);
	assert_int_equal(lab.mine.ask_ms, 0); /* the lease runs out meanwhile */
	core_lab_pg_done(&lab, true);
	assert_string_equal(core_lab_line(&lab), "FAULT pg:start as standby send");
	assert_true(lab.mine.release.counter != 0);
	assert_true((lab.mine.fault_reasons & VRRP_FAULT_BIT(VRRP_FAULT_HELD)) != 0);
	lab.pg.in_recovery = true;
	core_lab_pg_done(&lab, true);
	core_lab_run_us(&lab, 58 * SECOND, ALL);
	assert_false(core_lab_became(&lab, VRRP_ROLE_CANDIDATE));
	core_lab_run_us(&lab, 3 * SECOND, ALL);
	assert_true(core_lab_became(&lab, VRRP_ROLE_CANDIDATE)); /* fault_hold is over */
}

/* The stop takes longer than the lease: still nothing is released before PostgreSQL is gone. */
static void c2_the_lease_ends_while_a_promotion_is_being_stopped(void **state)
{
	(void)state;
	core_lab_init(&lab, 3, 0);
	lab.config.promote_timeout_us = 600 * CORE_LAB_MS;
	core_lab_start(&lab);
	core_lab_elect(&lab);
	core_lab_run_us(&lab, 650 * CORE_LAB_MS, ALL);
	assert_int_equal(lab.core.role, VRRP_ROLE_LEAVING);
	core_lab_run_us(&lab, 2 * SECOND, ALL);
	assert_int_equal(lab.core.role, VRRP_ROLE_FAULT);
	assert_int_equal(lab.mine.release.counter, 0);
	assert_true((lab.mine.fault_reasons & VRRP_FAULT_BIT(VRRP_FAULT_SUPERSEDED)) != 0);
	core_lab_pg_done(&lab, true);
	assert_true(lab.mine.release.counter != 0);
}

static void a_promotion_that_fails_is_stopped_too(void **state)
{
	(void)state;
	core_lab_up(&lab, 3, 0);
	core_lab_elect(&lab);
	core_lab_pg_done(&lab, false);
	assert_string_equal(core_lab_line(&lab), "LEAVING pg:stop immediate send");
	assert_int_equal(lab.core.role, VRRP_ROLE_LEAVING);
}

/* Holds and serves, with two standbys that could take over. */
static void serving(void)
{
	core_lab_up(&lab, 3, 0);
	core_lab_serve(&lab);
	core_lab_run_us(&lab, SECOND, ALL);
}

static void a_holder_in_a_minority_lets_the_lease_end_and_one_in_a_majority_keeps_it(void **state)
{
	(void)state;
	core_lab_up(&lab, 5, 0);
	core_lab_serve(&lab);
	core_lab_run_us(&lab, 5 * SECOND, 1U << 1 | 1U << 2);
	assert_int_equal(lab.core.role, VRRP_ROLE_MASTER);
	core_lab_run_us(&lab, 5 * SECOND, 1U << 1);
	assert_int_equal(lab.core.role, VRRP_ROLE_FAULT);
}

static void a_short_stall_keeps_the_lease_that_is_left(void **state)
{
	(void)state;
	serving();
	core_lab_freeze_us(&lab, 550 * CORE_LAB_MS);
	assert_int_equal(lab.core.role, VRRP_ROLE_MASTER);
	assert_true(vrrp_time_before(lab.now, lab.core.lease_end));
}

static void announced_at_once_then_repeated_then_refreshed(void **state)
{
	(void)state;
	core_lab_up(&lab, 3, 0);
	core_lab_serve(&lab);
	assert_int_equal(core_lab_count(&lab, VRRP_ACT_ANNOUNCE), 1);
	core_lab_run_us(&lab, 5500 * CORE_LAB_MS, ALL);
	assert_int_equal(core_lab_count(&lab, VRRP_ACT_ANNOUNCE), 5); /* garp_repeat, garp_repeat_delay */
	core_lab_run_us(&lab, 50 * SECOND, ALL);
	assert_int_equal(core_lab_count(&lab, VRRP_ACT_ANNOUNCE), 0);
	core_lab_run_us(&lab, 30 * SECOND, ALL);
	assert_int_equal(core_lab_count(&lab, VRRP_ACT_ANNOUNCE), 1); /* garp_refresh */
}

static void a_second_claimant_is_answered_ten_times_a_second_at_most(void **state)
{
	unsigned announced = 0;

	(void)state;
	serving();
	for (unsigned i = 0; i < 100; i++) {
		lab.now = vrrp_time_add(lab.now, CORE_LAB_MS);
		core_lab_event(&lab, VRRP_EVENT_CLAIM, true);
		announced += core_lab_count(&lab, VRRP_ACT_ANNOUNCE);
	}
	assert_in_range(announced, 1, 2);
	core_lab_up(&lab, 3, 0);
	core_lab_event(&lab, VRRP_EVENT_CLAIM, true); /* not mine to defend */
	assert_int_equal(core_lab_count(&lab, VRRP_ACT_ANNOUNCE), 0);
}

static void an_address_that_somebody_removed_is_put_back(void **state)
{
	(void)state;
	serving();
	core_lab_event(&lab, VRRP_EVENT_ADDRESS_LOST, true);
	assert_string_equal(core_lab_line(&lab), "bind announce");
	core_lab_up(&lab, 3, 0);
	core_lab_event(&lab, VRRP_EVENT_ADDRESS_LOST, true);
	assert_string_equal(core_lab_line(&lab), "");
}

/* What is not answered must not hold the lease for ever either. */
static void a_disk_that_hangs_costs_no_more_than_promote_timeout(void **state)
{
	(void)state;
	core_lab_up(&lab, 3, 0);
	lab.disk_held = true;
	core_lab_elect(&lab);
	core_lab_run_us(&lab, lab.config.promote_timeout_us - SECOND, ALL);
	assert_int_equal(lab.core.role, VRRP_ROLE_PROMOTING);
	core_lab_run_us(&lab, 2 * SECOND, ALL);
	assert_int_equal(lab.core.role, VRRP_ROLE_FAULT);
	assert_true(lab.mine.release.counter != 0);
	assert_true((lab.mine.fault_reasons & VRRP_FAULT_BIT(VRRP_FAULT_HELD)) != 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_standby_takes_lease_epoch_promotion_gate_address_in_this_order),
		cmocka_unit_test(a_running_primary_serves_without_a_promotion_but_after_its_epoch),
		cmocka_unit_test(i1_gate_and_address_end_with_the_lease),
		cmocka_unit_test(a6a_nothing_is_promoted_before_the_epoch_is_durable),
		cmocka_unit_test(c1_promoting_is_durable_before_the_command_whatever_postgresql_was),
		cmocka_unit_test(s6_the_first_holder_names_what_nobody_can_name),
		cmocka_unit_test(an_epoch_that_cannot_be_stored_is_no_promotion),
		cmocka_unit_test(i2_a_lease_that_ended_before_the_epoch_was_durable_promotes_nothing),
		cmocka_unit_test(postgresql_that_died_before_the_promotion_is_let_go_for_the_next),
		cmocka_unit_test(who_became_unfit_before_the_promotion_leaves_it_to_the_next),
		cmocka_unit_test(who_became_unfit_is_promoted_if_there_is_nobody_else),
		cmocka_unit_test(c1_a_promotion_that_outlived_its_lease_never_serves),
		cmocka_unit_test(c1_a_daemon_that_thaws_with_a_primary_and_no_lease_stops_it),
		cmocka_unit_test(c2_not_promoted_in_time_is_stopped_seen_gone_and_only_then_released),
		cmocka_unit_test(c2_the_lease_ends_while_a_promotion_is_being_stopped),
		cmocka_unit_test(a_promotion_that_fails_is_stopped_too),
		cmocka_unit_test(a_holder_in_a_minority_lets_the_lease_end_and_one_in_a_majority_keeps_it),
		cmocka_unit_test(a_short_stall_keeps_the_lease_that_is_left),
		cmocka_unit_test(announced_at_once_then_repeated_then_refreshed),
		cmocka_unit_test(a_second_claimant_is_answered_ten_times_a_second_at_most),
		cmocka_unit_test(an_address_that_somebody_removed_is_put_back),
		cmocka_unit_test(a_disk_that_hangs_costs_no_more_than_promote_timeout),
	};

	return cmocka_run_group_tests_name("core_hold", tests, NULL, NULL);
}
