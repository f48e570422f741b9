/*
 * The start (protocol.md section 4, "start-up silence", and 4.2; attacks B4, B6, D1) and the clean stop that leaves
 * something for the next start.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "tests/unit/core_lab.h"

#define SECOND VRRP_US_PER_S

static struct core_lab lab;

static const struct vrrp_grant GRANT_TO_2 = { .ballot = { 9, 101, 2 }, .incarnation = 101, .seq = 1, .to = 2 };

static int64_t silent_us(void)
{
	return vrrp_time_diff_us(lab.core.silent_until, lab.now);
}

/* The start of somebody who has run before, with this on the disk. */
static void restart(struct vrrp_stored disk)
{
	core_lab_init(&lab, 3, 0);
	lab.disk = disk;
	lab.disk.system_identifier = CORE_LAB_SYSTEM;
	core_lab_start(&lab);
}

static void b4_gate_and_address_go_before_the_first_report(void **state)
{
	(void)state;
	core_lab_init(&lab, 3, 0);
	lab.disk_held = true;
	lab.probe_held = true;
	core_lab_start(&lab);
	assert_string_equal(core_lab_line(&lab), "gate-shut unbind send store");
	assert_int_equal(core_lab_count(&lab, VRRP_ACT_PROBE), 1);
	assert_int_equal(lab.mine.role, VRRP_ROLE_INIT);
}

static void nothing_is_known_before_the_first_probe(void **state)
{
	(void)state;
	core_lab_init(&lab, 3, 0);
	lab.probe_held = true;
	core_lab_start(&lab);
	core_lab_hear_all(&lab);
	core_lab_after_us(&lab, 200 * CORE_LAB_MS);
	assert_int_equal(lab.core.role, VRRP_ROLE_INIT);
	core_lab_probe(&lab);
	assert_true(core_lab_became(&lab, VRRP_ROLE_BACKUP));
}

static void who_cannot_be_promoted_starts_in_fault(void **state)
{
	(void)state;
	core_lab_init(&lab, 3, 0);
	lab.pg.up = false;
	lab.pg.gone = true;
	lab.config.manage_full = false;
	core_lab_start(&lab);
	assert_int_equal(lab.core.role, VRRP_ROLE_FAULT);
	assert_true((lab.mine.fault_reasons & VRRP_FAULT_BIT(VRRP_FAULT_PG_DOWN)) != 0);
	lab.pg.up = true;
	lab.pg.gone = false;
	core_lab_probe(&lab);
	assert_int_equal(lab.core.role, VRRP_ROLE_BACKUP);
	assert_int_equal(lab.mine.fault_reasons, 0);
}

/* Its daemon was started last: what it runs is healthy, and known only when it has looked and read its history. */
static void a_primary_is_waited_for_until_it_has_read_its_history(void **state)
{
	struct vrrp_report *primary = &lab.peer[2];

	(void)state;
	core_lab_init(&lab, 3, 0);
	core_lab_start(&lab);
	core_lab_run_us(&lab, SECOND, 1U << 1);
	assert_int_equal(lab.core.role, VRRP_ROLE_BACKUP); /* boot_wait */
	primary->role = VRRP_ROLE_INIT;
	primary->flags = 0;
	core_lab_hear(&lab, 2);
	core_lab_run_us(&lab, 200 * CORE_LAB_MS, 1U << 1);
	assert_int_equal(lab.core.role, VRRP_ROLE_BACKUP);
	primary->role = VRRP_ROLE_FAULT;
	primary->flags = VRRP_FLAG_PG_UP | VRRP_FLAG_POSITION_KNOWN | VRRP_FLAG_STALE_HISTORY;
	core_lab_hear(&lab, 2);
	core_lab_run_us(&lab, 200 * CORE_LAB_MS, 1U << 1);
	assert_int_equal(lab.core.role, VRRP_ROLE_BACKUP);
	primary->role = VRRP_ROLE_BACKUP;
	primary->flags = VRRP_FLAG_PG_UP | VRRP_FLAG_POSITION_KNOWN | VRRP_FLAG_ELIGIBLE;
	core_lab_hear(&lab, 2);
	core_lab_run_us(&lab, SECOND, 3U << 1);
	assert_int_equal(lab.core.role, VRRP_ROLE_BACKUP);
	primary->role = VRRP_ROLE_FAULT; /* now it is really no more */
	primary->flags = 0;
	core_lab_run_us(&lab, SECOND, 3U << 1);
	assert_true(vrrp_role_holds(lab.core.role));
}

