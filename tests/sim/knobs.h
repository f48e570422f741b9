/*
 * What is drawn from a seed before a run: the shape of the instance, its times, the network, and which faults come how
 * often (swarm testing: a kind that a seed leaves out entirely lets the others go further). Every knob is an int64_t
 * with a name, so that --set NAME=VALUE can pin it and the printed line repeats a run.
 */
#ifndef SIM_KNOBS_H
#define SIM_KNOBS_H

#include <stdbool.h>
#include <stdint.h>

enum sim_fault {
	SIM_FAULT_CRASH = 0, /* daemon killed, started again later */
	SIM_FAULT_FREEZE,    /* daemon stopped between two of its actions, continued later */
	SIM_FAULT_POWER,     /* host off and on: clock, gate, address and PostgreSQL gone */
	SIM_FAULT_CUT,       /* links cut: one member, two sides, one way, at random */
	SIM_FAULT_WEATHER,   /* loss and delay */
	SIM_FAULT_RATE,      /* a clock runs at another rate from now on */
	SIM_FAULT_STOP,      /* clean stop of a daemon, started again later */
	SIM_FAULT_LOSE_FILE, /* daemon killed and its state file unreadable */
	SIM_FAULT_PG_CRASH,
	SIM_FAULT_PG_HANG,
	SIM_FAULT_CARRIER,  /* no link */
	SIM_FAULT_KERNEL,   /* somebody deletes the address, claims it, or the kernel refuses */
	SIM_FAULT_PAUSE,    /* an operator pauses the instance, and resumes later */
	SIM_FAULT_RESTART,  /* a restart with handover = keep */
	SIM_FAULT_SUSPEND,  /* the whole host stands still; its clock goes on */
	SIM_FAULT_TRACK,    /* a tracked script or interface fails, or weighs */
	SIM_FAULT_SWITCH,   /* an operator asks for a switchover */
	SIM_FAULT_SLEW,     /* a clock is slewed beyond half of max_drift, and its daemon has seen that */
	SIM_FAULT_PRIORITY, /* an operator changes a priority and restarts that daemon */
	SIM_FAULT_MEMBERS,  /* operators add or remove a member, daemon by daemon */
	SIM_FAULT_COUNT
};

struct sim_knobs {
	uint64_t seed;
	/* the instance */
	int64_t members;
	int64_t witnesses;
	int64_t advert_int_us;
	int64_t lease_adverts;
	int64_t max_drift_ppm;
	int64_t restart_grace_us;
	int64_t boot_wait_us;
	int64_t promote_timeout_us;
	int64_t switchover_timeout_us;
	int64_t fault_hold_us;
	int64_t election_lag_bytes;
	int64_t max_lag_bytes;
	int64_t manage_full;
	int64_t fence;
	int64_t durability;    /* enum vrrp_durability */
	int64_t sync_standbys; /* k */
	int64_t quorum_none;   /* two data members, no witness; I1 is not promised then */
	/* clocks and scheduling */
	int64_t rate_extreme_pct; /* members whose clock runs at an end of the allowed range */
	int64_t wake_late_us;
	int64_t stutter_points; /* a short stall every so many points on the average; 0 = none */
	int64_t stutter_us;
	/* the network */
	int64_t delay_min_us;
	int64_t delay_max_us;
	int64_t loss_ppm;
	int64_t dup_ppm;
	int64_t slow_ppm; /* packets that take up to slow_pct % of a lease */
	int64_t slow_pct;
	int64_t replay_ppm;
	int64_t spoil_ppm; /* packets changed under way: never accepted */
	/* disk, kernel, PostgreSQL */
	int64_t store_us;
	int64_t store_fail_ppm;
	int64_t kernel_fail_ppm;
	int64_t fence_us;
	int64_t fence_fail_ppm;
	int64_t probe_interval_us;
	int64_t probe_us;
	int64_t pg_sick_pct; /* of the hangs: it answers, but cannot work */
	int64_t promote_us;
	int64_t promote_fail_ppm;
	int64_t pg_stop_us;
	int64_t pg_start_us;
	int64_t rejoin_us;
	int64_t rejoin_fail_ppm;
	int64_t write_bytes_per_ms;
	int64_t reload_us;       /* until a process has read a changed configuration, at most */
	int64_t wal_timeout_us;  /* wal_sender_timeout and wal_receiver_timeout */
	int64_t checkpoint_us;   /* the one after a promotion */
	int64_t slots;           /* each standby streams through a slot that it made on its upstream */
	int64_t partial_records; /* WAL is received up to the middle of a record */
	/* phases and faults */
	int64_t rounds;
	int64_t phase_leases;
	int64_t fault_every_pct;  /* mean distance of faults, % of a lease */
	int64_t fault_length_pct; /* longest fault, % of a lease */
	int64_t fault_burst;      /* faults at a time, at most */
	int64_t cut_apart_pct;    /* cuts that take away reports or PostgreSQL's connections alone */
	int64_t thaw_cut_pct;     /* thaws after which the member that serves is cut off at once */
	int64_t heal_partial_pct; /* healed rounds in which only a majority is connected pairwise */
	int64_t heal_replay;      /* the attacker goes on in healed rounds */
	int64_t fault_weight[SIM_FAULT_COUNT];
	int64_t young;  /* set: what was added last is drawn too (durability = quorum, and the latest faults) */
	int64_t steady; /* a story (tests/golden): nothing is left to chance, every draw is the highest possible */
	/* Sabotage, 0 unless set: what the rules rest on is taken away, to show that the invariants can see it. */
	int64_t sabotage_relative_gate; /* B1: the gate's end counts from the write, not from the reading of the clock
					 */
	int64_t sabotage_clocks;        /* B3: rates differ by twice max_drift */
	int64_t sabotage_amnesia;       /* every start says that it is the first ever */
	int64_t sabotage_cached_clock;  /* B8: packets are stamped with the clock from before a stall */
};

/* All knobs from a seed. */
void sim_knobs_draw(struct sim_knobs *ret_knobs, uint64_t seed);

/* Pins a knob: text is NAME=VALUE. False if there is no such knob or the value is not a number in its range. */
bool sim_knobs_set(struct sim_knobs *knobs, const char *text);

/* One line of NAME=VALUE, for stdout. */
void sim_knobs_print(const struct sim_knobs *knobs);

static inline int64_t sim_knobs_lease_us(const struct sim_knobs *knobs)
{
	return knobs->advert_int_us * knobs->lease_adverts;
}

#endif
