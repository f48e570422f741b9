/*
 * The configuration as a whole: what a good file gives, defaults, what several keys say together, which member is this
 * host, what holds for one member; and that dist/vipd.conf.example is good.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#include "tests/unit/config_sample.h"
#include "vipd/config_parse.h"

/* An instance around `members` and `more`. Line 1 is vrrp_instance, members begin on line 3, more after them. */
static int instance_load(const char *members, const char *more)
{
	char text[8192];
	int len = snprintf(text, sizeof(text),
		"vrrp_instance \"orders\" {\n"
		"cluster_id = x virtual_router_id = 51 interface = eth0 virtual_ipaddress = { \"10.0.0.10\" }\n"
		"%s\n"
		"%s\n"
		"authentication { key_file = \"/k\" }\n"
		"postgresql { data_directory = \"/d\" conninfo = \"host=/s\" upstream = \"user=r\" }\n"
		"}\n",
		members, more);

	assert_true(len > 0 && (size_t)len < sizeof(text));
	return sample_text_load(text);
}

static const char two[] = "member db1 { address = \"10.0.0.1\" } member db2 { address = \"10.0.0.2\" }";

static void the_sample_gives_its_values_and_the_documented_defaults(void **state)
{
	const struct config_instance *instance;
	unsigned line;

	(void)state;
	assert_int_equal(sample_load(CONFIG_SECTION_GLOBAL, "report_port", "report_port = 4000", &line), 0);
	instance = config_instance_find(sample_config, "orders");
	assert_non_null(instance);
	assert_null(config_instance_find(sample_config, "other"));
	assert_int_equal(sample_config->report_port, 4000);
	assert_string_equal(sample_config->control, "/run/vipd/vipd.sock");
	assert_string_equal(sample_config->state_dir, "/var/lib/vipd");
	assert_int_equal(sample_config->scheduling, CONFIG_SCHEDULING_RR);
	assert_int_equal(sample_config->scheduling_priority, 1);
	assert_true(sample_config->lock_memory);
	assert_int_equal(instance->vrid, 51);
	assert_int_equal(instance->advert_int_us, 250000);
	assert_int_equal(instance->lease_us, 1000000);
	assert_int_equal(instance->quorum, CONFIG_QUORUM_MAJORITY);
	assert_int_equal(instance->durability, CONFIG_DURABILITY_ASYNC);
	assert_int_equal(instance->sync_standbys, 1);
	assert_int_equal(instance->max_drift_percent, 10);
	assert_int_equal(instance->restart_grace_us, 10000000);
	assert_int_equal(instance->election_lag_bytes, 0);
	assert_int_equal(instance->max_lag_bytes, 16 << 20);
	assert_int_equal(instance->boot_wait_us, 30000000);
	assert_int_equal(instance->fault_hold_us, 60000000);
	assert_true(instance->gate);
	assert_int_equal(instance->member_count, 3);
	assert_int_equal(instance->member[1].id, 2);
	assert_int_equal(instance->member[1].priority, 100);
	assert_true(instance->member[2].witness);
	assert_int_equal(instance->postgresql.port, 5432);
	assert_int_equal(instance->postgresql.probe_interval_us, 1000000);
	assert_int_equal(instance->postgresql.max_slot_keep_bytes, INT64_C(10) << 30);
	assert_int_equal(config_data_member_count(instance), 2);
}

static void the_environment_is_not_expanded(void **state)
{
	unsigned line;

	(void)state;
	setenv("VIPD_TEST", "expanded", 1);
	assert_int_equal(
		sample_load(CONFIG_SECTION_INSTANCE, "cluster_id", "cluster_id = \"${VIPD_TEST} ${X:-y}\"", &line), 0);
	assert_string_equal(sample_config->instance[0].cluster_id, "${VIPD_TEST} ${X:-y}");
	assert_int_equal(
		sample_load(CONFIG_SECTION_INSTANCE, "cluster_id", "cluster_id = ${VIPD_TEST}", &line), -EINVAL);
	sample_assert_error(line, "double quotes");
}

