/* The checks whether PostgreSQL can work though it answers (protocol.md section 9), against a real one. */
#include "pg_fixture.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "checks/pg_disk.h"
#include "checks/pg_flush.h"
#include "checks/pg_knock.h"

#define INTERVAL_MS 50
#define TIMEOUT_MS 400
#define FEW 3 /* rounds that change nothing */

static struct lab_node db1;
static struct pg_knock knock;
static struct pg_flush flush;
static struct pg_disk disk;

/* All three as the daemon drives them, until the deadline. */
static void run_once(struct vrrp_time deadline)
{
	int fds[3];
	unsigned count = 0;
	struct vrrp_time at = deadline;

	if (knock.conn != NULL) {
		pg_knock_run(&knock, lab_now());
		at = vrrp_time_min(at, pg_knock_deadline(&knock));
		fds[count++] = pg_knock_fd(&knock);
	}
	if (flush.conn != NULL) {
		pg_flush_run(&flush, lab_now());
		at = vrrp_time_min(at, pg_flush_deadline(&flush));
		fds[count++] = pg_flush_fd(&flush);
	}
	if (disk.config.interval_ms != 0) {
		pg_disk_run(&disk, lab_now());
		at = vrrp_time_min(at, pg_disk_deadline(&disk));
		fds[count++] = pg_disk_fd(&disk);
	}
	lab_poll(fds, count, at);
}

static void wait_for(const enum check_state *state, enum check_state wanted)
{
	struct vrrp_time deadline = vrrp_time_add(lab_now(), LAB_WAIT_MS * VRRP_US_PER_MS);

	while (*state != wanted) {
		assert_true(vrrp_time_before(lab_now(), deadline));
		run_once(deadline);
	}
}

static void run_for_ms(int64_t ms)
{
	struct vrrp_time deadline = vrrp_time_add(lab_now(), ms * VRRP_US_PER_MS);

	while (vrrp_time_before(lab_now(), deadline)) {
		run_once(deadline);
	}
}

static int begin(void **state)
{
	(void)state;
	memset(&knock, 0, sizeof(knock));
	memset(&flush, 0, sizeof(flush));
	memset(&disk, 0, sizeof(disk));
	return 0;
}

static int end(void **state)
{
	(void)state;
	if (knock.conn != NULL) {
		pg_knock_deinit(&knock);
	}
	if (flush.conn != NULL) {
		pg_flush_deinit(&flush);
	}
	if (disk.config.interval_ms != 0) {
		pg_disk_deinit(&disk);
	}
	return 0;
}

static void begin_knocking(void)
{
	assert_int_equal(pg_knock_init(&knock, db1.conninfo, INTERVAL_MS, TIMEOUT_MS, NULL), 0);
	assert_int_equal(knock.state, CHECK_IDLE);
	pg_knock_arm(&knock, true, lab_now());
	wait_for(&knock.state, CHECK_OK);
	assert_string_equal(pg_knock_sentence(&knock), "");
}

static void a_stopped_postmaster_lets_nobody_in(void **state)
{
	struct vrrp_time since;

	(void)state;
	begin_knocking();
	since = lab_now();
	lab_node_kill(&db1, SIGSTOP);
	wait_for(&knock.state, CHECK_FAILED);
	assert_true(lab_elapsed_us(since) >= TIMEOUT_MS * VRRP_US_PER_MS);
	assert_string_not_equal(pg_knock_sentence(&knock), "");
	run_for_ms(FEW * TIMEOUT_MS); /* and stays so */
	assert_int_equal(knock.state, CHECK_FAILED);
	lab_node_kill(&db1, SIGCONT);
	wait_for(&knock.state, CHECK_OK);
	pg_knock_arm(&knock, false, lab_now());
	assert_int_equal(knock.state, CHECK_IDLE);
	assert_true(pg_knock_deadline(&knock).us == VRRP_TIME_NEVER.us);
}

/* 53300 comes from a postmaster that accepts. */
static void too_many_connections_are_no_hang(void **state)
{
	(void)state;
	begin_knocking();
	(void)lab_sql(&db1, "ALTER ROLE vipd CONNECTION LIMIT 0");
	run_for_ms(FEW * TIMEOUT_MS);
	assert_int_equal(knock.state, CHECK_OK);
	assert_non_null(strstr(pg_knock_sentence(&knock), "too many connections"));
	(void)lab_sql(&db1, "ALTER ROLE vipd CONNECTION LIMIT -1");
}

