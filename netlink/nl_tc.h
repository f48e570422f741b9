/*
 * Inside netlink/ only: clsact qdiscs and BPF filters on them (libmnl; tc-bpf(8)).
 *
 * Not libbpf's bpf_tc_*: these filters bear a name by which an operator and a later daemon know them, and all filters
 * of an interface can be listed, in the order in which the kernel asks them.
 */
#ifndef NETLINK_NL_TC_H
#define NETLINK_NL_TC_H

#include "netlink/nl_talk.h"
#include "vrrp/base.h"

#define NL_TC_NAME_BYTES 32

enum nl_tc_direction { NL_TC_IN, NL_TC_OUT };

struct nl_tc_filter {
	uint32_t handle; /* 0: a classifier's own entry, not a filter */
	uint32_t chain;
	uint16_t priority;
	uint16_t protocol;   /* network byte order */
	uint32_t program_id; /* 0: not a BPF program */
	char name[NL_TC_NAME_BYTES];
};

/*
 * Adds clsact; 0 also if it is there. -EEXIST: an ingress qdisc stands in its place, which has no egress: the kernel
 * puts what is meant for egress at ingress. Negative errno.
 */
int nl_tc_add_clsact(struct nl_talk *talk, int ifindex);

/* Puts a direct-action program there for all protocols, in place of the one with this handle and priority. */
int nl_tc_put(struct nl_talk *talk, int ifindex, enum nl_tc_direction direction, uint16_t priority, uint32_t handle,
	int program_fd, const char *name);

/* Removes a filter as it was listed. 0 also if it is gone. */
int nl_tc_del(struct nl_talk *talk, int ifindex, enum nl_tc_direction direction, const struct nl_tc_filter *filter);

typedef void nl_tc_fn(void *user, const struct nl_tc_filter *filter);

/* Shows fn the filters of one direction in the kernel's order. None without clsact. fn must not ask talk on. */
int nl_tc_list(struct nl_talk *talk, int ifindex, enum nl_tc_direction direction, nl_tc_fn *fn, void *user);

/* The filters in a part of such a list, any bytes aligned as a struct nlmsghdr; for tests. */
void nl_tc_read(const void *datagram, size_t size_bytes, nl_tc_fn *fn, void *user);

#endif
