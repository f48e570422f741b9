/* Vouchers given (protocol.md section 7; A3, A7, A8). Member 1 is the core; member 2 holds the lease and asks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/core_lab.h"

#define SECOND VRRP_US_PER_S

static struct core_lab lab;

/* A standby of member i, which was MASTER under ballot 10 and is heard no more. */
static void up_streaming_from(unsigned i)
{
	core_lab_init(&lab, 3, 0);
	core_lab_quorum(&lab);
	lab.disk.epoch = (struct vrrp_ballot){ 10, 100 + i, (uint8_t)(i + 1) };
	lab.disk.ballot_counter = 10;
	lab.disk.system_identifier = CORE_LAB_SYSTEM;
	lab.disk.history = lab.history;
	for (unsigned j = 1; j < 3; j++) {
		lab.peer[j].epoch = lab.disk.epoch;
	}
	lab.pg.receiver = true;
	lab.pg.streaming = true;
	lab.pg.position_known = false;
	lab.pg.upstream = (uint8_t)i;
	core_lab_start(&lab);
	core_lab_hear_all(&lab);
	assert_int_equal(lab.core.role, VRRP_ROLE_BACKUP);
}

static void a_standby_detaches_promises_and_vouches(void **state)
{
	(void)state;
	up_streaming_from(2);
	lab.disk_held = true;
	assert_int_equal(core_lab_ask_voucher(&lab, 1), 0);
	assert_int_equal(lab.core.op, VRRP_PG_OP_DETACH);
	assert_int_equal(core_lab_count(&lab, VRRP_ACT_STORE), 1); /* both at once */
	core_lab_pg_done(&lab, true);
	assert_int_equal(core_lab_voucher(&lab, 1), 0);
	core_lab_stored(&lab, true);
	assert_int_equal(core_lab_voucher(&lab, 1), 1);
	assert_true(lab.mine.voucher.position == CORE_LAB_LSN);
	assert_true(core_lab_count(&lab, VRRP_ACT_SEND) > 0); /* at once */
	assert_true(vrrp_ballot_equal(&lab.disk.vouched, &lab.peer[1].ballot));
	assert_true(vrrp_ballot_equal(&lab.disk.epoch, &(struct vrrp_ballot){ 10, 102, 3 }));
}

static void the_promise_is_durable_first_and_the_stream_is_cut_last(void **state)
{
	(void)state;
	up_streaming_from(2);
	assert_int_equal(core_lab_ask_voucher(&lab, 1), 0); /* the disk has answered, PostgreSQL not */
	core_lab_run_us(&lab, SECOND / 2, 1U << 1);
	assert_int_equal(core_lab_voucher(&lab, 1), 0);
	core_lab_pg_done(&lab, true);
	assert_int_equal(core_lab_voucher(&lab, 1), 1);
}

static void a_disk_that_refuses_gives_no_voucher(void **state)
{
	(void)state;
	up_streaming_from(2);
	lab.disk_held = true;
	(void)core_lab_ask_voucher(&lab, 1);
	core_lab_stored(&lab, false);
	core_lab_settle(&lab);
	core_lab_run_us(&lab, SECOND / 2, 1U << 1);
	assert_int_equal(core_lab_voucher(&lab, 1), 0);
	core_lab_run_us(&lab, SECOND, 1U << 1); /* tried again */
	core_lab_stored(&lab, true);
	assert_int_equal(core_lab_voucher(&lab, 1), 1);
}

/* A8: the receiver is gone, and the end of the local WAL not reached yet: looked at until it is. */
static void a8_the_position_is_looked_at_until_it_is_known(void **state)
{
	unsigned looks;

	(void)state;
	up_streaming_from(2);
	(void)core_lab_ask_voucher(&lab, 1);
	lab.probe_held = true;
	core_lab_pg_done(&lab, true);
	lab.pg.position_known = false;
	core_lab_probe(&lab);
	core_lab_probe(&lab);
	assert_int_equal(core_lab_voucher(&lab, 1), 0);
	core_lab_after_us(&lab, 50 * CORE_LAB_MS);
	looks = core_lab_count(&lab, VRRP_ACT_PROBE);
	assert_in_range(looks, 4, 6);
	lab.pg.position_known = true;
	lab.pg.position += 0x20;
	lab.peer[1].position += 0x20;
	core_lab_hear(&lab, 1);
	core_lab_probe(&lab);
	assert_int_equal(core_lab_voucher(&lab, 1), 1);
	assert_true(lab.mine.voucher.position == CORE_LAB_LSN + 0x20);
}

