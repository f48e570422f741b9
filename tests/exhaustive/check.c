/* What every step must hold to, whatever was before: core_monitor.h's rules, and what is easier said of scenes. */
#include <stdio.h>
#include <string.h>

#include "tests/exhaustive/ex.h"

#define ROWS_MAX 64

static unsigned long row_seen[ROWS_MAX];
static unsigned actions_max;

static void see_rows(const struct vrrp_update *update)
{
	size_t count;
	const struct vrrp_role_row *table = vrrp_role_table(&count);

	for (unsigned i = 0; i < update->count; i++) {
		const struct vrrp_role_row *row = update->action[i].row;

		if (update->action[i].kind == VRRP_ACT_ROLE && row >= table && row < table + count &&
			count <= ROWS_MAX) {
			row_seen[row - table]++;
		}
	}
	actions_max = update->count > actions_max ? update->count : actions_max;
}

unsigned ex_rows_seen(void)
{
	size_t count;
	unsigned seen = 0;

	(void)vrrp_role_table(&count);
	for (size_t i = 0; i < count && i < ROWS_MAX; i++) {
		seen += row_seen[i] > 0;
	}
	return seen;
}

void ex_rows_print(void)
{
	size_t count;
	const struct vrrp_role_row *table = vrrp_role_table(&count);

	for (size_t i = 0; i < count && i < ROWS_MAX; i++) {
		printf("# %8lu x %s -> %s: %s\n", row_seen[i], vrrp_role_word(table[i].from),
			vrrp_role_word(table[i].to), table[i].reason);
	}
}

unsigned ex_actions_max(void)
{
	return actions_max;
}

/* What closes comes before all else (section 9): a dead PostgreSQL, a lease that has ended. */
static const char *check_first(
	const struct vrrp_core *before, const struct vrrp_event *event, const struct vrrp_update *update)
{
	bool ended = !vrrp_time_before(event->now, before->lease_end);
	unsigned i = 0;

	if (!before->bound || (event->kind != VRRP_EVENT_PG_DEAD && !ended)) {
		return NULL;
	}
	while (i < update->count && update->action[i].kind == VRRP_ACT_LOG) {
		i++;
	}
	return i == update->count || update->action[i].kind != VRRP_ACT_GATE || update->action[i].in_end.us != 0
		       ? "section 9: the gate is not closed before anything else"
		       : NULL;
}

const char *ex_check_step(struct core_monitor *monitor, struct vrrp_core *core, const struct vrrp_event *event,
	struct vrrp_update *update)
{
	const char *wrong;

	core_monitor_before(monitor, core);
	vrrp_core_step(core, event, update);
	see_rows(update);
	wrong = core_monitor_after(monitor, core, event, update);
	if (wrong == NULL && event->kind != VRRP_EVENT_START) {
		wrong = check_first(&monitor->before, event, update);
	}
	if (wrong == NULL && vrrp_role_holds(core->role) &&
		vrrp_time_before(vrrp_core_lease_end(core), update->deadline)) {
		wrong = "the deadline is beyond the lease's end";
	}
	return wrong;
}
