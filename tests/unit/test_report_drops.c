/*
 * Spoiled reports: cut at every length, every bit flipped, every field out of its range. Each is dropped for its reason
 * and leaves the caller's report as it was.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/report_samples.h"

#define UNTOUCHED 0x77

static void packet(uint8_t bytes[SIZE])
{
	const struct vrrp_report report = golden_report();

	memset(bytes, 0, SIZE);
	assert_int_equal(vrrp_report_encode(&report, &AUTH, bytes, SIZE), LENGTH);
}

/* Decodes; a drop must not have written the report, and must give the same reason without ret_value. */
static enum vrrp_drop decode(const uint8_t *bytes, size_t length, uint64_t *ret_value)
{
	struct vrrp_report report;
	uint8_t before[sizeof(report)];

	memset(&report, UNTOUCHED, sizeof(report));
	memset(before, UNTOUCHED, sizeof(before));
	const enum vrrp_drop reason = vrrp_report_decode(bytes, length, &EXPECT, &AUTH, &report, ret_value);

	if (reason != VRRP_DROP_NONE) {
		assert_memory_equal(&report, before, sizeof(report));
	}
	return reason;
}

static void every_length_but_its_own_is_dropped(void **state)
{
	uint8_t bytes[SIZE + 1] = { 0 };

	(void)state;
	packet(bytes);
	assert_int_equal(decode(bytes, LENGTH, NULL), VRRP_DROP_NONE);
	for (size_t length = 0; length <= SIZE + 1; length++) {
		uint64_t value = 0;

		if (length != LENGTH) {
			assert_int_equal(decode(bytes, length, &value), VRRP_DROP_LENGTH);
			assert_int_equal(value, length);
		}
	}
}

/* The same where the length field is honest and the signature good: too short is too short. */
static void a_signed_packet_can_be_too_short_or_too_long(void **state)
{
	uint8_t bytes[SIZE + 1] = { 0 };

	(void)state;
	for (size_t length = 44; length < LENGTH; length++) {
		packet(bytes);
		sign_again(bytes, length);
		assert_int_equal(decode(bytes, length, NULL),
			length == BODY_FIRST + TRAILER ? VRRP_DROP_NONE : VRRP_DROP_LENGTH);
	}
	packet(bytes);
	sign_again(bytes, SIZE + 1);
	assert_int_equal(decode(bytes, SIZE + 1, NULL), VRRP_DROP_LENGTH);
	sign_again(bytes, SIZE);
	assert_int_equal(decode(bytes, SIZE, NULL), VRRP_DROP_NONE);
}

/* What the first check to see a flipped bit at this offset says. */
static enum vrrp_drop reason_at(size_t offset)
{
	static const enum vrrp_drop PREFIX[] = { VRRP_DROP_MAGIC, VRRP_DROP_MAGIC, VRRP_DROP_MAGIC, VRRP_DROP_MAGIC,
		VRRP_DROP_VERSION, VRRP_DROP_VRID, VRRP_DROP_LENGTH, VRRP_DROP_LENGTH, VRRP_DROP_MEMBER };

	if (offset < VRRP_ARRAY_LENGTH(PREFIX)) {
		return PREFIX[offset];
	}
	return offset >= BODY && offset < BODY + VRRP_AUTH_KEY_ID_BYTES ? VRRP_DROP_KEY : VRRP_DROP_HMAC;
}

static void every_flipped_bit_is_noticed(void **state)
{
	uint8_t bytes[SIZE];

	(void)state;
	packet(bytes);
	for (size_t bit = 0; bit < 8 * LENGTH; bit++) {
		bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
		assert_int_equal(decode(bytes, LENGTH, NULL), reason_at(bit / 8));
		bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
	}
	assert_int_equal(decode(bytes, LENGTH, NULL), VRRP_DROP_NONE);
}

static void a_drop_names_the_value(void **state)
{
	static const struct {
		size_t offset;
		uint8_t byte;
		enum vrrp_drop reason;
		uint64_t value;
	} CASES[] = {
		{ 3, 'E', VRRP_DROP_MAGIC, 0x56495045 },
		{ 4, 2, VRRP_DROP_VERSION, 2 },
		{ 4, 0, VRRP_DROP_VERSION, 0 },
		{ 5, 52, VRRP_DROP_VRID, 52 },
		{ 5, 0, VRRP_DROP_VRID, 0 },
		{ 8, 3, VRRP_DROP_MEMBER, 3 },
		{ 8, 0, VRRP_DROP_MEMBER, 0 },
		{ BODY, 0, VRRP_DROP_KEY, 0x00adbeef },
		{ LENGTH - 1, 0, VRRP_DROP_HMAC, 0xdeadbeef },
	};
	uint8_t bytes[SIZE];

	(void)state;
	for (size_t i = 0; i < VRRP_ARRAY_LENGTH(CASES); i++) {
		uint64_t value = UINT64_MAX;

		packet(bytes);
		assert_int_not_equal(bytes[CASES[i].offset], CASES[i].byte);
		bytes[CASES[i].offset] = CASES[i].byte;
		assert_int_equal(decode(bytes, LENGTH, &value), CASES[i].reason);
		assert_int_equal(value, CASES[i].value);
	}
}

