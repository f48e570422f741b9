#include "vipd/control.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "vipd/control_listen.h"

#define EVENTS_MAX 16  /* looked at in one run */
#define ACCEPTS_MAX 16 /* accepted in one run */

enum client_state { CLIENT_FREE, CLIENT_READS, CLIENT_ASKED };

struct client {
	enum client_state state;
	uint64_t id;
	int fd;
	bool closes; /* once its answer is written */
	struct vrrp_time deadline;
	struct control_requests in;
	char *out; /* what waits to be written */
	size_t out_len;
	size_t out_done;
};

struct control_server {
	int epoll_fd;
	struct control_listener listener;
	control_handler handler;
	void *context;
	uint64_t last_id;
	struct client client[CONTROL_CLIENTS_MAX];
};

static void client_drop(struct client *client)
{
	if (client->state == CLIENT_FREE) {
		return;
	}
	close(client->fd); /* leaves the epoll set by itself */
	free(client->out);
	client->out = NULL;
	client->out_len = 0;
	client->out_done = 0;
	client->in.len = 0;
	client->state = CLIENT_FREE;
}

/* Listens for what the client may do next: write while there is something, read only between requests. */
static void client_watch(struct control_server *server, struct client *client)
{
	struct epoll_event event = { .data.u64 = client->id };

	event.events = client->out_len > 0 ? EPOLLOUT : 0;
	event.events |= client->state == CLIENT_READS && client->out_len == 0 ? EPOLLIN : 0;
	if (epoll_ctl(server->epoll_fd, EPOLL_CTL_MOD, client->fd, &event) < 0) {
		client_drop(client);
	}
}

/* Writes what the socket takes. */
static void client_write(struct control_server *server, struct client *client, struct vrrp_time now)
{
	ssize_t got = 0;

	while (client->out_done < client->out_len) {
		got = send(client->fd, client->out + client->out_done, client->out_len - client->out_done,
			MSG_NOSIGNAL | MSG_DONTWAIT);
		if (got < 0) {
			break;
		}
		client->out_done += (size_t)got;
	}
	if (got < 0 && errno != EAGAIN && errno != EINTR) {
		client_drop(client);
		return;
	}
	if (client->out_done == client->out_len) {
		free(client->out);
		client->out = NULL;
		client->out_len = 0;
		client->out_done = 0;
		if (client->closes) {
			client_drop(client);
			return;
		}
		client->deadline =
			vrrp_time_add(now, client->state == CLIENT_ASKED ? CONTROL_LATER_US : CONTROL_REQUEST_US);
	}
	client_watch(server, client);
}

/* Appends a line to what waits. -ENOBUFS: too much waits, the client is dropped. */
static int client_answer(
	struct control_server *server, struct client *client, const json_t *answer, struct vrrp_time now)
{
	char *line = answer != NULL ? json_dumps(answer, JSON_COMPACT) : NULL;
	size_t len = line != NULL ? strlen(line) : 0;
	char *out;

	if (line == NULL || client->out_len + len + 1 > CONTROL_ANSWER_MAX) {
		free(line);
		client_drop(client);
		return -ENOBUFS;
	}
	out = realloc(client->out, client->out_len + len + 1);
	if (out == NULL) {
		free(line);
		client_drop(client);
		return -ENOBUFS;
	}
	if (client->out_len == 0) {
		client->deadline = vrrp_time_add(now, CONTROL_WRITE_US);
	}
	memcpy(out + client->out_len, line, len);
	out[client->out_len + len] = '\n';
	client->out = out;
	client->out_len += len + 1;
	free(line);
	client_write(server, client, now);
	return 0;
}

json_t *control_error_new(const char *error, const char *hint)
{
	json_t *answer = json_pack("{s:b, s:s}", "ok", 0, "error", error);

	if (answer != NULL && hint != NULL) {
		json_object_set_new(answer, "hint", json_string(hint));
	}
	return answer;
}

static void client_refuse(struct control_server *server, struct client *client, const char *why, struct vrrp_time now)
{
	json_t *answer = control_error_new(why, NULL);

	client->closes = true;
	client_answer(server, client, answer, now);
	json_decref(answer);
}

static void request_handle(struct control_server *server, struct client *client, struct vrrp_time now)
{
	uint64_t id = client->id;
	json_t *request = control_requests_take(&client->in);
	json_t *answer;

	if (request == NULL) {
		client_refuse(server, client, "the request is no JSON object", now);
		return;
	}
	client->state = CLIENT_ASKED;
	client->deadline = vrrp_time_add(now, CONTROL_LATER_US);
	answer = server->handler(server->context, id, request);
	json_decref(request);
	if (answer != NULL) { /* the handler may have sent lines before it; the client may have gone with them */
		control_server_send(server, id, answer, true, now);
		json_decref(answer);
	} else if (client->state == CLIENT_ASKED && client->id == id) {
		client_watch(server, client);
	}
}

/* True if a whole request lies in the buffer and nothing stands before it. */
static bool request_waits(const struct client *client)
{
	return client->state == CLIENT_READS && client->out_len == 0 && control_requests_wait(&client->in);
}

/* Handles requests that are there in full; one after the other, each only when the last was answered. */
static void requests_handle(struct control_server *server, struct client *client, struct vrrp_time now)
{
	uint64_t id = client->id;

	for (int i = 0; i < CONTROL_REQUEST_MAX && client->id == id && request_waits(client); i++) {
		request_handle(server, client, now);
	}
	if (client->id == id && client->state == CLIENT_READS && client->out_len == 0 &&
		control_requests_are_too_long(&client->in)) {
		client_refuse(server, client, "the request is too long", now);
	}
}

