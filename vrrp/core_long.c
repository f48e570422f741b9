#include "vrrp/core_internal.h"

/* A clock that is off by more than this is not believed at all; the arithmetic stays in its range. */
#define EXCESS_MAX_PPM 400000U
#define DRIFT_MAX_PPM 900000U
#define PPM INT64_C(1000000)

int64_t core_longest_us(const struct vrrp_core *core)
{
	return core->config.lease_us > core->config.restart_grace_us ? core->config.lease_us
								     : core->config.restart_grace_us;
}

/*
 * The excess of my clock's rate beyond half of max_drift [B3]: two members whose rates are within that half of true
 * time are within max_drift of each other. What a holder counts shorter and a voter longer by its own excess makes up
 * for it: with e the holder's and f the voter's, (1 - m - e) / (1 - m/2 - e) <= (1 + f) / (1 + m/2 + f).
 */
static int64_t excess_of_us(const struct vrrp_core *core, int64_t us)
{
	return (us * (int64_t)core->clock_excess_ppm + PPM - 1) / PPM;
}

int64_t core_grant_us(const struct vrrp_core *core, int64_t lease_us)
{
	return lease_us + (VRRP_MUTANT(voter_ignores_its_slewed_clock) ? 0 : excess_of_us(core, lease_us));
}

/* An answer may come when the clock runs well again; what has passed since the ask was counted by it as it was. */
struct vrrp_time core_worth(const struct vrrp_core *core, struct vrrp_time sent, int64_t ask_us)
{
	bool eased = vrrp_time_before(sent, core->clock_eased_at) && core->clock_eased_ppm > core->clock_excess_ppm;
	uint32_t excess_ppm = eased ? core->clock_eased_ppm : core->clock_excess_ppm;
	uint32_t drift_ppm =
		core->config.max_drift_ppm + (VRRP_MUTANT(holder_ignores_its_slewed_clock) ? 0 : excess_ppm);

	return vrrp_lease_worth(sent, ask_us, drift_ppm < DRIFT_MAX_PPM ? drift_ppm : DRIFT_MAX_PPM);
}

/* What is left of a promise, counted anew because the clock is `more_ppm` worse than when it was made. */
static struct vrrp_time recount(const struct vrrp_core *core, struct vrrp_time end, int64_t more_ppm)
{
	int64_t left_us = vrrp_time_diff_us(end, core->now);

	return left_us <= 0 ? end : vrrp_time_add(end, (left_us / PPM + 1) * more_ppm);
}

void core_clock_told(struct vrrp_core *core, uint32_t excess_ppm, struct vrrp_update *update)
{
	uint32_t before_ppm = core->clock_excess_ppm;

	core->clock_excess_ppm = excess_ppm < EXCESS_MAX_PPM ? excess_ppm : EXCESS_MAX_PPM;
	if (core->clock_excess_ppm < before_ppm) {
		bool longer_ago = vrrp_time_diff_us(core->now, core->clock_eased_at) > core_longest_us(core);

		core->clock_eased_ppm =
			before_ppm > core->clock_eased_ppm || longer_ago ? before_ppm : core->clock_eased_ppm;
		core->clock_eased_at = core->now;
	}
	if (excess_ppm > 0 && before_ppm == 0) {
		core_log(update, VRRP_LOG_WARNING,
			"this host's clock is being slewed: its rate is %u ppm beyond half of max_drift; leases are "
			"counted shorter, grants longer",
			core->clock_excess_ppm);
	} else if (excess_ppm == 0 && before_ppm > 0) {
		core_log(update, VRRP_LOG_NOTICE, "this host's clock runs within max_drift again");
	}
}

struct vrrp_time core_recount_resumed(const struct vrrp_core *core, struct vrrp_time end)
{
	return VRRP_MUTANT(holder_ignores_its_slewed_clock) ? end
							    : recount(core, end, -(int64_t)core->clock_excess_ppm);
}

void core_clock_seen(struct vrrp_core *core, const struct vrrp_event *event, struct vrrp_update *update)
{
	int64_t more_ppm = -(int64_t)core->clock_excess_ppm;

	core_clock_told(core, event->clock_excess_ppm, update);
	more_ppm += core->clock_excess_ppm;
	if (more_ppm <= 0) {
		return; /* what runs was counted with more care than is needed now */
	}
	for (unsigned i = 0; i < core->config.member_count; i++) {
		core->worth[i] = recount(core, core->worth[i], -more_ppm);
	}
	core->resumed_end = recount(core, core->resumed_end, -more_ppm);
	core->grant.expires = recount(core, core->grant.expires, more_ppm);
	core->silent_until = recount(core, core->silent_until, more_ppm); /* it stands for a grant */
	core_stand_check(core, update);
	core_hold_shorten(core, update);
}

/*
 * Who dies after having answered must know when it starts again how long it is bound (B6): the record is durable before
 * the answer. The grant binds from now on, answered or not. While one waits for the disk, later ones are not taken up:
 * a holder that asks faster than the disk writes still gets its answer.
 */
void core_long_begin(struct vrrp_core *core, uint64_t incarnation, uint64_t seq, int64_t lease_us)
{
	if (core->long_ask.ticket != 0) {
		return;
	}
	core->stored.long_grant = core->grant;
	core->stored.long_grant.incarnation = incarnation;
	core->stored.long_grant.seq = seq;
	core->stored.long_grant_us = core_grant_us(core, lease_us);
	core->stored.long_grant_this_boot = true;
	core->stored.long_grant_clean = false;
	core->long_ask = (struct vrrp_long_ask){ .ticket = core_store(core), .incarnation = incarnation, .seq = seq };
}

void core_long_stored(struct vrrp_core *core, struct vrrp_update *update, uint64_t ticket, bool ok)
{
	const struct vrrp_long_ask *ask = &core->long_ask;
	const struct vrrp_grant *record = &core->stored.long_grant;
	const struct vrrp_sent *sent;

	if (ask->ticket == 0 || ticket < ask->ticket) {
		return;
	}
	core->long_ask.ticket = 0;
	if (!ok || !vrrp_grant_runs(&core->grant, core->now) || core->grant.to != record->to ||
		!vrrp_ballot_equal(&core->grant.ballot, &record->ballot)) {
		return; /* not asked any more, or released meanwhile */
	}
	if (record->to != core_self_id(core)) {
		core->grant.incarnation = ask->incarnation;
		core->grant.seq = ask->seq;
		core->send_now = true;
		return;
	}
	sent = vrrp_sent_find(&core->sent, ask->seq);
	if (sent != NULL && sent->ballot_counter == core->ballot.counter) {
		core->worth[core->config.self] =
			vrrp_time_max(core->worth[core->config.self], core_worth(core, sent->at, sent->ask_us));
		core_stand_check(core, update);
	}
}

/* A record is forgotten when it binds nobody any more: at its end, or when the grant was released. */
void core_long_tick(struct vrrp_core *core)
{
	const struct vrrp_grant *record = &core->stored.long_grant;

	if (record->to == 0 || core->record_kept || core->long_ask.ticket != 0 || core->stored.long_grant_clean ||
		(vrrp_time_before(core->now, record->expires) && vrrp_grant_runs(&core->grant, core->now) &&
			core->grant.to == record->to)) {
		return;
	}
	core->stored.long_grant = (struct vrrp_grant){ 0 };
	core->stored.long_grant_us = 0;
	core->stored.long_grant_this_boot = false;
	(void)core_store(core);
}
