/* Vouchers collected by the holder (protocol.md section 7; A1, A4, A7). Member 1 is the core. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/core_lab.h"

#define SECOND VRRP_US_PER_S

static struct core_lab lab;

/* Holder, standby, and its own part of the work done: one voucher of three data members is missing. */
static void up_promoting(void)
{
	core_lab_init(&lab, 3, 0);
	core_lab_quorum(&lab);
	lab.disk.ballot_counter = 50;
	core_lab_start(&lab);
	core_lab_hear_all(&lab);
	core_lab_elect(&lab);
	core_lab_settle(&lab);
	assert_int_equal(lab.core.role, VRRP_ROLE_PROMOTING);
	assert_int_equal(lab.core.phase, VRRP_HOLD_VOUCHING);
}

static void the_order_is_lease_vouchers_epoch_promotion_proof_gate(void **state)
{
	(void)state;
	core_lab_up_quorum(&lab, 3, 0);
	core_lab_elect(&lab);
	core_lab_settle(&lab);
	lab.disk_held = true;
	core_lab_vouch(&lab, 1);
	assert_string_equal(core_lab_line(&lab), "store");
	assert_int_equal(lab.core.phase, VRRP_HOLD_STORING);
	assert_int_equal(lab.disk.epoch.counter, 0);
	core_lab_stored(&lab, true);
	assert_string_equal(core_lab_line(&lab), "pg:promote send");
	lab.disk_held = false;
	core_lab_promoted(&lab, 2);
	core_lab_pg_done(&lab, true);
	assert_string_equal(core_lab_line(&lab), "pg:drop senders history send store");
	assert_int_equal(lab.core.role, VRRP_ROLE_PROMOTING);
	core_lab_pg_done(&lab, true);
	assert_int_equal(lab.core.role, VRRP_ROLE_MASTER);
	assert_true(vrrp_ballot_equal(&lab.disk.epoch, &lab.core.ballot));
}

static void before_the_vouchers_its_own_stream_is_cut_and_the_names_are_set(void **state)
{
	(void)state;
	core_lab_up_quorum(&lab, 3, 0);
	lab.pg.receiver = true;
	lab.pg.upstream = 2;
	lab.pg.position_known = false;
	core_lab_probe(&lab);
	core_lab_elect(&lab);
	assert_int_equal(lab.core.op, VRRP_PG_OP_DETACH);
	core_lab_vouch(&lab, 1); /* others are quicker: itself included */
	assert_int_equal(core_lab_ops(&lab, VRRP_PG_OP_PROMOTE), 0);
	core_lab_pg_done(&lab, true);
	assert_int_equal(lab.core.op, VRRP_PG_OP_SYNC_NAMES);
	assert_int_equal(lab.core.sync_set, 0); /* nobody has its epoch yet [A5] */
	assert_int_equal(lab.core.phase, VRRP_HOLD_NAMING);
	assert_int_equal(core_lab_ops(&lab, VRRP_PG_OP_PROMOTE), 0);
	core_lab_pg_done(&lab, true);
	assert_int_equal(lab.core.op, VRRP_PG_OP_PROMOTE);
}

static void without_a_voucher_the_lease_is_renewed_and_nothing_promoted(void **state)
{
	(void)state;
	up_promoting();
	core_lab_run_us(&lab, 20 * SECOND, 1U << 1 | 1U << 2);
	assert_int_equal(lab.core.role, VRRP_ROLE_PROMOTING);
	assert_int_equal(core_lab_ops(&lab, VRRP_PG_OP_PROMOTE), 0);
	core_lab_run_us(&lab, 11 * SECOND, 1U << 1 | 1U << 2); /* promote_timeout */
	assert_true((vrrp_core_faults(&lab.core) & VRRP_FAULT_BIT(VRRP_FAULT_HELD)) != 0);
	assert_int_equal(core_lab_ops(&lab, VRRP_PG_OP_PROMOTE), 0);
}

