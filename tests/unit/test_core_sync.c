/* The holder's sync names (protocol.md section 7; A5, D7). Member 1 is the core. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/core_lab.h"

#define SECOND VRRP_US_PER_S

static struct core_lab lab;

/* A running primary that holds the lease and has its voucher; what the list says and who streams is in lab.list. */
static void up_primary_with(struct vrrp_pg_sync list)
{
	core_lab_init(&lab, 3, 0);
	core_lab_quorum(&lab);
	list.settings_ok = lab.list.settings_ok;
	lab.list = list;
	lab.disk.ballot_counter = 50;
	lab.pg.in_recovery = false;
	lab.pg.position_known = false;
	core_lab_sync_said(&lab);
	core_lab_start(&lab);
	core_lab_hear_all(&lab);
	core_lab_elect(&lab);
	core_lab_vouch(&lab, 1);
}

static void serving(void)
{
	up_primary_with((struct vrrp_pg_sync){ 0 });
	core_lab_settle(&lab);
	assert_int_equal(lab.core.role, VRRP_ROLE_MASTER);
}

static void d7_an_empty_list_is_set_all_senders_go_and_a_commit_waits_before_the_gate(void **state)
{
	(void)state;
	up_primary_with((struct vrrp_pg_sync){ .senders = 2 });
	assert_int_equal(lab.core.op, VRRP_PG_OP_SYNC_NAMES);
	assert_int_equal(lab.core.sync_set, 0);
	assert_int_equal(lab.core.sync_k, 1);
	core_lab_pg_done(&lab, true);
	assert_int_equal(lab.core.op, VRRP_PG_OP_DROP_SENDERS);
	assert_int_equal(lab.core.sync_set, 0);
	assert_int_equal(lab.core.sync_k, 1);
	assert_int_equal(lab.core.role, VRRP_ROLE_PROMOTING);
	core_lab_pg_done(&lab, true);
	assert_int_equal(lab.core.role, VRRP_ROLE_MASTER);
}

static void a5_an_old_name_still_counting_keeps_the_gate_shut(void **state)
{
	(void)state;
	up_primary_with((struct vrrp_pg_sync){ .listed = true, .k = 1, .named = 2, .counted = 2, .senders = 2 });
	assert_int_equal(lab.core.op, VRRP_PG_OP_SYNC_NAMES);
	core_lab_pg_done(&lab, true);
	assert_int_equal(lab.core.op, VRRP_PG_OP_DROP_SENDERS); /* the proof; nobody is cut off for it */
	assert_true((lab.core.sync_set & 2) != 0);
	core_lab_pg_done(&lab, true);
	assert_int_equal(lab.core.role, VRRP_ROLE_PROMOTING);
	lab.list.counted = 0; /* its walsender has read the list again */
	core_lab_sync_said(&lab);
	core_lab_probe(&lab);
	assert_int_equal(lab.core.role, VRRP_ROLE_MASTER);
}

static void a_member_is_named_when_it_has_taken_over_the_epoch_and_only_so_long(void **state)
{
	(void)state;
	serving();
	lab.peer[1].epoch = lab.core.ballot;
	core_lab_hear(&lab, 1);
	assert_int_equal(lab.core.op, VRRP_PG_OP_SYNC_NAMES);
	assert_int_equal(lab.core.sync_set, 1U << 1);
	core_lab_settle(&lab);
	assert_int_equal(lab.core.op, VRRP_PG_OP_NONE);
	core_lab_run_us(&lab, 1500 * CORE_LAB_MS, 1U << 2); /* heard no more */
	assert_int_equal(lab.core.op, VRRP_PG_OP_SYNC_NAMES);
	assert_int_equal(lab.core.sync_set, 0);
}

static void a_list_changed_by_somebody_else_is_set_and_proved_again(void **state)
{
	(void)state;
	serving();
	lab.list.listed = false;
	core_lab_sync_said(&lab);
	core_lab_probe(&lab);
	assert_int_equal(lab.core.op, VRRP_PG_OP_SYNC_NAMES);
	core_lab_pg_done(&lab, true);
	assert_int_equal(lab.core.op, VRRP_PG_OP_DROP_SENDERS);
	assert_int_equal(lab.core.sync_k, 1);
}

static void a_walsender_without_the_members_slot_is_terminated(void **state)
{
	(void)state;
	serving();
	lab.list.intruders = 4;
	core_lab_sync_said(&lab);
	core_lab_probe(&lab);
	assert_int_equal(lab.core.op, VRRP_PG_OP_DROP_SENDERS);
	assert_int_equal(lab.core.sync_set & 4, 0);
	assert_int_equal(lab.core.sync_k, 0);
}

static void settings_that_lose_commits_keep_the_gate_shut(void **state)
{
	(void)state;
	up_primary_with((struct vrrp_pg_sync){ 0 });
	lab.list.settings_ok = false;
	core_lab_settle(&lab);
	assert_int_equal(lab.core.role, VRRP_ROLE_PROMOTING);
	assert_true((vrrp_core_faults(&lab.core) & VRRP_FAULT_BIT(VRRP_FAULT_SYNC_SETTINGS)) != 0);
	lab.list.settings_ok = true;
	core_lab_sync_said(&lab);
	core_lab_probe(&lab);
	assert_int_equal(lab.core.role, VRRP_ROLE_MASTER);
}

static void an_order_that_fails_is_given_again_and_the_gate_waits(void **state)
{
	(void)state;
	up_primary_with((struct vrrp_pg_sync){ 0 });
	core_lab_pg_done(&lab, false);
	assert_int_equal(lab.core.op, VRRP_PG_OP_NONE);
	core_lab_run_us(&lab, 1500 * CORE_LAB_MS, 1U << 1 | 1U << 2);
	assert_int_equal(lab.core.op, VRRP_PG_OP_SYNC_NAMES);
	core_lab_settle(&lab);
	assert_int_equal(lab.core.role, VRRP_ROLE_MASTER);
}

