/*
 * The digest: equal for equal safety-relevant values whatever else differs, another one for each value that matters,
 * and a difference is told key by key.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/config_sample.h"
#include "vipd/config_digest.h"

static void digest_of(const char *section_key, enum config_section section, const char *statement,
	uint8_t ret_digest[VRRP_DIGEST_BYTES], char *ret_text)
{
	unsigned line;

	if (sample_load(section, section_key, statement, &line) != 0) {
		fail_msg("%s: %s", statement, sample_report.message[0].text);
	}
	config_digest_text(&sample_config->instance[0], ret_text);
	assert_int_equal(config_digest_compute(&sample_config->instance[0], ret_digest, NULL), 0);
}

static void count_keys(void *context, const char *key, const char *ours, const char *theirs)
{
	char *keys = context;

	assert_true(ours != NULL || theirs != NULL);
	snprintf(keys + strlen(keys), 256 - strlen(keys), "%s ", key);
}

static const struct {
	enum config_section section;
	const char *key;
	const char *statement;
	const char *differs; /* the keys of the digest, "" = none */
} changes[] = {
	{ CONFIG_SECTION_GLOBAL, "report_port", "report_port = 3112", "" },
	{ CONFIG_SECTION_INSTANCE, "lease", "lease = \"1s\"", "" }, /* the default said aloud */
	{ CONFIG_SECTION_INSTANCE, "max_lag", "max_lag = \"32MB\"", "" },
	{ CONFIG_SECTION_INSTANCE, "interface", "interface = eth9", "" },
	{ CONFIG_SECTION_INSTANCE, "virtual_ipaddress", "virtual_ipaddress = \"10.0.0.77\"", "" },
	{ CONFIG_SECTION_MEMBER, "priority", "priority = 7", "" },
	{ CONFIG_SECTION_POSTGRESQL, "port", "port = 7", "" },
	{ CONFIG_SECTION_INSTANCE, "cluster_id", "cluster_id = other", "cluster_id " },
	{ CONFIG_SECTION_INSTANCE, "virtual_router_id", "virtual_router_id = 52", "virtual_router_id " },
	{ CONFIG_SECTION_INSTANCE, "lease", "lease = \"2s\"", "lease_us " },
	{ CONFIG_SECTION_INSTANCE, "advert_int", "advert_int = \"500ms\"", "lease_us " }, /* through its default */
	{ CONFIG_SECTION_INSTANCE, "durability", "durability = quorum", "durability sync_standbys " },
	{ CONFIG_SECTION_INSTANCE, "sync_standbys", "sync_standbys = 2", "" },
	{ CONFIG_SECTION_INSTANCE, "max_drift", "max_drift = 11", "max_drift_percent " },
	{ CONFIG_SECTION_INSTANCE, "restart_grace", "restart_grace = \"11s\"", "restart_grace_us " },
	{ CONFIG_SECTION_MEMBER, "address", "address = \"10.0.0.9\"", "member.1 " },
	{ CONFIG_SECTION_MEMBER, "nofailover", "nofailover = true", "member.1 " },
	{ CONFIG_SECTION_MEMBER, "replicate_from", "replicate_from = db2", "member.1 " },
	{ CONFIG_SECTION_MEMBER, "id", "id = 9", "member.1 member.9 " },
};

static void the_digest_differs_for_what_matters_and_for_nothing_else(void **state)
{
	static char before[CONFIG_DIGEST_TEXT_SIZE];
	static char after[CONFIG_DIGEST_TEXT_SIZE];
	uint8_t digest[VRRP_DIGEST_BYTES];
	uint8_t other[VRRP_DIGEST_BYTES];

	(void)state;
	digest_of("report_port", CONFIG_SECTION_GLOBAL, "report_port = 4000", digest, before);
	for (size_t i = 0; i < VRRP_ARRAY_LENGTH(changes); i++) {
		char keys[256] = "";

		digest_of(changes[i].key, changes[i].section, changes[i].statement, other, after);
		config_digest_compare(before, after, count_keys, keys);
		assert_string_equal(keys, changes[i].differs);
		assert_int_equal(memcmp(digest, other, sizeof(digest)) != 0, changes[i].differs[0] != '\0');
	}
}

/* The names of the keys whose hashes differ, "member" for a member's machine; what nofailover says is in its flags. */
static void parts_compare(const struct config_digest_parts *a, const struct config_digest_parts *b, char *ret_names)
{
	ret_names[0] = '\0';
	for (unsigned i = 0; i < VRRP_REPORT_KEYS; i++) {
		if (a->key_hash[i] != b->key_hash[i]) {
			assert_non_null(config_digest_key_name(i));
			snprintf(ret_names + strlen(ret_names), 256 - strlen(ret_names), "%s ",
				config_digest_key_name(i));
		}
		assert_int_equal(a->key_hash[i] != 0, config_digest_key_name(i) != NULL);
	}
	for (unsigned i = 0; i < VRRP_MEMBERS_MAX; i++) {
		snprintf(ret_names + strlen(ret_names), 256 - strlen(ret_names), "%s",
			a->member_hash[i] != b->member_hash[i] ? "member " : "");
	}
}

