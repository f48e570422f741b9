/* What status.h is told about one instance. */
#include "vipd/instance.h"
#include "vipd/status.h"

static enum status_gate gate_word(enum kernel_gate gate)
{
	switch (gate) {
	case KERNEL_GATE_OPEN:
		return STATUS_GATE_OPEN;
	case KERNEL_GATE_CLOSED:
		return STATUS_GATE_CLOSED;
	case KERNEL_GATE_PARTIAL:
		return STATUS_GATE_PARTIAL;
	case KERNEL_GATE_OFF:
		return STATUS_GATE_OFF;
	case KERNEL_GATE_NONE:
	default:
		return STATUS_GATE_NONE;
	}
}

_Static_assert(POSTGRES_CHECKS <= STATUS_CHECKS_MAX, "room for each check");

json_t *instance_status_new(const struct instance *instance, struct vrrp_time now)
{
	uint64_t drops[VRRP_DROP_COUNT] = { 0 };
	struct status_input input = { .config = instance->config,
		.instance = instance->number,
		.self = instance->self,
		.core = &instance->core,
		.now = now,
		.gate = gate_word(kernel_gate_state(instance->kernel, now)),
		.gate_note = kernel_gate_note(instance->kernel),
		.addresses_put_back = instance->addresses_put_back,
		.sends_failed = instance->sends_failed,
		.reports = instance->reports,
		.drops = drops };

	drops[VRRP_DROP_SOURCE] = report_socks_strangers(instance->socks);
	for (size_t i = 0; i < instance->own->member_count; i++) {
		if (i != instance->self) {
			drops[VRRP_DROP_UNREAD] += report_socks_unread(instance->socks, instance->pair[i]);
		}
	}
	kernel_gate_count(instance->kernel, &input.gate_counts);
	for (size_t i = 0; i < VRRP_ADDRESSES_MAX; i++) {
		input.bound[i] = kernel_is_bound(instance->kernel, i);
	}
	if (instance->postgres != NULL) {
		input.pg_sentence = postgres_sentence(instance->postgres);
		input.op_progress = postgres_progress(instance->postgres);
		for (; input.check_count < POSTGRES_CHECKS; input.check_count++) {
			struct postgres_check check =
				postgres_check_get(instance->postgres, (enum postgres_check_kind)input.check_count);

			input.check[input.check_count] = (struct status_check){
				.name = check.name, .state = check_state_word(check.state), .sentence = check.sentence
			};
		}
	}
	instance_track_status(instance, &input);
	return status_instance_new(&input);
}
