#include "vrrp/core_internal.h"

#include <string.h>

const struct vrrp_report *core_fresh(const struct vrrp_core *core, unsigned index)
{
	if (index == core->config.self || !vrrp_peer_speaks(&core->peer[index], core->now)) {
		return NULL;
	}
	return &core->peer[index].report;
}

bool core_same_digest(const struct vrrp_core *core, const struct vrrp_report *report)
{
	return memcmp(core->config.digest, report->digest, VRRP_DIGEST_BYTES) == 0 || VRRP_MUTANT(digest_ignored);
}

bool core_is_foreign(const struct vrrp_core *core, const struct vrrp_report *report)
{
	return !VRRP_MUTANT(foreign_data_counts) && report->system_identifier != 0 &&
	       core->stored.system_identifier != 0 && report->system_identifier != core->stored.system_identifier;
}

unsigned core_fresh_count(const struct vrrp_core *core)
{
	unsigned count = 1;

	for (unsigned i = 0; i < core->config.member_count; i++) {
		const struct vrrp_report *report = core_fresh(core, i);

		if (report != NULL && core_same_digest(core, report)) {
			count++;
		}
	}
	return count;
}

int core_other_holder(const struct vrrp_core *core)
{
	int found = -1;

	for (unsigned i = 0; i < core->config.member_count; i++) {
		const struct vrrp_report *report = core_fresh(core, i);

		if (report == NULL || !vrrp_role_holds((enum vrrp_role)report->role)) {
			continue;
		}
		/* Of two that claim it (one of them cannot know yet that it has lost) the later ballot counts. */
		if (found < 0 || vrrp_ballot_compare(&report->ballot, &core->peer[found].report.ballot) > 0) {
			found = (int)i;
		}
	}
	return found;
}

int vrrp_core_holder(const struct vrrp_core *core)
{
	return vrrp_role_holds(core->role) ? core->config.self : core_other_holder(core);
}

struct vrrp_position core_own_position(const struct vrrp_core *core)
{
	/*
	 * What PostgreSQL says it has is a lower bound, also for the moment in which the receiver is gone and the end
	 * of the local WAL is not reached yet; who must know it exactly (attach, vouch) asks position_known. That of a
	 * PostgreSQL that is down is known only of a cleanly shut down primary.
	 */
	return (struct vrrp_position){ .history = core->stored.history,
		.position = core->pg.up || core->pg.position_known ? core->pg.position : 0,
		.epoch = core->stored.epoch,
		.timeline = core->pg.timeline };
}

struct vrrp_standing core_own_standing(const struct vrrp_core *core)
{
	const struct vrrp_member_config *self = &core->config.member[core->config.self];

	return (struct vrrp_standing){ .at = core_own_position(core),
		.id = self->id,
		.priority = vrrp_core_priority(core),
		.primary = core_pg_may_be_primary(core),
		.eligible = vrrp_core_faults(core) == 0 };
}

bool core_is_running_primary(const struct vrrp_core *core, const struct vrrp_standing *standing)
{
	if (!standing->primary || !standing->eligible ||
		(vrrp_ballot_compare(&core->stored.epoch, &standing->at.epoch) > 0 &&
			!VRRP_MUTANT(passed_primary_counts))) {
		return false;
	}
	for (unsigned i = 0; i < core->config.member_count; i++) {
		const struct vrrp_report *report = core_fresh(core, i);

		if (report != NULL && !core_is_foreign(core, report) && !VRRP_MUTANT(passed_primary_counts) &&
			vrrp_ballot_compare(&report->epoch, &standing->at.epoch) > 0) {
			return false;
		}
	}
	return true;
}

bool core_eligible_other(const struct vrrp_core *core)
{
	for (unsigned i = 0; i < core->config.member_count; i++) {
		const struct vrrp_report *report = core_fresh(core, i);

		if (report != NULL && core_same_or_next(core, report) && !core_is_foreign(core, report) &&
			(report->flags & VRRP_FLAG_ELIGIBLE) != 0) {
			return true;
		}
	}
	return false;
}

