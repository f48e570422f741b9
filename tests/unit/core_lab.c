#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "tests/unit/core_lab.h"

#define PRIORITY 100
#define ROUND_TRIP_US (1 * CORE_LAB_MS)
#define STEPS_DEEP_MAX 64

static struct vrrp_report peer_report(const struct core_lab *lab, unsigned i)
{
	const struct vrrp_member_config *member = &lab->config.member[i];
	struct vrrp_report report = { .vrid = lab->config.vrid,
		.sender = member->id,
		.incarnation = 100 + i,
		.role = member->witness ? VRRP_ROLE_WITNESS : VRRP_ROLE_BACKUP,
		.priority = member->priority };

	memcpy(report.digest, lab->config.digest, sizeof(report.digest));
	if (!member->witness) {
		report.flags = VRRP_FLAG_ELIGIBLE | VRRP_FLAG_PG_UP | VRRP_FLAG_IN_RECOVERY | VRRP_FLAG_POSITION_KNOWN |
			       VRRP_FLAG_LOOKED;
		report.system_identifier = CORE_LAB_SYSTEM;
		report.timeline = 1;
		report.position = CORE_LAB_LSN;
		report.history = lab->history;
		report.port = lab->config.port;
	}
	return report;
}

void core_lab_init(struct core_lab *lab, unsigned members, unsigned witnesses)
{
	memset(lab, 0, sizeof(*lab));
	lab->config = (struct vrrp_core_config){ .member_count = (uint8_t)members,
		.vrid = 51,
		.digest = { 1 },
		.sync_standbys = 1,
		.manage_full = true,
		.port = 5432,
		.max_drift_ppm = 100000,
		.advert_int_us = 250 * CORE_LAB_MS,
		.lease_us = 1000 * CORE_LAB_MS,
		.restart_grace_us = 10 * VRRP_US_PER_S,
		.boot_wait_us = 30 * VRRP_US_PER_S,
		.promote_timeout_us = 30 * VRRP_US_PER_S,
		.fault_hold_us = 60 * VRRP_US_PER_S,
		.garp_repeat_delay_us = VRRP_US_PER_S,
		.garp_refresh_us = 60 * VRRP_US_PER_S,
		.garp_repeat = 5,
		.max_lag_bytes = UINT64_C(16) << 20 };
	lab->history = (struct vrrp_history){ .count = 1, .entry = { { .timeline = 1 } } };
	for (unsigned i = 0; i < members; i++) {
		lab->config.member[i] = (struct vrrp_member_config){ .id = (uint8_t)(i + 1),
			.priority = i == 0 ? PRIORITY - 1 : PRIORITY,
			.witness = i + witnesses >= members };
		lab->peer[i] = peer_report(lab, i);
	}
	lab->pg = (struct vrrp_pg){ .up = true,
		.in_recovery = true,
		.position_known = true,
		.no_upstream = true,
		.upstream = VRRP_MEMBER_NONE,
		.timeline = 1,
		.system_identifier = CORE_LAB_SYSTEM,
		.position = CORE_LAB_LSN,
		.replayed = CORE_LAB_LSN };
	lab->readable = true;
	lab->counter = 10;
	lab->now = (struct vrrp_time){ 1000 * VRRP_US_PER_S };
}

/* What answers by itself: disk, probe, history. */
static void answer(struct core_lab *lab, const struct vrrp_update *update)
{
	for (unsigned i = 0; i < update->count; i++) {
		const struct vrrp_action *action = &update->action[i];

		if (action->kind == VRRP_ACT_STORE) {
			lab->pending = lab->core.stored;
			lab->pending_ticket = action->ticket;
			if (!lab->disk_held) {
				core_lab_stored(lab, true);
			}
		} else if (action->kind == VRRP_ACT_TOKEN) {
			lab->writing = lab->core.token;
			if (!lab->token_held) {
				core_lab_token(lab, true);
			}
		} else if (action->kind == VRRP_ACT_PROBE && !lab->probe_held) {
			core_lab_probe(lab);
		} else if (action->kind == VRRP_ACT_READ_HISTORY) {
			core_lab_step(lab, (struct vrrp_event){ .kind = VRRP_EVENT_HISTORY, .history = lab->history });
		}
	}
}

