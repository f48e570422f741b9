/*
 * The bytes of reports: committed ones and random round trips. How they are spoiled: test_report_drops.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/report_samples.h"

#define RANDOM_REPORTS 20000

static void assert_ballot_equal(const struct vrrp_ballot *a, const struct vrrp_ballot *b)
{
	assert_int_equal(a->counter, b->counter);
	assert_int_equal(a->incarnation, b->incarnation);
	assert_int_equal(a->member, b->member);
}

static void assert_config_equal(const struct vrrp_report_config *a, const struct vrrp_report_config *b)
{
	assert_ballot_equal(&a->ballot, &b->ballot);
	assert_int_equal(a->version, b->version);
	assert_int_equal(a->members, b->members);
	assert_int_equal(a->k, b->k);
}

static void assert_lease_equal(const struct vrrp_report *a, const struct vrrp_report *b)
{
	assert_int_equal(a->ask_ms, b->ask_ms);
	assert_ballot_equal(&a->ballot, &b->ballot);
	assert_ballot_equal(&a->ballot_highest, &b->ballot_highest);
	assert_ballot_equal(&a->release, &b->release);
	assert_ballot_equal(&a->grant.ballot, &b->grant.ballot);
	assert_int_equal(a->grant.incarnation, b->grant.incarnation);
	assert_int_equal(a->grant.seq, b->grant.seq);
	assert_int_equal(a->grant.remaining_ms, b->grant.remaining_ms);
	assert_int_equal(a->grant.to, b->grant.to);
	assert_ballot_equal(&a->refusal.ballot, &b->refusal.ballot);
	assert_int_equal(a->refusal.bound_ms, b->refusal.bound_ms);
	assert_int_equal(a->refusal.to, b->refusal.to);
	assert_int_equal(a->refusal.reason, b->refusal.reason);
}

static void assert_data_equal(const struct vrrp_report *a, const struct vrrp_report *b)
{
	assert_int_equal(a->system_identifier, b->system_identifier);
	assert_ballot_equal(&a->epoch, &b->epoch);
	assert_int_equal(a->position, b->position);
	assert_int_equal(a->replayed, b->replayed);
	assert_int_equal(a->replay_lag_ms, b->replay_lag_ms);
	assert_int_equal(a->timeline, b->timeline);
	assert_int_equal(a->port, b->port);
	assert_int_equal(a->history.count, b->history.count);
	for (unsigned i = 0; i < VRRP_HISTORY_MAX; i++) {
		assert_int_equal(a->history.entry[i].timeline, b->history.entry[i].timeline);
		assert_int_equal(a->history.entry[i].switch_point, b->history.entry[i].switch_point);
		assert_int_equal(a->history.entry[i].fingerprint, b->history.entry[i].fingerprint);
	}
	assert_ballot_equal(&a->voucher.ballot, &b->voucher.ballot);
	assert_int_equal(a->voucher.position, b->voucher.position);
	assert_int_equal(a->voucher.answer, b->voucher.answer);
	assert_config_equal(&a->config_stored, &b->config_stored);
	assert_config_equal(&a->config_asked, &b->config_asked);
}

static void assert_report_equal(const struct vrrp_report *a, const struct vrrp_report *b)
{
	assert_int_equal(a->vrid, b->vrid);
	assert_int_equal(a->sender, b->sender);
	assert_int_equal(a->role, b->role);
	assert_int_equal(a->priority, b->priority);
	assert_int_equal(a->switchover_target, b->switchover_target);
	assert_int_equal(a->upstream, b->upstream);
	assert_int_equal(a->sync_state, b->sync_state);
	assert_int_equal(a->flags, b->flags);
	assert_int_equal(a->incarnation, b->incarnation);
	assert_int_equal(a->seq, b->seq);
	assert_memory_equal(a->digest, b->digest, VRRP_DIGEST_BYTES);
	assert_int_equal(a->fault_reasons, b->fault_reasons);
	assert_int_equal(a->pause_counter, b->pause_counter);
	assert_lease_equal(a, b);
	assert_data_equal(a, b);
	assert_int_equal(a->echo_count, b->echo_count);
	for (unsigned i = 0; i < VRRP_MEMBERS_MAX; i++) {
		assert_int_equal(a->echo[i].member, b->echo[i].member);
		assert_int_equal(a->echo[i].believed_incarnation, b->echo[i].believed_incarnation);
		assert_int_equal(a->echo[i].believed_seq, b->echo[i].believed_seq);
		assert_int_equal(a->echo[i].other_incarnation, b->echo[i].other_incarnation);
		assert_int_equal(a->echo[i].other_seq, b->echo[i].other_seq);
	}
}

static size_t encode(const struct vrrp_report *report, uint8_t *bytes)
{
	const int length = vrrp_report_encode(report, &AUTH, bytes, SIZE);

	assert_int_equal(length, LENGTH);
	return (size_t)length;
}

static void golden_bytes_both_ways(void **state)
{
	const struct vrrp_report want = golden_report();
	struct vrrp_report have;
	uint8_t bytes[SIZE];
	const size_t length = encode(&want, bytes);

	(void)state;
	assert_memory_equal(bytes, GOLDEN, BODY);
	assert_memory_equal(bytes + BODY, KEY_ID, sizeof(KEY_ID));
	assert_int_equal(vrrp_report_decode(bytes, length, &EXPECT, &AUTH, &have, NULL), VRRP_DROP_NONE);
	assert_report_equal(&have, &want);
}

static void random_reports_survive_the_round_trip(void **state)
{
	struct vrrp_prng prng;

	(void)state;
	vrrp_prng_init(&prng, 20240501);
	for (unsigned i = 0; i < RANDOM_REPORTS; i++) {
		const struct vrrp_report want = draw_report(&prng);
		struct vrrp_report have;
		uint8_t bytes[SIZE];
		const size_t length = encode(&want, bytes);

		assert_int_equal(vrrp_report_decode(bytes, length, &EXPECT, &AUTH, &have, NULL), VRRP_DROP_NONE);
		assert_report_equal(&have, &want);
	}
}

static void nine_members_and_eight_timelines_fit(void **state)
{
	struct vrrp_prng prng;
	struct vrrp_report report;
	uint8_t bytes[SIZE];

	(void)state;
	vrrp_prng_init(&prng, 9);
	report = draw_report(&prng);
	report.echo_count = VRRP_MEMBERS_MAX;
	report.history.count = VRRP_HISTORY_MAX;
	assert_in_range(encode(&report, bytes), LENGTH, VRRP_REPORT_BYTES_MAX);
}

/* What stands behind a count is nobody's business, neither when sent nor when received. */
static void entries_beyond_a_count_are_zero(void **state)
{
	struct vrrp_report want = golden_report();
	struct vrrp_report have;
	uint8_t bytes[SIZE];
	size_t length;

	(void)state;
	want.history.entry[2].timeline = 99;
	want.echo[8].believed_seq = 99;
	length = encode(&want, bytes);
	assert_memory_equal(bytes, GOLDEN, BODY);
	bytes[240 + 2 * 20] = 0x55;
	bytes[475 + 8 * 33] = 0x55;
	sign_again(bytes, length);
	want = golden_report();
	assert_int_equal(vrrp_report_decode(bytes, length, &EXPECT, &AUTH, &have, NULL), VRRP_DROP_NONE);
	assert_report_equal(&have, &want);
}

