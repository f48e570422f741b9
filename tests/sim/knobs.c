#include "tests/sim/knobs.h"

#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vrrp/prng.h"

/* How a knob is drawn: evenly, so that each order of magnitude is as likely, or 0 half the time. */
enum knob_draw { KNOB_EVEN, KNOB_LOG, KNOB_LOG_OR_0 };

struct knob {
	const char *name;
	size_t offset;
	int64_t low;
	int64_t high;
	enum knob_draw draw;
	bool young; /* 0 unless --set young=1: what check draws has been green for long */
};

#define KNOB(field, low, high, draw)                                                                                   \
	{                                                                                                              \
#field, offsetof(struct sim_knobs, field), low, high, draw, false                                      \
	}
#define WEIGHT(name, fault)                                                                                            \
	{                                                                                                              \
		name, offsetof(struct sim_knobs, fault_weight[fault]), 1, 16, KNOB_LOG_OR_0, false                     \
	}

#define YOUNG_KNOB(field, low, high, draw)                                                                             \
	{                                                                                                              \
#field, offsetof(struct sim_knobs, field), low, high, draw, true                                       \
	}
#define YOUNG_WEIGHT(name, fault)                                                                                      \
	{                                                                                                              \
		name, offsetof(struct sim_knobs, fault_weight[fault]), 1, 16, KNOB_LOG_OR_0, true                      \
	}

/* The limits that --set accepts are 0 and KNOB_SET_MAX; low and high are for drawing only. */
#define KNOB_SET_MAX INT64_C(1000000000000)

