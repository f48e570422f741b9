/*
 * Listens for second claimants: an ARP frame whose sender is one of our floating addresses, or a neighbour
 * advertisement whose target is, from a hardware address that is not ours (protocol.md section 8: announce again on any
 * evidence of a second claimant).
 *
 * One AF_PACKET socket an interface, ETH_P_ALL with a classic BPF filter made for these addresses, so that all other
 * frames cost a few nanoseconds and wake nobody. ETH_P_ALL sockets see a frame before tc ingress does (measured), so
 * the gate hides nothing from it. Our own frames (PACKET_IGNORE_OUTGOING) and other VLANs' frames are not seen.
 *
 * Nothing here is authenticated: a claim is a reason to announce again, at a limited rate, and for an alarm; no more.
 * Sans-loop: fd, POLLIN, run; at most NL_CLAIMS_FRAMES_MAX frames a run. Needs CAP_NET_RAW. See packet(7).
 */
#ifndef NETLINK_NL_CLAIMS_H
#define NETLINK_NL_CLAIMS_H

#include "vrrp/base.h"
#include "vrrp/err.h"

#define NL_CLAIMS_FRAMES_MAX 32 /* frames read a run */

struct nl_claim {
	int ifindex;
	struct vrrp_addr addr; /* which of ours */
	uint8_t mac[6];        /* who says that it has it */
};

typedef void nl_claim_fn(void *user, const struct nl_claim *claim);

struct nl_claims;

/*
 * Listens on an Ethernet interface whose own hardware address is mac, for 1 to VRRP_ADDRESSES_MAX addresses (copied).
 * Open again when the interface's mac changes. Returns 0 or a negative errno; nl_claims_close takes NULL.
 */
int nl_claims_open(int ifindex, const uint8_t mac[6], const struct vrrp_addr *addrs, size_t count,
	struct nl_claims **ret_claims, struct vip_err *err);
void nl_claims_close(struct nl_claims *claims);

/* The descriptor to watch for POLLIN; it stays ours. */
int nl_claims_fd(const struct nl_claims *claims);

/* Calls fn once a claim; fn must not close. Returns the number of claims or a negative errno (-ENETDOWN: link down). */
int nl_claims_run(struct nl_claims *claims, nl_claim_fn *fn, void *user, struct vip_err *err);

/*
 * Pure: reads one frame. Returns true and *ret_claim (ifindex not set) if it claims one of the addresses for a hardware
 * address other than mac. frame_bytes may be anything.
 */
bool nl_claims_parse(const uint8_t *frame, size_t frame_bytes, const uint8_t mac[6], const struct vrrp_addr *addrs,
	size_t count, struct nl_claim *ret_claim);

#endif
