/*
 * The roles as a table: from, cause, to, and the sentence that is logged. Only vrrp_role_next() says where a cause
 * leads; only core_role.c writes a role. A pair that is not in the table is a programming error.
 */
#ifndef VRRP_ROLE_H
#define VRRP_ROLE_H

#include "vrrp/report.h"

/* Why a role changes. */
enum vrrp_cause {
	VRRP_CAUSE_WITNESS_READY = 0, /* start is over: this member has no PostgreSQL */
	VRRP_CAUSE_ELIGIBLE,          /* may be promoted from now on */
	VRRP_CAUSE_NOT_ELIGIBLE,      /* may not; fault reasons say why */
	VRRP_CAUSE_STAND,             /* no holder, my turn: asks for the lease */
	VRRP_CAUSE_GRANTED,           /* a majority has granted */
	VRRP_CAUSE_ROUND_OVER,        /* no majority within a round */
	VRRP_CAUSE_HOLDER_SEEN,       /* a fresh report shows a holder */
	VRRP_CAUSE_BETTER_CANDIDATE,  /* a fresh report shows a better candidate */
	VRRP_CAUSE_SERVING,           /* primary, gate open, address bound */
	VRRP_CAUSE_LEASE_ENDED,       /* not renewed in time */
	VRRP_CAUSE_PG_DIED,           /* the postmaster is gone */
	VRRP_CAUSE_PG_DEMOTED,        /* PostgreSQL says that it is in recovery */
	VRRP_CAUSE_LET_GO,            /* not eligible any more although PostgreSQL runs */
	VRRP_CAUSE_OTHER_HOLDER,      /* a fresh report shows another holder (quorum = none: of a higher ballot) */
	VRRP_CAUSE_PROMOTE_FAILED,    /* PostgreSQL refused, or promote_timeout */
	VRRP_CAUSE_NO_VOUCHERS,       /* durability quorum: the vouchers that it needs cannot be had */
	VRRP_CAUSE_KERNEL_FAILED,     /* gate or address could not be set */
	VRRP_CAUSE_STOP,              /* a clean stop was asked for */
	VRRP_CAUSE_SWITCHOVER,        /* a switchover: the address is given up, PostgreSQL will be stopped */
	VRRP_CAUSE_NOT_REACHED,       /* a switchover's target did not get all of it: to serve again */
	VRRP_CAUSE_PG_STOPPED,        /* letting go: PostgreSQL has stopped, the lease is released */
	VRRP_CAUSE_RESUMED,           /* the process before left its lease (restart with handover = keep) */
	VRRP_CAUSE_PAUSED,            /* nobody is promoted while an operator has paused (section 4.4) */
	VRRP_CAUSE_COUNT
};

struct vrrp_role_row {
	enum vrrp_role from;
	enum vrrp_cause cause;
	enum vrrp_role to;
	const char *reason; /* a sentence without the subject and the full stop */
};

/* The row for this pair, or NULL if the table has none. */
const struct vrrp_role_row *vrrp_role_next(enum vrrp_role from, enum vrrp_cause cause);

/* The table itself, for the tests that visit every row. */
const struct vrrp_role_row *vrrp_role_table(size_t *ret_count);

/* PROMOTING, MASTER and LEAVING hold the lease. */
bool vrrp_role_holds(enum vrrp_role role);

#endif
