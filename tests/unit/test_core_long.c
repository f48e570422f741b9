/*
 * Grants longer than `lease` (protocol.md section 4, "Voter"; attack B6): on the disk before the answer, and gone with
 * the grant.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "tests/unit/core_lab.h"
#include "vrrp/core_internal.h"

#define SECOND VRRP_US_PER_S
#define GRACE_US (10 * SECOND)

static struct core_lab lab;

/* Member 2 holds with my vote, and asks for restart_grace. */
static bool ask_long(uint32_t ms)
{
	lab.peer[1].ask_ms = ms;
	return core_lab_ask_again(&lab, 1);
}

static void voted_for_a_holder(void)
{
	core_lab_up(&lab, 3, 0);
	assert_true(core_lab_ask(&lab, 1));
	lab.peer[1].role = VRRP_ROLE_MASTER;
	lab.now = vrrp_time_add(lab.now, CORE_LAB_MS);
}

static void b6_a_long_grant_is_on_the_disk_before_the_answer(void **state)
{
	(void)state;
	voted_for_a_holder();
	lab.disk_held = true;
	assert_false(ask_long(10000));
	assert_true(lab.core.grant.expires.us == lab.now.us + GRACE_US); /* bound, answered or not */
	assert_int_equal(lab.disk.long_grant.to, 0);
	core_lab_stored(&lab, true);
	assert_int_equal(lab.disk.long_grant.to, 2);
	assert_true(lab.disk.long_grant_us == GRACE_US);
	assert_true(lab.mine.grant.seq == lab.peer[1].seq);
	assert_int_equal(lab.mine.grant.remaining_ms, 10000);
	core_lab_start(&lab); /* killed: bound until then */
	core_lab_hear_all(&lab);
	core_lab_after_us(&lab, 9 * SECOND);
	core_lab_hear_all(&lab);
	assert_false(core_lab_ask(&lab, 2));
	assert_int_equal(core_lab_refusal(&lab, 2), VRRP_REFUSAL_SILENT);
}

static void b6_a_failed_write_is_no_answer(void **state)
{
	(void)state;
	voted_for_a_holder();
	lab.disk_held = true;
	assert_false(ask_long(10000));
	core_lab_stored(&lab, false);
	assert_true(lab.core.grant.seq != lab.peer[1].seq);
}

static void a_slow_disk_does_not_keep_the_holder_without_an_answer(void **state)
{
	uint64_t first;

	(void)state;
	voted_for_a_holder();
	lab.disk_held = true;
	assert_false(ask_long(10000));
	first = lab.peer[1].seq;
	lab.now = vrrp_time_add(lab.now, CORE_LAB_MS);
	assert_true(ask_long(1000)); /* a renewal is answered meanwhile */
	assert_false(ask_long(10000));
	core_lab_stored(&lab, true);
	assert_true(lab.mine.grant.seq == first);
}

static void a_lease_that_begins_is_no_long_one_nor_is_one_beyond_restart_grace(void **state)
{
	(void)state;
	voted_for_a_holder();
	assert_false(ask_long(10001));
	assert_int_equal(core_lab_refusal(&lab, 1), VRRP_REFUSAL_TOO_LONG);
	core_lab_up(&lab, 3, 0);
	lab.peer[1].role = VRRP_ROLE_CANDIDATE;
	lab.peer[1].ballot = (struct vrrp_ballot){ 50, 101, 2 };
	assert_false(ask_long(10000));
	assert_int_equal(core_lab_refusal(&lab, 1), VRRP_REFUSAL_TOO_LONG);
}

static void the_record_goes_with_the_grant(void **state)
{
	(void)state;
	voted_for_a_holder();
	assert_true(ask_long(10000) || lab.mine.grant.remaining_ms == 10000);
	lab.peer[1].role = VRRP_ROLE_FAULT;
	lab.peer[1].ask_ms = 0;
	lab.peer[1].release = lab.peer[1].ballot;
	core_lab_hear(&lab, 1); /* released */
	assert_int_equal(lab.core.grant.to, 0);
	assert_int_equal(lab.disk.long_grant.to, 0);
	voted_for_a_holder();
	(void)ask_long(10000);
	assert_int_equal(lab.disk.long_grant.to, 2);
	core_lab_after_us(&lab, GRACE_US); /* ended */
	assert_int_equal(lab.disk.long_grant.to, 0);
}

static void b6_a_clean_stop_with_a_long_grant_binds_also_after_a_later_crash(void **state)
{
	struct vrrp_time end;

	(void)state;
	voted_for_a_holder();
	(void)ask_long(10000);
	end = lab.core.grant.expires;
	core_lab_event(&lab, VRRP_EVENT_RESTART, true);
	assert_int_equal(core_lab_count(&lab, VRRP_ACT_EXIT), 1);
	core_lab_start(&lab);
	assert_true(lab.core.grant.expires.us == end.us);
	assert_false(core_is_silent(&lab.core));
	core_lab_start(&lab); /* and killed: a lease of silence would be too short */
	assert_true(lab.core.silent_until.us == end.us);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(b6_a_long_grant_is_on_the_disk_before_the_answer),
		cmocka_unit_test(b6_a_failed_write_is_no_answer),
		cmocka_unit_test(a_slow_disk_does_not_keep_the_holder_without_an_answer),
		cmocka_unit_test(a_lease_that_begins_is_no_long_one_nor_is_one_beyond_restart_grace),
		cmocka_unit_test(the_record_goes_with_the_grant),
		cmocka_unit_test(b6_a_clean_stop_with_a_long_grant_binds_also_after_a_later_crash),
	};

	return cmocka_run_group_tests_name("core: long grants", tests, NULL, NULL);
}
