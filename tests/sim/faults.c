/*
 * What goes wrong. One fault at a time is drawn by weight, half of them against the member that serves; how long it
 * lasts is drawn too, so that faults overlap.
 */
#include "tests/sim/sim.h"

#define FAULT_FREEZE_POINTS_MAX 40
#define FAULT_WEATHER_LOSS_MAX_PPM 500000
#define FAULT_LENGTH_MIN_US 1000

int64_t sim_fault_length_us(struct sim_world *world)
{
	int64_t high = sim_knobs_lease_us(&world->knobs) * world->knobs.fault_length_pct / 100;

	high >>= sim_draw(world, 0, 7); /* each order of magnitude as likely */
	return high > FAULT_LENGTH_MIN_US ? sim_draw(world, FAULT_LENGTH_MIN_US, high) : FAULT_LENGTH_MIN_US;
}

void sim_fault_schedule(struct sim_world *world)
{
	int64_t mean_us = sim_knobs_lease_us(&world->knobs) * world->knobs.fault_every_pct / 100;

	sim_world_push(world, sim_draw(world, 1, 2 * mean_us), (struct sim_event){ .kind = SIM_EV_FAULT });
}

static struct sim_member *draw_member(struct sim_world *world)
{
	if (sim_draw(world, 0, 1)) {
		for (unsigned i = 0; i < world->count; i++) {
			if (sim_kernel_gate_open(world, &world->member[i])) {
				return &world->member[i];
			}
		}
	}
	return &world->member[sim_draw(world, 0, world->count - 1)];
}

static void push_start(struct sim_world *world, const struct sim_member *member, int64_t after_us)
{
	sim_world_push(world, after_us, (struct sim_event){ .kind = SIM_EV_START, .member = member->index });
}

/* Reports and PostgreSQL's connections may go different ways. */
static unsigned draw_cut_what(struct sim_world *world)
{
	if (sim_draw(world, 0, 99) >= world->knobs.cut_apart_pct) {
		return SIM_CUT_REPORTS | SIM_CUT_PG;
	}
	return sim_draw(world, 0, 2) == 0 ? SIM_CUT_PG : SIM_CUT_REPORTS;
}

/* One member alone, two sides, one direction, or links at random. */
static void cut(struct sim_world *world, const struct sim_member *member)
{
	bool cut_set[SIM_MEMBERS_MAX][SIM_MEMBERS_MAX] = { { false } };
	uint64_t side = vrrp_prng_next(&world->prng);
	int64_t shape = sim_draw(world, 0, 4);
	unsigned what;

	for (unsigned from = 0; from < world->count; from++) {
		for (unsigned to = 0; to < world->count; to++) {
			if (from == to) {
				continue;
			}
			switch (shape) {
			case 0:
				cut_set[from][to] = from == member->index || to == member->index;
				break;
			case 1:
				cut_set[from][to] = from == member->index;
				break;
			case 2:
				cut_set[from][to] = to == member->index;
				break;
			case 3:
				cut_set[from][to] = (side >> from & 1) != (side >> to & 1);
				break;
			default:
				cut_set[from][to] = vrrp_prng_below(&world->prng, 3) == 0;
				break;
			}
		}
	}
	sim_pg_sync_all(world);
	what = draw_cut_what(world);
	sim_world_trace(world, member, "links cut, shape %d%s%s", (int)shape,
		(what & SIM_CUT_REPORTS) != 0 ? ", reports" : "", (what & SIM_CUT_PG) != 0 ? ", PostgreSQL" : "");
	sim_net_cut(world, cut_set, what, sim_fault_length_us(world));
}

void sim_fault_cut_server(struct sim_world *world)
{
	for (unsigned i = 0; i < world->count && world->phase == SIM_PHASE_FAULTS; i++) {
		if (sim_kernel_gate_open(world, &world->member[i])) {
			cut(world, &world->member[i]);
			return;
		}
	}
}

static void weather(struct sim_world *world)
{
	int64_t lease_us = sim_knobs_lease_us(&world->knobs);

	if (sim_draw(world, 0, 2) == 0) {
		world->loss_ppm = world->knobs.loss_ppm;
		world->delay_max_us = world->knobs.delay_max_us;
		return;
	}
	world->loss_ppm = sim_draw(world, 0, FAULT_WEATHER_LOSS_MAX_PPM);
	world->delay_max_us = world->knobs.delay_max_us + sim_draw(world, 0, lease_us >> sim_draw(world, 0, 6));
	sim_world_trace(world, NULL, "weather: loss %lld ppm, delay up to %lld us", (long long)world->loss_ppm,
		(long long)world->delay_max_us);
}

