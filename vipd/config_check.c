#include "vipd/config_check.h"

#include <stdio.h>
#include <string.h>

#include "vipd/keys.h"

#define LEASE_ADVERTS 4     /* the default: lease = 4 x advert_int */
#define LEASE_ADVERTS_MIN 3 /* below it two lost reports end the lease */
#define WAL_SEGMENT_BYTES (UINT64_C(16) << 20)

static unsigned line_of(const struct config_reading *reading, size_t i, const char *key)
{
	return config_scan_line(reading->scan, reading->instance_section[i], key, 0);
}

/* True if the file gives that key in that section (whether its value was taken or not). */
static bool is_given(const struct config_reading *reading, unsigned section, enum config_section kind, const char *key)
{
	return config_scan_count(reading->scan, section, config_key_find(kind, key)) > 0;
}

static void lease_check(struct config_reading *reading, size_t i)
{
	struct config_instance *instance = &reading->config->instance[i];
	bool given = is_given(reading, reading->instance_section[i], CONFIG_SECTION_INSTANCE, "lease");
	char least[32];

	if (!given) {
		instance->lease_us = LEASE_ADVERTS * instance->advert_int_us;
		return;
	}
	if (instance->lease_us == 0) { /* its value was refused */
		return;
	}
	if (instance->lease_us < LEASE_ADVERTS_MIN * instance->advert_int_us) {
		config_duration_format(LEASE_ADVERTS_MIN * instance->advert_int_us, least, sizeof(least));
		config_report_error(reading->report, line_of(reading, i, "lease"),
			"lease is shorter than %d x advert_int: write \"%s\" or more, or leave it out for 4 x "
			"advert_int",
			LEASE_ADVERTS_MIN, least);
	}
	if (instance->lease_us % VRRP_US_PER_MS != 0) { /* it travels in milliseconds */
		config_report_error(reading->report, line_of(reading, i, "lease"), "lease must be whole milliseconds");
	}
}

static void timers_check(struct config_reading *reading, size_t i)
{
	struct config_instance *instance = &reading->config->instance[i];

	if (instance->advert_int_us % VRRP_US_PER_MS != 0) {
		config_report_error(
			reading->report, line_of(reading, i, "advert_int"), "advert_int must be whole milliseconds");
	}
	if (instance->restart_grace_us % VRRP_US_PER_MS != 0) {
		config_report_error(reading->report, line_of(reading, i, "restart_grace"),
			"restart_grace must be whole milliseconds");
	}
	lease_check(reading, i);
	if (instance->lease_us > 0 && instance->restart_grace_us < instance->lease_us) {
		config_report_warning(reading->report, line_of(reading, i, "restart_grace"),
			"restart_grace is shorter than the lease: a restart of the daemon will have less time than a "
			"lease");
	}
	for (size_t j = 0; j < instance->track_script_count; j++) {
		if (instance->track_script[j].timeout_us > instance->track_script[j].interval_us) {
			config_report_error(reading->report,
				config_scan_line(reading->scan, reading->script_section[i][j], "timeout", 0),
				"timeout is longer than interval: write a timeout of at most the interval");
		}
	}
}

static void durability_check(struct config_reading *reading, size_t i)
{
	struct config_instance *instance = &reading->config->instance[i];
	size_t n = config_data_member_count(instance);
	size_t voters = config_data_voter_count(instance);
	bool given = is_given(reading, reading->instance_section[i], CONFIG_SECTION_INSTANCE, "sync_standbys");

	if (!given) {
		instance->sync_standbys = (uint8_t)(voters <= 3 ? 1 : voters / 2);
	}
	if (instance->durability != CONFIG_DURABILITY_ASYNC && instance->election_lag_bytes != 0) {
		config_report_error(reading->report, line_of(reading, i, "election_lag"),
			"election_lag is for durability = async only: write \"0B\" or leave it out");
	}
	if (instance->durability == CONFIG_DURABILITY_QUORUM && instance->member_count > 0 &&
		instance->sync_standbys + 1u > voters) {
		config_report_error(reading->report, line_of(reading, i, given ? "sync_standbys" : "durability"),
			"durability = quorum with sync_standbys = %u needs at least %u data members, there are %zu "
			"(nofailover only with vote_data): add members, or write durability = async",
			instance->sync_standbys, instance->sync_standbys + 1u, voters);
	}
	if (instance->max_lag_bytes < WAL_SEGMENT_BYTES) {
		config_report_warning(reading->report, line_of(reading, i, "max_lag"),
			"max_lag is below a WAL segment (16MB): a standby may then not be allowed to take over only "
			"because it "
			"has just started to stream a segment");
	}
	if (instance->quorum == CONFIG_QUORUM_NONE) {
		if (instance->member_count != 2 || n != 2) {
			config_report_error(reading->report, line_of(reading, i, "quorum"),
				"quorum = none is for exactly two data members without a witness: write quorum = "
				"majority, or "
				"leave two data members");
		}
		if (instance->durability != CONFIG_DURABILITY_ASYNC) {
			config_report_error(reading->report, line_of(reading, i, "quorum"),
				"quorum = none goes only with durability = async: write one of the two differently");
		}
	}
}

