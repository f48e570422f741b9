/*
 * A small good configuration for the tests of vipd/config, of which single lines can be replaced or added.
 *
 * sample_load() loads the sample with one change and keeps the report; sample_line is where the change stands.
 * Included by the tests of the configuration only, after cmocka.h.
 */
#ifndef TESTS_UNIT_CONFIG_SAMPLE_H
#define TESTS_UNIT_CONFIG_SAMPLE_H

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "vipd/config.h"
#include "vipd/config_keys.h"

static const struct sample_line {
	enum config_section section;
	const char *key; /* NULL: not a key's line; "}": the end of the section */
	const char *text;
} sample_lines[] = {
	{ CONFIG_SECTION_GLOBAL, "report_port", "report_port = 3112" },
	{ CONFIG_SECTION_GLOBAL, "}", "" },
	{ CONFIG_SECTION_INSTANCE, NULL, "vrrp_instance \"orders\" {" },
	{ CONFIG_SECTION_INSTANCE, "cluster_id", "cluster_id = \"some random words\"" },
	{ CONFIG_SECTION_INSTANCE, "virtual_router_id", "virtual_router_id = 51" },
	{ CONFIG_SECTION_INSTANCE, "interface", "interface = \"eth0\"" },
	{ CONFIG_SECTION_INSTANCE, "virtual_ipaddress", "virtual_ipaddress = { \"10.0.0.10/24\" }" },
	{ CONFIG_SECTION_AUTHENTICATION, NULL, "authentication {" },
	{ CONFIG_SECTION_AUTHENTICATION, "key_file", "key_file = \"/etc/vipd/orders.key\"" },
	{ CONFIG_SECTION_AUTHENTICATION, "}", "}" },
	{ CONFIG_SECTION_MEMBER, NULL, "member \"db1\" {" },
	{ CONFIG_SECTION_MEMBER, "address", "address = \"10.0.0.1\"" },
	{ CONFIG_SECTION_MEMBER, "}", "}" },
	{ CONFIG_SECTION_COUNT, NULL, "member \"db2\" { address = \"10.0.0.2\" }" },
	{ CONFIG_SECTION_COUNT, NULL, "member \"w1\" { address = \"10.9.0.3\" witness = true }" },
	{ CONFIG_SECTION_SCRIPT, NULL, "track_script \"disk\" {" },
	{ CONFIG_SECTION_SCRIPT, "command", "command = \"/usr/local/bin/check_disk\"" },
	{ CONFIG_SECTION_SCRIPT, "}", "}" },
	{ CONFIG_SECTION_POSTGRESQL, NULL, "postgresql {" },
	{ CONFIG_SECTION_POSTGRESQL, "data_directory", "data_directory = \"/var/lib/postgresql/15/main\"" },
	{ CONFIG_SECTION_POSTGRESQL, "conninfo", "conninfo = \"host=/var/run/postgresql user=vipd\"" },
	{ CONFIG_SECTION_POSTGRESQL, "upstream", "upstream = \"user=replicator\"" },
	{ CONFIG_SECTION_POSTGRESQL, "}", "}" },
	{ CONFIG_SECTION_INSTANCE, "}", "}" },
};

static struct config_report sample_report;
static struct vip_config *sample_config; /* NULL if it was refused */
static const struct config_options sample_options = { .without_key_files = true };

static inline int sample_text_load(const char *text)
{
	int code;

	config_free(sample_config);
	sample_config = NULL;
	code = config_load_text("test.conf", text, strlen(text), &sample_options, &sample_report, &sample_config);
	assert_int_equal(code == 0, sample_config != NULL);
	assert_int_equal(code == 0, sample_report.errors == 0);
	return code;
}

/*
 * The sample with `statement` in that section in place of its line for key, or as a line of its own at the section's
 * end. statement NULL: the line of key is left out. Returns the number of the line in question.
 */
static inline unsigned sample_build(
	enum config_section section, const char *key, const char *statement, char *ret_text, size_t size)
{
	unsigned line = 0;
	unsigned found = 0;
	size_t used = 0;

	ret_text[0] = '\0';
	for (size_t i = 0; i < VRRP_ARRAY_LENGTH(sample_lines); i++) {
		const struct sample_line *l = &sample_lines[i];
		bool here = l->section == section && l->key != NULL;
		const char *text = l->text;

		if (here && found == 0 && strcmp(l->key, key) == 0) {
			text = statement != NULL ? statement : "";
			found = line + 1;
		} else if (here && found == 0 && strcmp(l->key, "}") == 0) {
			used += (size_t)snprintf(ret_text + used, size - used, "%s\n", statement);
			found = ++line;
		}
		used += (size_t)snprintf(ret_text + used, size - used, "%s\n", text);
		line++;
	}
	assert_true(used < size && found > 0);
	return found;
}

/* Loads the sample with that change. */
static inline int sample_load(enum config_section section, const char *key, const char *statement, unsigned *ret_line)
{
	char text[8192];

	*ret_line = sample_build(section, key, statement, text, sizeof(text));
	return sample_text_load(text);
}

/* The first message of that line whose text holds `words`, or NULL. */
static inline const struct config_message *sample_message(unsigned line, const char *words)
{
	for (size_t i = 0; i < sample_report.count; i++) {
		const struct config_message *message = &sample_report.message[i];

		if (message->line == line && strstr(message->text, words) != NULL) {
			return message;
		}
	}
	return NULL;
}

/* Fails, with the report, unless there is an error on that line that holds `words`. */
static inline void sample_assert_error(unsigned line, const char *words)
{
	const struct config_message *message = sample_message(line, words);

	if (message == NULL || message->warning) {
		for (size_t i = 0; i < sample_report.count; i++) {
			print_message("# %s\n", sample_report.message[i].text);
		}
		fail_msg("no error on line %u that says \"%s\"", line, words);
	}
}

#endif
