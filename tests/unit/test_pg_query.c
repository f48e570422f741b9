/* pg_query: answers as recorded from PostgreSQL 15, and what may be wrong with one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "checks/pg_memory.h"
#include "checks/pg_query.h"

#define COLUMNS 34

/* In the order of the statement. NULL = SQL NULL. */
static const char *const primary[COLUMNS] = { "150018", "0", "7575432100123456789", "000000030000000000000005", NULL,
	"2", "0", "0/3000028", NULL, NULL, "0/5A3F2C8", "0", "1", NULL, NULL, NULL, NULL, NULL, "0", "on", "on", "on",
	"off", "on", "on", "ANY 1 (db2, db3)", "", "", "16777216", "5432", "1700000000123456", NULL, NULL, "2" };
static const char *const streaming[COLUMNS] = { "150018", "1", "7575432100123456789", NULL, "3", "2", "2", "0/3000028",
	"0/5A3F2C8", "0/5A3F000", NULL, "0", "1", "4711", "streaming", "10.0.0.1", "5432", "vipd_db2", "12", "on", "on",
	"on", "off", "on", "on", "", "user=replicator host=10.0.0.1", "vipd_db2", "16777216", "5432",
	"1700000000123456", "RecoveryWalStream", "4700", "0" };
static const char *const waiting[COLUMNS] = { "150018", "1", "-5", NULL, NULL, "2", "3", "0/3000028", NULL, "0/5A3F000",
	NULL, "0", "1", NULL, NULL, NULL, NULL, NULL, NULL, "on", "on", "on", "off", "on", "on", "", "", "", "16777216",
	"5432", "1700000000123456", "RecoveryRetrieveRetryInterval", "4700", "0" };

static struct pg_rows rows;
static struct pg_state seen;

static int parse(const char *const answer[COLUMNS], int replaced, const char *value, struct vip_err *err)
{
	pg_rows_clear(&rows, COLUMNS);
	for (int i = 0; i < COLUMNS; i++) {
		const char *cell = i == replaced ? value : answer[i];

		assert_int_equal(pg_rows_append(&rows, cell, cell != NULL ? strlen(cell) : 0), 0);
	}
	return pg_query_state_parse(&rows, &seen, err);
}

static void a_primary(void **state)
{
	(void)state;
	assert_int_equal(parse(primary, -1, NULL, NULL), 0);
	assert_false(seen.in_recovery);
	assert_true(seen.timeline_exact && seen.position_known);
	/* Just promoted: its file is on 3, its last checkpoint still on 2. */
	assert_int_equal(seen.timeline, 3);
	assert_int_equal(seen.checkpoint_timeline, 2);
	assert_int_equal(seen.position, 0x5A3F2C8);
	assert_int_equal(seen.received_lsn, 0);
	assert_true(seen.system_identifier == UINT64_C(7575432100123456789));
	assert_string_equal(seen.synchronous_standby_names, "ANY 1 (db2, db3)");
	assert_int_equal(seen.walsenders, 2);
	assert_false(seen.streaming);
}

static void a_streaming_standby(void **state)
{
	(void)state;
	assert_int_equal(parse(streaming, -1, NULL, NULL), 0);
	assert_true(seen.in_recovery && seen.streaming && seen.receiver_present);
	assert_int_equal(seen.timeline, 3);
	assert_true(seen.timeline_exact);
	assert_int_equal(seen.position, 0x5A3F2C8); /* received, not replayed */
	assert_false(seen.position_known);          /* in spite of the wait event: there is a receiver */
	assert_string_equal(seen.upstream_host, "10.0.0.1");
	assert_int_equal(seen.upstream_port, 5432);
	assert_string_equal(seen.upstream_slot, "vipd_db2");
	assert_int_equal(seen.replay_lag_ms, 12);
	assert_int_equal(seen.flush_lsn, 0);
}

static void a_standby_at_the_end_of_local_wal(void **state)
{
	(void)state;
	assert_int_equal(parse(waiting, -1, NULL, NULL), 0);
	assert_true(seen.position_known);
	assert_int_equal(seen.position, 0x5A3F000);
	assert_int_equal(seen.timeline, 3); /* the greater of pg_control's two */
	assert_false(seen.timeline_exact);
	assert_int_equal(seen.replay_lag_ms, -1);
	assert_true(seen.system_identifier == UINT64_MAX - 4); /* SQL shows it signed */
}

