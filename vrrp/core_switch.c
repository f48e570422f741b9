/* Planned change of the holder (protocol.md section 8, "Switchover"; 4.1: a holder's normal stop is one too). */
#include "vrrp/core_internal.h"

/* Ending the others' walsenders is only meant to make the stop quick: gone on without after this. */
#define DROP_US (2 * VRRP_US_PER_S)
/* Leases that the target has to say that it has all: its walsender ended only when it had. */
#define REACH_LEASES 2

static const char *const REFUSAL_WORDS[VRRP_SWITCH_REFUSED_COUNT] = { "none", "not_holder", "under_way", "leaving",
	"paused", "manage", "no_target", "self", "witness", "not_heard", "configuration", "system_identifier",
	"not_eligible", "not_streaming", "lag", "not_sync", "vouchers" };

static const char *const PHASE_WORDS[VRRP_SWITCH_COUNT] = { "none", "checkpoint", "dropping", "stopping", "reaching",
	"starting", "released", "done", "other", "nobody", "not_reached", "no_checkpoint", "target_lost", "broken" };

const char *vrrp_switch_refusal_word(unsigned refusal)
{
	return refusal < VRRP_SWITCH_REFUSED_COUNT ? REFUSAL_WORDS[refusal] : "?";
}

const char *vrrp_switch_phase_word(unsigned phase)
{
	return phase < VRRP_SWITCH_COUNT ? PHASE_WORDS[phase] : "?";
}

bool vrrp_switch_is_under_way(enum vrrp_switch_phase phase)
{
	return phase >= VRRP_SWITCH_CHECKPOINT && phase <= VRRP_SWITCH_RELEASED;
}

/* Streaming from here under my ballot, near, and able to take over. */
static enum vrrp_switch_refusal judge_target(const struct vrrp_core *core, unsigned index)
{
	const struct vrrp_report *report = core_fresh(core, index);
	struct vrrp_position own = core_own_position(core);

	if (index == core->config.self) {
		return VRRP_SWITCH_REFUSED_SELF;
	}
	if (core->config.member[index].witness) {
		return VRRP_SWITCH_REFUSED_WITNESS;
	}
	if (report == NULL) {
		return VRRP_SWITCH_REFUSED_NOT_HEARD;
	}
	if (!core_same_or_next(core, report)) {
		return VRRP_SWITCH_REFUSED_CONFIG;
	}
	if (core_is_foreign(core, report)) {
		return VRRP_SWITCH_REFUSED_SYSTEM_ID;
	}
	if ((report->flags & VRRP_FLAG_ELIGIBLE) == 0) {
		return VRRP_SWITCH_REFUSED_NOT_ELIGIBLE;
	}
	if ((report->flags & VRRP_FLAG_STREAMING) == 0 || report->upstream != core_self_id(core) ||
		!vrrp_ballot_equal(&report->epoch, &core->ballot)) {
		return VRRP_SWITCH_REFUSED_NOT_STREAMING;
	}
	if (own.position > report->position && own.position - report->position > core->config.max_lag_bytes) {
		return VRRP_SWITCH_REFUSED_LAG;
	}
	return core_sync_counts(core, index) ? VRRP_SWITCH_REFUSED_NONE : VRRP_SWITCH_REFUSED_NOT_SYNC;
}

/* Who would be taken if nobody was named: the highest priority, then the lowest id. */
static int best_target(const struct vrrp_core *core)
{
	int best = -1;

	for (unsigned i = 0; i < core->config.member_count; i++) {
		uint8_t priority = core->peer[i].report.priority;

		if (judge_target(core, i) == VRRP_SWITCH_REFUSED_NONE &&
			(best < 0 || priority > core->peer[best].report.priority ||
				(priority == core->peer[best].report.priority &&
					core->config.member[i].id < core->config.member[best].id))) {
			best = (int)i;
		}
	}
	return best;
}

