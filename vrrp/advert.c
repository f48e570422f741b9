#include "vrrp/advert.h"

#include "vrrp/addr.h"

#include <assert.h>
#include <string.h>

#define TYPE_ADVERTISEMENT 1
#define INTERVAL_MASK 0x0fff /* the four bits above are reserved: sent as 0, ignored when received */
#define US_PER_CS (10 * VRRP_US_PER_MS)

/* IPv4's header (RFC 791). */
#define IP_HEADER_BYTES_MIN 20
#define IP_FRAGMENT_MASK 0x3fff /* more fragments, or an offset */

static uint16_t get_u16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static void put_u16(uint8_t *p, uint16_t value)
{
	p[0] = (uint8_t)(value >> 8);
	p[1] = (uint8_t)value;
}

/* Adds bytes to a one's complement sum of 16-bit words, not folded: 64 KiB cannot overflow 32 bits. */
static uint32_t sum_add(uint32_t sum, const uint8_t *bytes, size_t length)
{
	for (size_t i = 0; i + 1 < length; i += 2) {
		sum += get_u16(bytes + i);
	}
	if (length % 2 != 0) {
		sum += (uint32_t)bytes[length - 1] << 8;
	}
	return sum;
}

/* RFC 8200 section 8.1, and the same words for IPv4 (RFC 5798 section 5.2.8). */
static uint32_t pseudo_header_sum(const struct vrrp_advert_route *route, size_t length)
{
	uint32_t sum = 0;

	sum = sum_add(sum, route->source.bytes, vrrp_addr_size(&route->source));
	sum = sum_add(sum, route->destination.bytes, vrrp_addr_size(&route->destination));
	return sum + (uint32_t)length + VRRP_ADVERT_PROTOCOL;
}

