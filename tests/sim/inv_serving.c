/*
 * I5: a member that loses the lease serves nobody through a floating address after the lease's end, and never again
 * before it holds one anew. When a step orders it: only as MASTER. And by truth, at every write of the gate, however
 * late its daemon got to it: an open gate is one whose owner's lease runs by the owner's own clock, and clients are let
 * through only to a PostgreSQL that is no standby. Left alone a gate only closes, so that to look after each write is
 * to look at every instant; that the lease is a real one is I1's.
 */
#include "tests/sim/sim.h"

#include <inttypes.h>

struct vrrp_time sim_inv_serving_lease(const struct sim_member *member)
{
	return vrrp_time_max(member->lease_before, vrrp_core_lease_end(&member->core));
}

bool sim_inv_serving_had_role(const struct sim_member *member, bool (*fits)(enum vrrp_role role))
{
	if (fits(member->role_before) || fits(member->core.role)) {
		return true;
	}
	for (unsigned i = 0; i < member->update.count; i++) {
		if (member->update.action[i].kind == VRRP_ACT_ROLE && fits(member->update.action[i].row->to)) {
			return true;
		}
	}
	return false;
}

static bool is_master(enum vrrp_role role)
{
	return role == VRRP_ROLE_MASTER;
}

void sim_inv_serving_ordered(struct sim_world *world, const struct sim_member *member, const char *what)
{
	if (!sim_inv_serving_had_role(member, is_master)) {
		sim_world_violate(
			world, "I5: member %u %s as %s", member->index + 1, what, vrrp_role_word(member->core.role));
	}
}

static bool opens(const struct sim_world *world, const struct sim_member *member, struct vrrp_time end)
{
	return member->host_up && vrrp_time_before(sim_clock_now(world, member), end);
}

void sim_inv_serving_written(struct sim_world *world, const struct sim_member *member)
{
	struct vrrp_time lease_end = sim_inv_serving_lease(member);
	const struct sim_kernel *kernel = &member->kernel;

	if (opens(world, member, vrrp_time_max(kernel->gate_in, kernel->gate_out)) &&
		!vrrp_time_before(sim_clock_now(world, member), lease_end)) {
		sim_world_violate(world, "I5: member %u has an open gate, its lease ended at %" PRId64,
			member->index + 1, lease_end.us);
	}
	if (opens(world, member, kernel->gate_in) && member->pg.state == SIM_PG_UP && member->pg.standby) {
		sim_world_violate(world, "I5: member %u lets clients through to a standby", member->index + 1);
	}
}
