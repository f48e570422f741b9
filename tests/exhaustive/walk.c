/* From START by itself: all short sequences of events, and long ones drawn by a fixed seed. */
#include "tests/exhaustive/ex.h"

#include <stdio.h>
#include <string.h>

#define WALK_STARTS 4
#define WALK_PATIENCE_US (2 * EX_ADVERT_US)

static void start(struct vrrp_core *core, unsigned kind, struct vrrp_update *update)
{
	struct vrrp_core_config config;
	struct vrrp_event event = {
		.kind = VRRP_EVENT_START, .now = { INT64_C(100) * VRRP_US_PER_S }, .readable = kind != 2
	};

	ex_config(&config, kind == 3, kind == 1);
	vrrp_core_init(core, &config, 42, kind);
	event.stored.system_identifier = 77;
	event.stored.history = ex_history();
	event.stored.last_lease_us = kind == 0 ? 0 : EX_LEASE_US;
	vrrp_core_step(core, &event, update);
}

static bool one(struct vrrp_core *core, unsigned index, struct vrrp_update *update, const char **ret_wrong,
	const char **ret_name)
{
	struct vrrp_event event;
	struct vrrp_report report;
	struct ex_before before;

	if (!ex_stimulus(core, index, &event, &report, ret_name)) {
		return false;
	}
	before = ex_before(core, event.now);
	vrrp_core_step(core, &event, update);
	*ret_wrong = ex_check_step(&before, core, &event, update);
	return true;
}

static unsigned long walk(const struct vrrp_core *from, unsigned depth, const char **ret_wrong)
{
	struct vrrp_core core;
	struct vrrp_update update;
	unsigned long steps = 0;
	size_t length = strlen(ex_now);
	const char *name = "";

	for (unsigned index = 0; index < EX_STIMULI_MAX && *ret_wrong == NULL; index++) {
		core = *from;
		(void)snprintf(ex_now + length, sizeof(ex_now) - length, ", %u", index);
		if (!one(&core, index, &update, ret_wrong, &name)) {
			break;
		}
		(void)snprintf(ex_now + length, sizeof(ex_now) - length, ", %u %s", index, name);
		steps++;
		if (depth > 1 && *ret_wrong == NULL) {
			steps += walk(&core, depth - 1, ret_wrong);
		}
	}
	if (*ret_wrong == NULL) {
		ex_now[length] = '\0';
	}
	return steps;
}

unsigned long ex_walk_short(unsigned depth, const char **ret_wrong)
{
	struct vrrp_core core;
	struct vrrp_update update;
	unsigned long steps = 0;

	*ret_wrong = NULL;
	for (unsigned kind = 0; kind < WALK_STARTS && *ret_wrong == NULL; kind++) {
		start(&core, kind, &update);
		(void)snprintf(ex_now, sizeof(ex_now), "start %u", kind);
		steps += walk(&core, kind < 2 ? depth : depth - 1, ret_wrong);
	}
	return steps;
}

/* What the world answers to the last update, more often than not; else anything. */
static unsigned draw_index(struct vrrp_prng *prng, const struct vrrp_core *core)
{
	if (vrrp_prng_chance(prng, 1, 2)) {
		return (unsigned)vrrp_prng_below(prng, EX_STIMULI_MAX);
	}
	if (core->op == VRRP_PG_OP_PROMOTE) {
		return 14;
	}
	if (core->op != VRRP_PG_OP_NONE) {
		return 13;
	}
	if (core->stored_ticket < core->store_ticket) {
		return 11;
	}
	return core->role == VRRP_ROLE_CANDIDATE ? 26 + 18 : (unsigned)vrrp_prng_below(prng, 8);
}

unsigned long ex_walk_long(unsigned walks, unsigned length, const char **ret_wrong)
{
	struct vrrp_core core;
	struct vrrp_update update;
	struct vrrp_prng prng;
	unsigned long steps = 0;
	const char *name = "";

	*ret_wrong = NULL;
	for (unsigned number = 0; number < walks && *ret_wrong == NULL; number++) {
		vrrp_prng_init(&prng, number);
		start(&core, number % WALK_STARTS, &update);
		for (unsigned step = 0; step < length && *ret_wrong == NULL; step++) {
			unsigned index = draw_index(&prng, &core);

			(void)snprintf(ex_now, sizeof(ex_now), "walk %u, step %u: %u", number, step, index);
			steps += one(&core, index, &update, ret_wrong, &name);
			if (update.count > 0 && update.action[update.count - 1].kind == VRRP_ACT_EXIT) {
				break;
			}
		}
	}
	return steps;
}
