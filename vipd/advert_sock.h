/*
 * Raw sockets for VRRP advertisements: IP protocol 112, one a family and interface (RFC 9568 section 5.1).
 *
 * Sends to 224.0.0.18 or ff02::12 with TTL / hop limit 255 and TOS 0xc0; source is the interface's primary IPv4 address
 * or its link-local IPv6 address, never a floating one. Receives what others send to the group on that interface, with
 * what section 7.1 wants checked: source and TTL. Bytes only: vrrp/advert encodes, decodes and does the checksum.
 * For its IPv6 checksum (pseudo-header) the caller asks advert_sock_source.
 *
 * Sans-loop: fd, POLLIN, recv until it says 0. Own advertisements are not looped back. Needs CAP_NET_RAW.
 */
#ifndef VIPD_ADVERT_SOCK_H
#define VIPD_ADVERT_SOCK_H

#include "vrrp/base.h"
#include "vrrp/err.h"

#define ADVERT_SOCK_IP_PROTOCOL 112
#define ADVERT_SOCK_BYTES_MAX 1500 /* larger packets are cut: no advertisement is that large */
#define ADVERT_SOCK_RECV_MAX 32    /* the caller's bound: packets a turn of its loop */

struct advert_sock;

struct advert_sock_packet {
	struct vrrp_addr source;
	struct vrrp_addr destination; /* the group, or one of this host's addresses (unicast) */
	uint8_t ttl;                  /* as it arrived */
	size_t size_bytes;            /* of the VRRP packet, IP header taken off */
	uint8_t bytes[ADVERT_SOCK_BYTES_MAX];
};

/*
 * family 4 or 6. source: as given by nl_addr_primary, kept for sending. Joins the group. Returns 0 or a negative errno
 * (-EPERM, -ENODEV); advert_sock_close takes NULL.
 */
int advert_sock_open(uint8_t family, int ifindex, const char *interface, const struct vrrp_addr *source,
	struct advert_sock **ret_sock, struct vip_err *err);
void advert_sock_close(struct advert_sock *sock);

/* The descriptor to watch for POLLIN; it stays ours. */
int advert_sock_fd(const struct advert_sock *sock);

/* The source that send uses; for changing it open anew. */
struct vrrp_addr advert_sock_source(const struct advert_sock *sock);

/*
 * Sends one VRRP packet to the group. Never blocks. Returns 0 or a negative errno. 0 also if the gate then drops it
 * (the kernel keeps that from raw sockets): nl_gate_read counts those.
 */
int advert_sock_send(struct advert_sock *sock, const uint8_t *bytes, size_t size_bytes, struct vip_err *err);

/* Takes the next packet: 1 and *ret_packet, 0 if there is none, or a negative errno (-ENETDOWN: link down). */
int advert_sock_recv(struct advert_sock *sock, struct advert_sock_packet *ret_packet, struct vip_err *err);

#endif
