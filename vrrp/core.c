#include "vrrp/core_internal.h"

#include <assert.h>
#include <string.h>

void vrrp_core_init(struct vrrp_core *core, const struct vrrp_core_config *config, uint64_t incarnation, uint64_t seed)
{
	assert(incarnation != 0);
	assert(config->member_count >= 1 && config->member_count <= VRRP_MEMBERS_MAX);
	assert(config->self < config->member_count);
	assert(config->advert_int_us > 0 && config->lease_us > 0);
	memset(core, 0, sizeof(*core));
	core->config = *config;
	if (config->durability != VRRP_DURABILITY_ASYNC) {
		core->config.election_lag_bytes =
			0; /* a voucher has no tolerance, so an election has none (section 4) */
	}
	core->incarnation = incarnation;
	core->followed = VRRP_MEMBER_NONE;
	core->op_member = VRRP_MEMBER_NONE;
	core->hint.target = VRRP_MEMBER_NONE;
	core->switchover.target = VRRP_MEMBER_NONE;
	core->fetch_from = VRRP_MEMBER_NONE;
	core->pg.upstream = VRRP_MEMBER_NONE;
	core->op_backoff_us = CORE_OP_BACKOFF_MIN_US;
	core->link_up = true;
	core->track.seen.unknown = config->scripts;
	vrrp_prng_init(&core->prng, seed);
}

bool core_is_witness(const struct vrrp_core *core)
{
	return core->config.member[core->config.self].witness;
}

uint8_t core_self_id(const struct vrrp_core *core)
{
	return core->config.member[core->config.self].id;
}

int core_index_of(const struct vrrp_core *core, uint8_t id)
{
	for (unsigned i = 0; i < core->config.member_count; i++) {
		if (core->config.member[i].id == id) {
			return (int)i;
		}
	}
	return -1;
}

unsigned vrrp_core_majority(const struct vrrp_core *core)
{
	return core->config.quorum == VRRP_QUORUM_NONE ? 1 : core->config.member_count / 2U + 1;
}

int64_t core_rank_wait_us(const struct vrrp_core *core)
{
	int64_t part = core->config.advert_int_us / CORE_RANK_WAIT_PART;

	return part > CORE_RANK_WAIT_MIN_US ? part : CORE_RANK_WAIT_MIN_US;
}

uint32_t core_ms_until(const struct vrrp_core *core, struct vrrp_time end)
{
	int64_t us = vrrp_time_diff_us(end, core->now);

	if (us > (int64_t)UINT32_MAX * VRRP_US_PER_MS) {
		return UINT32_MAX; /* a damaged state file may say anything */
	}
	return us <= 0 ? 0 : (uint32_t)((us + VRRP_US_PER_MS - 1) / VRRP_US_PER_MS);
}

uint64_t core_store(struct vrrp_core *core)
{
	if (!core->store_due) {
		core->store_due = true;
		core->store_ticket = ++core->next_ticket;
	}
	return core->store_ticket;
}

void core_stop(struct vrrp_core *core, struct vrrp_update *update)
{
	core->restarting = false;
	/* With somebody to hand over to, it is handed over; one that is under way goes on. */
	bool hands_over =
		vrrp_switch_is_under_way(core->switchover.phase) || core_switch_begin(core, update, VRRP_MEMBER_NONE);

	core->stopping = true;
	core->stop_deadline = vrrp_time_add(
		core->now, core->config.promote_timeout_us + (hands_over ? 2 * core->config.switchover_timeout_us : 0));
	if (core->role == VRRP_ROLE_PROMOTING || (core->role == VRRP_ROLE_MASTER && !hands_over)) {
		core_let_go(core, update, VRRP_CAUSE_STOP);
	}
}