static void two_data_members_and_a_witness_need_its_own_voucher_only(void **state)
{
	(void)state;
	core_lab_up_quorum(&lab, 3, 1);
	core_lab_elect(&lab);
	core_lab_settle(&lab);
	assert_int_equal(lab.core.op, VRRP_PG_OP_PROMOTE);
}

static void a_voucher_counts_only_for_the_ballot_that_it_names(void **state)
{
	(void)state;
	up_promoting();
	core_lab_vouch(&lab, 1);
	assert_int_equal(lab.core.op, VRRP_PG_OP_PROMOTE);
	up_promoting();
	lab.peer[1].voucher = (struct vrrp_report_voucher){ lab.mine.ballot, CORE_LAB_LSN, 1 };
	lab.peer[1].voucher.ballot.counter--;
	core_lab_hear(&lab, 1);
	lab.peer[1].voucher.ballot = lab.mine.ballot;
	lab.peer[1].voucher.ballot.incarnation--;
	core_lab_hear(&lab, 1);
	assert_int_equal(lab.core.phase, VRRP_HOLD_VOUCHING);
}

static void a_voucher_counts_only_fresh_and_of_the_same_configuration_and_cluster(void **state)
{
	(void)state;
	up_promoting();
	lab.peer[1].voucher = (struct vrrp_report_voucher){ lab.mine.ballot, CORE_LAB_LSN, 1 };
	core_lab_hear_stale(&lab, 1);
	assert_int_equal(lab.core.phase, VRRP_HOLD_VOUCHING);
	lab.peer[1].digest[0] ^= 1;
	core_lab_hear(&lab, 1);
	assert_int_equal(lab.core.phase, VRRP_HOLD_VOUCHING);
	up_promoting();
	lab.peer[1].system_identifier++;
	core_lab_vouch(&lab, 1);
	assert_int_equal(lab.core.phase, VRRP_HOLD_VOUCHING);
}

static void a_copy_that_does_not_count_cannot_vouch(void **state)
{
	(void)state;
	core_lab_init(&lab, 4, 0);
	core_lab_quorum(&lab);
	lab.config.member[3].nofailover = true;
	core_lab_start(&lab);
	core_lab_hear_all(&lab);
	core_lab_elect(&lab);
	core_lab_settle(&lab);
	core_lab_vouch(&lab, 3);
	assert_int_equal(lab.core.phase, VRRP_HOLD_VOUCHING);
	core_lab_vouch(&lab, 1);
	assert_int_equal(lab.core.op, VRRP_PG_OP_PROMOTE);
}

/* A4: its daemon was dead, another served meanwhile; it finds its PostgreSQL running and gets the lease. */
static void a4_a_running_primary_asks_before_its_gate_opens(void **state)
{
	(void)state;
	core_lab_init(&lab, 3, 0);
	core_lab_quorum(&lab);
	lab.pg.in_recovery = false;
	lab.pg.position_known = false;
	core_lab_sync_said(&lab);
	core_lab_start(&lab);
	core_lab_hear_all(&lab);
	core_lab_elect(&lab);
	core_lab_settle(&lab);
	core_lab_run_us(&lab, 5 * SECOND, 1U << 1 | 1U << 2);
	assert_int_equal(lab.core.role, VRRP_ROLE_PROMOTING);
	assert_int_equal(core_lab_count(&lab, VRRP_ACT_BIND), 0);
	core_lab_vouch(&lab, 1);
	core_lab_settle(&lab);
	assert_int_equal(lab.core.role, VRRP_ROLE_MASTER);
}

/* A4: and member 3 has what it lacks. It is stopped, and comes back as a standby. */
static void a4_a_running_primary_that_is_refused_stops_and_releases(void **state)
{
	(void)state;
	core_lab_init(&lab, 3, 0);
	core_lab_quorum(&lab);
	lab.pg.in_recovery = false;
	lab.pg.position_known = false;
	core_lab_start(&lab);
	core_lab_hear_all(&lab);
	core_lab_elect(&lab);
	core_lab_settle(&lab);
	lab.peer[1].flags &= (uint16_t)~VRRP_FLAG_PG_UP & (uint16_t)~VRRP_FLAG_POSITION_KNOWN;
	core_lab_hear(&lab, 1);
	core_lab_refuse(&lab, 2, 8);
	assert_int_equal(lab.core.role, VRRP_ROLE_LEAVING);
	assert_int_equal(lab.core.op, VRRP_PG_OP_STOP_IMMEDIATE);
	assert_int_equal(lab.core.release.counter, 0);
	core_lab_pg_done(&lab, true);
	assert_int_not_equal(lab.core.release.counter, 0);
}

