/*
 * Real-time scheduling and locked memory: had where the system gives them, gone without where it refuses, nothing of
 * it inherited; and a limit on locked memory never becomes a limit on memory.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "vipd/realtime.h"

#define LARGE_BYTES (256UL << 20)

#ifdef __SANITIZE_ADDRESS__
#define LOCKS false /* AddressSanitizer takes mlockall() away: it does nothing, and says 0 */
#else
#define LOCKS true
#endif

static void drop_all_capabilities(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = { { 0 } };

	assert_int_equal(syscall(SYS_capset, &header, none), 0);
}

static void limit_locked(rlim_t bytes)
{
	struct rlimit limit = { bytes, bytes };

	assert_int_equal(setrlimit(RLIMIT_MEMLOCK, &limit), 0);
}

/* Runs in a child: what it does to itself ends with it. */
static void in_a_child(void (*run)(void))
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		(void)setenv("CMOCKA_TEST_ABORT", "1", 1); /* a failure ends the child, not the parent's test */
		run();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

/* The number after a name in /proc/self/status, in kB. */
static long status_kb(const char *field)
{
	char line[256];
	long kb = -1;
	FILE *file = fopen("/proc/self/status", "r");

	assert_non_null(file);
	while (fgets(line, sizeof(line), file) != NULL) {
		if (strncmp(line, field, strlen(field)) == 0) {
			kb = strtol(line + strlen(field) + 1, NULL, 10);
		}
	}
	(void)fclose(file);
	return kb;
}

static bool can_map(void)
{
	void *large = mmap(NULL, LARGE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (large == MAP_FAILED) {
		return false;
	}
	(void)munmap(large, LARGE_BYTES);
	return true;
}

static void is_real_time_and_its_child_is_not(void)
{
	int status;
	pid_t pid;

	assert_int_equal(realtime_schedule(SCHED_RR, 1, NULL), 0);
	assert_int_equal(sched_getscheduler(0), SCHED_RR | SCHED_RESET_ON_FORK);
	assert_int_equal(realtime_lock_memory(NULL), 0);
	assert_true(!LOCKS || status_kb("VmLck:") > 0);
	assert_true(can_map());
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		_exit((sched_getscheduler(0) & ~SCHED_RESET_ON_FORK) == SCHED_OTHER && status_kb("VmLck:") == 0 ? 0
														: 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void is_refused_all(void)
{
	struct vip_err err = { "" };

	limit_locked(0);
	drop_all_capabilities();
	assert_int_equal(realtime_schedule(SCHED_RR, 1, &err), -EPERM);
	assert_non_null(strstr(err.text, "real-time"));
	assert_int_equal(sched_getscheduler(0), SCHED_OTHER);
	if (LOCKS) {
		assert_int_equal(realtime_lock_memory(&err), -EPERM);
		assert_non_null(strstr(err.text, "locked"));
	}
	assert_true(can_map());
}

static void is_limited_too_much(void)
{
	struct vip_err err = { "" };

	limit_locked(65536);
	drop_all_capabilities();
	assert_int_equal(realtime_lock_memory(&err), LOCKS ? -ENOMEM : 1);
	assert_true(can_map());
}

/* As root without CAP_IPC_LOCK's limit the wish is granted; a user that may nothing is refused, and lives. */
static void wishes_are_granted_where_they_can_be(void **state)
{
	(void)state;
	if (geteuid() != 0) {
		skip();
	}
	in_a_child(is_real_time_and_its_child_is_not);
}

static void refusals_change_nothing(void **state)
{
	(void)state;
	in_a_child(is_refused_all);
	in_a_child(is_limited_too_much);
}

/* With MCL_FUTURE and a limit that is not yet reached, malloc() would fail when it is. */
static void a_limit_on_locks_is_none_on_memory(void **state)
{
	const struct rlimit none = { RLIM_INFINITY, RLIM_INFINITY }, some = { 1UL << 40, RLIM_INFINITY };

	(void)state;
	assert_int_equal(realtime_lock_flags(false, &some), MCL_CURRENT | MCL_ONFAULT);
	assert_int_equal(realtime_lock_flags(false, &none), MCL_CURRENT | MCL_ONFAULT | MCL_FUTURE);
	assert_int_equal(realtime_lock_flags(true, &some), MCL_CURRENT | MCL_ONFAULT | MCL_FUTURE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wishes_are_granted_where_they_can_be),
		cmocka_unit_test(refusals_change_nothing),
		cmocka_unit_test(a_limit_on_locks_is_none_on_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
