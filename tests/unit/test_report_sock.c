/*
 * The sockets of the reports (protocol.md section 3; attacks.md E): one connected socket a pair, so that the kernel
 * drops what comes from anywhere else; the clock is read after the packet (B8); a burst is bounded.
 */
#include "tests/unit/test_nl_lab.h"

#include "vipd/report_sock.h"
#include "vrrp/report.h"

#define PORT 31120
#define PACKETS_MAX 256
#define OTHER4 "10.77.0.3"

struct inbox {
	unsigned count;
	int pair[PACKETS_MAX];
	size_t size[PACKETS_MAX];
	uint8_t first[PACKETS_MAX];
	struct vrrp_time received[PACKETS_MAX];
};

static void take(void *user, int pair, const uint8_t *bytes, size_t size_bytes, struct vrrp_time received)
{
	struct inbox *inbox = user;

	assert_true(inbox->count < PACKETS_MAX);
	inbox->pair[inbox->count] = pair;
	inbox->size[inbox->count] = size_bytes;
	inbox->first[inbox->count] = size_bytes > 0 ? bytes[0] : 0;
	inbox->received[inbox->count++] = received;
}

/* One end in a namespace, with a pair to the other. */
struct end {
	struct inbox inbox;
	struct report_socks *socks;
	int pair;
};

static int add_pair(struct end *end, int ns, const char *local, const char *peer)
{
	struct vrrp_addr from = lab_addr(local);
	struct vrrp_addr to = lab_addr(peer);
	struct vip_err err;
	int pair;

	lab_enter(ns);
	pair = report_socks_pair(end->socks, &from, &to, &err);
	lab_enter(lab.host);
	if (pair < 0) {
		fail_msg("%s", err.text);
	}
	return pair;
}

static void end_open(struct end *end, int ns, const char *local, const char *peer)
{
	memset(end, 0, sizeof(*end));
	assert_int_equal(report_socks_open(PORT, take, &end->inbox, &end->socks, NULL), 0);
	end->pair = add_pair(end, ns, local, peer);
}

static void receive(struct end *end, unsigned count)
{
	while (end->inbox.count < count) {
		assert_true(lab_wait_readable(report_socks_fd(end->socks), LAB_DEADLINE_MS));
		report_socks_run(end->socks);
	}
	assert_int_equal(end->inbox.count, count);
}

/* A datagram from an address and port of the peer's namespace, from no socket of ours. */
static void stranger_sends(const char *from, uint16_t from_port, uint8_t byte)
{
	struct sockaddr_in source = { .sin_family = AF_INET, .sin_port = htons(from_port) };
	struct sockaddr_in target = { .sin_family = AF_INET, .sin_port = htons(PORT) };
	int one = 1;
	int fd;

	assert_int_equal(inet_pton(AF_INET, from, &source.sin_addr), 1);
	assert_int_equal(inet_pton(AF_INET, HOST4, &target.sin_addr), 1);
	lab_enter(lab.peer);
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_true(fd >= 0);
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)), 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&source, sizeof(source)), 0);
	assert_int_equal(sendto(fd, &byte, 1, 0, (struct sockaddr *)&target, sizeof(target)), 1);
	(void)close(fd);
	lab_enter(lab.host);
}

static void travels(const char *host_text, const char *peer_text)
{
	uint8_t bytes[VRRP_REPORT_BYTES_MAX] = { 0x56 };
	struct vrrp_time before = lab_now();
	struct end host;
	struct end peer;

	end_open(&host, lab.host, host_text, peer_text);
	end_open(&peer, lab.peer, peer_text, host_text);
	assert_int_equal(report_socks_send(host.socks, host.pair, bytes, sizeof(bytes)), 0);
	receive(&peer, 1);
	assert_int_equal(peer.inbox.size[0], sizeof(bytes));
	assert_int_equal(peer.inbox.first[0], 0x56);
	assert_int_equal(peer.inbox.pair[0], peer.pair);
	assert_true(!vrrp_time_before(peer.inbox.received[0], before));
	assert_true(!vrrp_time_before(lab_now(), peer.inbox.received[0]));
	bytes[0] = 0x57;
	assert_int_equal(report_socks_send(peer.socks, peer.pair, bytes, 10), 0);
	receive(&host, 1);
	assert_int_equal(host.inbox.size[0], 10);
	assert_int_equal(host.inbox.first[0], 0x57);
	report_socks_close(host.socks);
	report_socks_close(peer.socks);
}

