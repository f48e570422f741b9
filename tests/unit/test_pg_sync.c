/*
 * pg_sync against real PostgreSQL, with the documented grants only: lists come into force, walsenders end, and that
 * commits wait is seen and not assumed.
 */
#include "pg_fixture.h"

#include <libpq-fe.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "checks/pg_sync.h"

#define TIMEOUT_MS 10000
#define SHORT_MS 1000
#define DB2 0x2
#define DB3 0x4
#define BOTH (DB2 | DB3)

static const struct pg_sync_members members = { .count = 3, .name = { "db1", "db2", "db3" } };

static struct lab_node db1;
static struct lab_node db2;
static struct lab_node db3;
static struct pg_sync *sync_db1;
static struct pg_probe *probe;

static enum pg_sync_status wait_sync(struct pg_sync *sync)
{
	while (pg_sync_run(sync, lab_now()) == PG_SYNC_RUNNING) {
		int fd = pg_sync_fd(sync);

		lab_poll(&fd, 1, pg_sync_deadline(sync));
	}
	return pg_sync_run(sync, lab_now());
}

static void expect(enum pg_sync_status want, const char *sentence)
{
	if (wait_sync(sync_db1) != want) {
		fail_msg("%s: \"%s\"", want == PG_SYNC_DONE ? "not done" : "done", pg_sync_sentence(sync_db1));
	}
	if (sentence != NULL && strstr(pg_sync_sentence(sync_db1), sentence) == NULL) {
		fail_msg("it says: %s", pg_sync_sentence(sync_db1));
	}
}

static void names(uint16_t set, unsigned k)
{
	assert_int_equal(pg_sync_names(sync_db1, set, k, TIMEOUT_MS, lab_now(), NULL), 0);
	expect(PG_SYNC_DONE, NULL);
}

static void drop(uint16_t keep, unsigned k, int64_t timeout_ms, enum pg_sync_status want, const char *sentence)
{
	struct vrrp_time begin = lab_now();

	assert_int_equal(pg_sync_drop(sync_db1, keep, k, timeout_ms, begin, NULL), 0);
	expect(want, sentence);
	print_message("# drop keeping %x, k %u: %lld us\n", keep, k, (long long)lab_elapsed_us(begin));
}

static struct pg_probe *watch(const struct lab_node *node)
{
	struct pg_probe_config config = { .interval_ms = 5, .timeout_ms = 3000, .members = members };
	struct pg_probe *new;

	(void)snprintf(config.conninfo, sizeof(config.conninfo), "%s", node->conninfo);
	assert_int_equal(pg_probe_new(&config, lab_now(), &new, NULL), 0);
	return new;
}

static int open_all(void **state)
{
	(void)lab_open(state);
	lab_node_init(&db1, "db1", 5651);
	lab_node_init(&db2, "db2", 5652);
	lab_node_init(&db3, "db3", 5653);
	lab_node_standby(&db2, &db1);
	lab_node_standby(&db3, &db1);
	lab_node_setting(&db1, "fsync = on");
	lab_node_setting(&db2, "wal_retrieve_retry_interval = 50ms"); /* what the daemon's reloads do elsewhere */
	lab_node_setting(&db3, "wal_retrieve_retry_interval = 50ms");
	lab_node_setting(&db2, "primary_slot_name = 'vipd_db2'");
	lab_node_setting(&db3, "primary_slot_name = 'vipd_db3'");
	lab_node_start(&db1);
	(void)lab_sql(&db1, "SELECT pg_create_physical_replication_slot('vipd_db2'),"
			    " pg_create_physical_replication_slot('vipd_db3')");
	lab_node_start(&db2);
	lab_node_start(&db3);
	lab_sql_wait(&db1, "SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming'", "2");
	assert_int_equal(pg_sync_new(db1.conninfo, &members, &sync_db1, NULL), 0);
	probe = watch(&db1);
	return 0;
}

static int close_all(void **state)
{
	pg_sync_free(sync_db1);
	pg_probe_free(probe);
	return lab_close(state);
}

static bool both_stream(const struct pg_state *state)
{
	return state->sync.known && state->sync.streaming == BOTH && state->sync.flushed[1] != 0 &&
	       state->sync.flushed[2] != 0;
}

