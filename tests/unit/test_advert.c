/*
 * Advertisements: committed bytes of both families and both checksums, random round trips, and every way to spoil one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "vrrp/addr.h"
#include "vrrp/advert.h"
#include "vrrp/prng.h"

#define SIZE VRRP_ADVERT_BYTES_MAX
#define RANDOM_ADVERTS 20000

/* VRID 51, priority 150, 250 ms; made by another program. 10.0.0.10 and .11 from 10.0.0.1 ... */
static const char GOLDEN_IPV4[] = "\x31\x33\x96\x02\x00\x19\x24\x9c\x0a\x00\x00\x0a\x0a\x00\x00\x0b";
static const char GOLDEN_IPV4_PSEUDO[] = "\x31\x33\x96\x02\x00\x19\x3a\x08\x0a\x00\x00\x0a\x0a\x00\x00\x0b";
/* ... and 2001:db8::10 from fe80::1. */
static const char GOLDEN_IPV6[] = "\x31\x33\x96\x02\x00\x19\xad\x04\xfe\x80\x00\x00\x00\x00\x00\x00\x02\x00\x5e\xff"
				  "\xfe\x00\x02\x33\x20\x01\x0d\xb8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x10";

static struct vrrp_addr parse(const char *text)
{
	struct vrrp_addr addr = { 0 };

	assert_int_equal(vrrp_addr_parse(text, &addr), 0);
	return addr;
}

static struct vrrp_advert_route route_from(const char *source)
{
	const struct vrrp_addr addr = parse(source);

	return (struct vrrp_advert_route){ addr, vrrp_advert_group(addr.family), VRRP_ADVERT_TTL };
}

static struct vrrp_advert golden(uint8_t family)
{
	const struct vrrp_addr addresses[] = { parse("10.0.0.10"), parse("2001:db8::10"), parse("10.0.0.11") };
	struct vrrp_advert advert;

	assert_true(vrrp_advert_init(
		&advert, family, 51, 150, 250 * VRRP_US_PER_MS, addresses, VRRP_ARRAY_LENGTH(addresses)));
	return advert;
}

static void assert_advert_equal(const struct vrrp_advert *a, const struct vrrp_advert *b)
{
	assert_int_equal(a->family, b->family);
	assert_int_equal(a->vrid, b->vrid);
	assert_int_equal(a->priority, b->priority);
	assert_int_equal(a->interval_cs, b->interval_cs);
	assert_int_equal(a->address_count, b->address_count);
	assert_int_equal(a->address_total, b->address_total);
	assert_int_equal(a->trailer_bytes, b->trailer_bytes);
	for (unsigned i = 0; i < VRRP_ADVERT_ADDRESSES_MAX; i++) {
		assert_true(vrrp_addr_equal(&a->address[i], &b->address[i]));
	}
}

/* Decodes; a drop must not have written the advertisement. */
static enum vrrp_advert_drop decode(const uint8_t *bytes, size_t length, const struct vrrp_advert_route *route)
{
	struct vrrp_advert advert;
	uint8_t before[sizeof(advert)];

	memset(&advert, 0x77, sizeof(advert));
	memset(before, 0x77, sizeof(before));
	const enum vrrp_advert_drop reason = vrrp_advert_decode(bytes, length, route, &advert, NULL);

	if (reason != VRRP_ADVERT_DROP_NONE) {
		assert_memory_equal(&advert, before, sizeof(advert));
	}
	return reason;
}

static void assert_golden(
	const struct vrrp_advert *want, const char *source, bool pseudo, const char *bytes, size_t size)
{
	const struct vrrp_advert_route route = route_from(source);
	struct vrrp_advert have;
	uint8_t encoded[SIZE];

	assert_int_equal(vrrp_advert_encode(want, &route, pseudo, encoded, sizeof(encoded)), size);
	assert_memory_equal(encoded, bytes, size);
	assert_int_equal(vrrp_advert_decode(encoded, size, &route, &have, NULL), VRRP_ADVERT_DROP_NONE);
	assert_advert_equal(&have, want);
}

static void golden_bytes_both_ways(void **state)
{
	const struct vrrp_advert ipv4 = golden(4);
	const struct vrrp_advert ipv6 = golden(6);

	(void)state;
	assert_golden(&ipv4, "10.0.0.1", false, GOLDEN_IPV4, sizeof(GOLDEN_IPV4) - 1);
	assert_golden(&ipv4, "10.0.0.1", true, GOLDEN_IPV4_PSEUDO, sizeof(GOLDEN_IPV4_PSEUDO) - 1);
	assert_golden(&ipv6, "fe80::1", false, GOLDEN_IPV6, sizeof(GOLDEN_IPV6) - 1);
	assert_golden(&ipv6, "fe80::1", true, GOLDEN_IPV6, sizeof(GOLDEN_IPV6) - 1);
}

