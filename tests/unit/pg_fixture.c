#include "pg_fixture.h"

#include <errno.h>
#include <libpq-fe.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "checks/pg_query.h"

#define LAB_NODES_MAX 8

struct exec_user lab_owner;
char lab_root[64];

static char lab_template[128];
static char lab_text[65536];
static char lab_datas[LAB_NODES_MAX][128];
static unsigned lab_count;

void lab_main(int argc, char **argv)
{
	exec_init();
	if (strcmp(argv[0], PG_DATADIR_ARGV0) == 0) {
		exit(pg_datadir_main(argc, argv));
	}
}

struct vrrp_time lab_now(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_BOOTTIME, &now);
	return (struct vrrp_time){ now.tv_sec * VRRP_US_PER_S + now.tv_nsec / 1000 };
}

int64_t lab_elapsed_us(struct vrrp_time since)
{
	return vrrp_time_diff_us(lab_now(), since);
}

void lab_poll(const int *fds, unsigned count, struct vrrp_time deadline)
{
	struct pollfd set[8];
	int64_t left_us = vrrp_time_diff_us(deadline, lab_now());
	struct timespec timeout = { .tv_sec = left_us / 1000000, .tv_nsec = left_us % 1000000 * 1000 };

	assert_in_range(count, 1, 8);
	for (unsigned i = 0; i < count; i++) {
		set[i] = (struct pollfd){ .fd = fds[i], .events = POLLIN };
	}
	if (left_us <= 0) {
		timeout = (struct timespec){ 0 };
	}
	if (timeout.tv_sec > LAB_WAIT_MS / 1000) {
		timeout.tv_sec = LAB_WAIT_MS / 1000;
	}
	(void)ppoll(set, count, &timeout, NULL);
}

static const char *lab_exec(const struct exec_spec *spec, int status)
{
	struct exec *exec;
	struct vip_err err = { "" };

	if (exec_start(spec, lab_now(), &exec, &err) < 0) {
		fail_msg("%s", err.text);
	}
	while (exec_run(exec, lab_now()) == EXEC_RUNNING) {
		int fd = exec_fd(exec);

		lab_poll(&fd, 1, exec_deadline(exec));
	}
	(void)snprintf(lab_text, sizeof(lab_text), "%s", exec_result(exec).text);
	if (status >= 0 && (exec_result(exec).status != EXEC_EXITED || exec_result(exec).code != status)) {
		exec_result_describe(exec, err.text, sizeof(err.text));
		print_error("%s\n", lab_text);
		fail_msg("%s", err.text);
	}
	exec_free(exec);
	return lab_text;
}

const char *lab_run(int status, const char *file, ...)
{
	const char *argv[32] = { file };
	struct exec_spec spec = { .file = file,
		.argv = argv,
		.user = &lab_owner,
		.timeout_ms = 2 * LAB_WAIT_MS,
		.capture = EXEC_CAPTURE_ALL };
	va_list args;
	unsigned count = 1;

	va_start(args, file);
	while (count < 31 && (argv[count] = va_arg(args, const char *)) != NULL) {
		count++;
	}
	va_end(args);
	return lab_exec(&spec, status);
}

/* The role that a user makes, with no more than the documented grants. Stopped cleanly, so that copies can stream. */
static void lab_template_init(void)
{
	char sql[4096];
	struct lab_node node = { .name = "template", .port = 5600 };

	(void)snprintf(node.data, sizeof(node.data), "%s/template", lab_root);
	(void)snprintf(
		node.admin, sizeof(node.admin), "host=%s port=%d user=postgres dbname=postgres", lab_root, node.port);
	(void)lab_run(0, LAB_BIN "/initdb", "-D", node.data, "-A", "trust", "-U", "postgres", "--no-sync",
		"--no-locale", "-E", "UTF8", NULL);
	(void)snprintf(sql, sizeof(sql), "port = %d\nunix_socket_directories = '%s'\nlisten_addresses = ''", node.port,
		lab_root);
	lab_node_setting(&node, sql);
	lab_node_setting(&node, "fsync = off\nwal_log_hints = on\nshared_buffers = 16MB\nwal_keep_size = 128MB\n"
				"max_wal_senders = 8\nlogging_collector = off\nlog_min_messages = warning");
	lab_node_start(&node);
	(void)snprintf(sql, sizeof(sql),
		"CREATE ROLE vipd LOGIN; %s CREATE ROLE replicator LOGIN REPLICATION; "
		"GRANT EXECUTE ON FUNCTION pg_ls_dir(text, boolean, boolean), pg_stat_file(text, boolean),"
		" pg_read_binary_file(text), pg_read_binary_file(text, bigint, bigint, boolean) TO replicator; "
		"CREATE TABLE t (n int);",
		pg_grants_sql(150000));
	(void)lab_sql(&node, sql);
	lab_node_stop(&node, "fast");
	(void)snprintf(lab_template, sizeof(lab_template), "%s", node.data);
}

