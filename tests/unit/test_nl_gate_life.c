/*
 * The gate's life: it shuts by itself with the writer killed, outlives its daemon and is adopted or replaced, stands
 * beside foreign filters and other instances, goes when it is removed. test_nl_gate_mend.c: on which interfaces.
 */
#include "tests/unit/test_nl_gate_lab.h"

#include <bpf/bpf.h>
#include <linux/pkt_cls.h>
#include <signal.h>
#include <sys/wait.h>

#include "netlink/nl_tc.h"

static void open_and_die(int to_parent)
{
	struct vrrp_time end = lab_in_ms(400);
	struct nl_gate *gate;

	(void)setenv("CMOCKA_TEST_ABORT", "1", 1); /* a failure ends the child, not the parent's test */
	gate = open_gate(VRID, FLOAT4);
	attach(gate);
	nl_gate_set(gate, end, end);
	assert_int_equal(write(to_parent, &end, sizeof(end)), sizeof(end));
	(void)kill(getpid(), SIGKILL);
}

static void it_shuts_at_the_end_with_the_writer_killed(void **state)
{
	struct vrrp_time end = VRRP_TIME_NONE;
	int answered = 0;
	int refused = 0;
	int status;
	int to_parent[2];
	pid_t pid;

	(void)state;
	LAB_NEEDED();
	assert_int_equal(pipe(to_parent), 0);
	pid = fork();
	if (pid == 0) {
		open_and_die(to_parent[1]);
	}
	(void)close(to_parent[1]);
	assert_int_equal(read(to_parent[0], &end, sizeof(end)), sizeof(end));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	while (refused < 5) {
		struct vrrp_time sent = lab_now();
		bool is_answered = ping(FLOAT4, vrrp_time_before(sent, end) ? 200 : 20);

		answered += is_answered;
		if (!vrrp_time_before(sent, end)) {
			assert_false(is_answered);
			refused++;
		}
	}
	assert_true(answered > 0);
	assert_true(ping(HOST4, LAB_DEADLINE_MS)); /* the host itself is there */
	(void)close(to_parent[0]);
}

static void a_write_that_comes_too_late_opens_nothing(void **state)
{
	struct nl_gate *gate;

	(void)state;
	LAB_NEEDED();
	gate = open_gate(VRID, FLOAT4);
	attach(gate);
	nl_gate_set(gate, lab_in_ms(-1), lab_in_ms(-1));
	assert_shut(gate);
	nl_gate_close(gate);
}

static void the_next_daemon_adopts_it_as_it_stands(void **state)
{
	struct nl_gate_reading reading;
	struct nl_gate *gate;
	struct vrrp_time end;

	(void)state;
	LAB_NEEDED();
	gate = open_gate(VRID, FLOAT4);
	assert_false(nl_gate_is_adopted(gate));
	attach(gate);
	assert_shut(gate);
	end = lab_in_ms(60000);
	nl_gate_set(gate, end, VRRP_TIME_NEVER);
	nl_gate_close(gate);
	assert_true(ping(FLOAT4, LAB_DEADLINE_MS));

	gate = open_gate(VRID, FLOAT4);
	assert_true(nl_gate_is_adopted(gate));
	assert_int_equal(nl_gate_read(gate, &reading, NULL), 0);
	assert_int_equal(reading.end_in.us, end.us);
	assert_int_equal(reading.end_out.us, VRRP_TIME_NEVER.us);
	assert_int_equal(reading.address[0].dropped_in, 1);
	nl_gate_set(gate, VRRP_TIME_NONE, VRRP_TIME_NONE); /* at once, in the old programs too */
	assert_shut(gate);
	assert_int_equal(nl_gate_check(gate, lab.host_ifindex, NULL), NL_GATE_MISSING);
	attach(gate);
	assert_int_equal(nl_gate_check(gate, lab.host_ifindex, NULL), NL_GATE_ATTACHED);
	assert_shut(gate);
	nl_gate_close(gate);
}

