#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "vipd/postgres_internal.h"
#include "vrrp/addr.h"

/* The member whose address the WAL receiver is connected to; VRRP_MEMBER_NONE if it is nobody's. */
static uint8_t upstream_member(const struct postgres *postgres, const struct pg_state *state)
{
	struct vrrp_addr addr;

	if (!state->receiver_present || vrrp_addr_parse(state->upstream_host, &addr) < 0) {
		return VRRP_MEMBER_NONE;
	}
	for (size_t i = 0; i < postgres->instance->member_count; i++) {
		if (vrrp_addr_equal(&postgres->instance->member[i].address, &addr)) {
			return (uint8_t)i;
		}
	}
	return VRRP_MEMBER_NONE;
}

/*
 * The current timeline, or 0 while it is not known for certain. On a standby without a WAL receiver SQL gives a lower
 * bound only; what was known exactly of the same postmaster still holds, otherwise the data directory is asked.
 */
static uint32_t exact_timeline(struct postgres *postgres, const struct pg_state *state, struct vrrp_time now)
{
	if (state->timeline_exact) {
		postgres->timeline = state->timeline;
		postgres->timeline_start_us = state->postmaster_start_us;
	} else if (postgres->timeline_start_us != state->postmaster_start_us || postgres->timeline < state->timeline) {
		postgres_inspect(postgres, 0, now);
		return 0;
	}
	return postgres->timeline;
}

void postgres_on_state(struct postgres *postgres, struct vrrp_time now)
{
	const struct pg_state *state = pg_probe_state(postgres->probe);
	struct vrrp_pg pg = { .up = true, .upstream = VRRP_MEMBER_NONE };

	pg.in_recovery = state->in_recovery;
	pg.replay_paused = state->replay_paused;
	pg.position = state->position;
	pg.position_known = state->position_known;
	pg.streaming = state->streaming;
	pg.receiver = state->receiver_present;
	pg.upstream = upstream_member(postgres, state);
	pg.system_identifier = state->system_identifier;
	pg.replayed = state->in_recovery ? state->replayed_lsn : state->flush_lsn;
	pg.replay_lag_ms = state->replay_lag_ms < 0 ? 0 : (uint32_t)state->replay_lag_ms;
	pg.timeline = exact_timeline(postgres, state, now);
	postgres_sync_seen(state, &pg);
	postgres_slots_seen(postgres, state, now);
	postgres->slots.misses = pg.streaming ? 0 : postgres->slots.misses;
	if (!postgres->ever_seen || postgres->down_reported) {
		postgres_say(postgres, VRRP_LOG_INFO, "PostgreSQL answers: %s, timeline %u",
			pg.in_recovery ? "standby" : "primary", state->timeline);
	}
	if (pg_probe_postmaster(postgres->probe) == 0) {
		postgres_inspect(
			postgres, 0, now); /* over TCP nobody tells the postmaster's pid but its data directory */
	}
	if (postgres->locked_out) {
		postgres_say(postgres, VRRP_LOG_NOTICE, "PostgreSQL lets us in again");
	}
	postgres->ever_seen = true;
	postgres->locked_out = false;
	postgres->down_reported = false;
	postgres->gone = false;
	postgres->down.known = false;
	postgres->sentence[0] = '\0';
	postgres->seen = pg;
}

/* It runs, and says so: all connections are taken, or our role or password is not right. */
static bool is_lock_out(enum pg_reason reason)
{
	return reason == PG_REASON_TOO_MANY || reason == PG_REASON_AUTHENTICATION;
}

/*
 * A primary whose postmaster lives and answers, if only that all connections are taken or that our role or password is
 * not right: what was seen last still holds, and its clients are not disturbed for it. Of a standby it does not do, it
 * could not be promoted.
 */
static bool is_only_locked_out(const struct postgres *postgres, enum pg_reason reason)
{
	return is_lock_out(reason) && postgres->seen.up && !postgres->seen.in_recovery;
}

/* Locked out since this daemon started: only the data directory can tell whether it is a primary. */
static bool is_unseen_behind_a_lock(const struct postgres *postgres)
{
	return is_lock_out(pg_probe_reason(postgres->probe)) && !postgres->ever_seen && !postgres->seen.up;
}

/*
 * PostgreSQL accepts connections, or it would not refuse ours by that reason; pg_control says "in production", which is
 * written when recovery has ended, and no signal file makes the next start a standby: a primary at work. Its position
 * is not known; it has more than its last checkpoint. What its standbys received from it they do not hold against it.
 */
static bool take_primary_from_disk(
	struct postgres *postgres, const struct pg_datadir_report *report, struct vrrp_time now)
{
	if (!is_unseen_behind_a_lock(postgres) || !report->postmaster_alive || !report->control_known ||
		report->control.state != PG_CONTROL_IN_PRODUCTION || report->standby_signal ||
		report->recovery_signal) {
		return false;
	}
	postgres->seen = (struct vrrp_pg){ .up = true,
		.upstream = VRRP_MEMBER_NONE,
		.system_identifier = report->control.system_identifier,
		.timeline = report->timeline,
		.position = report->control.checkpoint_lsn,
		.replayed = report->control.checkpoint_lsn };
	(void)pg_probe_postmaster_set(postgres->probe, report->postmaster_pid, NULL);
	postgres->locked_out = true;
	postgres->down_reported = false;
	postgres->inspect_again = vrrp_time_add(now, POSTGRES_INSPECT_AGAIN_US);
	postgres_say(postgres, VRRP_LOG_ERR, "PostgreSQL runs as a primary but lets us not in: %s", postgres->sentence);
	postgres->callbacks.seen(postgres->callbacks.user, &postgres->seen);
	return true;
}