static struct vrrp_addr draw_addr(struct vrrp_prng *prng, uint8_t family)
{
	uint8_t bytes[16];

	for (unsigned i = 0; i < sizeof(bytes); i++) {
		bytes[i] = (uint8_t)vrrp_prng_next(prng);
	}
	return vrrp_addr_from_bytes(bytes, family == 4 ? 4 : 16);
}

static struct vrrp_advert draw_advert(struct vrrp_prng *prng)
{
	struct vrrp_advert advert = {
		.family = vrrp_prng_chance(prng, 1, 2) ? 4 : 6,
		.vrid = (uint8_t)vrrp_prng_range(prng, 1, 255),
		.priority = (uint8_t)vrrp_prng_next(prng),
		.address_count = (uint8_t)vrrp_prng_range(prng, 1, VRRP_ADVERT_ADDRESSES_MAX),
		.interval_cs = (uint16_t)vrrp_prng_range(prng, 1, VRRP_ADVERT_INTERVAL_CS_MAX),
	};

	advert.address_total = advert.address_count;
	for (unsigned i = 0; i < advert.address_count; i++) {
		advert.address[i] = draw_addr(prng, advert.family);
	}
	return advert;
}

static void random_adverts_survive_the_round_trip(void **state)
{
	struct vrrp_prng prng;

	(void)state;
	vrrp_prng_init(&prng, 8);
	for (unsigned i = 0; i < RANDOM_ADVERTS; i++) {
		const struct vrrp_advert want = draw_advert(&prng);
		const struct vrrp_advert_route route = { draw_addr(&prng, want.family), draw_addr(&prng, want.family),
			VRRP_ADVERT_TTL };
		struct vrrp_advert have;
		uint8_t bytes[SIZE];
		const size_t length =
			vrrp_advert_encode(&want, &route, vrrp_prng_chance(&prng, 1, 2), bytes, sizeof(bytes));

		assert_int_equal(vrrp_advert_decode(bytes, length, &route, &have, NULL), VRRP_ADVERT_DROP_NONE);
		assert_advert_equal(&have, &want);
	}
}

static void every_shorter_length_is_dropped(void **state)
{
	const struct vrrp_advert_route route = route_from("10.0.0.1");
	uint8_t bytes[sizeof(GOLDEN_IPV4)];

	(void)state;
	memcpy(bytes, GOLDEN_IPV4, sizeof(bytes));
	for (size_t length = 0; length < sizeof(GOLDEN_IPV4) - 1; length++) {
		assert_int_equal(decode(bytes, length, &route), VRRP_ADVERT_DROP_LENGTH);
	}
	assert_int_equal(decode(bytes, sizeof(GOLDEN_IPV4) - 1, &route), VRRP_ADVERT_DROP_NONE);
}

/*
 * The sum sees every single bit. (With IPv4's two accepted sums a flip could in principle lead from one to the other,
 * if the pseudo-header's own sum is a power of two; that of these addresses is none.)
 */
static void every_flipped_bit_is_noticed(void **state)
{
	static const struct {
		const char *source;
		const char *bytes;
		size_t size;
	} ROWS[] = {
		{ "10.0.0.1", GOLDEN_IPV4, sizeof(GOLDEN_IPV4) - 1 },
		{ "10.0.0.1", GOLDEN_IPV4_PSEUDO, sizeof(GOLDEN_IPV4_PSEUDO) - 1 },
		{ "fe80::1", GOLDEN_IPV6, sizeof(GOLDEN_IPV6) - 1 },
	};

	(void)state;
	for (size_t row = 0; row < VRRP_ARRAY_LENGTH(ROWS); row++) {
		const struct vrrp_advert_route route = route_from(ROWS[row].source);
		uint8_t bytes[SIZE];

		memcpy(bytes, ROWS[row].bytes, ROWS[row].size);
		for (size_t bit = 0; bit < 8 * ROWS[row].size; bit++) {
			bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
			assert_int_not_equal(decode(bytes, ROWS[row].size, &route), VRRP_ADVERT_DROP_NONE);
			bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
		}
		assert_int_equal(decode(bytes, ROWS[row].size, &route), VRRP_ADVERT_DROP_NONE);
	}
}

