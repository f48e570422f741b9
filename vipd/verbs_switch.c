#include "vipd/verbs_switch.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "vipd/clock.h"
#include "vipd/log.h"
#include "vrrp/addr.h"

#define SENTENCE_SIZE 320

bool verbs_switch_knows(const char *verb)
{
	return strcmp(verb, "switchover") == 0 || strcmp(verb, "accept-members") == 0;
}

static const char *name_of(const struct instance *instance, int index)
{
	return index >= 0 && (size_t)index < instance->own->member_count ? instance->own->member[index].name : "nobody";
}

static int index_of(const struct instance *instance, const char *name)
{
	for (size_t i = 0; i < instance->own->member_count; i++) {
		if (strcmp(instance->own->member[i].name, name) == 0) {
			return (int)i;
		}
	}
	return -1;
}

/* The words of what keeps a member from being promoted, "a, b". */
static void faults_of(const struct instance *instance, unsigned index, char *text, size_t size)
{
	uint32_t faults = instance->core.peer[index].report.fault_reasons;
	size_t used = 0;

	(void)snprintf(text, size, "it does not say why");
	for (unsigned i = 0; i < VRRP_FAULT_COUNT && used + 1 < size; i++) {
		if ((faults & VRRP_FAULT_BIT(i)) != 0) {
			used += (size_t)snprintf(
				text + used, size - used, "%s%s", used > 0 ? ", " : "", vrrp_fault_word(i));
		}
	}
}

/* --- switchover --- */

/* What is wrong with the target; "" = it is not about the target. */
static void target_refusal(
	const struct instance *instance, enum vrrp_switch_refusal refusal, int wanted, char *text, size_t size)
{
	const char *target = wanted >= 0 ? name_of(instance, wanted) : "no member";
	char faults[SENTENCE_SIZE / 2];

	text[0] = '\0';
	switch (refusal) {
	case VRRP_SWITCH_REFUSED_SELF:
		(void)snprintf(text, size, "%s holds the lease already", target);
		break;
	case VRRP_SWITCH_REFUSED_WITNESS:
		(void)snprintf(text, size, "%s is a witness: it has no PostgreSQL", target);
		break;
	case VRRP_SWITCH_REFUSED_NOT_HEARD:
		(void)snprintf(text, size, "%s is not heard", target);
		break;
	case VRRP_SWITCH_REFUSED_CONFIG:
		(void)snprintf(text, size, "%s runs with another configuration", target);
		break;
	case VRRP_SWITCH_REFUSED_SYSTEM_ID:
		(void)snprintf(text, size, "%s has the data of another PostgreSQL cluster", target);
		break;
	case VRRP_SWITCH_REFUSED_NOT_ELIGIBLE:
		faults_of(instance, (unsigned)wanted, faults, sizeof(faults));
		(void)snprintf(text, size, "%s may not be promoted: %s", target, faults);
		break;
	case VRRP_SWITCH_REFUSED_NOT_STREAMING:
		(void)snprintf(text, size, "%s does not stream from here", target);
		break;
	case VRRP_SWITCH_REFUSED_LAG:
		(void)snprintf(text, size, "%s is more than max_lag behind", target);
		break;
	case VRRP_SWITCH_REFUSED_NOT_SYNC:
		(void)snprintf(text, size, "commits do not wait for %s: it is no synchronous standby yet", target);
		break;
	default:
		break;
	}
}

/* What to do about it, or NULL. */
static const char *refusal_hint(enum vrrp_switch_refusal refusal)
{
	switch (refusal) {
	case VRRP_SWITCH_REFUSED_PAUSED:
		return "vipctl resume";
	case VRRP_SWITCH_REFUSED_NO_TARGET:
		return "vipctl status says of each why not";
	case VRRP_SWITCH_REFUSED_CONFIG:
		return "vipctl status names the keys that differ";
	case VRRP_SWITCH_REFUSED_NOT_SYNC:
		return "vipctl status shows for whom commits wait; ask again then";
	case VRRP_SWITCH_REFUSED_VOUCHERS:
		return "vipctl status shows who is missing";
	default:
		return NULL;
	}
}

/* What concerns the whole instance is the holder's to do: the host, and what to type there. */
static json_t *not_holder_new(const struct instance *instance, int wanted)
{
	int holder = vrrp_core_holder(&instance->core);
	bool here = holder >= 0 && (size_t)holder == instance->self; /* holds the lease, and does not serve */
	char address[VRRP_ADDR_TEXT_MAX];
	char text[SENTENCE_SIZE];
	char hint[SENTENCE_SIZE];

	if (holder < 0) {
		return control_error_new(
			"nobody holds the lease: there is nothing to hand over", "vipctl status shows why nobody does");
	}
	if (here) {
		return control_error_new(
			"the lease is just being taken, or let go", "vipctl status shows when that is over");
	}
	(void)snprintf(text, sizeof(text), "this host does not serve: %s holds the lease", name_of(instance, holder));
	(void)snprintf(hint, sizeof(hint), "on %s (%s): vipctl --instance %s switchover%s%s", name_of(instance, holder),
		vrrp_addr_format(&instance->own->member[holder].address, address), instance->own->name,
		wanted >= 0 ? " --to " : "", wanted >= 0 ? name_of(instance, wanted) : "");
	return control_error_new(text, hint);
}

