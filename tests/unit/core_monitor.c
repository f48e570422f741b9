#include "tests/unit/core_monitor_quorum.h"
#include "tests/unit/core_monitor_view.h"

#include <string.h>

#define SPINS_MAX 3

void core_monitor_init(struct core_monitor *monitor)
{
	memset(monitor, 0, sizeof(*monitor));
}

static void note_write(struct core_monitor *monitor, const struct vrrp_core *core, uint64_t ticket)
{
	monitor->written[monitor->writes++ % CORE_MONITOR_WRITES] =
		(struct core_monitor_write){ ticket, core->stored.epoch, core->stored.promoting, core->stored.vouched,
			core->stored.long_grant.expires, core->stored.long_grant.to };
}

void core_monitor_adopt(struct core_monitor *monitor, const struct vrrp_core *core)
{
	note_write(monitor, core, core->store_ticket);
	if (core->stored_ticket >= core->store_ticket) {
		monitor->durable = monitor->written[(monitor->writes - 1) % CORE_MONITOR_WRITES];
	}
	monitor->promote_open = core->op == VRRP_PG_OP_PROMOTE;
	monitor->token_out = core->token_out;
	monitor->token_end = core->token.lease_end;
	monitor->token_ballot = core->token.ballot;
	monitor->spins = 0;
	core_monitor_quorum_adopt(monitor, core);
}

void core_monitor_before(struct core_monitor *monitor, const struct vrrp_core *core)
{
	monitor->before = *core;
}

static bool may_serve(const struct core_monitor_view *v)
{
	return v->role == VRRP_ROLE_PROMOTING || v->role == VRRP_ROLE_MASTER;
}

static const char *check_gate(struct core_monitor_view *v, const struct vrrp_action *action)
{
	struct vrrp_time end = vrrp_time_max(action->in_end, action->out_end);

	if (end.us != 0 && vrrp_time_before(v->lease, end)) {
		return "I1: a gate's end beyond the lease's end";
	}
	if (end.us != 0 && (!may_serve(v) || !core_monitor_lease_runs(v))) {
		return "I5: the gate is not closed although this member does not hold";
	}
	if (action->in_end.us != 0 && (v->after->pg.gone || v->after->pg.in_recovery)) {
		return "I2: the gate is opened and PostgreSQL is no primary";
	}
	if (action->in_end.us == 0 && action->out_end.us == 0 && v->bound && may_serve(v) &&
		core_monitor_lease_runs(v)) {
		return "4.1: the gate is closed outwards before the address is unbound";
	}
	v->gate_in = action->in_end;
	v->gate_out = action->out_end;
	return NULL;
}

static const char *check_address(struct core_monitor_view *v, const struct vrrp_action *action)
{
	switch (action->kind) {
	case VRRP_ACT_BIND:
		if (v->gate_in.us == 0 || !may_serve(v) || !core_monitor_lease_runs(v)) {
			return "I2: an address is bound and the gate is shut";
		}
		v->bound = true;
		return NULL;
	case VRRP_ACT_DESTROY:
		v->destroyed = true;
		return v->gate_in.us != 0 ? "4.1: connections are destroyed while the gate is open inwards" : NULL;
	case VRRP_ACT_UNBIND:
		v->bound = false;
		if (v->gate_in.us != 0) {
			return "4.1: the address is unbound while the gate is open inwards";
		}
		return may_serve(v) && core_monitor_lease_runs(v) && (!v->destroyed || v->gate_out.us == 0)
			       ? "4.1: the address is unbound before the connections are destroyed"
			       : NULL;
	case VRRP_ACT_ANNOUNCE:
		return !v->bound || v->gate_in.us == 0 ? "I2: an address is announced that is not served" : NULL;
	case VRRP_ACT_ADVERT:
		if (action->priority == 0) {
			return v->bound ? "4.1: an advertisement of priority 0 before the address is unbound" : NULL;
		}
		return v->role != VRRP_ROLE_MASTER || !v->bound ? "I2: an advertisement of who serves nothing" : NULL;
	default:
		return NULL;
	}
}

