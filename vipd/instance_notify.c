/*
 * notify: tells a script of each change of state, as keepalived does: INSTANCE name STATE priority, with VIPD_*
 * variables for the rest. One runs at a time, in order; the loop never waits for it, and it never holds anything up.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "checks/script.h"
#include "vipd/clock.h"
#include "vipd/instance.h"
#include "vipd/log.h"

#define NOTIFY_TIMEOUT_MS 30000
#define NOTIFY_STOP_US (5 * VRRP_US_PER_S) /* a clean stop waits for no more than this */
/* FAULT is told when it has lasted so long: a standby that reads the history of a new timeline is not eligible for some
 * milliseconds, which is nobody's business. */
#define NOTIFY_FAULT_US (200 * VRRP_US_PER_MS)
#define NOTIFY_ARGS 4
#define NOTIFY_VARIABLES 9
#define NOTIFY_TEXT_SIZE 128

static const char *const STATES[] = { "", "MASTER", "BACKUP", "FAULT", "STOP" };

static enum instance_notify_state state_of(enum vrrp_role role)
{
	switch (role) {
	case VRRP_ROLE_MASTER:
		return INSTANCE_NOTIFY_MASTER;
	case VRRP_ROLE_BACKUP:
	case VRRP_ROLE_CANDIDATE:
	case VRRP_ROLE_PROMOTING:
	case VRRP_ROLE_LEAVING: /* the address is gone */
		return INSTANCE_NOTIFY_BACKUP;
	case VRRP_ROLE_FAULT:
		return INSTANCE_NOTIFY_FAULT;
	case VRRP_ROLE_INIT:
	case VRRP_ROLE_WITNESS: /* has no address */
	case VRRP_ROLE_COUNT:
	default:
		return INSTANCE_NOTIFY_NONE;
	}
}

static void child_end(struct instance_notify *notify)
{
	notify->source = sd_event_source_disable_unref(notify->source);
	exec_free(notify->child);
	notify->child = NULL;
}

static void arm(struct instance *instance)
{
	struct instance_notify *notify = &instance->notify;
	struct vrrp_time at = notify->child != NULL ? exec_deadline(notify->child) : VRRP_TIME_NEVER;

	if (notify->stopping) {
		at = vrrp_time_min(at, notify->stop_deadline);
	}
	if (notify->child == NULL && notify->count > 0) {
		at = vrrp_time_min(at, notify->queue[0].due);
	}
	if (at.us != INT64_MAX) {
		(void)sd_event_source_set_time(notify->timer, (uint64_t)at.us);
		(void)sd_event_source_set_enabled(notify->timer, SD_EVENT_ONESHOT);
	}
}

static int on_fd(sd_event_source *source, int fd, uint32_t events, void *user);

