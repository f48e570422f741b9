/*
 * Advertisements on the wire: to the group, TTL 255, TOS 0xc0, from the right source; received with what RFC 9568
 * section 7.1 wants looked at.
 */
#include "tests/unit/test_nl_lab.h"

#include "netlink/nl_addr.h"
#include "netlink/nl_gate.h"
#include "vipd/advert_sock.h"

static const uint8_t advert[] = { 0x31, 51, 100, 1, 0, 25, 0xab, 0xcd, 10, 77, 0, 10 };

struct end {
	struct vrrp_addr source;
	struct advert_sock *sock;
};

static struct end open_end(int ns, int ifindex, const char *interface, uint8_t family)
{
	struct nl_addr_ctx *ctx;
	struct vip_err err;
	struct end end;

	lab_enter(ns);
	assert_int_equal(nl_addr_open(&ctx, NULL), 0);
	LAB_UNTIL(nl_addr_primary(ctx, ifindex, family, &end.source, NULL) == 0);
	if (advert_sock_open(family, ifindex, interface, &end.source, &end.sock, &err) < 0) {
		fail_msg("%s", err.text);
	}
	nl_addr_close(ctx);
	lab_enter(lab.host);
	return end;
}

static void travels(uint8_t family, const char *group_text)
{
	struct end host = open_end(lab.host, lab.host_ifindex, "h0", family);
	struct end peer = open_end(lab.peer, lab.peer_ifindex, "p0", family);
	struct vrrp_addr group = lab_addr(group_text);
	struct vrrp_addr source = advert_sock_source(host.sock);
	struct advert_sock_packet packet = { 0 };

	assert_int_equal(advert_sock_recv(peer.sock, &packet, NULL), 0);
	assert_int_equal(advert_sock_send(host.sock, advert, sizeof(advert), NULL), 0);
	assert_true(lab_wait_readable(advert_sock_fd(peer.sock), LAB_DEADLINE_MS));
	assert_int_equal(advert_sock_recv(peer.sock, &packet, NULL), 1);
	assert_memory_equal(&packet.source, &host.source, sizeof(source));
	assert_memory_equal(&packet.source, &source, sizeof(source));
	assert_memory_equal(&packet.destination, &group, sizeof(group));
	assert_int_equal(packet.ttl, 255);
	assert_int_equal(packet.size_bytes, sizeof(advert));
	assert_memory_equal(packet.bytes, advert, sizeof(advert));
	assert_int_equal(advert_sock_recv(peer.sock, &packet, NULL), 0);
	assert_int_equal(advert_sock_recv(host.sock, &packet, NULL), 0); /* not looped back to ourselves */
	advert_sock_close(host.sock);
	advert_sock_close(peer.sock);
}

static void both_families_travel(void **state)
{
	(void)state;
	LAB_NEEDED();
	travels(4, "224.0.0.18");
	travels(6, "ff02::12");
}

/* By itself the kernel would take the interface's first address. */
static void the_source_is_the_one_named(void **state)
{
	struct end peer;
	struct advert_sock *sock;
	struct advert_sock_packet packet;
	struct vrrp_addr source;

	(void)state;
	LAB_NEEDED();
	source = lab_addr("10.76.0.1");
	lab_sh("ip addr add 10.76.0.1/24 dev h0");
	peer = open_end(lab.peer, lab.peer_ifindex, "p0", 4);
	assert_int_equal(advert_sock_open(4, lab.host_ifindex, "h0", &source, &sock, NULL), 0);
	assert_int_equal(advert_sock_send(sock, advert, sizeof(advert), NULL), 0);
	assert_true(lab_wait_readable(advert_sock_fd(peer.sock), LAB_DEADLINE_MS));
	assert_int_equal(advert_sock_recv(peer.sock, &packet, NULL), 1);
	assert_memory_equal(&packet.source, &source, sizeof(source));
	advert_sock_close(sock);
	advert_sock_close(peer.sock);
	lab_sh("ip addr del 10.76.0.1/24 dev h0");
}

