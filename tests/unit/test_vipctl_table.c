/*
 * The status table: product.md's example comes out of product.md's JSON; what is unknown, missing or of another type is
 * "-"; check says yes only to what is sure.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vipd/vipctl_table.h"

static const char example[] =
	"{'schema_version': 1, 'version': '0.1', 'node': 'db2', 'instances': [{'name': 'orders', 'vrid': 51, 'state': "
	"'BACKUP', 'fault_reasons': [], 'holder': 'db1', 'ballot': '7.1.99', 'lease_ms': 1000, 'lease_remaining_ms': "
	"970, "
	"'grants': 3, 'members_total': 3, 'quorum': 'majority', 'durability': 'async', 'paused': false, 'addresses': "
	"[{'address': '10.0.0.10/24', 'interface': 'eth0', 'bound': true, 'gate': 'open'}], 'members': ["
	"{'name': 'db1', 'address': '10.0.0.1', 'state': 'MASTER', 'heard_ms': 3, 'priority': 150, 'witness': false, "
	"'eligible': true, 'why_not': null, 'postgresql': {'role': 'primary', 'timeline': 4, 'received_lsn': "
	"'0/5A3F2C8', "
	"'replayed_lsn': '0/5A3F2C8', 'lag_bytes': 0, 'streaming': false}},"
	"{'name': 'db2', 'address': '10.0.0.2', 'state': 'BACKUP', 'heard_ms': 0, 'priority': 100, 'witness': false, "
	"'eligible': true, 'why_not': null, 'note': 'would take over now, losing 0 bytes', 'postgresql': {'role': "
	"'standby', 'timeline': 4, 'received_lsn': '0/5A3F2C8', 'replayed_lsn': '0/5A3F2C8', 'lag_bytes': 0, "
	"'streaming': "
	"true}},"
	"{'name': 'w1', 'address': '10.9.0.3', 'state': 'WITNESS', 'heard_ms': 4, 'priority': 100, 'witness': true, "
	"'eligible': false, 'why_not': null, 'postgresql': null}], 'at_risk_bytes': 0}]}";

/* JSON with ' for ", for the sake of reading. */
static json_t *json_of(const char *text)
{
	char copy[8192];
	json_error_t error;
	json_t *json;

	assert_true(strlen(text) < sizeof(copy));
	strcpy(copy, text);
	for (char *c = copy; *c != '\0'; c++) {
		*c = *c == '\'' ? '"' : *c;
	}
	json = json_loads(copy, 0, &error);
	if (json == NULL) {
		fail_msg("%s", error.text);
	}
	return json;
}

static void table_of(const json_t *instance, char *ret_text, size_t size)
{
	FILE *file = fmemopen(ret_text, size, "w");

	assert_non_null(file);
	vipctl_table_print(file, instance);
	fclose(file);
}

static void the_documented_table_comes_out(void **state)
{
	json_t *status = json_of(example);
	char text[4096];

	(void)state;
	table_of(json_array_get(json_object_get(status, "instances"), 0), text, sizeof(text));
	assert_string_equal(text,
		"orders  vrid 51  10.0.0.10/24 on db1  lease 0.97s of 1s, 3 of 3 grant  gate open  durability async\n"
		"MEMBER  STATE    POSTGRESQL  TIMELINE  LSN         LAG  PRIO  NOTE\n"
		"db1     MASTER   primary            4  0/5A3F2C8     -   150\n"
		"db2     BACKUP   streaming          4  0/5A3F2C8  0 kB   100  would take over now, losing 0 bytes\n"
		"w1      WITNESS  -                  -  -             -     -\n");
	json_decref(status);
}

static void what_is_unknown_is_a_dash(void **state)
{
	static const char *const objects[] = { "{}", "{'name': 5, 'vrid': 'x', 'members': 7, 'addresses': {}}",
		"{'members': [null, 3, {}, {'postgresql': []}], 'addresses': [null], 'fault_reasons': [1, null]}",
		"{'members': [{'postgresql': {'lag_bytes': -1, 'timeline': 4.5, 'role': ''}}], 'lease_ms': -5}" };

	(void)state;
	for (size_t i = 0; i < sizeof(objects) / sizeof(objects[0]); i++) {
		json_t *instance = json_of(objects[i]);
		char text[4096];

		table_of(instance, text, sizeof(text));
		assert_non_null(
			strstr(text, "-  vrid -  - on -  lease - of -, - of - grant  gate -  durability -\nMEMBER"));
		assert_null(strstr(text, "null"));
		assert_false(vipctl_is_primary(NULL, instance));
		assert_false(vipctl_is_replica(instance, instance));
		json_decref(instance);
	}
}

