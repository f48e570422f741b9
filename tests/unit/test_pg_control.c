/* pg_control: what pg_controldata of PostgreSQL 15 prints, and what may be wrong with it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "checks/pg_control.h"

static const char recorded[] =
	"pg_control version number:            1300\n"
	"Catalog version number:               202209061\n"
	"Database system identifier:           7711025453222759056\n"
	"Database cluster state:               shut down\n"
	"pg_control last modified:             Sun Nov 22 15:57:00 2026\n"
	"Latest checkpoint location:           0/1500718\n"
	"Latest checkpoint's REDO location:    0/1500718\n"
	"Latest checkpoint's REDO WAL file:    000000010000000000000001\n"
	"Latest checkpoint's TimeLineID:       1\n"
	"Latest checkpoint's PrevTimeLineID:   1\n"
	"Latest checkpoint's full_page_writes: on\n"
	"Latest checkpoint's NextXID:          0:724\n"
	"Latest checkpoint's NextOID:          13572\n"
	"Latest checkpoint's NextMultiXactId:  1\n"
	"Latest checkpoint's NextMultiOffset:  0\n"
	"Latest checkpoint's oldestXID:        716\n"
	"Latest checkpoint's oldestXID's DB:   1\n"
	"Latest checkpoint's oldestActiveXID:  0\n"
	"Latest checkpoint's oldestMultiXid:   1\n"
	"Latest checkpoint's oldestMulti's DB: 1\n"
	"Latest checkpoint's oldestCommitTsXid:0\n"
	"Latest checkpoint's newestCommitTsXid:0\n"
	"Time of latest checkpoint:            Sun Nov 22 15:57:00 2026\n"
	"Fake LSN counter for unlogged rels:   0/3E8\n"
	"Minimum recovery ending location:     0/0\n"
	"Min recovery ending loc's timeline:   0\n"
	"Backup start location:                0/0\n"
	"Backup end location:                  0/0\n"
	"End-of-backup record required:        no\n"
	"wal_level setting:                    replica\n"
	"wal_log_hints setting:                off\n"
	"max_connections setting:              100\n"
	"max_worker_processes setting:         8\n"
	"max_wal_senders setting:              10\n"
	"max_prepared_xacts setting:           0\n"
	"max_locks_per_xact setting:           64\n"
	"track_commit_timestamp setting:       off\n"
	"Maximum data alignment:               8\n"
	"Database block size:                  8192\n"
	"Blocks per segment of large relation: 131072\n"
	"WAL block size:                       8192\n"
	"Bytes per WAL segment:                16777216\n"
	"Maximum length of identifiers:        64\n"
	"Maximum columns in an index:          32\n"
	"Maximum size of a TOAST chunk:        1996\n"
	"Size of a large-object chunk:         2048\n"
	"Date/time type storage:               64-bit integers\n"
	"Float8 argument passing:              by value\n"
	"Data page checksum version:           0\n"
	"Mock authentication nonce:            6264c4d70df4339e485091df437ef3df99a04ae142532c1d1b061df4105e300a\n";

static struct pg_control control;

/* The recorded text with the line of a key replaced (NULL: left out). */
static int parse(const char *key, const char *line, struct vip_err *err)
{
	char text[sizeof(recorded) + 512] = "";
	char *at = text;
	const char *next;

	for (const char *from = recorded; *from != '\0'; from = next) {
		next = strchr(from, '\n') + 1;
		if (key != NULL && strncmp(from, key, strlen(key)) == 0) {
			at += sprintf(at, "%s", line != NULL ? line : "");
		} else {
			memcpy(at, from, (size_t)(next - from));
			at += next - from;
			*at = '\0';
		}
	}
	return pg_control_parse(text, &control, err);
}

static void the_recorded_output(void **state)
{
	(void)state;
	assert_int_equal(parse(NULL, NULL, NULL), 0);
	assert_int_equal(control.state, PG_CONTROL_SHUT_DOWN);
	assert_true(control.system_identifier != 0);
	assert_int_equal(control.checkpoint_timeline, 1);
	assert_true(control.checkpoint_lsn >= control.redo_lsn && control.redo_lsn > 0x1000000);
	assert_int_equal(control.min_recovery_lsn, 0);
	assert_int_equal(control.min_recovery_timeline, 0);
	assert_false(control.wal_log_hints);
	assert_int_equal(control.checksum_version, 0);
	assert_int_equal(control.wal_segment_bytes, 16777216);
	assert_int_equal(control.wal_block_bytes, 8192);
}

static void every_state_has_its_words(void **state)
{
	(void)state;
	for (enum pg_control_state i = PG_CONTROL_STARTING_UP; i <= PG_CONTROL_IN_PRODUCTION; i++) {
		char line[128];

		(void)snprintf(
			line, sizeof(line), "Database cluster state:               %s\n", pg_control_state_name(i));
		assert_int_equal(parse("Database cluster state", line, NULL), 0);
		assert_int_equal(control.state, i);
	}
	assert_int_equal(parse("Database cluster state", "Database cluster state: shut down in\n", NULL), -EPROTO);
	assert_int_equal(parse("Database cluster state", "Database cluster state: unknown\n", NULL), -EPROTO);
}

static void a_missing_or_wrong_line_is_named(void **state)
{
	static const char *const keys[] = { "Database cluster state", "Database system identifier",
		"Latest checkpoint location", "Latest checkpoint's REDO location", "Latest checkpoint's TimeLineID",
		"Minimum recovery ending location", "Min recovery ending loc's timeline", "wal_log_hints setting",
		"Data page checksum version", "Bytes per WAL segment", "WAL block size" };

	(void)state;
	for (unsigned i = 0; i < VRRP_ARRAY_LENGTH(keys); i++) {
		struct vip_err err = { "" };
		char line[512];

		assert_int_equal(parse(keys[i], NULL, &err), -EPROTO);
		assert_non_null(strstr(err.text, keys[i]));
		(void)snprintf(line, sizeof(line), "%s:   x1\n", keys[i]);
		assert_int_equal(parse(keys[i], line, &err), -EPROTO);
		(void)snprintf(line, sizeof(line), "%s:   %0300d\n", keys[i], 1); /* too long a value */
		assert_int_equal(parse(keys[i], line, &err), -EPROTO);
	}
	assert_int_equal(pg_control_parse("", &control, NULL), -EPROTO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_recorded_output),
		cmocka_unit_test(every_state_has_its_words),
		cmocka_unit_test(a_missing_or_wrong_line_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