static void a_gate_of_other_addresses_or_vrid_is_not_adopted(void **state)
{
	struct vrrp_addr both[2] = { { 0 }, { 0 } };
	struct nl_gate *gate;

	(void)state;
	LAB_NEEDED();
	both[0] = lab_addr(FLOAT4);
	both[1] = lab_addr(FLOAT6);
	gate = open_gate(VRID, FLOAT4);
	attach(gate);
	nl_gate_set(gate, VRRP_TIME_NEVER, VRRP_TIME_NEVER);
	nl_gate_close(gate);

	gate = open_gate(VRID, HOST4);
	assert_false(nl_gate_is_adopted(gate));
	nl_gate_close(gate);
	gate = open_gate(VRID + 1, FLOAT4);
	assert_false(nl_gate_is_adopted(gate));
	nl_gate_close(gate);
	assert_int_equal(nl_gate_open(VRID, both, 2, &gate, NULL), 0);
	assert_false(nl_gate_is_adopted(gate));
	assert_true(ping(FLOAT4, LAB_DEADLINE_MS)); /* the old one still decides */
	attach(gate);
	assert_shut(gate); /* the new one alone does */
	nl_gate_set(gate, VRRP_TIME_NEVER, VRRP_TIME_NEVER);
	assert_true(ping(FLOAT4, LAB_DEADLINE_MS));
	nl_gate_close(gate);
	gate = open_gate(VRID, FLOAT4); /* the old one has this address and another */
	assert_false(nl_gate_is_adopted(gate));
	nl_gate_close(gate);
}

#define SWAPS 200

/* Two daemons' gates in turn, both with the same ends: the second has one address more, so it has a map of its own. */
static void swap_again_and_again(struct vrrp_time end)
{
	struct vrrp_addr both[2] = { lab_addr(FLOAT4), lab_addr(FLOAT6) };
	struct nl_gate *gate[2];

	(void)setenv("CMOCKA_TEST_ABORT", "1", 1);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(nl_gate_open(VRID, both, i + 1, &gate[i], NULL), 0);
		nl_gate_set(gate[i], end, end);
	}
	for (int i = 0; i < SWAPS; i++) {
		attach(gate[i % 2]);
	}
	_exit(0);
}

static void ping_while_swapping(struct vrrp_time end, bool is_answer_expected)
{
	int pings = 0;
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		swap_again_and_again(end);
	}
	while (waitpid(pid, &status, WNOHANG) == 0) {
		bool is_answered = ping(FLOAT4, is_answer_expected ? LAB_DEADLINE_MS : 1);

		if (is_answered != is_answer_expected) {
			(void)waitpid(pid, &status, 0);
			fail_msg("ping %d was %sanswered", pings, is_answered ? "" : "not ");
		}
		pings++;
	}
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	assert_true(pings > 0);
}

static void one_gate_follows_another_without_a_moment_between(void **state)
{
	struct nl_gate *gate;

	(void)state;
	LAB_NEEDED();
	gate = open_gate(VRID, FLOAT4);
	attach(gate);
	ping_while_swapping(VRRP_TIME_NONE, false);
	nl_gate_set(gate, VRRP_TIME_NEVER, VRRP_TIME_NEVER);
	attach(gate);
	ping_while_swapping(VRRP_TIME_NEVER, true);
	nl_gate_close(gate);
}

/* A program of somebody else's that drops everything or nothing. */
static int foreign_program(int verdict)
{
	const struct bpf_insn code[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = verdict },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	int fd = bpf_prog_load(BPF_PROG_TYPE_SCHED_CLS, "foreign", "GPL", code, VRRP_ARRAY_LENGTH(code), NULL);

	assert_true(fd >= 0);
	return fd;
}