static json_t *refusal_new(const struct instance *instance, enum vrrp_switch_refusal refusal, int wanted)
{
	char text[SENTENCE_SIZE];

	target_refusal(instance, refusal, wanted, text, sizeof(text));
	switch (refusal) {
	case VRRP_SWITCH_REFUSED_NOT_HOLDER:
		return not_holder_new(instance, wanted);
	case VRRP_SWITCH_REFUSED_UNDER_WAY:
		(void)snprintf(text, sizeof(text), "a switchover to %s is under way",
			name_of(instance, instance->core.switchover.target));
		break;
	case VRRP_SWITCH_REFUSED_LEAVING:
		(void)snprintf(text, sizeof(text), "the daemon is stopping or restarting");
		break;
	case VRRP_SWITCH_REFUSED_PAUSED:
		(void)snprintf(text, sizeof(text), "the instance is paused: nobody is promoted");
		break;
	case VRRP_SWITCH_REFUSED_MANAGE:
		(void)snprintf(text, sizeof(text),
			"manage = promote: PostgreSQL could not be started here again, as a standby or at all");
		break;
	case VRRP_SWITCH_REFUSED_NO_TARGET:
		(void)snprintf(text, sizeof(text), "no member could take over without loss now");
		break;
	case VRRP_SWITCH_REFUSED_VOUCHERS:
		(void)snprintf(text, sizeof(text),
			"too few data members are heard: with durability = quorum nobody could be promoted");
		break;
	default:
		if (text[0] == '\0') {
			(void)snprintf(text, sizeof(text), "refused: %s", vrrp_switch_refusal_word(refusal));
		}
	}
	return control_error_new(text, refusal_hint(refusal));
}

static json_t *switchover(struct instance *instance, uint64_t client, const json_t *request)
{
	const char *to = json_string_value(json_object_get(request, "to"));
	bool dry_run = json_is_true(json_object_get(request, "dry_run"));
	struct vrrp_event event = { .kind = VRRP_EVENT_SWITCHOVER, .member = VRRP_MEMBER_NONE };
	enum vrrp_switch_refusal refusal;
	uint8_t target = VRRP_MEMBER_NONE;
	int wanted = -1;

	if (to != NULL) {
		wanted = index_of(instance, to);
		if (wanted < 0) {
			return control_error_new("there is no member of that name", "vipctl status shows the members");
		}
		event.member = (uint8_t)wanted;
	}
	refusal = vrrp_core_switch_check(&instance->core, event.member, &target);
	if (refusal != VRRP_SWITCH_REFUSED_NONE) {
		return refusal_new(instance, refusal, wanted);
	}
	if (dry_run) {
		return json_pack("{s:b, s:{s:s, s:s, s:s+}}", "ok", 1, "result", "target", name_of(instance, target),
			"outcome", "dry_run", "message", name_of(instance, target), " would take over");
	}
	log_notice(instance->own->name, "switchover to %s: asked for by an operator", name_of(instance, target));
	event.member = target;
	instance->asked_client = client;
	instance_step(instance, &event);
	return NULL;
}

static long long ms_between(struct vrrp_time from, struct vrrp_time to)
{
	return from.us == 0 || to.us == 0 ? -1 : (long long)(vrrp_time_diff_us(to, from) / VRRP_US_PER_MS);
}

/* What a phase means to who waits; "" = nothing new. */
static void sentence_of(const struct instance *instance, char *text, size_t size)
{
	const struct vrrp_switch *s = &instance->core.switchover;
	const char *target = name_of(instance, s->target);
	const char *holder = name_of(instance, vrrp_core_holder(&instance->core));

	text[0] = '\0';
	switch (s->phase) {
	case VRRP_SWITCH_CHECKPOINT:
		(void)snprintf(text, size, "checkpoint, still serving");
		break;
	case VRRP_SWITCH_DROPPING:
		(void)snprintf(text, size, "address closed after %lld ms; stopping PostgreSQL",
			ms_between(s->begun, s->closed));
		break;
	case VRRP_SWITCH_REACHING:
		(void)snprintf(text, size, "PostgreSQL stopped after %lld ms; waiting for %s to have " VRRP_LSN_FMT,
			ms_between(s->closed, s->stopped), target, VRRP_LSN_ARG(s->end));
		break;
	case VRRP_SWITCH_STARTING:
		(void)snprintf(text, size, "%s did not get all of it: starting PostgreSQL here again", target);
		break;
	case VRRP_SWITCH_RELEASED:
		(void)snprintf(text, size, "%s has all of it; the lease is released to it", target);
		break;
	case VRRP_SWITCH_DONE:
		(void)snprintf(text, size, "%s serves; the address was closed for %lld ms, %lld ms in all", target,
			ms_between(s->closed, s->served), ms_between(s->begun, s->served));
		break;
	case VRRP_SWITCH_OTHER:
		(void)snprintf(text, size, "%s took over instead of %s", holder, target);
		break;
	case VRRP_SWITCH_NOBODY:
		(void)snprintf(text, size, "the lease was released to %s, but nobody serves yet", target);
		break;
	case VRRP_SWITCH_NOT_REACHED:
		(void)snprintf(text, size, "%s did not get all of the WAL in time: %s", target,
			instance->core.role == VRRP_ROLE_MASTER ? "this host serves again" : "let go all the same");
		break;
	case VRRP_SWITCH_NO_CHECKPOINT:
		(void)snprintf(
			text, size, "the checkpoint failed or took longer than switchover_timeout: nothing changed");
		break;
	case VRRP_SWITCH_TARGET_LOST:
		(void)snprintf(text, size, "%s became unfit during the checkpoint: nothing changed", target);
		break;
	case VRRP_SWITCH_BROKEN:
		(void)snprintf(text, size, "given up: the lease or PostgreSQL was lost meanwhile");
		break;
	case VRRP_SWITCH_NONE:
	case VRRP_SWITCH_STOPPING:
	case VRRP_SWITCH_COUNT:
	default:
		break;
	}
}