/* Text of one change: the last arguments and the variables. */
static int start(struct instance *instance, const struct instance_notify_entry *entry, struct vip_err *err)
{
	struct instance_notify *notify = &instance->notify;
	char storage[EXEC_COMMAND_BYTES_MAX];
	const char *argv[EXEC_ARGS_MAX + 1];
	char priority[NOTIFY_TEXT_SIZE];
	char text[NOTIFY_VARIABLES][NOTIFY_TEXT_SIZE];
	const char *env[NOTIFY_VARIABLES + 1] = { NULL };
	const char *const more[NOTIFY_ARGS] = { "INSTANCE", instance->own->name, STATES[entry->state], priority };
	struct exec_spec spec = {
		.argv = argv, .env = env, .timeout_ms = NOTIFY_TIMEOUT_MS, .capture = EXEC_CAPTURE_TAIL
	};
	size_t count = 0;
	int code = exec_command_split(instance->own->notify, storage, argv, err);

	while (code == 0 && argv[count] != NULL) {
		count++;
	}
	if (code == 0 && count + NOTIFY_ARGS > EXEC_ARGS_MAX) {
		code = vip_err_set(err, -E2BIG, "notify has more than %d words", EXEC_ARGS_MAX - NOTIFY_ARGS);
	}
	if (code < 0) {
		return code;
	}
	for (size_t i = 0; i < NOTIFY_ARGS; i++) {
		argv[count + i] = more[i];
	}
	argv[count + NOTIFY_ARGS] = NULL;
	spec.file = argv[0];
	(void)snprintf(priority, sizeof(priority), "%u", entry->priority);
	(void)snprintf(text[0], NOTIFY_TEXT_SIZE, "VIPD_INSTANCE=%s", instance->own->name);
	(void)snprintf(text[1], NOTIFY_TEXT_SIZE, "VIPD_MEMBER=%s", instance->own->member[instance->self].name);
	(void)snprintf(text[2], NOTIFY_TEXT_SIZE, "VIPD_STATE=%s", STATES[entry->state]);
	(void)snprintf(text[3], NOTIFY_TEXT_SIZE, "VIPD_ROLE=%s", vrrp_role_word(entry->role));
	(void)snprintf(text[4], NOTIFY_TEXT_SIZE, "VIPD_REASON=%s", entry->reason);
	(void)snprintf(text[5], NOTIFY_TEXT_SIZE, "VIPD_HOLDER=%s",
		entry->holder >= 0 ? instance->own->member[entry->holder].name : "");
	(void)snprintf(text[6], NOTIFY_TEXT_SIZE, "VIPD_BALLOT=%" PRIu64 ".%u.%" PRIx64, entry->ballot.counter,
		entry->ballot.member, entry->ballot.incarnation);
	(void)snprintf(text[7], NOTIFY_TEXT_SIZE, "VIPD_NUMBER=%" PRIu64, entry->number);
	(void)snprintf(text[8], NOTIFY_TEXT_SIZE, "VIPD_PENDING=%u", notify->count);
	for (size_t i = 0; i < NOTIFY_VARIABLES; i++) {
		env[i] = text[i];
	}
	code = exec_start(&spec, clock_now(), &notify->child, err);
	if (code == 0) {
		code = sd_event_add_io(
			instance->loop, &notify->source, exec_fd(notify->child), EPOLLIN, on_fd, instance);
	}
	return code < 0 ? code : sd_event_source_set_priority(notify->source, INSTANCE_PRIORITY_CONTROL);
}

/* Starts what waits; with nothing left, a clean stop goes on. */
static void next(struct instance *instance)
{
	struct instance_notify *notify = &instance->notify;

	while (notify->child == NULL && notify->count > 0 &&
		(notify->stopping || notify->count > 1 || !vrrp_time_before(clock_now(), notify->queue[0].due))) {
		struct instance_notify_entry entry = notify->queue[0];
		struct vip_err err = { "" };

		notify->count--;
		memmove(&notify->queue[0], &notify->queue[1], notify->count * sizeof(entry));
		if (start(instance, &entry, &err) < 0) {
			log_warning(instance->own->name, "notify %s: %s", STATES[entry.state], err.text);
			child_end(notify);
		}
	}
	if (notify->child == NULL && notify->stopping && notify->count == 0) {
		notify->stopping = false;
		instance->ended(instance->user, false);
	} else {
		arm(instance);
	}
}

static void run(struct instance *instance)
{
	struct instance_notify *notify = &instance->notify;
	struct vrrp_time now = clock_now();
	char sentence[VIP_ERR_TEXT_MAX];

	if (notify->child != NULL && exec_run(notify->child, now) != EXEC_RUNNING) {
		struct exec_result result = exec_result(notify->child);

		if (result.status != EXEC_EXITED || result.code != 0) {
			exec_result_describe(notify->child, sentence, sizeof(sentence));
			log_warning(instance->own->name, "notify: %s", sentence);
		}
		child_end(notify);
	}
	if (notify->stopping && !vrrp_time_before(now, notify->stop_deadline) &&
		(notify->child != NULL || notify->count > 0)) {
		log_warning(instance->own->name, "notify is not done: not waited for any longer");
		notify->count = 0;
		child_end(notify);
	}
	next(instance);
}