/* Of all 65,536 checksums IPv4 accepts two, IPv6 one (0 and 0xffff being one number). */
static void only_the_right_sums_are_accepted(void **state)
{
	const struct vrrp_advert_route ipv4 = route_from("10.0.0.1");
	const struct vrrp_advert_route ipv6 = route_from("fe80::1");
	unsigned good[2] = { 0 };
	uint8_t bytes[2][SIZE];

	(void)state;
	memcpy(bytes[0], GOLDEN_IPV4, sizeof(GOLDEN_IPV4));
	memcpy(bytes[1], GOLDEN_IPV6, sizeof(GOLDEN_IPV6));
	for (unsigned sum = 0; sum <= UINT16_MAX; sum++) {
		for (unsigned i = 0; i < 2; i++) {
			bytes[i][6] = (uint8_t)(sum >> 8);
			bytes[i][7] = (uint8_t)sum;
		}
		good[0] += decode(bytes[0], sizeof(GOLDEN_IPV4) - 1, &ipv4) == VRRP_ADVERT_DROP_NONE;
		good[1] += decode(bytes[1], sizeof(GOLDEN_IPV6) - 1, &ipv6) == VRRP_ADVERT_DROP_NONE;
	}
	assert_int_equal(good[0], 2);
	assert_int_equal(good[1], 1);
}

/* Sets a byte and makes the sum good again, so that only the field itself can be the reason. */
static void assert_dropped(unsigned offset, uint8_t byte, enum vrrp_advert_drop reason, uint64_t want_value)
{
	const struct vrrp_advert_route route = route_from("10.0.0.1");
	struct vrrp_advert advert;
	uint64_t value = UINT64_MAX;
	uint8_t bytes[SIZE] = { 0 };
	uint32_t sum = 0;
	const size_t length = sizeof(GOLDEN_IPV4) - 1;

	memcpy(bytes, GOLDEN_IPV4, length);
	bytes[offset] = byte;
	bytes[6] = 0;
	bytes[7] = 0;
	for (size_t i = 0; i < length; i += 2) {
		sum += (uint32_t)bytes[i] << 8 | bytes[i + 1];
	}
	sum = ~((sum & 0xffff) + (sum >> 16));
	bytes[6] = (uint8_t)(sum >> 8);
	bytes[7] = (uint8_t)sum;
	assert_int_equal(vrrp_advert_decode(bytes, length, &route, &advert, &value), reason);
	assert_int_equal(value, want_value);
	if (reason == VRRP_ADVERT_DROP_NONE) {
		assert_int_equal(advert.interval_cs, (bytes[4] & 0x0f) << 8 | bytes[5]);
	}
}

static void fields_out_of_range(void **state)
{
	(void)state;
	assert_dropped(0, 0x21, VRRP_ADVERT_DROP_VERSION, 2);
	assert_dropped(0, 0x41, VRRP_ADVERT_DROP_VERSION, 4);
	assert_dropped(0, 0x32, VRRP_ADVERT_DROP_TYPE, 2);
	assert_dropped(1, 0, VRRP_ADVERT_DROP_VRID, 0);
	assert_dropped(3, 0, VRRP_ADVERT_DROP_COUNT_0, 0);
	assert_dropped(3, 3, VRRP_ADVERT_DROP_LENGTH, 16);
	assert_dropped(3, 255, VRRP_ADVERT_DROP_LENGTH, 16);
	assert_dropped(5, 0, VRRP_ADVERT_DROP_INTERVAL, 0);         /* erratum 8301 */
	assert_dropped(4, 0xf0, VRRP_ADVERT_DROP_NONE, UINT64_MAX); /* reserved bits are ignored */
	assert_dropped(4, 0x0f, VRRP_ADVERT_DROP_NONE, UINT64_MAX);
	assert_dropped(2, 0, VRRP_ADVERT_DROP_NONE, UINT64_MAX);
	assert_dropped(2, 255, VRRP_ADVERT_DROP_NONE, UINT64_MAX);
}

