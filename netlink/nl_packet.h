/*
 * A socket that sends ready-made Ethernet frames out of an interface (AF_PACKET); garp.h and ndisc.h build them.
 *
 * It receives nothing (protocol 0), never blocks (MSG_DONTWAIT), and is kept open: sending costs tens of microseconds.
 * Frames pass tc egress, so the gate drops an announcement when it is shut: -ENOBUFS. Needs CAP_NET_RAW. See packet(7).
 */
#ifndef NETLINK_NL_PACKET_H
#define NETLINK_NL_PACKET_H

#include "vrrp/base.h"
#include "vrrp/err.h"

struct nl_packet;

/* Opens the socket. Returns 0 or a negative errno; nl_packet_close takes NULL. */
int nl_packet_open(struct nl_packet **ret_packet, struct vip_err *err);
void nl_packet_close(struct nl_packet *packet);

/* Sends one frame (14 bytes or more, Ethernet header first) out of the interface. Returns 0 or a negative errno. */
int nl_packet_send(struct nl_packet *packet, int ifindex, const uint8_t *frame, size_t size_bytes, struct vip_err *err);

#endif
