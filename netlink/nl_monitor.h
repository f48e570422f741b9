/*
 * Events of links, addresses and traffic control, as the kernel tells them (libmnl, NETLINK_ROUTE groups LINK,
 * IPV4_IFADDR, IPV6_IFADDR, TC).
 *
 * Sans-loop: nl_monitor_fd gives a non-blocking descriptor to watch for POLLIN, nl_monitor_run reads what is there, at
 * most NL_MONITOR_MESSAGES_MAX a run (it stays readable if there is more). Only messages of the kernel (nl_pid 0)
 * count. Events also tell what this process itself has done. They are hints: after OVERRUN (the socket's queue was full
 * and the kernel has thrown events away) the caller asks for everything anew: nl_link_list, nl_addr_find,
 * nl_gate_mend.
 *
 * TC events tell only where something changed: nl_gate_mend looks whether our program still stands there.
 * Manual pages: netlink(7), rtnetlink(7).
 */
#ifndef NETLINK_NL_MONITOR_H
#define NETLINK_NL_MONITOR_H

#include "netlink/nl_link.h"
#include "vrrp/base.h"
#include "vrrp/err.h"

#define NL_MONITOR_MESSAGES_MAX 64       /* datagrams read a run */
#define NL_MONITOR_QUEUE_BYTES (1 << 20) /* receive buffer, with SO_RCVBUFFORCE */

enum nl_event_type {
	NL_EVENT_LINK,    /* ifindex, name, up, carrier, removed */
	NL_EVENT_ADDR,    /* ifindex, addr, prefix_len, removed */
	NL_EVENT_TC,      /* ifindex, removed: a qdisc or a filter was added, replaced or removed there */
	NL_EVENT_OVERRUN, /* nothing: events were lost */
};

struct nl_event {
	enum nl_event_type type;
	int ifindex;
	bool removed;
	char name[NL_LINK_NAME_BYTES];
	bool up;
	bool carrier;
	struct vrrp_addr addr;
	unsigned prefix_len;
};

typedef void nl_event_fn(void *user, const struct nl_event *event);

struct nl_monitor;

/* Opens and subscribes. Returns 0 or a negative errno; nl_monitor_close takes NULL. */
int nl_monitor_open(struct nl_monitor **ret_monitor, struct vip_err *err);
void nl_monitor_close(struct nl_monitor *monitor);

/* The descriptor to watch for POLLIN; it stays the monitor's. */
int nl_monitor_fd(const struct nl_monitor *monitor);

/*
 * Reads what is there and calls fn once an event; fn must not close the monitor. Returns the number of events (0: there
 * was nothing) or a negative errno other than EAGAIN and ENOBUFS (which is the event OVERRUN).
 */
int nl_monitor_run(struct nl_monitor *monitor, nl_event_fn *fn, void *user, struct vip_err *err);

/*
 * One datagram of the kernel's: calls fn for each event in it and returns how many there were. Any bytes are safe,
 * datagram is aligned as a struct nlmsghdr. For nl_monitor_run and tests.
 */
int nl_monitor_read(const void *datagram, size_t size_bytes, nl_event_fn *fn, void *user);

#endif
