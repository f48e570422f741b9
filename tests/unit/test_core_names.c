/* Sync names in force before a primary's gate opens (protocol.md section 7; D7). Member 1 is the core. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/core_lab.h"

#define SECOND VRRP_US_PER_S
#define LOOKS 8

static struct core_lab lab;

/* A running primary with the lease; PostgreSQL's list is somebody else's, and that of `counted` releases commits. */
static void up_primary(uint16_t counted)
{
	core_lab_init(&lab, 3, 0);
	core_lab_quorum(&lab);
	lab.pg.in_recovery = false;
	lab.pg.position_known = false;
	lab.list.counted = counted;
	core_lab_sync_said(&lab);
	core_lab_start(&lab);
	core_lab_hear_all(&lab);
	core_lab_elect(&lab);
}

/* Orders end well, but walsenders go on as they are; PostgreSQL is looked at after each. */
static void look(void)
{
	for (unsigned i = 0; i < LOOKS; i++) {
		if (lab.core.op == VRRP_PG_OP_SYNC_NAMES) {
			lab.list.listed = true;
			lab.list.named = lab.core.sync_set;
			lab.list.k = lab.core.sync_k;
		}
		core_lab_sync_said(&lab);
		if (lab.core.op != VRRP_PG_OP_NONE) {
			core_lab_step(&lab, (struct vrrp_event){ .kind = VRRP_EVENT_PG_DONE,
						    .ticket = lab.core.op_ticket,
						    .ok = true,
						    .pg = lab.pg });
		}
		core_lab_probe(&lab);
		core_lab_run_us(&lab, SECOND / 4, 1U << 1 | 1U << 2);
	}
}

static void d7_a_removed_name_that_still_counts_keeps_the_gate_shut(void **state)
{
	(void)state;
	/* member 3 has not taken over the epoch, and its walsender not read the list again */
	up_primary(1U << 2);
	look();
	core_lab_vouch(&lab, 1);
	look();
	assert_int_equal(lab.core.phase, VRRP_HOLD_SYNCING);
	assert_int_equal(lab.core.gate_end.us, 0);
	lab.list.counted = 0;
	look();
	assert_int_equal(lab.core.role, VRRP_ROLE_MASTER);
}

static void without_fsync_or_synchronous_commit_the_gate_stays_shut(void **state)
{
	(void)state;
	up_primary(0);
	lab.list.settings_ok = false;
	look();
	core_lab_vouch(&lab, 1);
	look();
	assert_int_equal(lab.core.phase, VRRP_HOLD_SYNCING);
	assert_int_equal(lab.core.gate_end.us, 0);
	lab.list.settings_ok = true;
	look();
	assert_int_equal(lab.core.role, VRRP_ROLE_MASTER);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(d7_a_removed_name_that_still_counts_keeps_the_gate_shut),
		cmocka_unit_test(without_fsync_or_synchronous_commit_the_gate_stays_shut),
	};

	return cmocka_run_group_tests_name("core_names", tests, NULL, NULL);
}
