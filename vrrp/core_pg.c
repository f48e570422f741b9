#include "vrrp/core_internal.h"

#include <string.h>

bool core_pg_may_be_primary(const struct vrrp_core *core)
{
	/* in_recovery is what it last said; who never said anything is not known to be a primary. */
	return core->op == VRRP_PG_OP_PROMOTE ||
	       (!core->pg.gone && core->pg.system_identifier != 0 && !core->pg.in_recovery);
}

struct vrrp_action *core_pg_order(
	struct vrrp_core *core, struct vrrp_update *update, enum vrrp_pg_op op, unsigned member)
{
	struct vrrp_action *action = core_act(update, VRRP_ACT_PG);

	if (core->op == VRRP_PG_OP_REWIND || core->op == VRRP_PG_OP_CLONE) {
		core->stored.history.count = 0; /* it may be through: what is in the directory must be read again */
	}
	if (core->op == VRRP_PG_OP_REWIND) {
		core->rewind_armed = false; /* cut off in the middle: what it leaves behind is only ever replaced */
	}
	if (op == VRRP_PG_OP_FOLLOW || op == VRRP_PG_OP_REWIND || op == VRRP_PG_OP_CLONE) {
		core->detached = false;
	}
	core->op = op;
	core->op_member = (uint8_t)member;
	core->op_ticket = ++core->next_ticket;
	action->op = op;
	action->member = (uint8_t)member;
	action->ticket = core->op_ticket;
	core->attached = core->attached || op == VRRP_PG_OP_FOLLOW || op == VRRP_PG_OP_REWIND || op == VRRP_PG_OP_CLONE;
	core->send_now = true;
	return action;
}

void core_pg_seen(struct vrrp_core *core, const struct vrrp_event *event, struct vrrp_update *update)
{
	struct vrrp_pg before = core->pg;
	uint32_t faults_before = vrrp_core_faults(core);

	core->pg_seen = true;
	/* The others wait for this look before they compare positions. */
	core->send_now = core->send_now ||
			 (core->no_holder_since.us != 0 && vrrp_time_before(core->pg_seen_at, core->no_holder_since));
	core->pg_seen_at = core->now;
	core->looks_due -= core->looks_due > 0 ? 1 : 0;
	if (core->looks_due > 0 && core->config.durability == VRRP_DURABILITY_QUORUM) {
		core_act(update, VRRP_ACT_PROBE);
	}
	if (event->pg.gone || event->pg.starting || event->pg.in_recovery) {
		core_sync_forget(core);
	}
	if (event->pg.up) {
		core->pg = event->pg;
		core->pg.gone = false;
		core->op_backoff_us = core->op == VRRP_PG_OP_NONE && event->pg.streaming ? CORE_OP_BACKOFF_MIN_US
											 : core->op_backoff_us;
		if (core->stored.system_identifier == 0) {
			core->stored.system_identifier = event->pg.system_identifier;
			core_store(core);
		}
		if (core->pg.in_recovery && core->op == VRRP_PG_OP_NONE) {
			core->superseded = false;
		}
	} else {
		core->pg.up = false;
		core->pg.starting = event->pg.starting;
		core->pg.gone = event->pg.gone;
		core->pg.faults = event->pg.faults;
		core->pg.position_known = event->pg.gone && event->pg.position_known;
		core->pg.sealed = event->pg.gone && event->pg.sealed;
		if (core->pg.position_known) { /* cleanly shut down: its end, as pg_control has it */
			core->pg.position = event->pg.position;
			core->pg.timeline = event->pg.timeline;
			core->pg.system_identifier = event->pg.system_identifier;
		}
		core->pg.streaming = false;
		core->pg.receiver = false;
	}
	core_note_own_position(core);
	core_judge_lag(core);
	core->send_now = core->send_now || before.up != core->pg.up || before.in_recovery != core->pg.in_recovery ||
			 before.position_known != core->pg.position_known || before.streaming != core->pg.streaming ||
			 (core_is_awaited(core) && before.position != core->pg.position) ||
			 before.timeline != core->pg.timeline || faults_before != vrrp_core_faults(core);
}

/* A standby of this holder from now on (section 6 (b), (c)); what it is called must be durable before it attaches. */
static void take_epoch(struct vrrp_core *core, const struct vrrp_ballot *epoch)
{
	core->stored.epoch = *epoch;
	core->epoch_ticket = core_store(core);
	core->send_now = true;
}

