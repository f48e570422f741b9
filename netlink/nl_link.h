/*
 * Interfaces as the kernel knows them: name and index, hardware address, administrative state and carrier.
 *
 * These are snapshots for the cold path (start-up, an event from nl_monitor, an overrun of it); each call opens a
 * NETLINK_ROUTE socket of its own, dumps, and closes it. Nothing is cached, so nothing can be stale. Whether an address
 * is on this machine ("which member am I") is answered by nl_addr_find in nl_addr.h.
 *
 * Manual pages: rtnetlink(7), netdevice(7). "carrier" is the kernel's IFF_RUNNING: operationally able to send.
 */
#ifndef NETLINK_NL_LINK_H
#define NETLINK_NL_LINK_H

#include "vrrp/base.h"
#include "vrrp/err.h"

#define NL_LINK_NAME_BYTES 16 /* IFNAMSIZ, the terminating 0 included */
#define NL_LINK_MAC_BYTES 6
#define NL_LINKS_MAX 4096 /* interfaces of a machine that are looked at */

struct nl_link {
	int ifindex;
	char name[NL_LINK_NAME_BYTES];
	uint8_t mac[NL_LINK_MAC_BYTES]; /* zero unless is_ethernet */
	bool is_ethernet;               /* ARPHRD_ETHER: frames begin with an Ethernet header */
	bool is_loopback;
	bool up;      /* IFF_UP: an operator wants it up */
	bool carrier; /* IFF_RUNNING: and it works */
};

/*
 * All interfaces, loopback included. *ret_links is the caller's to free(). Returns 0 or a negative errno; -E2BIG beyond
 * NL_LINKS_MAX, -ETIMEDOUT when the kernel did not answer.
 */
int nl_link_list(struct nl_link **ret_links, size_t *ret_count, struct vip_err *err);

/* One interface by name. -ENODEV if there is none of that name (name may be any text). */
int nl_link_get(const char *name, struct nl_link *ret_link, struct vip_err *err);

/* One interface by its index. -ENODEV if there is none. */
int nl_link_get_by_index(int ifindex, struct nl_link *ret_link, struct vip_err *err);

#endif