static uint16_t sum_fold(uint32_t sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

static void assert_route(const struct vrrp_advert_route *route)
{
	assert(vrrp_addr_size(&route->source) != 0);
	assert(route->source.family == route->destination.family);
}

uint16_t vrrp_advert_interval_cs(int64_t advert_int_us)
{
	assert(advert_int_us > 0);
	const int64_t cs = (advert_int_us - 1) / US_PER_CS + 1;

	return cs < VRRP_ADVERT_INTERVAL_CS_MAX ? (uint16_t)cs : VRRP_ADVERT_INTERVAL_CS_MAX;
}

struct vrrp_addr vrrp_advert_group(uint8_t family)
{
	assert(family == 4 || family == 6);
	if (family == 4) {
		return (struct vrrp_addr){ .family = 4, .bytes = { 224, 0, 0, 18 } };
	}
	return (struct vrrp_addr){ .family = 6, .bytes = { [0] = 0xff, [1] = 0x02, [15] = 0x12 } };
}

struct vrrp_addr vrrp_advert_link_local(uint8_t vrid)
{
	assert(vrid != 0);
	return (struct vrrp_addr){
		.family = 6,
		.bytes = { 0xfe, 0x80, [8] = 0x02, 0x00, 0x5e, 0xff, 0xfe, 0x00, 0x02, vrid },
	};
}

bool vrrp_advert_init(struct vrrp_advert *ret_advert, uint8_t family, uint8_t vrid, uint8_t priority,
	int64_t advert_int_us, const struct vrrp_addr *addresses, size_t count)
{
	struct vrrp_advert advert = {
		.family = family,
		.vrid = vrid,
		.priority = priority,
		.interval_cs = vrrp_advert_interval_cs(advert_int_us),
	};
	bool found = false;

	assert(family == 4 || family == 6);
	assert(count <= VRRP_ADDRESSES_MAX);
	if (family == 6) {
		advert.address[advert.address_count++] = vrrp_advert_link_local(vrid);
	}
	for (size_t i = 0; i < count; i++) {
		if (addresses[i].family == family) {
			advert.address[advert.address_count++] = addresses[i];
			found = true;
		}
	}
	if (found) {
		advert.address_total = advert.address_count;
		*ret_advert = advert;
	}
	return found;
}

size_t vrrp_advert_encode(const struct vrrp_advert *advert, const struct vrrp_advert_route *route,
	bool ipv4_pseudo_header, uint8_t *bytes, size_t size)
{
	const size_t address_size = vrrp_addr_size(&route->source);
	size_t length = VRRP_ADVERT_HEADER_BYTES;
	uint32_t sum = 0;

	assert_route(route);
	assert(size >= VRRP_ADVERT_BYTES_MAX);
	assert(advert->family == route->source.family && advert->vrid != 0);
	assert(advert->address_count >= 1 && advert->address_count <= VRRP_ADVERT_ADDRESSES_MAX);
	assert(advert->interval_cs >= 1 && advert->interval_cs <= VRRP_ADVERT_INTERVAL_CS_MAX);

	bytes[0] = VRRP_ADVERT_VERSION << 4 | TYPE_ADVERTISEMENT;
	bytes[1] = advert->vrid;
	bytes[2] = advert->priority;
	bytes[3] = advert->address_count;
	put_u16(bytes + 4, advert->interval_cs);
	put_u16(bytes + VRRP_ADVERT_CHECKSUM_OFFSET, 0);
	for (unsigned i = 0; i < advert->address_count; i++) {
		assert(advert->address[i].family == advert->family);
		memcpy(bytes + length, advert->address[i].bytes, address_size);
		length += address_size;
	}
	sum = sum_add(sum, bytes, length);
	if (advert->family == 6 || ipv4_pseudo_header) {
		sum += pseudo_header_sum(route, length);
	}
	put_u16(bytes + VRRP_ADVERT_CHECKSUM_OFFSET, (uint16_t)~sum_fold(sum));
	return length;
}

/* length: header and addresses; total: with what stands behind them. */
static bool checksum_is_good(const uint8_t *bytes, size_t length, size_t total, const struct vrrp_advert_route *route)
{
	if (route->source.family == 6) {
		return sum_fold(sum_add(pseudo_header_sum(route, total), bytes, total)) == 0xffff;
	}
	const uint32_t sum = sum_add(0, bytes, length);

	return sum_fold(sum) == 0xffff || sum_fold(sum + pseudo_header_sum(route, length)) == 0xffff;
}

static enum vrrp_advert_drop drop(enum vrrp_advert_drop reason, uint64_t value, uint64_t *ret_value)
{
	if (ret_value != NULL) {
		*ret_value = value;
	}
	return reason;
}

/* What can be said of the message before its addresses are looked at, in the order of enum vrrp_advert_drop. */
static enum vrrp_advert_drop check_message(
	const uint8_t *bytes, size_t length, const struct vrrp_advert_route *route, uint64_t *ret_value)
{
	if (route->ttl != VRRP_ADVERT_TTL) {
		return drop(VRRP_ADVERT_DROP_TTL, route->ttl, ret_value);
	}
	if (length < VRRP_ADVERT_HEADER_BYTES || length > UINT16_MAX) {
		return drop(VRRP_ADVERT_DROP_LENGTH, length, ret_value);
	}
	if (bytes[0] >> 4 != VRRP_ADVERT_VERSION) {
		return drop(VRRP_ADVERT_DROP_VERSION, bytes[0] >> 4, ret_value);
	}
	if ((bytes[0] & 0x0f) != TYPE_ADVERTISEMENT) {
		return drop(VRRP_ADVERT_DROP_TYPE, bytes[0] & 0x0f, ret_value);
	}
	if (bytes[1] == 0) {
		return drop(VRRP_ADVERT_DROP_VRID, 0, ret_value);
	}
	if (bytes[3] == 0) {
		return drop(VRRP_ADVERT_DROP_COUNT_0, 0, ret_value);
	}
	const size_t needed = VRRP_ADVERT_HEADER_BYTES + bytes[3] * vrrp_addr_size(&route->source);

	if (length < needed) {
		return drop(VRRP_ADVERT_DROP_LENGTH, length, ret_value);
	}
	if (!checksum_is_good(bytes, needed, length, route)) {
		return drop(VRRP_ADVERT_DROP_CHECKSUM, get_u16(bytes + VRRP_ADVERT_CHECKSUM_OFFSET), ret_value);
	}
	if ((get_u16(bytes + 4) & INTERVAL_MASK) == 0) {
		return drop(VRRP_ADVERT_DROP_INTERVAL, 0, ret_value);
	}
	return VRRP_ADVERT_DROP_NONE;
}

enum vrrp_advert_drop vrrp_advert_decode(const uint8_t *bytes, size_t length, const struct vrrp_advert_route *route,
	struct vrrp_advert *ret_advert, uint64_t *ret_value)
{
	assert_route(route);
	const enum vrrp_advert_drop reason = check_message(bytes, length, route, ret_value);

	if (reason != VRRP_ADVERT_DROP_NONE) {
		return reason;
	}
	const size_t address_size = vrrp_addr_size(&route->source);
	const uint8_t count = bytes[3];
	struct vrrp_advert advert = {
		.family = route->source.family,
		.vrid = bytes[1],
		.priority = bytes[2],
		.address_count = count < VRRP_ADVERT_ADDRESSES_MAX ? count : VRRP_ADVERT_ADDRESSES_MAX,
		.address_total = count,
		.interval_cs = get_u16(bytes + 4) & INTERVAL_MASK,
		.trailer_bytes = (uint16_t)(length - VRRP_ADVERT_HEADER_BYTES - count * address_size),
	};

	for (unsigned i = 0; i < advert.address_count; i++) {
		advert.address[i] =
			vrrp_addr_from_bytes(bytes + VRRP_ADVERT_HEADER_BYTES + i * address_size, address_size);
	}
	*ret_advert = advert;
	return VRRP_ADVERT_DROP_NONE;
}

enum vrrp_advert_drop vrrp_advert_ipv4_payload(const uint8_t *packet, size_t length,
	struct vrrp_advert_route *ret_route, size_t *ret_offset, size_t *ret_length)
{
	if (length < IP_HEADER_BYTES_MIN) {
		return VRRP_ADVERT_DROP_LENGTH;
	}
	const size_t header = (size_t)(packet[0] & 0x0f) * 4;
	const size_t total = get_u16(packet + 2);

	if (packet[0] >> 4 != 4 || header < IP_HEADER_BYTES_MIN || packet[9] != VRRP_ADVERT_PROTOCOL ||
		(get_u16(packet + 6) & IP_FRAGMENT_MASK) != 0) {
		return VRRP_ADVERT_DROP_IP;
	}
	if (total < header || total > length) {
		return VRRP_ADVERT_DROP_LENGTH;
	}
	*ret_route = (struct vrrp_advert_route){
		.source = vrrp_addr_from_bytes(packet + 12, 4),
		.destination = vrrp_addr_from_bytes(packet + 16, 4),
		.ttl = packet[8],
	};
	*ret_offset = header;
	*ret_length = total - header;
	return VRRP_ADVERT_DROP_NONE;
}
