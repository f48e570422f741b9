/*
 * Inside netlink/ only: one NETLINK_ROUTE socket of libnl's with a bounded wait and the kernel's own errno.
 *
 * libnl has codes of its own; here the errno that the kernel sent is kept and returned. After a timeout or a lost
 * message the socket may hold an old answer, so it is thrown away and opened again by the next call.
 */
#ifndef NETLINK_NL_ROUTE_H
#define NETLINK_NL_ROUTE_H

#include <netlink/msg.h>
#include <netlink/netlink.h>

#include "vrrp/err.h"

#define NL_ROUTE_TIMEOUT_MS 200

typedef void nl_route_fn(void *user, struct nlmsghdr *message);

struct nl_route {
	struct nl_sock *sock; /* NULL: to be opened by the next call */
	int answer;           /* negative errno from the kernel's error message */
	nl_route_fn *fn;
	void *user;
};

int nl_route_open(struct nl_route *route, struct vip_err *err);
void nl_route_close(struct nl_route *route);

/* Sends a request and waits for its acknowledgement. Frees message. 0 or a negative errno; no sentence. */
int nl_route_request(struct nl_route *route, struct nl_msg *message);

/* Sends a dump request of this type with this header and calls fn for each message. 0 or a negative errno. */
int nl_route_dump(struct nl_route *route, int type, void *header, size_t header_bytes, nl_route_fn *fn, void *user);

#endif
