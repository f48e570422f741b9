/*
 * Connections are destroyed, and clients learn of it at once if the order of protocol.md section 4.1 is kept: gate shut
 * inwards, destroyed, unbound, gate shut outwards.
 */
#include "tests/unit/test_nl_lab.h"

#include "netlink/nl_addr.h"
#include "netlink/nl_gate.h"
#include "netlink/nl_sockdiag.h"

#define PORT 5432
#define MANY 300

static struct nl_sockdiag *diag;
static struct nl_addr_ctx *addrs;

static int sockdiag_up(void **state)
{
	if (lab_up(state) == 0 && lab.is_up) {
		struct vrrp_addr float4 = lab_addr(FLOAT4);
		struct vrrp_addr float6 = lab_addr(FLOAT6);

		assert_int_equal(nl_sockdiag_open(&diag, NULL), 0);
		assert_int_equal(nl_addr_open(&addrs, NULL), 0);
		assert_int_equal(nl_addr_set(addrs, lab.host_ifindex, &float4, 24, NULL, 600, NULL), 0);
		assert_int_equal(nl_addr_set(addrs, lab.host_ifindex, &float6, 64, NULL, 600, NULL), 0);
	}
	return 0;
}

static int sockdiag_down(void **state)
{
	(void)state;
	nl_sockdiag_close(diag);
	nl_addr_close(addrs);
	return 0;
}

static socklen_t sockaddr_of(const char *address, uint16_t port, struct sockaddr_storage *ret_to)
{
	struct vrrp_addr addr = lab_addr(address);

	memset(ret_to, 0, sizeof(*ret_to));
	if (addr.family == 4) {
		struct sockaddr_in *to = (struct sockaddr_in *)ret_to;

		to->sin_family = AF_INET;
		to->sin_port = htons(port);
		memcpy(&to->sin_addr, addr.bytes, 4);
		return sizeof(*to);
	}
	struct sockaddr_in6 *to = (struct sockaddr_in6 *)ret_to;

	to->sin6_family = AF_INET6;
	to->sin6_port = htons(port);
	memcpy(&to->sin6_addr, addr.bytes, 16);
	return sizeof(*to);
}

/* Listens in the host. "::" takes IPv4 clients as IPv4-mapped ones, as PostgreSQL's '*' does not, but others do. */
static int listen_on(const char *address)
{
	struct sockaddr_storage at;
	socklen_t size = sockaddr_of(address, PORT, &at);
	int off = 0;
	int on = 1;
	int fd = socket(at.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	assert_true(fd >= 0);
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)), 0);
	if (at.ss_family == AF_INET6) {
		assert_int_equal(setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off)), 0);
	}
	assert_int_equal(bind(fd, (const struct sockaddr *)&at, size), 0);
	assert_int_equal(listen(fd, MANY), 0);
	return fd;
}

static int dial(const char *address)
{
	struct sockaddr_storage to;
	socklen_t size = sockaddr_of(address, PORT, &to);
	int fd;

	lab_enter(lab.peer);
	fd = socket(to.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	lab_enter(lab.host);
	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (const struct sockaddr *)&to, size), 0);
	return fd;
}

static int answer_call(int listener)
{
	int fd;

	assert_true(lab_wait_readable(listener, LAB_DEADLINE_MS));
	fd = accept(listener, NULL, NULL);
	assert_true(fd >= 0);
	return fd;
}

/* The client sees the reset; what its next read says. */
static void assert_reset(int client)
{
	char byte;

	assert_true(lab_wait_readable(client, LAB_DEADLINE_MS));
	assert_int_equal(recv(client, &byte, 1, 0), -1);
	assert_int_equal(errno, ECONNRESET);
}

static void assert_alive(int client, int server)
{
	char byte = 0;

	assert_int_equal(send(client, "x", 1, 0), 1);
	assert_true(lab_wait_readable(server, LAB_DEADLINE_MS));
	assert_int_equal(recv(server, &byte, 1, 0), 1);
	assert_int_equal(byte, 'x');
}

static void destroys_those_of_the_address_only(const char *listen_address, const char *address, const char *other)
{
	struct vrrp_addr addr = lab_addr(address);
	int listener = listen_on(listen_address);
	int client = dial(address);
	int server = answer_call(listener);
	int bystander = dial(other);
	int bystander_server = answer_call(listener);
	char byte;

	assert_alive(client, server);
	assert_int_equal(nl_sockdiag_destroy_local(diag, &addr, NULL), 1);
	assert_reset(client);
	assert_int_equal(recv(server, &byte, 1, 0), -1);
	assert_int_equal(errno, ECONNABORTED);
	assert_alive(bystander, bystander_server);
	assert_int_equal(nl_sockdiag_destroy_local(diag, &addr, NULL), 0);
	(void)close(client);
	(void)close(server);
	client = dial(address); /* who listened still listens */
	server = answer_call(listener);
	(void)close(client);
	(void)close(server);
	(void)close(bystander);
	(void)close(bystander_server);
	(void)close(listener);
}

static void ipv4_connections(void **state)
{
	(void)state;
	LAB_NEEDED();
	destroys_those_of_the_address_only("0.0.0.0", FLOAT4, HOST4);
}

