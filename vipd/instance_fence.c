#include "vipd/clock.h"
#include "vipd/instance.h"
#include "vipd/log.h"

void instance_fence_end(struct instance *instance)
{
	instance->fence_source = sd_event_source_disable_unref(instance->fence_source);
	instance->fence_timer = sd_event_source_disable_unref(instance->fence_timer);
	fence_close(&instance->fence);
}

static void run(struct instance *instance)
{
	struct vrrp_event event = { .kind = VRRP_EVENT_FENCED, .ticket = instance->fence.ticket };
	struct vip_err err = { "" };

	if (!fence_run(&instance->fence, clock_now(), &event.ok, &err)) {
		if (instance->fence_timer != NULL) {
			(void)sd_event_source_set_time(
				instance->fence_timer, (uint64_t)fence_deadline(&instance->fence).us);
			(void)sd_event_source_set_enabled(instance->fence_timer, SD_EVENT_ONESHOT);
		}
		return;
	}
	instance_fence_end(instance);
	if (event.ok) {
		log_notice(instance->own->name, "fence_command has ended with 0");
	} else {
		log_err(instance->own->name, "fence_command: %s", err.text);
	}
	instance_post(instance, &event);
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

/* Starts the command; a failure to start is a failure of it. */
void instance_fence(struct instance *instance, uint64_t ticket)
{
	struct vrrp_event failed = { .kind = VRRP_EVENT_FENCED, .ticket = ticket };
	struct vrrp_time now = clock_now();
	struct vip_err err = { "" };

	instance_fence_end(instance);
	log_notice(instance->own->name, "running fence_command");
	if (fence_start(&instance->fence, instance->own, instance->self, ticket, now, &err) < 0 ||
		sd_event_add_io(instance->loop, &instance->fence_source, fence_fd(&instance->fence), EPOLLIN, on_fd,
			instance) < 0 ||
		sd_event_add_time(instance->loop, &instance->fence_timer, CLOCK_BOOTTIME,
			(uint64_t)fence_deadline(&instance->fence).us, 1, on_time, instance) < 0) {
		log_err(instance->own->name, "fence_command could not be started: %s", err.text);
		instance_fence_end(instance);
		instance_post(instance, &failed);
	}
}
