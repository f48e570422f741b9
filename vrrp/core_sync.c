/*
 * Durability quorum: the holder's synchronous_standby_names (protocol.md section 7, A5, D7).
 *
 * ANY k of exactly those members whose fresh report shows that they have taken over this ballot's epoch. They are set
 * before a standby is promoted (then nobody is named), and are in force before the gate of a primary opens: PostgreSQL
 * reads them so, no walsender counts that is not named, and a commit of our own was seen to wait. Only the shared
 * memory of the server says whether commits wait at all, and its checkpointer sets that when it comes to it: hence the
 * proof.
 */
#include "vrrp/core_internal.h"

#define EVERYBODY ((uint16_t)((1U << VRRP_MEMBERS_MAX) - 1))

uint16_t core_sync_wanted(const struct vrrp_core *core)
{
	unsigned wanted = 0;

	for (unsigned i = 0; i < core->config.member_count; i++) {
		const struct vrrp_report *report = core_fresh(core, i);

		if (report != NULL && vrrp_vouch_counts(&core->config, i) && core_same_digest(core, report) &&
			!core_is_foreign(core, report) && (report->flags & VRRP_FLAG_DIVERGED) == 0 &&
			!vrrp_ballot_is_none(&core->ballot) &&
			(vrrp_ballot_equal(&report->epoch, &core->ballot) || VRRP_MUTANT(named_whatever_its_epoch))) {
			wanted |= 1U << i;
		}
	}
	return (uint16_t)(wanted & ~(unsigned)core->pg.sync.intruders);
}

/*
 * A resumed lease: who is named was named by the process before under this very ballot, and while that lease runs no
 * other holder can have taken it away [A5]. Not being heard yet by this process is no reason to let clients wait.
 */
static uint16_t spared(const struct vrrp_core *core)
{
	unsigned set = 0;

	for (unsigned i = 0; i < core->config.member_count && vrrp_time_before(core->now, core->resumed_end); i++) {
		set |= core_fresh(core, i) == NULL && vrrp_vouch_counts(&core->config, i) ? 1U << i : 0;
	}
	return (uint16_t)(set & core->pg.sync.named & ~(unsigned)core->pg.sync.intruders);
}

/* Walsenders that count and must not. */
static uint16_t late(const struct vrrp_core *core)
{
	unsigned may = core_sync_wanted(core) | (unsigned)spared(core);

	return (uint16_t)((core->pg.sync.counted & ~may) | core->pg.sync.intruders);
}

static bool is_ours(const struct vrrp_core *core)
{
	return core->pg.sync.listed && core->pg.sync.k == core->config.sync_standbys;
}

void core_sync_order(struct vrrp_core *core, struct vrrp_update *update, enum vrrp_pg_op op, unsigned set, unsigned k)
{
	struct vrrp_action *action = core_pg_order(core, update, op, VRRP_MEMBER_NONE);

	action->sync_set = (uint16_t)set;
	action->sync_k = (uint8_t)k;
	core->sync_set = action->sync_set;
	core->sync_k = action->sync_k;
}

void core_sync_forget(struct vrrp_core *core)
{
	core->sync_proved = false;
	core->pg.sync = (struct vrrp_pg_sync){ 0 };
	core->sync_late_since = VRRP_TIME_NONE;
}

void core_sync_done(struct vrrp_core *core, enum vrrp_pg_op op, bool ok)
{
	if (!ok && (op == VRRP_PG_OP_SYNC_NAMES || op == VRRP_PG_OP_DROP_SENDERS)) {
		core->sync_failed_at = core->now;
	} else if (op == VRRP_PG_OP_PROMOTE) {
		core->sync_proved = false;
		core->sync_drop = true; /* what the list was before is not known */
	} else if (op == VRRP_PG_OP_SYNC_NAMES && ok && vrrp_role_holds(core->role)) {
		core->names_ballot = core->ballot;
	} else if (op == VRRP_PG_OP_DROP_SENDERS && ok && core->sync_k > 0) {
		core->sync_proved = true;
		core->sync_drop = false;
	}
}

bool core_sync_counts(const struct vrrp_core *core, unsigned index)
{
	const struct vrrp_pg_sync *sync = &core->pg.sync;
	unsigned counted =
		sync->known && is_ours(core) ? sync->named & sync->counted & (unsigned)core_sync_wanted(core) : 0;

	return core->config.durability != VRRP_DURABILITY_QUORUM || (counted & 1U << index) != 0;
}

bool core_sync_named(const struct vrrp_core *core)
{
	return !vrrp_ballot_is_none(&core->ballot) && vrrp_ballot_equal(&core->names_ballot, &core->ballot);
}

/* A standby that is about to be promoted: nobody has its epoch yet, so nobody is named. */
static void name_nobody(struct vrrp_core *core, struct vrrp_update *update)
{
	if (!core_sync_named(core) && core->fetch_from == VRRP_MEMBER_NONE && core->pg.up && !core->pg.receiver &&
		core->pg.no_upstream && !core->attached) {
		core_sync_order(core, update, VRRP_PG_OP_SYNC_NAMES, 0, core->config.sync_standbys);
	}
}