static void kernel_trouble(struct sim_world *world, struct sim_member *member)
{
	static const enum vrrp_event_kind kinds[] = { VRRP_EVENT_ADDRESS_LOST, VRRP_EVENT_CLAIM,
		VRRP_EVENT_KERNEL_FAILED };

	sim_member_post(world, member,
		&(struct sim_inbox_entry){ .kind = kinds[sim_draw(world, 0, VRRP_ARRAY_LENGTH(kinds) - 1)] });
}

static void set_carrier(struct sim_world *world, struct sim_member *member, bool up)
{
	if (member->carrier == up) {
		return;
	}
	sim_pg_sync_all(world);
	member->carrier = up;
	sim_world_trace(world, member, "carrier %s", up ? "up" : "down");
	sim_member_post(world, member, &(struct sim_inbox_entry){ .kind = VRRP_EVENT_LINK, .ok = up });
}

/* One thing with a weight of its own, or one without. */
static void set_track(struct sim_world *world, struct sim_member *member, struct vrrp_track track)
{
	member->track = track;
	sim_world_trace(world, member, "tracking %s, weight %d", track.failed ? "fails" : "is good", track.weight);
	sim_member_post(world, member, &(struct sim_inbox_entry){ .kind = VRRP_EVENT_TRACK, .track = track });
}

static void track_fails(struct sim_world *world, struct sim_member *member)
{
	struct vrrp_track track = { .failed = sim_draw(world, 0, 1) != 0 };

	if (!track.failed) {
		track.weight = (int32_t)sim_draw(world, 0, 2 * VRRP_TRACK_WEIGHT_MAX) - VRRP_TRACK_WEIGHT_MAX;
	}
	set_track(world, member, track);
	sim_world_push(world, sim_fault_length_us(world),
		(struct sim_event){ .kind = SIM_EV_HEAL, .member = member->index, .a = SIM_HEAL_TRACK });
}

void sim_fault_track_start(struct sim_world *world, const struct sim_member *member)
{
	if (world->knobs.fault_weight[SIM_FAULT_TRACK] > 0) { /* else nothing is drawn: seeds mean what they meant */
		sim_world_push(world, sim_draw(world, 0, world->knobs.probe_us),
			(struct sim_event){ .kind = SIM_EV_HEAL, .member = member->index, .a = SIM_HEAL_TRACK_LOOK });
	}
}

/* I3 is promised for a minority: no more than k data members at a time do not know whose history they have. */
static bool too_many_lost(const struct sim_world *world, const struct sim_member *member)
{
	int64_t lost = 0;

	for (unsigned i = 0; i < world->count; i++) {
		const struct sim_member *other = &world->member[i];

		lost += other != member && !other->witness &&
			(other->disk.damaged || vrrp_ballot_is_none(&other->disk.stored.epoch));
	}
	return !member->witness && lost >= world->knobs.sync_standbys;
}

static void fault_daemon(struct sim_world *world, struct sim_member *member, enum sim_fault fault)
{
	int64_t length_us = sim_fault_length_us(world);

	if (fault == SIM_FAULT_POWER) {
		sim_member_power_off(world, member);
		sim_world_push(world, length_us, (struct sim_event){ .kind = SIM_EV_BOOT, .member = member->index });
	} else if (!member->running) {
		return;
	} else if (fault == SIM_FAULT_CRASH) {
		sim_member_kill(world, member);
		push_start(world, member, length_us);
	} else if (fault == SIM_FAULT_LOSE_FILE) {
		if (member->pg.broken || member->pg.op == VRRP_PG_OP_REWIND) {
			return; /* only the file tells that the directory is half rewound: two failures in one */
		}
		if (world->knobs.durability != VRRP_DURABILITY_ASYNC && too_many_lost(world, member)) {
			return;
		}
		sim_world_trace(world, member, "state file lost");
		sim_member_kill(world, member);
		sim_pg_sync_all(world);
		sim_inv_commits_forgive(world, member);
		member->disk.damaged = true;
		push_start(world, member, length_us);
	} else if (fault == SIM_FAULT_FREEZE && !member->frozen) {
		member->freeze_in = (uint64_t)sim_draw(world, 1, FAULT_FREEZE_POINTS_MAX);
		member->freeze_us = length_us;
	} else if (fault == SIM_FAULT_STOP && !member->clean_stop) {
		member->clean_stop = true;
		sim_member_post(world, member, &(struct sim_inbox_entry){ .kind = VRRP_EVENT_STOP });
	}
}

