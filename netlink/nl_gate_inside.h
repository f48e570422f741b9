/*
 * Inside netlink/ only: what nl_gate.c (programs, map, clock), nl_gate_attach.c (filters on interfaces) and
 * nl_gate_mend.c (where they stand) share.
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

/* An interface behind the gate, as it was found last. */
struct nl_gate_known {
	int ifindex;
	enum nl_gate_standing standing;
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
	struct nl_gate_known *known; /* nl_gate_mend.c's; at most NL_LINKS_MAX */
	size_t known_count;
	size_t known_room;
	struct vip_err trouble; /* of the last interface that is not whole */
};

/* A filter that a vipd has put there, for whatever VRID (the last byte of its handle). */
bool nl_gate_is_of_vipd(const struct nl_tc_filter *filter);

/* Puts our filters on one interface that is not loopback. 0 or a negative errno. */
int nl_gate_link_attach(struct nl_gate *gate, const struct nl_link *link, struct vip_err *err);

/* As nl_gate_check. */
int nl_gate_link_look(struct nl_gate *gate, const struct nl_link *link, struct vip_err *err);

/*
 * Looks on all interfaces for a filter of this VRID, whoever put it there, and gives its program's id: 1, 0 if there is
 * none, or a negative errno.
 */
int nl_gate_find_program(struct nl_talk *talk, uint8_t vrid, uint32_t *ret_program_id);

#endif
