#include "checks/watch.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

int check_watch_open(struct check_watch *watch, struct vip_err *err)
{
	int fd = epoll_create1(EPOLL_CLOEXEC);

	if (fd < 0) {
		return vip_err_set(err, -errno, "epoll_create1: %s", strerror(errno));
	}
	watch->epoll_fd = fd;
	return 0;
}

void check_watch_close(struct check_watch *watch)
{
	if (watch->epoll_fd >= 0) {
		(void)close(watch->epoll_fd);
	}
	watch->epoll_fd = -1;
}

int check_watch_set(struct check_watch *watch, int fd, uint32_t events, struct vip_err *err)
{
	struct epoll_event event = { .events = events };

	event.data.fd = fd;
	if (events == 0) {
		(void)epoll_ctl(watch->epoll_fd, EPOLL_CTL_DEL, fd, NULL);
		return 0;
	}
	/* The number may be another socket by now (libpq): the kernel forgot the old one when it was closed. */
	if (epoll_ctl(watch->epoll_fd, EPOLL_CTL_MOD, fd, &event) == 0 ||
		(errno == ENOENT && epoll_ctl(watch->epoll_fd, EPOLL_CTL_ADD, fd, &event) == 0)) {
		return 0;
	}
	return vip_err_set(err, -errno, "epoll_ctl of descriptor %d: %s", fd, strerror(errno));
}