/* Somebody cleans /tmp: the postmaster lives, and clients over TCP notice nothing. */
static void a_socket_file_that_was_removed_is_no_hang(void **state)
{
	char here[160];
	char away[176];

	(void)state;
	begin_knocking();
	(void)snprintf(here, sizeof(here), "%s/.s.PGSQL.%d", lab_root, db1.port);
	(void)snprintf(away, sizeof(away), "%s.away", here);
	assert_int_equal(rename(here, away), 0);
	run_for_ms(FEW * TIMEOUT_MS);
	assert_int_equal(rename(away, here), 0);
	assert_int_equal(knock.state, CHECK_OK);
	assert_string_not_equal(pg_knock_sentence(&knock), "");
}

static void begin_flushing(void)
{
	assert_int_equal(pg_flush_init(&flush, db1.conninfo, INTERVAL_MS, TIMEOUT_MS, NULL), 0);
	pg_flush_arm(&flush, true, lab_now());
	wait_for(&flush.state, CHECK_OK);
	assert_string_equal(pg_flush_sentence(&flush), "");
}

#define OURS "FROM pg_stat_activity WHERE usename = 'vipd'"

static void a_flush_moves_the_wal_and_waits_for_no_standby(void **state)
{
	char before[64];

	(void)state;
	(void)lab_sql(&db1, "ALTER SYSTEM SET synchronous_standby_names = 'nobody'; ");
	(void)lab_sql(&db1, "SELECT pg_reload_conf()");
	lab_sql_wait(&db1, "SHOW synchronous_standby_names", "nobody");
	begin_flushing();
	(void)snprintf(before, sizeof(before), "%s", lab_sql(&db1, "SELECT pg_current_wal_flush_lsn()"));
	run_for_ms(FEW * TIMEOUT_MS);
	assert_int_equal(flush.state, CHECK_OK);
	assert_string_not_equal(lab_sql(&db1, "SELECT pg_current_wal_flush_lsn()"), before);
	(void)lab_sql(&db1, "ALTER SYSTEM RESET synchronous_standby_names");
	(void)lab_sql(&db1, "SELECT pg_reload_conf()");
	lab_sql_wait(&db1, "SHOW synchronous_standby_names", "");
}

/* Its backend stands for one whose disk does not answer. */
static void a_flush_that_hangs_is_found_and_waited_for_alone(void **state)
{
	pid_t backend;

	(void)state;
	begin_flushing();
	backend = (pid_t)strtol(lab_sql(&db1, "SELECT pid " OURS), NULL, 10);
	assert_true(backend > 0);
	assert_int_equal(kill(backend, SIGSTOP), 0);
	wait_for(&flush.state, CHECK_FAILED);
	assert_non_null(strstr(pg_flush_sentence(&flush), "has not reached the disk for 400 ms"));
	assert_true(pg_flush_deadline(&flush).us == VRRP_TIME_NEVER.us);
	run_for_ms(FEW * TIMEOUT_MS);
	assert_int_equal(flush.state, CHECK_FAILED);
	assert_string_equal(lab_sql(&db1, "SELECT count(*) " OURS), "1"); /* never a second one */
	assert_int_equal(kill(backend, SIGCONT), 0);
	wait_for(&flush.state, CHECK_OK);
	assert_int_equal(strtol(lab_sql(&db1, "SELECT pid " OURS), NULL, 10), backend);
}

static void a_session_that_is_ended_is_opened_again(void **state)
{
	pid_t backend;

	(void)state;
	begin_flushing();
	backend = (pid_t)strtol(lab_sql(&db1, "SELECT pid " OURS), NULL, 10);
	(void)lab_sql(&db1, "SELECT pg_terminate_backend(pid) " OURS);
	run_for_ms(PG_FLUSH_AGAIN_MS);
	assert_int_not_equal(flush.state, CHECK_FAILED);
	wait_for(&flush.state, CHECK_OK);
	lab_sql_wait(&db1, "SELECT count(*) " OURS, "1");
	assert_int_not_equal(strtol(lab_sql(&db1, "SELECT pid " OURS), NULL, 10), backend);
}

