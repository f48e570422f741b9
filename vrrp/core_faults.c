#include "vrrp/core_internal.h"

static uint32_t pg_faults(const struct vrrp_core *core)
{
	const struct vrrp_pg *pg = &core->pg;
	const struct vrrp_history *history = &core->stored.history;
	uint32_t faults = pg->faults;

	if (!pg->up) {
		return faults | VRRP_FAULT_BIT(pg->starting ? VRRP_FAULT_PG_STARTING : VRRP_FAULT_PG_DOWN);
	}
	if (core->stored.system_identifier != 0 && pg->system_identifier != core->stored.system_identifier) {
		faults |= VRRP_FAULT_BIT(VRRP_FAULT_SYSTEM_ID);
	}
	if (pg->in_recovery && pg->replay_paused) {
		faults |= VRRP_FAULT_BIT(VRRP_FAULT_REPLAY_PAUSED);
	}
	if (history->count == 0 || history->entry[history->count - 1].timeline != pg->timeline) {
		return faults | VRRP_FAULT_BIT(VRRP_FAULT_HISTORY);
	}
	if (core->config.durability == VRRP_DURABILITY_QUORUM &&
		(!pg->fsync_on || (!pg->in_recovery && pg->sync.known && !pg->sync.settings_ok))) {
		faults |= VRRP_FAULT_BIT(VRRP_FAULT_SYNC_SETTINGS);
	}
	if (core->lagging && !core_failover_accepts(core)) {
		faults |= VRRP_FAULT_BIT(VRRP_FAULT_LAG);
	}
	return faults;
}

uint32_t vrrp_core_faults(const struct vrrp_core *core)
{
	const struct vrrp_member_config *self = &core->config.member[core->config.self];
	uint32_t jump = core->jump != VRRP_JUMP_NONE ? VRRP_FAULT_BIT(VRRP_FAULT_CONFIG_JUMP) : 0;
	uint32_t faults;

	if (self->witness) {
		return jump;
	}
	faults = pg_faults(core) | jump | core->health | core_track_faults(core);
	if (self->nofailover) {
		faults |= VRRP_FAULT_BIT(VRRP_FAULT_NOFAILOVER);
	}
	if (!core->link_up) {
		faults |= VRRP_FAULT_BIT(VRRP_FAULT_LINK);
	}
	if (core->stored.diverged && !VRRP_MUTANT(diverged_stands)) {
		faults |= VRRP_FAULT_BIT(VRRP_FAULT_DIVERGED);
	}
	if (vrrp_time_before(core->now, core->held_until)) {
		faults |= VRRP_FAULT_BIT(VRRP_FAULT_HELD);
	}
	if (core->op == VRRP_PG_OP_START_STANDBY || core->op == VRRP_PG_OP_REWIND || core->op == VRRP_PG_OP_CLONE ||
		core->op == VRRP_PG_OP_STOP_FAST || core->op == VRRP_PG_OP_STOP_IMMEDIATE) {
		faults |= VRRP_FAULT_BIT(VRRP_FAULT_REJOINING);
	}
	if (core->superseded) {
		faults |= VRRP_FAULT_BIT(VRRP_FAULT_SUPERSEDED);
	}
	/* A primary that was being promoted when its lease or its daemon ended never serves as it is (C1). */
	if (!vrrp_ballot_is_none(&core->stored.promoting) && !core->pg.in_recovery && !vrrp_role_holds(core->role)) {
		faults |= VRRP_FAULT_BIT(VRRP_FAULT_SUPERSEDED);
	}
	if (core->store_failed) {
		faults |= VRRP_FAULT_BIT(VRRP_FAULT_STATE_FILE);
	}
	if (core->stopping) {
		faults |= VRRP_FAULT_BIT(VRRP_FAULT_LEAVING);
	}
	return faults;
}
