/* exec: what a child inherits, how it ends, what is kept of what it says. Children of the shell's kind only; no
 * PostgreSQL. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "checks/exec.h"

#define WAIT_MS 20000

static struct vrrp_time now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_BOOTTIME, &t);
	return (struct vrrp_time){ t.tv_sec * VRRP_US_PER_S + t.tv_nsec / 1000 };
}

static struct exec *start(
	const char *script, int64_t timeout_ms, enum exec_capture capture, const struct exec_user *user)
{
	static const char *const env[] = { "GIVEN=yes", NULL };
	const char *argv[] = { "sh", "-c", script, NULL };
	struct exec_spec spec = {
		.file = "/bin/sh", .argv = argv, .env = env, .user = user, .timeout_ms = timeout_ms, .capture = capture
	};
	struct vip_err err = { "" };
	struct exec *exec;

	if (exec_start(&spec, now(), &exec, &err) < 0) {
		fail_msg("%s", err.text);
	}
	return exec;
}

static struct exec_result finish(struct exec *exec)
{
	while (exec_run(exec, now()) == EXEC_RUNNING) {
		struct pollfd fd = { .fd = exec_fd(exec), .events = POLLIN };
		int64_t left_us = vrrp_time_diff_us(exec_deadline(exec), now());

		(void)poll(&fd, 1, left_us < 0 ? 0 : (int)(left_us / 1000) + 1);
	}
	return exec_result(exec);
}

static void says(const char *script, const char *text)
{
	struct exec *exec = start(script, WAIT_MS, EXEC_CAPTURE_ALL, NULL);
	struct exec_result result = finish(exec);

	assert_int_equal(result.status, EXEC_EXITED);
	assert_string_equal(result.text, text);
	exec_free(exec);
}

static void status_and_text(void **state)
{
	struct exec *exec;
	struct exec_result result;
	char sentence[256];

	(void)state;
	exec = start("echo out; echo err >&2; exit 7", WAIT_MS, EXEC_CAPTURE_TAIL, NULL);
	result = finish(exec);
	assert_int_equal(result.status, EXEC_EXITED);
	assert_int_equal(result.code, 7);
	assert_string_equal(result.text, "out\nerr\n");
	assert_false(result.truncated);
	exec_result_describe(exec, sentence, sizeof(sentence));
	assert_string_equal(sentence, "sh: exit status 7: err");
	assert_true(exec_run(exec, now()) == EXEC_EXITED); /* final */
	exec_free(exec);
	exec = start("printf 'a\\033[2J\\007b\\n'; kill -USR1 $$", WAIT_MS, EXEC_CAPTURE_TAIL, NULL);
	result = finish(exec);
	assert_int_equal(result.status, EXEC_SIGNALED);
	assert_int_equal(result.code, SIGUSR1);
	exec_result_describe(exec, sentence, sizeof(sentence));
	assert_non_null(strstr(sentence, "a [2J b")); /* control characters do not get into a log line */
	exec_free(exec);
}

static void the_environment_is_clean(void **state)
{
	(void)state;
	assert_int_equal(setenv("PGPASSWORD", "secret", 1), 0);
	says("env | grep -v '^_=\\|^PWD=' | sort", "GIVEN=yes\nHOME=/\nLANG=C\nPATH=/usr/local/sbin:/usr/local/bin:/"
						   "usr/sbin:/usr/bin:/sbin:/bin\nUSER=root\n");
	says("pwd; umask; cat; readlink /proc/self/fd/0", "/\n0077\n/dev/null\n");
}

/* 0, 1, 2 and what ls itself opens: nothing of ours, though these have no close-on-exec. */
static void no_descriptor_leaks(void **state)
{
	int leak = open("/etc/passwd", O_RDONLY);

	(void)state;
	assert_true(leak >= 0);
	assert_true(fcntl(leak, F_DUPFD, 200) >= 200);
	says("ls -m /proc/$$/fd; :", "0, 1, 2\n"); /* no pipe: the shell itself would have one for a moment */
	(void)close(leak);
}

