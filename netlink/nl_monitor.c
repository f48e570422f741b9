#include "netlink/nl_monitor.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "netlink/nl_talk.h"

#define DATAGRAM_BYTES 32768

struct nl_monitor {
	struct mnl_socket *sock;
};

/* One run: where the events go. */
struct run {
	nl_event_fn *fn;
	void *user;
	int count;
};

static int subscribe(struct mnl_socket *sock)
{
	static const int groups[] = { RTNLGRP_LINK, RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR, RTNLGRP_TC };
	int queue_bytes = NL_MONITOR_QUEUE_BYTES;
	int fd = mnl_socket_get_fd(sock);

	if (mnl_socket_bind(sock, 0, MNL_SOCKET_AUTOPID) < 0) {
		return -errno;
	}
	/* Without CAP_NET_ADMIN the queue stays as it is, and OVERRUN comes earlier. */
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &queue_bytes, sizeof(queue_bytes));
	for (size_t i = 0; i < VRRP_ARRAY_LENGTH(groups); i++) {
		int group = groups[i];

		if (mnl_socket_setsockopt(sock, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)) < 0) {
			return -errno;
		}
	}
	return 0;
}

int nl_monitor_open(struct nl_monitor **ret_monitor, struct vip_err *err)
{
	struct nl_monitor *monitor = calloc(1, sizeof(*monitor));
	int result;

	if (monitor == NULL) {
		return vip_err_set(err, -ENOMEM, "netlink events: out of memory");
	}
	monitor->sock = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC | SOCK_NONBLOCK);
	result = monitor->sock == NULL ? -errno : subscribe(monitor->sock);
	if (result < 0) {
		nl_monitor_close(monitor);
		return vip_err_set(err, result, "subscribe to netlink events: %s", strerror(-result));
	}
	*ret_monitor = monitor;
	return 0;
}

void nl_monitor_close(struct nl_monitor *monitor)
{
	if (monitor != NULL) {
		if (monitor->sock != NULL) {
			(void)mnl_socket_close(monitor->sock);
		}
		free(monitor);
	}
}

int nl_monitor_fd(const struct nl_monitor *monitor)
{
	return mnl_socket_get_fd(monitor->sock);
}

static int on_link_attr(const struct nlattr *attr, void *user)
{
	struct nl_event *event = user;

	if (mnl_attr_get_type(attr) == IFLA_IFNAME) {
		size_t size = mnl_attr_get_payload_len(attr);

		size = size < sizeof(event->name) ? size : sizeof(event->name) - 1;
		memcpy(event->name, mnl_attr_get_payload(attr), size);
		event->name[size] = '\0';
	}
	return MNL_CB_OK;
}

static bool read_link(const struct nlmsghdr *message, struct nl_event *event)
{
	const struct ifinfomsg *info = mnl_nlmsg_get_payload(message);

	/* AF_BRIDGE messages speak of a bridge's port, not of the link itself. */
	if (mnl_nlmsg_get_payload_len(message) < sizeof(*info) || info->ifi_family != AF_UNSPEC) {
		return false;
	}
	event->type = NL_EVENT_LINK;
	event->ifindex = info->ifi_index;
	event->removed = message->nlmsg_type == RTM_DELLINK;
	event->up = (info->ifi_flags & IFF_UP) != 0;
	event->carrier = (info->ifi_flags & IFF_RUNNING) != 0;
	(void)mnl_attr_parse(message, sizeof(*info), on_link_attr, event);
	return true;
}

struct addr_attrs {
	const struct nlattr *local;
	const struct nlattr *address;
};

static int on_addr_attr(const struct nlattr *attr, void *user)
{
	struct addr_attrs *attrs = user;

	if (mnl_attr_get_type(attr) == IFA_LOCAL) {
		attrs->local = attr;
	} else if (mnl_attr_get_type(attr) == IFA_ADDRESS) {
		attrs->address = attr;
	}
	return MNL_CB_OK;
}