static void the_parts_differ_where_the_keys_do(void **state)
{
	static const struct {
		enum config_section section;
		const char *key;
		const char *statement;
		const char *names;
	} cases[] = {
		{ CONFIG_SECTION_GLOBAL, "report_port", "report_port = 3112", "" },
		{ CONFIG_SECTION_INSTANCE, "cluster_id", "cluster_id = other", "cluster_id " },
		{ CONFIG_SECTION_INSTANCE, "virtual_router_id", "virtual_router_id = 52", "virtual_router_id " },
		{ CONFIG_SECTION_INSTANCE, "lease", "lease = \"2s\"", "lease " },
		{ CONFIG_SECTION_INSTANCE, "restart_grace", "restart_grace = \"11s\"", "restart_grace " },
		{ CONFIG_SECTION_INSTANCE, "max_drift", "max_drift = 11", "max_drift " },
		{ CONFIG_SECTION_INSTANCE, "durability", "durability = quorum", "durability sync_standbys " },
		{ CONFIG_SECTION_INSTANCE, "sync_standbys", "sync_standbys = 2", "" },
		{ CONFIG_SECTION_MEMBER, "replicate_from", "replicate_from = db2", "replicate_from " },
		{ CONFIG_SECTION_MEMBER, "address", "address = \"10.0.0.9\"", "member " },
		{ CONFIG_SECTION_MEMBER, "nofailover", "nofailover = true", "" },
	};
	struct config_digest_parts before;
	struct config_digest_parts after;
	unsigned line;

	(void)state;
	assert_int_equal(sample_load(CONFIG_SECTION_GLOBAL, "report_port", "report_port = 4000", &line), 0);
	assert_int_equal(config_digest_parts_compute(&sample_config->instance[0], &before, NULL), 0);
	assert_string_equal(config_digest_key_name(CONFIG_DIGEST_CLUSTER_ID), "cluster_id");
	assert_null(config_digest_key_name(VRRP_REPORT_KEYS));
	for (size_t i = 0; i < VRRP_ARRAY_LENGTH(cases); i++) {
		char names[256];

		assert_int_equal(sample_load(cases[i].section, cases[i].key, cases[i].statement, &line), 0);
		assert_int_equal(config_digest_parts_compute(&sample_config->instance[0], &after, NULL), 0);
		parts_compare(&before, &after, names);
		assert_string_equal(names, cases[i].names);
	}
}

static void the_order_in_the_file_says_nothing(void **state)
{
	static const char *const members[] = {
		"member a { address = \"10.0.0.1\" id = 1 } member b { address = \"10.0.0.2\" id = 2 }",
		"member b { address = \"10.0.0.2\" id = 2 } member a { address = \"10.0.0.1\" id = 1 }",
	};
	uint8_t digest[2][VRRP_DIGEST_BYTES];

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		char text[1024];

		snprintf(text, sizeof(text),
			"vrrp_instance o { cluster_id = x virtual_router_id = 1 interface = e virtual_ipaddress = "
			"\"10.0.0.9\" %s "
			"authentication { key_file = \"/k\" } postgresql { data_directory = \"/d\" conninfo = "
			"\"host=/s\" upstream "
			"= \"user=r\" } }",
			members[i]);
		assert_int_equal(sample_text_load(text), 0);
		assert_int_equal(config_digest_compute(&sample_config->instance[0], digest[i], NULL), 0);
	}
	assert_memory_equal(digest[0], digest[1], VRRP_DIGEST_BYTES);
}

static void the_largest_configuration_fits(void **state)
{
	static char text[CONFIG_DIGEST_TEXT_SIZE];
	static struct config_instance instance;
	size_t len;

	(void)state;
	memset(instance.cluster_id, 'c', sizeof(instance.cluster_id) - 1);
	instance.lease_us = INT64_MIN;
	instance.restart_grace_us = INT64_MIN;
	instance.member_count = VRRP_MEMBERS_MAX;
	for (size_t i = 0; i < VRRP_MEMBERS_MAX; i++) {
		instance.member[i].id = (uint8_t)(247 + i);
		instance.member[i].address.family = 6;
		memset(instance.member[i].address.bytes, 0xfe, 16);
		memset(instance.member[i].name, 'n', VRRP_NAME_MAX);
		memset(instance.member[i].replicate_from, 'n', VRRP_NAME_MAX);
	}
	len = config_digest_text(&instance, text);
	assert_int_equal(len, strlen(text));
	assert_non_null(strstr(text, "member.255="));
	assert_string_equal(text + strlen(text) - 22, "plain_vrrp_routers=no\n");
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
		cmocka_unit_test(the_digest_differs_for_what_matters_and_for_nothing_else),
		cmocka_unit_test(the_parts_differ_where_the_keys_do),
		cmocka_unit_test(the_order_in_the_file_says_nothing),
		cmocka_unit_test(the_largest_configuration_fits),
	};

	return cmocka_run_group_tests_name("config_digest", tests, NULL, sample_done);
}
