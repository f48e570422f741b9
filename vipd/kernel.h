/*
 * What an instance does to the kernel: gate, addresses, connections, announcements, advertisements. Carries out the
 * core's orders; decides nothing. Every call is a few system calls to this host's kernel, bounded by netlink's
 * timeouts; nothing waits for the network.
 *
 * Each floating address lives on its interface (its own "dev", or the instance's). Interfaces are resolved at open and
 * again by kernel_links_changed (an interface may vanish, come back, or change its MAC).
 */
#ifndef VIPD_KERNEL_H
#define VIPD_KERNEL_H

#include "netlink/nl_gate.h"
#include "netlink/nl_monitor.h"
#include "vipd/config.h"

struct kernel;

enum kernel_gate { KERNEL_GATE_OPEN, KERNEL_GATE_CLOSED, KERNEL_GATE_NONE, KERNEL_GATE_PARTIAL, KERNEL_GATE_OFF };

/* What kernel_listen_run has heard. Neither is authenticated: a reason to announce again and an alarm, no more. */
struct kernel_listener {
	void *user;
	/* Another host claims one of our addresses. */
	void (*claim)(void *user, const struct vrrp_addr *addr, const uint8_t mac[6]);
	/* An advertisement with our VRID from `source`. */
	void (*advert)(void *user, const struct vrrp_addr *source, uint8_t priority);
};

/*
 * Opens sockets and gate for one instance. `local` gives the interfaces, `self` is this member, from whose own address
 * connections to a shut address are rejected. A kernel without BPF is no failure: the gate
 * is none and kernel_gate_note says why. err is the sentence of a failure.
 */
int kernel_open(const struct config_instance *instance, size_t self, const struct config_local *local,
	struct vrrp_time now, struct kernel **ret_kernel, struct vip_err *err);
void kernel_close(struct kernel *kernel); /* leaves gate and addresses as they are */

/* Clean stop, after the address is gone: takes the gate's filters away. */
void kernel_gate_remove(struct kernel *kernel);

/* The first one also puts the gate in the place of what a process before has left, in one step an interface. */
void kernel_gate_set(struct kernel *kernel, struct vrrp_time in_end, struct vrrp_time out_end);

/*
 * After events about these interfaces (count 0: all): new ones get the gate, and where somebody took it away it is put
 * back. Returns on how many it was; the name of one in ret_link (not written if none).
 */
unsigned kernel_gate_changed(
	struct kernel *kernel, const int *ifindex, size_t count, char ret_link[CONFIG_INTERFACE_SIZE]);
/* The interface is gone; another one with its index is a new one. */
void kernel_gate_forget(struct kernel *kernel, int ifindex);

/* 0 or the first failure, with its sentence. */
int kernel_bind(struct kernel *kernel, uint32_t lifetime_s, struct vip_err *err);
int kernel_unbind(struct kernel *kernel, struct vip_err *err);
/* Connections destroyed, or a negative errno. */
int kernel_destroy(struct kernel *kernel, struct vip_err *err);
int kernel_announce(struct kernel *kernel, struct vip_err *err);
int kernel_advert(struct kernel *kernel, uint8_t priority, struct vip_err *err);

/* Second claimants and foreign advertisements: one epoll descriptor, bounded work a run. */
int kernel_listen_fd(const struct kernel *kernel);
void kernel_listen_run(struct kernel *kernel, const struct kernel_listener *listener);

/* Something changed about interfaces: resolves them anew, and opens again what depends on one that is another now. */
void kernel_links_changed(struct kernel *kernel);
/* That interface, one of the instance's or its tracking's, has carrier. */
bool kernel_link_is_up(const struct kernel *kernel, const char *name);
/* All interfaces that the instance and its tracking without a weight need have carrier. */
bool kernel_links_up(const struct kernel *kernel);
/* A netlink event about one of our addresses where it belongs. */
bool kernel_is_own_address(const struct kernel *kernel, const struct nl_event *event);
/* All addresses are where they belong, as the kernel says now. */
bool kernel_addresses_present(struct kernel *kernel);

enum kernel_gate kernel_gate_state(const struct kernel *kernel, struct vrrp_time now);
const char *kernel_gate_note(const struct kernel *kernel); /* "" if there is nothing to say */

struct kernel_gate_drops {
	uint64_t dropped_in; /* packets */
	uint64_t dropped_out;
};

struct kernel_gate_counts {
	unsigned put_back; /* somebody had taken the gate away from an interface */
	unsigned late;     /* renewals that found the end before them past: packets were dropped in between */
	bool is_read;      /* the rest, since the gate's map was made */
	uint64_t dropped_adverts;
	uint64_t rejected;                                    /* of those dropped inwards */
	struct kernel_gate_drops address[VRRP_ADDRESSES_MAX]; /* in the order of the configuration */
};
void kernel_gate_count(const struct kernel *kernel, struct kernel_gate_counts *ret_counts);
bool kernel_is_bound(const struct kernel *kernel, size_t address);

#endif