static void only_a_neighbour_is_heard(void **state)
{
	struct vrrp_advert_route route = route_from("10.0.0.1");
	const uint8_t *bytes = (const uint8_t *)GOLDEN_IPV4;

	(void)state;
	for (unsigned ttl = 0; ttl < VRRP_ADVERT_TTL; ttl++) {
		route.ttl = (uint8_t)ttl;
		assert_int_equal(decode(bytes, sizeof(GOLDEN_IPV4) - 1, &route), VRRP_ADVERT_DROP_TTL);
	}
	route.ttl = VRRP_ADVERT_TTL;
	assert_int_equal(decode(bytes, sizeof(GOLDEN_IPV4) - 1, &route), VRRP_ADVERT_DROP_NONE);
}

/* A stranger's signature behind the addresses is counted; IPv4's sum does not cover it. */
static void a_trailer_is_counted(void **state)
{
	const struct vrrp_advert_route route = route_from("10.0.0.1");
	const size_t length = sizeof(GOLDEN_IPV4) - 1;
	uint8_t bytes[SIZE];
	struct vrrp_advert advert;

	(void)state;
	memset(bytes, 0xa5, sizeof(bytes));
	memcpy(bytes, GOLDEN_IPV4_PSEUDO, length);
	assert_int_equal(vrrp_advert_decode(bytes, length + 28, &route, &advert, NULL), VRRP_ADVERT_DROP_NONE);
	assert_int_equal(advert.trailer_bytes, 28);
	assert_int_equal(advert.address_count, 2);
}

/* A stranger may advertise more than we hold: all are counted, as many as fit are kept. */
static void more_addresses_than_ours_can_have(void **state)
{
	const struct vrrp_advert_route route = route_from("10.0.0.1");
	static uint8_t bytes[VRRP_ADVERT_HEADER_BYTES + 4 * 255] = { 0x31, 51, 100, 255, 0, 100 };
	struct vrrp_advert advert;
	const uint16_t sum = (uint16_t) ~(0x3133 + 0x64ff + 100);

	(void)state;
	bytes[6] = (uint8_t)(sum >> 8);
	bytes[7] = (uint8_t)sum;
	assert_int_equal(vrrp_advert_decode(bytes, sizeof(bytes), &route, &advert, NULL), VRRP_ADVERT_DROP_NONE);
	assert_int_equal(advert.address_total, 255);
	assert_int_equal(advert.address_count, VRRP_ADVERT_ADDRESSES_MAX);
	assert_int_equal(decode(bytes, sizeof(bytes) - 1, &route), VRRP_ADVERT_DROP_LENGTH);
}

static void the_interval_is_rounded_up(void **state)
{
	static const struct {
		int64_t us;
		uint16_t cs;
	} ROWS[] = { { 1, 1 }, { 10000, 1 }, { 10001, 2 }, { 15000, 2 }, { 20000, 2 }, { 250000, 25 }, { 251000, 26 },
		{ 10000000, 1000 }, { 40950000, 4095 }, { 40950001, 4095 }, { INT64_MAX, 4095 } };

	(void)state;
	for (size_t i = 0; i < VRRP_ARRAY_LENGTH(ROWS); i++) {
		assert_int_equal(vrrp_advert_interval_cs(ROWS[i].us), ROWS[i].cs);
	}
}

static void a_family_without_addresses_is_not_advertised(void **state)
{
	struct vrrp_addr addresses[VRRP_ADDRESSES_MAX];
	struct vrrp_advert advert = { 0 };
	char text[VRRP_ADDR_TEXT_MAX];

	(void)state;
	for (size_t i = 0; i < VRRP_ARRAY_LENGTH(addresses); i++) {
		addresses[i] = parse("2001:db8::10");
	}
	assert_false(vrrp_advert_init(&advert, 4, 1, 100, 1, addresses, VRRP_ADDRESSES_MAX));
	assert_false(vrrp_advert_init(&advert, 4, 1, 100, 1, addresses, 0));
	assert_false(vrrp_advert_init(&advert, 6, 1, 100, 1, addresses, 0));
	assert_int_equal(advert.address_count, 0);
	assert_true(vrrp_advert_init(&advert, 6, 255, 100, 1, addresses, VRRP_ADDRESSES_MAX));
	assert_int_equal(advert.address_count, VRRP_ADDRESSES_MAX + 1);
	assert_true(vrrp_addr_is_link_local(&advert.address[0]));
	assert_string_equal(vrrp_addr_format(&advert.address[0], text), "fe80::200:5eff:fe00:2ff");
}

