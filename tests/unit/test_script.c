/* Tracked scripts: rise and fall, what counts as failed, what is killed, and that a script's user gains nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "checks/script.h"

#define WAIT_US (20 * VRRP_US_PER_S)

static char folder[64];

static struct vrrp_time now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_BOOTTIME, &t);
	return (struct vrrp_time){ t.tv_sec * VRRP_US_PER_S + t.tv_nsec / 1000 };
}

static int setup(void **state)
{
	(void)state;
	(void)snprintf(folder, sizeof(folder), "/tmp/vipd-script-XXXXXX");
	return mkdtemp(folder) == NULL || chmod(folder, 0755) != 0 ? -1 : 0;
}

static int teardown(void **state)
{
	char command[96];

	(void)state;
	(void)snprintf(command, sizeof(command), "rm -rf %s", folder);
	return system(command);
}

static struct check_script *start(const char *shell, int64_t timeout_us, const struct exec_user *user)
{
	char command[512];
	struct check_script_spec spec = { .command = command,
		.user = user,
		.interval_us = 20 * VRRP_US_PER_MS,
		.timeout_us = timeout_us,
		.rise = 2,
		.fall = 3 };
	struct check_script *script;
	struct vip_err err = { "" };

	(void)snprintf(command, sizeof(command), "/bin/sh -c '%s'", shell);
	if (check_script_new(&spec, now(), &script, &err) < 0) {
		fail_msg("%s", err.text);
	}
	return script;
}

/* Until the next result. */
static struct check_script_view next(struct check_script *script)
{
	struct vrrp_time end = vrrp_time_add(now(), WAIT_US);

	while (!check_script_run(script, now())) {
		struct pollfd fd = { .fd = check_script_fd(script), .events = POLLIN };
		int64_t left_us = vrrp_time_diff_us(check_script_deadline(script), now());

		assert_true(vrrp_time_before(now(), end));
		(void)poll(&fd, 1, left_us < 0 ? 0 : (int)(left_us / 1000) + 1);
	}
	return check_script_view(script);
}

static void the_first_result_decides_and_then_rise_and_fall(void **state)
{
	struct check_rise_fall count = { .rise = 2, .fall = 3 };

	(void)state;
	assert_true(check_rise_fall_take(&count, true));
	assert_int_equal(count.state, CHECK_RISE_FALL_UP);
	for (unsigned i = 0; i < 10; i++) { /* never three in a row */
		assert_false(check_rise_fall_take(&count, i % 3 == 2));
	}
	assert_false(check_rise_fall_take(&count, true));
	assert_false(check_rise_fall_take(&count, false));
	assert_false(check_rise_fall_take(&count, false));
	assert_int_equal(count.against, 2);
	assert_true(check_rise_fall_take(&count, false));
	assert_int_equal(count.state, CHECK_RISE_FALL_DOWN);
	assert_false(check_rise_fall_take(&count, true));
	assert_false(check_rise_fall_take(&count, false));
	assert_false(check_rise_fall_take(&count, true));
	assert_true(check_rise_fall_take(&count, true));
	assert_int_equal(count.state, CHECK_RISE_FALL_UP);
	count = (struct check_rise_fall){ .rise = 1000, .fall = 1000 };
	assert_true(check_rise_fall_take(&count, false));
	assert_int_equal(count.state, CHECK_RISE_FALL_DOWN);
	count = (struct check_rise_fall){ .rise = 1, .fall = 1 };
	assert_true(check_rise_fall_take(&count, false));
	assert_true(check_rise_fall_take(&count, true));
	assert_true(check_rise_fall_take(&count, false));
}