static void the_child_is_an_ordinary_process(void **state)
{
	sigset_t mask;
	struct sigaction ignore = { .sa_handler = SIG_IGN };
	struct sched_param param = { .sched_priority = 1 };
	struct rlimit limit;
	bool real_time;

	(void)state;
	/* What a daemon does to itself after exec_init. */
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	limit.rlim_cur = limit.rlim_cur / 2;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	(void)sigfillset(&mask);
	assert_int_equal(sigprocmask(SIG_BLOCK, &mask, NULL), 0);
	assert_int_equal(sigaction(SIGPIPE, &ignore, NULL), 0);
	real_time = sched_setscheduler(0, SCHED_RR, &param) == 0;
	(void)setpriority(PRIO_PROCESS, 0, -5);
	says("grep -h 'SigBlk\\|SigIgn' /proc/self/status", "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n");
	says("cut -d' ' -f19,41 /proc/self/stat", "0 0\n"); /* nice, policy */
	says("cat /proc/self/oom_score_adj", "0\n");
	says("test $(ps -o sid= -p $$) = $$ && echo own session", "own session\n");
	param.sched_priority = 0;
	if (real_time) {
		assert_int_equal(sched_setscheduler(0, SCHED_OTHER, &param), 0);
	}
	(void)setpriority(PRIO_PROCESS, 0, 0);
	assert_int_equal(sigprocmask(SIG_UNBLOCK, &mask, NULL), 0);
	{
		char want[32];

		(void)snprintf(want, sizeof(want), "%lu\n", (unsigned long)limit.rlim_cur * 2);
		says("ulimit -Sn", want);
	}
	limit.rlim_cur *= 2;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

static void another_user_has_its_groups_and_no_capability(void **state)
{
	struct exec_user user;
	struct exec *exec;
	struct exec_result result;

	(void)state;
	if (getuid() != 0) {
		(void)printf("Bail out! needs root: becomes another user\n");
		exit(77);
	}
	assert_int_equal(exec_user_find_name("nobody", &user, NULL), 0);
	user.groups[0] = 4242;
	user.groups[1] = user.gid;
	user.groups_count = 2;
	exec = start("id -un; id -G; grep -h 'CapInh\\|CapPrm\\|CapEff\\|CapAmb' /proc/self/status", WAIT_MS,
		EXEC_CAPTURE_ALL, &user);
	result = finish(exec);
	assert_int_equal(result.status, EXEC_EXITED);
	assert_string_equal(result.text, "nobody\n65534 4242\nCapInh:\t0000000000000000\nCapPrm:\t0000000000000000\n"
					 "CapEff:\t0000000000000000\nCapAmb:\t0000000000000000\n");
	exec_free(exec);
	assert_int_equal(exec_user_find_name("no such user", &user, NULL), -ENOENT);
	assert_int_equal(exec_user_find_uid(0, &user, NULL), 0);
	assert_string_equal(user.name, "root");
}

static void output_is_bounded(void **state)
{
	struct exec *exec = start(
		"i=0; while [ $i -lt 3000 ]; do echo line $i; i=$((i+1)); done", WAIT_MS, EXEC_CAPTURE_TAIL, NULL);
	struct exec_result result = finish(exec);
	static char all[64 * 1024];
	size_t used = 0;

	(void)state;
	for (int i = 0; i < 3000; i++) {
		used += (size_t)snprintf(all + used, sizeof(all) - used, "line %d\n", i);
	}
	assert_true(result.truncated);
	assert_int_equal(result.text_bytes, EXEC_TEXT_TAIL_BYTES);
	assert_string_equal(result.text, all + used - EXEC_TEXT_TAIL_BYTES);
	exec_free(exec);
	exec = start("head -c 300000 /dev/zero | tr '\\0' x", WAIT_MS, EXEC_CAPTURE_ALL, NULL);
	result = finish(exec);
	assert_true(result.truncated);
	assert_int_equal(result.text_bytes, EXEC_TEXT_ALL_BYTES);
	exec_free(exec);
}

/* Dead, or a zombie that init has not yet collected. */
static void is_gone(int pid)
{
	struct vrrp_time begin = now();

	for (;;) {
		char path[64];
		char stat[256] = "";
		FILE *file;

		(void)snprintf(path, sizeof(path), "/proc/%d/stat", pid);
		file = fopen(path, "r");
		if (file == NULL) {
			return;
		}
		(void)!fgets(stat, sizeof(stat), file);
		(void)fclose(file);
		if (strstr(stat, ") Z ") != NULL) {
			return;
		}
		if (vrrp_time_diff_us(now(), begin) > WAIT_MS * VRRP_US_PER_MS) {
			fail_msg("process %d lives on: %s", pid, stat);
		}
		(void)poll(NULL, 0, 5);
	}
}

/* TERM is enough for the obedient; the deaf one is killed, and so is what either has started. */
static void the_deadline_ends_the_whole_group(void **state)
{
	struct exec *exec;
	struct exec_result result;
	struct vrrp_time begin = now();
	char sentence[256];
	int child = 0;

	(void)state;
	exec = start("sleep 600", 50, EXEC_CAPTURE_TAIL, NULL);
	result = finish(exec);
	assert_int_equal(result.status, EXEC_TIMEOUT);
	assert_int_equal(result.code, SIGTERM);
	exec_result_describe(exec, sentence, sizeof(sentence));
	assert_string_equal(sentence, "sh: not done in time, killed");
	exec_free(exec);
	exec = start(
		"(trap '' TERM; while :; do sleep 1; done) & echo $!; exec sleep 600", 500, EXEC_CAPTURE_TAIL, NULL);
	result = finish(exec);
	assert_int_equal(result.status, EXEC_TIMEOUT);
	assert_int_equal(result.code, SIGTERM);
	assert_int_equal(sscanf(result.text, "%d", &child), 1);
	is_gone(child);
	exec_free(exec);
	begin = now();
	exec = start("trap '' TERM; (trap '' TERM; while :; do sleep 1; done) & echo $!; while :; do sleep 1; done",
		500, EXEC_CAPTURE_TAIL, NULL);
	result = finish(exec);
	assert_int_equal(result.status, EXEC_TIMEOUT);
	assert_int_equal(result.code, SIGKILL);
	assert_in_range(vrrp_time_diff_us(now(), begin), EXEC_TERM_GRACE_MS * VRRP_US_PER_MS, WAIT_MS * VRRP_US_PER_MS);
	assert_int_equal(sscanf(result.text, "%d", &child), 1);
	is_gone(child);
	exec_free(exec);
}

static void a_cancelled_child_ends(void **state)
{
	struct exec *exec = start("sleep 600", WAIT_MS, EXEC_CAPTURE_TAIL, NULL);
	struct vrrp_time begin = now();

	(void)state;
	exec_cancel(exec, begin);
	assert_int_equal(finish(exec).status, EXEC_TIMEOUT);
	assert_true(vrrp_time_diff_us(now(), begin) < WAIT_MS * VRRP_US_PER_MS / 2);
	exec_free(exec);
	exec = start("sleep 600", WAIT_MS, EXEC_CAPTURE_TAIL, NULL);
	exec_free(exec); /* running: killed */
	exec_free(NULL);
}

static void what_cannot_be_run_is_said(void **state)
{
	const char *argv[] = { "x", NULL };
	struct exec_spec spec = { .file = "/nowhere/x", .argv = argv, .timeout_ms = WAIT_MS };
	struct exec *exec;
	char sentence[256];

	(void)state;
	assert_int_equal(exec_start(&spec, now(), &exec, NULL), 0);
	assert_int_equal(finish(exec).status, EXEC_FAILED);
	assert_int_equal(exec_result(exec).code, ENOENT);
	exec_result_describe(exec, sentence, sizeof(sentence));
	assert_string_equal(sentence, "x: could not be started: execve: No such file or directory");
	exec_free(exec);
	spec.file = "/bin/true";
	spec.cwd = "/nowhere";
	assert_int_equal(exec_start(&spec, now(), &exec, NULL), 0);
	assert_int_equal(finish(exec).status, EXEC_FAILED);
	exec_result_describe(exec, sentence, sizeof(sentence));
	assert_string_equal(sentence, "x: could not be started: chdir: No such file or directory");
	exec_free(exec);
}

/* A grandchild that keeps the pipe open (a postmaster would) does not keep us. */
static void the_end_of_the_child_is_enough(void **state)
{
	struct exec *exec = start("setsid sleep 5 & echo done", WAIT_MS, EXEC_CAPTURE_TAIL, NULL);
	struct vrrp_time begin = now();
	struct exec_result result = finish(exec);

	(void)state;
	assert_int_equal(result.status, EXEC_EXITED);
	assert_string_equal(result.text, "done\n");
	assert_true(vrrp_time_diff_us(now(), begin) < 4 * VRRP_US_PER_S);
	exec_free(exec);
}

static void commands_are_split_without_a_shell(void **state)
{
	char storage[EXEC_COMMAND_BYTES_MAX];
	const char *argv[EXEC_ARGS_MAX + 1];
	char big[2 * EXEC_ARGS_MAX + 8] = "/x";

	(void)state;
	assert_int_equal(
		exec_command_split("  /bin/x a\\ b 'c $(d)' \"e\\\"f\" g''h \"\" ;|`i` ", storage, argv, NULL), 0);
	assert_string_equal(argv[0], "/bin/x");
	assert_string_equal(argv[1], "a b");
	assert_string_equal(argv[2], "c $(d)");
	assert_string_equal(argv[3], "e\"f");
	assert_string_equal(argv[4], "gh");
	assert_string_equal(argv[5], "");
	assert_string_equal(argv[6], ";|`i`");
	assert_null(argv[7]);
	assert_int_equal(exec_command_split("", storage, argv, NULL), -EINVAL);
	assert_int_equal(exec_command_split("   ", storage, argv, NULL), -EINVAL);
	assert_int_equal(exec_command_split("bin/x", storage, argv, NULL), -EINVAL);
	assert_int_equal(exec_command_split("/bin/x 'a", storage, argv, NULL), -EINVAL);
	assert_int_equal(exec_command_split("/bin/x \"a", storage, argv, NULL), -EINVAL);
	for (unsigned i = 0; i < EXEC_ARGS_MAX - 1; i++) {
		strcat(big, " y");
	}
	assert_int_equal(exec_command_split(big, storage, argv, NULL), 0);
	assert_string_equal(argv[EXEC_ARGS_MAX - 1], "y");
	strcat(big, " y");
	assert_int_equal(exec_command_split(big, storage, argv, NULL), -E2BIG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(status_and_text),
		cmocka_unit_test(the_environment_is_clean),
		cmocka_unit_test(no_descriptor_leaks),
		cmocka_unit_test(the_child_is_an_ordinary_process),
		cmocka_unit_test(another_user_has_its_groups_and_no_capability),
		cmocka_unit_test(output_is_bounded),
		cmocka_unit_test(the_deadline_ends_the_whole_group),
		cmocka_unit_test(a_cancelled_child_ends),
		cmocka_unit_test(what_cannot_be_run_is_said),
		cmocka_unit_test(the_end_of_the_child_is_enough),
		cmocka_unit_test(commands_are_split_without_a_shell),
	};

	exec_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