/* A later release appends before the key id, up to the packet's limit; this one skips it. */
static void appended_bytes_are_skipped(void **state)
{
	const struct vrrp_report want = golden_report();
	uint8_t bytes[SIZE];

	(void)state;
	for (size_t more = 1; LENGTH + more <= SIZE; more++) {
		struct vrrp_report have;

		(void)encode(&want, bytes);
		memset(bytes + BODY, 0xa5, more);
		sign_again(bytes, LENGTH + more);
		assert_int_equal(vrrp_report_decode(bytes, LENGTH + more, &EXPECT, &AUTH, &have, NULL), VRRP_DROP_NONE);
		assert_report_equal(&have, &want);
	}
}

/* A report of the first release ends before the hashes and the members: they are absent, all else is as it was. */
static void an_older_release_tells_no_keys(void **state)
{
	struct vrrp_report want = golden_report();
	struct vrrp_report have;
	uint8_t bytes[SIZE];

	(void)state;
	(void)encode(&want, bytes);
	sign_again(bytes, BODY_FIRST + TRAILER);
	memset(want.key_hash, 0, sizeof(want.key_hash));
	want.members = (struct vrrp_member_list){ 0 };
	assert_int_equal(vrrp_report_decode(bytes, BODY_FIRST + TRAILER, &EXPECT, &AUTH, &have, NULL), VRRP_DROP_NONE);
	assert_report_equal(&have, &want);
}

