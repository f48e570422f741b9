#include "checks/pg_datadir_private.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define DATADIR_START_STEP_MS 2
/* The checkpoint at the end of that recovery must not remove WAL: pg_rewind reads it back to before the fork. */
#define DATADIR_KEEP_WAL "wal_keep_size=1000000000"
#define DATADIR_START_LOG "vipd-start.log"

/* The socket's lock file beside it: "pid \n data directory …"; gone with the postmaster.pid of the same process. */
static void datadir_socket_lock_remove(const char *directory, const char *port, pid_t pid)
{
	char name[64];
	char path[PG_DATADIR_PATH_BYTES];
	char *text;

	(void)snprintf(name, sizeof(name), ".s.PGSQL.%.10s.lock", port);
	if (datadir_path(directory, name, path, NULL) == 0 && datadir_file_read(path, &text, NULL, NULL) == 0) {
		if (strtol(text, NULL, 10) == pid) {
			(void)unlink(path);
		}
		free(text);
	}
}

/*
 * Nothing of PostgreSQL works here, yet postmaster.pid names a process that exists: a zombie nobody has collected (a
 * container's init), or somebody who got the number after a crash. PostgreSQL would refuse to start. Lines of the file:
 * pid, data directory, start time, port, first socket directory.
 */
static void datadir_lock_remove_stale(const struct datadir *datadir)
{
	pid_t pid = datadir_postmaster_pid(datadir->data);
	char path[PG_DATADIR_PATH_BYTES];
	char *text;
	char *save = NULL;
	const char *line;

	if (pid <= 0 || (kill(pid, 0) != 0 && errno != EPERM) ||
		datadir_path(datadir->data, "postmaster.pid", path, NULL) < 0 ||
		datadir_file_read(path, &text, NULL, NULL) < 0) {
		return;
	}
	(void)printf("removing postmaster.pid: process %d is no PostgreSQL of this directory\n", (int)pid);
	line = strtok_r(text, "\n", &save);
	for (int number = 2; line != NULL && number <= 4; number++) {
		line = strtok_r(NULL, "\n", &save);
	}
	if (line != NULL) {
		const char *directory = strtok_r(NULL, "\n", &save);

		if (directory != NULL && directory[0] == '/') {
			datadir_socket_lock_remove(directory, line, pid);
		}
	}
	free(text);
	(void)datadir_file_remove(datadir->data, "postmaster.pid", NULL);
}

int datadir_refuse_running(const struct datadir *datadir)
{
	struct datadir_process one;
	int count = datadir_processes(datadir->data, &one, 1);

	if (count == 0) {
		datadir_lock_remove_stale(datadir);
		return 0;
	}
	(void)fprintf(
		stderr, "PostgreSQL is running in %s (process %d)\n", datadir->data, count > 0 ? (int)one.pid : 0);
	return DATADIR_EXIT_REFUSED;
}

static int datadir_failed(const struct vip_err *err)
{
	(void)fprintf(stderr, "%s\n", err->text);
	return DATADIR_EXIT_FAILED;
}

int datadir_prepare(struct datadir *datadir)
{
	struct vip_err err;
	int status = datadir_refuse_running(datadir);

	if (status != 0) {
		return status;
	}
	/* standby.signal first: there is no moment at which a start would make a primary. */
	if (datadir_standby_signal(datadir->data, &err) < 0 ||
		datadir_upstream_set(datadir->data, datadir->conninfo, datadir->slot, &err) < 0) {
		return datadir_failed(&err);
	}
	return DATADIR_EXIT_DONE;
}

/*
 * A primary that was shut down cleanly may vouch: its end is known for certain, and from now on it starts as a standby
 * of nobody only (protocol.md section 7). Written again also where it stands there already: it may not be on the disk.
 */