/* Nothing runs on that host for a while, not even PostgreSQL's part of a connection; its clock goes on. */
static void suspend(struct sim_world *world, struct sim_member *member)
{
	int64_t length_us = sim_fault_length_us(world);

	if (!member->running || member->frozen) {
		return;
	}
	sim_world_trace(world, member, "the host stands still");
	member->froze = true;
	sim_member_freeze(world, member, length_us);
	if (!member->witness && member->pg.state == SIM_PG_UP && !member->pg.hung) {
		sim_pg_sync_all(world);
		member->pg.hung = true;
		sim_world_push(world, length_us,
			(struct sim_event){ .kind = SIM_EV_HEAL, .member = member->index, .a = SIM_HEAL_PG_HANG });
	}
}

static void get_sick(struct sim_world *world, struct sim_member *member)
{
	static const enum vrrp_fault kinds[] = { VRRP_FAULT_NOT_ACCEPTING, VRRP_FAULT_WAL_STUCK, VRRP_FAULT_DISK_STUCK,
		VRRP_FAULT_DISK };

	member->pg.sick |= VRRP_FAULT_BIT(kinds[vrrp_prng_below(&world->prng, VRRP_ARRAY_LENGTH(kinds))]);
	sim_world_trace(world, member, "PostgreSQL cannot work: faults 0x%x", member->pg.sick);
	sim_world_push(world, sim_fault_length_us(world),
		(struct sim_event){ .kind = SIM_EV_HEAL, .member = member->index, .a = SIM_HEAL_PG_SICK });
}

static void fault_pg(struct sim_world *world, struct sim_member *member, enum sim_fault fault)
{
	if (member->witness || member->pg.state != SIM_PG_UP) {
		return;
	}
	if (fault == SIM_FAULT_PG_CRASH) {
		sim_pg_die(world, member, false);
	} else if (world->knobs.pg_sick_pct > 0 &&
		   (int64_t)vrrp_prng_below(&world->prng, 100) < world->knobs.pg_sick_pct) {
		get_sick(world, member);
	} else if (!member->pg.hung) {
		sim_pg_sync_all(world);
		member->pg.hung = true;
		sim_world_trace(world, member, "PostgreSQL hangs");
		sim_world_push(world, sim_fault_length_us(world),
			(struct sim_event){ .kind = SIM_EV_HEAL, .member = member->index, .a = SIM_HEAL_PG_HANG });
	}
}

static void carry_out(struct sim_world *world, struct sim_member *member, enum sim_fault fault)
{
	switch (fault) {
	case SIM_FAULT_CRASH:
	case SIM_FAULT_FREEZE:
	case SIM_FAULT_POWER:
	case SIM_FAULT_STOP:
	case SIM_FAULT_LOSE_FILE:
		fault_daemon(world, member, fault);
		break;
	case SIM_FAULT_CUT:
		cut(world, member);
		break;
	case SIM_FAULT_WEATHER:
		weather(world);
		break;
	case SIM_FAULT_RATE:
		sim_clock_set_rate(world, member);
		break;
	case SIM_FAULT_PG_CRASH:
	case SIM_FAULT_PG_HANG:
		fault_pg(world, member, fault);
		break;
	case SIM_FAULT_CARRIER:
		set_carrier(world, member, false);
		sim_world_push(world, sim_fault_length_us(world),
			(struct sim_event){ .kind = SIM_EV_HEAL, .member = member->index, .a = SIM_HEAL_CARRIER });
		break;
	case SIM_FAULT_TRACK:
		track_fails(world, member);
		break;
	case SIM_FAULT_KERNEL:
		kernel_trouble(world, member);
		break;
	case SIM_FAULT_PAUSE:
	case SIM_FAULT_RESTART:
	case SIM_FAULT_SWITCH:
	case SIM_FAULT_PRIORITY:
	case SIM_FAULT_MEMBERS:
		sim_operator_act(world, member, fault);
		break;
	case SIM_FAULT_SLEW:
		sim_clock_slew(world, member);
		break;
	case SIM_FAULT_SUSPEND:
		suspend(world, member);
		break;
	case SIM_FAULT_COUNT:
		break;
	}
}

