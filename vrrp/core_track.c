/* Tracked scripts and interfaces, and what a MASTER that is not fit to serve does (protocol.md section 4, "Eligible").
 */
#include "vrrp/core_internal.h"

uint8_t vrrp_core_priority(const struct vrrp_core *core)
{
	uint8_t configured = core->config.member[core->config.self].priority;

	/* A witness is never ranked; tests leave its priority out. */
	return core_is_witness(core) ? configured : vrrp_track_priority(configured, core->track.seen.weight);
}

uint32_t core_track_faults(const struct vrrp_core *core)
{
	const struct vrrp_track *seen = &core->track.seen;
	bool primary = core->pg.up && !core->pg.in_recovery;
	bool fault = seen->failed || (seen->unknown && !primary && !VRRP_MUTANT(untried_script_counts));

	return fault && !VRRP_MUTANT(script_ignored) ? VRRP_FAULT_BIT(VRRP_FAULT_SCRIPT) : 0;
}

void core_track_seen(struct vrrp_core *core, const struct vrrp_event *event)
{
	if (!vrrp_track_equal(&core->track.seen, &event->track)) {
		core->track.seen = event->track;
		core->send_now = true; /* the others' order depends on it */
	}
	core->track.handed_over = core->track.handed_over && event->track.failed;
}

/* Everything else here is well: nothing acknowledged need be lost. Tried once; if it ends here again, 4.1. */
static bool hands_over(struct vrrp_core *core, struct vrrp_update *update, uint32_t unfit)
{
	if (unfit != VRRP_FAULT_BIT(VRRP_FAULT_SCRIPT) || VRRP_MUTANT(script_takes_the_tail)) {
		return false;
	}
	if (vrrp_switch_is_under_way(core->switchover.phase)) {
		return true;
	}
	if (core->track.handed_over || !core_switch_begin(core, update, VRRP_MEMBER_NONE)) {
		return false;
	}
	core->track.handed_over = true;
	return true;
}

bool core_unfit_lets_go(struct vrrp_core *core, struct vrrp_update *update)
{
	/* After a resumed lease PostgreSQL is not looked at yet. */
	uint32_t unfit = core->pg_seen ? core_hold_unfit(core) : 0;

	/* While paused nobody could take over. */
	return unfit != 0 && !core->stored.paused && core_can_be_followed(core, unfit) &&
	       !hands_over(core, update, unfit);
}
