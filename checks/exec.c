#include "checks/exec.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "checks/exec_child.h"
#include "checks/exec_reap.h"
#include "checks/watch.h"

#define EXEC_READ_BYTES 4096
#define EXEC_READS_MAX 64 /* a run takes no more than this off the pipe before the loop has its turn */
#define EXEC_ENV_BYTES 512

enum exec_phase { EXEC_PHASE_RUN, EXEC_PHASE_TERM, EXEC_PHASE_KILL };

struct exec {
	struct check_watch watch;
	char name[64];
	pid_t pid;
	int pidfd;     /* -1 when reaped or given up */
	int output_fd; /* -1 at its end */
	int error_fd;  /* -1 once read */
	enum exec_phase phase;
	struct vrrp_time deadline;
	struct exec_failure failure;
	struct exec_result result;
	enum exec_capture capture;
	bool whole_group;
	size_t size; /* of text, without its 0 */
	char text[];
};

static bool exec_limits_known;
static struct rlimit exec_limits[RLIM_NLIMITS];

void exec_init(void)
{
	for (int resource = 0; resource < (int)RLIM_NLIMITS; resource++) {
		if (getrlimit((__rlimit_resource_t)resource, &exec_limits[resource]) != 0) {
			return;
		}
	}
	exec_limits_known = true;
}

static int exec_spec_check(const struct exec_spec *spec, struct vip_err *err)
{
	unsigned args = 0;
	unsigned vars = 0;

	assert(spec->file != NULL && spec->file[0] == '/' && spec->argv != NULL && spec->timeout_ms > 0);
	while (spec->argv[args] != NULL) {
		args++;
	}
	while (spec->env != NULL && spec->env[vars] != NULL) {
		vars++;
	}
	if (args == 0 || args > EXEC_ARGS_MAX || vars > EXEC_ENV_MAX) {
		return vip_err_set(err, -E2BIG, "run %s: %u arguments, %u variables: at most %d and %d", spec->file,
			args, vars, EXEC_ARGS_MAX, EXEC_ENV_MAX);
	}
	return 0;
}

/* fork with a pidfd, all signals blocked so that no handler of ours runs in the child. 0 in the child. */
static pid_t exec_fork(int *ret_pidfd)
{
	int pidfd = -1;
	struct clone_args args = { .flags = CLONE_PIDFD, .exit_signal = SIGCHLD };
	pid_t pid;

	args.pidfd = (uint64_t)(uintptr_t)&pidfd;
	pid = (pid_t)syscall(SYS_clone3, &args, sizeof(args));
	if (pid < 0 && errno == ENOSYS) { /* a container's filter */
		pid = fork();
		pidfd = pid > 0 ? (int)syscall(SYS_pidfd_open, pid, 0) : -1;
		if (pid > 0 && pidfd < 0) {
			int error = errno;

			(void)kill(pid, SIGKILL);
			(void)waitpid(pid, NULL, 0); /* has just been forked: dies at once */
			errno = error;
			return -1;
		}
	}
	if (pid > 0) {
		*ret_pidfd = pidfd;
	}
	return pid;
}

/* PATH, LANG, HOME, USER, then what the caller adds. Pointers stay in use until the fork only. */
static void exec_environment(
	const struct exec_spec *spec, char storage[2][EXEC_ENV_BYTES], char *ret_env[EXEC_ENV_MAX + 5])
{
	static char path[] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
	static char lang[] = "LANG=C";
	unsigned count = 0;

	(void)snprintf(storage[0], EXEC_ENV_BYTES, "HOME=%s", spec->user != NULL ? spec->user->home : "/");
	(void)snprintf(storage[1], EXEC_ENV_BYTES, "USER=%s", spec->user != NULL ? spec->user->name : "root");
	ret_env[count++] = path;
	ret_env[count++] = lang;
	ret_env[count++] = storage[0];
	ret_env[count++] = storage[1];
	for (unsigned i = 0; spec->env != NULL && spec->env[i] != NULL; i++) {
		memcpy(&ret_env[count++], &spec->env[i], sizeof(char *)); /* execve wants char *, reads only */
	}
	ret_env[count] = NULL;
}

