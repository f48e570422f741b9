/*
 * Change of members one at a time (protocol.md section 4.5; attack B9), and what crosses a difference of the
 * configuration: a renewal by one member's difference, nothing else.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "tests/unit/core_lab.h"

#define SECOND VRRP_US_PER_S
#define JUMP VRRP_FAULT_BIT(VRRP_FAULT_CONFIG_JUMP)

static struct core_lab lab;

static struct vrrp_member_list list_of(unsigned members)
{
	struct vrrp_member_list list = { 0 };

	for (unsigned i = 0; i < members; i++) {
		vrrp_member_list_add(&list, (struct vrrp_member_entry){ 1000 + i, (uint8_t)(i + 1), 0 });
	}
	return list;
}

/* Member 1 of `members`, whose disk says that `before` were the list in force; the others run with my configuration. */
static void start(unsigned members, unsigned before)
{
	core_lab_init(&lab, members, 0);
	memset(lab.config.key_hash, 7, sizeof(lab.config.key_hash));
	for (unsigned i = 0; i < members; i++) {
		lab.config.member[i].hash = 1000 + i;
		memcpy(lab.peer[i].key_hash, lab.config.key_hash, sizeof(lab.config.key_hash));
		lab.peer[i].members = list_of(members);
	}
	lab.disk.members = list_of(before);
	core_lab_start(&lab);
}

/* Member i has not been changed yet: its list is the old one, and its digest. */
static void is_old(unsigned i, unsigned before)
{
	lab.peer[i].digest[0] = 99;
	lab.peer[i].members = list_of(before);
}

static void is_new(unsigned i)
{
	lab.peer[i].digest[0] = lab.config.digest[0];
	lab.peer[i].members = list_of(lab.config.member_count);
}

static void the_first_start_puts_its_list_in_force(void **state)
{
	(void)state;
	start(3, 0);
	assert_int_equal(lab.core.jump, VRRP_JUMP_NONE);
	assert_int_equal(lab.disk.members.count, 3);
	core_lab_hear_all(&lab);
	assert_true(core_lab_ask(&lab, 1));
	assert_int_equal(lab.mine.members.count, 3);
	assert_int_equal(lab.mine.members.entry[2].hash, 1002);
	assert_memory_equal(lab.mine.key_hash, lab.config.key_hash, sizeof(lab.mine.key_hash));
}

static void b9_one_more_member_waits_for_a_majority_of_the_list_in_force(void **state)
{
	(void)state;
	start(4, 3);
	is_old(1, 3);
	is_old(2, 3);
	core_lab_hear_all(&lab); /* the new one runs with my list, but is none of the three */
	assert_int_equal(lab.core.jump, VRRP_JUMP_WAIT);
	assert_true((lab.mine.fault_reasons & JUMP) != 0);
	assert_int_equal(lab.mine.flags & VRRP_FLAG_ELIGIBLE, 0);
	assert_false(core_lab_ask(&lab, 3));
	assert_int_equal(core_lab_refusal(&lab, 3), VRRP_REFUSAL_JUMP);
	assert_int_equal(lab.disk.members.count, 3);
	is_new(1);
	core_lab_hear(&lab, 1);
	assert_int_equal(lab.core.jump, VRRP_JUMP_NONE);
	assert_int_equal(lab.disk.members.count, 4);
	assert_true(core_lab_ask(&lab, 3));
}

/* Nobody is promoted by who jumped, however long it lasts. */
static void b9_who_jumped_does_not_stand(void **state)
{
	(void)state;
	start(5, 3);
	for (unsigned i = 0; i < 10; i++) {
		core_lab_hear_all(&lab);
		core_lab_after_us(&lab, SECOND / 2);
		assert_int_equal(lab.core.role, VRRP_ROLE_FAULT);
	}
	assert_int_equal(lab.core.jump, VRRP_JUMP_FAR); /* all of them run with it: two at a time all the same */
	assert_int_equal(lab.disk.members.count, 3);
}

static void b9_another_machine_under_an_old_id_is_a_jump(void **state)
{
	(void)state;
	start(3, 3);
	lab.disk.members.entry[2].hash = 1; /* it was another machine */
	core_lab_start(&lab);
	assert_int_equal(lab.core.jump, VRRP_JUMP_FAR);
}

static void b9_four_to_three_needs_all_three(void **state)
{
	(void)state;
	start(3, 4);
	is_old(2, 4);
	core_lab_hear_all(&lab);
	assert_int_equal(lab.core.jump, VRRP_JUMP_WAIT); /* two of four are no majority */
	is_new(2);
	core_lab_hear(&lab, 2);
	assert_int_equal(lab.core.jump, VRRP_JUMP_NONE);
}

static void accept(void)
{
	core_lab_event(&lab, VRRP_EVENT_ACCEPT_MEMBERS, true);
}

static void an_operator_accepts_the_list_of_a_stopped_cluster(void **state)
{
	(void)state;
	start(3, 3);
	assert_int_equal(vrrp_core_accept_check(&lab.core), VRRP_ACCEPT_NOTHING);
	start(5, 3);
	core_lab_hear_all(&lab);
	core_lab_be_master(&lab, 1, 20, 1);
	core_lab_hear(&lab, 1);
	assert_int_equal(vrrp_core_accept_check(&lab.core), VRRP_ACCEPT_HOLDER);
	accept();
	assert_int_equal(lab.core.jump, VRRP_JUMP_FAR);
	lab.peer[1].role = VRRP_ROLE_BACKUP;
	core_lab_hear(&lab, 1);
	assert_int_equal(vrrp_core_accept_check(&lab.core), VRRP_ACCEPT_OK);
	accept();
	assert_int_equal(lab.core.jump, VRRP_JUMP_NONE);
	assert_int_equal(lab.disk.members.count, 5);
	core_lab_start(&lab);
	assert_int_equal(lab.core.jump, VRRP_JUMP_NONE);
}

