#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "vipd/postgres_internal.h"
#include "vrrp/addr.h"

struct pg_script *postgres_script(struct postgres *postgres)
{
	postgres->script.count = 0;
	return &postgres->script;
}

void postgres_say(struct postgres *postgres, enum vrrp_log_level level, const char *format, ...)
{
	char text[VIP_ERR_TEXT_MAX];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	postgres->callbacks.log(postgres->callbacks.user, level, text);
}

void postgres_order_end(struct postgres *postgres, bool ok, bool untouched, const struct vrrp_pg *pg)
{
	uint64_t ticket = postgres->ticket;

	postgres->op = VRRP_PG_OP_NONE;
	postgres->step = POSTGRES_STEP_NONE;
	postgres->callbacks.done(postgres->callbacks.user, ticket, ok, untouched, pg);
}

/* `code`: the negative errno of what failed. */
void postgres_order_fail(struct postgres *postgres, int code, const char *sentence)
{
	/* Stopping came first; the source was asked before pg_rewind was run (pg_rejoin.h). */
	bool untouched =
		postgres->step == POSTGRES_STEP_STOP || code == -EAGAIN || code == -ESTALE || code == -ENOTCONN;

	postgres_say(postgres, VRRP_LOG_ERR, "%s: %s", vrrp_pg_op_word(postgres->op), sentence);
	postgres_order_end(postgres, false, untouched, NULL);
}

static void target_of(const struct postgres *postgres, unsigned member, struct pg_follow_target *ret_target)
{
	const struct config_member *self = &postgres->instance->member[postgres->self];
	struct pg_follow_target target = { .port = 0 };

	(void)snprintf(target.member, sizeof(target.member), "%s", self->name);
	if (member != VRRP_MEMBER_NONE) {
		const struct config_member *holder = &postgres->instance->member[member];
		char text[VRRP_ADDR_TEXT_MAX];

		(void)snprintf(target.host, sizeof(target.host), "%s", vrrp_addr_format(&holder->address, text));
		target.port = holder->override.port != 0 ? holder->override.port : postgres->instance->postgresql.port;
		target.timeline = postgres->member_timeline;
		if (postgres_slot_is_wanted(postgres)) {
			pg_sync_slot_name(self->name, target.slot);
		}
	}
	*ret_target = target;
}

/* primary_conninfo for this member as the upstream; "" for nobody. */
static int conninfo_of(const struct postgres *postgres, unsigned member, const char *upstream, const char *dbname,
	char ret_conninfo[PG_CONNINFO_BYTES_MAX], struct vip_err *err)
{
	struct pg_follow_target target;

	if (member == VRRP_MEMBER_NONE) {
		ret_conninfo[0] = '\0';
		return 0;
	}
	target_of(postgres, member, &target);
	return pg_follow_conninfo(upstream, &target, dbname, ret_conninfo, err);
}

/* FOLLOW and DETACH: settings and reload over a connection. */
static int begin_follow(struct postgres *postgres, struct vrrp_time now, struct vip_err *err)
{
	unsigned member = postgres->op == VRRP_PG_OP_FOLLOW ? postgres->member : VRRP_MEMBER_NONE;
	const struct pg_state *state = pg_probe_state(postgres->probe);
	struct pg_script *script = postgres_script(postgres);
	char conninfo[PG_CONNINFO_BYTES_MAX];
	struct pg_follow_target target;
	enum pg_follow_act act;
	int code;

	postgres->slots.misses += member != VRRP_MEMBER_NONE ? 1 : 0;
	target_of(postgres, member, &target);
	code = conninfo_of(postgres, member, postgres->local.postgresql.upstream, NULL, conninfo, err);
	if (code < 0) {
		return code;
	}
	act = pg_follow_decide(state, conninfo, &target);
	if (act == PG_FOLLOW_NONE) {
		postgres_order_end(postgres, true, false, NULL);
		return 0;
	}
	code = pg_follow_script(act, conninfo, target.slot, state, script, err);
	if (code < 0) {
		return code;
	}
	return pg_task_start(postgres->task, postgres->local.postgresql.conninfo, script, POSTGRES_TASK_MS, now, err);
}

