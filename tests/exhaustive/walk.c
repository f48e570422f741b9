/* From START by itself: all short sequences of events, and long ones drawn by a fixed seed. */
#include "tests/exhaustive/ex.h"

#include <stdio.h>
#include <string.h>

#define WALK_STARTS 5
#define WALK_PATIENCE_US (2 * EX_ADVERT_US)

/* A core and what watches it. */
struct member {
	struct vrrp_core core;
	struct core_monitor monitor;
};

static const char *start(struct member *member, unsigned kind, struct vrrp_update *update)
{
	struct vrrp_core_config config;
	struct vrrp_event event = {
		.kind = VRRP_EVENT_START, .now = { INT64_C(100) * VRRP_US_PER_S }, .readable = kind != 2
	};

	ex_config(&config, kind == 3, kind == 1);
	if (kind == 4) {
		ex_config_durable(&config);
	}
	vrrp_core_init(&member->core, &config, 42, kind);
	core_monitor_init(&member->monitor);
	event.stored.system_identifier = 77;
	event.stored.history = ex_history();
	event.stored.last_lease_us = kind == 0 ? 0 : EX_LEASE_US;
	if (kind == 4) { /* the process before left its lease */
		event.token = (struct vrrp_token){ .ballot = { 400, 41, 1 },
			.lease_end = vrrp_time_add(event.now, 2 * EX_LEASE_US),
			.digest = { 1 },
			.this_boot = true };
		event.stored.epoch = event.stored.serving = event.token.ballot;
		event.stored.ballot_counter = 400;
	}
	return ex_check_step(&member->monitor, &member->core, &event, update);
}

static bool one(struct member *member, unsigned index, struct vrrp_update *update, const char **ret_wrong,
	const char **ret_name)
{
	struct vrrp_event event;
	struct vrrp_report report;

	if (!ex_stimulus(&member->core, index, &event, &report, ret_name)) {
		return false;
	}
	*ret_wrong = ex_check_step(&member->monitor, &member->core, &event, update);
	return true;
}

static unsigned long walk(const struct member *from, unsigned depth, const char **ret_wrong)
{
	struct member member;
	struct vrrp_update update;
	unsigned long steps = 0;
	size_t length = strlen(ex_now);
	const char *name = "";

	for (unsigned index = 0; index < EX_STIMULI_MAX && *ret_wrong == NULL; index++) {
		member = *from;
		(void)snprintf(ex_now + length, sizeof(ex_now) - length, ", %u", index);
		if (!one(&member, index, &update, ret_wrong, &name)) {
			break;
		}
		(void)snprintf(ex_now + length, sizeof(ex_now) - length, ", %u %s", index, name);
		steps++;
		if (depth > 1 && *ret_wrong == NULL && !member.core.exited) {
			steps += walk(&member, depth - 1, ret_wrong);
		}
	}
	if (*ret_wrong == NULL) {
		ex_now[length] = '\0';
	}
	return steps;
}

unsigned long ex_walk_short(unsigned depth, const char **ret_wrong)
{
	struct member member;
	struct vrrp_update update;
	unsigned long steps = 0;

	*ret_wrong = NULL;
	for (unsigned kind = 0; kind < WALK_STARTS && *ret_wrong == NULL; kind++) {
		(void)snprintf(ex_now, sizeof(ex_now), "start %u", kind);
		*ret_wrong = start(&member, kind, &update);
		steps += walk(&member, kind == 0 ? depth : depth - 1, ret_wrong);
	}
	return steps;
}

#define PATH_MAX 16
#define BACKUP_PATH "probe standby", "stored", "R BACKUP"
#define CANDIDATE_PATH BACKUP_PATH, "timer after advert_int"
#define PROMOTING_PATH CANDIDATE_PATH, "R BACKUP grant"
#define MASTER_PATH PROMOTING_PATH, "stored", "pg done as primary", "stored"

#define SWITCHING_PATH MASTER_PATH, "R BACKUP streams", "switchover", "checkpoint done"

