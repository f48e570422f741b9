/*
 * Keeps a flood in a member's name out of that member's receive queue.
 *
 * A connected socket hears nobody but its peer, but source addresses can be forged, and a full queue loses genuine
 * reports as easily as forged ones. Only the HMAC tells them apart, and it costs more than a flooder pays for a packet.
 * What a flooder who does not listen on the wire cannot know is the peer's incarnation, 64 random bits in clear. So
 * while more comes than can be genuine, a filter in the kernel (SO_ATTACH_FILTER, socket(7)) lets pass what carries an
 * incarnation that is believed, and of everything else a random share, so that a peer that was restarted is still heard
 * soon and every kind of garbage still seen, judged and counted by its reason. It is no safety: whatever passes is
 * judged as ever. Off as soon as it is calm; what the kernel dropped is counted (SO_MEMINFO).
 *
 * Who listens on the wire and copies the incarnation passes, and is as strong as without it.
 */
#ifndef VIPD_REPORT_GUARD_H
#define VIPD_REPORT_GUARD_H

#include "vipd/config.h"
#include "vrrp/base.h"

#define REPORT_GUARD_WINDOW_US 100000
#define REPORT_GUARD_ON 1000        /* packets a window: more than all instances together say, ten times over */
#define REPORT_GUARD_SAMPLE 200     /* of the others, packets a window that are let through */
#define REPORT_GUARD_CALM 10        /* windows below REPORT_GUARD_ON until it is off again */
#define REPORT_GUARD_SHARE_MIN 1024 /* at least one of so many of the others passes */

/* Of one socket. Zero-initialised. */
struct report_guard {
	bool on;
	uint32_t share; /* on: one of so many of the others passes */
	unsigned calm;
	struct vrrp_time window_end;
	uint64_t read;    /* in this window */
	uint32_t dropped; /* the kernel's count at the last look; it wraps */
	uint64_t dropped_all;
	uint64_t dropped_before; /* this window */
	unsigned known_count;
	struct {
		uint8_t vrid;
		uint64_t incarnation;
	} known[CONFIG_INSTANCES_MAX];
};

/* Which incarnation of the peer is believed in this instance; 0 = none. */
void report_guard_believe(struct report_guard *guard, int fd, uint8_t vrid, uint64_t incarnation);

/* A packet was read. */
void report_guard_count(struct report_guard *guard);

/* To be called often: after packets, and when something is sent. */
void report_guard_look(struct report_guard *guard, int fd, struct vrrp_time now);

/* Packets that the kernel dropped so far because the queue was full or by the filter. */
uint64_t report_guard_dropped(struct report_guard *guard, int fd);

#endif
