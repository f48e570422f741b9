#include "vrrp/lease.h"
#include "vrrp/mutant.h"

#include <assert.h>

#define PPM INT64_C(1000000)

bool vrrp_grant_runs(const struct vrrp_grant *grant, struct vrrp_time now)
{
	return grant->to != 0 && vrrp_time_before(now, grant->expires);
}

bool vrrp_grant_is_released_by(const struct vrrp_grant *grant, const struct vrrp_ballot *release)
{
	return grant->to != 0 && release->counter != 0 && release->member == grant->ballot.member &&
	       (release->incarnation == grant->ballot.incarnation || VRRP_MUTANT(release_of_any_incarnation)) &&
	       (release->counter >= grant->ballot.counter || VRRP_MUTANT(release_of_any_counter));
}

void vrrp_grant_give(struct vrrp_grant *grant, uint8_t to, const struct vrrp_ballot *ballot, struct vrrp_time now,
	int64_t lease_us, bool as_candidate)
{
	bool unbroken = grant->to == to && vrrp_time_before(now, grant->expires);
	struct vrrp_time expires = vrrp_time_add(now, lease_us);

	assert(lease_us > 0);
	if (!as_candidate) {
		grant->run_start = VRRP_TIME_NONE;
	} else if (!unbroken || grant->run_start.us == 0) {
		grant->run_start = now;
	}
	/* Only a release shortens (B2): what was promised before stands, for a new ballot of the same member too. */
	grant->expires = unbroken && !VRRP_MUTANT(renewal_shortens) ? vrrp_time_max(grant->expires, expires) : expires;
	grant->to = to;
	grant->ballot = *ballot;
}

uint64_t vrrp_sent_add(struct vrrp_sent_ring *ring, struct vrrp_time now, int64_t ask_us, uint64_t ballot_counter)
{
	ring->last_seq++;
	ring->entry[ring->last_seq % VRRP_SENT_MAX] = (struct vrrp_sent){ now, ask_us, ballot_counter };
	return ring->last_seq;
}

const struct vrrp_sent *vrrp_sent_find(const struct vrrp_sent_ring *ring, uint64_t seq)
{
	if (seq == 0 || seq > ring->last_seq || ring->last_seq - seq >= VRRP_SENT_MAX) {
		return NULL;
	}
	return &ring->entry[seq % VRRP_SENT_MAX];
}

struct vrrp_time vrrp_lease_worth(struct vrrp_time sent, int64_t ask_us, uint32_t drift_ppm)
{
	assert(ask_us >= 0 && drift_ppm < PPM);
	if (VRRP_MUTANT(drift_ignored)) {
		return vrrp_time_add(sent, ask_us);
	}
	return vrrp_time_add(sent, ask_us - (ask_us * (int64_t)drift_ppm + PPM - 1) / PPM);
}

struct vrrp_time vrrp_lease_end(const struct vrrp_time *worth, size_t count, size_t needed)
{
	struct vrrp_time sorted[VRRP_MEMBERS_MAX];

	assert(needed >= 1 && count <= VRRP_MEMBERS_MAX);
	for (size_t i = 0; i < count; i++) { /* insertion, largest first; count is at most nine */
		size_t at = i;

		while (at > 0 && vrrp_time_before(sorted[at - 1], worth[i])) {
			sorted[at] = sorted[at - 1];
			at--;
		}
		sorted[at] = worth[i];
	}
	return needed <= count ? sorted[needed - 1] : VRRP_TIME_NONE;
}