/* A look that began before a FOLLOW took effect, and ends after it, says "attached to nobody". */
static void a3_a_look_older_than_the_last_order_is_no_proof_of_detachment(void **state)
{
	(void)state;
	up_streaming_from(2);
	core_lab_be_master(&lab, 2, 12, 1);
	lab.pg.receiver = false;
	lab.pg.streaming = false;
	lab.pg.position_known = true;
	lab.pg.no_upstream = true;
	core_lab_probe(&lab);
	core_lab_hear(&lab, 2);
	assert_int_equal(lab.core.op, VRRP_PG_OP_FOLLOW);
	lab.probe_held = true;
	core_lab_step(
		&lab, (struct vrrp_event){ .kind = VRRP_EVENT_PG_DONE, .ticket = lab.core.op_ticket, .ok = true });
	core_lab_probe(&lab); /* the old one */
	core_lab_probe(&lab);
	assert_int_equal(core_lab_ask_voucher(&lab, 1), 0);
	assert_int_equal(lab.core.op, VRRP_PG_OP_DETACH);
}

/* The first look after the order's end may have begun before it. */
static void a8_the_second_look_after_the_cut_is_the_one_that_counts(void **state)
{
	(void)state;
	up_streaming_from(2);
	(void)core_lab_ask_voucher(&lab, 1);
	lab.probe_held = true;
	core_lab_pg_done(&lab, true);
	core_lab_probe(&lab);
	assert_int_equal(core_lab_voucher(&lab, 1), 0);
	core_lab_probe(&lab);
	assert_int_equal(core_lab_voucher(&lab, 1), 1);
}

static void who_streams_from_the_candidate_vouches_without_a_cut(void **state)
{
	(void)state;
	up_streaming_from(1);
	lab.pg.position += 0x1000; /* more than its last report says */
	core_lab_probe(&lab);
	lab.peer[1].flags &= (uint16_t)~VRRP_FLAG_IN_RECOVERY;
	lab.disk_held = true;
	assert_int_equal(core_lab_ask_voucher(&lab, 1), 0);
	core_lab_stored(&lab, true);
	assert_int_equal(core_lab_voucher(&lab, 1), 1);
	assert_int_equal(lab.core.op, VRRP_PG_OP_NONE);
	assert_int_equal(lab.core.stored.epoch.counter, 10); /* follows by rule (b) only */
	lab.disk_held = false;
	core_lab_be_master(&lab, 1, lab.peer[1].ballot.counter, 1);
	core_lab_hear(&lab, 1);
	assert_true(vrrp_ballot_equal(&lab.disk.epoch, &lab.peer[1].ballot));
}

static void who_is_ahead_and_eligible_says_no_at_once_with_its_position(void **state)
{
	(void)state;
	up_streaming_from(2);
	lab.pg.position += 8;
	core_lab_probe(&lab);
	assert_int_equal(core_lab_ask_voucher(&lab, 1), 2);
	assert_true(lab.mine.voucher.position == CORE_LAB_LSN + 8);
	assert_int_equal(lab.core.op, VRRP_PG_OP_NONE); /* its stream goes on */
	assert_int_equal(lab.core.stored.vouched.counter, 0);
}

