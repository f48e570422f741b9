#include "vrrp/addr.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define IPV4_BYTES 4
#define IPV6_BYTES 16
#define IPV6_GROUPS 8

/* No address is longer; a longer text is refused before it is looked at. */
#define ADDR_TEXT_LENGTH_MAX (VRRP_ADDR_TEXT_MAX - 1)

static int digit_value(char c)
{
	if (c >= '0' && c <= '9') {
		return c - '0';
	}
	if (c >= 'a' && c <= 'f') {
		return c - 'a' + 10;
	}
	if (c >= 'A' && c <= 'F') {
		return c - 'A' + 10;
	}
	return -1;
}

/*
 * A decimal number of 0..max without sign or leading zeros, as far as there are digits. Returns what follows it, or
 * NULL.
 */
static const char *parse_decimal(const char *text, unsigned max, uint8_t *ret_value)
{
	unsigned value = 0;
	const char *p = text;

	while (*p >= '0' && *p <= '9') {
		value = value * 10 + (unsigned)(*p - '0');
		p++;
		if (value > max || (p - text > 1 && *text == '0')) {
			return NULL;
		}
	}
	if (p == text) {
		return NULL;
	}
	*ret_value = (uint8_t)value;
	return p;
}

/* A dotted quad up to the text's end. */
static bool parse_ipv4(const char *text, uint8_t ret_bytes[IPV4_BYTES])
{
	for (unsigned i = 0; i < IPV4_BYTES; i++) {
		text = parse_decimal(text, UINT8_MAX, &ret_bytes[i]);
		if (text == NULL || *text != (i + 1 < IPV4_BYTES ? '.' : '\0')) {
			return false;
		}
		text++;
	}
	return true;
}

/* One group of 1 to 4 hex digits; returns what follows, or NULL. */
static const char *parse_group(const char *text, uint16_t *ret_group)
{
	unsigned value = 0;
	const char *p = text;

	while (digit_value(*p) >= 0) {
		if (p - text == 4) {
			return NULL;
		}
		value = value << 4 | (unsigned)digit_value(*p);
		p++;
	}
	*ret_group = (uint16_t)value;
	return p == text ? NULL : p;
}

/* The groups of a text, in order; at `gap` stands the "::" (-1: none). */
struct ipv6_groups {
	uint16_t group[IPV6_GROUPS];
	int count;
	int gap;
};

/* The dotted tail: two groups at once, and nothing may follow. */
static bool take_ipv4_tail(struct ipv6_groups *groups, const char *text)
{
	uint8_t quad[IPV4_BYTES];

	if (groups->count > IPV6_GROUPS - 2 || !parse_ipv4(text, quad)) {
		return false;
	}
	groups->group[groups->count++] = (uint16_t)(quad[0] << 8 | quad[1]);
	groups->group[groups->count++] = (uint16_t)(quad[2] << 8 | quad[3]);
	return true;
}

/* Reads "group:group::group"; every turn of the loop takes a group, so it ends after IPV6_GROUPS of them. */
static bool parse_groups(const char *text, struct ipv6_groups *groups)
{
	if (text[0] == ':') {
		if (text[1] != ':') {
			return false;
		}
		groups->gap = 0;
		text += 2;
		if (*text == '\0') {
			return true;
		}
	}
	while (groups->count < IPV6_GROUPS) {
		const char *next = parse_group(text, &groups->group[groups->count]);

		if (next == NULL) {
			return false;
		}
		if (*next == '.') {
			return take_ipv4_tail(groups, text);
		}
		groups->count++;
		if (*next == '\0') {
			return true;
		}
		if (*next != ':') {
			return false;
		}
		text = next + 1;
		if (*text == ':') {
			if (groups->gap >= 0) {
				return false;
			}
			groups->gap = groups->count;
			text++;
			if (*text == '\0') {
				return true;
			}
		}
	}
	return false; /* a ninth group */
}

