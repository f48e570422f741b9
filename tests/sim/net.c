/*
 * The network between the members: delay, loss, duplicates, reordering by delay, partitions of directed links, and an
 * attacker without the key who sends old packets again, to whomever he likes.
 */
#include "tests/sim/sim.h"

#include <assert.h>
#include <stdlib.h>

#define NET_REMEMBER_ONE_IN 4
#define NET_CUTS_MAX VRRP_ARRAY_LENGTH(((struct sim_world *)0)->cut_used)

struct sim_packet *sim_packet_new(struct sim_world *world)
{
	struct sim_packet *packet = world->free_packets;

	if (packet != NULL) {
		world->free_packets = packet->next_free;
	} else {
		packet = malloc(sizeof(*packet));
		assert(packet != NULL);
	}
	packet->references = 1;
	packet->next_free = NULL;
	return packet;
}

void sim_packet_put(struct sim_world *world, struct sim_packet *packet)
{
	if (packet == NULL) {
		return;
	}
	assert(packet->references > 0);
	if (--packet->references == 0) {
		packet->next_free = world->free_packets;
		world->free_packets = packet;
	}
}

bool sim_net_reaches(const struct sim_world *world, unsigned from, unsigned to)
{
	return world->link[from][to].cuts == 0 && world->member[from].carrier && world->member[to].carrier;
}

bool sim_net_reaches_pg(const struct sim_world *world, unsigned a, unsigned b)
{
	return world->member[a].host_up && world->member[b].host_up && world->link[a][b].pg_cuts == 0 &&
	       world->link[b][a].pg_cuts == 0 && world->member[a].carrier && world->member[b].carrier;
}

static void send_copy(struct sim_world *world, struct sim_packet *packet, unsigned to)
{
	const struct sim_knobs *knobs = &world->knobs;
	int64_t delay_us = sim_draw(world, knobs->delay_min_us, world->delay_max_us);

	if (world->phase == SIM_PHASE_FAULTS && sim_chance_ppm(world, knobs->slow_ppm)) {
		delay_us += sim_draw(world, 0, sim_knobs_lease_us(knobs) * knobs->slow_pct / 100);
	}
	packet->references++;
	sim_world_push(
		world, delay_us, (struct sim_event){ .kind = SIM_EV_DELIVER, .member = (uint8_t)to, .packet = packet });
}

static void attack(struct sim_world *world, struct sim_packet *packet)
{
	struct sim_packet *old;
	unsigned to = (unsigned)sim_draw(world, 0, world->count - 1);

	if (sim_draw(world, 1, NET_REMEMBER_ONE_IN) == 1) {
		struct sim_packet **slot = &world->replay[world->replay_next++ % SIM_REPLAY_MAX];

		sim_packet_put(world, *slot);
		packet->references++;
		*slot = packet;
	}
	old = world->replay[sim_draw(world, 0, SIM_REPLAY_MAX - 1)];
	if (old != NULL && old->report.sender != to + 1 && sim_chance_ppm(world, world->knobs.replay_ppm)) {
		send_copy(world, old, to);
	}
}

void sim_net_send(struct sim_world *world, const struct sim_member *from, struct sim_packet *packet)
{
	for (unsigned to = 0; to < from->core.config.member_count; to++) {
		if (to == from->index || !sim_net_reaches(world, from->index, to)) {
			continue;
		}
		if (!sim_chance_ppm(world, world->loss_ppm)) {
			send_copy(world, packet, to);
		}
		if (world->phase == SIM_PHASE_FAULTS && sim_chance_ppm(world, world->knobs.dup_ppm)) {
			send_copy(world, packet, to);
		}
	}
	if (sim_chance_ppm(world, world->knobs.spoil_ppm)) {
		sim_inv_input_spoiled(world, &packet->report);
	}
	if (world->knobs.replay_ppm > 0 && (world->phase == SIM_PHASE_FAULTS || world->knobs.heal_replay != 0)) {
		attack(world, packet);
	}
	sim_packet_put(world, packet);
}

void sim_net_deliver(struct sim_world *world, const struct sim_event *event)
{
	struct sim_member *member = &world->member[event->member];

	if (!member->running || !member->carrier || event->packet->report.sender > member->core.config.member_count) {
		sim_packet_put(world, event->packet);
		return;
	}
	sim_member_post(world, member,
		&(struct sim_inbox_entry){ .kind = VRRP_EVENT_REPORT,
			.member = (uint8_t)(event->packet->report.sender - 1),
			.packet = event->packet });
}

void sim_net_cut(struct sim_world *world, bool cut[SIM_MEMBERS_MAX][SIM_MEMBERS_MAX], unsigned what, int64_t length_us)
{
	for (unsigned number = 0; number < NET_CUTS_MAX; number++) {
		if (world->cut_used[number] != 0) {
			continue;
		}
		world->cut_used[number] = what;
		for (unsigned from = 0; from < world->count; from++) {
			for (unsigned to = 0; to < world->count; to++) {
				world->cut_set[number][from][to] = cut[from][to];
				world->link[from][to].cuts += cut[from][to] && (what & SIM_CUT_REPORTS) != 0;
				world->link[from][to].pg_cuts += cut[from][to] && (what & SIM_CUT_PG) != 0;
			}
		}
		if (length_us > 0) {
			sim_world_push(
				world, length_us, (struct sim_event){ .kind = SIM_EV_HEAL, .a = (uint8_t)number });
		}
		return;
	}
}

void sim_net_mend(struct sim_world *world, unsigned number)
{
	unsigned what = world->cut_used[number];

	if (what == 0) {
		return;
	}
	world->cut_used[number] = 0;
	for (unsigned from = 0; from < world->count; from++) {
		for (unsigned to = 0; to < world->count; to++) {
			bool cut = world->cut_set[number][from][to];

			world->link[from][to].cuts -= cut && (what & SIM_CUT_REPORTS) != 0;
			world->link[from][to].pg_cuts -= cut && (what & SIM_CUT_PG) != 0;
		}
	}
}

void sim_net_mend_all(struct sim_world *world)
{
	for (unsigned number = 0; number < NET_CUTS_MAX; number++) {
		sim_net_mend(world, number);
	}
}
