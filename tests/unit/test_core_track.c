/*
 * Tracked scripts and weights (protocol.md section 4, "Eligible", "Order"; track.h): who may be promoted, what a MASTER
 * does when its script fails, and what a weight changes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "tests/unit/core_lab.h"

#define SECOND VRRP_US_PER_S
#define ALL 0xfeU
#define SCRIPT VRRP_FAULT_BIT(VRRP_FAULT_SCRIPT)

static struct core_lab lab;
static const struct vrrp_track good = { .failed = false };
static const struct vrrp_track failed = { .failed = true };
static const char FOUR_ONE[] = "gate-out destroy unbind advert-0 gate-shut LEAVING pg:stop immediate send";

static void track(struct vrrp_track seen)
{
	core_lab_step(&lab, (struct vrrp_event){ .kind = VRRP_EVENT_TRACK, .track = seen });
}

/* Holds and serves, with two others that could take over. */
static void serving(void)
{
	core_lab_init(&lab, 3, 0);
	lab.config.switchover_timeout_us = 30 * SECOND;
	core_lab_start(&lab);
	core_lab_hear_all(&lab);
	core_lab_serve(&lab);
	core_lab_run_us(&lab, SECOND, ALL);
}

/* Member i streams from me under my ballot and has all: a switchover to it loses nothing. */
static void streams(unsigned i)
{
	lab.peer[i].flags |= VRRP_FLAG_STREAMING;
	lab.peer[i].upstream = 1;
	lab.peer[i].epoch = lab.core.ballot;
	lab.peer[i].timeline = lab.pg.timeline;
	lab.peer[i].position = lab.pg.position;
	core_lab_hear(&lab, i);
}

static void nobody_else_is_eligible(void)
{
	for (unsigned i = 1; i < 3; i++) {
		lab.peer[i].flags &= (uint16_t)~VRRP_FLAG_ELIGIBLE;
	}
	core_lab_hear_all(&lab);
}

static bool says(const char *text)
{
	bool said = false;

	for (unsigned i = 0; i < lab.done_count; i++) {
		said = said || (lab.done[i].kind == VRRP_ACT_LOG && strstr(lab.done[i].text, text) != NULL);
	}
	return said;
}

static void what_is_down_keeps_a_standby_from_standing(void **state)
{
	(void)state;
	core_lab_up(&lab, 3, 0);
	track(failed);
	assert_int_equal(lab.core.role, VRRP_ROLE_FAULT);
	assert_int_equal(lab.mine.fault_reasons, SCRIPT);
	assert_int_equal(lab.mine.flags & VRRP_FLAG_ELIGIBLE, 0);
	core_lab_run_us(&lab, 900 * CORE_LAB_MS, ALL);
	assert_false(core_lab_became(&lab, VRRP_ROLE_CANDIDATE));
	track(good);
	assert_true(core_lab_became(&lab, VRRP_ROLE_BACKUP));
	assert_int_equal(lab.mine.fault_reasons, 0);
}

static void before_a_script_was_run_a_standby_is_starting(void **state)
{
	(void)state;
	core_lab_init(&lab, 3, 0);
	lab.config.scripts = true;
	core_lab_start(&lab);
	core_lab_hear_all(&lab);
	core_lab_run_us(&lab, 900 * CORE_LAB_MS, ALL);
	assert_int_equal(lab.core.role, VRRP_ROLE_INIT);
	assert_int_equal(lab.mine.fault_reasons, SCRIPT);
	track(good);
	assert_true(core_lab_became(&lab, VRRP_ROLE_BACKUP));
	core_lab_init(&lab, 3, 0);
	lab.config.scripts = true;
	core_lab_start(&lab);
	track(failed);
	assert_int_equal(lab.core.role, VRRP_ROLE_FAULT);
}

/* Or the restart of a daemon whose script takes its time would fail over from a healthy primary. */
static void a_running_primary_does_not_wait_for_its_scripts(void **state)
{
	(void)state;
	core_lab_init(&lab, 3, 0);
	lab.config.scripts = true;
	lab.pg.in_recovery = false;
	core_lab_start(&lab);
	core_lab_hear_all(&lab);
	assert_int_equal(lab.mine.fault_reasons, 0);
	core_lab_run_us(&lab, 900 * CORE_LAB_MS, ALL);
	assert_int_equal(lab.core.role, VRRP_ROLE_MASTER);
	track((struct vrrp_track){ .unknown = true });
	assert_int_equal(lab.core.role, VRRP_ROLE_MASTER);
}

static void a_master_hands_over_what_it_has_if_it_can(void **state)
{
	(void)state;
	serving();
	streams(1);
	streams(2);
	track(failed);
	assert_string_equal(core_lab_line(&lab), "pg:checkpoint advert-99 send");
	assert_false(says("stays"));
	assert_true((lab.mine.fault_reasons & SCRIPT) != 0);
	core_lab_run_us(&lab, SECOND, ALL); /* once */
	assert_int_equal(core_lab_ops(&lab, VRRP_PG_OP_CHECKPOINT), 0);
	assert_int_equal(lab.core.role, VRRP_ROLE_MASTER);
	streams(1);
	streams(2);
	core_lab_step(&lab,
		(struct vrrp_event){ .kind = VRRP_EVENT_PG_DONE, .ticket = lab.core.switchover.ticket, .ok = true });
	assert_string_equal(
		core_lab_line(&lab), "gate-out destroy unbind advert-0 gate-shut LEAVING pg:stop fast send");
}

