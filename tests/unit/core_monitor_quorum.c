#include "tests/unit/core_monitor_quorum.h"

#include <string.h>

#include "vrrp/core_internal.h"

static bool is_quorum(const struct vrrp_core *core)
{
	return core->config.durability == VRRP_DURABILITY_QUORUM;
}

static bool counts(const struct vrrp_core *core, unsigned i)
{
	const struct vrrp_member_config *member = &core->config.member[i];

	return !member->witness && !(member->nofailover && !member->vote_data);
}

void core_monitor_quorum_adopt(struct core_monitor *monitor, const struct vrrp_core *core)
{
	for (unsigned i = 0; i < core->config.member_count; i++) {
		const struct vrrp_report_voucher *voucher = &core->peer[i].report.voucher;

		monitor->voucher[i] = voucher->answer == 1 ? voucher->ballot : (struct vrrp_ballot){ 0 };
	}
	monitor->named = core->names_ballot;
	monitor->proved = core->sync_proved;
	monitor->looked = core->pg;
}

void core_monitor_quorum_event(
	struct core_monitor *monitor, const struct vrrp_core *core, const struct vrrp_event *event)
{
	const struct vrrp_core *before = &monitor->before;

	if (event->kind == VRRP_EVENT_START) {
		memset(monitor->voucher, 0, sizeof(monitor->voucher));
		monitor->proved = false;
	} else if (event->kind == VRRP_EVENT_REPORT && event->member < core->config.member_count &&
		   core_fresh(core, event->member) != NULL &&
		   core->peer[event->member].report.seq == event->report->seq &&
		   memcmp(event->report->digest, core->config.digest, VRRP_DIGEST_BYTES) == 0 &&
		   event->report->voucher.answer == 1) {
		monitor->voucher[event->member] = event->report->voucher.ballot;
	} else if (event->kind == VRRP_EVENT_PG) {
		monitor->looked = event->pg;
		monitor->proved = monitor->proved && !event->pg.gone && !event->pg.starting && !event->pg.in_recovery;
	} else if (event->kind == VRRP_EVENT_PG_DEAD) {
		monitor->proved = false;
	} else if (event->kind == VRRP_EVENT_PG_DONE && event->ok && event->ticket == before->op_ticket) {
		if (before->op == VRRP_PG_OP_PROMOTE) {
			monitor->looked = event->pg;
			monitor->proved = false;
		} else if (before->op == VRRP_PG_OP_SYNC_NAMES) {
			monitor->named = before->ballot;
		} else if (before->op == VRRP_PG_OP_DROP_SENDERS && monitor->ordered_k > 0) {
			monitor->proved = true;
		}
	}
}

static bool is_vouched(const struct core_monitor *monitor, const struct vrrp_core *core)
{
	unsigned data = 0;
	unsigned yes = 1;

	for (unsigned i = 0; i < core->config.member_count; i++) {
		data += counts(core, i) ? 1 : 0;
		yes += i != core->config.self && counts(core, i) &&
				       vrrp_ballot_equal(&monitor->voucher[i], &core->ballot)
			       ? 1
			       : 0;
	}
	return yes + core->config.sync_standbys >= data;
}

/* A switchover whose target was not reached: the lease never ended, and was served under already (section 8). */
static bool has_served(const struct core_monitor *monitor, const struct vrrp_core *core)
{
	return core->switchover.phase == VRRP_SWITCH_STARTING && !vrrp_ballot_is_none(&core->ballot) &&
	       vrrp_ballot_equal(&monitor->before.stored.serving, &core->ballot);
}

/* Members that have taken over the epoch of my ballot. */
static unsigned followers(const struct vrrp_core *core)
{
	unsigned set = 0;

	for (unsigned i = 0; i < core->config.member_count; i++) {
		const struct vrrp_report *report = core_fresh(core, i);

		set |= report != NULL && counts(core, i) && vrrp_ballot_equal(&report->epoch, &core->ballot) ? 1U << i
													     : 0;
	}
	return set;
}

bool core_monitor_quorum_fetches(const struct vrrp_core *core, unsigned member)
{
	const struct vrrp_report *report = core_fresh(core, member);

	return is_quorum(core) && core->role == VRRP_ROLE_PROMOTING && core->phase == VRRP_HOLD_VOUCHING &&
	       report != NULL && report->voucher.answer == 2 &&
	       vrrp_ballot_equal(&report->voucher.ballot, &core->ballot) &&
	       vrrp_ballot_equal(&report->epoch, &core->stored.epoch);
}