/* Nothing ran here for longer than advert_int beyond what was promised (protocol.md section 9, "Own stall"). */
static void check_stall(struct vrrp_core *core, struct vrrp_time now, struct vrrp_update *update)
{
	int64_t late_us = core->deadline.us == 0 ? 0 : vrrp_time_diff_us(now, core->deadline);

	if (late_us <= core->config.advert_int_us || VRRP_MUTANT(stall_unnoticed)) {
		return;
	}
	core->stalls++;
	core->stalled_until =
		VRRP_MUTANT(stands_right_after_a_stall) ? now : vrrp_time_add(now, core->config.advert_int_us);
	for (unsigned i = 0; i < core->config.member_count; i++) {
		vrrp_peer_forget_freshness(&core->peer[i]);
	}
	core_log(update, VRRP_LOG_WARNING, "ran %lld ms late: nobody is believed until heard again",
		(long long)(late_us / VRRP_US_PER_MS));
	if (core->role == VRRP_ROLE_CANDIDATE) {
		core_withdraw(core, update, VRRP_CAUSE_ROUND_OVER);
	}
}

/* What an operator asks for, and what belongs to it. */
static void dispatch_asked(struct vrrp_core *core, const struct vrrp_event *event, struct vrrp_update *update)
{
	switch (event->kind) {
	case VRRP_EVENT_STOP:
		core->exit_restart = false;
		core_stop(core, update);
		break;
	case VRRP_EVENT_RESTART:
		core_restart(core, update);
		break;
	case VRRP_EVENT_TOKEN:
		core_token_done(core, event, update);
		break;
	case VRRP_EVENT_PAUSE:
		core_pause(core, event->ok, update);
		break;
	case VRRP_EVENT_CLOCK:
		core_clock_seen(core, event, update);
		break;
	case VRRP_EVENT_SWITCHOVER:
		(void)core_switch_begin(core, update, event->member);
		break;
	case VRRP_EVENT_ACCEPT_MEMBERS:
		core_accept_members(core, update);
		break;
	case VRRP_EVENT_FAILOVER:
		core_failover_begin(core, update, event->ok);
		break;
	default:
		assert(!"an event that the core does not know, or a second start");
	}
}

static void dispatch(struct vrrp_core *core, const struct vrrp_event *event, struct vrrp_update *update)
{
	switch (event->kind) {
	case VRRP_EVENT_TIMER:
		break;
	case VRRP_EVENT_REPORT:
		core_take_report(core, event, update);
		break;
	case VRRP_EVENT_PG:
		core_pg_seen(core, event, update);
		if (core->pg.gone && vrrp_role_holds(core->role)) {
			core_hold_pg_died(core, update); /* certain, though nobody told */
		}
		break;
	case VRRP_EVENT_PG_DEAD:
		core_hold_pg_died(core, update);
		break;
	case VRRP_EVENT_HISTORY:
		core_history_read(core, &event->history, update);
		break;
	case VRRP_EVENT_STORED:
		core->store_failed = !event->ok;
		core->store_retry_at = VRRP_MUTANT(store_not_retried) ? VRRP_TIME_NEVER
								      : vrrp_time_add(core->now, CORE_STORE_RETRY_US);
		if (event->ok && event->ticket > core->stored_ticket) {
			core->stored_ticket = event->ticket;
		}
		core_long_stored(core, update, event->ticket, event->ok);
		core_hold_stored(core, update, event->ticket, event->ok);
		break;
	case VRRP_EVENT_FENCED:
		core_hold_fenced(core, update, event->ticket, event->ok);
		break;
	case VRRP_EVENT_PG_DONE:
		core_pg_done(core, event, update);
		break;
	case VRRP_EVENT_LINK:
		core->send_now = core->send_now || core->link_up != event->ok;
		core->link_up = event->ok;
		break;
	case VRRP_EVENT_HEALTH:
		core_health_seen(core, event->faults);
		break;
	case VRRP_EVENT_TRACK:
		core_track_seen(core, event);
		break;
	case VRRP_EVENT_CLAIM:
		core_announce_again(core, update);
		break;
	case VRRP_EVENT_ADDRESS_LOST:
		core_address_lost(core, update);
		break;
	case VRRP_EVENT_KERNEL_FAILED:
		if (core->role == VRRP_ROLE_PROMOTING || core->role == VRRP_ROLE_MASTER) {
			core_let_go(core, update, VRRP_CAUSE_KERNEL_FAILED);
		}
		break;
	default:
		dispatch_asked(core, event, update);
	}
}

