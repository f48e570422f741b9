/*
 * An operator chooses who is elected (`failover --to`; protocol.md sections 4, 7): what that changes, and above all
 * what it does not. The core is member 1, of the lowest priority.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "tests/unit/core_lab.h"

#define SECOND VRRP_US_PER_S
#define CHOSEN (VRRP_FLAG_FAILOVER)
#define ACCEPTED (VRRP_FLAG_FAILOVER | VRRP_FLAG_ACCEPT_LOSS)

static struct core_lab lab;

static void lost_its_holder(uint64_t ahead, bool votes_only)
{
	core_lab_init(&lab, 3, 0);
	lab.config.member[0].nofailover = votes_only;
	core_lab_start(&lab);
	core_lab_hear_all(&lab);
	core_lab_be_master(&lab, 1, 20, 1);
	lab.peer[1].position = lab.pg.position + ahead;
	core_lab_hear(&lab, 1);
	core_lab_after_us(&lab, 1100 * CORE_LAB_MS);
	assert_int_equal(vrrp_core_holder(&lab.core), -1);
	lab.peer[2].position = lab.pg.position;
	core_lab_hear(&lab, 2);
}

/* A holder was heard with that much more WAL than is here, and is heard no more; member 3 is. */
static void without_a_holder(uint64_t ahead)
{
	lost_its_holder(ahead, false);
}

/* The same; this member only votes (its data counts all the same). */
static void voter(uint64_t ahead)
{
	lost_its_holder(ahead, true);
}

static void ask(bool accept)
{
	core_lab_step(&lab, (struct vrrp_event){ .kind = VRRP_EVENT_FAILOVER, .ok = accept });
}

static enum vrrp_failover_refusal check(bool accept)
{
	return vrrp_core_failover_check(&lab.core, accept);
}

/* Member 2 (index 1) asks for my vote with those flags, `behind` bytes behind me. */
static bool granted(unsigned flags, uint64_t behind)
{
	lab.peer[1].flags = (uint16_t)(VRRP_FLAG_ELIGIBLE | VRRP_FLAG_PG_UP | VRRP_FLAG_IN_RECOVERY |
				       VRRP_FLAG_POSITION_KNOWN | flags);
	lab.peer[1].position = lab.pg.position - behind;
	return core_lab_ask(&lab, 1);
}

static void s4_the_chosen_one_stands_at_once_and_says_so(void **state)
{
	(void)state;
	without_a_holder(0);
	lab.peer[2].priority = 200;
	core_lab_hear(&lab, 2);
	ask(false);
	assert_int_equal(lab.core.failover.phase, VRRP_FAILOVER_ASKED);
	assert_true((lab.mine.flags & ACCEPTED) == CHOSEN);
	core_lab_after_us(&lab, 40 * CORE_LAB_MS);
	assert_true(lab.core.role == VRRP_ROLE_CANDIDATE || core_lab_became(&lab, VRRP_ROLE_CANDIDATE));
}

static void s4_the_others_wait_for_it_and_refuse_everybody_else(void **state)
{
	(void)state;
	without_a_holder(0);
	lab.peer[2].flags |= CHOSEN;
	core_lab_hear(&lab, 2);
	core_lab_after_us(&lab, 500 * CORE_LAB_MS);
	assert_int_equal(lab.core.role, VRRP_ROLE_BACKUP);
	core_lab_hear(&lab, 2);
	assert_false(granted(0, 0));
	assert_int_equal(core_lab_refusal(&lab, 1), VRRP_REFUSAL_TARGET);
	lab.peer[1].role = VRRP_ROLE_BACKUP;
	core_lab_hear(&lab, 1);
	assert_true(core_lab_ask(&lab, 2));
}

/* Two operators, two members: neither is kept from it by the other. */
static void s4_two_that_were_chosen_do_not_block_each_other(void **state)
{
	(void)state;
	without_a_holder(0);
	lab.peer[2].flags |= CHOSEN;
	core_lab_hear(&lab, 2);
	assert_true(granted(CHOSEN, 0));
}

