/*
 * A daemon's life as the kernel sees it: it is started with what is on the disk, reads one event at a time (the clock
 * after the packet), steps the core, carries out the actions in order, and sleeps until the core's deadline. Between
 * any two of these points it may freeze; thawed, it goes on with exactly what it had computed before.
 */
#include "tests/sim/sim.h"

#include <assert.h>
#include <string.h>

#define MEMBER_GARP_REPEAT 3
#define MEMBER_GARP_REFRESH_US (60 * VRRP_US_PER_S)
#define MEMBER_SYSTEM_PORT 5432
#define MEMBER_KEY_HASH 7 /* all keys but the member list are the same everywhere */
#define MEMBER_BOOT_LOCAL_MAX_US (30 * VRRP_US_PER_S)

static void fill_config(const struct sim_world *world, const struct sim_member *member, struct vrrp_core_config *config)
{
	const struct sim_knobs *knobs = &world->knobs;

	*config = (struct vrrp_core_config){ .member_count = member->listed,
		.self = member->index,
		.vrid = 51,
		.digest = { member->listed },
		.quorum = knobs->quorum_none != 0 ? VRRP_QUORUM_NONE : VRRP_QUORUM_MAJORITY,
		.durability = (enum vrrp_durability)knobs->durability,
		.sync_standbys = (uint8_t)knobs->sync_standbys,
		.fence = knobs->fence != 0,
		.scripts = knobs->fault_weight[SIM_FAULT_TRACK] > 0,
		.manage_full = knobs->manage_full != 0,
		.port = MEMBER_SYSTEM_PORT,
		.max_drift_ppm = (uint32_t)knobs->max_drift_ppm,
		.advert_int_us = knobs->advert_int_us,
		.lease_us = sim_knobs_lease_us(knobs),
		.restart_grace_us = knobs->restart_grace_us,
		.boot_wait_us = knobs->boot_wait_us,
		.promote_timeout_us = knobs->promote_timeout_us,
		.switchover_timeout_us = knobs->switchover_timeout_us,
		.fault_hold_us = knobs->fault_hold_us,
		.garp_repeat_delay_us = VRRP_US_PER_S,
		.garp_refresh_us = MEMBER_GARP_REFRESH_US,
		.garp_repeat = MEMBER_GARP_REPEAT,
		.election_lag_bytes = (uint64_t)knobs->election_lag_bytes,
		.max_lag_bytes = (uint64_t)knobs->max_lag_bytes };
	memset(config->key_hash, MEMBER_KEY_HASH, sizeof(config->key_hash));
	for (unsigned i = 0; i < member->listed; i++) {
		config->member[i] = (struct vrrp_member_config){ .id = (uint8_t)(i + 1),
			.priority = world->member[i].priority,
			.witness = world->member[i].witness,
			.hash = i + 1 };
	}
}

void sim_member_start(struct sim_world *world, struct sim_member *member)
{
	struct vrrp_core_config config;
	uint64_t incarnation;
	uint64_t seed;

	if (member->running || !member->host_up || member->listed == 0) {
		return;
	}
	fill_config(world, member, &config);
	member->running = true;
	member->frozen = false;
	member->clean_stop = false;
	member->life++;
	member->cached_clock = VRRP_TIME_NONE;
	member->froze = false;
	member->freeze_in = 0;
	member->freeze_kind = 0;
	member->stutter_in = world->knobs.stutter_points;
	member->event_ready = false;
	member->next_action = 0;
	member->update.count = 0;
	member->update.deadline = VRRP_TIME_NEVER;
	member->wake_us = INT64_MAX;
	member->writing.count = 0;
	member->waiting.count = 0;
	member->token_writing = false;
	member->probes = 0;
	seed = vrrp_prng_next(&world->prng); /* one draw a statement: arguments have no order */
	incarnation = vrrp_prng_next(&world->prng) | 1;
	vrrp_core_init(&member->core, &config, incarnation, seed);
	sim_world_trace(world, member, "daemon started");
	member->in_run = true; /* both wait before the first runs */
	sim_member_post(world, member,
		&(struct sim_inbox_entry){ .kind = VRRP_EVENT_START, .clock_excess_ppm = member->excess_ppm });
	sim_member_post(world, member, &(struct sim_inbox_entry){ .kind = VRRP_EVENT_LINK, .ok = member->carrier });
	member->in_run = false;
	sim_fault_track_start(world, member);
	if (!member->witness) {
		sim_world_push(world, sim_draw(world, 0, world->knobs.probe_us),
			(struct sim_event){ .kind = SIM_EV_PROBE_TICK, .member = member->index, .life = member->life });
	}
	sim_member_run(world, member);
}