int datadir_seal(struct datadir *datadir)
{
	struct pg_control control;
	struct vip_err err;
	int status = datadir_refuse_running(datadir);

	if (status != 0) {
		return status;
	}
	if (datadir_control(datadir, &control, &err) < 0) {
		return datadir_failed(&err);
	}
	if (control.state != PG_CONTROL_SHUT_DOWN || datadir_file_exists(datadir->data, "backup_label")) {
		(void)fprintf(stderr, "%s is of no primary that was cleanly shut down: it says \"%s\"\n", datadir->data,
			pg_control_state_name(control.state));
		return DATADIR_EXIT_REFUSED;
	}
	if (datadir_standby_signal(datadir->data, &err) < 0 || datadir_upstream_set(datadir->data, "", "", &err) < 0) {
		return datadir_failed(&err);
	}
	return DATADIR_EXIT_DONE;
}

/* The child: a postmaster in a session of its own, its first words into a log file. */
static void datadir_postgres_become(struct datadir *datadir) __attribute__((noreturn));

static void datadir_postgres_become(struct datadir *datadir)
{
	char file[PG_DATADIR_PATH_BYTES];
	char log[PG_DATADIR_PATH_BYTES];
	char config[PG_DATADIR_PATH_BYTES + 16];
	char words[] = "postgres\0-D\0-c";
	char *argv[] = { words, words + 9, NULL, NULL, NULL, NULL };
	const char *where = datadir_config(datadir);
	int fd;

	memcpy(&argv[2], &datadir->data, sizeof(char *));
	if (where[0] != '\0') {
		(void)snprintf(config, sizeof(config), "config_file=%s", where);
		argv[3] = words + 12;
		argv[4] = config;
	}
	if (datadir->log[0] != '\0') {
		(void)snprintf(log, sizeof(log), "%s", datadir->log);
	} else {
		(void)datadir_path(datadir->data, DATADIR_START_LOG, log, NULL);
	}
	fd = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);
	if (fd < 0) {
		fd = open("/dev/null", O_WRONLY);
	}
	(void)setsid();
	if (datadir_path(datadir->bin, "postgres", file, NULL) == 0 && dup2(fd, STDOUT_FILENO) >= 0 &&
		dup2(fd, STDERR_FILENO) >= 0) {
		(void)syscall(SYS_close_range, 3, ~0U, 0);
		(void)execv(file, argv);
	}
	_exit(127);
}

/* Waits until the new process has put its name into postmaster.pid, or has ended. */
static int datadir_start_wait(const struct datadir *datadir, pid_t pid)
{
	int64_t deadline_ms = datadir_now_ms() + datadir->timeout_ms;

	while (datadir_now_ms() < deadline_ms) {
		int status;

		if (waitpid(pid, &status, WNOHANG) == pid) {
			(void)fprintf(stderr, "postgres ended at once, status %d: see its log %s\n",
				WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status),
				datadir->log[0] != '\0' ? datadir->log : DATADIR_START_LOG);
			return DATADIR_EXIT_FAILED;
		}
		if (datadir_postmaster_pid(datadir->data) == pid) {
			(void)printf("started=%d\n", (int)pid);
			return DATADIR_EXIT_DONE;
		}
		datadir_sleep_ms(DATADIR_START_STEP_MS);
	}
	(void)fprintf(stderr, "postgres, process %d, has not opened %s in time\n", (int)pid, datadir->data);
	return DATADIR_EXIT_FAILED;
}

int datadir_start(struct datadir *datadir)
{
	int status = datadir_prepare(datadir);
	pid_t pid;

	if (status != 0) {
		return status;
	}
	(void)fflush(NULL);
	pid = fork();
	if (pid == 0) {
		datadir_postgres_become(datadir);
	}
	if (pid < 0) {
		(void)fprintf(stderr, "fork: %s\n", strerror(errno));
		return DATADIR_EXIT_FAILED;
	}
	return datadir_start_wait(datadir, pid);
}

/* The line of PostgreSQL's output that says what is wrong, else all of it. Cuts the text behind it. */
static const char *datadir_complaint(char *text)
{
	char *at = strstr(text, "FATAL:");

	if (at == NULL) {
		at = strstr(text, "PANIC:");
	}
	if (at == NULL) {
		at = text;
	}
	at[strcspn(at, "\n")] = '\0';
	return at;
}

