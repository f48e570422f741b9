/*
 * Any text as an address, with and without a prefix. What is taken must print as something that is taken for the same,
 * and the printed form must be its own.
 *
 * clang -g -O1 -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all -I. -o fuzz_addr tests/fuzz/fuzz_addr.c \
 *     vrrp/addr.c && ./fuzz_addr -max_len=64 -max_total_time=60 tests/fuzz/corpus/fuzz_addr
 */
#include <assert.h>
#include <string.h>

#include "vrrp/addr.h"

#define TEXT_MAX 100

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char text[TEXT_MAX + 1];
	char once[VRRP_PREFIX_TEXT_MAX];
	char twice[VRRP_PREFIX_TEXT_MAX];
	struct vrrp_addr addr;
	struct vrrp_addr again;
	uint8_t bits;
	uint8_t bits_again;

	if (size > TEXT_MAX) {
		return 0;
	}
	memcpy(text, data, size);
	text[size] = '\0';
	if (vrrp_addr_parse(text, &addr) == 0) {
		assert(strchr(text, '/') == NULL);
		assert(vrrp_addr_parse(vrrp_addr_format(&addr, once), &again) == 0);
		assert(vrrp_addr_equal(&addr, &again));
	}
	if (vrrp_addr_parse_prefix(text, &addr, &bits) == 0) {
		assert(bits <= 8 * vrrp_addr_size(&addr));
		assert(vrrp_addr_parse_prefix(vrrp_addr_format_prefix(&addr, bits, once), &again, &bits_again) == 0);
		assert(vrrp_addr_equal(&addr, &again) && bits == bits_again);
		assert(strcmp(vrrp_addr_format_prefix(&again, bits_again, twice), once) == 0);
	}
	return 0;
}