/* The write is really made; that it may not be is said, and no finding. */
static void a_role_without_the_right_is_no_hang(void **state)
{
	(void)state;
	begin_flushing();
	(void)lab_sql(&db1, "REVOKE EXECUTE ON FUNCTION pg_logical_emit_message(boolean, text, text) FROM PUBLIC");
	wait_for(&flush.state, CHECK_IDLE);
	assert_non_null(strstr(pg_flush_sentence(&flush), "permission denied"));
	run_for_ms(FEW * TIMEOUT_MS);
	assert_int_equal(flush.state, CHECK_IDLE);
	(void)lab_sql(&db1, "GRANT EXECUTE ON FUNCTION pg_logical_emit_message(boolean, text, text) TO PUBLIC");
	wait_for(&flush.state, CHECK_OK);
}

static void write_to(const char *directory)
{
	struct pg_disk_config config = {
		.self = "/proc/self/exe", .owner = lab_owner, .interval_ms = INTERVAL_MS, .timeout_ms = TIMEOUT_MS
	};

	(void)snprintf(config.data_directory, sizeof(config.data_directory), "%s", directory);
	assert_int_equal(pg_disk_init(&disk, &config, lab_now(), NULL), 0);
}

/* Just begun: its helper has not come far yet. */
static void begin_write(void)
{
	struct vrrp_time deadline = vrrp_time_add(lab_now(), LAB_WAIT_MS * VRRP_US_PER_MS);

	if (disk.exec != NULL) { /* one that was under way */
		wait_for(&disk.state, CHECK_OK);
		while (disk.exec != NULL) {
			run_once(deadline);
		}
	}
	for (pg_disk_run(&disk, lab_now()); disk.exec == NULL; pg_disk_run(&disk, lab_now())) {
		int fd = pg_disk_fd(&disk);

		assert_true(vrrp_time_before(lab_now(), deadline));
		lab_poll(&fd, 1, pg_disk_deadline(&disk));
	}
}

static void a_write_that_hangs_is_found_and_waited_for_alone(void **state)
{
	pid_t helper;

	(void)state;
	write_to(db1.data);
	wait_for(&disk.state, CHECK_OK);
	begin_write();
	helper = exec_pid(disk.exec);
	assert_int_equal(kill(helper, SIGSTOP), 0);
	wait_for(&disk.state, CHECK_FAILED);
	assert_true(disk.stuck);
	assert_non_null(strstr(pg_disk_sentence(&disk), "has not come back for 400 ms"));
	assert_true(pg_disk_deadline(&disk).us == VRRP_TIME_NEVER.us);
	run_for_ms(FEW * TIMEOUT_MS);
	assert_int_equal(disk.state, CHECK_FAILED);
	assert_int_equal(exec_pid(disk.exec), helper);
	assert_int_equal(kill(helper, SIGCONT), 0);
	wait_for(&disk.state, CHECK_OK);
	assert_false(disk.stuck);
}

static void a_helper_that_is_killed_and_a_directory_that_is_not_there_are_no_finding(void **state)
{
	(void)state;
	write_to(db1.data);
	begin_write();
	assert_int_equal(kill(exec_pid(disk.exec), SIGKILL), 0);
	while (disk.exec != NULL) {
		run_once(vrrp_time_add(lab_now(), VRRP_US_PER_S));
	}
	assert_int_equal(disk.state, CHECK_IDLE);
	wait_for(&disk.state, CHECK_OK);
	pg_disk_deinit(&disk);
	write_to("/nonexistent/data");
	run_for_ms(FEW * TIMEOUT_MS);
	assert_int_equal(disk.state, CHECK_IDLE);
	assert_non_null(strstr(pg_disk_sentence(&disk), "No such file"));
}

static void fill(const char *directory)
{
	static char bytes[65536];
	char path[192];
	int fd;

	(void)snprintf(path, sizeof(path), "%s/filler", directory);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	memset(bytes, 'x', sizeof(bytes));
	while (write(fd, bytes, sizeof(bytes)) > 0) {
	}
	(void)close(fd);
}

