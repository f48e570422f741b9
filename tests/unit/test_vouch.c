/* Who may vouch, as a table (vrrp/vouch.h; protocol.md section 7). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "vrrp/vouch.h"

/* A detached standby, equal to the candidate, whose promise is on the disk: yes. */
static struct vrrp_vouch_case yes_case(void)
{
	struct vrrp_ballot ballot = { 20, 2, 2 };

	return (struct vrrp_vouch_case){ .pg = { .up = true,
						 .in_recovery = true,
						 .position_known = true,
						 .no_upstream = true,
						 .fsync_on = true },
		.ballot = ballot,
		.vouched = ballot,
		.vouched_durable = true,
		.eligible = true,
		.complete = true,
		.candidate_known = true };
}

static void judged(const struct vrrp_vouch_case *question, enum vrrp_vouch expected)
{
	assert_string_equal(vrrp_vouch_word(vrrp_vouch_judge(question)), vrrp_vouch_word(expected));
}

static void a_detached_standby_that_is_not_ahead_vouches_when_its_promise_is_durable(void **state)
{
	struct vrrp_vouch_case q = yes_case();

	(void)state;
	judged(&q, VRRP_VOUCH_YES);
	q.vouched_durable = false;
	judged(&q, VRRP_VOUCH_STORE);
	q = yes_case();
	q.vouched.counter--; /* promised to an older candidate only */
	judged(&q, VRRP_VOUCH_STORE);
	q.vouched.counter = 0;
	judged(&q, VRRP_VOUCH_STORE);
}

static void a3_nobody_vouches_for_less_than_it_has_promised_or_taken_over(void **state)
{
	struct vrrp_vouch_case q = yes_case();

	(void)state;
	q.vouched.counter++;
	judged(&q, VRRP_VOUCH_PASSED);
	q = yes_case();
	q.epoch = q.ballot;
	judged(&q, VRRP_VOUCH_YES);
	q.epoch.member++;
	judged(&q, VRRP_VOUCH_PASSED);
}

static void who_is_attached_detaches_first(void **state)
{
	struct vrrp_vouch_case q = yes_case();

	(void)state;
	q.pg.receiver = true;
	judged(&q, VRRP_VOUCH_DETACH);
	q.pg.receiver = false;
	q.pg.no_upstream = false; /* it would come back */
	judged(&q, VRRP_VOUCH_DETACH);
}

static void who_streams_from_the_candidate_stays_attached(void **state)
{
	struct vrrp_vouch_case q = yes_case();

	(void)state;
	q.pg.receiver = true;
	q.pg.no_upstream = false;
	q.pg.position_known = false;
	q.source = true;
	judged(&q, VRRP_VOUCH_YES);
	q.vouched_durable = false;
	judged(&q, VRRP_VOUCH_STORE);
}

static void a8_a_position_that_is_not_known_is_waited_for(void **state)
{
	struct vrrp_vouch_case q = yes_case();

	(void)state;
	q.pg.position_known = false;
	judged(&q, VRRP_VOUCH_LOOK);
	q = yes_case();
	q.complete = false;
	judged(&q, VRRP_VOUCH_LOOK);
}

static void who_is_ahead_says_no_and_only_to_a_position_that_is_known(void **state)
{
	struct vrrp_vouch_case q = yes_case();

	(void)state;
	q.ahead = true;
	judged(&q, VRRP_VOUCH_AHEAD);
	q.candidate_known = false;
	judged(&q, VRRP_VOUCH_LOOK);
}

/* It is elected next: nothing is gained by cutting its stream. Who cannot be elected is fetched from, to its very end.
 */
static void ahead_and_eligible_it_says_no_at_once_else_detached_first(void **state)
{
	struct vrrp_vouch_case q = yes_case();

	(void)state;
	q.ahead = true;
	q.pg.receiver = true;
	q.pg.position_known = false;
	judged(&q, VRRP_VOUCH_AHEAD);
	q.eligible = false;
	judged(&q, VRRP_VOUCH_DETACH);
}

