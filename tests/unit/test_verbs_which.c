/* Which instance a request is about: what vipctl(8) says of --instance, for all verbs alike. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "vipd/verbs_which.h"

static struct vip_config config;

static void instances(size_t count)
{
	static const char *const names[] = { "orders", "stock" };

	memset(&config, 0, sizeof(config));
	config.instance_count = count;
	for (size_t i = 0; i < count; i++) {
		(void)snprintf(config.instance[i].name, sizeof(config.instance[i].name), "%s", names[i]);
	}
}

static void goes_on(const char *verb, const char *only)
{
	assert_null(verbs_which_check(&config, verb, only));
}

/* A usage error that names all instances; `text` is part of the sentence. */
static void is_usage(const char *verb, const char *only, const char *text)
{
	json_t *answer = verbs_which_check(&config, verb, only);

	assert_non_null(answer);
	assert_true(json_is_false(json_object_get(answer, "ok")));
	assert_true(json_is_true(json_object_get(answer, "usage")));
	assert_non_null(strstr(json_string_value(json_object_get(answer, "error")), text));
	for (size_t i = 0; i < config.instance_count; i++) {
		assert_non_null(strstr(json_string_value(json_object_get(answer, "hint")), config.instance[i].name));
	}
	json_decref(answer);
}

static void one_instance_needs_no_name(void **state)
{
	(void)state;
	instances(1);
	goes_on("status", NULL);
	goes_on("pause", NULL);
	goes_on("switchover", NULL);
	goes_on("pause", "orders");
}

static void several_do_but_for_what_is_of_all(void **state)
{
	(void)state;
	instances(2);
	goes_on("status", NULL);
	goes_on("restart", NULL);
	goes_on("version", NULL);
	is_usage("pause", NULL, "--instance");
	is_usage("resume", NULL, "--instance");
	is_usage("switchover", NULL, "--instance");
	is_usage("accept-members", NULL, "--instance");
	goes_on("pause", "stock");
}

static void a_name_that_is_none_is_said_so(void **state)
{
	char longest[4096];

	(void)state;
	instances(2);
	is_usage("pause", "order", "no instance order ");
	is_usage("status", "order", "no instance order ");
	is_usage("pause", "", "no instance");
	memset(longest, 'a', sizeof(longest));
	longest[sizeof(longest) - 1] = '\0';
	is_usage("pause", longest, "no instance aaa");
}

/* As many as there may be, with names as long as they may be. */
static void all_names_fit(void **state)
{
	(void)state;
	memset(&config, 0, sizeof(config));
	config.instance_count = CONFIG_INSTANCES_MAX;
	for (size_t i = 0; i < CONFIG_INSTANCES_MAX; i++) {
		memset(config.instance[i].name, 'a' + (int)i, CONFIG_NAME_SIZE - 1);
	}
	is_usage("pause", NULL, "several");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_instance_needs_no_name),
		cmocka_unit_test(several_do_but_for_what_is_of_all),
		cmocka_unit_test(a_name_that_is_none_is_said_so),
		cmocka_unit_test(all_names_fit),
	};

	return cmocka_run_group_tests_name("verbs_which", tests, NULL, NULL);
}
