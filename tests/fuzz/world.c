#include "tests/fuzz/world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CALLS_DEEP_MAX 8 /* of an answer that is given at once and makes another */

static void peers_begin(struct world *w)
{
	for (unsigned i = 0; i < w->config.member_count; i++) {
		const struct vrrp_member_config *member = &w->config.member[i];
		struct vrrp_report *report = &w->peer[i];

		*report = (struct vrrp_report){ .vrid = w->config.vrid,
			.sender = member->id,
			.incarnation = 100 + i,
			.role = member->witness ? VRRP_ROLE_WITNESS : VRRP_ROLE_BACKUP,
			.priority = member->priority };
		memcpy(report->digest, w->config.digest, sizeof(report->digest));
		if (!member->witness) {
			report->flags = VRRP_FLAG_ELIGIBLE | VRRP_FLAG_PG_UP | VRRP_FLAG_IN_RECOVERY |
					VRRP_FLAG_POSITION_KNOWN | VRRP_FLAG_LOOKED;
			report->system_identifier = WORLD_SYSTEM;
			report->timeline = 1;
			report->position = WORLD_LSN;
			report->history = (struct vrrp_history){ .count = 1, .entry = { { .timeline = 1 } } };
		}
	}
}

static void start(struct world *w, bool readable)
{
	static uint64_t starts; /* of the incarnations only; what is done with them does not depend on the number */
	struct vrrp_event event = { .kind = VRRP_EVENT_START, .readable = readable };

	starts = starts % 1000 + 1;
	if (readable) {
		event.stored = w->disk;
	}
	event.token = w->token;
	w->token = (struct vrrp_token){ 0 };
	w->token_waits = false;
	vrrp_core_init(&w->core, &w->config, 0x1000 + starts, 1);
	core_monitor_init(&w->monitor);
	w->monitor.durable = (struct core_monitor_write){ 0, event.stored.epoch, event.stored.promoting };
	w->stores = 0;
	w->fence_waits = false;
	w->history_waits = false;
	w->probe_waits = false;
	w->ended = false;
	world_step(w, &event);
}

void world_init(struct world *w, struct input *input)
{
	memset(w, 0, sizeof(*w));
	world_config_choose(&w->config, input);
	w->now = (struct vrrp_time){ input_below(input, 8) == 7 ? 1 : 1000 * VRRP_US_PER_S };
	w->history = (struct vrrp_history){ .count = 1, .entry = { { .timeline = 1 } } };
	w->pg = (struct vrrp_pg){ .up = true,
		.in_recovery = input_below(input, 4) != 3,
		.position_known = true,
		.upstream = VRRP_MEMBER_NONE,
		.timeline = 1,
		.system_identifier = WORLD_SYSTEM,
		.position = WORLD_LSN,
		.replayed = WORLD_LSN,
		.fsync_on = true };
	peers_begin(w);
	world_disk_choose(&w->disk, &w->config, input);
	start(w, input_below(input, 8) != 7);
}

static void note_store(struct world *w, uint64_t ticket)
{
	if (w->stores == WORLD_STORES_MAX) {
		memmove(&w->store[0], &w->store[1], sizeof(w->store[0]) * (WORLD_STORES_MAX - 1));
		w->stores--;
	}
	w->store[w->stores++] = (struct world_store){ ticket, w->core.stored };
}

static void note_actions(struct world *w, const struct vrrp_update *update)
{
	for (unsigned i = 0; i < update->count; i++) {
		switch (update->action[i].kind) {
		case VRRP_ACT_STORE:
			note_store(w, update->action[i].ticket);
			break;
		case VRRP_ACT_TOKEN:
			w->writing = w->core.token;
			w->token_waits = true;
			break;
		case VRRP_ACT_FENCE:
			w->fence_waits = true;
			break;
		case VRRP_ACT_READ_HISTORY:
			w->history_waits = true;
			break;
		case VRRP_ACT_PROBE:
			w->probe_waits = true;
			break;
		case VRRP_ACT_EXIT:
			w->ended = true;
			break;
		default:
			break;
		}
	}
}

static void judge(struct world *w, const struct vrrp_event *event, const struct vrrp_update *update)
{
	const char *wrong = core_monitor_after(&w->monitor, &w->core, event, update);
	char line[256];

	if (wrong == NULL && vrrp_role_holds(w->core.role) &&
		vrrp_time_before(vrrp_core_lease_end(&w->core), update->deadline)) {
		wrong = "the deadline is beyond the lease's end";
	}
	if (wrong == NULL) {
		return;
	}
	(void)vrrp_trace_event(line, sizeof(line), &w->monitor.before, event);
	fprintf(stderr, "wrong: %s\nat %lld us: %s\n", wrong, (long long)event->now.us, line);
	for (unsigned i = 0; i < update->count; i++) {
		(void)vrrp_trace_action(line, sizeof(line), &w->core, &update->action[i]);
		fprintf(stderr, "  %s\n", line);
	}
	abort();
}

