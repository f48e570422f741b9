#include "vrrp/core_internal.h"

bool core_is_silent(const struct vrrp_core *core)
{
	return (vrrp_time_before(core->now, core->silent_until) && !VRRP_MUTANT(no_silence_after_start)) ||
	       (core->stored_ticket < core->record_ticket && !VRRP_MUTANT(record_need_not_be_durable));
}

bool core_bound_to_other(const struct vrrp_core *core)
{
	return vrrp_grant_runs(&core->grant, core->now) && core->grant.to != core_self_id(core);
}

/*
 * A refusal stays in the reports for two of them; the candidate asks again when the named time has passed. It is sent
 * at once when it is new: two candidates that refuse each other must not answer answers.
 */
static void refuse(struct vrrp_core *core, const struct vrrp_report *report, enum vrrp_refusal reason,
	struct vrrp_time bound_until)
{
	struct vrrp_report_refusal refusal = { .ballot = report->ballot,
		.to = report->sender,
		.reason = (uint8_t)reason,
		.bound_ms = core_ms_until(core, bound_until) };

	core->send_now = core->send_now || core->refusal.to != refusal.to || core->refusal.reason != refusal.reason ||
			 !vrrp_ballot_equal(&core->refusal.ballot, &refusal.ballot);
	core->refusal = refusal;
	core->refusal_until = vrrp_time_add(core->now, 2 * core->config.advert_int_us);
}

static void give(struct vrrp_core *core, const struct vrrp_report *report, int64_t lease_us)
{
	vrrp_grant_give(&core->grant, report->sender, &report->ballot, core->now, core_grant_us(core, lease_us),
		report->role == VRRP_ROLE_CANDIDATE);
	if (lease_us > core->config.lease_us && !VRRP_MUTANT(long_grant_need_not_be_durable)) {
		core_long_begin(core, report->incarnation, report->seq, lease_us);
		return; /* answered when its record is durable */
	}
	core->grant.incarnation = report->incarnation;
	core->grant.seq = report->seq;
	if (core->refusal.to == report->sender) {
		core->refusal.to = 0;
	}
	core->send_now = true; /* an ask is answered at once */
}

/* Still CANDIDATE one lease after the first of an unbroken run of grants (D2). */
static bool round_too_long(const struct vrrp_core *core, const struct vrrp_report *report)
{
	return !VRRP_MUTANT(renews_a_candidate_for_ever) && report->role == VRRP_ROLE_CANDIDATE &&
	       core->grant.to == report->sender && core->grant.run_start.us != 0 &&
	       vrrp_time_diff_us(core->now, core->grant.run_start) >= core->config.lease_us;
}

/* A running primary is known besides `candidate` (section 4; D3 bounds how long that counts). */
bool core_primary_is_known(const struct vrrp_core *core, uint8_t candidate)
{
	struct vrrp_standing standing = core_own_standing(core);

	if (vrrp_time_diff_us(core->now, core->clock_d3) > CORE_D3_LEASES * core->config.lease_us &&
		!VRRP_MUTANT(primary_blocks_for_ever)) {
		return false;
	}
	if (!core_is_witness(core) && candidate != standing.id && core_is_running_primary(core, &standing)) {
		return true;
	}
	for (unsigned i = 0; i < core->config.member_count; i++) {
		const struct vrrp_report *report = core_fresh(core, i);

		if (report == NULL || report->sender == candidate || !core_same_digest(core, report) ||
			core_is_foreign(core, report)) {
			continue;
		}
		standing = vrrp_standing_from_report(report);
		if (core_is_running_primary(core, &standing)) {
			return true;
		}
	}
	return false;
}

/*
 * I stream from it, or its epoch is its own and mine. Its report is older than what I have received since, so by the
 * report I would be ahead of it and veto a renewal that I have to grant anew (a restarted voter).
 */
bool core_is_my_source(const struct vrrp_core *core, const struct vrrp_standing *candidate)
{
	unsigned upstream = core->pg.upstream;
	bool streams = core->pg.streaming && upstream < core->config.member_count;
	struct vrrp_follower own = { .in_recovery = core->pg.in_recovery,
		.streaming = streams,
		.upstream = streams ? core->config.member[upstream].id : 0,
		.epoch = core->stored.epoch,
		.timeline = core->pg.timeline };

	return vrrp_standing_is_source(candidate, &own);
}

/* My data is ahead of the candidate's, down or up, I eligible or not. */
static bool own_data_is_ahead(const struct vrrp_core *core, const struct vrrp_standing *candidate)
{
	struct vrrp_standing own;

	if (core_is_witness(core) || core->stored.diverged || core_is_my_source(core, candidate)) {
		return false;
	}
	own = core_own_standing(core);
	return vrrp_position_is_complete(&own.at) &&
	       vrrp_standing_ahead(&own, candidate, core->config.election_lag_bytes);
}

static enum vrrp_refusal judge_data(const struct vrrp_core *core, const struct vrrp_report *report)
{
	struct vrrp_standing candidate = vrrp_standing_from_report(report);
	bool accepted = core_failover_accepted_by(core, report);