bool core_beyond_max_lag(const struct vrrp_core *core, const struct vrrp_position *at)
{
	uint64_t bytes;

	/* What a failover may cost is asked with durability async only: vouchers let nothing acknowledged be lost, and
	 * WAL that nobody waited for may be long. */
	return core->config.durability == VRRP_DURABILITY_ASYNC && core->stored.master_seen.at.position != 0 &&
	       vrrp_position_ahead(&core->stored.master_seen.at, at, &bytes) && bytes > core->config.max_lag_bytes;
}

int64_t vrrp_core_at_risk_bytes(const struct vrrp_core *core, unsigned index)
{
	const struct vrrp_report *report = core_fresh(core, index);
	struct vrrp_position at;
	uint64_t bytes;

	if (core->stored.master_seen.at.position == 0 || (index != core->config.self && report == NULL)) {
		return -1;
	}
	at = index == core->config.self ? core_own_position(core) : vrrp_position_from_report(report);
	if (!vrrp_position_is_complete(&at)) {
		return -1;
	}
	if (!vrrp_position_ahead(&core->stored.master_seen.at, &at, &bytes)) {
		return 0;
	}
	return bytes > INT64_MAX ? -1 : (int64_t)bytes;
}

static void note_counter(struct vrrp_core *core, const struct vrrp_ballot *ballot)
{
	if (ballot->counter > core->counter_seen && ballot->counter - core->counter_seen <= CORE_COUNTER_LEAP) {
		core->counter_seen = ballot->counter;
	}
}

/* The counter of a new ballot must be above everything heard, believed fresh or not: that can only raise it. */
static void note_counters(struct vrrp_core *core, const struct vrrp_report *report)
{
	note_counter(core, &report->ballot);
	note_counter(core, &report->ballot_highest);
	note_counter(core, &report->epoch);
	note_counter(core, &report->voucher.ballot);
	note_counter(core, &report->config_stored.ballot);
	core->stored.ballot_counter = core->counter_seen;
}

/* Each new MASTER's epoch and history are stored, witnesses included; its position is kept up to date in memory. */
static void note_master(struct vrrp_core *core, const struct vrrp_report *report)
{
	struct vrrp_master_seen *seen = &core->stored.master_seen;
	struct vrrp_position at;
	bool new_history;

	if (report->role != VRRP_ROLE_MASTER || !vrrp_ballot_equal(&report->epoch, &report->ballot) ||
		(report->flags & VRRP_FLAG_STALE_HISTORY) != 0 || report->position == 0 ||
		core_is_foreign(core, report)) {
		return;
	}
	if (vrrp_ballot_compare(&report->epoch, &seen->at.epoch) < 0) {
		return;
	}
	at = vrrp_position_from_report(report);
	if (!vrrp_position_is_complete(&at)) {
		return;
	}
	new_history = !vrrp_ballot_equal(&at.epoch, &seen->at.epoch) || at.history.count != seen->at.history.count;
	seen->at = at;
	if (core->stored.system_identifier == 0 && core_is_witness(core)) {
		core->stored.system_identifier = report->system_identifier; /* the first MASTER's is the instance's */
		new_history = true;
	}
	if (new_history) {
		core_store(core);
	}
}

/* A MASTER is its own newest known MASTER; in memory: its epoch is on disk already. */
void core_note_own_position(struct vrrp_core *core)
{
	struct vrrp_position own;

	if (core->role == VRRP_ROLE_MASTER) {
		own = core_own_position(core);
		if (vrrp_position_is_complete(&own)) {
			core->stored.master_seen.at = own;
		}
	}
}

/* Another configuration: one step apart, a lease that runs is renewed, here and there; otherwise nothing. */
static void take_across(struct vrrp_core *core, unsigned index, const struct vrrp_report *report)
{
	if (!core_one_step_apart(core, report)) {
		return;
	}
	if (report->ask_ms > 0 && !vrrp_ballot_is_none(&report->ballot)) {
		core_renew_across(core, report);
	}
	if (vrrp_role_holds(core->role) || VRRP_MUTANT(candidate_counts_another_list)) {
		core_take_answer(core, index, report);
	}
	note_master(core, report);
}

