/*
 * The words for log and status: one for each value, no two the same, "?" for what a later release may send.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "vrrp/advert.h"
#include "vrrp/report.h"

static void assert_words(const char *(*word)(unsigned value), unsigned count, const char *alphabet)
{
	for (unsigned i = 0; i < count; i++) {
		assert_true(strlen(word(i)) > 1);
		assert_int_equal(strspn(word(i), alphabet), strlen(word(i)));
		for (unsigned j = 0; j < i; j++) {
			assert_string_not_equal(word(i), word(j));
		}
	}
	assert_string_equal(word(count), "?");
	assert_string_equal(word(count + 1), "?");
	assert_string_equal(word(255), "?");
	assert_string_equal(word(UINT32_MAX), "?");
}

#define SNAKE_CASE "abcdefghijklmnopqrstuvwxyz_"

static void roles(void **state)
{
	(void)state;
	assert_words(vrrp_role_word, VRRP_ROLE_COUNT, "ABCDEFGHIJKLMNOPQRSTUVWXYZ");
	assert_string_equal(vrrp_role_word(VRRP_ROLE_INIT), "INIT");
	assert_string_equal(vrrp_role_word(VRRP_ROLE_MASTER), "MASTER");
	assert_string_equal(vrrp_role_word(VRRP_ROLE_FAULT), "FAULT");
}

static void faults(void **state)
{
	(void)state;
	assert_words(vrrp_fault_word, VRRP_FAULT_COUNT, SNAKE_CASE);
	assert_string_equal(vrrp_fault_word(VRRP_FAULT_PG_DOWN), "pg_down");
	assert_string_equal(vrrp_fault_word(VRRP_FAULT_CONFIG_JUMP), "config_jump");
	assert_string_equal(vrrp_fault_word(VRRP_FAULT_HELD), "fault_hold");
	assert_string_equal(vrrp_fault_word(VRRP_FAULT_LEAVING), "leaving");
}

static void refusals(void **state)
{
	(void)state;
	assert_words(vrrp_refusal_word, VRRP_REFUSAL_COUNT, SNAKE_CASE);
	assert_string_equal(vrrp_refusal_word(VRRP_REFUSAL_VETO), "veto");
	assert_string_equal(vrrp_refusal_word(VRRP_REFUSAL_TARGET), "switchover_target");
}

static void drops(void **state)
{
	(void)state;
	assert_words(vrrp_drop_word, VRRP_DROP_COUNT, SNAKE_CASE);
	assert_string_equal(vrrp_drop_word(VRRP_DROP_NONE), "accepted");
	assert_string_equal(vrrp_drop_word(VRRP_DROP_HMAC), "hmac");
	assert_string_equal(vrrp_drop_word(VRRP_DROP_DUPLICATE), "duplicate_member");
}

static void advert_drops(void **state)
{
	(void)state;
	assert_words(vrrp_advert_drop_word, VRRP_ADVERT_DROP_COUNT, SNAKE_CASE);
	assert_string_equal(vrrp_advert_drop_word(VRRP_ADVERT_DROP_TTL), "ttl");
	assert_string_equal(vrrp_advert_drop_word(VRRP_ADVERT_DROP_INTERVAL), "interval");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(roles),
		cmocka_unit_test(faults),
		cmocka_unit_test(refusals),
		cmocka_unit_test(drops),
		cmocka_unit_test(advert_drops),
	};

	return cmocka_run_group_tests_name("words", tests, NULL, NULL);
}
