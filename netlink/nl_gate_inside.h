/*
 * Inside netlink/ only: what nl_gate.c (programs, map, clock) and nl_gate_attach.c (filters on interfaces) share.
 */
#ifndef NETLINK_NL_GATE_INSIDE_H
#define NETLINK_NL_GATE_INSIDE_H

#include "netlink/gate_map.h"
#include "netlink/nl_gate.h"
#include "netlink/nl_link.h"
#include "netlink/nl_tc.h"

struct gate_bpf; /* the skeleton that bpftool makes of gate.bpf.c */

/* The programs that are attached: [direction], on Ethernet links and on those without a link header. */
struct nl_gate_program {
	int fd; /* the skeleton's */
	uint32_t id;
};

struct nl_gate {
	uint8_t vrid;
	bool is_adopted;
	size_t count;
	struct vrrp_addr addrs[VRRP_ADDRESSES_MAX];
	struct gate_bpf *skeleton;
	volatile struct gate_state *state; /* the map's memory, shared with the kernel */
	int addrs_fd;                      /* the skeleton's */
	struct nl_gate_program ethernet[2];
	struct nl_gate_program bare[2];
	struct nl_talk talk;
};

/*
 * Looks on all interfaces for a filter of this VRID, whoever put it there, and gives its program's id: 1, 0 if there is
 * none, or a negative errno.
 */
int nl_gate_find_program(struct nl_talk *talk, uint8_t vrid, uint32_t *ret_program_id);

#endif
