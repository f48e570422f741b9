/* WAL's identity: a tree of branches, one a promotion. A parent is older than its children. */
#include <assert.h>
#include <stdlib.h>

#include "tests/sim/sim.h"

#define WAL_FIRST_SIZE 64

static int32_t add(struct sim_world *world, const struct sim_branch *branch)
{
	struct sim_wal *wal = &world->wal;

	if (wal->count == wal->size) {
		wal->size = wal->size > 0 ? 2 * wal->size : WAL_FIRST_SIZE;
		wal->branch = realloc(wal->branch, wal->size * sizeof(*wal->branch));
		assert(wal->branch != NULL);
	}
	wal->branch[wal->count] = *branch;
	return (int32_t)wal->count++;
}

void sim_wal_init(struct sim_world *world)
{
	(void)add(world, &(struct sim_branch){ .parent = -1, .timeline = 1 });
	world->acked = (struct sim_point){ .branch = -1 };
	world->forgiven = world->acked;
}

void sim_wal_deinit(struct sim_world *world)
{
	free(world->wal.branch);
	world->wal = (struct sim_wal){ 0 };
}

int32_t sim_wal_fork(struct sim_world *world, struct sim_point from)
{
	return add(world, &(struct sim_branch){ .parent = from.branch,
				  .timeline = world->wal.branch[from.branch].timeline + 1,
				  .fork = from.lsn,
				  .fingerprint = vrrp_prng_next(&world->prng) | 1 });
}

bool sim_wal_contains(const struct sim_world *world, struct sim_point line, struct sim_point point)
{
	const struct sim_branch *branch = world->wal.branch;

	while (line.branch > point.branch) {
		line.lsn = branch[line.branch].fork < line.lsn ? branch[line.branch].fork : line.lsn;
		line.branch = branch[line.branch].parent;
	}
	return point.branch < 0 || (line.branch == point.branch && point.lsn <= line.lsn);
}

struct sim_point sim_wal_point(const struct sim_world *world, int32_t branch, vrrp_lsn lsn)
{
	while (lsn <= world->wal.branch[branch].fork && world->wal.branch[branch].parent >= 0) {
		branch = world->wal.branch[branch].parent;
	}
	return (struct sim_point){ .branch = branch, .lsn = lsn };
}

struct vrrp_history sim_wal_history(const struct sim_world *world, int32_t branch)
{
	int32_t chain[VRRP_HISTORY_MAX];
	struct vrrp_history history = { 0 };
	unsigned count = 0;

	for (; branch >= 0 && count < VRRP_HISTORY_MAX; branch = world->wal.branch[branch].parent) {
		chain[count++] = branch;
	}
	while (count > 0) {
		const struct sim_branch *from = &world->wal.branch[chain[--count]];

		history.entry[history.count++] = (struct vrrp_timeline){
			.timeline = from->timeline, .switch_point = from->fork, .fingerprint = from->fingerprint
		};
	}
	return history;
}
