/*
 * Letting go (protocol.md sections 4.1, 9; I5; attack C2): the order in which the address is given up, for each cause.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "tests/unit/core_lab.h"

#define SECOND VRRP_US_PER_S
#define ALL 0xfeU

static struct core_lab lab;

/* Holds and serves, with two standbys that could take over. */
static void serving(void)
{
	core_lab_up(&lab, 3, 0);
	core_lab_serve(&lab);
	core_lab_run_us(&lab, SECOND, ALL);
}

static const char FOUR_ONE[] = "gate-out destroy unbind advert-0 gate-shut LEAVING pg:stop immediate send";

static void s41_the_order_of_letting_go(void **state)
{
	(void)state;
	serving();
	core_lab_event(&lab, VRRP_EVENT_KERNEL_FAILED, false);
	assert_string_equal(core_lab_line(&lab), FOUR_ONE);
	assert_true(lab.done[0].out_end.us == lab.core.lease_end.us); /* the resets still pass */
	assert_int_equal(lab.mine.role, VRRP_ROLE_LEAVING);
	assert_int_equal(lab.mine.release.counter, 0);
	core_lab_pg_done(&lab, true);
	assert_string_equal(core_lab_line(&lab), "FAULT pg:start as standby send");
	assert_true(lab.mine.release.counter != 0);
	assert_true((lab.mine.fault_reasons & VRRP_FAULT_BIT(VRRP_FAULT_HELD)) != 0);
}

static void s41_a_lost_link_is_a_reason_if_somebody_else_can_serve(void **state)
{
	(void)state;
	serving();
	core_lab_event(&lab, VRRP_EVENT_LINK, false);
	assert_string_equal(core_lab_line(&lab), FOUR_ONE);
	serving();
	lab.peer[1].flags &= (uint16_t)~VRRP_FLAG_ELIGIBLE;
	lab.peer[2].flags &= (uint16_t)~VRRP_FLAG_ELIGIBLE;
	core_lab_hear_all(&lab);
	core_lab_event(&lab, VRRP_EVENT_LINK, false);
	assert_int_equal(lab.core.role, VRRP_ROLE_MASTER); /* better than nobody */
}

static void s41_a_hung_postgresql_is_let_go_for_who_can_serve(void **state)
{
	(void)state;
	serving();
	lab.pg.faults = VRRP_FAULT_BIT(VRRP_FAULT_PG_HUNG);
	core_lab_probe(&lab);
	assert_string_equal(core_lab_line(&lab), FOUR_ONE);
}

static void health(uint32_t faults)
{
	core_lab_step(&lab, (struct vrrp_event){ .kind = VRRP_EVENT_HEALTH, .faults = faults });
}

static bool logged(const char *sentence)
{
	for (unsigned i = 0; i < lab.done_count; i++) {
		if (lab.done[i].kind == VRRP_ACT_LOG && strcmp(lab.done[i].text, sentence) == 0) {
			return true;
		}
	}
	return false;
}

static void s9_a_primary_that_cannot_write_is_let_go_for_who_can_serve(void **state)
{
	(void)state;
	for (unsigned fault = 0; fault < VRRP_FAULT_COUNT; fault++) {
		serving();
		health(VRRP_FAULT_BIT(fault));
		if ((VRRP_HEALTH_FAULTS & VRRP_FAULT_BIT(fault)) != 0) {
			assert_string_equal(core_lab_line(&lab), FOUR_ONE);
			assert_true((lab.mine.fault_reasons & VRRP_FAULT_BIT(fault)) != 0);
		} else { /* not for this event to say */
			assert_string_equal(core_lab_line(&lab), "");
		}
	}
}

static void s9_it_stays_and_says_why_while_nobody_else_can_serve(void **state)
{
	const uint32_t stuck = VRRP_FAULT_BIT(VRRP_FAULT_WAL_STUCK) | VRRP_FAULT_BIT(VRRP_FAULT_DISK_STUCK);
	static const char why[] = "not fit to serve (wal_stuck, disk_stuck), but stays: nobody else can take over";

	(void)state;
	serving();
	lab.peer[1].flags &= (uint16_t)~VRRP_FLAG_ELIGIBLE;
	lab.peer[2].flags &= (uint16_t)~VRRP_FLAG_ELIGIBLE;
	core_lab_hear_all(&lab);
	health(stuck);
	assert_int_equal(lab.core.role, VRRP_ROLE_MASTER);
	assert_int_equal(lab.mine.fault_reasons, stuck);
	assert_true(logged(why));
	core_lab_run_us(&lab, SECOND, ALL);
	assert_int_equal(lab.core.role, VRRP_ROLE_MASTER);
	assert_false(logged(why)); /* once */
	health(0);
	assert_true(logged("fit to serve again"));
	health(stuck);
	assert_true(logged(why));
	lab.peer[1].flags |= VRRP_FLAG_ELIGIBLE;
	core_lab_hear(&lab, 1);
	assert_string_equal(core_lab_line(&lab), FOUR_ONE);
}