int lab_open(void **state)
{
	(void)state;
	if (getuid() != 0) {
		(void)printf("Bail out! needs root: runs PostgreSQL as user postgres\n");
		exit(77);
	}
	assert_int_equal(exec_user_find_name("postgres", &lab_owner, NULL), 0);
	(void)snprintf(lab_root, sizeof(lab_root), "/tmp/vipd-pg.XXXXXX");
	assert_non_null(mkdtemp(lab_root));
	assert_int_equal(chown(lab_root, lab_owner.uid, lab_owner.gid), 0);
	lab_template_init();
	return 0;
}

/* Whatever a failed test left running must not outlive the program. */
int lab_close(void **state)
{
	(void)state;
	for (unsigned i = 0; i < lab_count; i++) {
		(void)lab_run(-1, LAB_BIN "/pg_ctl", "stop", "-s", "-m", "immediate", "-D", lab_datas[i], NULL);
	}
	/* A postmaster that a failed test left stopped hears only this. */
	(void)lab_run(-1, "/bin/sh", "-c",
		"for f in \"$1\"/*/postmaster.pid; do [ -f \"$f\" ] && kill -9 $(head -n 1 \"$f\"); done; rm -rf "
		"\"$1\"",
		"sh", lab_root, NULL);
	return 0;
}

void lab_node_setting(const struct lab_node *node, const char *line)
{
	char path[192];
	FILE *file;

	(void)snprintf(path, sizeof(path), "%s", node->config);
	if (node->config[0] == '\0') {
		(void)snprintf(path, sizeof(path), "%s/postgresql.conf", node->data);
	}
	file = fopen(path, "a");
	assert_non_null(file);
	(void)fprintf(file, "%s\n", line);
	assert_int_equal(fclose(file), 0);
}

void lab_node_init(struct lab_node *node, const char *name, int port)
{
	char line[256];

	*node = (struct lab_node){ .port = port };
	(void)snprintf(node->name, sizeof(node->name), "%s", name);
	(void)snprintf(node->data, sizeof(node->data), "%s/%s", lab_root, name);
	(void)snprintf(
		node->conninfo, sizeof(node->conninfo), "host=%s port=%d user=vipd dbname=postgres", lab_root, port);
	(void)snprintf(
		node->admin, sizeof(node->admin), "host=%s port=%d user=postgres dbname=postgres", lab_root, port);
	(void)lab_run(0, "/bin/cp", "-a", lab_template, node->data, NULL);
	(void)snprintf(
		line, sizeof(line), "port = %d\nunix_socket_directories = '%s'\nlisten_addresses = ''", port, lab_root);
	lab_node_setting(node, line);
	assert_in_range(lab_count, 0, LAB_NODES_MAX - 1);
	(void)snprintf(lab_datas[lab_count++], sizeof(lab_datas[0]), "%s", node->data);
}

void lab_node_standby(const struct lab_node *node, const struct lab_node *primary)
{
	char line[512];
	char path[192];

	(void)snprintf(line, sizeof(line), "primary_conninfo = 'host=%s port=%d user=replicator application_name=%s'",
		lab_root, primary->port, node->name);
	lab_node_setting(node, line);
	(void)snprintf(path, sizeof(path), "%s/standby.signal", node->data);
	(void)lab_run(0, "/usr/bin/touch", path, NULL);
}

void lab_node_start(const struct lab_node *node)
{
	char log[192];

	(void)snprintf(log, sizeof(log), "%s/%s.log", lab_root, node->name);
	(void)lab_run(-1, LAB_BIN "/pg_ctl", "start", "-s", "-w", "-D", node->data, "-l", log, NULL);
	if (kill(lab_node_pid(node), 0) != 0 || lab_node_pid(node) == 0) {
		fail_msg("%s does not start: %s", node->name, lab_run(0, "/usr/bin/tail", "-n", "5", log, NULL));
	}
}

void lab_node_stop(const struct lab_node *node, const char *mode)
{
	(void)lab_run(0, LAB_BIN "/pg_ctl", "stop", "-s", "-w", "-m", mode, "-D", node->data, NULL);
}

void lab_node_kill(const struct lab_node *node, int signal)
{
	pid_t pid = lab_node_pid(node);

	assert_true(pid > 1); /* 0 would be our own process group */
	assert_int_equal(kill(pid, signal), 0);
}

/* Everybody's last words, when something did not come. */
static void lab_logs(void)
{
	/* print_error would cut it */
	(void)fprintf(
		stderr, "%s\n", lab_run(-1, "/bin/sh", "-c", "cd \"$1\" && tail -v -n 8 *.log", "sh", lab_root, NULL));
}