static void a_switchover_that_fails_is_not_tried_twice(void **state)
{
	(void)state;
	serving();
	streams(1);
	streams(2);
	track(failed);
	core_lab_step(&lab,
		(struct vrrp_event){ .kind = VRRP_EVENT_PG_DONE, .ticket = lab.core.switchover.ticket, .ok = false });
	core_lab_run_us(&lab, CORE_LAB_MS, ALL);
	assert_int_equal(lab.core.switchover.phase, VRRP_SWITCH_NO_CHECKPOINT);
	assert_int_equal(lab.core.role, VRRP_ROLE_LEAVING);
	assert_int_equal(core_lab_ops(&lab, VRRP_PG_OP_CHECKPOINT), 0);
}

static void a_script_that_is_good_again_may_fail_again(void **state)
{
	(void)state;
	serving();
	streams(1);
	track(failed);
	core_lab_step(&lab,
		(struct vrrp_event){ .kind = VRRP_EVENT_PG_DONE, .ticket = lab.core.switchover.ticket, .ok = true });
	assert_int_equal(lab.core.role, VRRP_ROLE_LEAVING);
	serving();
	streams(1);
	lab.core.track.handed_over = true;
	track(failed);
	assert_string_equal(core_lab_line(&lab), FOUR_ONE);
	serving();
	streams(1);
	lab.core.track.handed_over = true;
	track((struct vrrp_track){ .weight = 1 }); /* good */
	track(failed);
	assert_string_equal(core_lab_line(&lab), "pg:checkpoint advert-99 send");
}

/* None streams from here: whoever is eligible takes over with what it has (max_lag). */
static void s41_a_master_lets_go_if_a_switchover_cannot_be(void **state)
{
	(void)state;
	serving();
	track(failed);
	assert_string_equal(core_lab_line(&lab), FOUR_ONE);
}

static void a_hung_postgresql_is_not_handed_over(void **state)
{
	(void)state;
	serving();
	streams(1);
	lab.pg.faults = VRRP_FAULT_BIT(VRRP_FAULT_PG_HUNG);
	nobody_else_is_eligible();
	core_lab_probe(&lab);
	track(failed);
	assert_int_equal(lab.core.role, VRRP_ROLE_MASTER);
	lab.peer[1].flags |= VRRP_FLAG_ELIGIBLE;
	core_lab_hear(&lab, 1);
	assert_string_equal(core_lab_line(&lab), FOUR_ONE);
}

static void a_master_stays_if_nobody_else_is_eligible(void **state)
{
	(void)state;
	serving();
	nobody_else_is_eligible();
	track(failed);
	assert_int_equal(lab.core.role, VRRP_ROLE_MASTER);
	assert_true(says("not fit to serve (script), but stays: nobody else can take over"));
	assert_true((lab.mine.fault_reasons & SCRIPT) != 0);
	core_lab_run_us(&lab, 5 * SECOND, ALL);
	assert_int_equal(lab.core.role, VRRP_ROLE_MASTER);
	core_lab_event(&lab, VRRP_EVENT_LINK, false);
	track(good);
	core_lab_event(&lab, VRRP_EVENT_LINK, true);
	track(failed);
	lab.peer[2].flags |= VRRP_FLAG_ELIGIBLE;
	core_lab_hear(&lab, 2); /* now it is */
	assert_string_equal(core_lab_line(&lab), FOUR_ONE);
}

static void while_paused_nothing_moves(void **state)
{
	(void)state;
	serving();
	core_lab_event(&lab, VRRP_EVENT_PAUSE, true);
	track(failed);
	core_lab_run_us(&lab, 2 * SECOND, ALL);
	assert_int_equal(lab.core.role, VRRP_ROLE_MASTER);
}

/* A promotion cannot be taken back. */
static void who_was_elected_and_fails_is_not_promoted(void **state)
{
	(void)state;
	core_lab_init(&lab, 3, 0);
	core_lab_start(&lab);
	lab.disk_held = true; /* the epoch is on its way */
	core_lab_elect(&lab);
	assert_int_equal(lab.core.role, VRRP_ROLE_PROMOTING);
	track(failed);
	core_lab_stored(&lab, true);
	assert_int_equal(core_lab_ops(&lab, VRRP_PG_OP_PROMOTE), 0);
	assert_int_equal(lab.core.role, VRRP_ROLE_FAULT);
}

