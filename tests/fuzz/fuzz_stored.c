/*
 * Any text as a stored state. What is taken must be written and read as the same again, and within what the core
 * believes possible; the text that was taken and the one that is written differ at most in boot ids.
 *
 * clang -g -O1 -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all -I. -o fuzz_stored
 * tests/fuzz/fuzz_stored.c vipd/stored_text.c vipd/stored_text_read.c vrrp/history.c vrrp/members.c vrrp/ballot.c
 * vrrp/err.c && ./fuzz_stored -max_len=4095 -max_total_time=60 tests/fuzz/corpus/fuzz_stored
 */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "vipd/stored_text.h"

#define BOOT "0f8a51c2-4a0e-4d6c-9d52-7a5c3f6f1c11"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_possible(const struct vrrp_stored *stored)
{
	assert(stored->history.count == 0 || vrrp_history_is_valid(&stored->history));
	assert(stored->master_seen.at.history.count == 0 || vrrp_history_is_valid(&stored->master_seen.at.history));
	assert(stored->last_lease_us >= 0 && stored->long_grant_us >= 0);
	assert(stored->long_grant.expires.us >= 0 && stored->long_grant.run_start.us >= 0);
}

static size_t lines(const char *text)
{
	size_t count = 0;

	for (; *text != '\0'; text++) {
		count += *text == '\n';
	}
	return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char text[STORED_TEXT_SIZE];
	char once[STORED_TEXT_SIZE];
	char twice[STORED_TEXT_SIZE];
	struct vrrp_stored stored;
	struct vip_err err = { "" };
	struct stored_owner owner = { 0 };

	if (size >= sizeof(text)) {
		return 0;
	}
	memcpy(text, data, size);
	text[size] = '\0';
	if (stored_text_read(text, BOOT, &stored, &owner, &err) != 0) {
		assert(strncmp(err.text, "line ", 5) == 0);
		return 0;
	}
	assert(owner.member_id != 0 && owner.cluster != 0 && owner.instance[0] != '\0');
	check_possible(&stored);
	stored_text_write(&stored, BOOT, &owner, once, sizeof(once));
	assert(lines(once) == lines(text));
	assert(stored_text_read(once, BOOT, &stored, &owner, &err) == 0);
	stored_text_write(&stored, BOOT, &owner, twice, sizeof(twice));
	assert(strcmp(once, twice) == 0);
	return 0;
}
