/*
 * Who diverged (protocol.md section 6 (c); I6; attack A2): marked, rewound or cloned, and only then a standby again.
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

/* Beyond the point where the holder's timeline branched off. */
static void diverged_standby(void)
{
	core_lab_init(&lab, 3, 0);
	lab.pg.position += 0x1000;
	core_lab_start(&lab);
	core_lab_hear(&lab, 1);
	core_lab_hear(&lab, 1);
	master_appears();
}

static void s6c_who_diverged_says_so_rewinds_and_only_then_takes_the_epoch(void **state)
{
	(void)state;
	diverged_standby();
	assert_string_equal(core_lab_line(&lab), "send store FAULT send store pg:rewind send");
	assert_true(lab.disk.diverged);
	assert_int_equal(lab.disk.epoch.counter, 0);
	assert_true((lab.mine.flags & VRRP_FLAG_DIVERGED) != 0);
	assert_int_equal(lab.mine.flags & VRRP_FLAG_ELIGIBLE, 0);
	core_lab_run_us(&lab, SECOND, 1U << 1);
	assert_int_equal(lab.disk.epoch.counter, 0);
	assert_int_equal(lab.mine.epoch.counter, 0);
	lab.pg.timeline = 2;
	lab.pg.position = lab.peer[1].position;
	core_lab_pg_done(&lab, true);
	assert_false(lab.disk.diverged);
	assert_true(vrrp_ballot_equal(&lab.disk.epoch, &lab.peer[1].ballot));
	assert_int_equal(lab.disk.history.count, 2); /* the holder's: it streams from it */
	assert_true(lab.disk.history.entry[1].fingerprint == lab.peer[1].history.entry[1].fingerprint);
}

static void s6c_nothing_is_rewound_before_diverged_is_on_the_disk(void **state)
{
	(void)state;
	core_lab_init(&lab, 3, 0);
	lab.pg.position += 0x1000;
	core_lab_start(&lab);
	core_lab_hear(&lab, 1);
	lab.disk_held = true;
	master_appears();
	core_lab_run_us(&lab, 500 * CORE_LAB_MS, 1U << 1);
	assert_int_equal(core_lab_count(&lab, VRRP_ACT_PG), 0);
	core_lab_stored(&lab, true);
	assert_int_equal(core_lab_ops(&lab, VRRP_PG_OP_REWIND), 0); /* nor before `rewinding` is */
	assert_true(lab.disk.diverged);
	core_lab_stored(&lab, true);
	assert_int_equal(core_lab_ops(&lab, VRRP_PG_OP_REWIND), 1);
	assert_true(lab.disk.rewinding);
}

/* Half rewound it is neither started nor rewound again: only replaced, and only from a holder. */
static void s6c_who_died_while_rewinding_is_cloned_from_the_next_holder(void **state)
{
	(void)state;
	core_lab_init(&lab, 3, 0);
	lab.disk.diverged = true;
	lab.disk.rewinding = true;
	lab.disk.system_identifier = CORE_LAB_SYSTEM;
	lab.disk.history = lab.history;
	lab.pg = (struct vrrp_pg){ .gone = true, .upstream = VRRP_MEMBER_NONE };
	core_lab_start(&lab);
	core_lab_run_us(&lab, 20 * SECOND, 1U << 1 | 1U << 2);
	assert_int_equal(core_lab_count(&lab, VRRP_ACT_PG), 0);
	master_appears();
	assert_int_equal(core_lab_ops(&lab, VRRP_PG_OP_CLONE), 1);
}

static void s6c_a_rewind_that_had_not_begun_is_no_reason_to_clone(void **state)
{
	(void)state;
	diverged_standby();
	lab.pg.up = false;
	lab.pg.gone = true;
	core_lab_step(&lab,
		(struct vrrp_event){
			.kind = VRRP_EVENT_PG_DONE, .ticket = lab.core.op_ticket, .untouched = true, .pg = lab.pg });
	assert_false(lab.disk.rewinding);
	core_lab_run_us(&lab, 5 * SECOND, 1U << 1);
	assert_int_equal(core_lab_ops(&lab, VRRP_PG_OP_CLONE), 0);
}

static void s6c_a_rewind_that_fails_is_a_clone_the_next_time(void **state)
{
	(void)state;
	diverged_standby();
	core_lab_pg_done(&lab, false);
	assert_true(lab.disk.diverged);
	lab.pg.up = true;
	core_lab_run_us(&lab, 100 * CORE_LAB_MS, 1U << 1);
	assert_int_equal(core_lab_ops(&lab, VRRP_PG_OP_CLONE), 0); /* not at once */
	core_lab_run_us(&lab, 2 * SECOND, 1U << 1);
	assert_int_equal(core_lab_ops(&lab, VRRP_PG_OP_CLONE), 1);
}

