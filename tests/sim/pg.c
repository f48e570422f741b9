/*
 * A simple PostgreSQL: down, starting or up; primary or standby; a position that grows while it is primary and follows
 * its upstream while it streams. Positions are brought up to date lazily, before anything that matters to them changes.
 */
#include "tests/sim/sim.h"

#define PG_FIRST_POSITION UINT64_C(0x3000000)
#define PG_SYSTEM_IDENTIFIER UINT64_C(7251234567890123456)
#define PG_STREAM_BEHIND_MAX 500               /* bytes a standby may be behind when it is looked at */
#define PG_END_OF_WAL_US (50 * VRRP_US_PER_MS) /* after the receiver has gone the end of local WAL is reached */

void sim_pg_init(struct sim_world *world, struct sim_member *member, bool primary)
{
	struct sim_pg *pg = &member->pg;

	pg->state = SIM_PG_UP;
	pg->standby = !primary;
	pg->upstream = primary ? VRRP_MEMBER_NONE : 0;
	pg->history = (struct vrrp_history){ .count = 1, .entry = { { .timeline = 1 } } };
	pg->position = PG_FIRST_POSITION;
	pg->synced_us = world->now_us;
}

static uint32_t timeline_of(const struct sim_pg *pg)
{
	return pg->history.entry[pg->history.count - 1].timeline;
}

static struct vrrp_position position_of(const struct sim_pg *pg)
{
	return (struct vrrp_position){ .history = pg->history, .position = pg->position, .timeline = timeline_of(pg) };
}

/* Primaries write, and more while clients reach them. */
static void write_on(struct sim_world *world, struct sim_member *member)
{
	struct sim_pg *pg = &member->pg;
	int64_t passed_us = world->now_us - pg->synced_us;

	pg->synced_us = world->now_us;
	if (pg->state == SIM_PG_UP && !pg->standby && passed_us > 0) {
		int64_t rate = sim_kernel_gate_open(world, member) ? world->knobs.write_bytes_per_ms : 1;

		pg->position += (uint64_t)(passed_us * rate / 1000);
	}
}

/* A standby gets what its upstream has, unless it has gone another way. */
static void stream(struct sim_world *world, struct sim_member *member)
{
	struct sim_pg *pg = &member->pg;
	const struct sim_pg *from = NULL;
	struct vrrp_position mine;
	struct vrrp_position theirs;
	bool was = pg->receiver;
	uint64_t behind;

	pg->receiver = false;
	if (pg->state == SIM_PG_UP && pg->standby && pg->upstream != VRRP_MEMBER_NONE &&
		pg->upstream != member->index) {
		from = &world->member[pg->upstream].pg;
		mine = position_of(pg);
		theirs = position_of(from);
		pg->receiver = from->state == SIM_PG_UP && !from->hung &&
			       sim_net_reaches(world, member->index, pg->upstream) &&
			       sim_net_reaches(world, pg->upstream, member->index) &&
			       vrrp_position_is_prefix(&mine, &theirs);
	}
	if (pg->receiver) {
		pg->history = from->history;
		behind = from->standby ? 0 : (uint64_t)sim_draw(world, 0, PG_STREAM_BEHIND_MAX);
		if (from->position > pg->position + behind) {
			pg->position = from->position - behind;
		}
	} else if (was) {
		pg->no_receiver_since_us = world->now_us;
	}
}

void sim_pg_sync_all(struct sim_world *world)
{
	for (unsigned i = 0; i < world->count; i++) {
		if (!world->member[i].witness) {
			write_on(world, &world->member[i]);
		}
	}
	for (unsigned i = 0; i < world->count; i++) {
		if (!world->member[i].witness) {
			stream(world, &world->member[i]);
		}
	}
}

struct vrrp_pg sim_pg_look(struct sim_world *world, struct sim_member *member)
{
	const struct sim_pg *pg = &member->pg;
	struct vrrp_pg seen = { .upstream = VRRP_MEMBER_NONE, .system_identifier = PG_SYSTEM_IDENTIFIER };