static void the_groups(void **state)
{
	const struct vrrp_addr ipv4 = vrrp_advert_group(4);
	const struct vrrp_addr ipv6 = vrrp_advert_group(6);
	char text[VRRP_ADDR_TEXT_MAX];

	(void)state;
	assert_string_equal(vrrp_addr_format(&ipv4, text), "224.0.0.18");
	assert_string_equal(vrrp_addr_format(&ipv6, text), "ff02::12");
}

/* A raw IPv4 socket's packet: header with an option, the message, and Ethernet's padding. */
static void the_ipv4_header_is_taken_off(void **state)
{
	uint8_t packet[64] = { 0x46, 0xc0, 0, 24 + 16, 0, 1, 0, 0, 255, 112, 0, 0, 10, 0, 0, 1, 224, 0, 0, 18 };
	struct vrrp_advert_route route = { 0 };
	struct vrrp_advert advert;
	size_t offset = 77;
	size_t length = 77;

	(void)state;
	memcpy(packet + 24, GOLDEN_IPV4_PSEUDO, sizeof(GOLDEN_IPV4_PSEUDO) - 1);
	for (size_t size = 0; size < 40; size++) {
		assert_int_equal(
			vrrp_advert_ipv4_payload(packet, size, &route, &offset, &length), VRRP_ADVERT_DROP_LENGTH);
	}
	assert_int_equal(offset, 77);
	assert_int_equal(route.ttl, 0);
	assert_int_equal(vrrp_advert_ipv4_payload(packet, 64, &route, &offset, &length), VRRP_ADVERT_DROP_NONE);
	assert_int_equal(offset, 24);
	assert_int_equal(length, 16);
	assert_int_equal(route.ttl, 255);
	assert_int_equal(vrrp_advert_decode(packet + offset, length, &route, &advert, NULL), VRRP_ADVERT_DROP_NONE);
}

static void another_ip_packet_is_none_of_ours(void **state)
{
	static const struct {
		unsigned offset;
		uint8_t byte;
		enum vrrp_advert_drop reason;
	} ROWS[] = {
		{ 0, 0x65, VRRP_ADVERT_DROP_IP },     /* version 6 */
		{ 0, 0x44, VRRP_ADVERT_DROP_IP },     /* a header of 16 bytes */
		{ 9, 6, VRRP_ADVERT_DROP_IP },        /* TCP */
		{ 6, 0x20, VRRP_ADVERT_DROP_IP },     /* more fragments */
		{ 7, 1, VRRP_ADVERT_DROP_IP },        /* a later fragment */
		{ 6, 0x40, VRRP_ADVERT_DROP_NONE },   /* don't fragment */
		{ 3, 19, VRRP_ADVERT_DROP_LENGTH },   /* shorter than its header */
		{ 3, 37, VRRP_ADVERT_DROP_LENGTH },   /* longer than what came */
		{ 0, 0x4f, VRRP_ADVERT_DROP_LENGTH }, /* a header of 60 bytes */
		{ 3, 20, VRRP_ADVERT_DROP_NONE },     /* nothing in it: the decoder's to say */
	};

	(void)state;
	for (size_t i = 0; i < VRRP_ARRAY_LENGTH(ROWS); i++) {
		uint8_t packet[36] = { 0x45, 0xc0, 0, 36, 0, 1, 0, 0, 255, 112, 0, 0, 10, 0, 0, 1, 224, 0, 0, 18 };
		struct vrrp_advert_route route;
		size_t offset;
		size_t length;

		packet[ROWS[i].offset] = ROWS[i].byte;
		assert_int_equal(
			vrrp_advert_ipv4_payload(packet, sizeof(packet), &route, &offset, &length), ROWS[i].reason);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(golden_bytes_both_ways),
		cmocka_unit_test(random_adverts_survive_the_round_trip),
		cmocka_unit_test(every_shorter_length_is_dropped),
		cmocka_unit_test(every_flipped_bit_is_noticed),
		cmocka_unit_test(only_the_right_sums_are_accepted),
		cmocka_unit_test(fields_out_of_range),
		cmocka_unit_test(only_a_neighbour_is_heard),
		cmocka_unit_test(a_trailer_is_counted),
		cmocka_unit_test(more_addresses_than_ours_can_have),
		cmocka_unit_test(the_interval_is_rounded_up),
		cmocka_unit_test(a_family_without_addresses_is_not_advertised),
		cmocka_unit_test(the_groups),
		cmocka_unit_test(the_ipv4_header_is_taken_off),
		cmocka_unit_test(another_ip_packet_is_none_of_ours),
	};

	return cmocka_run_group_tests_name("advert", tests, NULL, NULL);
}
