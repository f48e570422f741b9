/* What the kernel's events come to: gate, links, addresses (protocol.md sections 5 and 9). */
#include "vipd/clock.h"
#include "vipd/instance.h"
#include "vipd/log.h"

static void note_interface(struct instance_noted *noted, int ifindex)
{
	for (unsigned i = 0; i < noted->count; i++) {
		if (noted->ifindex[i] == ifindex) {
			return;
		}
	}
	if (noted->count == INSTANCE_NOTED_MAX) {
		noted->all = true;
		return;
	}
	noted->ifindex[noted->count++] = ifindex;
}

void instance_on_kernel(struct instance *instance, const struct nl_event *event)
{
	struct instance_noted *noted = &instance->noted;

	switch (event->type) {
	case NL_EVENT_LINK:
		noted->links = true;
		if (event->removed) {
			kernel_gate_forget(instance->kernel, event->ifindex);
		} else {
			note_interface(noted, event->ifindex);
		}
		break;
	case NL_EVENT_TC:
		note_interface(noted, event->ifindex);
		break;
	case NL_EVENT_ADDR:
		if (!event->removed || !kernel_is_own_address(instance->kernel, event)) {
			return;
		}
		break;
	case NL_EVENT_OVERRUN:
	default:
		if (!noted->all) {
			log_notice(instance->own->name, "netlink events were lost: everything is looked at again");
		}
		noted->links = true;
		noted->all = true;
	}
	noted->any = true;
}

void instance_gate_tell(struct instance *instance)
{
	enum kernel_gate state = kernel_gate_state(instance->kernel, clock_now());
	const char *note = kernel_gate_note(instance->kernel);

	/* Open and closed go with the role, which is logged. */
	if (state == KERNEL_GATE_OPEN || state == KERNEL_GATE_CLOSED) {
		if (instance->gate_told == KERNEL_GATE_PARTIAL) {
			log_notice(instance->own->name, "gate: whole again");
		}
	} else if (state != instance->gate_told && note[0] != '\0') {
		log_warning(instance->own->name, "gate: %s (%s)",
			state == KERNEL_GATE_OFF    ? "off"
			: state == KERNEL_GATE_NONE ? "none"
						    : "partial",
			note);
	}
	instance->gate_told = state;
}

static void mend_gate(struct instance *instance, const struct instance_noted *noted)
{
	char link[CONFIG_INTERFACE_SIZE] = "";
	uint64_t suppressed = 0;

	if (!noted->all && noted->count == 0) {
		return;
	}
	if (kernel_gate_changed(instance->kernel, noted->ifindex, noted->all ? 0 : noted->count, link) > 0 &&
		log_limit_pass(&instance->gate_limit, clock_now(), VRRP_US_PER_S, &suppressed)) {
		struct kernel_gate_counts counts;

		kernel_gate_count(instance->kernel, &counts);
		log_warning(instance->own->name,
			"the gate was taken away from %s by somebody and is put back (%u times in all)", link,
			counts.put_back);
	}
	instance_gate_tell(instance);
}

void instance_on_kernel_end(struct instance *instance)
{
	struct vrrp_event event = { .kind = VRRP_EVENT_LINK };
	struct instance_noted noted = instance->noted;

	instance->noted = (struct instance_noted){ 0 };
	if (!noted.any) {
		return;
	}
	mend_gate(instance, &noted); /* before anything else: what it missed, nobody holds back */
	if (noted.links) {
		kernel_links_changed(instance->kernel);
		event.ok = kernel_links_up(instance->kernel);
		if (event.ok != instance->core.link_up) {
			log_notice(instance->own->name, "link %s", event.ok ? "up" : "down");
		}
		instance_step(instance, &event);
		instance_track_tell(instance);
	}
	if (instance->core.bound && !kernel_addresses_present(instance->kernel)) {
		instance->addresses_put_back++;
		event.kind = VRRP_EVENT_ADDRESS_LOST;
		instance_step(instance, &event);
	}
}