static void a_candidate_that_is_still_streaming_is_not_refused_yet(void **state)
{
	(void)state;
	up_streaming_from(2);
	lab.pg.position += 8;
	core_lab_probe(&lab);
	lab.peer[1].flags &= (uint16_t)~VRRP_FLAG_POSITION_KNOWN;
	assert_int_equal(core_lab_ask_voucher(&lab, 1), 0);
	lab.peer[1].position += 8;
	lab.peer[1].flags |= VRRP_FLAG_POSITION_KNOWN;
	core_lab_hear(&lab, 1);
	core_lab_settle(&lab);
	assert_int_equal(core_lab_voucher(&lab, 1), 1);
}

/* A7: 8 bytes ahead, and may not be promoted: its end is final when it says no, and yes when they were fetched. */
static void a7_who_may_not_be_promoted_says_no_detached_and_yes_when_it_was_fetched_from(void **state)
{
	(void)state;
	up_streaming_from(2);
	core_lab_event(&lab, VRRP_EVENT_LINK, false);
	lab.pg.position += 8;
	core_lab_probe(&lab);
	assert_int_equal(core_lab_ask_voucher(&lab, 1), 0);
	assert_int_equal(lab.core.op, VRRP_PG_OP_DETACH);
	core_lab_settle(&lab);
	assert_int_equal(core_lab_voucher(&lab, 1), 2);
	assert_int_equal(lab.core.stored.vouched.counter, 0); /* a no promises nothing */
	lab.peer[1].position += 8;
	core_lab_hear(&lab, 1);
	assert_int_equal(core_lab_voucher(&lab, 1), 1);
}

/* A1: both timelines have number 2; the candidate's is longer and of the lower epoch. */
static void a1_a_promotion_that_outlived_its_lease_gets_no_voucher(void **state)
{
	(void)state;
	core_lab_init(&lab, 3, 0);
	core_lab_quorum(&lab);
	lab.disk.epoch = (struct vrrp_ballot){ 12, 102, 3 };
	lab.disk.ballot_counter = 12;
	lab.pg.timeline = 2;
	lab.pg.no_upstream = true;
	lab.pg.position += 0x200;
	vrrp_history_append(&lab.history, &(struct vrrp_timeline){ 2, CORE_LAB_LSN, 0xbbbb });
	core_lab_start(&lab);
	core_lab_hear_all(&lab);
	lab.counter = 20;
	lab.peer[1].flags = VRRP_FLAG_ELIGIBLE | VRRP_FLAG_PG_UP | VRRP_FLAG_POSITION_KNOWN;
	lab.peer[1].epoch = (struct vrrp_ballot){ 11, 101, 2 };
	vrrp_history_append(&lab.peer[1].history, &(struct vrrp_timeline){ 2, CORE_LAB_LSN, 0xaaaa });
	lab.peer[1].timeline = 2;
	lab.peer[1].position += 0x5000;
	assert_int_equal(core_lab_ask_voucher(&lab, 1), 2);
}

/* A3: member 2 gets its voucher and is gone; the old primary, member 3, still says MASTER under its old ballot. */
static void a3_a_vouch_is_not_forgotten_by_a_restart(void **state)
{
	(void)state;
	up_streaming_from(2);
	(void)core_lab_ask_voucher(&lab, 1);
	core_lab_settle(&lab);
	assert_int_equal(core_lab_voucher(&lab, 1), 1);
	core_lab_start(&lab); /* the daemon dies and comes back */
	core_lab_be_master(&lab, 2, 10, 1);
	core_lab_run_us(&lab, 5 * SECOND, 1U << 2);
	assert_int_equal(core_lab_ops(&lab, VRRP_PG_OP_FOLLOW), 0);
	assert_int_equal(lab.core.op, VRRP_PG_OP_NONE);
	core_lab_be_master(&lab, 2, 30, 1); /* elected again: it has it back */
	core_lab_hear(&lab, 2);
	assert_int_equal(lab.core.op, VRRP_PG_OP_FOLLOW);
}

