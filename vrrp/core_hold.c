#include "vrrp/core_internal.h"

#include <string.h>

static void gate(struct vrrp_core *core, struct vrrp_update *update, struct vrrp_time in, struct vrrp_time out)
{
	struct vrrp_action *action = core_act(update, VRRP_ACT_GATE);

	if (VRRP_MUTANT(gate_beyond_the_lease) && in.us != 0) {
		in = vrrp_time_add(in, core->config.advert_int_us);
	}
	action->in_end = in;
	action->out_end = out;
	core->gate_end = in;
}

/* Bound with a lifetime that ends after the lease, so that the kernel removes the address by itself (section 5.2). */
static void bind_addresses(struct vrrp_core *core, struct vrrp_update *update)
{
	int64_t us = vrrp_time_diff_us(core->lease_end, core->now);

	core_act(update, VRRP_ACT_BIND)->lifetime_s =
		(uint32_t)((us + VRRP_US_PER_S - 1) / VRRP_US_PER_S) + CORE_LIFETIME_EXTRA_S;
	core->next_refresh = vrrp_time_add(core->now, CORE_REFRESH_US);
}

static void announce(struct vrrp_core *core, struct vrrp_update *update, uint32_t repeats)
{
	core_act(update, VRRP_ACT_ANNOUNCE);
	core->announce_left = repeats;
	core->next_announce = vrrp_time_add(
		core->now, repeats > 0 ? core->config.garp_repeat_delay_us : core->config.garp_refresh_us);
}

/* The order of section 4.1: the resets of destroyed connections still pass outwards; an address that is gone is not
 * announced by the advertisement of priority 0 that follows. */
void core_stop_serving(struct vrrp_core *core, struct vrrp_update *update)
{
	if (!core->bound) {
		return;
	}
	if (VRRP_MUTANT(unbinds_before_the_resets)) {
		core_act(update, VRRP_ACT_UNBIND);
	}
	gate(core, update, VRRP_TIME_NONE, core->lease_end);
	core_act(update, VRRP_ACT_DESTROY);
	core_act(update, VRRP_ACT_UNBIND);
	core_act(update, VRRP_ACT_ADVERT)->priority = 0;
	gate(core, update, VRRP_TIME_NONE, VRRP_TIME_NONE);
	core->bound = false;
}

/* Gate and address stand as the process before left them: they are written anew, without a moment of closing. */
void core_hold_resume(struct vrrp_core *core, struct vrrp_update *update)
{
	gate(core, update, core->lease_end, core->lease_end);
	core->bound = true;
	bind_addresses(core, update);
	core->next_announce = vrrp_time_add(core->now, core->config.garp_refresh_us);
}

/* To the whole of the lease, whenever they were last refreshed. */
void core_hold_extend(struct vrrp_core *core, struct vrrp_update *update)
{
	gate(core, update, core->lease_end, core->lease_end);
	bind_addresses(core, update);
}

/* The lease is counted shorter than it was. */
void core_hold_shorten(struct vrrp_core *core, struct vrrp_update *update)
{
	if (core->bound && vrrp_time_before(core->now, core->lease_end) &&
		vrrp_time_before(core->lease_end, core->gate_end)) {
		gate(core, update, core->lease_end, core->lease_end);
	}
	core_hold_check_lease(core, update);
}

/*
 * PostgreSQL is out of recovery and the lease runs: gate, address, announcement (section 8). `serving` is written, but
 * nobody waits for the disk here: until it is durable the file says `promoting`, and a daemon that dies in between
 * stops this PostgreSQL and starts it as a standby at its next start (4.2). That loses nothing, it is ahead and will be
 * elected again; and clients are not kept waiting for an fsync.
 */
