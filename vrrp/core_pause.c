#include "vrrp/core_internal.h"

/*
 * Pause (protocol.md section 4.4, D6): (flag, counter), the highest counter heard wins; equal counters: paused wins.
 * Every member keeps it in its state file and says it in every report, so that asking any one of them is enough, and
 * that a restart of all of them does not end it.
 */

static void take(struct vrrp_core *core, struct vrrp_update *update, bool paused, uint32_t counter, uint8_t from)
{
	bool changed = core->stored.paused != paused;

	core->stored.paused = paused;
	core->stored.pause_counter = counter;
	core->pause_ticket = core_store(core);
	core->send_now = true;
	if (!changed) {
		return;
	}
	core_log(update, VRRP_LOG_NOTICE, paused ? "paused by member %u: nobody is promoted" : "resumed by member %u",
		from);
	/* What is not promoted yet is not promoted now. */
	if (paused && core->role == VRRP_ROLE_CANDIDATE && !core_pause_allows_me(core)) {
		core_withdraw(core, update, VRRP_CAUSE_PAUSED);
	}
}

bool vrrp_core_pause_is_durable(const struct vrrp_core *core)
{
	return core->stored_ticket >= core->pause_ticket;
}

void core_pause(struct vrrp_core *core, bool pause, struct vrrp_update *update)
{
	if (core->stored.paused == pause) {
		return;
	}
	if (core->stored.pause_counter == UINT32_MAX) {
		core_log(update, VRRP_LOG_ERR, "the pause counter is used up");
		return;
	}
	take(core, update, pause, core->stored.pause_counter + 1, core_self_id(core));
}

void core_pause_heard(struct vrrp_core *core, const struct vrrp_report *report, struct vrrp_update *update)
{
	bool paused = (report->flags & VRRP_FLAG_PAUSED) != 0;
	bool newer = report->pause_counter > core->stored.pause_counter || VRRP_MUTANT(the_last_pause_heard_wins);
	bool equal = report->pause_counter == core->stored.pause_counter;

	if (newer || (equal && paused && !core->stored.paused && !VRRP_MUTANT(equal_counters_stay))) {
		take(core, update, paused, report->pause_counter, report->sender);
	}
}

/* All its WAL comes from that primary: its newer word of it is not a lead over it. */
static bool has_it_from(const struct vrrp_report *report, const struct vrrp_standing *primary)
{
	struct vrrp_follower follower = { .in_recovery = (report->flags & VRRP_FLAG_IN_RECOVERY) != 0,
		.streaming = (report->flags & VRRP_FLAG_STREAMING) != 0,
		.upstream = report->upstream,
		.epoch = report->epoch,
		.timeline = report->timeline };

	return vrrp_standing_is_source(primary, &follower);
}

/* A running primary, and nobody who is heard is ahead of it. My own data is the caller's to judge. */
bool core_pause_allows(const struct vrrp_core *core, const struct vrrp_standing *standing)
{
	if (!core_is_running_primary(core, standing)) {
		return false;
	}
	for (unsigned i = 0; i < core->config.member_count; i++) {
		const struct vrrp_report *report = core_fresh(core, i);
		struct vrrp_standing other;

		if (report == NULL || report->sender == standing->id || core_is_foreign(core, report) ||
			(report->flags & VRRP_FLAG_DIVERGED) != 0 || has_it_from(report, standing)) {
			continue;
		}
		other = vrrp_standing_from_report(report);
		if (vrrp_position_is_complete(&other.at) &&
			vrrp_standing_ahead(&other, standing, core->config.election_lag_bytes)) {
			return false;
		}
	}
	return true;
}

bool core_pause_allows_me(const struct vrrp_core *core)
{
	struct vrrp_standing own = core_own_standing(core);

	return core_pause_allows(core, &own);
}