/* Names of stimuli; "R BACKUP" is that report of member 2. */
static const char *const paths[EX_PATHS][PATH_MAX] = {
	{ "stored" },
	{ BACKUP_PATH },
	{ CANDIDATE_PATH },
	{ PROMOTING_PATH },
	{ PROMOTING_PATH, "stored" },
	{ MASTER_PATH },
	{ MASTER_PATH, "kernel failed" },
	{ MASTER_PATH, "timer after the lease" },
	{ PROMOTING_PATH, "stored", "timer after the lease" },
	{ MASTER_PATH, "pg dead" },
	{ MASTER_PATH, "restart" },
	{ MASTER_PATH, "restart", "R BACKUP grant", "stored" },
	{ SWITCHING_PATH },
	{ SWITCHING_PATH, "pg done" },
	{ SWITCHING_PATH, "pg done as primary" },
};

static unsigned path_index(const char *name)
{
	if (strcmp(name, "R BACKUP streams") == 0) {
		return ex_stimulus_streams();
	}
	if (strcmp(name, "R BACKUP") == 0) {
		return ex_stimulus_report(VRRP_ROLE_BACKUP, false);
	}
	return strcmp(name, "R BACKUP grant") == 0 ? ex_stimulus_report(VRRP_ROLE_BACKUP, true)
						   : ex_stimulus_local(name);
}

unsigned long ex_walk_from(unsigned path, unsigned depth, enum vrrp_role *ret_role, const char **ret_wrong)
{
	struct member member;
	struct vrrp_update update;
	const char *name = "";

	(void)snprintf(ex_now, sizeof(ex_now), "path %u", path);
	*ret_wrong = start(&member, 0, &update);
	for (unsigned i = 0; i < PATH_MAX && paths[path][i] != NULL && *ret_wrong == NULL; i++) {
		(void)one(&member, path_index(paths[path][i]), &update, ret_wrong, &name);
	}
	*ret_role = member.core.role;
	return *ret_wrong != NULL ? 0 : walk(&member, depth, ret_wrong);
}

/* What the world answers to the last update, more often than not; else anything. */
static unsigned draw_index(struct vrrp_prng *prng, const struct vrrp_core *core)
{
	if (vrrp_prng_chance(prng, 1, 2)) {
		return (unsigned)vrrp_prng_below(prng, EX_STIMULI_MAX);
	}
	if (core->op == VRRP_PG_OP_PROMOTE) {
		return ex_stimulus_local("pg done as primary");
	}
	if (core->op != VRRP_PG_OP_NONE) {
		return ex_stimulus_local("pg done");
	}
	if (core->token_ticket != 0) {
		return ex_stimulus_local("token");
	}
	if (core->stored_ticket < core->store_ticket) {
		return ex_stimulus_local("stored");
	}
	return core->role == VRRP_ROLE_CANDIDATE ? ex_stimulus_report(VRRP_ROLE_BACKUP, true)
						 : (unsigned)vrrp_prng_below(prng, 8);
}

unsigned long ex_walk_long(unsigned walks, unsigned length, const char **ret_wrong)
{
	struct member member;
	struct vrrp_update update;
	struct vrrp_prng prng;
	unsigned long steps = 0;
	const char *name = "";

	*ret_wrong = NULL;
	for (unsigned number = 0; number < walks && *ret_wrong == NULL; number++) {
		vrrp_prng_init(&prng, number);
		*ret_wrong = start(&member, number % WALK_STARTS, &update);
		for (unsigned step = 0; step < length && *ret_wrong == NULL; step++) {
			unsigned index = draw_index(&prng, &member.core);

			(void)snprintf(ex_now, sizeof(ex_now), "walk %u, step %u: %u", number, step, index);
			steps += one(&member, index, &update, ret_wrong, &name);
			if (member.core.exited ||
				(update.count > 0 && update.action[update.count - 1].kind == VRRP_ACT_EXIT)) {
				break;
			}
		}
	}
	return steps;
}