static void addresses_check(struct config_reading *reading, size_t i)
{
	struct config_instance *instance = &reading->config->instance[i];

	for (size_t j = 0; j < instance->address_count; j++) {
		const struct config_address *address = &instance->address[j];
		unsigned line =
			config_scan_line(reading->scan, reading->instance_section[i], "virtual_ipaddress", (unsigned)j);
		char text[CONFIG_HOST_TEXT_SIZE];

		config_host_format(&address->addr, text);
		for (size_t other = 0; other < i; other++) {
			const struct config_instance *before = &reading->config->instance[other];

			for (size_t k = 0; k < before->address_count; k++) {
				if (config_addr_equal(&before->address[k].addr, &address->addr)) {
					config_report_error(reading->report, line,
						"%s is already the floating address of instance %s: give each its own",
						text, before->name);
				}
			}
		}
		for (size_t k = 0; k < instance->member_count; k++) {
			if (config_addr_equal(&instance->member[k].address, &address->addr)) {
				config_report_error(reading->report, line,
					"%s is the address of member %s: a floating address must be another one", text,
					instance->member[k].name);
			}
		}
	}
}

static void authentication_check(struct config_reading *reading, size_t i)
{
	const struct config_instance *instance = &reading->config->instance[i];
	struct vip_keys *keys;
	struct vip_err err;

	if (reading->authentication_section[i] == 0) {
		config_report_error(reading->report, instance->line,
			"instance %s has no authentication: write authentication { key_file = \"/etc/vipd/%s.key\" } "
			"(openssl rand -hex 32 makes a key)",
			instance->name, instance->name);
		return;
	}
	if (reading->without_key_files || instance->key_file[0] == '\0') {
		return;
	}
	if (keys_load(instance->key_file, instance->cluster_id, &keys, &err) < 0) {
		config_report_error(reading->report,
			config_scan_line(reading->scan, reading->authentication_section[i], "key_file", 0),
			"key_file: %s", err.text);
		return;
	}
	keys_free(keys);
}

static void instances_check(struct config_reading *reading, size_t i)
{
	const struct config_instance *instance = &reading->config->instance[i];

	for (size_t j = 0; j < i; j++) {
		const struct config_instance *before = &reading->config->instance[j];

		if (instance->vrid != 0 && instance->vrid == before->vrid) {
			config_report_error(reading->report, line_of(reading, i, "virtual_router_id"),
				"virtual_router_id = %u is already that of instance %s (line %u): give each its own",
				instance->vrid, before->name, line_of(reading, j, "virtual_router_id"));
		}
	}
}

static void node_check(struct config_reading *reading)
{
	const struct vip_config *config = reading->config;

	for (size_t i = 0; i < config->instance_count && config->node[0] != '\0'; i++) {
		if (config_member_find(&config->instance[i], config->node) < 0) {
			config_report_error(reading->report, config_scan_line(reading->scan, 0, "node", 0),
				"node (or --node) is %s, but instance %s has no such member: write a member's name",
				config->node, config->instance[i].name);
		}
	}
}

void config_check(struct config_reading *reading)
{
	for (size_t i = 0; i < reading->config->instance_count; i++) {
		config_check_members(reading, i);
		timers_check(reading, i);
		durability_check(reading, i);
		addresses_check(reading, i);
		authentication_check(reading, i);
		instances_check(reading, i);
	}
	node_check(reading);
}
