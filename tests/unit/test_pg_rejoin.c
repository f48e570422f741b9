/*
 * pg_rejoin against real PostgreSQL: stop (also of a hung postmaster), start as a standby, rewind after divergence with
 * and without the source's checkpoint, clone, the report of the data directory.
 */
#include "pg_fixture.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "checks/pg_follow.h"
#include "checks/pg_wal.h"

static struct lab_node db1;
static struct lab_node db2;
static char to_db1[PG_CONNINFO_BYTES_MAX];
static char to_db2[PG_CONNINFO_BYTES_MAX];
static char rewind_db2[PG_CONNINFO_BYTES_MAX];

static bool is_primary(const struct pg_state *state)
{
	return !state->in_recovery;
}

static bool is_standby(const struct pg_state *state)
{
	return state->in_recovery;
}

static bool is_streaming(const struct pg_state *state)
{
	return state->streaming;
}

static void finish(struct pg_rejoin *rejoin, const char *what, struct vrrp_time begin)
{
	enum pg_rejoin_status status = lab_rejoin_wait(rejoin);

	if (status != PG_REJOIN_DONE) {
		fail_msg("%s: %d %s", what, pg_rejoin_error(rejoin), pg_rejoin_sentence(rejoin));
	}
	print_message("# %s: %lld us\n", what, (long long)lab_elapsed_us(begin));
}

static void fails(struct pg_rejoin *rejoin, int error, const char *words)
{
	assert_int_equal(lab_rejoin_wait(rejoin), PG_REJOIN_FAILED);
	if (pg_rejoin_error(rejoin) != error || strstr(pg_rejoin_sentence(rejoin), words) == NULL) {
		fail_msg("%d %s", pg_rejoin_error(rejoin), pg_rejoin_sentence(rejoin));
	}
}

static void aim(
	const struct lab_node *node, const char *member, const char *dbname, char conninfo[PG_CONNINFO_BYTES_MAX])
{
	struct pg_follow_target target = { .port = (uint16_t)node->port };

	(void)snprintf(target.host, sizeof(target.host), "%s", lab_root);
	(void)snprintf(target.member, sizeof(target.member), "%s", member);
	assert_int_equal(pg_follow_conninfo("user=replicator", &target, dbname, conninfo, NULL), 0);
}

static int open_all(void **state)
{
	(void)lab_open(state);
	lab_node_init(&db1, "db1", 5621);
	lab_node_init(&db2, "db2", 5622);
	lab_node_standby(&db2, &db1);
	lab_node_start(&db1);
	lab_node_start(&db2);
	lab_sql_wait(&db1, "SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming'", "1");
	aim(&db1, "db2", NULL, to_db1);
	aim(&db2, "db1", NULL, to_db2);
	aim(&db2, "db1", "postgres", rewind_db2);
	return 0;
}

static void report(struct pg_rejoin *rejoin, uint32_t timeline)
{
	struct vip_err err = { "" };

	if (pg_rejoin_inspect(rejoin, timeline, PG_DATADIR_TIMEOUT_MS, lab_now(), &err) < 0) {
		fail_msg("%s", err.text);
	}
	finish(rejoin, "report", lab_now());
}

static bool file_is_there(const struct lab_node *node, const char *name)
{
	char path[256];

	(void)snprintf(path, sizeof(path), "%s/%s", node->data, name);
	return access(path, F_OK) == 0;
}

static void promote(const struct lab_node *node)
{
	struct pg_probe *probe = lab_probe(node, 10);
	struct vrrp_time begin;

	lab_probe_wait(probe, PG_PROBE_STATE);
	begin = lab_now();
	assert_int_equal(pg_probe_promote(probe, begin, vrrp_time_add(begin, LAB_WAIT_MS * VRRP_US_PER_MS), NULL), 0);
	lab_probe_wait(probe, PG_PROBE_PROMOTED);
	pg_probe_free(probe);
}

