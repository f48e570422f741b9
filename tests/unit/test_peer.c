/*
 * What is believed of another member (protocol.md sections 3.1 and 3.2; attacks D1, E): authentic is not fresh.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "vrrp/peer.h"

#define LEASE (1000 * VRRP_US_PER_MS)
#define START (1000 * VRRP_US_PER_S)

/* One end of a pair: what it has sent, and what it believes of the other. */
struct end {
	struct vrrp_sent_ring sent;
	struct vrrp_peer peer;
	struct vrrp_peer_self self;
	struct vrrp_report report; /* its next one */
};

static struct vrrp_time at(int64_t us)
{
	return (struct vrrp_time){ START + us };
}

static void end_init(struct end *end, uint8_t member, uint64_t incarnation)
{
	*end = (struct end){ .report = { .sender = member, .incarnation = incarnation, .echo_count = 1 } };
	end->self = (struct vrrp_peer_self){
		.member = member, .incarnation = incarnation, .sent = &end->sent, .lease_us = LEASE
	};
}

/* Its report now, with the echo about the other. */
static struct vrrp_report say(struct end *end, uint8_t other, int64_t us)
{
	end->report.seq = vrrp_sent_add(&end->sent, at(us), 0, 0);
	end->report.echo[0] = vrrp_peer_echo(&end->peer, other);
	return end->report;
}

static struct vrrp_peer_verdict take(struct end *end, const struct vrrp_report *report, int64_t us)
{
	return vrrp_peer_take(&end->peer, &end->self, report, at(us));
}

/* Two that believe each other: 1 has sent seq 1..3 at 0, 10, 20 ms. */
static void acquaint(struct end *one, struct end *two)
{
	struct vrrp_report report;

	end_init(one, 1, 0xa1);
	end_init(two, 2, 0xb2);
	for (int64_t us = 0; us <= 20000; us += 10000) {
		report = say(one, 2, us);
		(void)take(two, &report, us);
		report = say(two, 1, us);
		(void)take(one, &report, us);
	}
	assert_true(vrrp_peer_speaks(&one->peer, at(20000)));
	assert_true(vrrp_peer_speaks(&two->peer, at(20000)));
}

static void d1_two_new_daemons_come_to_believe_each_other(void **state)
{
	struct end one;
	struct end two;
	struct vrrp_report report;
	struct vrrp_peer_verdict verdict;

	(void)state;
	end_init(&one, 1, 0xa1);
	end_init(&two, 2, 0xb2);
	report = say(&one, 2, 0);
	verdict = take(&two, &report, 0);
	assert_int_equal(verdict.drop, VRRP_DROP_INCARNATION);
	assert_false(verdict.fresh);
	assert_true(two.peer.hello_due); /* answered at once */
	report = say(&two, 1, 1);
	assert_true(report.echo[0].believed_incarnation == 0);
	assert_true(report.echo[0].other_incarnation == 0xa1 && report.echo[0].other_seq == 1);
	verdict = take(&one, &report, 1);
	assert_int_equal(verdict.drop, VRRP_DROP_NONE);
	assert_true(verdict.fresh && verdict.new_incarnation);
	report = say(&one, 2, 2);
	verdict = take(&two, &report, 2);
	assert_true(verdict.fresh && verdict.new_incarnation);
	assert_true(vrrp_peer_speaks(&two.peer, at(2)));
}

static void a_report_is_fresh_if_it_proves_that_it_heard_me_less_than_a_lease_ago(void **state)
{
	struct end one;
	struct end two;
	struct vrrp_report report;

	(void)state;
	acquaint(&one, &two);
	report = say(&two, 1, 30000); /* echoes seq 3, sent at 20 ms */
	assert_true(vrrp_report_is_fresh(&report, &one.self, at(30000)));
	assert_true(vrrp_report_is_fresh(&report, &one.self, at(20000 + LEASE - 1)));
	assert_false(vrrp_report_is_fresh(&report, &one.self, at(20000 + LEASE)));
	report.echo[0].believed_seq = 4; /* never sent */
	assert_false(vrrp_report_is_fresh(&report, &one.self, at(30000)));
	report.echo[0].believed_seq = 3;
	report.echo[0].believed_incarnation = 0xa0; /* of my predecessor */
	assert_false(vrrp_report_is_fresh(&report, &one.self, at(30000)));
	report.echo[0].other_incarnation = 0xa1; /* the second entry proves it as well */
	report.echo[0].other_seq = 2;
	assert_true(vrrp_report_is_fresh(&report, &one.self, at(30000)));
	report.echo[0].member = 3; /* about somebody else */
	assert_false(vrrp_report_is_fresh(&report, &one.self, at(30000)));
	report.echo_count = 0;
	assert_false(vrrp_report_is_fresh(&report, &one.self, at(30000)));
}