static void what_a_run_says(void **state)
{
	struct check_script *script = start("exit 0", WAIT_US, NULL);
	struct check_script_view view = check_script_view(script);

	(void)state;
	assert_int_equal(view.state, CHECK_RISE_FALL_UNKNOWN);
	assert_int_equal(view.last_us, -1);
	view = next(script);
	assert_int_equal(view.state, CHECK_RISE_FALL_UP);
	assert_true(view.good && view.last_us > 0 && view.runs == 1);
	view = next(script);
	assert_int_equal(view.runs, 2);
	check_script_free(script);

	script = start("echo no room; exit 7", WAIT_US, NULL);
	view = next(script);
	assert_int_equal(view.state, CHECK_RISE_FALL_DOWN);
	assert_int_equal(view.status, EXEC_EXITED);
	assert_int_equal(view.code, 7);
	assert_string_equal(view.sentence, "sh: exit status 7: no room");
	check_script_free(script);

	script = start("kill -9 $$", WAIT_US, NULL);
	view = next(script);
	assert_int_equal(view.state, CHECK_RISE_FALL_DOWN);
	assert_int_equal(view.status, EXEC_SIGNALED);
	check_script_free(script);
}

static void a_command_that_is_not_there_has_failed(void **state)
{
	struct check_script_spec spec = {
		.command = "/nowhere/check", .interval_us = VRRP_US_PER_MS, .timeout_us = WAIT_US, .rise = 1, .fall = 1
	};
	struct check_script *script;
	struct check_script_view view;

	(void)state;
	assert_int_equal(check_script_new(&spec, now(), &script, NULL), 0);
	view = next(script);
	assert_int_equal(view.state, CHECK_RISE_FALL_DOWN);
	assert_int_equal(view.status, EXEC_FAILED);
	assert_non_null(strstr(view.sentence, "No such file"));
	check_script_free(script);
	spec.command = "check";
	assert_int_equal(check_script_new(&spec, now(), &script, NULL), -EINVAL);
}

/* The number in that file, once it is there. */
static pid_t pid_in(const char *name)
{
	struct vrrp_time end = vrrp_time_add(now(), WAIT_US);
	char path[128];
	int pid = 0;

	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	while (pid == 0) {
		FILE *file = fopen(path, "r");

		assert_true(vrrp_time_before(now(), end));
		if (file != NULL) {
			if (fscanf(file, "%d", &pid) != 1) {
				pid = 0;
			}
			(void)fclose(file);
		}
	}
	return pid;
}

/* Dead, or a zombie that nobody of ours can reap. */
static bool has_ended(pid_t pid)
{
	char path[64];
	char text[256] = "";
	FILE *file;

	(void)snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	file = fopen(path, "r");
	if (file == NULL) {
		return true;
	}
	(void)!fread(text, 1, sizeof(text) - 1, file);
	(void)fclose(file);
	return strstr(text, ") Z ") != NULL;
}

static void assert_ends(struct check_script *script, pid_t pid)
{
	struct vrrp_time end = vrrp_time_add(now(), WAIT_US);

	while (!has_ended(pid)) {
		assert_true(vrrp_time_before(now(), end));
		if (script != NULL) {
			(void)check_script_run(script, now());
		}
		(void)poll(NULL, 0, 5);
	}
}

static void a_script_that_hangs_has_failed_at_its_timeout_and_its_children_die(void **state)
{
	char shell[256];
	struct check_script *script;
	struct check_script_view view;
	pid_t child;

	(void)state;
	/* TERM is not enough for either */
	(void)snprintf(shell, sizeof(shell), "trap \"\" TERM; sh -c \"sleep 1000\" & echo $! >%s/pid; wait", folder);
	script = start(shell, 200 * VRRP_US_PER_MS, NULL);
	(void)check_script_run(script, now());
	child = pid_in("pid");
	view = next(script);
	assert_int_equal(view.state, CHECK_RISE_FALL_DOWN);
	assert_int_equal(view.status, EXEC_TIMEOUT);
	assert_string_equal(view.sentence, "not done within 200 ms, killed");
	assert_true(view.last_us >= 200 * VRRP_US_PER_MS && view.last_us < 2 * VRRP_US_PER_S); /* before KILL */
	assert_int_equal(view.runs, 1);
	assert_ends(script, child);
	check_script_free(script);
}