/* Replaying local WAL (no wait event), paused, or still receiving: not known. */
static void a_position_is_known_only_at_the_end(void **state)
{
	(void)state;
	assert_int_equal(parse(waiting, 31, NULL, NULL), 0);
	assert_false(seen.position_known);
	assert_int_equal(parse(waiting, 31, "RecoveryPause", NULL), 0);
	assert_false(seen.position_known);
	assert_int_equal(parse(waiting, 31, "RecoveryWalStream", NULL), 0);
	assert_true(seen.position_known);
	assert_int_equal(parse(waiting, 13, "4711", NULL), 0); /* a receiver that still connects: no row in its view */
	assert_true(seen.receiver_present);
	assert_false(seen.streaming || seen.position_known);
	assert_int_equal(parse(waiting, 9, NULL, NULL), 0); /* nothing replayed yet */
	assert_false(seen.position_known);
}

static void what_cannot_be_right_is_refused(void **state)
{
	static const struct {
		int column;
		const char *value;
		const char *named;
	} wrong[] = {
		{ 0, "90600", "server_version_num" },
		{ 0, NULL, "server_version_num" },
		{ 1, "2", "pg_is_in_recovery" },
		{ 1, NULL, "pg_is_in_recovery" },
		{ 2, "0", "system_identifier" },
		{ 2, "18446744073709551616", "system_identifier" },
		{ 3, NULL, "pg_walfile_name" },
		{ 3, "00000003", "pg_walfile_name" },
		{ 5, "0", "timeline_id" },
		{ 5, "4294967296", "timeline_id" },
		{ 10, "5A3F2C8", "pg_current_wal_flush_lsn" },
		{ 10, "0/5A3F2C8 ", "pg_current_wal_flush_lsn" },
		{ 10, "0/123456789", "pg_current_wal_flush_lsn" },
		{ 10, NULL, "pg_current_wal_flush_lsn" },
		{ 12, "0", "pg_monitor" },
		{ 19, "yes", "fsync" },
		{ 24, "remote_apply_and_more", "synchronous_commit" },
		{ 28, "0", "bytes_per_wal_segment" },
		{ 29, "65536", "port" },
	};

	(void)state;
	for (unsigned i = 0; i < VRRP_ARRAY_LENGTH(wrong); i++) {
		struct vip_err err = { "" };

		seen.port = 1;
		assert_int_equal(parse(primary, wrong[i].column, wrong[i].value, &err), -EPROTO);
		if (strstr(err.text, wrong[i].named) == NULL) {
			fail_msg("column %d: %s", wrong[i].column, err.text);
		}
		assert_int_equal(seen.port, 1); /* written only on success */
	}
	pg_rows_clear(&rows, COLUMNS);
	assert_int_equal(pg_query_state_parse(&rows, &seen, NULL), -EPROTO);
	pg_rows_clear(&rows, 1);
	assert_int_equal(pg_rows_append(&rows, "1", 1), 0);
	assert_int_equal(pg_query_state_parse(&rows, &seen, NULL), -EPROTO);
}

static void rows_are_bounded(void **state)
{
	static char big[PG_ROWS_BYTES_MAX];

	(void)state;
	memset(big, 'x', sizeof(big));
	pg_rows_clear(&rows, 1);
	assert_int_equal(pg_rows_append(&rows, big, sizeof(big)), -EMSGSIZE);
	assert_int_equal(pg_rows_append(&rows, big, sizeof(big) - 1), 0);
	assert_int_equal(pg_rows_append(&rows, "", 0), -EMSGSIZE);
	pg_rows_clear(&rows, 1);
	for (unsigned i = 0; i < PG_ROWS_CELLS_MAX; i++) {
		assert_int_equal(pg_rows_append(&rows, NULL, 0), 0);
	}
	assert_int_equal(pg_rows_append(&rows, NULL, 0), -EMSGSIZE);
	assert_null(pg_rows_get(&rows, 0, 0));
	assert_null(pg_rows_get(&rows, PG_ROWS_CELLS_MAX, 0));
	assert_null(pg_rows_get(&rows, 0, 1));
}

