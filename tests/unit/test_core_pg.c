/*
 * The standby and the way back (protocol.md sections 4.1, 4.2, 6 (b) (c), 7; I5, I6; attacks A1, A2, A3): whom a member
 * attaches to, in which order epoch, disk and receiver follow, and what becomes of a primary that lost.
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

/* Member 2 becomes MASTER on timeline 2, branched off at CORE_LAB_LSN. */
static void master_appears(void)
{
	core_lab_be_master(&lab, 1, 20, 2);
	core_lab_hear(&lab, 1);
}

static void streaming_from(unsigned i)
{
	lab.pg.receiver = true;
	lab.pg.streaming = true;
	lab.pg.no_upstream = false;
	lab.pg.position_known = false;
	lab.pg.upstream = (uint8_t)i;
}

static void s6b_the_epoch_is_durable_before_the_receiver_is_pointed_at_the_holder(void **state)
{
	(void)state;
	core_lab_up(&lab, 3, 0);
	lab.disk_held = true;
	master_appears();
	assert_string_equal(core_lab_line(&lab), "send store");
	assert_true(vrrp_ballot_equal(&lab.core.stored.epoch, &lab.peer[1].ballot));
	core_lab_run_us(&lab, SECOND, 1U << 1);
	assert_int_equal(core_lab_ops(&lab, VRRP_PG_OP_FOLLOW), 0);
	core_lab_stored(&lab, true);
	assert_string_equal(core_lab_line(&lab), "pg:follow send");
	assert_int_equal(lab.done[0].member, 1);
	assert_true(vrrp_ballot_equal(&lab.disk.epoch, &lab.peer[1].ballot));
}

static void a_receiver_of_another_upstream_is_detached_before_positions_are_compared(void **state)
{
	(void)state;
	core_lab_init(&lab, 3, 0);
	streaming_from(2);
	core_lab_start(&lab);
	core_lab_hear_all(&lab);
	master_appears();
	assert_string_equal(core_lab_line(&lab), "pg:detach send store");
	core_lab_pg_done(&lab, true);
	core_lab_run_us(&lab, 1100 * CORE_LAB_MS, 1U << 1);
	assert_string_equal(core_lab_line(&lab), "send store pg:follow send");
}

/* One may come up behind the last look: what is compared must not change any more. */
static void nothing_is_attached_while_primary_conninfo_names_another(void **state)
{
	(void)state;
	core_lab_init(&lab, 3, 0);
	lab.pg.no_upstream = false;
	core_lab_start(&lab);
	core_lab_hear_all(&lab);
	master_appears();
	assert_int_equal(lab.core.op, VRRP_PG_OP_DETACH);
	lab.probe_held = true;
	core_lab_pg_done(&lab, true);
	assert_int_equal(core_lab_ops(&lab, VRRP_PG_OP_FOLLOW), 0); /* nor by what was seen before */
	lab.probe_held = false;
	core_lab_probe(&lab);
	assert_int_equal(core_lab_ops(&lab, VRRP_PG_OP_FOLLOW), 1);
}

/* A former holder may come back with another history under the same number, and PostgreSQL would attach by itself. */
static void a2_without_a_holder_and_a_receiver_nobody_is_named(void **state)
{
	(void)state;
	core_lab_init(&lab, 3, 0);
	lab.config.member[0].nofailover = true; /* it waits for somebody else to be promoted */
	lab.pg.no_upstream = false;
	core_lab_start(&lab);
	core_lab_hear_all(&lab);
	core_lab_run_us(&lab, lab.config.lease_us / 2, 1U << 1);
	assert_int_equal(core_lab_count(&lab, VRRP_ACT_PG), 0);
	core_lab_run_us(&lab, 5 * SECOND, 1U << 1);
	assert_int_equal(core_lab_ops(&lab, VRRP_PG_OP_DETACH), 1);
	core_lab_pg_done(&lab, true);
	core_lab_run_us(&lab, 5 * SECOND, 1U << 1);
	assert_int_equal(core_lab_count(&lab, VRRP_ACT_PG), 0);
}

