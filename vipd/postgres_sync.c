#include <stdio.h>
#include <string.h>

#include "vipd/postgres_internal.h"

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

void postgres_sync_seen(const struct postgres *postgres, const struct pg_state *state, struct vrrp_pg *pg)
{
	(void)postgres;
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
