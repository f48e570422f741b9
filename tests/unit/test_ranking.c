/*
 * The order of candidates (protocol.md section 4): running primary; ahead in position; priority; lower member id.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "vrrp/prng.h"
#include "vrrp/ranking.h"

#define LSN UINT64_C(0x5000000)
#define DRAWS 20000

static struct vrrp_standing standing(uint8_t id, uint8_t priority, vrrp_lsn position)
{
	return (struct vrrp_standing){ .at = { .history = { .count = 1, .entry = { { .timeline = 1 } } },
					       .position = position,
					       .timeline = 1 },
		.id = id,
		.priority = priority,
		.eligible = true };
}

static void a_running_primary_comes_first(void **state)
{
	const struct vrrp_standing primary = standing(9, 1, LSN);
	const struct vrrp_standing standby = standing(1, 254, LSN + 100);

	(void)state;
	assert_true(vrrp_standing_better(&primary, true, &standby, false, 0));
	assert_false(vrrp_standing_better(&standby, false, &primary, true, 0));
}

/* Whether it counts as one is said by the caller: a primary passed by a higher epoch stands by its position. */
static void a_primary_that_was_passed_stands_by_its_position(void **state)
{
	struct vrrp_standing primary = standing(1, 254, LSN);
	const struct vrrp_standing standby = standing(9, 1, LSN + 100);

	(void)state;
	primary.primary = true;
	assert_true(vrrp_standing_better(&standby, false, &primary, false, 0));
	assert_false(vrrp_standing_better(&primary, false, &standby, false, 0));
}

static void who_is_ahead_comes_before_priority(void **state)
{
	const struct vrrp_standing ahead = standing(9, 1, LSN + 1);
	const struct vrrp_standing behind = standing(1, 254, LSN);

	(void)state;
	assert_true(vrrp_standing_better(&ahead, false, &behind, false, 0));
	assert_false(vrrp_standing_better(&behind, false, &ahead, false, 0));
}

static void within_election_lag_nobody_is_ahead(void **state)
{
	const struct vrrp_standing ahead = standing(9, 1, LSN + 100);
	const struct vrrp_standing behind = standing(1, 254, LSN);

	(void)state;
	assert_true(vrrp_standing_ahead(&ahead, &behind, 99));
	assert_false(vrrp_standing_ahead(&ahead, &behind, 100)); /* "by more than" */
	assert_false(vrrp_standing_ahead(&behind, &ahead, 0));
	assert_true(vrrp_standing_better(&behind, false, &ahead, false, 100));
	assert_true(vrrp_standing_better(&ahead, false, &behind, false, 99));
}

static void then_priority_then_the_lower_id(void **state)
{
	const struct vrrp_standing high = standing(9, 101, LSN);
	const struct vrrp_standing low = standing(1, 100, LSN);
	const struct vrrp_standing same = standing(2, 100, LSN);

	(void)state;
	assert_true(vrrp_standing_better(&high, false, &low, false, 0));
	assert_false(vrrp_standing_better(&low, false, &high, false, 0));
	assert_true(vrrp_standing_better(&low, false, &same, false, 0));
	assert_false(vrrp_standing_better(&same, false, &low, false, 0));
}

static void a1_the_epoch_decides_between_two_promotions_of_one_number(void **state)
{
	struct vrrp_standing old = standing(1, 254, LSN + 5000);
	struct vrrp_standing later = standing(2, 1, LSN + 100);
	const struct vrrp_history mine = { .count = 2, .entry = { { .timeline = 1 }, { 2, LSN, 0xa } } };
	const struct vrrp_history theirs = { .count = 2, .entry = { { .timeline = 1 }, { 2, LSN, 0xb } } };

	(void)state;
	old.at.history = mine;
	old.at.timeline = 2;
	old.at.epoch = (struct vrrp_ballot){ 11, 1, 1 };
	later.at.history = theirs;
	later.at.timeline = 2;
	later.at.epoch = (struct vrrp_ballot){ 12, 1, 2 };
	assert_true(vrrp_standing_ahead(&later, &old, 0));
	assert_false(
		vrrp_standing_ahead(&old, &later, 0)); /* although it is longer, on a timeline of the same number */
	assert_true(vrrp_standing_better(&later, false, &old, false, 0));
}

/* Without election_lag it is a strict order: never both, one of both unless it is the same member, no circles. */
static void it_is_an_order(void **state)
{
	struct vrrp_prng prng;

	(void)state;
	vrrp_prng_init(&prng, 7);
	for (unsigned i = 0; i < DRAWS; i++) {
		struct vrrp_standing s[3];
		bool primary[3];
		bool better[3][3];

		for (unsigned j = 0; j < 3; j++) {
			s[j] = standing((uint8_t)(j + 1), (uint8_t)vrrp_prng_range(&prng, 1, 3),
				LSN + vrrp_prng_below(&prng, 3));
			primary[j] = vrrp_prng_chance(&prng, 1, 3);
		}
		for (unsigned j = 0; j < 3; j++) {
			for (unsigned k = 0; k < 3; k++) {
				better[j][k] = vrrp_standing_better(&s[j], primary[j], &s[k], primary[k], 0);
			}
			assert_false(better[j][j]);
		}
		for (unsigned j = 0; j < 3; j++) {
			unsigned k = (j + 1) % 3;
			unsigned l = (j + 2) % 3;

			assert_int_not_equal(better[j][k], better[k][j]);
			assert_false(better[j][k] && better[k][l] && better[l][j]);
		}
	}
}

static void what_a_report_claims(void **state)
{
	struct vrrp_report report = { .sender = 3,
		.priority = 120,
		.flags = VRRP_FLAG_ELIGIBLE | VRRP_FLAG_PG_UP,
		.timeline = 1,
		.position = LSN,
		.epoch = { 4, 5, 3 },
		.history = { .count = 1, .entry = { { .timeline = 1 } } } };
	struct vrrp_standing claim = vrrp_standing_from_report(&report);

	(void)state;
	assert_int_equal(claim.id, 3);
	assert_int_equal(claim.priority, 120);
	assert_true(claim.primary);
	assert_true(claim.eligible);
	assert_true(claim.at.position == LSN);
	assert_true(vrrp_ballot_equal(&claim.at.epoch, &report.epoch));
	report.flags = VRRP_FLAG_PG_UP | VRRP_FLAG_IN_RECOVERY;
	claim = vrrp_standing_from_report(&report);
	assert_false(claim.primary);
	assert_false(claim.eligible);
	report.flags = 0; /* down: not in recovery either, but no primary */
	assert_false(vrrp_standing_from_report(&report).primary);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_running_primary_comes_first),
		cmocka_unit_test(a_primary_that_was_passed_stands_by_its_position),
		cmocka_unit_test(who_is_ahead_comes_before_priority),
		cmocka_unit_test(within_election_lag_nobody_is_ahead),
		cmocka_unit_test(then_priority_then_the_lower_id),
		cmocka_unit_test(a1_the_epoch_decides_between_two_promotions_of_one_number),
		cmocka_unit_test(it_is_an_order),
		cmocka_unit_test(what_a_report_claims),
	};

	return cmocka_run_group_tests_name("ranking", tests, NULL, NULL);
}