enum vrrp_switch_refusal vrrp_core_switch_check(const struct vrrp_core *core, uint8_t wanted, uint8_t *ret_target)
{
	enum vrrp_switch_refusal refusal;
	int target = wanted == VRRP_MEMBER_NONE ? best_target(core) : wanted;

	if (vrrp_switch_is_under_way(core->switchover.phase)) {
		return VRRP_SWITCH_REFUSED_UNDER_WAY;
	}
	if (core->role != VRRP_ROLE_MASTER) {
		return VRRP_SWITCH_REFUSED_NOT_HOLDER;
	}
	if (core->stopping || core->restarting) {
		return VRRP_SWITCH_REFUSED_LEAVING;
	}
	if (core->stored.paused && !VRRP_MUTANT(paused_switches_over)) {
		return VRRP_SWITCH_REFUSED_PAUSED;
	}
	if (!core->config.manage_full) {
		return VRRP_SWITCH_REFUSED_MANAGE; /* PostgreSQL could not be started again, as what it may ever be */
	}
	if (target < 0 || target >= core->config.member_count) {
		return VRRP_SWITCH_REFUSED_NO_TARGET;
	}
	refusal = judge_target(core, (unsigned)target);
	if (refusal == VRRP_SWITCH_REFUSED_NONE && !core_vouchers_in_sight(core)) {
		refusal = VRRP_SWITCH_REFUSED_VOUCHERS; /* it would be given the lease, and not be promoted */
	}
	if (refusal == VRRP_SWITCH_REFUSED_NONE) {
		*ret_target = (uint8_t)target;
	}
	return refusal;
}

static void end(struct vrrp_core *core, enum vrrp_switch_phase phase)
{
	core->switchover.phase = phase;
	core->switchover.ended = core->now;
	core->send_now = true;
}

bool core_switch_begin(struct vrrp_core *core, struct vrrp_update *update, uint8_t wanted)
{
	uint8_t target = VRRP_MEMBER_NONE;
	enum vrrp_switch_refusal refusal = vrrp_core_switch_check(core, wanted, &target);
	struct vrrp_action *action;

	if (refusal != VRRP_SWITCH_REFUSED_NONE) {
		return false;
	}
	core->switchover = (struct vrrp_switch){ .phase = VRRP_SWITCH_CHECKPOINT,
		.target = target,
		.ticket = ++core->next_ticket,
		.begun = core->now,
		.deadline = vrrp_time_add(core->now, core->config.switchover_timeout_us) };
	core_log(update, VRRP_LOG_NOTICE, "switchover to member %u begins: checkpoint", core->config.member[target].id);
	action = core_act(update, VRRP_ACT_PG);
	action->op = VRRP_PG_OP_CHECKPOINT;
	action->ticket = core->switchover.ticket;
	core->send_now = true;
	return true;
}

static void stop_postgresql(struct vrrp_core *core, struct vrrp_update *update)
{
	core->switchover.phase = VRRP_SWITCH_STOPPING;
	core_pg_order(core, update, VRRP_PG_OP_STOP_FAST, VRRP_MEMBER_NONE);
}

/* PostgreSQL's stop waits for every standby that streams: it is quick if all of them are heard and do. */
static bool all_others_stream(const struct vrrp_core *core)
{
	for (unsigned i = 0; i < core->config.member_count; i++) {
		const struct vrrp_report *report = core_fresh(core, i);

		if (i != core->config.self && !core->config.member[i].witness &&
			(report == NULL || (report->flags & VRRP_FLAG_STREAMING) == 0 ||
				report->upstream != core_self_id(core))) {
			return false;
		}
	}
	return true;
}

/* Nobody is served from here on; the lease is renewed until it is released or serves again. */
static void close_address(struct vrrp_core *core, struct vrrp_update *update)
{
	struct vrrp_switch *s = &core->switchover;

	core_stop_serving(core, update);
	core_role_set(core, update, VRRP_CAUSE_SWITCHOVER);
	core->superseded = true; /* what is stopped now never serves again as it is */
	core->phase = VRRP_HOLD_SWITCHING;
	s->phase = VRRP_SWITCH_DROPPING;
	s->closed = core->now;
	s->deadline = vrrp_time_add(core->now, core->config.switchover_timeout_us + core->config.promote_timeout_us);
	if (all_others_stream(core) || core->op != VRRP_PG_OP_NONE) {
		stop_postgresql(core, update);
		return;
	}
	core_sync_order(core, update, VRRP_PG_OP_DROP_SENDERS, 1U << s->target, 0);
}

