/*
 * What must hold of every step of the core, whatever came before: I1, I2 and I5 as far as one member can break them
 * (protocol.md section 2), the order of section 4.1, one grant at a time, one order to PostgreSQL at a time, a
 * deadline.
 *
 * Used by the unit tests' lab and by the exhaustive test. It remembers what the core itself must not be asked about
 * (which store carried the epoch, whether a promotion is still unsettled), and judges from the events and the actions.
 * The sentence it returns is a constant; NULL = nothing wrong.
 */
#ifndef TESTS_UNIT_CORE_MONITOR_H
#define TESTS_UNIT_CORE_MONITOR_H

#include "vrrp/core.h"

#define CORE_MONITOR_WRITES 16 /* stores under way that are remembered */

struct core_monitor_write {
	uint64_t ticket;
	struct vrrp_ballot epoch;
	struct vrrp_ballot promoting;
	struct vrrp_ballot vouched;
	struct vrrp_time long_end; /* of the long grant on record, and its voter */
	uint8_t long_to;
};

struct core_monitor {
	struct vrrp_core before;
	struct vrrp_report report;         /* of the last SEND */
	struct core_monitor_write durable; /* of the last store that ended well */
	struct core_monitor_write written[CORE_MONITOR_WRITES];
	unsigned writes;
	bool promote_open;    /* a promote command is out, and neither its end nor PostgreSQL's was seen */
	unsigned actions_max; /* most that one step ordered */
	bool token_out;       /* a token was ordered, and its removal has not ended well */
	struct vrrp_time token_end;
	struct vrrp_ballot token_ballot;
	unsigned spins;     /* timer steps at one instant */
	uint64_t rows_seen; /* bit set of the rows of vrrp_role_table() */

	/* durability quorum (core_monitor_quorum.c) */
	struct vrrp_ballot voucher[VRRP_MEMBERS_MAX]; /* the ballot that each other member vouched for last */
	struct vrrp_ballot named;                     /* ballot under which SYNC_NAMES ended well last */
	struct vrrp_pg looked;                        /* the last look at PostgreSQL */
	uint8_t ordered_k;                            /* of the last order about the names */
	bool proved;                                  /* a commit was seen to wait on this primary */
};

void core_monitor_init(struct core_monitor *monitor);

/* For a core that was put together by hand: its present state is on the disk, up to stored_ticket. */
void core_monitor_adopt(struct core_monitor *monitor, const struct vrrp_core *core);

/* Before the step: keeps a copy of the core. */
void core_monitor_before(struct core_monitor *monitor, const struct vrrp_core *core);

/* After it: NULL, or what is wrong. */
const char *core_monitor_after(struct core_monitor *monitor, const struct vrrp_core *core,
	const struct vrrp_event *event, const struct vrrp_update *update);

#endif
