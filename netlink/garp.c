#include "netlink/garp.h"

#include <assert.h>
#include <string.h>

void garp_build(
	const uint8_t mac[6], const struct vrrp_addr *addr, enum garp_form form, uint8_t ret_frame[GARP_FRAME_BYTES])
{
	/* Ethernet type ARP; hardware type Ethernet, protocol type IPv4, their lengths, first byte of the opcode. */
	static const uint8_t fixed[] = { 0x08, 0x06, 0x00, 0x01, 0x08, 0x00, 6, 4, 0x00 };
	uint8_t *next = ret_frame;

	assert(addr->family == 4);
	next = (uint8_t *)memset(next, 0xff, 6) + 6;
	next = (uint8_t *)memcpy(next, mac, 6) + 6;
	next = (uint8_t *)memcpy(next, fixed, sizeof(fixed)) + sizeof(fixed);
	*next++ = (uint8_t)form;
	next = (uint8_t *)memcpy(next, mac, 6) + 6;
	next = (uint8_t *)memcpy(next, addr->bytes, 4) + 4;
	if (form == GARP_REQUEST) {
		memset(next, 0xff, 6);
	} else {
		memcpy(next, mac, 6);
	}
	memcpy(next + 6, addr->bytes, 4);
}

int garp_send(
	struct nl_packet *packet, int ifindex, const uint8_t mac[6], const struct vrrp_addr *addr, struct vip_err *err)
{
	static const enum garp_form forms[] = { GARP_REQUEST, GARP_REPLY };
	int result = 0;

	for (size_t i = 0; i < VRRP_ARRAY_LENGTH(forms) && result == 0; i++) {
		uint8_t frame[GARP_FRAME_BYTES];

		garp_build(mac, addr, forms[i], frame);
		result = nl_packet_send(packet, ifindex, frame, sizeof(frame), err);
	}
	return result;
}
