/*
 * The lease's arithmetic (protocol.md section 4): a voter's grant, my own reports, what a grant is worth, the end.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "vrrp/lease.h"
#include "vrrp/prng.h"

#define SECOND VRRP_US_PER_S
#define DRAWS 2000

static const struct vrrp_ballot FIVE = { .counter = 5, .incarnation = 0xa, .member = 2 };

static struct vrrp_time at(int64_t us)
{
	return (struct vrrp_time){ us };
}

static struct vrrp_grant granted(struct vrrp_time now, int64_t lease_us)
{
	struct vrrp_grant grant = { 0 };

	vrrp_grant_give(&grant, 2, &FIVE, now, lease_us, false);
	return grant;
}

static void a_grant_binds_until_its_end_and_not_at_it(void **state)
{
	struct vrrp_grant grant = granted(at(100), SECOND);

	(void)state;
	assert_int_equal(grant.to, 2);
	assert_true(vrrp_ballot_equal(&grant.ballot, &FIVE));
	assert_true(vrrp_grant_runs(&grant, at(100)));
	assert_true(vrrp_grant_runs(&grant, at(100 + SECOND - 1)));
	assert_false(vrrp_grant_runs(&grant, at(100 + SECOND)));
	grant.to = 0;
	assert_false(vrrp_grant_runs(&grant, at(100)));
}

static void b2_a_renewal_never_shortens(void **state)
{
	struct vrrp_grant grant = granted(at(0), 10 * SECOND);

	(void)state;
	vrrp_grant_give(&grant, 2, &FIVE, at(SECOND), SECOND, false);
	assert_true(grant.expires.us == 10 * SECOND);
	vrrp_grant_give(&grant, 2, &FIVE, at(10 * SECOND - 1), SECOND, false);
	assert_true(grant.expires.us == 11 * SECOND - 1);
}

static void b2_a_new_ballot_of_the_same_member_does_not_shorten_either(void **state)
{
	const struct vrrp_ballot six = { .counter = 6, .incarnation = 0xb, .member = 2 };
	struct vrrp_grant grant = granted(at(0), 10 * SECOND);

	(void)state;
	vrrp_grant_give(&grant, 2, &six, at(SECOND), SECOND, true);
	assert_true(grant.expires.us == 10 * SECOND);
	assert_true(vrrp_ballot_equal(&grant.ballot, &six));
}

static void a_grant_that_has_ended_leaves_nothing_behind(void **state)
{
	const struct vrrp_ballot other = { .counter = 7, .incarnation = 0xc, .member = 3 };
	struct vrrp_grant grant = granted(at(0), SECOND);

	(void)state;
	vrrp_grant_give(&grant, 3, &other, at(SECOND), SECOND / 2, false);
	assert_int_equal(grant.to, 3);
	assert_true(grant.expires.us == SECOND + SECOND / 2);
}

static void b7_a_release_frees_only_its_own_incarnation_and_not_a_later_ballot(void **state)
{
	const struct vrrp_grant grant = granted(at(0), SECOND);
	const struct vrrp_grant none = { 0 };

	(void)state;
	assert_true(vrrp_grant_is_released_by(&grant, &(struct vrrp_ballot){ 5, 0xa, 2 }));
	assert_true(vrrp_grant_is_released_by(&grant, &(struct vrrp_ballot){ 6, 0xa, 2 }));
	assert_false(vrrp_grant_is_released_by(&grant, &(struct vrrp_ballot){ 4, 0xa, 2 }));
	assert_false(vrrp_grant_is_released_by(&grant, &(struct vrrp_ballot){ 9, 0xb, 2 }));
	assert_false(vrrp_grant_is_released_by(&grant, &(struct vrrp_ballot){ 5, 0xa, 3 }));
	assert_false(vrrp_grant_is_released_by(&grant, &(struct vrrp_ballot){ 0 }));
	assert_false(vrrp_grant_is_released_by(&none, &(struct vrrp_ballot){ 0 }));
}

static void d2_a_run_of_candidacy_goes_on_over_new_ballots_and_ends_with_the_candidacy(void **state)
{
	const struct vrrp_ballot six = { .counter = 6, .incarnation = 0xa, .member = 2 };
	struct vrrp_grant grant = { 0 };

	(void)state;
	vrrp_grant_give(&grant, 2, &FIVE, at(100), SECOND, true);
	assert_true(grant.run_start.us == 100);
	vrrp_grant_give(&grant, 2, &six, at(500), SECOND, true);
	assert_true(grant.run_start.us == 100);
	vrrp_grant_give(&grant, 2, &six, at(600), SECOND, false); /* has become holder */
	assert_true(grant.run_start.us == 0);
	vrrp_grant_give(&grant, 2, &six, at(700), SECOND, true);
	assert_true(grant.run_start.us == 700);
	vrrp_grant_give(&grant, 2, &six, at(700 + SECOND), SECOND, true); /* it had ended in between */
	assert_true(grant.run_start.us == 700 + SECOND);
	vrrp_grant_give(&grant, 3, &FIVE, at(3 * SECOND), SECOND, true);
	assert_true(grant.run_start.us == 3 * SECOND);
}

