/*
 * What a client learns that opens a connection to a shut address while it still knows this host's MAC: "host
 * unreachable", at once, from this host's own address. Checksums are computed by the sender here, so that the client's
 * kernel verifies those of the answer.
 */
#include "tests/unit/test_nl_gate_lab.h"

#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>

#define PORT 5432
#define SILENCE_MS 200 /* a SYN is sent again after a second */
#define HOST_MAC "02:00:00:00:00:0a"
#define SYN_FRAME_BYTES 54

static struct nl_gate *gate;

static uint64_t rejected(void)
{
	struct nl_gate_reading reading;

	assert_int_equal(nl_gate_read(gate, &reading, NULL), 0);
	return reading.rejected;
}

/* No offload on the client's side: every checksum is real. */
static void checksums_in_software(void)
{
	struct ethtool_value off = { .cmd = ETHTOOL_STXCSUM, .data = 0 };
	struct ifreq request = { .ifr_name = "p0" };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	request.ifr_data = (char *)&off;
	assert_true(fd >= 0 && ioctl(fd, SIOCETHTOOL, &request) == 0);
	(void)close(fd);
}

static int reject_up(void **state)
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
	lab_enter(lab.peer);
	lab_sh("ip neigh replace " FLOAT4 " lladdr " HOST_MAC " dev p0 && ip neigh replace " FLOAT6 " lladdr " HOST_MAC
	       " dev p0");
	checksums_in_software();
	lab_enter(lab.host);
	return 0;
}

static int reject_down(void **state)
{
	(void)state;
	nl_gate_close(gate);
	return 0;
}

/* The error of a connection to the address; ETIMEDOUT: nothing was heard in time. */
static int connect_error(const char *address, int timeout_ms)
{
	struct vrrp_addr addr = lab_addr(address);
	struct sockaddr_in to4 = { .sin_family = AF_INET, .sin_port = htons(PORT) };
	struct sockaddr_in6 to6 = { .sin6_family = AF_INET6, .sin6_port = htons(PORT) };
	bool is4 = addr.family == 4;
	int error = ETIMEDOUT;
	socklen_t size = sizeof(error);
	struct pollfd pollfd;
	int fd;

	memcpy(&to4.sin_addr, addr.bytes, 4);
	memcpy(&to6.sin6_addr, addr.bytes, 16);
	lab_enter(lab.peer);
	fd = socket(is4 ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	lab_enter(lab.host);
	assert_true(fd >= 0);
	assert_int_equal(
		connect(fd, is4 ? (struct sockaddr *)&to4 : (struct sockaddr *)&to6, is4 ? sizeof(to4) : sizeof(to6)),
		-1);
	assert_int_equal(errno, EINPROGRESS);
	pollfd = (struct pollfd){ .fd = fd, .events = POLLOUT };
	if (poll(&pollfd, 1, timeout_ms) == 1) {
		assert_int_equal(getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size), 0);
	}
	(void)close(fd);
	return error;
}

static void try_family(const char *own, const char *other_family, const char *address)
{
	struct vrrp_addr from = lab_addr(own);
	uint64_t before = rejected();
	uint64_t after;

	nl_gate_set(gate, VRRP_TIME_NONE, VRRP_TIME_NONE);
	nl_gate_reject_from(gate, NULL);
	assert_int_equal(connect_error(address, SILENCE_MS), ETIMEDOUT);
	from = lab_addr(other_family);
	nl_gate_reject_from(gate, &from);
	assert_int_equal(connect_error(address, SILENCE_MS), ETIMEDOUT);
	assert_int_equal(rejected(), before);
	from = lab_addr(own);
	nl_gate_reject_from(gate, &from);
	assert_int_equal(connect_error(address, LAB_DEADLINE_MS), EHOSTUNREACH);
	/*
	 * Over this cable the answer may come while connect() still owns the socket; then the kernel keeps it as a soft
	 * error (IPv6, Linux 6.18), and the SYN that follows a second later is the one that ends it.
	 */
	after = rejected();
	assert_in_range(after, before + 1, before + 2);
	/* Open: the host itself answers, that nobody listens. */
	nl_gate_set(gate, VRRP_TIME_NEVER, VRRP_TIME_NEVER);
	assert_int_equal(connect_error(address, LAB_DEADLINE_MS), ECONNREFUSED);
	assert_int_equal(rejected(), after);
}