static int begin_stop(struct postgres *postgres, enum pg_stop_mode mode, struct vrrp_time now, struct vip_err *err)
{
	int64_t timeout_ms = mode == PG_STOP_FAST ? postgres->local.postgresql.switchover_timeout_us / VRRP_US_PER_MS
						  : POSTGRES_STOP_IMMEDIATE_MS;

	postgres->step = POSTGRES_STEP_STOP;
	return pg_rejoin_stop(
		postgres->rejoin, mode, true, pg_probe_postmaster_pidfd(postgres->probe), timeout_ms, now, err);
}

static int begin_start(struct postgres *postgres, unsigned member, struct vrrp_time now, struct vip_err *err)
{
	char conninfo[PG_CONNINFO_BYTES_MAX];
	struct pg_follow_target target;
	int code = conninfo_of(postgres, member, postgres->local.postgresql.upstream, NULL, conninfo, err);

	if (code < 0) {
		return code;
	}
	target_of(postgres, member, &target);
	postgres->step = POSTGRES_STEP_START;
	return pg_rejoin_start(postgres->rejoin, conninfo, target.slot, POSTGRES_START_MS, now, err);
}

static int begin_copy(struct postgres *postgres, struct vrrp_time now, struct vip_err *err)
{
	const struct config_postgresql *config = &postgres->local.postgresql;
	bool own = config->rewind_conninfo[0] != '\0';
	char conninfo[PG_CONNINFO_BYTES_MAX];
	int code;

	postgres->step = POSTGRES_STEP_COPY;
	if (postgres->op == VRRP_PG_OP_CLONE) {
		code = conninfo_of(postgres, postgres->member, config->upstream, NULL, conninfo, err);
	} else {
		code = conninfo_of(postgres, postgres->member, own ? config->rewind_conninfo : config->upstream,
			own ? NULL : "postgres", conninfo, err);
	}
	if (code < 0) {
		return code;
	}
	if (postgres->op == VRRP_PG_OP_CLONE) {
		struct pg_follow_target target;

		postgres->slots.misses++;
		target_of(postgres, postgres->member, &target);
		return pg_rejoin_clone(postgres->rejoin, conninfo, target.slot, PG_REJOIN_CLONE_TIMEOUT_MS, now, err);
	}
	return pg_rejoin_rewind(postgres->rejoin, conninfo, postgres->member_timeline, postgres->seen.system_identifier,
		PG_REJOIN_REWIND_TIMEOUT_MS, now, err);
}

static void begin(struct postgres *postgres, struct vrrp_time now)
{
	struct vip_err err;
	int code = 0;

	switch (postgres->op) {
	case VRRP_PG_OP_PROMOTE:
		code = pg_probe_promote(postgres->probe, now, postgres->order_deadline, &err);
		pg_probe_promote_latest_set(postgres->probe, postgres->order_latest);
		break;
	case VRRP_PG_OP_STOP_IMMEDIATE:
		code = begin_stop(postgres, PG_STOP_IMMEDIATE, now, &err);
		break;
	case VRRP_PG_OP_STOP_FAST:
	case VRRP_PG_OP_REWIND:
		code = begin_stop(postgres, PG_STOP_FAST, now, &err);
		break;
	case VRRP_PG_OP_CLONE:
		code = begin_stop(postgres, PG_STOP_IMMEDIATE, now, &err);
		break;
	case VRRP_PG_OP_START_STANDBY:
		code = begin_start(postgres, VRRP_MEMBER_NONE, now, &err);
		break;
	case VRRP_PG_OP_DETACH:
	case VRRP_PG_OP_FOLLOW:
		code = begin_follow(postgres, now, &err);
		break;
	case VRRP_PG_OP_SYNC_NAMES:
	case VRRP_PG_OP_DROP_SENDERS:
	case VRRP_PG_OP_SEAL:
		code = postgres_sync_begin(postgres, now, &err);
		break;
	case VRRP_PG_OP_NONE:
	case VRRP_PG_OP_CHECKPOINT:
	case VRRP_PG_OP_COUNT:
	default:
		assert(!"not an order with an end");
	}
	if (code < 0) {
		postgres_order_fail(postgres, code, err.text);
	}
}

