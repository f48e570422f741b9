/* Tracked scripts and interfaces: runs the ones, asks the kernel for the others, and tells the core what they add up to
 * (vrrp/track.h). */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "vipd/clock.h"
#include "vipd/instance.h"
#include "vipd/log.h"
#include "vipd/os_user.h"

#define TRACK_ENV_SIZE (CONFIG_NAME_SIZE + 16)

bool instance_track_waits(const struct instance *instance)
{
	bool waits = false;

	for (size_t i = 0; i < instance->own->track_script_count; i++) {
		waits = waits || instance->own->track_script[i].weight == 0;
	}
	return waits && !instance->own->member[instance->self].witness;
}

static enum vrrp_track_state script_state(const struct instance *instance, size_t i)
{
	switch (check_script_view(instance->track.script[i]).state) {
	case CHECK_RISE_FALL_UP:
		return VRRP_TRACK_UP;
	case CHECK_RISE_FALL_DOWN:
		return VRRP_TRACK_DOWN;
	case CHECK_RISE_FALL_UNKNOWN:
	default:
		return VRRP_TRACK_UNKNOWN;
	}
}

void instance_track_tell(struct instance *instance)
{
	const struct config_interfaces *interfaces = &instance->local.track_interface;
	struct vrrp_event event = { .kind = VRRP_EVENT_TRACK };

	if (!instance->track.open) {
		return;
	}
	for (size_t i = 0; i < instance->track.script_count; i++) {
		vrrp_track_add(&event.track, script_state(instance, i), instance->own->track_script[i].weight);
	}
	for (unsigned i = 0; i < interfaces->count; i++) {
		if (interfaces->weight[i] != 0) { /* without one: VRRP_EVENT_LINK */
			vrrp_track_add(&event.track,
				kernel_link_is_up(instance->kernel, interfaces->name[i]) ? VRRP_TRACK_UP
											 : VRRP_TRACK_DOWN,
				interfaces->weight[i]);
		}
	}
	if (!vrrp_track_equal(&event.track, &instance->core.track.seen)) {
		uint8_t before = vrrp_core_priority(&instance->core);

		instance_post(instance, &event);
		if (vrrp_core_priority(&instance->core) != before) {
			log_notice(instance->own->name, "Changing effective priority from %u to %u", before,
				vrrp_core_priority(&instance->core));
		}
	}
}

/* Each change once, and the first failure of a row. */
static void say(const struct instance *instance, size_t i, enum check_rise_fall_state before)
{
	const struct config_script *config = &instance->own->track_script[i];
	struct check_script_view view = check_script_view(instance->track.script[i]);

	if (view.state != before) {
		log_write(view.state == CHECK_RISE_FALL_UP ? LOG_IS_NOTICE : LOG_IS_WARNING, instance->own->name, NULL,
			0, "track_script %s is %s: %s", config->name, check_rise_fall_word(view.state), view.sentence);
	} else if (view.against == 1 && !view.good) {
		log_info(instance->own->name, "track_script %s failed, 1 of %u: %s", config->name, config->fall,
			view.sentence);
	}
}