	if (core_is_foreign(core, report)) {
		return VRRP_REFUSAL_SYSTEM_ID;
	}
	if (core->stored.paused && !core_pause_allows(core, &candidate) && !VRRP_MUTANT(paused_voter_grants)) {
		return VRRP_REFUSAL_PAUSED;
	}
	if (own_data_is_ahead(core, &candidate) && !accepted && !VRRP_MUTANT(no_veto)) {
		return VRRP_REFUSAL_VETO;
	}
	if (core_beyond_max_lag(core, &candidate.at) && !accepted && !VRRP_MUTANT(max_lag_ignored)) {
		return VRRP_REFUSAL_MAX_LAG;
	}
	if (!core_is_running_primary(core, &candidate) && core_primary_is_known(core, report->sender) &&
		!VRRP_MUTANT(granted_beside_a_primary)) {
		return VRRP_REFUSAL_PRIMARY;
	}
	return VRRP_REFUSAL_NONE;
}

/*
 * A fresh ask of the same digest (section 4, "Voter"). The clock of this step was read after recvmsg had returned this
 * very report (B8). core_stand_check() has withdrawn my own candidacy if this candidate is better.
 */
void core_vote(struct vrrp_core *core, unsigned index, const struct vrrp_report *report, struct vrrp_update *update)
{
	int64_t lease_us = (int64_t)report->ask_ms * VRRP_US_PER_MS;
	bool runs = vrrp_grant_runs(&core->grant, core->now);
	bool same = runs && core->grant.to == report->sender && vrrp_ballot_equal(&core->grant.ballot, &report->ballot);
	enum vrrp_refusal reason;

	(void)index;
	if (vrrp_ballot_is_none(&report->ballot) || report->ballot.member != report->sender) {
		core->drops[VRRP_DROP_CONTENT]++;
		return;
	}
	if ((lease_us > core_longest_us(core) && !VRRP_MUTANT(any_lease_is_granted)) ||
		(lease_us > core->config.lease_us && !same)) {
		/* A lease begins as a short one: only who holds it has a reason to ask for more. */
		refuse(core, report, VRRP_REFUSAL_TOO_LONG, core->now);
		return;
	}
	if ((core->exit_due && !VRRP_MUTANT(leaving_voter_grants)) ||
		(core->stored_ticket < core->record_ticket && !VRRP_MUTANT(record_need_not_be_durable))) {
		/* The next start believes what is on the disk: nothing is promised beyond it, not even a renewal (B6).
		 */
		refuse(core, report, VRRP_REFUSAL_SILENT, core->now);
		return;
	}
	if (runs && round_too_long(core, report)) {
		refuse(core, report, VRRP_REFUSAL_ROUND, core->grant.expires);
		return;
	}
	if (same) {
		give(core, report, lease_us);
		return;
	}
	if (core->jump != VRRP_JUMP_NONE && !VRRP_MUTANT(votes_after_a_jump)) {
		refuse(core, report, VRRP_REFUSAL_JUMP, core->now);
		return;
	}
	if (core_is_silent(core)) {
		refuse(core, report, VRRP_REFUSAL_SILENT, vrrp_time_max(core->silent_until, core->now));
		return;
	}
	if (vrrp_role_holds(core->role) && !VRRP_MUTANT(holder_grants_another)) {
		refuse(core, report, VRRP_REFUSAL_HOLDER, core->lease_end);
		return;
	}
	if (runs && core->grant.to != report->sender && !VRRP_MUTANT(two_grants)) {
		refuse(core, report, VRRP_REFUSAL_BOUND, core->grant.expires);
		return;
	}
	reason = core_target_goes_first(core, report->sender) && !VRRP_MUTANT(target_need_not_go_first)
			 ? VRRP_REFUSAL_TARGET
			 : judge_data(core, report);
	if (reason != VRRP_REFUSAL_NONE) {
		if (core->refusal.to != report->sender || core->refusal.reason != (uint8_t)reason) {
			core_log(update, VRRP_LOG_INFO, "refuse member %u: %s", report->sender,
				vrrp_refusal_word(reason));
		}
		refuse(core, report, reason, core->now);
		return;
	}
	give(core, report, lease_us);
}

/*
 * While members are added or removed daemon by daemon, the holder keeps its lease from those that have changed already
 * and from those that have not: what was granted once, by the rules of one list, is only made longer.
 */
void core_renew_across(struct vrrp_core *core, const struct vrrp_report *report)
{
	int64_t lease_us = (int64_t)report->ask_ms * VRRP_US_PER_MS;

	if (((vrrp_grant_runs(&core->grant, core->now) && core->grant.to == report->sender &&
		     vrrp_ballot_equal(&core->grant.ballot, &report->ballot)) ||
		    VRRP_MUTANT(new_grant_crosses_lists)) &&
		report->ballot.member == report->sender && lease_us <= core->config.lease_us && !core->exit_due &&
		core->stored_ticket >= core->record_ticket && !round_too_long(core, report)) {
		give(core, report, lease_us);
	} else {
		refuse(core, report, VRRP_REFUSAL_DIGEST, core->now);
	}
}

/* My own vote for the ask that is about to be sent: it counts from the same instant as the others'. */
void core_vote_self(struct vrrp_core *core, int64_t ask_us)
{
	if ((core_is_silent(core) && !VRRP_MUTANT(silent_votes_for_itself)) || core_bound_to_other(core)) {
		return;
	}
	vrrp_grant_give(&core->grant, core_self_id(core), &core->ballot, core->now, core_grant_us(core, ask_us), false);
	if (ask_us > core->config.lease_us && !VRRP_MUTANT(long_grant_need_not_be_durable)) {
		core_long_begin(core, core->incarnation, core->sent.last_seq, ask_us);
		return; /* counted when its record is durable */
	}
	core->grant.incarnation = core->incarnation;
	core->grant.seq = core->sent.last_seq;
	core->worth[core->config.self] =
		vrrp_time_max(core->worth[core->config.self], core_worth(core, core->now, ask_us));
}
