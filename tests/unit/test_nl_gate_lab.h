/*
 * For the tests of the gate, on top of test_nl_lab.h: a gate on h0, pings to the floating address, which is bound
 * there.
 */
#ifndef TESTS_UNIT_TEST_NL_GATE_LAB_H
#define TESTS_UNIT_TEST_NL_GATE_LAB_H

#include "tests/unit/test_nl_lab.h"

#include <netinet/ip_icmp.h>

#include "netlink/nl_gate.h"

#define VRID 51

LAB_UNUSED static struct nl_gate *open_gate(uint8_t vrid, const char *address)
{
	struct vrrp_addr addr = lab_addr(address);
	struct nl_gate *gate = NULL;
	struct vip_err err;

	if (nl_gate_open(vrid, &addr, 1, &gate, &err) < 0) {
		fail_msg("%s", err.text);
	}
	return gate;
}

LAB_UNUSED static void attach(struct nl_gate *gate)
{
	struct vip_err err;

	if (nl_gate_attach(gate, lab.host_ifindex, &err) < 0) {
		fail_msg("%s", err.text);
	}
}

LAB_UNUSED static uint64_t drops_in(struct nl_gate *gate)
{
	struct nl_gate_reading reading;

	assert_int_equal(nl_gate_read(gate, &reading, NULL), 0);
	return reading.address[0].dropped_in;
}

/* One echo request from the peer. True if the host answers within timeout_ms. */
LAB_UNUSED static bool ping(const char *address, int timeout_ms)
{
	static uint16_t sequence;
	struct icmphdr echo = { .type = ICMP_ECHO, .un.echo.sequence = htons(++sequence) };
	struct sockaddr_in to = { .sin_family = AF_INET };
	uint8_t answer[128];
	bool is_answered = false;
	uint32_t sum = (ICMP_ECHO << 8) + sequence;
	int fd;

	echo.checksum = htons((uint16_t) ~((sum & 0xffff) + (sum >> 16)));
	assert_int_equal(inet_pton(AF_INET, address, &to.sin_addr), 1);
	lab_enter(lab.peer);
	fd = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMP);
	lab_enter(lab.host);
	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (const struct sockaddr *)&to, sizeof(to)), 0);
	assert_int_equal(send(fd, &echo, sizeof(echo), 0), sizeof(echo));
	while (!is_answered && lab_wait_readable(fd, timeout_ms)) {
		ssize_t got = recv(fd, answer, sizeof(answer), 0);

		is_answered = got >= 28 && answer[20] == ICMP_ECHOREPLY &&
			      memcmp(answer + 26, &echo.un.echo.sequence, 2) == 0;
	}
	(void)close(fd);
	return is_answered;
}

/* The dropped packet is counted before send returns or soon after; then no answer can come any more. */
LAB_UNUSED static void assert_shut(struct nl_gate *gate)
{
	uint64_t before = drops_in(gate);

	assert_false(ping(FLOAT4, 0));
	LAB_UNTIL(drops_in(gate) > before);
}

LAB_UNUSED static int life_up(void **state)
{
	if (lab_up(state) != 0 || !lab.is_up) {
		return 0;
	}
	lab_sh("ip addr add " FLOAT4 "/24 dev h0 && ip neigh replace " FLOAT4 " lladdr 02:00:00:00:00:0a dev h0");
	lab_enter(lab.peer);
	lab_sh("ip neigh replace " FLOAT4 " lladdr 02:00:00:00:00:0a dev p0");
	lab_enter(lab.host);
	return 0;
}

LAB_UNUSED static int remove_gates(void **state)
{
	(void)state;
	if (lab.is_up) {
		lab_enter(lab.host);
		lab_sh("tc qdisc del dev h0 clsact 2>/dev/null || true");
	}
	return 0;
}

#endif
