/*
 * Every key of the configuration: it is known where product.md says, a good value is taken, and each bad one is refused
 * with file, line, key and what to write instead.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/config_sample.h"

/* The table of product.md, section "Configuration", a section a row. */
static const struct {
	enum config_section section;
	const char *names;
} documented[] = {
	{ CONFIG_SECTION_GLOBAL,
		"node control state_dir report_port http_listen log_level log_target scheduling lock_memory" },
	{ CONFIG_SECTION_INSTANCE,
		"cluster_id virtual_router_id interface virtual_ipaddress advert_int lease quorum durability "
		"sync_standbys max_drift restart_grace election_lag max_lag boot_wait promote_timeout "
		"fault_hold gate garp_repeat garp_repeat_delay garp_refresh use_vmac advert_unicast "
		"checksum_with_pseudo_header track_interface notify pre_promote fence_command "
		"replica_ipaddress" },
	{ CONFIG_SECTION_AUTHENTICATION, "key_file" },
	{ CONFIG_SECTION_MEMBER,
		"address id priority witness nofailover vote_data replicate_from interface track_interface "
		"data_directory config_file conninfo port upstream" },
	{ CONFIG_SECTION_POSTGRESQL,
		"data_directory config_file conninfo port upstream rewind_conninfo manage rejoin bin_dir "
		"os_user start_command stop_command restart_command probe_interval probe_timeout "
		"connect_probe_interval connect_probe_timeout write_probe_interval write_probe_timeout "
		"disk_probe_interval disk_probe_timeout primary_crash_grace switchover_timeout standby_timeout "
		"max_slot_keep salvage_dir" },
	{ CONFIG_SECTION_SCRIPT, "command user interval timeout fall rise weight" },
};