/* Somebody may wait for it; one that began before it was asked for, the background one, does as well. */
static void checkpointed(struct postgres *postgres, bool ok)
{
	uint64_t ticket = postgres->checkpoint_ticket;

	postgres->checkpoint_ticket = 0;
	if (ticket != 0) {
		postgres->callbacks.done(postgres->callbacks.user, ticket, ok, false, NULL);
	}
}

static void checkpoint(struct postgres *postgres, struct vrrp_time now)
{
	struct pg_script *script = postgres_script(postgres);
	struct vip_err err = { "" };

	postgres->checkpoint_at = VRRP_TIME_NEVER;
	if (postgres->checkpointing) {
		return;
	}
	if (pg_script_add(script, "CHECKPOINT") < 0 ||
		pg_task_start(postgres->background, postgres->local.postgresql.conninfo, script, POSTGRES_CHECKPOINT_MS,
			now, &err) < 0) {
		postgres_say(postgres, VRRP_LOG_WARNING, "CHECKPOINT: %s", err.text);
		checkpointed(postgres, false);
		return;
	}
	postgres->checkpointing = true;
}

void postgres_order(struct postgres *postgres, const struct postgres_order *order, struct vrrp_time now)
{
	if (order->op == VRRP_PG_OP_CHECKPOINT) {
		postgres->checkpoint_ticket = order->ticket;
		postgres->checkpoint_at = vrrp_time_add(now, order->ticket != 0 ? 0 : POSTGRES_CHECKPOINT_PAUSE_US);
		return;
	}
	if (order->op == VRRP_PG_OP_STOP_IMMEDIATE || order->op == VRRP_PG_OP_STOP_FAST) {
		postgres->checkpoint_at = VRRP_TIME_NEVER;
		postgres->checkpoint_ticket = 0; /* overtaken */
	}
	if (postgres->op == VRRP_PG_OP_DETACH || postgres->op == VRRP_PG_OP_FOLLOW) {
		pg_task_cancel(postgres->task);
	} else if (postgres->step != POSTGRES_STEP_NONE) {
		pg_rejoin_cancel(postgres->rejoin, now);
		postgres->cancelling = true;
	}
	postgres_sync_cancel(postgres);
	pg_probe_promote_cancel(postgres->probe); /* not sent yet: never; sent: what it says is no more than a probe */
	postgres->op = order->op;
	postgres->member = order->member;
	postgres->member_timeline = order->timeline;
	postgres->sync_set = order->sync_set;
	postgres->sync_k = order->sync_k;
	postgres->ticket = order->ticket;
	postgres->order_latest = order->latest;
	postgres->order_deadline = order->deadline;
	postgres->step = POSTGRES_STEP_NONE;
	postgres->fast_until = vrrp_time_add(now, POSTGRES_FAST_US);
	if (!postgres->cancelling) {
		begin(postgres, now);
	}
}

/* Stopped, and its data directory was looked at: was it shut down cleanly, and where does its WAL end? */
static void stopped(struct postgres *postgres, bool ok, struct vrrp_time now)
{
	struct vrrp_pg pg = { .upstream = VRRP_MEMBER_NONE };

	postgres->gone = true;
	if (ok) {
		postgres_down_note(postgres, pg_rejoin_report(postgres->rejoin), false);
		postgres_down_seen(postgres, &pg);
	} else {
		postgres_say(postgres, VRRP_LOG_WARNING, "after the stop: %s", pg_rejoin_sentence(postgres->rejoin));
	}
	pg.gone = true;
	pg_probe_now(postgres->probe, now);
	postgres_order_end(postgres, true, false, &pg);
}

