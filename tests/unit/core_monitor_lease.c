/* Promises: grants, releases, and the token that a restart leaves. */
#include "tests/unit/core_monitor_view.h"

bool core_monitor_lease_runs(const struct core_monitor_view *v)
{
	return vrrp_time_before(v->event->now, v->lease);
}

/* Section 4.3: only with the grants in hand, what stands in the kernel extended, and the own state durable. */
const char *core_monitor_token(struct core_monitor_view *v)
{
	const struct vrrp_core *core = v->after;
	struct core_monitor *m = v->monitor;

	if (vrrp_ballot_is_none(&core->token.ballot)) {
		return m->token_out ? NULL : "a token is removed that nobody wrote";
	}
	if (v->role != VRRP_ROLE_MASTER || !core_monitor_lease_runs(v) ||
		!vrrp_ballot_equal(&core->token.ballot, &core->ballot)) {
		return "4.3: a token for a lease that is not held";
	}
	if (vrrp_time_before(core->lease_end, core->token.lease_end)) {
		return "4.3: a token for longer than the lease";
	}
	if (!v->bound || v->gate_in.us != core->token.lease_end.us) {
		return "4.3: the token before gate and address are extended";
	}
	if (core->stored_ticket < core->store_ticket) {
		return "4.3: the token before the own state is durable";
	}
	m->token_out = true;
	m->token_end = core->token.lease_end;
	m->token_ballot = core->token.ballot;
	return NULL;
}

const char *core_monitor_exit(const struct core_monitor_view *v, const struct vrrp_action *action)
{
	const struct core_monitor *m = v->monitor;

	if (v->role == VRRP_ROLE_MASTER) {
		return action->restart && v->event->kind == VRRP_EVENT_TOKEN && v->event->ok && m->token_out &&
				       vrrp_ballot_equal(&m->token_ballot, &v->after->ballot) &&
				       core_monitor_lease_runs(v)
			       ? NULL
			       : "4.3: a holder leaves without its token";
	}
	if (!v->after->stopping || v->role != VRRP_ROLE_INIT) {
		return "leaves without being asked to";
	}
	return action->restart && !v->after->exit_restart ? "restarts without being asked to" : NULL;
}

/* B6: a grant for longer than the lease is told when the disk has it. */
static const char *check_long_answer(const struct core_monitor_view *v)
{
	const struct core_monitor_write *durable = &v->monitor->durable;

	return durable->long_to == v->after->grant.to &&
			       !vrrp_time_before(durable->long_end, v->before->stored.long_grant.expires)
		       ? NULL
		       : "B6: a long grant is answered before its record is durable";
}

/* One grant at a time, never shorter but by a release, never given in silence or beside the own lease (section 4). */
const char *core_monitor_grant(const struct core_monitor_view *v)
{
	const struct vrrp_grant *had = &v->before->grant;
	const struct vrrp_grant *has = &v->after->grant;
	const struct vrrp_report *report = v->event->kind == VRRP_EVENT_REPORT ? v->event->report : NULL;
	struct vrrp_time now = v->event->now;
	uint8_t self = core_self_id(v->after);
	bool ran = vrrp_grant_runs(had, now);
	bool freed = (report != NULL && vrrp_grant_is_released_by(had, &report->release)) ||
		     (had->to == self && vrrp_grant_is_released_by(had, &v->after->release));
	bool renewed = ran && has->to == had->to && vrrp_ballot_equal(&has->ballot, &had->ballot);

	if (ran && !freed && has->to != had->to) {
		return "I1: a grant given to two";
	}
	if (ran && !freed && vrrp_time_before(has->expires, had->expires)) {
		return "B2: a grant made shorter";
	}
	if (vrrp_role_holds(v->role) && vrrp_grant_runs(has, now) && has->to != self) {
		return "section 4: a holder that has given its vote to another";
	}
	if (has->to == 0 || v->event->kind == VRRP_EVENT_START ||
		(has->to == had->to && has->seq == had->seq && has->expires.us == had->expires.us)) {
		return NULL;
	}
	if (v->event->kind == VRRP_EVENT_CLOCK && renewed && has->seq == had->seq) {
		return NULL; /* counted longer */
	}
	if (v->event->kind == VRRP_EVENT_STORED && v->before->long_ask.seq == has->seq && renewed) {
		return check_long_answer(v);
	}
	if (renewed && v->after->long_ask.ticket != 0 && has->seq == had->seq) {
		return NULL; /* bound, and not answered yet */
	}
	if (!renewed && core_is_silent(v->after)) {
		return "B6: a grant given in the start-up silence";
	}
	if (has->to == self) {
		return v->sent ? NULL : "a vote for myself without an ask";
	}
	if (report == NULL || report->sender != has->to || report->seq != has->seq || report->ask_ms == 0) {
		return "a grant that nobody asked for";
	}
	if (vrrp_time_before(vrrp_time_max(renewed ? had->expires : VRRP_TIME_NONE,
				     vrrp_time_add(now, core_grant_us(v->after, v->after->config.lease_us))),
		    has->expires) &&
		!(ran && has->to == had->to)) {
		return "B2: a grant longer than the lease";
	}
	return NULL;
}

bool core_monitor_is_primary(const struct vrrp_pg *pg)
{
	return !pg->gone && !pg->in_recovery && pg->system_identifier != 0;
}

/* A ballot that was held is released only when PostgreSQL can be no primary under it any more (C2). */
const char *core_monitor_release(const struct core_monitor_view *v)
{
	const struct core_monitor *m = v->monitor;
	const struct vrrp_ballot *release = &v->after->release;

	if (!vrrp_ballot_equal(release, &v->before->release) && m->token_out &&
		vrrp_ballot_equal(release, &m->token_ballot) && vrrp_time_before(v->event->now, m->token_end)) {
		return "B5: released while a token of it may stand on the disk";
	}
	if (vrrp_ballot_equal(release, &v->before->release) ||
		!(vrrp_role_holds(v->before->role) || vrrp_ballot_equal(release, &v->before->lost))) {
		return NULL;
	}
	return v->monitor->promote_open ||
			       (core_monitor_is_primary(&v->before->pg) && core_monitor_is_primary(&v->after->pg))
		       ? "C2: released before PostgreSQL is gone"
		       : NULL;
}
