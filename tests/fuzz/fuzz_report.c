/*
 * Any bytes as a report: once as they are, once with a prefix that lets them through to the content. Whatever is
 * accepted must come out of encode and decode as it went in. Every signature is good here, else nothing would pass.
 *
 * clang -g -O1 -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all -I. -o fuzz_report
 * tests/fuzz/fuzz_report.c \ vrrp/report.c vrrp/ballot.c vrrp/members.c && ./fuzz_report -max_len=1300
 * -max_total_time=60 tests/fuzz/corpus/fuzz_report
 */
#include <assert.h>
#include <string.h>

#include "vrrp/report.h"

#define BODY 891
#define TRAILER 36

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int sign(void *context, const uint8_t *bytes, size_t length, uint8_t *ret_key_id, uint8_t *ret_mac)
{
	(void)context;
	(void)bytes;
	assert(length == BODY);
	memset(ret_key_id, 0x11, VRRP_AUTH_KEY_ID_BYTES);
	memset(ret_mac, 0x22, VRRP_AUTH_MAC_BYTES);
	return 0;
}

/* Reads all it is told to, so that a wrong length is found. */
static int verify(void *context, const uint8_t *bytes, size_t length, const uint8_t *key_id, const uint8_t *mac)
{
	unsigned sum = 0;

	for (size_t i = 0; i < length; i++) {
		sum += bytes[i];
	}
	sum += key_id[VRRP_AUTH_KEY_ID_BYTES - 1];
	*(unsigned *)context = sum + mac[VRRP_AUTH_MAC_BYTES - 1];
	return 0;
}

static unsigned consumed;
static const struct vrrp_auth AUTH = { .context = &consumed, .sign = sign, .verify = verify };

static void check(const uint8_t *bytes, size_t length)
{
	const struct vrrp_report_expect expect = {
		.vrid = vrrp_report_peek_vrid(bytes, length),
		.sender = length > 8 ? bytes[8] : 1,
	};
	struct vrrp_report report;
	struct vrrp_report again;
	uint8_t once[VRRP_REPORT_BYTES_MAX];
	uint8_t twice[VRRP_REPORT_BYTES_MAX];
	uint64_t value = 0;
	const enum vrrp_drop reason = vrrp_report_decode(bytes, length, &expect, &AUTH, &report, &value);

	assert(reason < VRRP_DROP_COUNT);
	if (reason != VRRP_DROP_NONE) {
		return;
	}
	const int encoded = vrrp_report_encode(&report, &AUTH, once, sizeof(once));

	assert(encoded == BODY + TRAILER);
	assert(vrrp_report_decode(once, (size_t)encoded, &expect, &AUTH, &again, NULL) == VRRP_DROP_NONE);
	assert(vrrp_report_encode(&again, &AUTH, twice, sizeof(twice)) == encoded);
	assert(memcmp(once, twice, (size_t)encoded) == 0);
	/* What is no unused entry is kept bit by bit: all before the lists, and all between them. */
	assert(memcmp(once + 8, bytes + 8, 240 - 8) == 0);
	if (length >= BODY + TRAILER) {
		assert(memcmp(once + 772, bytes + 772, 65) == 0);
		assert(memcmp(once + 837, bytes + 837, 6U * report.members.count) == 0);
	}
	assert(memcmp(once + 400, bytes + 400, 475 - 400) == 0);
	assert(memcmp(once + 240, bytes + 240, 20U * report.history.count) == 0);
	assert(memcmp(once + 475, bytes + 475, 33U * report.echo_count) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t PREFIX[6] = { 'V', 'I', 'P', 'D', VRRP_REPORT_VERSION, 51 };
	uint8_t bytes[VRRP_REPORT_BYTES_MAX] = { 0 };
	size_t length = size;

	check(data, size);
	if (length < BODY + TRAILER) {
		length = BODY + TRAILER;
	}
	if (length > sizeof(bytes)) {
		length = sizeof(bytes);
	}
	memcpy(bytes, data, size < length ? size : length);
	memcpy(bytes, PREFIX, sizeof(PREFIX));
	bytes[6] = (uint8_t)(length >> 8);
	bytes[7] = (uint8_t)length;
	check(bytes, length);
	return 0;
}