static void what_is_not_fresh_is_not_kept(void **state)
{
	struct end one;
	struct end two;
	struct vrrp_report report;
	struct vrrp_peer_verdict verdict;

	(void)state;
	acquaint(&one, &two);
	report = say(&two, 1, 30000);
	report.role = VRRP_ROLE_MASTER;
	verdict = take(&one, &report, 20000 + LEASE);
	assert_int_equal(verdict.drop, VRRP_DROP_NONE); /* a living one, but it may be old */
	assert_false(verdict.fresh);
	assert_int_equal(one.peer.report.role, VRRP_ROLE_INIT);
	assert_false(vrrp_peer_speaks(&one.peer, at(20000 + LEASE)));
	assert_true(one.peer.believed_seq == report.seq); /* and it is echoed */
}

static void a_report_speaks_for_one_lease_after_its_receipt(void **state)
{
	struct end one;
	struct end two;
	struct vrrp_report report;

	(void)state;
	acquaint(&one, &two);
	report = say(&two, 1, 30000);
	(void)take(&one, &report, 40000);
	assert_true(vrrp_peer_speaks(&one.peer, at(40000 + LEASE - 1)));
	assert_false(vrrp_peer_speaks(&one.peer, at(40000 + LEASE)));
	vrrp_peer_forget_freshness(&one.peer); /* an own stall */
	assert_false(vrrp_peer_speaks(&one.peer, at(40000)));
}

static void a_replay_within_an_incarnation_is_dropped(void **state)
{
	struct end one;
	struct end two;
	struct vrrp_report report;
	struct vrrp_peer before;

	(void)state;
	acquaint(&one, &two);
	report = say(&two, 1, 30000);
	report.role = VRRP_ROLE_MASTER;
	report.seq = one.peer.believed_seq;
	before = one.peer;
	assert_int_equal(take(&one, &report, 30000).drop, VRRP_DROP_SEQ);
	report.seq--;
	assert_int_equal(take(&one, &report, 30000).drop, VRRP_DROP_SEQ);
	assert_true(one.peer.believed_seq == before.believed_seq && one.peer.heard_at.us == before.heard_at.us);
	assert_int_equal(one.peer.report.role, VRRP_ROLE_INIT);
}

/* D1: with a single echo slot, one replayed packet of an old boot would make my echo of the living peer wrong. */
static void d1_a_replay_of_an_older_boot_does_not_disturb_the_echo_of_the_living_one(void **state)
{
	struct end one;
	struct end two;
	struct vrrp_report old = { .sender = 2, .incarnation = 0xb1, .seq = 900 };
	struct vrrp_report report;

	(void)state;
	acquaint(&one, &two);
	assert_int_equal(take(&one, &old, 21000).drop, VRRP_DROP_INCARNATION);
	report = say(&one, 2, 22000);
	assert_true(report.echo[0].believed_incarnation == 0xb2 && report.echo[0].believed_seq == 3);
	assert_true(report.echo[0].other_incarnation == 0xb1 && report.echo[0].other_seq == 900);
	assert_true(vrrp_report_is_fresh(&report, &two.self, at(22000)));
}

static void d1_an_older_copy_does_not_take_the_echo_back(void **state)
{
	struct end one;
	struct end two;
	struct vrrp_report copy = { .sender = 2, .incarnation = 0xb3, .seq = 7 };

	(void)state;
	acquaint(&one, &two);
	(void)take(&one, &copy, 21000);
	copy.seq = 6;
	(void)take(&one, &copy, 22000);
	assert_true(one.peer.other_seq == 7);
}