void world_step(struct world *w, struct vrrp_event *event)
{
	struct vrrp_update update;

	if (w->ended) {
		return;
	}
	event->now = w->now;
	core_monitor_before(&w->monitor, &w->core);
	vrrp_core_step(&w->core, event, &update);
	if (getenv("FUZZ_CORE_TRACE") != NULL) {
		char line[256];

		(void)vrrp_trace_event(line, sizeof(line), &w->monitor.before, event);
		fprintf(stderr, "%lld %s\n", (long long)event->now.us, line);
		for (unsigned i = 0; i < update.count; i++) {
			(void)vrrp_trace_action(line, sizeof(line), &w->core, &update.action[i]);
			fprintf(stderr, "    %s\n", line);
		}
	}
	judge(w, event, &update);
	note_actions(w, &update);
}

void world_crash(struct world *w, unsigned how)
{
	if ((how & 1) != 0) { /* another boot */
		w->disk.serving_this_boot = false;
		w->disk.long_grant_this_boot = false;
		w->token.this_boot = false;
	}
	w->now = vrrp_time_add(w->now, 1);
	start(w, (how & 0x30) != 0x30);
}

void world_probe(struct world *w)
{
	struct vrrp_event event = { .kind = VRRP_EVENT_PG, .pg = w->pg };

	w->probe_waits = false;
	world_step(w, &event);
}

void world_stored(struct world *w, bool ok, bool stray)
{
	struct vrrp_event event = { .kind = VRRP_EVENT_STORED, .ok = ok };

	if (stray || w->stores == 0) {
		event.ok = false; /* of no use to anybody */
		event.ticket = 0;
	} else {
		event.ticket = w->store[0].ticket;
		w->disk = ok ? w->store[0].stored : w->disk;
		w->stores--;
		memmove(&w->store[0], &w->store[1], sizeof(w->store[0]) * w->stores);
	}
	world_step(w, &event);
}

void world_token_done(struct world *w, bool ok, bool stray)
{
	struct vrrp_event event = { .kind = VRRP_EVENT_TOKEN, .ticket = w->core.token_ticket, .ok = ok };

	if (stray || !w->token_waits) {
		event.ticket = 0;
		event.ok = false;
	} else if (ok) {
		w->token = w->writing;
		w->token.this_boot = true;
	}
	w->token_waits = w->token_waits && stray;
	world_step(w, &event);
}

void world_say(struct world *w, unsigned i, bool fresh)
{
	struct vrrp_report *report = &w->peer[i % w->config.member_count];
	struct vrrp_event event = { .kind = VRRP_EVENT_REPORT, .member = (uint8_t)i, .report = report };

	report->seq = report->seq == UINT64_MAX ? 1 : report->seq + 1;
	if (fresh) {
		report->echo_count = 1;
		report->echo[0] = (struct vrrp_report_echo){ .member = w->config.member[w->config.self].id,
			.believed_incarnation = w->core.incarnation,
			.believed_seq = w->core.sent.last_seq };
	}
	world_step(w, &event);
}

void world_ask(struct world *w, unsigned i, unsigned again)
{
	struct vrrp_report *report = &w->peer[i % w->config.member_count];

	if ((again & 1) == 0) {
		report->role = VRRP_ROLE_CANDIDATE;
		report->ballot = (struct vrrp_ballot){ w->core.counter_seen + 1, report->incarnation, report->sender };
	}
	report->ask_ms = (uint32_t)(w->config.lease_us / VRRP_US_PER_MS);
	world_say(w, i, true);
}

void world_pg_dies(struct world *w)
{
	w->pg.up = false;
	w->pg.gone = true;
	w->pg.starting = false;
	w->pg.position_known = false;
	w->pg.streaming = false;
	w->pg.receiver = false;
}

static void pg_runs_as_standby(struct world *w)
{
	w->pg.up = true;
	w->pg.gone = false;
	w->pg.starting = false;
	w->pg.in_recovery = true;
	w->pg.position_known = true;
	w->pg.streaming = false;
	w->pg.receiver = false;
	w->pg.upstream = VRRP_MEMBER_NONE;
	w->pg.no_upstream = true;
	w->pg.sealed = false;
	w->pg.sync = (struct vrrp_pg_sync){ 0 };
}

