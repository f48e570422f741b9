/*
 * The passive watcher: stands in the client's namespace, asks all the time who has the floating address, and records
 * every answer with its time and the MAC address it came from.
 *
 * Every interval it sends an ARP request, a neighbour solicitation, and, for each --mac, an ICMP and an ICMPv6 echo
 * request straight to that host: a client with an old neighbour entry would still be served by a host that answers
 * this, whatever ARP says. The sources are addresses that nobody has, so no host's neighbour entry for the client
 * moves.
 *
 * Output, one line an event; times are the kernel's receive stamps, in microseconds of CLOCK_BOOTTIME:
 *   <time> arp|na|echo4|echo6 <mac>         an answer
 *   <time> garp|una <mac>                   an announcement
 *   stat <rounds> <median us> <p99 us> <worst us> <interval us>      at the end: time between two rounds as it was
 */
#define _GNU_SOURCE
#include "probes.h"

#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <netinet/icmp6.h>
#include <netinet/if_ether.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/ip_icmp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define MACS_MAX 16
#define GAPS_MAX 1000000 /* rounds whose distance is kept for the statistics */
#define FLUSH_EVERY_ROUNDS 10

static volatile sig_atomic_t stopping;

struct watcher {
	struct probe_set probe;
	uint8_t host_mac[MACS_MAX][ETH_ALEN];
	size_t host_count;
	int64_t interval_us;
	FILE *output;
	int64_t last_round_us;
	uint32_t *gap_us;
	size_t gap_count;
};

static void on_signal(int number)
{
	(void)number;
	stopping = 1;
}

