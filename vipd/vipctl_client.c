#include "vipd/vipctl_client.h"

#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define READ_BYTES 16384

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* What to do about a socket that cannot be had. */
static const char *connect_advice(int error)
{
	switch (error) {
	case ENOENT:
	case ECONNREFUSED:
		return "vipd does not run here, or was started with another --control";
	case EACCES:
	case EPERM:
		return "run vipctl as root";
	default:
		return "see vipctl(8)";
	}
}

int vipctl_client_open(const char *path, struct vipctl_client *ret_client, struct vip_err *err)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int len = snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	int fd;
	int code;

	if (len < 0 || (size_t)len >= sizeof(address.sun_path)) {
		return vip_err_set(err, -ENAMETOOLONG, "the path %.120s is too long for a socket", path);
	}
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0) {
		return vip_err_set(err, -errno, "cannot make a socket: %s", strerror(errno));
	}
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0) {
		code = errno;
		close(fd);
		return vip_err_set(err, -code, "cannot connect to %s: %s: %s", path,
			code == EAGAIN ? "its queue is full" : strerror(code), connect_advice(code));
	}
	*ret_client = (struct vipctl_client){ .fd = fd };
	return 0;
}

void vipctl_client_close(struct vipctl_client *client)
{
	if (client->fd >= 0) {
		close(client->fd);
	}
	free(client->buffer);
	*client = (struct vipctl_client){ .fd = -1 };
}

/* Waits for events on the socket until the deadline; 0 or -ETIMEDOUT. */
static int socket_wait(int fd, short events, int64_t deadline_ms, struct vip_err *err)
{
	for (;;) { /* ends with the deadline */
		struct pollfd pollfd = { .fd = fd, .events = events };
		int64_t left = deadline_ms - now_ms();
		int got = left > 0 ? poll(&pollfd, 1, (int)left) : 0;

		if (got > 0) {
			return 0;
		}
		if (got == 0) {
			return vip_err_set(err, -ETIMEDOUT,
				"the daemon does not answer: it is stopped or overloaded (its log says more)");
		}
		if (errno != EINTR) {
			return vip_err_set(err, -errno, "cannot wait for the daemon: %s", strerror(errno));
		}
	}
}

static int request_send(int fd, const json_t *request, int64_t deadline_ms, struct vip_err *err)
{
	char *line = json_dumps(request, JSON_COMPACT);
	size_t len = line != NULL ? strlen(line) : 0;
	int code = line != NULL ? 0 : vip_err_set(err, -ENOMEM, "out of memory");

	if (line != NULL) {
		line[len++] = '\n'; /* in place of the 0: sent by length */
	}
	for (size_t done = 0; code == 0 && done < len;) {
		ssize_t got = send(fd, line + done, len - done, MSG_NOSIGNAL);

		if (got >= 0) {
			done += (size_t)got;
		} else if (errno == EAGAIN) {
			code = socket_wait(fd, POLLOUT, deadline_ms, err);
		} else if (errno == EPIPE || errno == ECONNRESET) {
			break; /* it may have said why before it hung up: read that */
		} else if (errno != EINTR) {
			code = vip_err_set(err, -errno, "cannot send to the daemon: %s", strerror(errno));
		}
	}
	free(line);
	return code;
}

/* Reads more of the answer; 0 or an error. */
static int answer_read(struct vipctl_client *client, int64_t deadline_ms, struct vip_err *err)
{
	char *grown;
	ssize_t got;
	int code = socket_wait(client->fd, POLLIN, deadline_ms, err);

	if (code < 0) {
		return code;
	}
	if (client->len + READ_BYTES > VIPCTL_ANSWER_MAX) {
		return vip_err_set(err, -EPROTO, "the daemon's answer is longer than %d bytes", VIPCTL_ANSWER_MAX);
	}
	grown = realloc(client->buffer, client->len + READ_BYTES);
	if (grown == NULL) {
		return vip_err_set(err, -ENOMEM, "out of memory");
	}
	client->buffer = grown;
	got = recv(client->fd, client->buffer + client->len, READ_BYTES, 0);
	if (got == 0) {
		return vip_err_set(err, -ECONNRESET, "the daemon hung up without an answer (its log says more)");
	}
	if (got < 0 && errno != EAGAIN && errno != EINTR) {
		return vip_err_set(err, -errno, "cannot read from the daemon: %s", strerror(errno));
	}
	client->len += got > 0 ? (size_t)got : 0;
	return 0;
}

int vipctl_client_ask(
	struct vipctl_client *client, const json_t *request, int timeout_ms, json_t **ret_answer, struct vip_err *err)
{
	int code = request_send(client->fd, request, now_ms() + timeout_ms, err);

	return code < 0 ? code : vipctl_client_next(client, timeout_ms, ret_answer, err);
}

int vipctl_client_next(struct vipctl_client *client, int timeout_ms, json_t **ret_answer, struct vip_err *err)
{
	int64_t deadline_ms = now_ms() + timeout_ms;
	const char *newline;
	json_t *answer;
	size_t len;
	int code;

	while ((newline = client->len > 0 ? memchr(client->buffer, '\n', client->len) : NULL) == NULL) {
		code = answer_read(client, deadline_ms, err);
		if (code < 0) {
			return code;
		}
	}
	len = (size_t)(newline - client->buffer);
	answer = json_loadb(client->buffer, len, JSON_REJECT_DUPLICATES, NULL);
	memmove(client->buffer, client->buffer + len + 1, client->len - len - 1);
	client->len -= len + 1;
	if (!json_is_object(answer)) {
		json_decref(answer);
		return vip_err_set(err, -EPROTO, "the daemon's answer is no JSON object");
	}
	*ret_answer = answer;
	return 0;
}
