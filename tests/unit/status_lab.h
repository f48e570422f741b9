/*
 * A host's world for the tests of status: "db1 is MASTER, db2 streams from it, w1 votes", seen from any of them, all
 * heard 40 ms ago; every test changes what it is about.
 */
#ifndef TESTS_UNIT_STATUS_LAB_H
#define TESTS_UNIT_STATUS_LAB_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vipd/status.h"

#define DB1 0
#define DB2 1
#define W1 2
#define DB3 3 /* only in the tests that add it */
#define NOW_US (1000 * VRRP_US_PER_S)
#define LEASE_US VRRP_US_PER_S
#define END UINT64_C(0x5A3F2C8)
#define TIMELINE 4

static const struct vrrp_ballot BALLOT = { 12, 0xabc, 1 };

struct host {
	struct vip_config config;
	struct vrrp_core core;
	struct status_input input;
	json_t *json;
};
static struct host host;

static void name_set(char *name, const char *text)
{
	snprintf(name, CONFIG_NAME_SIZE, "%s", text);
}

static void config_make(void)
{
	static const char *const names[] = { "db1", "db2", "w1", "db3" };
	struct config_instance *instance = &host.config.instance[0];

	host.config.instance_count = 1;
	name_set(instance->name, "orders");
	snprintf(instance->interface, sizeof(instance->interface), "eth0");
	instance->vrid = 51;
	instance->member_count = 3;
	for (size_t i = 0; i < VRRP_ARRAY_LENGTH(names); i++) {
		name_set(instance->member[i].name, names[i]);
		instance->member[i].id = (uint8_t)(i + 1);
		instance->member[i].priority = i == DB1 ? 150 : 100;
		instance->member[i].witness = i == W1;
		instance->member[i].address = (struct vrrp_addr){ 4, { 10, 0, 0, (uint8_t)(i + 1) } };
	}
	instance->address_count = 2;
	instance->address[0].addr = (struct vrrp_addr){ 4, { 10, 0, 0, 10 } };
	instance->address[0].prefix_len = 24;
	instance->address[1].addr = (struct vrrp_addr){ 6, { 0x20, 0x01, 0x0d, 0xb8, [15] = 0x10 } };
	instance->address[1].prefix_len = 64;
	snprintf(instance->address[1].interface, sizeof(instance->interface), "eth1");
}

static struct vrrp_history history(void)
{
	return (struct vrrp_history){ .count = 2, .entry = { { 1, 0, 0 }, { TIMELINE, 0x4000000, 0xfeed } } };
}

static void heard(int index, enum vrrp_role role, unsigned flags)
{
	struct vrrp_peer *peer = &host.core.peer[index];
	struct vrrp_report *report = &peer->report;

	memset(report, 0, sizeof(*report));
	report->sender = host.config.instance[0].member[index].id;
	report->priority = host.config.instance[0].member[index].priority;
	report->role = (uint8_t)role;
	report->flags = (uint16_t)flags;
	report->grant = (struct vrrp_report_grant){ .ballot = BALLOT, .remaining_ms = 900, .to = 1 };
	if (index != W1) {
		report->position = END;
		report->replayed = END;
		report->timeline = TIMELINE;
		report->history = history();
		report->epoch = BALLOT;
	}
	peer->heard_at = (struct vrrp_time){ NOW_US - 40 * VRRP_US_PER_MS };
	peer->speaks_until = vrrp_time_add(peer->heard_at, LEASE_US);
}

static void heard_standby(int index)
{
	heard(index, VRRP_ROLE_BACKUP,
		VRRP_FLAG_ELIGIBLE | VRRP_FLAG_PG_UP | VRRP_FLAG_IN_RECOVERY | VRRP_FLAG_STREAMING);
	host.core.peer[index].report.upstream = 1;
}

static void heard_master(void)
{
	heard(DB1, VRRP_ROLE_MASTER, VRRP_FLAG_ELIGIBLE | VRRP_FLAG_PG_UP | VRRP_FLAG_POSITION_KNOWN);
	host.core.peer[DB1].report.ballot = BALLOT;
}

