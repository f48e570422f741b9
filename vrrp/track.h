/*
 * What is tracked besides PostgreSQL: scripts and interfaces (vipd.conf(5), track_script, track_interface), as the core
 * is told of them, and how their weights change the priority.
 *
 * As in keepalived: without a weight, what is down keeps a member from being promoted; with one, what is up adds a
 * weight above 0 and what is down a weight below 0, and 1..254 is never left (0 and 255 mean something else on the
 * wire, RFC 9568 section 5.2.4). What is not known yet adds nothing; without a weight it keeps a standby from being
 * promoted, but not a running primary from being elected as it is: a restarted daemon must not fail over from it.
 *
 * Pure. The caller adds up one struct vrrp_track and gives it to the core (VRRP_EVENT_TRACK); for an interface without
 * a weight there is VRRP_EVENT_LINK.
 */
#ifndef VRRP_TRACK_H
#define VRRP_TRACK_H

#include "vrrp/base.h"

#define VRRP_TRACK_WEIGHT_MAX 253

enum vrrp_track_state { VRRP_TRACK_UNKNOWN = 0, VRRP_TRACK_UP, VRRP_TRACK_DOWN };

struct vrrp_track {
	bool unknown;   /* something without a weight was not looked at yet */
	bool failed;    /* something without a weight is down */
	int32_t weight; /* sum */
};

/* How the core deals with it. */
struct vrrp_tracking {
	struct vrrp_track seen;
	bool handed_over; /* as MASTER: a switchover because of what is down was begun */
};

/* One thing more: weight 0, or -VRRP_TRACK_WEIGHT_MAX..VRRP_TRACK_WEIGHT_MAX. */
void vrrp_track_add(struct vrrp_track *track, enum vrrp_track_state state, int weight);

bool vrrp_track_equal(const struct vrrp_track *a, const struct vrrp_track *b);

/* The effective priority, 1..254, of a configured one (1..254). Any sum is safe. */
uint8_t vrrp_track_priority(uint8_t configured, int32_t weight);

#endif