/* Bad right-hand sides for a type, and what the refusal must say besides line and key. Ends with NULL. */
static const struct bad {
	enum config_type type;
	const char *value;
	const char *hint;
} bads[] = {
	{ CONFIG_TYPE_NUMBER, "x", "write a" },
	{ CONFIG_TYPE_NUMBER, "-1", "write a" },
	{ CONFIG_TYPE_NUMBER, "\"1.5\"", "write a" },
	{ CONFIG_TYPE_NUMBER, "99999999999999999999", "write a" },
	{ CONFIG_TYPE_NUMBER, "\"\"", "write a" },
	{ CONFIG_TYPE_DURATION, "250", "unit" },
	{ CONFIG_TYPE_DURATION, "\"250\"", "unit" },
	{ CONFIG_TYPE_DURATION, "\"5 s\"", "unit" },
	{ CONFIG_TYPE_DURATION, "\"5S\"", "unit" },
	{ CONFIG_TYPE_DURATION, "\"1.5s\"", "whole number" },
	{ CONFIG_TYPE_DURATION, "\"-1s\"", "whole number" },
	{ CONFIG_TYPE_DURATION, "\"999d\"", "duration from" },
	{ CONFIG_TYPE_DURATION, "\"99999999999999999d\"", "too large" },
	{ CONFIG_TYPE_SIZE, "16", "unit" },
	{ CONFIG_TYPE_SIZE, "\"16mb\"", "unit" },
	{ CONFIG_TYPE_SIZE, "\"16 MB\"", "unit" },
	{ CONFIG_TYPE_SIZE, "\"9000TB\"", "at most" },
	{ CONFIG_TYPE_SIZE, "\"99999999999999TB\"", "too large" },
	{ CONFIG_TYPE_BOOL, "maybe", "true or false" },
	{ CONFIG_TYPE_BOOL, "1", "true or false" },
	{ CONFIG_TYPE_WORD, "sometimes", "write " },
	{ CONFIG_TYPE_WORD, "\"\"", "write " },
	{ CONFIG_TYPE_NAME, "\"Db1\"", "a-z" },
	{ CONFIG_TYPE_NAME, "\"a b\"", "a-z" },
	{ CONFIG_TYPE_NAME, "\"123456789012345678901234567890123\"", "1 to 32" },
	{ CONFIG_TYPE_INTERFACE, "\"eth0/1\"", "ip link" },
	{ CONFIG_TYPE_INTERFACE, "\"sixteen_letters_\"", "at most 15" },
	{ CONFIG_TYPE_INTERFACE, "\"lo\"", "loopback" },
	{ CONFIG_TYPE_PATH, "\"etc/x\"", "beginning with /" },
	{ CONFIG_TYPE_PATH, "\"\"", "beginning with /" },
	{ CONFIG_TYPE_TEXT, "\"\"", "empty" },
	{ CONFIG_TYPE_COMMAND, "\"check\"", "whole path" },
	{ CONFIG_TYPE_COMMAND, "\"/bin/x 'open\"", "quotes must be closed" },
	{ CONFIG_TYPE_COMMAND, "\"\"", "whole path" },
	{ CONFIG_TYPE_CONNINFO, "\"user=vipd\"", "say where" },
	{ CONFIG_TYPE_CONNINFO, "\"host=db1 user=vipd\"", "not looked up" },
	{ CONFIG_TYPE_CONNINFO, "\"host=/a,/b\"", "one socket directory" },
	{ CONFIG_TYPE_CONNINFO, "\"host=10.0.0.1,10.0.0.2\"", "one numeric address" },
	{ CONFIG_TYPE_CONNINFO, "\"host=/a service=x\"", "service" },
	{ CONFIG_TYPE_CONNINFO, "\"host=/a usr=x\"", "libpq" },
	{ CONFIG_TYPE_CONNINFO, "\"postgresql://db1/x\"", "not looked up" },
	{ CONFIG_TYPE_UPSTREAM, "\"host=10.0.0.1\"", "leave host out" },
	{ CONFIG_TYPE_UPSTREAM, "\"hostaddr=10.0.0.1\"", "leave hostaddr out" },
	{ CONFIG_TYPE_UPSTREAM, "\"port=5432\"", "leave port out" },
	{ CONFIG_TYPE_UPSTREAM, "\"application_name=x\"", "leave application_name out" },
	{ CONFIG_TYPE_UPSTREAM, "\"user='x\"", "libpq" },
	{ CONFIG_TYPE_HOST, "\"db1.example\"", "not looked up" },
	{ CONFIG_TYPE_HOST, "\"10.0.0.1/24\"", "without a prefix" },
	{ CONFIG_TYPE_HOST, "\"10.0.0\"", "numeric" },
	{ CONFIG_TYPE_HOST, "\"127.0.0.1\"", "loopback" },
	{ CONFIG_TYPE_HOST, "\"::1\"", "loopback" },
	{ CONFIG_TYPE_HOST, "\"0.0.0.0\"", "no host" },
	{ CONFIG_TYPE_HOST, "\"::\"", "no host" },
	{ CONFIG_TYPE_HOST, "\"224.0.0.18\"", "no host" },
	{ CONFIG_TYPE_HOST, "\"169.254.1.1\"", "link-local" },
	{ CONFIG_TYPE_HOST, "\"fe80::1\"", "link-local" },
	{ CONFIG_TYPE_HOST, "\"ff02::12\"", "multicast" },
	{ CONFIG_TYPE_HOST, "\"::ffff:10.0.0.1\"", "IPv6 form" },
	{ CONFIG_TYPE_ADDRESSES, "{ \"10.0.0.300\" }", "numeric" },
	{ CONFIG_TYPE_ADDRESSES, "{ \"10.0.0.9/33\" }", "prefix from 1 to 32" },
	{ CONFIG_TYPE_ADDRESSES, "{ \"10.0.0.9/0\" }", "prefix from 1 to 32" },
	{ CONFIG_TYPE_ADDRESSES, "{ \"2001:db8::9/129\" }", "prefix from 1 to 128" },
	{ CONFIG_TYPE_ADDRESSES, "{ \"10.0.0.0/24\" }", "10.0.0.0/24 is the network's own address" },
	{ CONFIG_TYPE_ADDRESSES, "{ \"10.0.0.255/24\" }", "10.0.0.255/24 is the network's broadcast address" },
	{ CONFIG_TYPE_ADDRESSES, "{ \"10.0.1.0/22 dev eth1\", \"10.0.3.255/22\" }", "10.0.3.255/22 is the network's" },
	{ CONFIG_TYPE_ADDRESSES, "{ \"10.0.0.4/30\" }", "network's own" },
	{ CONFIG_TYPE_ADDRESSES, "{ \"2001:db8::/64\" }", "anycast" },
	{ CONFIG_TYPE_ADDRESSES, "{ \"2001:db8::4/126\" }", "anycast" },
	{ CONFIG_TYPE_ADDRESSES, "{ \"10.0.0.9/24 dev\" }", "write \"10.0.0.10/24" },
	{ CONFIG_TYPE_ADDRESSES, "{ \"10.0.0.9/24 via eth1\" }", "write \"10.0.0.10/24" },
	{ CONFIG_TYPE_ADDRESSES, "{ \"10.0.0.9/24 dev eth1 dev eth2\" }", "write \"10.0.0.10/24" },
	{ CONFIG_TYPE_ADDRESSES, "{ \"10.0.0.9/24 dev e1 label e1:a x y\" }", "write \"10.0.0.10/24" },
	{ CONFIG_TYPE_ADDRESSES, "{ \"10.0.0.9/24 label pg\" }", "interface:word" },
	{ CONFIG_TYPE_ADDRESSES, "{ \"2001:db8::9/64 label e:pg\" }", "no label" },
	{ CONFIG_TYPE_ADDRESSES, "{ \"fe80::9/64\" }", "link-local" },
	{ CONFIG_TYPE_ADDRESSES, "{ \"\" }", "write \"10.0.0.10/24" },
	{ CONFIG_TYPE_ADDRESSES, "{ }", "empty" },
	{ CONFIG_TYPE_WEIGHT, "254", "write a weight from -253 to 253" },
	{ CONFIG_TYPE_WEIGHT, "-254", "write a weight from -253 to 253" },
	{ CONFIG_TYPE_WEIGHT, "\"- 1\"", "write a weight" },
	{ CONFIG_TYPE_WEIGHT, "\"--1\"", "write a weight" },
	{ CONFIG_TYPE_WEIGHT, "\"\"", "write a weight" },
	{ CONFIG_TYPE_INTERFACES, "{ \"eth0 eth1\" }", "eth1 weight -20" },
	{ CONFIG_TYPE_INTERFACES, "{ \"eth0 weight\" }", "eth1 weight -20" },
	{ CONFIG_TYPE_INTERFACES, "{ \"eth0 weight 5 6\" }", "eth1 weight -20" },
	{ CONFIG_TYPE_INTERFACES, "{ \"eth0 weight 300\" }", "write a weight" },
	{ CONFIG_TYPE_INTERFACES, "{ \"eth0/1 weight 3\" }", "ip link" },
	{ CONFIG_TYPE_INTERFACES, "{ \"sixteen_letters_ weight 3\" }", "eth1 weight -20" },
	{ CONFIG_TYPE_INTERFACES, "{ }", "empty" },
	{ CONFIG_TYPE_INTERFACES, "{ a1, a2, a3, a4, a5, a6, a7, a8, a9 }", "at most 8" },
	{ CONFIG_TYPE_SCHEDULING, "\"rr\"", "rr:1" },
	{ CONFIG_TYPE_SCHEDULING, "\"rr:0\"", "rr:1" },
	{ CONFIG_TYPE_SCHEDULING, "\"rr:100\"", "rr:1" },
	{ CONFIG_TYPE_SCHEDULING, "\"idle:1\"", "rr:1" },
	{ CONFIG_TYPE_LATER, "{ \"10.0.0.9/24\" }", "" },
	{ CONFIG_TYPE_LATER, "\"0.0.0.0:8008\"", "not yet" },
};

