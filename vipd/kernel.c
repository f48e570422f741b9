#include "vipd/kernel.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "vipd/kernel_internal.h"

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
	kernel_gate_open(kernel, &instance->member[self].address);
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

int kernel_bind(struct kernel *kernel, uint32_t lifetime_s, struct vip_err *err)
{
	int first = 0;

	kernel_gate_sweep(kernel);
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
	if (first == 0) {
		kernel_gate_sweep(kernel);
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

bool kernel_is_bound(const struct kernel *kernel, size_t address)
{
	return address < kernel->address_count && kernel->address[address].bound;
}
