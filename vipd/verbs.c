#include "vipd/verbs.h"

#include <string.h>

#include "vipd/clock.h"
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

/* The answer when all is durable, or not in time; NULL: neither yet. */
static json_t *pause_answer(
	struct instance *const *instance, size_t count, const struct verbs_wait *wait, struct vrrp_time now)
{
	json_t *result = json_array();
	bool durable = true;

	for (size_t i = 0; i < count; i++) {
		const struct vrrp_stored *stored = &instance[i]->core.stored;

		if ((wait->set >> i & 1) == 0) {
			continue;
		}
		durable = durable && vrrp_core_pause_is_durable(&instance[i]->core);
		(void)json_array_append_new(
			result, json_pack("{s:s, s:b, s:I}", "instance", instance[i]->own->name, "paused",
					stored->paused, "counter", (json_int_t)stored->pause_counter));
	}
	if (durable) {
		return json_pack("{s:b, s:o}", "ok", 1, "result", result);
	}
	json_decref(result);
	return vrrp_time_before(now, wait->until)
		       ? NULL
		       : control_error_new(
				 "it is so now, but could not be written to the state file: it would not outlive "
				 "this daemon",
				 "the log says why; ask again when there is room");
}

static struct verbs_wait *wait_add(struct verbs_waits *waits)
{
	struct verbs_wait *oldest = &waits->wait[0];

	/* As many as there may be clients: one that is not free and the oldest is of a client that has left. */
	for (size_t i = 0; i < VRRP_ARRAY_LENGTH(waits->wait); i++) {
		struct verbs_wait *wait = &waits->wait[i];

		if (wait->client == 0) {
			return wait;
		}
		oldest = vrrp_time_before(wait->until, oldest->until) ? wait : oldest;
	}
	return oldest;
}

static json_t *set_pause(struct instance *const *instance, size_t count, struct verbs_waits *waits, const char *only,
	bool wanted, uint64_t client)
{
	struct verbs_wait wait = { .client = client };
	json_t *answer;

	for (size_t i = 0; i < count; i++) {
		if (!is_wanted(instance[i], only)) {
			continue;
		}
		log_notice(instance[i]->own->name, "vipctl: %s", wanted ? "pause" : "resume");
		instance_pause(instance[i], wanted);
		if (instance[i]->core.stored.paused != wanted) {
			return control_error_new("the pause counter is used up", "see vipd(8), pause");
		}
		wait.set |= 1U << i;
		wait.until = vrrp_time_add(instance[i]->core.now, VERBS_PAUSE_US);
	}
	answer = pause_answer(instance, count, &wait, VRRP_TIME_NONE);
	if (answer == NULL) {
		*wait_add(waits) = wait;
	}
	return answer;
}

void verbs_follow(
	struct instance *const *instance, size_t count, struct verbs_waits *waits, struct control_server *control)
{
	for (size_t i = 0; i < VRRP_ARRAY_LENGTH(waits->wait); i++) {
		struct verbs_wait wait = waits->wait[i];
		json_t *answer = wait.client == 0 ? NULL : pause_answer(instance, count, &wait, clock_now());

		if (answer == NULL) {
			continue;
		}
		waits->wait[i].client = 0;
		if (control != NULL) {
			(void)control_server_send(control, wait.client, answer, true, clock_now());
		}
		json_decref(answer);
	}
}

bool verbs_knows(const char *verb)
{
	return strcmp(verb, "restart") == 0 || strcmp(verb, "pause") == 0 || strcmp(verb, "resume") == 0;
}

json_t *verbs_request(struct instance *const *instance, size_t count, struct verbs_waits *waits, const char *verb,
	const char *only, uint64_t client)
{
	return strcmp(verb, "restart") == 0
		       ? restart(instance, count, only)
		       : set_pause(instance, count, waits, only, strcmp(verb, "pause") == 0, client);
}