/* Another version may have any size: it is counted as another version. */
static void another_version_of_another_size(void **state)
{
	uint8_t bytes[SIZE];
	uint64_t value = 0;

	(void)state;
	packet(bytes);
	bytes[4] = 9;
	sign_again(bytes, 100);
	assert_int_equal(decode(bytes, 100, &value), VRRP_DROP_VERSION);
	assert_int_equal(value, 9);
}

static void a_verification_that_fails_drops(void **state)
{
	uint8_t bytes[SIZE];

	(void)state;
	packet(bytes);
	auth_result = -ENOMEM;
	assert_int_equal(decode(bytes, LENGTH, NULL), VRRP_DROP_HMAC);
	auth_result = 0;
	assert_int_equal(decode(bytes, LENGTH, NULL), VRRP_DROP_NONE);
}

/* Sets `size` bytes at `offset` to `byte` in an authentic packet; the drop must name the field at `field`. */
static void assert_content(size_t offset, size_t size, uint8_t byte, uint64_t field)
{
	uint8_t bytes[SIZE];
	uint64_t value = UINT64_MAX;

	packet(bytes);
	memset(bytes + offset, byte, size);
	sign_again(bytes, LENGTH);
	assert_int_equal(decode(bytes, LENGTH, &value), field == 0 ? VRRP_DROP_NONE : VRRP_DROP_CONTENT);
	assert_int_equal(value, field == 0 ? UINT64_MAX : field);
}

static void an_authentic_field_can_be_out_of_range(void **state)
{
	(void)state;
	assert_content(9, 1, VRRP_ROLE_COUNT - 1, 0);
	assert_content(9, 1, VRRP_ROLE_COUNT, 9);
	assert_content(9, 1, 255, 9);
	assert_content(13, 1, 3, 0);
	assert_content(13, 1, 4, 13);
	assert_content(16, 8, 0, 16);
	assert_content(24, 8, 0, 24);
	assert_content(239, 1, VRRP_HISTORY_MAX, 0);
	assert_content(239, 1, VRRP_HISTORY_MAX + 1, 239);
	assert_content(239, 1, 255, 239);
	assert_content(400, 1, 2, 0);
	assert_content(400, 1, 3, 400);
	assert_content(474, 1, VRRP_MEMBERS_MAX, 0);
	assert_content(474, 1, VRRP_MEMBERS_MAX + 1, 474);
	assert_content(474, 1, 255, 474);
	assert_content(836, 1, 2, 0);
	assert_content(836, 1, 4, 836); /* the fourth has no id */
	assert_content(836, 1, 10, 836);
	assert_content(843, 1, 1, 836);   /* twice the first */
	assert_content(849, 1, 1, 836);   /* not in order */
	assert_content(772, 64, 0xff, 0); /* any hash is one */
}

static void a_ballot_is_whole_or_absent(void **state)
{
	static const unsigned BALLOTS[] = { 76, 93, 110, 132, 171, 196, 409, 433, 457 };

	(void)state;
	for (size_t i = 0; i < VRRP_ARRAY_LENGTH(BALLOTS); i++) {
		const unsigned at = BALLOTS[i];

		assert_content(at, 8, 0, at);      /* member and incarnation without a counter */
		assert_content(at, 16, 0, at);     /* a member alone */
		assert_content(at + 16, 1, 0, at); /* no member */
		assert_content(at, 17, 0, 0);      /* absent */
		assert_content(at + 8, 8, 0, 0);   /* incarnation 0: another's business */
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_length_but_its_own_is_dropped),
		cmocka_unit_test(a_signed_packet_can_be_too_short_or_too_long),
		cmocka_unit_test(every_flipped_bit_is_noticed),
		cmocka_unit_test(a_drop_names_the_value),
		cmocka_unit_test(another_version_of_another_size),
		cmocka_unit_test(a_verification_that_fails_drops),
		cmocka_unit_test(an_authentic_field_can_be_out_of_range),
		cmocka_unit_test(a_ballot_is_whole_or_absent),
	};

	return cmocka_run_group_tests_name("report_drops", tests, NULL, NULL);
}
