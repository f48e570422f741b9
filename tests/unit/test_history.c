/*
 * Who has more of the history: the table of history.h line by line, each also with a and b exchanged. The same rules on
 * random trees of promotions: test_history_tree.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "vrrp/history.h"

/* Switch points X < Y < Z, and fingerprints. */
#define X 0x3000028
#define Y 0x4000100
#define Z 0x5000000
#define F 0xf1
#define G 0xf2
#define H 0xf3

#define ONE                                                                                                            \
	{                                                                                                              \
		1, 0, 0                                                                                                \
	}

static const struct vrrp_history HISTORY_1 = { 1, { ONE } };
/* Another first timeline: no promotion makes one, so nothing can be said of it. */
static const struct vrrp_history HISTORY_4_FIRST = { 1, { { 4, 0, 0 } } };
static const struct vrrp_history HISTORY_12 = { 2, { ONE, { 2, X, F } } };
static const struct vrrp_history HISTORY_12_UNKNOWN = { 2, { ONE, { 2, X, 0 } } };
static const struct vrrp_history HISTORY_12_OTHER = { 2, { ONE, { 2, X, G } } };
static const struct vrrp_history HISTORY_12_LATER = { 2, { ONE, { 2, Y, G } } };
static const struct vrrp_history HISTORY_13 = { 2, { ONE, { 3, X, G } } };
static const struct vrrp_history HISTORY_123 = { 3, { ONE, { 2, X, F }, { 3, Y, H } } };
static const struct vrrp_history HISTORY_123_UNKNOWN = { 3, { ONE, { 2, X, 0 }, { 3, Y, H } } };
static const struct vrrp_history HISTORY_123_OTHER = { 3, { ONE, { 2, X, G }, { 3, Y, F } } };
static const struct vrrp_history HISTORY_12_CUT = { 1, { { 2, X, F } } };
static const struct vrrp_history HISTORY_23_UNKNOWN = { 2, { { 2, X, 0 }, { 3, Y, H } } };
static const struct vrrp_history HISTORY_23_WRONG = { 2, { { 2, X, G }, { 3, Y, H } } };
/* Timeline 2 was followed to its switch point and left there again: it has no record in this line. */
static const struct vrrp_history HISTORY_12_EMPTY_3 = { 3, { ONE, { 2, X, 0 }, { 3, X, H } } };
static const struct vrrp_history HISTORY_LONG = { 8,
	{ { 3, Y, 3 }, { 4, Y + 1, 4 }, { 5, Y + 2, 5 }, { 6, Y + 3, 6 }, { 7, Y + 4, 7 }, { 8, Y + 5, 8 },
		{ 9, Y + 6, 9 }, { 10, Y + 7, 10 } } };

static struct vrrp_position at(const struct vrrp_history *history, vrrp_lsn lsn, uint64_t epoch)
{
	return (struct vrrp_position){
		.history = *history,
		.position = lsn,
		.epoch = { epoch, epoch, epoch != 0 },
		.timeline = history->count != 0 ? history->entry[history->count - 1].timeline : 0,
	};
}

#define EQUAL VRRP_LINEAGE_EQUAL
#define A_PREFIX VRRP_LINEAGE_A_PREFIX
#define B_PREFIX VRRP_LINEAGE_B_PREFIX
#define DIVERGED VRRP_LINEAGE_DIVERGED

struct row {
	const struct vrrp_history *a;
	vrrp_lsn position_a;
	const struct vrrp_history *b;
	vrrp_lsn position_b;
	enum vrrp_lineage lineage;
	vrrp_lsn common;
};

static enum vrrp_lineage exchanged(enum vrrp_lineage lineage)
{
	return lineage == A_PREFIX ? B_PREFIX : lineage == B_PREFIX ? A_PREFIX : lineage;
}

static void assert_rows(const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct vrrp_position a = at(rows[i].a, rows[i].position_a, 0);
		const struct vrrp_position b = at(rows[i].b, rows[i].position_b, 0);
		const bool a_prefix = rows[i].lineage == EQUAL || rows[i].lineage == A_PREFIX;
		const bool b_prefix = rows[i].lineage == EQUAL || rows[i].lineage == B_PREFIX;
		vrrp_lsn common = UINT64_MAX;

		assert_int_equal(vrrp_history_compare(&a, &b, &common), rows[i].lineage);
		assert_int_equal(common, rows[i].common);
		assert_int_equal(vrrp_history_compare(&b, &a, &common), exchanged(rows[i].lineage));
		assert_int_equal(common, rows[i].common);
		assert_int_equal(vrrp_history_compare(&a, &b, NULL), rows[i].lineage);
		assert_true(vrrp_position_is_prefix(&a, &b) == a_prefix);
		assert_true(vrrp_position_is_prefix(&b, &a) == b_prefix);
	}
}

