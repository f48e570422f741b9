#include "tests/exhaustive/ex.h"

#include <stdio.h>
#include <string.h>

#define SCENE_NOW_US (INT64_C(1000) * VRRP_US_PER_S)
#define SCENE_SYSTEM UINT64_C(77)

static const char *const lease_words[] = { "no lease", "lease runs", "lease just ended" };
static const char *const grant_words[] = { "no grant", "grant to self", "grant to other" };
static const char *const pg_words[] = { "standby", "primary", "gone", "silent", "starting" };

void ex_config(struct vrrp_core_config *ret_config, bool witness, bool quorum_none)
{
	*ret_config = (struct vrrp_core_config){ .member_count = quorum_none ? 2 : EX_MEMBERS,
		.vrid = 51,
		.digest = { 1 },
		.quorum = quorum_none ? VRRP_QUORUM_NONE : VRRP_QUORUM_MAJORITY,
		.sync_standbys = 1,
		.manage_full = true,
		.port = 5432,
		.max_drift_ppm = EX_DRIFT_PPM,
		.advert_int_us = EX_ADVERT_US,
		.lease_us = EX_LEASE_US,
		.restart_grace_us = 10 * VRRP_US_PER_S,
		.boot_wait_us = 2 * VRRP_US_PER_S,
		.promote_timeout_us = 30 * VRRP_US_PER_S,
		.switchover_timeout_us = 30 * VRRP_US_PER_S,
		.fault_hold_us = 5 * VRRP_US_PER_S,
		.garp_repeat_delay_us = VRRP_US_PER_S,
		.garp_refresh_us = 60 * VRRP_US_PER_S,
		.garp_repeat = 2,
		.max_lag_bytes = 1 << 24 };
	for (unsigned i = 0; i < ret_config->member_count; i++) {
		ret_config->member[i] = (struct vrrp_member_config){
			.id = (uint8_t)(i + 1), .priority = (uint8_t)(100 + i), .witness = i == 2 || (i == 0 && witness)
		};
	}
}

void ex_config_durable(struct vrrp_core_config *config)
{
	config->durability = VRRP_DURABILITY_QUORUM;
	config->member[EX_MEMBERS - 1].witness = false;
}

struct vrrp_history ex_history(void)
{
	return (struct vrrp_history){ .count = 1, .entry = { { .timeline = 1 } } };
}

struct vrrp_pg ex_pg(enum ex_pg state)
{
	struct vrrp_pg pg = { .upstream = VRRP_MEMBER_NONE,
		.system_identifier = SCENE_SYSTEM,
		.timeline = 1,
		.fsync_on = true,
		.no_upstream = true };

	switch (state) {
	case EX_PG_PRIMARY:
	case EX_PG_STANDBY:
		pg.up = true;
		pg.in_recovery = state == EX_PG_STANDBY;
		pg.position = EX_POSITION;
		pg.replayed = EX_POSITION;
		pg.position_known = true;
		pg.sync = (struct vrrp_pg_sync){
			.known = state == EX_PG_PRIMARY, .listed = true, .k = 1, .settings_ok = true
		};
		break;
	case EX_PG_STARTING:
		pg.starting = true;
		break;
	case EX_PG_GONE:
		pg.gone = true;
		break;
	case EX_PG_SILENT:
	case EX_PGS:
	default:
		break;
	}
	return pg;
}

struct vrrp_report ex_report(const struct vrrp_core *core, unsigned member, enum vrrp_role role)
{
	const struct vrrp_member_config *config = &core->config.member[member];
	struct vrrp_report report = { .incarnation = 1000 + member,
		.seq = core->peer[member].believed_seq + 1,
		.vrid = core->config.vrid,
		.sender = config->id,
		.role = (uint8_t)role,
		.priority = config->priority,
		.echo_count = 1 };

	memcpy(report.digest, core->config.digest, sizeof(report.digest));
	report.echo[0] = (struct vrrp_report_echo){
		.member = 1, .believed_incarnation = core->incarnation, .believed_seq = core->sent.last_seq
	};
	if (!config->witness) {
		report.flags = VRRP_FLAG_PG_UP | VRRP_FLAG_POSITION_KNOWN | VRRP_FLAG_ELIGIBLE | VRRP_FLAG_IN_RECOVERY |
			       VRRP_FLAG_LOOKED;
		report.system_identifier = SCENE_SYSTEM;
		report.position = EX_POSITION;
		report.timeline = 1;
		report.history = ex_history();
	}
	if (role == VRRP_ROLE_CANDIDATE || vrrp_role_holds(role)) {
		report.ballot =
			(struct vrrp_ballot){ .counter = 500, .member = config->id, .incarnation = 1000 + member };
		report.ask_ms = role == VRRP_ROLE_LEAVING ? 0 : EX_LEASE_US / VRRP_US_PER_MS;
	}
	if (vrrp_role_holds(role)) {
		report.epoch = report.ballot;
	}
	if (role == VRRP_ROLE_MASTER) {
		report.flags &= (uint16_t)~VRRP_FLAG_IN_RECOVERY;
	}
	return report;
}

