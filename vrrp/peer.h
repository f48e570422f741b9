/*
 * What this member believes of another one (protocol.md sections 3.1, 3.2; attacks.md D1): which of its daemon's
 * incarnations is alive, which report of it was the last that proved fresh, and what to echo so that it can prove
 * its own freshness in turn.
 *
 * Authentic is not fresh: a packet may be old. A report is fresh if either of its echo entries of me names my running
 * incarnation and a seq that I sent less than one lease ago. Only fresh reports are kept here as `report`; they speak
 * for their sender until the next one or one lease after receipt.
 */
#ifndef VRRP_PEER_H
#define VRRP_PEER_H

#include "vrrp/lease.h"

/* Leases for which a member is not believed after a replaced incarnation of it proved to be alive. */
#define VRRP_PEER_DUPLICATE_LEASES 4
/* Answers at once to an unknown incarnation, a second and a member (D1, amplification). */
#define VRRP_PEER_HELLO_PER_S 20

struct vrrp_peer {
	uint64_t believed_incarnation; /* 0 = none yet */
	uint64_t believed_seq;         /* highest accepted */
	uint64_t other_incarnation;    /* last other one seen in an authentic report, and its seq */
	uint64_t other_seq;
	uint64_t replaced_incarnation; /* not believed again before replaced_until */
	struct vrrp_time replaced_until;
	struct vrrp_time duplicate_until; /* duplicate_member: neither is believed */
	struct vrrp_time hello_at;        /* last answer at once to an unknown incarnation */
	struct vrrp_time heard_at;        /* receipt of `report` */
	struct vrrp_time speaks_until;    /* heard_at + lease; VRRP_TIME_NONE after an own stall */
	struct vrrp_time authentic_at;    /* receipt of the last authentic packet, fresh or not */
	bool hello_due;                   /* an unknown incarnation waits for an echo: answer at once */
	struct vrrp_report report;        /* the last fresh one; sender 0 = none yet */
};

/* What is needed of me to judge a peer's report. */
struct vrrp_peer_self {
	uint8_t member;
	uint64_t incarnation;
	const struct vrrp_sent_ring *sent;
	int64_t lease_us;
};

/* Outcome of an authentic report. */
struct vrrp_peer_verdict {
	enum vrrp_drop drop; /* VRRP_DROP_NONE: the report is stored in the peer if `fresh` */
	bool fresh;
	bool new_incarnation; /* fresh, and the first one of this incarnation */
};

/*
 * Takes an authentic report of this peer, received at `now` (the clock read after recvmsg returned it). Stores it as
 * peer->report if it is fresh. A drop leaves what is believed as it was.
 */
struct vrrp_peer_verdict vrrp_peer_take(struct vrrp_peer *peer, const struct vrrp_peer_self *self,
	const struct vrrp_report *report, struct vrrp_time now);

/* True if the last fresh report still speaks for its sender. */
bool vrrp_peer_speaks(const struct vrrp_peer *peer, struct vrrp_time now);

/* After an own stall: nobody is fresh until heard again (protocol.md section 9). */
void vrrp_peer_forget_freshness(struct vrrp_peer *peer);

/* The echo entry about this peer for my next report. */
struct vrrp_report_echo vrrp_peer_echo(const struct vrrp_peer *peer, uint8_t member);

/* The echo entry about `member` in a report, or NULL. */
const struct vrrp_report_echo *vrrp_report_echo_find(const struct vrrp_report *report, uint8_t member);

/* True if the report proves that its sender heard me (incarnation, a seq sent less than lease_us before now). */
bool vrrp_report_is_fresh(const struct vrrp_report *report, const struct vrrp_peer_self *self, struct vrrp_time now);

#endif