static void rejoin_done(struct vrrp_core *core, const struct vrrp_event *event, enum vrrp_pg_op op)
{
	core->rewind_armed = false;
	if (!event->ok) {
		/* A clone that did not begin leaves what an earlier rewind has left. */
		if (op == VRRP_PG_OP_REWIND && event->untouched && core->stored.rewinding) {
			core->stored.rewinding = false; /* the source was not ready, or is gone: rewound later */
			core_store(core);
		}
		if (!event->untouched) {
			core->stored.history.count = 0;
		}
		return;
	}
	core->stored.rewinding = false;
	core->stored.diverged = false;
	core->stored.history.count = 0; /* the holder's from now on; adopted or read again */
	core->followed = core->op_member;
	core->followed_ballot = core->op_ballot;
	core->followed_at = core->now;
	take_epoch(core, &core->op_ballot);
}

void core_pg_done(struct vrrp_core *core, const struct vrrp_event *event, struct vrrp_update *update)
{
	enum vrrp_pg_op op = core->op;

	core_switch_checkpoint_done(core, update, event->ticket, event->ok);
	if (op == VRRP_PG_OP_NONE || event->ticket != core->op_ticket) {
		return; /* overtaken by a later order */
	}
	core->op = VRRP_PG_OP_NONE;
	core->send_now = true;
	core->looks_due = CORE_LOOKS_SURE;
	core->attached = core->attached && !(event->ok && (op == VRRP_PG_OP_DETACH || op == VRRP_PG_OP_START_STANDBY));
	core_sync_done(core, op, event->ok);
	if (op == VRRP_PG_OP_PROMOTE && event->pg.up) {
		core->pg = event->pg;
		core->pg_seen_at = core->now;
	}
	if ((op == VRRP_PG_OP_STOP_IMMEDIATE || op == VRRP_PG_OP_STOP_FAST) && event->ok) {
		core->pg.gone = true;
		core->pg.up = false;
		core->pg.position_known = false;
		core->pg.streaming = false;
		core->pg.receiver = false;
	}
	if (op == VRRP_PG_OP_DETACH && event->ok) {
		core->detached = true;
		core->pg.position_known = false; /* seen before; the next look tells */
		core->op_retry_at = core->pg.receiver ? core->op_retry_at : core->now;
	}
	if (op == VRRP_PG_OP_START_STANDBY && event->ok) {
		core->detached = true;
		core->pg.gone = false;
		core->pg.in_recovery = true;
		core->superseded = false;
		core->stored.promoting = (struct vrrp_ballot){ 0 };
		core->followed = VRRP_MEMBER_NONE;
		core_store(core);
	}
	if (op == VRRP_PG_OP_REWIND || op == VRRP_PG_OP_CLONE) {
		core->pg.in_recovery = core->pg.in_recovery || event->ok;
		core->superseded = core->superseded && !event->ok;
		core->pg.gone = !event->ok;
		core->pg.up = false;
		rejoin_done(core, event, op);
	}
	if (!event->ok) {
		core->op_retry_at = vrrp_time_add(core->now, core->op_backoff_us);
		core->op_backoff_us = core->op_backoff_us * 2 > CORE_OP_BACKOFF_MAX_US ? CORE_OP_BACKOFF_MAX_US
										       : core->op_backoff_us * 2;
	}
	core_act(update, VRRP_ACT_PROBE);
	core_hold_pg_done(core, update, op, event->ok, &event->pg);
}

/*
 * pg_rewind goes by numbers: on the same timeline number, wherever the two branched off, it finds nothing to do; with
 * the same number and switch point of another fingerprint before, it takes the wrong common point [A2].
 */
static bool rewind_is_blind(const struct vrrp_position *own, const struct vrrp_position *holder)
{
	vrrp_lsn common = 0;

	if (vrrp_history_compare(own, holder, &common) == VRRP_LINEAGE_DIVERGED && common == 0) {
		return true;
	}
	if (own->timeline == holder->timeline ||
		(own->history.count > 0 && own->history.entry[own->history.count - 1].timeline == holder->timeline)) {
		return true;
	}
	for (unsigned i = 0; i < own->history.count; i++) {
		const struct vrrp_timeline *mine = &own->history.entry[i];
		const struct vrrp_timeline *theirs = vrrp_history_find(&holder->history, mine->timeline);

		if (theirs != NULL && theirs->switch_point == mine->switch_point &&
			(theirs->fingerprint != mine->fingerprint ||
				(mine->switch_point != 0 && mine->fingerprint == 0))) {
			return true;
		}
	}
	return false;
}