/* Also of the file system that pg_wal is on. */
static void a_full_and_a_read_only_file_system_are_told(void **state)
{
	char where[128];
	char path[192];
	char options[64];

	(void)state;
	(void)snprintf(where, sizeof(where), "%s/disk", lab_root);
	(void)snprintf(options, sizeof(options), "size=1M,mode=700,uid=%u,gid=%u", lab_owner.uid, lab_owner.gid);
	assert_int_equal(unshare(CLONE_NEWNS), 0);
	assert_int_equal(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
	assert_int_equal(mkdir(where, 0700), 0);
	assert_int_equal(mount("tmpfs", where, "tmpfs", 0, options), 0);
	write_to(where);
	wait_for(&disk.state, CHECK_OK);
	fill(where);
	wait_for(&disk.state, CHECK_FAILED);
	assert_false(disk.stuck);
	assert_non_null(strstr(pg_disk_sentence(&disk), "No space left on device"));
	(void)snprintf(path, sizeof(path), "%s/filler", where);
	assert_int_equal(unlink(path), 0);
	wait_for(&disk.state, CHECK_OK);
	assert_int_equal(mount("tmpfs", where, "tmpfs", MS_REMOUNT | MS_RDONLY, options), 0);
	wait_for(&disk.state, CHECK_FAILED);
	assert_non_null(strstr(pg_disk_sentence(&disk), "Read-only file system"));
	assert_int_equal(mount("tmpfs", where, "tmpfs", MS_REMOUNT, options), 0);
	wait_for(&disk.state, CHECK_OK);
	(void)snprintf(path, sizeof(path), "%s/pg_wal", where);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(mount("tmpfs", path, "tmpfs", 0, options), 0);
	fill(path);
	wait_for(&disk.state, CHECK_FAILED);
	assert_non_null(strstr(pg_disk_sentence(&disk), "pg_wal: No space left"));
	assert_int_equal(umount(path), 0);
	pg_disk_deinit(&disk);
	disk.config.interval_ms = 0;
	assert_int_equal(umount(where), 0);
	assert_int_equal(rmdir(where), 0);
}

static void switched_off_they_do_nothing(void **state)
{
	struct pg_disk_config config = { .self = "/proc/self/exe", .owner = lab_owner, .timeout_ms = TIMEOUT_MS };

	(void)state;
	assert_int_equal(pg_knock_init(&knock, db1.conninfo, 0, TIMEOUT_MS, NULL), 0);
	assert_int_equal(pg_flush_init(&flush, db1.conninfo, 0, TIMEOUT_MS, NULL), 0);
	assert_int_equal(pg_disk_init(&disk, &config, lab_now(), NULL), 0);
	pg_knock_arm(&knock, true, lab_now());
	pg_flush_arm(&flush, true, lab_now());
	assert_int_equal(knock.state, CHECK_OFF);
	assert_int_equal(flush.state, CHECK_OFF);
	assert_int_equal(disk.state, CHECK_OFF);
	assert_true(pg_knock_deadline(&knock).us == VRRP_TIME_NEVER.us);
	assert_true(pg_flush_deadline(&flush).us == VRRP_TIME_NEVER.us);
	assert_true(pg_disk_deadline(&disk).us == VRRP_TIME_NEVER.us);
	pg_disk_deinit(&disk);
	assert_string_equal(check_state_word(CHECK_OFF), "off");
	assert_string_equal(check_state_word(CHECK_STATE_COUNT), "?");
}

static int open_lab(void **state)
{
	int result = lab_open(state);

	if (result == 0) {
		lab_node_init(&db1, "db1", 5611);
		lab_node_start(&db1);
	}
	return result;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_stopped_postmaster_lets_nobody_in, begin, end),
		cmocka_unit_test_setup_teardown(too_many_connections_are_no_hang, begin, end),
		cmocka_unit_test_setup_teardown(a_socket_file_that_was_removed_is_no_hang, begin, end),
		cmocka_unit_test_setup_teardown(a_flush_moves_the_wal_and_waits_for_no_standby, begin, end),
		cmocka_unit_test_setup_teardown(a_flush_that_hangs_is_found_and_waited_for_alone, begin, end),
		cmocka_unit_test_setup_teardown(a_session_that_is_ended_is_opened_again, begin, end),
		cmocka_unit_test_setup_teardown(a_role_without_the_right_is_no_hang, begin, end),
		cmocka_unit_test_setup_teardown(a_write_that_hangs_is_found_and_waited_for_alone, begin, end),
		cmocka_unit_test_setup_teardown(
			a_helper_that_is_killed_and_a_directory_that_is_not_there_are_no_finding, begin, end),
		cmocka_unit_test_setup_teardown(a_full_and_a_read_only_file_system_are_told, begin, end),
		cmocka_unit_test_setup_teardown(switched_off_they_do_nothing, begin, end),
	};

	lab_main(argc, argv);
	return cmocka_run_group_tests_name("pg_health", tests, open_lab, lab_close);
}
