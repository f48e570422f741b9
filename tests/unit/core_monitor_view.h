/*
 * Inside of core_monitor.h: the step that is being judged, shared by core_monitor.c (effects, their order, duties) and
 * core_monitor_lease.c (promises: the voter's grants, releases, tokens).
 */
#ifndef TESTS_UNIT_CORE_MONITOR_VIEW_H
#define TESTS_UNIT_CORE_MONITOR_VIEW_H

#include "tests/unit/core_monitor.h"
#include "vrrp/core_internal.h"

/* One step being judged; role, op, bound and gate follow the actions from the first to the last. */
struct core_monitor_view {
	struct core_monitor *monitor;
	const struct vrrp_core *before;
	const struct vrrp_core *after;
	const struct vrrp_event *event;
	struct vrrp_time lease; /* end of the lease of this step: of the one that it released, or the one that it got */
	enum vrrp_role role;
	enum vrrp_pg_op op;
	bool bound;
	bool destroyed;
	bool sent;
	struct vrrp_time gate_in;
	struct vrrp_time gate_out;
};

bool core_monitor_lease_runs(const struct core_monitor_view *v);
bool core_monitor_is_primary(const struct vrrp_pg *pg);
const char *core_monitor_token(struct core_monitor_view *v);
const char *core_monitor_exit(const struct core_monitor_view *v, const struct vrrp_action *action);
const char *core_monitor_grant(const struct core_monitor_view *v);
const char *core_monitor_release(const struct core_monitor_view *v);

#endif
