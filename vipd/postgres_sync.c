#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "vipd/postgres_internal.h"

#define SEAL_MS 10000

void postgres_members(const struct config_instance *instance, struct pg_sync_members *ret_members)
{
	struct pg_sync_members members = { .count = (unsigned)instance->member_count };

	for (size_t i = 0; i < instance->member_count; i++) {
		if (!instance->member[i].witness) {
			(void)snprintf(members.name[i], sizeof(members.name[i]), "%s", instance->member[i].name);
		}
	}
	*ret_members = members;
}

bool postgres_is_quorum(const struct postgres *postgres)
{
	return postgres->instance->durability == CONFIG_DURABILITY_QUORUM;
}

static bool is_empty(const char *conninfo)
{
	return conninfo[strspn(conninfo, " ")] == '\0';
}

void postgres_sync_seen(const struct pg_state *state, struct vrrp_pg *pg)
{
	pg->fsync_on = state->fsync;
	pg->no_upstream = state->primary_conninfo_readable && is_empty(state->primary_conninfo);
	if (state->sync.known) {
		pg->sync = (struct vrrp_pg_sync){ .known = true,
			.listed = state->sync.listed,
			.named = state->sync.named,
			.k = state->sync.k,
			.counted = state->sync.counted,
			.senders = state->sync.senders,
			.intruders = state->sync.intruders,
			.settings_ok =
				state->fsync && (strcmp(state->synchronous_commit, "on") == 0 ||
							strcmp(state->synchronous_commit, "remote_apply") == 0) };
	}
}

void postgres_down_note(struct postgres *postgres, const struct pg_datadir_report *report, bool sealed)
{
	postgres->down = (struct postgres_down){ .known = true,
		.no_upstream = report->upstream_empty,
		.sealed = sealed && report->upstream_empty && report->standby_signal && !report->recovery_signal &&
			  report->shutdown_end_lsn != 0,
		.end = report->shutdown_end_lsn,
		.timeline = report->control.checkpoint_timeline,
		.system_identifier = report->control.system_identifier };
}

void postgres_down_seen(const struct postgres *postgres, struct vrrp_pg *pg)
{
	const struct postgres_down *down = &postgres->down;

	if (!postgres->gone || !down->known) {
		return;
	}
	pg->no_upstream = down->no_upstream;
	pg->sealed = down->sealed;
	if (pg->system_identifier == 0) {
		pg->system_identifier = down->system_identifier;
	}
	if (down->end != 0) {
		pg->position = down->end;
		pg->position_known = true;
		pg->timeline = down->timeline;
	}
}

int postgres_sync_begin(struct postgres *postgres, struct vrrp_time now, struct vip_err *err)
{
	switch (postgres->op) {
	case VRRP_PG_OP_SYNC_NAMES:
		return pg_sync_names(postgres->sync, postgres->sync_set, postgres->sync_k, POSTGRES_SYNC_MS, now, err);
	case VRRP_PG_OP_DROP_SENDERS:
		return pg_sync_drop(postgres->sync, postgres->sync_set, postgres->sync_k, POSTGRES_SYNC_MS, now, err);
	default:
		postgres->step = POSTGRES_STEP_SEAL;
		return pg_rejoin_seal(postgres->rejoin, SEAL_MS, now, err);
	}
}

void postgres_sync_cancel(struct postgres *postgres)
{
	if (postgres->op == VRRP_PG_OP_SYNC_NAMES || postgres->op == VRRP_PG_OP_DROP_SENDERS) {
		pg_sync_cancel(postgres->sync);
	}
}

void postgres_sync_run(struct postgres *postgres, struct vrrp_time now)
{
	enum pg_sync_status status = pg_sync_run(postgres->sync, now);

	if ((postgres->op != VRRP_PG_OP_SYNC_NAMES && postgres->op != VRRP_PG_OP_DROP_SENDERS) ||
		(status != PG_SYNC_DONE && status != PG_SYNC_FAILED)) {
		return;
	}
	pg_probe_now(postgres->probe, now);
	if (status == PG_SYNC_FAILED) {
		postgres_order_fail(postgres, -EIO, pg_sync_sentence(postgres->sync));
	} else {
		postgres_order_end(postgres, true, false, NULL);
	}
}