static void addresses_carry_device_and_label(void **state)
{
	const struct config_instance *instance;
	unsigned line;

	(void)state;
	assert_int_equal(
		sample_load(CONFIG_SECTION_INSTANCE, "virtual_ipaddress",
			"virtual_ipaddress = { \"10.0.0.10/24 dev eth1 label eth1:pg\", # a comment in a list\n"
			"\t\"2001:db8::10\" }",
			&line),
		0);
	instance = &sample_config->instance[0];
	assert_int_equal(instance->address_count, 2);
	assert_int_equal(instance->address[0].prefix_len, 24);
	assert_string_equal(instance->address[0].interface, "eth1");
	assert_string_equal(instance->address[0].label, "eth1:pg");
	assert_int_equal(instance->address[1].addr.family, 6);
	assert_int_equal(instance->address[1].prefix_len, 128);
}

static void a_member_overrides_what_its_instance_says(void **state)
{
	struct config_local local;

	(void)state;
	assert_int_equal(
		instance_load(
			"member db1 { address = \"10.0.0.1\" track_interface = { a1 } }\n"
			"member db2 { address = \"10.0.0.2\" interface = enp3s0 port = 5433 data_directory = \"/e\"\n"
			"conninfo = \"host=/t\" upstream = \"user=q\" config_file = \"/c\" }",
			"track_interface = { b1, \"b2 weight -253\" }"),
		0);
	config_local_get(&sample_config->instance[0], 0, &local);
	assert_string_equal(local.interface, "eth0");
	assert_int_equal(local.track_interface.count, 1);
	assert_string_equal(local.postgresql.data_directory, "/d");
	assert_int_equal(local.postgresql.port, 5432);
	config_local_get(&sample_config->instance[0], 1, &local);
	assert_string_equal(local.interface, "enp3s0");
	assert_int_equal(local.track_interface.count, 2);
	assert_string_equal(local.track_interface.name[1], "b2");
	assert_int_equal(local.track_interface.weight[0], 0);
	assert_int_equal(local.track_interface.weight[1], -253);
	assert_string_equal(local.postgresql.data_directory, "/e");
	assert_string_equal(local.postgresql.config_file, "/c");
	assert_string_equal(local.postgresql.conninfo, "host=/t");
	assert_string_equal(local.postgresql.upstream, "user=q");
	assert_int_equal(local.postgresql.port, 5433);
}

static bool ends_in(void *context, const struct vrrp_addr *addr)
{
	const char *ends = context;

	return strchr(ends, '0' + addr->bytes[3]) != NULL;
}

static void this_host_is_the_member_whose_address_it_has(void **state)
{
	const struct config_instance *instance;
	struct vip_err err;
	char one[] = "2";
	char none[] = "7";
	char both[] = "12";

	(void)state;
	assert_int_equal(instance_load(two, ""), 0);
	instance = &sample_config->instance[0];
	assert_int_equal(config_member_find_local(instance, "", ends_in, one, &err), 1);
	assert_int_equal(config_member_find_local(instance, "db1", ends_in, one, &err), 0);
	assert_int_equal(config_member_find_local(instance, "db9", ends_in, one, &err), -ENOENT);
	assert_non_null(strstr(err.text, "db9"));
	assert_int_equal(config_member_find_local(instance, "", ends_in, none, &err), -ENOENT);
	assert_non_null(strstr(err.text, "--node"));
	assert_int_equal(config_member_find_local(instance, "", ends_in, both, &err), -ENOTUNIQ);
	assert_non_null(strstr(err.text, "db1 and db2"));
}

static void the_command_line_wins_and_is_checked(void **state)
{
	struct config_options options = { .node = "db2",
		.state_dir = "/other",
		.log_level = "debug",
		.log_target = "journal",
		.control = "/c",
		.without_key_files = true };
	struct config_report *report = &sample_report;
	struct vip_config *config;
	char text[8192];

	(void)state;
	sample_build(CONFIG_SECTION_GLOBAL, "node", "node = \"db1\"", text, sizeof(text));
	assert_int_equal(config_load_text("t", text, strlen(text), &options, report, &config), 0);
	assert_string_equal(config->node, "db2");
	assert_string_equal(config->state_dir, "/other");
	assert_string_equal(config->control, "/c");
	assert_int_equal(config->log_level, LOG_IS_DEBUG);
	assert_int_equal(config->log_target, LOG_TO_JOURNAL);
	config_free(config);
	options.log_level = "loud";
	options.node = "nobody";
	assert_int_equal(config_load_text("t", text, strlen(text), &options, report, &config), -EINVAL);
	assert_int_equal(report->errors, 2);
	sample_assert_error(2, "nobody");
	sample_assert_error(0, "--log-level loud");
}