static bool only_db2_counts(const struct pg_state *state)
{
	return both_stream(state) && state->sync.named == DB2 && state->sync.counted == DB2;
}

static bool both_count(const struct pg_state *state)
{
	return both_stream(state) && state->sync.named == BOTH && state->sync.counted == BOTH;
}

static void a_look_says_who_streams_and_counts(void **state)
{
	(void)state;
	lab_probe_until(probe, both_stream);
	assert_false(pg_probe_state(probe)->sync.listed); /* nothing stands there yet */
	assert_int_equal(pg_probe_state(probe)->sync.counted, 0);
	assert_int_equal(pg_probe_state(probe)->sync.intruders, 0);
	names(BOTH, 1);
	assert_string_equal(lab_sql(&db1, "SHOW synchronous_standby_names"), "ANY 1 (\"db2\", \"db3\")");
	lab_probe_until(probe, both_count);
	assert_true(pg_probe_state(probe)->sync.listed);
	assert_int_equal(pg_probe_state(probe)->sync.k, 1);
	/* Who is taken out counts no more once its walsender has read so. */
	names(DB2, 1);
	lab_probe_until(probe, only_db2_counts);
}

/* What is read at once is not what stands in the file: the order writes in any case. */
static void names_outlive_a_restart(void **state)
{
	(void)state;
	names(DB2, 1);
	names(BOTH, 2);
	lab_node_stop(&db1, "fast");
	lab_node_start(&db1);
	assert_string_equal(lab_sql(&db1, "SHOW synchronous_standby_names"), "ANY 2 (\"db2\", \"db3\")");
	lab_probe_until(probe, both_stream);
}

static void nobody_and_nothing_are_written(void **state)
{
	(void)state;
	names(0, 1);
	assert_string_equal(lab_sql(&db1, "SHOW synchronous_standby_names"), "ANY 1 (\"vipd.nobody\")");
	names(0, 0);
	assert_string_equal(lab_sql(&db1, "SHOW synchronous_standby_names"), "");
}

static void names_in_recovery(void **state)
{
	struct pg_sync *standby;

	(void)state;
	assert_int_equal(pg_sync_new(db2.conninfo, &members, &standby, NULL), 0);
	assert_int_equal(pg_sync_names(standby, DB3, 1, TIMEOUT_MS, lab_now(), NULL), 0);
	assert_int_equal(wait_sync(standby), PG_SYNC_DONE);
	assert_string_equal(lab_sql(&db2, "SHOW synchronous_standby_names"), "ANY 1 (\"db3\")");
	assert_int_equal(pg_sync_names(standby, 0, 0, TIMEOUT_MS, lab_now(), NULL), 0);
	assert_int_equal(wait_sync(standby), PG_SYNC_DONE);
	pg_sync_free(standby);
}

static void a_setting_that_alter_system_cannot_move_is_said(void **state)
{
	(void)state;
	lab_node_stop(&db1, "fast");
	(void)lab_run(0, LAB_BIN "/pg_ctl", "start", "-s", "-w", "-D", db1.data, "-l", "/dev/null", "-o",
		"-c synchronous_standby_names=db2", NULL);
	assert_int_equal(pg_sync_names(sync_db1, BOTH, 1, SHORT_MS, lab_now(), NULL), 0);
	expect(PG_SYNC_FAILED, "reads synchronous_standby_names as \"db2\"");
	lab_node_stop(&db1, "fast");
	lab_node_start(&db1);
	lab_probe_until(probe, both_stream);
}

/* All of their walsenders are other processes afterwards; the commit was proved to wait, and the list stands. */
static void a_drop_ends_walsenders_and_proves_that_commits_wait(void **state)
{
	char before[256];
	char sql[512];

	(void)state;
	names(BOTH, 1);
	lab_probe_until(probe, both_count);
	(void)snprintf(before, sizeof(before), "%.200s",
		lab_sql(&db1, "SELECT string_agg(pid::text, ',') FROM pg_stat_replication"));
	drop(0, 1, TIMEOUT_MS, PG_SYNC_DONE, NULL);
	assert_string_equal(lab_sql(&db1, "SHOW synchronous_standby_names"), "ANY 1 (\"db2\", \"db3\")");
	lab_probe_until(probe, both_count);
	(void)snprintf(sql, sizeof(sql), "SELECT count(*) FROM pg_stat_replication WHERE pid IN (%s)", before);
	assert_string_equal(lab_sql(&db1, sql), "0");
	assert_string_equal(lab_sql(&db1, "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'"), "0");
}

