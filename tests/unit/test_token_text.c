/* The token's text: what is written comes back, and nothing else is a token (attacks.md B5). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "vipd/token_text.h"

#define BOOT "0a1b2c3d-0000-4000-8000-123456789abc"
#define OTHER_BOOT "0a1b2c3d-0000-4000-8000-123456789abd"

static char text[TOKEN_TEXT_SIZE];

static struct vrrp_token sample(void)
{
	struct vrrp_token token = { .ballot = { UINT64_MAX, UINT64_MAX, 255 }, .lease_end = { INT64_MAX } };

	for (unsigned i = 0; i < VRRP_DIGEST_BYTES; i++) {
		token.digest[i] = (uint8_t)(255 - 7 * i);
	}
	return token;
}

static int read_back(const char *from, struct vrrp_token *ret_token)
{
	struct vip_err err = { "" };
	int code = token_text_read(from, BOOT, "orders", ret_token, &err);

	assert_true(code == 0 || err.text[0] != '\0');
	return code;
}

static void what_is_written_comes_back(void **state)
{
	struct vrrp_token token = sample();
	struct vrrp_token back;
	size_t len = token_text_write(&token, BOOT, "orders", text, sizeof(text));

	(void)state;
	assert_int_equal(len, strlen(text));
	assert_int_equal(text[len - 1], '\n');
	assert_int_equal(read_back(text, &back), 0);
	assert_true(vrrp_ballot_equal(&back.ballot, &token.ballot));
	assert_true(back.lease_end.us == token.lease_end.us);
	assert_memory_equal(back.digest, token.digest, VRRP_DIGEST_BYTES);
	assert_true(back.this_boot);
	token = (struct vrrp_token){ .ballot = { 1, 1, 1 }, .lease_end = { 1 } };
	(void)token_text_write(&token, BOOT, "orders", text, sizeof(text));
	assert_int_equal(read_back(text, &back), 0);
	assert_true(back.lease_end.us == 1);
}

static void another_boot_is_told(void **state)
{
	struct vrrp_token token = sample();
	struct vrrp_token back;

	(void)state;
	(void)token_text_write(&token, OTHER_BOOT, "orders", text, sizeof(text));
	assert_int_equal(read_back(text, &back), 0);
	assert_false(back.this_boot);
}

static void another_instances_token_is_none(void **state)
{
	struct vrrp_token token = sample();
	struct vrrp_token back = { .lease_end = { 5 } };

	(void)state;
	(void)token_text_write(&token, BOOT, "invoices", text, sizeof(text));
	assert_int_equal(read_back(text, &back), -EBADMSG);
	assert_true(back.lease_end.us == 5); /* untouched */
}

static void a_ballot_or_an_end_that_cannot_be_is_refused(void **state)
{
	struct vrrp_token token = sample();
	struct vrrp_token back;

	(void)state;
	token.ballot.counter = 0;
	(void)token_text_write(&token, BOOT, "orders", text, sizeof(text));
	assert_int_equal(read_back(text, &back), -EBADMSG);
	token = sample();
	token.ballot.member = 0;
	(void)token_text_write(&token, BOOT, "orders", text, sizeof(text));
	assert_int_equal(read_back(text, &back), -EBADMSG);
	token = sample();
	token.lease_end.us = 0;
	(void)token_text_write(&token, BOOT, "orders", text, sizeof(text));
	assert_int_equal(read_back(text, &back), -EBADMSG);
}

/* Each byte changed, each byte left out, and each beginning alone: another value, or refused; never out of bounds. */
static void damage_is_refused_or_is_another_token(void **state)
{
	struct vrrp_token token = sample();
	struct vrrp_token back;
	char broken[TOKEN_TEXT_SIZE];
	size_t len;

	(void)state;
	token.ballot = (struct vrrp_ballot){ 12, 0xabcd, 3 };
	token.lease_end.us = 123456;
	len = token_text_write(&token, BOOT, "orders", text, sizeof(text));
	for (size_t i = 0; i < len; i++) {
		memcpy(broken, text, len + 1);
		broken[i] = broken[i] == '\n' ? ' ' : '\n';
		assert_int_equal(read_back(broken, &back), -EBADMSG);
		memcpy(broken, text, len + 1);
		broken[i] = '\0';
		assert_int_equal(read_back(broken, &back), -EBADMSG);
		memcpy(broken, text, len + 1);
		memmove(broken + i, broken + i + 1, len - i);
		if (read_back(broken, &back) == 0) {
			assert_false(vrrp_ballot_equal(&back.ballot, &token.ballot) &&
				     back.lease_end.us == token.lease_end.us && back.this_boot);
		}
	}
	assert_true(len + sizeof("more=1\n") <= sizeof(broken));
	memcpy(broken, text, len);
	memcpy(broken + len, "more=1\n", sizeof("more=1\n"));
	assert_int_equal(read_back(broken, &back), -EBADMSG);
	assert_int_equal(read_back("", &back), -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_comes_back),
		cmocka_unit_test(another_boot_is_told),
		cmocka_unit_test(another_instances_token_is_none),
		cmocka_unit_test(a_ballot_or_an_end_that_cannot_be_is_refused),
		cmocka_unit_test(damage_is_refused_or_is_another_token),
	};

	return cmocka_run_group_tests_name("token's text", tests, NULL, NULL);
}