static void checkpoint_ended(struct vrrp_core *core, struct vrrp_update *update, bool ok)
{
	bool fits = judge_target(core, core->switchover.target) == VRRP_SWITCH_REFUSED_NONE;

	if (ok && core->op != VRRP_PG_OP_NONE) {
		core->switchover.checkpointed = true; /* sync names are being set: it serves until that is over */
		return;
	}
	if (!fits || (!ok && !core->stopping)) {
		end(core, fits ? VRRP_SWITCH_NO_CHECKPOINT : VRRP_SWITCH_TARGET_LOST);
		core_log(update, VRRP_LOG_WARNING, "switchover given up: %s",
			fits ? "the checkpoint failed" : "the target may not be promoted any more");
		if (core->stopping) {
			core_let_go(core, update, VRRP_CAUSE_STOP);
		}
		return;
	}
	close_address(core, update);
}

/* The target lacks some of it, or may: nobody but this member has all. */
static void not_reached(struct vrrp_core *core, struct vrrp_update *update)
{
	core_log(update, VRRP_LOG_ERR, "switchover failed: member %u did not say that it has all of the WAL",
		core->config.member[core->switchover.target].id);
	if (core->stopping) {
		end(core, VRRP_SWITCH_NOT_REACHED);
		core_finish_leaving(core, update, VRRP_CAUSE_PG_STOPPED);
		return;
	}
	core->switchover.phase = VRRP_SWITCH_STARTING;
	core->names_ballot = (struct vrrp_ballot){ 0 }; /* nobody is named when it is promoted again [A5] */
	core_role_set(core, update, VRRP_CAUSE_NOT_REACHED);
	core->promote_deadline = vrrp_time_add(core->now, core->config.promote_timeout_us);
	core_pg_order(core, update, VRRP_PG_OP_START_STANDBY, VRRP_MEMBER_NONE);
}

/* PostgreSQL has stopped. Only after a clean shutdown is it known where it ends. */
static void stopped(struct vrrp_core *core, struct vrrp_update *update, const struct vrrp_pg *pg)
{
	struct vrrp_switch *s = &core->switchover;

	s->stopped = core->now;
	if ((!pg->position_known || pg->position == 0) && !VRRP_MUTANT(unclean_stop_is_an_end)) {
		not_reached(core, update);
		return;
	}
	s->end = pg->position;
	s->phase = VRRP_SWITCH_REACHING;
	s->deadline = vrrp_time_add(core->now, REACH_LEASES * core->config.lease_us);
}

bool core_switch_pg_done(
	struct vrrp_core *core, struct vrrp_update *update, enum vrrp_pg_op op, bool ok, const struct vrrp_pg *pg)
{
	if (core->phase != VRRP_HOLD_SWITCHING) {
		return false;
	}
	if (core->switchover.phase == VRRP_SWITCH_DROPPING && op == VRRP_PG_OP_DROP_SENDERS) {
		stop_postgresql(core, update);
	} else if (core->switchover.phase == VRRP_SWITCH_STOPPING && ok &&
		   (op == VRRP_PG_OP_STOP_FAST || op == VRRP_PG_OP_STOP_IMMEDIATE)) {
		stopped(core, update, pg);
	}
	return true;
}

void core_switch_checkpoint_done(struct vrrp_core *core, struct vrrp_update *update, uint64_t ticket, bool ok)
{
	if (core->switchover.phase == VRRP_SWITCH_CHECKPOINT && ticket == core->switchover.ticket &&
		core->role == VRRP_ROLE_MASTER) {
		checkpoint_ended(core, update, ok);
	}
}

