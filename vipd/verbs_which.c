#include "vipd/verbs_which.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "vipd/control.h"

#define NAMES_SIZE (CONFIG_INSTANCES_MAX * (CONFIG_NAME_SIZE + 1))
#define SENTENCE_SIZE 160

/* Verbs that are of the whole daemon, or of each instance: status shows all. */
static bool is_of_all(const char *verb)
{
	static const char *const verbs[] = { "status", "version", "restart" };

	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		if (strcmp(verb, verbs[i]) == 0) {
			return true;
		}
	}
	return false;
}

json_t *verbs_which_check(const struct vip_config *config, const char *verb, const char *only)
{
	char names[NAMES_SIZE + SENTENCE_SIZE] = "there are:";
	char text[SENTENCE_SIZE];
	json_t *answer;

	if (only != NULL ? config_instance_find(config, only) != NULL
			 : config->instance_count == 1 || is_of_all(verb)) {
		return NULL;
	}
	for (size_t i = 0; i < config->instance_count; i++) {
		size_t used = strlen(names);

		(void)snprintf(names + used, sizeof(names) - used, " %s", config->instance[i].name);
	}
	if (only != NULL) {
		(void)snprintf(text, sizeof(text), "there is no instance %.*s here", CONFIG_NAME_SIZE, only);
	} else {
		(void)snprintf(text, sizeof(text), "there are several instances here: say which with --instance");
	}
	answer = control_error_new(text, names);
	if (answer != NULL) {
		(void)json_object_set_new(answer, "usage", json_true());
	}
	return answer;
}
