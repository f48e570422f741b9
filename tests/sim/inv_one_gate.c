/*
 * I1: at no true instant do two members' gates stand open. A gate opens, or stays open longer, only by a write; left
 * alone it only closes. So to look after each write is to look at every instant.
 */
#include "tests/sim/sim.h"

void sim_inv_one_gate(struct sim_world *world, const struct sim_member *writer)
{
	if (!sim_kernel_gate_open(world, writer) || world->knobs.quorum_none != 0) {
		return;
	}
	for (unsigned i = 0; i < world->count; i++) {
		const struct sim_member *other = &world->member[i];

		if (other != writer && sim_kernel_gate_open(world, other)) {
			int64_t left_us = vrrp_time_max(other->kernel.gate_in, other->kernel.gate_out).us -
					  sim_clock_now(world, other).us;

			sim_world_violate(world,
				"I1: the gates of members %u and %u stand open, the other for %lld us more",
				writer->index + 1, other->index + 1, (long long)left_us);
		}
	}
}
