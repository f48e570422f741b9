#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "netlink/ndisc.h"
#include "vipd/kernel_internal.h"
#include "vrrp/addr.h"

/*
 * The name decides. While nobody bears it, an interface that bore it and was renamed is still the one on which the
 * addresses stand: they are refreshed and announced there, but it does not count as up, so that somebody else takes
 * over if he can.
 */
static void port_resolve(struct kernel_port *port, const struct nl_link *links, size_t count)
{
	const struct nl_link *found = NULL;

	port->is_renamed = false;
	for (size_t i = 0; i < count && found == NULL; i++) {
		found = strcmp(links[i].name, port->name) == 0 ? &links[i] : NULL;
	}
	for (size_t i = 0; i < count && found == NULL && port->link.ifindex != 0; i++) {
		found = links[i].ifindex == port->link.ifindex ? &links[i] : NULL;
		port->is_renamed = found != NULL;
	}
	if (found == NULL) {
		memset(&port->link, 0, sizeof(port->link));
		return;
	}
	port->link = *found;
	port->is_router = ndisc_is_router(port->link.name);
}

static int port_add(struct kernel *kernel, const char *name, struct vip_err *err)
{
	struct kernel_port *port;
	struct nl_link link;

	for (size_t i = 0; i < kernel->port_count; i++) {
		if (strcmp(kernel->port[i].name, name) == 0) {
			return (int)i;
		}
	}
	if (kernel->port_count == KERNEL_PORTS_MAX) {
		return vip_err_set(err, -E2BIG, "more than %d interfaces in one instance", KERNEL_PORTS_MAX);
	}
	port = &kernel->port[kernel->port_count];
	(void)snprintf(port->name, sizeof(port->name), "%s", name);
	if (nl_link_get(port->name, &link, NULL) == 0) {
		port_resolve(port, &link, 1);
	}
	return (int)kernel->port_count++;
}

static int add_addresses(
	struct kernel *kernel, const struct config_instance *instance, const char *interface, struct vip_err *err)
{
	for (size_t i = 0; i < instance->address_count; i++) {
		const struct config_address *from = &instance->address[i];
		struct kernel_address *to = &kernel->address[i];
		int port = port_add(kernel, from->interface[0] != '\0' ? from->interface : interface, err);

		if (port < 0) {
			return port;
		}
		kernel->port[port].has_address = true;
		to->addr = from->addr;
		to->prefix_len = from->prefix_len;
		to->port = (size_t)port;
		memcpy(to->label, from->label, sizeof(to->label));
	}
	kernel->address_count = instance->address_count;
	return 0;
}

int kernel_ports_open(struct kernel *kernel, const struct config_instance *instance, const struct config_local *local,
	struct vip_err *err)
{
	int code;

	if (local->interface[0] == '\0') {
		return 0; /* a witness: binds nothing */
	}
	code = port_add(kernel, local->interface, err);
	if (code < 0) {
		return code;
	}
	kernel->port[code].is_main = true;
	if (kernel->port[code].link.ifindex == 0) {
		return vip_err_set(err, -ENODEV, "interface %s does not exist", local->interface);
	}
	for (unsigned i = 0; i < local->track_interface.count; i++) {
		size_t before = kernel->port_count;

		code = port_add(kernel, local->track_interface.name[i], err);
		if (code < 0) {
			return code;
		}
		kernel->port[code].only_weighs = local->track_interface.weight[i] != 0 &&
						 (kernel->port[code].only_weighs || (size_t)code >= before);
	}
	return add_addresses(kernel, instance, local->interface, err);
}

void kernel_ports_close(struct kernel *kernel)
{
	for (size_t i = 0; i < kernel->port_count; i++) {
		kernel_claims_close(kernel, &kernel->port[i]);
	}
}

void kernel_links_changed(struct kernel *kernel)
{
	struct nl_link *links;
	size_t count;

	if (nl_link_list(&links, &count, NULL) < 0) {
		return; /* what is known stands until the next event */
	}
	for (size_t i = 0; i < kernel->port_count; i++) {
		struct kernel_port *port = &kernel->port[i];
		struct nl_link before = port->link;

		port_resolve(port, links, count);
		if (before.ifindex != port->link.ifindex ||
			memcmp(before.mac, port->link.mac, sizeof(before.mac)) != 0) {
			kernel_claims_close(kernel, port);
			kernel_claims_open(kernel, port);
			if (port->is_main) {
				kernel_adverts_close(kernel);
			}
		}
	}
	free(links);
	kernel_adverts_open(kernel);
}

static bool port_is_up(const struct kernel_port *port)
{
	return port->link.ifindex != 0 && !port->is_renamed && port->link.carrier;
}

bool kernel_link_is_up(const struct kernel *kernel, const char *name)
{
	for (size_t i = 0; i < kernel->port_count; i++) {
		if (strcmp(kernel->port[i].name, name) == 0) {
			return port_is_up(&kernel->port[i]);
		}
	}
	return false;
}

bool kernel_links_up(const struct kernel *kernel)
{
	for (size_t i = 0; i < kernel->port_count; i++) {
		const struct kernel_port *port = &kernel->port[i];

		if (!(port->only_weighs && !port->has_address) && !port_is_up(port)) {
			return false;
		}
	}
	return true;
}

bool kernel_is_own_address(const struct kernel *kernel, const struct nl_event *event)
{
	for (size_t i = 0; i < kernel->address_count; i++) {
		const struct kernel_address *address = &kernel->address[i];

		if (kernel->port[address->port].link.ifindex == event->ifindex &&
			vrrp_addr_equal(&address->addr, &event->addr)) {
			return true;
		}
	}
	return false;
}

bool kernel_addresses_present(struct kernel *kernel)
{
	for (size_t i = 0; i < kernel->address_count; i++) {
		const struct kernel_address *address = &kernel->address[i];
		struct nl_addr_found found;

		if (nl_addr_find(kernel->addrs, &address->addr, &found, NULL) != 1 ||
			found.ifindex != kernel->port[address->port].link.ifindex) {
			return false;
		}
	}
	return true;
}