/* Role changes that follow from eligibility alone. */
static void check_eligible(struct vrrp_core *core, struct vrrp_update *update)
{
	bool eligible = vrrp_core_faults(core) == 0;

	switch (core->role) {
	case VRRP_ROLE_INIT:
		if (core->stopping) {
			break;
		}
		if (core_is_witness(core)) {
			core_role_set(core, update, VRRP_CAUSE_WITNESS_READY);
		} else if (core->pg_seen && (eligible || !core->track.seen.unknown)) {
			core_role_set(core, update, eligible ? VRRP_CAUSE_ELIGIBLE : VRRP_CAUSE_NOT_ELIGIBLE);
		}
		break;
	case VRRP_ROLE_BACKUP:
		if (!eligible && !core->stopping) {
			core_role_set(core, update, VRRP_CAUSE_NOT_ELIGIBLE);
		}
		break;
	case VRRP_ROLE_CANDIDATE:
		if (!eligible && !core->stopping) {
			core_withdraw(core, update, VRRP_CAUSE_NOT_ELIGIBLE);
		}
		break;
	case VRRP_ROLE_FAULT:
		if (eligible && !core->stopping) {
			core_role_set(core, update, VRRP_CAUSE_ELIGIBLE);
		}
		break;
	case VRRP_ROLE_WITNESS:
	case VRRP_ROLE_PROMOTING:
	case VRRP_ROLE_MASTER:
	case VRRP_ROLE_LEAVING:
	case VRRP_ROLE_COUNT:
	default:
		break;
	}
}

/* What is promised at a clean stop, or that nothing is: the next start of the same boot is not silent (B6). */
static void keep_grant(struct vrrp_core *core)
{
	int64_t left_us = vrrp_time_diff_us(core->grant.expires, core->now);

	if (core_is_silent(core)) {
		return; /* what made it so stays on record */
	}
	core->stored.long_grant = left_us > 0 ? core->grant : (struct vrrp_grant){ 0 };
	core->stored.long_grant_us = left_us > core->config.lease_us ? left_us : core->config.lease_us;
	core->stored.long_grant_this_boot = true;
	core->stored.long_grant_clean = true;
}

/* A clean stop of a member that holds nothing: withdraw, tell the others, go. */
static void check_stop(struct vrrp_core *core, struct vrrp_update *update)
{
	if (!core->stopping || core->exit_due || vrrp_role_holds(core->role)) {
		return;
	}
	if (vrrp_time_before(core->now, core->stop_deadline) &&
		((core->superseded && core->config.manage_full && !core->stored.paused) ||
			core_token_may_stand(core))) {
		return; /* the PostgreSQL that was stopped is first left as a standby; a token is removed */
	}
	if (core->role == VRRP_ROLE_CANDIDATE) {
		core_release(core);
	}
	core_role_set(core, update, VRRP_CAUSE_STOP);
	keep_grant(core);
	core_store(core);
	core->exit_due = true;
}

