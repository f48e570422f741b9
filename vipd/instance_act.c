#include <stdio.h>
#include <string.h>

#include "vipd/clock.h"
#include "vipd/instance.h"
#include "vipd/log.h"
#include "vipd/stored_text.h"

/* True while the lease runs: for acts that only a holder may do. */
static bool lease_runs(struct instance *instance)
{
	return vrrp_time_before(clock_now(), vrrp_core_lease_end(&instance->core));
}

static void send_report(struct instance *instance)
{
	uint8_t bytes[VRRP_REPORT_BYTES_MAX];
	struct vrrp_report report;
	int size;

	vrrp_core_report(&instance->core, &report);
	size = vrrp_report_encode(&report, &instance->auth, bytes, sizeof(bytes));
	if (size < 0) {
		log_err(instance->own->name, "a report could not be signed: %s", strerror(-size));
		return;
	}
	for (size_t i = 0; i < instance->own->member_count; i++) {
		if (i != instance->self &&
			report_socks_send(instance->socks, instance->pair[i], bytes, (size_t)size) < 0) {
			instance->sends_failed++;
		}
	}
}

static void store(struct instance *instance, uint64_t ticket)
{
	static char text[STATE_FILE_TEXT_MAX]; /* one thread */
	struct vip_err err = { "" };
	size_t size =
		stored_text_write(&instance->core.stored, instance->boot_id, &instance->owner, text, sizeof(text));
	char name[STATE_FILE_NAME_SIZE];

	(void)snprintf(name, sizeof(name), "%s.state", instance->own->name);
	if (state_writer_submit(instance->writer, name, ticket, text, size, &err) < 0) {
		struct vrrp_event failed = { .kind = VRRP_EVENT_STORED, .ticket = ticket, .ok = false };

		log_err(instance->own->name, "state file: %s", err.text);
		instance_post(instance, &failed);
	}
}

static void bind_addresses(struct instance *instance, uint32_t lifetime_s)
{
	struct vrrp_event failed = { .kind = VRRP_EVENT_KERNEL_FAILED };
	struct vip_err err = { "" };

	if (!lease_runs(instance)) {
		return;
	}
	if (kernel_bind(instance->kernel, lifetime_s, &err) == 0) {
		instance->binds_failed = 0;
		return;
	}
	instance->binds_failed++;
	log_err(instance->own->name, "the address could not be bound: %s", err.text);
	/* A refresh may fail and be tried again: the lifetime outlasts the lease by a second. */
	if (instance->core.role != VRRP_ROLE_MASTER || instance->binds_failed >= INSTANCE_BINDS_MAX) {
		instance->binds_failed = 0;
		instance_post(instance, &failed);
	}
}

static void give_order(struct instance *instance, const struct vrrp_action *action)
{
	struct postgres_order order = { .op = action->op,
		.member = action->member,
		.sync_set = action->sync_set,
		.sync_k = action->sync_k,
		.ticket = action->ticket,
		.latest = vrrp_core_lease_end(&instance->core),
		.deadline = instance->core.promote_deadline };
	struct vrrp_time now = clock_now();

	if (action->member < instance->own->member_count && action->member != instance->self) {
		order.timeline = instance->core.peer[action->member].report.timeline;
	}
	if (action->op == VRRP_PG_OP_PROMOTE) {
		if (!lease_runs(instance)) {
			return; /* the timer that ends the lease is due: it takes this order back */
		}
		log_notice(instance->own->name, "promoting PostgreSQL under ballot %llu.%u, lease ends in %lld ms",
			(unsigned long long)instance->core.ballot.counter, instance->core.ballot.member,
			(long long)(vrrp_time_diff_us(vrrp_core_lease_end(&instance->core), now) / VRRP_US_PER_MS));
	} else {
		log_notice(instance->own->name, "PostgreSQL: %s%s%s", vrrp_pg_op_word(action->op),
			action->member < instance->own->member_count ? " " : "",
			action->member < instance->own->member_count ? instance->own->member[action->member].name : "");
	}
	postgres_order(instance->postgres, &order, now);
}