/* "connecting" has no address yet. Detaching it at each try would keep it from ever connecting. */
static void a_receiver_that_still_connects_is_nudged_and_not_detached(void **state)
{
	(void)state;
	core_lab_up(&lab, 3, 0);
	master_appears();
	core_lab_pg_done(&lab, true);
	lab.pg.streaming = false;
	lab.pg.upstream = VRRP_MEMBER_NONE;
	core_lab_probe(&lab);
	core_lab_run_us(&lab, 9 * SECOND, 1U << 1);
	assert_int_equal(core_lab_count(&lab, VRRP_ACT_PG), 0);
	core_lab_run_us(&lab, 2 * SECOND, 1U << 1);
	assert_int_equal(core_lab_ops(&lab, VRRP_PG_OP_FOLLOW), 1);
	assert_int_equal(core_lab_count(&lab, VRRP_ACT_PG), 1);
	core_lab_step(
		&lab, (struct vrrp_event){ .kind = VRRP_EVENT_PG_DONE, .ticket = lab.core.op_ticket, .ok = true });
	core_lab_run_us(&lab, 8 * SECOND, 1U << 1);
	assert_int_equal(core_lab_count(&lab, VRRP_ACT_PG), 0);
	lab.pg.streaming = true; /* connected, and to nobody who is known */
	core_lab_probe(&lab);
	assert_int_equal(lab.core.op, VRRP_PG_OP_DETACH);
}

/* "at once if already streaming": it is complete up to what it has, and counts in the sync names from then on. */
static void s6b_who_streams_from_the_holder_takes_its_epoch_at_once(void **state)
{
	(void)state;
	core_lab_init(&lab, 3, 0);
	streaming_from(1);
	core_lab_start(&lab);
	core_lab_hear_all(&lab);
	core_lab_be_master(&lab, 1, 20, 1); /* a running primary: same timeline */
	core_lab_hear(&lab, 1);
	assert_string_equal(core_lab_line(&lab), "send store");
	assert_true(vrrp_ballot_equal(&lab.disk.epoch, &lab.peer[1].ballot));
	assert_int_equal(core_lab_ops(&lab, VRRP_PG_OP_FOLLOW), 0);
}

static void s6b_a_holder_that_does_not_serve_yet_is_followed_by_nobody(void **state)
{
	(void)state;
	core_lab_up(&lab, 3, 0);
	core_lab_be_master(&lab, 1, 20, 2);
	lab.peer[1].role = VRRP_ROLE_PROMOTING;
	core_lab_hear(&lab, 1);
	lab.peer[1].role = VRRP_ROLE_MASTER;
	lab.peer[1].epoch.counter--; /* of an earlier ballot */
	core_lab_hear(&lab, 1);
	lab.peer[1].epoch.counter++;
	lab.peer[1].flags |= VRRP_FLAG_STALE_HISTORY;
	core_lab_hear(&lab, 1);
	lab.peer[1].flags &= (uint16_t)~VRRP_FLAG_STALE_HISTORY;
	lab.peer[1].system_identifier++;
	core_lab_hear(&lab, 1);
	lab.peer[1].system_identifier--;
	lab.peer[1].digest[0] = 9;
	core_lab_hear(&lab, 1);
	assert_int_equal(lab.core.op, VRRP_PG_OP_NONE);
	assert_int_equal(lab.core.stored.epoch.counter, 0);
	lab.peer[1].digest[0] = 1;
	core_lab_hear(&lab, 1);
	assert_int_equal(lab.core.op, VRRP_PG_OP_FOLLOW);
}

/* On the holder's timeline, under its epoch: what it says of that timeline is mine. Of an older one it says nothing. */
static void s6_the_history_of_the_holder_that_it_streams_from_is_its_own(void **state)
{
	(void)state;
	core_lab_up(&lab, 3, 0);
	master_appears();
	core_lab_pg_done(&lab, true);
	lab.peer[1].flags |= VRRP_FLAG_STALE_HISTORY;
	lab.peer[1].history.count = 1;
	core_lab_hear(&lab, 1);
	lab.pg.timeline = 2;
	core_lab_probe(&lab);
	assert_int_equal(lab.disk.history.count, 1);
	assert_int_equal(core_lab_count(&lab, VRRP_ACT_READ_HISTORY), 1); /* so it looks into pg_wal itself */
	assert_int_equal(lab.core.role, VRRP_ROLE_FAULT);
	lab.peer[1].flags &= (uint16_t)~VRRP_FLAG_STALE_HISTORY;
	lab.peer[1].history.count = 2;
	core_lab_hear(&lab, 1);
	assert_int_equal(lab.disk.history.count, 2);
	assert_true(lab.disk.history.entry[1].fingerprint == lab.peer[1].history.entry[1].fingerprint);
	core_lab_hear(&lab, 1);
	assert_int_equal(lab.core.role, VRRP_ROLE_BACKUP);
}

