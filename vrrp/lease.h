/*
 * The lease's arithmetic (protocol.md section 4, after PaxosLease): what a voter has granted, and until when a holder
 * may believe that it holds. No clock is read here and clocks of two hosts are never compared: a voter counts from
 * the moment it read the ask, the holder from the moment before it built the ask, shortened by max_drift. So the
 * lease ends for the holder before it ends for those who gave it (I1).
 */
#ifndef VRRP_LEASE_H
#define VRRP_LEASE_H

#include "vrrp/base.h"
#include "vrrp/report.h"

/* Reports remembered with the moment before they were built; an older one proves nothing (the safe side). */
#define VRRP_SENT_MAX 256

/* What a voter has given away: at most one grant. to = 0: none was given or it was released. */
struct vrrp_grant {
	struct vrrp_ballot ballot;
	struct vrrp_time expires;
	struct vrrp_time run_start; /* first of an unbroken run of grants to this member while CANDIDATE (D2) */
	uint64_t incarnation;       /* of the report that asked last */
	uint64_t seq;
	uint8_t to; /* member id */
};

/* My own sent reports: when (read before the report was built, B8), what was asked for and under which ballot. */
struct vrrp_sent {
	struct vrrp_time at;
	int64_t ask_us;
	uint64_t ballot_counter;
};

struct vrrp_sent_ring {
	struct vrrp_sent entry[VRRP_SENT_MAX];
	uint64_t last_seq; /* 0 = nothing sent yet */
};

/* True while the grant binds this voter. */
bool vrrp_grant_runs(const struct vrrp_grant *grant, struct vrrp_time now);

/* True if `release` frees the grant: member and incarnation equal, counter not lower (B7). */
bool vrrp_grant_is_released_by(const struct vrrp_grant *grant, const struct vrrp_ballot *release);

/*
 * Gives or renews: expires = max(expires, now + lease_us), only a release shortens (B2). `as_candidate`: the asker's
 * role, for the run of D2. The caller has made every check.
 */
void vrrp_grant_give(struct vrrp_grant *grant, uint8_t to, const struct vrrp_ballot *ballot, struct vrrp_time now,
	int64_t lease_us, bool as_candidate);

/* Notes a report about to be built: seq, and the clock read before. Returns its seq. */
uint64_t vrrp_sent_add(struct vrrp_sent_ring *ring, struct vrrp_time now, int64_t ask_us, uint64_t ballot_counter);

/* The entry for seq, or NULL if it was never sent or is too old to be remembered. */
const struct vrrp_sent *vrrp_sent_find(const struct vrrp_sent_ring *ring, uint64_t seq);

/* sent + D x (1 - max_drift); drift in parts per million. */
struct vrrp_time vrrp_lease_worth(struct vrrp_time sent, int64_t ask_us, uint32_t drift_ppm);

/*
 * The moment until which `needed` voters' grants hold: the needed-th largest of `worth`; VRRP_TIME_NONE if there are
 * fewer. needed >= 1.
 */
struct vrrp_time vrrp_lease_end(const struct vrrp_time *worth, size_t count, size_t needed);

#endif
