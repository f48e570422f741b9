#include "vipd/instance.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "vipd/clock.h"
#include "vipd/config_differ.h"
#include "vipd/log.h"
#include "vrrp/addr.h"

static void arm(sd_event_source *source, struct vrrp_time at)
{
	if (at.us == INT64_MAX) {
		(void)sd_event_source_set_enabled(source, SD_EVENT_OFF);
		return;
	}
	(void)sd_event_source_set_time(source, (uint64_t)at.us);
	(void)sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

void instance_post(struct instance *instance, struct vrrp_event *event)
{
	if (!instance->stepping) {
		instance_step(instance, event);
		return;
	}
	assert(instance->queued < INSTANCE_EVENTS_MAX);
	instance->queue[instance->queued++] = *event;
}

static void step(struct instance *instance, struct vrrp_event *event, struct vrrp_time now)
{
	char line[256];

	event->now = vrrp_time_max(now, instance->core.now);
	if (log_enabled(LOG_IS_DEBUG)) {
		(void)vrrp_trace_event(line, sizeof(line), &instance->core, event);
		log_debug(instance->own->name, "%s", line);
	}
	vrrp_core_step(&instance->core, event, &instance->update);
	for (unsigned i = 0; i < instance->update.count; i++) {
		if (log_enabled(LOG_IS_DEBUG)) {
			(void)vrrp_trace_action(line, sizeof(line), &instance->core, &instance->update.action[i]);
			log_debug(instance->own->name, "%s", line);
		}
		instance_act(instance, &instance->update.action[i]);
	}
	arm(instance->timer, instance->update.deadline);
}

void instance_step_at(struct instance *instance, struct vrrp_event *event, struct vrrp_time now)
{
	assert(!instance->stepping);
	instance->stepping = true;
	step(instance, event, now);
	/* What the actions caused at once; each may cause more, but a step that fails twice the same way ends. */
	for (unsigned done = 0; instance->queued > 0 && done < INSTANCE_EVENTS_MAX; done++) {
		struct vrrp_event next = instance->queue[0];

		instance->queued--;
		memmove(&instance->queue[0], &instance->queue[1], instance->queued * sizeof(next));
		step(instance, &next, clock_now());
	}
	instance->stepping = false;
	if (instance->stepped != NULL) {
		instance->stepped(instance->user, instance);
	}
	if (instance->postgres != NULL) {
		postgres_served_set(instance->postgres, vrrp_core_follows(&instance->core));
		postgres_serves_set(instance->postgres, instance->core.role == VRRP_ROLE_MASTER, clock_now());
		arm(instance->pg_timer, postgres_deadline(instance->postgres));
	}
}

void instance_step(struct instance *instance, struct vrrp_event *event)
{
	instance_step_at(instance, event, clock_now());
}

/* Drops are counted by reason and logged at most once a second a reason. */
static void count_drop(struct instance *instance, unsigned member, enum vrrp_drop drop, uint64_t value)
{
	uint64_t suppressed = 0;

	instance->core.drops[drop]++;
	if (log_limit_pass(&instance->drop_limit[drop], clock_now(), VRRP_US_PER_S, &suppressed)) {
		log_warning(instance->own->name, "report from %s dropped: %s (%llu; %llu in all)",
			instance->own->member[member].name, vrrp_drop_word(drop), (unsigned long long)value,
			(unsigned long long)instance->core.drops[drop]);
	}
}

static void alarm_once(struct instance *instance, struct log_limit *limit, unsigned member, const char *what)
{
	uint64_t suppressed = 0;

	if (log_limit_pass(limit, clock_now(), INSTANCE_ALARM_US, &suppressed)) {
		log_warning(instance->own->name, "%s: %s", instance->own->member[member].name, what);
	}
}

/* At once what differs; after a lease, with the same data, the alarm (protocol.md section 4.5). */
static void differs(struct instance *instance, unsigned member, const struct vrrp_report *report)
{
	char keys[CONFIG_DIFFER_TEXT_SIZE];
	char text[CONFIG_DIFFER_TEXT_SIZE + 128];

	if (config_differ_text(instance->own, &instance->core.config, report, keys) == 0) {
		(void)snprintf(keys, sizeof(keys), "a key that its version does not tell");
	}
	(void)snprintf(text, sizeof(text),
		"%sits configuration differs from this host's, no new grant crosses that: %s",
		vrrp_core_is_split(&instance->core, member) ? "split_config: " : "", keys);
	alarm_once(instance, &instance->digest_limit, member, text);
}

/* What a report says that an operator must know; none of it is acted on here. */
static void look_for_alarms(struct instance *instance, unsigned member, const struct vrrp_report *report)
{
	uint64_t own_system = instance->core.stored.system_identifier;

	if (vrrp_time_before(instance->core.now, instance->core.peer[member].duplicate_until)) {
		alarm_once(instance, &instance->duplicate_limit, member,
			"duplicate_member: two daemons take turns under this identity, neither is believed");
	}
	if (memcmp(report->digest, instance->core.config.digest, VRRP_DIGEST_BYTES) != 0) {
		differs(instance, member, report);
	}
	if (report->system_identifier != 0 && own_system != 0 && report->system_identifier != own_system) {
		alarm_once(instance, &instance->system_limit, member,
			"system_id: its PostgreSQL is another cluster; its vote counts, its data does not");
	}
}

/* Accepted reports, and those of one incarnation that a later one overtook or the network lost. */
static void count_accepted(struct instance *instance, unsigned member, uint64_t incarnation, uint64_t seq)
{
	const struct vrrp_peer *peer = &instance->core.peer[member];
	struct status_reports *reports = &instance->reports[member];

	if (peer->believed_incarnation != incarnation) {
		report_socks_believe(
			instance->socks, instance->pair[member], instance->own->vrid, peer->believed_incarnation);
		reports->accepted++;
	} else if (peer->believed_seq > seq) {
		reports->accepted++;
		reports->missed += peer->believed_seq - seq - 1;
	}
}

bool instance_on_report(
	struct instance *instance, int pair, const uint8_t *bytes, size_t size_bytes, struct vrrp_time received)
{
	struct vrrp_event event = { .kind = VRRP_EVENT_REPORT };
	struct vrrp_report_expect expect = { .vrid = instance->own->vrid };
	struct vrrp_report report;
	enum vrrp_drop drop;
	uint64_t incarnation;
	uint64_t seq;
	uint64_t value = 0;
	size_t member = 0;

	while (member < instance->own->member_count && (member == instance->self || instance->pair[member] != pair)) {
		member++;
	}
	if (member == instance->own->member_count) {
		return false;
	}
	expect.sender = instance->own->member[member].id;
	drop = vrrp_report_decode(bytes, size_bytes, &expect, &instance->auth, &report, &value);
	if (drop != VRRP_DROP_NONE) {
		count_drop(instance, (unsigned)member, drop, value);
		return true;
	}
	event.member = (uint8_t)member;
	event.report = &report;
	incarnation = instance->core.peer[member].believed_incarnation;
	seq = instance->core.peer[member].believed_seq;
	instance_step_at(instance, &event, received);
	count_accepted(instance, (unsigned)member, incarnation, seq);
	look_for_alarms(instance, (unsigned)member, &report);
	return true;
}

void instance_stop(struct instance *instance)
{
	struct vrrp_event event = { .kind = VRRP_EVENT_STOP };

	if (!instance->core.stopping) {
		instance_step(instance, &event);
	}
}
