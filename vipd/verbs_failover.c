#include "vipd/verbs_failover.h"

#include <stdio.h>
#include <string.h>

#include "vipd/clock.h"
#include "vipd/log.h"
#include "vrrp/addr.h"

#define SENTENCE_SIZE 400
#define FAULTS_SIZE 200
#define LOSS_SIZE 120

static const char *name_of(const struct instance *instance, int index)
{
	return index >= 0 && (size_t)index < instance->own->member_count ? instance->own->member[index].name : "nobody";
}

/* The words of what keeps this member from being promoted, "a, b"; lag is another question. */
static void own_faults(const struct instance *instance, char *text, size_t size)
{
	uint32_t faults = vrrp_core_faults(&instance->core) & ~VRRP_FAULT_BIT(VRRP_FAULT_LAG);
	size_t used = 0;

	text[0] = '\0';
	for (unsigned i = 0; i < VRRP_FAULT_COUNT && used + 1 < size; i++) {
		if ((faults & VRRP_FAULT_BIT(i)) != 0) {
			used += (size_t)snprintf(
				text + used, size - used, "%s%s", used > 0 ? ", " : "", vrrp_fault_word(i));
		}
	}
}

/* What the last MASTER was heard to have and this host has not. */
static void loss_of(const struct instance *instance, char *text, size_t size)
{
	int64_t bytes = vrrp_core_at_risk_bytes(&instance->core, (unsigned)instance->self);

	if (bytes < 0) {
		(void)snprintf(text, size, "nobody knows how much is lost");
	} else {
		(void)snprintf(text, size, "%lld bytes of WAL that the last holder was heard to have are lost",
			(long long)bytes);
	}
}

static json_t *refusal_new(const struct instance *instance, enum vrrp_failover_refusal refusal)
{
	int holder = vrrp_core_holder(&instance->core);
	char faults[FAULTS_SIZE];
	char loss[LOSS_SIZE];
	char text[SENTENCE_SIZE];

	switch (refusal) {
	case VRRP_FAILOVER_REFUSED_WITNESS:
		return control_error_new("this host is a witness: it has no PostgreSQL", NULL);
	case VRRP_FAILOVER_REFUSED_HOLDER:
		(void)snprintf(text, sizeof(text), "%s holds the lease: nothing is taken from a holder",
			name_of(instance, holder));
		return control_error_new(text, "vipctl switchover; or stop vipd on that host");
	case VRRP_FAILOVER_REFUSED_LEAVING:
		return control_error_new("the daemon is stopping or restarting", NULL);
	case VRRP_FAILOVER_REFUSED_PAUSED:
		return control_error_new("the instance is paused: nobody is promoted", "vipctl resume");
	case VRRP_FAILOVER_REFUSED_DURABILITY:
		return control_error_new("with durability = quorum nothing acknowledged is given up: "
					 "who is promoted needs its vouchers",
			"bring data members back, or change the configuration: vipd.conf(5), durability");
	case VRRP_FAILOVER_REFUSED_NOT_ELIGIBLE:
		own_faults(instance, faults, sizeof(faults));
		(void)snprintf(text, sizeof(text), "this host may not be promoted: %s", faults);
		return control_error_new(text, NULL);
	case VRRP_FAILOVER_REFUSED_MAJORITY:
		return control_error_new("fewer than a majority of the members are heard: nobody can be elected",
			"vipctl status shows who is missing; a witness is enough to vote");
	case VRRP_FAILOVER_REFUSED_LOSS:
		loss_of(instance, loss, sizeof(loss));
		(void)snprintf(text, sizeof(text), "data would be lost: %s, or another member has more", loss);
		return control_error_new(
			text, "vipctl status shows who has what; --accept-data-loss, if nobody with more comes back");
	case VRRP_FAILOVER_REFUSED_NONE:
	case VRRP_FAILOVER_REFUSED_COUNT:
	default:
		(void)snprintf(text, sizeof(text), "refused: %s", vrrp_failover_refusal_word(refusal));
		return control_error_new(text, NULL);
	}
}