static int on_fd(sd_event_source *source, int fd, uint32_t events, void *user)
{
	(void)source;
	(void)fd;
	(void)events;
	run(user);
	return 0;
}

static int on_time(sd_event_source *source, uint64_t at, void *user)
{
	(void)source;
	(void)at;
	run(user);
	return 0;
}

/* A FAULT that nobody was told of yet, and back to what was told before it: nothing has happened. */
static bool is_over_unseen(const struct instance_notify *notify, enum instance_notify_state state)
{
	return notify->count > 0 && notify->queue[notify->count - 1].state == INSTANCE_NOTIFY_FAULT &&
	       notify->before_fault == state && vrrp_time_before(clock_now(), notify->queue[notify->count - 1].due);
}

static void push(struct instance *instance, enum instance_notify_state state, const char *reason)
{
	struct instance_notify *notify = &instance->notify;
	int holder = vrrp_core_holder(&instance->core);

	if (instance->own->notify[0] == '\0' || state == INSTANCE_NOTIFY_NONE || state == notify->told) {
		return;
	}
	if (is_over_unseen(notify, state)) {
		notify->count--;
		notify->number--;
		notify->told = state;
		next(instance);
		return;
	}
	if (notify->count == INSTANCE_NOTIFY_MAX) { /* what is now counts more than what was */
		notify->count--;
		memmove(&notify->queue[0], &notify->queue[1], notify->count * sizeof(notify->queue[0]));
		log_warning(instance->own->name, "notify takes too long: a change of state was left out");
	}
	notify->before_fault = notify->told;
	notify->told = state;
	notify->queue[notify->count++] = (struct instance_notify_entry){ .state = state,
		.role = instance->core.role,
		.reason = reason,
		.holder = holder,
		.ballot = instance->core.ballot,
		.priority = vrrp_core_priority(&instance->core),
		.number = ++notify->number,
		.due = vrrp_time_add(clock_now(), state == INSTANCE_NOTIFY_FAULT ? NOTIFY_FAULT_US : 0) };
	next(instance);
}

void instance_notify_role(struct instance *instance, const struct vrrp_role_row *row)
{
	push(instance, state_of(row->to), row->reason);
}

bool instance_notify_stop(struct instance *instance)
{
	struct instance_notify *notify = &instance->notify;

	if (notify->told == INSTANCE_NOTIFY_NONE) {
		return false; /* nothing was ever said: a witness, or the start was not over */
	}
	push(instance, INSTANCE_NOTIFY_STOP, "a clean stop");
	if (notify->child == NULL && notify->count == 0) {
		return false;
	}
	notify->stopping = true;
	notify->stop_deadline = vrrp_time_add(clock_now(), NOTIFY_STOP_US);
	arm(instance);
	return true;
}

int instance_notify_open(struct instance *instance, struct vip_err *err)
{
	char storage[EXEC_COMMAND_BYTES_MAX];
	const char *argv[EXEC_ARGS_MAX + 1];
	struct vip_err why = { "" };
	int code;

	if (instance->own->notify[0] == '\0') {
		return 0;
	}
	code = exec_command_split(instance->own->notify, storage, argv, &why);
	code = code < 0 ? code : check_script_path(argv[0], geteuid(), &why);
	if (code == -ENOENT) {
		log_warning(instance->own->name, "notify: %s", why.text);
		code = 0;
	}
	if (code < 0) {
		return vip_err_set(err, code, "notify: %s", why.text);
	}
	code = sd_event_add_time(
		instance->loop, &instance->notify.timer, CLOCK_BOOTTIME, UINT64_MAX, 1, on_time, instance);
	if (code >= 0) {
		code = sd_event_source_set_priority(instance->notify.timer, INSTANCE_PRIORITY_CONTROL);
	}
	return code < 0 ? vip_err_set(err, code, "notify: %s", strerror(-code)) : 0;
}

void instance_notify_close(struct instance *instance)
{
	child_end(&instance->notify);
	(void)sd_event_source_disable_unref(instance->notify.timer);
	memset(&instance->notify, 0, sizeof(instance->notify));
}