/* Flags, fault and refusal reasons of a later release come through; words for them are "?". */
static void open_sets_come_through(void **state)
{
	struct vrrp_report want = golden_report();
	struct vrrp_report have;
	uint8_t bytes[SIZE];

	(void)state;
	want.flags = 0xffff;
	want.fault_reasons = UINT32_MAX;
	want.refusal.reason = 255;
	want.history.entry[0].timeline = 7; /* above the next: makes no sense, is not dropped */
	assert_int_equal(vrrp_report_decode(bytes, encode(&want, bytes), &EXPECT, &AUTH, &have, NULL), VRRP_DROP_NONE);
	assert_report_equal(&have, &want);
}

static void a_failed_signature_is_no_packet(void **state)
{
	const struct vrrp_report report = golden_report();
	uint8_t bytes[SIZE];

	(void)state;
	auth_result = -EIO;
	assert_int_equal(vrrp_report_encode(&report, &AUTH, bytes, sizeof(bytes)), -EIO);
	auth_result = 0;
}

static void the_vrid_can_be_peeked(void **state)
{
	const struct vrrp_report report = golden_report();
	uint8_t bytes[SIZE];

	(void)state;
	(void)encode(&report, bytes);
	assert_int_equal(vrrp_report_peek_vrid(bytes, 8), 51);
	assert_int_equal(vrrp_report_peek_vrid(bytes, 7), 0);
	assert_int_equal(vrrp_report_peek_vrid(bytes, 0), 0);
	bytes[4] = 2; /* another version's is counted by the same instance */
	assert_int_equal(vrrp_report_peek_vrid(bytes, LENGTH), 51);
	bytes[3] ^= 1;
	assert_int_equal(vrrp_report_peek_vrid(bytes, LENGTH), 0);
}

/* Counter first, then member, then incarnation (protocol.md section 4). */
static void ballots_have_an_order(void **state)
{
	const struct vrrp_ballot order[] = { { 0, 0, 0 }, { 1, 9, 1 }, { 1, 10, 1 }, { 1, 2, 2 }, { 2, 1, 1 },
		{ UINT64_MAX, 0, 1 }, { UINT64_MAX, UINT64_MAX, 255 } };

	(void)state;
	for (size_t i = 0; i < VRRP_ARRAY_LENGTH(order); i++) {
		assert_true(vrrp_ballot_is_none(&order[i]) == (i == 0));
		for (size_t j = 0; j < VRRP_ARRAY_LENGTH(order); j++) {
			const int sign = vrrp_ballot_compare(&order[i], &order[j]);

			assert_int_equal((sign > 0) - (sign < 0), (i > j) - (i < j));
			assert_true(vrrp_ballot_equal(&order[i], &order[j]) == (i == j));
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(golden_bytes_both_ways),
		cmocka_unit_test(random_reports_survive_the_round_trip),
		cmocka_unit_test(nine_members_and_eight_timelines_fit),
		cmocka_unit_test(entries_beyond_a_count_are_zero),
		cmocka_unit_test(appended_bytes_are_skipped),
		cmocka_unit_test(an_older_release_tells_no_keys),
		cmocka_unit_test(open_sets_come_through),
		cmocka_unit_test(a_failed_signature_is_no_packet),
		cmocka_unit_test(the_vrid_can_be_peeked),
		cmocka_unit_test(ballots_have_an_order),
	};

	return cmocka_run_group_tests_name("report", tests, NULL, NULL);
}
