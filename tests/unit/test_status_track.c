/* What status says of what is tracked, and of the priority that comes of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/status_lab.h"

static void what_is_tracked(void **state)
{
	const json_t *status;

	(void)state;
	master_make(3);
	host.core.config.member[DB1].priority = 150;
	host.core.track.seen.weight = -20;
	host.core.peer[DB2].report.priority = 100;
	host.input.tracked_count = 2;
	host.input.tracked[0] = (struct status_tracked){ .kind = "script",
		.name = "disk",
		.state = "down",
		.last = "no\nroom",
		.exit_status = 7,
		.last_ms = 12,
		.runs = 3 };
	host.input.tracked[1] = (struct status_tracked){
		.kind = "interface", .name = "eth1", .state = "up", .weight = -20, .exit_status = -1, .last_ms = -1
	};
	status = status_make();
	assert_value(status, "tracked",
		"[{\"kind\":\"script\",\"name\":\"disk\",\"state\":\"down\",\"weight\":0,\"last\":\"no\\\\x0aroom\","
		"\"exit_status\":7,\"last_ms\":12,\"runs\":3},"
		"{\"kind\":\"interface\",\"name\":\"eth1\",\"state\":\"up\",\"weight\":-20,\"last\":null,"
		"\"exit_status\":null,\"last_ms\":null,\"runs\":0}]");
	assert_value(member(DB1), "effective_priority", "130");
	assert_value(member(DB2), "effective_priority", "100");
	assert_value(member(W1), "effective_priority", "null");
	assert_string_equal(note(W1), "");
}

static int teardown(void **state)
{
	(void)state;
	json_decref(host.json);
	host.json = NULL;
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_tracked),
	};

	return cmocka_run_group_tests(tests, NULL, teardown);
}
