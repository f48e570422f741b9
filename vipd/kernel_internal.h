/*
 * Inside of kernel.h: shared by kernel.c (open, addresses), kernel_gate.c, kernel_link.c (interfaces) and
 * kernel_announce.c (announcements, advertisements, what is heard).
 */
#ifndef VIPD_KERNEL_INTERNAL_H
#define VIPD_KERNEL_INTERNAL_H

#include "netlink/nl_addr.h"
#include "netlink/nl_claims.h"
#include "netlink/nl_link.h"
#include "netlink/nl_packet.h"
#include "netlink/nl_sockdiag.h"
#include "vipd/advert_sock.h"
#include "vipd/kernel.h"

#define KERNEL_PORTS_MAX (VRRP_ADDRESSES_MAX + CONFIG_TRACK_INTERFACES_MAX + 1)

/* One interface that the instance uses. */
struct kernel_port {
	char name[CONFIG_INTERFACE_SIZE];
	struct nl_link link; /* ifindex 0: not there */
	bool is_renamed;     /* link bore the name, and nobody does now */
	bool has_address;    /* floating addresses are bound here */
	bool is_main;        /* the instance's interface: advertisements go out here */
	bool only_weighs;    /* tracked with a weight: down is no fault */
	bool is_router;      /* for neighbour advertisements */
	struct nl_claims *claims;
};

struct kernel_address {
	struct vrrp_addr addr;
	uint8_t prefix_len;
	char label[CONFIG_INTERFACE_SIZE];
	size_t port;
	bool bound;
};

struct kernel {
	uint8_t vrid;
	int64_t advert_int_us;
	bool pseudo_header;
	bool gate_wanted;
	struct nl_gate *gate; /* NULL: none */
	bool gate_attached;
	bool gate_partial; /* some interface is not, or not first, behind the gate */
	struct vrrp_time gate_in_end;
	unsigned gate_put_back;
	unsigned gate_late;
	bool gate_swept; /* there is none, and a process before's is gone */
	char gate_note[VIP_ERR_TEXT_MAX];
	struct nl_addr_ctx *addrs;
	struct nl_sockdiag *diag;
	struct nl_packet *packet;
	struct advert_sock *advert[2]; /* IPv4, IPv6; NULL: not open */
	int64_t adverts_sent;
	int epoll_fd;
	size_t port_count;
	struct kernel_port port[KERNEL_PORTS_MAX];
	size_t address_count;
	struct kernel_address address[VRRP_ADDRESSES_MAX];
};

/* kernel_link.c */
int kernel_ports_open(struct kernel *kernel, const struct config_instance *instance, const struct config_local *local,
	struct vip_err *err);
void kernel_ports_close(struct kernel *kernel);

/* kernel_gate.c */
void kernel_gate_open(struct kernel *kernel, const struct vrrp_addr *reject_from);
/*
 * Without a gate of its own (gate = off, or none): takes away, once, what a process before has left, which nobody will
 * open any more. Only when no leftover address can be let loose by it: after the first unbind, or under a lease.
 */
void kernel_gate_sweep(struct kernel *kernel);

/* kernel_announce.c */
void kernel_adverts_open(struct kernel *kernel);
void kernel_adverts_close(struct kernel *kernel);
void kernel_claims_open(struct kernel *kernel, struct kernel_port *port);
void kernel_claims_close(struct kernel *kernel, struct kernel_port *port);

#endif