static void a_weight_changes_the_priority_at_once(void **state)
{
	static const struct {
		int32_t weight;
		uint8_t priority;
	} CASES[] = { { -20, 79 }, { 20, 119 }, { 0, 99 }, { -98, 1 }, { -99, 1 }, { -253, 1 }, { 155, 254 },
		{ 156, 254 }, { 253, 254 }, { 4048, 254 }, { -4048, 1 }, { INT32_MAX, 254 }, { INT32_MIN, 1 } };

	(void)state;
	serving();
	assert_int_equal(lab.mine.priority, 99);
	for (size_t i = 0; i < VRRP_ARRAY_LENGTH(CASES); i++) {
		char line[64];

		(void)snprintf(line, sizeof(line), "advert-%u send", CASES[i].priority);
		track((struct vrrp_track){ .weight = CASES[i].weight });
		assert_string_equal(core_lab_line(&lab), line);
		assert_int_equal(lab.mine.priority, CASES[i].priority);
		assert_int_equal(vrrp_core_priority(&lab.core), CASES[i].priority);
		assert_int_equal(lab.core.role, VRRP_ROLE_MASTER); /* we never preempt */
	}
}

/* Two standbys, equal in all but priority: mine is the lower one, until the weight. */
static void a_weight_changes_the_order_of_candidates(void **state)
{
	(void)state;
	core_lab_up(&lab, 3, 0);
	core_lab_hear_all(&lab);
	assert_true(lab.peer[1].priority > lab.mine.priority && lab.peer[2].priority > lab.mine.priority);
	track((struct vrrp_track){ .weight = 100 });
	core_lab_hear_all(&lab);
	core_lab_run_us(&lab, 30 * CORE_LAB_MS, 0); /* rank 0 waits for the first look only */
	assert_true(core_lab_became(&lab, VRRP_ROLE_CANDIDATE) || lab.core.role == VRRP_ROLE_CANDIDATE);
	core_lab_up(&lab, 3, 0);
	core_lab_hear_all(&lab);
	track((struct vrrp_track){ .weight = -98 });
	core_lab_hear_all(&lab);
	core_lab_run_us(&lab, 30 * CORE_LAB_MS, 0);
	assert_false(core_lab_became(&lab, VRRP_ROLE_CANDIDATE));
}

static void the_best_target_is_the_one_of_the_highest_effective_priority(void **state)
{
	uint8_t target = 0;

	(void)state;
	serving();
	streams(1);
	streams(2);
	lab.peer[1].priority = 5; /* its weight has lowered it: the configured one is equal */
	lab.peer[2].priority = 6;
	streams(1);
	streams(2);
	assert_int_equal(vrrp_core_switch_check(&lab.core, VRRP_MEMBER_NONE, &target), VRRP_SWITCH_REFUSED_NONE);
	assert_int_equal(target, 2);
	lab.peer[1].priority = 7;
	streams(1);
	assert_int_equal(vrrp_core_switch_check(&lab.core, VRRP_MEMBER_NONE, &target), VRRP_SWITCH_REFUSED_NONE);
	assert_int_equal(target, 1);
}

static void what_is_tracked_adds_up_as_in_keepalived(void **state)
{
	struct vrrp_track sum = { .failed = false };

	(void)state;
	vrrp_track_add(&sum, VRRP_TRACK_UP, 0);
	assert_true(vrrp_track_equal(&sum, &good));
	vrrp_track_add(&sum, VRRP_TRACK_UP, 10);
	vrrp_track_add(&sum, VRRP_TRACK_DOWN, -3);
	assert_int_equal(sum.weight, 7);
	vrrp_track_add(&sum, VRRP_TRACK_DOWN, 10);
	vrrp_track_add(&sum, VRRP_TRACK_UP, -3);
	vrrp_track_add(&sum, VRRP_TRACK_UNKNOWN, -3);
	vrrp_track_add(&sum, VRRP_TRACK_UNKNOWN, 253);
	assert_int_equal(sum.weight, 7);
	assert_false(sum.failed || sum.unknown); /* with a weight nothing is excluded */
	vrrp_track_add(&sum, VRRP_TRACK_UNKNOWN, 0);
	assert_true(sum.unknown);
	assert_false(sum.failed);
	vrrp_track_add(&sum, VRRP_TRACK_DOWN, 0);
	assert_true(sum.failed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_down_keeps_a_standby_from_standing),
		cmocka_unit_test(before_a_script_was_run_a_standby_is_starting),
		cmocka_unit_test(a_running_primary_does_not_wait_for_its_scripts),
		cmocka_unit_test(a_master_hands_over_what_it_has_if_it_can),
		cmocka_unit_test(a_switchover_that_fails_is_not_tried_twice),
		cmocka_unit_test(a_script_that_is_good_again_may_fail_again),
		cmocka_unit_test(s41_a_master_lets_go_if_a_switchover_cannot_be),
		cmocka_unit_test(a_hung_postgresql_is_not_handed_over),
		cmocka_unit_test(a_master_stays_if_nobody_else_is_eligible),
		cmocka_unit_test(while_paused_nothing_moves),
		cmocka_unit_test(who_was_elected_and_fails_is_not_promoted),
		cmocka_unit_test(a_weight_changes_the_priority_at_once),
		cmocka_unit_test(a_weight_changes_the_order_of_candidates),
		cmocka_unit_test(the_best_target_is_the_one_of_the_highest_effective_priority),
		cmocka_unit_test(what_is_tracked_adds_up_as_in_keepalived),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
