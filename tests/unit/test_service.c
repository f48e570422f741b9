/*
 * What the service manager is told: the words of sd_notify(3), a watchdog that lives with the loop, and that a manager
 * who does not read never holds the loop up.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "vipd/clock.h"
#include "vipd/service.h"

#define DEADLINE_MS 10000
#define AT_ONCE_US 1000000 /* sd_notify would wait for ever */
#define FLOOD_MAX 100000

static int manager = -1;
static char name[64];
static sd_event *loop;
static struct service service;

static int set_up(void **state)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int size;

	(void)state;
	memset(&service, 0, sizeof(service));
	size = snprintf(name, sizeof(name), "@vipd-test-service-%d", (int)getpid());
	memcpy(address.sun_path + 1, name + 1, (size_t)size - 1);
	manager = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (manager < 0 || bind(manager, (struct sockaddr *)&address,
				   (socklen_t)(offsetof(struct sockaddr_un, sun_path) + (size_t)size)) < 0) {
		return -1;
	}
	unsetenv("WATCHDOG_PID");
	unsetenv("WATCHDOG_USEC");
	setenv("NOTIFY_SOCKET", name, 1);
	return sd_event_new(&loop) < 0 ? -1 : 0;
}

static int tear_down(void **state)
{
	(void)state;
	service_close(&service);
	loop = sd_event_unref(loop);
	close(manager);
	unsetenv("NOTIFY_SOCKET");
	return 0;
}

/* What the manager reads next, "" if there is nothing. */
static const char *heard(void)
{
	static char words[128];
	ssize_t got = recv(manager, words, sizeof(words) - 1, 0);

	words[got > 0 ? got : 0] = '\0';
	return words;
}

/* Runs the loop until the manager hears these words; others before them are counted. */
static unsigned run_until(const char *words)
{
	int64_t end_us = clock_now().us + DEADLINE_MS * 1000;
	unsigned others = 0;

	while (clock_now().us < end_us) {
		const char *said = heard();

		if (strcmp(said, words) == 0) {
			return others;
		}
		others += said[0] != '\0';
		assert_true(sd_event_run(loop, 10000) >= 0);
	}
	fail_msg("\"%s\" was not heard within %d ms", words, DEADLINE_MS);
	return 0;
}

static void words_arrive(void **state)
{
	(void)state;
	assert_int_equal(service_open(&service, loop, 0, NULL), 0);
	service_say(&service, "READY=1");
	assert_string_equal(heard(), "READY=1");
	service_say(&service, "STOPPING=1");
	assert_string_equal(heard(), "STOPPING=1");
	assert_true(sd_event_run(loop, 0) == 0);
	assert_string_equal(heard(), ""); /* no watchdog was asked for */
}

static void without_a_manager_nothing_is_said(void **state)
{
	struct vip_err err = { "" };

	(void)state;
	unsetenv("NOTIFY_SOCKET");
	assert_int_equal(service_open(&service, loop, 0, &err), 0);
	service_say(&service, "READY=1");
	assert_string_equal(heard(), "");
	setenv("NOTIFY_SOCKET", "relative", 1);
	assert_int_equal(service_open(&service, loop, 0, &err), -EINVAL);
	assert_non_null(strstr(err.text, "relative"));
	service_say(&service, "READY=1");
	assert_string_equal(heard(), "");
}

static void the_watchdog_lives_with_the_loop(void **state)
{
	(void)state;
	setenv("WATCHDOG_USEC", "90000", 1);
	assert_int_equal(service_open(&service, loop, 0, NULL), 0);
	assert_int_equal(service.watchdog_us, 30000);
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(run_until("WATCHDOG=1"), 0);
	}
	usleep(200000); /* the loop hangs */
	assert_string_equal(heard(), "");
	assert_int_equal(run_until("WATCHDOG=1"), 0);
}

/* A manager that is stopped: its queue is full. sd_notify(3) waits there. */
static void a_full_queue_holds_nobody_up(void **state)
{
	unsigned filled = 0;
	int64_t began_us;

	(void)state;
	setenv("WATCHDOG_USEC", "90000", 1);
	assert_int_equal(service_open(&service, loop, 0, NULL), 0);
	while (service.pending[0] == '\0' && filled < FLOOD_MAX) {
		service_say(&service, "FILLED=1");
		filled++;
	}
	assert_true(service.pending[0] != '\0');
	began_us = clock_now().us;
	service_say(&service, "READY=1");
	assert_string_equal(service.pending, "READY=1");
	for (unsigned i = 0; i < 3; i++) {
		assert_true(sd_event_run(loop, 50000) >= 0);
	}
	assert_in_range(clock_now().us - began_us, 0, AT_ONCE_US);
	assert_true(service.refused > 0);
	/* It reads again: what was said once arrives, and the signs of life go on. */
	assert_int_equal(run_until("READY=1"), filled - 1);
	assert_int_equal(service.pending[0], '\0');
	assert_int_equal(run_until("WATCHDOG=1"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(words_arrive, set_up, tear_down),
		cmocka_unit_test_setup_teardown(without_a_manager_nothing_is_said, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_watchdog_lives_with_the_loop, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_full_queue_holds_nobody_up, set_up, tear_down),
	};

	alarm(60); /* what waits for ever must not */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
