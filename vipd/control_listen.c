#define _GNU_SOURCE /* accept4, struct ucred */
#include "vipd/control_listen.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define BACKLOG 16
#define REFUSED_MAX 16 /* connections of strangers closed in one call */
#define TEMPORARY_SUFFIX ".new"

/* The folder of the path is made if it is missing, not its parents. */
static int folder_make(const char *path, struct vip_err *err)
{
	char folder[sizeof(((struct sockaddr_un *)0)->sun_path)];
	const char *slash = strrchr(path, '/');

	if (slash == NULL || slash == path) {
		return 0;
	}
	snprintf(folder, sizeof(folder), "%.*s", (int)(slash - path < 100 ? slash - path : 100), path);
	if (mkdir(folder, 0755) < 0 && errno != EEXIST) {
		return vip_err_set(
			err, -errno, "cannot make the folder %s for the control socket: %s", folder, strerror(errno));
	}
	return 0;
}

static int address_make(const char *path, const char *suffix, struct sockaddr_un *ret_address, struct vip_err *err)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	int len = snprintf(address.sun_path, sizeof(address.sun_path), "%s%s", path, suffix);

	if (len < 0 || (size_t)len >= sizeof(address.sun_path)) {
		return vip_err_set(err, -ENAMETOOLONG, "the control socket's path %.100s is too long", path);
	}
	*ret_address = address;
	return 0;
}

/* 0: the path is free or a dead daemon's; -EADDRINUSE, -EEXIST, or what the system said. */
static int path_check(const struct sockaddr_un *address, struct vip_err *err)
{
	const char *path = address->sun_path;
	struct stat stat_buf;
	int code = 0;
	int fd;

	if (lstat(path, &stat_buf) < 0) {
		return errno == ENOENT ? 0 : vip_err_set(err, -errno, "cannot look at %s: %s", path, strerror(errno));
	}
	if (!S_ISSOCK(stat_buf.st_mode)) {
		return vip_err_set(
			err, -EEXIST, "%s is there and no socket: remove it, or name another control socket", path);
	}
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0) {
		return vip_err_set(err, -errno, "cannot make a socket: %s", strerror(errno));
	}
	/* EAGAIN: somebody listens, but the backlog is full. */
	if (connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0 || errno == EAGAIN) {
		code = vip_err_set(
			err, -EADDRINUSE, "a daemon is listening on %s: stop it, or name another control socket", path);
	} else if (errno != ECONNREFUSED && errno != ENOENT) {
		code = vip_err_set(err, -errno, "cannot find out who has %s: %s", path, strerror(errno));
	}
	close(fd);
	return code;
}

static int socket_listen(
	const struct sockaddr_un *temporary, const struct sockaddr_un *final, struct control_listener *ret_listener)
{
	struct control_listener listener = { .fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0) };
	struct stat stat_buf;
	mode_t mask;
	int code;

	if (listener.fd < 0) {
		return -errno;
	}
	unlink(temporary->sun_path);
	mask = umask(0177); /* bind gives the file its mode */
	code = bind(listener.fd, (const struct sockaddr *)temporary, sizeof(*temporary)) < 0 ? -errno : 0;
	umask(mask);
	if (code == 0 && (listen(listener.fd, BACKLOG) < 0 || stat(temporary->sun_path, &stat_buf) < 0 ||
				 rename(temporary->sun_path, final->sun_path) < 0)) {
		code = -errno;
		unlink(temporary->sun_path);
	}
	if (code < 0) {
		close(listener.fd);
		return code;
	}
	listener.device = stat_buf.st_dev;
	listener.inode = stat_buf.st_ino;
	memcpy(listener.path, final->sun_path, sizeof(listener.path));
	*ret_listener = listener;
	return 0;
}

int control_listener_open(const char *path, struct control_listener *ret_listener, struct vip_err *err)
{
	struct sockaddr_un temporary;
	struct sockaddr_un final;
	int code = address_make(path, TEMPORARY_SUFFIX, &temporary, err);

	if (code == 0) {
		code = address_make(path, "", &final, err);
	}
	if (code == 0) {
		code = folder_make(path, err);
	}
	if (code == 0) {
		code = path_check(&final, err);
	}
	if (code < 0) {
		return code;
	}
	code = socket_listen(&temporary, &final, ret_listener);
	return code < 0 ? vip_err_set(err, code, "cannot listen on %s: %s", path, strerror(-code)) : 0;
}

void control_listener_close(struct control_listener *listener)
{
	struct stat stat_buf;

	if (lstat(listener->path, &stat_buf) == 0 && stat_buf.st_dev == listener->device &&
		stat_buf.st_ino == listener->inode) {
		unlink(listener->path);
	}
	close(listener->fd);
	listener->fd = -1;
}

int control_listener_accept(struct control_listener *listener)
{
	for (int i = 0; i < REFUSED_MAX; i++) {
		struct ucred peer;
		socklen_t len = sizeof(peer);
		int fd = accept4(listener->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (fd < 0 && errno == EINTR) {
			continue;
		}
		if (fd < 0) {
			return -EAGAIN;
		}
		if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0 &&
			(peer.uid == 0 || peer.uid == geteuid())) {
			return fd;
		}
		close(fd);
	}
	return -EAGAIN;
}