static void s44_paused_it_stays_and_says_so(void **state)
{
	(void)state;
	serving();
	core_lab_event(&lab, VRRP_EVENT_PAUSE, true);
	health(VRRP_FAULT_BIT(VRRP_FAULT_DISK));
	assert_int_equal(lab.core.role, VRRP_ROLE_MASTER);
	assert_true(logged("not fit to serve (disk), but stays: paused"));
	core_lab_event(&lab, VRRP_EVENT_PAUSE, false);
	assert_int_equal(lab.core.role, VRRP_ROLE_LEAVING);
}

static void s9_who_cannot_write_does_not_stand(void **state)
{
	(void)state;
	core_lab_up(&lab, 3, 0);
	health(VRRP_FAULT_BIT(VRRP_FAULT_DISK));
	assert_int_equal(lab.core.role, VRRP_ROLE_FAULT);
	assert_int_equal(lab.mine.flags & VRRP_FLAG_ELIGIBLE, 0);
	health(0);
	assert_int_equal(lab.core.role, VRRP_ROLE_BACKUP);
	core_lab_stand(&lab);
	health(VRRP_FAULT_BIT(VRRP_FAULT_DISK));
	assert_int_equal(lab.core.role, VRRP_ROLE_FAULT);
}

/* Section 9: before anything else, because orphaned backends go on acknowledging. */
static void s41_a_dead_postmaster_closes_the_gate_first_and_releases_at_once(void **state)
{
	(void)state;
	serving();
	core_lab_event(&lab, VRRP_EVENT_PG_DEAD, true);
	assert_string_equal(core_lab_line(&lab), "gate-out destroy unbind advert-0 gate-shut FAULT send");
	assert_true(lab.mine.release.counter != 0);
	assert_int_equal(lab.mine.ask_ms, 0);
	core_lab_after_us(&lab, 49 * CORE_LAB_MS); /* the others take over first */
	assert_string_equal(core_lab_line(&lab), "");
	core_lab_after_us(&lab, CORE_LAB_MS);
	assert_string_equal(core_lab_line(&lab), "pg:start as standby send");
}

/* The same found by a probe, should nobody have seen it die. */
static void s41_a_postmaster_that_a_probe_finds_gone_is_dead(void **state)
{
	(void)state;
	serving();
	for (unsigned i = 1; i < 3; i++) { /* also when nobody else could serve */
		lab.peer[i].flags &= (uint16_t)~VRRP_FLAG_ELIGIBLE;
	}
	core_lab_hear_all(&lab);
	lab.pg.up = false;
	lab.pg.gone = true;
	core_lab_probe(&lab);
	assert_string_equal(core_lab_line(&lab), "gate-out destroy unbind advert-0 gate-shut FAULT send");
	assert_true(lab.mine.release.counter != 0);
}

static void s41_a_postgresql_that_somebody_demoted_serves_no_longer(void **state)
{
	(void)state;
	serving();
	lab.pg.in_recovery = true;
	core_lab_probe(&lab);
	assert_string_equal(core_lab_line(&lab), "gate-out destroy unbind advert-0 gate-shut LEAVING FAULT send");
	assert_true(lab.mine.release.counter != 0);
}

/* C2: the same without the resets, nothing to release; the clock alone decides. */
static void s41_the_lease_has_ended(void **state)
{
	(void)state;
	serving();
	core_lab_after_us(&lab, SECOND);
	assert_string_equal(core_lab_line(&lab), "advert-99 send advert-99 send "
						 "gate-shut unbind destroy FAULT pg:stop immediate send");
	assert_int_equal(lab.mine.release.counter, 0);
	assert_int_equal(lab.mine.ask_ms, 0);
	core_lab_pg_done(&lab, true);
	assert_true(lab.mine.release.counter != 0); /* its own vote and those of slower clocks are free again */
}