bool postgres_on_down(struct postgres *postgres, struct vrrp_time now)
{
	enum pg_reason reason = pg_probe_reason(postgres->probe);
	struct vrrp_pg pg = { .upstream = VRRP_MEMBER_NONE };

	(void)snprintf(postgres->sentence, sizeof(postgres->sentence), "%s: %s", pg_reason_name(reason),
		pg_probe_sentence(postgres->probe));
	if (is_only_locked_out(postgres, reason)) {
		postgres_say(postgres, VRRP_LOG_ERR, "PostgreSQL runs but lets us not in: %s", postgres->sentence);
		postgres->locked_out = true;
		return true;
	}
	if (is_unseen_behind_a_lock(postgres) && !postgres->lock_judged) {
		postgres_inspect(postgres, 0, now);
		if (postgres->inspecting) {
			return false; /* a holder that is told of one that is down lets go */
		}
	}
	postgres->locked_out = false;
	if (!postgres->down_reported) {
		postgres_say(postgres, VRRP_LOG_WARNING, "PostgreSQL does not answer: %s", postgres->sentence);
	}
	postgres->down_reported = true;
	if (reason == PG_REASON_DOWN && !postgres->gone) {
		postgres_inspect(postgres, 0, now); /* nobody listens: is there a postmaster at all? */
	}
	pg.starting = reason == PG_REASON_STARTING;
	pg.gone = postgres->gone;
	pg.faults = reason == PG_REASON_TIMEOUT ? VRRP_FAULT_BIT(VRRP_FAULT_PG_HUNG) : 0;
	pg.in_recovery = postgres->seen.in_recovery;
	pg.system_identifier = postgres->seen.system_identifier;
	postgres_down_seen(postgres, &pg);
	postgres->seen = pg;
	return true;
}

bool postgres_must_inspect(const struct postgres *postgres)
{
	return !postgres->inspecting && !postgres->gone && postgres->down_reported && postgres->op == VRRP_PG_OP_NONE &&
	       (pg_probe_reason(postgres->probe) == PG_REASON_DOWN || is_unseen_behind_a_lock(postgres));
}

void postgres_inspect(struct postgres *postgres, uint32_t timeline, struct vrrp_time now)
{
	struct vip_err err;

	if (postgres->inspecting || vrrp_time_before(now, postgres->inspect_again)) {
		return;
	}
	if (pg_rejoin_inspect(postgres->inspector, timeline, POSTGRES_INSPECT_MS, now, &err) < 0) {
		postgres_say(postgres, VRRP_LOG_WARNING, "the data directory could not be inspected: %s", err.text);
		postgres->inspect_again = vrrp_time_add(now, POSTGRES_INSPECT_AGAIN_US);
		if (postgres->inspect_for_history) {
			struct vrrp_history none = { 0 };

			postgres->inspect_for_history = false;
			postgres->callbacks.history(postgres->callbacks.user, &none);
		}
		return;
	}
	postgres->inspecting = true;
}

/* No primary was found behind the lock: it is told as down, once. */
static void judge_lock(struct postgres *postgres, struct vrrp_time now)
{
	if (is_unseen_behind_a_lock(postgres) && !postgres->lock_judged) {
		postgres->lock_judged = true;
		(void)postgres_on_down(postgres, now);
		postgres->callbacks.seen(postgres->callbacks.user, &postgres->seen);
	}
}

/* What the helper read: the history for the core, the exact timeline, or that no postmaster is there. */
void postgres_on_inspected(struct postgres *postgres, bool ok, struct vrrp_time now)
{
	const struct pg_datadir_report *report = pg_rejoin_report(postgres->inspector);
	const struct pg_state *state = pg_probe_state(postgres->probe);
	struct vrrp_history none = { 0 };

	postgres->inspecting = false;
	if (!ok) {
		judge_lock(postgres, now);
		postgres_say(postgres, VRRP_LOG_WARNING, "the data directory could not be inspected: %s",
			pg_rejoin_sentence(postgres->inspector));
		postgres->inspect_again = vrrp_time_add(now, POSTGRES_INSPECT_AGAIN_US);
	} else if (postgres->seen.up) {
		if (pg_probe_postmaster(postgres->probe) == 0 && report->postmaster_alive) {
			(void)pg_probe_postmaster_set(postgres->probe, report->postmaster_pid, NULL);
		}
		postgres->timeline = report->timeline;
		postgres->timeline_start_us = state->postmaster_start_us;
		postgres->inspect_again = vrrp_time_add(now, POSTGRES_FAST_MS * VRRP_US_PER_MS);
		pg_probe_now(postgres->probe, now);
	} else if (!report->postmaster_alive && report->orphans == 0 &&
		   pg_probe_reason(postgres->probe) == PG_REASON_DOWN) {
		postgres->gone = true;
		postgres->seen.gone = true;
		postgres_down_note(postgres, report, false);
		postgres_down_seen(postgres, &postgres->seen);
		postgres->callbacks.seen(postgres->callbacks.user, &postgres->seen);
	} else if (!take_primary_from_disk(postgres, report, now)) {
		judge_lock(postgres, now);
		postgres->inspect_again = vrrp_time_add(now, POSTGRES_INSPECT_AGAIN_US / 4);
	}
	if (postgres->inspect_for_history) {
		postgres->inspect_for_history = false;
		postgres->callbacks.history(postgres->callbacks.user, ok ? &report->history : &none);
	}
}