/*
 * Ends recovery of an unclean directory in single-user mode, so that the end of its WAL is in pg_control and pg_rewind
 * can compare. Also after `shut down in recovery`: there pg_rewind goes by the minimum recovery point, behind which WAL
 * of a diverged history may lie, and would see nothing to do. standby.signal stops single-user mode, so it is away
 * meanwhile; nobody but us starts this PostgreSQL, and the gate is shut.
 */
static int datadir_recover(struct datadir *datadir)
{
	char *text = NULL;
	char config[PG_DATADIR_PATH_BYTES + 16] = "config_file=";
	const char *where = datadir_config(datadir);
	const char *const plain[] = { "--single", "-F", "-D", datadir->data, "-c", DATADIR_KEEP_WAL, "template1",
		NULL };
	const char *const told[] = { "--single", "-F", "-D", datadir->data, "-c", DATADIR_KEEP_WAL, "-c", config,
		"template1", NULL };
	struct pg_control control;
	struct vip_err err;
	int status;

	if (datadir_control(datadir, &control, &err) < 0) {
		return datadir_failed(&err);
	}
	if (control.state == PG_CONTROL_SHUT_DOWN) {
		return DATADIR_EXIT_DONE;
	}
	if (datadir_file_remove(datadir->data, "standby.signal", &err) < 0 ||
		datadir_file_remove(datadir->data, "recovery.signal", &err) < 0) {
		return datadir_failed(&err);
	}
	(void)snprintf(config, sizeof(config), "config_file=%s", where);
	(void)printf("recovering (it was %s)\n", pg_control_state_name(control.state));
	status = datadir_tool(datadir, "postgres", where[0] != '\0' ? told : plain, &text, &err);
	if (datadir_standby_signal(datadir->data, &err) < 0) {
		free(text);
		return datadir_failed(&err);
	}
	if (status != 0 || datadir_control(datadir, &control, &err) < 0 || control.state != PG_CONTROL_SHUT_DOWN) {
		(void)fprintf(stderr, "crash recovery in single-user mode failed, status %d: %s\n", status,
			datadir_complaint(text != NULL ? text : err.text));
		free(text);
		return DATADIR_EXIT_FAILED;
	}
	free(text);
	return DATADIR_EXIT_DONE;
}

static int datadir_rewind_run(struct datadir *datadir, const struct datadir_kept *kept)
{
	char target[PG_DATADIR_PATH_BYTES + 32];
	char source[4096];
	const char *const args[] = { target, source, "--progress", NULL };
	struct vip_err err;
	int status;

	(void)snprintf(target, sizeof(target), "--target-pgdata=%s", datadir->data);
	if (snprintf(source, sizeof(source), "--source-server=%s", datadir->source) >= (int)sizeof(source)) {
		(void)fprintf(stderr, "the source's conninfo is too long\n");
		return DATADIR_EXIT_FAILED;
	}
	status = datadir_tool(datadir, "pg_rewind", args, NULL, &err);
	/* Also after a failure: pg_rewind may have put the source's files in place of ours already. */
	if (datadir_standby_signal(datadir->data, &err) < 0 || datadir_put_back(datadir->data, kept, &err) < 0) {
		return datadir_failed(&err);
	}
	if (status != 0) {
		return DATADIR_EXIT_FAILED; /* its last line says why */
	}
	return datadir_sync(datadir->data, &err) < 0 ? datadir_failed(&err) : DATADIR_EXIT_DONE;
}

int datadir_rewind(struct datadir *datadir)
{
	struct datadir_kept *kept;
	struct vip_err err;
	int status = datadir_refuse_running(datadir);

	if (status == 0 && datadir_tablespaces(datadir->data) > 0) {
		(void)fprintf(stderr, "%s has tablespaces outside of it: rewind it by hand\n", datadir->data);
		status = DATADIR_EXIT_REFUSED;
	}
	if (status == 0) {
		status = datadir_recover(datadir);
	}
	if (status != 0) {
		return status;
	}
	if (datadir_keep(datadir->data, &kept, &err) < 0) {
		return datadir_failed(&err);
	}
	status = datadir_rewind_run(datadir, kept);
	datadir_kept_free(kept);
	return status;
}