static void the_packet_on_the_wire(void **state)
{
	struct end host;
	uint8_t frame[256];
	ssize_t got;
	int tap;

	(void)state;
	LAB_NEEDED();
	lab_enter(lab.peer);
	tap = lab_packet_socket(lab.peer_ifindex, 0x0800);
	lab_enter(lab.host);
	host = open_end(lab.host, lab.host_ifindex, "h0", 4);
	assert_int_equal(advert_sock_send(host.sock, advert, sizeof(advert), NULL), 0);
	do {
		assert_true(lab_wait_readable(tap, LAB_DEADLINE_MS));
		got = recv(tap, frame, sizeof(frame), 0);
	} while (got < 34 || frame[23] != 112);
	assert_int_equal(frame[15], 0xc0);
	assert_int_equal(frame[22], 255);
	assert_memory_equal(frame, "\x01\x00\x5e\x00\x00\x12\x02\x00\x00\x00\x00\x0a", 12);
	(void)close(tap);
	advert_sock_close(host.sock);
}

static void another_ttl_is_seen(void **state)
{
	struct end peer;
	struct advert_sock_packet packet;
	struct sockaddr_in to = { .sin_family = AF_INET };
	int ttl = 254;
	int fd;

	(void)state;
	LAB_NEEDED();
	peer = open_end(lab.peer, lab.peer_ifindex, "p0", 4);
	fd = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, ADVERT_SOCK_IP_PROTOCOL);
	assert_true(fd >= 0);
	assert_int_equal(inet_pton(AF_INET, PEER4, &to.sin_addr), 1); /* unicast */
	assert_int_equal(setsockopt(fd, IPPROTO_IP, IP_TTL, &ttl, sizeof(ttl)), 0);
	assert_int_equal(sendto(fd, advert, sizeof(advert), 0, (struct sockaddr *)&to, sizeof(to)), sizeof(advert));
	assert_true(lab_wait_readable(advert_sock_fd(peer.sock), LAB_DEADLINE_MS));
	assert_int_equal(advert_sock_recv(peer.sock, &packet, NULL), 1);
	assert_int_equal(packet.ttl, 254);
	assert_memory_equal(packet.destination.bytes, &to.sin_addr, 4);
	(void)close(fd);
	advert_sock_close(peer.sock);
}

static void a_shut_gate_keeps_ours_in(void **state)
{
	struct vrrp_addr addr;
	struct nl_gate *gate;

	(void)state;
	LAB_NEEDED();
	addr = lab_addr(FLOAT4);
	assert_int_equal(nl_gate_open(51, &addr, 1, &gate, NULL), 0);
	assert_int_equal(nl_gate_attach(gate, lab.host_ifindex, NULL), 0);
	for (uint8_t family = 4; family <= 6; family += 2) {
		struct end host = open_end(lab.host, lab.host_ifindex, "h0", family);
		struct nl_gate_reading reading;

		nl_gate_set(gate, VRRP_TIME_NONE, VRRP_TIME_NONE);
		assert_int_equal(advert_sock_send(host.sock, advert, sizeof(advert), NULL), 0);
		assert_int_equal(nl_gate_read(gate, &reading, NULL), 0);
		assert_int_equal(reading.dropped_adverts, family / 2 - 1);
		nl_gate_set(gate, VRRP_TIME_NONE, VRRP_TIME_NEVER);
		assert_int_equal(advert_sock_send(host.sock, advert, sizeof(advert), NULL), 0);
		assert_int_equal(nl_gate_read(gate, &reading, NULL), 0);
		assert_int_equal(reading.dropped_adverts, family / 2 - 1); /* no more */
		advert_sock_close(host.sock);
	}
	assert_int_equal(nl_gate_remove(51, NULL), 2);
	nl_gate_close(gate);
}

static void failures_say_what_was_tried(void **state)
{
	struct vrrp_addr source = lab_addr(HOST4);
	struct advert_sock *sock;
	struct vip_err err = { "" };

	(void)state;
	LAB_NEEDED();
	assert_int_equal(advert_sock_open(4, 9999, "nothing%s", &source, &sock, &err), -ENODEV);
	assert_non_null(strstr(err.text, "nothing%s"));
	assert_int_equal(advert_sock_open(4, 1, "a-name-that-is-too-long", &source, &sock, &err), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_families_travel),
		cmocka_unit_test(the_source_is_the_one_named),
		cmocka_unit_test(the_packet_on_the_wire),
		cmocka_unit_test(another_ttl_is_seen),
		cmocka_unit_test(a_shut_gate_keeps_ours_in),
		cmocka_unit_test(failures_say_what_was_tried),
	};

	return cmocka_run_group_tests_name("advertisements' sockets", tests, lab_up, NULL);
}
