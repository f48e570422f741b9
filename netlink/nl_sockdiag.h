/*
 * Ends TCP connections from the kernel's side (libmnl, NETLINK_SOCK_DIAG, SOCK_DESTROY; protocol.md section 5.3).
 *
 * A destroyed connection sends a RST to its peer, if the gate lets it out and the address is still bound: hence the
 * order of section 4.1. The local process sees ECONNABORTED. All states except LISTEN and TIME_WAIT (nobody is there
 * any more, and Linux 6.1 refuses those); IPv4, IPv6 and IPv4-mapped sockets. The filter runs in the kernel, so other
 * connections cost little. One pass: what connects meanwhile is not seen, so shut the gate inwards first.
 *
 * A context is one pre-opened socket and belongs to one thread; an answer is waited for at most
 * NL_SOCKDIAG_TIMEOUT_MS. Needs CAP_NET_ADMIN and a kernel with CONFIG_INET_DIAG_DESTROY. Manual page: sock_diag(7).
 */
#ifndef NETLINK_NL_SOCKDIAG_H
#define NETLINK_NL_SOCKDIAG_H

#include "vrrp/base.h"
#include "vrrp/err.h"

#define NL_SOCKDIAG_TIMEOUT_MS 200
#define NL_SOCKDIAG_CONNECTIONS_MAX 65536 /* destroyed by one call */

struct nl_sockdiag;

/* Opens the socket. Returns 0 or a negative errno; nl_sockdiag_close takes NULL. */
int nl_sockdiag_open(struct nl_sockdiag **ret_diag, struct vip_err *err);
void nl_sockdiag_close(struct nl_sockdiag *diag);

/*
 * Destroys every connection whose local address is addr. Returns how many, or a negative errno: -EOPNOTSUPP (kernel
 * without it), -EPERM, -ETIMEDOUT, -EOVERFLOW (that many destroyed, some left:
 * call again).
 */
int nl_sockdiag_destroy_local(struct nl_sockdiag *diag, const struct vrrp_addr *addr, struct vip_err *err);

/* The same for connections to this remote address and port (host byte order; 0 = any): a dead upstream. */
int nl_sockdiag_destroy_remote(
	struct nl_sockdiag *diag, const struct vrrp_addr *addr, uint16_t port, struct vip_err *err);

/* How many connections a part of the kernel's list names, or a negative errno; any bytes, aligned. For tests. */
int nl_sockdiag_read(const void *datagram, size_t size_bytes);

#endif
