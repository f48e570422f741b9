/*
 * The gate stands on every interface but loopback, new ones too, and where somebody takes it away it is put back and
 * that is counted (protocol.md section 5.1).
 */
#include "tests/unit/test_nl_gate_lab.h"

#include <bpf/bpf.h>
#include <linux/pkt_cls.h>

#include "netlink/nl_gate_left.h"
#include "netlink/nl_monitor.h"

static struct nl_gate_mended mend(struct nl_gate *gate, const int *ifindex, size_t count)
{
	struct nl_gate_mended mended;

	assert_int_equal(nl_gate_mend(gate, ifindex, count, &mended, NULL), 0);
	return mended;
}

/* As an event about this interface does. */
static struct nl_gate_mended mend_one(struct nl_gate *gate, const char *name)
{
	int ifindex = (int)if_nametoindex(name);

	return mend(gate, &ifindex, 1);
}

static void assert_whole(const struct nl_gate_mended *mended, unsigned put_back)
{
	assert_int_equal(mended->put_back, put_back);
	assert_int_equal(mended->behind, 0);
	assert_int_equal(mended->missing, 0);
	assert_string_equal(mended->trouble.text, "");
}

static void every_interface_but_loopback(void **state)
{
	struct nl_gate_mended mended;
	struct nl_gate *gate;
	int v0;

	(void)state;
	LAB_NEEDED();
	gate = open_gate(VRID, FLOAT4);
	assert_int_equal(nl_gate_check(gate, lab.host_ifindex, NULL), NL_GATE_MISSING);
	mended = mend(gate, NULL, 0);
	assert_whole(&mended, 0);
	assert_int_equal(nl_gate_check(gate, lab.host_ifindex, NULL), NL_GATE_ATTACHED);
	lab_sh("ip link add v0 type veth peer name v1");
	v0 = (int)if_nametoindex("v0");
	assert_int_equal(nl_gate_check(gate, v0, NULL), NL_GATE_MISSING);
	mended = mend_one(gate, "v0"); /* a new one: nobody has taken anything away */
	assert_whole(&mended, 0);
	assert_int_equal(nl_gate_check(gate, v0, NULL), NL_GATE_ATTACHED);
	assert_int_equal(nl_gate_check(gate, (int)if_nametoindex("v1"), NULL), NL_GATE_MISSING);
	mended = mend(gate, NULL, 0);
	assert_whole(&mended, 0);
	assert_int_equal(nl_gate_check(gate, (int)if_nametoindex("v1"), NULL), NL_GATE_ATTACHED);
	mended = mend_one(gate, "lo");
	assert_whole(&mended, 0);
	assert_int_equal(nl_gate_check(gate, (int)if_nametoindex("lo"), NULL), NL_GATE_NOT_NEEDED);
	assert_int_equal(nl_gate_attach(gate, (int)if_nametoindex("lo"), NULL), 0); /* and does nothing */
	assert_int_equal(nl_gate_check(gate, 9999, NULL), -ENODEV);
	assert_int_equal(nl_gate_attach(gate, 9999, NULL), -ENODEV);
	lab_sh("ip link del v0");
	mended = mend(gate, &v0, 1);
	assert_whole(&mended, 0);
	assert_int_equal(nl_gate_remove(VRID, NULL), 2);
	nl_gate_close(gate);
}

static void what_somebody_takes_away_is_put_back_and_counted(void **state)
{
	struct nl_gate_mended mended;
	struct nl_gate *gate;

	(void)state;
	LAB_NEEDED();
	gate = open_gate(VRID, FLOAT4);
	(void)mend(gate, NULL, 0);
	assert_shut(gate);
	lab_sh("tc qdisc del dev h0 clsact");
	assert_true(ping(FLOAT4, LAB_DEADLINE_MS));
	mended = mend_one(gate, "h0");
	assert_whole(&mended, 1);
	assert_string_equal(mended.link, "h0");
	assert_shut(gate);
	lab_sh("tc filter del dev h0 egress");
	mended = mend(gate, NULL, 0); /* as after an overrun of the events */
	assert_whole(&mended, 1);
	mended = mend_one(gate, "h0");
	assert_whole(&mended, 0);
	assert_string_equal(mended.link, "");
	nl_gate_close(gate);
}

