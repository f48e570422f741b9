/*
 * Orders to a PostgreSQL: each takes its time and may fail; a new one ends the one before it. They are carried out by
 * helper processes, so that they go on when the daemon is frozen or dead.
 */
#include "tests/sim/sim.h"

#define PG_END_OF_RECOVERY_BYTES 128
#define PG_OP_TRIES_MAX 50

static void report_done(
	struct sim_world *world, struct sim_member *member, uint64_t ticket, uint64_t daemon, bool ok, bool untouched)
{
	if (daemon == member->life && ticket != 0) {
		sim_member_post(world, member,
			&(struct sim_inbox_entry){ .kind = VRRP_EVENT_PG_DONE,
				.ticket = ticket,
				.ok = ok,
				.untouched = untouched,
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
	default:
		return sim_draw(world, 1, knobs->probe_us);
	}
}

/* A clone changes places with the old directory at its end; a rewind works in it. */
void sim_pg_op_cut(struct sim_world *world, struct sim_member *member)
{
	struct sim_pg *pg = &member->pg;

	if (pg->op == VRRP_PG_OP_REWIND && sim_draw(world, 0, 1)) {
		pg->broken = true;
		sim_world_trace(world, member, "half rewound");
	}
	pg->op = VRRP_PG_OP_NONE;
	pg->op_life++;
}

void sim_pg_op(struct sim_world *world, struct sim_member *member, const struct vrrp_action *action)
{
	struct sim_pg *pg = &member->pg;
	uint64_t old_ticket = pg->op_ticket;
	uint64_t old_daemon = pg->op_daemon;
	bool aborts = pg->op != VRRP_PG_OP_NONE;

	if (action->op == VRRP_PG_OP_CHECKPOINT) {
		sim_world_push(world, sim_draw(world, 1, world->knobs.checkpoint_us),
			(struct sim_event){ .kind = SIM_EV_PG_CHECKPOINT,
				.member = member->index,
				.life = pg->life,
				.ticket = action->ticket,
				.daemon = member->life });
		return;
	}
	sim_pg_op_cut(world, member);
	pg->op = action->op;
	pg->op_member = action->member;
	pg->op_timeline = action->member < VRRP_MEMBERS_MAX ? member->core.peer[action->member].report.timeline : 0;
	pg->op_ticket = action->ticket;
	pg->op_daemon = member->life;
	pg->op_tries = 0;
	pg->sync_k = action->sync_k;
	pg->sync_set = action->sync_set;
	if (action->op == VRRP_PG_OP_REWIND || action->op == VRRP_PG_OP_CLONE) {
		sim_pg_die(world, member, action->op == VRRP_PG_OP_REWIND);
	}
	sim_world_push(world, draw_length_us(world, action->op),
		(struct sim_event){ .kind = SIM_EV_PG_OP, .member = member->index, .life = pg->op_life });
	if (aborts && sim_draw(world, 0, 1)) {
		report_done(world, member, old_ticket, old_daemon, false, false);
	}
}

void sim_pg_checkpoint_done(struct sim_world *world, struct sim_member *member, const struct sim_event *event)
{
	bool same = event->life == member->pg.life;

	if (same && member->pg.state == SIM_PG_UP && !member->pg.standby) {
		member->pg.control_timeline = sim_pg_timeline(&member->pg);
	}
	report_done(world, member, event->ticket, event->daemon,
		same && member->pg.state == SIM_PG_UP && !member->pg.hung, false);
}

static bool promote(struct sim_world *world, struct sim_member *member)
{
	struct sim_pg *pg = &member->pg;
	struct sim_point end;

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
	if (pg->mixed) {
		sim_inv_attach_used(world, member, "promotes a mixed history");
	}
	sim_pg_end_connections(world, member);
	end = sim_pg_end(world, pg);
	sim_pg_set_line(world, pg, sim_wal_fork(world, end), end.lsn + PG_END_OF_RECOVERY_BYTES);
	pg->standby = false; /* primary_conninfo stays what it was */
	pg->synced_us = world->now_us;
	sim_pg_reload(world, member);
	sim_world_trace(world, member, "PostgreSQL promoted to timeline %u at %llx", sim_pg_timeline(pg),
		(unsigned long long)end.lsn);
	return true;
}

/*
 * pg_rewind finds the last common timeline by number and switch point. The same number on both sides: "no rewind
 * required". Another branch under those numbers: what comes out is of no line.
 */
static bool rewind_from(struct sim_world *world, struct sim_pg *pg, const struct sim_pg *from)
{
	if (sim_pg_timeline(pg) == sim_pg_timeline(from)) {
		sim_world_trace(world, NULL, "no rewind required");
		return false;
	}
	for (unsigned i = pg->history.count; i-- > 0;) {
		const struct vrrp_timeline *mine = &pg->history.entry[i];
		const struct vrrp_timeline *theirs = vrrp_history_find(&from->history, mine->timeline);

		if (theirs != NULL && theirs->switch_point == mine->switch_point) {
			if (theirs->fingerprint != mine->fingerprint) {
				pg->mixed = true;
				sim_world_trace(
					world, NULL, "MIXED: rewound across another timeline %u", mine->timeline);
			}
			break;
		}
	}
	sim_pg_set_line(world, pg, from->branch, from->position);
	return true;
}

/* Rewind and clone: a copy of another member's data, then a standby of it. */
static bool rejoin(struct sim_world *world, struct sim_member *member, enum vrrp_pg_op op, bool *ret_untouched)
{
	struct sim_pg *pg = &member->pg;
	const struct sim_member *from = &world->member[pg->op_member];
	bool fails = world->phase == SIM_PHASE_FAULTS && sim_chance_ppm(world, world->knobs.rejoin_fail_ppm);

	sim_pg_sync_all(world);
	*ret_untouched = true;
	if (pg->state != SIM_PG_DOWN || from->witness || from->pg.state != SIM_PG_UP || from->pg.hung ||
		!sim_net_reaches_pg(world, member->index, from->index)) {
		return false;
	}
	if (op == VRRP_PG_OP_REWIND && (from->pg.standby || sim_pg_timeline(&from->pg) != pg->op_timeline ||
					       from->pg.control_timeline != sim_pg_timeline(&from->pg))) {
		/* Another timeline than was compared; before its first checkpoint pg_rewind would do nothing. The leaf
		 * asks the source and refuses (checks/pg_rejoin_step.h). */
		return false;
	}
	*ret_untouched = false;
	world->member[from->index].pg.slots |= (uint16_t)(1U << member->index);
	if (fails) {
		pg->broken = pg->broken || (op == VRRP_PG_OP_REWIND && sim_draw(world, 0, 1));
		return false;
	}
	if (op == VRRP_PG_OP_CLONE) {
		sim_pg_set_line(world, pg, from->pg.branch, from->pg.position);
		pg->mixed = from->pg.mixed;
		pg->broken = false;
	} else {
		(void)rewind_from(world, pg, &from->pg);
	}
	pg->control_timeline = sim_pg_timeline(pg);
	pg->slots = 0;
	pg->upstream = pg->op_member;
	sim_pg_begin_start(world, member, true);
	return true;
}

/* primary_conninfo has changed: the WAL receiver goes as soon as the startup process has read it. */
static bool follow(struct sim_world *world, struct sim_member *member, uint8_t upstream)
{
	struct sim_pg *pg = &member->pg;

	sim_pg_sync_all(world);
	if (pg->state != SIM_PG_UP || !pg->standby || pg->hung) {
		return false;
	}
	if (upstream != VRRP_MEMBER_NONE && world->knobs.slots != 0) {
		struct sim_pg *from = &world->member[upstream].pg;

		/* It makes its slot there first. */
		if (from->state != SIM_PG_UP || from->hung || !sim_net_reaches_pg(world, member->index, upstream)) {
			return false;
		}
		from->slots |= (uint16_t)(1U << member->index);
	}
	if (pg->receiver && pg->receiver_from != upstream && pg->receiver_ends_us == 0) {
		pg->receiver_ends_us = world->now_us + sim_draw(world, 1, world->knobs.reload_us);
	}
	pg->upstream = upstream;
	return true;
}

static bool set_names(struct sim_world *world, struct sim_member *member)
{
	struct sim_pg *pg = &member->pg;

	if (pg->state != SIM_PG_UP || pg->hung) {
		return false;
	}
	pg->names = (struct sim_names){ .set = pg->sync_k > 0 ? pg->sync_set : 0, .k = pg->sync_k };
	sim_world_trace(world, member, "synchronous_standby_names = ANY %u (0x%x)", pg->sync_k, pg->names.set);
	sim_pg_reload(world, member);
	return true;
}

static bool drop_senders(struct sim_world *world, struct sim_member *member)
{
	struct sim_pg *pg = &member->pg;

	sim_pg_sync_all(world);
	if (pg->state != SIM_PG_UP || pg->standby || pg->hung) {
		return false;
	}
	for (unsigned i = 0; i < world->count; i++) {
		if ((pg->sync_set >> i & 1) == 0) {
			pg->sender[i].exists = false;
		}
	}
	return true;
}

static bool seal(struct sim_pg *pg)
{
	if (pg->state != SIM_PG_DOWN || !pg->clean) {
		return false;
	}
	pg->standby = true;
	pg->upstream = VRRP_MEMBER_NONE;
	return true;
}

static bool carry_out(struct sim_world *world, struct sim_member *member, enum vrrp_pg_op op, bool *ret_untouched)
{
	struct sim_pg *pg = &member->pg;

	switch (op) {
	case VRRP_PG_OP_PROMOTE:
		return promote(world, member);
	case VRRP_PG_OP_STOP_IMMEDIATE:
	case VRRP_PG_OP_STOP_FAST:
		sim_pg_die(world, member, op == VRRP_PG_OP_STOP_FAST);
		pg->standby = true; /* written before it is stopped, and an empty primary_conninfo */
		pg->upstream = VRRP_MEMBER_NONE;
		return true;
	case VRRP_PG_OP_START_STANDBY:
		if (pg->state != SIM_PG_DOWN && !pg->standby) {
			return false;
		}
		if (pg->state == SIM_PG_DOWN) {
			pg->upstream = VRRP_MEMBER_NONE;
			sim_pg_begin_start(world, member, true);
		}
		return true;
	case VRRP_PG_OP_DETACH:
		return follow(world, member, VRRP_MEMBER_NONE);
	case VRRP_PG_OP_FOLLOW:
		return follow(world, member, pg->op_member);
	case VRRP_PG_OP_REWIND:
	case VRRP_PG_OP_CLONE:
		return rejoin(world, member, op, ret_untouched);
	case VRRP_PG_OP_SYNC_NAMES:
		return set_names(world, member);
	case VRRP_PG_OP_DROP_SENDERS:
		return drop_senders(world, member);
	case VRRP_PG_OP_SEAL:
		return seal(pg);
	case VRRP_PG_OP_CHECKPOINT:
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
	bool untouched = false;
	bool ok;

	if (event->life != pg->op_life || op == VRRP_PG_OP_NONE || !member->host_up) {
		return;
	}
	/* A commit of our own must be seen to wait: not before the checkpointer has read the names. */
	if (op == VRRP_PG_OP_DROP_SENDERS && pg->sync_k > 0 && pg->waits.k == 0 && pg->op_tries < PG_OP_TRIES_MAX &&
		pg->state == SIM_PG_UP) {
		pg->op_tries++;
		sim_world_push(world, sim_draw(world, 1, world->knobs.reload_us), *event);
		return;
	}
	pg->op = VRRP_PG_OP_NONE;
	ok = carry_out(world, member, op, &untouched);
	if (op == VRRP_PG_OP_DROP_SENDERS && pg->sync_k > 0) {
		ok = ok && pg->waits.k > 0;
	}
	report_done(world, member, pg->op_ticket, pg->op_daemon, ok, untouched);
}
