/*
 * Switchover with durability = quorum (protocol.md sections 7 and 8): whom it may go to, that nothing of the sync names
 * is taken for proved that is not, and that a primary that comes back under its own lease names nobody first.
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
#define BIT(i) (1U << (i))
#define END (lab.pg.position + 120)

static struct core_lab lab;

/* Its walsender is seen, under its own slot, and the list is read again. */
static void look(uint16_t counted)
{
	lab.list.counted = lab.list.senders = counted;
	core_lab_sync_said(&lab);
	core_lab_probe(&lab);
}

/* Member i has taken over my epoch and streams from me. */
static void streams(unsigned i)
{
	lab.peer[i].flags |= VRRP_FLAG_STREAMING;
	lab.peer[i].upstream = 1;
	lab.peer[i].epoch = lab.core.ballot;
	lab.peer[i].timeline = lab.pg.timeline;
	lab.peer[i].position = lab.pg.position;
	lab.peer[i].history = lab.core.stored.history;
	core_lab_hear(&lab, i);
}

/* A standby that was elected, vouched for and promoted; two standbys are named and count. */
static void serving(unsigned members)
{
	core_lab_init(&lab, members, 0);
	core_lab_quorum(&lab);
	lab.config.switchover_timeout_us = 30 * SECOND;
	lab.config.sync_standbys = members > 3 ? 2 : 1;
	lab.pg.no_upstream = true;
	core_lab_start(&lab);
	core_lab_hear_all(&lab);
	core_lab_elect(&lab);
	for (unsigned i = 1; i < members; i++) {
		core_lab_vouch(&lab, i);
	}
	core_lab_settle(&lab);
	assert_int_equal(lab.core.op, VRRP_PG_OP_PROMOTE);
	core_lab_promoted(&lab, lab.pg.timeline + 1);
	core_lab_sync_said(&lab);
	core_lab_pg_done(&lab, true);
	core_lab_settle(&lab);
	assert_int_equal(lab.core.role, VRRP_ROLE_MASTER);
	for (unsigned i = 1; i < members; i++) {
		streams(i);
		core_lab_settle(&lab);
	}
	look((uint16_t)(BIT(members) - 2));
	core_lab_settle(&lab);
	assert_int_equal(lab.core.pg.sync.named, BIT(members) - 2);
}

static enum vrrp_switch_refusal check(uint8_t wanted)
{
	uint8_t target = 99;
	enum vrrp_switch_refusal refusal = vrrp_core_switch_check(&lab.core, wanted, &target);

	assert_int_equal(target != 99, refusal == VRRP_SWITCH_REFUSED_NONE);
	return refusal;
}

static void begin(uint8_t target)
{
	core_lab_step(&lab, (struct vrrp_event){ .kind = VRRP_EVENT_SWITCHOVER, .member = target });
	assert_int_equal(lab.core.switchover.phase, VRRP_SWITCH_CHECKPOINT);
}

static void checkpointed(void)
{
	core_lab_step(&lab,
		(struct vrrp_event){ .kind = VRRP_EVENT_PG_DONE, .ticket = lab.core.switchover.ticket, .ok = true });
}

static void stopped(bool clean)
{
	struct vrrp_pg pg = { .gone = true, .position_known = clean, .position = clean ? END : 0 };

	core_lab_event(&lab, VRRP_EVENT_PG_DEAD, true);
	core_lab_step(&lab,
		(struct vrrp_event){ .kind = VRRP_EVENT_PG_DONE, .ticket = lab.core.op_ticket, .ok = true, .pg = pg });
}

static void s8_the_target_is_one_that_commits_wait_for(void **state)
{
	(void)state;
	serving(3);
	assert_int_equal(check(1), VRRP_SWITCH_REFUSED_NONE);
	assert_int_equal(check(VRRP_MEMBER_NONE), VRRP_SWITCH_REFUSED_NONE);
	look(BIT(1)); /* its walsender is gone, or is not that of its slot */
	assert_int_equal(check(2), VRRP_SWITCH_REFUSED_NOT_SYNC);
	assert_int_equal(check(1), VRRP_SWITCH_REFUSED_NONE);
	look(BIT(1) | BIT(2));
	lab.list.named = BIT(1);
	look(BIT(1) | BIT(2));
	assert_int_equal(check(2), VRRP_SWITCH_REFUSED_NOT_SYNC);
	lab.core.pg.sync.known = false; /* not looked at yet, after a resumed lease */
	assert_int_equal(check(1), VRRP_SWITCH_REFUSED_NOT_SYNC);
}

