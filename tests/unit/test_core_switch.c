/*
 * Switchover (protocol.md section 8; 4.1: a holder's normal stop is one): the order of acts, what it waits for, what
 * happens when the target is not reached, and what the others do meanwhile.
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
#define TARGET 2U /* index */
#define TARGET_ID 3U
#define END (lab.pg.position + 120)

static struct core_lab lab;

/* Member i streams from me under my ballot and has all. */
static void streams(unsigned i)
{
	lab.peer[i].flags |= VRRP_FLAG_STREAMING;
	lab.peer[i].upstream = 1;
	lab.peer[i].epoch = lab.core.ballot;
	lab.peer[i].timeline = lab.pg.timeline;
	lab.peer[i].position = lab.pg.position;
	core_lab_hear(&lab, i);
}

/* Holds and serves; two standbys stream. */
static void serving(void)
{
	core_lab_init(&lab, 3, 0);
	lab.config.switchover_timeout_us = 30 * SECOND;
	core_lab_start(&lab);
	core_lab_hear_all(&lab);
	core_lab_serve(&lab);
	core_lab_run_us(&lab, SECOND, ALL);
	streams(1);
	streams(TARGET);
}

/* Member i's walsender is none that a quick stop can rely on. */
static void streams_no_more(unsigned i)
{
	lab.peer[i].flags &= (uint16_t)~VRRP_FLAG_STREAMING;
	core_lab_hear(&lab, i);
}

static void begin(uint8_t target)
{
	core_lab_step(&lab, (struct vrrp_event){ .kind = VRRP_EVENT_SWITCHOVER, .member = target });
}

static void checkpointed(bool ok)
{
	core_lab_step(&lab,
		(struct vrrp_event){ .kind = VRRP_EVENT_PG_DONE, .ticket = lab.core.switchover.ticket, .ok = ok });
}

/* The fast stop has ended: cleanly, with the shutdown checkpoint's end, or not. */
static void stopped(bool clean)
{
	struct vrrp_pg pg = { .gone = true, .position_known = clean, .position = clean ? END : 0 };

	core_lab_event(&lab, VRRP_EVENT_PG_DEAD, true);
	core_lab_step(&lab,
		(struct vrrp_event){ .kind = VRRP_EVENT_PG_DONE, .ticket = lab.core.op_ticket, .ok = true, .pg = pg });
}

static void to_reaching(void)
{
	begin(TARGET);
	checkpointed(true);
	stopped(true);
	assert_int_equal(lab.core.switchover.phase, VRRP_SWITCH_REACHING);
}

static enum vrrp_switch_refusal check(uint8_t wanted)
{
	uint8_t target = 99;
	enum vrrp_switch_refusal refusal = vrrp_core_switch_check(&lab.core, wanted, &target);

	assert_int_equal(target != 99, refusal == VRRP_SWITCH_REFUSED_NONE);
	return refusal;
}

static void s8_the_order_of_a_switchover(void **state)
{
	(void)state;
	serving();
	begin(TARGET);
	assert_string_equal(core_lab_line(&lab), "pg:checkpoint advert-99 send");
	assert_int_equal(lab.mine.switchover_target, TARGET_ID);
	core_lab_run_us(&lab, SECOND, ALL); /* serves while the checkpoint runs */
	assert_int_equal(lab.core.role, VRRP_ROLE_MASTER);
	streams(TARGET);
	streams_no_more(1);
	checkpointed(true);
	assert_string_equal(
		core_lab_line(&lab), "gate-out destroy unbind advert-0 gate-shut LEAVING pg:drop senders send");
	assert_int_equal(lab.update.action[lab.update.count - 2].sync_set, 1U << TARGET);
	core_lab_pg_done(&lab, true);
	assert_string_equal(core_lab_line(&lab), "pg:stop fast send");
	core_lab_run_us(&lab, 5 * SECOND, ALL); /* renewing all along */
	assert_int_equal(lab.core.role, VRRP_ROLE_LEAVING);
	assert_int_equal(lab.mine.release.counter, 0);
	stopped(true);
	assert_int_equal(lab.mine.release.counter, 0); /* the target has not said that it has all */
	lab.peer[TARGET].position = END - 1;
	core_lab_hear(&lab, TARGET);
	assert_int_equal(lab.mine.release.counter, 0);
	lab.peer[TARGET].position = END;
	core_lab_hear(&lab, TARGET);
	assert_string_equal(core_lab_line(&lab), "FAULT send");
	assert_true(lab.mine.release.counter != 0);
	assert_int_equal(lab.mine.switchover_target, TARGET_ID);
	assert_int_equal(lab.core.switchover.phase, VRRP_SWITCH_RELEASED);
	core_lab_after_us(&lab, 50 * CORE_LAB_MS);
	assert_string_equal(core_lab_line(&lab), "pg:start as standby send");
}

