/* What waits for a daemon: a ring with a bound, in which only packets may be lost. */
#include "tests/sim/sim.h"

#include <assert.h>

bool sim_inbox_push(struct sim_world *world, struct sim_member *member, const struct sim_inbox_entry *entry)
{
	if (entry->packet != NULL && member->inbox_packets == SIM_SOCKET_PACKETS_MAX) {
		sim_packet_put(world, entry->packet);
		return false;
	}
	if (member->inbox_count == SIM_INBOX_MAX) {
		sim_world_violate(world, "member %u: %u events wait, more than a daemon can cause", member->index + 1,
			member->inbox_count);
		return false;
	}
	member->inbox[(member->inbox_first + member->inbox_count) % SIM_INBOX_MAX] = *entry;
	member->inbox_count++;
	member->inbox_packets += entry->packet != NULL;
	return true;
}

bool sim_inbox_pop(struct sim_member *member, struct sim_inbox_entry *ret_entry)
{
	if (member->inbox_count == 0) {
		return false;
	}
	*ret_entry = member->inbox[member->inbox_first];
	member->inbox_first = (member->inbox_first + 1) % SIM_INBOX_MAX;
	member->inbox_count--;
	member->inbox_packets -= ret_entry->packet != NULL;
	return true;
}

void sim_inbox_clear(struct sim_world *world, struct sim_member *member)
{
	struct sim_inbox_entry entry;

	while (sim_inbox_pop(member, &entry)) {
		sim_packet_put(world, entry.packet);
	}
	assert(member->inbox_packets == 0);
}