static void a_witness_votes_and_asks_no_postgresql(void **state)
{
	(void)state;
	core_lab_init(&lab, 3, 3);
	lab.peer[1].role = VRRP_ROLE_BACKUP;
	core_lab_start(&lab);
	assert_int_equal(lab.core.role, VRRP_ROLE_WITNESS);
	assert_int_equal(core_lab_count(&lab, VRRP_ACT_PROBE), 0);
	assert_true(core_lab_ask(&lab, 1));
	core_lab_run_us(&lab, 60 * SECOND, 1U << 2);
	assert_int_equal(lab.core.role, VRRP_ROLE_WITNESS);
}

static void the_first_start_ever_is_not_silent(void **state)
{
	(void)state;
	core_lab_up(&lab, 3, 0);
	assert_true(silent_us() <= 0);
	assert_true(core_lab_ask(&lab, 1));
	assert_true(lab.disk.last_lease_us == lab.config.lease_us);
}

static void a_restart_is_silent_for_a_lease_then_votes(void **state)
{
	(void)state;
	restart((struct vrrp_stored){ .last_lease_us = SECOND });
	core_lab_hear(&lab, 1);
	assert_false(core_lab_ask(&lab, 1));
	assert_int_equal(core_lab_refusal(&lab, 1), VRRP_REFUSAL_SILENT);
	assert_int_equal(lab.mine.refusal.bound_ms, 1000);
	core_lab_run_us(&lab, SECOND - 2000, 0);
	assert_true((lab.mine.flags & VRRP_FLAG_SILENT) != 0);
	assert_false(core_lab_ask(&lab, 1));
	core_lab_after_us(&lab, 2000);
	assert_true(core_lab_ask(&lab, 1));
}

/* "may stand, but grants nothing, not even to itself" (attacks.md G12). */
static void the_silent_may_stand_and_win_with_the_votes_of_others(void **state)
{
	(void)state;
	restart((struct vrrp_stored){ .last_lease_us = 20 * SECOND });
	core_lab_stand(&lab);
	core_lab_after_us(&lab, 1000);
	assert_int_equal(lab.core.grant.to, 0);
	core_lab_grant(&lab, 1);
	assert_int_equal(lab.core.role, VRRP_ROLE_CANDIDATE); /* one vote of three: its own does not count */
	core_lab_grant(&lab, 2);
	assert_int_equal(lab.core.role, VRRP_ROLE_PROMOTING);
	assert_int_equal(lab.core.grant.to, 0);
}

static void b6_the_silence_is_as_long_as_the_lease_it_last_ran_with(void **state)
{
	(void)state;
	restart((struct vrrp_stored){ .last_lease_us = 4 * SECOND });
	assert_true(silent_us() == 4 * SECOND);
	restart((struct vrrp_stored){ .last_lease_us = SECOND / 2 });
	assert_true(silent_us() == SECOND);
}

static void b6_an_unreadable_state_is_silent_for_the_longest_grant_there_can_be(void **state)
{
	(void)state;
	core_lab_init(&lab, 3, 0);
	lab.readable = false;
	core_lab_start(&lab);
	assert_true(silent_us() == lab.config.restart_grace_us);
	core_lab_init(&lab, 3, 0);
	lab.readable = false;
	lab.config.lease_us = 30 * SECOND;
	core_lab_start(&lab);
	assert_true(silent_us() == 30 * SECOND);
}

static void b6_a_long_grant_on_record_silences_until_its_end_or_all_of_it_after_a_reboot(void **state)
{
	struct vrrp_stored disk = { .last_lease_us = SECOND,
		.long_grant = GRANT_TO_2,
		.long_grant_us = 10 * SECOND,
		.long_grant_this_boot = true };

	(void)state;
	disk.long_grant.expires.us = 1000 * SECOND + 7 * SECOND;
	restart(disk);
	assert_true(silent_us() == 7 * SECOND);
	disk.long_grant_this_boot = false;
	restart(disk);
	assert_true(silent_us() == 10 * SECOND);
	disk.long_grant_us = SECOND / 2; /* always the latest of these */
	restart(disk);
	assert_true(silent_us() == SECOND);
}