/* Five data members, k = 2: three vouchers; two members are not enough to promote one of them. */
static void s8_it_is_not_given_to_who_could_not_be_promoted(void **state)
{
	(void)state;
	serving(5);
	assert_int_equal(check(1), VRRP_SWITCH_REFUSED_NONE);
	core_lab_run_us(&lab, 700 * CORE_LAB_MS, BIT(1) | BIT(2));
	core_lab_settle(&lab);
	core_lab_run_us(&lab, 700 * CORE_LAB_MS, BIT(1) | BIT(2));
	streams(1);
	streams(2);
	core_lab_settle(&lab);
	look(BIT(1) | BIT(2));
	core_lab_settle(&lab);
	assert_int_equal(lab.core.role, VRRP_ROLE_MASTER);
	assert_int_equal(check(1), VRRP_SWITCH_REFUSED_NONE); /* with me that makes three */
	lab.peer[2].flags &= (uint16_t)~VRRP_FLAG_PG_UP;
	lab.peer[2].digest[0]++; /* no voucher crosses a difference */
	core_lab_hear(&lab, 2);
	core_lab_settle(&lab);
	look(BIT(1));
	core_lab_settle(&lab);
	assert_int_equal(check(1), VRRP_SWITCH_REFUSED_VOUCHERS);
}

static void s8_the_order_is_the_same_and_names_are_left_alone(void **state)
{
	(void)state;
	serving(3);
	begin(1);
	assert_string_equal(core_lab_line(&lab), "pg:checkpoint advert-99 send");
	checkpointed();
	assert_string_equal(
		core_lab_line(&lab), "gate-out destroy unbind advert-0 gate-shut LEAVING pg:stop fast send");
	core_lab_run_us(&lab, SECOND, ALL);
	assert_int_equal(core_lab_ops(&lab, VRRP_PG_OP_SYNC_NAMES), 0);
	stopped(true);
	lab.peer[1].position = END;
	core_lab_hear(&lab, 1);
	assert_int_equal(lab.core.switchover.phase, VRRP_SWITCH_RELEASED);
	assert_true(lab.mine.release.counter != 0);
	assert_int_equal(lab.mine.switchover_target, 2);
}

/* What ends the others' walsenders for a quick stop is no proof that commits wait [D7]. */
static void d7_walsenders_ended_for_the_stop_prove_nothing(void **state)
{
	(void)state;
	serving(3);
	assert_true(lab.core.sync_k > 0); /* of the last order about the names */
	lab.core.sync_proved = false;
	lab.core.sync_drop = true;
	lab.peer[2].flags &= (uint16_t)~VRRP_FLAG_STREAMING;
	core_lab_hear(&lab, 2);
	lab.core.op = VRRP_PG_OP_NONE;
	begin(1);
	lab.core.op = VRRP_PG_OP_NONE;
	checkpointed();
	assert_int_equal(lab.core.op, VRRP_PG_OP_DROP_SENDERS);
	assert_int_equal(lab.core.sync_set, BIT(1));
	core_lab_pg_done(&lab, true);
	assert_false(lab.core.sync_proved);
	assert_true(lab.core.sync_drop);
}

/* One order at a time: who is being named is named first, while this host still serves. */
static void names_on_their_way_are_set_before_the_address_is_closed(void **state)
{
	(void)state;
	serving(3);
	begin(1);
	lab.peer[2].epoch = (struct vrrp_ballot){ 1, 1, 3 };
	core_lab_hear(&lab, 2);
	assert_int_equal(lab.core.op, VRRP_PG_OP_SYNC_NAMES);
	checkpointed();
	assert_int_equal(lab.core.role, VRRP_ROLE_MASTER);
	assert_int_equal(lab.core.op, VRRP_PG_OP_SYNC_NAMES);
	core_lab_pg_done(&lab, true);
	assert_int_equal(lab.core.role, VRRP_ROLE_LEAVING);
	assert_int_equal(lab.core.sync_set, BIT(1));
}

/* The names of before would let a commit be acknowledged by who may have been left behind meanwhile [A5]. */
static void a5_not_reached_names_nobody_before_it_is_promoted_again(void **state)
{
	struct vrrp_ballot ballot;

	(void)state;
	serving(3);
	ballot = lab.core.ballot;
	begin(1);
	checkpointed();
	stopped(false);
	assert_string_equal(core_lab_line(&lab), "PROMOTING pg:start as standby send");
	lab.probe_held = true; /* it comes when what the order's end has stored is durable */
	lab.pg.in_recovery = true;
	core_lab_pg_done(&lab, true);
	lab.probe_held = false;
	core_lab_probe(&lab);
	assert_int_equal(lab.core.op, VRRP_PG_OP_SYNC_NAMES);
	assert_int_equal(lab.core.sync_set, 0);
	core_lab_settle(&lab);
	assert_int_equal(lab.core.op, VRRP_PG_OP_PROMOTE);
	core_lab_promoted(&lab, lab.pg.timeline + 1);
	lab.list.counted = lab.list.senders = 0;
	core_lab_sync_said(&lab);
	core_lab_pg_done(&lab, true);
	assert_int_equal(lab.core.role, VRRP_ROLE_PROMOTING);
	assert_int_equal(lab.core.op, VRRP_PG_OP_DROP_SENDERS); /* a commit is seen to wait [D7] */
	assert_int_equal(lab.core.sync_k, 1);
	core_lab_settle(&lab);
	assert_int_equal(lab.core.role, VRRP_ROLE_MASTER);
	assert_int_equal(lab.core.switchover.phase, VRRP_SWITCH_NOT_REACHED);
	assert_true(vrrp_ballot_equal(&ballot, &lab.core.ballot));
	assert_int_equal(lab.mine.release.counter, 0);
}

