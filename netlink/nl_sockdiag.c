#include "netlink/nl_sockdiag.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>

#include "netlink/nl_talk.h"

#define STATES_ALL 0x1fffu /* TCP_ESTABLISHED (1) to TCP_NEW_SYN_RECV (12) */
#define STATES_WANTED (STATES_ALL & ~(1u << TCP_LISTEN) & ~(1u << TCP_TIME_WAIT))

struct nl_sockdiag {
	struct nl_talk talk;
};

/* Which end of a connection has to be the address. */
enum end { LOCAL, REMOTE };

struct collection {
	struct inet_diag_sockid *ids;
	size_t count;
	size_t room;
	int failure; /* negative errno */
};

int nl_sockdiag_open(struct nl_sockdiag **ret_diag, struct vip_err *err)
{
	struct nl_sockdiag *diag = calloc(1, sizeof(*diag));
	int result;

	_Static_assert(NL_SOCKDIAG_TIMEOUT_MS == NL_TALK_TIMEOUT_MS, "the bound that nl_sockdiag.h promises");
	if (diag == NULL) {
		return vip_err_set(err, -ENOMEM, "sock_diag socket: out of memory");
	}
	result = nl_talk_open(&diag->talk, NETLINK_SOCK_DIAG, err);
	if (result < 0) {
		free(diag);
		return result;
	}
	*ret_diag = diag;
	return 0;
}

void nl_sockdiag_close(struct nl_sockdiag *diag)
{
	if (diag != NULL) {
		nl_talk_close(&diag->talk);
		free(diag);
	}
}

static int collect(const struct nlmsghdr *message, void *user)
{
	const struct inet_diag_msg *found = mnl_nlmsg_get_payload(message);
	struct collection *all = user;

	if (mnl_nlmsg_get_payload_len(message) < sizeof(*found) || all->failure < 0) {
		return MNL_CB_OK;
	}
	if (all->count == NL_SOCKDIAG_CONNECTIONS_MAX) {
		all->failure = -EOVERFLOW;
		return MNL_CB_OK;
	}
	if (all->count == all->room) {
		size_t room = all->room == 0 ? 256 : all->room * 2;
		struct inet_diag_sockid *ids = reallocarray(all->ids, room, sizeof(*ids));

		if (ids == NULL) {
			all->failure = -ENOMEM;
			return MNL_CB_OK;
		}
		all->ids = ids;
		all->room = room;
	}
	all->ids[all->count++] = found->id;
	return MNL_CB_OK;
}

int nl_sockdiag_read(const void *datagram, size_t size_bytes)
{
	struct collection all = { 0 };

	(void)nl_talk_walk(datagram, size_bytes, 0, 0, collect, &all);
	free(all.ids);
	return all.failure < 0 ? all.failure : (int)all.count;
}

static struct nlmsghdr *begin(char *buffer, uint16_t type, int family, struct inet_diag_req_v2 **ret_ask)
{
	struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
	struct inet_diag_req_v2 *ask;

	request->nlmsg_type = type;
	ask = mnl_nlmsg_put_extra_header(request, sizeof(*ask));
	ask->sdiag_family = (uint8_t)family;
	ask->sdiag_protocol = IPPROTO_TCP;
	ask->idiag_states = STATES_WANTED;
	*ret_ask = ask;
	return request;
}

/* Collects the connections of one socket family; an IPv4 condition also matches IPv4-mapped IPv6 sockets. */
static int find(struct nl_sockdiag *diag, int family, enum end end, const struct vrrp_addr *addr, uint16_t port,
	struct collection *all)
{
	char buffer[NL_TALK_REQUEST_BYTES];
	struct inet_diag_req_v2 *ask;
	struct nlmsghdr *request = begin(buffer, SOCK_DIAG_BY_FAMILY, family, &ask);
	/* inet_diag's byte code, one condition: yes goes past its end (accepted), no four bytes further (refused). */
	size_t size = vrrp_addr_size(addr);
	size_t length = sizeof(struct inet_diag_bc_op) + sizeof(struct inet_diag_hostcond) + size;
	struct inet_diag_bc_op op = {
		.code = end == LOCAL ? INET_DIAG_BC_S_COND : INET_DIAG_BC_D_COND,
		.yes = (uint8_t)length,
		.no = (uint16_t)(length + sizeof(op)),
	};
	struct inet_diag_hostcond host = {
		.family = addr->family == 4 ? AF_INET : AF_INET6,
		.prefix_len = (uint8_t)(size * 8),
		.port = port == 0 ? -1 : port,
	};
	uint8_t code[sizeof(op) + sizeof(host) + 16];

	memcpy(code, &op, sizeof(op));
	memcpy(code + sizeof(op), &host, sizeof(host));
	memcpy(code + sizeof(op) + sizeof(host), addr->bytes, size);
	mnl_attr_put(request, INET_DIAG_REQ_BYTECODE, length, code);
	return nl_talk_dump(&diag->talk, request, collect, all);
}

static int destroy_one(struct nl_sockdiag *diag, int family, const struct inet_diag_sockid *id)
{
	char buffer[NL_TALK_REQUEST_BYTES];
	struct inet_diag_req_v2 *ask;
	struct nlmsghdr *request = begin(buffer, SOCK_DESTROY, family, &ask);

	ask->id = *id;
	return nl_talk_request(&diag->talk, request);
}

static int destroy_family(
	struct nl_sockdiag *diag, int family, enum end end, const struct vrrp_addr *addr, uint16_t port, int *count)
{
	struct collection all = { 0 };
	int result = find(diag, family, end, addr, port, &all);

	for (size_t i = 0; result == 0 && i < all.count; i++) {
		result = destroy_one(diag, family, &all.ids[i]);
		if (result == 0) {
			++*count;
		} else if (result == -ENOENT || result == -ESTALE) {
			result = 0; /* it ended by itself */
		}
	}
	free(all.ids);
	return result < 0 ? result : all.failure;
}

static int destroy(
	struct nl_sockdiag *diag, enum end end, const struct vrrp_addr *addr, uint16_t port, struct vip_err *err)
{
	char text[INET6_ADDRSTRLEN];
	int count = 0;
	int result = 0;

	assert(vrrp_addr_size(addr) != 0);
	if (addr->family == 4) {
		result = destroy_family(diag, AF_INET, end, addr, port, &count);
	}
	if (result == 0) {
		result = destroy_family(diag, AF_INET6, end, addr, port, &count);
	}
	if (result == 0) {
		return count;
	}
	(void)inet_ntop(addr->family == 4 ? AF_INET : AF_INET6, addr->bytes, text, sizeof(text));
	return vip_err_set(err, result, "destroy the TCP connections %s %s (%d done): %s", end == LOCAL ? "of" : "to",
		text, count, strerror(-result));
}

int nl_sockdiag_destroy_local(struct nl_sockdiag *diag, const struct vrrp_addr *addr, struct vip_err *err)
{
	return destroy(diag, LOCAL, addr, 0, err);
}

int nl_sockdiag_destroy_remote(
	struct nl_sockdiag *diag, const struct vrrp_addr *addr, uint16_t port, struct vip_err *err)
{
	return destroy(diag, REMOTE, addr, port, err);
}
