/*
 * What a voter says about data (protocol.md section 4: the veto, max_lag, the running primary; attacks A1, A4, D3), and
 * pause (4.4).
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

/* Member 2 is heard, member 3 not yet, so that I still wait (boot_wait); then I have so many bytes more than they. */
static void up_ahead(uint64_t bytes)
{
	core_lab_init(&lab, 3, 0);
	lab.pg.position += bytes;
	core_lab_start(&lab);
	core_lab_hear(&lab, 1);
}

static void a4_whose_data_is_behind_mine_is_refused_and_i_stand_myself(void **state)
{
	(void)state;
	up_ahead(1);
	assert_false(core_lab_ask(&lab, 1));
	assert_int_equal(core_lab_refusal(&lab, 1), VRRP_REFUSAL_VETO);
	core_lab_hear(&lab, 2);
	assert_true(core_lab_became(&lab, VRRP_ROLE_CANDIDATE));
}

static void equal_data_is_no_veto(void **state)
{
	(void)state;
	up_ahead(0);
	assert_true(core_lab_ask(&lab, 1));
}

static void within_election_lag_there_is_no_veto(void **state)
{
	(void)state;
	core_lab_init(&lab, 3, 0);
	lab.config.election_lag_bytes = 100;
	lab.pg.position += 100;
	core_lab_start(&lab);
	core_lab_hear_all(&lab);
	assert_true(core_lab_ask(&lab, 1));
	lab.pg.position += 1;
	core_lab_probe(&lab);
	core_lab_run_us(&lab, 2 * SECOND, 0); /* the grant ends, and is not given again */
	assert_false(core_lab_ask(&lab, 1));
	assert_int_equal(core_lab_refusal(&lab, 1), VRRP_REFUSAL_VETO);
}

/* "I eligible or not": the data is there, whoever may promote it. */
static void a4_who_may_not_be_promoted_vetoes_all_the_same(void **state)
{
	(void)state;
	core_lab_init(&lab, 3, 0);
	lab.pg.replay_paused = true;
	lab.pg.position += 1;
	core_lab_start(&lab);
	core_lab_hear_all(&lab);
	assert_int_equal(lab.core.role, VRRP_ROLE_FAULT);
	assert_false(core_lab_ask(&lab, 1));
	assert_int_equal(core_lab_refusal(&lab, 1), VRRP_REFUSAL_VETO);
}

static void while_streaming_the_running_value_vetoes_as_a_lower_bound(void **state)
{
	(void)state;
	core_lab_init(&lab, 3, 0);
	lab.pg.position_known = false;
	lab.pg.streaming = true;
	lab.pg.receiver = true;
	lab.pg.upstream = 2;
	lab.pg.position += 1;
	core_lab_start(&lab);
	core_lab_hear(&lab, 1);
	assert_false(core_lab_ask(&lab, 1));
	assert_int_equal(core_lab_refusal(&lab, 1), VRRP_REFUSAL_VETO);
}

/* Of a PostgreSQL that does not answer nothing is known any more, whatever it said before. */
static void who_is_down_vetoes_nobody(void **state)
{
	(void)state;
	up_ahead(1);
	lab.pg.up = false;
	core_lab_probe(&lab);
	assert_true(core_lab_ask(&lab, 1));
}

/* "down or up": what it ends with is in pg_control, and is no less there for not being served. */
static void a_primary_that_was_shut_down_cleanly_vetoes_with_its_end(void **state)
{
	(void)state;
	core_lab_init(&lab, 3, 0);
	lab.config.manage_full = false; /* it is left as it is */
	core_lab_start(&lab);
	core_lab_hear_all(&lab);
	lab.pg.up = false;
	lab.pg.gone = true;
	lab.pg.position += 0x70;
	core_lab_probe(&lab);
	assert_false(core_lab_ask(&lab, 1));
	assert_int_equal(core_lab_refusal(&lab, 1), VRRP_REFUSAL_VETO);
	assert_int_equal(lab.mine.flags & VRRP_FLAG_ELIGIBLE, 0);
	lab.peer[1].position += 0x70; /* it has received the shutdown checkpoint */
	assert_true(core_lab_ask(&lab, 1));
}