static void what_a_good_script_leaves_behind_dies_with_it(void **state)
{
	char shell[256];
	struct check_script *script;
	struct check_script_view view;

	(void)state;
	(void)snprintf(shell, sizeof(shell), "sleep 1000 >/dev/null 2>&1 & echo $! >%s/left; exit 0", folder);
	script = start(shell, WAIT_US, NULL);
	view = next(script);
	assert_int_equal(view.state, CHECK_RISE_FALL_UP);
	assert_ends(NULL, pid_in("left"));
	check_script_free(script);
}

/* Neither a setuid program nor a capability: what `id` says when it is setuid root and run by nobody. */
static void a_user_gains_nothing(void **state)
{
	char shell[384];
	struct exec_user nobody;
	struct check_script *script;
	struct check_script_view view;

	(void)state;
	if (geteuid() != 0) {
		skip();
	}
	(void)snprintf(shell, sizeof(shell), "cp /usr/bin/id %s/id && chmod 4755 %s/id && %s/id -u >/dev/null", folder,
		folder, folder);
	assert_int_equal(system(shell), 0);
	assert_int_equal(exec_user_find_name("nobody", &nobody, NULL), 0);
	(void)snprintf(shell, sizeof(shell),
		"test $(%s/id -u) = %u && test $(id -ru) = %u && grep -q \"^CapEff:.0*$\" /proc/self/status && "
		"grep -q \"^NoNewPrivs:.1$\" /proc/self/status && ! test -w /etc/shadow",
		folder, nobody.uid, nobody.uid);
	script = start(shell, WAIT_US, &nobody);
	view = next(script);
	if (!view.good) {
		fail_msg("%s", view.sentence);
	}
	check_script_free(script);
}

static void only_root_may_change_what_root_runs(void **state)
{
	char path[128];
	char link[128];
	struct vip_err err = { "" };
	int fd;

	(void)state;
	if (geteuid() != 0) {
		skip();
	}
	assert_int_equal(check_script_path("/bin/sh", 0, &err), 0); /* /bin is a link */
	(void)snprintf(path, sizeof(path), "%s/check", folder);     /* anybody could move what is in /tmp */
	fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0755);
	assert_true(fd >= 0);
	(void)close(fd);
	assert_int_equal(check_script_path(path, 0, &err), -EPERM);
	assert_non_null(strstr(err.text, "/tmp can be changed"));
	(void)snprintf(link, sizeof(link), "%s/link", folder);
	assert_int_equal(symlink("/bin/sh", link), 0);
	assert_int_equal(check_script_path(link, 0, &err), -EPERM);
	assert_int_equal(check_script_path("/nowhere/check", 0, &err), -ENOENT);
	(void)snprintf(path, sizeof(path), "/run/vipd-test-script-%d", (int)getpid());
	fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0755);
	assert_true(fd >= 0);
	(void)close(fd);
	assert_int_equal(check_script_path(path, 0, &err), 0);
	assert_int_equal(chmod(path, 0775), 0);
	assert_int_equal(check_script_path(path, 0, &err), -EPERM);
	assert_int_equal(chmod(path, 0755), 0);
	assert_int_equal(chown(path, 65534, 0), 0);
	assert_int_equal(check_script_path(path, 0, &err), -EPERM);
	assert_int_equal(check_script_path(path, 65534, &err), 0);
	assert_int_equal(unlink(path), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_result_decides_and_then_rise_and_fall),
		cmocka_unit_test(what_a_run_says),
		cmocka_unit_test(a_command_that_is_not_there_has_failed),
		cmocka_unit_test(a_script_that_hangs_has_failed_at_its_timeout_and_its_children_die),
		cmocka_unit_test(what_a_good_script_leaves_behind_dies_with_it),
		cmocka_unit_test(a_user_gains_nothing),
		cmocka_unit_test(only_root_may_change_what_root_runs),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