static void s4_who_cannot_be_promoted_is_not_waited_for(void **state)
{
	(void)state;
	without_a_holder(0);
	lab.peer[2].flags |= CHOSEN;
	lab.peer[2].flags &= (uint16_t)~VRRP_FLAG_ELIGIBLE;
	core_lab_hear(&lab, 2);
	assert_true(granted(0, 0));
}

static void s4_the_choice_ends_by_itself(void **state)
{
	(void)state;
	without_a_holder(0);
	ask(false);
	core_lab_run_us(&lab, VRRP_FAILOVER_LEASES * lab.config.lease_us, 0);
	core_lab_after_us(&lab, CORE_LAB_MS);
	assert_int_equal(lab.core.failover.phase, VRRP_FAILOVER_NOBODY);
	assert_int_equal(lab.mine.flags & ACCEPTED, 0);
}

static void s7_a_voter_gives_up_what_the_operator_accepted_and_nothing_else(void **state)
{
	(void)state;
	voter(0);
	assert_false(granted(0, 8));
	assert_int_equal(core_lab_refusal(&lab, 1), VRRP_REFUSAL_VETO);
	voter(0);
	assert_false(granted(CHOSEN, 8));
	assert_int_equal(core_lab_refusal(&lab, 1), VRRP_REFUSAL_VETO);
	voter(0);
	assert_false(granted(VRRP_FLAG_ACCEPT_LOSS, 8)); /* without the choice it means nothing */
	voter(0);
	assert_true(granted(ACCEPTED, 8));
	voter(64 << 20);
	lab.peer[1].position = 0;
	assert_false(granted(CHOSEN, 0));
	assert_int_equal(core_lab_refusal(&lab, 1), VRRP_REFUSAL_MAX_LAG);
	voter(64 << 20);
	assert_true(granted(ACCEPTED, 0));
}

static void s7_paused_or_bound_or_another_cluster_is_refused_all_the_same(void **state)
{
	(void)state;
	voter(0);
	lab.core.stored.paused = true;
	lab.core.stored.pause_counter = 5;
	assert_false(granted(ACCEPTED, 0));
	assert_int_equal(core_lab_refusal(&lab, 1), VRRP_REFUSAL_PAUSED);
	voter(0);
	assert_true(core_lab_ask(&lab, 2));
	assert_false(granted(ACCEPTED, 0));
	assert_int_equal(core_lab_refusal(&lab, 1), VRRP_REFUSAL_BOUND);
	voter(0);
	lab.peer[1].system_identifier++;
	assert_false(granted(ACCEPTED, 0));
	assert_int_equal(core_lab_refusal(&lab, 1), VRRP_REFUSAL_SYSTEM_ID);
}

static void s7_with_quorum_durability_no_loss_can_be_accepted(void **state)
{
	(void)state;
	voter(0);
	lab.core.config.durability = VRRP_DURABILITY_QUORUM;
	assert_int_equal(check(true), VRRP_FAILOVER_REFUSED_DURABILITY);
	assert_false(granted(ACCEPTED, 8));
	assert_int_equal(core_lab_refusal(&lab, 1), VRRP_REFUSAL_VETO);
}