static void data_that_diverged_vetoes_nobody(void **state)
{
	(void)state;
	core_lab_init(&lab, 3, 0);
	lab.disk.diverged = true;
	lab.pg.position += 1;
	core_lab_start(&lab);
	core_lab_hear_all(&lab);
	assert_true(core_lab_ask(&lab, 1));
}

static void a_renewal_is_not_judged_again(void **state)
{
	(void)state;
	up_ahead(0);
	assert_true(core_lab_ask(&lab, 1));
	lab.pg.position += 0x1000;
	core_lab_probe(&lab);
	assert_true(core_lab_ask_again(&lab, 1));
}

/* All my WAL came from it; by its report, which is older than what I have received since, I would seem ahead. */
static void a_standby_does_not_veto_the_primary_that_it_streams_from(void **state)
{
	(void)state;
	core_lab_init(&lab, 3, 0);
	lab.pg.position_known = false;
	lab.pg.streaming = true;
	lab.pg.receiver = true;
	lab.pg.upstream = 1;
	lab.pg.position += 0x1000;
	lab.peer[1].flags = VRRP_FLAG_ELIGIBLE | VRRP_FLAG_PG_UP | VRRP_FLAG_POSITION_KNOWN;
	core_lab_start(&lab);
	core_lab_hear_all(&lab);
	assert_true(core_lab_ask(&lab, 1));
}

/* A1: two promotions of the same number; the later one served. The zombie is longer, and still gets no vote. */
static void a1_a_promotion_that_outlived_its_lease_is_vetoed_by_epoch(void **state)
{
	(void)state;
	core_lab_init(&lab, 3, 0);
	lab.disk.epoch = (struct vrrp_ballot){ 12, 102, 3 };
	lab.pg.timeline = 2;
	lab.pg.position += 0x200;
	vrrp_history_append(&lab.history, &(struct vrrp_timeline){ 2, CORE_LAB_LSN, 0xbbbb });
	core_lab_start(&lab);
	core_lab_hear(&lab, 1);
	lab.peer[1].flags = VRRP_FLAG_ELIGIBLE | VRRP_FLAG_PG_UP | VRRP_FLAG_POSITION_KNOWN;
	lab.peer[1].epoch = (struct vrrp_ballot){ 11, 101, 2 };
	vrrp_history_append(&lab.peer[1].history, &(struct vrrp_timeline){ 2, CORE_LAB_LSN, 0xaaaa });
	lab.peer[1].timeline = 2;
	lab.peer[1].position += 0x5000;
	assert_false(core_lab_ask(&lab, 1));
	assert_int_equal(core_lab_refusal(&lab, 1), VRRP_REFUSAL_VETO);
}

/* Member 3 was MASTER at this position and is gone. */
static void master_was_at(uint64_t bytes)
{
	core_lab_be_master(&lab, 2, 20, 1);
	lab.peer[2].position = CORE_LAB_LSN + bytes;
	core_lab_hear(&lab, 2);
	core_lab_run_us(&lab, 1100 * CORE_LAB_MS, 0);
}

static void who_lacks_more_than_max_lag_of_a_master_is_refused(void **state)
{
	(void)state;
	core_lab_up(&lab, 3, 0);
	master_was_at(lab.config.max_lag_bytes + 1);
	assert_false(core_lab_ask(&lab, 1));
	assert_int_equal(core_lab_refusal(&lab, 1), VRRP_REFUSAL_MAX_LAG);
	lab.peer[1].position++;
	assert_true(core_lab_ask(&lab, 1));
}

static void a_witness_knows_the_lag_also_after_its_own_restart(void **state)
{
	(void)state;
	core_lab_init(&lab, 3, 3);
	for (unsigned i = 1; i < 3; i++) {
		lab.config.member[i].witness = false;
		lab.peer[i].role = VRRP_ROLE_BACKUP;
		lab.peer[i].timeline = 1;
		lab.peer[i].history = lab.history;
		lab.peer[i].position = CORE_LAB_LSN;
		lab.peer[i].flags = VRRP_FLAG_ELIGIBLE | VRRP_FLAG_PG_UP | VRRP_FLAG_IN_RECOVERY;
	}
	core_lab_start(&lab);
	core_lab_hear_all(&lab);
	master_was_at(lab.config.max_lag_bytes + 1);
	core_lab_start(&lab);
	core_lab_run_us(&lab, SECOND, 1U << 1);
	assert_false(core_lab_ask(&lab, 1));
	assert_int_equal(core_lab_refusal(&lab, 1), VRRP_REFUSAL_MAX_LAG);
}