void core_hold_serve(struct vrrp_core *core, struct vrrp_update *update)
{
	gate(core, update, core->lease_end, core->lease_end);
	core->bound = true;
	bind_addresses(core, update);
	core->stored.promoting = (struct vrrp_ballot){ 0 };
	core->stored.serving = core->ballot;
	core->stored.serving_this_boot = true;
	core_store(core);
	announce(core, update, core->config.garp_repeat);
	core->phase = VRRP_HOLD_NONE;
	core->superseded = false;
	core->stays_told = 0;
	core_role_set(core, update, VRRP_CAUSE_SERVING);
	core_act(update, VRRP_ACT_PG)->op = VRRP_PG_OP_CHECKPOINT;
}

/* What a MASTER does not survive; 0 = fit to serve. LINK, PG_HUNG and the like need somebody who can take over. */
uint32_t core_hold_unfit(const struct vrrp_core *core)
{
	uint32_t faults = core->pg.faults | (VRRP_MUTANT(serves_although_stuck) ? 0 : core->health);

	if (!core->pg.up) {
		faults |= VRRP_FAULT_BIT(VRRP_FAULT_PG_DOWN);
	}
	if (!core->link_up) {
		faults |= VRRP_FAULT_BIT(VRRP_FAULT_LINK);
	}
	if (core->track.seen.failed) {
		faults |= core_track_faults(core);
	}
	return faults;
}

/* No lease any more; what was held under is released later. */
static void give_up(struct vrrp_core *core)
{
	core->lost = core->ballot;
	core->ballot = (struct vrrp_ballot){ 0 };
	memset(core->worth, 0, sizeof(core->worth));
	core->resumed_end = VRRP_TIME_NONE;
	core->lease_end = VRRP_TIME_NONE;
}

/* Everything of the hold is over; PostgreSQL is stopped, gone, or was never primary. */
void core_finish_leaving(struct vrrp_core *core, struct vrrp_update *update, enum vrrp_cause cause)
{
	if (core_token_may_stand(core)) {
		give_up(core);
		core->release_held = true;
	} else {
		core_release(core);
	}
	core->phase = VRRP_HOLD_NONE;
	core_role_set(core, update, cause);
}

void core_let_go(struct vrrp_core *core, struct vrrp_update *update, enum vrrp_cause cause)
{
	/* A promotion that failed may still come about: PostgreSQL has the command. */
	bool stop = core_pg_may_be_primary(core) || core->phase == VRRP_HOLD_PROMOTING;

	if (!VRRP_MUTANT(release_before_unbinding)) {
		core_stop_serving(core, update);
	}
	if ((cause == VRRP_CAUSE_PROMOTE_FAILED || cause == VRRP_CAUSE_KERNEL_FAILED) && !VRRP_MUTANT(no_fault_hold)) {
		core->held_until = vrrp_time_add(core->now, core->config.fault_hold_us);
	}
	core_role_set(core, update, cause);
	if (stop && !VRRP_MUTANT(release_before_the_stop)) {
		/* A promotion may be under way, a primary may be served elsewhere soon: gone before the release (C2).
		 */
		core->superseded = true;
		core->phase = VRRP_HOLD_STOPPING;
		core_pg_order(core, update, cause == VRRP_CAUSE_STOP ? VRRP_PG_OP_STOP_FAST : VRRP_PG_OP_STOP_IMMEDIATE,
			VRRP_MEMBER_NONE);
	} else {
		core_finish_leaving(core, update, VRRP_CAUSE_PG_STOPPED);
	}
}

/* The lease is judged by the clock alone, at the beginning of every step. */
void core_hold_check_lease(struct vrrp_core *core, struct vrrp_update *update)
{
	if (!vrrp_role_holds(core->role) || vrrp_time_before(core->now, core->lease_end) ||
		VRRP_MUTANT(lease_end_not_judged)) {
		return;
	}
	if (core->bound) {
		gate(core, update, VRRP_TIME_NONE, VRRP_TIME_NONE);
		core_act(update, VRRP_ACT_UNBIND);
		core_act(update, VRRP_ACT_DESTROY);
		core->bound = false;
	}
	/* A promotion that is being stopped (superseded already) is not over before PostgreSQL is gone (C2). */
	core->superseded = core->superseded || (core_pg_may_be_primary(core) && !VRRP_MUTANT(late_promotion_is_kept));
	core->phase = VRRP_HOLD_NONE;
	give_up(core);
	core_role_set(core, update, VRRP_CAUSE_LEASE_ENDED);
	if (!core->superseded) {
		core_release_lost(core);
	}
}