/* The shutdown checkpoint's end is within what the target has, on the same timeline, and it may be promoted. */
static bool is_reached(const struct vrrp_core *core)
{
	const struct vrrp_report *report = core_fresh(core, core->switchover.target);

	return report != NULL && report->position >= core->switchover.end && report->timeline == core->pg.timeline &&
	       vrrp_ballot_equal(&report->epoch, &core->ballot) && (report->flags & VRRP_FLAG_ELIGIBLE) != 0;
}

static void reaching_tick(struct vrrp_core *core, struct vrrp_update *update)
{
	struct vrrp_switch *s = &core->switchover;

	if (is_reached(core) || VRRP_MUTANT(released_before_it_is_reached)) {
		end(core, VRRP_SWITCH_RELEASED);
		s->deadline = vrrp_time_add(core->now, core->config.switchover_timeout_us);
		core_finish_leaving(core, update, VRRP_CAUSE_PG_STOPPED);
		core->hint = (struct vrrp_switch_hint){ s->target, core->release,
			vrrp_time_add(core->now, core->config.lease_us) };
	} else if (!vrrp_time_before(core->now, s->deadline)) {
		not_reached(core, update);
	}
}

/* Started as a standby of nobody, it is promoted again under the lease that never ended: nothing else was served. */
static void starting_tick(struct vrrp_core *core, struct vrrp_update *update)
{
	if (core->role == VRRP_ROLE_MASTER) {
		end(core, VRRP_SWITCH_NOT_REACHED);
	} else if (core->phase == VRRP_HOLD_SWITCHING && core->op == VRRP_PG_OP_NONE && core->pg.up &&
		   core->pg.in_recovery) {
		core_hold_promote_again(core);
	} else if (core->phase == VRRP_HOLD_SWITCHING && core->op == VRRP_PG_OP_NONE && core->pg.gone &&
		   !vrrp_time_before(core->now, core->op_retry_at)) {
		core_pg_order(core, update, VRRP_PG_OP_START_STANDBY, VRRP_MEMBER_NONE);
	}
}

static void released_tick(struct vrrp_core *core)
{
	int holder = core_other_holder(core);

	if (holder >= 0 && core->peer[holder].report.role == VRRP_ROLE_MASTER) {
		core->switchover.phase = holder == core->switchover.target ? VRRP_SWITCH_DONE : VRRP_SWITCH_OTHER;
		core->switchover.served = core->now;
	} else if (!vrrp_time_before(core->now, core->switchover.deadline)) {
		core->switchover.phase = VRRP_SWITCH_NOBODY;
	}
}

/* Whether the role is one that the phase can be in. */
static bool is_broken(const struct vrrp_core *core)
{
	switch (core->switchover.phase) {
	case VRRP_SWITCH_CHECKPOINT:
		return core->role != VRRP_ROLE_MASTER;
	case VRRP_SWITCH_DROPPING:
	case VRRP_SWITCH_STOPPING:
	case VRRP_SWITCH_REACHING:
		return core->role != VRRP_ROLE_LEAVING;
	case VRRP_SWITCH_STARTING:
		return core->role != VRRP_ROLE_PROMOTING && core->role != VRRP_ROLE_MASTER;
	default:
		return false;
	}
}

void core_switch_tick(struct vrrp_core *core, struct vrrp_update *update)
{
	struct vrrp_switch *s = &core->switchover;
	bool late = !vrrp_time_before(core->now, s->deadline);

	if (is_broken(core)) {
		end(core, VRRP_SWITCH_BROKEN);
		return;
	}
	switch (s->phase) {
	case VRRP_SWITCH_CHECKPOINT:
		if (late || (s->checkpointed && core->op == VRRP_PG_OP_NONE)) {
			checkpoint_ended(core, update, !late);
		}
		break;
	case VRRP_SWITCH_DROPPING:
		if (vrrp_time_diff_us(core->now, s->closed) >= DROP_US) {
			stop_postgresql(core, update);
		}
		break;
	case VRRP_SWITCH_STOPPING:
		if (core->op == VRRP_PG_OP_NONE && !vrrp_time_before(core->now, core->op_retry_at)) {
			core_pg_order(core, update, VRRP_PG_OP_STOP_IMMEDIATE, VRRP_MEMBER_NONE); /* it failed */
		}
		break;
	case VRRP_SWITCH_REACHING:
		reaching_tick(core, update);
		break;
	case VRRP_SWITCH_STARTING:
		starting_tick(core, update);
		break;
	case VRRP_SWITCH_RELEASED:
		released_tick(core);
		break;
	default:
		break;
	}
}

