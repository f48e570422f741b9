/*
 * What I1 rests on: no two members believe at one true instant that they hold the lease, each by its own clock and
 * daemon, also when frozen. Stricter than the gates, which open later: sees a broken lease sooner. And a gate's end is
 * never beyond the lease that the member believes in.
 */
#include "tests/sim/sim.h"

static bool believes(const struct sim_world *world, const struct sim_member *member)
{
	return member->running && vrrp_role_holds(member->core.role) &&
	       vrrp_time_before(sim_clock_now(world, member), vrrp_core_lease_end(&member->core));
}

void sim_inv_one_lease(struct sim_world *world, const struct sim_member *stepped)
{
	if (!believes(world, stepped) || world->knobs.quorum_none != 0) {
		return;
	}
	for (unsigned i = 0; i < world->count; i++) {
		const struct sim_member *other = &world->member[i];

		if (other != stepped && believes(world, other)) {
			sim_world_violate(world, "I1 (lease): members %u (%s) and %u (%s) both hold the lease",
				stepped->index + 1, vrrp_role_word(stepped->core.role), other->index + 1,
				vrrp_role_word(other->core.role));
		}
	}
}
