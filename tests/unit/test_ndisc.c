/*
 * Unsolicited neighbour advertisements, byte for byte (the checksums are another program's), and that a neighbour's
 * table changes with them.
 */
#include "tests/unit/test_nl_lab.h"

#include "netlink/ndisc.h"

#define HEAD "333300000001 02000000000a 86dd 60000000 0020 3a ff"
#define ADDRESSES "fd770000000000000000000000000010 ff020000000000000000000000000001"
#define OPTION "0201 02000000000a"

static void assert_frame(bool is_router, const char *hex)
{
	struct vrrp_addr addr = lab_addr(FLOAT6);
	uint8_t frame[NDISC_FRAME_BYTES];
	uint8_t expected[128];

	assert_int_equal(lab_hex(hex, expected, sizeof(expected)), NDISC_FRAME_BYTES);
	ndisc_build(lab_host_mac, &addr, is_router, frame);
	assert_memory_equal(frame, expected, NDISC_FRAME_BYTES);
}

static void from_a_host(void **state)
{
	(void)state;
	assert_frame(false, HEAD ADDRESSES "8800 5986 20000000 fd770000000000000000000000000010" OPTION);
}

static void from_a_router(void **state)
{
	(void)state;
	assert_frame(true, HEAD ADDRESSES "8800 d985 a0000000 fd770000000000000000000000000010" OPTION);
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
	addr = lab_addr(FLOAT6);
	assert_int_equal(nl_packet_open(&packet, NULL), 0);
	lab_enter(lab.peer);
	lab_sh("ip neigh replace " FLOAT6 " lladdr 02:00:00:00:00:99 dev p0 nud stale");
	lab_enter(lab.host);
	/* Again until it is seen: the cable may have come up a moment ago, and what is sent then is lost. */
	LAB_UNTIL((assert_int_equal(ndisc_send(packet, lab.host_ifindex, lab_host_mac, &addr, false, NULL), 0),
		lab_peer_knows("-6", FLOAT6 " lladdr 02:00:00:00:00:0a")));
}

static void a_host_that_forwards_says_that_it_is_a_router(void **state)
{
	(void)state;
	LAB_NEEDED();
	assert_false(ndisc_is_router("h0"));
	lab_sh("echo 1 >/proc/sys/net/ipv6/conf/h0/forwarding");
	assert_true(ndisc_is_router("h0"));
	lab_sh("echo 0 >/proc/sys/net/ipv6/conf/h0/forwarding");
	assert_false(ndisc_is_router("nothing"));
	assert_false(ndisc_is_router("../../../ipv6/conf/all"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(from_a_host),
		cmocka_unit_test(from_a_router),
		cmocka_unit_test_teardown(the_peers_neighbour_table_follows, close_packet),
		cmocka_unit_test(a_host_that_forwards_says_that_it_is_a_router),
	};

	return cmocka_run_group_tests_name("neighbour advertisements", tests, lab_up, NULL);
}