struct vrrp_time core_switch_deadline(const struct vrrp_core *core)
{
	const struct vrrp_switch *s = &core->switchover;

	if (s->phase == VRRP_SWITCH_DROPPING) {
		return vrrp_time_add(s->closed, DROP_US);
	}
	if (s->phase == VRRP_SWITCH_CHECKPOINT || s->phase == VRRP_SWITCH_REACHING ||
		s->phase == VRRP_SWITCH_RELEASED) {
		return s->deadline;
	}
	return VRRP_TIME_NEVER;
}

bool core_switch_asks(const struct vrrp_core *core)
{
	return core->role == VRRP_ROLE_LEAVING && core->phase == VRRP_HOLD_SWITCHING &&
	       vrrp_time_before(core->now, core->switchover.deadline);
}

bool core_switch_stops_postgresql(const struct vrrp_core *core)
{
	return core->phase == VRRP_HOLD_SWITCHING && core->switchover.phase >= VRRP_SWITCH_STOPPING &&
	       core->switchover.phase <= VRRP_SWITCH_STARTING;
}

uint8_t core_switch_target_id(const struct vrrp_core *core)
{
	const struct vrrp_switch *s = &core->switchover;

	if (!vrrp_switch_is_under_way(s->phase) || s->phase == VRRP_SWITCH_STARTING ||
		(s->phase == VRRP_SWITCH_RELEASED && vrrp_time_diff_us(core->now, s->ended) >= core->config.lease_us)) {
		return 0;
	}
	return core->config.member[s->target].id;
}

/* --- the others --- */

void core_note_hint(struct vrrp_core *core, const struct vrrp_report *report, struct vrrp_update *update)
{
	int target = report->switchover_target == 0 ? -1 : core_index_of(core, report->switchover_target);

	if (target < 0 || !core_same_or_next(core, report)) {
		return;
	}
	if (vrrp_role_holds((enum vrrp_role)report->role)) {
		if (report->role == VRRP_ROLE_LEAVING && target == core->config.self) {
			core_act(update, VRRP_ACT_PROBE); /* it waits for what I have */
		}
		return;
	}
	if (!vrrp_ballot_is_none(&report->release) && !vrrp_ballot_equal(&report->release, &core->hint.release)) {
		core->hint = (struct vrrp_switch_hint){ (uint8_t)target, report->release,
			vrrp_time_add(core->now, core->config.lease_us) };
	}
}

bool core_is_awaited(const struct vrrp_core *core)
{
	for (unsigned i = 0; i < core->config.member_count; i++) {
		const struct vrrp_report *report = core_fresh(core, i);

		if (report != NULL && report->role == VRRP_ROLE_LEAVING &&
			report->switchover_target == core_self_id(core)) {
			return true;
		}
	}
	return false;
}

bool core_is_target(const struct vrrp_core *core)
{
	return core_failover_runs(core) ||
	       (core->hint.target == core->config.self && vrrp_time_before(core->now, core->hint.until));
}

bool core_target_goes_first(const struct vrrp_core *core, uint8_t candidate)
{
	unsigned target = core->hint.target;

	if (core_failover_is_other(core, candidate)) {
		return true;
	}
	if (target >= core->config.member_count || !vrrp_time_before(core->now, core->hint.until) ||
		core->config.member[target].id == candidate) {
		return false;
	}
	return target == core->config.self || core_fresh(core, target) != NULL;
}