static json_t *outcome_new(const struct instance *instance, const char *sentence)
{
	const struct vrrp_switch *s = &instance->core.switchover;

	if (s->phase != VRRP_SWITCH_DONE && s->phase != VRRP_SWITCH_OTHER) {
		return control_error_new(sentence, "vipctl status; the log says more");
	}
	return json_pack("{s:b, s:{s:s, s:s, s:s, s:s, s:I, s:I}}", "ok", 1, "result", "target",
		name_of(instance, s->target), "holder", name_of(instance, vrrp_core_holder(&instance->core)), "outcome",
		vrrp_switch_phase_word(s->phase), "message", sentence, "closed_ms",
		(json_int_t)ms_between(s->closed, s->served), "total_ms", (json_int_t)ms_between(s->begun, s->served));
}

void verbs_switch_follow(struct instance *instance, struct control_server *control)
{
	enum vrrp_switch_phase phase = instance->core.switchover.phase;
	bool last = !vrrp_switch_is_under_way(phase);
	char sentence[SENTENCE_SIZE];
	json_t *answer;

	if (phase == instance->switch_told) {
		return;
	}
	instance->switch_told = phase;
	sentence_of(instance, sentence, sizeof(sentence));
	if (sentence[0] == '\0') {
		return;
	}
	if (!last || phase == VRRP_SWITCH_DONE) {
		log_notice(instance->own->name, "switchover: %s", sentence);
	} else {
		log_warning(instance->own->name, "switchover: %s", sentence);
	}
	if (instance->asked_client == 0 || control == NULL) {
		return;
	}
	answer = last ? outcome_new(instance, sentence) : json_pack("{s:b, s:s}", "ok", 1, "progress", sentence);
	if (answer == NULL || control_server_send(control, instance->asked_client, answer, last, clock_now()) < 0 ||
		last) {
		instance->asked_client = 0;
	}
	json_decref(answer);
}

/* --- members --- */

static json_t *accept_members(struct instance *instance)
{
	struct vrrp_event event = { .kind = VRRP_EVENT_ACCEPT_MEMBERS };
	char text[SENTENCE_SIZE];

	switch (vrrp_core_accept_check(&instance->core)) {
	case VRRP_ACCEPT_OK:
		break;
	case VRRP_ACCEPT_NOTHING:
		return json_pack("{s:b, s:{s:s}}", "ok", 1, "result", "message",
			"nothing to do: the configured member list is in force");
	case VRRP_ACCEPT_HOLDER:
		(void)snprintf(text, sizeof(text), "%s holds the lease: the cluster is not stopped",
			name_of(instance, vrrp_core_holder(&instance->core)));
		return control_error_new(text, "stop all daemons first, or change one member at a time: vipd.conf(5)");
	case VRRP_ACCEPT_BOUND:
		(void)snprintf(text, sizeof(text), "this host's vote is bound for another %lld ms",
			ms_between(instance->core.now, instance->core.grant.expires));
		return control_error_new(text, "ask again then");
	case VRRP_ACCEPT_COUNT:
	default:
		return control_error_new("refused", NULL);
	}
	instance_step(instance, &event);
	return json_pack("{s:b, s:{s:s}}", "ok", 1, "result", "message",
		"the configured member list is in force on this host; do the same on every other");
}

json_t *verbs_switch_request(struct instance *const *instances, size_t count, const char *verb, const char *only,
	uint64_t client, const json_t *request)
{
	struct instance *instance = instances[0];

	for (size_t i = 0; only != NULL && i < count; i++) {
		instance = strcmp(instances[i]->own->name, only) == 0 ? instances[i] : instance;
	}
	return strcmp(verb, "switchover") == 0 ? switchover(instance, client, request) : accept_members(instance);
}
