#include "vrrp/core_internal.h"

#include <string.h>

/* RTTs are remembered as a maximum that fades by this part with each shorter one. */
#define RTT_FADE 16
#define ROUND_RTTS 3

/* End of the lease under my ballot; for quorum = none see section 4.6 (1). */
static struct vrrp_time lease_end(const struct vrrp_core *core)
{
	const struct vrrp_core_config *config = &core->config;
	struct vrrp_time end;

	if (vrrp_ballot_is_none(&core->ballot)) {
		return VRRP_TIME_NONE;
	}
	if (config->quorum == VRRP_QUORUM_MAJORITY) {
		end = vrrp_lease_end(core->worth, config->member_count,
			vrrp_core_majority(core) - (VRRP_MUTANT(one_less_than_a_majority) ? 1 : 0));
		return vrrp_time_max(end, core->resumed_end);
	}
	end = vrrp_time_max(core->worth[config->self], core->resumed_end);
	for (unsigned i = 0; i < config->member_count && core->role == VRRP_ROLE_CANDIDATE &&
			     !VRRP_MUTANT(alone_although_the_other_is_heard);
		i++) {
		const struct vrrp_report *report = core_fresh(core, i);

		if (report != NULL && core_same_digest(core, report)) {
			end = vrrp_time_min(end, core->worth[i]);
		}
	}
	return end;
}

struct vrrp_time vrrp_core_lease_end(const struct vrrp_core *core)
{
	return core->lease_end;
}

unsigned vrrp_core_grants(const struct vrrp_core *core)
{
	unsigned count = 0;

	for (unsigned i = 0; i < core->config.member_count; i++) {
		count += vrrp_time_before(core->now, core->worth[i]) ? 1 : 0;
	}
	return count;
}

unsigned core_rank(const struct vrrp_core *core)
{
	struct vrrp_standing own = core_own_standing(core);
	bool own_primary = core_is_running_primary(core, &own);
	unsigned rank = 0;

	if (core_is_target(core)) {
		return 0;
	}
	for (unsigned i = 0; i < core->config.member_count; i++) {
		const struct vrrp_report *report = core_fresh(core, i);
		struct vrrp_standing other;

		if (report == NULL || (report->flags & VRRP_FLAG_ELIGIBLE) == 0 || !core_same_digest(core, report) ||
			core_is_foreign(core, report)) {
			continue;
		}
		other = vrrp_standing_from_report(report);
		if (vrrp_standing_better(&other, core_is_running_primary(core, &other), &own, own_primary,
			    core->config.election_lag_bytes)) {
			rank++;
		}
	}
	return rank;
}

/* After three leases without a holder a candidate yields only to one that is ahead in position (D3). */
static bool better_candidate_stands(const struct vrrp_core *core)
{
	bool only_ahead = vrrp_time_diff_us(core->now, core->clock_d3) > CORE_D3_LEASES * core->config.lease_us &&
			  !VRRP_MUTANT(yields_for_ever);
	struct vrrp_standing own = core_own_standing(core);
	bool own_primary = core_is_running_primary(core, &own);
	uint64_t lag = core->config.election_lag_bytes;

	if (core_is_target(core)) {
		return false;
	}
	for (unsigned i = 0; i < core->config.member_count; i++) {
		const struct vrrp_report *report = core_fresh(core, i);
		struct vrrp_standing other;

		if (report == NULL || report->role != VRRP_ROLE_CANDIDATE || !core_same_digest(core, report) ||
			core_is_foreign(core, report)) {
			continue;
		}
		other = vrrp_standing_from_report(report);
		if (only_ahead ? vrrp_standing_ahead(&other, &own, lag)
			       : vrrp_standing_better(
					 &other, core_is_running_primary(core, &other), &own, own_primary, lag)) {
			return true;
		}
	}
	return false;
}