/* What a primary says of its standbys after an order about them: the named ones are there, nobody else counts. */
static void pg_names(struct world *w, bool list)
{
	w->pg.sync = (struct vrrp_pg_sync){ .known = !w->pg.in_recovery,
		.listed = true,
		.named = list ? w->core.sync_set : w->pg.sync.named,
		.k = list ? w->core.sync_k : w->pg.sync.k,
		.settings_ok = true };
	w->pg.sync.counted = w->pg.sync.named;
	w->pg.sync.senders = w->pg.sync.named;
}

void world_pg_follows_order(struct world *w, bool ok)
{
	if (!ok) {
		return;
	}
	switch (w->core.op) {
	case VRRP_PG_OP_PROMOTE:
		w->pg.in_recovery = false;
		w->pg.up = true;
		w->pg.gone = false;
		w->pg.receiver = false;
		w->pg.streaming = false;
		w->pg.timeline = w->history.entry[w->history.count > 0 ? w->history.count - 1 : 0].timeline + 1;
		vrrp_history_append(&w->history,
			&(struct vrrp_timeline){ w->pg.timeline, w->pg.position, 0xf000 + w->pg.timeline });
		w->pg.position += 0x100;
		pg_names(w, false);
		break;
	case VRRP_PG_OP_SYNC_NAMES:
	case VRRP_PG_OP_DROP_SENDERS:
		pg_names(w, w->core.op == VRRP_PG_OP_SYNC_NAMES);
		break;
	case VRRP_PG_OP_SEAL:
		w->pg.sealed = true;
		w->pg.no_upstream = true;
		break;
	case VRRP_PG_OP_STOP_FAST:
	case VRRP_PG_OP_STOP_IMMEDIATE:
		world_pg_dies(w);
		w->pg.position_known = w->core.op == VRRP_PG_OP_STOP_FAST;
		w->pg.no_upstream = true;
		break;
	case VRRP_PG_OP_START_STANDBY:
	case VRRP_PG_OP_DETACH:
		pg_runs_as_standby(w);
		break;
	case VRRP_PG_OP_FOLLOW:
	case VRRP_PG_OP_REWIND:
	case VRRP_PG_OP_CLONE:
		pg_runs_as_standby(w);
		w->pg.receiver = true;
		w->pg.streaming = true;
		w->pg.no_upstream = false;
		w->pg.position_known = false;
		w->pg.upstream = w->core.op_member;
		break;
	default:
		break;
	}
}

/* Everything that waits for an answer gets a good one. */
static void answer(struct world *w)
{
	for (unsigned i = 0; i < CALLS_DEEP_MAX && !w->ended; i++) {
		struct vrrp_event event = { .ok = true };

		if (w->stores > 0) {
			world_stored(w, true, false);
		} else if (w->token_waits) {
			world_token_done(w, true, false);
		} else if (w->probe_waits) {
			world_probe(w);
		} else if (w->history_waits) {
			w->history_waits = false;
			event.kind = VRRP_EVENT_HISTORY;
			event.history = w->history;
			world_step(w, &event);
		} else if (w->fence_waits) {
			w->fence_waits = false;
			event.kind = VRRP_EVENT_FENCED;
			event.ticket = w->core.wait_ticket;
			world_step(w, &event);
		} else if (w->core.op != VRRP_PG_OP_NONE) {
			world_pg_follows_order(w, true);
			event.kind = VRRP_EVENT_PG_DONE;
			event.ticket = w->core.op_ticket;
			event.pg = w->pg;
			world_step(w, &event);
		} else {
			return;
		}
	}
}

void world_friendly(struct world *w, unsigned count, unsigned mask)
{
	for (unsigned n = 0; n < count && !w->ended; n++) {
		struct vrrp_event event = { .kind = VRRP_EVENT_TIMER };

		w->now = vrrp_time_max(w->now, w->core.deadline);
		world_step(w, &event);
		answer(w);
		w->now = vrrp_time_add(w->now, 100);
		for (unsigned i = 0; i < w->config.member_count; i++) {
			if (i == w->config.self || (mask >> i & 1) != 0) {
				continue;
			}
			if (w->core.role == VRRP_ROLE_PROMOTING) {
				w->peer[i].voucher = (struct vrrp_report_voucher){
					.ballot = w->core.ballot, .position = w->pg.position, .answer = 1
				};
			}
			if (w->monitor.report.ask_ms > 0) {
				w->peer[i].grant = (struct vrrp_report_grant){ .ballot = w->core.ballot,
					.incarnation = w->core.incarnation,
					.seq = w->core.sent.last_seq,
					.remaining_ms = w->monitor.report.ask_ms,
					.to = w->config.member[w->config.self].id };
			}
			world_say(w, i, true);
		}
		answer(w);
	}
}
