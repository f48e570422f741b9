/*
 * Gratuitous ARP, byte for byte, and that a neighbour's table changes with it.
 */
#include "tests/unit/test_nl_lab.h"

#include "netlink/garp.h"
#include "netlink/nl_gate.h"

static void assert_frame(enum garp_form form, const char *hex)
{
	struct vrrp_addr addr = lab_addr(FLOAT4);
	uint8_t frame[GARP_FRAME_BYTES];
	uint8_t expected[64];

	assert_int_equal(lab_hex(hex, expected, sizeof(expected)), GARP_FRAME_BYTES);
	garp_build(lab_host_mac, &addr, form, frame);
	assert_memory_equal(frame, expected, GARP_FRAME_BYTES);
}

static void the_request_as_keepalived_sends_it(void **state)
{
	(void)state;
	assert_frame(GARP_REQUEST, "ffffffffffff 02000000000a 0806 0001 0800 06 04 0001"
				   "02000000000a 0a4d000a ffffffffffff 0a4d000a");
}

static void the_reply(void **state)
{
	(void)state;
	assert_frame(GARP_REPLY, "ffffffffffff 02000000000a 0806 0001 0800 06 04 0002"
				 "02000000000a 0a4d000a 02000000000a 0a4d000a");
}

static struct nl_packet *packet; /* closed by the teardown, also when an assertion fails */

static int close_packet(void **state)
{
	(void)state;
	nl_packet_close(packet);
	packet = NULL;
	return 0;
}

static void the_peers_neighbour_table_follows(void **state)
{
	struct vrrp_addr addr;

	(void)state;
	LAB_NEEDED();
	addr = lab_addr(FLOAT4);
	assert_int_equal(nl_packet_open(&packet, NULL), 0);
	lab_enter(lab.peer);
	lab_sh("ip neigh replace " FLOAT4 " lladdr 02:00:00:00:00:99 dev p0 nud stale");
	lab_enter(lab.host);
	/* Again until it is seen: the cable may have come up a moment ago, and what is sent then is lost. */
	LAB_UNTIL((assert_int_equal(garp_send(packet, lab.host_ifindex, lab_host_mac, &addr, NULL), 0),
		lab_peer_knows("-4", FLOAT4 " lladdr 02:00:00:00:00:0a")));
}

static void a_shut_gate_keeps_it_in(void **state)
{
	struct vrrp_addr addr;
	struct nl_gate *gate;
	struct vip_err err = { "" };

	(void)state;
	LAB_NEEDED();
	addr = lab_addr(FLOAT4);
	assert_int_equal(nl_packet_open(&packet, NULL), 0);
	assert_int_equal(nl_gate_open(51, &addr, 1, &gate, NULL), 0);
	assert_int_equal(nl_gate_attach(gate, lab.host_ifindex, NULL), 0);
	assert_int_equal(garp_send(packet, lab.host_ifindex, lab_host_mac, &addr, &err), -ENOBUFS);
	nl_gate_set(gate, VRRP_TIME_NONE, VRRP_TIME_NEVER);
	assert_int_equal(garp_send(packet, lab.host_ifindex, lab_host_mac, &addr, &err), 0);
	assert_int_equal(garp_send(packet, 9999, lab_host_mac, &addr, &err), -ENXIO);
	assert_int_equal(nl_gate_remove(51, NULL), 2);
	nl_gate_close(gate);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_request_as_keepalived_sends_it),
		cmocka_unit_test(the_reply),
		cmocka_unit_test_teardown(the_peers_neighbour_table_follows, close_packet),
		cmocka_unit_test_teardown(a_shut_gate_keeps_it_in, close_packet),
	};

	return cmocka_run_group_tests_name("gratuitous ARP", tests, lab_up, NULL);
}
