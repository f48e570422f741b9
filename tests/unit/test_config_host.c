/* What the configuration names and this host has not, is said with its line, and only where it is this host's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/unit/config_sample.h"
#include "vipd/config_host.h"

static size_t check_as(const char *node)
{
	(void)snprintf(sample_config->node, sizeof(sample_config->node), "%s", node);
	return config_host_check(sample_config, &sample_report);
}

static void a_folder_without_postgresql_is_said_on_its_line(void **state)
{
	unsigned line;

	(void)state;
	assert_int_equal(sample_load(CONFIG_SECTION_POSTGRESQL, "bin_dir", "bin_dir = \"/nonexistent\"", &line), 0);
	assert_int_equal(check_as("db1"), 1);
	sample_assert_error(line, "there is no program /nonexistent/postgres: write the directory");
}

static void every_program_is_looked_for(void **state)
{
	static const char *const programs[] = { "postgres", "pg_controldata", "pg_rewind", "pg_basebackup" };
	char folder[] = "/tmp/vipd-test-host-XXXXXX";
	char statement[128];
	char path[128];
	unsigned line;

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(statement, sizeof(statement), "bin_dir = \"%s\"", folder);
	for (size_t i = 0; i <= VRRP_ARRAY_LENGTH(programs); i++) {
		assert_int_equal(sample_load(CONFIG_SECTION_POSTGRESQL, "bin_dir", statement, &line), 0);
		assert_int_equal(check_as("db1"), i < VRRP_ARRAY_LENGTH(programs));
		if (i < VRRP_ARRAY_LENGTH(programs)) {
			snprintf(path, sizeof(path), "%s/%s", folder, programs[i]);
			sample_assert_error(line, path);
			assert_int_equal(symlink("/bin/true", path), 0);
		}
	}
	for (size_t i = 0; i < VRRP_ARRAY_LENGTH(programs); i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, programs[i]);
		assert_int_equal(unlink(path), 0);
	}
	assert_int_equal(rmdir(folder), 0);
}

static void a_default_that_is_not_there_is_a_warning(void **state)
{
	unsigned line;

	(void)state;
	assert_int_equal(
		sample_load(CONFIG_SECTION_POSTGRESQL, "data_directory", "data_directory = \"/nonexistent\"", &line),
		0);
	assert_int_equal(check_as("db1"), 0);
	assert_int_equal(sample_message(3, "write bin_dir") == NULL,
		access("/usr/lib/postgresql/15/bin/postgres", X_OK) == 0 &&
			access("/usr/lib/postgresql/15/bin/pg_rewind", X_OK) == 0);
}

static void a_user_that_is_not_there_is_said_on_its_line(void **state)
{
	unsigned line;

	(void)state;
	assert_int_equal(sample_load(CONFIG_SECTION_POSTGRESQL, "os_user", "os_user = \"no-such-user\"", &line), 0);
	assert_int_equal(check_as("db2"), 1);
	sample_assert_error(line, "no-such-user");
	assert_int_equal(sample_load(CONFIG_SECTION_POSTGRESQL, "os_user", "os_user = \"root\"", &line), 0);
	assert_int_equal(check_as("db2"), 0);
}

static void a_witness_and_a_stranger_need_nothing(void **state)
{
	unsigned line;

	(void)state;
	assert_int_equal(sample_load(CONFIG_SECTION_POSTGRESQL, "bin_dir", "bin_dir = \"/nonexistent\"", &line), 0);
	assert_int_equal(check_as("w1"), 0);
	/* Nobody's (RFC 5737), and everybody's. */
	assert_int_equal(inet_pton(AF_INET, "203.0.113.1", sample_config->instance[0].member[0].address.bytes), 1);
	assert_int_equal(inet_pton(AF_INET, "203.0.113.2", sample_config->instance[0].member[1].address.bytes), 1);
	assert_int_equal(check_as(""), 0);
	assert_int_equal(inet_pton(AF_INET, "127.0.0.1", sample_config->instance[0].member[1].address.bytes), 1);
	assert_int_equal(check_as(""), 1);
}

static int forget(void **state)
{
	(void)state;
	config_free(sample_config);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_folder_without_postgresql_is_said_on_its_line),
		cmocka_unit_test(every_program_is_looked_for),
		cmocka_unit_test(a_default_that_is_not_there_is_a_warning),
		cmocka_unit_test(a_user_that_is_not_there_is_said_on_its_line),
		cmocka_unit_test(a_witness_and_a_stranger_need_nothing),
	};

	return cmocka_run_group_tests_name("config_host", tests, NULL, forget);
}