static void b6_a_crash_in_the_silence_does_not_shorten_the_next(void **state)
{
	struct vrrp_stored disk = { .last_lease_us = 4 * SECOND,
		.long_grant = GRANT_TO_2,
		.long_grant_us = 10 * SECOND,
		.long_grant_this_boot = true };

	(void)state;
	disk.long_grant.expires.us = 1010 * SECOND;
	restart(disk);
	core_lab_after_us(&lab, SECOND);
	core_lab_start(&lab);
	assert_true(silent_us() == 9 * SECOND);
	core_lab_after_us(&lab, 9 * SECOND);
	assert_int_equal(lab.disk.long_grant.to, 0); /* over: forgotten, or every restart would cost as much */
	assert_true(lab.disk.last_lease_us == SECOND);
	core_lab_start(&lab);
	assert_true(silent_us() == SECOND);
}

static void b6_a_clean_stop_hands_its_grant_to_the_next_start(void **state)
{
	struct vrrp_time expires;

	(void)state;
	core_lab_up(&lab, 3, 0);
	assert_true(core_lab_ask(&lab, 1));
	expires = lab.core.grant.expires;
	core_lab_event(&lab, VRRP_EVENT_STOP, true);
	assert_string_equal(core_lab_line(&lab), "INIT send store exit");
	assert_true(lab.disk.long_grant_clean);
	assert_int_equal(lab.mine.grant.to, 2); /* the grant still binds */
	lab.now = vrrp_time_add(lab.now, 100 * CORE_LAB_MS);
	core_lab_start(&lab);
	assert_true(silent_us() <= 0);
	assert_int_equal(lab.core.grant.to, 2);
	assert_true(lab.core.grant.expires.us == expires.us);
	core_lab_hear_all(&lab);
	assert_true(core_lab_ask_again(&lab, 1));
	assert_false(core_lab_ask(&lab, 2));
	assert_int_equal(core_lab_refusal(&lab, 2), VRRP_REFUSAL_BOUND);
}

static void b6_the_record_is_gone_from_the_disk_before_anything_is_granted(void **state)
{
	struct vrrp_stored disk = { .last_lease_us = SECOND,
		.long_grant = GRANT_TO_2,
		.long_grant_us = SECOND,
		.long_grant_this_boot = true,
		.long_grant_clean = true };

	(void)state;
	disk.long_grant.expires.us = 1000 * SECOND + SECOND;
	core_lab_init(&lab, 3, 0);
	lab.disk = disk;
	lab.disk_held = true;
	core_lab_start(&lab);
	core_lab_hear(&lab, 1);
	lab.peer[1].ballot = GRANT_TO_2.ballot;
	lab.peer[1].role = VRRP_ROLE_MASTER;
	lab.peer[1].ask_ms = 1000;
	assert_false(core_lab_ask_again(&lab, 1)); /* not even a renewal: a second crash would forget it */
	assert_int_equal(core_lab_refusal(&lab, 1), VRRP_REFUSAL_SILENT);
	core_lab_stored(&lab, true);
	assert_int_equal(lab.disk.long_grant.to, 0);
	assert_true(core_lab_ask_again(&lab, 1));
	core_lab_start(&lab); /* used once: the second start is silent */
	assert_true(silent_us() == SECOND);
}

static void b6_after_a_reboot_the_record_of_a_clean_stop_is_no_grant(void **state)
{
	struct vrrp_stored disk = {
		.last_lease_us = SECOND, .long_grant = GRANT_TO_2, .long_grant_us = SECOND, .long_grant_clean = true
	};

	(void)state;
	disk.long_grant.expires.us = 5000 * SECOND; /* of the clock of the last boot: says nothing */
	restart(disk);
	assert_int_equal(lab.core.grant.to, 0);
	assert_true(silent_us() == SECOND);
}

