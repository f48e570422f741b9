/* pg_sync_list: the list's text both ways, and what a primary's walsenders say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "checks/pg_sync_list.h"

#define COLUMNS 6

/* w1 is a witness: no name. */
static const struct pg_sync_members members = { .count = 4, .name = { "db1", "db2", "", "db-3" } };

static struct pg_rows rows;
static struct pg_sync_state seen;

static void row(
	const char *name, const char *pid, const char *state, const char *priority, const char *flush, const char *slot)
{
	const char *const cells[COLUMNS] = { name, pid, state, priority, flush, slot };

	for (unsigned i = 0; i < COLUMNS; i++) {
		assert_int_equal(pg_rows_append(&rows, cells[i], cells[i] != NULL ? strlen(cells[i]) : 0), 0);
	}
}

static void begin(void)
{
	pg_rows_clear(&rows, COLUMNS);
	memset(&seen, 0xff, sizeof(seen));
}

static int parse(const char *list)
{
	return pg_sync_senders_parse(&members, &rows, list, &seen, NULL);
}

static void a_list_is_written_and_read_back(void **state)
{
	static const struct {
		uint16_t set;
		unsigned k;
		const char *text;
	} lists[] = {
		{ 0x2, 1, "ANY 1 (\"db2\")" },
		{ 0xa, 2, "ANY 2 (\"db2\", \"db-3\")" },
		{ 0xb, 1, "ANY 1 (\"db1\", \"db2\", \"db-3\")" },
		{ 0, 1, "ANY 1 (\"vipd.nobody\")" },
		{ 0, 9, "ANY 9 (\"vipd.nobody\")" },
	};

	(void)state;
	for (size_t i = 0; i < VRRP_ARRAY_LENGTH(lists); i++) {
		char text[PG_SYNC_TEXT_BYTES];
		uint16_t set = 0xffff;
		uint8_t k = 0;

		pg_sync_list_format(&members, lists[i].set, lists[i].k, text);
		assert_string_equal(text, lists[i].text);
		assert_int_equal(pg_sync_list_parse(&members, text, &set, &k), 0);
		assert_int_equal(set, lists[i].set);
		assert_int_equal(k, lists[i].k);
	}
}

/* Nine names of the longest kind fit, and come back. */
static void the_longest_list_fits(void **state)
{
	struct pg_sync_members many = { .count = VRRP_MEMBERS_MAX };
	char text[PG_SYNC_TEXT_BYTES];
	uint16_t set = 0;
	uint8_t k = 0;

	(void)state;
	for (int i = 0; i < VRRP_MEMBERS_MAX; i++) {
		(void)snprintf(many.name[i], sizeof(many.name[i]), "%d2345678901234567890123456789012", i);
		many.name[i][VRRP_NAME_MAX] = '\0';
	}
	pg_sync_list_format(&many, 0x1ff, 9, text);
	assert_int_equal(pg_sync_list_parse(&many, text, &set, &k), 0);
	assert_int_equal(set, 0x1ff);
	pg_sync_array_format(&many, 0x1ff, text);
	assert_int_equal(strlen(text), 9 * (VRRP_NAME_MAX + 1) - 1 + 4);
}

static void k_0_is_the_empty_text_and_none_of_ours(void **state)
{
	char text[PG_SYNC_TEXT_BYTES] = "x";
	uint16_t set;
	uint8_t k;

	(void)state;
	pg_sync_list_format(&members, 0, 0, text);
	assert_string_equal(text, "");
	assert_int_equal(pg_sync_list_parse(&members, text, &set, &k), -EINVAL);
}

/* What PostgreSQL would take but we have not written is not ours; nothing is written to the results. */
static void every_other_form_is_refused(void **state)
{
	static const char *const texts[] = { "*", "db2", "\"db2\"", "1 (\"db2\")", "FIRST 1 (\"db2\")",
		"any 1 (\"db2\")", "ANY 1 (db2)", "ANY 1 (\"db2\"", "ANY 1 (\"db2\") ", " ANY 1 (\"db2\")",
		"ANY 0 (\"db2\")", "ANY 10 (\"db2\")", "ANY 01 (\"db2\")", "ANY 1 ()", "ANY 1 (\"\")",
		"ANY 1 (\"db2\",\"db-3\")", "ANY 1 (\"db2\", \"db2\")", "ANY 1 (\"db4\")", "ANY 1 (\"DB2\")",
		"ANY 1 (\"db2\", )", "ANY 1 (\"db2", "ANY 1 (\"db2\"\"\")", "ANY 1 (\"vipd.nobody\", \"db2\")",
		"ANY 1 (\"db2\", \"vipd.nobody\")", "ANY 1 (\"*\")",
		"ANY 1 (\"db1\", \"db2\", \"db-3\", \"db1\", \"db2\", \"db-3\")", "ANY 1 (\"db2\")x",
		"ANY  1 (\"db2\")", "ANY 1(\"db2\")", "ANY 1 (\"db2\"), \"db-3\")" };

	(void)state;
	for (size_t i = 0; i < VRRP_ARRAY_LENGTH(texts); i++) {
		uint16_t set = 0x5555;
		uint8_t k = 0x55;

		if (pg_sync_list_parse(&members, texts[i], &set, &k) != -EINVAL) {
			fail_msg("taken for one of ours: %s", texts[i]);
		}
		assert_int_equal(set, 0x5555);
		assert_int_equal(k, 0x55);
	}
}

