/*
 * The gate's judgement, frame by frame (protocol.md section 5.1): each frame is sent through a gate that is open and
 * through one that is shut, and the far end and the counters must agree about what happened to it.
 */
#include "tests/unit/test_nl_lab.h"

#include <linux/if_ether.h>

#include "netlink/nl_gate.h"

#define VRID 51
#define SENTINEL 0x88b5 /* a local experimental Ethernet type: no gate cares */

/* Addresses in hex: the floating ones, the host's, the peer's. */
#define F4 "0a4d000a"
#define P4 "0a4d0002"
#define H4 "0a4d0001"
#define F6 "fd770000000000000000000000000010"
#define P6 "fd770000000000000000000000000002"
#define H6 "fd770000000000000000000000000001"
#define HOST_MAC "02000000000a"
#define PEER_MAC "02000000000b"

/* Frames in hex, from the Ethernet type on; each payload is long enough for what the gate looks at. */
#define IP4(source, destination, proto)                                                                                \
	"0800 4500002000000000 40" proto "0000" source destination "000000000000000000000000"
#define ARP(opcode, sender, target) "0806 00010800060400" opcode PEER_MAC sender "000000000000" target
#define IP6(next, source, destination, rest) "86dd 600000000018" next "ff" source destination rest
#define ND(type, target) type "00000000000000" target
#define EXTENSION(next) next "00010400000000"
#define TAG "8100 0005"
#define TWO_TAGS "88a8 0006 8100 0005"
#define SOLICITED_NODE_F6 "ff0200000000000000000001ff000010"
#define ALL_NODES "ff020000000000000000000000000001"
/* An advertisement of this VRID (33: ours, 51), with one address. */
#define ADVERT4(vrid) "0800 45c0002000000000 ff700000" H4 "e0000012 31" vrid "64010019 0000" F4
#define ADVERT6(vrid) IP6("70", H6, "ff020000000000000000000000000012", "31" vrid "64010019 0000" F6)

enum verdict { PASSES, GATED };

struct sample {
	const char *name;
	enum verdict verdict;
	const char *hex; /* from the Ethernet type on */
};

static struct nl_gate *gate;

static const struct sample inwards[] = {
	{ "IPv4 to the address", GATED, IP4(P4, F4, "01") },
	{ "IPv4 to the host", PASSES, IP4(P4, H4, "01") },
	{ "IPv4 from the address", PASSES, IP4(F4, H4, "06") },
	{ "another host's advertisement", PASSES, ADVERT4("33") },
	{ "ARP request for it", GATED, ARP("01", P4, F4) },
	{ "ARP probe for it", GATED, ARP("01", "00000000", F4) },
	{ "ARP reply to it", GATED, ARP("02", P4, F4) },
	{ "ARP request for the host", PASSES, ARP("01", P4, H4) },
	{ "ARP request from it for the host", PASSES, ARP("01", F4, H4) },
	{ "another holder's gratuitous ARP request", PASSES, ARP("01", F4, F4) },
	{ "another holder's gratuitous ARP reply", PASSES, ARP("02", F4, F4) },
	{ "IPv6 to the address", GATED, IP6("3b", P6, F6, ND("00", P6)) },
	{ "IPv6 to the host", PASSES, IP6("3b", P6, H6, ND("00", P6)) },
	{ "IPv6 from the address", PASSES, IP6("3b", F6, H6, ND("00", P6)) },
	{ "solicitation of it", GATED, IP6("3a", P6, SOLICITED_NODE_F6, ND("87", F6)) },
	{ "solicitation of it behind hop-by-hop options", GATED,
		IP6("00", P6, SOLICITED_NODE_F6, EXTENSION("3a") ND("87", F6)) },
	{ "solicitation of it behind three headers", GATED,
		IP6("00", P6, SOLICITED_NODE_F6, EXTENSION("3c") EXTENSION("2b") EXTENSION("3a") ND("87", F6)) },
	{ "solicitation of the host", PASSES, IP6("3a", P6, SOLICITED_NODE_F6, ND("87", H6)) },
	{ "another holder's advertisement of it", PASSES, IP6("3a", F6, ALL_NODES, ND("88", F6)) },
	{ "tagged IPv4 to it", GATED, TAG IP4(P4, F4, "01") },
	{ "tagged IPv4 to the host", PASSES, TAG IP4(P4, H4, "01") },
	{ "doubly tagged IPv4 to it", GATED, TWO_TAGS IP4(P4, F4, "01") },
	{ "tagged ARP request for it", GATED, TAG ARP("01", P4, F4) },
	{ "doubly tagged solicitation of it", GATED, TWO_TAGS IP6("3a", P6, SOLICITED_NODE_F6, ND("87", F6)) },
};