static void a_report_travels_both_ways_in_both_families(void **state)
{
	(void)state;
	LAB_NEEDED();
	travels(HOST4, PEER4);
	travels(HOST6, PEER6);
}

static void what_does_not_come_from_the_member_and_port_is_dropped_by_the_kernel(void **state)
{
	const uint8_t good = 'g';
	struct end host;
	struct end peer;

	(void)state;
	LAB_NEEDED();
	end_open(&host, lab.host, HOST4, PEER4);
	end_open(&peer, lab.peer, PEER4, HOST4);
	stranger_sends(OTHER4, PORT, 'x');
	stranger_sends(PEER4, PORT + 1, 'y');
	assert_int_equal(report_socks_send(peer.socks, peer.pair, &good, 1), 0);
	receive(&host, 1); /* sent last, and the only one: the way is first in, first out */
	assert_int_equal(host.inbox.first[0], 'g');
	assert_int_equal(report_socks_strangers(host.socks), 2);
	assert_int_equal(report_socks_unread(host.socks, host.pair), 0);
	report_socks_close(host.socks);
	report_socks_close(peer.socks);
}

static void one_socket_a_pair_whoever_asks_for_it(void **state)
{
	const uint8_t byte = 'b';
	struct end host;
	struct end peer;
	struct end other;
	int second;

	(void)state;
	LAB_NEEDED();
	end_open(&host, lab.host, HOST4, PEER4);
	assert_int_equal(add_pair(&host, lab.host, HOST4, PEER4), host.pair); /* the next instance's */
	second = add_pair(&host, lab.host, HOST4, OTHER4);
	assert_int_not_equal(second, host.pair);
	end_open(&peer, lab.peer, PEER4, HOST4);
	end_open(&other, lab.peer, OTHER4, HOST4);
	assert_int_equal(report_socks_send(other.socks, other.pair, &byte, 1), 0);
	receive(&host, 1);
	assert_int_equal(host.inbox.pair[0], second);
	assert_int_equal(report_socks_send(peer.socks, peer.pair, &byte, 1), 0);
	receive(&host, 2);
	assert_int_equal(host.inbox.pair[1], host.pair);
	report_socks_close(host.socks);
	report_socks_close(peer.socks);
	report_socks_close(other.socks);
}

static void a_packet_that_is_too_long_is_seen_to_be_so(void **state)
{
	uint8_t bytes[VRRP_REPORT_BYTES_MAX + 50] = { 'l' };
	struct end host;
	struct end peer;

	(void)state;
	LAB_NEEDED();
	end_open(&host, lab.host, HOST4, PEER4);
	end_open(&peer, lab.peer, PEER4, HOST4);
	assert_int_equal(report_socks_send(peer.socks, peer.pair, bytes, sizeof(bytes)), 0);
	receive(&host, 1);
	assert_true(host.inbox.size[0] > VRRP_REPORT_BYTES_MAX);
	report_socks_close(host.socks);
	report_socks_close(peer.socks);
}