static void slots_and_arrays_are_named(void **state)
{
	char slot[PG_SYNC_SLOT_BYTES];
	char text[PG_SYNC_TEXT_BYTES];

	(void)state;
	pg_sync_slot_name("db-3", slot);
	assert_string_equal(slot, "vipd_db_3");
	pg_sync_array_format(&members, 0xf, text);
	assert_string_equal(text, "'{db1,db2,db-3}'"); /* without the witness */
	pg_sync_array_format(&members, 0, text);
	assert_string_equal(text, "'{}'");
}

static void two_good_standbys(void **state)
{
	(void)state;
	begin();
	row("db2", "101", "streaming", "1", "0/5000060", "vipd_db2");
	row("db-3", "102", "catchup", "1", "0/4000000", "vipd_db_3");
	assert_int_equal(parse("ANY 1 (\"db2\", \"db-3\")"), 0);
	assert_true(seen.known && seen.listed);
	assert_int_equal(seen.named, 0xa);
	assert_int_equal(seen.k, 1);
	assert_int_equal(seen.senders, 0xa);
	assert_int_equal(seen.counted, 0xa);
	assert_int_equal(seen.streaming, 0x2);
	assert_int_equal(seen.intruders, 0);
	assert_int_equal(seen.flushed[1], 0x5000060);
}

static void nobody_streams(void **state)
{
	(void)state;
	begin();
	assert_int_equal(parse("ANY 1 (\"vipd.nobody\")"), 0);
	assert_true(seen.known && seen.listed);
	assert_int_equal(seen.named | seen.senders | seen.counted | seen.intruders, 0);
	assert_int_equal(seen.k, 1);
	assert_int_equal(parse("*"), 0);
	assert_true(seen.known);
	assert_false(seen.listed);
	assert_int_equal(seen.k, 0);
}

/* The old walsender of a standby that has come back, one without a slot, and one that uses another member's. */
static void a_name_without_its_slot_is_an_intruder(void **state)
{
	struct pg_sync_state before = { .known = true };

	(void)state;
	begin();
	row("db2", "101", "streaming", "1", "0/5000060", "vipd_db2");
	row("db2", "102", "streaming", "1", "0/5000060", NULL);
	row("db-3", "103", "catchup", "1", "0/5000060", "vipd_db2");
	assert_int_equal(parse("ANY 2 (\"db2\", \"db-3\")"), 0);
	assert_int_equal(seen.intruders, 0xa);
	assert_int_equal(seen.senders, 0xa);
	/* Seen once it may be a walsender that was ending while the views were read; seen twice it is one. */
	pg_sync_settle(&before, &seen);
	assert_int_equal(seen.intruders, 0);
	before = seen;
	assert_int_equal(parse("ANY 2 (\"db2\", \"db-3\")"), 0);
	pg_sync_settle(&before, &seen);
	assert_int_equal(seen.intruders, 0xa);
	before.intruder[1] = 99; /* another process than before */
	assert_int_equal(parse("ANY 2 (\"db2\", \"db-3\")"), 0);
	pg_sync_settle(&before, &seen);
	assert_int_equal(seen.intruders, 0x8);
}

/* One that has not begun to stream, and a base backup, hold no slot and release nothing. */
static void who_does_not_stream_yet_is_no_intruder(void **state)
{
	(void)state;
	begin();
	row("db2", "101", "startup", "0", NULL, NULL);
	row("db-3", "102", "backup", "0", NULL, NULL);
	assert_int_equal(parse("ANY 1 (\"db2\")"), 0);
	assert_int_equal(seen.senders, 0xa);
	assert_int_equal(seen.counted, 0);
	assert_int_equal(seen.intruders, 0);
}