void core_lab_step(struct core_lab *lab, struct vrrp_event event)
{
	struct vrrp_update update;
	const char *wrong;

	if (lab->depth == 0) {
		lab->done_count = 0;
	}
	event.now = lab->now;
	core_monitor_before(&lab->monitor, &lab->core);
	vrrp_core_step(&lab->core, &event, &update);
	wrong = core_monitor_after(&lab->monitor, &lab->core, &event, &update);
	if (wrong != NULL) {
		fail_msg("%s", wrong);
	}
	assert_true(lab->done_count + update.count <= CORE_LAB_DONE_MAX);
	memcpy(&lab->done[lab->done_count], update.action, update.count * sizeof(update.action[0]));
	lab->done_count += update.count;
	lab->update = update;
	lab->mine = lab->monitor.report;
	assert_true(lab->depth < STEPS_DEEP_MAX);
	lab->depth++;
	answer(lab, &update);
	lab->depth--;
}

static void postgresql_is(struct core_lab *lab, bool up)
{
	lab->pg.up = up;
	lab->pg.gone = !up;
	lab->pg.in_recovery = lab->pg.in_recovery || up; /* started again: as a standby */
	lab->pg.position_known = up;
	lab->pg.streaming = false;
	lab->pg.receiver = false;
	lab->pg.no_upstream = true;
	lab->pg.upstream = VRRP_MEMBER_NONE;
}

void core_lab_event(struct core_lab *lab, enum vrrp_event_kind kind, bool ok)
{
	if (kind == VRRP_EVENT_PG_DEAD) {
		postgresql_is(lab, false);
	}
	core_lab_step(lab, (struct vrrp_event){ .kind = kind, .ok = ok });
}

void core_lab_start(struct core_lab *lab)
{
	static uint64_t restarts;
	struct vrrp_event event = { .kind = VRRP_EVENT_START,
		.readable = lab->readable,
		.stored = lab->disk,
		.token = lab->token,
		.clock_excess_ppm = lab->clock_excess_ppm };

	lab->token = (struct vrrp_token){ 0 }; /* its file is gone before anything else */
	vrrp_core_init(&lab->core, &lab->config, CORE_LAB_INCARNATION + restarts, 1);
	restarts++;
	core_monitor_init(&lab->monitor);
	core_lab_step(lab, event);
}

void core_lab_token(struct core_lab *lab, bool ok)
{
	assert_int_not_equal(lab->core.token_ticket, 0);
	lab->token = ok ? lab->writing : lab->token;
	core_lab_step(lab, (struct vrrp_event){ .kind = VRRP_EVENT_TOKEN, .ticket = lab->core.token_ticket, .ok = ok });
}

void core_lab_stored(struct core_lab *lab, bool ok)
{
	assert_int_not_equal(lab->pending_ticket, 0);
	if (ok) {
		lab->disk = lab->pending;
	}
	core_lab_step(lab, (struct vrrp_event){ .kind = VRRP_EVENT_STORED, .ticket = lab->pending_ticket, .ok = ok });
}

void core_lab_probe(struct core_lab *lab)
{
	core_lab_step(lab, (struct vrrp_event){ .kind = VRRP_EVENT_PG, .pg = lab->pg });
}

static void say(struct core_lab *lab, unsigned i, bool fresh)
{
	struct vrrp_report *report = &lab->peer[i];

	report->seq++;
	report->echo_count = fresh ? 1 : 0;
	report->echo[0] = (struct vrrp_report_echo){ .member = lab->config.member[lab->config.self].id,
		.believed_incarnation = lab->core.incarnation,
		.believed_seq = lab->core.sent.last_seq };
	core_lab_step(lab, (struct vrrp_event){ .kind = VRRP_EVENT_REPORT, .member = (uint8_t)i, .report = report });
}

void core_lab_hear(struct core_lab *lab, unsigned i)
{
	say(lab, i, true);
}

void core_lab_hear_stale(struct core_lab *lab, unsigned i)
{
	say(lab, i, false);
}

/* Several steps as one call: `done` goes on from the first to the last. */
static unsigned begin(struct core_lab *lab)
{
	unsigned before = lab->depth;

	lab->done_count = before == 0 ? 0 : lab->done_count;
	lab->depth = before + 1;
	return before;
}