static void a_connection_is_rejected_from_the_hosts_own_address(void **state)
{
	(void)state;
	LAB_NEEDED();
	lab_sh("ip addr add " FLOAT4 "/32 dev h0 && ip addr add " FLOAT6 "/128 dev h0 nodad");
	try_family(HOST4, HOST6, FLOAT4);
	try_family(HOST6, HOST4, FLOAT6);
	/* Not bound any more, as after letting go. */
	lab_sh("ip addr del " FLOAT4 "/32 dev h0 && ip addr del " FLOAT6 "/128 dev h0");
	nl_gate_set(gate, VRRP_TIME_NONE, VRRP_TIME_NONE);
	assert_int_equal(connect_error(FLOAT6, LAB_DEADLINE_MS), EHOSTUNREACH);
}

struct syn {
	const char *name;
	const char *hex; /* from the Ethernet header on */
	unsigned rejects;
};

#define SYN_FROM(mac, source, flags_and_offset, proto, tcp_flags)                                                      \
	mac "02000000000b 0800 45000028" flags_and_offset "40" proto "0000" source "0a4d000a"                          \
	    "c000153800000001 00000000 50" tcp_flags "ffff 0000 0000"
#define TO_HOST "02000000000a"
#define NO_FRAGMENT "00004000"

static const struct syn syns[] = {
	{ "a SYN", SYN_FROM(TO_HOST, "0a4d0002", NO_FRAGMENT, "06", "02"), 1 },
	{ "a SYN that offers ECN", SYN_FROM(TO_HOST, "0a4d0002", NO_FRAGMENT, "06", "c2"), 1 },
	{ "SYN and ACK", SYN_FROM(TO_HOST, "0a4d0002", NO_FRAGMENT, "06", "12"), 0 },
	{ "an ACK", SYN_FROM(TO_HOST, "0a4d0002", NO_FRAGMENT, "06", "10"), 0 },
	{ "UDP", SYN_FROM(TO_HOST, "0a4d0002", NO_FRAGMENT, "11", "02"), 0 },
	{ "a first fragment", SYN_FROM(TO_HOST, "0a4d0002", "00002000", "06", "02"), 0 },
	{ "a later fragment", SYN_FROM(TO_HOST, "0a4d0002", "00000002", "06", "02"), 0 },
	{ "to another host's MAC", SYN_FROM("02000000000c", "0a4d0002", NO_FRAGMENT, "06", "02"), 0 },
	{ "to everybody", SYN_FROM("ffffffffffff", "0a4d0002", NO_FRAGMENT, "06", "02"), 0 },
	{ "from a multicast address", SYN_FROM(TO_HOST, "e0000001", NO_FRAGMENT, "06", "02"), 0 },
	{ "from everybody's MAC",
		TO_HOST "ffffffffffff 0800 45000028" NO_FRAGMENT "40060000 0a4d0002 0a4d000a"
			"c000153800000001 00000000 5002ffff 0000 0000",
		0 },
	{ "from nowhere", SYN_FROM(TO_HOST, "00000000", NO_FRAGMENT, "06", "02"), 0 },
};

static uint64_t drops(void)
{
	struct nl_gate_reading reading;

	assert_int_equal(nl_gate_read(gate, &reading, NULL), 0);
	return reading.address[0].dropped_in;
}

static void only_a_syn_to_this_host_is_answered(void **state)
{
	struct vrrp_addr from;
	int fd;

	(void)state;
	LAB_NEEDED();
	from = lab_addr(HOST4);
	nl_gate_set(gate, VRRP_TIME_NONE, VRRP_TIME_NONE);
	nl_gate_reject_from(gate, &from);
	lab_enter(lab.peer);
	fd = lab_packet_socket(lab.peer_ifindex, 0);
	lab_enter(lab.host);
	for (size_t i = 0; i < VRRP_ARRAY_LENGTH(syns); i++) {
		uint64_t rejected_before = rejected();
		uint64_t drops_before = drops();
		uint8_t frame[128];
		size_t size = lab_hex(syns[i].hex, frame, sizeof(frame));

		assert_int_equal(size, SYN_FRAME_BYTES);
		assert_int_equal(send(fd, frame, size, 0), size);
		LAB_UNTIL(drops() == drops_before + 1);
		if (rejected() - rejected_before != syns[i].rejects) {
			fail_msg("%s: rejected %d times", syns[i].name, (int)(rejected() - rejected_before));
		}
	}
	(void)close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_connection_is_rejected_from_the_hosts_own_address),
		cmocka_unit_test(only_a_syn_to_this_host_is_answered),
	};

	return cmocka_run_group_tests_name("gate, rejects", tests, reject_up, reject_down);
}