/* A good right-hand side for a key that has no default. */
static const char *good_value(const struct config_key *key)
{
	switch (key->type) {
	case CONFIG_TYPE_NUMBER:
		return "7";
	case CONFIG_TYPE_DURATION:
		return "\"2s\"";
	case CONFIG_TYPE_NAME:
		return key->section == CONFIG_SECTION_MEMBER ? "\"db2\"" : "\"db1\"";
	case CONFIG_TYPE_INTERFACE:
		return "\"enp3s0.100\"";
	case CONFIG_TYPE_PATH:
		return "\"/some/where else\"";
	case CONFIG_TYPE_TEXT:
		return "\"6f1c9a52-\\\"x\\\" ${HOME}\"";
	case CONFIG_TYPE_COMMAND:
		return "\"/bin/x -a 'b c'\"";
	case CONFIG_TYPE_CONNINFO:
		return "\"host=/tmp port=5433 user='a b' connect_timeout=2\"";
	case CONFIG_TYPE_UPSTREAM:
		return "\"user=r passfile=/x sslmode=require\"";
	case CONFIG_TYPE_HOST:
		return "\"2001:db8::1\"";
	case CONFIG_TYPE_ADDRESSES:
		return "{ \"10.0.0.9\", '10.0.0.8/24 dev eth1 label eth1:pg', \"10.0.1.0/22\", \"10.0.0.4/31\", "
		       "\"10.0.0.7/31\", \"10.0.0.0\", \"2001:db8::ffff:ffff:ffff:ffff/64\", \"2001:db8::2/127\" }";
	case CONFIG_TYPE_INTERFACES:
		return "{ eth1, \"eth2\" }";
	default:
		return NULL;
	}
}

