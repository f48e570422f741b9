#include "vipd/kernel.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "vipd/clock.h"
#include "vipd/kernel_internal.h"

static void note(struct kernel *kernel, const char *why)
{
	(void)snprintf(kernel->gate_note, sizeof(kernel->gate_note), "%s", why);
}

/*
 * Loads the gate and compares clocks. Any failure leaves `gate: none` with its reason. What a process before has
 * attached stands as it was until the first kernel_gate_set(): a lease that is resumed never closes.
 */
static void gate_open(struct kernel *kernel)
{
	struct vrrp_addr addrs[VRRP_ADDRESSES_MAX];
	struct vrrp_time before;
	struct vrrp_time seen;
	struct vip_err err;
	int code;

	for (size_t i = 0; i < kernel->address_count; i++) {
		addrs[i] = kernel->address[i].addr;
	}
	code = nl_gate_open(kernel->vrid, addrs, kernel->address_count, &kernel->gate, &err);
	if (code < 0) {
		kernel->gate = NULL;
		note(kernel, err.text);
		return;
	}
	before = clock_now();
	code = nl_gate_clock(kernel->gate, &seen, &err);
	if (code == 0) {
		code = nl_gate_clock_check(before, seen, clock_now(), &err);
	}
	if (code < 0) {
		note(kernel, code == -ENOTSUP ? "time namespace" : err.text);
		(void)nl_gate_remove(kernel->vrid, NULL);
		nl_gate_close(kernel->gate);
		kernel->gate = NULL;
	}
}

static int sockets_open(struct kernel *kernel, struct vip_err *err)
{
	int code = nl_addr_open(&kernel->addrs, err);

	if (code == 0) {
		code = nl_sockdiag_open(&kernel->diag, err);
	}
	if (code == 0) {
		code = nl_packet_open(&kernel->packet, err);
	}
	if (code == 0) {
		kernel->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
		if (kernel->epoll_fd < 0) {
			code = vip_err_set(err, -errno, "epoll_create1: %s", strerror(errno));
		}
	}
	return code;
}

int kernel_open(const struct config_instance *instance, size_t self, const struct config_local *local,
	struct vrrp_time now, struct kernel **ret_kernel, struct vip_err *err)
{
	struct kernel *kernel = calloc(1, sizeof(*kernel));
	int code;

	(void)now;
	if (kernel == NULL) {
		return vip_err_set(err, -ENOMEM, "kernel: out of memory");
	}
	kernel->epoll_fd = -1;
	kernel->vrid = instance->vrid;
	kernel->advert_int_us = instance->advert_int_us;
	kernel->pseudo_header = instance->checksum_with_pseudo_header;
	kernel->gate_wanted = instance->gate;
	code = sockets_open(kernel, err);
	if (code == 0) {
		code = kernel_ports_open(kernel, instance, local, err);
	}
	if (code < 0) {
		kernel_close(kernel);
		return code;
	}
	if (kernel->gate_wanted && kernel->address_count > 0) {
		gate_open(kernel);
		if (kernel->gate != NULL) {
			nl_gate_reject_from(kernel->gate, &instance->member[self].address);
		}
	} else if (kernel->address_count > 0) {
		note(kernel, "switched off: a frozen daemon cannot be kept from answering");
	}
	for (size_t i = 0; i < kernel->port_count; i++) {
		kernel_claims_open(kernel, &kernel->port[i]);
	}
	kernel_adverts_open(kernel);
	*ret_kernel = kernel;
	return 0;
}

void kernel_close(struct kernel *kernel)
{
	if (kernel == NULL) {
		return;
	}
	kernel_adverts_close(kernel);
	kernel_ports_close(kernel);
	nl_gate_close(kernel->gate);
	nl_packet_close(kernel->packet);
	nl_sockdiag_close(kernel->diag);
	nl_addr_close(kernel->addrs);
	if (kernel->epoll_fd >= 0) {
		(void)close(kernel->epoll_fd);
	}
	free(kernel);
}

void kernel_gate_remove(struct kernel *kernel)
{
	if (kernel->gate != NULL) {
		(void)nl_gate_remove(kernel->vrid, NULL);
	}
}

void kernel_gate_set(struct kernel *kernel, struct vrrp_time in_end, struct vrrp_time out_end)
{
	kernel->gate_in_end = in_end;
	if (kernel->gate != NULL) {
		nl_gate_set(kernel->gate, in_end, out_end);
		if (!kernel->gate_attached) {
			kernel->gate_attached = true;
			kernel_gate_attach_all(kernel);
		}
	}
}

int kernel_bind(struct kernel *kernel, uint32_t lifetime_s, struct vip_err *err)
{
	int first = 0;

	for (size_t i = 0; i < kernel->address_count; i++) {
		struct kernel_address *address = &kernel->address[i];
		const struct kernel_port *port = &kernel->port[address->port];
		struct vip_err one;
		int code = port->link.ifindex == 0
				   ? vip_err_set(&one, -ENODEV, "interface %s is not there", port->name)
				   : nl_addr_set(kernel->addrs, port->link.ifindex, &address->addr, address->prefix_len,
					     address->label[0] != '\0' ? address->label : NULL, lifetime_s, &one);

		address->bound = code == 0;
		if (code < 0 && first == 0) {
			first = code;
			*err = one;
		}
	}
	return first;
}

int kernel_unbind(struct kernel *kernel, struct vip_err *err)
{
	int first = 0;

	for (size_t i = 0; i < kernel->address_count; i++) {
		struct kernel_address *address = &kernel->address[i];
		struct vip_err one;
		int code = nl_addr_purge(kernel->addrs, &address->addr, &one);

		if (code < 0 && first == 0) {
			first = code;
			*err = one;
		}
		address->bound = address->bound && code < 0;
	}
	return first;
}

int kernel_destroy(struct kernel *kernel, struct vip_err *err)
{
	int destroyed = 0;

	for (size_t i = 0; i < kernel->address_count; i++) {
		int count = nl_sockdiag_destroy_local(kernel->diag, &kernel->address[i].addr, err);

		if (count < 0) {
			return count;
		}
		destroyed += count;
	}
	return destroyed;
}

enum kernel_gate kernel_gate_state(const struct kernel *kernel, struct vrrp_time now)
{
	if (!kernel->gate_wanted) {
		return KERNEL_GATE_OFF;
	}
	if (kernel->gate == NULL) {
		return KERNEL_GATE_NONE;
	}
	if (kernel->gate_partial) {
		return KERNEL_GATE_PARTIAL;
	}
	return vrrp_time_before(now, kernel->gate_in_end) ? KERNEL_GATE_OPEN : KERNEL_GATE_CLOSED;
}

const char *kernel_gate_note(const struct kernel *kernel)
{
	return kernel->gate_note;
}

unsigned kernel_gate_restored(const struct kernel *kernel)
{
	return kernel->gate_restored;
}

bool kernel_is_bound(const struct kernel *kernel, size_t address)
{
	return address < kernel->address_count && kernel->address[address].bound;
}
