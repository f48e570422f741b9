#include "vrrp/core_internal.h"

#include <string.h>

static uint16_t flags(const struct vrrp_core *core)
{
	const struct vrrp_member_config *self = &core->config.member[core->config.self];
	const struct vrrp_history *history = &core->stored.history;
	unsigned bits = 0;

	bits |= !self->witness && vrrp_core_faults(core) == 0 ? VRRP_FLAG_ELIGIBLE : 0;
	bits |= core->pg.up ? VRRP_FLAG_PG_UP : 0;
	bits |= self->nofailover ? VRRP_FLAG_NOFAILOVER : 0;
	bits |= self->vote_data ? VRRP_FLAG_VOTE_DATA : 0;
	bits |= core->heard_holder ? VRRP_FLAG_HEARD_HOLDER : 0;
	bits |= core->stored.paused ? VRRP_FLAG_PAUSED : 0;
	bits |= core_failover_runs(core) ? VRRP_FLAG_FAILOVER : 0;
	bits |= core_failover_accepts(core) ? VRRP_FLAG_ACCEPT_LOSS : 0;
	bits |= core->pg.in_recovery ? VRRP_FLAG_IN_RECOVERY : 0;
	bits |= (core->pg.up && !core->pg.in_recovery) || core->pg.position_known ? VRRP_FLAG_POSITION_KNOWN : 0;
	bits |= core->pg.streaming ? VRRP_FLAG_STREAMING : 0;
	bits |= core->stored.diverged ? VRRP_FLAG_DIVERGED : 0;
	bits |= core_is_silent(core) ? VRRP_FLAG_SILENT : 0;
	bits |= core->no_holder_since.us != 0 && !vrrp_time_before(core->pg_seen_at, core->no_holder_since)
			? VRRP_FLAG_LOOKED
			: 0;
	bits |= history->count == 0 || history->entry[history->count - 1].timeline != core->pg.timeline
			? VRRP_FLAG_STALE_HISTORY
			: 0;
	return (uint16_t)bits;
}

static void put_data(const struct vrrp_core *core, struct vrrp_report *report)
{
	struct vrrp_position own = core_own_position(core);

	report->system_identifier = core->stored.system_identifier;
	report->epoch = core->stored.epoch;
	report->position = own.position;
	report->replayed = core->pg.up ? core->pg.replayed : 0;
	report->replay_lag_ms = core->pg.replay_lag_ms;
	report->timeline = core->pg.timeline;
	report->port = core->config.port;
	report->history = core->stored.history;
	if (core->pg.receiver && core->pg.upstream < core->config.member_count) {
		report->upstream = core->config.member[core->pg.upstream].id;
	}
}

void vrrp_core_report(const struct vrrp_core *core, struct vrrp_report *ret_report)
{
	const struct vrrp_member_config *self = &core->config.member[core->config.self];
	const struct vrrp_sent *sent = vrrp_sent_find(&core->sent, core->sent.last_seq);
	struct vrrp_report report;

	memset(&report, 0, sizeof(report));
	report.incarnation = core->incarnation;
	report.seq = core->sent.last_seq;
	report.vrid = core->config.vrid;
	report.sender = self->id;
	report.role = (uint8_t)core->role;
	report.priority = vrrp_core_priority(core);
	memcpy(report.digest, core->config.digest, sizeof(report.digest));
	memcpy(report.key_hash, core->config.key_hash, sizeof(report.key_hash));
	report.members = core_configured_members(core);
	report.fault_reasons = vrrp_core_faults(core);
	report.flags = flags(core);
	report.pause_counter = core->stored.pause_counter;
	report.switchover_target = core_switch_target_id(core);
	report.ask_ms = sent == NULL ? 0 : (uint32_t)(sent->ask_us / VRRP_US_PER_MS);
	report.ballot = core->ballot;
	if (core->counter_seen > 0) {
		report.ballot_highest = (struct vrrp_ballot){ core->counter_seen, core->incarnation, self->id };
	}
	report.release = core->release;
	if (vrrp_grant_runs(&core->grant, core->now)) {
		report.grant = (struct vrrp_report_grant){ .ballot = core->grant.ballot,
			.incarnation = core->grant.incarnation,
			.seq = core->grant.seq,
			.remaining_ms = core_ms_until(core, core->grant.expires),
			.to = core->grant.to };
	}
	if (vrrp_time_before(core->now, core->refusal_until)) {
		report.refusal = core->refusal;
	}
	if (!self->witness) {
		put_data(core, &report);
	}
	report.voucher = core->voucher;
	if (vrrp_ballot_compare(&core->stored.vouched, &report.voucher.ballot) > 0) {
		/* vouched for before this daemon's start, or a promise still on its way: others count above it */
		report.voucher = (struct vrrp_report_voucher){ .ballot = core->stored.vouched };
	}
	for (unsigned i = 0; i < core->config.member_count; i++) {
		if (i != core->config.self) {
			report.echo[report.echo_count++] = vrrp_peer_echo(&core->peer[i], core->config.member[i].id);
		}
	}
	*ret_report = report;
}