/* The standbys stay and confirm at once: the proof goes by way of nobody's name, and the list is put back. */
static void a_drop_that_keeps_all_proves_it_too(void **state)
{
	char pids[256];

	(void)state;
	names(BOTH, 1);
	lab_probe_until(probe, both_count);
	(void)snprintf(pids, sizeof(pids), "%.200s",
		lab_sql(&db1, "SELECT string_agg(pid::text, ',' ORDER BY pid) FROM pg_stat_replication"));
	for (int i = 0; i < 10; i++) {
		drop(BOTH, 1, TIMEOUT_MS, PG_SYNC_DONE, NULL);
		assert_string_equal(lab_sql(&db1, "SHOW synchronous_standby_names"), "ANY 1 (\"db2\", \"db3\")");
	}
	assert_string_equal(
		lab_sql(&db1, "SELECT string_agg(pid::text, ',' ORDER BY pid) FROM pg_stat_replication"), pids);
}

/* No standby answers: the commit waits for ever, is cancelled, and nothing of it stays. */
static void a_drop_with_nobody_there_leaves_nothing_behind(void **state)
{
	(void)state;
	lab_node_stop(&db2, "fast");
	lab_node_stop(&db3, "fast");
	names(BOTH, 2);
	drop(0, 2, TIMEOUT_MS, PG_SYNC_DONE, NULL);
	assert_string_equal(lab_sql(&db1, "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'"), "0");
	names(0, 2);
	drop(0, 2, TIMEOUT_MS, PG_SYNC_DONE, NULL);
	lab_node_start(&db2);
	lab_node_start(&db3);
	lab_probe_until(probe, both_stream);
}

/* Killed in the middle of its commit, the daemon leaves it waiting; the next order ends it. */
static void what_an_earlier_order_left_waiting_is_ended(void **state)
{
	PGconn *left = PQconnectdb(db1.conninfo);

	(void)state;
	names(0, 1);
	assert_int_equal(PQstatus(left), CONNECTION_OK);
	PQclear(PQexec(left, "SET application_name = '" PG_SYNC_CANARY "'"));
	assert_int_equal(PQsendQuery(left, "BEGIN; SELECT pg_logical_emit_message(true, 'vipd', 'x'); COMMIT"), 1);
	lab_sql_wait(&db1, "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'", "1");
	drop(0, 1, TIMEOUT_MS, PG_SYNC_DONE, NULL);
	lab_sql_wait(&db1, "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'", "0");
	PQfinish(left);
}

static void a_drop_without_a_list_of_ours_is_refused(void **state)
{
	(void)state;
	names(0, 0);
	drop(0, 1, SHORT_MS, PG_SYNC_FAILED, "no list of ours");
	names(BOTH, 1);
	drop(0, 2, SHORT_MS, PG_SYNC_FAILED, "k = 2");
}

/*
 * The heart of [D7]: backends learn from the checkpointer that they must wait. While it does not get to it (stopped
 * here), the list reads right everywhere and commits do not wait: the order must not say that they do.
 */
static void a_list_that_the_checkpointer_has_not_read_is_not_taken_for_in_force(void **state)
{
	pid_t checkpointer;

	(void)state;
	names(0, 0);
	lab_probe_until(probe, both_stream);
	/* Until it has read the empty list, too. */
	checkpointer = (pid_t)strtol(
		lab_sql(&db1, "SELECT pid FROM pg_stat_activity WHERE backend_type = 'checkpointer'"), NULL, 10);
	assert_true(checkpointer > 1);
	(void)lab_sql(&db1, "CHECKPOINT");
	assert_int_equal(kill(checkpointer, SIGSTOP), 0);
	names(0, 1);
	assert_string_equal(lab_sql(&db1, "SHOW synchronous_standby_names"), "ANY 1 (\"vipd.nobody\")");
	(void)lab_sql(&db1, "INSERT INTO t VALUES (1)"); /* nobody could confirm it, and it does not wait */
	drop(0, 1, SHORT_MS, PG_SYNC_FAILED, "no commit was seen to wait");
	assert_int_equal(kill(checkpointer, SIGCONT), 0);
	drop(0, 1, TIMEOUT_MS, PG_SYNC_DONE, NULL);
	names(0, 0);
}

