/* One thing more that may be under way in a scene. */
#include "tests/exhaustive/ex.h"

#define OTHER_COUNTER 300 /* below every holder's of the scenes and stimuli */

static const char *const extra_words[EX_EXTRAS] = { "nothing more", "following", "starting", "rewinding",
	"stopping after a lost lease", "superseded", "was promoting", "diverged", "streaming", "a primary is heard",
	"a record is pending", "link down", "fault_hold", "disk failed", "vouched", "restarting", "token out",
	"token stands", "long grant pending", "resumed", "durability quorum", "durability quorum, streaming" };

const char *ex_extra_word(enum ex_extra extra)
{
	return extra_words[extra];
}

static void order(struct vrrp_core *core, enum vrrp_pg_op op, unsigned member)
{
	core->op = op;
	core->op_member = (uint8_t)member;
	core->op_ticket = ++core->next_ticket;
	core->op_ballot = (struct vrrp_ballot){ OTHER_COUNTER + 200, 1001, 2 };
	core->op_backoff_us = VRRP_US_PER_S;
}

static void stop_lost(struct vrrp_core *core)
{
	core->lost = (struct vrrp_ballot){ OTHER_COUNTER + 50, core->incarnation, 1 };
	core->superseded = true;
	order(core, VRRP_PG_OP_STOP_IMMEDIATE, VRRP_MEMBER_NONE);
}

/* What a member that does not hold may have under way. False if PostgreSQL is not in the state for it. */
static bool add_order(enum ex_extra extra, enum ex_pg pg, struct vrrp_core *core)
{
	switch (extra) {
	case EX_EXTRA_FOLLOWING:
		order(core, VRRP_PG_OP_FOLLOW, 1);
		return pg == EX_PG_STANDBY || pg == EX_PG_SILENT;
	case EX_EXTRA_STARTING:
		order(core, VRRP_PG_OP_START_STANDBY, VRRP_MEMBER_NONE);
		return pg == EX_PG_GONE || pg == EX_PG_STARTING;
	case EX_EXTRA_REWINDING:
		core->stored.diverged = true;
		core->stored.rewinding = true;
		core->rewind_armed = true;
		order(core, VRRP_PG_OP_REWIND, 1);
		return true;
	case EX_EXTRA_STOPPING:
		stop_lost(core);
		return pg != EX_PG_GONE;
	case EX_EXTRA_SUPERSEDED:
		core->superseded = true;
		return pg == EX_PG_PRIMARY || pg == EX_PG_SILENT;
	case EX_EXTRA_WAS_PROMOTING:
		core->stored.promoting = (struct vrrp_ballot){ OTHER_COUNTER, 5, 1 };
		core->stored.epoch = core->stored.promoting;
		return true;
	case EX_EXTRA_DIVERGED:
		core->stored.diverged = true;
		return true;
	default:
		return false;
	}
}

static void set_token(struct vrrp_core *core, const struct vrrp_ballot *ballot, bool written)
{
	core->token = (struct vrrp_token){
		.ballot = *ballot, .lease_end = vrrp_time_add(core->now, EX_LEASE_US / 2), .this_boot = true
	};
	core->token_out = true;
	core->token_ticket = written ? 0 : ++core->next_ticket;
}

/* Restart with handover = keep, on the holder's side and on the voter's. */
static bool add_restart(const struct ex_scene *scene, struct vrrp_core *core)
{
	bool serves = scene->role == VRRP_ROLE_MASTER && scene->lease == EX_LEASE_RUNS && !scene->stopping;
	struct vrrp_ballot lost = { OTHER_COUNTER + 50, core->incarnation, 1 };

	switch (scene->extra) {
	case EX_EXTRA_RESTARTING:
		core->restarting = core->exit_restart = true;
		core->restart_asks = 1;
		core->restart_floor = core->lease_end;
		core->restart_deadline = vrrp_time_add(core->now, EX_LEASE_US);
		core->store_ticket = ++core->next_ticket;
		return serves;
	case EX_EXTRA_TOKEN_OUT:
		core->restarting = core->exit_restart = true;
		core->restart_asks = 1;
		core->restart_floor = core->lease_end;
		core->restart_deadline = vrrp_time_add(core->now, EX_LEASE_US);
		set_token(core, &core->ballot, false);
		return serves;
	case EX_EXTRA_TOKEN_STANDS:
		core->lost = lost;
		core->release_held = true;
		set_token(core, &lost, true);
		return !vrrp_role_holds(scene->role) && scene->role != VRRP_ROLE_CANDIDATE && !scene->witness &&
		       scene->pg == EX_PG_GONE;
	case EX_EXTRA_LONG_PENDING:
		core->stored.long_grant = core->grant;
		core->stored.long_grant_this_boot = true;
		core->long_ask = (struct vrrp_long_ask){ .ticket = ++core->next_ticket, .incarnation = 1001, .seq = 1 };
		core->store_ticket = core->long_ask.ticket;
		return scene->grant != EX_GRANT_NONE;
	default:
		core->resumed_end = core->lease_end;
		core->worth[0] = core->worth[1] = VRRP_TIME_NONE;
		core->pg_seen = false;
		return serves && scene->pg == EX_PG_SILENT;
	}
}