static const struct knob table[] = {
	KNOB(members, 2, 7, KNOB_EVEN),
	KNOB(witnesses, 0, 2, KNOB_EVEN),
	KNOB(advert_int_us, 10000, 1000000, KNOB_LOG),
	KNOB(lease_adverts, 3, 8, KNOB_EVEN),
	KNOB(max_drift_ppm, 10000, 200000, KNOB_LOG),
	KNOB(restart_grace_us, 1000000, 10000000, KNOB_LOG),
	KNOB(boot_wait_us, 100000, 10000000, KNOB_LOG),
	KNOB(promote_timeout_us, 300000, 10000000, KNOB_LOG),
	KNOB(switchover_timeout_us, 100000, 10000000, KNOB_LOG),
	KNOB(fault_hold_us, 100000, 10000000, KNOB_LOG),
	KNOB(election_lag_bytes, 1, 1000000, KNOB_LOG_OR_0),
	KNOB(max_lag_bytes, 100000, 100000000, KNOB_LOG),
	KNOB(manage_full, 1, 1, KNOB_EVEN),
	KNOB(fence, 0, 1, KNOB_EVEN),
	YOUNG_KNOB(durability, 0, 1, KNOB_EVEN),
	YOUNG_KNOB(sync_standbys, 0, 3, KNOB_EVEN),
	KNOB(quorum_none, 0, 0, KNOB_EVEN),
	KNOB(rate_extreme_pct, 0, 100, KNOB_EVEN),
	KNOB(wake_late_us, 1, 2000, KNOB_LOG),
	KNOB(stutter_points, 20, 5000, KNOB_LOG_OR_0),
	KNOB(stutter_us, 10, 20000, KNOB_LOG),
	KNOB(delay_min_us, 20, 500, KNOB_LOG),
	KNOB(delay_max_us, 500, 20000, KNOB_LOG),
	KNOB(loss_ppm, 100, 100000, KNOB_LOG_OR_0),
	KNOB(dup_ppm, 100, 100000, KNOB_LOG_OR_0),
	KNOB(slow_ppm, 100, 100000, KNOB_LOG_OR_0),
	KNOB(slow_pct, 10, 300, KNOB_LOG),
	KNOB(replay_ppm, 100, 1000000, KNOB_LOG_OR_0),
	KNOB(spoil_ppm, 100, 100000, KNOB_LOG_OR_0),
	KNOB(store_us, 100, 100000, KNOB_LOG),
	KNOB(store_fail_ppm, 100, 10000, KNOB_LOG_OR_0),
	KNOB(kernel_fail_ppm, 10, 1000, KNOB_LOG_OR_0),
	KNOB(fence_us, 1000, 300000, KNOB_LOG),
	KNOB(fence_fail_ppm, 1000, 300000, KNOB_LOG_OR_0),
	KNOB(probe_interval_us, 100000, 1000000, KNOB_LOG),
	KNOB(probe_us, 500, 20000, KNOB_LOG),
	KNOB(pg_sick_pct, 10, 90, KNOB_LOG_OR_0),
	KNOB(promote_us, 5000, 500000, KNOB_LOG),
	KNOB(promote_fail_ppm, 1000, 200000, KNOB_LOG_OR_0),
	KNOB(pg_stop_us, 5000, 300000, KNOB_LOG),
	KNOB(pg_start_us, 20000, 1000000, KNOB_LOG),
	KNOB(rejoin_us, 100000, 3000000, KNOB_LOG),
	KNOB(rejoin_fail_ppm, 1000, 300000, KNOB_LOG_OR_0),
	KNOB(write_bytes_per_ms, 1, 10000, KNOB_LOG),
	KNOB(reload_us, 100, 300000, KNOB_LOG),
	KNOB(wal_timeout_us, 50000, 10000000, KNOB_LOG),
	KNOB(checkpoint_us, 1000, 3000000, KNOB_LOG),
	KNOB(slots, 0, 1, KNOB_EVEN),
	KNOB(partial_records, 0, 1, KNOB_EVEN),
	KNOB(rounds, 1, 4, KNOB_EVEN),
	KNOB(phase_leases, 20, 400, KNOB_LOG),
	KNOB(fault_every_pct, 20, 2000, KNOB_LOG),
	KNOB(fault_length_pct, 50, 1000, KNOB_LOG),
	KNOB(fault_burst, 1, 4, KNOB_EVEN),
	KNOB(cut_apart_pct, 1, 100, KNOB_LOG_OR_0),
	KNOB(thaw_cut_pct, 1, 100, KNOB_LOG_OR_0),
	KNOB(heal_partial_pct, 0, 60, KNOB_EVEN),
	KNOB(heal_replay, 0, 1, KNOB_EVEN),
	WEIGHT("w_crash", SIM_FAULT_CRASH),
	WEIGHT("w_freeze", SIM_FAULT_FREEZE),
	WEIGHT("w_power", SIM_FAULT_POWER),
	WEIGHT("w_cut", SIM_FAULT_CUT),
	WEIGHT("w_weather", SIM_FAULT_WEATHER),
	WEIGHT("w_rate", SIM_FAULT_RATE),
	WEIGHT("w_stop", SIM_FAULT_STOP),
	WEIGHT("w_lose_file", SIM_FAULT_LOSE_FILE),
	WEIGHT("w_pg_crash", SIM_FAULT_PG_CRASH),
	WEIGHT("w_pg_hang", SIM_FAULT_PG_HANG),
	WEIGHT("w_carrier", SIM_FAULT_CARRIER),
	WEIGHT("w_kernel", SIM_FAULT_KERNEL),
	WEIGHT("w_pause", SIM_FAULT_PAUSE),
	WEIGHT("w_restart", SIM_FAULT_RESTART),
	WEIGHT("w_suspend", SIM_FAULT_SUSPEND),
	WEIGHT("w_track", SIM_FAULT_TRACK),
	YOUNG_WEIGHT("w_switch", SIM_FAULT_SWITCH),
	YOUNG_WEIGHT("w_slew", SIM_FAULT_SLEW),
	YOUNG_WEIGHT("w_priority", SIM_FAULT_PRIORITY),
	YOUNG_WEIGHT("w_members", SIM_FAULT_MEMBERS),
	KNOB(young, 0, 0, KNOB_EVEN),
	KNOB(steady, 0, 0, KNOB_EVEN),
	KNOB(sabotage_relative_gate, 0, 0, KNOB_EVEN),
	KNOB(sabotage_clocks, 0, 0, KNOB_EVEN),
	KNOB(sabotage_amnesia, 0, 0, KNOB_EVEN),
	KNOB(sabotage_cached_clock, 0, 0, KNOB_EVEN),
};

#define KNOBS (sizeof(table) / sizeof(table[0]))

static int64_t *knob_at(struct sim_knobs *knobs, const struct knob *knob)
{
	return (int64_t *)((char *)knobs + knob->offset);
}

/* Whole numbers only, so that the same seed is the same run on every machine. */
static int64_t draw_log(struct vrrp_prng *prng, int64_t low, int64_t high)
{
	int64_t from = low > 0 ? low : 1;
	int64_t octaves = 0;
	int64_t at;

	while (from << (octaves + 1) <= high) {
		octaves++;
	}
	at = from << vrrp_prng_range(prng, 0, octaves);
	return vrrp_prng_range(prng, at, 2 * at <= high ? 2 * at : high);
}

