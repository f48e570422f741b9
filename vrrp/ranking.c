#include "vrrp/ranking.h"

struct vrrp_standing vrrp_standing_from_report(const struct vrrp_report *report)
{
	return (struct vrrp_standing){ .at = vrrp_position_from_report(report),
		.id = report->sender,
		.priority = report->priority,
		.primary = (report->flags & VRRP_FLAG_PG_UP) != 0 && (report->flags & VRRP_FLAG_IN_RECOVERY) == 0,
		.eligible = (report->flags & VRRP_FLAG_ELIGIBLE) != 0 };
}

bool vrrp_standing_is_source(const struct vrrp_standing *primary, const struct vrrp_follower *follower)
{
	return primary->primary && follower->in_recovery &&
	       ((follower->streaming && follower->upstream == primary->id) ||
		       (primary->at.epoch.member == primary->id &&
			       vrrp_ballot_equal(&follower->epoch, &primary->at.epoch) &&
			       follower->timeline == primary->at.timeline));
}

bool vrrp_standing_ahead(const struct vrrp_standing *a, const struct vrrp_standing *b, uint64_t lag_bytes)
{
	uint64_t bytes;

	return vrrp_position_ahead(&a->at, &b->at, &bytes) && bytes > lag_bytes;
}

bool vrrp_standing_better(const struct vrrp_standing *a, bool a_primary, const struct vrrp_standing *b, bool b_primary,
	uint64_t lag_bytes)
{
	if (a_primary != b_primary) {
		return a_primary;
	}
	if (vrrp_standing_ahead(a, b, lag_bytes)) {
		return true;
	}
	if (vrrp_standing_ahead(b, a, lag_bytes)) {
		return false;
	}
	if (a->priority != b->priority) {
		return a->priority > b->priority;
	}
	return a->id < b->id;
}