static bool parse_ipv6(const char *text, uint8_t ret_bytes[IPV6_BYTES])
{
	struct ipv6_groups groups = { .gap = -1 };

	if (!parse_groups(text, &groups)) {
		return false;
	}
	/* "::" stands for one group at least; without it all eight must be there. */
	if (groups.gap >= 0 ? groups.count >= IPV6_GROUPS : groups.count != IPV6_GROUPS) {
		return false;
	}
	memset(ret_bytes, 0, IPV6_BYTES);
	for (int i = 0; i < groups.count; i++) {
		const int at = groups.gap < 0 || i < groups.gap ? i : IPV6_GROUPS - groups.count + i;

		ret_bytes[2 * at] = (uint8_t)(groups.group[i] >> 8);
		ret_bytes[2 * at + 1] = (uint8_t)groups.group[i];
	}
	return true;
}

int vrrp_addr_parse(const char *text, struct vrrp_addr *ret_addr)
{
	struct vrrp_addr addr = { 0 };

	if (strnlen(text, ADDR_TEXT_LENGTH_MAX + 1) > ADDR_TEXT_LENGTH_MAX) {
		return -EINVAL;
	}
	if (strchr(text, ':') == NULL) {
		addr.family = 4;
		if (!parse_ipv4(text, addr.bytes)) {
			return -EINVAL;
		}
	} else {
		addr.family = 6;
		if (!parse_ipv6(text, addr.bytes)) {
			return -EINVAL;
		}
	}
	*ret_addr = addr;
	return 0;
}

int vrrp_addr_parse_prefix(const char *text, struct vrrp_addr *ret_addr, uint8_t *ret_bits)
{
	char part[VRRP_ADDR_TEXT_MAX];
	struct vrrp_addr addr;
	const char *slash = strchr(text, '/');
	const size_t length = slash == NULL ? strlen(text) : (size_t)(slash - text);
	uint8_t bits;

	if (length >= sizeof(part)) {
		return -EINVAL;
	}
	memcpy(part, text, length);
	part[length] = '\0';
	if (vrrp_addr_parse(part, &addr) < 0) {
		return -EINVAL;
	}
	bits = (uint8_t)(vrrp_addr_size(&addr) * 8);
	if (slash != NULL) {
		const char *end = parse_decimal(slash + 1, bits, &bits);

		if (end == NULL || *end != '\0') {
			return -EINVAL;
		}
	}
	*ret_addr = addr;
	*ret_bits = bits;
	return 0;
}

static bool is_ipv4_mapped(const struct vrrp_addr *addr)
{
	static const uint8_t PREFIX[12] = { [10] = 0xff, [11] = 0xff };

	return addr->family == 6 && memcmp(addr->bytes, PREFIX, sizeof(PREFIX)) == 0;
}

/* The bytes of the IPv4 address that addr is or contains, or NULL. */
static const uint8_t *ipv4_part(const struct vrrp_addr *addr)
{
	if (addr->family == 4) {
		return addr->bytes;
	}
	return is_ipv4_mapped(addr) ? addr->bytes + IPV6_BYTES - IPV4_BYTES : NULL;
}

static unsigned group_at(const struct vrrp_addr *addr, unsigned i)
{
	return (unsigned)addr->bytes[2 * i] << 8 | addr->bytes[2 * i + 1];
}

/* The longest run of two zero groups or more, the first of equals (RFC 5952 section 4.2). Returns its length or 0. */
static unsigned longest_zero_run(const struct vrrp_addr *addr, unsigned *ret_start)
{
	unsigned best = 1;
	unsigned run = 0;

	for (unsigned i = 0; i < IPV6_GROUPS; i++) {
		run = group_at(addr, i) == 0 ? run + 1 : 0;
		if (run > best) {
			best = run;
			*ret_start = i + 1 - run;
		}
	}
	return best > 1 ? best : 0;
}

static void format_ipv6(const struct vrrp_addr *addr, char text[VRRP_ADDR_TEXT_MAX])
{
	unsigned start = IPV6_GROUPS;
	const unsigned run = longest_zero_run(addr, &start);
	size_t used = 0;

	for (unsigned i = 0; i < IPV6_GROUPS; i++) {
		if (i == start) {
			/* Two colons at either end, one beside a group that brings its own. */
			used += (size_t)snprintf(text + used, VRRP_ADDR_TEXT_MAX - used, "%s", i == 0 ? "::" : ":");
			i += run - 1;
			continue;
		}
		used += (size_t)snprintf(text + used, VRRP_ADDR_TEXT_MAX - used, "%x%s", group_at(addr, i),
			i + 1 < IPV6_GROUPS ? ":" : "");
	}
	assert(used < VRRP_ADDR_TEXT_MAX);
}

