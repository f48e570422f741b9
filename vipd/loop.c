#include "vipd/loop.h"

#include <sys/epoll.h>

int loop_add_fd(
	sd_event *loop, int fd, int64_t priority, const struct loop_limit *limit, sd_event_io_handler_t fn, void *user)
{
	sd_event_source *source = NULL;
	int code = sd_event_add_io(loop, &source, fd, EPOLLIN, fn, user);

	if (code >= 0) {
		code = sd_event_source_set_priority(source, priority);
	}
	if (code >= 0 && limit != NULL) {
		code = sd_event_source_set_ratelimit(source, limit->window_us, limit->turns);
	}
	if (code >= 0) {
		code = sd_event_source_set_floating(source, 1); /* the loop's from now on */
	}
	(void)sd_event_source_unref(source);
	return code;
}
