#include "checks/exec_child.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define EXEC_CHILD_ERROR_FD 3
#define EXEC_CHILD_PARK_FD 10 /* descriptors are moved up here before 0 … 3 are replaced */

static void exec_child_fail(int error_fd, const char *step) __attribute__((noreturn));

static void exec_child_fail(int error_fd, const char *step)
{
	struct exec_failure failure = { .error = errno };

	strncpy(failure.step, step, sizeof(failure.step) - 1);
	(void)!write(error_fd, &failure, sizeof(failure));
	_exit(127);
}

#define EXEC_CHILD_LIBC_FIRST 32 /* real-time signals from here to SIGRTMIN are libc's: signal(7) */

/* Handlers end with exec by themselves; what was ignored would stay ignored, and the mask too. */
static void exec_child_signals(void)
{
	static const uint64_t kernel_default[4] = { 0 }; /* the kernel's struct sigaction: SIG_DFL, no flags, no mask */
	struct sigaction action = { .sa_handler = SIG_DFL };
	sigset_t none;

	for (int number = 1; number <= SIGRTMAX; number++) {
		(void)sigaction(number, &action, NULL); /* KILL and STOP refuse: rightly */
	}
	for (int number = EXEC_CHILD_LIBC_FIRST; number < SIGRTMIN; number++) {
		/* libc keeps these for itself and refuses, but whoever started the daemon may have ignored them. */
		(void)syscall(SYS_rt_sigaction, number, &kernel_default, NULL, sizeof(uint64_t));
	}
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Back to an ordinary process. Best effort: each of these may already be so, or be forbidden in a container. */
static void exec_child_ordinary(const struct exec_child *child)
{
	struct sched_param param = { .sched_priority = 0 };
	int fd;

	(void)umask(077);
	(void)sched_setscheduler(0, SCHED_OTHER, &param);
	(void)setpriority(PRIO_PROCESS, 0, 0);
	(void)syscall(SYS_ioprio_set, 1, 0, 0);
	(void)prctl(PR_SET_PDEATHSIG, 0);
	fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
	if (fd >= 0) {
		(void)!write(fd, "0", 1);
		(void)close(fd);
	}
	for (int resource = 0; child->limits_known && resource < (int)RLIM_NLIMITS; resource++) {
		(void)setrlimit((__rlimit_resource_t)resource, &child->limit[resource]);
	}
}

static void exec_child_user(const struct exec_user *user, int error_fd)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = { { 0 } };

	(void)prctl(PR_SET_KEEPCAPS, 0);
	(void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	/* Raw calls: libc's would signal every other thread of a process that has none here. */
	if (getuid() != user->uid || geteuid() != user->uid || getgid() != user->gid) {
		if (syscall(SYS_setgroups, user->groups_count, user->groups) != 0) {
			exec_child_fail(error_fd, "setgroups");
		}
		if (syscall(SYS_setresgid, user->gid, user->gid, user->gid) != 0) {
			exec_child_fail(error_fd, "setresgid");
		}
		if (syscall(SYS_setresuid, user->uid, user->uid, user->uid) != 0) {
			exec_child_fail(error_fd, "setresuid");
		}
	}
	if (user->uid != 0 && syscall(SYS_capset, &header, none) != 0) {
		exec_child_fail(error_fd, "capset");
	}
}

/* 0 = /dev/null, 1 and 2 = the output pipe, 3 = the error pipe (ends with exec), nothing else. Returns 3. */
static int exec_child_descriptors(const struct exec_child *child)
{
	int output = fcntl(child->output_fd, F_DUPFD, EXEC_CHILD_PARK_FD);
	int error = fcntl(child->error_fd, F_DUPFD_CLOEXEC, EXEC_CHILD_PARK_FD);
	int null;

	if (output < 0 || error < 0) {
		exec_child_fail(child->error_fd, "duplicate the pipes");
	}
	null = open("/dev/null", O_RDONLY);
	if (null < 0 || (null != 0 && dup2(null, 0) < 0) || dup2(output, 1) < 0 || dup2(output, 2) < 0 ||
		dup3(error, EXEC_CHILD_ERROR_FD, O_CLOEXEC) < 0) {
		exec_child_fail(error, "set up stdin and stdout");
	}
	if (syscall(SYS_close_range, EXEC_CHILD_ERROR_FD + 1, ~0U, 0) != 0) {
		exec_child_fail(EXEC_CHILD_ERROR_FD, "close_range");
	}
	return EXEC_CHILD_ERROR_FD;
}

void exec_child_become(const struct exec_child *child)
{
	int error_fd;

	(void)setsid();
	exec_child_ordinary(child);
	error_fd = exec_child_descriptors(child);
	if (child->user != NULL) {
		exec_child_user(child->user, error_fd);
	}
	if (child->no_new_privileges && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
		exec_child_fail(error_fd, "PR_SET_NO_NEW_PRIVS");
	}
	if (chdir(child->cwd) != 0) {
		exec_child_fail(error_fd, "chdir");
	}
	exec_child_signals();
	(void)execve(child->file, child->argv, child->env);
	exec_child_fail(error_fd, "execve");
}