void ex_hear(struct vrrp_core *core, unsigned member, enum vrrp_role role)
{
	struct vrrp_peer *peer = &core->peer[member];
	struct vrrp_report report = ex_report(core, member, role);

	peer->believed_incarnation = report.incarnation;
	peer->believed_seq = report.seq;
	peer->report = report;
	peer->heard_at = vrrp_time_add(core->now, -1000);
	peer->speaks_until = vrrp_time_add(peer->heard_at, core->config.lease_us);
	peer->authentic_at = peer->heard_at;
}

static bool is_possible(const struct ex_scene *scene)
{
	bool holds = vrrp_role_holds(scene->role);

	if (scene->witness != (scene->role == VRRP_ROLE_WITNESS) && scene->role != VRRP_ROLE_INIT) {
		return false; /* a witness is never anything else, and nobody else is one */
	}
	if (scene->witness && (scene->pg != EX_PG_GONE || !scene->eligible || scene->quorum_none)) {
		return false;
	}
	if (holds != (scene->lease != EX_LEASE_NONE)) {
		return false;
	}
	if ((scene->role == VRRP_ROLE_PROMOTING) !=
		(scene->phase != VRRP_HOLD_NONE && scene->phase != VRRP_HOLD_STOPPING)) {
		return false;
	}
	if (scene->extra != EX_EXTRA_QUORUM && scene->extra != EX_EXTRA_QUORUM_STREAMING &&
		(scene->phase == VRRP_HOLD_VOUCHING || scene->phase == VRRP_HOLD_NAMING ||
			scene->phase == VRRP_HOLD_SYNCING)) {
		return false; /* of durability quorum only */
	}
	if ((scene->phase == VRRP_HOLD_NAMING && scene->pg == EX_PG_PRIMARY) ||
		(scene->phase == VRRP_HOLD_SYNCING && scene->pg == EX_PG_STANDBY)) {
		return false;
	}
	if (holds && scene->pg == EX_PG_GONE) {
		return false; /* the step that learns it lets go */
	}
	if (scene->role == VRRP_ROLE_MASTER && (scene->pg == EX_PG_STANDBY || scene->pg == EX_PG_STARTING)) {
		return false; /* the same */
	}
	if ((holds || scene->role == VRRP_ROLE_CANDIDATE) && scene->grant == EX_GRANT_OTHER) {
		return false; /* who is bound does not stand, and who stands is bound to itself */
	}
	return (scene->role == VRRP_ROLE_LEAVING) == (scene->phase == VRRP_HOLD_STOPPING);
}

static void set_hold(struct vrrp_core *core, const struct ex_scene *scene)
{
	struct vrrp_time until = scene->lease == EX_LEASE_RUNS ? vrrp_time_add(core->now, EX_LEASE_US / 2) : core->now;

	if (scene->role != VRRP_ROLE_CANDIDATE && !vrrp_role_holds(scene->role)) {
		return;
	}
	core->ballot = (struct vrrp_ballot){ .counter = 400, .member = 1, .incarnation = core->incarnation };
	core->round_end = vrrp_time_add(core->now, EX_ADVERT_US / 4);
	core->ask_again_at = VRRP_TIME_NEVER;
	if (!vrrp_role_holds(scene->role)) {
		return;
	}
	core->worth[0] = until;
	core->worth[1] = until;
	core->lease_end = until;
	core->phase = scene->phase;
	if (scene->phase != VRRP_HOLD_FENCING && scene->phase != VRRP_HOLD_VOUCHING) {
		core->stored.epoch = core->ballot;
	}
	core->promote_deadline = vrrp_time_add(core->now, EX_LEASE_US);
	if (scene->phase == VRRP_HOLD_PROMOTING || scene->phase == VRRP_HOLD_NAMING ||
		(scene->phase == VRRP_HOLD_STORING && core->pg.in_recovery)) {
		core->stored.promoting = core->ballot;
	}
	core->bound = scene->role == VRRP_ROLE_MASTER;
	core->gate_end = core->bound ? until : VRRP_TIME_NONE;
	core->next_announce = vrrp_time_add(core->now, EX_ADVERT_US);
	if (scene->phase == VRRP_HOLD_STORING) {
		core->wait_ticket = core->store_ticket;
	} else if (scene->phase == VRRP_HOLD_FENCING) {
		core->config.fence = true;
		core->wait_ticket = ++core->next_ticket;
	} else if (scene->phase == VRRP_HOLD_PROMOTING || scene->phase == VRRP_HOLD_STOPPING) {
		core->op = scene->phase == VRRP_HOLD_PROMOTING ? VRRP_PG_OP_PROMOTE : VRRP_PG_OP_STOP_IMMEDIATE;
		core->op_ticket = ++core->next_ticket;
	}
}

