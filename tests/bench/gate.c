/*
 * What the gate costs (protocol.md section 5.1): a renewal, and a packet.
 *
 * A packet's cost is measured twice: the program alone (BPF_PROG_TEST_RUN, the kernel's own clock), and the whole way
 * of a UDP packet of 64 bytes over a cable between two network namespaces of this program's own, sent with sendmmsg,
 * without and with the gate, in turns. Output: one line a result, `<name> <nanoseconds>`, or packets a second for
 * `sent_...`.
 */
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "netlink/nl_gate_inside.h"

#define VRID 51
#define RENEWALS 5000000
#define RUNS 1000000 /* of a program, with one frame */
#define BATCH 64
#define ROUND_MS 250
#define ROUNDS 8 /* without and with */

static const struct vrrp_addr floating[2] = { { .family = 4, .bytes = { 10, 77, 0, 10 } },
	{ .family = 6, .bytes = { 0xfd, 0x77, [15] = 0x10 } } };

static int64_t clock_ns(clockid_t clock)
{
	struct timespec t;

	(void)clock_gettime(clock, &t);
	return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

static void must(bool is_good, const char *what)
{
	if (!is_good) {
		fprintf(stderr, "gate: %s: %s\n", what, strerror(errno));
		exit(1);
	}
}

/* --- a renewal --- */

static void measure_renewal(struct nl_gate *gate)
{
	struct vrrp_time end = { 1 };
	int64_t began = clock_ns(CLOCK_THREAD_CPUTIME_ID);

	for (int i = 0; i < RENEWALS; i++) {
		end.us += i & 1;
		nl_gate_set(gate, end, end);
	}
	printf("renewal %.2f\n", (double)(clock_ns(CLOCK_THREAD_CPUTIME_ID) - began) / RENEWALS);
}

/* --- a packet, the program alone --- */

struct sample {
	const char *name;
	enum nl_tc_direction direction;
	uint8_t head[14 + 40 + 8];
};

/* Ethernet, IPv4 10.77.0.x, UDP; the last byte of the addresses is the sample's. */
#define IP4(source, target)                                                                                            \
	{                                                                                                              \
		2, 0, 0, 0, 0, 10, 2, 0, 0, 0, 0, 11, 8, 0, 0x45, 0, 0, 50, 0, 0, 0, 0, 64, 17, 0, 0, 10, 77, 0,       \
			(source), 10, 77, 0, (target)                                                                  \
	}
#define IP6(source, target)                                                                                            \
	{                                                                                                              \
		2, 0, 0, 0, 0, 10, 2, 0, 0, 0, 0, 11, 0x86, 0xdd, 0x60, 0, 0, 0, 0, 8, 17,                             \
			64, [22] = 0xfd, [23] = 0x77, [37] = (source), [38] = 0xfd, [39] = 0x77, [53] = (target)       \
	}

static const struct sample samples[] = {
	{ "in_other_ip4", NL_TC_IN, IP4(2, 1) },
	{ "in_other_ip6", NL_TC_IN, IP6(2, 1) },
	{ "in_floating_ip4", NL_TC_IN, IP4(2, 10) },
	{ "in_floating_ip6", NL_TC_IN, IP6(2, 0x10) },
	{ "out_other_ip4", NL_TC_OUT, IP4(1, 2) },
	{ "out_other_ip6", NL_TC_OUT, IP6(1, 2) },
	{ "out_floating_ip4", NL_TC_OUT, IP4(10, 2) },
};

static void measure_programs(const struct nl_gate *gate, const char *state)
{
	for (size_t i = 0; i < VRRP_ARRAY_LENGTH(samples); i++) {
		LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = samples[i].head,
			.data_size_in = sizeof(samples[i].head), .repeat = RUNS);

		must(bpf_prog_test_run_opts(gate->ethernet[samples[i].direction].fd, &options) == 0, "test run");
		printf("%s_%s %u\n", state, samples[i].name, options.duration);
	}
}

/* --- a packet, all of its way --- */

static int new_namespace(void)
{
	int fd;

	must(unshare(CLONE_NEWNET) == 0, "a network namespace");
	fd = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	must(fd >= 0, "its name");
	return fd;
}

static void sh(const char *command)
{
	must(system(command) == 0, command);
}