static void one_timeline(void **state)
{
	static const struct row ROWS[] = {
		{ &HISTORY_1, X, &HISTORY_1, X, EQUAL, X },
		{ &HISTORY_1, X, &HISTORY_1, X + 1, A_PREFIX, X },
		{ &HISTORY_12, Y, &HISTORY_12, Y, EQUAL, Y },
		{ &HISTORY_12, Y - 1, &HISTORY_12, Y, A_PREFIX, Y - 1 },
		{ &HISTORY_123, Z, &HISTORY_123, Z + 8, A_PREFIX, Z },
	};

	(void)state;
	assert_rows(ROWS, VRRP_ARRAY_LENGTH(ROWS));
}

static void a_standby_left_on_the_old_timeline(void **state)
{
	static const struct row ROWS[] = {
		/* before, at and beyond the point where the other left */
		{ &HISTORY_1, X - 1, &HISTORY_12, Y, A_PREFIX, X - 1 },
		{ &HISTORY_1, X, &HISTORY_12, Y, A_PREFIX, X },
		{ &HISTORY_1, X + 1, &HISTORY_12, Y, DIVERGED, X },
		{ &HISTORY_1, Y + 1, &HISTORY_12, Y, DIVERGED, X },
		/* two timelines behind: what counts is where the other left timeline 1 */
		{ &HISTORY_1, X, &HISTORY_123, Z, A_PREFIX, X },
		{ &HISTORY_1, X + 1, &HISTORY_123, Z, DIVERGED, X },
		{ &HISTORY_12, Y - 1, &HISTORY_123, Z, A_PREFIX, Y - 1 },
		{ &HISTORY_12, Y, &HISTORY_123, Z, A_PREFIX, Y },
		{ &HISTORY_12, Y + 1, &HISTORY_123, Z, DIVERGED, Y },
		/* the other only knows of timeline 2 and has nothing of it yet */
		{ &HISTORY_1, X - 1, &HISTORY_12_UNKNOWN, X, A_PREFIX, X - 1 },
		{ &HISTORY_1, X, &HISTORY_12_UNKNOWN, X, EQUAL, X },
		{ &HISTORY_1, X + 1, &HISTORY_12_UNKNOWN, X, B_PREFIX, X },
		{ &HISTORY_1, X + 1, &HISTORY_12_UNKNOWN, X - 1, B_PREFIX, X - 1 },
		{ &HISTORY_1, X + 1, &HISTORY_12_UNKNOWN, X + 1, DIVERGED, X },
	};

	(void)state;
	assert_rows(ROWS, VRRP_ARRAY_LENGTH(ROWS));
}

static void two_promotions_from_one_timeline(void **state)
{
	static const struct row ROWS[] = {
		{ &HISTORY_12, Y, &HISTORY_12_LATER, Z, DIVERGED, X },
		{ &HISTORY_12, X + 1, &HISTORY_12_LATER, Y + 1, DIVERGED, X },
		{ &HISTORY_12, Y, &HISTORY_13, Y, DIVERGED, X },
		/* number and switch point the same: only the fingerprint tells [A2] */
		{ &HISTORY_12, Y, &HISTORY_12_OTHER, Y, DIVERGED, X },
		{ &HISTORY_12, X + 1, &HISTORY_12_OTHER, Z, DIVERGED, X },
		{ &HISTORY_12, Y, &HISTORY_123_OTHER, Z, DIVERGED, X },
		{ &HISTORY_123, Z, &HISTORY_123_OTHER, Z, DIVERGED, X },
		/* unknown on one side: it may be the other timeline 2 */
		{ &HISTORY_12_UNKNOWN, Y, &HISTORY_12, Y, DIVERGED, X },
		{ &HISTORY_12_UNKNOWN, Y, &HISTORY_12_UNKNOWN, Y, DIVERGED, X },
		{ &HISTORY_12_UNKNOWN, X + 1, &HISTORY_12, Y, DIVERGED, X },
		{ &HISTORY_12_UNKNOWN, X, &HISTORY_12, Y, A_PREFIX, X },
		{ &HISTORY_12_UNKNOWN, X - 8, &HISTORY_12, Y, A_PREFIX, X - 8 },
	};

	(void)state;
	assert_rows(ROWS, VRRP_ARRAY_LENGTH(ROWS));
}