static void every_documented_key_is_known_and_no_other(void **state)
{
	size_t known;
	size_t named = 0;

	(void)state;
	config_keys(&known);
	for (size_t i = 0; i < VRRP_ARRAY_LENGTH(documented); i++) {
		char names[1024];
		char *rest = NULL;

		snprintf(names, sizeof(names), "%s", documented[i].names);
		for (char *name = strtok_r(names, " ", &rest); name != NULL; name = strtok_r(NULL, " ", &rest)) {
			if (config_key_find(documented[i].section, name) == NULL) {
				fail_msg("%s is not known in %s", name, config_section_name(documented[i].section));
			}
			named++;
		}
	}
	assert_int_equal(named, known);
}

static void every_key_takes_its_default_and_a_good_value(void **state)
{
	size_t count;
	const struct config_key *keys = config_keys(&count);

	(void)state;
	for (size_t i = 0; i < count; i++) {
		const char *good = good_value(&keys[i]);
		char statement[256];
		unsigned line;

		if (keys[i].fallback != NULL) {
			snprintf(statement, sizeof(statement), "%s = \"%s\"", keys[i].name, keys[i].fallback);
		} else if (good != NULL) {
			snprintf(statement, sizeof(statement), "%s = %s", keys[i].name, good);
		} else {
			assert_int_equal(keys[i].type, CONFIG_TYPE_LATER); /* refused whatever it says: below */
			continue;
		}
		if (sample_load(keys[i].section, keys[i].name, statement, &line) != 0) {
			fail_msg("%s: %s", statement, sample_report.message[0].text);
		}
		assert_int_equal(
			sample_message(line, "has no effect") != NULL, (keys[i].flags & CONFIG_KEY_NO_EFFECT) != 0);
	}
}

static void every_key_refuses_bad_values_with_the_line_and_a_hint(void **state)
{
	size_t tried[64] = { 0 };
	size_t count;
	const struct config_key *keys = config_keys(&count);

	(void)state;
	for (size_t i = 0; i < count; i++) {
		for (size_t j = 0; j < VRRP_ARRAY_LENGTH(bads); j++) {
			char statement[256];
			char place[32];
			unsigned line;

			if (bads[j].type != keys[i].type ||
				(keys[i].type == CONFIG_TYPE_LATER &&
					config_key_is_list(&keys[i]) != (bads[j].value[0] == '{'))) {
				continue;
			}
			snprintf(statement, sizeof(statement), "%s = %s", keys[i].name, bads[j].value);
			if (sample_load(keys[i].section, keys[i].name, statement, &line) == 0) {
				fail_msg("%s was taken", statement);
			}
			snprintf(place, sizeof(place), "test.conf:%u: ", line);
			sample_assert_error(line, place);
			sample_assert_error(line, keys[i].name);
			sample_assert_error(line, bads[j].hint);
			tried[keys[i].type]++;
		}
	}
	for (size_t i = 0; i <= CONFIG_TYPE_LATER; i++) {
		assert_int_not_equal(tried[i], 0);
	}
}