/* A write that was under way may have become durable just before the end; one that had not begun has not. */
void sim_member_kill(struct sim_world *world, struct sim_member *member)
{
	if (!member->running) {
		return;
	}
	assert(!member->in_run);
	sim_world_trace(world, member, "daemon killed%s", member->frozen ? " while frozen" : "");
	if (member->token_writing && sim_draw(world, 0, 1)) {
		member->disk.token = member->token;
		member->disk.token_boot = member->boot;
	}
	if (member->writing.count > 0 && sim_draw(world, 0, 1)) {
		member->disk.exists = true;
		member->disk.boot = member->boot;
		member->disk.stored = member->writing.stored;
	}
	member->running = false;
	member->frozen = false;
	member->life++;
	sim_inbox_clear(world, member);
	sim_packet_put(world, member->packet);
	member->packet = NULL;
	member->event_ready = false;
	member->update.count = 0;
	member->next_action = 0;
}

void sim_member_power_off(struct sim_world *world, struct sim_member *member)
{
	if (!member->host_up) {
		return;
	}
	sim_member_kill(world, member);
	sim_world_trace(world, member, "host off");
	if (!member->witness) {
		sim_pg_die(world, member, false);
		sim_pg_op_cut(world, member); /* helpers die too */
	}
	sim_kernel_clear(member);
	member->host_up = false;
}

void sim_member_boot(struct sim_world *world, struct sim_member *member)
{
	if (member->host_up) {
		return;
	}
	member->host_up = true;
	member->boot++;
	sim_clock_boot(world, member, sim_draw(world, VRRP_US_PER_S, MEMBER_BOOT_LOCAL_MAX_US));
	sim_world_trace(world, member, "host up");
	if (!member->witness && !member->pg.broken && sim_draw(world, 0, 1)) { /* by the system, as what it was */
		sim_pg_begin_start(world, member, member->pg.standby);
	}
	sim_member_start(world, member);
}

void sim_member_freeze(struct sim_world *world, struct sim_member *member, int64_t length_us)
{
	member->frozen = true;
	if (world->knobs.sabotage_cached_clock != 0) {
		member->cached_clock = sim_clock_now(world, member);
	}
	world->counts.freezes++;
	sim_world_trace(world, member, "frozen for %lld us, %u actions left", (long long)length_us,
		member->update.count - member->next_action);
	sim_world_push(world, length_us,
		(struct sim_event){ .kind = SIM_EV_THAW, .member = member->index, .life = member->life });
}

/* Stories only: the next action is the one before which it shall freeze. */
static bool freezes_here(struct sim_member *member)
{
	const struct vrrp_action *action = &member->update.action[member->next_action];

	if (member->freeze_kind == 0 || member->next_action >= member->update.count ||
		member->freeze_kind != action->kind + 1U || member->freeze_op != action->op) {
		return false;
	}
	member->freeze_kind = 0;
	return true;
}

/* A point at which a daemon may be stopped. Returns true if it is. */
static bool pass_point(struct sim_world *world, struct sim_member *member)
{
	if (world->phase != SIM_PHASE_FAULTS) {
		return false;
	}
	if (freezes_here(member)) {
		sim_member_freeze(world, member, member->freeze_us);
	} else if (member->freeze_in > 0 && --member->freeze_in == 0) {
		member->froze = true;
		sim_member_freeze(world, member, member->freeze_us);
	} else if (member->stutter_in > 0 && --member->stutter_in == 0) {
		member->stutter_in = (uint64_t)sim_draw(world, 1, 2 * world->knobs.stutter_points);
		sim_member_freeze(world, member, sim_draw(world, 1, world->knobs.stutter_us));
	}
	return member->frozen;
}

void sim_member_thaw(struct sim_world *world, struct sim_member *member)
{
	if (!member->running || !member->frozen) {
		return;
	}
	member->frozen = false;
	sim_world_trace(world, member, "thawed");
	if (member->froze && world->phase == SIM_PHASE_FAULTS && sim_draw(world, 0, 99) < world->knobs.thaw_cut_pct) {
		sim_world_push(world, sim_draw(world, 1, world->knobs.advert_int_us),
			(struct sim_event){ .kind = SIM_EV_CUT });
	}
	member->froze = false;
	sim_member_run(world, member);
	member->cached_clock = VRRP_TIME_NONE;
}

/* What the disk says to a daemon that starts now; "this boot" is judged by the boot id. */
static void read_disk(const struct sim_world *world, struct sim_member *member, struct vrrp_event *event)
{
	struct sim_disk *disk = &member->disk;

	event->token = disk->token;
	event->token.this_boot = disk->token_boot == member->boot;
	disk->token = (struct vrrp_token){ 0 }; /* removed before anything else is done */
	event->readable = !disk->damaged;
	event->stored = (struct vrrp_stored){ 0 };
	if (!disk->exists || disk->damaged || world->knobs.sabotage_amnesia != 0) {
		return;
	}
	event->stored = disk->stored;
	if (disk->boot != member->boot) {
		event->stored.serving_this_boot = false;
		event->stored.long_grant_this_boot = false;
	}
}

