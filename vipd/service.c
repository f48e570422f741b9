#include "vipd/service.h"

#include <assert.h>
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "vipd/clock.h"

/* True: sent, or lost for good (nobody listens there any more). False: there was no room. */
static bool tell(struct service *service, const char *words)
{
	ssize_t sent = sendto(service->fd, words, strlen(words), MSG_DONTWAIT | MSG_NOSIGNAL,
		(const struct sockaddr *)&service->address, service->address_size);

	if (sent < 0 && (errno == EAGAIN || errno == ENOBUFS || errno == EINTR)) {
		service->refused++;
		return false;
	}
	return true;
}

static void arm(struct service *service, uint64_t now_us)
{
	uint64_t at_us = service->watchdog_us > 0 ? service->alive_at_us : UINT64_MAX;

	if (service->pending[0] != '\0' && at_us > now_us + SERVICE_RETRY_US) {
		at_us = now_us + SERVICE_RETRY_US;
	}
	(void)sd_event_source_set_time(service->timer, at_us);
	(void)sd_event_source_set_enabled(service->timer, at_us == UINT64_MAX ? SD_EVENT_OFF : SD_EVENT_ONESHOT);
}

static int on_timer(sd_event_source *source, uint64_t at_us, void *user)
{
	struct service *service = user;
	uint64_t now_us = (uint64_t)clock_now().us;

	(void)source;
	(void)at_us;
	if (service->pending[0] != '\0' && tell(service, service->pending)) {
		service->pending[0] = '\0';
	}
	if (service->watchdog_us > 0 && now_us >= service->alive_at_us) {
		/* One that does not fit is tried again soon: there are several a WatchdogSec, but not many. */
		service->alive_at_us = now_us + (tell(service, "WATCHDOG=1") ? service->watchdog_us : SERVICE_RETRY_US);
	}
	arm(service, now_us);
	return 0;
}

/* A path, or an abstract name after '@', as sd_notify(3) has it. */
static int read_address(struct service *service, const char *name)
{
	size_t size = strlen(name);

	if ((name[0] != '/' && name[0] != '@') || size < 2 || size >= sizeof(service->address.sun_path)) {
		return -EINVAL;
	}
	service->address.sun_family = AF_UNIX;
	memcpy(service->address.sun_path, name, size + 1);
	if (name[0] == '@') {
		service->address.sun_path[0] = '\0';
		service->address_size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + size);
	} else {
		service->address_size = (socklen_t)sizeof(service->address);
	}
	return 0;
}

int service_open(struct service *service, sd_event *loop, int64_t priority, struct vip_err *err)
{
	const char *name = getenv("NOTIFY_SOCKET");
	uint64_t watchdog_us = 0;
	int code;

	if (name == NULL || name[0] == '\0') {
		return 0;
	}
	code = read_address(service, name);
	if (code < 0) {
		return vip_err_set(err, code, "NOTIFY_SOCKET is no socket's name: %s", name);
	}
	service->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (service->fd < 0) {
		code = -errno;
		service->fd = 0;
		return vip_err_set(err, code, "socket to the service manager: %s", strerror(-code));
	}
	assert(service->fd > STDERR_FILENO);
	if (sd_watchdog_enabled(0, &watchdog_us) > 0) {
		service->watchdog_us = watchdog_us / SERVICE_WATCHDOG_PART;
		service->alive_at_us = (uint64_t)clock_now().us;
	}
	code = sd_event_add_time(loop, &service->timer, CLOCK_BOOTTIME, UINT64_MAX, 0, on_timer, service);
	if (code >= 0) {
		code = sd_event_source_set_priority(service->timer, priority);
	}
	if (code < 0) {
		service_close(service);
		return vip_err_set(err, code, "event loop: %s", strerror(-code));
	}
	arm(service, (uint64_t)clock_now().us);
	return 0;
}

void service_say(struct service *service, const char *words)
{
	assert(strlen(words) < SERVICE_WORDS_MAX);
	if (service->fd == 0) {
		return;
	}
	if (tell(service, words)) {
		service->pending[0] = '\0';
	} else {
		(void)snprintf(service->pending, sizeof(service->pending), "%s", words);
	}
	arm(service, (uint64_t)clock_now().us);
}

void service_close(struct service *service)
{
	(void)sd_event_source_disable_unref(service->timer);
	if (service->fd > 0) {
		(void)close(service->fd);
	}
	memset(service, 0, sizeof(*service));
}