static void nothing_ever_heard_is_no_lag(void **state)
{
	(void)state;
	core_lab_init(&lab, 3, 3);
	core_lab_start(&lab);
	core_lab_hear_all(&lab);
	lab.peer[1].position = 1;
	assert_true(core_lab_ask(&lab, 1));
}

/* Member 3's PostgreSQL is a running primary under this epoch; member 2, a standby ahead of nobody, asks. */
static void primary_runs(uint64_t epoch)
{
	core_lab_up(&lab, 3, 0);
	lab.peer[2].flags = VRRP_FLAG_ELIGIBLE | VRRP_FLAG_PG_UP | VRRP_FLAG_POSITION_KNOWN;
	if (epoch != 0) {
		lab.peer[2].epoch = (struct vrrp_ballot){ epoch, 102, 3 };
	}
	core_lab_hear(&lab, 2);
}

static void d3_beside_a_running_primary_nobody_else_is_granted(void **state)
{
	(void)state;
	primary_runs(0);
	assert_false(core_lab_ask(&lab, 1));
	assert_int_equal(core_lab_refusal(&lab, 1), VRRP_REFUSAL_PRIMARY);
	assert_true(core_lab_ask(&lab, 2));
}

static void d3_my_own_running_primary_counts_too(void **state)
{
	(void)state;
	core_lab_up_primary(&lab, 3, 0);
	lab.now = vrrp_time_add(lab.now, CORE_LAB_MS);
	core_lab_event(&lab, VRRP_EVENT_LINK, true);
	lab.peer[1].position += 1; /* not behind: it is no veto that refuses */
	lab.peer[1].timeline = 1;
	assert_false(core_lab_ask(&lab, 1));
	assert_int_equal(core_lab_refusal(&lab, 1), VRRP_REFUSAL_PRIMARY);
}

static void d3_a_primary_that_may_not_serve_blocks_nobody(void **state)
{
	(void)state;
	primary_runs(0);
	lab.peer[2].flags &= (uint16_t)~VRRP_FLAG_ELIGIBLE;
	core_lab_hear(&lab, 2);
	assert_true(core_lab_ask(&lab, 1));
}

static void d3_a_primary_passed_by_a_higher_epoch_blocks_nobody(void **state)
{
	(void)state;
	primary_runs(5);
	assert_false(core_lab_ask(&lab, 1));
	lab.peer[1].epoch = (struct vrrp_ballot){ 6, 101, 2 }; /* the candidate's own report shows it */
	assert_true(core_lab_ask(&lab, 1));
}

static void d3_my_own_epoch_passes_a_primary_too(void **state)
{
	(void)state;
	core_lab_init(&lab, 3, 0);
	lab.disk.epoch = (struct vrrp_ballot){ 6, 101, 2 };
	core_lab_start(&lab);
	core_lab_hear_all(&lab);
	lab.peer[2].flags = VRRP_FLAG_ELIGIBLE | VRRP_FLAG_PG_UP | VRRP_FLAG_POSITION_KNOWN;
	lab.peer[2].epoch = (struct vrrp_ballot){ 5, 102, 3 };
	core_lab_hear(&lab, 2);
	assert_true(core_lab_ask(&lab, 1));
}

static void d3_a_primary_of_another_configuration_blocks_nobody(void **state)
{
	(void)state;
	primary_runs(0);
	lab.peer[2].digest[0] = 2;
	core_lab_hear(&lab, 2);
	assert_true(core_lab_ask(&lab, 1));
}

static void d3_a_primary_that_cannot_win_blocks_for_three_leases(void **state)
{
	(void)state;
	primary_runs(0);
	core_lab_event(&lab, VRRP_EVENT_LINK, false); /* or I should stand then */
	core_lab_run_us(&lab, 3 * SECOND, 1U << 2);
	assert_false(core_lab_ask(&lab, 1));
	assert_int_equal(core_lab_refusal(&lab, 1), VRRP_REFUSAL_PRIMARY);
	core_lab_run_us(&lab, 100 * CORE_LAB_MS, 1U << 2);
	core_lab_hear(&lab, 2);
	assert_true(core_lab_ask(&lab, 1));
}

