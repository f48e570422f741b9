/*
 * The control socket: a unix stream socket on which vipctl asks the local daemon, one JSON object a line each way.
 *
 * Request: {"verb": "status", "instance": "orders" or absent, ...}. Answer: {"ok": true, "result": ...} or
 * {"ok": false, "error": "sentence", "hint": "what to do"}; what they hold is the handler's business (control_status),
 * this is the transport. A request may be answered later and in several lines (control_server_send); the next request
 * of a client is read when the last was answered in full.
 *
 * The socket is made 0600 and the peer's uid must be 0 or ours (SO_PEERCRED). Sizes, clients and times are bounded: a
 * client that sends too much, too slowly or does not read is dropped; it never makes the daemon wait.
 *
 * Sans-loop: one fd (an epoll), run(now), a deadline. Not for several threads.
 */
#ifndef VIPD_CONTROL_H
#define VIPD_CONTROL_H

#include <jansson.h>

#include "vipd/control_request.h"
#include "vrrp/base.h"
#include "vrrp/err.h"

#define CONTROL_CLIENTS_MAX 16
#define CONTROL_ANSWER_MAX (1024 * 1024)        /* bytes that may wait for one client */
#define CONTROL_REQUEST_US (10 * VRRP_US_PER_S) /* to send a request in full; between requests too */
#define CONTROL_WRITE_US (5 * VRRP_US_PER_S)    /* to read an answer */
#define CONTROL_LATER_US (3600 * VRRP_US_PER_S) /* for the daemon to answer what it took */

struct control_server;

/*
 * Answers a request (an object). Returns a new reference, which the server frees, or NULL: the answer comes later
 * through control_server_send(client). client is a number that is never used again, for a client that left too.
 */
typedef json_t *(*control_handler)(void *context, uint64_t client, const json_t *request);

/*
 * Makes the folder (0755) if it is missing and listens. A socket file that nobody listens on is replaced; -EADDRINUSE:
 * a live daemon has it; -EEXIST: something else than a socket stands there.
 */
int control_server_open(const char *path, control_handler handler, void *context, struct control_server **ret_server,
	struct vip_err *err);

/* Closes all, removes the socket file if it is still ours. NULL is accepted. */
void control_server_close(struct control_server *server);

int control_server_fd(const struct control_server *server);

/* The next instant at which run must be called even if the fd is quiet. */
struct vrrp_time control_server_deadline(const struct control_server *server);

/* Accepts, reads, answers, drops; bounded work a call. */
void control_server_run(struct control_server *server, struct vrrp_time now);

/*
 * Sends a line to a client whose request is being answered; last = the answer is complete. answer stays the caller's.
 * 0; -ENOENT: the client has left; -ENOBUFS: it does not read, and was dropped.
 */
int control_server_send(
	struct control_server *server, uint64_t client, const json_t *answer, bool last, struct vrrp_time now);

/* {"ok": false, "error": ..., "hint": ...}; hint may be NULL. New reference, NULL if memory is out. */
json_t *control_error_new(const char *error, const char *hint);

#endif
