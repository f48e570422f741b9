/*
 * Text of addresses: what is taken, what is refused, how they are printed; glibc is the judge of random ones.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "vrrp/addr.h"
#include "vrrp/prng.h"

#define RANDOM_TEXTS 200000
#define RANDOM_ADDRESSES 50000

static struct vrrp_addr parse(const char *text)
{
	struct vrrp_addr addr = { 0 };

	assert_int_equal(vrrp_addr_parse(text, &addr), 0);
	return addr;
}

static void assert_refused(const char *text)
{
	struct vrrp_addr addr;
	struct vrrp_addr before;
	uint8_t bits = 77;

	memset(&addr, 0x77, sizeof(addr));
	before = addr;
	assert_int_equal(vrrp_addr_parse(text, &addr), -EINVAL);
	assert_int_equal(vrrp_addr_parse_prefix(text, &addr, &bits), -EINVAL);
	assert_memory_equal(&addr, &before, sizeof(addr));
	assert_int_equal(bits, 77);
}

/* Text in, canonical text out (RFC 5952). */
static void canonical_forms(void **state)
{
	static const char *const PAIRS[][2] = {
		{ "0.0.0.0", "0.0.0.0" },
		{ "10.0.0.10", "10.0.0.10" },
		{ "255.255.255.255", "255.255.255.255" },
		{ "::", "::" },
		{ "::1", "::1" },
		{ "1::", "1::" },
		{ "2001:DB8::10", "2001:db8::10" },
		{ "2001:0db8:0:0:0:0:0:10", "2001:db8::10" },
		{ "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8" },
		{ "1:0:3:4:5:6:7:8", "1:0:3:4:5:6:7:8" },
		{ "1::3:4:5:6:7:8", "1:0:3:4:5:6:7:8" },
		{ "1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0" },
		{ "::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8" },
		{ "1:0:0:4:0:0:7:8", "1::4:0:0:7:8" },
		{ "1:0:0:4:0:0:0:8", "1:0:0:4::8" },
		{ "0:0:3:4:5:6:0:0", "::3:4:5:6:0:0" },
		{ "1:2:3:4:5:6:0:0", "1:2:3:4:5:6::" },
		{ "fe80::200:5eff:fe00:233", "fe80::200:5eff:fe00:233" },
		{ "::ffff:10.0.0.1", "::ffff:10.0.0.1" },
		{ "::FFFF:a00:1", "::ffff:10.0.0.1" },
		{ "64:ff9b::10.0.0.1", "64:ff9b::a00:1" },
		{ "1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:102:304" },
		{ "ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff" },
	};

	(void)state;
	for (size_t i = 0; i < VRRP_ARRAY_LENGTH(PAIRS); i++) {
		const struct vrrp_addr addr = parse(PAIRS[i][0]);
		char text[VRRP_ADDR_TEXT_MAX];

		assert_string_equal(vrrp_addr_format(&addr, text), PAIRS[i][1]);
	}
}

static void what_is_refused(void **state)
{
	static const char *const TEXTS[] = { "", " ", "1", "1.2.3", "1.2.3.4.5", "1.2.3.", ".1.2.3", "1..2.3",
		"256.1.1.1", "1.1.1.256", "1.1.1.1000", "01.1.1.1", "1.1.1.00", "1.1.1.-1", "+1.1.1.1", " 1.1.1.1",
		"1.1.1.1 ", "0x1.1.1.1", "1.1.1.1\n", "a.b.c.d", "99999999999999999999.1.1.1", ":", ":::", "1:::2",
		"::1::", "1::2::3", ":1", "1:", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:", ":1:2:3:4:5:6:7",
		"1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7:8:", "1:2:3:4:5:6:7:8::", "1:2:3:4::5:6:7:8", "::1:2:3:4:5:6:7:8",
		"12345::", "::12345", "00001::", "g::", "::-1", "fe80::1%eth0", "::ffff:10.0.0", "::ffff:10.0.0.256",
		"::10.0.0.1:1", "1:2:3:4:5:6:7:1.2.3.4", "10.0.0.1::", "::1.2.3.4.5", "[::1]", "::1/", "/", "/24",
		"ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.2555",
		"0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000" };

	(void)state;
	for (size_t i = 0; i < VRRP_ARRAY_LENGTH(TEXTS); i++) {
		assert_refused(TEXTS[i]);
	}
}

