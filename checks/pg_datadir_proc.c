#include "checks/pg_datadir_private.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "checks/pg_query.h"
#include "checks/pg_wal.h"

#define DATADIR_STAT_BYTES 512

int64_t datadir_now_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_BOOTTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void datadir_sleep_ms(int64_t ms)
{
	struct timespec pause = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };

	(void)nanosleep(&pause, NULL);
}

/* Reads a small file of /proc. Returns its bytes, or -1. */
static ssize_t datadir_proc_read(pid_t pid, const char *name, char *ret_text, size_t size)
{
	char path[64];
	ssize_t count;
	int fd;

	(void)snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		return -1;
	}
	count = read(fd, ret_text, size - 1);
	(void)close(fd);
	ret_text[count > 0 ? count : 0] = '\0';
	return count;
}

/* Its parent, if it is an executable named postgres or postmaster that has not ended (no zombie). 0: it is not. */
static pid_t datadir_postgres_parent(pid_t pid)
{
	char text[DATADIR_STAT_BYTES];
	const char *open;
	const char *close;
	int parent;
	char state;

	if (datadir_proc_read(pid, "stat", text, sizeof(text)) <= 0) {
		return 0;
	}
	open = strchr(text, '(');
	close = strrchr(text, ')');
	if (open == NULL || close == NULL ||
		(strncmp(open, "(postgres)", 10) != 0 && strncmp(open, "(postmaster)", 12) != 0) ||
		sscanf(close + 1, " %c %d", &state, &parent) != 2 || state == 'Z' || state == 'X') {
		return 0;
	}
	return parent > 0 ? parent : 1;
}

static bool datadir_works_in(pid_t pid, const char *real_directory)
{
	char path[64];
	char cwd[PATH_MAX];
	ssize_t length;

	(void)snprintf(path, sizeof(path), "/proc/%d/cwd", (int)pid);
	length = readlink(path, cwd, sizeof(cwd) - 1);
	if (length < 0) {
		return false;
	}
	cwd[length] = '\0';
	return strcmp(cwd, real_directory) == 0;
}

int datadir_processes(const char *directory, struct datadir_process *ret_processes, unsigned max)
{
	char real[PATH_MAX];
	DIR *proc;
	const struct dirent *entry;
	unsigned count = 0;

	if (realpath(directory, real) == NULL) {
		return errno == ENOENT ? 0 : -errno;
	}
	proc = opendir("/proc");
	if (proc == NULL) {
		return -errno;
	}
	while (count < max && (entry = readdir(proc)) != NULL) {
		uint64_t pid;
		pid_t parent;

		if (pg_u64_parse(entry->d_name, INT_MAX, &pid) < 0) {
			continue;
		}
		parent = datadir_postgres_parent((pid_t)pid);
		if (parent != 0 && datadir_works_in((pid_t)pid, real)) {
			ret_processes[count++] = (struct datadir_process){ .pid = (pid_t)pid, .parent = parent };
		}
	}
	(void)closedir(proc);
	return (int)count;
}

pid_t datadir_postmaster_pid(const char *directory)
{
	char path[PG_DATADIR_PATH_BYTES];
	char *text;
	uint64_t pid = 0;

	if (datadir_path(directory, "postmaster.pid", path, NULL) < 0 ||
		datadir_file_read(path, &text, NULL, NULL) < 0) {
		return 0;
	}
	text[strcspn(text, "\n")] = '\0';
	/* A single-user server writes its pid with a minus sign: it is no postmaster. */
	if (pg_u64_parse(text, INT_MAX, &pid) < 0) {
		pid = 0;
	}
	free(text);
	return (pid_t)pid;
}

bool datadir_is_postmaster(const char *directory, pid_t pid)
{
	char real[PATH_MAX];

	return pid > 0 && realpath(directory, real) != NULL && datadir_postgres_parent(pid) != 0 &&
	       datadir_works_in(pid, real);
}

bool datadir_replay_file(pid_t pid, char *ret_name, size_t size)
{
	char title[DATADIR_STAT_BYTES];
	const char *at;

	if (datadir_proc_read(pid, "cmdline", title, sizeof(title)) <= 0) {
		return false;
	}
	/* "postgres: startup recovering 000000020000000000000005", a cluster's name may stand in between */
	at = strstr(title, "startup recovering ");
	if (strncmp(title, "postgres: ", 10) != 0 || at == NULL) {
		return false;
	}
	at += strlen("startup recovering ");
	if (pg_wal_name_timeline(at) == 0 || size < 25) {
		return false;
	}
	(void)snprintf(ret_name, size, "%.24s", at);
	return true;
}

/* In the child: becomes the tool, and dies when we do. */
static void datadir_tool_become(const char *file, const char *const *args, int output) __attribute__((noreturn));

static void datadir_tool_become(const char *file, const char *const *args, int output)
{
	char *argv[DATADIR_TOOL_ARGS_MAX + 2];
	unsigned count = 0;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	memcpy(&argv[count++], &file, sizeof(file));
	for (; args[count - 1] != NULL && count <= DATADIR_TOOL_ARGS_MAX; count++) {
		memcpy(&argv[count], &args[count - 1], sizeof(char *));
	}
	argv[count] = NULL;
	if (output < 0 || (dup2(output, STDOUT_FILENO) >= 0 && dup2(output, STDERR_FILENO) >= 0)) {
		(void)execv(file, argv);
	}
	(void)fprintf(stderr, "run %s: %s\n", file, strerror(errno));
	_exit(127);
}

/* Reads until the end of the pipe. NULL: out of memory. */
static char *datadir_pipe_read(int fd)
{
	char *text = malloc(DATADIR_FILE_BYTES_MAX + 1);
	size_t used = 0;
	ssize_t count = 1;

	while (text != NULL && count > 0 && used < DATADIR_FILE_BYTES_MAX) {
		count = read(fd, text + used, DATADIR_FILE_BYTES_MAX - used);
		used += count > 0 ? (size_t)count : 0;
	}
	if (text != NULL) {
		text[used] = '\0';
	}
	return text;
}

int datadir_tool(
	const struct datadir *datadir, const char *tool, const char *const *args, char **ret_text, struct vip_err *err)
{
	char file[PG_DATADIR_PATH_BYTES];
	int output[2] = { -1, -1 };
	char *text = NULL;
	int status;
	pid_t pid;
	int result = datadir_path(datadir->bin, tool, file, err);

	if (result < 0) {
		return result;
	}
	if (ret_text != NULL && pipe2(output, O_CLOEXEC) != 0) {
		return vip_err_set(err, -errno, "pipe: %s", strerror(errno));
	}
	(void)fflush(NULL);
	pid = fork();
	if (pid == 0) {
		datadir_tool_become(file, args, output[1]);
	}
	if (ret_text != NULL) {
		(void)close(output[1]);
		text = pid > 0 ? datadir_pipe_read(output[0]) : NULL;
		(void)close(output[0]);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid) {
		free(text);
		return vip_err_set(err, -errno, "run %s: %s", file, strerror(errno));
	}
	if (ret_text != NULL && text == NULL) {
		return vip_err_set(err, -ENOMEM, "run %s: out of memory", file);
	}
	if (ret_text != NULL) {
		*ret_text = text;
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
