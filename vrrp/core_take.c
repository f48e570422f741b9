/* Taking the lease: from the majority's grants to the gate (protocol.md section 8, "Taking"). */
#include "vrrp/core_internal.h"

/* Every other data member's fresh report shows that it neither holds the lease nor runs a primary (section 4.6 (4)). */
static bool nobody_to_fence(const struct vrrp_core *core)
{
	for (unsigned i = 0; i < core->config.member_count; i++) {
		const struct vrrp_report *report = core_fresh(core, i);

		if (i == core->config.self || core->config.member[i].witness) {
			continue;
		}
		if (report == NULL || vrrp_role_holds((enum vrrp_role)report->role) ||
			vrrp_standing_from_report(report).primary) {
			return false;
		}
	}
	return true;
}

/* Epoch (and `promoting`) must be durable before the promote command, or before the gate opens on a running primary
 * (section 6 (a)). */
static void store_epoch(struct vrrp_core *core)
{
	/*
	 * A cluster that is taken over as it runs: the records at its old switch points may be recycled, and unknown on
	 * both sides is diverged. Its first holder names such timelines; standbys of epoch 0 take the names over.
	 */
	for (unsigned i = 0; i < core->stored.history.count && vrrp_ballot_is_none(&core->stored.epoch); i++) {
		struct vrrp_timeline *entry = &core->stored.history.entry[i];

		if (entry->switch_point != 0 && entry->fingerprint == 0) {
			entry->fingerprint = vrrp_prng_next(&core->prng) | 1;
		}
	}
	core->stored.epoch = VRRP_MUTANT(epoch_not_taken) ? core->stored.epoch : core->ballot;
	core->stored.promoting = core->pg.in_recovery ? core->ballot : (struct vrrp_ballot){ 0 };
	core->phase = VRRP_HOLD_STORING;
	core->wait_ticket = core_store(core);
}

/* The lease never ended and nothing else was served meanwhile: no fence, no vouchers (section 8, "Not reached"). */
void core_hold_promote_again(struct vrrp_core *core)
{
	store_epoch(core);
}

/* Nothing is in the way of vouchers any more; with durability async there are none. */
static void gather(struct vrrp_core *core)
{
	if (core->config.durability == VRRP_DURABILITY_QUORUM &&
		(core->pg.in_recovery || !VRRP_MUTANT(running_primary_needs_no_vouchers)) &&
		!VRRP_MUTANT(no_vouchers)) {
		core->phase = VRRP_HOLD_VOUCHING;
	} else {
		store_epoch(core);
	}
}

/* The lease is in hand (section 8, "Taking"). */
void core_hold_begin(struct vrrp_core *core, struct vrrp_update *update)
{
	/* For the disk and fence_command here; anew for the promotion itself. */
	core->promote_deadline = vrrp_time_add(core->now, core->config.promote_timeout_us);
	core_vouch_begin(core);
	if (!core->config.fence || nobody_to_fence(core)) {
		gather(core);
		return;
	}
	core->phase = VRRP_HOLD_FENCING;
	core->wait_ticket = ++core->next_ticket;
	core_act(update, VRRP_ACT_FENCE)->ticket = core->wait_ticket;
}

void core_hold_fenced(struct vrrp_core *core, struct vrrp_update *update, uint64_t ticket, bool ok)
{
	if (core->role != VRRP_ROLE_PROMOTING || core->phase != VRRP_HOLD_FENCING || ticket != core->wait_ticket) {
		return;
	}
	if (ok || VRRP_MUTANT(fence_may_fail)) {
		gather(core);
	} else {
		core_log(update, VRRP_LOG_ERR, "fence_command failed: not promoted");
		core_let_go(core, update, VRRP_CAUSE_PROMOTE_FAILED);
	}
}