static pid_t exec_spawn(const struct exec_spec *spec, int output_fd, int error_fd, int *ret_pidfd)
{
	char storage[2][EXEC_ENV_BYTES];
	char *env[EXEC_ENV_MAX + 5];
	char *argv[EXEC_ARGS_MAX + 1];
	struct exec_child child = { .file = spec->file,
		.argv = argv,
		.env = env,
		.cwd = spec->cwd != NULL ? spec->cwd : "/",
		.user = spec->user,
		.no_new_privileges = spec->no_new_privileges,
		.output_fd = output_fd,
		.error_fd = error_fd,
		.limits_known = exec_limits_known };
	sigset_t all;
	sigset_t before;
	pid_t pid;
	int error;

	exec_environment(spec, storage, env);
	for (unsigned i = 0;; i++) {
		memcpy(&argv[i], &spec->argv[i], sizeof(char *));
		if (argv[i] == NULL) {
			break;
		}
	}
	memcpy(child.limit, exec_limits, sizeof(child.limit));
	(void)sigfillset(&all);
	(void)sigprocmask(SIG_SETMASK, &all, &before);
	pid = exec_fork(ret_pidfd);
	if (pid == 0) {
		exec_child_become(&child);
	}
	error = errno;
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
	errno = error;
	return pid;
}

static int exec_pipes(int output[2], int error[2], struct vip_err *err)
{
	if (pipe2(output, O_CLOEXEC) != 0) {
		return vip_err_set(err, -errno, "pipe2: %s", strerror(errno));
	}
	if (pipe2(error, O_CLOEXEC) != 0) {
		int code = -errno;

		(void)close(output[0]);
		(void)close(output[1]);
		return vip_err_set(err, code, "pipe2: %s", strerror(-code));
	}
	/* Our ends only: O_NONBLOCK on the child's end would surprise tools. */
	(void)fcntl(output[0], F_SETFL, O_NONBLOCK);
	(void)fcntl(error[0], F_SETFL, O_NONBLOCK);
	return 0;
}

static int exec_begin(struct exec *exec, const struct exec_spec *spec, struct vip_err *err)
{
	int output[2];
	int error[2];
	int result = exec_pipes(output, error, err);

	if (result < 0) {
		return result;
	}
	exec->pid = exec_spawn(spec, output[1], error[1], &exec->pidfd);
	result = exec->pid < 0 ? -errno : 0;
	(void)close(output[1]);
	(void)close(error[1]);
	exec->output_fd = output[0];
	exec->error_fd = error[0];
	if (result < 0) {
		return vip_err_set(err, result, "fork for %s: %s", spec->file, strerror(-result));
	}
	result = check_watch_set(&exec->watch, exec->pidfd, EPOLLIN, err);
	if (result == 0) {
		result = check_watch_set(&exec->watch, exec->output_fd, EPOLLIN, err);
	}
	return result;
}

int exec_start(const struct exec_spec *spec, struct vrrp_time now, struct exec **ret_exec, struct vip_err *err)
{
	size_t size = spec->capture == EXEC_CAPTURE_ALL ? EXEC_TEXT_ALL_BYTES : EXEC_TEXT_TAIL_BYTES;
	int result = exec_spec_check(spec, err);
	const char *name;
	struct exec *exec;

	if (result < 0) {
		return result;
	}
	exec_strays_reap(-1);
	exec = calloc(1, sizeof(*exec) + size + 1);
	if (exec == NULL) {
		return vip_err_set(err, -ENOMEM, "run %s: out of memory", spec->file);
	}
	exec->watch.epoll_fd = exec->pidfd = exec->output_fd = exec->error_fd = -1;
	exec->size = size;
	exec->capture = spec->capture;
	exec->whole_group = spec->whole_group;
	exec->result.status = EXEC_RUNNING;
	exec->deadline = vrrp_time_add(now, spec->timeout_ms * VRRP_US_PER_MS);
	name = strrchr(spec->argv[0], '/');
	(void)snprintf(exec->name, sizeof(exec->name), "%s", name != NULL ? name + 1 : spec->argv[0]);
	result = check_watch_open(&exec->watch, err);
	if (result == 0) {
		result = exec_begin(exec, spec, err);
	}
	if (result < 0) {
		exec_free(exec);
		return result;
	}
	*ret_exec = exec;
	return 0;
}

