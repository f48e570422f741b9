#include "vipd/config_parse.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "vrrp/track.h"

bool config_addr_equal(const struct vrrp_addr *a, const struct vrrp_addr *b)
{
	return a->family == b->family && memcmp(a->bytes, b->bytes, vrrp_addr_size(a)) == 0;
}

void config_host_format(const struct vrrp_addr *addr, char ret_text[CONFIG_HOST_TEXT_SIZE])
{
	int family = addr->family == 4 ? AF_INET : AF_INET6;

	if (addr->family == 0 || inet_ntop(family, addr->bytes, ret_text, CONFIG_HOST_TEXT_SIZE) == NULL) {
		snprintf(ret_text, CONFIG_HOST_TEXT_SIZE, "none");
	}
}

/* Why an address cannot stand for one host on a network, or NULL. */
static const char *addr_unusable(const struct vrrp_addr *addr)
{
	static const uint8_t zero[16];
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	const uint8_t *b = addr->bytes;

	if (memcmp(b, zero, vrrp_addr_size(addr)) == 0) {
		return "is no host's address";
	}
	if (addr->family == 4) {
		if (b[0] == 127) {
			return "is a loopback address: other hosts cannot reach it";
		}
		if (b[0] == 169 && b[1] == 254) {
			return "is link-local: write an address that the other hosts can reach";
		}
		return b[0] == 0 || b[0] >= 224 ? "is no host's address (multicast, broadcast or reserved)" : NULL;
	}
	if (memcmp(b, zero, 15) == 0 && b[15] == 1) {
		return "is the loopback address: other hosts cannot reach it";
	}
	if (b[0] == 0xfe && (b[1] & 0xc0) == 0x80) {
		return "is link-local: write a global or unique local address";
	}
	if (memcmp(b, mapped, sizeof(mapped)) == 0) {
		return "is an IPv4 address in IPv6 form: write it as 10.0.0.1";
	}
	return b[0] == 0xff ? "is a multicast address" : NULL;
}

int config_host_parse(const char *text, struct vrrp_addr *ret_addr, struct config_hint *hint)
{
	struct vrrp_addr addr = { 0 };
	const char *why;

	if (inet_pton(AF_INET, text, addr.bytes) == 1) {
		addr.family = 4;
	} else if (inet_pton(AF_INET6, text, addr.bytes) == 1) {
		addr.family = 6;
	} else {
		return config_hint_set(hint, -EINVAL,
			"write a numeric address without a prefix, as in \"10.0.0.1\" or \"2001:db8::1\" (host names "
			"are "
			"not looked up)");
	}
	why = addr_unusable(&addr);
	if (why != NULL) {
		return config_hint_set(hint, -EINVAL, "%s %s", text, why);
	}
	*ret_addr = addr;
	return 0;
}

/* The next word of *text into word (size bytes); returns its length, 0 at the end, -E2BIG if it does not fit. */
static int word_next(const char **text, char *word, size_t size)
{
	const char *start = *text + strspn(*text, " \t");
	size_t len = strcspn(start, " \t");

	if (len >= size) {
		return -E2BIG;
	}
	memcpy(word, start, len);
	word[len] = '\0';
	*text = start + len;
	return (int)len;
}

/* The first and the last address of a network are nobody's: routers answer for the one, all hosts hear the other. */
static const char *address_of_network(const struct config_address *address)
{
	unsigned bits = (unsigned)vrrp_addr_size(&address->addr) * 8;
	bool zeros = true;
	bool ones = true;

	if (address->prefix_len + 1U >= bits) { /* a host, or both ends of a link (RFC 3021, RFC 6164) */
		return NULL;
	}
	for (unsigned i = address->prefix_len; i < bits; i++) {
		bool bit = (address->addr.bytes[i / 8] >> (7 - i % 8) & 1) != 0;

		zeros = zeros && !bit;
		ones = ones && bit;
	}
	if (zeros) {
		return address->addr.family == 4 ? "is the network's own address"
						 : "is the subnet-router anycast address";
	}
	return ones && address->addr.family == 4 ? "is the network's broadcast address" : NULL;
}

