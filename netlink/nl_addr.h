/*
 * Addresses on interfaces (libnl-route-3): bind, refresh, unbind the floating addresses (protocol.md section 5.2).
 *
 * A context is one pre-opened NETLINK_ROUTE socket, kept for the hot path; it belongs to one thread. A call waits at
 * most NL_ADDR_TIMEOUT_MS for an answer. (The kernel works inside our send(), under its rtnl lock: another program that
 * holds that lock delays us, and no timeout can bound this. So close the gate first: it needs no lock.)
 *
 * Each address is bound with a lifetime, so that the kernel removes it by itself when nobody refreshes it.
 * IPv6: IFA_F_NODAD, preferred_lft 0 (never a source address by choice). IPv4: preferred_lft = valid_lft.
 * Both: IFA_F_NOPREFIXROUTE where the interface has another address in that subnet; else each refresh would put our
 * lifetime on the subnet's shared route (measured for IPv6) and its end would take the route away.
 */
#ifndef NETLINK_NL_ADDR_H
#define NETLINK_NL_ADDR_H

#include "vrrp/base.h"
#include "vrrp/err.h"

#define NL_ADDR_TIMEOUT_MS 200
#define NL_ADDR_LABEL_BYTES 16     /* IFNAMSIZ, the terminating 0 included; must begin with the interface's name */
#define NL_ADDR_FOREVER UINT32_MAX /* valid_lft_s: no end */
#define NL_ADDR_PURGE_MAX 64       /* copies of one address that a purge removes */

struct nl_addr_ctx;

/* Opens the socket. Returns 0 or a negative errno; nl_addr_close takes NULL. */
int nl_addr_open(struct nl_addr_ctx **ret_ctx, struct vip_err *err);
void nl_addr_close(struct nl_addr_ctx *ctx);

/*
 * Adds the address, or sets the lifetime of one that is there. prefix_len in bits, valid_lft_s in seconds (> 0).
 * label: IPv4 only, NULL for none, ignored for IPv6. Returns 0 or a negative errno (-ENODEV, -EPERM, -ETIMEDOUT, ...).
 */
int nl_addr_set(struct nl_addr_ctx *ctx, int ifindex, const struct vrrp_addr *addr, unsigned prefix_len,
	const char *label, uint32_t valid_lft_s, struct vip_err *err);

/* Removes the address with this prefix length; 0 also if it, or the interface, was not there. */
int nl_addr_del(
	struct nl_addr_ctx *ctx, int ifindex, const struct vrrp_addr *addr, unsigned prefix_len, struct vip_err *err);

/*
 * Removes the address from whichever interfaces have it, whatever the prefix length (leftovers of a dead daemon).
 * Returns how many were removed (0: none was there) or a negative errno.
 */
int nl_addr_purge(struct nl_addr_ctx *ctx, const struct vrrp_addr *addr, struct vip_err *err);

struct nl_addr_found {
	int ifindex;
	unsigned prefix_len;
	uint32_t valid_lft_s; /* NL_ADDR_FOREVER for a permanent one */
	bool deprecated;      /* preferred lifetime over */
};

/* Whether this machine has the address (loopback included). Returns 1 and *ret_found, 0 if not, or a negative errno. */
int nl_addr_find(
	struct nl_addr_ctx *ctx, const struct vrrp_addr *addr, struct nl_addr_found *ret_found, struct vip_err *err);

/*
 * The address an interface speaks with: IPv4 (family 4) its first primary one (a permanent one
 * before one with a lifetime), IPv6 (family 6) its link-local one;
 * RFC 9568 sections 5.1.1.1 and 5.1.2.1. -EADDRNOTAVAIL if it has none (or, IPv6, only a tentative one).
 */
int nl_addr_primary(
	struct nl_addr_ctx *ctx, int ifindex, uint8_t family, struct vrrp_addr *ret_addr, struct vip_err *err);

#endif