static const struct sample outwards[] = {
	{ "IPv4 from the address", GATED, IP4(F4, P4, "06") },
	{ "IPv4 from the host", PASSES, IP4(H4, P4, "06") },
	{ "IPv4 to the address", PASSES, IP4(H4, F4, "06") },
	{ "ARP that names it as sender", GATED, ARP("01", F4, P4) },
	{ "ARP reply that names it as sender", GATED, ARP("02", F4, P4) },
	{ "gratuitous ARP", GATED, ARP("01", F4, F4) },
	{ "ARP request for it", PASSES, ARP("01", H4, F4) },
	{ "IPv6 from the address", GATED, IP6("3b", F6, P6, ND("00", P6)) },
	{ "IPv6 to the address", PASSES, IP6("3b", H6, F6, ND("00", P6)) },
	{ "advertisement of it from another address", GATED, IP6("3a", H6, ALL_NODES, ND("88", F6)) },
	{ "advertisement of it behind options", GATED, IP6("00", H6, ALL_NODES, EXTENSION("3a") ND("88", F6)) },
	{ "advertisement of the host", PASSES, IP6("3a", H6, ALL_NODES, ND("88", H6)) },
	{ "solicitation of it", PASSES, IP6("3a", H6, SOLICITED_NODE_F6, ND("87", F6)) },
	{ "tagged IPv4 from it", GATED, TAG IP4(F4, P4, "06") },
	{ "doubly tagged gratuitous ARP", GATED, TWO_TAGS ARP("01", F4, F4) },
	{ "tagged IPv6 from the host", PASSES, TAG IP6("3b", H6, P6, ND("00", P6)) },
	{ "our IPv4 advertisement", GATED, ADVERT4("33") },
	{ "another VRID's IPv4 advertisement", PASSES, ADVERT4("34") },
	{ "our IPv6 advertisement", GATED, ADVERT6("33") },
	{ "another VRID's IPv6 advertisement", PASSES, ADVERT6("34") },
	{ "our tagged advertisement", GATED, TAG ADVERT4("33") },
};

/* Packets dropped since the gate was made, in one direction. */
static uint64_t drops(bool in)
{
	struct nl_gate_reading reading;
	uint64_t sum;

	assert_int_equal(nl_gate_read(gate, &reading, NULL), 0);
	sum = in ? 0 : reading.dropped_adverts;
	for (size_t i = 0; i < reading.count; i++) {
		sum += in ? reading.address[i].dropped_in : reading.address[i].dropped_out;
	}
	return sum;
}

/* The far end: packet sockets for single protocols see a frame only after tc ingress. */
struct ears {
	int sentinel;
	int other[5];
};

static const uint16_t heard_protocols[5] = { ETH_P_IP, ETH_P_ARP, ETH_P_IPV6, ETH_P_8021Q, ETH_P_8021AD };

static struct ears ears_open(int ifindex)
{
	struct ears ears = { .sentinel = lab_packet_socket(ifindex, SENTINEL) };

