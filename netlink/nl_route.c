#include "netlink/nl_route.h"

#include <assert.h>
#include <errno.h>
#include <linux/netlink.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

static int on_error(struct sockaddr_nl *from, struct nlmsgerr *message, void *arg)
{
	struct nl_route *route = arg;

	(void)from;
	route->answer = message->error;
	return NL_STOP;
}

static int on_valid(struct nl_msg *message, void *arg)
{
	struct nl_route *route = arg;

	if (route->fn != NULL) {
		route->fn(route->user, nlmsg_hdr(message));
	}
	return NL_OK;
}

/* What has no errno of the kernel's: the transport's failures. */
static int transport_errno(int nl_code)
{
	switch (-nl_code) {
	case NLE_AGAIN:
		return -ETIMEDOUT;
	case NLE_NOMEM:
		return -ENOMEM;
	case NLE_DUMP_INTR:
		return -EINTR;
	case NLE_PERM:
		return -EPERM;
	default:
		return -EIO;
	}
}

static int set_up(struct nl_sock *sock)
{
	struct timeval timeout = { .tv_usec = NL_ROUTE_TIMEOUT_MS * 1000 };
	int on = 1;
	int fd = nl_socket_get_fd(sock);

	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout)) < 0 ||
		setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout)) < 0 ||
		setsockopt(fd, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &on, sizeof(on)) < 0) {
		return -errno;
	}
	return 0;
}

int nl_route_open(struct nl_route *route, struct vip_err *err)
{
	struct nl_sock *sock = nl_socket_alloc();
	int result;

	if (sock == NULL) {
		return vip_err_set(err, -ENOMEM, "netlink socket: out of memory");
	}
	result = nl_connect(sock, NETLINK_ROUTE);
	if (result < 0) {
		nl_socket_free(sock);
		return vip_err_set(err, transport_errno(result), "netlink socket: %s", nl_geterror(result));
	}
	result = set_up(sock);
	if (result < 0) {
		nl_socket_free(sock);
		return vip_err_set(err, result, "netlink socket options: %s", strerror(-result));
	}
	/* The socket's callbacks point at route, which therefore must not move while it is open. */
	nl_socket_modify_err_cb(sock, NL_CB_CUSTOM, on_error, route);
	nl_socket_modify_cb(sock, NL_CB_VALID, NL_CB_CUSTOM, on_valid, route);
	*route = (struct nl_route){ .sock = sock };
	return 0;
}

void nl_route_close(struct nl_route *route)
{
	if (route->sock != NULL) {
		nl_socket_free(route->sock);
		route->sock = NULL;
	}
}

static int finish(struct nl_route *route, int nl_code)
{
	if (nl_code >= 0) {
		return 0;
	}
	if (route->answer != 0) {
		return route->answer;
	}
	nl_route_close(route);
	return transport_errno(nl_code);
}

static int make_ready(struct nl_route *route)
{
	route->answer = 0;
	return route->sock != NULL ? 0 : nl_route_open(route, NULL);
}

int nl_route_request(struct nl_route *route, struct nl_msg *message)
{
	int result = make_ready(route);

	if (result == 0) {
		route->fn = NULL;
		result = nl_send_auto(route->sock, message);
		if (result >= 0) {
			result = nl_wait_for_ack(route->sock);
		}
		result = finish(route, result);
	}
	nlmsg_free(message);
	return result;
}

int nl_route_dump(struct nl_route *route, int type, void *header, size_t header_bytes, nl_route_fn *fn, void *user)
{
	int result = make_ready(route);

	if (result < 0) {
		return result;
	}
	assert(fn != NULL);
	route->fn = fn;
	route->user = user;
	result = nl_send_simple(route->sock, type, NLM_F_DUMP, header, header_bytes);
	if (result >= 0) {
		result = nl_recvmsgs_default(route->sock);
	}
	return finish(route, result);
}