/* Holds, two standbys are named and count; then a restart that keeps the lease. The new process has heard nobody. */
static void resumed(void)
{
	const uint16_t both = 1U << 1 | 1U << 2;

	serving();
	for (unsigned i = 1; i <= 2; i++) {
		lab.peer[i].epoch = lab.core.ballot;
		core_lab_hear(&lab, i);
		core_lab_settle(&lab);
	}
	lab.list.counted = lab.list.senders = both;
	core_lab_sync_said(&lab);
	core_lab_probe(&lab);
	assert_int_equal(lab.core.pg.sync.named, both);
	lab.now = vrrp_time_add(lab.now, CORE_LAB_MS);
	core_lab_event(&lab, VRRP_EVENT_RESTART, true);
	core_lab_grant(&lab, 1);
	assert_true(lab.core.exited);
	lab.now = vrrp_time_add(lab.now, 300 * CORE_LAB_MS);
	lab.disk.long_grant_this_boot = true;
	lab.probe_held = true;
	core_lab_start(&lab);
	assert_int_equal(lab.core.role, VRRP_ROLE_MASTER);
	assert_int_equal(lab.core.op, VRRP_PG_OP_NONE);
	assert_int_equal(core_lab_ops(&lab, VRRP_PG_OP_SYNC_NAMES), 0);
	lab.probe_held = false;
}

static void s43_a_resumed_holder_learns_the_names_from_its_first_look(void **state)
{
	(void)state;
	resumed();
	core_lab_probe(&lab);
	assert_int_equal(core_lab_ops(&lab, VRRP_PG_OP_SYNC_NAMES), 0);
	assert_int_equal(lab.core.op, VRRP_PG_OP_DROP_SENDERS); /* the proof only: nobody is cut off for it */
	assert_int_equal(lab.core.sync_set & 6, 6);
	assert_int_equal(lab.core.sync_k, 1);
	core_lab_settle(&lab);
	assert_int_equal(lab.list.counted, 6);
	core_lab_probe(&lab);
	core_lab_run_us(&lab, SECOND, 1U << 1);
	core_lab_hear(&lab, 2);
	assert_int_equal(core_lab_ops(&lab, VRRP_PG_OP_SYNC_NAMES) + core_lab_ops(&lab, VRRP_PG_OP_DROP_SENDERS), 0);
	assert_int_equal(lab.core.pg.sync.named, 6);
}

static void s43_who_is_not_heard_is_named_no_longer_than_the_lease_of_before(void **state)
{
	(void)state;
	resumed();
	core_lab_probe(&lab);
	core_lab_settle(&lab);
	core_lab_run_us(&lab, vrrp_time_diff_us(lab.core.resumed_end, lab.now) - 2 * CORE_LAB_MS, 1U << 1);
	assert_int_equal(lab.core.pg.sync.named, 6);
	core_lab_run_us(&lab, 3 * CORE_LAB_MS, 1U << 1);
	core_lab_settle(&lab);
	core_lab_probe(&lab);
	assert_int_equal(lab.core.role, VRRP_ROLE_MASTER);
	assert_int_equal(lab.list.named, 1U << 1);
}

static void s43_a_list_that_was_changed_meanwhile_is_set_and_proved_again(void **state)
{
	(void)state;
	resumed();
	lab.list.k = 2;
	core_lab_sync_said(&lab);
	core_lab_probe(&lab);
	assert_int_equal(lab.core.op, VRRP_PG_OP_SYNC_NAMES);
	core_lab_pg_done(&lab, true);
	assert_int_equal(lab.core.op, VRRP_PG_OP_DROP_SENDERS);
	assert_int_equal(lab.core.sync_k, 1);
}

/* A member that is heard and has another epoch is not spared. */
static void s43_who_is_heard_is_judged_by_what_it_says(void **state)
{
	(void)state;
	resumed();
	lab.peer[2].epoch = (struct vrrp_ballot){ 1, 1, 3 };
	core_lab_hear(&lab, 2);
	core_lab_hear(&lab, 1);
	core_lab_probe(&lab);
	assert_int_equal(lab.core.op, VRRP_PG_OP_SYNC_NAMES);
	assert_int_equal(lab.core.sync_set, 1U << 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(d7_an_empty_list_is_set_all_senders_go_and_a_commit_waits_before_the_gate),
		cmocka_unit_test(a5_an_old_name_still_counting_keeps_the_gate_shut),
		cmocka_unit_test(a_member_is_named_when_it_has_taken_over_the_epoch_and_only_so_long),
		cmocka_unit_test(a_list_changed_by_somebody_else_is_set_and_proved_again),
		cmocka_unit_test(a_walsender_without_the_members_slot_is_terminated),
		cmocka_unit_test(settings_that_lose_commits_keep_the_gate_shut),
		cmocka_unit_test(an_order_that_fails_is_given_again_and_the_gate_waits),
		cmocka_unit_test(s43_a_resumed_holder_learns_the_names_from_its_first_look),
		cmocka_unit_test(s43_who_is_not_heard_is_named_no_longer_than_the_lease_of_before),
		cmocka_unit_test(s43_a_list_that_was_changed_meanwhile_is_set_and_proved_again),
		cmocka_unit_test(s43_who_is_heard_is_judged_by_what_it_says),
	};

	return cmocka_run_group_tests_name("core_sync", tests, NULL, NULL);
}