static bool read_addr(const struct nlmsghdr *message, struct nl_event *event)
{
	const struct ifaddrmsg *info = mnl_nlmsg_get_payload(message);
	struct addr_attrs attrs = { 0 };
	const struct nlattr *local;

	if (mnl_nlmsg_get_payload_len(message) < sizeof(*info)) {
		return false;
	}
	(void)mnl_attr_parse(message, sizeof(*info), on_addr_attr, &attrs);
	local = attrs.local != NULL ? attrs.local : attrs.address;
	event->addr.family = info->ifa_family == AF_INET ? 4 : info->ifa_family == AF_INET6 ? 6 : 0;
	if (local == NULL || event->addr.family == 0 ||
		mnl_attr_get_payload_len(local) != vrrp_addr_size(&event->addr)) {
		return false;
	}
	memcpy(event->addr.bytes, mnl_attr_get_payload(local), vrrp_addr_size(&event->addr));
	event->type = NL_EVENT_ADDR;
	event->ifindex = (int)info->ifa_index;
	event->prefix_len = info->ifa_prefixlen;
	event->removed = message->nlmsg_type == RTM_DELADDR;
	return true;
}

static bool read_tc(const struct nlmsghdr *message, struct nl_event *event)
{
	const struct tcmsg *tc = mnl_nlmsg_get_payload(message);

	if (mnl_nlmsg_get_payload_len(message) < sizeof(*tc)) {
		return false;
	}
	event->type = NL_EVENT_TC;
	event->ifindex = tc->tcm_ifindex;
	event->removed = message->nlmsg_type == RTM_DELQDISC || message->nlmsg_type == RTM_DELTFILTER;
	return true;
}

static int on_message(const struct nlmsghdr *message, void *user)
{
	struct run *run = user;
	struct nl_event event = { 0 };
	bool is_event = false;

	switch (message->nlmsg_type) {
	case RTM_NEWLINK:
	case RTM_DELLINK:
		is_event = read_link(message, &event);
		break;
	case RTM_NEWADDR:
	case RTM_DELADDR:
		is_event = read_addr(message, &event);
		break;
	case RTM_NEWQDISC:
	case RTM_DELQDISC:
	case RTM_NEWTFILTER:
	case RTM_DELTFILTER:
		is_event = read_tc(message, &event);
		break;
	default:
		break;
	}
	if (is_event) {
		run->count++;
		run->fn(run->user, &event);
	}
	return MNL_CB_OK;
}

int nl_monitor_read(const void *datagram, size_t size_bytes, nl_event_fn *fn, void *user)
{
	struct run run = { .fn = fn, .user = user };

	/* Sequence and port are those of whoever caused the event: not checked. */
	(void)nl_talk_walk(datagram, size_bytes, 0, 0, on_message, &run);
	return run.count;
}

/* Reads one datagram. 1 if there was one, 0 if there is none, or a negative errno. */
static int read_one(struct nl_monitor *monitor, struct run *run)
{
	static char buffer[DATAGRAM_BYTES];
	struct sockaddr_nl from = { 0 };
	struct iovec part = { .iov_base = buffer, .iov_len = sizeof(buffer) };
	struct msghdr header = { .msg_name = &from, .msg_namelen = sizeof(from), .msg_iov = &part, .msg_iovlen = 1 };
	ssize_t got = recvmsg(nl_monitor_fd(monitor), &header, MSG_DONTWAIT);

	if (got < 0 && errno == ENOBUFS) {
		run->count++;
		run->fn(run->user, &(struct nl_event){ .type = NL_EVENT_OVERRUN });
		return 1;
	}
	if (got < 0) {
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	}
	if (from.nl_pid == 0 && (header.msg_flags & MSG_TRUNC) == 0) {
		run->count += nl_monitor_read(buffer, (size_t)got, run->fn, run->user);
	}
	return 1;
}

int nl_monitor_run(struct nl_monitor *monitor, nl_event_fn *fn, void *user, struct vip_err *err)
{
	struct run run = { .fn = fn, .user = user };

	for (int i = 0; i < NL_MONITOR_MESSAGES_MAX; i++) {
		int result = read_one(monitor, &run);

		if (result < 0) {
			return vip_err_set(err, result, "read netlink events: %s", strerror(-result));
		}
		if (result == 0) {
			break;
		}
	}
	return run.count;
}