const char *vrrp_addr_format(const struct vrrp_addr *addr, char text[VRRP_ADDR_TEXT_MAX])
{
	const uint8_t *quad = ipv4_part(addr);

	if (quad != NULL) {
		(void)snprintf(text, VRRP_ADDR_TEXT_MAX, "%s%u.%u.%u.%u", addr->family == 6 ? "::ffff:" : "",
			(unsigned)quad[0], (unsigned)quad[1], (unsigned)quad[2], (unsigned)quad[3]);
	} else if (addr->family == 6) {
		format_ipv6(addr, text);
	} else {
		(void)snprintf(text, VRRP_ADDR_TEXT_MAX, "-");
	}
	return text;
}

const char *vrrp_addr_format_prefix(const struct vrrp_addr *addr, unsigned bits, char text[VRRP_PREFIX_TEXT_MAX])
{
	char part[VRRP_ADDR_TEXT_MAX];

	assert(bits <= vrrp_addr_size(addr) * 8);
	(void)snprintf(text, VRRP_PREFIX_TEXT_MAX, "%s/%u", vrrp_addr_format(addr, part), bits);
	return text;
}

struct vrrp_addr vrrp_addr_from_bytes(const void *bytes, size_t size)
{
	struct vrrp_addr addr = { .family = size == IPV4_BYTES ? 4 : 6 };

	assert(size == IPV4_BYTES || size == IPV6_BYTES);
	memcpy(addr.bytes, bytes, size);
	return addr;
}

bool vrrp_addr_equal(const struct vrrp_addr *a, const struct vrrp_addr *b)
{
	return vrrp_addr_compare(a, b) == 0;
}

int vrrp_addr_compare(const struct vrrp_addr *a, const struct vrrp_addr *b)
{
	if (a->family != b->family) {
		return a->family < b->family ? -1 : 1;
	}
	return memcmp(a->bytes, b->bytes, vrrp_addr_size(a));
}

bool vrrp_addr_same_prefix(const struct vrrp_addr *a, const struct vrrp_addr *b, unsigned bits)
{
	const size_t size = vrrp_addr_size(a);
	const size_t whole = bits / 8 < size ? bits / 8 : size;
	const unsigned rest = whole < size ? bits % 8 : 0;

	if (a->family != b->family || memcmp(a->bytes, b->bytes, whole) != 0) {
		return false;
	}
	return rest == 0 || (a->bytes[whole] ^ b->bytes[whole]) >> (8 - rest) == 0;
}

bool vrrp_addr_is_unspecified(const struct vrrp_addr *addr)
{
	static const uint8_t ZERO[IPV6_BYTES];
	const uint8_t *quad = ipv4_part(addr);

	return quad != NULL ? memcmp(quad, ZERO, IPV4_BYTES) == 0
			    : addr->family == 6 && memcmp(addr->bytes, ZERO, IPV6_BYTES) == 0;
}

bool vrrp_addr_is_loopback(const struct vrrp_addr *addr)
{
	static const uint8_t LOOPBACK[IPV6_BYTES] = { [15] = 1 };
	const uint8_t *quad = ipv4_part(addr);

	return quad != NULL ? quad[0] == 127 : addr->family == 6 && memcmp(addr->bytes, LOOPBACK, IPV6_BYTES) == 0;
}

bool vrrp_addr_is_link_local(const struct vrrp_addr *addr)
{
	const uint8_t *quad = ipv4_part(addr);

	return quad != NULL ? quad[0] == 169 && quad[1] == 254
			    : addr->family == 6 && addr->bytes[0] == 0xfe && (addr->bytes[1] & 0xc0) == 0x80;
}

bool vrrp_addr_is_multicast(const struct vrrp_addr *addr)
{
	const uint8_t *quad = ipv4_part(addr);

	return quad != NULL ? (quad[0] & 0xf0) == 0xe0 : addr->family == 6 && addr->bytes[0] == 0xff;
}

bool vrrp_addr_is_broadcast(const struct vrrp_addr *addr)
{
	static const uint8_t ONES[IPV4_BYTES] = { 0xff, 0xff, 0xff, 0xff };
	const uint8_t *quad = ipv4_part(addr);

	return quad != NULL && memcmp(quad, ONES, IPV4_BYTES) == 0;
}