/* What several keys say together: members, more, line, words of the error (NULL: no error). */
static const struct {
	const char *members;
	const char *more;
	unsigned line;
	const char *words;
} together[] = {
	{ two, "lease = \"700ms\"", 4, "3 x advert_int: write \"750ms\"" },
	{ two, "lease = \"750ms\"", 0, NULL },
	{ two, "advert_int = \"10500us\"", 4, "whole milliseconds" },
	{ two, "durability = quorum election_lag = \"1kB\"", 4, "election_lag is for durability = async" },
	{ two, "durability = quorum", 0, NULL },
	{ two, "durability = quorum\nsync_standbys = 2", 5, "at least 3 data members" },
	{ two, "durability = quorum member db3 { address = \"10.0.0.3\" } sync_standbys = 2", 0, NULL },
	{ two, "durability = quorum member db3 { address = \"10.0.0.3\" nofailover = true } sync_standbys = 2", 4,
		"at least 3 data members, there are 2 (nofailover only with vote_data)" },
	{ two,
		"durability = quorum sync_standbys = 2\n"
		"member db3 { address = \"10.0.0.3\" nofailover = true vote_data = true }",
		0, NULL },
	{ two, "quorum = none", 0, NULL },
	{ two, "quorum = none durability = quorum", 4, "only with durability = async" },
	{ two, "quorum = none member w1 { address = \"10.0.0.3\" witness = true }", 4, "exactly two data members" },
	{ "member db1 { address = \"10.0.0.1\" }", "quorum = none", 4, "exactly two data members" },
	{ two, "member db3 { address = \"10.0.0.1\" }", 4, "has the address of member db1" },
	{ two, "member db3 { address = \"10.0.0.10\" }", 2, "a floating address must be another one" },
	{ two, "member db3 { address = \"10.0.0.3\" id = 1 }", 4, "id 1 of member db1" },
	{ two, "member a-b { address = \"10.0.0.3\" } member a_b { address = \"10.0.0.4\" }", 4,
		"share a replication slot" },
	{ two, "member w { address = \"10.0.0.3\" witness = true port = 1 }", 4, "port says nothing for a witness" },
	{ two, "member db3 { address = \"10.0.0.3\" vote_data = true }", 4, "vote_data is for nofailover" },
	{ two, "member db3 { address = \"10.0.0.3\" replicate_from = db9 }", 4, "leads to no data member" },
	{ two, "member db3 { address = \"10.0.0.3\" replicate_from = db1 }", 0, NULL },
	{ two, "member db3 { address = \"10.0.0.3\" replicate_from = db3 }", 4, "leads back to itself" },
	{ two,
		"member w { address = \"10.0.0.3\" witness = on } member c { address = \"10.0.0.4\" replicate_from = w "
		"}",
		4, "leads to no data member" },
	{ "member w { address = \"10.0.0.3\" witness = true }", "", 1, "no member that can become primary" },
	{ "member w { address = \"10.0.0.3\" nofailover = true }", "", 1, "no member that can become primary" },
	{ two, "track_script s { command = \"/x\" interval = \"1s\" timeout = \"2s\" }", 4, "longer than interval" },
};

static void contradictions_are_refused_on_their_line(void **state)
{
	(void)state;
	for (size_t i = 0; i < VRRP_ARRAY_LENGTH(together); i++) {
		int code = instance_load(together[i].members, together[i].more);

		if (together[i].words == NULL) {
			if (code != 0) {
				fail_msg("%s: %s", together[i].more, sample_report.message[0].text);
			}
			continue;
		}
		assert_int_equal(code, -EINVAL);
		sample_assert_error(together[i].line, together[i].words);
		assert_int_equal(sample_report.errors, 1);
	}
}

