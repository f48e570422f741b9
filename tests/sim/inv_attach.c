/*
 * I6: a diverged history is never attached to the holder as a standby. PostgreSQL has attached it (pg_stream.c judges
 * by numbers as it does); what both really have says that it should not. What was attached to another than the holder
 * is marked, and must never be promoted or served. Without replication slots PostgreSQL comes back by itself to a
 * former holder that has been cloned meanwhile, faster than any daemon looks; that is counted only.
 */
#include "tests/sim/sim.h"

static bool holds(const struct sim_world *world, const struct sim_member *member)
{
	return sim_kernel_gate_open(world, member) ||
	       (member->running && vrrp_role_holds(member->core.role) &&
		       vrrp_time_before(sim_clock_now(world, member), vrrp_core_lease_end(&member->core)));
}

void sim_inv_attach_mixed(struct sim_world *world, const struct sim_member *member, const struct sim_member *from)
{
	sim_world_trace(world, member, "MIXED: attached to member %u, of another line", from->index + 1);
	world->counts.mixed++;
	if (world->knobs.slots == 0) {
		return;
	}
	world->member[member->index].pg.mixed = true;
	if (holds(world, from)) {
		sim_world_violate(world, "I6: member %u is attached to the holder %u, and its history is another",
			member->index + 1, from->index + 1);
	}
}

void sim_inv_attach_used(struct sim_world *world, const struct sim_member *member, const char *how)
{
	sim_world_violate(world, "I6: member %u %s", member->index + 1, how);
}