static void mark_diverged(struct vrrp_core *core, struct vrrp_update *update, unsigned index)
{
	core->stored.diverged = true;
	core->epoch_ticket = core_store(core);
	core->send_now = true;
	core_log(update, VRRP_LOG_WARNING,
		"history has diverged from the holder's (member %u): must be rewound or cloned",
		core->config.member[index].id);
}

/* primary_conninfo names nobody: what was compared stays what it is. */
static bool is_detached(const struct vrrp_core *core)
{
	return core->pg.no_upstream || core->detached;
}

static void rejoin(struct vrrp_core *core, struct vrrp_update *update, unsigned index, const struct vrrp_report *report)
{
	struct vrrp_position own = core_own_position(core);
	struct vrrp_position holder = vrrp_position_from_report(report);
	bool clone = (core->stored.rewinding && !core->rewind_armed && !VRRP_MUTANT(half_rewound_is_rewound_again)) ||
		     (rewind_is_blind(&own, &holder) && !VRRP_MUTANT(rewind_although_blind));

	if (!core->config.manage_full ||
		(core->stored_ticket < core->epoch_ticket && !VRRP_MUTANT(rewinds_before_diverged_is_durable))) {
		return;
	}
	if (!clone && core->pg.up && !core->pg.position_known && !VRRP_MUTANT(rewinds_what_still_grows)) {
		/* Attached to somebody it may follow onto a timeline that was not compared, one with the same number as
		 * the holder's too [A2]: it ends first, and its end is looked at. */
		if (core->pg.receiver || !is_detached(core)) {
			core->op_retry_at = vrrp_time_add(core->now, CORE_OP_BACKOFF_MIN_US);
			core_pg_order(core, update, VRRP_PG_OP_DETACH, VRRP_MEMBER_NONE);
		}
		return;
	}
	if (!clone && !vrrp_position_is_complete(&own)) {
		return; /* whether pg_rewind would be blind is not known before the own history is read */
	}
	if (!clone && !vrrp_ballot_is_none(&core->stored.promoting)) {
		/* A promotion may still come about, and pg_rewind would find another timeline than was compared (C1).
		 */
		core_pg_order(core, update, VRRP_PG_OP_STOP_IMMEDIATE, VRRP_MEMBER_NONE);
		return;
	}
	if (!clone && !core->rewind_armed) {
		/* Durable first: who dies in the middle must not start, or rewind again, what is half rewound. */
		core->stored.rewinding = true;
		core->rewind_armed = true;
		core->epoch_ticket = core_store(core);
		return;
	}
	core->op_ballot = report->ballot;
	core_pg_order(core, update, clone ? VRRP_PG_OP_CLONE : VRRP_PG_OP_REWIND, index);
}

/* Streaming from the holder already (section 6 (b): "at once"). */
static void standby_of_holder(
	struct vrrp_core *core, struct vrrp_update *update, unsigned index, const struct vrrp_report *report)
{
	struct vrrp_position own = core_own_position(core);
	struct vrrp_position holder = vrrp_position_from_report(report);

	if (vrrp_ballot_equal(&core->stored.epoch, &report->ballot)) {
		core->followed = (uint8_t)index; /* whoever pointed it there */
		core->followed_ballot = report->ballot;
		return;
	}
	if (vrrp_ballot_is_none(&core->stored.epoch) && core_is_silent(core)) {
		return;
	}
	if (vrrp_ballot_is_none(&core->stored.epoch) && core->pg.timeline == report->timeline) {
		(void)vrrp_history_adopt(&core->stored.history, &report->history);
		own = core_own_position(core);
	}
	switch (vrrp_history_compare(&own, &holder, NULL)) {
	case VRRP_LINEAGE_DIVERGED:
		mark_diverged(core, update, index);
		break;
	case VRRP_LINEAGE_EQUAL:
	case VRRP_LINEAGE_A_PREFIX:
	case VRRP_LINEAGE_B_PREFIX: /* received more than its last report says */
		take_epoch(core, &report->ballot);
		break;
	case VRRP_LINEAGE_UNKNOWN:
	case VRRP_LINEAGE_COUNT:
	default:
		break;
	}
}