/* A7 (c): it does not sit on the lease until a timeout; who refused is elected next. */
static void a7_refused_by_one_that_may_be_promoted_it_releases_at_once(void **state)
{
	struct vrrp_ballot ballot;

	(void)state;
	up_promoting();
	ballot = lab.core.ballot;
	lab.peer[1].flags &= (uint16_t)~VRRP_FLAG_PG_UP & (uint16_t)~VRRP_FLAG_POSITION_KNOWN;
	core_lab_hear(&lab, 1);
	core_lab_refuse(&lab, 2, 8);
	assert_true(core_lab_became(&lab, VRRP_ROLE_LEAVING));
	assert_true(vrrp_ballot_equal(&lab.mine.release, &ballot));
	assert_int_equal(core_lab_ops(&lab, VRRP_PG_OP_STOP_IMMEDIATE), 0);
	core_lab_event(&lab, VRRP_EVENT_TIMER, true);
	assert_int_equal(lab.core.role, VRRP_ROLE_BACKUP); /* no fault_hold */
	assert_true(core_lab_ask(&lab, 2));
}

static void who_can_do_without_the_one_that_refuses_goes_on(void **state)
{
	(void)state;
	up_promoting();
	core_lab_refuse(&lab, 2, 8);
	assert_int_equal(lab.core.role, VRRP_ROLE_PROMOTING); /* member 2 has not answered yet */
	core_lab_vouch(&lab, 1);
	assert_int_equal(lab.core.op, VRRP_PG_OP_PROMOTE);
}

/* Member 2 is away; member 3 refuses, and may not be promoted: the WAL is taken from there. */
static void refused_for_good(uint64_t epoch)
{
	up_promoting();
	lab.peer[1].flags &= (uint16_t)~VRRP_FLAG_PG_UP & (uint16_t)~VRRP_FLAG_POSITION_KNOWN;
	core_lab_hear(&lab, 1);
	lab.peer[2].flags &= (uint16_t)~VRRP_FLAG_ELIGIBLE;
	lab.peer[2].epoch = (struct vrrp_ballot){ epoch, 9, 3 };
	lab.disk_held = true;
	core_lab_refuse(&lab, 2, 0x100);
}

static void a7_missing_wal_is_fetched_from_one_that_may_not_be_promoted(void **state)
{
	(void)state;
	refused_for_good(3);
	assert_int_equal(lab.core.role, VRRP_ROLE_PROMOTING);
	assert_int_equal(core_lab_ops(&lab, VRRP_PG_OP_FOLLOW), 0); /* first whose history it is */
	core_lab_stored(&lab, true);
	assert_int_equal(lab.disk.epoch.counter, 3);
	assert_int_equal(lab.core.op, VRRP_PG_OP_FOLLOW);
	assert_int_equal(lab.core.op_member, 2);
	lab.disk_held = false;
	core_lab_pg_done(&lab, true);
	core_lab_run_us(&lab, 100 * CORE_LAB_MS, 1U << 2);
	assert_int_equal(lab.core.op, VRRP_PG_OP_NONE);
	lab.pg.position += 0x100;
	core_lab_probe(&lab);
	assert_int_equal(lab.core.op, VRRP_PG_OP_DETACH);
	core_lab_settle(&lab);
	assert_int_equal(lab.core.phase, VRRP_HOLD_VOUCHING); /* asks again, at that position */
	assert_true(lab.mine.position == CORE_LAB_LSN + 0x100);
	core_lab_vouch(&lab, 2);
	assert_int_equal(lab.core.op, VRRP_PG_OP_PROMOTE);
	assert_true(vrrp_ballot_equal(&lab.disk.epoch, &lab.core.ballot));
}