/* Taken over as the own epoch it would be above every ballot that anybody makes from then on: nobody could follow. */
static void i7_an_epoch_that_uses_the_numbers_up_is_not_taken_over(void **state)
{
	(void)state;
	core_lab_up(&lab, 3, 0);
	core_lab_be_master(&lab, 1, UINT64_MAX, 2);
	core_lab_hear(&lab, 1);
	core_lab_run_us(&lab, 3 * SECOND, 1U << 1);
	assert_int_equal(core_lab_ops(&lab, VRRP_PG_OP_FOLLOW), 0);
	assert_true(vrrp_ballot_is_none(&lab.core.stored.epoch));
}

/* A3: what was vouched for or taken over is not taken back, whoever claims to be MASTER. */
static void a3_an_older_holder_than_the_one_vouched_for_is_not_followed(void **state)
{
	(void)state;
	core_lab_init(&lab, 3, 0);
	lab.disk.vouched = (struct vrrp_ballot){ 21, 102, 3 };
	core_lab_start(&lab);
	core_lab_hear_all(&lab);
	master_appears();
	core_lab_run_us(&lab, 5 * SECOND, 1U << 1);
	assert_int_equal(core_lab_ops(&lab, VRRP_PG_OP_FOLLOW), 0);
	core_lab_be_master(&lab, 1, 22, 2); /* elected again: with a higher ballot */
	core_lab_hear(&lab, 1);
	assert_int_equal(core_lab_ops(&lab, VRRP_PG_OP_FOLLOW), 1);
}

static void a3_an_older_holder_than_the_own_epoch_is_not_followed_after_a_restart_either(void **state)
{
	(void)state;
	core_lab_init(&lab, 3, 0);
	lab.disk.epoch = (struct vrrp_ballot){ 21, 102, 3 };
	core_lab_start(&lab);
	core_lab_hear_all(&lab);
	master_appears();
	core_lab_run_us(&lab, 5 * SECOND, 1U << 1);
	assert_int_equal(core_lab_ops(&lab, VRRP_PG_OP_FOLLOW), 0);
	assert_int_equal(core_lab_ops(&lab, VRRP_PG_OP_REWIND), 0);
}

static void a_standby_that_died_is_started_again(void **state)
{
	(void)state;
	core_lab_up(&lab, 3, 0);
	core_lab_event(&lab, VRRP_EVENT_PG_DEAD, true);
	assert_int_equal(lab.core.role, VRRP_ROLE_FAULT);
	core_lab_after_us(&lab, SECOND);
	assert_int_equal(core_lab_ops(&lab, VRRP_PG_OP_START_STANDBY), 1);
}

static void a_start_that_fails_is_tried_again_ever_more_slowly(void **state)
{
	unsigned starts = 0;

	(void)state;
	core_lab_up(&lab, 3, 0);
	core_lab_event(&lab, VRRP_EVENT_PG_DEAD, true);
	for (unsigned second = 0; second < 100; second++) {
		core_lab_after_us(&lab, SECOND);
		starts += core_lab_ops(&lab, VRRP_PG_OP_START_STANDBY);
		if (lab.core.op == VRRP_PG_OP_START_STANDBY) {
			core_lab_pg_done(&lab, false);
		}
	}
	assert_in_range(starts, 6, 8); /* after 1, 2, 4, 8, 16, 32 s */
}

/* 4.2: "found out of recovery without a lease: marked `promoting`: stopped, started as a standby". */
static void s42_a_primary_that_was_being_promoted_is_stopped_at_the_start(void **state)
{
	(void)state;
	core_lab_init(&lab, 3, 0);
	lab.disk.promoting = (struct vrrp_ballot){ 9, 55, 1 };
	lab.disk.epoch = lab.disk.promoting;
	lab.pg.in_recovery = false;
	core_lab_start(&lab);
	assert_int_equal(core_lab_ops(&lab, VRRP_PG_OP_STOP_IMMEDIATE), 1);
	assert_int_equal(lab.core.role, VRRP_ROLE_FAULT);
	core_lab_hear_all(&lab);
	assert_false(core_lab_became(&lab, VRRP_ROLE_CANDIDATE));
	core_lab_pg_done(&lab, true);
	assert_int_equal(core_lab_ops(&lab, VRRP_PG_OP_START_STANDBY), 1);
	core_lab_pg_done(&lab, true);
	assert_false(lab.disk.diverged);
	assert_true(vrrp_ballot_is_none(&lab.disk.promoting));
	assert_int_equal(lab.disk.epoch.counter, 9);
}

