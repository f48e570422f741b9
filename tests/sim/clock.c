/* A member's CLOCK_BOOTTIME: piecewise linear in true time, at a rate that max_drift allows. */
#include "tests/sim/sim.h"

#define PPM INT64_C(1000000)
/* How much of max_drift the clocks use, in thousandths: the rest covers the rounding to whole microseconds. */
#define CLOCK_DRIFT_USED 995

struct vrrp_time sim_clock_now(const struct sim_world *world, const struct sim_member *member)
{
	int64_t passed_us = world->now_us - member->clock_true_us;

	return (struct vrrp_time){ member->clock_local_us + passed_us * member->rate_ppm / PPM };
}

int64_t sim_clock_true_us(const struct sim_world *world, const struct sim_member *member, struct vrrp_time local)
{
	int64_t left_us = local.us - sim_clock_now(world, member).us;
	int64_t from_base_us;

	if (left_us <= 0) {
		return world->now_us;
	}
	if (left_us > INT64_MAX / (4 * PPM)) {
		return INT64_MAX / 4;
	}
	from_base_us = ((local.us - member->clock_local_us) * PPM + member->rate_ppm - 1) / member->rate_ppm;
	return member->clock_true_us + from_base_us;
}

static int64_t draw_rate(struct sim_world *world)
{
	int64_t lowest = PPM - world->knobs.max_drift_ppm * CLOCK_DRIFT_USED / 1000;

	if (world->knobs.sabotage_clocks != 0) {
		lowest -= (PPM - lowest);
	}
	if (sim_draw(world, 0, 99) < world->knobs.rate_extreme_pct) {
		return sim_draw(world, 0, 1) ? PPM : lowest;
	}
	return sim_draw(world, lowest, PPM);
}

void sim_clock_set_rate(struct sim_world *world, struct sim_member *member)
{
	member->clock_local_us = sim_clock_now(world, member).us;
	member->clock_true_us = world->now_us;
	member->rate_ppm = draw_rate(world);
	if (member->running) { /* what was computed with the old rate may now be too late */
		member->wake_us = INT64_MAX;
		sim_member_wake(world, member);
	}
}

void sim_clock_boot(struct sim_world *world, struct sim_member *member, int64_t local_us)
{
	member->clock_local_us = local_us;
	member->clock_true_us = world->now_us;
	member->rate_ppm = draw_rate(world);
}
