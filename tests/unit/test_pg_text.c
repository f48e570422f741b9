/* Texts from outside: libpq's messages and the helper's report; well-formed and not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "checks/pg_datadir.h"
#include "checks/pg_reason.h"
#include "checks/pg_rejoin_step.h"

static void messages_become_reasons(void **state)
{
	static const struct {
		const char *message;
		bool connecting;
		enum pg_reason reason;
		const char *sqlstate;
		const char *sentence;
	} cases[] = {
		{ "connection to server on socket \"/run/.s.PGSQL.5432\" failed: FATAL:  57P03: the database system is "
		  "starting up\nLOCATION:  ProcessStartupPacket, postmaster.c:2380\n",
			true, PG_REASON_STARTING, "57P03", "the database system is starting up" },
		{ "FATAL:  57P03: the database system is shutting down\n", true, PG_REASON_STOPPING, "57P03",
			"the database system is shutting down" },
		{ "FATAL:  57P01: terminating connection due to administrator command\n", false, PG_REASON_STOPPING,
			"57P01", "terminating connection due to administrator command" },
		{ "FATAL:  53300: sorry, too many clients already\n", true, PG_REASON_TOO_MANY, "53300",
			"sorry, too many clients already" },
		{ "SCHWERWIEGEND:  28P01: Passwort-Authentifizierung\n", true, PG_REASON_AUTHENTICATION, "28P01",
			"Passwort-Authentifizierung" },
		{ "ERROR:  42501: permission denied for function pg_promote\n", false, PG_REASON_SQL, "42501",
			"permission denied for function pg_promote" },
		{ "FATAL:  3D000: database \"x\" does not exist\n", true, PG_REASON_OTHER, "3D000",
			"database \"x\" does not exist" },
		{ "connection to server on socket \"/x\" failed: No such file or directory\n\tIs the server running?\n",
			true, PG_REASON_DOWN, "",
			"connection to server on socket \"/x\" failed: No such file or directory" },
		{ "connection to server at \"10.0.0.1\", port 5432 failed: Connection refused\n", true, PG_REASON_DOWN,
			"", "connection to server at \"10.0.0.1\", port 5432 failed: Connection refused" },
		{ "connection to server at \"10.0.0.1\" failed: fe_sendauth: no password supplied\n", true,
			PG_REASON_AUTHENTICATION, "",
			"connection to server at \"10.0.0.1\" failed: fe_sendauth: no password supplied" },
		{ "server closed the connection unexpectedly\n", false, PG_REASON_LOST, "",
			"server closed the connection unexpectedly" },
		{ "", false, PG_REASON_LOST, "", "the connection was lost" },
		{ "FATAL:  FATAL: ERROR:", true, PG_REASON_LOST, "", "FATAL:  FATAL: ERROR:" },
		{ "ERROR:  XX000: a\033[2Jb%s%n\n", false, PG_REASON_SQL, "XX000", "a [2Jb%s%n" },
	};

	(void)state;
	for (unsigned i = 0; i < VRRP_ARRAY_LENGTH(cases); i++) {
		char sqlstate[6] = "?";
		char sentence[128] = "?";
		enum pg_reason reason =
			pg_reason_read(cases[i].message, cases[i].connecting, sqlstate, sentence, sizeof(sentence));

		if (reason != cases[i].reason) {
			fail_msg("%s: %s", cases[i].message, pg_reason_name(reason));
		}
		assert_string_equal(sqlstate, cases[i].sqlstate);
		assert_string_equal(sentence, cases[i].sentence);
	}
}

static void a_long_message_is_cut(void **state)
{
	char sqlstate[6];
	char sentence[8];

	(void)state;
	(void)pg_reason_read("ERROR:  42501: permission denied\n", false, sqlstate, sentence, sizeof(sentence));
	assert_string_equal(sentence, "permiss");
}

static const char report[] =
	"note=something harmless\npresent=1\nmajor=15\nowner_uid=101\npostmaster_pid=4711\n"
	"postmaster_alive=1\norphans=2\nreplay_file=000000020000000000000005\ncontrol_known=1\n"
	"state=in archive recovery\nsystem_identifier=7575432100123456789\ncheckpoint_lsn=0/5000028\n"
	"redo_lsn=0/5000000\ncheckpoint_timeline=1\nmin_recovery_lsn=0/5000170\nmin_recovery_timeline=2\n"
	"wal_log_hints=1\nchecksum_version=1\nwal_segment_bytes=16777216\nwal_block_bytes=8192\n"
	"standby_signal=1\nupstream_empty=1\nrecovery_signal=0\nbackup_label=0\ntablespaces_outside=3\n"
	"config_file=/etc/postgresql/15/main/postgresql.conf\ntimeline=2\nhistory=1 0/0 0\n"
	"history=2 0/5000170 18446744073709551615\nfuture=ignored\nend\n";

static void a_report_is_read(void **state)
{
	struct pg_datadir_report seen;

	(void)state;
	assert_int_equal(pg_datadir_parse(report, &seen, NULL), 0);
	assert_true(seen.present && seen.control_known && seen.postmaster_alive && seen.standby_signal &&
		    seen.upstream_empty);
	assert_false(seen.recovery_signal || seen.backup_label);
	assert_int_equal(seen.major, 15);
	assert_int_equal(seen.owner_uid, 101);
	assert_int_equal(seen.postmaster_pid, 4711);
	assert_int_equal(seen.orphans, 2);
	assert_int_equal(seen.control.state, PG_CONTROL_IN_ARCHIVE_RECOVERY);
	assert_int_equal(seen.control.min_recovery_timeline, 2);
	assert_int_equal(seen.tablespaces_outside, 3);
	assert_string_equal(seen.config_file, "/etc/postgresql/15/main/postgresql.conf");
	assert_int_equal(seen.history.count, 2);
	assert_int_equal(seen.history.entry[1].switch_point, 0x5000170);
	assert_true(seen.history.entry[1].fingerprint == UINT64_MAX);
	/* Sentences of tools may stand in front of the real thing. */
	assert_int_equal(pg_datadir_parse_output("pg_controldata: warning: x\npresent=0\nend\n", &seen, NULL), 0);
	assert_false(seen.present);
}