static const char *check_promote(struct core_monitor_view *v)
{
	const struct core_monitor_write *durable = &v->monitor->durable;

	if (v->role != VRRP_ROLE_PROMOTING || !core_monitor_lease_runs(v)) {
		return "I2: promoted without a lease";
	}
	if (v->after->stored.paused) {
		return "4.4: promoted while paused";
	}
	if (!vrrp_ballot_equal(&durable->epoch, &v->after->ballot) ||
		!vrrp_ballot_equal(&durable->promoting, &v->after->ballot)) {
		return "section 6 (a): promoted before epoch and `promoting` are durable";
	}
	return NULL;
}

static const char *check_attach(const struct core_monitor_view *v, const struct vrrp_action *action, bool follow)
{
	const struct vrrp_report *report = core_fresh(v->after, action->member);

	if (follow && core_monitor_quorum_fetches(v->after, action->member)) {
		return vrrp_ballot_equal(&v->monitor->durable.epoch, &report->epoch)
			       ? NULL
			       : "A7: WAL is fetched before its epoch is durable";
	}
	if (report == NULL || report->role != VRRP_ROLE_MASTER || !vrrp_ballot_equal(&report->epoch, &report->ballot)) {
		return "section 7: attached to somebody that no fresh report shows as MASTER";
	}
	if (vrrp_ballot_compare(&report->ballot, &v->after->stored.vouched) < 0) {
		return "A3: attached to somebody older than the ballot vouched for";
	}
	if (follow && !vrrp_ballot_equal(&v->monitor->durable.epoch, &report->ballot)) {
		return "section 6 (b): attached before the holder's epoch is durable";
	}
	return !follow && !v->after->config.manage_full ? "rewound or cloned, and manage is not full" : NULL;
}

static const char *check_op(struct core_monitor_view *v, const struct vrrp_action *action)
{
	bool stop = action->op == VRRP_PG_OP_STOP_FAST || action->op == VRRP_PG_OP_STOP_IMMEDIATE;
	bool reload = v->op == VRRP_PG_OP_FOLLOW || v->op == VRRP_PG_OP_DETACH;
	const char *wrong = NULL;

	if (action->op == VRRP_PG_OP_CHECKPOINT) {
		return v->role == VRRP_ROLE_MASTER ? NULL : "a checkpoint by somebody who is not MASTER";
	}
	if (v->op != VRRP_PG_OP_NONE && !stop && !(action->op == VRRP_PG_OP_PROMOTE && reload)) {
		return "two orders to PostgreSQL at a time";
	}
	v->op = action->op;
	switch (action->op) {
	case VRRP_PG_OP_PROMOTE:
		wrong = check_promote(v);
		v->monitor->promote_open = true;
		break;
	case VRRP_PG_OP_FOLLOW:
		wrong = check_attach(v, action, true);
		break;
	case VRRP_PG_OP_REWIND:
	case VRRP_PG_OP_CLONE:
		wrong = check_attach(v, action, false);
		break;
	case VRRP_PG_OP_START_STANDBY:
		wrong = !v->after->pg.gone              ? "started, and the old postmaster was not seen gone"
			: !v->after->config.manage_full ? "started, and manage is not full"
							: NULL;
		break;
	case VRRP_PG_OP_STOP_FAST:
	case VRRP_PG_OP_STOP_IMMEDIATE:
		wrong = v->bound || v->gate_in.us != 0 ? "4.1: PostgreSQL is stopped before the address is gone" : NULL;
		break;
	default:
		break;
	}
	return wrong != NULL ? wrong : core_monitor_quorum_op(v->monitor, v->after, action);
}