void core_lab_hear_all(struct core_lab *lab)
{
	unsigned before = begin(lab);

	for (unsigned i = 1; i < lab->config.member_count; i++) {
		core_lab_hear(lab, i);
	}
	lab->depth = before;
}

void core_lab_after_us(struct core_lab *lab, int64_t us)
{
	struct vrrp_time end = vrrp_time_add(lab->now, us);
	unsigned before = begin(lab);

	for (unsigned steps = 0; !vrrp_time_before(end, lab->core.deadline); steps++) {
		assert_true(steps < CORE_LAB_STEPS_MAX);
		lab->now = vrrp_time_max(lab->now, lab->core.deadline);
		core_lab_event(lab, VRRP_EVENT_TIMER, true);
	}
	lab->now = end;
	core_lab_event(lab, VRRP_EVENT_TIMER, true);
	lab->depth = before;
}

void core_lab_freeze_us(struct core_lab *lab, int64_t us)
{
	lab->now = vrrp_time_add(lab->now, us);
	core_lab_event(lab, VRRP_EVENT_TIMER, true);
}

void core_lab_grant(struct core_lab *lab, unsigned i)
{
	lab->peer[i].grant = (struct vrrp_report_grant){ .ballot = lab->mine.ballot,
		.incarnation = lab->mine.incarnation,
		.seq = lab->mine.seq,
		.remaining_ms = lab->mine.ask_ms,
		.to = lab->mine.sender };
	core_lab_hear(lab, i);
}

bool core_lab_ask_again(struct core_lab *lab, unsigned i)
{
	core_lab_hear(lab, i);
	return lab->mine.grant.to == lab->peer[i].sender && lab->mine.grant.seq == lab->peer[i].seq;
}

bool core_lab_ask(struct core_lab *lab, unsigned i)
{
	struct vrrp_report *report = &lab->peer[i];

	report->role = VRRP_ROLE_CANDIDATE;
	report->ask_ms = (uint32_t)(lab->config.lease_us / VRRP_US_PER_MS);
	report->ballot = (struct vrrp_ballot){ ++lab->counter, report->incarnation, report->sender };
	report->ballot_highest = report->ballot;
	return core_lab_ask_again(lab, i);
}

void core_lab_promoted(struct core_lab *lab, uint32_t timeline)
{
	lab->pg.in_recovery = false;
	lab->pg.position_known = false;
	lab->pg.streaming = false;
	lab->pg.receiver = false;
	lab->pg.upstream = VRRP_MEMBER_NONE;
	lab->pg.timeline = timeline;
	lab->pg.position += 0x100;
	vrrp_history_append(&lab->history,
		&(struct vrrp_timeline){ timeline, lab->pg.position - 0x100, UINT64_C(0xf000) + timeline });
	core_lab_sync_said(lab);
}

void core_lab_be_master(struct core_lab *lab, unsigned i, uint64_t counter, uint32_t timeline)
{
	struct vrrp_report *report = &lab->peer[i];

	report->role = VRRP_ROLE_MASTER;
	report->ballot = (struct vrrp_ballot){ counter, report->incarnation, report->sender };
	report->ballot_highest = report->ballot;
	report->epoch = report->ballot;
	report->flags = VRRP_FLAG_ELIGIBLE | VRRP_FLAG_PG_UP | VRRP_FLAG_POSITION_KNOWN | VRRP_FLAG_HEARD_HOLDER;
	report->ask_ms = 0;
	if (report->timeline != timeline) {
		vrrp_history_append(&report->history,
			&(struct vrrp_timeline){ timeline, report->position, UINT64_C(0xe000) + timeline });
		report->timeline = timeline;
		report->position += 0x100;
	}
	lab->counter = counter > lab->counter ? counter : lab->counter;
}

