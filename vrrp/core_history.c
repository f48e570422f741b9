#include "vrrp/core_internal.h"

#include <string.h>

/*
 * Own lag is judged when the own position was just seen: against a MASTER report that comes later every position is
 * behind by what was written since, and a standby would lose its eligibility with each report of a busy primary. An
 * election judges again, with what is known then (may_stand).
 */
void core_judge_lag(struct vrrp_core *core)
{
	struct vrrp_position own = core_own_position(core);

	core->lagging = core_beyond_max_lag(core, &own);
}

void core_history_read(struct vrrp_core *core, const struct vrrp_history *history, struct vrrp_update *update)
{
	struct vrrp_history merged = *history;

	core->history_asked = false;
	if (merged.count == 0 || !vrrp_history_is_valid(&merged)) {
		core->history_retry_at = vrrp_time_add(core->now, CORE_HISTORY_RETRY_US);
		core_log(update, VRRP_LOG_WARNING, "the timeline history could not be read");
		return;
	}
	/* A fingerprint once read is kept: its segment may be recycled by now. */
	(void)vrrp_history_adopt(&merged, &core->stored.history);
	if (merged.entry[merged.count - 1].timeline != core->pg.timeline) {
		core->history_retry_at = vrrp_time_add(core->now, CORE_HISTORY_RETRY_US / 5);
	}
	if (memcmp(&merged, &core->stored.history, sizeof(merged)) != 0) {
		core->stored.history = merged;
		core_store(core);
		core_judge_lag(core);
		core->send_now = true;
	}
}

/* The holder's report if it may be followed: MASTER under its own epoch, of my cluster, with a history to compare. */
const struct vrrp_report *core_followable(const struct vrrp_core *core, unsigned *ret_index)
{
	int index = core_other_holder(core);
	const struct vrrp_report *report;

	if (index < 0) {
		return NULL;
	}
	report = &core->peer[index].report;
	if ((report->role != VRRP_ROLE_MASTER && !VRRP_MUTANT(holder_followed_before_it_serves)) ||
		!vrrp_ballot_equal(&report->epoch, &report->ballot) || (report->flags & VRRP_FLAG_STALE_HISTORY) != 0 ||
		!core_same_or_next(core, report) || !vrrp_history_is_valid(&report->history) ||
		report->system_identifier != (core->pg.system_identifier != 0 ? core->pg.system_identifier
									      : core->stored.system_identifier)) {
		return NULL;
	}
	if (report->ballot.counter > core->counter_seen) {
		return NULL; /* a leap that was not believed (I7): as own epoch it would be above every ballot to come
			      */
	}
	if (!VRRP_MUTANT(older_holder_followed) &&
		(vrrp_ballot_compare(&report->ballot, &core->stored.vouched) < 0 ||
			vrrp_ballot_compare(&report->ballot, &core->stored.epoch) < 0)) {
		return NULL; /* older than what this member has taken over or vouched for: it waits [A3] */
	}
	*ret_index = (unsigned)index;
	return report;
}

bool vrrp_core_follows(const struct vrrp_core *core)
{
	unsigned index = 0;
	const struct vrrp_report *report = core_followable(core, &index);

	return report != NULL && core->pg.up && core->pg.streaming && core->pg.upstream == index &&
	       !core->stored.diverged && vrrp_ballot_equal(&core->stored.epoch, &report->ballot) &&
	       core->stored_ticket >= core->epoch_ticket;
}

/* On a timeline that the stored history does not end with: the holder's history is mine if I stream from it under its
 * epoch; otherwise it is read from disk. */
void core_keep_history(struct vrrp_core *core, struct vrrp_update *update)
{
	const struct vrrp_history *history = &core->stored.history;
	const struct vrrp_report *report;
	unsigned index = 0;

	if (core->pg.timeline == 0 ||
		(history->count > 0 && history->entry[history->count - 1].timeline == core->pg.timeline)) {
		return;
	}
	report = core_followable(core, &index);
	if (report != NULL && core->pg.in_recovery && core->pg.streaming && core->pg.upstream == index &&
		report->timeline == core->pg.timeline &&
		(vrrp_ballot_equal(&report->ballot, &core->stored.epoch) ||
			(vrrp_ballot_is_none(&core->stored.epoch) && !core_is_silent(core)))) {
		core->stored.history = report->history;
		core_store(core);
		core_judge_lag(core);
		core->send_now = true;
		return;
	}
	if (!core->history_asked && !vrrp_time_before(core->now, core->history_retry_at)) {
		core->history_asked = true;
		core_act(update, VRRP_ACT_READ_HISTORY);
	}
}