static void until(const struct lab_node *node, bool (*holds)(const struct pg_state *state))
{
	struct pg_probe *probe = lab_probe(node, 10);

	lab_probe_until(probe, holds);
	pg_probe_free(probe);
}

static void a_report_of_a_running_primary_and_standby(void **state)
{
	struct pg_rejoin *one = lab_rejoin(&db1);
	struct pg_rejoin *two = lab_rejoin(&db2);
	const struct pg_datadir_report *seen = pg_rejoin_report(one);

	(void)state;
	report(one, 0);
	assert_true(seen->present && seen->control_known && seen->postmaster_alive && !seen->standby_signal);
	assert_int_equal(seen->major, 15);
	assert_int_equal(seen->orphans, 0);
	assert_int_equal(seen->owner_uid, lab_owner.uid);
	assert_int_equal(seen->postmaster_pid, lab_node_pid(&db1));
	assert_int_equal(seen->control.state, PG_CONTROL_IN_PRODUCTION);
	assert_int_equal(seen->history.count, 1);
	assert_int_equal(seen->history.entry[0].timeline, 1);
	assert_string_equal(seen->config_file, "");
	report(two, 0);
	seen = pg_rejoin_report(two);
	assert_true(seen->standby_signal && seen->postmaster_alive);
	assert_int_equal(seen->control.state, PG_CONTROL_IN_ARCHIVE_RECOVERY);
	assert_int_equal(pg_wal_name_timeline(seen->replay_file), 1);
	assert_true(seen->control.system_identifier == pg_rejoin_report(one)->control.system_identifier);
	pg_rejoin_free(one);
	pg_rejoin_free(two);
}

/* The fork: db2 is promoted while db1 goes on writing. */
static void a_diverged_primary_waits_for_the_sources_checkpoint_and_is_rewound(void **state)
{
	struct pg_rejoin *rejoin = lab_rejoin(&db1);
	struct vip_err err = { "" };
	struct vrrp_time begin;

	(void)state;
	/* Long checkpoints, so that the promoted one's first one is not done when it is asked. */
	(void)lab_sql(&db2, "ALTER SYSTEM SET checkpoint_completion_target = 0.9");
	(void)lab_sql(&db2, "SELECT pg_reload_conf()");
	(void)lab_sql(&db1, "INSERT INTO t SELECT generate_series(1, 1000)");
	lab_sql_wait(&db2, "SELECT count(*) FROM t", "1000");
	(void)lab_sql(&db2, "ALTER SYSTEM SET primary_conninfo = ''");
	(void)lab_sql(&db2, "SELECT pg_reload_conf()");
	lab_sql_wait(&db1, "SELECT count(*) FROM pg_stat_replication", "0");
	/* Over several segments, which the checkpoint at the end of crash recovery would remove if it were let. */
	(void)lab_sql(&db1, "ALTER SYSTEM SET wal_keep_size = 0");
	(void)lab_sql(&db1, "SELECT pg_reload_conf()");
	for (int i = 0; i < 5; i++) {
		(void)lab_sql(&db1, "INSERT INTO t SELECT 7 FROM generate_series(1, 100)");
		(void)lab_sql(&db1, "SELECT pg_switch_wal()");
	}
	promote(&db2);
	(void)lab_sql(&db2, "INSERT INTO t SELECT 8 FROM generate_series(1, 10)");

	/* immediate: an unclean directory, whose end of WAL only a recovery knows. */
	begin = lab_now();
	assert_int_equal(pg_rejoin_stop(rejoin, PG_STOP_IMMEDIATE, true, -1, 10000, begin, &err), 0);
	assert_int_equal(pg_rejoin_stop(rejoin, PG_STOP_IMMEDIATE, true, -1, 10000, begin, &err), -EBUSY);
	finish(rejoin, "stop immediate", begin);
	assert_true(file_is_there(&db1, "standby.signal"));
	assert_int_equal(pg_rejoin_inspect(rejoin, 0, 10000, lab_now(), &err), 0);
	finish(rejoin, "inspect", lab_now());
	assert_true(pg_rejoin_report(rejoin)->upstream_empty); /* whoever starts it now: it attaches nowhere */

	if (strcmp(lab_sql(&db2, "SELECT timeline_id FROM pg_control_checkpoint()"), "1") == 0) {
		assert_int_equal(pg_rejoin_rewind(rejoin, rewind_db2, 2, 0, 60000, lab_now(), &err), 0);
		fails(rejoin, -EAGAIN, "CHECKPOINT");
	} else {
		print_message("# the source had made its checkpoint already\n");
	}
	(void)lab_sql(&db2, "CHECKPOINT");
	assert_int_equal(pg_rejoin_rewind(rejoin, rewind_db2, 3, 0, 60000, lab_now(), &err), 0);
	fails(rejoin, -ESTALE, "timeline 2 instead of 3");
	assert_int_equal(pg_rejoin_rewind(rejoin, rewind_db2, 2, 42, 60000, lab_now(), &err), 0);
	fails(rejoin, -ESTALE, "another cluster");

	begin = lab_now();
	assert_int_equal(pg_rejoin_rewind(rejoin, rewind_db2, 2, 0, 60000, begin, &err), 0);
	finish(rejoin, "rewind", begin);
	assert_true(file_is_there(&db1, "standby.signal"));
	begin = lab_now();
	assert_int_equal(pg_rejoin_start(rejoin, to_db2, "", 10000, begin, &err), 0);
	finish(rejoin, "start", begin);
	assert_int_equal(pg_rejoin_started_pid(rejoin), lab_node_pid(&db1));
	until(&db1, is_streaming);
	print_message("# start to streaming: %lld us\n", (long long)lab_elapsed_us(begin));
	/* Its own port, from its own postgresql.conf, which pg_rewind would have replaced by the source's. */
	lab_sql_wait(
		&db1, "SELECT count(*) FILTER (WHERE n = 8) || ',' || count(*) FILTER (WHERE n = 7) FROM t", "11,1");
	pg_rejoin_free(rejoin);
}

