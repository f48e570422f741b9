#include "vipd/config_check.h"

#include <string.h>

static unsigned line_of(const struct config_reading *reading, size_t i, size_t j, const char *key)
{
	return config_scan_line(reading->scan, reading->member_section[i][j], key, 0);
}

/* Ids: the position in the file unless given; each once. */
static void ids_check(struct config_reading *reading, size_t i)
{
	struct config_instance *instance = &reading->config->instance[i];
	const struct config_key *key = config_key_find(CONFIG_SECTION_MEMBER, "id");

	for (size_t j = 0; j < instance->member_count; j++) {
		if (config_scan_count(reading->scan, reading->member_section[i][j], key) == 0) {
			instance->member[j].id = (uint8_t)(j + 1);
		}
	}
	for (size_t j = 0; j < instance->member_count; j++) {
		for (size_t k = 0; k < j; k++) {
			if (instance->member[j].id != 0 && instance->member[j].id == instance->member[k].id) {
				config_report_error(reading->report, line_of(reading, i, j, "id"),
					"member %s has the id %u of member %s: give each its own (without id it is the "
					"position in "
					"the file)",
					instance->member[j].name, instance->member[j].id, instance->member[k].name);
			}
		}
	}
}

/* Two names that become one slot name: vipd_<name> with _ for -. */
static bool slot_equal(const char *a, const char *b)
{
	for (; *a != '\0' || *b != '\0'; a++, b++) {
		if ((*a == '-' ? '_' : *a) != (*b == '-' ? '_' : *b)) {
			return false;
		}
	}
	return true;
}

static void doubles_check(struct config_reading *reading, size_t i)
{
	const struct config_instance *instance = &reading->config->instance[i];

	for (size_t j = 0; j < instance->member_count; j++) {
		for (size_t k = 0; k < j; k++) {
			const struct config_member *member = &instance->member[j];
			const struct config_member *other = &instance->member[k];

			if (member->address.family != 0 && config_addr_equal(&member->address, &other->address)) {
				config_report_error(reading->report, line_of(reading, i, j, "address"),
					"member %s has the address of member %s: give each its own", member->name,
					other->name);
			}
			if (slot_equal(member->name, other->name)) {
				config_report_error(reading->report, member->line,
					"members %s and %s would share a replication slot (- becomes _): rename one",
					member->name, other->name);
			}
		}
	}
}

/* Follows replicate_from to its end; at most as many steps as there are members. */
static void upstream_check(struct config_reading *reading, size_t i, size_t j)
{
	const struct config_instance *instance = &reading->config->instance[i];
	const struct config_member *member = &instance->member[j];
	unsigned line = line_of(reading, i, j, "replicate_from");
	int at = (int)j;

	for (size_t steps = 0; instance->member[at].replicate_from[0] != '\0'; steps++) {
		at = config_member_find(instance, instance->member[at].replicate_from);
		if (at < 0 || instance->member[at].witness) {
			config_report_error(reading->report, line,
				"replicate_from = \"%s\" of member %s leads to no data member: name one",
				member->replicate_from, member->name);
			return;
		}
		if (steps == instance->member_count) {
			config_report_error(reading->report, line,
				"replicate_from of member %s leads back to itself: one of the circle must leave it out",
				member->name);
			return;
		}
	}
}

static void witness_check(struct config_reading *reading, size_t i, size_t j)
{
	static const char *const none[] = { "data_directory", "config_file", "conninfo", "upstream", "port", "priority",
		"nofailover", "vote_data", "replicate_from" };
	const struct config_member *member = &reading->config->instance[i].member[j];

	for (size_t k = 0; k < VRRP_ARRAY_LENGTH(none); k++) {
		const struct config_key *key = config_key_find(CONFIG_SECTION_MEMBER, none[k]);

		if (config_scan_count(reading->scan, reading->member_section[i][j], key) > 0) {
			config_report_error(reading->report, line_of(reading, i, j, none[k]),
				"%s says nothing for a witness (member %s has no PostgreSQL): leave it out", none[k],
				member->name);
		}
	}
}

