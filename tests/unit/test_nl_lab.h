/*
 * Two network namespaces of a test's own, joined by a cable: "host", where the code under test runs, and "peer".
 *
 * lab_up makes them (host 10.77.0.1/24 fd77::1/64 on h0, peer .2 ::2 on p0; the floating addresses are .10 and ::10),
 * and leaves the process in host; lab_enter moves it. A socket stays in the namespace in which it was made, so one
 * thread plays both ends. They are gone with the process. Without root every test of the program is skipped.
 */
#ifndef TESTS_UNIT_TEST_NL_LAB_H
#define TESTS_UNIT_TEST_NL_LAB_H

#define _GNU_SOURCE 1 /* setns; so include this file first */

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "vrrp/base.h"
#include "vrrp/err.h"

#define LAB_DEADLINE_MS 3000
#define LAB_UNUSED __attribute__((unused))

#define HOST4 "10.77.0.1"
#define PEER4 "10.77.0.2"
#define FLOAT4 "10.77.0.10"
#define HOST6 "fd77::1"
#define PEER6 "fd77::2"
#define FLOAT6 "fd77::10"

struct lab {
	bool is_up;
	int host;
	int peer;
	int host_ifindex;
	int peer_ifindex;
};

static struct lab lab;

static const uint8_t lab_host_mac[6] LAB_UNUSED = { 2, 0, 0, 0, 0, 0x0a };
static const uint8_t lab_peer_mac[6] LAB_UNUSED = { 2, 0, 0, 0, 0, 0x0b };

LAB_UNUSED static void lab_enter(int ns)
{
	assert_int_equal(setns(ns, CLONE_NEWNET), 0);
}

LAB_UNUSED static void lab_sh(const char *command)
{
	if (system(command) != 0) {
		fail_msg("failed: %s", command);
	}
}

LAB_UNUSED static int lab_new_namespace(void)
{
	int fd;

	assert_int_equal(unshare(CLONE_NEWNET), 0);
	fd = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	/* No duplicate address detection: it makes an address usable only after a second. */
	lab_sh("ip link set lo up && echo 0 >/proc/sys/net/ipv6/conf/all/accept_dad && "
	       "echo 0 >/proc/sys/net/ipv6/conf/default/accept_dad");
	return fd;
}

/* A group setup. Without root it leaves lab.is_up false, and LAB_NEEDED skips each test. */
LAB_UNUSED static int lab_up(void **state)
{
	char command[256];

	(void)state;
	if (geteuid() != 0) {
		return 0;
	}
	lab.peer = lab_new_namespace();
	lab.host = lab_new_namespace();
	(void)snprintf(command, sizeof(command),
		"ip link add h0 address 02:00:00:00:00:0a type veth peer name p0 address 02:00:00:00:00:0b && "
		"ip link set p0 netns /proc/%d/fd/%d",
		getpid(), lab.peer);
	/* The child must see that descriptor's name under our pid; it need not inherit it. */
	lab_sh(command);
	lab_sh("ip addr add " HOST4 "/24 dev h0 && ip addr add " HOST6 "/64 dev h0 nodad && ip link set h0 up");
	lab.host_ifindex = (int)if_nametoindex("h0");
	lab_enter(lab.peer);
	lab_sh("ip addr add " PEER4 "/24 dev p0 && ip addr add " PEER6 "/64 dev p0 nodad && ip link set p0 up");
	lab.peer_ifindex = (int)if_nametoindex("p0");
	lab_enter(lab.host);
	lab.is_up = true;
	return 0;
}

#define LAB_NEEDED()                                                                                                   \
	do {                                                                                                           \
		if (!lab.is_up) {                                                                                      \
			skip();                                                                                        \
		}                                                                                                      \
	} while (0)

LAB_UNUSED static struct vrrp_addr lab_addr(const char *text)
{
	struct vrrp_addr addr = { .family = strchr(text, ':') != NULL ? 6 : 4 };

	assert_int_equal(inet_pton(addr.family == 4 ? AF_INET : AF_INET6, text, addr.bytes), 1);
	return addr;
}

LAB_UNUSED static struct vrrp_time lab_now(void)
{
	struct timespec now;

	assert_int_equal(clock_gettime(CLOCK_BOOTTIME, &now), 0);
	return (struct vrrp_time){ now.tv_sec * VRRP_US_PER_S + now.tv_nsec / 1000 };
}

LAB_UNUSED static struct vrrp_time lab_in_ms(int64_t ms)
{
	return vrrp_time_add(lab_now(), ms * VRRP_US_PER_MS);
}

/* Waits until the descriptor is readable; false at the deadline. */
LAB_UNUSED static bool lab_wait_readable(int fd, int timeout_ms)
{
	struct pollfd pollfd = { .fd = fd, .events = POLLIN };

	return poll(&pollfd, 1, timeout_ms) == 1;
}

/* Repeats until the condition holds; fails the test at the deadline. */
#define LAB_UNTIL(condition)                                                                                           \
	do {                                                                                                           \
		struct vrrp_time lab_until_end = lab_in_ms(LAB_DEADLINE_MS);                                           \
		while (!(condition)) {                                                                                 \
			assert_true(vrrp_time_before(lab_now(), lab_until_end));                                       \
			(void)poll(NULL, 0, 1);                                                                        \
		}                                                                                                      \
	} while (0)

/* A packet socket on an interface of the present namespace; protocol in host byte order, 0 for sending only. */
LAB_UNUSED static int lab_packet_socket(int ifindex, uint16_t protocol)
{
	struct sockaddr_ll where = { .sll_family = AF_PACKET, .sll_protocol = htons(protocol), .sll_ifindex = ifindex };
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (const struct sockaddr *)&where, sizeof(where)), 0);
	return fd;
}

/* "02 00 0a" -> bytes; spaces are optional. Returns how many. */
LAB_UNUSED static size_t lab_hex(const char *text, uint8_t *ret_bytes, size_t room)
{
	size_t count = 0;

	while (*text != '\0') {
		char pair[3] = { 0 };

		if (*text == ' ') {
			text++;
			continue;
		}
		assert_true(count < room && text[1] != '\0');
		memcpy(pair, text, 2);
		ret_bytes[count++] = (uint8_t)strtoul(pair, NULL, 16);
		text += 2;
	}
	return count;
}

/* What the peer has in its neighbour table; family "-4" or "-6". */
LAB_UNUSED static bool lab_peer_knows(const char *family, const char *what)
{
	char command[160];
	int result;

	(void)snprintf(command, sizeof(command), "ip %s neigh show dev p0 | grep -q '%s'", family, what);
	lab_enter(lab.peer);
	result = system(command);
	lab_enter(lab.host);
	return result == 0;
}

#endif