	for (size_t i = 0; i < VRRP_ARRAY_LENGTH(ears.other); i++) {
		ears.other[i] = lab_packet_socket(ifindex, heard_protocols[i]);
	}
	return ears;
}

static void ears_close(struct ears *ears)
{
	(void)close(ears->sentinel);
	for (size_t i = 0; i < VRRP_ARRAY_LENGTH(ears->other); i++) {
		(void)close(ears->other[i]);
	}
}

/* The number of frames in the socket that end with these bytes. */
static int count_tail(int fd, const uint8_t *tail, size_t tail_bytes)
{
	uint8_t frame[256];
	ssize_t got;
	int count = 0;

	while ((got = recv(fd, frame, sizeof(frame), 0)) > 0) {
		count += (size_t)got >= tail_bytes && memcmp(frame + got - tail_bytes, tail, tail_bytes) == 0;
	}
	return count;
}

/* Waits for the sentinel, then counts the frames that end like this one (tags may have been taken off). */
static int ears_count(const struct ears *ears, const uint8_t *tail, size_t tail_bytes)
{
	uint8_t frame[256];
	int count = 0;

	assert_true(lab_wait_readable(ears->sentinel, LAB_DEADLINE_MS));
	assert_true(recv(ears->sentinel, frame, sizeof(frame), 0) > 0);
	for (size_t i = 0; i < VRRP_ARRAY_LENGTH(ears->other); i++) {
		count += count_tail(ears->other[i], tail, tail_bytes);
	}
	return count;
}

static void send_frame(int fd, const uint8_t *frame, size_t size_bytes, bool is_dropped_here)
{
	ssize_t sent = send(fd, frame, size_bytes, 0);

	if (is_dropped_here) {
		assert_int_equal(sent, -1);
		assert_int_equal(errno, ENOBUFS);
	} else {
		assert_int_equal(sent, size_bytes);
	}
}

static void try_sample(const struct sample *sample, bool in, bool is_open, int from, const struct ears *to)
{
	static const char sentinel_hex[] = "ffffffffffff 0200000000ff 88b5 00000000";
	bool is_dropped = sample->verdict == GATED && !is_open;
	uint64_t before = drops(in);
	uint8_t frame[256];
	uint8_t sentinel[32];
	size_t size = lab_hex(in ? HOST_MAC PEER_MAC : PEER_MAC HOST_MAC, frame, sizeof(frame));
	int heard;

	size += lab_hex(sample->hex, frame + size, sizeof(frame) - size);
	send_frame(from, frame, size, is_dropped && !in);
	send_frame(from, sentinel, lab_hex(sentinel_hex, sentinel, sizeof(sentinel)), false);
	heard = ears_count(to, frame + size - 28, 28);
	if ((heard > 0) == is_dropped || drops(in) - before != is_dropped) {
		fail_msg("%s, %s, gate %s: heard %d times, %d drops counted", sample->name, in ? "in" : "out",
			is_open ? "open" : "shut", heard, (int)(drops(in) - before));
	}
}

static void try_samples(const struct sample *samples, size_t count, bool in)
{
	struct ears ears;
	int from;

	lab_enter(in ? lab.peer : lab.host);
	from = lab_packet_socket(in ? lab.peer_ifindex : lab.host_ifindex, 0);
	lab_enter(in ? lab.host : lab.peer);
	ears = ears_open(in ? lab.host_ifindex : lab.peer_ifindex);
	lab_enter(lab.host);
	for (size_t i = 0; i < count; i++) {
		nl_gate_set(gate, VRRP_TIME_NONE, VRRP_TIME_NONE);
		try_sample(&samples[i], in, false, from, &ears);
		/* Only the direction under test. */
		nl_gate_set(gate, in ? VRRP_TIME_NEVER : VRRP_TIME_NONE, in ? VRRP_TIME_NONE : VRRP_TIME_NEVER);
		try_sample(&samples[i], in, true, from, &ears);
	}
	ears_close(&ears);
	(void)close(from);
}

