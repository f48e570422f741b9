#include "checks/pg_memory.h"

static void pg_memory_timeline(struct pg_memory *memory, struct pg_state *state)
{
	if (state->timeline_exact) {
		memory->exact_timeline = state->timeline;
		memory->exact_start_us = state->postmaster_start_us;
	} else if (memory->exact_start_us == state->postmaster_start_us && memory->exact_timeline > state->timeline) {
		state->timeline = memory->exact_timeline;
	}
}

struct vrrp_time pg_memory_refine(struct pg_memory *memory, struct vrrp_time asked, struct pg_state *state)
{
	struct vrrp_time settled;

	pg_memory_timeline(memory, state);
	if (!state->in_recovery || !state->position_known) {
		pg_memory_unsettle(memory);
		return VRRP_TIME_NEVER;
	}
	if (memory->settling.us == 0 || memory->settling_position != state->position) {
		memory->settling = asked;
		memory->settling_position = state->position;
	}
	settled = vrrp_time_add(memory->settling, PG_MEMORY_SETTLE_MS * VRRP_US_PER_MS);
	state->position_known = !vrrp_time_before(asked, settled);
	if (state->position_known && state->replayed_lsn != 0) {
		/* Beyond it lies at most the beginning of a record, as a primary's WAL writer sends it page by page: a
		 * promotion throws it away, and so does the next receiver. */
		state->position = state->replayed_lsn;
	}
	return state->position_known ? VRRP_TIME_NEVER : settled;
}

void pg_memory_unsettle(struct pg_memory *memory)
{
	memory->settling = VRRP_TIME_NONE;
}