/* Section 4.1: so is a normal stop. */
static void s41_a_normal_stop_hands_over(void **state)
{
	(void)state;
	serving(3);
	core_lab_event(&lab, VRRP_EVENT_STOP, true);
	assert_int_equal(lab.core.switchover.phase, VRRP_SWITCH_CHECKPOINT);
	checkpointed();
	stopped(true);
	lab.peer[1].position = END;
	core_lab_hear(&lab, 1);
	assert_int_equal(lab.mine.switchover_target, 2);
	assert_true(lab.mine.release.counter != 0);
}

/* The former holder, shut down cleanly, is a voucher: sealed, or started as a standby of nobody. */
static void s7_the_former_holder_vouches_for_the_target(void **state)
{
	(void)state;
	serving(3);
	begin(1);
	checkpointed();
	stopped(true);
	lab.peer[1].position = END;
	core_lab_hear(&lab, 1);
	assert_int_equal(lab.core.switchover.phase, VRRP_SWITCH_RELEASED);
	core_lab_after_us(&lab, 50 * CORE_LAB_MS);
	if (lab.core.op == VRRP_PG_OP_START_STANDBY) {
		lab.pg.in_recovery = true;
		lab.pg.position = END;
		lab.pg.position_known = true;
		core_lab_pg_done(&lab, true);
		core_lab_probe(&lab);
	}
	(void)core_lab_ask_voucher(&lab, 1);
	core_lab_probe(&lab);
	core_lab_probe(&lab);
	core_lab_settle(&lab);
	assert_int_equal(core_lab_voucher(&lab, 1), 1);
}

/* Three data members, k = 1: two vouchers. One of the others is away. */
static void s9_a_holder_stays_where_nobody_could_be_promoted_after_it(void **state)
{
	struct vrrp_event stuck = { .kind = VRRP_EVENT_HEALTH, .faults = VRRP_FAULT_BIT(VRRP_FAULT_DISK_STUCK) };

	(void)state;
	serving(3);
	core_lab_run_us(&lab, 700 * CORE_LAB_MS, BIT(1));
	core_lab_settle(&lab);
	core_lab_run_us(&lab, 700 * CORE_LAB_MS, BIT(1));
	streams(1);
	core_lab_settle(&lab);
	assert_int_equal(lab.core.role, VRRP_ROLE_MASTER);
	core_lab_step(&lab, stuck);
	core_lab_settle(&lab);
	assert_int_equal(lab.core.role, VRRP_ROLE_MASTER); /* who is left would lack my voucher */
	stuck.faults = 0;
	core_lab_step(&lab, stuck);
	lab.pg.faults = VRRP_FAULT_BIT(VRRP_FAULT_PG_HUNG); /* killed and started again, it can vouch */
	core_lab_probe(&lab);
	assert_int_not_equal(lab.core.role, VRRP_ROLE_MASTER);
}

static void s9_it_lets_go_where_the_others_find_their_vouchers(void **state)
{
	struct vrrp_event stuck = { .kind = VRRP_EVENT_HEALTH, .faults = VRRP_FAULT_BIT(VRRP_FAULT_DISK_STUCK) };

	(void)state;
	serving(3);
	core_lab_step(&lab, stuck);
	assert_int_not_equal(lab.core.role, VRRP_ROLE_MASTER);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(s8_the_target_is_one_that_commits_wait_for),
		cmocka_unit_test(s8_it_is_not_given_to_who_could_not_be_promoted),
		cmocka_unit_test(s8_the_order_is_the_same_and_names_are_left_alone),
		cmocka_unit_test(d7_walsenders_ended_for_the_stop_prove_nothing),
		cmocka_unit_test(names_on_their_way_are_set_before_the_address_is_closed),
		cmocka_unit_test(a5_not_reached_names_nobody_before_it_is_promoted_again),
		cmocka_unit_test(s41_a_normal_stop_hands_over),
		cmocka_unit_test(s7_the_former_holder_vouches_for_the_target),
		cmocka_unit_test(s9_a_holder_stays_where_nobody_could_be_promoted_after_it),
		cmocka_unit_test(s9_it_lets_go_where_the_others_find_their_vouchers),
	};

	return cmocka_run_group_tests_name("core_switch_quorum", tests, NULL, NULL);
}