static int gate_up(void **state)
{
	struct vrrp_addr addrs[2];
	struct vip_err err;

	if (lab_up(state) != 0 || !lab.is_up) {
		return 0;
	}
	addrs[0] = lab_addr(FLOAT4);
	addrs[1] = lab_addr(FLOAT6);
	if (nl_gate_open(VRID, addrs, 2, &gate, &err) < 0 || nl_gate_attach(gate, lab.host_ifindex, &err) < 0) {
		fail_msg("%s", err.text);
	}
	/* No kernel answers: it would fill the counters. */
	lab_sh("echo 8 >/proc/sys/net/ipv4/conf/all/arp_ignore");
	return 0;
}

static int gate_down(void **state)
{
	(void)state;
	nl_gate_close(gate);
	return 0;
}

static void what_comes_in(void **state)
{
	(void)state;
	LAB_NEEDED();
	try_samples(inwards, VRRP_ARRAY_LENGTH(inwards), true);
}

static void what_goes_out(void **state)
{
	(void)state;
	LAB_NEEDED();
	try_samples(outwards, VRRP_ARRAY_LENGTH(outwards), false);
}

/* What nl_gate.h says about the order of packet sockets for all protocols and the gate. */
static void a_tap_hears_before_it_inwards_and_after_it_outwards(void **state)
{
	uint8_t in[128];
	uint8_t out[128];
	size_t in_bytes = lab_hex(HOST_MAC PEER_MAC IP4(P4, F4, "01"), in, sizeof(in));
	size_t out_bytes = lab_hex(PEER_MAC HOST_MAC IP4(F4, P4, "06"), out, sizeof(out));
	int peer;
	int host;
	int tap;

	(void)state;
	LAB_NEEDED();
	lab_enter(lab.peer);
	peer = lab_packet_socket(lab.peer_ifindex, 0);
	lab_enter(lab.host);
	host = lab_packet_socket(lab.host_ifindex, 0);
	tap = lab_packet_socket(lab.host_ifindex, ETH_P_ALL);
	for (int is_open = 0; is_open < 2; is_open++) {
		struct vrrp_time end = is_open ? VRRP_TIME_NEVER : VRRP_TIME_NONE;
		uint64_t before = drops(true);

		nl_gate_set(gate, end, end);
		send_frame(host, out, out_bytes, !is_open);
		assert_int_equal(count_tail(tap, out + 14, out_bytes - 14), is_open);
		send_frame(peer, in, in_bytes, false);
		assert_true(lab_wait_readable(tap, LAB_DEADLINE_MS));
		assert_int_equal(count_tail(tap, in + 14, in_bytes - 14), 1);
		LAB_UNTIL(drops(true) - before == !is_open);
	}
	(void)close(peer);
	(void)close(host);
	(void)close(tap);
}

static void a_frame_cut_short_passes_and_harms_nobody(void **state)
{
	uint8_t frame[128];
	size_t whole;
	int from;

	(void)state;
	LAB_NEEDED();
	nl_gate_set(gate, VRRP_TIME_NONE, VRRP_TIME_NONE);
	from = lab_packet_socket(lab.host_ifindex, 0);
	whole = lab_hex(PEER_MAC HOST_MAC IP6("00", H6, ALL_NODES, EXTENSION("3a") ND("88", F6)), frame, sizeof(frame));
	for (size_t size = 14; size < whole; size++) {
		assert_int_equal(send(from, frame, size, 0), size);
	}
	send_frame(from, frame, whole, true);
	(void)close(from);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_comes_in),
		cmocka_unit_test(what_goes_out),
		cmocka_unit_test(a_tap_hears_before_it_inwards_and_after_it_outwards),
		cmocka_unit_test(a_frame_cut_short_passes_and_harms_nobody),
	};

	return cmocka_run_group_tests_name("gate", tests, gate_up, gate_down);
}