/* Its own epoch is higher, and no more than the common part: what it fetches is of the lower one. */
static void a7_the_epoch_of_what_is_fetched_is_taken_over_even_when_lower(void **state)
{
	(void)state;
	core_lab_init(&lab, 3, 0);
	core_lab_quorum(&lab);
	lab.disk.epoch = (struct vrrp_ballot){ 8, 9, 2 };
	lab.disk.ballot_counter = 50;
	lab.disk.system_identifier = CORE_LAB_SYSTEM;
	lab.disk.history = lab.history;
	core_lab_start(&lab);
	core_lab_hear_all(&lab);
	core_lab_elect(&lab);
	core_lab_settle(&lab);
	lab.peer[1].flags &= (uint16_t)~VRRP_FLAG_PG_UP & (uint16_t)~VRRP_FLAG_POSITION_KNOWN;
	core_lab_hear(&lab, 1);
	lab.peer[2].flags &= (uint16_t)~VRRP_FLAG_ELIGIBLE;
	lab.peer[2].epoch = (struct vrrp_ballot){ 5, 9, 3 };
	core_lab_refuse(&lab, 2, 0x100);
	assert_int_equal(lab.disk.epoch.counter, 5);
	assert_int_equal(lab.core.op, VRRP_PG_OP_FOLLOW);
}

static void a7_a_fetch_from_one_that_vanishes_is_given_up(void **state)
{
	(void)state;
	refused_for_good(3);
	lab.disk_held = false;
	core_lab_stored(&lab, true);
	core_lab_pg_done(&lab, true);
	core_lab_run_us(&lab, 3 * SECOND, 1U << 1);
	assert_int_equal(lab.core.fetch_from, VRRP_MEMBER_NONE);
	assert_int_equal(core_lab_ops(&lab, VRRP_PG_OP_PROMOTE), 0);
}

/* A1, A7: no prefix: nothing can be fetched. Member 3's timeline 2 is not the one it would make. The same
 * of one that has lost its epoch: its no is none that was overtaken. */
static void a7_history_that_cannot_be_fetched_is_left_alone_for_fault_hold(void **state)
{
	(void)state;
	for (unsigned lost = 0; lost < 2; lost++) {
		core_lab_init(&lab, 3, 0);
		core_lab_quorum(&lab);
		lab.disk.ballot_counter = 50;
		lab.pg.timeline = 2;
		lab.pg.position += 0x200;
		vrrp_history_append(&lab.history, &(struct vrrp_timeline){ 2, CORE_LAB_LSN, 0xaaaa });
		lab.disk.system_identifier = CORE_LAB_SYSTEM;
		lab.disk.epoch = lost != 0 ? (struct vrrp_ballot){ 8, 9, 2 } : (struct vrrp_ballot){ 0 };
		lab.disk.history = lab.history;
		core_lab_start(&lab);
		core_lab_hear_all(&lab);
		core_lab_elect(&lab);
		core_lab_settle(&lab);
		lab.peer[1].flags &= (uint16_t)~VRRP_FLAG_PG_UP & (uint16_t)~VRRP_FLAG_POSITION_KNOWN;
		core_lab_hear(&lab, 1);
		lab.peer[2].flags &= (uint16_t)~VRRP_FLAG_ELIGIBLE;
		vrrp_history_append(&lab.peer[2].history, &(struct vrrp_timeline){ 2, CORE_LAB_LSN, 0xbbbb });
		lab.peer[2].timeline = 2;
		lab.peer[2].epoch = lost != 0 ? (struct vrrp_ballot){ 0 } : (struct vrrp_ballot){ 5, 9, 3 };
		core_lab_refuse(&lab, 2, 0x100);
		assert_true(core_lab_became(&lab, VRRP_ROLE_LEAVING));
		assert_true((vrrp_core_faults(&lab.core) & VRRP_FAULT_BIT(VRRP_FAULT_HELD)) != 0);
		assert_int_equal(core_lab_ops(&lab, VRRP_PG_OP_FOLLOW), 0);
	}
}