/* Cut anywhere, it is not taken for a whole one; with any byte changed, nothing bad happens (sanitizers watch). */
static void a_report_that_is_cut_or_damaged(void **state)
{
	struct pg_datadir_report seen = { .major = 99 };
	char text[sizeof(report)];

	(void)state;
	for (size_t length = 0; length < sizeof(report) - 1; length++) {
		memcpy(text, report, length);
		text[length] = '\0';
		if (pg_datadir_parse(text, &seen, NULL) != -EPROTO) {
			fail_msg("accepted when cut at %zu", length);
		}
	}
	assert_int_equal(seen.major, 99);
	for (size_t at = 0; at < sizeof(report) - 1; at++) {
		memcpy(text, report, sizeof(report));
		text[at] = (char)(text[at] ^ 0x10);
		(void)pg_datadir_parse(text, &seen, NULL);
	}
}

static void wrong_values_are_named(void **state)
{
	static const char *const wrong[] = { "present=2", "major=x", "major=100", "owner_uid=4294967296",
		"postmaster_pid=2147483648", "orphans=-1", "state=asleep", "state=unknown", "checkpoint_lsn=0",
		"timeline=4294967296", "history=1 0/0", "history=0 0/0 0", "history=1 0/0 0 0", "history=1 x 0",
		"wal_log_hints=on", "replay_file=000000020000000000000005000000020000000000000005", "no equals sign" };

	(void)state;
	for (unsigned i = 0; i < VRRP_ARRAY_LENGTH(wrong); i++) {
		struct pg_datadir_report seen;
		struct vip_err err = { "" };
		char text[256];
		char key[64];

		(void)snprintf(text, sizeof(text), "%s\nend\n", wrong[i]);
		if (pg_datadir_parse(text, &seen, &err) != -EPROTO) {
			fail_msg("accepted: %s", wrong[i]);
		}
		(void)snprintf(key, sizeof(key), "%.*s", (int)strcspn(wrong[i], "="), wrong[i]);
		assert_non_null(strstr(err.text, key));
	}
}

static void history_in_a_report_is_ordered_and_bounded(void **state)
{
	struct pg_datadir_report seen;
	char text[1024] = "";

	(void)state;
	assert_int_equal(pg_datadir_parse("history=2 0/1 0\nhistory=2 0/2 0\nend\n", &seen, NULL), -EPROTO);
	for (int i = 1; i <= VRRP_HISTORY_MAX; i++) {
		(void)snprintf(text + strlen(text), sizeof(text) - strlen(text), "history=%d 0/1 0\n", i);
	}
	strcat(text, "end\n");
	assert_int_equal(pg_datadir_parse(text, &seen, NULL), 0);
	assert_int_equal(seen.history.count, VRRP_HISTORY_MAX);
	(void)snprintf(strstr(text, "end\n"), 64, "history=99 0/1 0\nend\n");
	assert_int_equal(pg_datadir_parse(text, &seen, NULL), -EPROTO);
}

static int source(const char *in_recovery, const char *identifier, const char *checkpoint, const char *file,
	uint32_t timeline, uint64_t system_identifier)
{
	static struct pg_rows rows;
	const char *cells[] = { in_recovery, identifier, checkpoint, file };

	pg_rows_clear(&rows, 4);
	for (unsigned i = 0; i < 4; i++) {
		assert_int_equal(pg_rows_append(&rows, cells[i], cells[i] != NULL ? strlen(cells[i]) : 0), 0);
	}
	return pg_step_source_check(&rows, timeline, system_identifier, NULL);
}

/* pg_rewind of 15 and older does nothing, and says so as if all were well, before the source's first checkpoint. */
static void a_source_must_have_made_its_checkpoint(void **state)
{
	(void)state;
	assert_int_equal(source("0", "42", "2", "000000020000000000000005", 2, 42), 0);
	assert_int_equal(source("0", "42", "2", "000000020000000000000005", 0, 0), 0);
	assert_int_equal(source("0", "-5", "2", "000000020000000000000005", 2, UINT64_MAX - 4), 0);
	assert_int_equal(source("0", "42", "1", "000000020000000000000005", 2, 42), -EAGAIN);
	assert_int_equal(source("0", "42", "2", "000000020000000000000005", 3, 42), -ESTALE);
	assert_int_equal(source("0", "43", "2", "000000020000000000000005", 2, 42), -ESTALE);
	assert_int_equal(source("1", "42", "2", NULL, 2, 42), -ESTALE);
	assert_int_equal(source("0", "42", NULL, "000000020000000000000005", 2, 42), -EPROTO);
	assert_int_equal(source(NULL, "42", "2", "000000020000000000000005", 2, 42), -EPROTO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(messages_become_reasons),
		cmocka_unit_test(a_long_message_is_cut),
		cmocka_unit_test(a_report_is_read),
		cmocka_unit_test(a_report_that_is_cut_or_damaged),
		cmocka_unit_test(wrong_values_are_named),
		cmocka_unit_test(history_in_a_report_is_ordered_and_bounded),
		cmocka_unit_test(a_source_must_have_made_its_checkpoint),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