/* A2: number and switch point are the same, only the fingerprint tells; pg_rewind would say that nothing is to do. */
static void a2_a_timeline_of_the_same_number_and_switch_point_is_cloned(void **state)
{
	(void)state;
	core_lab_init(&lab, 3, 0);
	vrrp_history_append(&lab.history, &(struct vrrp_timeline){ 2, CORE_LAB_LSN, 0xaaaa });
	lab.pg.timeline = 2;
	lab.pg.position += 0x80;
	core_lab_start(&lab);
	core_lab_hear(&lab, 1);
	master_appears(); /* 2 at CORE_LAB_LSN with another fingerprint */
	assert_int_equal(lab.peer[1].history.entry[1].switch_point, CORE_LAB_LSN);
	assert_string_equal(core_lab_line(&lab), "send store FAULT pg:clone send");
}

/* pg_rewind: "source and target cluster are on the same timeline", "no rewind required". */
static void a2_a_timeline_of_the_same_number_and_another_switch_point_is_cloned(void **state)
{
	(void)state;
	core_lab_init(&lab, 3, 0);
	vrrp_history_append(&lab.history, &(struct vrrp_timeline){ 2, CORE_LAB_LSN - 0x40, 0xaaaa });
	lab.pg.timeline = 2;
	lab.pg.position += 0x80;
	core_lab_start(&lab);
	core_lab_hear(&lab, 1);
	master_appears();
	assert_int_equal(lab.peer[1].history.entry[1].switch_point, CORE_LAB_LSN);
	assert_string_equal(core_lab_line(&lab), "send store FAULT pg:clone send");
}

/* A promotion ordered before may still come about behind the last look; then pg_rewind would see another timeline. */
static void c1_who_may_still_be_promoted_is_stopped_before_it_is_rewound(void **state)
{
	(void)state;
	core_lab_init(&lab, 3, 0);
	lab.disk.promoting = (struct vrrp_ballot){ 5, 101, 1 };
	lab.disk.system_identifier = CORE_LAB_SYSTEM;
	lab.pg.position += 0x1000;
	core_lab_start(&lab);
	core_lab_hear(&lab, 1);
	master_appears();
	assert_int_equal(core_lab_ops(&lab, VRRP_PG_OP_REWIND), 0);
	assert_int_equal(lab.core.op, VRRP_PG_OP_STOP_IMMEDIATE);
}

/* Whatever kept the clone from beginning: the directory is as half rewound as it was. */
static void s6c_a_clone_that_had_not_begun_leaves_it_half_rewound(void **state)
{
	(void)state;
	core_lab_init(&lab, 3, 0);
	lab.disk.diverged = true;
	lab.disk.rewinding = true;
	lab.disk.system_identifier = CORE_LAB_SYSTEM;
	lab.disk.history = lab.history;
	lab.pg = (struct vrrp_pg){ .gone = true, .upstream = VRRP_MEMBER_NONE };
	core_lab_start(&lab);
	core_lab_hear(&lab, 1);
	master_appears();
	assert_int_equal(lab.core.op, VRRP_PG_OP_CLONE);
	core_lab_step(&lab,
		(struct vrrp_event){
			.kind = VRRP_EVENT_PG_DONE, .ticket = lab.core.op_ticket, .untouched = true, .pg = lab.pg });
	core_lab_run_us(&lab, 5 * SECOND, 1U << 1);
	assert_true(lab.disk.rewinding);
	assert_int_equal(core_lab_ops(&lab, VRRP_PG_OP_START_STANDBY), 0);
}

static void a2_who_streams_from_the_holder_on_a_diverged_history_is_told_apart_too(void **state)
{
	(void)state;
	core_lab_init(&lab, 3, 0);
	lab.disk.epoch = (struct vrrp_ballot){ 5, 101, 2 };
	vrrp_history_append(&lab.history, &(struct vrrp_timeline){ 2, CORE_LAB_LSN, 0xaaaa });
	lab.pg.timeline = 2;
	lab.pg.position += 0x80;
	streaming_from(1);
	core_lab_start(&lab);
	core_lab_hear(&lab, 1);
	master_appears();
	assert_true(lab.disk.diverged);
	assert_int_equal(core_lab_ops(&lab, VRRP_PG_OP_CLONE), 1);
}

