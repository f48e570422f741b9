/*
 * Who is better: the order of candidates and the voters' vetoes over data (protocol.md section 4 and 6). Pure
 * comparisons; the core collects the standings of itself and of all fresh reports and asks here.
 */
#ifndef VRRP_RANKING_H
#define VRRP_RANKING_H

#include "vrrp/history.h"

/* One member's claim to be promoted, as far as it is known. */
struct vrrp_standing {
	struct vrrp_position at;
	uint8_t id;
	uint8_t priority;
	bool primary; /* PostgreSQL runs out of recovery */
	bool eligible;
};

/* Where a standby's WAL comes from, and under whose name. */
struct vrrp_follower {
	bool in_recovery;
	bool streaming;
	uint8_t upstream; /* id of the member it streams from */
	struct vrrp_ballot epoch;
	uint32_t timeline;
};

/*
 * All of the follower's WAL came from this primary: it streams from there, or the primary's epoch is its own and the
 * follower's. What is newer there than in the primary's last report is not ahead of it: a walsender sends what is
 * flushed.
 */
bool vrrp_standing_is_source(const struct vrrp_standing *primary, const struct vrrp_follower *follower);

/* The standing that a report claims. */
struct vrrp_standing vrrp_standing_from_report(const struct vrrp_report *report);

/* a has more than lag_bytes that b lacks. */
bool vrrp_standing_ahead(const struct vrrp_standing *a, const struct vrrp_standing *b, uint64_t lag_bytes);

/*
 * a comes before b: running primary; ahead in position (more than lag_bytes); priority; lower member id. `a_primary`
 * and `b_primary` say whether they count as *running* primary, i.e. passed by no higher epoch.
 */
bool vrrp_standing_better(const struct vrrp_standing *a, bool a_primary, const struct vrrp_standing *b, bool b_primary,
	uint64_t lag_bytes);

#endif