/* Each knob has numbers of its own, so that a new knob does not change what a seed means for the others. */
static void init_for(struct vrrp_prng *prng, uint64_t seed, const char *name)
{
	uint64_t hash = UINT64_C(14695981039346656037);

	for (; *name != '\0'; name++) {
		hash = (hash ^ (unsigned char)*name) * UINT64_C(1099511628211);
	}
	vrrp_prng_init(prng, seed ^ hash);
}

static int64_t at_most(int64_t value, int64_t limit)
{
	return value < limit ? value : limit;
}

/* Knobs that depend on each other. */
static void fit_together(struct sim_knobs *knobs)
{
	struct vrrp_prng prng;

	init_for(&prng, knobs->seed, "shape");
	if (vrrp_prng_below(&prng, 2) == 0) { /* three members are what most people have */
		knobs->members = 3;
	}
	if (vrrp_prng_below(&prng, 10) == 0) {
		knobs->quorum_none = 1;
		knobs->members = 2;
		knobs->witnesses = 0;
	}
	/* fence, store and promotion must fit into promote_timeout, or nobody is ever promoted */
	knobs->promote_us = at_most(knobs->promote_us, knobs->promote_timeout_us / 3);
	knobs->fence_us = at_most(knobs->fence_us, knobs->promote_timeout_us / 3);
	knobs->store_us = at_most(knobs->store_us, knobs->promote_timeout_us / 8);
	if (knobs->witnesses >= knobs->members) {
		knobs->witnesses = knobs->members - 1;
	}
}

static int64_t draw_one(uint64_t seed, const struct knob *knob)
{
	struct vrrp_prng prng;
	int64_t value;

	init_for(&prng, seed, knob->name);
	if (knob->draw == KNOB_EVEN) {
		return vrrp_prng_range(&prng, knob->low, knob->high);
	}
	value = draw_log(&prng, knob->low, knob->high);
	return knob->draw == KNOB_LOG_OR_0 && vrrp_prng_below(&prng, 2) == 0 ? 0 : value;
}

/* The young ones, if they are asked for. */
static void draw_young(struct sim_knobs *knobs)
{
	for (size_t i = 0; i < KNOBS && knobs->young != 0; i++) {
		if (table[i].young) {
			*knob_at(knobs, &table[i]) = draw_one(knobs->seed, &table[i]);
		}
	}
}

void sim_knobs_draw(struct sim_knobs *ret_knobs, uint64_t seed)
{
	memset(ret_knobs, 0, sizeof(*ret_knobs));
	ret_knobs->seed = seed;
	for (size_t i = 0; i < KNOBS; i++) {
		if (!table[i].young) {
			*knob_at(ret_knobs, &table[i]) = draw_one(seed, &table[i]);
		}
	}
	fit_together(ret_knobs);
}

bool sim_knobs_set(struct sim_knobs *knobs, const char *text)
{
	const char *equals = strchr(text, '=');
	char *end;
	long long value;

	if (equals == NULL) {
		return false;
	}
	errno = 0;
	value = strtoll(equals + 1, &end, 10);
	if (errno != 0 || end == equals + 1 || *end != '\0' || value < 0 || value > KNOB_SET_MAX) {
		return false;
	}
	for (size_t i = 0; i < KNOBS; i++) {
		if (strlen(table[i].name) == (size_t)(equals - text) &&
			strncmp(table[i].name, text, (size_t)(equals - text)) == 0) {
			*knob_at(knobs, &table[i]) = value;
			if (table[i].offset == offsetof(struct sim_knobs, young)) {
				draw_young(knobs);
			}
			return knobs->members >= 2 && knobs->members <= 7 && knobs->witnesses < knobs->members &&
			       knobs->advert_int_us > 0 && knobs->lease_adverts > 0 && knobs->max_drift_ppm < 1000000;
		}
	}
	return false;
}

void sim_knobs_print(const struct sim_knobs *knobs)
{
	struct sim_knobs copy = *knobs;

	printf("seed=%" PRIu64, knobs->seed);
	for (size_t i = 0; i < KNOBS; i++) {
		printf(" %s=%" PRId64, table[i].name, *knob_at(&copy, &table[i]));
	}
	printf("\n");
}
