/*
 * I4: when all is healed there is a holder within the longest lease or silence still running + 2 x advert_int +
 * promotion, and afterwards at most one move. What else may hold a member up (fault_hold, a rejoin, a replaced
 * incarnation) is read from the cores and named below. Where nobody becomes eligible I4 says nothing; such rounds are
 * counted, so that a simulator that never checks would show.
 */
#include "tests/sim/sim.h"

#include <inttypes.h>

/* Rounds that may fail before one succeeds: ranks wait and collide, a refusal sends away once. */
#define LIVE_ROUNDS 12
#define LIVE_SLACK_US (50 * VRRP_US_PER_MS)
#define LIVE_STABLE_LEASES 20
#define LIVE_QUORUM_LOOKS 6 /* detached, end of WAL, names, walsenders gone, fetched, asked again */
#define LIVE_D3_LEASES 3
#define LIVE_RESUMES_MAX 10

static int64_t later_us(
	const struct sim_world *world, const struct sim_member *member, struct vrrp_time local, int64_t than_us)
{
	int64_t at_us = local.us == INT64_MAX ? 0 : sim_clock_true_us(world, member, local);

	return at_us > than_us ? at_us : than_us;
}

/* The latest end of what binds or silences this member. */
static int64_t bound_us(const struct sim_world *world, const struct sim_member *member, int64_t at_us)
{
	const struct vrrp_core *core = &member->core;

	if (!member->running) {
		return at_us; /* not a member any more */
	}
	at_us = later_us(world, member, core->silent_until, at_us);
	at_us = later_us(world, member, core->grant.expires, at_us);
	at_us = later_us(world, member, core->held_until, at_us);
	at_us = later_us(world, member, core->stalled_until, at_us);
	at_us = later_us(world, member, core->stand_not_before, at_us);
	at_us = later_us(world, member, core->op_retry_at, at_us);
	if (core->role == VRRP_ROLE_PROMOTING) {
		at_us = later_us(world, member, core->promote_deadline, at_us);
	}
	if (!core->all_heard) {
		at_us = later_us(world, member, core->boot_wait_until, at_us);
	}
	for (unsigned i = 0; i < world->count; i++) {
		at_us = later_us(world, member, core->peer[i].replaced_until, at_us);
		at_us = later_us(world, member, core->peer[i].duplicate_until, at_us);
	}
	return at_us;
}

void sim_inv_live_begin(struct sim_world *world)
{
	world->live = (struct sim_live){ .healed_us = world->now_us, .holder = -1 };
	for (unsigned i = 0; i < world->count; i++) {
		if (world->member[i].running && world->member[i].core.role == VRRP_ROLE_MASTER) {
			world->live.holder = (int)i;
		}
	}
	sim_world_push(world, 2 * world->knobs.advert_int_us, (struct sim_event){ .kind = SIM_EV_LIVE });
}

/* One time the way from "nothing binds" to serving, with everything PostgreSQL may need. */
static int64_t way_us(const struct sim_knobs *knobs)
{
	int64_t way = LIVE_ROUNDS * knobs->advert_int_us + LIVE_D3_LEASES * sim_knobs_lease_us(knobs);

	way += 2 * knobs->fence_us;
	way += 2 * (knobs->probe_interval_us + knobs->probe_us) + 4 * knobs->store_us;
	way += knobs->pg_stop_us + knobs->pg_start_us + knobs->promote_us + LIVE_SLACK_US;
	if (knobs->durability != VRRP_DURABILITY_ASYNC) {
		way += LIVE_QUORUM_LOOKS *
		       (knobs->probe_interval_us + knobs->probe_us + knobs->reload_us + knobs->store_us);
		way += knobs->wal_timeout_us;
	}
	return way * 1000000 / (1000000 - knobs->max_drift_ppm);
}