/*
 * Voters count my grant longer than I did (max_drift), and my own vote is bound to me: nothing serves under that ballot
 * any more and PostgreSQL is no primary, so they need not wait for its end.
 */
void core_release_lost(struct vrrp_core *core)
{
	if (vrrp_ballot_is_none(&core->lost)) {
		return;
	}
	if (core_token_may_stand(core)) {
		core->release_held = true; /* a later process might find it, and resume */
		return;
	}
	core->release = core->lost;
	core->lost = (struct vrrp_ballot){ 0 };
	if (vrrp_grant_is_released_by(&core->grant, &core->release)) {
		core->grant = (struct vrrp_grant){ 0 };
	}
	core->send_now = true;
}

void core_hold_pg_done(
	struct vrrp_core *core, struct vrrp_update *update, enum vrrp_pg_op op, bool ok, const struct vrrp_pg *pg)
{
	if (op == VRRP_PG_OP_PROMOTE) {
		if (core->role == VRRP_ROLE_PROMOTING && core->phase == VRRP_HOLD_PROMOTING) {
			if (ok && core->pg.up && !core->pg.in_recovery) {
				core_take_primary(core, update);
			} else {
				core_let_go(core, update, VRRP_CAUSE_PROMOTE_FAILED);
			}
		} else {
			/* it outlived its lease: never serves (I2, C1) */
			core->superseded = !VRRP_MUTANT(late_promotion_is_kept);
		}
		return;
	}
	if (core_switch_pg_done(core, update, op, ok, pg) ||
		(op != VRRP_PG_OP_STOP_IMMEDIATE && op != VRRP_PG_OP_STOP_FAST) || !ok) {
		return;
	}
	core_release_lost(core);
	if (core->role == VRRP_ROLE_LEAVING && core->phase == VRRP_HOLD_STOPPING) {
		core_finish_leaving(core, update, VRRP_CAUSE_PG_STOPPED);
	}
}

/* The postmaster is gone: the gate closes before anything else, orphaned backends may still acknowledge (section 9). */
void core_hold_pg_died(struct vrrp_core *core, struct vrrp_update *update)
{
	bool held = vrrp_role_holds(core->role);

	core->pg.gone = true;
	core->pg.up = false;
	core->pg.starting = false;
	core->pg.position_known = false;
	core->pg.streaming = false;
	core->pg.receiver = false;
	core->pg_seen = true;
	core->send_now = true;
	core->pg.sealed = false;
	core_sync_forget(core);
	if (core->op == VRRP_PG_OP_PROMOTE || core->op == VRRP_PG_OP_DETACH || core->op == VRRP_PG_OP_FOLLOW ||
		core->op == VRRP_PG_OP_SYNC_NAMES || core->op == VRRP_PG_OP_DROP_SENDERS) {
		core->op = VRRP_PG_OP_NONE; /* their completion is not waited for any more */
	}
	/* Starting it again is no hurry: the others must hear first that it is gone, and take over. */
	core->op_retry_at = vrrp_time_max(core->op_retry_at, vrrp_time_add(core->now, CORE_RESTART_PAUSE_US));
	if (!held) {
		core_release_lost(core);
		return;
	}
	if (core_switch_stops_postgresql(core)) {
		return; /* as ordered: the order's end says how */
	}
	if (!VRRP_MUTANT(gate_outlives_postgresql)) {
		core_stop_serving(core, update);
	}
	core->superseded = true;
	core_finish_leaving(core, update, VRRP_CAUSE_PG_DIED);
}