static void s8_the_release_names_the_target_for_a_lease_and_others_are_refused(void **state)
{
	(void)state;
	serving();
	to_reaching();
	lab.peer[TARGET].position = END;
	core_lab_hear(&lab, TARGET);
	lab.peer[1].position = END;
	assert_false(core_lab_ask(&lab, 1));
	assert_int_equal(core_lab_refusal(&lab, 1), VRRP_REFUSAL_TARGET);
	lab.peer[1].role = VRRP_ROLE_BACKUP;
	assert_true(core_lab_ask(&lab, TARGET));
	core_lab_be_master(&lab, TARGET, 50, lab.pg.timeline + 1);
	core_lab_hear(&lab, TARGET);
	assert_int_equal(lab.core.switchover.phase, VRRP_SWITCH_DONE);
	core_lab_after_us(&lab, SECOND);
	assert_int_equal(lab.mine.switchover_target, 0);
}

static void s8_not_reached_serves_again_under_the_same_lease(void **state)
{
	struct vrrp_ballot ballot;

	(void)state;
	serving();
	ballot = lab.core.ballot;
	to_reaching();
	core_lab_run_us(&lab, 2 * SECOND, ALL); /* two leases: the target says nothing new */
	assert_int_equal(lab.core.switchover.phase, VRRP_SWITCH_STARTING);
	assert_int_equal(lab.core.role, VRRP_ROLE_PROMOTING);
	assert_int_equal(core_lab_ops(&lab, VRRP_PG_OP_START_STANDBY), 1);
	core_lab_pg_done(&lab, true);
	core_lab_probe(&lab);
	assert_int_equal(lab.core.op, VRRP_PG_OP_PROMOTE);
	core_lab_promoted(&lab, lab.pg.timeline + 1);
	core_lab_pg_done(&lab, true);
	assert_int_equal(lab.core.role, VRRP_ROLE_MASTER);
	assert_int_equal(lab.core.switchover.phase, VRRP_SWITCH_NOT_REACHED);
	assert_true(vrrp_ballot_equal(&ballot, &lab.core.ballot));
	assert_int_equal(lab.mine.release.counter, 0);
	assert_int_equal(lab.mine.switchover_target, 0);
}

/* An immediate stop, or a crash on the way down: where WAL ends is not known. */
static void s8_an_unclean_stop_is_not_reached(void **state)
{
	(void)state;
	serving();
	begin(TARGET);
	checkpointed(true);
	stopped(false);
	assert_string_equal(core_lab_line(&lab), "PROMOTING pg:start as standby send");
}

static void s8_a_target_that_got_lost_is_not_left_with_the_address(void **state)
{
	(void)state;
	serving();
	begin(TARGET);
	lab.peer[TARGET].flags &= (uint16_t)~VRRP_FLAG_ELIGIBLE;
	core_lab_hear(&lab, TARGET);
	checkpointed(true);
	assert_int_equal(lab.core.switchover.phase, VRRP_SWITCH_TARGET_LOST);
	assert_int_equal(lab.core.role, VRRP_ROLE_MASTER);
	streams(1);
	lab.peer[TARGET].flags |= VRRP_FLAG_ELIGIBLE;
	streams(TARGET);
	begin(TARGET);
	checkpointed(false);
	assert_int_equal(lab.core.switchover.phase, VRRP_SWITCH_NO_CHECKPOINT);
	begin(TARGET);
	core_lab_run_us(&lab, 31 * SECOND, ALL);
	assert_int_equal(lab.core.switchover.phase, VRRP_SWITCH_NO_CHECKPOINT);
	assert_int_equal(lab.core.role, VRRP_ROLE_MASTER);
}