static void both_sides_show_the_same_fingerprint_of_the_new_timeline(void **state)
{
	struct pg_rejoin *one = lab_rejoin(&db1);
	struct pg_rejoin *two = lab_rejoin(&db2);
	const struct vrrp_history *a = &pg_rejoin_report(one)->history;
	const struct vrrp_history *b = &pg_rejoin_report(two)->history;

	(void)state;
	report(one, 2);
	report(two, 0);
	assert_int_equal(a->count, 2);
	assert_int_equal(b->count, 2);
	assert_int_equal(a->entry[1].timeline, 2);
	assert_true(a->entry[1].switch_point == b->entry[1].switch_point && a->entry[1].switch_point > 0);
	assert_true(a->entry[1].fingerprint == b->entry[1].fingerprint);
	assert_true(a->entry[1].fingerprint != 0);
	pg_rejoin_free(one);
	pg_rejoin_free(two);
}

static void start_of_a_running_one_is_refused(void **state)
{
	struct pg_rejoin *rejoin = lab_rejoin(&db1);

	(void)state;
	assert_int_equal(pg_rejoin_start(rejoin, to_db2, "", 10000, lab_now(), NULL), 0);
	fails(rejoin, -EEXIST, "is running");
	assert_int_equal(pg_rejoin_rewind(rejoin, rewind_db2, 2, 0, 60000, lab_now(), NULL), 0);
	fails(rejoin, -EPERM, "is running");
	pg_rejoin_free(rejoin);
}

