#include "checks/pg_postmaster.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

void pg_postmaster_init(struct pg_postmaster *postmaster)
{
	*postmaster = (struct pg_postmaster){ .pid = 0, .pidfd = -1 };
}

void pg_postmaster_drop(struct pg_postmaster *postmaster)
{
	if (postmaster->pidfd >= 0) {
		(void)close(postmaster->pidfd);
	}
	pg_postmaster_init(postmaster);
}

int pg_postmaster_hold(struct pg_postmaster *postmaster, pid_t pid, struct vip_err *err)
{
	int fd = pid > 0 ? (int)syscall(SYS_pidfd_open, pid, 0) : -1;
	int code = pid > 0 ? -errno : -ESRCH;

	pg_postmaster_drop(postmaster);
	if (fd < 0) {
		return vip_err_set(err, code, "hold the postmaster, process %d: %s", (int)pid, strerror(-code));
	}
	*postmaster = (struct pg_postmaster){ .pid = pid, .pidfd = fd };
	return 0;
}

bool pg_postmaster_ended(const struct pg_postmaster *postmaster)
{
	struct pollfd fd = { .fd = postmaster->pidfd, .events = POLLIN };

	return postmaster->pidfd >= 0 && poll(&fd, 1, 0) > 0;
}

int pg_postmaster_signal(const struct pg_postmaster *postmaster, int signal, struct vip_err *err)
{
	if (postmaster->pidfd < 0) {
		return vip_err_set(err, -ESRCH, "signal %d: no postmaster is known", signal);
	}
	if (syscall(SYS_pidfd_send_signal, postmaster->pidfd, signal, NULL, 0) != 0) {
		int code = -errno;

		return vip_err_set(err, code, "signal %d to the postmaster, process %d: %s", signal,
			(int)postmaster->pid, strerror(-code));
	}
	return 0;
}