/* The kernel's own numbers are not used twice, but somebody may ask for one. */
static void an_interface_that_comes_back_under_its_index_is_a_new_one(void **state)
{
	struct nl_gate_mended mended;
	struct nl_gate *gate;

	(void)state;
	LAB_NEEDED();
	gate = open_gate(VRID, FLOAT4);
	lab_sh("ip link add v0 index 4711 type veth peer name v1");
	(void)mend(gate, NULL, 0);
	lab_sh("ip link del v0 && ip link add v0 index 4711 type veth peer name v1");
	nl_gate_forget(gate, 4711);
	mended = mend_one(gate, "v0");
	assert_whole(&mended, 0);
	assert_int_equal(nl_gate_check(gate, 4711, NULL), NL_GATE_ATTACHED);
	lab_sh("ip link del v0");
	nl_gate_forget(gate, 4711);
	nl_gate_forget(gate, 4711); /* unknown: nothing */
	nl_gate_close(gate);
}

static void a_foreign_filter_before_ours_is_told_until_it_goes(void **state)
{
	struct nl_gate_mended mended;
	struct nl_gate *gate;

	(void)state;
	LAB_NEEDED();
	gate = open_gate(VRID, FLOAT4);
	lab_sh("tc qdisc add dev h0 clsact && "
	       "tc filter add dev h0 ingress prio 1 protocol ipv6 bpf bytecode '1,6 0 0 0,'");
	lab_sh("ip link add v0 type veth peer name v1");
	mended = mend(gate, NULL, 0);
	assert_int_equal(mended.behind, 1);
	assert_int_equal(mended.missing, 0);
	assert_non_null(strstr(mended.trouble.text, "h0"));
	mended = mend_one(gate, "v0"); /* about another interface: still told */
	assert_int_equal(mended.behind, 1);
	assert_non_null(strstr(mended.trouble.text, "h0"));
	lab_sh("tc filter del dev h0 ingress prio 1");
	mended = mend_one(gate, "h0");
	assert_whole(&mended, 0);
	lab_sh("ip link del v0");
	nl_gate_close(gate);
}

#define ATTACH_TCX_IN 46 /* newer than Debian 12's headers */

/* What a tcx program (Linux 6.6) lets pass, the filters never see; before that there is none to find. */
static void a_tcx_program_is_told_until_it_goes(void **state)
{
	const struct bpf_insn code[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = TC_ACT_OK },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	struct nl_gate_mended mended;
	struct nl_gate *gate;
	int program;
	int link;

	(void)state;
	LAB_NEEDED();
	gate = open_gate(VRID, FLOAT4);
	mended = mend(gate, NULL, 0);
	assert_whole(&mended, 0);
	program = bpf_prog_load(BPF_PROG_TYPE_SCHED_CLS, "foreign", "GPL", code, VRRP_ARRAY_LENGTH(code), NULL);
	assert_true(program >= 0);
	link = bpf_link_create(program, lab.host_ifindex, (enum bpf_attach_type)ATTACH_TCX_IN, NULL);
	nl_gate_set(gate, VRRP_TIME_NONE, VRRP_TIME_NEVER);
	if (link >= 0) {
		assert_true(ping(FLOAT4, LAB_DEADLINE_MS)); /* past a shut gate: that is why it is told */
		mended = mend_one(gate, "h0");
		assert_int_equal(mended.behind, 1);
		assert_non_null(strstr(mended.trouble.text, "tcx"));
		(void)close(link);
	} else {
		assert_int_equal(link, -EINVAL);
	}
	mended = mend_one(gate, "h0");
	assert_whole(&mended, 0);
	assert_shut(gate);
	(void)close(program);
	nl_gate_close(gate);
}

static void count_tc(void *user, const struct nl_event *event)
{
	*(unsigned *)user += event->type == NL_EVENT_TC;
}