/* Section 4.4: while paused only a running primary stands, and nothing is promoted. */
static const char *check_stand(const struct core_monitor_view *v)
{
	const struct vrrp_core *core = v->after;

	if (core->stored.paused && (!core->pg.up || core->pg.in_recovery)) {
		return "4.4: stands while paused, and is no primary";
	}
	if (vrrp_time_diff_us(core->now, core->clock_d3) > CORE_D3_LEASES * core->config.lease_us) {
		return NULL;
	}
	for (unsigned i = 0; i < core->config.member_count; i++) {
		const struct vrrp_report *report = core_fresh(core, i);
		bool passed = report == NULL || core_is_foreign(core, report) ||
			      vrrp_ballot_compare(&core->stored.epoch, &report->epoch) > 0;

		for (unsigned j = 0; j < core->config.member_count && !passed; j++) {
			const struct vrrp_report *other = core_fresh(core, j);

			passed = other != NULL && !core_is_foreign(core, other) &&
				 vrrp_ballot_compare(&other->epoch, &report->epoch) > 0;
		}
		if (!passed && core_same_digest(core, report) && (report->flags & VRRP_FLAG_ELIGIBLE) != 0 &&
			(report->flags & VRRP_FLAG_PG_UP) != 0 && (report->flags & VRRP_FLAG_IN_RECOVERY) == 0) {
			return "D3: stands beside a healthy running primary";
		}
	}
	return NULL;
}

static const char *check_role(struct core_monitor_view *v, const struct vrrp_action *action)
{
	size_t count;
	const struct vrrp_role_row *table = vrrp_role_table(&count);

	if (action->row->from != v->role) {
		return "a role was left that was not had";
	}
	v->role = action->row->to;
	if (action->row->cause == VRRP_CAUSE_LEASE_ENDED) {
		v->lease = v->after->lease_end; /* with quorum = none the next one may begin in the same step */
	}
	v->monitor->rows_seen |= UINT64_C(1) << (action->row - table);
	if (v->role == VRRP_ROLE_MASTER && (!v->bound || v->gate_in.us == 0)) {
		return "section 8: MASTER before gate and address";
	}
	if (!may_serve(v) && (v->bound || v->gate_in.us != 0 || v->gate_out.us != 0)) {
		return "I5: still serves in a role that does not hold";
	}
	if (action->row->cause == VRRP_CAUSE_SERVING) {
		return core_monitor_quorum_serving(v->monitor, v->after);
	}
	return action->row->cause == VRRP_CAUSE_STAND ? check_stand(v) : NULL;
}

/* Signing costs nothing here: what is tested is that the report is one that can be sent. */
static int sign(void *context, const uint8_t *bytes, size_t length, uint8_t *ret_key_id, uint8_t *ret_mac)
{
	(void)context;
	(void)bytes;
	(void)length;
	memset(ret_key_id, 1, VRRP_AUTH_KEY_ID_BYTES);
	memset(ret_mac, 2, VRRP_AUTH_MAC_BYTES);
	return 0;
}

static const char *check_send(struct core_monitor_view *v)
{
	const struct vrrp_auth auth = { .sign = sign };
	struct vrrp_report *report = &v->monitor->report;
	uint8_t bytes[VRRP_REPORT_BYTES_MAX];
	bool asks = v->role == VRRP_ROLE_CANDIDATE || vrrp_role_holds(v->role);

	vrrp_core_report(v->after, report);
	v->sent = true;
	if (report->ask_ms > 0 && (!asks || vrrp_ballot_is_none(&report->ballot))) {
		return "asks for nothing, or in a role that must not ask";
	}
	if (!vrrp_ballot_is_none(&report->ballot) && !vrrp_ballot_is_none(&report->release) &&
		report->release.incarnation == report->ballot.incarnation &&
		report->release.counter >= report->ballot.counter) {
		return "B7: what it asks for or holds is released as well";
	}
	if (vrrp_role_holds(v->role) && (vrrp_ballot_is_none(&report->ballot) || !core_monitor_lease_runs(v))) {
		return "claims to hold without a lease";
	}
	if (vrrp_report_encode(report, &auth, bytes, sizeof(bytes)) < 0) {
		return "the report cannot be encoded";
	}
	return core_monitor_quorum_send(v->monitor, v->after);
}