static void nothing_is_accepted_while_the_own_vote_is_bound(void **state)
{
	(void)state;
	start(3, 3);
	core_lab_hear_all(&lab);
	assert_true(core_lab_ask(&lab, 1));
	lab.core.jump = VRRP_JUMP_FAR; /* as after a clean stop that left its grant */
	lab.peer[1].role = VRRP_ROLE_BACKUP;
	lab.peer[1].ask_ms = 0;
	core_lab_hear(&lab, 1);
	assert_int_equal(vrrp_core_accept_check(&lab.core), VRRP_ACCEPT_BOUND);
	core_lab_after_us(&lab, SECOND);
	assert_int_equal(vrrp_core_accept_check(&lab.core), VRRP_ACCEPT_OK);
}

/* Section 4.5: "renewal of a running grant also crosses lists that differ by one". */
static void a_renewal_crosses_one_members_difference(void **state)
{
	struct vrrp_time before;

	(void)state;
	start(4, 4);
	core_lab_hear_all(&lab);
	assert_true(core_lab_ask(&lab, 1));
	lab.peer[1].role = VRRP_ROLE_MASTER;
	before = lab.core.grant.expires;
	is_old(1, 3); /* as if I had been changed meanwhile */
	core_lab_after_us(&lab, 100 * CORE_LAB_MS);
	assert_true(core_lab_ask_again(&lab, 1));
	assert_true(vrrp_time_before(before, lab.core.grant.expires));
	lab.peer[1].members = list_of(2); /* two members' difference */
	assert_false(core_lab_ask_again(&lab, 1));
	lab.peer[1].members = list_of(3);
	lab.peer[1].key_hash[3]++; /* another lease as well */
	assert_false(core_lab_ask_again(&lab, 1));
	lab.peer[1].key_hash[3]--;
	assert_true(core_lab_ask_again(&lab, 1));
}

static void nothing_else_crosses(void **state)
{
	(void)state;
	start(4, 4);
	is_old(1, 3);
	core_lab_hear_all(&lab);
	assert_false(core_lab_ask(&lab, 1)); /* a new grant */
	assert_int_equal(core_lab_refusal(&lab, 1), VRRP_REFUSAL_DIGEST);
	is_new(1);
	assert_true(core_lab_ask_again(&lab, 1));
	is_old(1, 3);
	assert_false(core_lab_ask(&lab, 1));                           /* a new ballot of the same member */
	memset(lab.peer[1].key_hash, 0, sizeof(lab.peer[1].key_hash)); /* an older release does not tell */
	assert_false(core_lab_ask_again(&lab, 1));
}

/* The holder counts what those grant who have been changed already. */
static void a_holder_counts_the_renewals_of_those_who_changed_before_it(void **state)
{
	(void)state;
	start(3, 3);
	core_lab_hear_all(&lab);
	core_lab_serve(&lab);
	for (unsigned i = 1; i < 3; i++) {
		lab.peer[i].digest[0] = 99;
		lab.peer[i].members = list_of(4);
	}
	core_lab_run_us(&lab, 5 * SECOND, 0x2);
	assert_int_equal(lab.core.role, VRRP_ROLE_MASTER);
	for (unsigned i = 1; i < 3; i++) {
		lab.peer[i].members = list_of(5);
	}
	core_lab_run_us(&lab, 5 * SECOND, 0x6);
	assert_int_equal(lab.core.role, VRRP_ROLE_FAULT);
}

static void a_candidate_does_not_count_them(void **state)
{
	(void)state;
	start(3, 3);
	core_lab_hear_all(&lab);
	core_lab_stand(&lab);
	for (unsigned i = 1; i < 3; i++) {
		lab.peer[i].digest[0] = 99;
		lab.peer[i].members = list_of(4);
		core_lab_grant(&lab, i);
	}
	assert_int_not_equal(lab.core.role, VRRP_ROLE_PROMOTING);
}

static void split_config_after_a_lease(void **state)
{
	(void)state;
	start(3, 3);
	is_old(1, 2);
	lab.peer[1].system_identifier = CORE_LAB_SYSTEM;
	core_lab_hear_all(&lab);
	assert_false(vrrp_core_is_split(&lab.core, 1));
	for (unsigned i = 0; i < 5; i++) {
		core_lab_after_us(&lab, 250 * CORE_LAB_MS);
		core_lab_hear_all(&lab);
	}
	assert_true(vrrp_core_is_split(&lab.core, 1));
	assert_false(vrrp_core_is_split(&lab.core, 2));
	is_new(1);
	core_lab_hear(&lab, 1);
	assert_false(vrrp_core_is_split(&lab.core, 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_start_puts_its_list_in_force),
		cmocka_unit_test(b9_one_more_member_waits_for_a_majority_of_the_list_in_force),
		cmocka_unit_test(b9_who_jumped_does_not_stand),
		cmocka_unit_test(b9_another_machine_under_an_old_id_is_a_jump),
		cmocka_unit_test(b9_four_to_three_needs_all_three),
		cmocka_unit_test(an_operator_accepts_the_list_of_a_stopped_cluster),
		cmocka_unit_test(nothing_is_accepted_while_the_own_vote_is_bound),
		cmocka_unit_test(a_renewal_crosses_one_members_difference),
		cmocka_unit_test(nothing_else_crosses),
		cmocka_unit_test(a_holder_counts_the_renewals_of_those_who_changed_before_it),
		cmocka_unit_test(a_candidate_does_not_count_them),
		cmocka_unit_test(split_config_after_a_lease),
	};

	return cmocka_run_group_tests_name("core_members", tests, NULL, NULL);
}