static void lsn_and_numbers(void **state)
{
	vrrp_lsn lsn = 0;
	uint64_t number = 0;

	(void)state;
	assert_int_equal(pg_lsn_parse("FFFFFFFF/ffffffff", &lsn), 0);
	assert_true(lsn == UINT64_MAX);
	assert_int_equal(pg_lsn_parse("0/0", &lsn), 0);
	assert_int_equal(pg_lsn_parse("1/", &lsn), -EINVAL);
	assert_int_equal(pg_lsn_parse("/1", &lsn), -EINVAL);
	assert_int_equal(pg_lsn_parse("", &lsn), -EINVAL);
	assert_int_equal(pg_lsn_parse("000000000/1", &lsn), -EINVAL);
	assert_int_equal(pg_u64_parse("18446744073709551615", UINT64_MAX, &number), 0);
	assert_true(number == UINT64_MAX);
	assert_int_equal(pg_u64_parse("18446744073709551616", UINT64_MAX, &number), -EINVAL);
	assert_int_equal(pg_u64_parse("5", 4, &number), -EINVAL);
	assert_int_equal(pg_u64_parse("-1", 4, &number), -EINVAL);
	assert_int_equal(pg_u64_parse(" 1", 4, &number), -EINVAL);
	assert_int_equal(pg_u64_parse("", 4, &number), -EINVAL);
}

static void the_timeline_of_the_receiver_is_remembered_for_one_postmaster(void **state)
{
	struct pg_memory memory = { 0 };
	struct pg_state answer = {
		.in_recovery = true, .timeline = 5, .timeline_exact = true, .postmaster_start_us = 1
	};

	(void)state;
	(void)pg_memory_refine(&memory, (struct vrrp_time){ 1 }, &answer);
	answer.timeline = 3;
	answer.timeline_exact = false;
	(void)pg_memory_refine(&memory, (struct vrrp_time){ 2 }, &answer);
	assert_int_equal(answer.timeline, 5);
	assert_false(answer.timeline_exact);
	answer.timeline = 3;
	answer.postmaster_start_us = 2;
	(void)pg_memory_refine(&memory, (struct vrrp_time){ 3 }, &answer);
	assert_int_equal(answer.timeline, 3);
}

static void a_position_must_look_known_for_a_while(void **state)
{
	struct pg_memory memory = { 0 };
	struct vrrp_time t0 = { 1000000 };
	struct vrrp_time t1 = vrrp_time_add(t0, PG_MEMORY_SETTLE_MS * VRRP_US_PER_MS);
	struct pg_state answer = { .in_recovery = true, .position_known = true, .position = 7 };

	(void)state;
	assert_int_equal(pg_memory_refine(&memory, t0, &answer).us, t1.us);
	assert_false(answer.position_known);
	answer.position_known = true;
	assert_int_equal(pg_memory_refine(&memory, t1, &answer).us, VRRP_TIME_NEVER.us);
	assert_true(answer.position_known);
	assert_int_equal(answer.position, 7);
	answer.replayed_lsn = 6; /* what is beyond is the beginning of a record */
	(void)pg_memory_refine(&memory, t1, &answer);
	assert_true(answer.position_known);
	assert_int_equal(answer.position, 6);
	answer.position = 8; /* it grew after all: begins anew */
	(void)pg_memory_refine(&memory, t1, &answer);
	assert_false(answer.position_known);
	assert_int_equal(answer.position, 8);
	pg_memory_unsettle(&memory);
	answer.in_recovery = false; /* a primary's needs no settling */
	answer.position_known = true;
	(void)pg_memory_refine(&memory, t0, &answer);
	assert_true(answer.position_known);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_primary),
		cmocka_unit_test(a_streaming_standby),
		cmocka_unit_test(a_standby_at_the_end_of_local_wal),
		cmocka_unit_test(a_position_is_known_only_at_the_end),
		cmocka_unit_test(what_cannot_be_right_is_refused),
		cmocka_unit_test(rows_are_bounded),
		cmocka_unit_test(lsn_and_numbers),
		cmocka_unit_test(the_timeline_of_the_receiver_is_remembered_for_one_postmaster),
		cmocka_unit_test(a_position_must_look_known_for_a_while),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