/* The peer takes what fits into one socket's queue and drops the rest without a word. */
static void cable(void)
{
	const struct sockaddr_in discard = { .sin_family = AF_INET, .sin_port = htons(9) };
	char command[160];
	int peer = new_namespace();
	int host;

	sh("ip link set lo up");
	host = new_namespace();
	(void)snprintf(command, sizeof(command),
		"ip link add h0 type veth peer name p0 && ip link set p0 netns /proc/%d/fd/%d", getpid(), peer);
	sh(command);
	sh("ip addr add 10.77.0.1/24 dev h0 && ip addr add 10.77.0.10/24 dev h0 && ip link set h0 up");
	must(setns(peer, CLONE_NEWNET) == 0, "setns");
	sh("ip addr add 10.77.0.2/24 dev p0 && ip link set p0 up");
	must(bind(socket(AF_INET, SOCK_DGRAM, 0), (const struct sockaddr *)&discard, sizeof(discard)) == 0, "port 9");
	must(setns(host, CLONE_NEWNET) == 0, "setns");
}

/*
 * Packets in a second of this thread's time on a core, which is that of all their way: over this cable a packet is
 * delivered inside of the sender's system call.
 */
static double send_round(int fd)
{
	char payload[22] = { 0 };
	struct iovec part = { payload, sizeof(payload) };
	struct mmsghdr batch[BATCH];
	int64_t end = clock_ns(CLOCK_MONOTONIC) + ROUND_MS * INT64_C(1000000);
	int64_t began = clock_ns(CLOCK_THREAD_CPUTIME_ID);
	int64_t sent = 0;

	for (int i = 0; i < BATCH; i++) {
		batch[i] = (struct mmsghdr){ .msg_hdr = { .msg_iov = &part, .msg_iovlen = 1 } };
	}
	while (clock_ns(CLOCK_MONOTONIC) < end) {
		int count = sendmmsg(fd, batch, BATCH, 0);

		must(count > 0, "sendmmsg");
		sent += count;
	}
	return (double)sent * 1e9 / (double)(clock_ns(CLOCK_THREAD_CPUTIME_ID) - began);
}

static int sender(const char *source)
{
	struct sockaddr_in from = { .sin_family = AF_INET };
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(9) };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	(void)inet_pton(AF_INET, source, &from.sin_addr);
	(void)inet_pton(AF_INET, "10.77.0.2", &to.sin_addr);
	must(fd >= 0 && bind(fd, (const struct sockaddr *)&from, sizeof(from)) == 0 &&
			connect(fd, (const struct sockaddr *)&to, sizeof(to)) == 0,
		"socket");
	return fd;
}

static void measure_sending(struct nl_gate *gate, const char *name, const char *source)
{
	int ifindex = (int)if_nametoindex("h0");
	double rate[2] = { 0, 0 };
	int fd = sender(source);

	(void)send_round(fd); /* the neighbour is known then */
	for (int i = 0; i < ROUNDS; i++) {
		must(nl_gate_remove(VRID, NULL) >= 0, "remove");
		rate[0] += send_round(fd) / ROUNDS;
		must(nl_gate_attach(gate, ifindex, NULL) == 0, "attach");
		rate[1] += send_round(fd) / ROUNDS;
	}
	printf("sent_%s_without %.0f\nsent_%s_with %.0f\n", name, rate[0], name, rate[1]);
	printf("way_%s %.0f\n", name, 1e9 / rate[1] - 1e9 / rate[0]);
	(void)close(fd);
}

int main(void)
{
	struct nl_gate *gate;
	struct vip_err err;

	cable();
	if (nl_gate_open(VRID, floating, VRRP_ARRAY_LENGTH(floating), &gate, &err) < 0) {
		fprintf(stderr, "%s\n", err.text);
		return 1;
	}
	measure_renewal(gate);
	nl_gate_set(gate, VRRP_TIME_NONE, VRRP_TIME_NONE);
	measure_programs(gate, "shut");
	nl_gate_set(gate, VRRP_TIME_NEVER, VRRP_TIME_NEVER);
	measure_programs(gate, "open");
	measure_sending(gate, "other", "10.77.0.1");
	measure_sending(gate, "floating", "10.77.0.10");
	nl_gate_close(gate);
	return 0;
}