/* Attached to nobody, position known: compare, take the epoch over, then attach. */
static void attach(struct vrrp_core *core, struct vrrp_update *update, unsigned index, const struct vrrp_report *report)
{
	struct vrrp_position own = core_own_position(core);
	struct vrrp_position holder = vrrp_position_from_report(report);
	enum vrrp_lineage lineage = vrrp_history_compare(&own, &holder, NULL);

	if (lineage == VRRP_LINEAGE_DIVERGED && !VRRP_MUTANT(attaches_without_comparing)) {
		mark_diverged(core, update, index);
		return;
	}
	if (lineage != VRRP_LINEAGE_EQUAL && lineage != VRRP_LINEAGE_A_PREFIX &&
		!VRRP_MUTANT(attaches_without_comparing)) {
		return; /* the next report will say more */
	}
	if (!vrrp_ballot_equal(&core->stored.epoch, &report->ballot)) {
		take_epoch(core, &report->ballot);
		return;
	}
	if (core->stored_ticket >= core->epoch_ticket || VRRP_MUTANT(attaches_before_the_epoch_is_durable)) {
		core->followed = (uint8_t)index;
		core->followed_ballot = report->ballot;
		core->followed_at = core->now;
		core->op_retry_at = vrrp_time_add(core->now, core->op_backoff_us);
		core_pg_order(core, update, VRRP_PG_OP_FOLLOW, index);
	}
}

/* The receiver was pointed at this holder under this ballot and is not connected yet: that may take its time. */
static bool still_connects(const struct vrrp_core *core, unsigned index, const struct vrrp_report *report)
{
	return core->pg.receiver && !core->pg.streaming && core->pg.upstream == VRRP_MEMBER_NONE &&
	       core->followed == index && vrrp_ballot_equal(&core->followed_ballot, &report->ballot) &&
	       core->stored_ticket >= core->epoch_ticket;
}

/*
 * Without a receiver, but primary_conninfo names somebody else: one may come up behind the last look, and get what this
 * holder does not have.
 */
static bool may_attach_elsewhere(const struct vrrp_core *core, unsigned index, const struct vrrp_report *report)
{
	return !is_detached(core) &&
	       (core->followed != index || !vrrp_ballot_equal(&core->followed_ballot, &report->ballot));
}

/*
 * PostgreSQL attaches again by itself to whomever primary_conninfo names, and a former holder may come back with
 * another history under the same timeline number [A2]. So it names nobody when nobody is streamed from and no holder is
 * known.
 */
static void forget_upstream(struct vrrp_core *core, struct vrrp_update *update)
{
	if (!core->pg.receiver && !is_detached(core) && !vrrp_time_before(core->now, core->op_retry_at) &&
		vrrp_time_diff_us(core->now, core->clock_d3) >= CORE_D3_LEASES * core->config.lease_us) {
		core->op_retry_at = vrrp_time_add(core->now, CORE_OP_BACKOFF_MIN_US);
		core_pg_order(core, update, VRRP_PG_OP_DETACH, VRRP_MEMBER_NONE);
	}
}

static void standby_tick(struct vrrp_core *core, struct vrrp_update *update)
{
	unsigned index = 0;
	const struct vrrp_report *report = core_followable(core, &index);

	if (core->op != VRRP_PG_OP_NONE || core->stopping || core->role == VRRP_ROLE_CANDIDATE) {
		return;
	}
	if (report == NULL) {
		if (core->pg.up) {
			forget_upstream(core, update);
		}
		return;
	}
	if (core->stored.diverged) {
		if (!vrrp_time_before(core->now, core->op_retry_at)) {
			rejoin(core, update, index, report);
		}
		return;
	}
	if (core->pg.receiver && core->pg.upstream == index) {
		standby_of_holder(core, update, index, report);
		return;
	}
	if (vrrp_time_before(core->now, core->op_retry_at)) {
		return;
	}
	if (still_connects(core, index, report)) {
		if (vrrp_time_diff_us(core->now, core->followed_at) >= CORE_NUDGE_US) {
			core->followed_at = core->now;
			core_pg_order(core, update, VRRP_PG_OP_FOLLOW, index);
		}
	} else if (core->pg.receiver || may_attach_elsewhere(core, index, report)) {
		core->op_retry_at = vrrp_time_add(core->now, CORE_OP_BACKOFF_MIN_US);
		core_pg_order(core, update, VRRP_PG_OP_DETACH, VRRP_MEMBER_NONE);
	} else if (core->pg.position_known || VRRP_MUTANT(attaches_before_the_end_is_known)) {
		attach(core, update, index, report);
	}
}