static void compute_due(struct sim_world *world)
{
	int64_t at_us = world->now_us;

	for (unsigned i = 0; i < world->count; i++) {
		at_us = bound_us(world, &world->member[i], at_us);
	}
	world->live.due_us = at_us + way_us(&world->knobs);
	sim_world_trace(world, NULL, "I4: nothing binds from %.3f s on, a holder is due at %.3f s", (double)at_us / 1e6,
		(double)world->live.due_us / 1e6);
	sim_world_push(world, world->live.due_us - world->now_us, (struct sim_event){ .kind = SIM_EV_LIVE });
}

/* What a member really has, under the epoch that it knows. */
static struct vrrp_position position_of(const struct sim_member *member)
{
	return (struct vrrp_position){ .history = member->pg.history,
		.position = member->pg.position,
		.epoch = member->core.stored.epoch,
		.timeline = sim_pg_timeline(&member->pg) };
}

static bool is_behind(const struct sim_member *a, const struct sim_member *b)
{
	struct vrrp_position at[2] = { position_of(a), position_of(b) };

	return vrrp_position_ahead(&at[1], &at[0], NULL);
}

/* Section 7 forbids it: so many voters remember a MASTER that it lacks too much of that no majority is left. */
static bool lags_too_far(const struct sim_world *world, const struct sim_member *member)
{
	struct vrrp_position own = position_of(member);
	unsigned left = 0;

	for (unsigned i = 0; i < world->listed; i++) {
		const struct vrrp_position *seen = &world->member[i].core.stored.master_seen.at;
		uint64_t bytes = 0;

		left += (world->partial >> i & 1) == 0 && /* the others cannot vote */
			(seen->position == 0 || !vrrp_position_ahead(seen, &own, &bytes) ||
				bytes <= (uint64_t)world->knobs.max_lag_bytes);
	}
	return world->knobs.durability == VRRP_DURABILITY_ASYNC && left < world->listed / 2 + 1;
}

/*
 * "Among them enough data members whose positions can be known": one that has diverged vouches for nobody, and one
 * without an epoch (its state file was lost) only for who has all of its WAL (section 7).
 */
static bool has_vouchers(const struct sim_world *world, const struct sim_member *member)
{
	struct vrrp_position at = position_of(member);
	int64_t can = 0;
	int64_t needed = -world->knobs.sync_standbys;

	for (unsigned i = 0; i < world->listed; i++) {
		const struct sim_member *other = &world->member[i];
		struct vrrp_position theirs;

		if (other->witness) {
			continue; /* it has no history to take a position of */
		}
		theirs = position_of(other);
		needed++;
		can += (world->partial >> i & 1) == 0 && !other->core.stored.diverged &&
		       (other == member || !vrrp_ballot_is_none(&theirs.epoch) ||
			       vrrp_position_is_prefix(&theirs, &at));
	}
	return world->knobs.durability == VRRP_DURABILITY_ASYNC || can >= needed;
}

/* "Among them an eligible one that is ahead of or equal to the others": the others may veto. By data alone here. */
static bool has_enough(const struct sim_world *world, unsigned index)
{
	const struct sim_member *member = &world->member[index];

	if (member->witness || (world->partial >> index & 1) != 0 || lags_too_far(world, member) ||
		!has_vouchers(world, member)) {
		return false;
	}
	for (unsigned i = 0; i < world->listed; i++) {
		if (i != index && !world->member[i].witness && is_behind(member, &world->member[i])) {
			return false;
		}
	}
	return true;
}

static bool may_win(const struct sim_world *world, unsigned index)
{
	return has_enough(world, index) && vrrp_core_faults(&world->member[index].core) == 0;
}

static bool somebody_eligible(const struct sim_world *world)
{
	for (unsigned i = 0; i < world->listed; i++) {
		if (may_win(world, i)) {
			return true;
		}
	}
	return false;
}

/*
 * What time alone does not cure, nor the daemon without a holder: data that lacks too much, or that has gone another
 * way (its PostgreSQL may be down or starting besides: every rejoin that fails stops it).
 */
