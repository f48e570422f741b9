/*
 * Floods a host with UDP packets as fast as one core sends them, or at a given rate: frames on a packet socket, so that
 * the source address may be anybody's.
 *
 * The payload is a file's bytes; eight of them, from --vary on, are random in each packet. Ends after --seconds or at
 * SIGTERM and prints one line: "<packets> <microseconds>".
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define BATCH 64
#define PAYLOAD_MAX 1400
#define HEADERS_BYTES (sizeof(struct ether_header) + sizeof(struct iphdr) + sizeof(struct udphdr))
#define VARY_BYTES sizeof(uint64_t)

static volatile sig_atomic_t stopping;

struct flood {
	struct in_addr source;
	struct in_addr target;
	uint8_t target_mac[ETH_ALEN];
	uint16_t source_port;
	uint16_t target_port;
	uint8_t payload[PAYLOAD_MAX];
	size_t payload_bytes;
	size_t vary_at;
	int64_t rate; /* packets a second, 0 = as many as there can be */
	int64_t span_us;
	int fd;
	uint8_t frame[BATCH][HEADERS_BYTES + PAYLOAD_MAX];
	struct iovec part[BATCH];
	struct mmsghdr message[BATCH];
	uint64_t random;
};

static void on_signal(int number)
{
	(void)number;
	stopping = 1;
}

static int64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static uint64_t next_random(struct flood *flood)
{
	flood->random ^= flood->random << 13;
	flood->random ^= flood->random >> 7;
	flood->random ^= flood->random << 17;
	return flood->random;
}

static uint16_t ip_checksum(const struct iphdr *ip)
{
	uint16_t word[sizeof(*ip) / 2];
	uint32_t sum = 0;

	memcpy(word, ip, sizeof(word));
	for (size_t i = 0; i < sizeof(word) / sizeof(word[0]); i++) {
		sum += word[i];
	}
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t) ~(sum + (sum >> 16));
}

static void make_frames(struct flood *flood, const uint8_t *own_mac)
{
	struct ether_header ether = { .ether_type = htons(ETHERTYPE_IP) };
	struct iphdr ip = { .version = 4, .ihl = 5, .ttl = 64, .protocol = IPPROTO_UDP };
	struct udphdr udp = { 0 };
	size_t bytes = HEADERS_BYTES + flood->payload_bytes;

	memcpy(ether.ether_dhost, flood->target_mac, ETH_ALEN);
	memcpy(ether.ether_shost, own_mac, ETH_ALEN);
	ip.tot_len = htons((uint16_t)(bytes - sizeof(ether)));
	ip.saddr = flood->source.s_addr;
	ip.daddr = flood->target.s_addr;
	ip.check = ip_checksum(&ip);
	udp.source = htons(flood->source_port);
	udp.dest = htons(flood->target_port);
	udp.len = htons((uint16_t)(sizeof(udp) + flood->payload_bytes)); /* checksum 0: none (RFC 768) */
	for (size_t i = 0; i < BATCH; i++) {
		uint8_t *at = flood->frame[i];

		memcpy(at, &ether, sizeof(ether));
		memcpy(at + sizeof(ether), &ip, sizeof(ip));
		memcpy(at + sizeof(ether) + sizeof(ip), &udp, sizeof(udp));
		memcpy(at + HEADERS_BYTES, flood->payload, flood->payload_bytes);
		flood->part[i] = (struct iovec){ at, bytes };
		flood->message[i].msg_hdr = (struct msghdr){ .msg_iov = &flood->part[i], .msg_iovlen = 1 };
	}
}

static int open_socket(struct flood *flood, const char *interface)
{
	struct ifreq request = { 0 };
	struct sockaddr_ll bound = { .sll_family = AF_PACKET };
	int one = 1;

	flood->fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (flood->fd < 0) {
		return -errno;
	}
	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", interface);
	if (ioctl(flood->fd, SIOCGIFHWADDR, &request) < 0) {
		return -errno;
	}
	bound.sll_ifindex = (int)if_nametoindex(interface);
	(void)setsockopt(flood->fd, SOL_PACKET, PACKET_QDISC_BYPASS, &one, sizeof(one));
	if (bind(flood->fd, (struct sockaddr *)&bound, sizeof(bound)) < 0) {
		return -errno;
	}
	make_frames(flood, (const uint8_t *)request.ifr_hwaddr.sa_data);
	return 0;
}