/* PostgreSQL is a primary: the gate opens now, or when its sync names are in force. */
void core_take_primary(struct vrrp_core *core, struct vrrp_update *update)
{
	if (core->config.durability == VRRP_DURABILITY_QUORUM && !VRRP_MUTANT(gate_before_the_names)) {
		core->phase = VRRP_HOLD_SYNCING;
	} else {
		core_hold_serve(core, update);
	}
}

/* The lease was judged at the beginning of this step (I2). */
static void promote(struct vrrp_core *core, struct vrrp_update *update)
{
	core->promote_deadline = vrrp_time_add(core->now, core->config.promote_timeout_us);
	if (core->config.durability == VRRP_DURABILITY_QUORUM && !core_sync_named(core) &&
		!VRRP_MUTANT(promotes_before_the_names)) {
		core->phase = VRRP_HOLD_NAMING;
		return;
	}
	core->phase = VRRP_HOLD_PROMOTING;
	core_pg_order(core, update, VRRP_PG_OP_PROMOTE, VRRP_MEMBER_NONE);
}

/* A promotion cannot be taken back: who has become unfit does not begin one. */
static bool gave_up(struct vrrp_core *core, struct vrrp_update *update)
{
	if (core->stored.paused && core->pg.in_recovery && !VRRP_MUTANT(paused_promotes)) {
		core_let_go(core, update, VRRP_CAUSE_PAUSED);
	} else if (!core->pg.up || (core_hold_unfit(core) != 0 && core_can_be_followed(core, core_hold_unfit(core)))) {
		core_let_go(core, update, VRRP_CAUSE_LET_GO);
	}
	return core->role != VRRP_ROLE_PROMOTING;
}

/* The store that the promotion waited for is durable, or never will be. */
void core_hold_stored(struct vrrp_core *core, struct vrrp_update *update, uint64_t ticket, bool ok)
{
	if (core->role != VRRP_ROLE_PROMOTING || core->phase != VRRP_HOLD_STORING || ticket < core->wait_ticket) {
		return;
	}
	if (!ok && !VRRP_MUTANT(epoch_need_not_be_durable)) {
		core_log(update, VRRP_LOG_ERR, "the epoch could not be made durable: not promoted");
		core_let_go(core, update, VRRP_CAUSE_PROMOTE_FAILED);
	} else if (gave_up(core, update)) {
		return;
	} else if (!core->pg.in_recovery) {
		core_take_primary(core, update);
	} else if (!vrrp_ballot_equal(&core->stored.promoting, &core->ballot)) {
		store_epoch(
			core); /* it was a running primary when this began: `promoting` is not on the disk yet (C1) */
	} else {
		promote(core, update);
	}
}

/* Durability quorum: what can be done at once is; a phase ends when all that it waits for is there (section 8). */
void core_take_tick(struct vrrp_core *core, struct vrrp_update *update)
{
	switch (core->phase) {
	case VRRP_HOLD_FENCING:
		core_vouch_prepare(core, update);
		core_sync_tick(core, update);
		break;
	case VRRP_HOLD_VOUCHING:
		if (gave_up(core, update)) {
			break;
		}
		if (core_vouch_collect(core, update)) {
			store_epoch(core);
		}
		if (core->phase == VRRP_HOLD_VOUCHING) {
			core_vouch_prepare(core, update);
		}
		core_sync_tick(core, update);
		break;
	case VRRP_HOLD_STORING:
		core_sync_tick(core, update);
		break;
	case VRRP_HOLD_NAMING:
		if (!core_sync_named(core)) {
			core_sync_tick(core, update);
		} else if (!gave_up(core, update)) {
			promote(core, update);
		}
		break;
	case VRRP_HOLD_SYNCING:
		core_sync_tick(core, update);
		if (core_sync_ready(core, update)) {
			core_hold_serve(core, update);
		}
		break;
	case VRRP_HOLD_PROMOTING:
	case VRRP_HOLD_STOPPING:
	case VRRP_HOLD_NONE:
	default:
		break;
	}
}