static void s7_beyond_max_lag_it_stands_once_the_loss_is_accepted(void **state)
{
	(void)state;
	without_a_holder(64 << 20);
	core_lab_probe(&lab);
	assert_true((vrrp_core_faults(&lab.core) & VRRP_FAULT_BIT(VRRP_FAULT_LAG)) != 0);
	assert_int_equal(check(false), VRRP_FAILOVER_REFUSED_LOSS);
	ask(false);
	assert_int_equal(lab.core.failover.phase, VRRP_FAILOVER_NONE);
	assert_int_equal(check(true), VRRP_FAILOVER_REFUSED_NONE);
	ask(true);
	assert_true((lab.mine.flags & ACCEPTED) == ACCEPTED);
	assert_int_equal(vrrp_core_faults(&lab.core), 0);
	core_lab_run_us(&lab, 200 * CORE_LAB_MS, 1U << 2); /* a majority's grants are needed as ever: here is one */
	assert_int_equal(lab.core.role, VRRP_ROLE_PROMOTING);
	assert_int_equal(lab.core.op, VRRP_PG_OP_PROMOTE);
	core_lab_promoted(&lab, 2);
	core_lab_pg_done(&lab, true);
	assert_int_equal(lab.core.failover.phase, VRRP_FAILOVER_DONE);
	assert_int_equal(lab.mine.flags & ACCEPTED, 0);
}

static void somebody_who_has_more_is_a_loss(void **state)
{
	(void)state;
	without_a_holder(0);
	assert_int_equal(check(false), VRRP_FAILOVER_REFUSED_NONE);
	lab.peer[2].position = lab.pg.position + 8;
	core_lab_hear(&lab, 2);
	assert_int_equal(check(false), VRRP_FAILOVER_REFUSED_LOSS);
	assert_int_equal(check(true), VRRP_FAILOVER_REFUSED_NONE);
}

static void refused_with_the_reason(void **state)
{
	(void)state;
	without_a_holder(0);
	lab.core.stored.paused = true;
	assert_int_equal(check(true), VRRP_FAILOVER_REFUSED_PAUSED);
	lab.core.stored.paused = false;
	lab.core.stored.diverged = true;
	assert_int_equal(check(true), VRRP_FAILOVER_REFUSED_NOT_ELIGIBLE);
	lab.core.stored.diverged = false;
	core_lab_after_us(&lab, 2 * SECOND);
	assert_int_equal(check(true), VRRP_FAILOVER_REFUSED_MAJORITY);
	core_lab_be_master(&lab, 1, 30, 1);
	core_lab_hear(&lab, 1);
	assert_int_equal(check(true), VRRP_FAILOVER_REFUSED_HOLDER);
	ask(true);
	assert_int_equal(lab.core.failover.phase, VRRP_FAILOVER_NONE);
	lab.core.stopping = true;
	core_lab_after_us(&lab, 2 * SECOND);
	assert_int_equal(check(true), VRRP_FAILOVER_REFUSED_LEAVING);
}

static void another_that_serves_ends_it(void **state)
{
	(void)state;
	without_a_holder(0);
	ask(false);
	core_lab_be_master(&lab, 2, 40, 2);
	core_lab_hear(&lab, 2);
	assert_int_equal(lab.core.failover.phase, VRRP_FAILOVER_OTHER);
	assert_int_equal(lab.mine.flags & ACCEPTED, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(s4_the_chosen_one_stands_at_once_and_says_so),
		cmocka_unit_test(s4_the_others_wait_for_it_and_refuse_everybody_else),
		cmocka_unit_test(s4_two_that_were_chosen_do_not_block_each_other),
		cmocka_unit_test(s4_who_cannot_be_promoted_is_not_waited_for),
		cmocka_unit_test(s4_the_choice_ends_by_itself),
		cmocka_unit_test(s7_a_voter_gives_up_what_the_operator_accepted_and_nothing_else),
		cmocka_unit_test(s7_paused_or_bound_or_another_cluster_is_refused_all_the_same),
		cmocka_unit_test(s7_with_quorum_durability_no_loss_can_be_accepted),
		cmocka_unit_test(s7_beyond_max_lag_it_stands_once_the_loss_is_accepted),
		cmocka_unit_test(somebody_who_has_more_is_a_loss),
		cmocka_unit_test(refused_with_the_reason),
		cmocka_unit_test(another_that_serves_ends_it),
	};

	return cmocka_run_group_tests_name("core_failover", tests, NULL, NULL);
}