static void the_gate_says_why_it_is_not_whole_and_what_it_has_dropped(void **state)
{
	json_t *instance = json_of("{'gate_note': 'time\\u001bnamespace', 'gate_counts': {'put_back': 2, 'late': 0, "
				   "'addresses_put_back': 1}, 'addresses': ["
				   "{'address': '10.0.0.1/24', 'dropped_in': 3, 'dropped_out': 4}, "
				   "{'address': '::1/64', 'dropped_in': null, 'dropped_out': 1}, "
				   "{'address': '::2/64', 'dropped_in': 0, 'dropped_out': 0}]}");
	char text[4096];

	(void)state;
	table_of(instance, text, sizeof(text));
	assert_non_null(strstr(text,
		"gate of this host: time\\x1bnamespace\n"
		"gate of this host: 2 times taken away by somebody and put back, 1 times an address was put back\n"
		"gate of this host: 10.0.0.1/24: 3 packets dropped inwards, 4 packets dropped outwards\n"
		"gate of this host: ::1/64: 1 packets dropped outwards\nMEMBER"));
	json_decref(instance);
}

static void what_is_tracked_and_down_is_named_and_priorities_that_differ(void **state)
{
	json_t *instance = json_of("{'tracked': ["
				   "{'kind': 'script', 'name': 'disk', 'state': 'down', 'last': 'no\\u001broom'}, "
				   "{'kind': 'interface', 'name': 'eth1', 'state': 'down', 'last': null}, "
				   "{'kind': 'script', 'name': 'fine', 'state': 'up', 'last': 'x'}], 'members': ["
				   "{'name': 'a', 'priority': 150, 'effective_priority': 130}, "
				   "{'name': 'b', 'priority': 100, 'effective_priority': 100}]}");
	char text[4096];

	(void)state;
	table_of(instance, text, sizeof(text));
	assert_non_null(strstr(text, "track_script disk: down: no\\x1broom\ntrack_interface eth1: down\nMEMBER"));
	assert_non_null(strstr(text, "130 (150)"));
	assert_null(strstr(text, "100 (100)"));
	json_decref(instance);
}

static void faults_pauses_lags_and_several_addresses_are_shown(void **state)
{
	json_t *instance =
		json_of("{'name': 'o', 'vrid': 1, 'holder': null, 'paused': true, 'lease_ms': 12340, "
			"'lease_remaining_ms': 10000, "
			"'fault_reasons': ['link_down', 'x\\u001b[2J'], 'addresses': [{'address': '10.0.0.1/24', "
			"'gate': 'open'}, "
			"{'address': '::1/64', 'gate': 'closed'}], 'members': ["
			"{'name': 'a', 'eligible': true, 'postgresql': {'role': 'standby', 'streaming': false, "
			"'lag_bytes': 1}},"
			"{'name': 'b', 'why_not': 'lag', 'postgresql': {'role': 'down', 'lag_bytes': 10240001}},"
			"{'name': 'c', 'why_not': ['x', 'y'], 'postgresql': {'lag_bytes': 5000000000}}]}");
	char text[4096];

	(void)state;
	table_of(instance, text, sizeof(text));
	assert_non_null(
		strstr(text, "10.0.0.1/24, ::1/64 on -  lease 10s of 12.34s, - of - grant  gate open closed  "));
	assert_non_null(strstr(text, "  PAUSED\nfault on this host: link_down, x\\x1b[2J\n"));
	assert_non_null(strstr(text, " 1 kB     -  can take over\n"));
	assert_non_null(strstr(text, "can take over\n"));
	assert_non_null(strstr(text, "9.8 MB"));
	assert_non_null(strstr(text, "4.7 GB"));
	assert_non_null(strstr(text, "x, y\n"));
	json_decref(instance);
}

static void check_says_yes_only_to_what_is_sure(void **state)
{
	json_t *status = json_of(example);
	json_t *instance = json_array_get(json_object_get(status, "instances"), 0);

	(void)state;
	assert_false(vipctl_is_primary(status, instance));
	assert_true(vipctl_is_replica(status, instance));
	json_object_set_new(status, "node", json_string("db1"));
	json_object_set_new(instance, "state", json_string("MASTER"));
	assert_true(vipctl_is_primary(status, instance));
	assert_false(vipctl_is_replica(status, instance));
	json_object_set_new(instance, "lease_remaining_ms", json_integer(0));
	assert_false(vipctl_is_primary(status, instance));
	json_object_set_new(instance, "lease_remaining_ms", json_null());
	assert_false(vipctl_is_primary(status, instance));
	json_decref(status);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_documented_table_comes_out),
		cmocka_unit_test(what_is_unknown_is_a_dash),
		cmocka_unit_test(the_gate_says_why_it_is_not_whole_and_what_it_has_dropped),
		cmocka_unit_test(what_is_tracked_and_down_is_named_and_priorities_that_differ),
		cmocka_unit_test(faults_pauses_lags_and_several_addresses_are_shown),
		cmocka_unit_test(check_says_yes_only_to_what_is_sure),
	};

	return cmocka_run_group_tests_name("vipctl_table", tests, NULL, NULL);
}
