/*
 * I2, at the moment of the step: PostgreSQL is promoted, the gate opened, the address bound or announced only by a
 * holder whose lease runs, and serving only with PostgreSQL out of recovery. That the acts may be carried out later (a
 * frozen daemon) is what the gate's absolute end is for.
 */
#include "tests/sim/sim.h"

#include <inttypes.h>

static void check_serves(struct sim_world *world, const struct sim_member *member, const char *what)
{
	const struct vrrp_core *core = &member->core;

	sim_inv_serving_ordered(world, member, what);
	/* One that does not answer has said nothing new; the lease and the other members decide how long that is borne.
	 */
	if (core->pg.gone || core->pg.in_recovery) {
		sim_world_violate(world, "I2: member %u %s, PostgreSQL is %s", member->index + 1, what,
			core->pg.gone ? "gone" : "in recovery");
	}
}

static void check_lease(struct sim_world *world, const struct sim_member *member, const char *what)
{
	struct vrrp_time end = sim_inv_serving_lease(member);

	if (!vrrp_time_before(member->event.now, end)) {
		sim_world_violate(world, "I2: member %u %s at %" PRId64 ", its lease ended at %" PRId64,
			member->index + 1, what, member->event.now.us, end.us);
	}
	if (!sim_inv_serving_had_role(member, vrrp_role_holds)) {
		sim_world_violate(
			world, "I2: member %u %s as %s", member->index + 1, what, vrrp_role_word(member->core.role));
	}
}

static void check_gate(struct sim_world *world, const struct sim_member *member, const struct vrrp_action *action)
{
	struct vrrp_time end = vrrp_time_max(action->in_end, action->out_end);
	struct vrrp_time lease_end = sim_inv_serving_lease(member);

	if (action->in_end.us == 0 && action->out_end.us == 0) {
		return;
	}
	if (vrrp_time_before(lease_end, end)) {
		sim_world_violate(world, "I1: member %u writes a gate's end %" PRId64 " beyond its lease's %" PRId64,
			member->index + 1, end.us, lease_end.us);
	}
	if (action->in_end.us != 0) {
		check_lease(world, member, "opens the gate");
		check_serves(world, member, "opens the gate");
	} else if (!vrrp_time_before(member->event.now, lease_end)) {
		sim_world_violate(
			world, "I5: member %u keeps the gate open outwards without a lease", member->index + 1);
	}
}

/* What a report tells (a release above all) has been done before it. */
static void check_order(struct sim_world *world, const struct sim_member *member)
{
	bool sent = false;

	for (unsigned i = 0; i < member->update.count; i++) {
		enum vrrp_action_kind kind = member->update.action[i].kind;

		if (kind == VRRP_ACT_SEND) {
			sent = true;
		} else if (sent && kind != VRRP_ACT_STORE && kind != VRRP_ACT_EXIT) {
			sim_world_violate(world, "order: member %u has an effect (action %u) after its report",
				member->index + 1, i);
		}
	}
}

void sim_inv_acts(struct sim_world *world, const struct sim_member *stepped)
{
	check_order(world, stepped);
	for (unsigned i = 0; i < stepped->update.count; i++) {
		const struct vrrp_action *action = &stepped->update.action[i];

		switch (action->kind) {
		case VRRP_ACT_GATE:
			check_gate(world, stepped, action);
			break;
		case VRRP_ACT_BIND:
			check_lease(world, stepped, "binds the address");
			check_serves(world, stepped, "binds the address");
			break;
		case VRRP_ACT_ANNOUNCE:
			check_lease(world, stepped, "announces the address");
			check_serves(world, stepped, "announces the address");
			break;
		case VRRP_ACT_ADVERT:
			if (action->priority != 0) {
				check_lease(world, stepped, "advertises");
			}
			break;
		case VRRP_ACT_PG:
			if (action->op == VRRP_PG_OP_PROMOTE) {
				check_lease(world, stepped, "promotes PostgreSQL");
			}
			break;
		default:
			break;
		}
	}
}
