#include "vrrp/role.h"

/* One row a line; the reason is what the log says after "Entering X STATE:". */
static const struct vrrp_role_row table[] = {
	{ VRRP_ROLE_INIT, VRRP_CAUSE_WITNESS_READY, VRRP_ROLE_WITNESS, "started as a witness" },
	{ VRRP_ROLE_INIT, VRRP_CAUSE_ELIGIBLE, VRRP_ROLE_BACKUP, "started, and may be promoted" },
	{ VRRP_ROLE_INIT, VRRP_CAUSE_NOT_ELIGIBLE, VRRP_ROLE_FAULT, "started, and may not be promoted yet" },
	{ VRRP_ROLE_INIT, VRRP_CAUSE_RESUMED, VRRP_ROLE_MASTER, "restarted, and the lease was kept" },
	{ VRRP_ROLE_INIT, VRRP_CAUSE_STOP, VRRP_ROLE_INIT, "a clean stop was asked for before the start was over" },
	{ VRRP_ROLE_WITNESS, VRRP_CAUSE_STOP, VRRP_ROLE_INIT, "a clean stop was asked for" },
	{ VRRP_ROLE_BACKUP, VRRP_CAUSE_NOT_ELIGIBLE, VRRP_ROLE_FAULT, "may not be promoted any more" },
	{ VRRP_ROLE_BACKUP, VRRP_CAUSE_STAND, VRRP_ROLE_CANDIDATE, "no holder is known and it is my turn" },
	{ VRRP_ROLE_BACKUP, VRRP_CAUSE_STOP, VRRP_ROLE_INIT, "a clean stop was asked for" },
	{ VRRP_ROLE_FAULT, VRRP_CAUSE_ELIGIBLE, VRRP_ROLE_BACKUP, "may be promoted again" },
	{ VRRP_ROLE_FAULT, VRRP_CAUSE_STOP, VRRP_ROLE_INIT, "a clean stop was asked for" },
	{ VRRP_ROLE_CANDIDATE, VRRP_CAUSE_GRANTED, VRRP_ROLE_PROMOTING, "a majority has granted the lease" },
	{ VRRP_ROLE_CANDIDATE, VRRP_CAUSE_ROUND_OVER, VRRP_ROLE_BACKUP, "no majority within a round" },
	{ VRRP_ROLE_CANDIDATE, VRRP_CAUSE_HOLDER_SEEN, VRRP_ROLE_BACKUP, "another member holds the lease" },
	{ VRRP_ROLE_CANDIDATE, VRRP_CAUSE_BETTER_CANDIDATE, VRRP_ROLE_BACKUP, "a better candidate stands" },
	{ VRRP_ROLE_CANDIDATE, VRRP_CAUSE_PAUSED, VRRP_ROLE_BACKUP, "paused" },
	{ VRRP_ROLE_CANDIDATE, VRRP_CAUSE_NOT_ELIGIBLE, VRRP_ROLE_FAULT, "may not be promoted any more" },
	{ VRRP_ROLE_CANDIDATE, VRRP_CAUSE_STOP, VRRP_ROLE_INIT, "a clean stop was asked for" },
	{ VRRP_ROLE_PROMOTING, VRRP_CAUSE_SERVING, VRRP_ROLE_MASTER, "primary under the lease, address bound" },
	{ VRRP_ROLE_PROMOTING, VRRP_CAUSE_LEASE_ENDED, VRRP_ROLE_FAULT,
		"the lease ended before PostgreSQL was primary" },
	{ VRRP_ROLE_PROMOTING, VRRP_CAUSE_PG_DIED, VRRP_ROLE_FAULT, "PostgreSQL died before it was primary" },
	{ VRRP_ROLE_PROMOTING, VRRP_CAUSE_LET_GO, VRRP_ROLE_LEAVING, "may not be promoted any more" },
	{ VRRP_ROLE_PROMOTING, VRRP_CAUSE_PROMOTE_FAILED, VRRP_ROLE_LEAVING, "PostgreSQL was not promoted" },
	{ VRRP_ROLE_PROMOTING, VRRP_CAUSE_NO_VOUCHERS, VRRP_ROLE_LEAVING, "too few data members vouch for it" },
	{ VRRP_ROLE_PROMOTING, VRRP_CAUSE_KERNEL_FAILED, VRRP_ROLE_LEAVING, "the address could not be set" },
	{ VRRP_ROLE_PROMOTING, VRRP_CAUSE_OTHER_HOLDER, VRRP_ROLE_LEAVING, "another holder has a higher ballot" },
	{ VRRP_ROLE_PROMOTING, VRRP_CAUSE_PAUSED, VRRP_ROLE_LEAVING, "paused before PostgreSQL was promoted" },
	{ VRRP_ROLE_PROMOTING, VRRP_CAUSE_STOP, VRRP_ROLE_LEAVING, "a clean stop was asked for" },
	{ VRRP_ROLE_MASTER, VRRP_CAUSE_LEASE_ENDED, VRRP_ROLE_FAULT, "the lease was not renewed in time" },
	{ VRRP_ROLE_MASTER, VRRP_CAUSE_PG_DIED, VRRP_ROLE_FAULT, "PostgreSQL died" },
	{ VRRP_ROLE_MASTER, VRRP_CAUSE_PG_DEMOTED, VRRP_ROLE_LEAVING, "PostgreSQL is not primary any more" },
	{ VRRP_ROLE_MASTER, VRRP_CAUSE_LET_GO, VRRP_ROLE_LEAVING, "not fit to serve, and another member is" },
	{ VRRP_ROLE_MASTER, VRRP_CAUSE_KERNEL_FAILED, VRRP_ROLE_LEAVING, "the address could not be kept" },
	{ VRRP_ROLE_MASTER, VRRP_CAUSE_OTHER_HOLDER, VRRP_ROLE_LEAVING, "another holder has a higher ballot" },
	{ VRRP_ROLE_MASTER, VRRP_CAUSE_STOP, VRRP_ROLE_LEAVING, "a clean stop was asked for" },
	{ VRRP_ROLE_MASTER, VRRP_CAUSE_SWITCHOVER, VRRP_ROLE_LEAVING, "a switchover is under way" },
	{ VRRP_ROLE_LEAVING, VRRP_CAUSE_NOT_REACHED, VRRP_ROLE_PROMOTING, "the switchover's target was not reached" },
	{ VRRP_ROLE_LEAVING, VRRP_CAUSE_LEASE_ENDED, VRRP_ROLE_FAULT, "the lease ended before PostgreSQL had stopped" },
	{ VRRP_ROLE_LEAVING, VRRP_CAUSE_PG_DIED, VRRP_ROLE_FAULT, "PostgreSQL is gone" },
	{ VRRP_ROLE_LEAVING, VRRP_CAUSE_PG_STOPPED, VRRP_ROLE_FAULT, "PostgreSQL has stopped" },
};

const struct vrrp_role_row *vrrp_role_next(enum vrrp_role from, enum vrrp_cause cause)
{
	for (size_t i = 0; i < VRRP_ARRAY_LENGTH(table); i++) {
		if (table[i].from == from && table[i].cause == cause) {
			return &table[i];
		}
	}
	return NULL;
}

const struct vrrp_role_row *vrrp_role_table(size_t *ret_count)
{
	*ret_count = VRRP_ARRAY_LENGTH(table);
	return table;
}

bool vrrp_role_holds(enum vrrp_role role)
{
	return role == VRRP_ROLE_PROMOTING || role == VRRP_ROLE_MASTER || role == VRRP_ROLE_LEAVING;
}