static int64_t clock_us(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void send_round(struct watcher *watcher)
{
	int64_t now_us = clock_us(CLOCK_BOOTTIME);

	if (watcher->last_round_us && watcher->gap_count < GAPS_MAX) {
		watcher->gap_us[watcher->gap_count++] = (uint32_t)(now_us - watcher->last_round_us);
	}
	watcher->last_round_us = now_us;
	watcher->probe.sequence++;
	if (watcher->probe.has4) {
		probe_send_arp(&watcher->probe);
	}
	if (watcher->probe.has6) {
		probe_send_solicitation(&watcher->probe);
	}
	for (size_t i = 0; i < watcher->host_count; i++) {
		if (watcher->probe.has4) {
			probe_send_echo4(&watcher->probe, watcher->host_mac[i]);
		}
		if (watcher->probe.has6) {
			probe_send_echo6(&watcher->probe, watcher->host_mac[i]);
		}
	}
}

/* What an ARP message says about the address, or NULL. */
static const char *judge_arp(const struct watcher *watcher, const uint8_t *bytes, size_t length)
{
	struct ether_arp arp;

	if (!watcher->probe.has4 || length < sizeof(arp)) {
		return NULL;
	}
	memcpy(&arp, bytes, sizeof(arp));
	if (memcmp(arp.arp_spa, &watcher->probe.target4, 4) != 0) {
		return NULL;
	}
	return memcmp(arp.arp_tpa, &watcher->probe.source4, 4) == 0 ? "arp" : "garp";
}

static const char *judge_ip4(const struct watcher *watcher, const uint8_t *bytes, size_t length)
{
	struct iphdr ip;
	struct icmphdr icmp;

	if (!watcher->probe.has4 || length < sizeof(ip)) {
		return NULL;
	}
	memcpy(&ip, bytes, sizeof(ip));
	if (ip.saddr != watcher->probe.target4.s_addr || ip.daddr != watcher->probe.source4.s_addr ||
		ip.protocol != IPPROTO_ICMP || length < ip.ihl * 4u + sizeof(icmp)) {
		return NULL;
	}
	memcpy(&icmp, bytes + ip.ihl * 4u, sizeof(icmp));
	return icmp.type == ICMP_ECHOREPLY && icmp.un.echo.id == htons(PROBE_ECHO_ID) ? "echo4" : NULL;
}

static const char *judge_ip6(const struct watcher *watcher, const uint8_t *bytes, size_t length)
{
	struct ip6_hdr ip;
	struct icmp6_hdr icmp;
	struct nd_neighbor_advert advert;

	if (!watcher->probe.has6 || length < sizeof(ip) + sizeof(icmp)) {
		return NULL;
	}
	memcpy(&ip, bytes, sizeof(ip));
	memcpy(&icmp, bytes + sizeof(ip), sizeof(icmp));
	if (ip.ip6_nxt != IPPROTO_ICMPV6) {
		return NULL;
	}
	if (icmp.icmp6_type == ICMP6_ECHO_REPLY) {
		bool ours =
			memcmp(&ip.ip6_src, &watcher->probe.target6, 16) == 0 && icmp.icmp6_id == htons(PROBE_ECHO_ID);

		return ours ? "echo6" : NULL;
	}
	if (icmp.icmp6_type != ND_NEIGHBOR_ADVERT || length < sizeof(ip) + sizeof(advert)) {
		return NULL;
	}
	memcpy(&advert, bytes + sizeof(ip), sizeof(advert));
	if (memcmp(&advert.nd_na_target, &watcher->probe.target6, 16) != 0) {
		return NULL;
	}
	return memcmp(&ip.ip6_dst, &watcher->probe.source6, 16) == 0 ? "na" : "una";
}

static void judge(struct watcher *watcher, const uint8_t *frame, size_t length, int64_t time_us)
{
	struct ether_header ether;
	const uint8_t *body = frame + sizeof(ether);
	const char *what = NULL;

	if (length < sizeof(ether)) {
		return;
	}
	memcpy(&ether, frame, sizeof(ether));
	length -= sizeof(ether);
	switch (ntohs(ether.ether_type)) {
	case ETHERTYPE_ARP:
		what = judge_arp(watcher, body, length);
		break;
	case ETHERTYPE_IP:
		what = judge_ip4(watcher, body, length);
		break;
	case ETHERTYPE_IPV6:
		what = judge_ip6(watcher, body, length);
		break;
	default:
		break;
	}
	if (what) {
		const uint8_t *mac = ether.ether_shost;

		fprintf(watcher->output, "%" PRId64 " %s %02x:%02x:%02x:%02x:%02x:%02x\n", time_us, what, mac[0],
			mac[1], mac[2], mac[3], mac[4], mac[5]);
	}
}

/* Reads one frame; its time is when the kernel received it. False if none was waiting. */
static bool receive(struct watcher *watcher)
{
	uint8_t frame[PROBE_FRAME_MAX];
	union {
		char bytes[CMSG_SPACE(sizeof(struct timespec))];
		struct cmsghdr align;
	} control;
	struct sockaddr_ll from;
	struct iovec part = { frame, sizeof(frame) };
	struct msghdr message = { .msg_name = &from,
		.msg_namelen = sizeof(from),
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control) };
	int64_t time_us = clock_us(CLOCK_BOOTTIME);
	int64_t offset_us = time_us - clock_us(CLOCK_REALTIME);
	ssize_t length = recvmsg(watcher->probe.fd, &message, MSG_DONTWAIT);

	if (length < 0) {
		return false;
	}
	if (from.sll_pkttype == PACKET_OUTGOING) {
		return true;
	}
	for (struct cmsghdr *item = CMSG_FIRSTHDR(&message); item; item = CMSG_NXTHDR(&message, item)) {
		if (item->cmsg_level == SOL_SOCKET && item->cmsg_type == SO_TIMESTAMPNS) {
			struct timespec stamp;

			memcpy(&stamp, CMSG_DATA(item), sizeof(stamp));
			time_us = (int64_t)stamp.tv_sec * 1000000 + stamp.tv_nsec / 1000 + offset_us;
		}
	}
	judge(watcher, frame, (size_t)length, time_us);
	return true;
}

/* Keeps ARP, ICMP and ICMPv6 that came in: the client's own traffic would wake the watcher for nothing. */
static int set_filter(int fd)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_H | BPF_ABS, (uint32_t)SKF_AD_OFF + SKF_AD_PKTTYPE),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PACKET_OUTGOING, 8, 0),
		BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 12),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETHERTYPE_ARP, 5, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETHERTYPE_IPV6, 2, 0),
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 23),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_ICMP, 2, 3),
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 20),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_ICMPV6, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, PROBE_FRAME_MAX),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	struct sock_fprog program = { sizeof(code) / sizeof(code[0]), code };

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) < 0 ? -errno : 0;
}

static int open_socket(struct watcher *watcher, const char *interface)
{
	struct ifreq request = { 0 };
	struct sockaddr_ll bound = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL) };
	int on = 1, bytes = 4 * 1024 * 1024;

	watcher->probe.fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(ETH_P_ALL));
	if (watcher->probe.fd < 0) {
		return -errno;
	}
	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", interface);
	if (ioctl(watcher->probe.fd, SIOCGIFHWADDR, &request) < 0) {
		return -errno;
	}
	memcpy(watcher->probe.mac, request.ifr_hwaddr.sa_data, ETH_ALEN);
	if (set_filter(watcher->probe.fd) < 0) {
		return -EINVAL;
	}
	bound.sll_ifindex = (int)if_nametoindex(interface);
	setsockopt(watcher->probe.fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes));
	if (setsockopt(watcher->probe.fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on)) < 0 ||
		bind(watcher->probe.fd, (struct sockaddr *)&bound, sizeof(bound)) < 0) {
		return -errno;
	}
	return 0;
}

