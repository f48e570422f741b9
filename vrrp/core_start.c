#include "vrrp/core_internal.h"

#include <assert.h>

/* The silence of a voter that has just started (protocol.md section 4, "start-up silence", B6). */
static struct vrrp_time silence_end(const struct vrrp_core *core, const struct vrrp_event *event)
{
	const struct vrrp_stored *stored = &event->stored;
	int64_t silence_us = core->config.lease_us;
	struct vrrp_time end;

	if (!event->readable) {
		silence_us = silence_us > core->config.restart_grace_us ? silence_us : core->config.restart_grace_us;
	} else if (stored->last_lease_us == 0) {
		return event->now; /* the very first start on this host: it cannot have granted anything */
	} else if (stored->last_lease_us > silence_us) {
		silence_us = stored->last_lease_us;
	}
	end = vrrp_time_add(event->now, silence_us);
	if (event->readable && stored->long_grant.to != 0) {
		struct vrrp_time recorded = stored->long_grant_this_boot
						    ? stored->long_grant.expires
						    : vrrp_time_add(event->now, stored->long_grant_us);

		end = vrrp_time_max(end, recorded);
	}
	return end;
}

/* After a clean stop under the same boot id the running grant is taken over, and there is no silence. */
static bool take_grant_over(struct vrrp_core *core, const struct vrrp_event *event)
{
	const struct vrrp_stored *stored = &event->stored;

	if (!event->readable || !stored->long_grant_clean || !stored->long_grant_this_boot) {
		return false;
	}
	core->grant = stored->long_grant;
	return true;
}

void core_start(struct vrrp_core *core, const struct vrrp_event *event, struct vrrp_update *update)
{
	struct vrrp_action *action;

	assert(!core->started);
	core->started = true;
	core->stored = event->stored;
	/* A predecessor's gate and addresses go before the first report (B4). */
	action = core_act(update, VRRP_ACT_GATE);
	action->in_end = VRRP_TIME_NONE;
	action->out_end = VRRP_TIME_NONE;
	core_act(update, VRRP_ACT_UNBIND);
	core->silent_until = take_grant_over(core, event) ? event->now : silence_end(core, event);
	core->stored.long_grant = (struct vrrp_grant){ 0 };
	core->stored.long_grant_clean = false;
	core->stored.last_lease_us = core->config.lease_us;
	core->counter_seen = core->stored.ballot_counter;
	core->boot_wait_until = vrrp_time_add(event->now, core->config.boot_wait_us);
	core->clock_d3 = core->silent_until;
	core->no_holder_since = event->now;
	core->stand_not_before = event->now;
	/* A member whose state is lost attaches nowhere before its silence is over (section 6). */
	core->op_retry_at = event->readable ? event->now : core->silent_until;
	core->send_now = true;
	core_store(core);
	if (!core_is_witness(core)) {
		core_act(update, VRRP_ACT_PROBE);
	}
}