static void who_listens_on_the_address_itself_goes_on_listening(void **state)
{
	(void)state;
	LAB_NEEDED();
	for (int i = 0; i < 2; i++) {
		const char *address = i == 0 ? FLOAT4 : FLOAT6;
		struct vrrp_addr addr = lab_addr(address);
		int listener = listen_on(address);
		int client = dial(address);

		assert_int_equal(nl_sockdiag_destroy_local(diag, &addr, NULL), 1);
		assert_reset(client);
		(void)close(client);
		client = dial(address);
		(void)close(client);
		(void)close(listener);
	}
}

static void ipv4_mapped_connections(void **state)
{
	(void)state;
	LAB_NEEDED();
	destroys_those_of_the_address_only("::", FLOAT4, HOST4);
}

static void ipv6_connections(void **state)
{
	(void)state;
	LAB_NEEDED();
	destroys_those_of_the_address_only("::", FLOAT6, HOST6);
}

static void connections_to_a_dead_upstream(void **state)
{
	struct vrrp_addr upstream = lab_addr(HOST4);
	struct vrrp_addr wrong = lab_addr(FLOAT4);
	int listener;
	int client;
	int server;

	(void)state;
	LAB_NEEDED();
	listener = listen_on("0.0.0.0");
	client = dial(HOST4);
	server = answer_call(listener);
	lab_enter(lab.peer); /* the side that dialled; its own sock_diag socket */
	{
		struct nl_sockdiag *peer_diag;

		assert_int_equal(nl_sockdiag_open(&peer_diag, NULL), 0);
		assert_int_equal(nl_sockdiag_destroy_remote(peer_diag, &upstream, PORT + 1, NULL), 0);
		assert_int_equal(nl_sockdiag_destroy_remote(peer_diag, &wrong, PORT, NULL), 0);
		assert_int_equal(nl_sockdiag_destroy_local(peer_diag, &upstream, NULL), 0);
		assert_int_equal(nl_sockdiag_destroy_remote(peer_diag, &upstream, PORT, NULL), 1);
		nl_sockdiag_close(peer_diag);
	}
	lab_enter(lab.host);
	assert_reset(server);
	(void)close(client);
	(void)close(server);
	(void)close(listener);
}

static void many_at_once_in_every_state(void **state)
{
	struct vrrp_addr addr = lab_addr(FLOAT4);
	int client[MANY];
	int listener;
	int server;

	(void)state;
	LAB_NEEDED();
	listener = listen_on("0.0.0.0");
	for (int i = 0; i < MANY; i++) {
		client[i] = dial(FLOAT4); /* not yet accepted by anybody, all but one */
	}
	server = answer_call(listener);
	assert_int_equal(shutdown(server, SHUT_WR), 0);
	assert_int_equal(nl_sockdiag_destroy_local(diag, &addr, NULL), MANY);
	(void)close(client[0]);
	for (int i = 1; i < MANY; i++) {
		assert_reset(client[i]);
		(void)close(client[i]);
	}
	(void)close(server);
	(void)close(listener);
}

/* protocol.md section 4.1, with the gate at its work. */
static void letting_go_in_order_resets_the_clients(void **state)
{
	struct vrrp_addr both[2] = { { 0 }, { 0 } };
	const char *const text[2] = { FLOAT4, FLOAT6 };
	struct nl_gate *gate;
	int listener;
	int client[2];

	(void)state;
	LAB_NEEDED();
	both[0] = lab_addr(FLOAT4);
	both[1] = lab_addr(FLOAT6);
	assert_int_equal(nl_gate_open(51, both, 2, &gate, NULL), 0);
	nl_gate_set(gate, VRRP_TIME_NEVER, VRRP_TIME_NEVER);
	assert_int_equal(nl_gate_attach(gate, lab.host_ifindex, NULL), 0);
	listener = listen_on("::");
	for (int i = 0; i < 2; i++) {
		int server;

		client[i] = dial(text[i]);
		server = answer_call(listener);
		assert_alive(client[i], server);
		/* server stays open: the process that serves is still there */
	}
	nl_gate_set(gate, VRRP_TIME_NONE, VRRP_TIME_NEVER);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(nl_sockdiag_destroy_local(diag, &both[i], NULL), 1);
		assert_int_equal(nl_addr_purge(addrs, &both[i], NULL), 1);
	}
	nl_gate_set(gate, VRRP_TIME_NONE, VRRP_TIME_NONE);
	for (int i = 0; i < 2; i++) {
		assert_reset(client[i]);
		(void)close(client[i]);
	}
	assert_int_equal(nl_gate_remove(51, NULL), 2);
	nl_gate_close(gate);
	(void)close(listener);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ipv4_connections),
		cmocka_unit_test(who_listens_on_the_address_itself_goes_on_listening),
		cmocka_unit_test(ipv4_mapped_connections), cmocka_unit_test(ipv6_connections),
		cmocka_unit_test(connections_to_a_dead_upstream), cmocka_unit_test(many_at_once_in_every_state),
		cmocka_unit_test(letting_go_in_order_resets_the_clients), /* last: unbinds */
	};

	return cmocka_run_group_tests_name("sockdiag", tests, sockdiag_up, sockdiag_down);
}
