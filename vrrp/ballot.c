/* Ballots (report.h; protocol.md section 4). */
#include "vrrp/report.h"

bool vrrp_ballot_is_none(const struct vrrp_ballot *ballot)
{
	return ballot->counter == 0;
}

bool vrrp_ballot_equal(const struct vrrp_ballot *a, const struct vrrp_ballot *b)
{
	return vrrp_ballot_compare(a, b) == 0;
}

int vrrp_ballot_compare(const struct vrrp_ballot *a, const struct vrrp_ballot *b)
{
	if (a->counter != b->counter) {
		return a->counter < b->counter ? -1 : 1;
	}
	if (a->member != b->member) {
		return a->member < b->member ? -1 : 1;
	}
	if (a->incarnation != b->incarnation) {
		return a->incarnation < b->incarnation ? -1 : 1;
	}
	return 0;
}