static void role(struct instance *instance, const struct vrrp_role_row *row)
{
	log_notice(instance->own->name, "Entering %s STATE: %s", vrrp_role_word(row->to), row->reason);
	instance_notify_role(instance, row);
	if (row->to == VRRP_ROLE_FAULT || row->from == VRRP_ROLE_FAULT) {
		uint32_t faults = vrrp_core_faults(&instance->core);

		for (unsigned i = 0; i < VRRP_FAULT_COUNT; i++) {
			if ((faults & VRRP_FAULT_BIT(i)) != 0) {
				log_info(instance->own->name, "not eligible: %s", vrrp_fault_word(i));
			}
		}
	}
}

static void destroy(struct instance *instance)
{
	struct vip_err err = { "" };
	int count = kernel_destroy(instance->kernel, &err);

	if (count < 0) {
		log_warning(instance->own->name, "connections on the address could not be ended: %s", err.text);
	} else if (count > 0) {
		log_info(instance->own->name, "%d connections on the address ended", count);
	}
}

static void end(struct instance *instance, bool restart)
{
	if (!instance->has_ended) {
		instance->has_ended = true;
		if (!restart) {
			kernel_gate_remove(instance->kernel);
		}
		if (!restart && instance_notify_stop(instance)) {
			return;
		}
		instance->ended(instance->user, restart);
	}
}

/* Tried again at once: after this the lease is released, and only the address's own lifetime would remove it. */
static int unbind(struct instance *instance, struct vip_err *err)
{
	int code = kernel_unbind(instance->kernel, err);

	for (unsigned i = 1; code < 0 && i < INSTANCE_BINDS_MAX; i++) {
		code = kernel_unbind(instance->kernel, err);
	}
	return code;
}

static void act_on_kernel(struct instance *instance, const struct vrrp_action *action)
{
	struct vip_err err = { "" };
	int code = 0;

	switch (action->kind) {
	case VRRP_ACT_GATE:
		kernel_gate_set(instance->kernel, action->in_end, action->out_end);
		break;
	case VRRP_ACT_BIND:
		bind_addresses(instance, action->lifetime_s);
		break;
	case VRRP_ACT_UNBIND:
		code = unbind(instance, &err);
		break;
	case VRRP_ACT_DESTROY:
		destroy(instance);
		break;
	case VRRP_ACT_ANNOUNCE:
		code = lease_runs(instance) ? kernel_announce(instance->kernel, &err) : 0;
		break;
	case VRRP_ACT_ADVERT:
		/* Not an alarm: with the link down there is nobody to tell. */
		if (action->priority == 0 || lease_runs(instance)) {
			(void)kernel_advert(instance->kernel, action->priority, NULL);
		}
		break;
	default:
		break;
	}
	if (code < 0) {
		log_warning(instance->own->name, "%s", err.text);
	}
}

void instance_act(struct instance *instance, const struct vrrp_action *action)
{
	switch (action->kind) {
	case VRRP_ACT_LOG:
		log_write((enum log_priority)action->level, instance->own->name, NULL, 0, "%s", action->text);
		break;
	case VRRP_ACT_SEND:
		send_report(instance);
		break;
	case VRRP_ACT_STORE:
		store(instance, action->ticket);
		break;
	case VRRP_ACT_PROBE:
		postgres_probe(instance->postgres, clock_now());
		break;
	case VRRP_ACT_PG:
		give_order(instance, action);
		break;
	case VRRP_ACT_FENCE:
		instance_fence(instance, action->ticket);
		break;
	case VRRP_ACT_READ_HISTORY:
		postgres_read_history(instance->postgres, instance->core.pg.timeline, clock_now());
		break;
	case VRRP_ACT_ROLE:
		role(instance, action->row);
		break;
	case VRRP_ACT_TOKEN:
		instance_token_act(instance, action->ticket);
		break;
	case VRRP_ACT_EXIT:
		end(instance, action->restart);
		break;
	case VRRP_ACT_GATE:
	case VRRP_ACT_BIND:
	case VRRP_ACT_UNBIND:
	case VRRP_ACT_DESTROY:
	case VRRP_ACT_ANNOUNCE:
	case VRRP_ACT_ADVERT:
	case VRRP_ACT_COUNT:
	default:
		act_on_kernel(instance, action);
	}
}
