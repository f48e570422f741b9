/*
 * What earlier answers of the same PostgreSQL add to one (pg_query.h). Pure; owned by pg_probe.
 *
 * The timeline of a standby without a receiver: no SQL function tells it; what its receiver asked for before, since the
 * same postmaster started, is a better lower bound than pg_control's.
 *
 * A standby's position counts as known only after it has looked so for PG_MEMORY_SETTLE_MS: between a reload and the
 * moment at which the startup process reads the new primary_conninfo it may still start one more receiver with the old.
 * Known, it is the end of the last whole record: what was received beyond that is no part of any history.
 */
#ifndef CHECKS_PG_MEMORY_H
#define CHECKS_PG_MEMORY_H

#include "checks/pg_query.h"
#include "vrrp/base.h"

#define PG_MEMORY_SETTLE_MS 5

/* Zero = nothing remembered. */
struct pg_memory {
	uint32_t exact_timeline;
	int64_t exact_start_us;    /* of the postmaster that said so */
	struct vrrp_time settling; /* since when the position has looked known; NONE = it does not */
	vrrp_lsn settling_position;
};

/* Corrects an answer that was asked for at `asked`. Returns when to ask again at the latest, or VRRP_TIME_NEVER. */
struct vrrp_time pg_memory_refine(struct pg_memory *memory, struct vrrp_time asked, struct pg_state *state);

/* The connection was lost: what looked known must look so anew. */
void pg_memory_unsettle(struct pg_memory *memory);

#endif