const char *core_monitor_quorum_op(
	struct core_monitor *monitor, const struct vrrp_core *core, const struct vrrp_action *action)
{
	if (action->op == VRRP_PG_OP_PROMOTE && is_quorum(core)) {
		if (!is_vouched(monitor, core) && !has_served(monitor, core)) {
			return "section 7: promoted without the vouchers of n - k data members";
		}
		return vrrp_ballot_equal(&monitor->named, &core->ballot)
			       ? NULL
			       : "A5: promoted before the sync names were set under this ballot";
	}
	if (action->op != VRRP_PG_OP_SYNC_NAMES && action->op != VRRP_PG_OP_DROP_SENDERS &&
		action->op != VRRP_PG_OP_SEAL) {
		return NULL;
	}
	if (action->op == VRRP_PG_OP_DROP_SENDERS && core->role == VRRP_ROLE_LEAVING && action->sync_k == 0) {
		monitor->ordered_k = 0;
		return NULL; /* a switchover: PostgreSQL's stop shall wait for the target alone */
	}
	if (!is_quorum(core)) {
		return "durability async, and yet an order of durability quorum";
	}
	if (action->op == VRRP_PG_OP_SEAL) {
		return core->pg.gone && core->pg.position_known ? NULL : "sealed what is no cleanly shut down primary";
	}
	if (core->role != VRRP_ROLE_PROMOTING && core->role != VRRP_ROLE_MASTER) {
		return "sync names of somebody who holds nothing";
	}
	monitor->ordered_k = action->sync_k;
	if (action->op == VRRP_PG_OP_SYNC_NAMES &&
		((action->sync_set & ~followers(core)) != 0 || action->sync_k != core->config.sync_standbys)) {
		return "A5: somebody is named who has not taken over this ballot's epoch, or k is another";
	}
	return NULL;
}

const char *core_monitor_quorum_serving(const struct core_monitor *monitor, const struct vrrp_core *core)
{
	const struct vrrp_pg *pg = &monitor->looked;

	if (!is_quorum(core)) {
		return NULL;
	}
	if (!is_vouched(monitor, core) && !has_served(monitor, core)) {
		return "A4: serves without the vouchers of n - k data members";
	}
	if (!monitor->proved) {
		return "D7: serves before a commit was seen to wait";
	}
	if (!pg->up || pg->in_recovery || !pg->sync.known || !pg->sync.listed ||
		pg->sync.k != core->config.sync_standbys || pg->sync.intruders != 0 ||
		((pg->sync.named | pg->sync.counted) & ~followers(core)) != 0) {
		return "section 7: serves before the sync names are in force";
	}
	return pg->sync.settings_ok && pg->fsync_on ? NULL : "section 7: serves with settings that lose commits";
}

const char *core_monitor_quorum_send(const struct core_monitor *monitor, const struct vrrp_core *core)
{
	const struct vrrp_report_voucher *voucher = &monitor->report.voucher;
	const struct vrrp_report_voucher *had = &monitor->before.voucher;
	const struct vrrp_pg *pg = &core->pg;
	const struct vrrp_report *asker;

	if (voucher->answer != 1) {
		return NULL;
	}
	if (!is_quorum(core)) {
		return "a voucher with durability async";
	}
	if (vrrp_ballot_compare(&monitor->durable.vouched, &voucher->ballot) < 0) {
		return "A3: a voucher that is not durable";
	}
	if (had->answer == 1 && vrrp_ballot_equal(&had->ballot, &voucher->ballot)) {
		return NULL;
	}
	if (vrrp_role_holds(core->role) || core->stored.diverged || !pg->fsync_on) {
		return "section 7: a voucher of a holder, a diverged member, or without fsync";
	}
	if (vrrp_ballot_compare(&core->stored.epoch, &voucher->ballot) > 0) {
		return "A3: a voucher for a ballot below the own epoch";
	}
	if (!pg->up) {
		return pg->gone && pg->sealed && pg->position_known ? NULL : "A7: a voucher of somebody who is down";
	}
	if (!pg->in_recovery) {
		return "section 7: a voucher of a running primary";
	}
	asker = pg->receiver && pg->upstream < core->config.member_count ? core_fresh(core, pg->upstream) : NULL;
	if (asker != NULL && vrrp_ballot_equal(&asker->ballot, &voucher->ballot)) {
		return NULL;
	}
	return pg->receiver || !pg->no_upstream || !pg->position_known
		       ? "section 7: a voucher of somebody attached, or whose position is not known"
		       : NULL;
}