static void doubtful_values_are_taken_with_a_warning(void **state)
{
	(void)state;
	assert_int_equal(instance_load(two, "max_lag = \"1MB\""), 0);
	assert_non_null(sample_message(4, "warning: max_lag is below a WAL segment"));
	assert_non_null(sample_message(1, "add a witness"));
	assert_int_equal(instance_load(two, "max_lag = \"16MB\" quorum = none"), 0);
	assert_int_equal(sample_report.count, 0);
	assert_int_equal(instance_load(two, "quorum = none lease = \"20s\""), 0);
	assert_non_null(sample_message(1, "restart_grace is shorter"));
}

static void k_is_one_up_to_three_data_members_and_half_above(void **state)
{
	static const uint8_t k[] = { 0, 1, 1, 1, 2, 2, 3, 3, 4, 4 };

	(void)state;
	for (unsigned n = 1; n <= VRRP_MEMBERS_MAX; n++) {
		char members[2048] = "";
		size_t used = 0;

		for (unsigned i = 1; i <= n; i++) {
			used += (size_t)snprintf(members + used, sizeof(members) - used,
				"member db%u { address = \"10.0.0.%u\" }\n", i, i);
		}
		assert_int_equal(instance_load("", members), 0);
		assert_int_equal(sample_config->instance[0].sync_standbys, k[n]);
	}
}

static void two_instances_may_share_neither_vrid_nor_address(void **state)
{
	char text[4096];

	(void)state;
	snprintf(text, sizeof(text),
		"vrrp_instance a { cluster_id = x virtual_router_id = 51 interface = eth0 virtual_ipaddress = { "
		"\"10.0.0.10\" }\n"
		"%s authentication { key_file = \"/k\" } postgresql { data_directory = \"/d\" conninfo = \"host=/s\" "
		"upstream = "
		"\"user=r\" } }\n"
		"vrrp_instance b { cluster_id = x interface = eth0\n"
		"virtual_router_id = 51\n"
		"virtual_ipaddress = { \"10.0.0.10\" }\n"
		"%s authentication { key_file = \"/k\" } postgresql { data_directory = \"/d\" conninfo = \"host=/s\" "
		"upstream = "
		"\"user=r\" } }\n",
		two, two);
	assert_int_equal(sample_text_load(text), -EINVAL);
	sample_assert_error(4, "virtual_router_id = 51 is already that of instance a (line 1)");
	sample_assert_error(5, "10.0.0.10 is already the floating address of instance a");
	assert_int_equal(sample_report.errors, 2);
}

static void the_example_is_good(void **state)
{
	const char *source = getenv("VIPD_SOURCE");
	char path[4096];
	struct config_report *report = &sample_report;
	struct vip_config *config;

	(void)state;
	snprintf(path, sizeof(path), "%s/dist/vipd.conf.example", source != NULL ? source : ".");
	if (config_load(path, &sample_options, report, &config) != 0) {
		fail_msg("%s", report->message[0].text);
	}
	assert_int_equal(report->count, 0); /* no warning either */
	assert_int_equal(config->instance_count, 1);
	config_free(config);
}

static int sample_done(void **state)
{
	(void)state;
	config_free(sample_config);
	sample_config = NULL;
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_sample_gives_its_values_and_the_documented_defaults),
		cmocka_unit_test(the_environment_is_not_expanded),
		cmocka_unit_test(addresses_carry_device_and_label),
		cmocka_unit_test(a_member_overrides_what_its_instance_says),
		cmocka_unit_test(this_host_is_the_member_whose_address_it_has),
		cmocka_unit_test(the_command_line_wins_and_is_checked),
		cmocka_unit_test(contradictions_are_refused_on_their_line),
		cmocka_unit_test(doubtful_values_are_taken_with_a_warning),
		cmocka_unit_test(k_is_one_up_to_three_data_members_and_half_above),
		cmocka_unit_test(two_instances_may_share_neither_vrid_nor_address),
		cmocka_unit_test(the_example_is_good),
	};

	return cmocka_run_group_tests_name("config", tests, NULL, sample_done);
}