static int compare_gaps(const void *a, const void *b)
{
	uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;

	return left < right ? -1 : left > right;
}

static void print_statistics(struct watcher *watcher)
{
	size_t count = watcher->gap_count;

	if (count == 0) {
		return;
	}
	qsort(watcher->gap_us, count, sizeof(*watcher->gap_us), compare_gaps);
	fprintf(watcher->output, "stat %zu %u %u %u %" PRId64 "\n", count, watcher->gap_us[count / 2],
		watcher->gap_us[count * 99 / 100], watcher->gap_us[count - 1], watcher->interval_us);
}

static int watch(struct watcher *watcher)
{
	struct itimerspec every = { { watcher->interval_us / 1000000, watcher->interval_us % 1000000 * 1000 },
		{ 0, 1 } };
	int timer = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK);
	struct pollfd fds[2] = { { watcher->probe.fd, POLLIN, 0 }, { timer, POLLIN, 0 } };
	uint64_t expired;

	if (timer < 0 || timerfd_settime(timer, 0, &every, NULL) < 0) {
		return -errno;
	}
	while (!stopping) {
		if (poll(fds, 2, -1) < 0 && errno != EINTR) {
			return -errno;
		}
		while (!stopping && receive(watcher)) {
		}
		if (read(timer, &expired, sizeof(expired)) == sizeof(expired)) {
			send_round(watcher);
			if (watcher->probe.sequence % FLUSH_EVERY_ROUNDS == 0) {
				fflush(watcher->output);
			}
		}
	}
	close(timer);
	return 0;
}

static bool parse_mac(const char *text, uint8_t *ret_mac)
{
	return sscanf(text, "%2hhx:%2hhx:%2hhx:%2hhx:%2hhx:%2hhx", ret_mac, ret_mac + 1, ret_mac + 2, ret_mac + 3,
		       ret_mac + 4, ret_mac + 5) == 6;
}

/* Takes one option; false if its value is wrong. */
static bool take_option(struct watcher *watcher, int option, const char *value)
{
	switch (option) {
	case '4':
		return watcher->probe.has4 = inet_pton(AF_INET, value, &watcher->probe.target4) == 1;
	case '6':
		return watcher->probe.has6 = inet_pton(AF_INET6, value, &watcher->probe.target6) == 1;
	case 's':
		return inet_pton(AF_INET, value, &watcher->probe.source4) == 1;
	case 'S':
		return inet_pton(AF_INET6, value, &watcher->probe.source6) == 1;
	case 't':
		return (watcher->interval_us = strtoll(value, NULL, 10)) > 0;
	case 'm':
		if (watcher->host_count == MACS_MAX || !parse_mac(value, watcher->host_mac[watcher->host_count])) {
			return false;
		}
		watcher->host_count++;
		return true;
	case 'o':
		return (watcher->output = fopen(value, "w")) != NULL;
	default:
		return false;
	}
}

int main(int argc, char **argv)
{
	static const struct option options[] = { { "v4", required_argument, NULL, '4' },
		{ "v6", required_argument, NULL, '6' }, { "source4", required_argument, NULL, 's' },
		{ "source6", required_argument, NULL, 'S' }, { "interval-us", required_argument, NULL, 't' },
		{ "mac", required_argument, NULL, 'm' }, { "output", required_argument, NULL, 'o' },
		{ NULL, 0, NULL, 0 } };
	struct sigaction action = { .sa_handler = on_signal };
	struct watcher watcher = { .interval_us = 5000 };
	int option, code;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (!take_option(&watcher, option, optarg)) {
			fprintf(stderr, "watcher: bad option or value\n");
			return 2;
		}
	}
	watcher.gap_us = calloc(GAPS_MAX, sizeof(*watcher.gap_us));
	if (optind + 1 != argc || !watcher.output || !watcher.gap_us) {
		fprintf(stderr,
			"usage: watcher --output FILE [--v4 A --source4 A] [--v6 A --source6 A] [--interval-us N] "
			"[--mac M]... INTERFACE\n");
		return 2;
	}
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	code = open_socket(&watcher, argv[optind]);
	if (code == 0) {
		code = watch(&watcher);
	}
	if (code < 0) {
		fprintf(stderr, "watcher: %s: %s\n", argv[optind], strerror(-code));
		return 1;
	}
	print_statistics(&watcher);
	free(watcher.gap_us);
	close(watcher.probe.fd);
	return fclose(watcher.output) == 0 ? 0 : 1;
}