static void a3_if_nobody_won_it_waits(void **state)
{
	(void)state;
	up_streaming_from(2);
	(void)core_lab_ask_voucher(&lab, 1);
	core_lab_settle(&lab);
	core_lab_event(&lab, VRRP_EVENT_LINK, false); /* or I should stand myself */
	lab.peer[1].role = VRRP_ROLE_BACKUP;
	lab.peer[1].release = lab.peer[1].ballot;
	lab.peer[1].ballot = (struct vrrp_ballot){ 0 };
	lab.peer[1].ask_ms = 0;
	core_lab_be_master(&lab, 2, 10, 1);
	core_lab_run_us(&lab, 5 * SECOND, 1U << 1 | 1U << 2);
	assert_int_equal(core_lab_ops(&lab, VRRP_PG_OP_FOLLOW), 0);
	assert_false(lab.pg.receiver);
}

/* It has vouched for ballot 30, and shows it from then on: whoever asks under less learns to count above it. */
static void a3_an_older_candidate_gets_no_answer_and_learns_the_higher_ballot(void **state)
{
	(void)state;
	core_lab_init(&lab, 3, 0);
	core_lab_quorum(&lab);
	lab.disk.vouched = (struct vrrp_ballot){ 30, 102, 3 };
	lab.pg.no_upstream = true;
	core_lab_start(&lab);
	core_lab_hear_all(&lab);
	assert_int_equal(core_lab_ask_voucher(&lab, 1), 0);
	core_lab_run_us(&lab, SECOND, 1U << 1);
	assert_int_equal(core_lab_voucher(&lab, 1), 0);
	assert_int_equal(lab.mine.voucher.ballot.counter, 30);
	assert_int_equal(lab.mine.voucher.answer, 0);
	lab.counter = 30;
	assert_int_equal(core_lab_ask_voucher(&lab, 1), 1);
}

/* A7: a switchover's old primary; its end is known, and it is promised that it starts as a standby only. */
static void a7_a_cleanly_shut_down_primary_is_sealed_and_vouches_while_down(void **state)
{
	(void)state;
	core_lab_init(&lab, 3, 0);
	core_lab_quorum(&lab);
	lab.config.manage_full = true;
	lab.disk.system_identifier = CORE_LAB_SYSTEM;
	lab.disk.history = lab.history;
	core_lab_start(&lab);
	core_lab_hear_all(&lab);
	lab.pg.up = false;
	lab.pg.gone = true;
	lab.pg.in_recovery = false;
	lab.probe_held = true;
	core_lab_event(&lab, VRRP_EVENT_PG_DEAD, true);
	lab.pg.position_known = true; /* pg_control: shut down */
	lab.pg.position = CORE_LAB_LSN;
	assert_int_equal(core_lab_ask_voucher(&lab, 1), 0);
	core_lab_probe(&lab);
	assert_int_equal(lab.core.op, VRRP_PG_OP_SEAL);
	lab.probe_held = false;
	core_lab_after_us(&lab, 200 * CORE_LAB_MS); /* it is not started meanwhile */
	assert_int_equal(core_lab_ops(&lab, VRRP_PG_OP_START_STANDBY), 0);
	core_lab_pg_done(&lab, true);
	assert_int_equal(core_lab_voucher(&lab, 1), 1);
	assert_int_equal(lab.core.op, VRRP_PG_OP_START_STANDBY);
}

static void a_crashed_postgresql_is_started_and_vouches_then(void **state)
{
	(void)state;
	core_lab_up_quorum(&lab, 3, 0);
	core_lab_event(&lab, VRRP_EVENT_PG_DEAD, true);
	lab.pg.position_known = false;
	assert_int_equal(core_lab_ask_voucher(&lab, 1), 0);
	core_lab_run_us(&lab, 200 * CORE_LAB_MS, 1U << 1);
	assert_int_equal(core_lab_voucher(&lab, 1), 0);
	assert_int_equal(core_lab_ops(&lab, VRRP_PG_OP_SEAL), 0);
	assert_int_equal(lab.core.op, VRRP_PG_OP_START_STANDBY); /* the candidate may be waiting for it */
	core_lab_pg_done(&lab, true);
	assert_int_equal(core_lab_voucher(&lab, 1), 1);
}