/* A step of a rejoin operation has ended. */
static void step_done(struct postgres *postgres, bool ok, struct vrrp_time now)
{
	bool copies = postgres->op == VRRP_PG_OP_REWIND || postgres->op == VRRP_PG_OP_CLONE;
	struct vip_err err = { "" };
	int code = 0;

	if (postgres->step == POSTGRES_STEP_LOOK) {
		stopped(postgres, ok, now);
		return;
	}
	if (!ok) {
		postgres_order_fail(postgres, pg_rejoin_error(postgres->rejoin), pg_rejoin_sentence(postgres->rejoin));
		return;
	}
	if (postgres->step == POSTGRES_STEP_STOP && copies) {
		code = begin_copy(postgres, now, &err);
	} else if (postgres->step == POSTGRES_STEP_COPY) {
		code = begin_start(postgres, postgres->member, now, &err);
	} else if (postgres->step == POSTGRES_STEP_SEAL) {
		postgres_down_note(postgres, pg_rejoin_report(postgres->rejoin), true);
		postgres->gone = true;
		postgres_down_seen(postgres, &postgres->seen);
		postgres->callbacks.seen(postgres->callbacks.user, &postgres->seen);
		postgres_order_end(postgres, postgres->down.sealed, false, NULL);
	} else if (postgres->op == VRRP_PG_OP_STOP_FAST) {
		postgres->step = POSTGRES_STEP_LOOK;
		code = pg_rejoin_inspect(postgres->rejoin, 0, POSTGRES_INSPECT_MS, now, &err);
	} else {
		postgres->gone = postgres->step == POSTGRES_STEP_STOP;
		pg_probe_now(postgres->probe, now);
		postgres_order_end(postgres, true, false, NULL);
	}
	if (code < 0) {
		postgres_order_fail(postgres, code, err.text);
	}
}

/* Takes the ends of tasks and rejoin operations. */
void postgres_order_run(struct postgres *postgres, struct vrrp_time now)
{
	enum pg_rejoin_status status = pg_rejoin_run(postgres->rejoin, now);
	enum pg_task_status task;

	if (status != PG_REJOIN_RUNNING && postgres->cancelling) {
		postgres->cancelling = false;
		begin(postgres, now);
	} else if (postgres->step != POSTGRES_STEP_NONE && (status == PG_REJOIN_DONE || status == PG_REJOIN_FAILED)) {
		step_done(postgres, status == PG_REJOIN_DONE, now);
	}
	postgres_sync_run(postgres, now);
	task = pg_task_run(postgres->task, now);
	if ((postgres->op == VRRP_PG_OP_FOLLOW || postgres->op == VRRP_PG_OP_DETACH) &&
		(task == PG_TASK_DONE || task == PG_TASK_FAILED)) {
		if (task == PG_TASK_FAILED) {
			postgres_order_fail(postgres, -EIO, pg_task_sentence(postgres->task));
		} else {
			pg_probe_now(postgres->probe, now);
			postgres_order_end(postgres, true, false, NULL);
		}
	}
	if (!vrrp_time_before(now, postgres->checkpoint_at)) {
		checkpoint(postgres, now);
	}
	task = pg_task_run(postgres->background, now);
	if (postgres->checkpointing && task != PG_TASK_RUNNING) {
		postgres->checkpointing = false;
		if (task == PG_TASK_FAILED) {
			postgres_say(
				postgres, VRRP_LOG_WARNING, "CHECKPOINT: %s", pg_task_sentence(postgres->background));
		}
		checkpointed(postgres, task == PG_TASK_DONE);
	}
}
