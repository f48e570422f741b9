/*
 * The voter (protocol.md section 4): one grant, its renewal, its end, its release, who else is refused and for how
 * long. What it says about data is in test_core_vote_data.c, the silence in test_core_start.c.
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

static void a_fresh_ask_is_granted_and_answered_at_once(void **state)
{
	(void)state;
	core_lab_up(&lab, 3, 0);
	assert_true(core_lab_ask(&lab, 1));
	assert_string_equal(core_lab_line(&lab), "send");
	assert_true(vrrp_ballot_equal(&lab.mine.grant.ballot, &lab.peer[1].ballot));
	assert_true(lab.mine.grant.incarnation == lab.peer[1].incarnation);
	assert_int_equal(lab.mine.grant.remaining_ms, 1000);
}

/* The moment of this very step, in which the report came in; not of an earlier one. */
static void b8_a_grant_counts_from_the_receipt_of_the_ask(void **state)
{
	(void)state;
	core_lab_up(&lab, 3, 0);
	lab.now = vrrp_time_add(lab.now, 12345);
	assert_true(core_lab_ask(&lab, 1));
	assert_true(lab.core.grant.expires.us == lab.now.us + SECOND);
}

static void an_ask_that_is_not_fresh_is_not_heard(void **state)
{
	(void)state;
	core_lab_up(&lab, 3, 0);
	lab.peer[1].role = VRRP_ROLE_CANDIDATE;
	lab.peer[1].ask_ms = 1000;
	lab.peer[1].ballot = (struct vrrp_ballot){ 11, 101, 2 };
	core_lab_hear_stale(&lab, 1);
	assert_int_equal(lab.core.grant.to, 0);
	assert_int_equal(lab.core.refusal.to, 0);
}

static void no_grant_crosses_another_configuration(void **state)
{
	(void)state;
	core_lab_up(&lab, 3, 0);
	lab.peer[1].digest[0] = 2;
	assert_false(core_lab_ask(&lab, 1));
	assert_int_equal(lab.core.grant.to, 0);
	assert_true(vrrp_peer_speaks(&lab.core.peer[1], lab.now)); /* but it is a sign of life */
}

static void a_ballot_of_somebody_else_or_none_is_refused(void **state)
{
	(void)state;
	core_lab_up(&lab, 3, 0);
	lab.peer[1].role = VRRP_ROLE_CANDIDATE;
	lab.peer[1].ask_ms = 1000;
	core_lab_hear(&lab, 1);
	lab.peer[1].ballot = (struct vrrp_ballot){ 11, 102, 3 };
	core_lab_hear(&lab, 1);
	assert_int_equal(lab.core.grant.to, 0);
	assert_int_equal(lab.core.drops[VRRP_DROP_CONTENT], 2);
}

static void b2_more_than_the_longest_lease_is_refused(void **state)
{
	(void)state;
	core_lab_up(&lab, 3, 0);
	lab.config.lease_us = 11 * SECOND; /* the candidate's */
	assert_false(core_lab_ask(&lab, 1));
	assert_int_equal(core_lab_refusal(&lab, 1), VRRP_REFUSAL_TOO_LONG);
	assert_int_equal(lab.core.grant.to, 0);
}

static void b2_a_renewal_never_shortens(void **state)
{
	struct vrrp_time expires;

	(void)state;
	core_lab_up(&lab, 3, 0);
	assert_true(core_lab_ask(&lab, 1));
	expires = lab.core.grant.expires;
	lab.peer[1].ask_ms = 100;
	assert_true(core_lab_ask_again(&lab, 1));
	assert_true(lab.core.grant.expires.us == expires.us);
	lab.config.lease_us = 100 * CORE_LAB_MS;
	assert_true(core_lab_ask(&lab, 1)); /* a new ballot of the same member: the same max */
	assert_true(lab.core.grant.expires.us == expires.us);
}