static void core_make(uint8_t self, uint8_t member_count)
{
	struct vrrp_core_config config = { .member_count = member_count,
		.self = self,
		.vrid = 51,
		.advert_int_us = LEASE_US / 4,
		.lease_us = LEASE_US,
		.restart_grace_us = 10 * LEASE_US,
		.max_lag_bytes = 16 << 20 };

	for (unsigned i = 0; i < member_count; i++) {
		const struct config_member *member = &host.config.instance[0].member[i];

		config.member[i] =
			(struct vrrp_member_config){ member->id, member->priority, member->witness, false, false, 0 };
	}
	vrrp_core_init(&host.core, &config, 0xdef, 1);
	host.core.started = true;
	host.core.now = (struct vrrp_time){ NOW_US - 100 * VRRP_US_PER_MS };
	host.core.role = VRRP_ROLE_BACKUP;
	host.core.stored.history = history();
	host.core.stored.epoch = BALLOT;
	host.core.stored.system_identifier = 7;
	host.core.stored.master_seen.at =
		(struct vrrp_position){ .history = history(), .position = END, .epoch = BALLOT, .timeline = TIMELINE };
	host.core.pg_seen = true;
	host.core.pg = (struct vrrp_pg){ .up = true,
		.in_recovery = true,
		.streaming = true,
		.receiver = true,
		.upstream = DB1,
		.timeline = TIMELINE,
		.system_identifier = 7,
		.position = END,
		.replayed = END };
	host.core.grant =
		(struct vrrp_grant){ .ballot = BALLOT, .expires = { NOW_US + 900 * VRRP_US_PER_MS }, .to = 1 };
}

static void host_make(uint8_t self, uint8_t member_count)
{
	json_decref(host.json);
	memset(&host, 0, sizeof(host));
	config_make();
	host.config.instance[0].member_count = member_count;
	core_make(self, member_count);
	heard(W1, VRRP_ROLE_WITNESS, 0);
	if (self != DB1) {
		heard_master();
	}
	if (self != DB2) {
		heard_standby(DB2);
	}
	if (member_count > DB3) {
		heard_standby(DB3);
	}
	host.input = (struct status_input){
		.config = &host.config, .self = self, .core = &host.core, .now = { NOW_US }, .gate = STATUS_GATE_CLOSED
	};
}

static void master_make(uint8_t member_count)
{
	host_make(DB1, member_count);
	host.core.role = VRRP_ROLE_MASTER;
	host.core.ballot = BALLOT;
	host.core.stored.serving = BALLOT;
	host.core.lease_end = (struct vrrp_time){ NOW_US + 970 * VRRP_US_PER_MS };
	for (unsigned i = 0; i < 3; i++) {
		host.core.worth[i] = host.core.lease_end;
	}
	host.core.pg.in_recovery = host.core.pg.streaming = host.core.pg.receiver = false;
	host.core.stored.master_seen.at.position = 0; /* never heard another one */
	host.input.gate = STATUS_GATE_OPEN;
	host.input.bound[0] = host.input.bound[1] = true;
}

static const json_t *status_make(void)
{
	json_decref(host.json);
	host.json = status_instance_new(&host.input);
	assert_non_null(host.json);
	return host.json;
}

static const json_t *member(int index)
{
	return json_array_get(json_object_get(host.json, "members"), (size_t)index);
}

/* The value at key as compact JSON: "\"db1\"", "12", "null"; "" if the key is not there. */
static const char *value(const json_t *object, const char *key)
{
	static char text[4096];
	char *dumped = json_dumps(json_object_get(object, key), JSON_COMPACT | JSON_ENCODE_ANY);

	snprintf(text, sizeof(text), "%s", dumped != NULL ? dumped : "");
	free(dumped);
	return text;
}

#define assert_value(object, key, expected) assert_string_equal(value(object, key), expected)

static const char *note(int index)
{
	const char *text = json_string_value(json_object_get(member(index), "note"));

	return text == NULL ? "" : text;
}

#endif