static void take_fresh(
	struct vrrp_core *core, unsigned index, const struct vrrp_report *report, struct vrrp_update *update)
{
	bool same = core_same_digest(core, report);

	if (report->release.member == report->sender && vrrp_grant_is_released_by(&core->grant, &report->release)) {
		core->grant = (struct vrrp_grant){ 0 };
		core->send_now =
			core->send_now || core->refusal.to != 0; /* whom I refused because of it may ask again */
	}
	core_pause_heard(core, report, update);
	core_note_digest(core, index, report);
	core_note_hint(core, report, update);
	if (!same) {
		take_across(core, index, report); /* a sign of life, but no new grant and no voucher crosses it */
		return;
	}
	core_view_others(core, update);
	core_stand_check(core, update); /* withdraws for a holder or a better candidate before its ask is judged */
	if (report->ask_ms > 0) {
		core_vote(core, index, report, update);
	}
	core_take_answer(core, index, report);
	note_master(core, report);
}

void core_take_report(struct vrrp_core *core, const struct vrrp_event *event, struct vrrp_update *update)
{
	struct vrrp_peer_self self = { .member = core_self_id(core),
		.incarnation = core->incarnation,
		.sent = &core->sent,
		.lease_us = core->config.lease_us };
	struct vrrp_peer *peer;
	struct vrrp_peer_verdict verdict;

	if (event->member >= core->config.member_count || event->member == core->config.self) {
		core->drops[VRRP_DROP_MEMBER]++;
		return;
	}
	peer = &core->peer[event->member];
	verdict = vrrp_peer_take(peer, &self, event->report, core->now);
	if (peer->hello_due) {
		peer->hello_due = false;
		core->send_now = true;
	}
	if (verdict.drop != VRRP_DROP_NONE) {
		core->drops[verdict.drop]++;
		if (verdict.drop == VRRP_DROP_INCARNATION) {
			note_counters(core, event->report);
		}
		return;
	}
	note_counters(core, event->report);
	if (verdict.new_incarnation) {
		core->send_now = true; /* it must learn at once that it is heard */
	}
	if (verdict.fresh) {
		take_fresh(core, event->member, event->report, update);
	}
}

/*
 * What that member's PostgreSQL is, is known: it has looked, and a primary among them has read its history. Before that
 * it is no running primary to anybody, and standbys that were only waiting for it to be heard would fail over from a
 * healthy primary whose daemon was started last.
 */
static bool data_is_known(const struct vrrp_report *report)
{
	const unsigned unread = VRRP_FLAG_PG_UP | VRRP_FLAG_STALE_HISTORY;

	return report->role != VRRP_ROLE_INIT && (report->flags & (unread | VRRP_FLAG_IN_RECOVERY)) != unread;
}

/* Follows when a holder was last known, and whether all data members were heard (D3's clock, boot_wait). */
void core_view_others(struct vrrp_core *core, struct vrrp_update *update)
{
	bool holder = vrrp_core_holder(core) >= 0;

	if (holder) {
		core->heard_holder = true;
		core->clock_d3 = vrrp_time_max(core->clock_d3, core->now);
	}
	if (!core->all_heard) {
		bool all = true;

		for (unsigned i = 0; i < core->config.member_count; i++) {
			const struct vrrp_report *report = core_fresh(core, i);

			if (i != core->config.self && !core->config.member[i].witness &&
				(report == NULL || !data_is_known(report))) {
				all = false;
			}
		}
		if (all || !vrrp_time_before(core->now, core->boot_wait_until)) {
			core->all_heard = true;
			core->clock_d3 = vrrp_time_max(core->clock_d3, core->now);
		}
	}
	if (holder || core_bound_to_other(core)) {
		core->no_holder_since = VRRP_TIME_NONE;
	} else if (core->no_holder_since.us == 0) {
		core->no_holder_since = core->now;
		if (!core_is_witness(core)) {
			core_act(update, VRRP_ACT_PROBE); /* the election shall compare what is there now */
		}
	}
}