static void a_running_primary_vouches_for_nobody_else(void **state)
{
	(void)state;
	core_lab_init(&lab, 3, 0);
	core_lab_quorum(&lab);
	lab.pg.in_recovery = false;
	lab.config.manage_full = false;
	core_lab_start(&lab);
	assert_int_equal(core_lab_ask_voucher(&lab, 1), 0);
	assert_int_equal(lab.core.op, VRRP_PG_OP_STOP_IMMEDIATE); /* another holder is seen: it has lost */
	assert_int_equal(core_lab_ops(&lab, VRRP_PG_OP_DETACH), 0);
}

static void without_fsync_there_is_no_voucher(void **state)
{
	(void)state;
	core_lab_up_quorum(&lab, 3, 0);
	lab.pg.no_upstream = true;
	lab.pg.fsync_on = false;
	core_lab_probe(&lab);
	assert_int_equal(core_lab_ask_voucher(&lab, 1), 0);
	assert_true((vrrp_core_faults(&lab.core) & VRRP_FAULT_BIT(VRRP_FAULT_SYNC_SETTINGS)) != 0);
	lab.pg.fsync_on = true;
	core_lab_probe(&lab);
	assert_int_equal(core_lab_voucher(&lab, 1), 1);
}

static void who_lost_its_state_file_does_not_vouch_before_its_silence_is_over(void **state)
{
	(void)state;
	core_lab_init(&lab, 3, 0);
	core_lab_quorum(&lab);
	lab.pg.no_upstream = true;
	lab.readable = false;
	core_lab_start(&lab);
	assert_int_equal(core_lab_ask_voucher(&lab, 1), 0);
	core_lab_run_us(&lab, lab.config.restart_grace_us - SECOND, 1U << 1);
	assert_int_equal(core_lab_voucher(&lab, 1), 0);
	core_lab_run_us(&lab, 2 * SECOND, 1U << 1);
	assert_int_equal(core_lab_voucher(&lab, 1), 1);
}

/* Its epoch is gone with the file: which of the two branches was passed by the other, it cannot tell (I3); no more can
 * a candidate that has lost its own. */
static void who_lost_its_state_file_gives_up_no_tail_of_its_own(void **state)
{
	(void)state;
	for (unsigned both = 0; both < 2; both++) {
		core_lab_init(&lab, 3, 0);
		core_lab_quorum(&lab);
		lab.pg.no_upstream = true;
		lab.pg.position += 0x1000;
		lab.readable = false;
		core_lab_be_master(&lab, 1, 10, 2); /* branched off before that tail */
		lab.peer[1].epoch = both ? (struct vrrp_ballot){ 0 } : lab.peer[1].epoch;
		core_lab_start(&lab);
		(void)core_lab_ask_voucher(&lab, 1);
		core_lab_run_us(&lab, lab.config.restart_grace_us + SECOND, 1U << 1);
		assert_int_equal(core_lab_voucher(&lab, 1), 2);
		lab.pg.position -= 0x1000; /* without a tail nothing is given up */
		core_lab_probe(&lab);
		core_lab_probe(&lab);
		core_lab_run_us(&lab, SECOND, 1U << 1);
		assert_int_equal(core_lab_voucher(&lab, 1), 1);
	}
}

static void diverged_it_does_not_vouch(void **state)
{
	(void)state;
	core_lab_init(&lab, 3, 0);
	core_lab_quorum(&lab);
	lab.pg.no_upstream = true;
	lab.disk.diverged = true;
	core_lab_start(&lab);
	assert_int_equal(core_lab_ask_voucher(&lab, 1), 0);
}

