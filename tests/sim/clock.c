/* A member's CLOCK_BOOTTIME: piecewise linear in true time, at a rate that max_drift allows. */
#include "tests/sim/sim.h"

#define PPM INT64_C(1000000)
/* How much of max_drift the clocks use, in thousandths: the rest covers the rounding to whole microseconds. */
#define CLOCK_DRIFT_USED 995
#define CLOCK_EXCESS_MAX_PPM 100000 /* what Linux allows adjtimex to do */

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

/* Where clocks are slewed every other one must be within half of max_drift of true time; else one end is true time. */
static int64_t draw_rate(struct sim_world *world)
{
	int64_t used_ppm = world->knobs.max_drift_ppm * CLOCK_DRIFT_USED / 1000;
	int64_t lowest = PPM - used_ppm;

	if (world->knobs.fault_weight[SIM_FAULT_SLEW] != 0 && world->knobs.sabotage_clocks == 0) {
		return sim_draw(world, 0, 99) < world->knobs.rate_extreme_pct
			       ? PPM + (sim_draw(world, 0, 1) ? used_ppm : -used_ppm) / 2
			       : sim_draw(world, PPM - used_ppm / 2, PPM + used_ppm / 2);
	}
	if (world->knobs.sabotage_clocks != 0) {
		lowest -= (PPM - lowest);
	}
	if (sim_draw(world, 0, 99) < world->knobs.rate_extreme_pct) {
		return sim_draw(world, 0, 1) ? PPM : lowest;
	}
	return sim_draw(world, lowest, PPM);
}

static void set_rate(struct sim_world *world, struct sim_member *member, int64_t rate_ppm)
{
	member->clock_local_us = sim_clock_now(world, member).us;
	member->clock_true_us = world->now_us;
	member->rate_ppm = rate_ppm;
	if (member->running) { /* what was computed with the old rate may now be too late */
		member->wake_us = INT64_MAX;
		sim_member_wake(world, member);
	}
}

void sim_clock_set_rate(struct sim_world *world, struct sim_member *member)
{
	if (member->excess_ppm == 0) {
		set_rate(world, member, draw_rate(world));
	}
}

void sim_clock_boot(struct sim_world *world, struct sim_member *member, int64_t local_us)
{
	member->clock_local_us = local_us;
	member->clock_true_us = world->now_us;
	member->rate_ppm = draw_rate(world);
	member->excess_ppm = 0;
}

static void tell(struct sim_world *world, struct sim_member *member)
{
	sim_member_post(world, member,
		&(struct sim_inbox_entry){ .kind = VRRP_EVENT_CLOCK, .clock_excess_ppm = member->excess_ppm });
}

void sim_clock_slew(struct sim_world *world, struct sim_member *member)
{
	if (!member->running || member->excess_ppm != 0) {
		return;
	}
	member->excess_ppm = (uint32_t)sim_draw(world, 1, CLOCK_EXCESS_MAX_PPM);
	member->slewed_fast = sim_draw(world, 0, 1) != 0;
	tell(world, member);
	sim_world_push(world, sim_draw(world, 1, world->knobs.advert_int_us),
		(struct sim_event){ .kind = SIM_EV_HEAL, .member = member->index, .a = SIM_HEAL_SLEW_BEGINS });
	sim_world_push(world, world->knobs.advert_int_us + sim_fault_length_us(world),
		(struct sim_event){ .kind = SIM_EV_HEAL, .member = member->index, .a = SIM_HEAL_SLEW });
}

void sim_clock_slew_begins(struct sim_world *world, struct sim_member *member)
{
	int64_t off_ppm = world->knobs.max_drift_ppm * CLOCK_DRIFT_USED / 2000 + member->excess_ppm;

	/* Its gate too must be what it has made of it. */
	if (member->excess_ppm == 0 || !member->running || member->frozen || member->event_ready ||
		member->next_action < member->update.count || member->core.clock_excess_ppm != member->excess_ppm) {
		return;
	}
	sim_world_trace(world, member, "the clock is slewed by %lld ppm", (long long)off_ppm);
	set_rate(world, member, member->slewed_fast ? PPM + off_ppm : PPM - off_ppm);
}

void sim_clock_slew_ends(struct sim_world *world, struct sim_member *member)
{
	if (member->excess_ppm != 0) {
		member->excess_ppm = 0;
		set_rate(world, member, draw_rate(world));
		tell(world, member);
	}
}
