#include "tests/sim/sim.h"

#include <assert.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define WORLD_LOCAL_MAX_US INT64_C(1000000000000) /* hosts have been up for at most eleven days */

int64_t sim_draw(struct sim_world *world, int64_t low, int64_t high)
{
	if (world->knobs.steady != 0) {
		return high;
	}
	return high > low ? vrrp_prng_range(&world->prng, low, high) : low;
}

bool sim_chance_ppm(struct sim_world *world, int64_t ppm)
{
	return ppm > 0 && vrrp_prng_chance(&world->prng, (uint64_t)ppm, 1000000);
}

void sim_world_push(struct sim_world *world, int64_t after_us, struct sim_event event)
{
	assert(after_us >= 0);
	event.at_us = world->now_us + after_us;
	sim_heap_push(&world->heap, &event);
}

void sim_world_violate(struct sim_world *world, const char *format, ...)
{
	va_list args;

	if (world->violated) {
		return;
	}
	world->violated = true;
	va_start(args, format);
	(void)vsnprintf(world->violation, sizeof(world->violation), format, args);
	va_end(args);
	sim_world_trace(world, NULL, "VIOLATION %s", world->violation);
}

void sim_world_trace(struct sim_world *world, const struct sim_member *member, const char *format, ...)
{
	va_list args;

	if (world->trace == NULL) {
		return;
	}
	if (member != NULL) {
		(void)fprintf(world->trace, "%13.6f m%u ", (double)world->now_us / 1e6, member->index + 1);
	} else {
		(void)fprintf(world->trace, "%13.6f -- ", (double)world->now_us / 1e6);
	}
	va_start(args, format);
	(void)vfprintf(world->trace, format, args);
	va_end(args);
	(void)fputc('\n', world->trace);
}

static void begin_faults(struct sim_world *world)
{
	sim_pg_sync_all(world);
	sim_net_mend_all(world);
	world->phase = SIM_PHASE_FAULTS;
	world->loss_ppm = world->knobs.loss_ppm;
	world->delay_max_us = world->knobs.delay_max_us;
	sim_world_trace(world, NULL, "round %u: faults", world->round + 1);
	sim_fault_schedule(world);
	sim_world_push(world, world->knobs.phase_leases * sim_knobs_lease_us(&world->knobs),
		(struct sim_event){ .kind = SIM_EV_PHASE });
}

/* What config_check would refuse otherwise, also after --set durability=1; k as by default. */
static void fit_durability(struct sim_knobs *knobs)
{
	int64_t data = knobs->members - knobs->witnesses;

	if (data < 2) {
		knobs->durability = VRRP_DURABILITY_ASYNC;
	}
	if (knobs->quorum_none != 0) {
		knobs->fault_weight[SIM_FAULT_MEMBERS] = 0;
	}
	if (knobs->durability == VRRP_DURABILITY_ASYNC) {
		knobs->sync_standbys = 0;
		return;
	}
	knobs->quorum_none = 0;
	knobs->election_lag_bytes = 0;
	knobs->slots = 1;
	if (knobs->sync_standbys == 0 || knobs->sync_standbys >= data) {
		knobs->sync_standbys = data <= 3 ? 1 : data / 2;
	}
}

void sim_world_init(struct sim_world *world, const struct sim_knobs *knobs)
{
	memset(world, 0, sizeof(*world));
	world->knobs = *knobs;
	fit_durability(&world->knobs);
	world->count = (unsigned)knobs->members;
	world->listed = world->count;
	vrrp_prng_init(&world->prng, ~knobs->seed);
	if (world->knobs.fault_weight[SIM_FAULT_MEMBERS] != 0) { /* with k standbys there is a holder besides */
		world->listed = (unsigned)sim_draw(world,
			1 + (world->knobs.sync_standbys > 1 ? world->knobs.sync_standbys : 1), (int64_t)world->count);
	}
	sim_wal_init(world);
	for (unsigned i = 0; i < world->count; i++) {
		struct sim_member *member = &world->member[i];

		member->index = (uint8_t)i;
		member->priority = (uint8_t)(100 + 10 * (i % 3));
		member->listed = (uint8_t)(i < world->listed ? world->listed : 0);
		member->witness = i >= world->count - (unsigned)knobs->witnesses;
		member->host_up = true;
		member->carrier = true;
		sim_clock_boot(world, member, sim_draw(world, VRRP_US_PER_S, WORLD_LOCAL_MAX_US));
		if (!member->witness) {
			sim_pg_init(world, member, i == 0);
		}
		sim_world_push(world, sim_draw(world, 0, 2 * knobs->advert_int_us),
			(struct sim_event){ .kind = SIM_EV_START, .member = (uint8_t)i });
	}
}