static void keys_of_later_versions_say_not_yet(void **state)
{
	static const struct {
		enum config_section section;
		const char *key;
		const char *statement;
	} later[] = {
		{ CONFIG_SECTION_INSTANCE, "replica_ipaddress", "replica_ipaddress = { \"10.0.0.11/24\" }" },
		{ CONFIG_SECTION_INSTANCE, "use_vmac", "use_vmac = true" },
		{ CONFIG_SECTION_INSTANCE, "advert_unicast", "advert_unicast = yes" },
		{ CONFIG_SECTION_INSTANCE, "durability", "durability = adaptive" },
		{ CONFIG_SECTION_GLOBAL, "http_listen", "http_listen = \"127.0.0.1:8008\"" },
	};

	(void)state;
	for (size_t i = 0; i < VRRP_ARRAY_LENGTH(later); i++) {
		unsigned line;

		assert_int_equal(sample_load(later[i].section, later[i].key, later[i].statement, &line), -EINVAL);
		sample_assert_error(line, "not yet");
		assert_int_equal(sample_report.errors, 1);
	}
}

static void ranges_hold_at_their_ends(void **state)
{
	size_t count;
	const struct config_key *keys = config_keys(&count);
	size_t tried = 0;

	(void)state;
	for (size_t i = 0; i < count; i++) {
		static union {
			struct vip_config config;
			struct config_instance instance;
		} base;
		struct config_hint hint;
		char text[64];

		if (keys[i].type != CONFIG_TYPE_NUMBER && keys[i].type != CONFIG_TYPE_DURATION) {
			continue;
		}
		for (int64_t over = -1; over <= 1; over++) {
			const char *unit = keys[i].type == CONFIG_TYPE_DURATION ? "us" : "";

			snprintf(text, sizeof(text), "%lld%s", (long long)(keys[i].min + over), unit);
			assert_int_equal(config_key_apply(&keys[i], text, &base, &hint) < 0, over < 0);
			snprintf(text, sizeof(text), "%lld%s", (long long)(keys[i].max + over), unit);
			assert_int_equal(config_key_apply(&keys[i], text, &base, &hint) < 0, over > 0);
		}
		tried++;
	}
	assert_true(tried > 20);
}

static void required_keys_are_missed_on_the_line_of_their_section(void **state)
{
	static const struct {
		enum config_section section;
		const char *key;
	} required[] = {
		{ CONFIG_SECTION_INSTANCE, "cluster_id" },
		{ CONFIG_SECTION_INSTANCE, "virtual_router_id" },
		{ CONFIG_SECTION_INSTANCE, "virtual_ipaddress" },
		{ CONFIG_SECTION_INSTANCE, "interface" },
		{ CONFIG_SECTION_AUTHENTICATION, "key_file" },
		{ CONFIG_SECTION_MEMBER, "address" },
		{ CONFIG_SECTION_POSTGRESQL, "data_directory" },
		{ CONFIG_SECTION_POSTGRESQL, "conninfo" },
		{ CONFIG_SECTION_POSTGRESQL, "upstream" },
		{ CONFIG_SECTION_SCRIPT, "command" },
	};

	(void)state;
	for (size_t i = 0; i < VRRP_ARRAY_LENGTH(required); i++) {
		unsigned line;
		bool found = false;

		assert_int_equal(sample_load(required[i].section, required[i].key, NULL, &line), -EINVAL);
		for (size_t j = 0; j < sample_report.count; j++) {
			found = found || (strstr(sample_report.message[j].text, required[i].key) != NULL &&
						 sample_report.message[j].line != 0 &&
						 strstr(sample_report.message[j].text, "write") != NULL);
		}
		if (!found) {
			fail_msg("%s: %s", required[i].key, sample_report.message[0].text);
		}
	}
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
		cmocka_unit_test(every_documented_key_is_known_and_no_other),
		cmocka_unit_test(every_key_takes_its_default_and_a_good_value),
		cmocka_unit_test(every_key_refuses_bad_values_with_the_line_and_a_hint),
		cmocka_unit_test(keys_of_later_versions_say_not_yet),
		cmocka_unit_test(ranges_hold_at_their_ends),
		cmocka_unit_test(required_keys_are_missed_on_the_line_of_their_section),
	};

	return cmocka_run_group_tests_name("config_keys", tests, NULL, sample_done);
}
