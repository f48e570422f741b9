/*
 * vip_err_set: the code comes back unchanged, the sentence is cut and never run over, NULL is fine.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "vrrp/err.h"

static void returns_the_code_and_writes_the_sentence(void **state)
{
	struct vip_err err;

	(void)state;
	memset(&err, 'x', sizeof(err));
	assert_int_equal(vip_err_set(&err, -ENOENT, "open %s: %s", "/etc/a", "not there"), -ENOENT);
	assert_string_equal(err.text, "open /etc/a: not there");
}

static void null_means_that_the_number_is_enough(void **state)
{
	(void)state;
	assert_int_equal(vip_err_set(NULL, -EIO, "read %d", 3), -EIO);
}

static void a_long_sentence_is_cut_inside_the_struct(void **state)
{
	struct {
		struct vip_err err;
		char after[16];
	} box;
	char text[2 * VIP_ERR_TEXT_MAX];

	(void)state;
	memset(&box, '#', sizeof(box));
	memset(text, 'a', sizeof(text));
	text[sizeof(text) - 1] = 0;
	assert_int_equal(vip_err_set(&box.err, -E2BIG, "%s", text), -E2BIG);
	assert_int_equal(strlen(box.err.text), VIP_ERR_TEXT_MAX - 1);
	for (size_t i = 0; i < sizeof(box.after); i++) {
		assert_int_equal(box.after[i], '#');
	}
}

static void a_sentence_of_exactly_the_size_is_kept(void **state)
{
	struct vip_err err;
	char text[VIP_ERR_TEXT_MAX];

	(void)state;
	memset(text, 'b', sizeof(text));
	text[sizeof(text) - 1] = 0;
	assert_int_equal(vip_err_set(&err, -EIO, "%s", text), -EIO);
	assert_string_equal(err.text, text);
}

/* What comes from outside is an argument: percent signs in it stay what they are. */
static void text_from_outside_is_data(void **state)
{
	struct vip_err err;

	(void)state;
	assert_int_equal(vip_err_set(&err, -EPROTO, "PostgreSQL: %s", "%s%n 100%"), -EPROTO);
	assert_string_equal(err.text, "PostgreSQL: %s%n 100%");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(returns_the_code_and_writes_the_sentence),
		cmocka_unit_test(null_means_that_the_number_is_enough),
		cmocka_unit_test(a_long_sentence_is_cut_inside_the_struct),
		cmocka_unit_test(a_sentence_of_exactly_the_size_is_kept),
		cmocka_unit_test(text_from_outside_is_data),
	};

	return cmocka_run_group_tests_name("err", tests, NULL, NULL);
}