static void another_is_refused_until_the_grant_has_ended(void **state)
{
	(void)state;
	core_lab_up(&lab, 3, 0);
	assert_true(core_lab_ask(&lab, 1));
	lab.now = vrrp_time_add(lab.now, 200 * CORE_LAB_MS);
	assert_false(core_lab_ask(&lab, 2));
	assert_int_equal(core_lab_refusal(&lab, 2), VRRP_REFUSAL_BOUND);
	assert_int_equal(lab.mine.refusal.bound_ms, 800);
	assert_int_equal(lab.mine.grant.to, 2);
	core_lab_run_us(&lab, 800 * CORE_LAB_MS - 1, 0);
	assert_false(core_lab_ask_again(&lab, 2));
	lab.now = vrrp_time_add(lab.now, 1);
	assert_true(core_lab_ask_again(&lab, 2));
}

/* It stands in the next report, so that a lost packet costs nothing, and is gone when there is nothing more to refuse.
 */
static void a_refusal_is_told_for_two_reports(void **state)
{
	(void)state;
	core_lab_up(&lab, 3, 0);
	assert_true(core_lab_ask(&lab, 1));
	assert_false(core_lab_ask(&lab, 2));
	core_lab_run_us(&lab, 260 * CORE_LAB_MS, 0);
	assert_int_equal(core_lab_refusal(&lab, 2), VRRP_REFUSAL_BOUND);
	core_lab_run_us(&lab, 250 * CORE_LAB_MS, 0);
	assert_int_equal(core_lab_refusal(&lab, 2), VRRP_REFUSAL_NONE);
}

static void a_release_frees_the_grant_at_once(void **state)
{
	(void)state;
	core_lab_up(&lab, 3, 0);
	assert_true(core_lab_ask(&lab, 1));
	lab.peer[1].role = VRRP_ROLE_BACKUP;
	lab.peer[1].ask_ms = 0;
	lab.peer[1].release = lab.peer[1].ballot;
	lab.peer[1].ballot = (struct vrrp_ballot){ 0 };
	core_lab_hear(&lab, 1);
	assert_int_equal(lab.core.grant.to, 0);
	assert_true(core_lab_ask(&lab, 2));
}

/* A restarted member remembers nothing; its predecessor's gate may still be open under the old ballot. */
static void b7_a_release_of_another_incarnation_or_of_an_older_ballot_frees_nothing(void **state)
{
	static const struct vrrp_ballot RELEASES[] = { { 99, 555, 2 }, { 10, 101, 2 }, { 99, 101, 3 } };

	(void)state;
	core_lab_up(&lab, 3, 0);
	assert_true(core_lab_ask(&lab, 1));
	assert_int_equal(lab.peer[1].ballot.counter, 11);
	lab.peer[1].ask_ms = 0;
	for (size_t i = 0; i < VRRP_ARRAY_LENGTH(RELEASES); i++) {
		lab.peer[1].release = RELEASES[i];
		core_lab_hear(&lab, 1);
		assert_int_equal(lab.core.grant.to, 2);
		assert_false(core_lab_ask(&lab, 2));
	}
}

static void a_release_that_is_not_fresh_frees_nothing(void **state)
{
	(void)state;
	core_lab_up(&lab, 3, 0);
	assert_true(core_lab_ask(&lab, 1));
	lab.peer[1].release = lab.peer[1].ballot;
	lab.peer[1].ask_ms = 0;
	core_lab_hear_stale(&lab, 1);
	assert_int_equal(lab.core.grant.to, 2);
}

/* Asks every 100 ms for that long; the moment of the first refusal since the first ask, or -1. */
static int64_t refused_after_us(int64_t us, bool new_ballots)
{
	struct vrrp_time first = lab.now;

	if (!core_lab_ask(&lab, 1)) {
		return 0;
	}
	while (vrrp_time_diff_us(lab.now, first) < us) {
		lab.now = vrrp_time_add(lab.now, 100 * CORE_LAB_MS);
		if (new_ballots ? !core_lab_ask(&lab, 1) : !core_lab_ask_again(&lab, 1)) {
			return vrrp_time_diff_us(lab.now, first);
		}
	}
	return -1;
}

