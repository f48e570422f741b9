/*
 * Gates that stand on this machine without anybody's daemon being asked: what a dead one has left on purpose, for the
 * next one to find (protocol.md section 5.1), or for `vipctl gate remove`. Whether a daemon is alive is not known here.
 *
 * The addresses are read from the attached programs' maps, which needs CAP_SYS_ADMIN besides what the gate needs.
 */
#ifndef NETLINK_NL_GATE_LEFT_H
#define NETLINK_NL_GATE_LEFT_H

#include "vrrp/base.h"
#include "vrrp/err.h"

#define NL_GATE_LEFT_MAX 255 /* VRIDs */

struct nl_gate_left {
	uint8_t vrid;
	unsigned filters; /* two an interface, if nobody took one away */
	size_t count;
	struct vrrp_addr addrs[VRRP_ADDRESSES_MAX];
};

/*
 * Looks at all interfaces. *ret_left is the caller's to free() (NULL if there is none), by VRID. Returns how many, or a
 * negative errno: -EPERM if the addresses cannot be read.
 */
int nl_gate_left_list(struct nl_gate_left **ret_left, struct vip_err *err);

#endif
