/*
 * People: they pause and resume, restart daemons, ask for a switchover, change priorities, and change the member list
 * daemon by daemon as protocol.md section 4.5 asks for: one member at a time, the holder last, and the next change only
 * when the last one is in force everywhere. A list names the first so many members, so that what is added or removed is
 * always the last one.
 */
#include "tests/sim/sim.h"

#define OPERATOR_PRIORITY_MAX 254

void sim_operator_pause(struct sim_world *world, struct sim_member *member, bool pause)
{
	sim_world_trace(world, member, "an operator %s", pause ? "pauses" : "resumes");
	sim_member_post(world, member, &(struct sim_inbox_entry){ .kind = VRRP_EVENT_PAUSE, .ok = pause });
}

bool sim_operator_resume(struct sim_world *world)
{
	bool paused = false;

	for (unsigned i = 0; i < world->count; i++) {
		struct sim_member *member = &world->member[i];

		if (member->running && member->core.stored.paused) {
			sim_operator_pause(world, member, false);
			paused = true;
		}
	}
	return paused;
}

static void stop(struct sim_world *world, struct sim_member *member, enum vrrp_event_kind kind)
{
	if (member->running && !member->clean_stop) {
		member->clean_stop = true;
		sim_member_post(world, member, &(struct sim_inbox_entry){ .kind = kind });
	}
}

/* Whoever serves is asked, or a member that may refuse; to a member that is named, or to the best. */
static void switch_over(struct sim_world *world, struct sim_member *member)
{
	uint8_t target = VRRP_MEMBER_NONE;

	if (!member->running) {
		return;
	}
	if (sim_draw(world, 0, 1)) {
		target = (uint8_t)sim_draw(world, 0, world->listed - 1);
	}
	sim_world_trace(world, member, "an operator asks for a switchover");
	sim_member_post(world, member, &(struct sim_inbox_entry){ .kind = VRRP_EVENT_SWITCHOVER, .member = target });
}

/* Every member that is listed runs with the newest list, and it is in force on its disk. */
static bool in_force(const struct sim_world *world)
{
	for (unsigned i = 0; i < world->listed; i++) {
		const struct sim_member *member = &world->member[i];

		if (!member->running || member->listed != world->listed ||
			member->core.config.member_count != world->listed || member->core.jump != VRRP_JUMP_NONE ||
			member->disk.stored.members.count != world->listed) {
			return false;
		}
	}
	return true;
}

static void push_roll_out(struct sim_world *world)
{
	sim_world_push(world, sim_draw(world, 1, 2 * sim_knobs_lease_us(&world->knobs)),
		(struct sim_event){ .kind = SIM_EV_HEAL, .a = SIM_HEAL_ROLLOUT });
}

/*
 * One member more or less. With vouchers a data member is not taken away here: commits that it and the holder alone
 * have would be on too few of those who are left (section 4.5 says nothing of it).
 */
static void change_members(struct sim_world *world)
{
	bool more = sim_draw(world, 0, 1) != 0;
	unsigned last = world->listed - 1;

	if (!in_force(world) || (more && world->listed == world->count) ||
		(!more && (last <= 1 || (world->knobs.durability != VRRP_DURABILITY_ASYNC &&
						!world->member[last].witness)))) {
		return;
	}
	world->listed += more ? 1 : -1U;
	sim_world_trace(world, NULL, "operators begin to change to %u members", world->listed);
	push_roll_out(world);
}

static uint8_t new_list(const struct sim_world *world, const struct sim_member *member)
{
	return (uint8_t)(member->index < world->listed ? world->listed : 0);
}

/* Somebody who has the old list yet, and does not serve if there is another. */
static struct sim_member *next_to_change(struct sim_world *world)
{
	unsigned first = (unsigned)sim_draw(world, 0, world->count - 1);
	struct sim_member *found = NULL;

	for (unsigned i = 0; i < world->count; i++) {
		struct sim_member *member = &world->member[(first + i) % world->count];

		if (member->listed != new_list(world, member) &&
			(found == NULL || sim_kernel_gate_open(world, found))) {
			found = member;
		}
	}
	return found;
}

/* The file is changed, then the daemon is stopped; whoever is listed is started again. */
void sim_operator_roll_out(struct sim_world *world)
{
	struct sim_member *member = next_to_change(world);

	if (world->phase != SIM_PHASE_FAULTS || member == NULL) {
		return;
	}
	member->listed = new_list(world, member);
	sim_world_trace(world, member, "the member list is changed to %u members", member->listed);
	if (sim_draw(world, 0, 2) == 0) {
		sim_member_kill(world, member);
	} else {
		stop(world, member, VRRP_EVENT_STOP);
	}
	if (!member->running) {
		sim_world_push(world, sim_draw(world, 1, world->knobs.advert_int_us),
			(struct sim_event){ .kind = SIM_EV_START, .member = member->index });
	}
	push_roll_out(world);
}

void sim_operator_finish(struct sim_world *world)
{
	for (unsigned i = 0; i < world->count; i++) {
		struct sim_member *member = &world->member[i];

		member->listed = new_list(world, member);
		if (member->running && member->core.config.member_count != member->listed) {
			sim_member_kill(world, member);
		}
	}
}

/* A change of members that is under way wants a majority of the old list, too. */
bool sim_operator_is_at_rest(const struct sim_world *world)
{
	for (unsigned i = 0; i < world->listed; i++) {
		const struct sim_disk *disk = &world->member[i].disk;

		if (disk->exists && !disk->damaged && disk->stored.members.count != world->listed) {
			return false;
		}
	}
	return true;
}

void sim_operator_act(struct sim_world *world, struct sim_member *member, enum sim_fault fault)
{
	switch (fault) {
	case SIM_FAULT_PAUSE:
		if (member->running) {
			sim_operator_pause(world, member, true);
			sim_world_push(world, sim_fault_length_us(world),
				(struct sim_event){
					.kind = SIM_EV_HEAL, .member = member->index, .a = SIM_HEAL_PAUSE });
		}
		break;
	case SIM_FAULT_PRIORITY:
		member->priority = (uint8_t)sim_draw(world, 1, OPERATOR_PRIORITY_MAX);
		/* fallthrough */
	case SIM_FAULT_RESTART:
		if (member->running && !member->clean_stop) {
			sim_world_trace(world, member, "an operator restarts the daemon");
			stop(world, member, VRRP_EVENT_RESTART);
		}
		break;
	case SIM_FAULT_SWITCH:
		switch_over(world, member);
		break;
	case SIM_FAULT_MEMBERS:
		change_members(world);
		break;
	default:
		break;
	}
}
