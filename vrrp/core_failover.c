/*
 * `failover --to` me (protocol.md sections 4, 7): an operator chooses who is elected while there is no holder. It
 * changes the order of candidates, and, with durability = async, what may be lost; nothing else: the majority's
 * grants, a running primary that is heard, vouchers and the comparison of histories are what they always are.
 *
 * There is no state but two flags in my own reports, for a bounded time: whoever hears them lets me go first, and, if
 * I accept that data is lost, neither vetoes nor asks for max_lag. A member that restarts has forgotten it.
 */
#include "vrrp/core_internal.h"

static const char *const REFUSAL_WORDS[VRRP_FAILOVER_REFUSED_COUNT] = { "none", "witness", "holder", "leaving",
	"paused", "durability", "not_eligible", "majority", "loss" };

static const char *const PHASE_WORDS[VRRP_FAILOVER_COUNT] = { "none", "asked", "done", "other", "nobody" };

const char *vrrp_failover_refusal_word(unsigned refusal)
{
	return refusal < VRRP_FAILOVER_REFUSED_COUNT ? REFUSAL_WORDS[refusal] : "?";
}

const char *vrrp_failover_phase_word(unsigned phase)
{
	return phase < VRRP_FAILOVER_COUNT ? PHASE_WORDS[phase] : "?";
}

bool core_failover_runs(const struct vrrp_core *core)
{
	return core->failover.phase == VRRP_FAILOVER_ASKED;
}

bool core_failover_accepts(const struct vrrp_core *core)
{
	return core_failover_runs(core) && core->failover.accept_loss &&
	       core->config.durability == VRRP_DURABILITY_ASYNC;
}

/* The operator's order is in its report, under my configuration; what quorum durability holds no operator lets go. */
bool core_failover_accepted_by(const struct vrrp_core *core, const struct vrrp_report *report)
{
	return core->config.durability == VRRP_DURABILITY_ASYNC && core_same_digest(core, report) &&
	       (report->flags & VRRP_FLAG_FAILOVER) != 0 && (report->flags & VRRP_FLAG_ACCEPT_LOSS) != 0;
}

static bool is_chosen(const struct vrrp_core *core, const struct vrrp_report *report)
{
	return (report->flags & VRRP_FLAG_FAILOVER) != 0 && (report->flags & VRRP_FLAG_ELIGIBLE) != 0 &&
	       core_same_digest(core, report) && !core_is_foreign(core, report);
}

bool core_failover_is_other(const struct vrrp_core *core, uint8_t candidate)
{
	bool other = core_failover_runs(core) && vrrp_core_faults(core) == 0;

	if (candidate == core_self_id(core) && core_failover_runs(core)) {
		return false;
	}
	for (unsigned i = 0; i < core->config.member_count; i++) {
		const struct vrrp_report *report = core_fresh(core, i);

		if (report == NULL || !is_chosen(core, report)) {
			continue;
		}
		if (report->sender == candidate) {
			return false; /* two operators: neither of the two is kept from it */
		}
		other = true;
	}
	return other;
}

/* What somebody who is heard has and I have not, or what a MASTER was heard to have. */
static bool would_lose(const struct vrrp_core *core)
{
	struct vrrp_standing own = core_own_standing(core);

	if (core_beyond_max_lag(core, &own.at)) {
		return true;
	}
	for (unsigned i = 0; i < core->config.member_count; i++) {
		const struct vrrp_report *report = core_fresh(core, i);
		struct vrrp_standing other;

		if (report == NULL || core->config.member[i].witness || core_is_foreign(core, report) ||
			(report->flags & VRRP_FLAG_DIVERGED) != 0) {
			continue;
		}
		other = vrrp_standing_from_report(report);
		if (vrrp_position_is_complete(&other.at) &&
			vrrp_standing_ahead(&other, &own, core->config.election_lag_bytes)) {
			return true;
		}
	}
	return false;
}

enum vrrp_failover_refusal vrrp_core_failover_check(const struct vrrp_core *core, bool accept_loss)
{
	if (core_is_witness(core)) {
		return VRRP_FAILOVER_REFUSED_WITNESS;
	}
	if (vrrp_core_holder(core) >= 0) {
		return VRRP_FAILOVER_REFUSED_HOLDER; /* nothing is taken from who holds the lease */
	}
	if (core->stopping || core->restarting) {
		return VRRP_FAILOVER_REFUSED_LEAVING;
	}
	if (core->stored.paused) {
		return VRRP_FAILOVER_REFUSED_PAUSED;
	}
	if (accept_loss && core->config.durability != VRRP_DURABILITY_ASYNC) {
		return VRRP_FAILOVER_REFUSED_DURABILITY;
	}
	if ((vrrp_core_faults(core) & ~VRRP_FAULT_BIT(VRRP_FAULT_LAG)) != 0) {
		return VRRP_FAILOVER_REFUSED_NOT_ELIGIBLE;
	}
	if (core_fresh_count(core) < vrrp_core_majority(core)) {
		return VRRP_FAILOVER_REFUSED_MAJORITY;
	}
	return would_lose(core) && !accept_loss ? VRRP_FAILOVER_REFUSED_LOSS : VRRP_FAILOVER_REFUSED_NONE;
}

void core_failover_begin(struct vrrp_core *core, struct vrrp_update *update, bool accept_loss)
{
	if (vrrp_core_failover_check(core, accept_loss) != VRRP_FAILOVER_REFUSED_NONE) {
		return;
	}
	core->failover = (struct vrrp_failover){ .phase = VRRP_FAILOVER_ASKED,
		.accept_loss = accept_loss,
		.begun = core->now,
		.until = vrrp_time_add(core->now, VRRP_FAILOVER_LEASES * core->config.lease_us) };
	core->stand_not_before = core->now;
	core->send_now = true;
	core_log(update, VRRP_LOG_WARNING, "failover to this member: asked for by an operator%s",
		accept_loss ? ", who accepts that data is lost" : "");
}

static void end(struct vrrp_core *core, enum vrrp_failover_phase phase)
{
	core->failover.phase = phase;
	core->failover.ended = core->now;
	core->send_now = true;
}

void core_failover_tick(struct vrrp_core *core)
{
	int other = core_other_holder(core);

	if (!core_failover_runs(core)) {
		return;
	}
	if (core->role == VRRP_ROLE_MASTER) {
		end(core, VRRP_FAILOVER_DONE);
	} else if (other >= 0 && core->peer[other].report.role == VRRP_ROLE_MASTER) {
		end(core, VRRP_FAILOVER_OTHER);
	} else if (core->stopping || core->stored.paused || core->held_until.us > core->now.us ||
		   (!vrrp_role_holds(core->role) && !vrrp_time_before(core->now, core->failover.until))) {
		end(core, VRRP_FAILOVER_NOBODY);
	}
}

struct vrrp_time core_failover_deadline(const struct vrrp_core *core)
{
	return core_failover_runs(core) && vrrp_time_before(core->now, core->failover.until) ? core->failover.until
											     : VRRP_TIME_NEVER;
}