static void end_phase(struct sim_world *world)
{
	if (world->phase == SIM_PHASE_FAULTS) {
		sim_world_trace(world, NULL, "round %u: healed", world->round + 1);
		world->phase = SIM_PHASE_HEALED;
		sim_fault_heal_all(world);
		sim_inv_live_begin(world);
		return;
	}
	sim_inv_live_end(world);
	if (++world->round < (unsigned)world->knobs.rounds) {
		begin_faults(world);
	} else {
		world->over = true;
	}
}

/* Events that belong to a daemon, only if it still lives. */
static void dispatch_daemon(struct sim_world *world, struct sim_member *member, const struct sim_event *event)
{
	if (!member->running || event->life != member->life) {
		return;
	}
	switch (event->kind) {
	case SIM_EV_WAKE:
		if (event->at_us == member->wake_us) {
			member->wake_us = INT64_MAX;
			sim_member_run(world, member);
		}
		break;
	case SIM_EV_THAW:
		sim_member_thaw(world, member);
		break;
	case SIM_EV_STORED:
		sim_member_stored(world, member, event);
		break;
	case SIM_EV_TOKEN:
		sim_member_token(world, member, event);
		break;
	case SIM_EV_FENCED:
		sim_member_post(world, member,
			&(struct sim_inbox_entry){
				.kind = VRRP_EVENT_FENCED, .ticket = event->ticket, .ok = event->ok });
		break;
	case SIM_EV_PROBE:
		sim_pg_probe_done(world, member);
		break;
	case SIM_EV_PROBE_TICK:
		if (!member->frozen) {
			sim_pg_probe(world, member);
		}
		sim_world_push(world, world->knobs.probe_interval_us, *event);
		break;
	case SIM_EV_HISTORY:
		sim_pg_history_done(world, member);
		break;
	default:
		assert(false);
	}
}

static void dispatch(struct sim_world *world, const struct sim_event *event)
{
	struct sim_member *member = &world->member[event->member];

	switch (event->kind) {
	case SIM_EV_DELIVER:
		sim_net_deliver(world, event);
		break;
	case SIM_EV_START:
		sim_member_start(world, member);
		break;
	case SIM_EV_BOOT:
		sim_member_boot(world, member);
		break;
	case SIM_EV_PG_OP:
		sim_pg_op_done(world, member, event);
		break;
	case SIM_EV_PG_CHANGE:
		if (event->life == member->pg.life) {
			sim_pg_change(world, member);
		}
		break;
	case SIM_EV_PG_REREAD:
		sim_pg_reread(world, member, event);
		break;
	case SIM_EV_PG_CHECKPOINT:
		sim_pg_checkpoint_done(world, member, event);
		break;
	case SIM_EV_FAULT:
		sim_fault_next(world);
		break;
	case SIM_EV_CUT:
		sim_fault_cut_server(world);
		break;
	case SIM_EV_HEAL:
		sim_fault_heal(world, event);
		break;
	case SIM_EV_PHASE:
		end_phase(world);
		break;
	case SIM_EV_LIVE:
		sim_inv_live_due(world);
		break;
	default:
		dispatch_daemon(world, member, event);
		break;
	}
}

bool sim_world_step(struct sim_world *world)
{
	struct sim_event event;

	if (!sim_heap_pop(&world->heap, &event)) {
		return false;
	}
	assert(event.at_us >= world->now_us);
	world->now_us = event.at_us;
	world->counts.events++;
	dispatch(world, &event);
	return true;
}

bool sim_world_run(struct sim_world *world)
{
	begin_faults(world);
	while (!world->over && !world->violated && sim_world_step(world)) {
		if (world->max_steps != 0 && world->counts.steps >= world->max_steps) {
			break;
		}
	}
	world->counts.true_us = world->now_us;
	return !world->violated;
}

void sim_world_deinit(struct sim_world *world)
{
	struct sim_event event;

	while (sim_heap_pop(&world->heap, &event)) {
		sim_packet_put(world, event.packet);
	}
	for (unsigned i = 0; i < world->count; i++) {
		sim_inbox_clear(world, &world->member[i]);
		sim_packet_put(world, world->member[i].packet);
	}
	for (unsigned i = 0; i < SIM_REPLAY_MAX; i++) {
		sim_packet_put(world, world->replay[i]);
	}
	while (world->free_packets != NULL) {
		struct sim_packet *packet = world->free_packets;

		world->free_packets = packet->next_free;
		free(packet);
	}
	sim_wal_deinit(world);
	sim_heap_deinit(&world->heap);
}