static const char *check_action(struct core_monitor_view *v, const struct vrrp_action *action)
{
	if (v->sent && action->kind != VRRP_ACT_STORE && action->kind != VRRP_ACT_EXIT) {
		return "an effect after the report that tells it";
	}
	switch (action->kind) {
	case VRRP_ACT_GATE:
		return check_gate(v, action);
	case VRRP_ACT_PG:
		return check_op(v, action);
	case VRRP_ACT_ROLE:
		return check_role(v, action);
	case VRRP_ACT_SEND:
		return check_send(v);
	case VRRP_ACT_STORE:
		note_write(v->monitor, v->after, action->ticket);
		return NULL;
	case VRRP_ACT_TOKEN:
		return core_monitor_token(v);
	case VRRP_ACT_EXIT:
		return core_monitor_exit(v, action);
	default:
		return check_address(v, action);
	}
}

/* What must not be forgotten: a ballot that is given up is released, now or when PostgreSQL is stopped; who lost stops.
 */
static const char *check_duties(const struct core_monitor_view *v)
{
	const struct vrrp_core *core = v->after;
	const struct vrrp_ballot *had = &v->before->ballot;
	int holder = core_other_holder(core);
	bool lost =
		core->superseded || (core->pg.up && holder >= 0 && !core_is_foreign(core, &core->peer[holder].report));

	if (!vrrp_ballot_is_none(had) && !vrrp_ballot_equal(had, &core->ballot) &&
		!vrrp_ballot_equal(had, &core->release) && !vrrp_ballot_equal(had, &core->lost)) {
		return "section 4: a ballot was given up and is not released";
	}
	if (lost && !core_is_witness(core) && core_monitor_is_primary(&core->pg) && !vrrp_role_holds(core->role) &&
		core->pg_seen && core->op == VRRP_PG_OP_NONE && !vrrp_time_before(core->now, core->op_retry_at) &&
		(core->config.manage_full ||
			!core->pg.starting)) { /* it may become a standby that an operator starts */
		return "section 4.2: a primary that lost is left running";
	}
	return NULL;
}

static const char *check_end(const struct core_monitor_view *v)
{
	const struct vrrp_core *core = v->after;

	if (core->stored.pause_counter < v->before->stored.pause_counter && v->event->kind != VRRP_EVENT_START) {
		return "D6: the pause counter went back";
	}

	if (core->role != v->role || core->bound != v->bound || core->gate_end.us != v->gate_in.us) {
		return "the core's state is not what its actions say";
	}
	if (v->bound != (v->role == VRRP_ROLE_MASTER)) {
		return "I2: bound and MASTER are not the same";
	}
	if (vrrp_time_before(core->lease_end, core->gate_end)) {
		return "I1: the gate's end is beyond the lease's end";
	}
	if (vrrp_role_holds(v->role) && !vrrp_time_before(core->now, core->lease_end)) {
		return "holds without a lease";
	}
	if (v->event->kind != VRRP_EVENT_START && core->fetch_from == VRRP_MEMBER_NONE &&
		vrrp_ballot_compare(&core->stored.epoch, &v->before->stored.epoch) < 0) {
		return "section 6: the epoch went back";
	}
	if (v->before->stored.diverged && !core->stored.diverged &&
		!(v->event->kind == VRRP_EVENT_PG_DONE &&
			(v->before->op == VRRP_PG_OP_REWIND || v->before->op == VRRP_PG_OP_CLONE))) {
		return "section 6 (c): no more diverged, and neither rewound nor cloned";
	}
	return NULL;
}