int exec_fd(const struct exec *exec)
{
	return exec->watch.epoll_fd;
}

struct vrrp_time exec_deadline(const struct exec *exec)
{
	return exec->result.status == EXEC_RUNNING ? exec->deadline : VRRP_TIME_NEVER;
}

pid_t exec_pid(const struct exec *exec)
{
	return exec->pid;
}

/* Appends to the text: the first bytes, or the last, as asked. */
static void exec_text_add(struct exec *exec, const char *bytes, size_t count)
{
	size_t used = exec->result.text_bytes;
	size_t room = exec->size - used;

	if (count > room) {
		exec->result.truncated = true;
		if (exec->capture == EXEC_CAPTURE_ALL) {
			count = room;
		} else { /* count <= EXEC_READ_BYTES <= size */
			size_t drop = count - room;

			memmove(exec->text, exec->text + drop, used - drop);
			used -= drop;
		}
	}
	memcpy(exec->text + used, bytes, count);
	exec->result.text_bytes = used + count;
	exec->text[exec->result.text_bytes] = '\0';
}

static void exec_drain(struct exec *exec)
{
	static_assert(EXEC_READ_BYTES <= EXEC_TEXT_TAIL_BYTES, "a read fits into the tail");
	char bytes[EXEC_READ_BYTES];

	for (unsigned i = 0; i < EXEC_READS_MAX && exec->output_fd >= 0; i++) {
		ssize_t count = read(exec->output_fd, bytes, sizeof(bytes));

		if (count > 0) {
			exec_text_add(exec, bytes, (size_t)count);
		} else if (count < 0 && (errno == EAGAIN || errno == EINTR)) {
			return;
		} else {
			(void)check_watch_set(&exec->watch, exec->output_fd, 0, NULL);
			(void)close(exec->output_fd);
			exec->output_fd = -1;
		}
	}
}

/* The whole group, and the child itself in case it has not yet become a group's leader. */
static void exec_kill(struct exec *exec, int signal)
{
	(void)kill(-exec->pid, signal);
	(void)syscall(SYS_pidfd_send_signal, exec->pidfd, signal, NULL, 0);
}

static void exec_pidfd_drop(struct exec *exec)
{
	if (exec->pidfd >= 0) {
		(void)check_watch_set(&exec->watch, exec->pidfd, 0, NULL);
		(void)close(exec->pidfd);
	}
	exec->pidfd = -1;
}

static void exec_finish(struct exec *exec, const siginfo_t *info)
{
	exec_drain(exec);
	if (exec->error_fd >= 0 &&
		read(exec->error_fd, &exec->failure, sizeof(exec->failure)) == (ssize_t)sizeof(exec->failure)) {
		exec->failure.step[sizeof(exec->failure.step) - 1] = '\0';
		exec->result.status = EXEC_FAILED;
		exec->result.code = exec->failure.error;
	} else if (exec->phase != EXEC_PHASE_RUN) {
		exec->result.status = EXEC_TIMEOUT;
		exec->result.code = info->si_code == CLD_EXITED ? SIGTERM : info->si_status;
	} else {
		exec->result.status = info->si_code == CLD_EXITED ? EXEC_EXITED : EXEC_SIGNALED;
		exec->result.code = info->si_status;
	}
	exec_pidfd_drop(exec);
}

/* The deadline has come: one step harsher. */
static void exec_escalate(struct exec *exec, struct vrrp_time now)
{
	switch (exec->phase) {
	case EXEC_PHASE_RUN:
		exec->phase = EXEC_PHASE_TERM;
		exec->deadline = vrrp_time_add(now, EXEC_TERM_GRACE_MS * VRRP_US_PER_MS);
		exec_kill(exec, SIGTERM);
		break;
	case EXEC_PHASE_TERM:
		exec->phase = EXEC_PHASE_KILL;
		exec->deadline = vrrp_time_add(now, EXEC_KILL_GRACE_MS * VRRP_US_PER_MS);
		exec_kill(exec, SIGKILL);
		break;
	case EXEC_PHASE_KILL:
		exec->result.status = EXEC_STUCK;
		(void)check_watch_set(&exec->watch, exec->pidfd, 0, NULL);
		exec_strays_reap(exec->pidfd);
		exec->pidfd = -1;
		break;
	}
}

