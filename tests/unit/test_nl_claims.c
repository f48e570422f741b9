/*
 * Second claimants are heard, whatever the gate does; ourselves, other addresses and other VLANs are not.
 */
#include "tests/unit/test_nl_lab.h"

#include <linux/if_ether.h>

#include "netlink/garp.h"
#include "netlink/ndisc.h"
#include "netlink/nl_claims.h"
#include "netlink/nl_gate.h"

static struct vrrp_addr addrs[VRRP_ADDRESSES_MAX];
static struct nl_claims *claims;
static struct nl_claim last;
static int heard;

/* Sixteen addresses, so that the filter is as long as it can get; ours stand at the end. */
static int claims_up(void **state)
{
	char text[32];

	for (int i = 0; i < VRRP_ADDRESSES_MAX - 2; i++) {
		(void)snprintf(text, sizeof(text), i % 2 == 0 ? "10.88.0.%d" : "fd99::%d", i);
		addrs[i] = lab_addr(text);
	}
	addrs[VRRP_ADDRESSES_MAX - 2] = lab_addr(FLOAT4);
	addrs[VRRP_ADDRESSES_MAX - 1] = lab_addr(FLOAT6);
	if (lab_up(state) == 0 && lab.is_up) {
		assert_int_equal(
			nl_claims_open(lab.host_ifindex, lab_host_mac, addrs, VRRP_ADDRESSES_MAX, &claims, NULL), 0);
	}
	return 0;
}

static int claims_down(void **state)
{
	(void)state;
	nl_claims_close(claims);
	return 0;
}

static void hear(void *user, const struct nl_claim *claim)
{
	assert_ptr_equal(user, &heard);
	last = *claim;
	heard++;
}

static void send_from_peer(const uint8_t *frame, size_t size_bytes)
{
	int fd;

	lab_enter(lab.peer);
	fd = lab_packet_socket(lab.peer_ifindex, 0);
	lab_enter(lab.host);
	assert_int_equal(send(fd, frame, size_bytes, 0), size_bytes);
	(void)close(fd);
}

static void claim_from_peer(const char *address, const uint8_t mac[6])
{
	struct vrrp_addr addr = lab_addr(address);
	uint8_t frame[NDISC_FRAME_BYTES];

	if (addr.family == 4) {
		garp_build(mac, &addr, GARP_REQUEST, frame);
		send_from_peer(frame, GARP_FRAME_BYTES);
	} else {
		ndisc_build(mac, &addr, false, frame);
		send_from_peer(frame, NDISC_FRAME_BYTES);
	}
}

/* Everything sent so far has been heard when this claim has. Returns how many claims came before it. */
static int heard_before_this(void)
{
	static const uint8_t mac[6] = { 2, 0, 0, 0, 0, 0xee };

	heard = 0;
	claim_from_peer("10.88.0.0", mac);
	do {
		assert_true(lab_wait_readable(nl_claims_fd(claims), LAB_DEADLINE_MS));
		assert_true(nl_claims_run(claims, hear, &heard, NULL) >= 0);
	} while (heard == 0 || memcmp(last.mac, mac, 6) != 0);
	return heard - 1;
}

static void assert_heard(const char *address)
{
	struct vrrp_addr addr = lab_addr(address);

	heard = 0;
	claim_from_peer(address, lab_peer_mac);
	assert_true(lab_wait_readable(nl_claims_fd(claims), LAB_DEADLINE_MS));
	assert_int_equal(nl_claims_run(claims, hear, &heard, NULL), 1);
	assert_int_equal(heard, 1);
	assert_memory_equal(&last.addr, &addr, sizeof(addr));
	assert_memory_equal(last.mac, lab_peer_mac, 6);
	assert_int_equal(last.ifindex, lab.host_ifindex);
}

static void claims_of_ours_are_heard(void **state)
{
	(void)state;
	LAB_NEEDED();
	assert_heard(FLOAT4);
	assert_heard(FLOAT6);
	assert_heard("10.88.0.0");
	assert_heard("fd99::13");
}

static void others_addresses_are_not(void **state)
{
	(void)state;
	LAB_NEEDED();
	claim_from_peer(PEER4, lab_peer_mac);
	claim_from_peer(PEER6, lab_peer_mac);
	claim_from_peer("10.88.0.1", lab_peer_mac);
	claim_from_peer("fd99::10", lab_peer_mac);
	assert_false(lab_wait_readable(nl_claims_fd(claims), 20)); /* the filter lets nobody wake us */
	assert_int_equal(heard_before_this(), 0);
}