static void a_burst_is_read_in_bounded_turns_and_in_order(void **state)
{
	struct end host;
	struct end peer;
	unsigned before;

	(void)state;
	LAB_NEEDED();
	end_open(&host, lab.host, HOST4, PEER4);
	end_open(&peer, lab.peer, PEER4, HOST4);
	for (uint8_t i = 0; i < 3 * REPORT_SOCK_BURST; i++) {
		assert_int_equal(report_socks_send(peer.socks, peer.pair, &i, 1), 0);
	}
	while (host.inbox.count < 3 * REPORT_SOCK_BURST) {
		before = host.inbox.count;
		assert_true(lab_wait_readable(report_socks_fd(host.socks), LAB_DEADLINE_MS));
		report_socks_run(host.socks);
		assert_true(host.inbox.count - before <= REPORT_SOCK_BURST);
	}
	for (unsigned i = 0; i < host.inbox.count; i++) {
		assert_int_equal(host.inbox.first[i], i);
		assert_true(i == 0 || !vrrp_time_before(host.inbox.received[i], host.inbox.received[i - 1]));
	}
	report_socks_close(host.socks);
	report_socks_close(peer.socks);
}

/* Its daemon is down: the kernel's ICMP answer to one packet must not cost the next one, or what has come in. */
static void a_peer_that_was_down_costs_nothing(void **state)
{
	const uint8_t byte = 'u';
	struct end host;
	struct end peer;

	(void)state;
	LAB_NEEDED();
	end_open(&host, lab.host, HOST4, PEER4);
	assert_int_equal(report_socks_send(host.socks, host.pair, &byte, 1), 0);
	assert_true(lab_wait_readable(report_socks_fd(host.socks), LAB_DEADLINE_MS)); /* the answer is here */
	end_open(&peer, lab.peer, PEER4, HOST4);
	assert_int_equal(report_socks_send(host.socks, host.pair, &byte, 1), 0);
	receive(&peer, 1);
	report_socks_close(peer.socks);
	assert_int_equal(report_socks_send(host.socks, host.pair, &byte, 1), 0);
	assert_true(lab_wait_readable(report_socks_fd(host.socks), LAB_DEADLINE_MS));
	end_open(&peer, lab.peer, PEER4, HOST4);
	assert_int_equal(report_socks_send(peer.socks, peer.pair, &byte, 1), 0);
	receive(&host, 1);
	report_socks_close(host.socks);
	report_socks_close(peer.socks);
}

static void what_cannot_be_opened_says_why(void **state)
{
	struct vrrp_addr mine = lab_addr("10.99.99.99");
	struct vrrp_addr six = lab_addr(PEER6);
	struct vrrp_addr peer = lab_addr(PEER4);
	struct report_socks *socks;
	struct vip_err err;

	(void)state;
	LAB_NEEDED();
	assert_int_equal(report_socks_open(PORT, take, NULL, &socks, &err), 0);
	assert_int_equal(report_socks_pair(socks, &mine, &peer, &err), -EADDRNOTAVAIL);
	assert_non_null(strstr(err.text, "10.99.99.99"));
	assert_int_equal(report_socks_pair(socks, &mine, &six, &err), -EINVAL);
	report_socks_close(socks);
	report_socks_close(NULL);
}

static int up(void **state)
{
	int result = lab_up(state);

	if (result == 0 && lab.is_up) {
		lab_enter(lab.peer);
		lab_sh("ip addr add " OTHER4 "/24 dev p0");
		lab_enter(lab.host);
	}
	return result;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_report_travels_both_ways_in_both_families),
		cmocka_unit_test(what_does_not_come_from_the_member_and_port_is_dropped_by_the_kernel),
		cmocka_unit_test(one_socket_a_pair_whoever_asks_for_it),
		cmocka_unit_test(a_packet_that_is_too_long_is_seen_to_be_so),
		cmocka_unit_test(a_burst_is_read_in_bounded_turns_and_in_order),
		cmocka_unit_test(a_peer_that_was_down_costs_nothing),
		cmocka_unit_test(what_cannot_be_opened_says_why),
	};

	return cmocka_run_group_tests_name("report_sock", tests, up, NULL);
}