/* The qdisc of tc's policing: there is no egress. What can stand does; and trying again is no event of our own. */
static void an_interface_with_an_ingress_qdisc_is_gated_inwards_and_told(void **state)
{
	struct nl_gate_mended mended;
	struct nl_monitor *monitor;
	struct nl_gate *gate;
	unsigned events = 0;

	(void)state;
	LAB_NEEDED();
	gate = open_gate(VRID, FLOAT4);
	lab_sh("tc qdisc add dev h0 ingress");
	mended = mend(gate, NULL, 0);
	assert_int_equal(mended.missing, 1);
	assert_non_null(strstr(mended.trouble.text, "h0 has an ingress qdisc"));
	assert_shut(gate);
	assert_int_equal(nl_monitor_open(&monitor, NULL), 0);
	mended = mend_one(gate, "h0");
	assert_int_equal(mended.missing, 1);
	assert_int_equal(mended.put_back, 0);
	assert_false(lab_wait_readable(nl_monitor_fd(monitor), 0));
	assert_int_equal(nl_monitor_run(monitor, count_tc, &events, NULL), 0);
	lab_sh("tc qdisc del dev h0 ingress"); /* and now it can */
	LAB_UNTIL((nl_monitor_run(monitor, count_tc, &events, NULL), events > 0));
	mended = mend_one(gate, "h0");
	assert_whole(&mended, 0);
	nl_monitor_close(monitor);
	nl_gate_close(gate);
}

static void gates_that_the_dead_have_left_are_found_with_their_addresses(void **state)
{
	struct vrrp_addr both[2] = { { 0 }, { 0 } };
	struct nl_gate_left *left = NULL;
	struct nl_gate *gate[2];

	(void)state;
	LAB_NEEDED();
	assert_int_equal(nl_gate_left_list(&left, NULL), 0);
	assert_null(left);
	both[0] = lab_addr(FLOAT4);
	both[1] = lab_addr(FLOAT6);
	assert_int_equal(nl_gate_open(VRID, both, 2, &gate[0], NULL), 0);
	gate[1] = open_gate(255, HOST6);
	for (int i = 0; i < 2; i++) {
		attach(gate[i]);
		nl_gate_close(gate[i]);
	}
	assert_int_equal(nl_gate_left_list(&left, NULL), 2);
	assert_int_equal(left[0].vrid, VRID);
	assert_int_equal(left[0].filters, 2);
	assert_int_equal(left[0].count, 2);
	for (int i = 0; i < 2; i++) { /* the map has no order */
		assert_true(memcmp(&both[i], &left[0].addrs[0], sizeof(both[i])) == 0 ||
			    memcmp(&both[i], &left[0].addrs[1], sizeof(both[i])) == 0);
	}
	assert_int_equal(left[1].vrid, 255);
	assert_int_equal(left[1].count, 1);
	both[0] = lab_addr(HOST6);
	assert_memory_equal(&left[1].addrs[0], &both[0], sizeof(both[0]));
	free(left);
	assert_int_equal(nl_gate_remove(VRID, NULL), 2);
	assert_int_equal(nl_gate_left_list(&left, NULL), 1);
	free(left);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(every_interface_but_loopback, remove_gates),
		cmocka_unit_test_teardown(what_somebody_takes_away_is_put_back_and_counted, remove_gates),
		cmocka_unit_test_teardown(an_interface_that_comes_back_under_its_index_is_a_new_one, remove_gates),
		cmocka_unit_test_teardown(a_foreign_filter_before_ours_is_told_until_it_goes, remove_gates),
		cmocka_unit_test_teardown(a_tcx_program_is_told_until_it_goes, remove_gates),
		cmocka_unit_test_teardown(an_interface_with_an_ingress_qdisc_is_gated_inwards_and_told, remove_gates),
		cmocka_unit_test_teardown(gates_that_the_dead_have_left_are_found_with_their_addresses, remove_gates),
	};

	return cmocka_run_group_tests_name("gate on the interfaces", tests, life_up, NULL);
}