/* boot_wait, and the stricter form of quorum = none (section 4; 4.6 (3); D4). */
static bool boot_wait_is_over(const struct vrrp_core *core, bool running_primary)
{
	bool over = !vrrp_time_before(core->now, core->boot_wait_until);

	if (core->config.quorum == VRRP_QUORUM_NONE) {
		return VRRP_MUTANT(alone_before_boot_wait) || over || core->all_heard ||
		       (running_primary && core->stored.serving_this_boot &&
			       !vrrp_ballot_is_none(&core->stored.serving));
	}
	if (VRRP_MUTANT(no_boot_wait)) {
		return true;
	}
	if (VRRP_MUTANT(boot_wait_whoever_was_heard)) {
		return over || core->all_heard;
	}
	if (over || core->all_heard || core->heard_holder || running_primary) {
		return true;
	}
	for (unsigned i = 0; i < core->config.member_count; i++) {
		const struct vrrp_report *report = core_fresh(core, i);

		if (report != NULL && (report->flags & VRRP_FLAG_HEARD_HOLDER) != 0) {
			return true;
		}
	}
	return false;
}

/* Wait for a probe that is younger than the holder's end, so that what is there now is compared; bounded. */
static struct vrrp_time probe_wait_end(const struct vrrp_core *core)
{
	return vrrp_time_add(core->no_holder_since, core_rank_wait_us(core));
}

static struct vrrp_time turn(const struct vrrp_core *core)
{
	return vrrp_time_add(core->no_holder_since,
		(VRRP_MUTANT(ranks_do_not_wait) ? 0 : (int64_t)core_rank(core)) * core_rank_wait_us(core));
}

/* Everybody who may be better has looked since the holder was gone: what they reported before may be a probe old. */
static bool all_have_looked(const struct vrrp_core *core)
{
	if (vrrp_time_before(core->pg_seen_at, core->no_holder_since)) {
		return false;
	}
	for (unsigned i = 0; i < core->config.member_count; i++) {
		const struct vrrp_report *report = core_fresh(core, i);

		if (report != NULL && core_same_digest(core, report) && (report->flags & VRRP_FLAG_ELIGIBLE) != 0 &&
			(report->flags & VRRP_FLAG_LOOKED) == 0) {
			return false;
		}
	}
	return true;
}

static bool may_stand(const struct vrrp_core *core)
{
	struct vrrp_standing own;
	bool running_primary;

	if (core->role != VRRP_ROLE_BACKUP || core->stopping || core->no_holder_since.us == 0 ||
		vrrp_time_before(core->now, core->stalled_until) ||
		vrrp_time_before(core->now, core->stand_not_before) || core_token_may_stand(core) ||
		(core_fresh_count(core) < vrrp_core_majority(core) && !VRRP_MUTANT(stands_without_a_majority)) ||
		!core_vouchers_in_sight(core)) {
		return false;
	}
	if (core_target_goes_first(core, core_self_id(core))) {
		return false;
	}
	own = core_own_standing(core);
	running_primary = core_is_running_primary(core, &own);
	if (core->stored.paused && !core_pause_allows(core, &own) && !VRRP_MUTANT(paused_stands)) {
		return false;
	}
	if (core_beyond_max_lag(core, &own.at) && !core_failover_accepts(core)) {
		return false; /* against the newest report, not that of the last probe: the probe under way will say */
	}
	if (!boot_wait_is_over(core, running_primary)) {
		return false;
	}
	if (core_primary_is_known(core, core_self_id(core))) {
		return false; /* nothing is promoted beside a healthy running primary that is heard */
	}
	if (vrrp_time_before(core->now, probe_wait_end(core)) && !all_have_looked(core) &&
		!VRRP_MUTANT(stands_before_all_have_looked)) {
		return false;
	}
	return !vrrp_time_before(core->now, turn(core)) && !better_candidate_stands(core);
}

static int64_t round_us(const struct vrrp_core *core)
{
	int64_t rtts = ROUND_RTTS * core->rtt_max_us;
	int64_t half = core->config.advert_int_us / 2;
	int64_t longest = core->config.lease_us / 2;

	if (VRRP_MUTANT(no_limit_of_a_round)) {
		return core->config.lease_us * 1000;
	}
	rtts = rtts > longest ? longest : rtts;
	return rtts > half ? rtts : half;
}