static int address_prefix_parse(char *word, struct config_address *address, struct config_hint *hint)
{
	char *slash = strchr(word, '/');
	int64_t prefix_len = -1;
	const char *why;
	int code;

	if (slash != NULL) {
		*slash = '\0';
	}
	code = config_host_parse(word, &address->addr, hint);
	if (code < 0) {
		return code;
	}
	if (slash != NULL) {
		int max = address->addr.family == 4 ? 32 : 128;

		if (config_number_parse(slash + 1, 1, max, &prefix_len, NULL) < 0) {
			return config_hint_set(hint, -EINVAL, "write a prefix from 1 to %d after the /", max);
		}
	} else {
		prefix_len = address->addr.family == 4 ? 32 : 128;
	}
	address->prefix_len = (uint8_t)prefix_len;
	why = address_of_network(address);
	if (why != NULL) {
		return config_hint_set(hint, -EINVAL, "%s/%d %s: write a host's address in it, or another prefix", word,
			address->prefix_len, why);
	}
	return 0;
}

/* A label is an alias as ifconfig shows it: at most 15 characters, IPv4 only. */
static int address_label_parse(const char *word, struct config_address *address, struct config_hint *hint)
{
	size_t len = strlen(word);

	if (address->addr.family != 4) {
		return config_hint_set(hint, -EINVAL, "an IPv6 address has no label: leave it out");
	}
	if (len == 0 || len >= CONFIG_INTERFACE_SIZE || strchr(word, ':') == NULL || strchr(word, '/') != NULL) {
		return config_hint_set(hint, -EINVAL,
			"write the label as interface:word, at most %d characters, as in \"eth1:pg\"",
			CONFIG_INTERFACE_SIZE - 1);
	}
	memcpy(address->label, word, len + 1);
	return 0;
}

int config_address_parse(const char *text, struct config_address *ret_address, struct config_hint *hint)
{
	static const char *const message = "write \"10.0.0.10/24\" or \"10.0.0.10/24 dev eth1 label eth1:pg\"";
	struct config_address address = { 0 };
	char word[64];
	char value[64];
	int code;

	if (word_next(&text, word, sizeof(word)) <= 0) {
		return config_hint_set(hint, -EINVAL, "%s", message);
	}
	code = address_prefix_parse(word, &address, hint);
	if (code < 0) {
		return code;
	}
	/* At most two pairs: dev X, label Y. */
	for (int pairs = 0; (code = word_next(&text, word, sizeof(word))) > 0; pairs++) {
		if (pairs == 2 || word_next(&text, value, sizeof(value)) <= 0) {
			return config_hint_set(hint, -EINVAL, "%s", message);
		}
		if (strcmp(word, "dev") == 0 && address.interface[0] == '\0') {
			code = config_interface_parse(value, address.interface, hint);
		} else if (strcmp(word, "label") == 0 && address.label[0] == '\0') {
			code = address_label_parse(value, &address, hint);
		} else {
			return config_hint_set(hint, -EINVAL, "%s", message);
		}
		if (code < 0) {
			return code;
		}
	}
	if (code < 0) {
		return config_hint_set(hint, -EINVAL, "%s", message);
	}
	*ret_address = address;
	return 0;
}

int config_weight_parse(const char *text, int16_t *ret_weight, struct config_hint *hint)
{
	bool negative = text[0] == '-';
	int64_t number;

	if (config_number_parse(text + negative, 0, VRRP_TRACK_WEIGHT_MAX, &number, NULL) < 0) {
		return config_hint_set(
			hint, -EINVAL, "write a weight from -%d to %d", VRRP_TRACK_WEIGHT_MAX, VRRP_TRACK_WEIGHT_MAX);
	}
	*ret_weight = (int16_t)(negative ? -number : number);
	return 0;
}

int config_tracked_interface_parse(
	const char *text, char ret_name[CONFIG_INTERFACE_SIZE], int16_t *ret_weight, struct config_hint *hint)
{
	char name[CONFIG_INTERFACE_SIZE];
	char word[3][CONFIG_INTERFACE_SIZE] = { "", "", "" };
	const char *rest = text;
	int16_t weight = 0;
	int count = 0;
	int code;

	if (strpbrk(text, " \t") == NULL) {
		code = config_interface_parse(text, name, hint);
	} else {
		while (count < 3 && word_next(&rest, word[count], sizeof(word[count])) > 0) {
			count++;
		}
		if (count < 3 || rest[strspn(rest, " \t")] != '\0' || strcmp(word[1], "weight") != 0) {
			return config_hint_set(
				hint, -EINVAL, "write an interface, or one and its weight, as in \"eth1 weight -20\"");
		}
		code = config_interface_parse(word[0], name, hint);
		code = code < 0 ? code : config_weight_parse(word[2], &weight, hint);
	}
	if (code == 0) {
		memcpy(ret_name, name, sizeof(name));
		*ret_weight = weight;
	}
	return code;
}
