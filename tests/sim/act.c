/* Carries out one action of the core, at the true time at which the daemon gets to it. */
#include "tests/sim/sim.h"

#include <assert.h>

#define ACT_RESTART_MAX_US (200 * VRRP_US_PER_MS)

static void begin_write(struct sim_world *world, struct sim_member *member)
{
	bool ok = world->phase != SIM_PHASE_FAULTS || !sim_chance_ppm(world, world->knobs.store_fail_ppm);

	sim_world_push(world, sim_draw(world, 1, world->knobs.store_us),
		(struct sim_event){ .kind = SIM_EV_STORED, .member = member->index, .life = member->life, .ok = ok });
}

/* As vipd's writer does: a newer state replaces one that waits, and stands for its tickets too. */
static void store(struct sim_world *world, struct sim_member *member, uint64_t ticket)
{
	struct sim_write *write = member->writing.count == 0 ? &member->writing : &member->waiting;

	if (write->count == SIM_TICKETS_MAX) {
		sim_world_violate(world, "member %u: more than %d stores wait", member->index + 1, SIM_TICKETS_MAX);
		return;
	}
	write->ticket[write->count++] = ticket;
	write->stored = member->core.stored;
	if (write == &member->writing) {
		begin_write(world, member);
	}
}

void sim_member_stored(struct sim_world *world, struct sim_member *member, const struct sim_event *event)
{
	struct sim_write done = member->writing;

	assert(done.count > 0);
	if (event->ok) {
		member->disk.exists = true;
		member->disk.damaged = false;
		member->disk.boot = member->boot;
		member->disk.stored = done.stored;
	}
	member->writing = member->waiting;
	member->waiting.count = 0;
	if (member->writing.count > 0) {
		begin_write(world, member);
	}
	for (unsigned i = 0; i < done.count; i++) {
		sim_member_post(world, member,
			&(struct sim_inbox_entry){
				.kind = VRRP_EVENT_STORED, .ticket = done.ticket[i], .ok = event->ok });
	}
}

/* As a store, but a file of its own; an order without a ballot removes it. */
static void write_token(struct sim_world *world, struct sim_member *member, uint64_t ticket)
{
	bool ok = world->phase != SIM_PHASE_FAULTS || !sim_chance_ppm(world, world->knobs.store_fail_ppm);

	member->token_writing = true;
	member->token = member->core.token;
	sim_world_push(world, sim_draw(world, 1, world->knobs.store_us),
		(struct sim_event){ .kind = SIM_EV_TOKEN,
			.member = member->index,
			.life = member->life,
			.ticket = ticket,
			.ok = ok });
}

void sim_member_token(struct sim_world *world, struct sim_member *member, const struct sim_event *event)
{
	member->token_writing = false;
	if (event->ok) {
		member->disk.token = member->token;
		member->disk.token_boot = member->boot;
	}
	sim_member_post(world, member,
		&(struct sim_inbox_entry){ .kind = VRRP_EVENT_TOKEN, .ticket = event->ticket, .ok = event->ok });
}

static void send_report(struct sim_world *world, struct sim_member *member)
{
	struct sim_packet *packet = sim_packet_new(world);

	vrrp_core_report(&member->core, &packet->report);
	if (world->codec) {
		sim_codec_pass(world, &packet->report);
	}
	sim_net_send(world, member, packet);
}

/* Gate or address; the kernel may refuse. */
static void set_kernel(struct sim_world *world, struct sim_member *member, const struct vrrp_action *action)
{
	bool closing = action->kind == VRRP_ACT_GATE && action->in_end.us == 0;

	if (!closing && world->phase == SIM_PHASE_FAULTS && sim_chance_ppm(world, world->knobs.kernel_fail_ppm)) {
		sim_member_post(world, member, &(struct sim_inbox_entry){ .kind = VRRP_EVENT_KERNEL_FAILED });
	} else if (action->kind == VRRP_ACT_GATE) {
		sim_kernel_gate_write(world, member, action);
	} else {
		sim_kernel_bind(world, member, action->lifetime_s);
	}
}

/* The daemon leaves cleanly; the service manager starts it again. */
static void leave(struct sim_world *world, struct sim_member *member, bool restart)
{
	int64_t away_us = 1;

	sim_world_trace(world, member, "daemon has left");
	member->running = false;
	member->life++;
	member->next_action = member->update.count;
	sim_inbox_clear(world, member);
	if (!member->clean_stop) {
		sim_world_violate(world, "member %u left without being asked to", member->index + 1);
	}
	if (world->phase == SIM_PHASE_FAULTS) {
		away_us = restart ? sim_draw(world, 1, ACT_RESTART_MAX_US) : sim_fault_length_us(world);
	}
	sim_world_push(world, away_us, (struct sim_event){ .kind = SIM_EV_START, .member = member->index });
}

static void fence(struct sim_world *world, struct sim_member *member, uint64_t ticket)
{
	bool ok = world->phase != SIM_PHASE_FAULTS || !sim_chance_ppm(world, world->knobs.fence_fail_ppm);

	sim_world_push(world, sim_draw(world, 1, world->knobs.fence_us),
		(struct sim_event){ .kind = SIM_EV_FENCED,
			.member = member->index,
			.life = member->life,
			.ticket = ticket,
			.ok = ok });
}

void sim_act(struct sim_world *world, struct sim_member *member, const struct vrrp_action *action)
{
	switch (action->kind) {
	case VRRP_ACT_SEND:
		send_report(world, member);
		break;
	case VRRP_ACT_STORE:
		store(world, member, action->ticket);
		break;
	case VRRP_ACT_GATE:
	case VRRP_ACT_BIND:
		set_kernel(world, member, action);
		break;
	case VRRP_ACT_UNBIND:
		sim_kernel_bind(world, member, 0);
		break;
	case VRRP_ACT_PROBE:
		sim_pg_probe(world, member);
		break;
	case VRRP_ACT_PG:
		sim_pg_op(world, member, action);
		break;
	case VRRP_ACT_TOKEN:
		write_token(world, member, action->ticket);
		break;
	case VRRP_ACT_FENCE:
		fence(world, member, action->ticket);
		break;
	case VRRP_ACT_READ_HISTORY:
		sim_world_push(world, sim_draw(world, 1, world->knobs.probe_us),
			(struct sim_event){ .kind = SIM_EV_HISTORY, .member = member->index, .life = member->life });
		break;
	case VRRP_ACT_ROLE:
		if (action->row->to == VRRP_ROLE_MASTER) {
			world->counts.takeovers++;
			sim_inv_live_served(world, member);
		}
		break;
	case VRRP_ACT_EXIT:
		leave(world, member, action->restart);
		break;
	case VRRP_ACT_LOG:
	case VRRP_ACT_DESTROY:
	case VRRP_ACT_ANNOUNCE:
	case VRRP_ACT_ADVERT:
	case VRRP_ACT_COUNT:
		break;
	}
}