static void s42_another_primary_is_left_running_until_a_holder_is_seen(void **state)
{
	(void)state;
	core_lab_up_primary(&lab, 3, 0);
	core_lab_run_us(&lab, 5 * SECOND, 0);
	assert_int_equal(core_lab_count(&lab, VRRP_ACT_PG), 0);
	assert_int_equal(lab.core.role, VRRP_ROLE_BACKUP);
	master_appears();
	assert_string_equal(core_lab_line(&lab), "pg:stop immediate send store FAULT send");
}

/* Who starts nothing itself (manage = promote) must not end what an operator starts before it can say what it is. */
static void s42_a_standby_started_by_hand_is_not_stopped_while_it_starts(void **state)
{
	(void)state;
	for (int primary = 0; primary < 2; primary++) {
		core_lab_init(&lab, 3, 0);
		lab.config.manage_full = false;
		lab.pg.in_recovery = false;
		lab.pg.position_known = false;
		core_lab_start(&lab);
		core_lab_hear_all(&lab);
		master_appears();
		core_lab_pg_done(&lab, true);
		lab.pg.up = false;
		lab.pg.gone = true;
		core_lab_probe(&lab);
		core_lab_run_us(&lab, SECOND, 1U << 1);
		assert_int_equal(core_lab_ops(&lab, VRRP_PG_OP_START_STANDBY), 0);
		lab.pg.gone = false;
		lab.pg.starting = true;
		core_lab_probe(&lab);
		core_lab_run_us(&lab, SECOND, 1U << 1);
		assert_int_equal(lab.core.op, VRRP_PG_OP_NONE);
		lab.pg.starting = false;
		lab.pg.up = true;
		lab.pg.in_recovery = primary == 0;
		core_lab_probe(&lab);
		core_lab_run_us(&lab, SECOND, 1U << 1);
		assert_int_equal(lab.core.op == VRRP_PG_OP_STOP_IMMEDIATE, primary);
		assert_int_equal(lab.core.superseded, primary);
	}
}

static void s42_the_holder_of_another_clusters_data_stops_nobody(void **state)
{
	(void)state;
	core_lab_up_primary(&lab, 3, 0);
	lab.peer[1].system_identifier++;
	master_appears();
	core_lab_run_us(&lab, SECOND, 1U << 1);
	assert_int_equal(lab.core.op, VRRP_PG_OP_NONE);
	assert_int_equal(lab.core.role, VRRP_ROLE_BACKUP);
}

/* I6: its tail was not the holder's; A1's loser, with a timeline of the same number. */
static void s42_a_stopped_primary_that_is_no_prefix_of_the_holder_is_diverged(void **state)
{
	(void)state;
	core_lab_up_primary(&lab, 3, 0);
	lab.pg.position += 0x1000; /* wrote on after the holder's timeline branched off */
	core_lab_probe(&lab);
	core_lab_hear(&lab, 1);
	master_appears();
	core_lab_pg_done(&lab, true);
	core_lab_run_us(&lab, 100 * CORE_LAB_MS, 1U << 1);
	core_lab_pg_done(&lab, true);
	assert_true(lab.disk.diverged);
	assert_int_equal(lab.core.op, VRRP_PG_OP_REWIND);
}

/* I5: after a lost lease nothing serves before it is a standby of the then holder; it does not even stand. */
static void i5_who_lost_a_lease_is_stopped_and_stands_only_as_a_standby(void **state)
{
	(void)state;
	core_lab_up(&lab, 3, 0);
	core_lab_serve(&lab);
	core_lab_run_us(&lab, 5 * SECOND, 0);
	assert_int_equal(core_lab_ops(&lab, VRRP_PG_OP_STOP_IMMEDIATE), 1);
	core_lab_run_us(&lab, 10 * SECOND, 0xfe);
	assert_false(core_lab_became(&lab, VRRP_ROLE_CANDIDATE));
	core_lab_pg_done(&lab, true);
	core_lab_run_us(&lab, 2 * SECOND, 0xfe);
	assert_int_equal(lab.core.op, VRRP_PG_OP_START_STANDBY);
	core_lab_pg_done(&lab, true);
	core_lab_run_us(&lab, SECOND, 0xfe);
	assert_true(core_lab_became(&lab, VRRP_ROLE_PROMOTING));
}

static void section_6_without_state_nothing_is_attached_before_the_silence_is_over(void **state)
{
	(void)state;
	core_lab_init(&lab, 3, 0);
	lab.readable = false;
	core_lab_start(&lab);
	core_lab_hear_all(&lab);
	master_appears();
	core_lab_run_us(&lab, 9 * SECOND, 1U << 1);
	assert_int_equal(core_lab_ops(&lab, VRRP_PG_OP_FOLLOW), 0);
	core_lab_run_us(&lab, 2 * SECOND, 1U << 1);
	assert_int_equal(core_lab_ops(&lab, VRRP_PG_OP_FOLLOW), 1);
}