static void refused_with_the_reason(void **state)
{
	(void)state;
	serving();
	assert_int_equal(check(VRRP_MEMBER_NONE), VRRP_SWITCH_REFUSED_NONE);
	assert_int_equal(check(0), VRRP_SWITCH_REFUSED_SELF);
	assert_int_equal(check(7), VRRP_SWITCH_REFUSED_NO_TARGET);
	lab.peer[TARGET].position = lab.pg.position - lab.config.max_lag_bytes; /* as far as may be */
	core_lab_hear(&lab, TARGET);
	assert_int_equal(check(TARGET), VRRP_SWITCH_REFUSED_NONE);
	lab.peer[TARGET].position--;
	core_lab_hear(&lab, TARGET);
	assert_int_equal(check(TARGET), VRRP_SWITCH_REFUSED_LAG);
	lab.peer[TARGET].upstream = 2;
	core_lab_hear(&lab, TARGET);
	assert_int_equal(check(TARGET), VRRP_SWITCH_REFUSED_NOT_STREAMING);
	lab.peer[TARGET].flags &= (uint16_t)~VRRP_FLAG_ELIGIBLE;
	core_lab_hear(&lab, TARGET);
	assert_int_equal(check(TARGET), VRRP_SWITCH_REFUSED_NOT_ELIGIBLE);
	lab.peer[TARGET].digest[0]++;
	core_lab_hear(&lab, TARGET);
	assert_int_equal(check(TARGET), VRRP_SWITCH_REFUSED_CONFIG);
	lab.core.stored.paused = true;
	assert_int_equal(check(1), VRRP_SWITCH_REFUSED_PAUSED);
	lab.core.stored.paused = false;
	begin(1);
	assert_int_equal(check(1), VRRP_SWITCH_REFUSED_UNDER_WAY);
	core_lab_run_us(&lab, 2 * SECOND, 1U << 1); /* the other is not heard any more */
	assert_int_equal(lab.core.role, VRRP_ROLE_MASTER);
	checkpointed(false);
	assert_int_equal(check(TARGET), VRRP_SWITCH_REFUSED_NOT_HEARD);
	core_lab_up(&lab, 3, 0);
	assert_int_equal(check(1), VRRP_SWITCH_REFUSED_NOT_HOLDER);
	begin(1);
	assert_int_equal(lab.core.switchover.phase, VRRP_SWITCH_NONE);
}

static void the_best_target_has_the_highest_priority(void **state)
{
	uint8_t target = 0;

	(void)state;
	core_lab_init(&lab, 3, 0);
	lab.peer[TARGET].priority++;
	core_lab_start(&lab);
	core_lab_hear_all(&lab);
	core_lab_serve(&lab);
	assert_int_equal(check(VRRP_MEMBER_NONE), VRRP_SWITCH_REFUSED_NO_TARGET); /* nobody streams yet */
	streams(1);
	streams(TARGET);
	assert_int_equal(vrrp_core_switch_check(&lab.core, VRRP_MEMBER_NONE, &target), VRRP_SWITCH_REFUSED_NONE);
	assert_int_equal(target, TARGET);
}