/* fast: a clean shutdown of a standby; of the primary after it: its end of WAL is known from the directory alone. */
static void a_cleanly_stopped_primary_shows_the_end_of_its_wal(void **state)
{
	struct pg_rejoin *rejoin = lab_rejoin(&db2);
	struct vrrp_time begin = lab_now();
	char received[32];
	vrrp_lsn lsn = 0;

	(void)state;
	assert_int_equal(pg_rejoin_stop(rejoin, PG_STOP_FAST, true, -1, 20000, begin, NULL), 0);
	finish(rejoin, "stop fast", begin);
	report(rejoin, 0);
	assert_int_equal(pg_rejoin_report(rejoin)->control.state, PG_CONTROL_SHUT_DOWN);
	assert_true(pg_rejoin_report(rejoin)->shutdown_end_lsn > pg_rejoin_report(rejoin)->control.checkpoint_lsn);
	assert_false(pg_rejoin_report(rejoin)->postmaster_alive);
	/* The standby has received exactly that. */
	(void)snprintf(received, sizeof(received), "%s", lab_sql(&db1, "SELECT pg_last_wal_receive_lsn()"));
	assert_int_equal(pg_lsn_parse(received, &lsn), 0);
	assert_true(lsn == pg_rejoin_report(rejoin)->shutdown_end_lsn);
	/* And comes back as a standby of nobody: only ever started as a standby. */
	assert_int_equal(pg_rejoin_start(rejoin, "", "", 10000, lab_now(), NULL), 0);
	finish(rejoin, "start", lab_now());
	until(&db2, is_standby);
	pg_rejoin_free(rejoin);
}

static void a_stopped_postmaster_is_killed_with_its_children(void **state)
{
	struct pg_rejoin *rejoin = lab_rejoin(&db2);
	struct vrrp_time begin = lab_now();

	(void)state;
	lab_node_kill(&db2, SIGSTOP);
	assert_int_equal(pg_rejoin_stop(rejoin, PG_STOP_IMMEDIATE, true, -1, 1500, begin, NULL), 0);
	finish(rejoin, "stop of a postmaster that is stopped (limit 1.5 s)", begin);
	report(rejoin, 0);
	assert_false(pg_rejoin_report(rejoin)->postmaster_alive);
	assert_int_equal(pg_rejoin_report(rejoin)->orphans, 0);
	/* Nothing to stop is stopped. */
	assert_int_equal(pg_rejoin_stop(rejoin, PG_STOP_FAST, true, -1, 1500, lab_now(), NULL), 0);
	finish(rejoin, "stop of nothing", lab_now());
	pg_rejoin_free(rejoin);
}

/* After a crash a lock file can name somebody else's process by now: PostgreSQL would refuse to start. */
static void a_stale_lock_does_not_keep_it_from_starting(void **state)
{
	const char *argv[] = { "sleep", "600", NULL };
	struct exec_spec spec = { .file = "/bin/sleep", .argv = argv, .user = &lab_owner, .timeout_ms = 600000 };
	struct pg_rejoin *rejoin = lab_rejoin(&db2);
	struct exec *sleeper;
	char pid[16];

	(void)state;
	assert_int_equal(exec_start(&spec, lab_now(), &sleeper, NULL), 0);
	(void)snprintf(pid, sizeof(pid), "%d", (int)exec_pid(sleeper));
	(void)lab_run(0, "/bin/sh", "-c",
		"printf '%s\n%s\n1\n5622\n%s\n\n' $1 \"$2\" \"$3\" >\"$2/postmaster.pid\" &&"
		" printf '%s\n%s\n' $1 \"$2\" >\"$3/.s.PGSQL.5622.lock\"",
		"sh", pid, db2.data, lab_root, NULL);
	assert_int_equal(pg_rejoin_start(rejoin, "", "", 10000, lab_now(), NULL), 0);
	finish(rejoin, "start over stale locks", lab_now());
	until(&db2, is_standby);
	assert_int_equal(pg_rejoin_stop(rejoin, PG_STOP_FAST, true, -1, 10000, lab_now(), NULL), 0);
	finish(rejoin, "stop", lab_now());
	exec_free(sleeper);
	pg_rejoin_free(rejoin);
}

