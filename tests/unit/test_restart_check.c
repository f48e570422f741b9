/* Before a restart: what a child says of the next start, and that nobody waits for it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "vipd/clock.h"
#include "vipd/restart_check.h"

#define TURNS_MAX 1000
#define TURN_US 100000
#define STARTED_MS 1000 /* far below RESTART_CHECK_MS, far above a fork */

static struct restart_check check;
static struct restart_self self;
static bool done;
static bool good;
static uint64_t client;
static char fault[VIP_ERR_TEXT_MAX];

static void on_done(void *user, uint64_t for_client, const char *text)
{
	(void)user;
	done = true;
	good = text == NULL;
	client = for_client;
	(void)snprintf(fault, sizeof(fault), "%s", text == NULL ? "" : text);
}

/* In place of vipd --check. */
static void next_process_is(const char *script)
{
	static const char *argv[] = { "sh", "-c", NULL, NULL };

	argv[2] = script;
	(void)snprintf(self.file, sizeof(self.file), "/bin/sh");
	(void)snprintf(self.cwd, sizeof(self.cwd), "/");
	memcpy(self.argv, argv, sizeof(argv));
	check = (struct restart_check){ .done = on_done };
	done = false;
}

static void runs(sd_event *loop)
{
	for (unsigned i = 0; i < TURNS_MAX && !done; i++) {
		assert_true(sd_event_run(loop, TURN_US) >= 0);
	}
	assert_true(done);
}

static void a_good_configuration_is_good(void **state)
{
	sd_event *loop = NULL;
	struct vip_err err;

	(void)state;
	assert_true(sd_event_new(&loop) >= 0);
	next_process_is("echo vipd.conf: good");
	assert_int_equal(restart_check_start(&check, &self, loop, 7, &err), 0);
	runs(loop);
	assert_true(good);
	assert_int_equal(client, 7);
	(void)sd_event_unref(loop);
}

static void the_first_fault_is_told_and_no_warning(void **state)
{
	sd_event *loop = NULL;
	struct vip_err err;

	(void)state;
	assert_true(sd_event_new(&loop) >= 0);
	next_process_is("echo 'c:2: warning: small' >&2; echo 'c:3: %s nonsense' >&2; echo 'c:4: more' >&2; exit 1");
	assert_int_equal(restart_check_start(&check, &self, loop, 0, &err), 0);
	runs(loop);
	assert_false(good);
	assert_string_equal(fault, "c:3: %s nonsense");
	next_process_is("exit 1"); /* nothing said */
	assert_int_equal(restart_check_start(&check, &self, loop, 0, &err), 0);
	runs(loop);
	assert_false(good);
	assert_true(strlen(fault) > 0);
	(void)sd_event_unref(loop);
}

/* A file system that hangs: the loop goes on, and after the deadline it is no restart. */
static void who_does_not_end_is_no_restart_and_holds_nobody_up(void **state)
{
	struct vrrp_time begun = clock_now();
	sd_event *loop = NULL;
	struct vip_err err;

	(void)state;
	assert_true(sd_event_new(&loop) >= 0);
	next_process_is("sleep 60");
	assert_int_equal(restart_check_start(&check, &self, loop, 1, &err), 0);
	assert_true(vrrp_time_diff_us(clock_now(), begun) < STARTED_MS * VRRP_US_PER_MS);
	assert_int_equal(restart_check_start(&check, &self, loop, 2, &err), -EBUSY);
	runs(loop);
	assert_false(good);
	assert_int_equal(client, 1);
	assert_true(vrrp_time_diff_us(clock_now(), begun) >= RESTART_CHECK_MS * VRRP_US_PER_MS);
	(void)sd_event_unref(loop);
}

static void an_end_of_the_daemon_ends_it(void **state)
{
	sd_event *loop = NULL;
	struct vip_err err;

	(void)state;
	assert_true(sd_event_new(&loop) >= 0);
	next_process_is("sleep 60");
	assert_int_equal(restart_check_start(&check, &self, loop, 1, &err), 0);
	restart_check_close(&check);
	restart_check_close(&check);
	assert_true(sd_event_run(loop, 0) >= 0);
	assert_false(done);
	(void)sd_event_unref(loop);
}

static void what_is_checked_is_this_very_program_with_its_arguments(void **state)
{
	static char words[][16] = { "vipd", "-f", "some.conf" };
	char *argv[EXEC_ARGS_MAX + 2] = { words[0], words[1], words[2] };
	struct vip_err err;

	(void)state;
	assert_int_equal(restart_self_init(&self, 3, argv, &err), 0);
	assert_non_null(strstr(self.file, "test_restart_check"));
	assert_int_equal(self.cwd[0], '/');
	assert_string_equal(self.argv[2], "some.conf");
	assert_string_equal(self.argv[3], "--check");
	assert_null(self.argv[4]);
	assert_int_equal(restart_self_init(&self, EXEC_ARGS_MAX - 1, argv, &err), 0); /* as many as fit */
	assert_int_equal(restart_self_init(&self, EXEC_ARGS_MAX, argv, &err), -E2BIG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_good_configuration_is_good),
		cmocka_unit_test(the_first_fault_is_told_and_no_warning),
		cmocka_unit_test(who_does_not_end_is_no_restart_and_holds_nobody_up),
		cmocka_unit_test(an_end_of_the_daemon_ends_it),
		cmocka_unit_test(what_is_checked_is_this_very_program_with_its_arguments),
	};

	exec_init();
	return cmocka_run_group_tests_name("restart_check", tests, NULL, NULL);
}