static void a_member_that_has_vouched_for_a_higher_ballot_makes_it_try_again_above(void **state)
{
	uint64_t counter;

	(void)state;
	up_promoting();
	counter = lab.core.ballot.counter;
	for (unsigned i = 1; i < 3; i++) {
		lab.peer[i].voucher = (struct vrrp_report_voucher){ .ballot = { counter + 5, 9, 3 } };
		core_lab_hear(&lab, i);
	}
	assert_int_not_equal(lab.core.role, VRRP_ROLE_PROMOTING);
	core_lab_stand(&lab);
	assert_true(lab.core.ballot.counter > counter + 5);
}

/* It would only block those who can be elected. */
static void with_too_few_data_members_in_sight_it_does_not_stand(void **state)
{
	(void)state;
	core_lab_init(&lab, 5, 2);
	core_lab_quorum(&lab);
	core_lab_start(&lab);
	core_lab_hear(&lab, 3);
	core_lab_hear(&lab, 4); /* a majority, but one data member of three */
	core_lab_run_us(&lab, 60 * SECOND, 1U << 3 | 1U << 4);
	assert_false(core_lab_became(&lab, VRRP_ROLE_CANDIDATE));
	core_lab_run_us(&lab, SECOND, 1U << 1 | 1U << 3 | 1U << 4);
	assert_true(core_lab_became(&lab, VRRP_ROLE_CANDIDATE));
}

static void if_they_vanish_while_it_asks_it_waits_a_lease_and_releases(void **state)
{
	(void)state;
	core_lab_init(&lab, 5, 2);
	core_lab_quorum(&lab);
	core_lab_start(&lab);
	core_lab_hear_all(&lab);
	core_lab_elect(&lab);
	core_lab_settle(&lab);
	assert_int_equal(lab.core.phase, VRRP_HOLD_VOUCHING);
	core_lab_run_us(&lab, 1500 * CORE_LAB_MS, 1U << 3 | 1U << 4);
	assert_int_equal(lab.core.role, VRRP_ROLE_PROMOTING);
	core_lab_run_us(&lab, SECOND, 1U << 3 | 1U << 4);
	assert_int_equal(lab.core.role, VRRP_ROLE_BACKUP);
	assert_int_equal(core_lab_ops(&lab, VRRP_PG_OP_PROMOTE), 0);
}

/* What was counted then ends with the shortage: its end, long past, is no deadline (the table counts the steps). */
static void who_fetches_does_not_wait_for_the_end_of_an_earlier_shortage(void **state)
{
	(void)state;
	core_lab_init(&lab, 5, 2);
	core_lab_quorum(&lab);
	core_lab_start(&lab);
	core_lab_hear_all(&lab);
	core_lab_elect(&lab);
	core_lab_settle(&lab);
	core_lab_run_us(&lab, 1500 * CORE_LAB_MS, 1U << 3 | 1U << 4);
	assert_true(lab.core.short_since.us != 0);
	lab.disk_held = true;
	lab.peer[2].flags &= (uint16_t)~VRRP_FLAG_ELIGIBLE;
	core_lab_refuse(&lab, 2, 0x100);
	assert_int_equal(lab.core.fetch_from, 2);
	core_lab_run_us(&lab, 3 * SECOND, 1U << 2 | 1U << 3 | 1U << 4);
	assert_int_equal(lab.core.fetch_from, 2);
	assert_int_equal(lab.core.role, VRRP_ROLE_PROMOTING);
}

static void without_fsync_it_does_not_even_stand(void **state)
{
	(void)state;
	core_lab_up_quorum(&lab, 3, 0);
	lab.pg.fsync_on = false;
	core_lab_probe(&lab);
	assert_int_equal(lab.core.role, VRRP_ROLE_FAULT);
	up_promoting(); /* turned off while it asks */
	lab.pg.fsync_on = false;
	core_lab_probe(&lab);
	assert_int_not_equal(lab.core.role, VRRP_ROLE_PROMOTING);
	assert_int_equal(core_lab_ops(&lab, VRRP_PG_OP_PROMOTE), 0);
}