static void a7_a_cleanly_shut_down_primary_vouches_when_it_is_sealed(void **state)
{
	struct vrrp_vouch_case q = yes_case();

	(void)state;
	q.pg.up = false;
	q.pg.gone = true;
	q.pg.in_recovery = false;
	q.pg.no_upstream = false;
	judged(&q, VRRP_VOUCH_SEAL);
	q.pg.sealed = true;
	judged(&q, VRRP_VOUCH_YES);
	q.ahead = true;
	judged(&q, VRRP_VOUCH_AHEAD);
}

static void who_is_down_otherwise_does_not(void **state)
{
	struct vrrp_vouch_case q = yes_case();

	(void)state;
	q.pg.up = false;
	q.pg.sealed = true;
	judged(&q, VRRP_VOUCH_DOWN); /* silent, not gone */
	q.pg.gone = true;
	q.pg.position_known = false; /* crashed, or a standby */
	judged(&q, VRRP_VOUCH_DOWN);
}

static void a_running_primary_vouches_for_itself_only(void **state)
{
	struct vrrp_vouch_case q = yes_case();

	(void)state;
	q.pg.in_recovery = false;
	judged(&q, VRRP_VOUCH_PRIMARY);
	q.self = true;
	judged(&q, VRRP_VOUCH_YES);
}

static void diverged_lost_or_without_fsync_it_never_vouches(void **state)
{
	struct vrrp_vouch_case q = yes_case();

	(void)state;
	q.diverged = true;
	judged(&q, VRRP_VOUCH_DIVERGED);
	q = yes_case();
	q.state_lost = true;
	judged(&q, VRRP_VOUCH_LOST);
	q = yes_case();
	q.pg.fsync_on = false;
	judged(&q, VRRP_VOUCH_FSYNC);
}

static void n_is_the_data_members_without_those_that_only_copy(void **state)
{
	struct vrrp_core_config config = {
		.member_count = 5, .durability = VRRP_DURABILITY_QUORUM, .sync_standbys = 1
	};

	(void)state;
	config.member[4].witness = true;
	assert_int_equal(vrrp_vouch_needed(&config), 3);
	config.member[3].nofailover = true;
	assert_int_equal(vrrp_vouch_needed(&config), 2);
	assert_false(vrrp_vouch_counts(&config, 3));
	config.member[3].vote_data = true;
	assert_int_equal(vrrp_vouch_needed(&config), 3);
	assert_true(vrrp_vouch_counts(&config, 3));
	config.sync_standbys = 2;
	assert_int_equal(vrrp_vouch_needed(&config), 2);
	config.sync_standbys = 9;
	assert_int_equal(vrrp_vouch_needed(&config), 1);
	config.durability = VRRP_DURABILITY_ASYNC;
	assert_int_equal(vrrp_vouch_needed(&config), 0);
	assert_false(vrrp_vouch_counts(&config, 4));
	assert_false(vrrp_vouch_counts(&config, 5));
}

static void every_verdict_has_a_word(void **state)
{
	(void)state;
	for (unsigned i = 0; i < VRRP_VOUCH_COUNT; i++) {
		assert_string_not_equal(vrrp_vouch_word(i), "?");
	}
	assert_string_equal(vrrp_vouch_word(VRRP_VOUCH_COUNT), "?");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_detached_standby_that_is_not_ahead_vouches_when_its_promise_is_durable),
		cmocka_unit_test(a3_nobody_vouches_for_less_than_it_has_promised_or_taken_over),
		cmocka_unit_test(who_is_attached_detaches_first),
		cmocka_unit_test(who_streams_from_the_candidate_stays_attached),
		cmocka_unit_test(a8_a_position_that_is_not_known_is_waited_for),
		cmocka_unit_test(who_is_ahead_says_no_and_only_to_a_position_that_is_known),
		cmocka_unit_test(ahead_and_eligible_it_says_no_at_once_else_detached_first),
		cmocka_unit_test(a7_a_cleanly_shut_down_primary_vouches_when_it_is_sealed),
		cmocka_unit_test(who_is_down_otherwise_does_not),
		cmocka_unit_test(a_running_primary_vouches_for_itself_only),
		cmocka_unit_test(diverged_lost_or_without_fsync_it_never_vouches),
		cmocka_unit_test(n_is_the_data_members_without_those_that_only_copy),
		cmocka_unit_test(every_verdict_has_a_word),
	};

	return cmocka_run_group_tests_name("vouch", tests, NULL, NULL);
}