static void draw_fault(struct sim_world *world)
{
	int64_t all = 0;
	int64_t drawn;

	for (unsigned i = 0; i < SIM_FAULT_COUNT; i++) {
		all += world->knobs.fault_weight[i];
	}
	if (all == 0) {
		return;
	}
	drawn = sim_draw(world, 1, all);
	for (unsigned i = 0; i < SIM_FAULT_COUNT; i++) {
		drawn -= world->knobs.fault_weight[i];
		if (drawn <= 0) {
			world->counts.faults++;
			carry_out(world, draw_member(world), (enum sim_fault)i);
			return;
		}
	}
}

/* Several at one instant: a voter that restarts while the holder is cut off is what its silence is for. */
void sim_fault_next(struct sim_world *world)
{
	if (world->phase != SIM_PHASE_FAULTS) {
		return;
	}
	sim_fault_schedule(world);
	for (int64_t left = sim_draw(world, 1, world->knobs.fault_burst); left > 0; left--) {
		draw_fault(world);
	}
}

void sim_fault_heal(struct sim_world *world, const struct sim_event *event)
{
	struct sim_member *member = &world->member[event->member];

	sim_pg_sync_all(world);
	if (event->a == SIM_HEAL_PG_HANG) {
		member->pg.hung = false;
	} else if (event->a == SIM_HEAL_PG_SICK) {
		member->pg.sick = 0;
	} else if (event->a == SIM_HEAL_PAUSE) {
		if (world->phase == SIM_PHASE_FAULTS && member->running) {
			sim_operator_pause(world, member, false);
		}
	} else if (event->a == SIM_HEAL_CARRIER) {
		set_carrier(world, member, true);
	} else if (event->a == SIM_HEAL_TRACK) {
		set_track(world, member, (struct vrrp_track){ .weight = 0 });
	} else if (event->a == SIM_HEAL_TRACK_LOOK) {
		set_track(world, member, member->track);
	} else if (event->a == SIM_HEAL_SLEW_BEGINS) {
		sim_clock_slew_begins(world, member);
	} else if (event->a == SIM_HEAL_SLEW) {
		sim_clock_slew_ends(world, member);
	} else if (event->a == SIM_HEAL_ROLLOUT) {
		sim_operator_roll_out(world);
	} else {
		sim_net_mend(world, event->a);
	}
}

/* Only a majority is connected pairwise; what touches the others is cut at random for the whole phase. */
static void leave_partial(struct sim_world *world)
{
	bool cut_set[SIM_MEMBERS_MAX][SIM_MEMBERS_MAX] = { { false } };
	unsigned left = world->listed - (world->listed / 2 + 1);

	world->partial = 0;
	for (unsigned i = 0; i < left; i++) {
		world->partial |= 1U << sim_draw(world, 0, world->listed - 1);
	}
	for (unsigned from = 0; from < world->count; from++) {
		for (unsigned to = 0; to < world->count; to++) {
			cut_set[from][to] = from != to && ((world->partial >> from | world->partial >> to) & 1) != 0 &&
					    vrrp_prng_below(&world->prng, 2) == 0;
		}
	}
	sim_world_trace(world, NULL, "not pairwise connected: members 0x%x", world->partial);
	sim_net_cut(world, cut_set, SIM_CUT_REPORTS | SIM_CUT_PG, 0);
}

void sim_fault_heal_all(struct sim_world *world)
{
	sim_pg_sync_all(world);
	sim_net_mend_all(world);
	world->loss_ppm = 0;
	world->delay_max_us = world->knobs.delay_max_us;
	/* A network that suits the lease: I4 promises nothing where a round trip takes most of it. */
	if (world->delay_max_us > world->knobs.advert_int_us / 4) {
		world->delay_max_us = world->knobs.advert_int_us / 4;
	}
	sim_operator_finish(world);
	for (unsigned i = 0; i < world->count; i++) {
		struct sim_member *member = &world->member[i];

		sim_clock_slew_ends(world, member);
		member->pg.hung = false;
		member->pg.sick = 0;
		set_carrier(world, member, true);
		if (world->knobs.fault_weight[SIM_FAULT_TRACK] > 0) {
			set_track(world, member, (struct vrrp_track){ .weight = 0 });
		}
		if (member->clean_stop) { /* half stopped: neither here nor there */
			sim_member_kill(world, member);
		}
		sim_member_boot(world, member);
		sim_member_start(world, member);
		sim_member_thaw(world, member);
		member->freeze_in = 0;
	}
	(void)sim_operator_resume(world);
	world->partial = 0;
	if (sim_draw(world, 0, 99) < world->knobs.heal_partial_pct && sim_operator_is_at_rest(world)) {
		leave_partial(world);
	}
}