static void stand(struct vrrp_core *core, struct vrrp_update *update)
{
	core->counter_seen += core->counter_seen > 0 && VRRP_MUTANT(ballot_used_twice) ? 0 : 1;
	core->stored.ballot_counter = core->counter_seen;
	core->ballot = (struct vrrp_ballot){
		.counter = core->counter_seen, .member = core_self_id(core), .incarnation = core->incarnation
	};
	memset(core->worth, 0, sizeof(core->worth));
	core->lease_end = VRRP_TIME_NONE;
	core->round_end = vrrp_time_add(core->now, round_us(core));
	core->ask_again_at = VRRP_TIME_NEVER;
	core->refused_min_ms = 0;
	core->bound_voters = 0;
	if (VRRP_MUTANT(epoch_taken_early)) {
		core->stored.epoch = core->ballot;
		core_store(core);
	}
	core_role_set(core, update, VRRP_CAUSE_STAND);
	if (VRRP_MUTANT(promotes_before_the_lease)) {
		core_pg_order(core, update, VRRP_PG_OP_PROMOTE, VRRP_MEMBER_NONE);
	}
}

void core_release(struct vrrp_core *core)
{
	core->release = core->ballot;
	if (vrrp_grant_is_released_by(&core->grant, &core->release)) {
		core->grant = (struct vrrp_grant){ 0 };
	}
	core->ballot = (struct vrrp_ballot){ 0 };
	memset(core->worth, 0, sizeof(core->worth));
	core->resumed_end = VRRP_TIME_NONE;
	core->lease_end = VRRP_TIME_NONE;
	core->send_now = true;
}

void core_stand_pause(struct vrrp_core *core, int64_t at_least_us)
{
	int64_t wait_us = (int64_t)(core_rank(core) + 1) * core_rank_wait_us(core);

	wait_us = wait_us * vrrp_prng_range(&core->prng, 500, 1500) / 1000;
	core->stand_not_before = vrrp_time_add(core->now, at_least_us + wait_us);
}

void core_withdraw(struct vrrp_core *core, struct vrrp_update *update, enum vrrp_cause cause)
{
	int64_t refused_us = VRRP_MUTANT(refusal_time_ignored) ? 0 : (int64_t)core->refused_min_ms * VRRP_US_PER_MS;

	core_stand_pause(core, refused_us < core->config.lease_us ? refused_us : core->config.lease_us);
	core_release(core);
	core_role_set(core, update, cause);
}

/* The lease's end after a grant or an own vote, and what follows for a candidate. */
void core_stand_check(struct vrrp_core *core, struct vrrp_update *update)
{
	core->lease_end = lease_end(core);
	if (core->role != VRRP_ROLE_CANDIDATE) {
		return;
	}
	if (core_other_holder(core) >= 0) {
		core_withdraw(core, update, VRRP_CAUSE_HOLDER_SEEN);
	} else if (better_candidate_stands(core)) {
		core_withdraw(core, update, VRRP_CAUSE_BETTER_CANDIDATE);
	} else if (vrrp_time_before(core->now, core->lease_end)) {
		core_role_set(core, update, VRRP_CAUSE_GRANTED);
		core_hold_begin(core, update);
	}
}

static void take_refusal(struct vrrp_core *core, unsigned index, const struct vrrp_report_refusal *refusal)
{
	struct vrrp_time again = vrrp_time_add(core->now, (int64_t)refusal->bound_ms * VRRP_US_PER_MS);
	bool timed = refusal->reason == VRRP_REFUSAL_BOUND || refusal->reason == VRRP_REFUSAL_SILENT ||
		     refusal->reason == VRRP_REFUSAL_ROUND || refusal->reason == VRRP_REFUSAL_HOLDER;

	if (!timed || refusal->bound_ms == 0) {
		return;
	}
	core->bound_voters |= (uint16_t)(1U << index);
	if (vrrp_time_before(again, core->round_end)) {
		core->ask_again_at = vrrp_time_min(core->ask_again_at, again);
	} else if (core->refused_min_ms == 0 || refusal->bound_ms < core->refused_min_ms) {
		core->refused_min_ms = refusal->bound_ms;
	}
}

