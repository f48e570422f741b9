/*
 * VRRPv3 advertisements, RFC 9568 section 5: bytes <-> struct, for IPv4 and IPv6.
 *
 * On the wire a holder is an ordinary VRRPv3 master (protocol.md section 3); what is received elects nobody and only
 * raises an alarm. The bytes are those of the VRRP message: the IP header, TTL / hop limit 255 and the destination
 * group are the socket's; vrrp_advert_ipv4_payload() takes a raw IPv4 socket's header off.
 *
 * Checksum: IPv6 always with pseudo-header. IPv4: RFC 9568 section 5.2.8 leaves it out, RFC 5798 and most deployed
 * routers have it in: sent as the flag says, either is accepted, nothing else is. Bytes behind the addresses (some
 * routers append a signature) are counted and not looked at: IPv4's checksum does not cover them, IPv6's does.
 *
 * IPv6's first address is link-local (section 5.2.9). Ours is the modified EUI-64 of the virtual router's MAC
 * 00-00-5E-00-02-VRID: fe80::200:5eff:fe00:2VV. It is advertised only, never bound, so it collides with nobody.
 */
#ifndef VRRP_ADVERT_H
#define VRRP_ADVERT_H

#include "vrrp/base.h"

#define VRRP_ADVERT_PROTOCOL 112
#define VRRP_ADVERT_TTL 255
#define VRRP_ADVERT_VERSION 3
#define VRRP_ADVERT_HEADER_BYTES 8
#define VRRP_ADVERT_CHECKSUM_OFFSET 6                      /* for IPV6_CHECKSUM */
#define VRRP_ADVERT_ADDRESSES_MAX (VRRP_ADDRESSES_MAX + 1) /* IPv6: the link-local one in front */
#define VRRP_ADVERT_BYTES_MAX (VRRP_ADVERT_HEADER_BYTES + 16 * VRRP_ADVERT_ADDRESSES_MAX)
#define VRRP_ADVERT_RECEIVE_BYTES 4352 /* holds any: 60 of IP header, 8, 255 x 16, and a trailer */
#define VRRP_ADVERT_INTERVAL_CS_MAX 4095
#define VRRP_ADVERT_PRIORITY_RELEASE 0 /* the master lets go */

struct vrrp_advert {
	uint8_t family;         /* 4 or 6 */
	uint8_t vrid;           /* 1..255 */
	uint8_t priority;       /* 0 = lets go, 255 = owner */
	uint8_t address_count;  /* entries of `address`: 1..VRRP_ADVERT_ADDRESSES_MAX */
	uint8_t address_total;  /* decoded: as many as the packet had (1..255); encoding ignores it */
	uint16_t interval_cs;   /* Max Adver Int, 1..VRRP_ADVERT_INTERVAL_CS_MAX centiseconds */
	uint16_t trailer_bytes; /* decoded: bytes behind the addresses; encoding ignores it */
	struct vrrp_addr address[VRRP_ADVERT_ADDRESSES_MAX];
};

/* What the IP layer says of a packet; source and destination are those of the pseudo-header. */
struct vrrp_advert_route {
	struct vrrp_addr source;
	struct vrrp_addr destination;
	uint8_t ttl; /* or hop limit; encoding ignores it */
};

/* Why an advertisement was dropped, in the order of the checks. Words: vrrp_advert_drop_word(). */
enum vrrp_advert_drop {
	VRRP_ADVERT_DROP_NONE = 0, /* accepted */
	VRRP_ADVERT_DROP_IP,       /* no IPv4 header in front, a fragment, or another protocol */
	VRRP_ADVERT_DROP_TTL,      /* not 255: came through a router */
	VRRP_ADVERT_DROP_LENGTH,   /* shorter than its header or its addresses */
	VRRP_ADVERT_DROP_VERSION,  /* not 3 */
	VRRP_ADVERT_DROP_TYPE,     /* not an advertisement */
	VRRP_ADVERT_DROP_VRID,     /* 0 */
	VRRP_ADVERT_DROP_COUNT_0,  /* no address */
	VRRP_ADVERT_DROP_CHECKSUM,
	VRRP_ADVERT_DROP_INTERVAL, /* Max Adver Int 0 */
	VRRP_ADVERT_DROP_COUNT
};

/* advert_int in Max Adver Int's centiseconds: rounded up, held at 4095. advert_int_us > 0 (else: assert). */
uint16_t vrrp_advert_interval_cs(int64_t advert_int_us);

/* The multicast group: 224.0.0.18 or ff02::12. family: 4 or 6. */
struct vrrp_addr vrrp_advert_group(uint8_t family);

/* fe80::200:5eff:fe00:2VV, see above. vrid: 1..255. */
struct vrrp_addr vrrp_advert_link_local(uint8_t vrid);

/*
 * Fills an advertisement of one family with those of `addresses` that belong to it (IPv6: the link-local one in
 * front). Returns false, and nothing is to be sent, if there is none of that family; count is at most
 * VRRP_ADDRESSES_MAX, advert_int_us as above.
 */
bool vrrp_advert_init(struct vrrp_advert *ret_advert, uint8_t family, uint8_t vrid, uint8_t priority,
	int64_t advert_int_us, const struct vrrp_addr *addresses, size_t count);

/*
 * Writes the message and returns its bytes. size must be at least VRRP_ADVERT_BYTES_MAX; a field out of its range or
 * an address of another family is a programming error (assert). ipv4_pseudo_header: see the essay; IPv6 ignores it.
 */
size_t vrrp_advert_encode(const struct vrrp_advert *advert, const struct vrrp_advert_route *route,
	bool ipv4_pseudo_header, uint8_t *bytes, size_t size);

/*
 * Checks and decodes one message, without its IP header, of the family of route's addresses (both of one: assert).
 * *ret_advert is written only when VRRP_ADVERT_DROP_NONE is returned; *ret_value (may be NULL) is the offending value
 * otherwise. Any bytes are safe input. The VRID is the caller's to compare.
 */
enum vrrp_advert_drop vrrp_advert_decode(const uint8_t *bytes, size_t length, const struct vrrp_advert_route *route,
	struct vrrp_advert *ret_advert, uint64_t *ret_value);

/*
 * A raw IPv4 socket's packet: finds the message behind the IP header and fills *ret_route. *ret_offset and
 * *ret_length say where the message stands (link-layer padding cut off). VRRP_ADVERT_DROP_NONE, _IP or _LENGTH;
 * outputs are written only on success. The header's own checksum was the kernel's to test.
 */
enum vrrp_advert_drop vrrp_advert_ipv4_payload(const uint8_t *packet, size_t length,
	struct vrrp_advert_route *ret_route, size_t *ret_offset, size_t *ret_length);

/* Fixed words for log and status; never NULL, "?" for a value out of range. */
const char *vrrp_advert_drop_word(unsigned drop);

#endif