/* Section 4.1: a normal stop of a holder with an eligible standby. */
static void s41_a_normal_stop_is_a_switchover(void **state)
{
	(void)state;
	serving();
	core_lab_event(&lab, VRRP_EVENT_STOP, true);
	assert_string_equal(core_lab_line(&lab), "pg:checkpoint advert-99 send");
	checkpointed(true);
	core_lab_run_us(&lab, 5 * SECOND, ALL);
	stopped(true);
	lab.peer[1].position = END;
	core_lab_hear(&lab, 1);
	assert_string_equal(core_lab_line(&lab), "FAULT send");
	assert_int_equal(lab.mine.switchover_target, 2);
	core_lab_after_us(&lab, 50 * CORE_LAB_MS);
	lab.pg.in_recovery = true;
	core_lab_pg_done(&lab, true);
	assert_int_equal(core_lab_count(&lab, VRRP_ACT_EXIT), 1);
}

static void s41_a_stop_whose_target_is_not_reached_lets_go_all_the_same(void **state)
{
	(void)state;
	serving();
	core_lab_event(&lab, VRRP_EVENT_STOP, true);
	checkpointed(false); /* no reason not to stop */
	stopped(false);
	assert_string_equal(core_lab_line(&lab), "FAULT send");
	assert_true(lab.mine.release.counter != 0);
	assert_int_equal(lab.mine.switchover_target, 0);
}

static void a_lease_that_ends_meanwhile_ends_the_switchover(void **state)
{
	(void)state;
	serving();
	begin(TARGET);
	checkpointed(true);
	core_lab_after_us(&lab, 2 * SECOND); /* nobody grants */
	assert_int_equal(lab.core.switchover.phase, VRRP_SWITCH_BROKEN);
	assert_int_equal(lab.core.role, VRRP_ROLE_FAULT);
	assert_int_equal(lab.mine.release.counter, 0); /* PostgreSQL is not stopped yet */
	stopped(true);
	assert_true(lab.mine.release.counter != 0);
}

static void a_postgresql_that_dies_before_its_stop_is_a_failover(void **state)
{
	(void)state;
	serving();
	streams_no_more(1);
	begin(TARGET);
	checkpointed(true);
	core_lab_event(&lab, VRRP_EVENT_PG_DEAD, true);
	assert_int_equal(lab.core.switchover.phase, VRRP_SWITCH_BROKEN);
	assert_true(lab.mine.release.counter != 0);
}

static void walsenders_that_do_not_end_do_not_hold_it_up(void **state)
{
	(void)state;
	serving();
	streams_no_more(1);
	begin(TARGET);
	checkpointed(true);
	assert_int_equal(lab.core.op, VRRP_PG_OP_DROP_SENDERS);
	core_lab_run_us(&lab, 2 * SECOND, ALL);
	assert_int_equal(core_lab_ops(&lab, VRRP_PG_OP_STOP_FAST), 1);
}

static void walsenders_of_healthy_standbys_are_left_alone(void **state)
{
	(void)state;
	serving();
	begin(TARGET);
	checkpointed(true);
	assert_string_equal(
		core_lab_line(&lab), "gate-out destroy unbind advert-0 gate-shut LEAVING pg:stop fast send");
}

/* --- the other side: member 2 holds and hands over --- */

static void standby(void)
{
	core_lab_up(&lab, 3, 0);
	core_lab_be_master(&lab, 1, 20, 1);
	core_lab_hear(&lab, 1);
	lab.pg.receiver = lab.pg.streaming = true;
	lab.pg.upstream = 1;
	core_lab_probe(&lab);
}

static void hands_over_to(uint8_t id)
{
	struct vrrp_report *holder = &lab.peer[1];

	holder->switchover_target = id;
	holder->role = VRRP_ROLE_LEAVING;
	core_lab_hear(&lab, 1);
	holder->release = holder->ballot;
	holder->ballot = (struct vrrp_ballot){ 0 };
	holder->role = VRRP_ROLE_FAULT;
	holder->flags = 0;
	holder->fault_reasons = VRRP_FAULT_BIT(VRRP_FAULT_PG_DOWN);
	core_lab_hear(&lab, 1);
}