/* Who is past the vouchers has got them; who serves has its names in force. */
static bool add_quorum(const struct ex_scene *scene, struct vrrp_core *core)
{
	bool past = scene->phase != VRRP_HOLD_NONE && scene->phase != VRRP_HOLD_FENCING &&
		    scene->phase != VRRP_HOLD_VOUCHING;

	ex_config_durable(&core->config);
	if (scene->quorum_none) {
		return false;
	}
	if (past || scene->role == VRRP_ROLE_MASTER) {
		core->peer[1].report.voucher = (struct vrrp_report_voucher){ core->ballot, EX_POSITION, 1 };
		core->names_ballot = scene->phase == VRRP_HOLD_NAMING || scene->phase == VRRP_HOLD_STORING
					     ? core->names_ballot
					     : core->ballot;
	}
	if (scene->phase == VRRP_HOLD_VOUCHING || past) {
		core->stored.vouched = core->ballot;
	}
	core->sync_proved = scene->role == VRRP_ROLE_MASTER;
	return true;
}

bool ex_extra_add(const struct ex_scene *scene, struct vrrp_core *core)
{
	bool holds = vrrp_role_holds(scene->role);

	if (scene->extra != EX_EXTRA_NONE && scene->witness && scene->extra != EX_EXTRA_PRIMARY_HEARD &&
		scene->extra != EX_EXTRA_RECORD_PENDING && scene->extra != EX_EXTRA_DISK_FAILED &&
		scene->extra != EX_EXTRA_LONG_PENDING) {
		return false;
	}
	switch (scene->extra) {
	case EX_EXTRA_NONE:
		return true;
	case EX_EXTRA_QUORUM:
		return add_quorum(scene, core);
	case EX_EXTRA_QUORUM_STREAMING:
		core->pg.streaming = true;
		core->pg.receiver = true;
		core->pg.no_upstream = false;
		core->pg.position_known = false;
		core->pg.upstream = 1;
		return scene->pg == EX_PG_STANDBY && add_quorum(scene, core);
	case EX_EXTRA_STREAMING:
		core->pg.streaming = true;
		core->pg.receiver = true;
		core->pg.position_known = false;
		core->pg.upstream = 1;
		core->stored.epoch = vrrp_ballot_is_none(&core->stored.epoch)
					     ? (struct vrrp_ballot){ OTHER_COUNTER, 1001, 2 }
					     : core->stored.epoch;
		return scene->pg == EX_PG_STANDBY;
	case EX_EXTRA_PRIMARY_HEARD:
		ex_hear(core, 1, VRRP_ROLE_BACKUP);
		core->peer[1].report.flags &= (uint16_t)~VRRP_FLAG_IN_RECOVERY;
		core->clock_d3 = core->now;
		return !scene->holder_heard;
	case EX_EXTRA_RECORD_PENDING:
		core->record_ticket = core->store_ticket = ++core->next_ticket;
		return !holds && scene->grant != EX_GRANT_SELF;
	case EX_EXTRA_LINK_DOWN:
		core->link_up = false;
		return true;
	case EX_EXTRA_VOUCHED:
		core->stored.vouched = (struct vrrp_ballot){ OTHER_COUNTER + 600, 1002, 3 };
		core->stored.epoch =
			(struct vrrp_ballot){ OTHER_COUNTER + 200, 1001, 2 }; /* the holder's that is heard */
		return !holds && scene->role != VRRP_ROLE_CANDIDATE && scene->pg == EX_PG_STANDBY;
	case EX_EXTRA_HELD:
		core->held_until = vrrp_time_add(core->now, EX_LEASE_US);
		return !holds;
	case EX_EXTRA_DISK_FAILED:
		core->store_failed = true;
		core->store_retry_at = vrrp_time_add(core->now, VRRP_US_PER_S);
		return true;
	case EX_EXTRA_RESTARTING:
	case EX_EXTRA_TOKEN_OUT:
	case EX_EXTRA_TOKEN_STANDS:
	case EX_EXTRA_LONG_PENDING:
	case EX_EXTRA_RESUMED:
		return add_restart(scene, core);
	default:
		return !holds && scene->role != VRRP_ROLE_CANDIDATE && add_order(scene->extra, scene->pg, core);
	}
}