static void managed_by_somebody_else_nothing_is_rewound_or_started(void **state)
{
	(void)state;
	core_lab_init(&lab, 3, 0);
	lab.config.manage_full = false;
	lab.pg.position += 0x1000;
	core_lab_start(&lab);
	core_lab_hear(&lab, 1);
	master_appears();
	core_lab_run_us(&lab, 5 * SECOND, 1U << 1);
	assert_true(lab.disk.diverged);
	assert_int_equal(core_lab_count(&lab, VRRP_ACT_PG), 0);
	core_lab_event(&lab, VRRP_EVENT_PG_DEAD, true);
	core_lab_run_us(&lab, 5 * SECOND, 1U << 1);
	assert_int_equal(core_lab_count(&lab, VRRP_ACT_PG), 0);
}

/* The holder changed while it is being copied: what is copied is broken off, and begun again from the new one. */
static void a_copy_of_a_holder_that_is_none_any_more_is_broken_off(void **state)
{
	(void)state;
	diverged_standby();
	assert_int_equal(lab.core.op, VRRP_PG_OP_REWIND);
	core_lab_run_us(&lab, 1100 * CORE_LAB_MS, 0);
	core_lab_be_master(&lab, 2, 21, 2);
	core_lab_hear(&lab, 2);
	assert_int_equal(core_lab_ops(&lab, VRRP_PG_OP_STOP_IMMEDIATE), 1);
	core_lab_pg_done(&lab, true);
	core_lab_run_us(&lab, 5 * SECOND, 1U << 2);
	assert_int_equal(lab.core.op, VRRP_PG_OP_CLONE); /* half rewound: only ever replaced */
	assert_int_equal(lab.core.op_member, 2);
}

static void a_dead_primary_is_not_started_while_another_member_is_promoted(void **state)
{
	(void)state;
	core_lab_up(&lab, 3, 0);
	core_lab_be_master(&lab, 1, 20, 2);
	lab.peer[1].role = VRRP_ROLE_PROMOTING;
	core_lab_hear(&lab, 1);
	core_lab_event(&lab, VRRP_EVENT_PG_DEAD, false);
	core_lab_run_us(&lab, SECOND, 1U << 1);
	assert_int_equal(core_lab_ops(&lab, VRRP_PG_OP_START_STANDBY), 0);
	lab.peer[1].role = VRRP_ROLE_MASTER;
	core_lab_run_us(&lab, SECOND, 1U << 1);
	assert_int_equal(core_lab_ops(&lab, VRRP_PG_OP_START_STANDBY), 1);
}

/* With quorum the one that is promoted may need its vouch first, and only a running standby can vouch (section 7). */
static void a_dead_primary_is_started_at_once_where_its_vouch_may_be_needed(void **state)
{
	(void)state;
	core_lab_up(&lab, 3, 0);
	lab.core.config.durability = VRRP_DURABILITY_QUORUM;
	core_lab_be_master(&lab, 1, 20, 2);
	lab.peer[1].role = VRRP_ROLE_PROMOTING;
	core_lab_hear(&lab, 1);
	core_lab_event(&lab, VRRP_EVENT_PG_DEAD, false);
	core_lab_run_us(&lab, SECOND, 1U << 1);
	assert_int_equal(core_lab_ops(&lab, VRRP_PG_OP_START_STANDBY), 1);
}

static void a_dead_primary_is_started_though_nobody_is_promoted(void **state)
{
	(void)state;
	core_lab_up(&lab, 3, 0);
	core_lab_event(&lab, VRRP_EVENT_PG_DEAD, false);
	core_lab_run_us(&lab, SECOND, 0);
	assert_int_equal(core_lab_ops(&lab, VRRP_PG_OP_START_STANDBY), 1);
}

/*
 * What makes PostgreSQL's receiver connect anew (the slot of a standby that streams without one) waits until the holder
 * was compared and its epoch is on the disk: a former holder that was cloned, or one that has diverged, gets no slot
 * ahead of that.
 */
static void i6_follows_only_who_was_compared(void **state)
{
	(void)state;
	core_lab_up(&lab, 3, 0);
	streaming_from(1);
	core_lab_probe(&lab);
	assert_false(vrrp_core_follows(&lab.core)); /* it streams, and nobody serves */
	lab.disk_held = true;
	core_lab_be_master(&lab, 1, 20, 1);
	core_lab_hear(&lab, 1);
	core_lab_after_us(&lab, 3 * SECOND); /* silence is over; the epoch is on its way */
	core_lab_hear(&lab, 1);
	assert_false(vrrp_core_follows(&lab.core));
	lab.disk_held = false;
	core_lab_stored(&lab, true);
	core_lab_hear(&lab, 1);
	assert_true(vrrp_core_follows(&lab.core));
	core_lab_be_master(&lab, 2, 30, 2); /* another one, not compared yet */
	core_lab_hear(&lab, 2);
	assert_false(vrrp_core_follows(&lab.core));
}