/* A fresh report's grant or refusal, if it speaks of my running ballot. */
void core_take_answer(struct vrrp_core *core, unsigned index, const struct vrrp_report *report)
{
	const struct vrrp_report_grant *grant = &report->grant;
	const struct vrrp_sent *sent;

	if (vrrp_ballot_is_none(&core->ballot)) {
		return;
	}
	if (grant->to == core_self_id(core) &&
		(VRRP_MUTANT(stale_grants_count) || (grant->incarnation == core->incarnation &&
							    vrrp_ballot_equal(&grant->ballot, &core->ballot)))) {
		sent = vrrp_sent_find(&core->sent, grant->seq);
		if (sent != NULL && sent->ask_us > 0 &&
			(sent->ballot_counter == core->ballot.counter || VRRP_MUTANT(stale_grants_count))) {
			int64_t rtt_us = vrrp_time_diff_us(core->now, sent->at);

			if (grant->seq > core->answered_seq[index]) { /* a repeated grant tells nothing about the way */
				core->answered_seq[index] = grant->seq;
				core->rtt_max_us -= core->rtt_max_us / RTT_FADE;
				core->rtt_max_us = rtt_us > core->rtt_max_us ? rtt_us : core->rtt_max_us;
			}
			core->worth[index] = vrrp_time_max(core->worth[index],
				core_worth(
					core, VRRP_MUTANT(expiry_from_receipt) ? core->now : sent->at, sent->ask_us));
		}
	} else if (core->role == VRRP_ROLE_CANDIDATE && grant->to == 0 && (core->bound_voters & 1U << index) != 0) {
		/* Released since: asked again at once. Who waits for the named time instead loses every voter to a
		 * worse candidate that gives up and stands again meanwhile. */
		core->bound_voters &= (uint16_t) ~(1U << index);
		core->send_now = true;
	} else if (core->role == VRRP_ROLE_CANDIDATE && report->refusal.to == core_self_id(core) &&
		   vrrp_ballot_equal(&report->refusal.ballot, &core->ballot)) {
		take_refusal(core, index, &report->refusal);
	}
}

void core_stand_tick(struct vrrp_core *core, struct vrrp_update *update)
{
	core_stand_check(core, update);
	if (core->role == VRRP_ROLE_CANDIDATE) {
		if (!vrrp_time_before(core->now, core->round_end)) {
			core_withdraw(core, update, VRRP_CAUSE_ROUND_OVER);
		} else if (!vrrp_time_before(core->now, core->ask_again_at)) {
			core->ask_again_at = VRRP_TIME_NEVER;
			core->send_now = true; /* the same ballot: the voter named this moment */
		}
	} else if (may_stand(core)) {
		stand(core, update);
	}
}

struct vrrp_time core_stand_deadline(const struct vrrp_core *core)
{
	struct vrrp_time at = VRRP_TIME_NEVER;

	if (core_bound_to_other(core)) {
		at = core->grant.expires;
	}
	if (core->role == VRRP_ROLE_CANDIDATE) {
		at = vrrp_time_min(at, vrrp_time_min(core->round_end, core->ask_again_at));
	} else if (core->role == VRRP_ROLE_BACKUP && !core->stopping) {
		struct vrrp_time candidates[] = { core->stalled_until, core->stand_not_before, core->boot_wait_until,
			core->hint.until, core->no_holder_since.us != 0 ? probe_wait_end(core) : VRRP_TIME_NONE,
			core->no_holder_since.us != 0 ? turn(core) : VRRP_TIME_NONE };

		for (size_t i = 0; i < VRRP_ARRAY_LENGTH(candidates); i++) {
			if (vrrp_time_before(core->now, candidates[i])) {
				at = vrrp_time_min(at, candidates[i]);
			}
		}
		for (unsigned i = 0; i < core->config.member_count; i++) {
			/* A holder's report that runs out frees the way. */
			if (core_fresh(core, i) != NULL && vrrp_role_holds((enum vrrp_role)core->peer[i].report.role)) {
				at = vrrp_time_min(at, core->peer[i].speaks_until);
			}
		}
	}
	return at;
}