/* True if the member or the section for all members names the key, whether its value was taken or not. */
static bool is_given(
	const struct config_reading *reading, size_t i, size_t j, enum config_section section, const char *key)
{
	unsigned common =
		section == CONFIG_SECTION_INSTANCE ? reading->instance_section[i] : reading->postgresql_section[i];

	return config_scan_count(
		       reading->scan, reading->member_section[i][j], config_key_find(CONFIG_SECTION_MEMBER, key)) > 0 ||
	       config_scan_count(reading->scan, common, config_key_find(section, key)) > 0;
}

/* What a data member needs, from its own section or the instance's. */
static void data_member_check(struct config_reading *reading, size_t i, size_t j)
{
	const struct config_instance *instance = &reading->config->instance[i];
	const struct config_member *member = &instance->member[j];

	if (!is_given(reading, i, j, CONFIG_SECTION_INSTANCE, "interface")) {
		config_report_error(reading->report, member->line,
			"member %s has no interface: write interface = \"eth0\" in the instance or in the member",
			member->name);
	}
	if (!is_given(reading, i, j, CONFIG_SECTION_POSTGRESQL, "data_directory")) {
		config_report_error(reading->report, member->line,
			"member %s has no data_directory: write it in postgresql { } or in the member", member->name);
	}
	if (!is_given(reading, i, j, CONFIG_SECTION_POSTGRESQL, "conninfo")) {
		config_report_error(reading->report, member->line,
			"member %s has no conninfo: write it in postgresql { } or in the member, as in "
			"\"host=/var/run/postgresql user=vipd dbname=postgres\"",
			member->name);
	}
	if (!is_given(reading, i, j, CONFIG_SECTION_POSTGRESQL, "upstream") && config_data_member_count(instance) > 1) {
		config_report_error(reading->report, member->line,
			"member %s has no upstream: write it in postgresql { } or in the member, as in "
			"\"user=replicator "
			"passfile=/etc/vipd/pgpass\"",
			member->name);
	}
	if (member->vote_data && !member->nofailover) {
		config_report_error(reading->report, line_of(reading, i, j, "vote_data"),
			"vote_data is for nofailover members (others vote with their data anyway): leave it out");
	}
	if (member->replicate_from[0] != '\0') {
		upstream_check(reading, i, j);
	}
}

static void postgresql_check(struct config_reading *reading, size_t i)
{
	struct config_instance *instance = &reading->config->instance[i];
	unsigned section = reading->postgresql_section[i];

	if (!instance->has_postgresql) {
		config_report_error(reading->report, instance->line,
			"instance %s has no postgresql section: write postgresql { data_directory = ... conninfo = ... "
			"}",
			instance->name);
		return;
	}
	instance->postgresql.bin_dir_line = config_scan_line(reading->scan, section, "bin_dir", 0);
	instance->postgresql.os_user_line = config_scan_line(reading->scan, section, "os_user", 0);
}

static void counts_check(struct config_reading *reading, size_t i)
{
	const struct config_instance *instance = &reading->config->instance[i];
	size_t data = 0;
	size_t electable = 0;

	for (size_t j = 0; j < instance->member_count; j++) {
		data += !instance->member[j].witness;
		electable += !instance->member[j].witness && !instance->member[j].nofailover;
	}
	if (data == 0 || electable == 0) {
		config_report_error(reading->report, instance->line,
			"instance %s has no member that can become primary: write member \"name\" { address = \"...\" "
			"} without "
			"witness and nofailover",
			instance->name);
	}
	if (instance->member_count == 2 && instance->quorum == CONFIG_QUORUM_MAJORITY) {
		config_report_warning(reading->report, instance->line,
			"two members have a majority only together: add a witness (member with witness = true), or "
			"else a host's "
			"loss stops the other; quorum = none is for two hosts that cannot have one");
	}
}

void config_check_members(struct config_reading *reading, size_t i)
{
	const struct config_instance *instance = &reading->config->instance[i];

	ids_check(reading, i);
	doubles_check(reading, i);
	postgresql_check(reading, i);
	counts_check(reading, i);
	for (size_t j = 0; j < instance->member_count; j++) {
		if (instance->member[j].witness) {
			witness_check(reading, i, j);
		} else if (instance->has_postgresql) {
			data_member_check(reading, i, j);
		}
	}
}
