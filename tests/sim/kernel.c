/*
 * A member's kernel: the gate's map with two absolute ends, judged by the member's own clock, whoever runs or not;
 * and the address, which is removed when its lifetime ends.
 */
#include "tests/sim/sim.h"

bool sim_kernel_gate_open(const struct sim_world *world, const struct sim_member *member)
{
	struct vrrp_time end = vrrp_time_max(member->kernel.gate_in, member->kernel.gate_out);

	return member->host_up && vrrp_time_before(sim_clock_now(world, member), end);
}

void sim_kernel_gate_write(struct sim_world *world, struct sim_member *member, const struct vrrp_action *action)
{
	struct vrrp_time end = vrrp_time_max(action->in_end, action->out_end);
	bool was_open = sim_kernel_gate_open(world, member);
	int64_t late_us = 0;

	sim_pg_sync_all(world); /* who writes, and what is acknowledged, depends on the gate */
	if (world->knobs.sabotage_relative_gate != 0 && end.us != 0) {
		late_us = vrrp_time_diff_us(sim_clock_now(world, member), member->event.now);
	}
	member->kernel.gate_in = action->in_end.us == 0 ? action->in_end : vrrp_time_add(action->in_end, late_us);
	member->kernel.gate_out = action->out_end.us == 0 ? action->out_end : vrrp_time_add(action->out_end, late_us);
	world->counts.gate_writes++;
	if (end.us != 0 && !vrrp_time_before(sim_clock_now(world, member), end)) {
		world->counts.late_gate_writes++;
	}
	sim_inv_one_gate(world, member);
	sim_inv_serving_written(world, member);
	if (!was_open && sim_kernel_gate_open(world, member)) {
		sim_inv_commits_served(world, member);
		if (member->pg.mixed) {
			sim_inv_attach_used(world, member, "serves a mixed history");
		}
	}
}

void sim_kernel_bind(struct sim_world *world, struct sim_member *member, uint32_t lifetime_s)
{
	member->kernel.bound = lifetime_s > 0;
	member->kernel.bound_until = vrrp_time_add(sim_clock_now(world, member), (int64_t)lifetime_s * VRRP_US_PER_S);
}

void sim_kernel_clear(struct sim_member *member)
{
	member->kernel = (struct sim_kernel){ 0 };
}