static void s8_the_target_looks_often_and_says_what_it_gets(void **state)
{
	(void)state;
	standby();
	lab.peer[1].switchover_target = 1;
	core_lab_hear(&lab, 1);
	assert_int_equal(core_lab_count(&lab, VRRP_ACT_PROBE), 0); /* it still serves */
	lab.peer[1].role = VRRP_ROLE_LEAVING;
	core_lab_hear(&lab, 1);
	assert_true(core_lab_count(&lab, VRRP_ACT_PROBE) > 0);
	lab.pg.position += 8;
	core_lab_probe(&lab);
	assert_int_equal(core_lab_count(&lab, VRRP_ACT_SEND), 1);
}

/* The lab's own member has the lowest priority: it would be the last. */
static void s8_the_target_stands_at_once_and_the_others_wait(void **state)
{
	(void)state;
	standby();
	hands_over_to(1);
	core_lab_hear(&lab, 2);
	core_lab_after_us(&lab, 32 * CORE_LAB_MS);
	assert_int_equal(lab.core.role, VRRP_ROLE_CANDIDATE);
	standby();
	hands_over_to(3);
	core_lab_hear(&lab, 2);
	core_lab_after_us(&lab, 900 * CORE_LAB_MS);
	assert_int_equal(lab.core.role, VRRP_ROLE_BACKUP);
}

static void s8_a_voter_waits_for_the_target_while_it_is_heard_a_lease_at_most(void **state)
{
	(void)state;
	core_lab_up(&lab, 4, 0);
	core_lab_be_master(&lab, 1, 20, 1);
	core_lab_hear(&lab, 1);
	hands_over_to(3);
	core_lab_hear(&lab, 2);
	assert_false(core_lab_ask(&lab, 3));
	assert_int_equal(core_lab_refusal(&lab, 3), VRRP_REFUSAL_TARGET);
	core_lab_after_us(&lab, 500 * CORE_LAB_MS);
	core_lab_hear(&lab, 1); /* says it again: not from now on */
	core_lab_hear(&lab, 2);
	core_lab_after_us(&lab, 499 * CORE_LAB_MS);
	assert_false(core_lab_ask_again(&lab, 3));
	core_lab_after_us(&lab, CORE_LAB_MS);
	assert_true(core_lab_ask_again(&lab, 3));
}

static void s8_a_target_that_is_not_heard_holds_nobody_up(void **state)
{
	(void)state;
	core_lab_up(&lab, 4, 0);
	core_lab_be_master(&lab, 1, 20, 1);
	core_lab_after_us(&lab, SECOND); /* member 3 is silent for a lease */
	core_lab_hear(&lab, 1);
	hands_over_to(3);
	core_lab_hear(&lab, 3);
	assert_true(core_lab_ask(&lab, 3));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(s8_the_order_of_a_switchover),
		cmocka_unit_test(s8_the_release_names_the_target_for_a_lease_and_others_are_refused),
		cmocka_unit_test(s8_not_reached_serves_again_under_the_same_lease),
		cmocka_unit_test(s8_an_unclean_stop_is_not_reached),
		cmocka_unit_test(s8_a_target_that_got_lost_is_not_left_with_the_address),
		cmocka_unit_test(refused_with_the_reason),
		cmocka_unit_test(the_best_target_has_the_highest_priority),
		cmocka_unit_test(s41_a_normal_stop_is_a_switchover),
		cmocka_unit_test(s41_a_stop_whose_target_is_not_reached_lets_go_all_the_same),
		cmocka_unit_test(a_lease_that_ends_meanwhile_ends_the_switchover),
		cmocka_unit_test(a_postgresql_that_dies_before_its_stop_is_a_failover),
		cmocka_unit_test(walsenders_that_do_not_end_do_not_hold_it_up),
		cmocka_unit_test(walsenders_of_healthy_standbys_are_left_alone),
		cmocka_unit_test(s8_the_target_looks_often_and_says_what_it_gets),
		cmocka_unit_test(s8_the_target_stands_at_once_and_the_others_wait),
		cmocka_unit_test(s8_a_voter_waits_for_the_target_while_it_is_heard_a_lease_at_most),
		cmocka_unit_test(s8_a_target_that_is_not_heard_holds_nobody_up),
	};

	return cmocka_run_group_tests_name("core_switch", tests, NULL, NULL);
}