static void the_newest_known_entry_decides(void **state)
{
	static const struct row ROWS[] = {
		{ &HISTORY_123, Z, &HISTORY_123_UNKNOWN, Z, EQUAL, Z },
		{ &HISTORY_123, Z, &HISTORY_123_UNKNOWN, Z - 1, B_PREFIX, Z - 1 },
		{ &HISTORY_23_UNKNOWN, Z, &HISTORY_23_WRONG, Z, EQUAL, Z },
		/* lists that do not begin with the first timeline */
		{ &HISTORY_12_CUT, Y, &HISTORY_123, Z, A_PREFIX, Y },
		{ &HISTORY_12_CUT, Y + 1, &HISTORY_123, Z, DIVERGED, Y },
		{ &HISTORY_12_CUT, Y, &HISTORY_12, Z, A_PREFIX, Y },
		{ &HISTORY_23_UNKNOWN, Z, &HISTORY_123, Z, EQUAL, Z },
		/* nothing known on both sides */
		{ &HISTORY_12_CUT, X + 1, &HISTORY_1, X, DIVERGED, 0 },
		{ &HISTORY_12_CUT, X + 1, &HISTORY_12_UNKNOWN, Z, DIVERGED, 0 },
		{ &HISTORY_1, X, &HISTORY_LONG, Z, DIVERGED, 0 },
		{ &HISTORY_1, X, &HISTORY_4_FIRST, X, DIVERGED, 0 },
		{ &HISTORY_12, Y, &HISTORY_LONG, Z, DIVERGED, 0 },
		/* a timeline without a record of its own */
		{ &HISTORY_12_EMPTY_3, Y, &HISTORY_12_EMPTY_3, Y, EQUAL, Y },
		{ &HISTORY_12_EMPTY_3, Y, &HISTORY_12, Y, DIVERGED, X },
		{ &HISTORY_12_EMPTY_3, Y, &HISTORY_1, X, B_PREFIX, X },
	};

	(void)state;
	assert_rows(ROWS, VRRP_ARRAY_LENGTH(ROWS));
}

/* A member that restarted on timeline 2 may show a position before X for a while; it is no prefix of timeline 1. */
static void a_known_fingerprint_outweighs_a_late_position(void **state)
{
	static const struct row ROWS[] = {
		{ &HISTORY_12, X, &HISTORY_1, Y, DIVERGED, X },
		{ &HISTORY_12, X - 8, &HISTORY_1, Y, DIVERGED, X },
		{ &HISTORY_12, X - 8, &HISTORY_12_OTHER, X - 8, DIVERGED, X },
		{ &HISTORY_12, X - 8, &HISTORY_12_LATER, Z, DIVERGED, X },
		{ &HISTORY_12, X - 8, &HISTORY_1, X, B_PREFIX, X },
		{ &HISTORY_12, X - 8, &HISTORY_12, Y, A_PREFIX, X + 1 },
		{ &HISTORY_12, UINT64_MAX, &HISTORY_12, X, B_PREFIX, X + 1 },
	};

	(void)state;
	assert_rows(ROWS, VRRP_ARRAY_LENGTH(ROWS));
}