static void run(struct instance *instance)
{
	struct instance_track *track = &instance->track;
	struct vrrp_time now = clock_now();
	struct vrrp_time at = VRRP_TIME_NEVER;

	for (size_t i = 0; i < track->script_count; i++) {
		enum check_rise_fall_state before = check_script_view(track->script[i]).state;

		if (check_script_run(track->script[i], now)) {
			say(instance, i, before);
		}
		at = vrrp_time_min(at, check_script_deadline(track->script[i]));
	}
	if (track->script_count > 0) {
		(void)sd_event_source_set_time(track->timer, (uint64_t)at.us);
		(void)sd_event_source_set_enabled(track->timer, SD_EVENT_ONESHOT);
	}
	instance_track_tell(instance);
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

/* "root" stands for the daemon itself. What runs as root must be root's to change. */
static int find_user(const struct instance *instance, const struct config_script *config,
	const struct check_script_spec *spec, struct exec_user *ret_user, struct vip_err *err)
{
	char storage[EXEC_COMMAND_BYTES_MAX];
	const char *argv[EXEC_ARGS_MAX + 1];
	int code;

	if (config->user[0] == '\0') {
		code = os_user_find(&instance->local.postgresql, ret_user, err);
	} else {
		code = exec_user_find_name(config->user, ret_user, err);
	}
	if (code < 0 || ret_user->uid != 0) {
		return code;
	}
	code = exec_command_split(spec->command, storage, argv, err);
	code = code < 0 ? code : check_script_path(argv[0], geteuid(), err);
	if (code == -ENOENT) {
		log_warning(instance->own->name, "track_script %s: %s", config->name, err->text);
		return 0; /* it fails until it is there */
	}
	return code;
}

static int open_script(struct instance *instance, size_t i, struct vip_err *err)
{
	const struct config_script *config = &instance->own->track_script[i];
	struct instance_track *track = &instance->track;
	char name[TRACK_ENV_SIZE];
	char member[TRACK_ENV_SIZE];
	char script[TRACK_ENV_SIZE];
	const char *const env[] = { name, member, script, NULL };
	struct exec_user user;
	struct check_script_spec spec = { .command = config->command,
		.env = env,
		.user = &user,
		.interval_us = config->interval_us,
		.timeout_us = config->timeout_us,
		.rise = config->rise,
		.fall = config->fall };
	struct vip_err why = { "" };
	int code = find_user(instance, config, &spec, &user, &why);

	if (code < 0) {
		return vip_err_set(err, code, "track_script %s: %s", config->name, why.text);
	}
	(void)snprintf(name, sizeof(name), "VIPD_INSTANCE=%s", instance->own->name);
	(void)snprintf(member, sizeof(member), "VIPD_MEMBER=%s", instance->own->member[instance->self].name);
	(void)snprintf(script, sizeof(script), "VIPD_SCRIPT=%s", config->name);
	code = check_script_new(&spec, clock_now(), &track->script[i], err);
	if (code == 0) {
		track->script_count++;
		code = sd_event_add_io(
			instance->loop, &track->source[i], check_script_fd(track->script[i]), EPOLLIN, on_fd, instance);
	}
	return code < 0 ? code : sd_event_source_set_priority(track->source[i], INSTANCE_PRIORITY_PG);
}

int instance_track_open(struct instance *instance, struct vip_err *err)
{
	struct instance_track *track = &instance->track;
	size_t count = instance->own->track_script_count;
	int code = 0;

	if (instance->own->member[instance->self].witness) {
		return 0; /* is never promoted */
	}
	if (count > 0) {
		code = sd_event_add_time(
			instance->loop, &track->timer, CLOCK_BOOTTIME, UINT64_MAX, 1, on_time, instance);
		code = code < 0 ? code : sd_event_source_set_priority(track->timer, INSTANCE_PRIORITY_PG);
	}
	for (size_t i = 0; i < count && code >= 0; i++) {
		code = open_script(instance, i, err);
	}
	if (code < 0) {
		return err->text[0] != '\0' ? code : vip_err_set(err, code, "track_script: %s", strerror(-code));
	}
	track->open = true;
	run(instance);
	return 0;
}

void instance_track_close(struct instance *instance)
{
	struct instance_track *track = &instance->track;

	for (size_t i = 0; i < track->script_count; i++) {
		(void)sd_event_source_disable_unref(track->source[i]);
		check_script_free(track->script[i]);
	}
	(void)sd_event_source_disable_unref(track->timer);
	memset(track, 0, sizeof(*track));
}

void instance_track_status(const struct instance *instance, struct status_input *ret_input)
{
	const struct instance_track *track = &instance->track;
	const struct config_interfaces *interfaces = &instance->local.track_interface;
	struct status_tracked *tracked = ret_input->tracked;

	for (size_t i = 0; i < track->script_count; i++) {
		struct check_script_view view = check_script_view(track->script[i]);

		*tracked++ = (struct status_tracked){ .kind = "script",
			.name = instance->own->track_script[i].name,
			.state = check_rise_fall_word(view.state),
			.weight = instance->own->track_script[i].weight,
			.last = view.runs > 0 ? view.sentence : NULL,
			.exit_status = view.status == EXEC_EXITED ? view.code : -1,
			.last_ms = view.last_us < 0 ? -1 : view.last_us / VRRP_US_PER_MS,
			.runs = view.runs };
	}
	for (unsigned i = 0; i < interfaces->count && track->open; i++) {
		*tracked++ = (struct status_tracked){ .kind = "interface",
			.name = interfaces->name[i],
			.state = kernel_link_is_up(instance->kernel, interfaces->name[i]) ? "up" : "down",
			.weight = interfaces->weight[i],
			.exit_status = -1,
			.last_ms = -1 };
	}
	ret_input->tracked_count = (size_t)(tracked - ret_input->tracked);
}