static bool is_lasting(const struct sim_world *world)
{
	for (unsigned i = 0; i < world->listed; i++) {
		const struct sim_member *member = &world->member[i];
		uint32_t faults = vrrp_core_faults(&member->core);

		if (member->witness || (world->partial >> i & 1) != 0 ||
			(faults & VRRP_FAULT_BIT(VRRP_FAULT_DIVERGED)) != 0 || !has_enough(world, i) ||
			faults == VRRP_FAULT_BIT(VRRP_FAULT_LAG)) {
			continue;
		}
		return false;
	}
	return true;
}

static const struct sim_member *server(const struct sim_world *world)
{
	for (unsigned i = 0; i < world->count; i++) {
		if (world->member[i].running && world->member[i].core.role == VRRP_ROLE_MASTER &&
			sim_kernel_gate_open(world, &world->member[i])) {
			return &world->member[i];
		}
	}
	return NULL;
}

/* For the trace of a violation: what each member thinks of itself. */
static void trace_members(struct sim_world *world)
{
	for (unsigned i = 0; i < world->count; i++) {
		const struct vrrp_core *core = &world->member[i].core;
		uint32_t faults = vrrp_core_faults(core);

		sim_world_trace(world, &world->member[i],
			"%s, epoch %llu.%u, op %d, upstream %u, faults:", vrrp_role_word(core->role),
			(unsigned long long)core->stored.epoch.counter, core->stored.epoch.member, (int)core->op,
			core->pg.upstream + 1U);
		for (unsigned fault = 0; fault < VRRP_FAULT_COUNT; fault++) {
			if ((faults & VRRP_FAULT_BIT(fault)) != 0) {
				sim_world_trace(world, &world->member[i], "    %s", vrrp_fault_word(fault));
			}
		}
	}
}

static unsigned servers(const struct sim_world *world)
{
	unsigned count = 0;

	for (unsigned i = 0; i < world->count; i++) {
		count += sim_kernel_gate_open(world, &world->member[i]);
	}
	return count;
}

void sim_inv_live_served(struct sim_world *world, const struct sim_member *member)
{
	if (world->phase != SIM_PHASE_HEALED || world->live.holder == member->index) {
		return;
	}
	world->live.moves += world->live.holder >= 0;
	world->live.holder = member->index;
}

void sim_inv_live_due(struct sim_world *world)
{
	if (world->phase != SIM_PHASE_HEALED) {
		return;
	}
	/* Two operators' words may have crossed, and then "paused" wins: whoever resumes looks, and says it again. */
	if (world->live.due_us == 0 && world->live.resumes < LIVE_RESUMES_MAX && sim_operator_resume(world)) {
		world->live.resumes++;
		sim_world_push(world, 2 * world->knobs.advert_int_us, (struct sim_event){ .kind = SIM_EV_LIVE });
		return;
	}
	if (world->live.due_us == 0) {
		compute_due(world);
		return;
	}
	sim_world_push(world, LIVE_STABLE_LEASES * sim_knobs_lease_us(&world->knobs),
		(struct sim_event){ .kind = SIM_EV_PHASE });
	if (servers(world) > 1) {
		sim_world_violate(world, "I1: healed, and %u members serve", servers(world));
	} else if (server(world) != NULL) {
		world->live.had_holder = true;
		world->counts.live_checked++;
	} else if (somebody_eligible(world) || !is_lasting(world)) {
		trace_members(world);
		sim_world_violate(world, "I4: healed at %.3f s, nobody serves at %.3f s",
			(double)world->live.healed_us / 1e6, (double)world->now_us / 1e6);
	} else {
		world->counts.live_vacuous++;
		trace_members(world);
	}
}

void sim_inv_live_end(struct sim_world *world)
{
	if (!world->live.had_holder) {
		return;
	}
	if (world->live.moves > 1) {
		sim_world_violate(world, "I4: %u moves after all was healed", world->live.moves);
	}
	if (server(world) == NULL) {
		sim_world_violate(world, "I4: the holder of a healthy instance is gone");
	}
}
