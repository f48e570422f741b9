#include "netlink/ndisc.h"

#include <assert.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define ETHERNET_BYTES 14
#define IPV6_BYTES 40
#define MESSAGE_BYTES 32 /* the advertisement and its option */
#define FLAG_ROUTER 0x80
#define FLAG_OVERRIDE 0x20

static uint32_t sum_words(uint32_t sum, const uint8_t *bytes, size_t size_bytes)
{
	for (size_t i = 0; i < size_bytes; i += 2) {
		sum += (uint32_t)bytes[i] << 8 | bytes[i + 1];
	}
	return sum;
}

/* RFC 8200 section 8.1: both addresses, length, next header, then the message (its checksum still 0). */
static uint16_t checksum(const uint8_t *addresses, const uint8_t *message)
{
	uint32_t sum = MESSAGE_BYTES + 58;

	sum = sum_words(sum, addresses, 32);
	sum = sum_words(sum, message, MESSAGE_BYTES);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

void ndisc_build(
	const uint8_t mac[6], const struct vrrp_addr *addr, bool is_router, uint8_t ret_frame[NDISC_FRAME_BYTES])
{
	static const uint8_t all_nodes_mac[6] = { 0x33, 0x33, 0, 0, 0, 1 };
	uint8_t *ip = ret_frame + ETHERNET_BYTES;
	uint8_t *message = ip + IPV6_BYTES;
	uint16_t sum;

	_Static_assert(ETHERNET_BYTES + IPV6_BYTES + MESSAGE_BYTES == NDISC_FRAME_BYTES, "the parts are the whole");
	assert(addr->family == 6);
	memset(ret_frame, 0, NDISC_FRAME_BYTES);
	memcpy(ret_frame, all_nodes_mac, 6);
	memcpy(ret_frame + 6, mac, 6);
	ret_frame[12] = 0x86;
	ret_frame[13] = 0xdd;

	ip[0] = 0x60;
	ip[5] = MESSAGE_BYTES;
	ip[6] = 58;  /* ICMPv6 */
	ip[7] = 255; /* RFC 4861: anything else is ignored */
	memcpy(ip + 8, addr->bytes, 16);
	ip[24] = 0xff; /* ff02::1 */
	ip[25] = 0x02;
	ip[39] = 0x01;

	message[0] = 136;
	message[4] = (uint8_t)(FLAG_OVERRIDE | (is_router ? FLAG_ROUTER : 0));
	memcpy(message + 8, addr->bytes, 16);
	message[24] = 2; /* target link-layer address */
	message[25] = 1; /* in units of 8 bytes */
	memcpy(message + 26, mac, 6);
	sum = checksum(ip + 8, message);
	message[2] = (uint8_t)(sum >> 8);
	message[3] = (uint8_t)sum;
}

int ndisc_send(struct nl_packet *packet, int ifindex, const uint8_t mac[6], const struct vrrp_addr *addr,
	bool is_router, struct vip_err *err)
{
	uint8_t frame[NDISC_FRAME_BYTES];

	ndisc_build(mac, addr, is_router, frame);
	return nl_packet_send(packet, ifindex, frame, sizeof(frame), err);
}

bool ndisc_is_router(const char *interface)
{
	char path[128];
	char value = '0';
	int fd;

	if (strchr(interface, '/') != NULL ||
		snprintf(path, sizeof(path), "/proc/sys/net/ipv6/conf/%s/forwarding", interface) >= (int)sizeof(path)) {
		return false;
	}
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		return false;
	}
	if (read(fd, &value, 1) != 1) {
		value = '0';
	}
	(void)close(fd);
	return value != '0';
}