/* Takes the next event, reads the clock. False if there is none. */
static bool take_event(struct sim_world *world, struct sim_member *member)
{
	struct sim_inbox_entry entry;
	struct vrrp_event *event = &member->event;
	bool due = !vrrp_time_before(sim_clock_now(world, member), member->update.deadline);

	if (due && (member->inbox_count == 0 || sim_draw(world, 0, 1))) {
		entry.kind = VRRP_EVENT_TIMER;
		entry.packet = NULL;
		entry.ok = false;
		entry.untouched = false;
		entry.ticket = 0;
		entry.clock_excess_ppm = 0;
	} else if (!sim_inbox_pop(member, &entry)) {
		return false;
	}
	event->kind = entry.kind;
	event->now = sim_clock_now(world, member);
	if (entry.kind == VRRP_EVENT_REPORT && !vrrp_time_before(member->cached_clock, member->core.now)) {
		event->now = member->cached_clock; /* sabotage only */
	}
	event->ok = entry.ok;
	event->untouched = entry.untouched;
	event->clock_excess_ppm = entry.clock_excess_ppm;
	event->ticket = entry.ticket;
	event->readable = false;
	event->report = NULL;
	event->member = VRRP_MEMBER_NONE;
	member->packet = entry.packet;
	if (entry.kind == VRRP_EVENT_SWITCHOVER) {
		event->member = entry.member;
	} else if (entry.kind == VRRP_EVENT_REPORT) {
		event->member = entry.member;
		event->report = &entry.packet->report;
	} else if (entry.kind == VRRP_EVENT_HEALTH) {
		event->faults = entry.faults;
	} else if (entry.kind == VRRP_EVENT_START) {
		read_disk(world, member, event);
	} else if (entry.kind != VRRP_EVENT_TIMER) {
		event->pg = entry.pg;
		event->history = entry.history;
		event->track = entry.track;
	}
	member->event_ready = true;
	return true;
}

static void step(struct sim_world *world, struct sim_member *member)
{
	char line[512];

	member->event_ready = false;
	if (world->trace != NULL) {
		(void)vrrp_trace_event(line, sizeof(line), &member->core, &member->event);
		sim_world_trace(world, member, "%s", line);
	}
	member->lease_before = vrrp_core_lease_end(&member->core);
	member->role_before = member->core.role;
	vrrp_core_step(&member->core, &member->event, &member->update);
	member->next_action = 0;
	world->counts.steps++;
	for (unsigned i = 0; world->trace != NULL && i < member->update.count; i++) {
		(void)vrrp_trace_action(line, sizeof(line), &member->core, &member->update.action[i]);
		sim_world_trace(world, member, "    %s", line);
	}
	sim_inv_acts(world, member);
	sim_inv_one_lease(world, member);
	sim_packet_put(world, member->packet);
	member->packet = NULL;
	if (member->spin_us != world->now_us) {
		member->spin_us = world->now_us;
		member->spins = 0;
	} else if (++member->spins > SIM_SPIN_MAX) {
		sim_world_violate(world, "busy loop: member %u took %u steps at one instant, deadline %lld, now %lld",
			member->index + 1, member->spins, (long long)member->update.deadline.us,
			(long long)member->event.now.us);
	}
}

void sim_member_run(struct sim_world *world, struct sim_member *member)
{
	if (!member->running || member->frozen || member->in_run) {
		return;
	}
	member->in_run = true;
	while (member->running && !member->frozen && !world->violated) {
		if (member->next_action < member->update.count) {
			if (!pass_point(world, member)) {
				sim_act(world, member, &member->update.action[member->next_action++]);
			}
		} else if (member->event_ready) {
			step(world, member);
		} else if (!take_event(world, member)) {
			sim_member_wake(world, member);
			break;
		} else {
			(void)pass_point(world, member); /* between reading the clock and the step */
		}
	}
	member->in_run = false;
}

void sim_member_post(struct sim_world *world, struct sim_member *member, const struct sim_inbox_entry *entry)
{
	if (!member->running) {
		sim_packet_put(world, entry->packet);
		return;
	}
	if (sim_inbox_push(world, member, entry)) {
		sim_member_run(world, member);
	}
}

void sim_member_wake(struct sim_world *world, struct sim_member *member)
{
	int64_t at_us;

	if (member->update.deadline.us == INT64_MAX) {
		return;
	}
	at_us = sim_clock_true_us(world, member, member->update.deadline);
	if (at_us >= member->wake_us) {
		return;
	}
	member->wake_us = at_us + sim_draw(world, 0, world->knobs.wake_late_us);
	sim_world_push(world, member->wake_us - world->now_us,
		(struct sim_event){ .kind = SIM_EV_WAKE, .member = member->index, .life = member->life });
}