static void foreign_filters_are_left_alone_and_seen(void **state)
{
	struct nl_talk talk = { 0 };
	struct nl_gate *gate;
	int fd;

	(void)state;
	LAB_NEEDED();
	assert_int_equal(nl_talk_open(&talk, NETLINK_ROUTE, NULL), 0);
	gate = open_gate(VRID, FLOAT4);
	assert_int_equal(nl_tc_add_clsact(&talk, lab.host_ifindex), 0);
	fd = foreign_program(TC_ACT_SHOT);
	assert_int_equal(nl_tc_put(&talk, lab.host_ifindex, NL_TC_IN, 10, 1, fd, "foreign"), 0);
	(void)close(fd);
	attach(gate);
	assert_int_equal(nl_gate_check(gate, lab.host_ifindex, NULL), NL_GATE_ATTACHED);
	nl_gate_set(gate, VRRP_TIME_NEVER, VRRP_TIME_NEVER);
	assert_false(ping(HOST4, 20)); /* theirs decides after ours has let it pass */
	assert_int_equal(nl_gate_remove(VRID, NULL), 2);
	assert_int_equal(nl_gate_check(gate, lab.host_ifindex, NULL), NL_GATE_MISSING);
	assert_false(ping(HOST4, 20)); /* and is still there */

	attach(gate);
	fd = foreign_program(TC_ACT_OK);
	assert_int_equal(nl_tc_put(&talk, lab.host_ifindex, NL_TC_IN, NL_GATE_PRIORITY, 1, fd, "foreign"), 0);
	(void)close(fd);
	assert_int_equal(nl_gate_check(gate, lab.host_ifindex, NULL), NL_GATE_BEHIND);
	lab_sh("tc qdisc del dev h0 clsact");
	assert_int_equal(nl_gate_check(gate, lab.host_ifindex, NULL), NL_GATE_MISSING);
	attach(gate);
	assert_int_equal(nl_gate_check(gate, lab.host_ifindex, NULL), NL_GATE_ATTACHED);
	nl_gate_close(gate);
	nl_talk_close(&talk);
}

static void a_priority_taken_by_another_protocol_is_evaded(void **state)
{
	struct nl_gate *gate;

	(void)state;
	LAB_NEEDED();
	gate = open_gate(VRID, FLOAT4);
	attach(gate);
	/* A priority belongs to one protocol: the kernel refuses ours there. */
	lab_sh("tc filter del dev h0 ingress && "
	       "tc filter add dev h0 ingress prio 1 protocol ipv6 bpf bytecode '1,6 0 0 0,'");
	attach(gate);
	assert_int_equal(nl_gate_check(gate, lab.host_ifindex, NULL), NL_GATE_BEHIND);
	assert_shut(gate);
	lab_sh("tc filter del dev h0 ingress prio 1");
	attach(gate); /* now at its own priority, and not twice */
	assert_int_equal(nl_gate_check(gate, lab.host_ifindex, NULL), NL_GATE_ATTACHED);
	assert_int_equal(nl_gate_remove(VRID, NULL), 2);
	nl_gate_close(gate);
}

static void two_instances_on_one_interface(void **state)
{
	struct nl_gate *ours;
	struct nl_gate *other;

	(void)state;
	LAB_NEEDED();
	ours = open_gate(VRID, FLOAT4);
	other = open_gate(VRID + 1, HOST4);
	attach(ours);
	attach(other);
	attach(ours);
	assert_int_equal(nl_gate_check(ours, lab.host_ifindex, NULL), NL_GATE_ATTACHED);
	assert_int_equal(nl_gate_check(other, lab.host_ifindex, NULL), NL_GATE_ATTACHED);
	nl_gate_set(ours, VRRP_TIME_NEVER, VRRP_TIME_NEVER);
	assert_true(ping(FLOAT4, LAB_DEADLINE_MS));
	assert_false(ping(HOST4, 0));
	LAB_UNTIL(drops_in(other) == 1);
	assert_int_equal(nl_gate_remove(VRID + 1, NULL), 2);
	assert_int_equal(nl_gate_check(ours, lab.host_ifindex, NULL), NL_GATE_ATTACHED);
	assert_true(ping(HOST4, LAB_DEADLINE_MS));
	nl_gate_close(ours);
	nl_gate_close(other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(it_shuts_at_the_end_with_the_writer_killed, remove_gates),
		cmocka_unit_test_teardown(a_write_that_comes_too_late_opens_nothing, remove_gates),
		cmocka_unit_test_teardown(the_next_daemon_adopts_it_as_it_stands, remove_gates),
		cmocka_unit_test_teardown(a_gate_of_other_addresses_or_vrid_is_not_adopted, remove_gates),
		cmocka_unit_test_teardown(one_gate_follows_another_without_a_moment_between, remove_gates),
		cmocka_unit_test_teardown(foreign_filters_are_left_alone_and_seen, remove_gates),
		cmocka_unit_test_teardown(a_priority_taken_by_another_protocol_is_evaded, remove_gates),
		cmocka_unit_test_teardown(two_instances_on_one_interface, remove_gates),
	};

	return cmocka_run_group_tests_name("gate's life", tests, life_up, NULL);
}