enum exec_status exec_run(struct exec *exec, struct vrrp_time now)
{
	siginfo_t info;

	if (exec->result.status != EXEC_RUNNING) {
		return exec->result.status;
	}
	exec_drain(exec);
	if ((exec->phase != EXEC_PHASE_RUN || exec->whole_group) && exec_is_zombie(exec->pidfd)) {
		(void)kill(-exec->pid, SIGKILL); /* what is left of its group, while the zombie keeps the number ours */
	}
	if (exec_reap(exec->pidfd, &info)) {
		exec_finish(exec, &info);
	} else if (!vrrp_time_before(now, exec->deadline)) {
		exec_escalate(exec, now);
	}
	return exec->result.status;
}

void exec_cancel(struct exec *exec, struct vrrp_time now)
{
	if (exec->result.status == EXEC_RUNNING && exec->phase == EXEC_PHASE_RUN) {
		exec_escalate(exec, now);
	}
}

struct exec_result exec_result(const struct exec *exec)
{
	struct exec_result result = exec->result;

	result.text = exec->text;
	return result;
}

/* The last line that says anything, control characters made blanks. */
static void exec_last_line(const struct exec *exec, char *line, size_t size)
{
	const char *end = exec->text + exec->result.text_bytes;
	const char *begin;
	size_t count;

	while (end > exec->text && isspace((unsigned char)end[-1])) {
		end--;
	}
	for (begin = end; begin > exec->text && begin[-1] != '\n' && begin[-1] != '\r'; begin--) {
	}
	count = (size_t)(end - begin) < size - 1 ? (size_t)(end - begin) : size - 1;
	for (size_t i = 0; i < count; i++) {
		line[i] = iscntrl((unsigned char)begin[i]) ? ' ' : begin[i];
	}
	line[count] = '\0';
}

void exec_result_describe(const struct exec *exec, char *text, size_t size)
{
	char line[384];
	const char *colon;

	exec_last_line(exec, line, sizeof(line));
	colon = line[0] != '\0' ? ": " : "";
	switch (exec->result.status) {
	case EXEC_RUNNING:
		(void)snprintf(text, size, "%s: running%s%s", exec->name, colon, line);
		break;
	case EXEC_EXITED:
		(void)snprintf(text, size, "%s: exit status %d%s%s", exec->name, exec->result.code, colon, line);
		break;
	case EXEC_SIGNALED:
		(void)snprintf(text, size, "%s: ended by signal %d%s%s", exec->name, exec->result.code, colon, line);
		break;
	case EXEC_TIMEOUT:
		(void)snprintf(text, size, "%s: not done in time, killed%s%s", exec->name, colon, line);
		break;
	case EXEC_STUCK:
		(void)snprintf(text, size,
			"%s: not done in time and cannot be killed (pid %d, waiting for a disk?)%s%s", exec->name,
			(int)exec->pid, colon, line);
		break;
	case EXEC_FAILED:
		(void)snprintf(text, size, "%s: could not be started: %s: %s", exec->name, exec->failure.step,
			strerror(exec->result.code));
		break;
	}
}

void exec_free(struct exec *exec)
{
	if (exec == NULL) {
		return;
	}
	if (exec->pidfd >= 0) {
		exec_kill(exec, SIGKILL);
		(void)check_watch_set(&exec->watch, exec->pidfd, 0, NULL);
		exec_strays_reap(exec->pidfd);
	}
	if (exec->output_fd >= 0) {
		(void)close(exec->output_fd);
	}
	if (exec->error_fd >= 0) {
		(void)close(exec->error_fd);
	}
	check_watch_close(&exec->watch);
	free(exec);
}
