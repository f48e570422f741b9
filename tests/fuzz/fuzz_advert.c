/*
 * Any bytes as an advertisement: as a raw IPv4 socket's packet, and as a message of either family, once as they are and
 * once with a checksum made good. What is accepted must come out of encode and decode as it went in.
 *
 * clang -g -O1 -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all -I. -o fuzz_advert
 * tests/fuzz/fuzz_advert.c \ vrrp/advert.c vrrp/addr.c && ./fuzz_advert -max_len=4352 -max_total_time=60
 * tests/fuzz/corpus/fuzz_advert
 */
#include <assert.h>
#include <string.h>

#include "vrrp/addr.h"
#include "vrrp/advert.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const uint8_t *bytes, size_t length, const struct vrrp_advert_route *route)
{
	struct vrrp_advert advert;
	struct vrrp_advert again;
	uint8_t encoded[VRRP_ADVERT_BYTES_MAX];
	uint64_t value = 0;
	const enum vrrp_advert_drop reason = vrrp_advert_decode(bytes, length, route, &advert, &value);

	assert(reason < VRRP_ADVERT_DROP_COUNT);
	if (reason != VRRP_ADVERT_DROP_NONE) {
		return;
	}
	assert(route->ttl == VRRP_ADVERT_TTL && advert.vrid != 0 && advert.interval_cs != 0);
	assert(advert.address_count >= 1 && advert.address_count <= advert.address_total);
	for (unsigned pseudo_header = 0; pseudo_header < 2; pseudo_header++) {
		const size_t size = vrrp_advert_encode(&advert, route, pseudo_header != 0, encoded, sizeof(encoded));

		assert(vrrp_advert_decode(encoded, size, route, &again, NULL) == VRRP_ADVERT_DROP_NONE);
		assert(again.vrid == advert.vrid && again.priority == advert.priority);
		assert(again.interval_cs == advert.interval_cs && again.address_count == advert.address_count);
		for (unsigned i = 0; i < advert.address_count; i++) {
			assert(vrrp_addr_equal(&again.address[i], &advert.address[i]));
		}
	}
}

/* The message with the sum that makes it good for this route, by the encoder's own rule: IPv6's whole payload. */
static void check_summed(const uint8_t *data, size_t size, const struct vrrp_advert_route *route)
{
	static uint8_t bytes[VRRP_ADVERT_RECEIVE_BYTES];
	const size_t address_size = vrrp_addr_size(&route->source);
	size_t covered = size;
	uint32_t sum = 0;

	if (size < VRRP_ADVERT_HEADER_BYTES || size > sizeof(bytes)) {
		return;
	}
	memcpy(bytes, data, size);
	bytes[0] = 0x31;
	bytes[6] = 0;
	bytes[7] = 0;
	if (address_size == 4 && VRRP_ADVERT_HEADER_BYTES + 4U * bytes[3] < size) {
		covered = VRRP_ADVERT_HEADER_BYTES + 4U * bytes[3];
	}
	if (address_size == 16) {
		for (unsigned i = 0; i < 16; i++) {
			sum += (uint32_t)(route->source.bytes[i] + route->destination.bytes[i]) << (i % 2 == 0 ? 8 : 0);
		}
		sum += (uint32_t)size + VRRP_ADVERT_PROTOCOL;
	}
	for (size_t i = 0; i < covered; i++) {
		sum += (uint32_t)bytes[i] << (i % 2 == 0 ? 8 : 0);
	}
	while (sum > UINT16_MAX) {
		sum = (sum & 0xffff) + (sum >> 16);
	}
	sum = ~sum;
	bytes[6] = (uint8_t)(sum >> 8);
	bytes[7] = (uint8_t)sum;
	check(bytes, size, route);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct vrrp_advert_route route;
	size_t offset = 0;
	size_t length = 0;

	if (vrrp_advert_ipv4_payload(data, size, &route, &offset, &length) == VRRP_ADVERT_DROP_NONE) {
		assert(offset >= 20 && offset + length <= size);
		check(data + offset, length, &route);
		route.ttl = VRRP_ADVERT_TTL;
		check_summed(data + offset, length, &route);
	}
	for (uint8_t family = 4; family <= 6; family += 2) {
		route = (struct vrrp_advert_route){
			.source = vrrp_advert_group(family),
			.destination = vrrp_advert_group(family),
			.ttl = VRRP_ADVERT_TTL,
		};
		check(data, size, &route);
		check_summed(data, size, &route);
	}
	return 0;
}