void core_announce_again(struct vrrp_core *core, struct vrrp_update *update)
{
	if (core->bound && vrrp_time_diff_us(core->now, core->claim_at) >= CORE_CLAIM_US) {
		core->claim_at = core->now;
		core_log(update, VRRP_LOG_WARNING, "another host claims the address: announcing it again");
		announce(core, update, core->config.garp_repeat);
	}
}

void core_address_lost(struct vrrp_core *core, struct vrrp_update *update)
{
	if (core->bound) {
		core_log(update, VRRP_LOG_WARNING, "the address was removed from outside: put back");
		bind_addresses(core, update);
		announce(core, update, core->config.garp_repeat);
	}
}

/* quorum = none: a fresh report shows another holder with a higher ballot (section 4.6 (2)). */
static bool higher_holder(const struct vrrp_core *core)
{
	int other = core_other_holder(core);

	return core->config.quorum == VRRP_QUORUM_NONE && other >= 0 && !VRRP_MUTANT(higher_ballot_ignored) &&
	       vrrp_ballot_compare(&core->peer[other].report.ballot, &core->ballot) > 0;
}

static void master_tick(struct vrrp_core *core, struct vrrp_update *update)
{
	if (core->pg.up && core->pg.in_recovery) {
		core_let_go(core, update, VRRP_CAUSE_PG_DEMOTED);
		return;
	}
	if (core_unfit_lets_go(core, update)) {
		core_let_go(core, update, VRRP_CAUSE_LET_GO);
		return;
	}
	if (!vrrp_switch_is_under_way(core->switchover.phase)) { /* else it does not stay */
		core_health_tick(core, update);
	}
	core_sync_tick(core, update);
	if (vrrp_time_before(core->gate_end, core->lease_end)) {
		gate(core, update, core->lease_end, core->lease_end);
		if (!vrrp_time_before(core->now, core->next_refresh)) {
			bind_addresses(core, update);
		}
	}
	if (!vrrp_time_before(core->now, core->next_announce)) {
		announce(core, update, core->announce_left > 0 ? core->announce_left - 1 : 0);
	}
}

void core_hold_tick(struct vrrp_core *core, struct vrrp_update *update)
{
	if ((core->role == VRRP_ROLE_MASTER || core->role == VRRP_ROLE_PROMOTING) && higher_holder(core)) {
		if (core_pg_may_be_primary(core) && !VRRP_MUTANT(served_tail_not_put_aside)) {
			core->stored.diverged = true; /* its tail was served; one still in recovery wrote none */
			core_store(core);
		}
		core_let_go(core, update, VRRP_CAUSE_OTHER_HOLDER);
	}
	if (core->role == VRRP_ROLE_PROMOTING && !vrrp_time_before(core->now, core->promote_deadline) &&
		!VRRP_MUTANT(no_promote_timeout)) {
		core_let_go(core, update, VRRP_CAUSE_PROMOTE_FAILED);
	}
	if (core->role == VRRP_ROLE_PROMOTING && core->config.durability == VRRP_DURABILITY_QUORUM) {
		core_take_tick(core, update);
	}
	if (core->role == VRRP_ROLE_LEAVING && core->op == VRRP_PG_OP_NONE && core->phase != VRRP_HOLD_SWITCHING &&
		!vrrp_time_before(core->now, core->op_retry_at)) {
		core_pg_order(core, update, VRRP_PG_OP_STOP_IMMEDIATE, VRRP_MEMBER_NONE); /* the first one failed */
	}
	if (core->role == VRRP_ROLE_MASTER) {
		master_tick(core, update);
	}
}

struct vrrp_time core_hold_deadline(const struct vrrp_core *core)
{
	struct vrrp_time at = VRRP_TIME_NEVER;

	if (vrrp_role_holds(core->role)) {
		at = core->lease_end;
	}
	if (core->role == VRRP_ROLE_PROMOTING) {
		at = vrrp_time_min(at, core->promote_deadline);
	}
	if (core->role == VRRP_ROLE_MASTER) {
		at = vrrp_time_min(at, core->next_announce);
	}
	return at;
}
