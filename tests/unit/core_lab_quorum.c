/* Durability quorum in the lab: vouchers asked and answered, PostgreSQL's sync names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/core_lab.h"

#define SETTLE_MAX 16

void core_lab_quorum(struct core_lab *lab)
{
	lab->config.durability = VRRP_DURABILITY_QUORUM;
	lab->pg.fsync_on = true;
	lab->list.settings_ok = true;
}

void core_lab_up_quorum(struct core_lab *lab, unsigned members, unsigned witnesses)
{
	core_lab_init(lab, members, witnesses);
	core_lab_quorum(lab);
	core_lab_start(lab);
	core_lab_hear_all(lab);
	assert_int_equal(lab->core.role, VRRP_ROLE_BACKUP);
}

void core_lab_sync_said(struct core_lab *lab)
{
	if (lab->pg.up && !lab->pg.in_recovery) {
		lab->pg.sync = lab->list;
		lab->pg.sync.known = true;
	} else {
		lab->pg.sync = (struct vrrp_pg_sync){ 0 };
	}
}

void core_lab_quorum_done(struct core_lab *lab, enum vrrp_pg_op op, bool ok)
{
	if (!ok) {
		return;
	}
	switch (op) {
	case VRRP_PG_OP_DETACH:
	case VRRP_PG_OP_START_STANDBY:
		lab->pg.no_upstream = true;
		break;
	case VRRP_PG_OP_FOLLOW:
	case VRRP_PG_OP_REWIND:
	case VRRP_PG_OP_CLONE:
		lab->pg.no_upstream = false;
		break;
	case VRRP_PG_OP_SEAL:
		lab->pg.sealed = true;
		break;
	case VRRP_PG_OP_SYNC_NAMES:
		lab->list.listed = true;
		lab->list.named = lab->core.sync_set;
		lab->list.k = lab->core.sync_k;
		break;
	case VRRP_PG_OP_DROP_SENDERS:
		lab->list.counted &= lab->core.sync_set;
		lab->list.senders &= lab->core.sync_set;
		lab->list.intruders &= lab->core.sync_set;
		break;
	default:
		break;
	}
	core_lab_sync_said(lab);
}

void core_lab_settle(struct core_lab *lab)
{
	unsigned before = lab->depth;

	lab->done_count = before == 0 ? 0 : lab->done_count;
	lab->depth = before + 1;
	for (unsigned i = 0; lab->core.op == VRRP_PG_OP_DETACH || lab->core.op == VRRP_PG_OP_SEAL ||
			     lab->core.op == VRRP_PG_OP_SYNC_NAMES || lab->core.op == VRRP_PG_OP_DROP_SENDERS;
		i++) {
		assert_true(i < SETTLE_MAX);
		core_lab_pg_done(lab, true);
	}
	lab->depth = before;
}

void core_lab_vouch(struct core_lab *lab, unsigned i)
{
	lab->peer[i].voucher = (struct vrrp_report_voucher){ lab->mine.ballot, lab->peer[i].position, 1 };
	core_lab_hear(lab, i);
}

void core_lab_refuse(struct core_lab *lab, unsigned i, uint64_t bytes)
{
	lab->peer[i].position = lab->pg.position + bytes;
	lab->peer[i].voucher = (struct vrrp_report_voucher){ lab->mine.ballot, lab->peer[i].position, 2 };
	core_lab_hear(lab, i);
}

int core_lab_voucher(const struct core_lab *lab, unsigned i)
{
	return vrrp_ballot_equal(&lab->mine.voucher.ballot, &lab->peer[i].ballot) ? lab->mine.voucher.answer : 0;
}

int core_lab_ask_voucher(struct core_lab *lab, unsigned i)
{
	struct vrrp_report *report = &lab->peer[i];

	report->role = VRRP_ROLE_PROMOTING;
	report->ask_ms = (uint32_t)(lab->config.lease_us / VRRP_US_PER_MS);
	report->ballot = (struct vrrp_ballot){ ++lab->counter, report->incarnation, report->sender };
	report->ballot_highest = report->ballot;
	core_lab_hear(lab, i);
	return core_lab_voucher(lab, i);
}