static void client_read(struct client *client)
{
	struct control_requests *in = &client->in;
	ssize_t got = recv(client->fd, in->bytes + in->len, sizeof(in->bytes) - in->len, MSG_DONTWAIT);

	if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) {
		client_drop(client);
		return;
	}
	/* The deadline is for the whole request: a byte now and then does not move it. */
	in->len += got > 0 ? (size_t)got : 0;
}

static struct client *client_find(struct control_server *server, uint64_t id)
{
	for (size_t i = 0; i < CONTROL_CLIENTS_MAX; i++) {
		if (server->client[i].state != CLIENT_FREE && server->client[i].id == id) {
			return &server->client[i];
		}
	}
	return NULL;
}

static void client_event(struct control_server *server, const struct epoll_event *event, struct vrrp_time now)
{
	struct client *client = client_find(server, event->data.u64);

	if (client == NULL) {
		return;
	}
	if ((event->events & EPOLLERR) != 0 ||
		((event->events & EPOLLHUP) != 0 && (event->events & (EPOLLIN | EPOLLOUT)) == 0)) {
		client_drop(client);
		return;
	}
	if ((event->events & EPOLLOUT) != 0) {
		client_write(server, client, now);
	} else if ((event->events & EPOLLIN) != 0) {
		client_read(client);
	}
}

static void client_accept(struct control_server *server, int fd, struct vrrp_time now)
{
	struct client *client = NULL;
	struct epoll_event event = { .events = EPOLLIN };

	for (size_t i = 0; i < CONTROL_CLIENTS_MAX && client == NULL; i++) {
		client = server->client[i].state == CLIENT_FREE ? &server->client[i] : NULL;
	}
	if (client == NULL) {
		static const char full[] = "{\"ok\": false, \"error\": \"too many clients at once\"}\n";

		send(fd, full, sizeof(full) - 1, MSG_NOSIGNAL | MSG_DONTWAIT);
		close(fd);
		return;
	}
	client->id = ++server->last_id;
	client->fd = fd;
	client->closes = false;
	client->deadline = vrrp_time_add(now, CONTROL_REQUEST_US);
	event.data.u64 = client->id;
	if (epoll_ctl(server->epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0) {
		close(fd);
		return;
	}
	client->state = CLIENT_READS;
}

int control_server_open(const char *path, control_handler handler, void *context, struct control_server **ret_server,
	struct vip_err *err)
{
	struct control_server *server = calloc(1, sizeof(*server));
	struct epoll_event event = { .events = EPOLLIN, .data.u64 = 0 };
	int code;

	if (server == NULL) {
		return vip_err_set(err, -ENOMEM, "cannot make the control socket: out of memory");
	}
	server->handler = handler;
	server->context = context;
	code = control_listener_open(path, &server->listener, err);
	if (code < 0) {
		free(server);
		return code;
	}
	server->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (server->epoll_fd < 0 || epoll_ctl(server->epoll_fd, EPOLL_CTL_ADD, server->listener.fd, &event) < 0) {
		code = vip_err_set(err, -errno, "cannot watch the control socket: %s", strerror(errno));
		control_server_close(server);
		return code;
	}
	*ret_server = server;
	return 0;
}

void control_server_close(struct control_server *server)
{
	if (server == NULL) {
		return;
	}
	for (size_t i = 0; i < CONTROL_CLIENTS_MAX; i++) {
		client_drop(&server->client[i]);
	}
	control_listener_close(&server->listener);
	if (server->epoll_fd >= 0) {
		close(server->epoll_fd);
	}
	free(server);
}

int control_server_fd(const struct control_server *server)
{
	return server->epoll_fd;
}

struct vrrp_time control_server_deadline(const struct control_server *server)
{
	struct vrrp_time deadline = VRRP_TIME_NEVER;

	for (size_t i = 0; i < CONTROL_CLIENTS_MAX; i++) {
		const struct client *client = &server->client[i];

		if (client->state == CLIENT_FREE) {
			continue;
		}
		if (request_waits(client)) { /* it came with one that has been answered since */
			return VRRP_TIME_NONE;
		}
		deadline = vrrp_time_min(deadline, client->deadline);
	}
	return deadline;
}

void control_server_run(struct control_server *server, struct vrrp_time now)
{
	struct epoll_event event[EVENTS_MAX];
	int count = epoll_wait(server->epoll_fd, event, EVENTS_MAX, 0);

	for (size_t i = 0; i < CONTROL_CLIENTS_MAX; i++) {
		if (server->client[i].state != CLIENT_FREE && !vrrp_time_before(now, server->client[i].deadline)) {
			client_drop(&server->client[i]);
		}
	}
	for (int i = 0; i < count; i++) {
		if (event[i].data.u64 != 0) {
			client_event(server, &event[i], now);
			continue;
		}
		for (int j = 0; j < ACCEPTS_MAX; j++) {
			int fd = control_listener_accept(&server->listener);

			if (fd < 0) {
				break;
			}
			client_accept(server, fd, now);
		}
	}
	for (size_t i = 0; i < CONTROL_CLIENTS_MAX; i++) {
		if (server->client[i].state == CLIENT_READS && server->client[i].in.len > 0) {
			requests_handle(server, &server->client[i], now);
		}
	}
}

int control_server_send(
	struct control_server *server, uint64_t client_id, const json_t *answer, bool last, struct vrrp_time now)
{
	struct client *client = client_find(server, client_id);

	if (client == NULL || client->state != CLIENT_ASKED) { /* only what was asked is answered */
		return -ENOENT;
	}
	if (last) {
		client->state = CLIENT_READS;
	}
	return client_answer(server, client, answer, now);
}