/* Who is chosen says so in its own reports: it is that host's daemon that is asked. */
static json_t *elsewhere_new(const struct instance *instance, int wanted, bool accept)
{
	const struct config_member *member = &instance->own->member[wanted];
	char address[VRRP_ADDR_TEXT_MAX];
	char text[SENTENCE_SIZE];
	char hint[SENTENCE_SIZE];

	(void)snprintf(text, sizeof(text), "a failover to %s is asked for on that host", member->name);
	(void)snprintf(hint, sizeof(hint), "on %s (%s): vipctl --instance %s failover --to %s%s", member->name,
		vrrp_addr_format(&member->address, address), instance->own->name, member->name,
		accept ? " --accept-data-loss" : "");
	return control_error_new(text, hint);
}

json_t *verbs_failover_request(
	struct instance *const *instances, size_t count, const char *only, uint64_t client, const json_t *request)
{
	struct instance *instance = instances[0];
	const char *to = json_string_value(json_object_get(request, "to"));
	struct vrrp_event event = { .kind = VRRP_EVENT_FAILOVER,
		.ok = json_is_true(json_object_get(request, "accept_data_loss")) };
	enum vrrp_failover_refusal refusal;
	char loss[LOSS_SIZE];
	int wanted;

	for (size_t i = 0; only != NULL && i < count; i++) {
		instance = strcmp(instances[i]->own->name, only) == 0 ? instances[i] : instance;
	}
	wanted = to == NULL ? -1 : config_member_find(instance->own, to);
	if (wanted < 0) {
		return control_error_new("there is no member of that name", "vipctl status shows the members");
	}
	if ((size_t)wanted != instance->self) {
		return elsewhere_new(instance, wanted, event.ok);
	}
	refusal = vrrp_core_failover_check(&instance->core, event.ok);
	if (refusal != VRRP_FAILOVER_REFUSED_NONE) {
		return refusal_new(instance, refusal);
	}
	loss_of(instance, loss, sizeof(loss));
	if (json_is_true(json_object_get(request, "dry_run"))) {
		return json_pack("{s:b, s:{s:s, s:s, s:s++}}", "ok", 1, "result", "target", to, "outcome", "dry_run",
			"message", to, " would be elected: ", loss);
	}
	log_warning(instance->own->name, "failover to this host: asked for by an operator: %s", loss);
	instance->asked_client = client;
	instance->failover_told = VRRP_FAILOVER_NONE;
	instance_step(instance, &event);
	return NULL;
}

static json_t *answer_new(const struct instance *instance, const char *sentence)
{
	enum vrrp_failover_phase phase = instance->core.failover.phase;

	if (phase == VRRP_FAILOVER_ASKED) {
		return json_pack("{s:b, s:s}", "ok", 1, "progress", sentence);
	}
	if (phase != VRRP_FAILOVER_DONE) {
		return control_error_new(sentence, "vipctl status; the log of this host and of the others says more");
	}
	return json_pack("{s:b, s:{s:s, s:s, s:s}}", "ok", 1, "result", "target",
		name_of(instance, (int)instance->self), "outcome", vrrp_failover_phase_word(phase), "message",
		sentence);
}

void verbs_failover_follow(struct instance *instance, struct control_server *control)
{
	const struct vrrp_failover *failover = &instance->core.failover;
	bool last = failover->phase != VRRP_FAILOVER_ASKED;
	char sentence[SENTENCE_SIZE];
	json_t *answer;

	if (failover->phase == instance->failover_told) {
		return;
	}
	instance->failover_told = failover->phase;
	switch (failover->phase) {
	case VRRP_FAILOVER_ASKED:
		(void)snprintf(sentence, sizeof(sentence), "asks for the lease; the others let it go first");
		break;
	case VRRP_FAILOVER_DONE:
		(void)snprintf(sentence, sizeof(sentence), "%s serves, %lld ms after it was asked for",
			name_of(instance, (int)instance->self),
			(long long)(vrrp_time_diff_us(failover->ended, failover->begun) / VRRP_US_PER_MS));
		break;
	case VRRP_FAILOVER_OTHER:
		(void)snprintf(sentence, sizeof(sentence), "%s took over instead",
			name_of(instance, vrrp_core_holder(&instance->core)));
		break;
	default:
		(void)snprintf(
			sentence, sizeof(sentence), "this host was not elected in time, or could not be promoted");
	}
	log_warning(instance->own->name, "failover: %s", sentence);
	if (instance->asked_client == 0 || control == NULL) {
		return;
	}
	answer = answer_new(instance, sentence);
	if (answer == NULL || control_server_send(control, instance->asked_client, answer, last, clock_now()) < 0 ||
		last) {
		instance->asked_client = 0;
	}
	json_decref(answer);
}