static bool db2_has_an_intruder(const struct pg_state *state)
{
	return state->sync.intruders == DB2;
}

static bool no_intruder(const struct pg_state *state)
{
	return both_stream(state) && state->sync.intruders == 0;
}

/* Whatever the case of its name: PostgreSQL counts it beside the right one. */
static void a_second_walsender_of_a_name_is_seen_and_ended(void **state)
{
	struct lab_node db4;
	char line[512];

	(void)state;
	names(BOTH, 2);
	lab_probe_until(probe, both_count);
	lab_node_init(&db4, "db4", 5654);
	lab_node_standby(&db4, &db1);
	(void)snprintf(line, sizeof(line), "primary_conninfo = 'host=%s port=%d user=replicator application_name=DB2'",
		lab_root, db1.port);
	lab_node_setting(&db4, line);
	lab_node_start(&db4);
	lab_probe_until(probe, db2_has_an_intruder);
	lab_sql_wait(&db1, "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'quorum'", "3");
	lab_node_stop(&db4, "fast");
	lab_probe_until(probe, no_intruder);
	/* It is no member, and so what is kept does not name it: gone, while the members' own stay. */
	(void)snprintf(line, sizeof(line), "%.200s",
		lab_sql(&db1, "SELECT string_agg(pid::text, ',' ORDER BY pid) FROM pg_stat_replication"));
	lab_node_start(&db4);
	lab_probe_until(probe, db2_has_an_intruder);
	lab_node_kill(&db4, SIGSTOP); /* its postmaster starts no second receiver */
	drop(BOTH, 0, TIMEOUT_MS, PG_SYNC_DONE, NULL);
	assert_string_equal(
		lab_sql(&db1, "SELECT string_agg(pid::text, ',' ORDER BY pid) FROM pg_stat_replication"), line);
	lab_probe_until(probe, no_intruder);
	lab_node_kill(&db4, SIGCONT);
	lab_node_stop(&db4, "fast");
	names(0, 0);
}

/* Ended by the order's own deadline, not by luck: a walsender that cannot end is no done drop. */
static void a_walsender_that_does_not_end_is_said(void **state)
{
	pid_t sender;

	(void)state;
	sender = (pid_t)strtol(
		lab_sql(&db1, "SELECT pid FROM pg_stat_replication WHERE application_name = 'db2'"), NULL, 10);
	assert_true(sender > 1);
	assert_int_equal(kill(sender, SIGSTOP), 0);
	drop(0, 0, SHORT_MS, PG_SYNC_FAILED, "still there");
	assert_int_equal(kill(sender, SIGCONT), 0);
	drop(0, 0, TIMEOUT_MS, PG_SYNC_DONE, NULL);
	lab_probe_until(probe, both_stream);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_look_says_who_streams_and_counts),
		cmocka_unit_test(names_outlive_a_restart),
		cmocka_unit_test(nobody_and_nothing_are_written),
		cmocka_unit_test(names_in_recovery),
		cmocka_unit_test(a_setting_that_alter_system_cannot_move_is_said),
		cmocka_unit_test(a_drop_ends_walsenders_and_proves_that_commits_wait),
		cmocka_unit_test(a_drop_that_keeps_all_proves_it_too),
		cmocka_unit_test(a_drop_with_nobody_there_leaves_nothing_behind),
		cmocka_unit_test(what_an_earlier_order_left_waiting_is_ended),
		cmocka_unit_test(a_drop_without_a_list_of_ours_is_refused),
		cmocka_unit_test(a_list_that_the_checkpointer_has_not_read_is_not_taken_for_in_force),
		cmocka_unit_test(a_second_walsender_of_a_name_is_seen_and_ended),
		cmocka_unit_test(a_walsender_that_does_not_end_is_said),
	};

	lab_main(argc, argv);
	return cmocka_run_group_tests(tests, open_all, close_all);
}