/* Another member holds the lease for the cluster whose data is mine. */
static bool own_holder_seen(const struct vrrp_core *core)
{
	int index = core_other_holder(core);

	return index >= 0 && !core_is_foreign(core, &core->peer[index].report);
}

/* A rewind or clone from a holder that is holder no more, while another one is: it is broken off. */
static bool copies_from_the_wrong_one(const struct vrrp_core *core)
{
	unsigned index = 0;
	const struct vrrp_report *report;

	if (core->op != VRRP_PG_OP_REWIND && core->op != VRRP_PG_OP_CLONE) {
		return false;
	}
	report = core_followable(core, &index);
	return report != NULL && !vrrp_ballot_equal(&report->ballot, &core->op_ballot) &&
	       !VRRP_MUTANT(copies_on_from_an_old_holder);
}

/*
 * Another member is being promoted for my cluster: my dead PostgreSQL is started a pause after that, as it is of no use
 * before there is a MASTER to follow, and crash recovery would compete for disk and network with the promotion and the
 * first commits after it. Bounded: that member is MASTER or not a holder within promote_timeout. Only async: otherwise
 * that member may need my vouch for its promotion, and only what runs can vouch (section 7).
 */
static void wait_for_promotion(struct vrrp_core *core)
{
	int index = core_other_holder(core);

	if (core->config.durability == VRRP_DURABILITY_ASYNC && index >= 0 &&
		core->peer[index].report.role == VRRP_ROLE_PROMOTING && !core->stopping &&
		!core_is_foreign(core, &core->peer[index].report)) {
		core->op_retry_at = vrrp_time_max(core->op_retry_at, vrrp_time_add(core->now, CORE_RESTART_PAUSE_US));
	}
}

void core_pg_tick(struct vrrp_core *core, struct vrrp_update *update)
{
	bool primary = core->pg.up && !core->pg.in_recovery;
	bool retry = !vrrp_time_before(core->now, core->op_retry_at);

	if (core_is_witness(core) || !core->pg_seen) {
		return;
	}
	if (primary && !vrrp_role_holds(core->role) && !VRRP_MUTANT(primary_runs_on_beside_a_holder) &&
		(own_holder_seen(core) || !vrrp_ballot_is_none(&core->stored.promoting))) {
		core->superseded = true;
	}
	if (copies_from_the_wrong_one(core)) {
		core_pg_order(core, update, VRRP_PG_OP_STOP_IMMEDIATE, VRRP_MEMBER_NONE);
		return;
	}
	if (core->pg.gone && core->stored.rewinding && !vrrp_role_holds(core->role) &&
		!VRRP_MUTANT(half_rewound_is_started)) {
		standby_tick(core, update); /* half rewound: cloned as soon as there is a holder, never started */
	} else if (core->pg.gone) {
		wait_for_promotion(core);
		retry = !vrrp_time_before(core->now, core->op_retry_at);
		if (core->op == VRRP_PG_OP_NONE && core->config.manage_full && retry && !core->stored.paused &&
			!core->vouch_pending && !vrrp_role_holds(core->role) && (!core->stopping || core->superseded)) {
			core_pg_order(core, update, VRRP_PG_OP_START_STANDBY, VRRP_MEMBER_NONE);
		}
	} else if (core->superseded && !vrrp_role_holds(core->role)) {
		/* Who starts nothing itself first sees what an operator has started: as a standby, it may stay. */
		bool wait = core->pg.starting && !core->config.manage_full;

		if (core->op == VRRP_PG_OP_PROMOTE || (core->op == VRRP_PG_OP_NONE && retry && !wait)) {
			core_pg_order(core, update, VRRP_PG_OP_STOP_IMMEDIATE, VRRP_MEMBER_NONE);
		}
	} else if (core->pg.up) {
		core_keep_history(core, update);
		if (core->pg.in_recovery && !vrrp_role_holds(core->role)) {
			standby_tick(core, update);
		}
	}
}

struct vrrp_time core_pg_deadline(const struct vrrp_core *core)
{
	struct vrrp_time at = VRRP_TIME_NEVER;

	if (vrrp_time_before(core->now, core->op_retry_at) && core->op == VRRP_PG_OP_NONE) {
		at = core->op_retry_at;
	}
	if (vrrp_time_before(core->now, core->history_retry_at)) {
		at = vrrp_time_min(at, core->history_retry_at);
	}
	return at;
}
