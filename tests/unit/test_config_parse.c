/*
 * Words into values and back: durations, sizes, escaping.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "vipd/config_parse.h"
#include "vipd/text_escape.h"

static void durations_and_sizes_are_read_and_written_alike(void **state)
{
	static const struct {
		const char *text;
		int64_t us;
	} durations[] = { { "0s", 0 }, { "1us", 1 }, { "250ms", 250000 }, { "5s", 5000000 }, { "90s", 90000000 },
		{ "2min", 120000000 }, { "3h", INT64_C(10800000000) }, { "1d", INT64_C(86400000000) } };
	static const struct {
		const char *text;
		uint64_t bytes;
	} sizes[] = { { "0B", 0 }, { "1B", 1 }, { "10kB", 10240 }, { "16MB", 16 << 20 }, { "3GB", UINT64_C(3) << 30 },
		{ "2TB", UINT64_C(2) << 40 } };
	char text[32];

	(void)state;
	for (size_t i = 0; i < VRRP_ARRAY_LENGTH(durations); i++) {
		int64_t us = -1;

		assert_int_equal(config_duration_parse(durations[i].text, &us, NULL), 0);
		assert_int_equal(us, durations[i].us);
		config_duration_format(us, text, sizeof(text));
		assert_string_equal(text, durations[i].text);
	}
	for (size_t i = 0; i < VRRP_ARRAY_LENGTH(sizes); i++) {
		uint64_t bytes = 99;

		assert_int_equal(config_size_parse(sizes[i].text, &bytes, NULL), 0);
		assert_int_equal(bytes, sizes[i].bytes);
		config_size_format(bytes, text, sizeof(text));
		assert_string_equal(text, sizes[i].text);
	}
}

static void what_does_not_fit_is_refused_and_nothing_written(void **state)
{
	int64_t us = 42;
	uint64_t bytes = 42;

	(void)state;
	assert_int_equal(config_duration_parse("9223372036854775807us", &us, NULL), 0);
	assert_int_equal(us, INT64_MAX);
	us = 42;
	assert_int_equal(config_duration_parse("9223372036854775808us", &us, NULL), -ERANGE);
	assert_int_equal(config_duration_parse("9223372036854776ms", &us, NULL), -ERANGE);
	assert_int_equal(config_duration_parse("00000000000000000000001s", &us, NULL), -ERANGE);
	assert_int_equal(config_size_parse("8388608TB", &bytes, NULL), -ERANGE);
	assert_int_equal(config_duration_parse("", &us, NULL), -EINVAL);
	assert_int_equal(config_duration_parse("s", &us, NULL), -EINVAL);
	assert_int_equal(us, 42);
	assert_int_equal(bytes, 42);
}

static void control_characters_and_broken_utf8_are_escaped(void **state)
{
	static const char *const pairs[][2] = {
		{ "plain text", "plain text" },
		{ "l\303\244uft \342\202\254 \360\237\220\230", "l\303\244uft \342\202\254 \360\237\220\230" },
		{ "a\nb\tc\033[2Jd\177", "a\\x0ab\\x09c\\x1b[2Jd\\x7f" },
		{ "\302\233C1", "\\xc2\\x9bC1" },
		{ "\300\257 too long", "\\xc0\\xaf too long" },
		{ "\355\240\200", "\\xed\\xa0\\x80" },
		{ "\364\220\200\200", "\\xf4\\x90\\x80\\x80" },
		{ "cut \342\202", "cut \\xe2\\x82" },
		{ "\377", "\\xff" },
	};
	char text[64];

	(void)state;
	for (size_t i = 0; i < VRRP_ARRAY_LENGTH(pairs); i++) {
		assert_int_equal(text_escape(pairs[i][0], text, sizeof(text)), strlen(pairs[i][1]));
		assert_string_equal(text, pairs[i][1]);
	}
	assert_int_equal(text_escape("abc", text, 1), 0);
	assert_string_equal(text, "");
	assert_int_equal(text_escape("ab\n", text, 6), 2);      /* an escape is not cut */
	assert_int_equal(text_escape("a\303\244", text, 3), 1); /* nor a character */
	assert_string_equal(text, "a");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(durations_and_sizes_are_read_and_written_alike),
		cmocka_unit_test(what_does_not_fit_is_refused_and_nothing_written),
		cmocka_unit_test(control_characters_and_broken_utf8_are_escaped),
	};

	return cmocka_run_group_tests_name("config_parse", tests, NULL, NULL);
}