static void prefixes(void **state)
{
	static const struct {
		const char *text;
		const char *canonical;
		uint8_t bits;
	} ROWS[] = {
		{ "10.0.0.10/24", "10.0.0.10/24", 24 },
		{ "10.0.0.10", "10.0.0.10/32", 32 },
		{ "10.0.0.10/0", "10.0.0.10/0", 0 },
		{ "10.0.0.10/32", "10.0.0.10/32", 32 },
		{ "2001:db8::10/64", "2001:db8::10/64", 64 },
		{ "2001:db8::10", "2001:db8::10/128", 128 },
		{ "::ffff:255.255.255.255/128", "::ffff:255.255.255.255/128", 128 },
		{ "ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255/128", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128",
			128 },
	};

	(void)state;
	for (size_t i = 0; i < VRRP_ARRAY_LENGTH(ROWS); i++) {
		struct vrrp_addr addr;
		uint8_t bits = 77;
		char text[VRRP_PREFIX_TEXT_MAX];

		assert_int_equal(vrrp_addr_parse_prefix(ROWS[i].text, &addr, &bits), 0);
		assert_int_equal(bits, ROWS[i].bits);
		assert_string_equal(vrrp_addr_format_prefix(&addr, bits, text), ROWS[i].canonical);
	}
	assert_refused("10.0.0.10/33");
	assert_refused("10.0.0.10/256");
	assert_refused("10.0.0.10/280");
	assert_refused("10.0.0.10/");
	assert_refused("10.0.0.10/024");
	assert_refused("10.0.0.10/ 24");
	assert_refused("10.0.0.10/24 ");
	assert_refused("10.0.0.10/24/24");
	assert_refused("::1/129");
	assert_refused("::1/-1");
}

/* Texts drawn from an address' alphabet: we say yes exactly when glibc does, and mean the same. */
static void random_texts_as_glibc_reads_them(void **state)
{
	static const char ALPHABET[] = "00112f:::::.%";
	unsigned taken = 0;
	struct vrrp_prng prng;

	(void)state;
	vrrp_prng_init(&prng, 6);
	for (unsigned i = 0; i < RANDOM_TEXTS; i++) {
		char text[24];
		const size_t length = (size_t)vrrp_prng_range(&prng, 0, sizeof(text) - 1);
		struct vrrp_addr addr = { 0 };
		uint8_t want[16] = { 0 };

		for (size_t c = 0; c < length; c++) {
			text[c] = ALPHABET[vrrp_prng_below(&prng, sizeof(ALPHABET) - 1)];
		}
		text[length] = '\0';
		const int family = strchr(text, ':') != NULL ? AF_INET6 : AF_INET;
		const bool good = inet_pton(family, text, want) == 1;

		assert_int_equal(vrrp_addr_parse(text, &addr), good ? 0 : -EINVAL);
		if (good) {
			assert_int_equal(addr.family, family == AF_INET6 ? 6 : 4);
			assert_memory_equal(addr.bytes, want, sizeof(want));
			taken++;
		}
	}
	assert_true(taken > 1000);
}

/* Many zero groups, so that runs of them compete. glibc prints ::1.2.3.4 for ::102:304, which RFC 5952 does not. */
static void random_addresses_as_glibc_prints_them(void **state)
{
	struct vrrp_prng prng;

	(void)state;
	vrrp_prng_init(&prng, 7);
	for (unsigned i = 0; i < RANDOM_ADDRESSES; i++) {
		uint8_t bytes[16] = { 0 };
		char have[VRRP_ADDR_TEXT_MAX];
		char want[INET6_ADDRSTRLEN];
		const bool ipv6 = vrrp_prng_chance(&prng, 3, 4);
		struct vrrp_addr addr;
		struct vrrp_addr again;

		for (unsigned b = 0; b < sizeof(bytes); b++) {
			bytes[b] = vrrp_prng_chance(&prng, 1, 4) ? (uint8_t)vrrp_prng_next(&prng) : 0;
		}
		bytes[0] |= 1;
		addr = vrrp_addr_from_bytes(bytes, ipv6 ? 16 : 4);
		assert_non_null(inet_ntop(ipv6 ? AF_INET6 : AF_INET, bytes, want, sizeof(want)));
		assert_string_equal(vrrp_addr_format(&addr, have), want);
		again = parse(have);
		assert_true(vrrp_addr_equal(&again, &addr));
	}
}