static void i6_who_diverged_follows_nobody(void **state)
{
	(void)state;
	diverged_standby();
	streaming_from(1);
	core_lab_probe(&lab);
	assert_false(vrrp_core_follows(&lab.core));
}

/* Marked while it streamed from another: what it receives meanwhile was compared by nobody. */
static void a2_who_diverged_and_still_receives_is_detached_before_it_is_rewound(void **state)
{
	(void)state;
	core_lab_init(&lab, 3, 0);
	lab.disk.diverged = true;
	lab.disk.system_identifier = CORE_LAB_SYSTEM;
	lab.disk.history = lab.history;
	lab.pg.position += 0x1000;
	streaming_from(2);
	core_lab_start(&lab);
	core_lab_hear(&lab, 1);
	core_lab_hear(&lab, 1);
	master_appears();
	core_lab_run_us(&lab, 500 * CORE_LAB_MS, 1U << 1);
	assert_int_equal(core_lab_ops(&lab, VRRP_PG_OP_REWIND), 0);
	assert_int_equal(lab.core.op, VRRP_PG_OP_DETACH);
	lab.pg.receiver = lab.pg.streaming = false;
	lab.pg.upstream = VRRP_MEMBER_NONE;
	lab.pg.no_upstream = true;
	lab.pg.position_known = true;
	core_lab_pg_done(&lab, true);
	core_lab_probe(&lab);
	core_lab_run_us(&lab, 2 * SECOND, 1U << 1);
	assert_int_equal(lab.core.op, VRRP_PG_OP_REWIND);
}

/* Between two receivers, and its end not known: the next one would go where primary_conninfo says, behind my back. */
static void a2_who_names_another_than_the_holder_is_detached_though_nothing_is_received(void **state)
{
	(void)state;
	core_lab_init(&lab, 3, 0);
	streaming_from(2);
	core_lab_start(&lab);
	lab.pg.receiver = lab.pg.streaming = false;
	lab.pg.upstream = VRRP_MEMBER_NONE;
	core_lab_probe(&lab);
	core_lab_hear(&lab, 1);
	core_lab_hear(&lab, 1);
	assert_int_equal(lab.core.op, VRRP_PG_OP_NONE);
	master_appears();
	core_lab_run_us(&lab, 100 * CORE_LAB_MS, 1U << 1);
	assert_int_equal(lab.core.op, VRRP_PG_OP_DETACH);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_dead_primary_is_not_started_while_another_member_is_promoted),
		cmocka_unit_test(a_dead_primary_is_started_at_once_where_its_vouch_may_be_needed),
		cmocka_unit_test(a_dead_primary_is_started_though_nobody_is_promoted),
		cmocka_unit_test(s6c_who_diverged_says_so_rewinds_and_only_then_takes_the_epoch),
		cmocka_unit_test(s6c_nothing_is_rewound_before_diverged_is_on_the_disk),
		cmocka_unit_test(s6c_a_rewind_that_fails_is_a_clone_the_next_time),
		cmocka_unit_test(s6c_who_died_while_rewinding_is_cloned_from_the_next_holder),
		cmocka_unit_test(s6c_a_rewind_that_had_not_begun_is_no_reason_to_clone),
		cmocka_unit_test(a2_a_timeline_of_the_same_number_and_switch_point_is_cloned),
		cmocka_unit_test(a2_a_timeline_of_the_same_number_and_another_switch_point_is_cloned),
		cmocka_unit_test(c1_who_may_still_be_promoted_is_stopped_before_it_is_rewound),
		cmocka_unit_test(s6c_a_clone_that_had_not_begun_leaves_it_half_rewound),
		cmocka_unit_test(a2_who_streams_from_the_holder_on_a_diverged_history_is_told_apart_too),
		cmocka_unit_test(a_copy_of_a_holder_that_is_none_any_more_is_broken_off),
		cmocka_unit_test(managed_by_somebody_else_nothing_is_rewound_or_started),
		cmocka_unit_test(i6_follows_only_who_was_compared),
		cmocka_unit_test(i6_who_diverged_follows_nobody),
		cmocka_unit_test(a2_who_diverged_and_still_receives_is_detached_before_it_is_rewound),
		cmocka_unit_test(a2_who_names_another_than_the_holder_is_detached_though_nothing_is_received),
	};

	return cmocka_run_group_tests_name("core_rejoin", tests, NULL, NULL);
}
