#include <errno.h>
#include <sys/epoll.h>

#include "netlink/garp.h"
#include "netlink/ndisc.h"
#include "vipd/kernel_internal.h"
#include "vrrp/addr.h"
#include "vrrp/advert.h"

/* epoll tags: a port's index, or this and the family's. */
#define TAG_ADVERT 0x10000U

static struct kernel_port *main_port(struct kernel *kernel)
{
	for (size_t i = 0; i < kernel->port_count; i++) {
		if (kernel->port[i].is_main) {
			return &kernel->port[i];
		}
	}
	return NULL;
}

static void watch(struct kernel *kernel, int fd, uint32_t tag)
{
	struct epoll_event event = { .events = EPOLLIN, .data.u32 = tag };

	(void)epoll_ctl(kernel->epoll_fd, EPOLL_CTL_ADD, fd, &event);
}

static bool has_family(const struct kernel *kernel, uint8_t family)
{
	for (size_t i = 0; i < kernel->address_count; i++) {
		if (kernel->address[i].addr.family == family) {
			return true;
		}
	}
	return false;
}

/* Opens what is missing and can be opened now; a link-local address may need its second of duplicate detection. */
void kernel_adverts_open(struct kernel *kernel)
{
	static const uint8_t families[2] = { 4, 6 };
	struct kernel_port *port = main_port(kernel);

	for (unsigned i = 0; i < 2 && port != NULL && port->link.ifindex != 0; i++) {
		struct vrrp_addr source;

		if (kernel->advert[i] != NULL || !has_family(kernel, families[i]) ||
			nl_addr_primary(kernel->addrs, port->link.ifindex, families[i], &source, NULL) < 0) {
			continue;
		}
		if (advert_sock_open(families[i], port->link.ifindex, port->name, &source, &kernel->advert[i], NULL) ==
			0) {
			watch(kernel, advert_sock_fd(kernel->advert[i]), TAG_ADVERT + i);
		}
	}
}

void kernel_adverts_close(struct kernel *kernel)
{
	for (unsigned i = 0; i < 2; i++) {
		advert_sock_close(kernel->advert[i]);
		kernel->advert[i] = NULL;
	}
}

void kernel_claims_open(struct kernel *kernel, struct kernel_port *port)
{
	struct vrrp_addr addrs[VRRP_ADDRESSES_MAX];

	if (!port->has_address || port->link.ifindex == 0 || !port->link.is_ethernet) {
		return;
	}
	for (size_t i = 0; i < kernel->address_count; i++) {
		addrs[i] = kernel->address[i].addr;
	}
	if (nl_claims_open(port->link.ifindex, port->link.mac, addrs, kernel->address_count, &port->claims, NULL) ==
		0) {
		watch(kernel, nl_claims_fd(port->claims), (uint32_t)(port - kernel->port));
	}
}

void kernel_claims_close(struct kernel *kernel, struct kernel_port *port)
{
	(void)kernel;
	nl_claims_close(port->claims);
	port->claims = NULL;
}

int kernel_announce(struct kernel *kernel, struct vip_err *err)
{
	int first = 0;

	for (size_t i = 0; i < kernel->address_count; i++) {
		const struct kernel_address *address = &kernel->address[i];
		const struct kernel_port *port = &kernel->port[address->port];
		struct vip_err one;
		int code = 0;

		if (port->link.ifindex == 0 || !port->link.is_ethernet) {
			continue;
		}
		code = address->addr.family == 4
			       ? garp_send(kernel->packet, port->link.ifindex, port->link.mac, &address->addr, &one)
			       : ndisc_send(kernel->packet, port->link.ifindex, port->link.mac, &address->addr,
					 port->is_router, &one);
		if (code < 0 && first == 0) {
			first = code;
			*err = one;
		}
	}
	return first;
}

int kernel_advert(struct kernel *kernel, uint8_t priority, struct vip_err *err)
{
	static const uint8_t families[2] = { 4, 6 };
	struct vrrp_addr addrs[VRRP_ADDRESSES_MAX];
	uint8_t bytes[VRRP_ADVERT_BYTES_MAX];
	int first = 0;

	for (size_t i = 0; i < kernel->address_count; i++) {
		addrs[i] = kernel->address[i].addr;
	}
	/* What is missing may be a link-local address in its duplicate detection: asked for about once a second. */
	if (kernel->adverts_sent++ * kernel->advert_int_us % VRRP_US_PER_S < kernel->advert_int_us) {
		kernel_adverts_open(kernel);
	}
	for (unsigned i = 0; i < 2; i++) {
		struct vrrp_advert advert;
		struct vrrp_advert_route route = { .ttl = VRRP_ADVERT_TTL,
			.destination = vrrp_advert_group(families[i]) };
		size_t size;
		int code;

		if (kernel->advert[i] == NULL || !vrrp_advert_init(&advert, families[i], kernel->vrid, priority,
							 kernel->advert_int_us, addrs, kernel->address_count)) {
			continue;
		}
		route.source = advert_sock_source(kernel->advert[i]);
		size = vrrp_advert_encode(&advert, &route, kernel->pseudo_header, bytes, sizeof(bytes));
		code = advert_sock_send(kernel->advert[i], bytes, size, err);
		first = first == 0 ? code : first;
	}
	return first;
}

int kernel_listen_fd(const struct kernel *kernel)
{
	return kernel->epoll_fd;
}

struct claim_context {
	const struct kernel_listener *listener;
};

static void on_claim(void *user, const struct nl_claim *claim)
{
	const struct claim_context *context = user;

	context->listener->claim(context->listener->user, &claim->addr, claim->mac);
}

static void read_adverts(struct kernel *kernel, unsigned i, const struct kernel_listener *listener)
{
	static struct advert_sock_packet packet; /* 1.5 KiB, used by one thread */

	for (unsigned n = 0; n < ADVERT_SOCK_RECV_MAX; n++) {
		struct vrrp_advert advert;
		struct vrrp_advert_route route;

		if (kernel->advert[i] == NULL || advert_sock_recv(kernel->advert[i], &packet, NULL) <= 0) {
			return;
		}
		route = (struct vrrp_advert_route){
			.source = packet.source, .destination = packet.destination, .ttl = packet.ttl
		};
		if (vrrp_advert_decode(packet.bytes, packet.size_bytes, &route, &advert, NULL) ==
				VRRP_ADVERT_DROP_NONE &&
			advert.vrid == kernel->vrid) {
			listener->advert(listener->user, &packet.source, advert.priority);
		}
	}
}

void kernel_listen_run(struct kernel *kernel, const struct kernel_listener *listener)
{
	struct epoll_event events[KERNEL_PORTS_MAX + 2];
	struct claim_context context = { listener };
	int count = epoll_wait(kernel->epoll_fd, events, (int)VRRP_ARRAY_LENGTH(events), 0);

	for (int i = 0; i < count; i++) {
		uint32_t tag = events[i].data.u32;

		if (tag >= TAG_ADVERT) {
			read_adverts(kernel, tag - TAG_ADVERT, listener);
		} else if (kernel->port[tag].claims != NULL) {
			(void)nl_claims_run(kernel->port[tag].claims, on_claim, &context, NULL);
		}
	}
}