/* Removed names leave by themselves when their walsenders have re-read the list; who lingers, or is nobody's, goes. */
static void drop_late(struct vrrp_core *core, struct vrrp_update *update)
{
	uint16_t set = late(core);

	if (set == 0) {
		core->sync_late_since = VRRP_TIME_NONE;
		return;
	}
	if (core->sync_late_since.us == 0) {
		core->sync_late_since = core->now;
	}
	if (core->pg.sync.intruders == 0 &&
		vrrp_time_diff_us(core->now, core->sync_late_since) < CORE_SYNC_PATIENCE_US) {
		core_look(core, update);
		return;
	}
	if (vrrp_time_before(core->now, core->sync_retry_at)) {
		return;
	}
	core->sync_retry_at = vrrp_time_add(core->now, CORE_SYNC_RETRY_US);
	if (core->pg.sync.intruders != 0) {
		core_log(update, VRRP_LOG_WARNING,
			"a walsender bears a member's name and not its slot (members by bit: 0x%x): terminated",
			core->pg.sync.intruders);
	}
	core_sync_order(core, update, VRRP_PG_OP_DROP_SENDERS, EVERYBODY & ~(unsigned)set, 0);
}

/* A primary: whatever is the next step towards names that are in force, or that follow the members. */
static void bring_in_force(struct vrrp_core *core, struct vrrp_update *update)
{
	const struct vrrp_pg_sync *sync = &core->pg.sync;
	uint16_t wanted = core_sync_wanted(core);
	bool master = core->role == VRRP_ROLE_MASTER;

	if (core_sync_named(core) && core->sync_drop && !core->sync_proved) {
		core_sync_order(core, update, VRRP_PG_OP_DROP_SENDERS, wanted, core->config.sync_standbys);
	} else if (core->looks_due > 1 || !sync->known) {
		if (!master) { /* a MASTER's next usual look is soon enough */
			core_look(core, update);
		}
	} else if (!is_ours(core)) {
		if (master && core_sync_named(core)) {
			core_log(update, VRRP_LOG_WARNING,
				"synchronous_standby_names was changed by somebody else: set again");
		}
		core->sync_drop = true;
		core->sync_proved = false;
		core->names_ballot = (struct vrrp_ballot){ 0 };
		core_sync_order(core, update, VRRP_PG_OP_SYNC_NAMES, wanted, core->config.sync_standbys);
	} else if (master ? sync->named != (wanted | spared(core)) : (sync->named & ~(unsigned)wanted) != 0) {
		core_sync_order(core, update, VRRP_PG_OP_SYNC_NAMES, wanted, core->config.sync_standbys);
	} else if (!core->sync_proved) {
		core_sync_order(core, update, VRRP_PG_OP_DROP_SENDERS, core->sync_drop ? wanted : EVERYBODY,
			core->config.sync_standbys);
	} else {
		drop_late(core, update);
	}
}

static struct vrrp_time retry_at(const struct vrrp_core *core)
{
	return core->sync_failed_at.us == 0 ? VRRP_TIME_NONE : vrrp_time_add(core->sync_failed_at, CORE_SYNC_RETRY_US);
}

void core_sync_tick(struct vrrp_core *core, struct vrrp_update *update)
{
	if (core->config.durability != VRRP_DURABILITY_QUORUM || core->op != VRRP_PG_OP_NONE || !core->pg.up ||
		vrrp_time_before(core->now, retry_at(core))) {
		return;
	}
	if (core->role == VRRP_ROLE_MASTER) {
		bring_in_force(core, update);
	} else if (core->role == VRRP_ROLE_PROMOTING && core->pg.in_recovery) {
		name_nobody(core, update);
	} else if (core->role == VRRP_ROLE_PROMOTING) {
		bring_in_force(core, update);
	}
}

bool core_sync_ready(struct vrrp_core *core, struct vrrp_update *update)
{
	const struct vrrp_pg_sync *sync = &core->pg.sync;
	uint16_t wanted = core_sync_wanted(core);

	if (!core->sync_proved || core->op != VRRP_PG_OP_NONE || core->looks_due > 1 || !core->pg.up ||
		core->pg.in_recovery || !sync->known || !is_ours(core) || (sync->named & ~(unsigned)wanted) != 0 ||
		(late(core) != 0 && !VRRP_MUTANT(removed_names_may_count))) {
		return false;
	}
	if ((!sync->settings_ok || !core->pg.fsync_on) && !VRRP_MUTANT(serves_without_fsync)) {
		if (!core->sync_told) {
			core_log(update, VRRP_LOG_ERR, "the gate stays shut: fsync or synchronous_commit is off");
		}
		core->sync_told = true;
		return false;
	}
	return true;
}

struct vrrp_time core_sync_deadline(const struct vrrp_core *core)
{
	struct vrrp_time at = retry_at(core);

	if (core->config.durability != VRRP_DURABILITY_QUORUM || !vrrp_role_holds(core->role)) {
		return VRRP_TIME_NEVER;
	}
	if (!vrrp_time_before(core->now, at) && core->sync_late_since.us != 0) {
		at = vrrp_time_max(vrrp_time_add(core->sync_late_since, CORE_SYNC_PATIENCE_US), core->sync_retry_at);
	}
	return vrrp_time_before(core->now, at) ? at : VRRP_TIME_NEVER;
}