static void order_and_prefix(void **state)
{
	static const char *const ORDER[] = { "0.0.0.0", "9.255.255.255", "10.0.0.1", "10.0.0.2", "255.0.0.0",
		"::", "::1", "9::", "fe80::" };
	const struct vrrp_addr a = parse("10.1.128.1");
	const struct vrrp_addr b = parse("10.1.129.1");
	const struct vrrp_addr c = parse("2001:db8::1");
	const struct vrrp_addr d = parse("2001:db8::3");
	const struct vrrp_addr none = { 0 };

	(void)state;
	for (size_t i = 0; i < VRRP_ARRAY_LENGTH(ORDER); i++) {
		for (size_t j = 0; j < VRRP_ARRAY_LENGTH(ORDER); j++) {
			const struct vrrp_addr x = parse(ORDER[i]);
			const struct vrrp_addr y = parse(ORDER[j]);
			const int sign = vrrp_addr_compare(&x, &y);

			assert_int_equal((sign > 0) - (sign < 0), (i > j) - (i < j));
			assert_true(vrrp_addr_equal(&x, &y) == (i == j));
		}
	}
	assert_true(vrrp_addr_same_prefix(&a, &b, 0));
	assert_true(vrrp_addr_same_prefix(&a, &b, 23));
	assert_false(vrrp_addr_same_prefix(&a, &b, 24));
	assert_false(vrrp_addr_same_prefix(&a, &b, 32));
	assert_true(vrrp_addr_same_prefix(&a, &a, 32));
	assert_true(vrrp_addr_same_prefix(&a, &a, 128));
	assert_true(vrrp_addr_same_prefix(&c, &d, 126));
	assert_false(vrrp_addr_same_prefix(&c, &d, 127));
	assert_true(vrrp_addr_same_prefix(&c, &c, 128));
	assert_false(vrrp_addr_same_prefix(&a, &c, 0));
	assert_true(vrrp_addr_equal(&none, &none));
	assert_false(vrrp_addr_equal(&none, &a));
}

/* Which of the five predicates hold: u, o (loopback), l, m, b. */
static void assert_kind(const struct vrrp_addr *addr, const char *kind)
{
	assert_true(vrrp_addr_is_unspecified(addr) == (strchr(kind, 'u') != NULL));
	assert_true(vrrp_addr_is_loopback(addr) == (strchr(kind, 'o') != NULL));
	assert_true(vrrp_addr_is_link_local(addr) == (strchr(kind, 'l') != NULL));
	assert_true(vrrp_addr_is_multicast(addr) == (strchr(kind, 'm') != NULL));
	assert_true(vrrp_addr_is_broadcast(addr) == (strchr(kind, 'b') != NULL));
}

static void kinds(void **state)
{
	static const char *const ROWS[][2] = { { "0.0.0.0", "u" }, { "0.0.0.1", "" }, { "127.0.0.1", "o" },
		{ "127.255.255.255", "o" }, { "128.0.0.0", "" }, { "169.254.0.1", "l" }, { "169.253.255.255", "" },
		{ "169.255.0.0", "" }, { "223.255.255.255", "" }, { "224.0.0.18", "m" }, { "239.255.255.255", "m" },
		{ "240.0.0.0", "" }, { "255.255.255.255", "b" }, { "255.255.255.254", "" }, { "10.0.0.1", "" },
		{ "::", "u" }, { "::1", "o" }, { "::2", "" }, { "1::", "" }, { "fe80::", "l" }, { "febf::1", "l" },
		{ "fe7f::1", "" }, { "fec0::1", "" }, { "ff02::12", "m" }, { "feff::", "" }, { "2001:db8::1", "" },
		{ "::ffff:127.0.0.1", "o" }, { "::ffff:224.0.0.1", "m" }, { "::ffff:0.0.0.0", "u" },
		{ "::ffff:255.255.255.255", "b" }, { "::ffff:169.254.1.1", "l" } };
	const struct vrrp_addr none = { 0 };
	char text[VRRP_ADDR_TEXT_MAX];

	(void)state;
	for (size_t i = 0; i < VRRP_ARRAY_LENGTH(ROWS); i++) {
		const struct vrrp_addr addr = parse(ROWS[i][0]);

		assert_kind(&addr, ROWS[i][1]);
	}
	assert_kind(&none, "");
	assert_string_equal(vrrp_addr_format(&none, text), "-");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(canonical_forms),
		cmocka_unit_test(what_is_refused),
		cmocka_unit_test(prefixes),
		cmocka_unit_test(random_texts_as_glibc_reads_them),
		cmocka_unit_test(random_addresses_as_glibc_prints_them),
		cmocka_unit_test(order_and_prefix),
		cmocka_unit_test(kinds),
	};

	return cmocka_run_group_tests_name("addr", tests, NULL, NULL);
}