static void d2_who_is_still_candidate_after_a_lease_is_not_renewed(void **state)
{
	(void)state;
	core_lab_up(&lab, 5, 0);
	assert_true(refused_after_us(10 * SECOND, false) == SECOND);
	assert_int_equal(core_lab_refusal(&lab, 1), VRRP_REFUSAL_ROUND);
	assert_true(lab.mine.refusal.bound_ms > 0);
	assert_false(core_lab_ask(&lab, 2)); /* the grant given binds to its end */
	core_lab_run_us(&lab, SECOND, 0);
	assert_true(core_lab_ask(&lab, 2));
}

static void d2_new_ballots_do_not_begin_the_lease_anew(void **state)
{
	(void)state;
	core_lab_up(&lab, 5, 0);
	assert_true(refused_after_us(10 * SECOND, true) == SECOND);
	assert_int_equal(core_lab_refusal(&lab, 1), VRRP_REFUSAL_ROUND);
}

static void d2_a_holder_is_renewed_for_ever(void **state)
{
	(void)state;
	core_lab_up(&lab, 5, 0);
	assert_true(core_lab_ask(&lab, 1));
	core_lab_be_master(&lab, 1, lab.counter, 2);
	lab.peer[1].ask_ms = 1000;
	for (unsigned i = 0; i < 50; i++) {
		lab.now = vrrp_time_add(lab.now, 100 * CORE_LAB_MS);
		assert_true(core_lab_ask_again(&lab, 1));
	}
}

static void a_holder_grants_nobody_else(void **state)
{
	(void)state;
	core_lab_up(&lab, 5, 0);
	core_lab_serve(&lab);
	assert_false(core_lab_ask(&lab, 1));
	assert_int_equal(core_lab_refusal(&lab, 1), VRRP_REFUSAL_HOLDER);
	assert_in_range(lab.mine.refusal.bound_ms, 1, 1000);
	assert_int_equal(lab.core.role, VRRP_ROLE_MASTER);
}

/* A candidate that hears a better one withdraws, and can then grant to it. */
static void a_candidate_grants_a_better_one_and_not_a_worse(void **state)
{
	(void)state;
	core_lab_up(&lab, 3, 0);
	core_lab_stand(&lab);
	lab.peer[1].position -= 0x100; /* behind me */
	assert_false(core_lab_ask(&lab, 1));
	assert_int_equal(lab.core.role, VRRP_ROLE_CANDIDATE);
	lab.peer[2].position += 0x100;
	assert_true(core_lab_ask(&lab, 2));
	assert_int_equal(lab.core.role, VRRP_ROLE_BACKUP);
	assert_true(lab.mine.release.counter != 0 && lab.mine.ask_ms == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_fresh_ask_is_granted_and_answered_at_once),
		cmocka_unit_test(b8_a_grant_counts_from_the_receipt_of_the_ask),
		cmocka_unit_test(an_ask_that_is_not_fresh_is_not_heard),
		cmocka_unit_test(no_grant_crosses_another_configuration),
		cmocka_unit_test(a_ballot_of_somebody_else_or_none_is_refused),
		cmocka_unit_test(b2_more_than_the_longest_lease_is_refused),
		cmocka_unit_test(b2_a_renewal_never_shortens),
		cmocka_unit_test(another_is_refused_until_the_grant_has_ended),
		cmocka_unit_test(a_refusal_is_told_for_two_reports),
		cmocka_unit_test(a_release_frees_the_grant_at_once),
		cmocka_unit_test(b7_a_release_of_another_incarnation_or_of_an_older_ballot_frees_nothing),
		cmocka_unit_test(a_release_that_is_not_fresh_frees_nothing),
		cmocka_unit_test(d2_who_is_still_candidate_after_a_lease_is_not_renewed),
		cmocka_unit_test(d2_new_ballots_do_not_begin_the_lease_anew),
		cmocka_unit_test(d2_a_holder_is_renewed_for_ever),
		cmocka_unit_test(a_holder_grants_nobody_else),
		cmocka_unit_test(a_candidate_grants_a_better_one_and_not_a_worse),
	};

	return cmocka_run_group_tests_name("core_vote", tests, NULL, NULL);
}
