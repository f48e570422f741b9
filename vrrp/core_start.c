#include "vrrp/core_internal.h"

#include <assert.h>

/* The silence of a voter that has just started (protocol.md section 4, "start-up silence", B6). */
static int64_t silence_us(const struct vrrp_core *core, const struct vrrp_event *event)
{
	int64_t longest_us = core->config.lease_us;

	if (!event->readable) {
		return longest_us > core->config.restart_grace_us || VRRP_MUTANT(lost_file_is_silent_for_a_lease)
			       ? longest_us
			       : core->config.restart_grace_us;
	}
	if (event->stored.last_lease_us == 0) {
		return 0; /* the very first start with this state: it cannot have granted anything */
	}
	return event->stored.last_lease_us > longest_us && !VRRP_MUTANT(silence_forgets_the_old_lease)
		       ? event->stored.last_lease_us
		       : longest_us;
}

/*
 * A record of a clean stop under this boot id is taken over: the grant runs on and there is no silence; but the record
 * must be gone from the disk before anything is granted, or a crash would let it be taken over twice. Otherwise the
 * voter is silent, and what made it so stays on record until the silence is over: a crash during it must not shorten
 * it. A first start is not silent, but grants nothing before its file says that it was.
 */
static void take_record(struct vrrp_core *core, const struct vrrp_event *event)
{
	const struct vrrp_stored *was = &event->stored;
	int64_t silent_us = silence_us(core, event);
	uint64_t ticket;

	if (event->readable && was->long_grant_clean &&
		(was->long_grant_this_boot || VRRP_MUTANT(record_of_another_boot))) {
		core->grant = was->long_grant;
		core->silent_until = event->now;
		core->stored.last_lease_us = core->config.lease_us;
		if (vrrp_time_diff_us(was->long_grant.expires, event->now) <= core->config.lease_us) {
			core->stored.long_grant = (struct vrrp_grant){ 0 };
		} /* else the next start, if this one is killed, must know it: a lease of silence is too short */
		core->stored.long_grant_clean = VRRP_MUTANT(record_taken_twice);
		core->record_ticket = core_store(core);
		return;
	}
	core->silent_until = vrrp_time_add(event->now, core_grant_us(core, silent_us));
	if (event->readable && was->long_grant.to != 0 && !VRRP_MUTANT(long_grant_forgotten) &&
		!vrrp_grant_is_released_by(&was->long_grant, &core->release)) {
		core->silent_until = vrrp_time_max(
			core->silent_until, was->long_grant_this_boot ? was->long_grant.expires
								      : vrrp_time_add(event->now, was->long_grant_us));
	}
	core->stored.last_lease_us = silent_us > core->config.lease_us ? silent_us : core->config.lease_us;
	core->stored.long_grant_clean = false;
	core->record_kept = core->silent_until.us > event->now.us && !VRRP_MUTANT(crash_shortens_the_silence);
	if (VRRP_MUTANT(crash_shortens_the_silence)) {
		core->stored.last_lease_us = core->config.lease_us;
		core->stored.long_grant = (struct vrrp_grant){ 0 };
	}
	ticket = core_store(core);
	if (event->readable && was->last_lease_us < core->config.lease_us) {
		core->record_ticket = ticket; /* killed before, the next start would not be silent for long enough */
	}
}

/* The silence is over: what made it may be forgotten. */
void core_silence_tick(struct vrrp_core *core)
{
	if (core->record_kept && !vrrp_time_before(core->now, core->silent_until)) {
		core->record_kept = false;
		core->stored.last_lease_us = core->config.lease_us;
		core->stored.long_grant = (struct vrrp_grant){ 0 };
		(void)core_store(core);
	}
}

/*
 * A predecessor's gate and addresses go before the first report (B4). A lease that it left and that is not resumed is
 * released then: nothing serves under it any more.
 */
static void close_all(struct vrrp_core *core, const struct vrrp_event *event, struct vrrp_update *update)
{
	const struct vrrp_ballot *left = &event->token.ballot;
	struct vrrp_action *action;

	if (!VRRP_MUTANT(gate_left_open_at_start)) {
		action = core_act(update, VRRP_ACT_GATE);
		action->in_end = VRRP_TIME_NONE;
		action->out_end = VRRP_TIME_NONE;
		core_act(update, VRRP_ACT_UNBIND);
	}
	if (!vrrp_ballot_is_none(left) && left->member == core_self_id(core)) {
		core->release = *left;
		core->counter_seen = left->counter > core->counter_seen && left->counter < UINT64_MAX / 2
					     ? left->counter
					     : core->counter_seen;
		core_log(update, VRRP_LOG_WARNING, "the lease that was left by a restart is not resumed: released");
	}
}

void core_start(struct vrrp_core *core, const struct vrrp_event *event, struct vrrp_update *update)
{
	bool resumed = core_may_resume(core, event);

	assert(!core->started);
	core->started = true;
	core_clock_told(core, event->clock_excess_ppm, update); /* before anything is counted */
	core->stored = event->stored;
	if (core->stored.diverged) {
		core->stored.history.count = 0; /* a rewind or clone may have ended while nobody looked */
	}
	if (VRRP_MUTANT(promoting_forgotten)) {
		core->stored.promoting = (struct vrrp_ballot){ 0 };
	}
	core->counter_seen =
		core->stored.ballot_counter < UINT64_MAX / 2 ? core->stored.ballot_counter : UINT64_MAX / 2;
	if (!resumed) {
		close_all(core, event, update);
	}
	take_record(core, event);
	core->boot_wait_until = vrrp_time_add(event->now, core->config.boot_wait_us);
	core->clock_d3 = core->silent_until;
	core->no_holder_since = event->now;
	core->stand_not_before = event->now;
	/* A member whose state is lost attaches nowhere before its silence is over (section 6). */
	core->op_retry_at = event->readable ? event->now : core->silent_until;
	core->state_lost = !event->readable;
	core_members_start(core, update);
	if (resumed) {
		core_resume(core, event, update);
	}
	core->send_now = true;
	if (!core_is_witness(core)) {
		core_act(update, VRRP_ACT_PROBE);
	}
}