static void what_says_too_little_is_unknown(void **state)
{
	static const struct vrrp_history NONE = { 0 };
	static const struct vrrp_history FALLING = { 2, { ONE, { 1, X, F } } };
	static const struct vrrp_history BACKWARDS = { 3, { ONE, { 2, Y, F }, { 3, X, G } } };
	static const struct vrrp_history TWO_FIRST = { 2, { ONE, { 2, 0, 0 } } };
	static const struct vrrp_history ZERO = { 1, { { 0, X, F } } };
	struct vrrp_history overlong = HISTORY_LONG;
	struct vrrp_position positions[] = { at(&NONE, Y, 1), at(&FALLING, Y, 1), at(&BACKWARDS, Z, 1),
		at(&TWO_FIRST, Y, 1), at(&ZERO, Y, 1), at(&HISTORY_12, 0, 1), at(&HISTORY_12, Y, 1),
		at(&HISTORY_12, Y, 1), at(&HISTORY_LONG, Z, 1) };
	const struct vrrp_position good = at(&HISTORY_12, Y, 1);

	(void)state;
	positions[6].timeline = 3; /* switched, and the history is not read yet */
	positions[7].timeline = 0;
	overlong.count = VRRP_HISTORY_MAX + 1;
	positions[8].history = overlong;
	assert_true(vrrp_position_is_complete(&good));
	for (size_t i = 0; i < VRRP_ARRAY_LENGTH(positions); i++) {
		vrrp_lsn common = 77;
		uint64_t bytes = 77;

		assert_false(vrrp_position_is_complete(&positions[i]));
		assert_int_equal(vrrp_history_compare(&positions[i], &good, &common), VRRP_LINEAGE_UNKNOWN);
		assert_int_equal(vrrp_history_compare(&good, &positions[i], &common), VRRP_LINEAGE_UNKNOWN);
		assert_int_equal(vrrp_history_compare(&positions[i], &positions[i], &common), VRRP_LINEAGE_UNKNOWN);
		assert_int_equal(common, 77);
		assert_false(vrrp_position_is_prefix(&positions[i], &good));
		assert_false(vrrp_position_is_prefix(&good, &positions[i]));
		assert_false(vrrp_position_ahead(&positions[i], &good, &bytes));
		assert_false(vrrp_position_ahead(&positions[i], &positions[i], &bytes));
		assert_int_equal(bytes, 77);
		assert_true(vrrp_position_ahead(&good, &positions[i], &bytes));
		assert_true(bytes == VRRP_BYTES_UNKNOWN);
	}
}

static void ahead(void **state)
{
	static const struct {
		const struct vrrp_history *a;
		vrrp_lsn position_a;
		uint64_t epoch_a;
		const struct vrrp_history *b;
		vrrp_lsn position_b;
		uint64_t epoch_b;
		bool a_ahead;
		bool b_ahead;
		uint64_t bytes;
	} ROWS[] = {
		/* one line: the longer, whatever the epochs say */
		{ &HISTORY_1, X, 9, &HISTORY_1, X, 1, false, false, 0 },
		{ &HISTORY_1, X + 5, 1, &HISTORY_1, X, 9, true, false, 5 },
		{ &HISTORY_12, Y, 1, &HISTORY_1, X - 8, 9, true, false, Y - X + 8 },
		{ &HISTORY_12, Y, 9, &HISTORY_1, X, 1, true, false, Y - X },
		/* both beyond the common point: the higher epoch, whatever the lengths say */
		{ &HISTORY_12, Y, 9, &HISTORY_1, Z, 1, true, false, Y - X },
		{ &HISTORY_12, Z, 1, &HISTORY_12_OTHER, X + 8, 2, false, true, 8 },
		/* equal epochs: neither (so none at all, too) */
		{ &HISTORY_12, Y, 4, &HISTORY_12_OTHER, Z, 4, false, false, 0 },
		{ &HISTORY_12, Y, 0, &HISTORY_1, Z, 0, false, false, 0 },
		/* no common point known: nobody can say by how much */
		{ &HISTORY_LONG, Z, 9, &HISTORY_1, X, 1, true, false, VRRP_BYTES_UNKNOWN },
		{ &HISTORY_LONG, Z, 1, &HISTORY_1, X, 9, false, true, VRRP_BYTES_UNKNOWN },
	};

	(void)state;
	for (size_t i = 0; i < VRRP_ARRAY_LENGTH(ROWS); i++) {
		const struct vrrp_position a = at(ROWS[i].a, ROWS[i].position_a, ROWS[i].epoch_a);
		const struct vrrp_position b = at(ROWS[i].b, ROWS[i].position_b, ROWS[i].epoch_b);
		uint64_t bytes = 0;

		assert_true(vrrp_position_ahead(&a, &b, &bytes) == ROWS[i].a_ahead);
		assert_true(vrrp_position_ahead(&b, &a, &bytes) == ROWS[i].b_ahead);
		assert_int_equal(bytes, ROWS[i].bytes);
		assert_true(vrrp_position_ahead(&a, &b, NULL) == ROWS[i].a_ahead);
	}
}

/* An epoch is a ballot: counter, then member, then incarnation. */
static void epochs_compare_as_ballots(void **state)
{
	struct vrrp_position a = at(&HISTORY_12, Y, 5);
	struct vrrp_position b = at(&HISTORY_12_OTHER, Y, 5);

	(void)state;
	a.epoch.member = 3;
	b.epoch.member = 2;
	b.epoch.incarnation = UINT64_MAX;
	assert_true(vrrp_position_ahead(&a, &b, NULL));
	assert_false(vrrp_position_ahead(&b, &a, NULL));
	a.epoch.member = 2;
	assert_false(vrrp_position_ahead(&a, &b, NULL));
	assert_true(vrrp_position_ahead(&b, &a, NULL));
}