static void the_fence_is_waited_for_and_the_vouchers_are_asked_meanwhile(void **state)
{
	(void)state;
	core_lab_init(&lab, 3, 0);
	core_lab_quorum(&lab);
	lab.config.fence = true;
	core_lab_start(&lab);
	core_lab_hear_all(&lab);
	lab.peer[2].flags &= (uint16_t)~VRRP_FLAG_PG_UP;
	core_lab_elect(&lab);
	lab.peer[2].role = VRRP_ROLE_LEAVING;
	core_lab_settle(&lab);
	if (lab.core.phase == VRRP_HOLD_FENCING) {
		core_lab_vouch(&lab, 1);
		assert_int_equal(lab.core.phase, VRRP_HOLD_FENCING);
		core_lab_step(&lab,
			(struct vrrp_event){ .kind = VRRP_EVENT_FENCED, .ticket = lab.core.wait_ticket, .ok = true });
	}
	assert_int_equal(lab.core.phase, VRRP_HOLD_VOUCHING);
}

/* With quorum what nobody waited for may be long: it must not forbid the only failover that loses nothing. */
static void max_lag_and_election_lag_are_of_async_only(void **state)
{
	(void)state;
	core_lab_init(&lab, 3, 0);
	core_lab_quorum(&lab);
	lab.config.election_lag_bytes = 1 << 20;
	core_lab_start(&lab);
	assert_int_equal(lab.core.config.election_lag_bytes, 0);
	core_lab_hear_all(&lab);
	core_lab_be_master(&lab, 2, 20, 1);
	lab.peer[2].position += lab.config.max_lag_bytes + 1;
	core_lab_hear(&lab, 2);
	core_lab_probe(&lab);
	assert_int_equal(vrrp_core_faults(&lab.core) & VRRP_FAULT_BIT(VRRP_FAULT_LAG), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_order_is_lease_vouchers_epoch_promotion_proof_gate),
		cmocka_unit_test(before_the_vouchers_its_own_stream_is_cut_and_the_names_are_set),
		cmocka_unit_test(without_a_voucher_the_lease_is_renewed_and_nothing_promoted),
		cmocka_unit_test(two_data_members_and_a_witness_need_its_own_voucher_only),
		cmocka_unit_test(a_voucher_counts_only_for_the_ballot_that_it_names),
		cmocka_unit_test(a_voucher_counts_only_fresh_and_of_the_same_configuration_and_cluster),
		cmocka_unit_test(a_copy_that_does_not_count_cannot_vouch),
		cmocka_unit_test(a4_a_running_primary_asks_before_its_gate_opens),
		cmocka_unit_test(a4_a_running_primary_that_is_refused_stops_and_releases),
		cmocka_unit_test(a7_refused_by_one_that_may_be_promoted_it_releases_at_once),
		cmocka_unit_test(who_can_do_without_the_one_that_refuses_goes_on),
		cmocka_unit_test(a7_missing_wal_is_fetched_from_one_that_may_not_be_promoted),
		cmocka_unit_test(a7_the_epoch_of_what_is_fetched_is_taken_over_even_when_lower),
		cmocka_unit_test(a7_a_fetch_from_one_that_vanishes_is_given_up),
		cmocka_unit_test(a7_history_that_cannot_be_fetched_is_left_alone_for_fault_hold),
		cmocka_unit_test(a_member_that_has_vouched_for_a_higher_ballot_makes_it_try_again_above),
		cmocka_unit_test(with_too_few_data_members_in_sight_it_does_not_stand),
		cmocka_unit_test(if_they_vanish_while_it_asks_it_waits_a_lease_and_releases),
		cmocka_unit_test(who_fetches_does_not_wait_for_the_end_of_an_earlier_shortage),
		cmocka_unit_test(without_fsync_it_does_not_even_stand),
		cmocka_unit_test(the_fence_is_waited_for_and_the_vouchers_are_asked_meanwhile),
		cmocka_unit_test(max_lag_and_election_lag_are_of_async_only),
	};

	return cmocka_run_group_tests_name("core_vouch", tests, NULL, NULL);
}