static void a_restarted_daemon_is_believed_from_its_first_fresh_report(void **state)
{
	struct end one;
	struct end two;
	struct end again;
	struct vrrp_report report;

	(void)state;
	acquaint(&one, &two);
	end_init(&again, 2, 0xb3);
	report = say(&again, 1, 30000); /* echoes nothing yet */
	assert_int_equal(take(&one, &report, 30000).drop, VRRP_DROP_INCARNATION);
	assert_true(one.peer.believed_incarnation == 0xb2);
	report = say(&one, 2, 31000);
	(void)take(&again, &report, 31000);
	report = say(&again, 1, 32000);
	assert_true(take(&one, &report, 32000).new_incarnation);
	assert_true(one.peer.believed_incarnation == 0xb3 && one.peer.believed_seq == 2);
	assert_false(one.peer.hello_due);
}

static void a_replaced_incarnation_is_not_believed_again_for_a_lease(void **state)
{
	struct end one;
	struct end two;
	struct vrrp_report report;
	struct vrrp_report late;

	(void)state;
	acquaint(&one, &two);
	late = say(&two, 1, 21000);
	report = late;
	report.incarnation = 0xb3;
	assert_true(take(&one, &report, 22000).new_incarnation);
	late.seq++;
	assert_int_equal(take(&one, &late, 22000 + LEASE / 2).drop, VRRP_DROP_INCARNATION);
	assert_true(one.peer.believed_incarnation == 0xb3);
}

static void two_daemons_of_one_identity_are_neither_believed(void **state)
{
	struct end one;
	struct end two;
	struct vrrp_report first;
	struct vrrp_report second;
	struct vrrp_report report;

	(void)state;
	acquaint(&one, &two);
	second = say(&two, 1, 21000);
	second.incarnation = 0xb3;
	assert_true(take(&one, &second, 22000).new_incarnation);
	/* A lease later the replaced one proves that it is alive: it echoes what I have just sent. */
	(void)say(&one, 2, 22000 + LEASE);
	first = say(&two, 1, 22000 + LEASE);
	first.echo[0].believed_incarnation = 0xa1;
	first.echo[0].believed_seq = one.sent.last_seq;
	assert_int_equal(take(&one, &first, 22000 + LEASE).drop, VRRP_DROP_DUPLICATE);
	assert_false(vrrp_peer_speaks(&one.peer, at(22000 + LEASE)));
	report = first;
	report.seq++;
	assert_int_equal(take(&one, &report, 22000 + 2 * LEASE - 1000).drop, VRRP_DROP_DUPLICATE);
	assert_false(vrrp_peer_speaks(&one.peer, at(22000 + 2 * LEASE)));
}

static void hellos(struct end *one, int64_t from_us, int64_t length_us, unsigned *ret_hellos)
{
	unsigned count = 0;

	for (int64_t us = from_us; us < from_us + length_us; us += 1000) {
		struct vrrp_report report = { .sender = 2, .incarnation = 0x100 + (uint64_t)us, .seq = 1 };

		(void)take(one, &report, us);
		count += one->peer.hello_due ? 1 : 0;
		one->peer.hello_due = false;
	}
	*ret_hellos = count;
}

static void d1_unknown_incarnations_are_answered_at_most_twenty_times_a_second(void **state)
{
	struct end one;
	struct end two;
	unsigned count = 0;

	(void)state;
	acquaint(&one, &two);
	hellos(&one, 30000, VRRP_US_PER_S, &count);
	assert_int_equal(count, VRRP_PEER_HELLO_PER_S);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(d1_two_new_daemons_come_to_believe_each_other),
		cmocka_unit_test(a_report_is_fresh_if_it_proves_that_it_heard_me_less_than_a_lease_ago),
		cmocka_unit_test(what_is_not_fresh_is_not_kept),
		cmocka_unit_test(a_report_speaks_for_one_lease_after_its_receipt),
		cmocka_unit_test(a_replay_within_an_incarnation_is_dropped),
		cmocka_unit_test(d1_a_replay_of_an_older_boot_does_not_disturb_the_echo_of_the_living_one),
		cmocka_unit_test(d1_an_older_copy_does_not_take_the_echo_back),
		cmocka_unit_test(a_restarted_daemon_is_believed_from_its_first_fresh_report),
		cmocka_unit_test(a_replaced_incarnation_is_not_believed_again_for_a_lease),
		cmocka_unit_test(two_daemons_of_one_identity_are_neither_believed),
		cmocka_unit_test(d1_unknown_incarnations_are_answered_at_most_twenty_times_a_second),
	};

	return cmocka_run_group_tests_name("peer", tests, NULL, NULL);
}