void core_lab_pg_done(struct core_lab *lab, bool ok)
{
	enum vrrp_pg_op op = lab->core.op;

	assert_int_not_equal(op, VRRP_PG_OP_NONE);
	if (ok && (op == VRRP_PG_OP_STOP_FAST || op == VRRP_PG_OP_STOP_IMMEDIATE)) {
		postgresql_is(lab, false);
	} else if (ok && op == VRRP_PG_OP_START_STANDBY) {
		postgresql_is(lab, true);
	} else if (ok && (op == VRRP_PG_OP_FOLLOW || op == VRRP_PG_OP_REWIND || op == VRRP_PG_OP_CLONE)) {
		postgresql_is(lab, true);
		lab->pg.receiver = true;
		lab->pg.streaming = true;
		lab->pg.no_upstream = false;
		lab->pg.position_known = false;
		lab->pg.upstream = lab->core.op_member;
	} else if (ok && op == VRRP_PG_OP_DETACH) {
		postgresql_is(lab, true);
	}
	core_lab_quorum_done(lab, op, ok);
	core_lab_step(
		lab, (struct vrrp_event){
			     .kind = VRRP_EVENT_PG_DONE, .ticket = lab->core.op_ticket, .ok = ok, .pg = lab->pg });
}

void core_lab_up(struct core_lab *lab, unsigned members, unsigned witnesses)
{
	core_lab_init(lab, members, witnesses);
	core_lab_start(lab);
	core_lab_hear_all(lab); /* believed from their first fresh report on */
	assert_int_equal(lab->core.role, VRRP_ROLE_BACKUP);
}

void core_lab_up_primary(struct core_lab *lab, unsigned members, unsigned witnesses)
{
	core_lab_init(lab, members, witnesses);
	lab->pg.in_recovery = false;
	lab->pg.position_known = false;
	core_lab_start(lab);
	assert_int_equal(lab->core.role, VRRP_ROLE_BACKUP);
}

void core_lab_stand(struct core_lab *lab)
{
	unsigned before = begin(lab);

	core_lab_hear_all(lab);
	for (unsigned i = 0; lab->core.role != VRRP_ROLE_CANDIDATE; i++) {
		assert_true(i < STEPS_DEEP_MAX);
		lab->now = vrrp_time_max(lab->now, lab->core.deadline);
		core_lab_event(lab, VRRP_EVENT_TIMER, true);
	}
	lab->depth = before;
}

void core_lab_elect(struct core_lab *lab)
{
	unsigned before = begin(lab);

	core_lab_stand(lab);
	lab->now = vrrp_time_add(lab->now, ROUND_TRIP_US);
	for (unsigned i = 1; i < lab->config.member_count && lab->core.role == VRRP_ROLE_CANDIDATE; i++) {
		core_lab_grant(lab, i);
	}
	lab->depth = before;
	assert_true(vrrp_role_holds(lab->core.role));
}

void core_lab_serve(struct core_lab *lab)
{
	unsigned before = begin(lab);

	core_lab_elect(lab);
	if (lab->core.op == VRRP_PG_OP_PROMOTE) {
		core_lab_promoted(lab, lab->pg.timeline + 1);
		core_lab_pg_done(lab, true);
	}
	lab->depth = before;
	assert_int_equal(lab->core.role, VRRP_ROLE_MASTER);
}

static void reply(struct core_lab *lab, unsigned mask)
{
	bool asked = lab->mine.ask_ms > 0;

	for (unsigned i = 1; i < lab->config.member_count; i++) {
		if ((mask & 1U << i) != 0 && asked) {
			core_lab_grant(lab, i);
		} else if ((mask & 1U << i) != 0) {
			core_lab_hear(lab, i);
		}
	}
}

void core_lab_run_us(struct core_lab *lab, int64_t us, unsigned mask)
{
	struct vrrp_time end = vrrp_time_add(lab->now, us);
	struct vrrp_time reply_at = vrrp_time_add(lab->now, ROUND_TRIP_US);
	unsigned before = begin(lab);

	for (unsigned steps = 0; vrrp_time_before(lab->now, end); steps++) {
		struct vrrp_time next = vrrp_time_min(vrrp_time_min(lab->core.deadline, reply_at), end);
		uint64_t seq = lab->core.sent.last_seq;

		assert_true(steps < CORE_LAB_STEPS_MAX);
		lab->now = vrrp_time_max(lab->now, next);
		if (next.us == reply_at.us) {
			reply_at = VRRP_TIME_NEVER;
			seq = lab->core.sent.last_seq;
			reply(lab, mask);
		} else {
			core_lab_event(lab, VRRP_EVENT_TIMER, true);
		}
		if (lab->core.sent.last_seq != seq) {
			reply_at = vrrp_time_min(reply_at, vrrp_time_add(lab->now, ROUND_TRIP_US));
		}
	}
	lab->depth = before;
}
