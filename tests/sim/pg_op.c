/*
 * Orders to a PostgreSQL: each takes its time and may fail; a new one ends the one before it. They are carried out by
 * helper processes, so that they go on when the daemon is frozen or dead.
 */
#include "tests/sim/sim.h"

#define PG_END_OF_RECOVERY_BYTES 100
#define PG_RECOVERY_RECORD_BYTES 8

static void report_done(struct sim_world *world, struct sim_member *member, uint64_t ticket, uint64_t daemon, bool ok)
{
	if (daemon == member->life && ticket != 0) {
		sim_member_post(world, member,
			&(struct sim_inbox_entry){ .kind = VRRP_EVENT_PG_DONE,
				.ticket = ticket,
				.ok = ok,
				.pg = sim_pg_look(world, member) });
	}
}

static int64_t draw_length_us(struct sim_world *world, enum vrrp_pg_op op)
{
	const struct sim_knobs *knobs = &world->knobs;

	switch (op) {
	case VRRP_PG_OP_PROMOTE:
		return sim_draw(world, 1, knobs->promote_us);
	case VRRP_PG_OP_STOP_IMMEDIATE:
	case VRRP_PG_OP_STOP_FAST:
		return sim_draw(world, 1, knobs->pg_stop_us);
	case VRRP_PG_OP_REWIND:
	case VRRP_PG_OP_CLONE:
		return sim_draw(world, 1, knobs->rejoin_us);
	case VRRP_PG_OP_START_STANDBY:
	case VRRP_PG_OP_DETACH:
	case VRRP_PG_OP_FOLLOW:
	case VRRP_PG_OP_CHECKPOINT:
	case VRRP_PG_OP_SYNC_NAMES:
	case VRRP_PG_OP_DROP_SENDERS:
	case VRRP_PG_OP_SEAL:
	case VRRP_PG_OP_NONE:
	case VRRP_PG_OP_COUNT:
		break;
	}
	return sim_draw(world, 1, knobs->probe_us);
}

void sim_pg_op(struct sim_world *world, struct sim_member *member, const struct vrrp_action *action)
{
	struct sim_pg *pg = &member->pg;
	uint64_t old_ticket = pg->op_ticket;
	uint64_t old_daemon = pg->op_daemon;
	bool aborts = pg->op != VRRP_PG_OP_NONE;

	if (action->op == VRRP_PG_OP_CHECKPOINT) {
		return;
	}
	pg->op = action->op;
	pg->op_member = action->member;
	pg->op_ticket = action->ticket;
	pg->op_daemon = member->life;
	pg->op_life++;
	if (action->op == VRRP_PG_OP_REWIND || action->op == VRRP_PG_OP_CLONE) {
		sim_pg_die(world, member, false);
	}
	sim_world_push(world, draw_length_us(world, action->op),
		(struct sim_event){ .kind = SIM_EV_PG_OP, .member = member->index, .life = pg->op_life });
	if (aborts && sim_draw(world, 0, 1)) {
		report_done(world, member, old_ticket, old_daemon, false);
	}
}

static bool promote(struct sim_world *world, struct sim_member *member)
{
	struct sim_pg *pg = &member->pg;
	struct vrrp_timeline timeline;

	sim_pg_sync_all(world);
	if (pg->state != SIM_PG_UP || pg->hung) {
		return false;
	}
	if (!pg->standby) {
		return true;
	}
	if (world->phase == SIM_PHASE_FAULTS && sim_chance_ppm(world, world->knobs.promote_fail_ppm)) {
		return false;
	}
	timeline = (struct vrrp_timeline){ .timeline = pg->history.entry[pg->history.count - 1].timeline + 1,
		.switch_point = pg->position + PG_RECOVERY_RECORD_BYTES,
		.fingerprint = vrrp_prng_next(&world->prng) | 1 };
	vrrp_history_append(&pg->history, &timeline);
	pg->position = timeline.switch_point + PG_END_OF_RECOVERY_BYTES;
	pg->standby = false;
	pg->upstream = VRRP_MEMBER_NONE;
	pg->receiver = false;
	sim_world_trace(world, member, "PostgreSQL promoted to timeline %u", timeline.timeline);
	return true;
}

/* Rewind and clone: a copy of another member's data, then a standby of it. */
static bool rejoin(struct sim_world *world, struct sim_member *member)
{
	struct sim_pg *pg = &member->pg;
	const struct sim_member *from = &world->member[pg->op_member];

	sim_pg_sync_all(world);
	if (pg->state != SIM_PG_DOWN || from->witness || from->pg.state != SIM_PG_UP || from->pg.hung ||
		!sim_net_reaches(world, member->index, from->index) ||
		!sim_net_reaches(world, from->index, member->index)) {
		return false;
	}
	if (world->phase == SIM_PHASE_FAULTS && sim_chance_ppm(world, world->knobs.rejoin_fail_ppm)) {
		return false;
	}
	pg->history = from->pg.history;
	pg->position = from->pg.position;
	pg->upstream = pg->op_member;
	sim_pg_begin_start(world, member, true);
	return true;
}

static bool carry_out(struct sim_world *world, struct sim_member *member, enum vrrp_pg_op op)
{
	struct sim_pg *pg = &member->pg;

	switch (op) {
	case VRRP_PG_OP_PROMOTE:
		return promote(world, member);
	case VRRP_PG_OP_STOP_IMMEDIATE:
	case VRRP_PG_OP_STOP_FAST:
		sim_pg_die(world, member, op == VRRP_PG_OP_STOP_FAST);
		return true;
	case VRRP_PG_OP_START_STANDBY:
		if (pg->state != SIM_PG_DOWN && !pg->standby) {
			return false;
		}
		pg->upstream = VRRP_MEMBER_NONE;
		sim_pg_begin_start(world, member, true);
		return true;
	case VRRP_PG_OP_DETACH:
	case VRRP_PG_OP_FOLLOW:
		sim_pg_sync_all(world);
		if (pg->state != SIM_PG_UP || !pg->standby || pg->hung) {
			return false;
		}
		pg->upstream = op == VRRP_PG_OP_FOLLOW ? pg->op_member : VRRP_MEMBER_NONE;
		sim_pg_sync_all(world);
		return true;
	case VRRP_PG_OP_REWIND:
	case VRRP_PG_OP_CLONE:
		return rejoin(world, member);
	case VRRP_PG_OP_CHECKPOINT:
	case VRRP_PG_OP_SYNC_NAMES:
	case VRRP_PG_OP_DROP_SENDERS:
	case VRRP_PG_OP_SEAL:
	case VRRP_PG_OP_NONE:
	case VRRP_PG_OP_COUNT:
		break;
	}
	return false;
}

void sim_pg_op_done(struct sim_world *world, struct sim_member *member, const struct sim_event *event)
{
	struct sim_pg *pg = &member->pg;
	enum vrrp_pg_op op = pg->op;
	uint64_t ticket = pg->op_ticket;
	uint64_t daemon = pg->op_daemon;
	bool ok;

	if (event->life != pg->op_life || op == VRRP_PG_OP_NONE) {
		return;
	}
	pg->op = VRRP_PG_OP_NONE;
	if (!member->host_up) {
		return;
	}
	ok = carry_out(world, member, op);
	report_done(world, member, ticket, daemon, ok);
}