static void send_all(struct flood *flood)
{
	int64_t began_us = now_us(), at_us = began_us;
	uint64_t sent = 0;

	while (!stopping && at_us - began_us < flood->span_us) {
		int got;

		for (size_t i = 0; i < BATCH; i++) {
			uint64_t value = next_random(flood);

			memcpy(flood->frame[i] + HEADERS_BYTES + flood->vary_at, &value, VARY_BYTES);
		}
		got = sendmmsg(flood->fd, flood->message, BATCH, 0);
		sent += got > 0 ? (uint64_t)got : 0;
		at_us = now_us();
		if (flood->rate > 0) {
			int64_t due_us = began_us + (int64_t)(sent * 1000000 / (uint64_t)flood->rate);

			if (due_us > at_us) {
				usleep((useconds_t)(due_us - at_us));
			}
		}
	}
	printf("%llu %lld\n", (unsigned long long)sent, (long long)(at_us - began_us));
}

static bool read_payload(struct flood *flood, const char *path)
{
	FILE *file = fopen(path, "rb");

	if (!file) {
		return false;
	}
	flood->payload_bytes = fread(flood->payload, 1, sizeof(flood->payload), file);
	fclose(file);
	return flood->payload_bytes >= VARY_BYTES;
}

static bool parse_mac(const char *text, uint8_t *ret_mac)
{
	return sscanf(text, "%2hhx:%2hhx:%2hhx:%2hhx:%2hhx:%2hhx", ret_mac, ret_mac + 1, ret_mac + 2, ret_mac + 3,
		       ret_mac + 4, ret_mac + 5) == 6;
}

/* Takes one option; false if its value is wrong. */
static bool take_option(struct flood *flood, int option, const char *value)
{
	switch (option) {
	case 's':
		return inet_pton(AF_INET, value, &flood->source) == 1;
	case 't':
		return inet_pton(AF_INET, value, &flood->target) == 1;
	case 'm':
		return parse_mac(value, flood->target_mac);
	case 'p':
		flood->source_port = flood->target_port = (uint16_t)atoi(value);
		return flood->target_port != 0;
	case 'f':
		return read_payload(flood, value);
	case 'v':
		flood->vary_at = (size_t)atoi(value);
		return true;
	case 'r':
		return (flood->rate = atoll(value)) >= 0;
	case 'd':
		return (flood->span_us = atoll(value) * 1000000) > 0;
	default:
		return false;
	}
}

int main(int argc, char **argv)
{
	static const struct option options[] = { { "source", required_argument, NULL, 's' },
		{ "target", required_argument, NULL, 't' }, { "mac", required_argument, NULL, 'm' },
		{ "port", required_argument, NULL, 'p' }, { "payload", required_argument, NULL, 'f' },
		{ "vary", required_argument, NULL, 'v' }, { "rate", required_argument, NULL, 'r' },
		{ "seconds", required_argument, NULL, 'd' }, { NULL, 0, NULL, 0 } };
	static struct flood flood = { .random = 88172645463325252ULL };
	struct sigaction action = { .sa_handler = on_signal };
	int option, code;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (!take_option(&flood, option, optarg)) {
			fprintf(stderr, "flood: bad option or value\n");
			return 2;
		}
	}
	if (optind + 1 != argc || flood.span_us == 0 || flood.vary_at + VARY_BYTES > flood.payload_bytes) {
		fprintf(stderr,
			"usage: flood --source A --target A --mac M --port P --payload FILE --seconds N [--vary N] "
			"[--rate N] INTERFACE\n");
		return 2;
	}
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	code = open_socket(&flood, argv[optind]);
	if (code < 0) {
		fprintf(stderr, "flood: %s: %s\n", argv[optind], strerror(-code));
		return 1;
	}
	send_all(&flood);
	close(flood.fd);
	return 0;
}
