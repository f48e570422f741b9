/*
 * What an operator does to running daemons, and to the file that the next start of one reads.
 *
 *	stop WHO                     clean stop of the daemon
 *	restart WHO                  with handover = keep; the service manager starts it again 200 ms later
 *	pause WHO, resume WHO        asked of that daemon; the others hear of it
 *	switch WHO over to WHO       asked of the holder
 *	configure WHO members N      the first N members, from the next start of the daemon on
 *	accept members WHO
 */
#include <stdlib.h>
#include <string.h>

#include "tests/golden/golden.h"

static void ask(struct golden_verb *verb, struct sim_inbox_entry entry)
{
	struct sim_world *world = &verb->story->world;
	unsigned set = golden_members(verb);

	for (unsigned i = 0; i < world->count; i++) {
		if ((set >> i & 1) != 0 && !world->member[i].running) {
			golden_break(verb, "its daemon does not run");
		} else if ((set >> i & 1) != 0) {
			world->member[i].clean_stop = world->member[i].clean_stop || entry.kind == VRRP_EVENT_STOP ||
						      entry.kind == VRRP_EVENT_RESTART;
			sim_member_post(world, &world->member[i], &entry);
		}
	}
}

static void switch_over(struct golden_verb *verb)
{
	struct sim_member *holder = golden_member(verb, golden_next(verb));
	const struct sim_member *target =
		golden_accept_words(verb, "over to") ? golden_member(verb, golden_next(verb)) : NULL;

	if (holder == NULL || target == NULL) {
		golden_break(verb, "switch WHO over to WHO");
		return;
	}
	sim_member_post(&verb->story->world, holder,
		&(struct sim_inbox_entry){ .kind = VRRP_EVENT_SWITCHOVER, .member = target->index });
}

static void configure(struct golden_verb *verb)
{
	struct sim_world *world = &verb->story->world;
	unsigned set = golden_members(verb);
	long members = golden_accept(verb, "members") ? strtol(golden_next(verb), NULL, 10) : 0;

	for (unsigned i = 0; i < world->count; i++) {
		if ((set >> i & 1) == 0) {
			continue;
		}
		if (members <= (long)i || members > (long)world->count) {
			golden_break(verb, "configure WHO members N, itself among them");
			return;
		}
		world->member[i].listed = (uint8_t)members;
	}
}

bool golden_operator(struct golden_verb *verb)
{
	if (golden_accept(verb, "stop")) {
		ask(verb, (struct sim_inbox_entry){ .kind = VRRP_EVENT_STOP });
	} else if (golden_accept(verb, "restart")) {
		ask(verb, (struct sim_inbox_entry){ .kind = VRRP_EVENT_RESTART });
	} else if (golden_accept(verb, "pause")) {
		ask(verb, (struct sim_inbox_entry){ .kind = VRRP_EVENT_PAUSE, .ok = true });
	} else if (golden_accept(verb, "resume")) {
		ask(verb, (struct sim_inbox_entry){ .kind = VRRP_EVENT_PAUSE });
	} else if (golden_accept_words(verb, "accept members")) {
		ask(verb, (struct sim_inbox_entry){ .kind = VRRP_EVENT_ACCEPT_MEMBERS });
	} else if (golden_accept(verb, "switch")) {
		switch_over(verb);
	} else if (golden_accept(verb, "configure")) {
		configure(verb);
	} else {
		return false;
	}
	return true;
}