static void i5_a_thawed_holder_serves_nobody(void **state)
{
	(void)state;
	serving();
	core_lab_freeze_us(&lab, 3 * SECOND);
	assert_string_equal(core_lab_line(&lab), "gate-shut unbind destroy FAULT pg:stop immediate send");
	assert_int_equal(lab.core.role, VRRP_ROLE_FAULT);
}

/* The late event is judged by the clock before it is heard: a grant that waited in the socket revives nothing. */
static void i5_a_grant_that_comes_too_late_revives_nothing(void **state)
{
	(void)state;
	serving();
	lab.now = vrrp_time_add(lab.core.lease_end, 0);
	core_lab_grant(&lab, 1);
	assert_int_equal(lab.core.role, VRRP_ROLE_FAULT);
	assert_string_equal(core_lab_line(&lab), "gate-shut unbind destroy FAULT pg:stop immediate send");
}

static void only_the_last_lines_of_a_clean_stop_release(void **state)
{
	(void)state;
	serving();
	core_lab_event(&lab, VRRP_EVENT_STOP, true);
	assert_string_equal(
		core_lab_line(&lab), "gate-out destroy unbind advert-0 gate-shut LEAVING pg:stop fast send");
	assert_int_equal(lab.mine.ask_ms, 1000);
	core_lab_run_us(&lab, 5 * SECOND, ALL); /* "a fast stop while renewing" */
	assert_int_equal(lab.core.role, VRRP_ROLE_LEAVING);
	assert_int_equal(lab.mine.release.counter, 0);
	core_lab_pg_done(&lab, true);
	assert_string_equal(core_lab_line(&lab), "FAULT pg:start as standby send");
	assert_true(lab.mine.release.counter != 0);
	lab.pg.in_recovery = true;
	core_lab_pg_done(&lab, true);
	assert_int_equal(core_lab_count(&lab, VRRP_ACT_EXIT), 1);
	assert_int_equal(lab.core.role, VRRP_ROLE_INIT);
}

/* A stop must not keep the others waiting for ever, however PostgreSQL answers. */
static void a_clean_stop_whose_postgresql_does_not_stop_ends_in_time(void **state)
{
	(void)state;
	serving();
	core_lab_event(&lab, VRRP_EVENT_STOP, true);
	core_lab_pg_done(&lab, false); /* the fast stop timed out */
	core_lab_run_us(&lab, 2 * SECOND, ALL);
	assert_int_equal(core_lab_ops(&lab, VRRP_PG_OP_STOP_IMMEDIATE), 1);
	assert_int_equal(lab.core.role, VRRP_ROLE_LEAVING); /* renewed meanwhile */
	core_lab_run_us(&lab, lab.config.promote_timeout_us + 3 * SECOND, ALL);
	assert_int_not_equal(lab.core.role, VRRP_ROLE_LEAVING);
	assert_true(core_lab_count(&lab, VRRP_ACT_EXIT) >= 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(s41_the_order_of_letting_go),
		cmocka_unit_test(s41_a_lost_link_is_a_reason_if_somebody_else_can_serve),
		cmocka_unit_test(s41_a_hung_postgresql_is_let_go_for_who_can_serve),
		cmocka_unit_test(s9_a_primary_that_cannot_write_is_let_go_for_who_can_serve),
		cmocka_unit_test(s9_it_stays_and_says_why_while_nobody_else_can_serve),
		cmocka_unit_test(s44_paused_it_stays_and_says_so),
		cmocka_unit_test(s9_who_cannot_write_does_not_stand),
		cmocka_unit_test(s41_a_dead_postmaster_closes_the_gate_first_and_releases_at_once),
		cmocka_unit_test(s41_a_postmaster_that_a_probe_finds_gone_is_dead),
		cmocka_unit_test(s41_a_postgresql_that_somebody_demoted_serves_no_longer),
		cmocka_unit_test(s41_the_lease_has_ended),
		cmocka_unit_test(i5_a_thawed_holder_serves_nobody),
		cmocka_unit_test(i5_a_grant_that_comes_too_late_revives_nothing),
		cmocka_unit_test(only_the_last_lines_of_a_clean_stop_release),
		cmocka_unit_test(a_clean_stop_whose_postgresql_does_not_stop_ends_in_time),
	};

	return cmocka_run_group_tests_name("core_leave", tests, NULL, NULL);
}