pid_t lab_node_pid(const struct lab_node *node)
{
	char path[192];
	int pid = 0;
	FILE *file;

	(void)snprintf(path, sizeof(path), "%s/postmaster.pid", node->data);
	file = fopen(path, "r");
	if (file != NULL) {
		assert_int_equal(fscanf(file, "%d", &pid), 1);
		(void)fclose(file);
	}
	return pid;
}

const char *lab_sql(const struct lab_node *node, const char *sql)
{
	PGconn *conn = PQconnectdb(node->admin);
	PGresult *result = PQexec(conn, sql);
	ExecStatusType status = PQresultStatus(result);

	if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK) {
		fail_msg("%s: %s: %s", node->name, sql, PQerrorMessage(conn));
	}
	(void)snprintf(lab_text, sizeof(lab_text), "%s",
		status == PGRES_TUPLES_OK && PQntuples(result) > 0 ? PQgetvalue(result, 0, 0) : "");
	PQclear(result);
	PQfinish(conn);
	return lab_text;
}

void lab_sql_wait(const struct lab_node *node, const char *sql, const char *value)
{
	struct vrrp_time begin = lab_now();

	while (strcmp(lab_sql(node, sql), value) != 0) {
		if (lab_elapsed_us(begin) > LAB_WAIT_MS * VRRP_US_PER_MS) {
			fail_msg("%s: %s is still \"%s\", not \"%s\"", node->name, sql, lab_text, value);
		}
		(void)poll(NULL, 0, 5);
	}
}

struct pg_probe *lab_probe(const struct lab_node *node, int64_t interval_ms)
{
	struct pg_probe_config config = { .interval_ms = interval_ms, .timeout_ms = 3000 };
	struct pg_probe *probe;
	struct vip_err err = { "" };

	(void)snprintf(config.conninfo, sizeof(config.conninfo), "%s", node->conninfo);
	if (pg_probe_new(&config, lab_now(), &probe, &err) < 0) {
		fail_msg("%s", err.text);
	}
	return probe;
}

static enum pg_probe_event lab_probe_next(struct pg_probe *probe, struct vrrp_time until)
{
	for (;;) {
		enum pg_probe_event event = pg_probe_run(probe, lab_now());
		int fd = pg_probe_fd(probe);

		if (event != PG_PROBE_NONE) {
			return event;
		}
		if (!vrrp_time_before(lab_now(), until)) {
			return PG_PROBE_NONE;
		}
		lab_poll(&fd, 1, vrrp_time_min(pg_probe_deadline(probe), until));
	}
}

void lab_probe_wait(struct pg_probe *probe, enum pg_probe_event event)
{
	struct vrrp_time until = vrrp_time_add(lab_now(), LAB_WAIT_MS * VRRP_US_PER_MS);
	enum pg_probe_event got;

	while ((got = lab_probe_next(probe, until)) != event) {
		if (got == PG_PROBE_NONE) {
			lab_logs();
			fail_msg("no event %d in time: %s", (int)event, pg_probe_sentence(probe));
		}
	}
}

void lab_probe_until(struct pg_probe *probe, bool (*holds)(const struct pg_state *state))
{
	struct vrrp_time until = vrrp_time_add(lab_now(), LAB_WAIT_MS * VRRP_US_PER_MS);

	for (;;) {
		enum pg_probe_event event = lab_probe_next(probe, until);

		if (event == PG_PROBE_STATE && holds(pg_probe_state(probe))) {
			return;
		}
		if (!vrrp_time_before(lab_now(), until)) {
			lab_logs();
			fail_msg("the state did not come: %s", pg_probe_sentence(probe));
		}
	}
}

enum pg_task_status lab_task_wait(struct pg_task *task)
{
	while (pg_task_run(task, lab_now()) == PG_TASK_RUNNING) {
		int fd = pg_task_fd(task);

		lab_poll(&fd, 1, pg_task_deadline(task));
	}
	return pg_task_run(task, lab_now());
}

struct pg_rejoin *lab_rejoin(const struct lab_node *node)
{
	struct pg_rejoin_config config = { .self = "/proc/self/exe", .bin_directory = LAB_BIN, .owner = lab_owner };
	struct pg_rejoin *rejoin;

	(void)snprintf(config.data_directory, sizeof(config.data_directory), "%s", node->data);
	(void)snprintf(config.config_file, sizeof(config.config_file), "%s", node->config);
	(void)snprintf(config.log_file, sizeof(config.log_file), "%s/%s.log", lab_root, node->name);
	assert_int_equal(pg_rejoin_new(&config, &rejoin, NULL), 0);
	return rejoin;
}

enum pg_rejoin_status lab_rejoin_wait(struct pg_rejoin *rejoin)
{
	while (pg_rejoin_run(rejoin, lab_now()) == PG_REJOIN_RUNNING) {
		int fd = pg_rejoin_fd(rejoin);

		lab_poll(&fd, 1, pg_rejoin_deadline(rejoin));
	}
	return pg_rejoin_run(rejoin, lab_now());
}