/* The report, if one is due. It is the last effect of a step: whatever it tells has been done before it. */
static void send_report(struct vrrp_core *core, struct vrrp_update *update)
{
	int64_t ask_us = core_ask_us(core);
	struct vrrp_action *action;
	uint64_t seq;

	if (!core->started || (!core->send_now && vrrp_time_before(core->now, core->next_report))) {
		return;
	}
	/* core->now was read before the report is built (B8). */
	seq = vrrp_sent_add(&core->sent, core->now, ask_us, core->ballot.counter);
	if (ask_us > 0) {
		core_restart_asked(core, ask_us);
		core_vote_self(core, ask_us);
		core_stand_check(core, update);
	}
	if (core->role == VRRP_ROLE_MASTER) {
		action = core_act(update, VRRP_ACT_ADVERT);
		action->priority = vrrp_core_priority(core);
	}
	action = core_act(update, VRRP_ACT_SEND);
	action->seq = seq;
	core->next_report = vrrp_time_add(core->now, core->config.advert_int_us);
	core->send_now = false;
}

static void finish(struct vrrp_core *core, struct vrrp_update *update)
{
	bool durable = core->stored_ticket >= core->store_ticket;

	if (core->store_failed && !vrrp_time_before(core->now, core->store_retry_at)) {
		core->store_retry_at = vrrp_time_add(core->now, CORE_STORE_RETRY_US);
		core_store(core);
	}
	if (core->store_due) {
		core_act(update, VRRP_ACT_STORE)->ticket = core->store_ticket;
		core->store_due = false;
	}
	/* A disk that refuses does not hold the stop up for ever: the next start is then silent. */
	if (core->exit_due && core->role == VRRP_ROLE_INIT &&
		(durable || !vrrp_time_before(core->now, core->stop_deadline))) {
		core_act(update, VRRP_ACT_EXIT)->restart = core->exit_restart;
	}
}

static struct vrrp_time next_deadline(const struct vrrp_core *core)
{
	struct vrrp_time deadline = core->next_report;
	struct vrrp_time later[] = { core->stopping && vrrp_time_before(core->now, core->stop_deadline)
					     ? core->stop_deadline
					     : VRRP_TIME_NEVER,
		core_stand_deadline(core), core_hold_deadline(core), core_pg_deadline(core),
		core_restart_deadline(core), core_vouch_deadline(core), core_sync_deadline(core),
		core_switch_deadline(core), core_failover_deadline(core),
		vrrp_time_before(core->now, core->silent_until) ? core->silent_until : VRRP_TIME_NEVER,
		core->store_failed ? core->store_retry_at : VRRP_TIME_NEVER,
		vrrp_time_before(core->now, core->held_until) ? core->held_until : VRRP_TIME_NEVER };

	for (size_t i = 0; i < VRRP_ARRAY_LENGTH(later); i++) {
		deadline = vrrp_time_min(deadline, later[i]);
	}
	return vrrp_time_max(deadline, core->now);
}

void vrrp_core_step(struct vrrp_core *core, const struct vrrp_event *event, struct vrrp_update *update)
{
	assert(event->kind == VRRP_EVENT_START || core->started);
	assert(event->now.us >= core->now.us);
	update->count = 0;
	if (core->exited) { /* the token speaks for the lease from now on */
		update->deadline = core->deadline = vrrp_time_max(event->now, core->deadline);
		return;
	}
	if (event->kind == VRRP_EVENT_START) {
		core->now = event->now;
		core_start(core, event, update);
	} else {
		core->now = event->now;
		check_stall(core, event->now, update);
		core_hold_check_lease(core, update); /* judged by the clock alone, before anything that was heard */
		dispatch(core, event, update);
	}
	if (core->exited) {
		update->deadline = core->deadline = vrrp_time_max(core->now, core->lease_end);
		return;
	}
	core_silence_tick(core);
	core_long_tick(core);
	core_members_tick(core, update);
	core_view_others(core, update);
	check_eligible(core, update);
	core_stand_tick(core, update);
	core_vouch_tick(core, update);
	core_hold_tick(core, update);
	core_restart_tick(core, update);
	core_switch_tick(core, update);
	core_failover_tick(core);
	core_pg_tick(core, update);
	check_stop(core, update);
	send_report(core, update);
	finish(core, update);
	core->deadline = next_deadline(core);
	update->deadline = core->deadline;
}
