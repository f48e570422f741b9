/*
 * Unsolicited neighbour advertisement: gratuitous ARP's counterpart for IPv6 (RFC 4861 sections 4.4 and 7.2.6,
 * RFC 9568 section 8.2.3).
 *
 * To ff02::1, hop limit 255, source and target = the floating address, override set, solicited not set, router set only
 * where this host forwards, with a target link-layer address option. Sent as a whole Ethernet frame, so that neither
 * the address's state nor routing has a say. Building is pure; sending takes an open nl_packet.
 */
#ifndef NETLINK_NDISC_H
#define NETLINK_NDISC_H

#include "netlink/nl_packet.h"
#include "vrrp/base.h"
#include "vrrp/err.h"

#define NDISC_FRAME_BYTES 86 /* Ethernet 14, IPv6 40, advertisement 24, option 8 */

/* Writes the frame, checksum included. addr must be IPv6 (assert). */
void ndisc_build(
	const uint8_t mac[6], const struct vrrp_addr *addr, bool is_router, uint8_t ret_frame[NDISC_FRAME_BYTES]);

/* Builds and sends. Returns 0 or a negative errno (-ENOBUFS: the gate is shut). */
int ndisc_send(struct nl_packet *packet, int ifindex, const uint8_t mac[6], const struct vrrp_addr *addr,
	bool is_router, struct vip_err *err);

/*
 * Whether this host forwards IPv6 packets that arrive at the interface (net.ipv6.conf.NAME.forwarding): the router
 * flag. false also if that cannot be read. Reads /proc: ask once and keep the answer.
 */
bool ndisc_is_router(const char *interface);

#endif
