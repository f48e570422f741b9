/*
 * Gratuitous ARP: tells the segment which hardware address the floating IPv4 address now has (RFC 5227 section 3,
 * RFC 9568 section 8.1.2.2 "gratuitous ARP").
 *
 * Two forms exist and some equipment heeds only one of them (field.md section 5.2), so both are sent: a request and a
 * reply, broadcast, sender = target = the address. As keepalived does, the request's target hardware address is all
 * ones; the reply's is the sender's. Building is pure; sending takes an open nl_packet.
 */
#ifndef NETLINK_GARP_H
#define NETLINK_GARP_H

#include "netlink/nl_packet.h"
#include "vrrp/base.h"
#include "vrrp/err.h"

#define GARP_FRAME_BYTES 42

enum garp_form { GARP_REQUEST = 1, GARP_REPLY = 2 }; /* values: the ARP opcodes */

/* Writes the frame. addr must be IPv4 (assert). */
void garp_build(
	const uint8_t mac[6], const struct vrrp_addr *addr, enum garp_form form, uint8_t ret_frame[GARP_FRAME_BYTES]);

/* Sends both forms. Returns 0 or the negative errno of the first that failed (-ENOBUFS: the gate is shut). */
int garp_send(
	struct nl_packet *packet, int ifindex, const uint8_t mac[6], const struct vrrp_addr *addr, struct vip_err *err);

#endif
