#include "vrrp/track.h"

#include <assert.h>

#include "vrrp/mutant.h"

#define PRIORITY_MIN 1
#define PRIORITY_MAX 254

void vrrp_track_add(struct vrrp_track *track, enum vrrp_track_state state, int weight)
{
	assert(weight >= -VRRP_TRACK_WEIGHT_MAX && weight <= VRRP_TRACK_WEIGHT_MAX);
	if (weight == 0) {
		track->unknown = track->unknown || state == VRRP_TRACK_UNKNOWN;
		track->failed = track->failed || state == VRRP_TRACK_DOWN;
	} else if ((weight > 0 && state == VRRP_TRACK_UP) || (weight < 0 && state == VRRP_TRACK_DOWN)) {
		track->weight += weight;
	}
}

bool vrrp_track_equal(const struct vrrp_track *a, const struct vrrp_track *b)
{
	return a->unknown == b->unknown && a->failed == b->failed && a->weight == b->weight;
}

uint8_t vrrp_track_priority(uint8_t configured, int32_t weight)
{
	int64_t priority = (int64_t)configured + weight;

	assert(configured >= PRIORITY_MIN && configured <= PRIORITY_MAX);
	if (VRRP_MUTANT(weight_leaves_the_range)) {
		return (uint8_t)priority;
	}
	if (priority < PRIORITY_MIN) {
		return PRIORITY_MIN;
	}
	return priority > PRIORITY_MAX ? PRIORITY_MAX : (uint8_t)priority;
}
