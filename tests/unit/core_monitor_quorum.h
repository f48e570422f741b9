/*
 * The monitor's rules of durability quorum (protocol.md section 7): who may promote, open a gate, vouch, and name whom.
 * Judged from the events and the actions, with arithmetic of its own. Part of core_monitor.h; each returns NULL, or a
 * constant sentence.
 */
#ifndef TESTS_UNIT_CORE_MONITOR_QUORUM_H
#define TESTS_UNIT_CORE_MONITOR_QUORUM_H

#include "tests/unit/core_monitor.h"

void core_monitor_quorum_adopt(struct core_monitor *monitor, const struct vrrp_core *core);
/* After the step, before its actions are judged. */
void core_monitor_quorum_event(
	struct core_monitor *monitor, const struct vrrp_core *core, const struct vrrp_event *event);
const char *core_monitor_quorum_op(
	struct core_monitor *monitor, const struct vrrp_core *core, const struct vrrp_action *action);
const char *core_monitor_quorum_serving(const struct core_monitor *monitor, const struct vrrp_core *core);
const char *core_monitor_quorum_send(const struct core_monitor *monitor, const struct vrrp_core *core);
/* Whether a FOLLOW of this member is a fetch (A7): WAL that stands between the candidate and its vouchers. */
bool core_monitor_quorum_fetches(const struct vrrp_core *core, unsigned member);

#endif
