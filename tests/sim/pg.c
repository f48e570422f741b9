/* PostgreSQL's life: down, starting or up, and what a probe of the daemon sees of it. */
#include "tests/sim/sim.h"

#define PG_FIRST_POSITION UINT64_C(0x3000000)
#define PG_END_OF_WAL_US (50 * VRRP_US_PER_MS) /* after the receiver has gone the end of local WAL is reached */
#define PG_BEHIND_MAX_BYTES 5000               /* what is shown before that lags behind what is there [A8] */

uint32_t sim_pg_timeline(const struct sim_pg *pg)
{
	return pg->history.entry[pg->history.count - 1].timeline;
}

void sim_pg_set_line(struct sim_world *world, struct sim_pg *pg, int32_t branch, vrrp_lsn position)
{
	struct sim_point at = sim_wal_point(world, branch, position);

	if (at.branch != pg->branch || pg->history.count == 0) {
		pg->branch = at.branch;
		pg->history = sim_wal_history(world, at.branch);
	}
	pg->position = position;
}

vrrp_lsn sim_pg_flushed(const struct sim_world *world, const struct sim_pg *pg)
{
	return world->knobs.partial_records != 0 ? pg->position : pg->position - pg->position % SIM_RECORD_BYTES;
}

struct sim_point sim_pg_end(const struct sim_world *world, const struct sim_pg *pg)
{
	(void)world;
	return (struct sim_point){ .branch = pg->branch, .lsn = pg->position - pg->position % SIM_RECORD_BYTES };
}

void sim_pg_init(struct sim_world *world, struct sim_member *member, bool primary)
{
	struct sim_pg *pg = &member->pg;

	pg->state = SIM_PG_UP;
	pg->standby = !primary;
	pg->upstream = primary ? VRRP_MEMBER_NONE : 0;
	pg->control_timeline = 1;
	pg->slots = UINT16_MAX;
	pg->synced_us = world->now_us;
	sim_pg_set_line(world, pg, 0, PG_FIRST_POSITION);
}

static uint16_t bit(unsigned index)
{
	return (uint16_t)(1U << index);
}

static struct vrrp_pg_sync look_sync(const struct sim_world *world, const struct sim_pg *pg)
{
	struct vrrp_pg_sync sync = {
		.known = true, .listed = pg->names.k > 0, .named = pg->names.set, .k = pg->names.k, .settings_ok = true
	};

	for (unsigned i = 0; i < world->count; i++) {
		if (pg->sender[i].exists) {
			sync.senders |= bit(i);
			sync.counted |= pg->sender[i].names.set & bit(i);
		}
	}
	return sync;
}

static struct vrrp_pg look_down(const struct sim_world *world, const struct sim_pg *pg)
{
	return (struct vrrp_pg){ .upstream = VRRP_MEMBER_NONE,
		.system_identifier = SIM_PG_SYSTEM_IDENTIFIER,
		.gone = true,
		.timeline = sim_pg_timeline(pg),
		.in_recovery = pg->standby,
		.position_known = pg->clean,
		.position = pg->clean ? sim_pg_flushed(world, pg) : 0,
		.no_upstream = pg->upstream == VRRP_MEMBER_NONE,
		.sealed = pg->clean && pg->standby && pg->upstream == VRRP_MEMBER_NONE };
}

struct vrrp_pg sim_pg_look(struct sim_world *world, struct sim_member *member)
{
	const struct sim_pg *pg = &member->pg;
	struct vrrp_pg seen = { .upstream = VRRP_MEMBER_NONE, .system_identifier = SIM_PG_SYSTEM_IDENTIFIER };

	sim_pg_sync_all(world);
	if (pg->hung) {
		seen.faults = VRRP_FAULT_BIT(VRRP_FAULT_PG_HUNG);
		return seen;
	}
	if (pg->state == SIM_PG_DOWN) {
		return look_down(world, pg);
	}
	seen.timeline = sim_pg_timeline(pg);
	if (pg->state == SIM_PG_STARTING) {
		seen.starting = true;
		return seen;
	}
	seen.up = true;
	seen.in_recovery = pg->standby;
	seen.replay_paused = pg->replay_paused;
	seen.position = sim_pg_flushed(world, pg);
	seen.receiver = pg->receiver;
	seen.streaming = pg->receiver;
	seen.upstream = pg->receiver ? pg->receiver_from : VRRP_MEMBER_NONE;
	seen.fsync_on = true;
	seen.no_upstream = pg->upstream == VRRP_MEMBER_NONE;
	seen.position_known =
		!pg->standby || (!pg->receiver && world->now_us - pg->no_receiver_since_us >= PG_END_OF_WAL_US);
	if (pg->standby && seen.position_known) {
		seen.position -= seen.position % SIM_RECORD_BYTES; /* as pg_memory: whole records */
	} else if (!seen.position_known && !pg->receiver) {
		seen.position -= (vrrp_lsn)sim_draw(world, 0, PG_BEHIND_MAX_BYTES);
	}
	seen.replayed = seen.position;
	if (!pg->standby) {
		seen.sync = look_sync(world, pg);
	}
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
	pg->clean = clean && pg->state == SIM_PG_UP && !pg->standby && !pg->hung;
	if (pg->clean) {
		sim_pg_drain(world, member);
		pg->control_timeline = sim_pg_timeline(pg);
	}
	sim_world_trace(world, member, "PostgreSQL ends%s at %llx on timeline %u", clean ? " cleanly" : "",
		(unsigned long long)pg->position, sim_pg_timeline(pg));
	sim_pg_end_connections(world, member);
	pg->state = SIM_PG_DOWN;
	pg->hung = false;
	pg->life++;
	sim_member_post(world, member, &(struct sim_inbox_entry){ .kind = VRRP_EVENT_PG_DEAD });
}

void sim_pg_begin_start(struct sim_world *world, struct sim_member *member, bool standby)
{
	struct sim_pg *pg = &member->pg;

	if (pg->state != SIM_PG_DOWN) {
		return;
	}
	if (pg->broken) {
		sim_inv_attach_used(world, member, "starts a half rewound directory");
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
	struct sim_pg *pg = &member->pg;

	pg->state = SIM_PG_UP;
	pg->synced_us = world->now_us;
	pg->no_receiver_since_us = world->now_us;
	pg->waits = pg->names;
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

void sim_pg_probe_done(struct sim_world *world, struct sim_member *member)
{
	sim_member_post(
		world, member, &(struct sim_inbox_entry){ .kind = VRRP_EVENT_PG, .pg = sim_pg_look(world, member) });
	if (member->core.health != member->pg.sick) {
		sim_member_post(world, member,
			&(struct sim_inbox_entry){ .kind = VRRP_EVENT_HEALTH, .faults = member->pg.sick });
	}
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
