#include <stdio.h>
#include <string.h>

#include "checks/pg_slot.h"
#include "vipd/postgres_internal.h"

#define SLOTS_AGAIN_US (10 * VRRP_US_PER_S)
#define SLOTS_PAUSE_US                                                                                                 \
	(50 * VRRP_US_PER_MS) /* after a promotion: clients come first, and the slots are there already */
#define SLOTS_TASK_MS 10000

/* Behind a change of role at once, otherwise now and then. */
void postgres_slots_seen(struct postgres *postgres, const struct pg_state *state, struct vrrp_time now)
{
	struct postgres_slots *slots = &postgres->slots;

	if (!slots->looked || slots->in_recovery != state->in_recovery) {
		slots->looked = true;
		slots->in_recovery = state->in_recovery;
		slots->next = vrrp_time_add(now, SLOTS_PAUSE_US);
	}
}

static void start(struct postgres *postgres, bool creating, struct vrrp_time now)
{
	struct postgres_slots *slots = &postgres->slots;
	struct pg_script *script = postgres_script(postgres);
	uint16_t others = (uint16_t)(((1U << postgres->members.count) - 1) & ~(1U << postgres->self));
	struct vip_err err = { "" };
	int code;

	script->count = 1;
	code = creating ? pg_slot_create_sql(&postgres->members, others, script->sql[0], sizeof(script->sql[0]))
			: pg_slot_drop_sql(postgres->local.postgresql.max_slot_keep_bytes, script->sql[0],
				  sizeof(script->sql[0]));
	slots->creating = creating;
	slots->next = vrrp_time_add(now, SLOTS_AGAIN_US);
	if (code == 0) {
		code = pg_task_start(
			slots->task, postgres->local.postgresql.conninfo, script, SLOTS_TASK_MS, now, &err);
	}
	slots->running = code == 0;
}

/* Said once until it works again: it is tried every few seconds. */
static void failed(struct postgres *postgres, const char *sentence)
{
	if (!postgres->slots.told) {
		postgres->slots.told = true;
		postgres_say(postgres, VRRP_LOG_WARNING, "replication slots: %s", sentence);
	}
}

static void ended(struct postgres *postgres, bool ok, struct vrrp_time now)
{
	struct postgres_slots *slots = &postgres->slots;
	const struct pg_rows *rows = pg_task_rows(slots->task);

	slots->running = false;
	if (!ok) {
		failed(postgres, pg_task_sentence(slots->task));
		return;
	}
	if (slots->creating) {
		slots->told = false;
		return;
	}
	for (unsigned i = 0; i < rows->rows; i++) {
		const char *name = pg_rows_get(rows, i, 0);

		postgres_say(postgres, VRRP_LOG_WARNING, "replication slot %.64s dropped: %s",
			name != NULL ? name : "?",
			slots->in_recovery ? "nobody streams from a standby, it would keep WAL for ever"
					   : "its standby is away and it kept more WAL than max_slot_keep");
	}
	start(postgres, true, now);
}

void postgres_served_set(struct postgres *postgres, bool served)
{
	postgres->slots.served = served;
}

/* Only the slot's name is set: whatever the core orders meanwhile about the upstream holds. */
static bool fix_own(struct postgres *postgres, struct vrrp_time now)
{
	const struct pg_state *state = pg_probe_state(postgres->probe);
	struct postgres_slots *slots = &postgres->slots;
	struct pg_script *script;
	char slot[PG_SYNC_SLOT_BYTES];
	struct vip_err err = { "" };

	pg_sync_slot_name(postgres->instance->member[postgres->self].name, slot);
	if (!postgres_is_quorum(postgres) || !slots->served || !postgres->seen.up || !postgres->seen.streaming ||
		postgres->op != VRRP_PG_OP_NONE || strcmp(state->primary_slot_name, slot) == 0) {
		return false;
	}
	script = postgres_script(postgres);
	if (pg_script_add(script, "ALTER SYSTEM SET primary_slot_name = '%s'", slot) < 0 ||
		pg_script_add(script, "SELECT pg_catalog.pg_reload_conf()") < 0 ||
		pg_task_start(slots->task, postgres->local.postgresql.conninfo, script, SLOTS_TASK_MS, now, &err) < 0) {
		return false;
	}
	postgres_say(postgres, VRRP_LOG_NOTICE, "this standby streams through its slot %s from now on", slot);
	slots->running = slots->fixing = true;
	return true;
}

void postgres_slots_run(struct postgres *postgres, struct vrrp_time now)
{
	struct postgres_slots *slots = &postgres->slots;
	enum pg_task_status status = pg_task_run(slots->task, now);

	if (slots->running && slots->fixing && status != PG_TASK_RUNNING) {
		slots->running = slots->fixing = false;
		if (status == PG_TASK_FAILED) {
			failed(postgres, pg_task_sentence(slots->task));
		}
		pg_probe_now(postgres->probe, now); /* no second time on what was seen before */
		postgres->seen.streaming = false;
		return;
	}
	if (!slots->running && fix_own(postgres, now)) {
		return;
	}
	if (slots->running && status != PG_TASK_RUNNING) {
		ended(postgres, status == PG_TASK_DONE, now);
	} else if (!slots->running && postgres->seen.up && slots->looked && postgres->op == VRRP_PG_OP_NONE &&
		   !vrrp_time_before(now, slots->next)) {
		start(postgres, false, now);
	}
}

struct vrrp_time postgres_slots_deadline(const struct postgres *postgres)
{
	const struct postgres_slots *slots = &postgres->slots;

	if (slots->running) {
		return pg_task_deadline(slots->task);
	}
	return postgres->seen.up && slots->looked && postgres->op == VRRP_PG_OP_NONE ? slots->next : VRRP_TIME_NEVER;
}

bool postgres_slot_is_wanted(const struct postgres *postgres)
{
	const struct postgres_slots *slots = &postgres->slots;

	return postgres_is_quorum(postgres) || slots->misses < POSTGRES_SLOT_MISSES_MAX || slots->misses % 2 == 0;
}