/* db1 becomes the primary, db2's directory is replaced by a copy; what is its own stays its own. */
static void a_clone_takes_the_place(void **state)
{
	struct pg_rejoin *rejoin = lab_rejoin(&db2);
	struct vip_err err = { "" };
	struct vrrp_time begin;
	char leftover[256];

	(void)state;
	promote(&db1);
	(void)lab_sql(&db1, "INSERT INTO t SELECT 9 FROM generate_series(1, 5)");
	(void)snprintf(leftover, sizeof(leftover), "%s.vipd-new", db2.data);
	(void)lab_run(0, "/bin/sh", "-c", "mkdir -p \"$1/base/1\" && echo half >\"$1/base/1/x\"", "sh", leftover, NULL);
	begin = lab_now();
	assert_int_equal(pg_rejoin_clone(rejoin, to_db1, "", 60000, begin, &err), 0);
	finish(rejoin, "clone", begin);
	assert_int_equal(access(leftover, F_OK), -1);
	assert_true(file_is_there(&db2, "standby.signal"));
	assert_int_equal(pg_rejoin_start(rejoin, to_db1, "", 10000, lab_now(), &err), 0);
	finish(rejoin, "start", lab_now());
	until(&db2, is_streaming);
	lab_sql_wait(&db2, "SELECT count(*) FROM t WHERE n = 9", "6");
	assert_string_equal(lab_sql(&db2, "SELECT current_setting('port')"), "5622");
	pg_rejoin_free(rejoin);
}

static void a_clone_is_refused_before_anything_is_touched(void **state)
{
	struct lab_node link = db2;
	struct pg_rejoin *rejoin;

	(void)state;
	lab_node_stop(&db2, "immediate");
	(void)snprintf(link.data, sizeof(link.data), "%s/link", lab_root);
	assert_int_equal(symlink(db2.data, link.data), 0);
	rejoin = lab_rejoin(&link);
	assert_int_equal(pg_rejoin_clone(rejoin, to_db1, "", 60000, lab_now(), NULL), 0);
	fails(rejoin, -EPERM, "is a link");
	pg_rejoin_free(rejoin);
	/* A source that is not there: the old directory stays. */
	rejoin = lab_rejoin(&db2);
	assert_int_equal(pg_rejoin_clone(rejoin, "host=/nowhere user=replicator", "", 60000, lab_now(), NULL), 0);
	fails(rejoin, -EIO, "pg_basebackup");
	assert_true(file_is_there(&db2, "PG_VERSION"));
	pg_rejoin_free(rejoin);
}

static void cancel_ends_the_child(void **state)
{
	struct pg_rejoin *rejoin = lab_rejoin(&db2);
	struct vrrp_time now = lab_now();

	(void)state;
	assert_int_equal(pg_rejoin_clone(rejoin, to_db1, "", 60000, now, NULL), 0);
	pg_rejoin_cancel(rejoin, now);
	assert_int_equal(pg_rejoin_run(rejoin, now), PG_REJOIN_FAILED);
	assert_int_equal(pg_rejoin_error(rejoin), -ECANCELED);
	report(rejoin, 0);
	assert_true(pg_rejoin_report(rejoin)->present);
	pg_rejoin_free(rejoin);
	until(&db1, is_primary);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_report_of_a_running_primary_and_standby),
		cmocka_unit_test(a_diverged_primary_waits_for_the_sources_checkpoint_and_is_rewound),
		cmocka_unit_test(both_sides_show_the_same_fingerprint_of_the_new_timeline),
		cmocka_unit_test(start_of_a_running_one_is_refused),
		cmocka_unit_test(a_cleanly_stopped_primary_shows_the_end_of_its_wal),
		cmocka_unit_test(a_stopped_postmaster_is_killed_with_its_children),
		cmocka_unit_test(a_stale_lock_does_not_keep_it_from_starting),
		cmocka_unit_test(a_clone_takes_the_place),
		cmocka_unit_test(a_clone_is_refused_before_anything_is_touched),
		cmocka_unit_test(cancel_ends_the_child),
	};

	lab_main(argc, argv);
	return cmocka_run_group_tests(tests, open_all, lab_close);
}
