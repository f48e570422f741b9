/*
 * What the gate's BPF programs and nl_gate.c share: the two maps. Included by both sides, so kernel types only.
 *
 * vipd_state: one mmap-able entry, struct gate_state. vipd_addrs: floating address (IPv4 as ::ffff:a.b.c.d, network
 * byte order) -> counters. A change of either layout, or of what the programs make of it, is a new GATE_FORMAT: a map
 * of another format is not adopted.
 */
#ifndef NETLINK_GATE_MAP_H
#define NETLINK_GATE_MAP_H

#include <linux/types.h>

#define GATE_FORMAT 2
#define GATE_ADDRESSES_MAX 16

struct gate_state {
	__u32 format;
	__u32 vrid;
	__u64 end_in_ns; /* CLOCK_BOOTTIME; what concerns the addresses passes below this instant */
	__u64 end_out_ns;
	__u64 clock_ns; /* written by the probe program */
	__u64 dropped_adverts;
	__u64 rejected;       /* of those dropped inwards: answered with "host unreachable" */
	__u32 reject_from[4]; /* this host's own address, as in struct gate_key; all 0 = reject nothing */
};

struct gate_key {
	__u32 word[4];
};

struct gate_counters {
	__u64 dropped_in;
	__u64 dropped_out;
};

#endif