static void our_own_frames_are_not(void **state)
{
	struct vrrp_addr addr;
	struct nl_packet *packet;

	(void)state;
	LAB_NEEDED();
	addr = lab_addr(FLOAT4);
	assert_int_equal(nl_packet_open(&packet, NULL), 0);
	assert_int_equal(garp_send(packet, lab.host_ifindex, lab_peer_mac, &addr, NULL), 0); /* outgoing */
	claim_from_peer(FLOAT4, lab_host_mac);                                               /* thrown back */
	claim_from_peer(FLOAT6, lab_host_mac);
	assert_int_equal(heard_before_this(), 0);
	nl_packet_close(packet);
}

static void another_vlans_frames_are_not(void **state)
{
	uint8_t frame[64];
	size_t size;

	(void)state;
	LAB_NEEDED();
	size = lab_hex("ffffffffffff 02000000000b 8100 0005 0806 0001 0800 06 04 0001"
		       "02000000000b 0a4d000a ffffffffffff 0a4d000a",
		frame, sizeof(frame));
	send_from_peer(frame, size);
	assert_int_equal(heard_before_this(), 0);
	frame[15] = 0; /* VLAN 0: only a priority, the frame is ours to see */
	send_from_peer(frame, size);
	assert_int_equal(heard_before_this(), 1);
}

static void a_shut_gate_hides_nothing(void **state)
{
	struct nl_gate *gate;
	uint8_t frame[64];
	size_t size;

	(void)state;
	LAB_NEEDED();
	assert_int_equal(nl_gate_open(51, addrs, VRRP_ADDRESSES_MAX, &gate, NULL), 0);
	assert_int_equal(nl_gate_attach(gate, lab.host_ifindex, NULL), 0);
	assert_heard(FLOAT4);
	/* And not because the gate lets gratuitous ARP pass: this one it drops. */
	size = lab_hex("ffffffffffff 02000000000b 0806 0001 0800 06 04 0002"
		       "02000000000b 0a4d000a ffffffffffff 0a580000",
		frame, sizeof(frame));
	send_from_peer(frame, size);
	assert_int_equal(heard_before_this(), 1);
	{
		struct nl_gate_reading reading;

		assert_int_equal(nl_gate_read(gate, &reading, NULL), 0);
		assert_int_equal(reading.address[0].dropped_in, 1);
	}
	assert_int_equal(nl_gate_remove(51, NULL), 2);
	nl_gate_close(gate);
}

static void a_run_is_bounded(void **state)
{
	(void)state;
	LAB_NEEDED();
	for (int i = 0; i < NL_CLAIMS_FRAMES_MAX + 3; i++) {
		claim_from_peer(FLOAT4, lab_peer_mac);
	}
	heard = 0;
	assert_true(lab_wait_readable(nl_claims_fd(claims), LAB_DEADLINE_MS));
	assert_int_equal(nl_claims_run(claims, hear, &heard, NULL), NL_CLAIMS_FRAMES_MAX);
	assert_int_equal(heard_before_this(), 3);
}

static void cut_frames_are_no_claims(void **state)
{
	uint8_t frame[NDISC_FRAME_BYTES];
	struct nl_claim claim;

	(void)state;
	garp_build(lab_peer_mac, &addrs[VRRP_ADDRESSES_MAX - 2], GARP_REPLY, frame);
	for (size_t size = 0; size < 32; size++) {
		assert_false(nl_claims_parse(frame, size, lab_host_mac, addrs, VRRP_ADDRESSES_MAX, &claim));
	}
	assert_true(nl_claims_parse(frame, 32, lab_host_mac, addrs, VRRP_ADDRESSES_MAX, &claim));
	ndisc_build(lab_peer_mac, &addrs[VRRP_ADDRESSES_MAX - 1], false, frame);
	for (size_t size = 0; size < 78; size++) {
		assert_false(nl_claims_parse(frame, size, lab_host_mac, addrs, VRRP_ADDRESSES_MAX, &claim));
	}
	assert_true(nl_claims_parse(frame, 78, lab_host_mac, addrs, VRRP_ADDRESSES_MAX, &claim));
	frame[54] = 135; /* a solicitation */
	assert_false(nl_claims_parse(frame, sizeof(frame), lab_host_mac, addrs, VRRP_ADDRESSES_MAX, &claim));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(claims_of_ours_are_heard),
		cmocka_unit_test(others_addresses_are_not),
		cmocka_unit_test(our_own_frames_are_not),
		cmocka_unit_test(another_vlans_frames_are_not),
		cmocka_unit_test(a_shut_gate_hides_nothing),
		cmocka_unit_test(a_run_is_bounded),
		cmocka_unit_test(cut_frames_are_no_claims),
	};

	return cmocka_run_group_tests_name("claims", tests, claims_up, claims_down);
}
