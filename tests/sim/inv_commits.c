/*
 * I3: no acknowledged commit is missing. All commits that were ever acknowledged lie on one line: a new one beyond the
 * newest of them, or between; and whoever opens the gate has the newest. By the identity of WAL (wal.c), not by what
 * any daemon believes. Acknowledged is what PostgreSQL's rule releases at once when enough standbys have flushed,
 * whether a client's connection still stands or not: stricter than life.
 *
 * A member whose state file is lost forgets what it vouched for: a failure, and more of them at a time than a minority
 * void what was acknowledged on that member before. With durability = async the loss is counted, not judged.
 */
#include "tests/sim/sim.h"

void sim_inv_commits_acked(struct sim_world *world, const struct sim_member *member, struct sim_point point)
{
	if (sim_wal_contains(world, world->acked, point) || sim_wal_contains(world, world->forgiven, point)) {
		return;
	}
	if (!sim_wal_contains(world, point, world->acked)) {
		if (world->knobs.durability == VRRP_DURABILITY_ASYNC) {
			return; /* a deposed primary's last clients; counted when the next one serves */
		}
		sim_world_violate(world,
			"I3: member %u acknowledges up to %llx on timeline %u, beside %llx on timeline %u",
			member->index + 1, (unsigned long long)point.lsn, world->wal.branch[point.branch].timeline,
			(unsigned long long)world->acked.lsn, world->wal.branch[world->acked.branch].timeline);
		return;
	}
	if (point.branch != world->acked.branch && world->knobs.durability != VRRP_DURABILITY_ASYNC) {
		sim_world_trace(world, member, "begins to acknowledge on timeline %u, at %llx",
			world->wal.branch[point.branch].timeline, (unsigned long long)point.lsn);
	}
	if (point.branch == world->acked.branch) {
		world->counts.acked_bytes += point.lsn - world->acked.lsn;
	}
	world->acked = point;
}

void sim_inv_commits_served(struct sim_world *world, const struct sim_member *member)
{
	struct sim_point end = sim_pg_end(world, &member->pg);
	struct sim_point at = world->acked;

	if (sim_wal_contains(world, end, at)) {
		return;
	}
	if (world->knobs.durability != VRRP_DURABILITY_ASYNC) {
		sim_world_violate(world,
			"I3: member %u serves up to %llx on timeline %u without what was acknowledged: %llx on "
			"timeline %u",
			member->index + 1, (unsigned long long)end.lsn, world->wal.branch[end.branch].timeline,
			(unsigned long long)at.lsn, world->wal.branch[at.branch].timeline);
		return;
	}
	while (!sim_wal_contains(world, end, (struct sim_point){ at.branch, world->wal.branch[at.branch].fork })) {
		world->counts.lost_bytes += at.lsn - world->wal.branch[at.branch].fork;
		at = (struct sim_point){ world->wal.branch[at.branch].parent, world->wal.branch[at.branch].fork };
	}
	world->acked = end;
}

void sim_inv_commits_forgive(struct sim_world *world, const struct sim_member *member)
{
	if (!member->witness && sim_wal_contains(world, sim_pg_end(world, &member->pg), world->acked)) {
		world->forgiven = world->acked.branch >= 0 ? world->acked : world->forgiven;
		world->acked = (struct sim_point){ .branch = -1 };
	}
}