/* The three leases count from when a holder was last known: a failover long after the start is as careful. */
static void d3_the_three_leases_begin_when_the_holder_is_gone(void **state)
{
	(void)state;
	core_lab_up(&lab, 5, 0);
	core_lab_be_master(&lab, 4, 20, 1);
	core_lab_run_us(&lab, 20 * SECOND, 1U << 4);
	lab.peer[2].flags = VRRP_FLAG_ELIGIBLE | VRRP_FLAG_PG_UP | VRRP_FLAG_POSITION_KNOWN;
	lab.peer[2].epoch = lab.peer[4].epoch;
	core_lab_run_us(&lab, 1500 * CORE_LAB_MS, 1U << 2); /* the holder is gone for half a second */
	core_lab_hear(&lab, 2);
	assert_int_equal(vrrp_core_holder(&lab.core), -1);
	assert_false(core_lab_ask(&lab, 1));
	assert_int_equal(core_lab_refusal(&lab, 1), VRRP_REFUSAL_PRIMARY);
}

/* Section 3.2: its vote counts, its data does not. */
static void the_data_of_another_cluster_counts_for_nothing(void **state)
{
	(void)state;
	primary_runs(0);
	lab.peer[2].system_identifier++;
	core_lab_hear(&lab, 2);
	assert_true(core_lab_ask(&lab, 1)); /* that primary blocks nobody */
	core_lab_up(&lab, 3, 0);
	lab.peer[1].system_identifier++;
	assert_false(core_lab_ask(&lab, 1));
	assert_int_equal(core_lab_refusal(&lab, 1), VRRP_REFUSAL_SYSTEM_ID);
	core_lab_up(&lab, 3, 0);
	lab.peer[1].system_identifier = 0; /* a witness, or not yet cloned */
	core_lab_stand(&lab);
	lab.peer[2].system_identifier++;
	core_lab_after_us(&lab, 1000);
	core_lab_grant(&lab, 2); /* its vote counts */
	assert_int_equal(lab.core.role, VRRP_ROLE_PROMOTING);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a4_whose_data_is_behind_mine_is_refused_and_i_stand_myself),
		cmocka_unit_test(equal_data_is_no_veto),
		cmocka_unit_test(within_election_lag_there_is_no_veto),
		cmocka_unit_test(a4_who_may_not_be_promoted_vetoes_all_the_same),
		cmocka_unit_test(while_streaming_the_running_value_vetoes_as_a_lower_bound),
		cmocka_unit_test(who_is_down_vetoes_nobody),
		cmocka_unit_test(a_primary_that_was_shut_down_cleanly_vetoes_with_its_end),
		cmocka_unit_test(data_that_diverged_vetoes_nobody),
		cmocka_unit_test(a_renewal_is_not_judged_again),
		cmocka_unit_test(a_standby_does_not_veto_the_primary_that_it_streams_from),
		cmocka_unit_test(a1_a_promotion_that_outlived_its_lease_is_vetoed_by_epoch),
		cmocka_unit_test(who_lacks_more_than_max_lag_of_a_master_is_refused),
		cmocka_unit_test(a_witness_knows_the_lag_also_after_its_own_restart),
		cmocka_unit_test(nothing_ever_heard_is_no_lag),
		cmocka_unit_test(d3_beside_a_running_primary_nobody_else_is_granted),
		cmocka_unit_test(d3_my_own_running_primary_counts_too),
		cmocka_unit_test(d3_a_primary_that_may_not_serve_blocks_nobody),
		cmocka_unit_test(d3_a_primary_passed_by_a_higher_epoch_blocks_nobody),
		cmocka_unit_test(d3_my_own_epoch_passes_a_primary_too),
		cmocka_unit_test(d3_a_primary_of_another_configuration_blocks_nobody),
		cmocka_unit_test(d3_a_primary_that_cannot_win_blocks_for_three_leases),
		cmocka_unit_test(d3_the_three_leases_begin_when_the_holder_is_gone),
		cmocka_unit_test(the_data_of_another_cluster_counts_for_nothing),
	};

	return cmocka_run_group_tests_name("core_vote_data", tests, NULL, NULL);
}