/* [D7] The view hides a walsender's priority until its standby has told a position; it may release commits then. */
static void who_has_told_no_position_is_counted(void **state)
{
	(void)state;
	begin();
	row("db2", "101", "streaming", "0", NULL, "vipd_db2");
	row("db-3", "102", "streaming", "0", "0/5000060", "vipd_db_3");
	assert_int_equal(parse("ANY 1 (\"vipd.nobody\")"), 0);
	assert_int_equal(seen.counted, 0x2);
}

static void what_cannot_be_right_is_refused(void **state)
{
	static const struct {
		const char *cell[COLUMNS];
		const char *named;
	} wrong[] = {
		{ { "db9", "1", "streaming", "1", "0/1", NULL }, "application_name" },
		{ { "", "1", "streaming", "1", "0/1", NULL }, "application_name" },
		{ { "db2", "0", "streaming", "1", "0/1", NULL }, "pid" },
		{ { "db2", "x", "streaming", "1", "0/1", NULL }, "pid" },
		{ { "db2", NULL, "streaming", "1", "0/1", NULL }, "pid" },
		{ { "db2", "1", NULL, "1", "0/1", NULL }, "pg_monitor" },
		{ { "db2", "1", "streaming", "-1", "0/1", NULL }, "sync_priority" },
		{ { "db2", "1", "streaming", NULL, "0/1", NULL }, "sync_priority" },
		{ { "db2", "1", "streaming", "1", "0", NULL }, "flush_lsn" },
	};

	(void)state;
	for (size_t i = 0; i < VRRP_ARRAY_LENGTH(wrong); i++) {
		const char *const *cell = wrong[i].cell;
		struct vip_err err = { "" };

		begin();
		row(cell[0], cell[1], cell[2], cell[3], cell[4], cell[5]);
		seen.known = false;
		assert_int_equal(pg_sync_senders_parse(&members, &rows, "", &seen, &err), -EPROTO);
		assert_non_null(strstr(err.text, wrong[i].named));
		assert_false(seen.known);
	}
	pg_rows_clear(&rows, 1);
	assert_int_equal(pg_rows_append(&rows, "1", 1), 0);
	assert_int_equal(parse(""), -EPROTO);
}

static void more_walsenders_than_are_looked_at(void **state)
{
	(void)state;
	begin();
	for (int i = 0; i < PG_SYNC_SENDERS_MAX; i++) {
		row("db2", "7", "startup", "0", NULL, NULL);
	}
	assert_int_equal(parse(""), 0);
	row("db2", "7", "startup", "0", NULL, NULL);
	assert_int_equal(parse(""), -EMSGSIZE);
}

static void pids_are_only_pids(void **state)
{
	static const char *const wrong[] = { "", "{", "}", "1", "{1", "1}", "{1}'", "{1;2}", "{1}{2}", "{-1}",
		"{1, 2}" };
	char pids[8] = "x";

	(void)state;
	for (size_t i = 0; i < VRRP_ARRAY_LENGTH(wrong); i++) {
		assert_int_equal(pg_sync_pids_read(wrong[i], pids, sizeof(pids)), -EPROTO);
		assert_string_equal(pids, "x");
	}
	assert_int_equal(pg_sync_pids_read("{12,345}", pids, sizeof(pids)), -EPROTO); /* does not fit */
	assert_int_equal(pg_sync_pids_read("{12,34}", pids, sizeof(pids)), 0);
	assert_string_equal(pids, "{12,34}");
	assert_int_equal(pg_sync_pids_read(NULL, pids, sizeof(pids)), 0);
	assert_string_equal(pids, "{}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_list_is_written_and_read_back),
		cmocka_unit_test(the_longest_list_fits),
		cmocka_unit_test(k_0_is_the_empty_text_and_none_of_ours),
		cmocka_unit_test(every_other_form_is_refused),
		cmocka_unit_test(slots_and_arrays_are_named),
		cmocka_unit_test(two_good_standbys),
		cmocka_unit_test(nobody_streams),
		cmocka_unit_test(a_name_without_its_slot_is_an_intruder),
		cmocka_unit_test(who_does_not_stream_yet_is_no_intruder),
		cmocka_unit_test(who_has_told_no_position_is_counted),
		cmocka_unit_test(what_cannot_be_right_is_refused),
		cmocka_unit_test(more_walsenders_than_are_looked_at),
		cmocka_unit_test(pids_are_only_pids),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
