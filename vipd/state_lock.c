#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "vipd/state_file.h"

/* The pid in the lock file is for the message only; the lock itself is the kernel's. */
static void pid_write(int fd)
{
	char text[24];
	int len = snprintf(text, sizeof(text), "%ld\n", (long)getpid());

	if (ftruncate(fd, 0) < 0 || pwrite(fd, text, (size_t)len, 0) < 0) {
		return;
	}
}

static long pid_read(int fd)
{
	char text[24];
	ssize_t len = pread(fd, text, sizeof(text) - 1, 0);

	text[len > 0 ? len : 0] = '\0';
	return strtol(text, NULL, 10);
}

static int file_lock(int dir_fd, const char *instance, int *ret_fd, struct vip_err *err)
{
	char name[STATE_FILE_NAME_SIZE];
	int code;
	int fd;

	snprintf(name, sizeof(name), "%s.lock", instance);
	fd = openat(dir_fd, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0) {
		return vip_err_set(err, -errno, "cannot open the lock file %s: %s", name, strerror(errno));
	}
	if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		code = errno;
		if (code == EWOULDBLOCK) {
			vip_err_set(err, -EBUSY, "another daemon (pid %ld) has the instance %s: %s is locked",
				pid_read(fd), instance, name);
			code = EBUSY;
		} else {
			vip_err_set(err, -code, "cannot lock %s: %s", name, strerror(code));
		}
		close(fd);
		return -code;
	}
	pid_write(fd);
	*ret_fd = fd;
	return 0;
}

/* An abstract name belongs to the network namespace: two daemons with other state folders meet here. */
static int socket_lock(uint8_t vrid, int *ret_fd, struct vip_err *err)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	int len = snprintf(name.sun_path + 1, sizeof(name.sun_path) - 1, "vipd-%u", vrid);
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int code;

	if (fd < 0) {
		return vip_err_set(err, -errno, "cannot make a socket: %s", strerror(errno));
	}
	if (bind(fd, (const struct sockaddr *)&name,
		    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)len)) < 0) {
		code = errno == EADDRINUSE ? EBUSY : errno;
		close(fd);
		return code == EBUSY
			       ? vip_err_set(err, -code,
					 "another daemon in this network namespace has the virtual_router_id %u "
					 "(the socket @vipd-%u is taken)",
					 vrid, vrid)
			       : vip_err_set(err, -code, "cannot bind the socket @vipd-%u: %s", vrid, strerror(code));
	}
	*ret_fd = fd;
	return 0;
}

int state_lock_take(int dir_fd, const char *instance, uint8_t vrid, struct state_lock *ret_lock, struct vip_err *err)
{
	struct state_lock lock;
	int code = file_lock(dir_fd, instance, &lock.file_fd, err);

	if (code < 0) {
		return code;
	}
	code = socket_lock(vrid, &lock.socket_fd, err);
	if (code < 0) {
		close(lock.file_fd);
		return code;
	}
	*ret_lock = lock;
	return 0;
}

int state_lock_take_vrid(uint8_t vrid, struct state_lock *ret_lock, struct vip_err *err)
{
	struct state_lock lock = { -1, -1 };
	int code = socket_lock(vrid, &lock.socket_fd, err);

	if (code == 0) {
		*ret_lock = lock;
	}
	return code;
}

void state_lock_release(struct state_lock *lock)
{
	if (lock == NULL) {
		return;
	}
	if (lock->file_fd >= 0) {
		close(lock->file_fd);
	}
	if (lock->socket_fd >= 0) {
		close(lock->socket_fd);
	}
	lock->file_fd = -1;
	lock->socket_fd = -1;
}
