/* What every step must hold to, whatever was before. */
#include "tests/exhaustive/ex.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define ROWS_MAX 64

static unsigned long row_seen[ROWS_MAX];
static char wrong[EX_TEXT_MAX];

struct ex_before ex_before(const struct vrrp_core *core, struct vrrp_time now)
{
	return (struct ex_before){ .role = core->role,
		.lease_end = vrrp_core_lease_end(core),
		.grant = core->grant,
		.bound = core->bound,
		.silent = vrrp_time_before(now, core->silent_until) || core->stored_ticket < core->record_ticket };
}

static void see_row(const struct vrrp_role_row *row)
{
	size_t count;
	const struct vrrp_role_row *table = vrrp_role_table(&count);

	if (row >= table && row < table + count && count <= ROWS_MAX) {
		row_seen[row - table]++;
	}
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

/* The roles of one step hang together, each change is a row of the table, and core->role is the last. */
static const char *check_roles(const struct ex_before *before, const struct vrrp_core *core,
	const struct vrrp_update *update, bool *ret_master)
{
	enum vrrp_role role = before->role;

	*ret_master = role == VRRP_ROLE_MASTER;
	for (unsigned i = 0; i < update->count; i++) {
		const struct vrrp_action *action = &update->action[i];

		if (action->kind != VRRP_ACT_ROLE) {
			continue;
		}
		if (action->row == NULL || vrrp_role_next(action->row->from, action->row->cause) != action->row) {
			return "a role change that is no row of the table";
		}
		if (action->row->from != role) {
			return "a role change that does not begin where the last ended";
		}
		see_row(action->row);
		role = action->row->to;
		*ret_master = *ret_master || role == VRRP_ROLE_MASTER;
	}
	return role == core->role ? NULL : "the role was changed without an action";
}

static const char *check_act(const struct vrrp_action *action, struct vrrp_time now, struct vrrp_time lease_end,
	bool was_master, const struct vrrp_core *core)
{
	bool opens = action->kind == VRRP_ACT_BIND || action->kind == VRRP_ACT_ANNOUNCE ||
		     (action->kind == VRRP_ACT_GATE && action->in_end.us != 0) ||
		     (action->kind == VRRP_ACT_ADVERT && action->priority != 0);

	if (action->kind == VRRP_ACT_GATE &&
		vrrp_time_before(lease_end, vrrp_time_max(action->in_end, action->out_end))) {
		return "I1: a gate's end beyond the lease's";
	}
	if (opens && !vrrp_time_before(now, lease_end)) {
		return "I2: serves without a lease";
	}
	if (opens && !was_master) {
		return "I5: serves without being MASTER";
	}
	if (opens && action->kind != VRRP_ACT_ADVERT && (core->pg.in_recovery || core->pg.gone) &&
		core->role == VRRP_ROLE_MASTER) {
		return "I2: serves though PostgreSQL is in recovery or gone";
	}
	if (action->kind == VRRP_ACT_PG && action->op == VRRP_PG_OP_PROMOTE && !vrrp_time_before(now, lease_end)) {
		return "I2: promotes without a lease";
	}
	return NULL;
}

/* What a report tells has been done before it, and what closes comes before what takes time. */
static const char *check_order(
	const struct ex_before *before, const struct vrrp_event *event, const struct vrrp_update *update)
{
	bool sent = false;
	bool ended = before->bound && !vrrp_time_before(event->now, before->lease_end);

	for (unsigned i = 0; i < update->count; i++) {
		enum vrrp_action_kind kind = update->action[i].kind;

		if (kind == VRRP_ACT_SEND) {
			sent = true;
		} else if (sent && kind != VRRP_ACT_STORE && kind != VRRP_ACT_EXIT) {
			return "an effect after the report that may tell of it";
		}
	}
	if (before->bound && (event->kind == VRRP_EVENT_PG_DEAD || ended)) {
		unsigned i = 0;

		while (i < update->count && update->action[i].kind == VRRP_ACT_LOG) {
			i++;
		}
		if (i == update->count || update->action[i].kind != VRRP_ACT_GATE || update->action[i].in_end.us != 0) {
			return "the gate is not closed before anything else";
		}
	}
	return NULL;
}

/* A voter's promise: kept until it ends or is released; silent: nothing new. */
static const char *check_grant(
	const struct ex_before *before, const struct vrrp_core *core, const struct vrrp_event *event)
{
	const struct vrrp_grant *was = &before->grant;
	const struct vrrp_grant *is = &core->grant;
	bool ran = vrrp_grant_runs(was, event->now);
	bool runs = vrrp_grant_runs(is, event->now);
	bool released = false;

	if (event->kind == VRRP_EVENT_REPORT) {
		released = vrrp_grant_is_released_by(was, &event->report->release);
	}
	if (was->to == core->config.member[core->config.self].id) {
		released = released || vrrp_grant_is_released_by(was, &core->release);
	}
	if (ran && !released && (is->to != was->to || vrrp_time_before(is->expires, was->expires))) {
		return "a grant that runs was shortened or given to another";
	}
	if (runs && before->silent && (!ran || (is->to != was->to))) {
		return "a silent voter granted";
	}
	if (runs && vrrp_time_before(vrrp_time_add(event->now, core->config.lease_us), is->expires)) {
		return "a grant is longer than the lease";
	}
	return NULL;
}

const char *ex_check_step(const struct ex_before *before, const struct vrrp_core *core, const struct vrrp_event *event,
	const struct vrrp_update *update)
{
	struct vrrp_time lease_end = vrrp_time_max(before->lease_end, vrrp_core_lease_end(core));
	bool was_master;
	const char *what = check_roles(before, core, update, &was_master);

	for (unsigned i = 0; what == NULL && i < update->count; i++) {
		what = check_act(&update->action[i], event->now, lease_end, was_master, core);
	}
	if (what == NULL) {
		what = check_order(before, event, update);
	}
	if (what == NULL) {
		what = check_grant(before, core, event);
	}
	if (what == NULL && vrrp_time_before(update->deadline, event->now)) {
		what = "the deadline is in the past";
	}
	if (what == NULL && vrrp_role_holds(core->role) &&
		vrrp_time_before(vrrp_core_lease_end(core), update->deadline)) {
		what = "the deadline is beyond the lease's end";
	}
	if (what == NULL && vrrp_role_holds(core->role) && !vrrp_time_before(event->now, vrrp_core_lease_end(core))) {
		what = "holds without a lease";
	}
	if (what == NULL) {
		return NULL;
	}
	(void)snprintf(wrong, sizeof(wrong), "%s", what);
	return wrong;
}