static void set_grant(struct vrrp_core *core, const struct ex_scene *scene)
{
	struct vrrp_ballot other = { .counter = 300, .member = 2, .incarnation = 1001 };

	if (scene->grant == EX_GRANT_SELF) {
		struct vrrp_ballot own = vrrp_ballot_is_none(&core->ballot)
						 ? (struct vrrp_ballot){ .counter = 200, .member = 1, .incarnation = 1 }
						 : core->ballot;

		vrrp_grant_give(&core->grant, 1, &own, core->now, EX_LEASE_US / 2, false);
	} else if (scene->grant == EX_GRANT_OTHER) {
		vrrp_grant_give(&core->grant, 2, &other, core->now, EX_LEASE_US / 2, false);
		core->grant.incarnation = other.incarnation;
	}
}

bool ex_scene_build(const struct ex_scene *scene, struct vrrp_core *ret_core)
{
	struct vrrp_core_config config;
	struct vrrp_core *core = ret_core;

	if (!is_possible(scene)) {
		return false;
	}
	ex_config(&config, scene->witness, scene->quorum_none);
	vrrp_core_init(core, &config, 42, 7);
	core->started = true;
	core->now = (struct vrrp_time){ SCENE_NOW_US };
	core->deadline = core->now;
	core->role = scene->role;
	core->counter_seen = 500;
	core->next_ticket = 10;
	core->store_ticket = 9;
	core->stored_ticket = scene->phase == VRRP_HOLD_STORING ? 8 : 9;
	(void)vrrp_sent_add(&core->sent, vrrp_time_add(core->now, -2000), EX_LEASE_US, 400);
	core->next_report = vrrp_time_add(core->now, EX_ADVERT_US);
	core->stored.system_identifier = SCENE_SYSTEM;
	core->stored.history = scene->eligible ? ex_history() : (struct vrrp_history){ .count = 0 };
	core->stored.paused = scene->paused;
	core->stored.last_lease_us = EX_LEASE_US;
	core->pg = ex_pg(scene->pg);
	core->pg_seen = scene->role != VRRP_ROLE_INIT;
	core->pg_seen_at = core->now;
	core->silent_until = vrrp_time_add(core->now, scene->silent ? EX_LEASE_US : 0);
	core->no_holder_since = scene->holder_heard ? VRRP_TIME_NONE : vrrp_time_add(core->now, -EX_LEASE_US);
	core->clock_d3 = core->no_holder_since;
	core->stopping = scene->stopping;
	core->stop_deadline = vrrp_time_add(core->now, scene->stopping ? EX_LEASE_US : 0);
	if (scene->majority_heard || scene->holder_heard) {
		ex_hear(core, 1, scene->holder_heard ? VRRP_ROLE_MASTER : VRRP_ROLE_BACKUP);
		core->all_heard = true;
	}
	set_hold(core, scene);
	set_grant(core, scene);
	return ex_extra_add(scene, core);
}

void ex_scene_print(const struct ex_scene *scene, char *text, size_t size)
{
	(void)snprintf(text, size, "%s%s, phase %d, %s, %s, %s, PostgreSQL %s%s%s%s%s%s%s%s",
		vrrp_role_word(scene->role), scene->witness ? " (witness)" : "", (int)scene->phase,
		ex_extra_word(scene->extra), lease_words[scene->lease], grant_words[scene->grant], pg_words[scene->pg],
		scene->holder_heard ? ", holder heard" : "", scene->majority_heard ? ", majority heard" : "",
		scene->eligible ? ", history known" : "", scene->paused ? ", paused" : "",
		scene->silent ? ", silent" : "", scene->stopping ? ", stopping" : "",
		scene->quorum_none ? ", quorum none" : "");
}