	sim_pg_sync_all(world);
	if (pg->hung) {
		seen.faults = VRRP_FAULT_BIT(VRRP_FAULT_PG_HUNG);
		return seen;
	}
	seen.gone = pg->state == SIM_PG_DOWN;
	seen.starting = pg->state == SIM_PG_STARTING;
	seen.timeline = timeline_of(pg);
	if (pg->state == SIM_PG_DOWN) {
		seen.in_recovery = pg->standby;
		seen.position_known = pg->clean;
		seen.position = pg->clean ? pg->position : 0;
		return seen;
	}
	if (pg->state == SIM_PG_STARTING) {
		return seen;
	}
	seen.up = true;
	seen.in_recovery = pg->standby;
	seen.replay_paused = pg->replay_paused;
	seen.position = pg->position;
	seen.replayed = pg->position;
	seen.receiver = pg->receiver;
	seen.streaming = pg->receiver;
	seen.upstream = pg->receiver ? pg->upstream : VRRP_MEMBER_NONE;
	seen.position_known =
		!pg->standby || (!pg->receiver && world->now_us - pg->no_receiver_since_us >= PG_END_OF_WAL_US);
	return seen;
}

/* The postmaster ends. The order that was under way fails when its time comes. */
void sim_pg_die(struct sim_world *world, struct sim_member *member, bool clean)
{
	struct sim_pg *pg = &member->pg;

	if (pg->state == SIM_PG_DOWN) {
		return;
	}
	sim_pg_sync_all(world);
	sim_world_trace(world, member, "PostgreSQL ends%s", clean ? " cleanly" : "");
	pg->clean = clean && pg->state == SIM_PG_UP && !pg->standby;
	pg->state = SIM_PG_DOWN;
	pg->receiver = false;
	pg->hung = false;
	pg->no_receiver_since_us = world->now_us;
	pg->life++;
	sim_member_post(world, member, &(struct sim_inbox_entry){ .kind = VRRP_EVENT_PG_DEAD });
}

void sim_pg_begin_start(struct sim_world *world, struct sim_member *member, bool standby)
{
	struct sim_pg *pg = &member->pg;

	if (pg->state != SIM_PG_DOWN) {
		return;
	}
	sim_world_trace(world, member, "PostgreSQL starts as a %s", standby ? "standby" : "primary");
	pg->state = SIM_PG_STARTING;
	pg->standby = standby;
	pg->clean = false;
	pg->life++;
	sim_world_push(world, sim_draw(world, 1, world->knobs.pg_start_us),
		(struct sim_event){ .kind = SIM_EV_PG_CHANGE, .member = member->index, .life = pg->life });
}

void sim_pg_change(struct sim_world *world, struct sim_member *member)
{
	member->pg.state = SIM_PG_UP;
	member->pg.synced_us = world->now_us;
	member->pg.no_receiver_since_us = world->now_us;
	sim_world_trace(world, member, "PostgreSQL is up");
}

void sim_pg_probe(struct sim_world *world, struct sim_member *member)
{
	int64_t length_us = sim_draw(world, 1, world->knobs.probe_us);

	if (member->pg.hung) {
		length_us += world->knobs.probe_interval_us; /* it times out */
	}
	sim_world_push(world, length_us,
		(struct sim_event){ .kind = SIM_EV_PROBE, .member = member->index, .life = member->life });
}

void sim_pg_probe_done(struct sim_world *world, struct sim_member *member, const struct sim_event *event)
{
	(void)event;
	sim_member_post(
		world, member, &(struct sim_inbox_entry){ .kind = VRRP_EVENT_PG, .pg = sim_pg_look(world, member) });
}

void sim_pg_history_done(struct sim_world *world, struct sim_member *member)
{
	struct sim_inbox_entry entry = { .kind = VRRP_EVENT_HISTORY };

	if (member->pg.state == SIM_PG_UP || member->pg.state == SIM_PG_DOWN) {
		sim_pg_sync_all(world);
		entry.history = member->pg.history;
	}
	sim_member_post(world, member, &entry);
}
