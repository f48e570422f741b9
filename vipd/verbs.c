#include "vipd/verbs.h"

#include <string.h>

#include "vipd/control.h"
#include "vipd/log.h"

static bool is_wanted(const struct instance *instance, const char *only)
{
	return only == NULL || strcmp(only, instance->own->name) == 0;
}

/* The whole process: an instance alone cannot be started anew. Refused while one of them takes or lets go a lease. */
static json_t *restart(struct instance *const *instance, size_t count, const char *only)
{
	json_t *names;

	if (only != NULL) {
		return control_error_new("a restart is of the whole daemon", "leave --instance out");
	}
	for (size_t i = 0; i < count; i++) {
		const struct vrrp_core *core = &instance[i]->core;

		if (core->stopping || core->restarting || core->role == VRRP_ROLE_PROMOTING ||
			core->role == VRRP_ROLE_LEAVING) {
			return control_error_new(core->stopping || core->restarting
							 ? "it is stopping or restarting already"
							 : "the lease is just being taken, or let go",
				"vipctl status shows when that is over");
		}
	}
	log_notice(NULL, "vipctl: restart");
	names = json_array();
	for (size_t i = 0; i < count; i++) {
		(void)json_array_append_new(names, json_string(instance[i]->own->name));
		instance_restart(instance[i]);
	}
	return json_pack("{s:b, s:{s:o}}", "ok", 1, "result", "restarting", names);
}

static json_t *set_pause(struct instance *const *instance, size_t count, const char *only, bool wanted)
{
	json_t *result = json_array();

	for (size_t i = 0; i < count; i++) {
		const struct vrrp_stored *stored = &instance[i]->core.stored;

		if (!is_wanted(instance[i], only)) {
			continue;
		}
		log_notice(instance[i]->own->name, "vipctl: %s", wanted ? "pause" : "resume");
		instance_pause(instance[i], wanted);
		(void)json_array_append_new(
			result, json_pack("{s:s, s:b, s:I}", "instance", instance[i]->own->name, "paused",
					stored->paused, "counter", (json_int_t)stored->pause_counter));
		if (stored->paused != wanted) {
			json_decref(result);
			return control_error_new("the pause counter is used up", "see vipd(8), pause");
		}
	}
	return json_pack("{s:b, s:o}", "ok", 1, "result", result);
}

json_t *verbs_request(struct instance *const *instance, size_t count, const char *verb, const char *only)
{
	if (strcmp(verb, "restart") == 0) {
		return restart(instance, count, only);
	}
	if (strcmp(verb, "pause") == 0 || strcmp(verb, "resume") == 0) {
		return set_pause(instance, count, only, strcmp(verb, "pause") == 0);
	}
	return NULL;
}