static void nothing_is_granted_after_the_stop_was_written(void **state)
{
	(void)state;
	core_lab_up(&lab, 3, 0);
	lab.disk_held = true;
	core_lab_event(&lab, VRRP_EVENT_STOP, true);
	assert_string_equal(core_lab_line(&lab), "INIT send store");
	assert_false(core_lab_ask(&lab, 1));
	assert_int_equal(core_lab_refusal(&lab, 1), VRRP_REFUSAL_SILENT);
	core_lab_stored(&lab, true);
	assert_int_equal(core_lab_count(&lab, VRRP_ACT_EXIT), 1);
}

static void a_disk_that_refuses_does_not_hold_the_stop_up_for_ever(void **state)
{
	(void)state;
	core_lab_up(&lab, 3, 0);
	lab.disk_held = true;
	core_lab_event(&lab, VRRP_EVENT_STOP, true);
	core_lab_stored(&lab, false);
	core_lab_after_us(&lab, lab.config.promote_timeout_us - 1000);
	assert_int_equal(core_lab_count(&lab, VRRP_ACT_EXIT), 0);
	core_lab_after_us(&lab, 1000);
	assert_true(core_lab_count(&lab, VRRP_ACT_EXIT) >= 1);
}

static void d1_a_new_daemon_is_answered_at_once_and_not_more_than_twenty_times_a_second(void **state)
{
	unsigned sent = 0;

	(void)state;
	core_lab_up(&lab, 3, 0);
	lab.peer[1].incarnation = 500;
	core_lab_hear_stale(&lab, 1);
	assert_string_equal(core_lab_line(&lab), "send");
	assert_true(lab.mine.echo[0].other_incarnation == 500);
	assert_true(lab.mine.echo[0].believed_incarnation == 101);
	for (unsigned ms = 0; ms < 100; ms++) { /* replayed packets of many boots, one a millisecond */
		lab.now = vrrp_time_add(lab.now, CORE_LAB_MS);
		lab.peer[1].incarnation = 1000 + ms;
		core_lab_hear_stale(&lab, 1);
		sent += core_lab_count(&lab, VRRP_ACT_SEND);
	}
	assert_in_range(sent, 1, 3); /* two answers at most, and a report that was due */
}

static void reports_are_sent_every_advert_int(void **state)
{
	(void)state;
	core_lab_init(&lab, 3, 3);
	core_lab_start(&lab);
	core_lab_after_us(&lab, 10 * SECOND);
	assert_int_equal(core_lab_count(&lab, VRRP_ACT_SEND), 40);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(b4_gate_and_address_go_before_the_first_report),
		cmocka_unit_test(nothing_is_known_before_the_first_probe),
		cmocka_unit_test(who_cannot_be_promoted_starts_in_fault),
		cmocka_unit_test(a_primary_is_waited_for_until_it_has_read_its_history),
		cmocka_unit_test(a_witness_votes_and_asks_no_postgresql),
		cmocka_unit_test(the_first_start_ever_is_not_silent),
		cmocka_unit_test(a_restart_is_silent_for_a_lease_then_votes),
		cmocka_unit_test(the_silent_may_stand_and_win_with_the_votes_of_others),
		cmocka_unit_test(b6_the_silence_is_as_long_as_the_lease_it_last_ran_with),
		cmocka_unit_test(b6_an_unreadable_state_is_silent_for_the_longest_grant_there_can_be),
		cmocka_unit_test(b6_a_long_grant_on_record_silences_until_its_end_or_all_of_it_after_a_reboot),
		cmocka_unit_test(b6_a_crash_in_the_silence_does_not_shorten_the_next),
		cmocka_unit_test(b6_a_clean_stop_hands_its_grant_to_the_next_start),
		cmocka_unit_test(b6_the_record_is_gone_from_the_disk_before_anything_is_granted),
		cmocka_unit_test(b6_after_a_reboot_the_record_of_a_clean_stop_is_no_grant),
		cmocka_unit_test(nothing_is_granted_after_the_stop_was_written),
		cmocka_unit_test(a_disk_that_refuses_does_not_hold_the_stop_up_for_ever),
		cmocka_unit_test(d1_a_new_daemon_is_answered_at_once_and_not_more_than_twenty_times_a_second),
		cmocka_unit_test(reports_are_sent_every_advert_int),
	};

	return cmocka_run_group_tests_name("core_start", tests, NULL, NULL);
}