static void the_history_is_read_again_when_it_does_not_end_with_the_timeline(void **state)
{
	(void)state;
	core_lab_up(&lab, 3, 0);
	lab.pg.timeline = 2;
	core_lab_probe(&lab);
	assert_int_equal(core_lab_count(&lab, VRRP_ACT_READ_HISTORY), 1);
	assert_int_equal(lab.core.role, VRRP_ROLE_FAULT); /* what was read is still the old one */
	vrrp_history_append(&lab.history, &(struct vrrp_timeline){ 2, CORE_LAB_LSN, 0xf002 });
	core_lab_after_us(&lab, 2 * SECOND);
	assert_true(core_lab_became(&lab, VRRP_ROLE_BACKUP));
	assert_int_equal(lab.disk.history.count, 2);
}

static void a_fingerprint_that_was_read_once_is_kept(void **state)
{
	(void)state;
	core_lab_init(&lab, 3, 0);
	vrrp_history_append(&lab.history, &(struct vrrp_timeline){ 2, CORE_LAB_LSN - 0x100, 0xf002 });
	lab.pg.timeline = 2;
	core_lab_start(&lab);
	assert_true(lab.disk.history.entry[1].fingerprint == 0xf002);
	lab.history.entry[1].fingerprint = 0; /* its segment was recycled */
	vrrp_history_append(&lab.history, &(struct vrrp_timeline){ 3, CORE_LAB_LSN, 0xf003 });
	lab.pg.timeline = 3;
	core_lab_probe(&lab);
	assert_int_equal(lab.disk.history.count, 3);
	assert_true(lab.disk.history.entry[1].fingerprint == 0xf002);
}

static void while_paused_a_dead_postgresql_is_left_alone(void **state)
{
	(void)state;
	core_lab_init(&lab, 3, 0);
	lab.disk.paused = true;
	core_lab_start(&lab);
	core_lab_event(&lab, VRRP_EVENT_PG_DEAD, true);
	core_lab_after_us(&lab, 10 * SECOND);
	assert_int_equal(core_lab_count(&lab, VRRP_ACT_PG), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(s6b_the_epoch_is_durable_before_the_receiver_is_pointed_at_the_holder),
		cmocka_unit_test(a_receiver_of_another_upstream_is_detached_before_positions_are_compared),
		cmocka_unit_test(nothing_is_attached_while_primary_conninfo_names_another),
		cmocka_unit_test(a2_without_a_holder_and_a_receiver_nobody_is_named),
		cmocka_unit_test(a_receiver_that_still_connects_is_nudged_and_not_detached),
		cmocka_unit_test(s6b_who_streams_from_the_holder_takes_its_epoch_at_once),
		cmocka_unit_test(s6b_a_holder_that_does_not_serve_yet_is_followed_by_nobody),
		cmocka_unit_test(s6_the_history_of_the_holder_that_it_streams_from_is_its_own),
		cmocka_unit_test(i7_an_epoch_that_uses_the_numbers_up_is_not_taken_over),
		cmocka_unit_test(a3_an_older_holder_than_the_one_vouched_for_is_not_followed),
		cmocka_unit_test(a3_an_older_holder_than_the_own_epoch_is_not_followed_after_a_restart_either),
		cmocka_unit_test(a_standby_that_died_is_started_again),
		cmocka_unit_test(a_start_that_fails_is_tried_again_ever_more_slowly),
		cmocka_unit_test(s42_a_primary_that_was_being_promoted_is_stopped_at_the_start),
		cmocka_unit_test(s42_another_primary_is_left_running_until_a_holder_is_seen),
		cmocka_unit_test(s42_a_standby_started_by_hand_is_not_stopped_while_it_starts),
		cmocka_unit_test(s42_the_holder_of_another_clusters_data_stops_nobody),
		cmocka_unit_test(s42_a_stopped_primary_that_is_no_prefix_of_the_holder_is_diverged),
		cmocka_unit_test(i5_who_lost_a_lease_is_stopped_and_stands_only_as_a_standby),
		cmocka_unit_test(section_6_without_state_nothing_is_attached_before_the_silence_is_over),
		cmocka_unit_test(the_history_is_read_again_when_it_does_not_end_with_the_timeline),
		cmocka_unit_test(a_fingerprint_that_was_read_once_is_kept),
		cmocka_unit_test(while_paused_a_dead_postgresql_is_left_alone),
	};

	return cmocka_run_group_tests_name("core_pg", tests, NULL, NULL);
}
