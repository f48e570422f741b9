/*
 * Cases of the exhaustive test. In the build: tests/exhaustive/test_exhaustive is a check program of all *.c here,
 * libvrrp.a and cmocka.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/exhaustive/ex.h"

#define SHORT_DEPTH 3
#define PATH_DEPTH 2
/* With something more under way every event, and of the reports each time another part. */
#define EXTRA_PART 8
#define LONG_WALKS 20000
#define LONG_LENGTH 100

char ex_now[EX_TEXT_MAX];

/* An assert of the core says where it was, but not what led to it. */
static void on_abort(int number)
{
	static const char text[] = "# assert fired at: ";

	(void)number;
	(void)!write(STDERR_FILENO, text, sizeof(text) - 1);
	(void)!write(STDERR_FILENO, ex_now, strlen(ex_now));
	(void)!write(STDERR_FILENO, "\n", 1);
	_exit(1);
}

static unsigned long run_scene(const struct ex_scene *scene)
{
	static struct vrrp_core built;
	static struct vrrp_core core;
	static struct vrrp_update update;
	static struct core_monitor monitor;
	static unsigned number;
	struct vrrp_event event;
	struct vrrp_report report;
	char text[EX_TEXT_MAX / 2];
	const char *name = "";
	const char *wrong;
	unsigned long steps = 0;

	if (!ex_scene_build(scene, &built)) {
		return 0;
	}
	number++;
	ex_scene_print(scene, text, sizeof(text));
	for (unsigned index = 0; ex_stimulus(&built, index, &event, &report, &name); index++) {
		if (scene->extra != EX_EXTRA_NONE && ex_stimulus_is_report(index) &&
			(index + number) % EXTRA_PART != 0) {
			continue;
		}
		core = built;
		core_monitor_init(&monitor);
		core_monitor_adopt(&monitor, &core);
		(void)snprintf(ex_now, sizeof(ex_now), "%s; %u %s", text, index, name);
		wrong = ex_check_step(&monitor, &core, &event, &update);
		if (wrong != NULL) {
			fail_msg("%s: %s", ex_now, wrong);
		}
		steps++;
	}
	return steps;
}

/* All guards of one role, by counting through their product. */
static unsigned long run_role(enum vrrp_role role, enum ex_extra extra)
{
	unsigned long steps = 0;

	for (unsigned bits = 0; bits < 1U << 8; bits++) {
		for (unsigned other = 0; other < EX_LEASES * EX_GRANTS * EX_PGS * (VRRP_HOLD_STOPPING + 1); other++) {
			struct ex_scene scene = { .extra = extra,
				.role = role,
				.witness = (bits & 1) != 0,
				.holder_heard = (bits & 2) != 0,
				.majority_heard = (bits & 4) != 0,
				.eligible = (bits & 8) != 0,
				.paused = (bits & 16) != 0,
				.silent = (bits & 32) != 0,
				.stopping = (bits & 64) != 0,
				.quorum_none = (bits & 128) != 0,
				.lease = (enum ex_lease)(other % EX_LEASES),
				.grant = (enum ex_grant)(other / EX_LEASES % EX_GRANTS),
				.pg = (enum ex_pg)(other / EX_LEASES / EX_GRANTS % EX_PGS),
				.phase = (enum vrrp_hold_phase)(other / EX_LEASES / EX_GRANTS / EX_PGS) };

			steps += run_scene(&scene);
		}
	}
	return steps;
}

static void every_role_guard_and_event(void **state)
{
	unsigned long all = 0;

	(void)state;
	for (unsigned role = 0; role < VRRP_ROLE_COUNT; role++) {
		unsigned long steps = run_role((enum vrrp_role)role, EX_EXTRA_NONE);

		printf("# %s: %lu steps\n", vrrp_role_word(role), steps);
		assert_true(steps > 0);
		all += steps;
	}
	printf("# %lu steps\n", all);
}

static void every_role_and_event_with_something_more_under_way(void **state)
{
	(void)state;
	for (unsigned extra = 1; extra < EX_EXTRAS; extra++) {
		unsigned long steps = 0;

		for (unsigned role = 0; role < VRRP_ROLE_COUNT; role++) {
			steps += run_role((enum vrrp_role)role, (enum ex_extra)extra);
		}
		printf("# %s: %lu steps\n", ex_extra_word((enum ex_extra)extra), steps);
		assert_true(steps > 5000);
	}
}

/* States that it has come to by events, not by hand. */
static void every_pair_of_events_from_every_role(void **state)
{
	const char *wrong;
	bool reached[VRRP_ROLE_COUNT] = { false };

	(void)state;
	for (unsigned path = 0; path < EX_PATHS; path++) {
		enum vrrp_role role = VRRP_ROLE_COUNT;
		unsigned long steps = ex_walk_from(path, PATH_DEPTH, &role, &wrong);

		if (wrong != NULL) {
			fail_msg("%s: %s", ex_now, wrong);
		}
		printf("# from %s: %lu steps\n", vrrp_role_word(role), steps);
		assert_true(steps > 10000);
		reached[role] = true;
	}
	for (unsigned role = 0; role < VRRP_ROLE_COUNT; role++) {
		assert_true(reached[role] || role == VRRP_ROLE_WITNESS); /* its depth is every_short_sequence's */
	}
}

static void every_short_sequence_from_the_start(void **state)
{
	const char *wrong;
	unsigned long steps = ex_walk_short(SHORT_DEPTH, &wrong);

	(void)state;
	if (wrong != NULL) {
		fail_msg("%s: %s", ex_now, wrong);
	}
	printf("# %lu steps\n", steps);
	assert_true(steps > 1000000);
}

static void long_sequences_from_the_start(void **state)
{
	const char *wrong;
	unsigned long steps = ex_walk_long(LONG_WALKS, LONG_LENGTH, &wrong);

	(void)state;
	if (wrong != NULL) {
		fail_msg("%s: %s", ex_now, wrong);
	}
	printf("# %lu steps\n", steps);
	assert_true(steps > LONG_WALKS);
}

static void every_row_of_the_role_table_was_seen(void **state)
{
	size_t rows;

	(void)state;
	(void)vrrp_role_table(&rows);
	ex_rows_print();
	assert_int_equal(ex_rows_seen(), rows);
}

/* The core asserts that its list is long enough; here is how near it comes. */
static void no_step_comes_near_the_longest_list_of_actions(void **state)
{
	(void)state;
	printf("# %u actions at most, room for %d\n", ex_actions_max(), VRRP_ACTIONS_MAX);
	assert_in_range(ex_actions_max(), 8, VRRP_ACTIONS_MAX - 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_role_guard_and_event),
		cmocka_unit_test(every_role_and_event_with_something_more_under_way),
		cmocka_unit_test(every_pair_of_events_from_every_role),
		cmocka_unit_test(every_short_sequence_from_the_start),
		cmocka_unit_test(long_sequences_from_the_start),
		cmocka_unit_test(every_row_of_the_role_table_was_seen),
		cmocka_unit_test(no_step_comes_near_the_longest_list_of_actions),
	};

	(void)signal(SIGABRT, on_abort);
	return cmocka_run_group_tests_name("exhaustive", tests, NULL, NULL);
}