static void my_own_reports_are_remembered_for_a_while(void **state)
{
	struct vrrp_sent_ring ring = { .last_seq = 0 };

	(void)state;
	assert_null(vrrp_sent_find(&ring, 0));
	assert_null(vrrp_sent_find(&ring, 1));
	for (uint64_t seq = 1; seq <= 3 * VRRP_SENT_MAX; seq++) {
		const struct vrrp_sent *sent;

		assert_true(vrrp_sent_add(&ring, at((int64_t)seq * 10), (int64_t)seq, seq + 1) == seq);
		sent = vrrp_sent_find(&ring, seq);
		assert_non_null(sent);
		assert_true(sent->at.us == (int64_t)seq * 10 && sent->ask_us == (int64_t)seq);
		assert_true(sent->ballot_counter == seq + 1);
		assert_null(vrrp_sent_find(&ring, 0));
		assert_null(vrrp_sent_find(&ring, seq + 1));
		assert_null(vrrp_sent_find(&ring, UINT64_MAX));
		if (seq >= VRRP_SENT_MAX) {
			assert_true(vrrp_sent_find(&ring, seq - VRRP_SENT_MAX + 1)->ask_us ==
				    (int64_t)seq - VRRP_SENT_MAX + 1);
			assert_null(vrrp_sent_find(&ring, seq - VRRP_SENT_MAX));
		}
	}
}

static void a_grant_is_worth_what_was_asked_less_the_drift(void **state)
{
	(void)state;
	assert_true(vrrp_lease_worth(at(7), SECOND, 0).us == 7 + SECOND);
	assert_true(vrrp_lease_worth(at(7), SECOND, 100000).us == 7 + 900000);
	assert_true(vrrp_lease_worth(at(7), 1, 1).us == 7); /* rounded down: too early, never too late */
	assert_true(vrrp_lease_worth(at(7), 10, 999999).us == 7);
	assert_true(vrrp_lease_worth(at(7), 0, 100000).us == 7);
	assert_true(vrrp_lease_worth(at(INT64_MAX - 5), SECOND, 0).us == INT64_MAX);
}

/*
 * The holder's clock runs slower by all of max_drift: its lease of D x (1 - drift) by its own clock must not last
 * longer than the voter's D, however the voter's clock reads.
 */
static void i1_the_lease_ends_for_the_holder_before_it_ends_for_the_voter(void **state)
{
	struct vrrp_prng prng;

	(void)state;
	vrrp_prng_init(&prng, 1);
	for (unsigned i = 0; i < DRAWS; i++) {
		const uint32_t drift_ppm = (uint32_t)vrrp_prng_below(&prng, 500000);
		const int64_t ask_us = vrrp_prng_range(&prng, 1, 40 * SECOND);
		const int64_t sent_us = vrrp_prng_range(&prng, 0, INT64_C(1) << 50);
		const int64_t own_us = vrrp_lease_worth(at(sent_us), ask_us, drift_ppm).us - sent_us;

		/* own_us of a clock of rate (1 - drift) take own_us / (1 - drift) of the voter's. */
		assert_true(own_us >= 0);
		assert_true(own_us * 1000000 <= ask_us * (1000000 - (int64_t)drift_ppm));
	}
}

/* By definition: the latest moment at which `needed` of them still run. */
static bool runs_for(const struct vrrp_time *worth, size_t count, size_t needed, int64_t us)
{
	size_t running = 0;

	for (size_t i = 0; i < count; i++) {
		running += worth[i].us > us ? 1 : 0;
	}
	return running >= needed;
}

static void the_lease_ends_with_the_majority(void **state)
{
	struct vrrp_prng prng;

	(void)state;
	vrrp_prng_init(&prng, 2);
	for (unsigned i = 0; i < DRAWS; i++) {
		const size_t count = 1 + (size_t)vrrp_prng_below(&prng, VRRP_MEMBERS_MAX);
		const size_t needed = 1 + (size_t)vrrp_prng_below(&prng, count);
		struct vrrp_time worth[VRRP_MEMBERS_MAX];
		struct vrrp_time end;

		for (size_t j = 0; j < count; j++) {
			worth[j] = at((int64_t)vrrp_prng_below(&prng, 6)); /* equal ones are as common as different */
		}
		end = vrrp_lease_end(worth, count, needed);
		assert_false(runs_for(worth, count, needed, end.us));
		assert_true(end.us == 0 || runs_for(worth, count, needed, end.us - 1));
	}
}

static void fewer_voters_than_needed_are_no_lease(void **state)
{
	const struct vrrp_time worth[2] = { { 5 }, { 9 } };

	(void)state;
	assert_true(vrrp_lease_end(worth, 2, 1).us == 9);
	assert_true(vrrp_lease_end(worth, 2, 2).us == 5);
	assert_true(vrrp_lease_end(worth, 2, 3).us == 0);
	assert_true(vrrp_lease_end(worth, 0, 1).us == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_grant_binds_until_its_end_and_not_at_it),
		cmocka_unit_test(b2_a_renewal_never_shortens),
		cmocka_unit_test(b2_a_new_ballot_of_the_same_member_does_not_shorten_either),
		cmocka_unit_test(a_grant_that_has_ended_leaves_nothing_behind),
		cmocka_unit_test(b7_a_release_frees_only_its_own_incarnation_and_not_a_later_ballot),
		cmocka_unit_test(d2_a_run_of_candidacy_goes_on_over_new_ballots_and_ends_with_the_candidacy),
		cmocka_unit_test(my_own_reports_are_remembered_for_a_while),
		cmocka_unit_test(a_grant_is_worth_what_was_asked_less_the_drift),
		cmocka_unit_test(i1_the_lease_ends_for_the_holder_before_it_ends_for_the_voter),
		cmocka_unit_test(the_lease_ends_with_the_majority),
		cmocka_unit_test(fewer_voters_than_needed_are_no_lease),
	};

	return cmocka_run_group_tests_name("lease", tests, NULL, NULL);
}