static void another_configuration_or_cluster_gets_no_voucher_nor_does_an_old_packet(void **state)
{
	(void)state;
	core_lab_up_quorum(&lab, 3, 0);
	lab.pg.no_upstream = true;
	core_lab_probe(&lab);
	lab.peer[1].digest[0] ^= 1;
	assert_int_equal(core_lab_ask_voucher(&lab, 1), 0);
	core_lab_up_quorum(&lab, 3, 0);
	lab.pg.no_upstream = true;
	core_lab_probe(&lab);
	lab.peer[1].system_identifier++;
	assert_int_equal(core_lab_ask_voucher(&lab, 1), 0);
	core_lab_up_quorum(&lab, 3, 0);
	lab.pg.no_upstream = true;
	core_lab_probe(&lab);
	lab.peer[1].role = VRRP_ROLE_PROMOTING;
	lab.peer[1].ballot = (struct vrrp_ballot){ 11, 101, 2 };
	core_lab_hear_stale(&lab, 1);
	assert_int_equal(core_lab_voucher(&lab, 1), 0);
}

static void with_durability_async_nobody_asks_and_nobody_answers(void **state)
{
	(void)state;
	core_lab_up(&lab, 3, 0);
	lab.pg.receiver = true;
	lab.pg.upstream = 2;
	lab.pg.fsync_on = true;
	core_lab_probe(&lab);
	assert_int_equal(core_lab_ask_voucher(&lab, 1), 0);
	core_lab_run_us(&lab, SECOND, 1U << 1);
	assert_int_equal(core_lab_ops(&lab, VRRP_PG_OP_DETACH), 0);
	assert_int_equal(lab.mine.voucher.answer, 0);
}

/* A copy that counts in nothing keeps its stream. */
static void nofailover_without_vote_data_is_not_asked(void **state)
{
	(void)state;
	for (unsigned votes = 0; votes < 2; votes++) {
		core_lab_init(&lab, 3, 0);
		core_lab_quorum(&lab);
		lab.config.member[0].nofailover = true;
		lab.config.member[0].vote_data = votes != 0;
		lab.pg.no_upstream = true;
		core_lab_start(&lab);
		assert_int_equal(core_lab_ask_voucher(&lab, 1), votes);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_standby_detaches_promises_and_vouches),
		cmocka_unit_test(the_promise_is_durable_first_and_the_stream_is_cut_last),
		cmocka_unit_test(a_disk_that_refuses_gives_no_voucher),
		cmocka_unit_test(a8_the_position_is_looked_at_until_it_is_known),
		cmocka_unit_test(a3_a_look_older_than_the_last_order_is_no_proof_of_detachment),
		cmocka_unit_test(a8_the_second_look_after_the_cut_is_the_one_that_counts),
		cmocka_unit_test(who_streams_from_the_candidate_vouches_without_a_cut),
		cmocka_unit_test(who_is_ahead_and_eligible_says_no_at_once_with_its_position),
		cmocka_unit_test(a_candidate_that_is_still_streaming_is_not_refused_yet),
		cmocka_unit_test(a7_who_may_not_be_promoted_says_no_detached_and_yes_when_it_was_fetched_from),
		cmocka_unit_test(a1_a_promotion_that_outlived_its_lease_gets_no_voucher),
		cmocka_unit_test(a3_a_vouch_is_not_forgotten_by_a_restart),
		cmocka_unit_test(a3_if_nobody_won_it_waits),
		cmocka_unit_test(a3_an_older_candidate_gets_no_answer_and_learns_the_higher_ballot),
		cmocka_unit_test(a7_a_cleanly_shut_down_primary_is_sealed_and_vouches_while_down),
		cmocka_unit_test(a_crashed_postgresql_is_started_and_vouches_then),
		cmocka_unit_test(a_running_primary_vouches_for_nobody_else),
		cmocka_unit_test(without_fsync_there_is_no_voucher),
		cmocka_unit_test(who_lost_its_state_file_does_not_vouch_before_its_silence_is_over),
		cmocka_unit_test(who_lost_its_state_file_gives_up_no_tail_of_its_own),
		cmocka_unit_test(diverged_it_does_not_vouch),
		cmocka_unit_test(another_configuration_or_cluster_gets_no_voucher_nor_does_an_old_packet),
		cmocka_unit_test(with_durability_async_nobody_asks_and_nobody_answers),
		cmocka_unit_test(nofailover_without_vote_data_is_not_asked),
	};

	return cmocka_run_group_tests_name("core_vouch_give", tests, NULL, NULL);
}