static void the_position_of_a_report(void **state)
{
	struct vrrp_report report = { .position = Y, .timeline = 2, .history = HISTORY_12, .epoch = { 7, 8, 9 } };
	struct vrrp_position position = vrrp_position_from_report(&report);
	const struct vrrp_position good = at(&HISTORY_12, Y, 7);

	(void)state;
	assert_int_equal(vrrp_history_compare(&position, &good, NULL), EQUAL);
	assert_int_equal(position.epoch.counter, 7);
	assert_int_equal(position.epoch.incarnation, 8);
	assert_int_equal(position.epoch.member, 9);
	report.flags = VRRP_FLAG_STALE_HISTORY;
	position = vrrp_position_from_report(&report);
	assert_false(vrrp_position_is_complete(&position));
}

static void appending_keeps_the_last_eight(void **state)
{
	struct vrrp_history history = { 0 };

	(void)state;
	for (unsigned i = 1; i <= 11; i++) {
		const struct vrrp_timeline entry = { i, (i - 1) * 100, i };

		vrrp_history_append(&history, &entry);
		assert_true(vrrp_history_is_valid(&history));
		assert_int_equal(history.count, i < VRRP_HISTORY_MAX ? i : VRRP_HISTORY_MAX);
		assert_int_equal(history.entry[history.count - 1].timeline, i);
	}
	assert_int_equal(history.entry[0].timeline, 4);
	assert_ptr_equal(vrrp_history_find(&history, 11), &history.entry[7]);
	assert_int_equal(vrrp_history_find(&history, 4)->switch_point, 300);
	assert_null(vrrp_history_find(&history, 3));
	assert_null(vrrp_history_find(&history, 12));
}

static void fingerprints_are_adopted_only_where_unknown(void **state)
{
	struct vrrp_history mine = HISTORY_123_UNKNOWN;
	struct vrrp_history other = { 2, { ONE, { 2, Y, 0 } } };

	(void)state;
	assert_int_equal(vrrp_history_adopt(&mine, &HISTORY_123_OTHER), 1);
	assert_int_equal(mine.entry[0].fingerprint, 0);
	assert_int_equal(mine.entry[1].fingerprint, G);
	assert_int_equal(mine.entry[2].fingerprint, H); /* mine, although the holder's is another */
	assert_int_equal(vrrp_history_adopt(&mine, &HISTORY_123), 0);
	assert_int_equal(vrrp_history_adopt(&other, &HISTORY_12), 0); /* another switch point */
	assert_int_equal(vrrp_history_adopt(&other, &HISTORY_12_LATER), 1);
	assert_int_equal(other.entry[1].fingerprint, G);
}

/* Part of the protocol: members of different releases must agree. The third is the one preimage of 0. */
static void fingerprints_are_what_they_always_were(void **state)
{
	(void)state;
	assert_true(vrrp_history_fingerprint(0x12345678, INT64_C(770000000123456)) == UINT64_C(0x516695024242681f));
	assert_true(vrrp_history_fingerprint(0xffffffff, -1) == UINT64_C(0x8b32c408e8c2c97c));
	assert_true(vrrp_history_fingerprint(0, 0) == 1);
	assert_true(vrrp_history_fingerprint(1, 0) != vrrp_history_fingerprint(0, 1));
	assert_true(vrrp_history_fingerprint(0x80000000, 0) != vrrp_history_fingerprint(0, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_timeline),
		cmocka_unit_test(a_standby_left_on_the_old_timeline),
		cmocka_unit_test(two_promotions_from_one_timeline),
		cmocka_unit_test(the_newest_known_entry_decides),
		cmocka_unit_test(a_known_fingerprint_outweighs_a_late_position),
		cmocka_unit_test(what_says_too_little_is_unknown),
		cmocka_unit_test(ahead),
		cmocka_unit_test(epochs_compare_as_ballots),
		cmocka_unit_test(the_position_of_a_report),
		cmocka_unit_test(appending_keeps_the_last_eight),
		cmocka_unit_test(fingerprints_are_adopted_only_where_unknown),
		cmocka_unit_test(fingerprints_are_what_they_always_were),
	};

	return cmocka_run_group_tests_name("history", tests, NULL, NULL);
}
