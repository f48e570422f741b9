#include "vipd/status_sync.h"

static bool is_quorum(const struct status_view *view)
{
	return view->core.config.durability == VRRP_DURABILITY_QUORUM;
}

const char *status_sync_waits_for(const struct status_view *view)
{
	const struct vrrp_core *core = &view->core;
	const struct vrrp_pg_sync *sync = &core->pg.sync;

	if (!is_quorum(view) || !vrrp_role_holds(core->role)) {
		return NULL;
	}
	if (core->role == VRRP_ROLE_PROMOTING) {
		switch (core->phase) {
		case VRRP_HOLD_VOUCHING:
			return "vouchers";
		case VRRP_HOLD_PROMOTING:
			return "promotion";
		case VRRP_HOLD_NAMING:
			return "synchronous_standby_names";
		case VRRP_HOLD_SYNCING:
			return sync->known && !sync->settings_ok ? "settings" : "synchronous_standby_names";
		default:
			return NULL;
		}
	}
	return core->role == VRRP_ROLE_MASTER && sync->known &&
			       __builtin_popcount(sync->named & sync->counted) < core->config.sync_standbys
		       ? "standbys"
		       : NULL;
}

static json_t *names_new(const struct status_view *view, uint16_t set)
{
	json_t *names = json_array();

	for (unsigned i = 0; names != NULL && i < view->core.config.member_count; i++) {
		if ((set & 1U << i) != 0 &&
			json_array_append_new(names, json_string(view->instance->member[i].name)) != 0) {
			json_decref(names);
			return NULL;
		}
	}
	return names;
}

json_t *status_sync_new(const struct status_view *view)
{
	const struct vrrp_pg_sync *sync = &view->core.pg.sync;

	if (!is_quorum(view) || (!sync->known && !vrrp_role_holds(view->core.role))) {
		return json_null();
	}
	return json_pack("{s:i, s:o, s:o, s:o, s:o, s:o, s:s?}", "k", (int)view->core.config.sync_standbys, "ours",
		sync->known ? json_boolean(sync->listed) : json_null(), "named",
		sync->known ? names_new(view, sync->named) : json_null(), "counted",
		sync->known ? names_new(view, sync->counted) : json_null(), "intruders",
		sync->known ? names_new(view, sync->intruders) : json_null(), "settings_ok",
		sync->known ? json_boolean(sync->settings_ok) : json_null(), "waits_for", status_sync_waits_for(view));
}