static const char *check_deadline(struct core_monitor_view *v, const struct vrrp_update *update)
{
	bool again = v->event->kind == VRRP_EVENT_TIMER && v->event->now.us == v->before->now.us;

	if (update->deadline.us != v->after->deadline.us || update->deadline.us == INT64_MAX ||
		vrrp_time_before(update->deadline, v->event->now)) {
		return "the deadline is past, or never";
	}
	v->monitor->spins = again ? v->monitor->spins + 1 : 0;
	return v->monitor->spins > SPINS_MAX && update->deadline.us == v->event->now.us ? "a busy loop" : NULL;
}

/* What the event itself settles. */
static void take_event(struct core_monitor_view *v)
{
	struct core_monitor *m = v->monitor;
	const struct vrrp_event *event = v->event;
	bool done = event->kind == VRRP_EVENT_PG_DONE && event->ticket == v->before->op_ticket;
	bool dead = event->kind == VRRP_EVENT_PG_DEAD;

	v->op = v->before->op;
	if (event->kind == VRRP_EVENT_TOKEN && event->ok && event->ticket == v->before->token_ticket &&
		vrrp_ballot_is_none(&v->before->token.ballot)) {
		m->token_out = false;
	}
	for (unsigned i = 0; i < CORE_MONITOR_WRITES && event->kind == VRRP_EVENT_STORED && event->ok; i++) {
		m->durable = m->written[i].ticket == event->ticket ? m->written[i] : m->durable;
	}
	if (dead || (event->kind == VRRP_EVENT_PG && event->pg.gone)) {
		m->promote_open = false;
	}
	if (done && event->ok &&
		(v->op == VRRP_PG_OP_PROMOTE || v->op == VRRP_PG_OP_STOP_IMMEDIATE || v->op == VRRP_PG_OP_STOP_FAST)) {
		m->promote_open = false; /* one that failed may still come about */
	}
	if (done || (dead && (v->op == VRRP_PG_OP_PROMOTE || v->op == VRRP_PG_OP_DETACH || v->op == VRRP_PG_OP_FOLLOW ||
				     v->op == VRRP_PG_OP_SYNC_NAMES || v->op == VRRP_PG_OP_DROP_SENDERS))) {
		v->op = VRRP_PG_OP_NONE;
	}
}

const char *core_monitor_after(struct core_monitor *monitor, const struct vrrp_core *core,
	const struct vrrp_event *event, const struct vrrp_update *update)
{
	struct core_monitor_view v = { .monitor = monitor,
		.before = &monitor->before,
		.after = core,
		.event = event,
		.lease = vrrp_time_max(monitor->before.lease_end, core->lease_end),
		.role = monitor->before.role,
		.bound = monitor->before.bound,
		.gate_in = monitor->before.gate_end,
		.gate_out = monitor->before.gate_end };
	const char *wrong = NULL;

	if (vrrp_role_holds(v.role) && !vrrp_time_before(event->now, monitor->before.lease_end)) {
		v.lease = monitor->before.lease_end;
	}
	if (event->kind == VRRP_EVENT_CLOCK && vrrp_role_holds(v.role) && !vrrp_role_holds(core->role)) {
		v.lease = event->now; /* counted shorter, it is over */
	}
	take_event(&v);
	if (event->kind == VRRP_EVENT_START && core->resumed_end.us != 0) {
		v.bound = true; /* as the process before left them */
		v.gate_in = v.gate_out = event->token.lease_end;
	}
	core_monitor_quorum_event(monitor, core, event);
	monitor->actions_max = update->count > monitor->actions_max ? update->count : monitor->actions_max;
	for (unsigned i = 0; i < update->count && wrong == NULL; i++) {
		wrong = check_action(&v, &update->action[i]);
	}
	wrong = wrong != NULL ? wrong : core_monitor_grant(&v);
	wrong = wrong != NULL ? wrong : core_monitor_release(&v);
	wrong = wrong != NULL ? wrong : check_end(&v);
	wrong = wrong != NULL ? wrong : check_duties(&v);
	return wrong != NULL ? wrong : check_deadline(&v, update);
}
