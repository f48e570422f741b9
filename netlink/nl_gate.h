/*
 * The gate: BPF programs at tc clsact ingress and egress that hold the lease in the kernel (protocol.md section 5.1).
 *
 * What concerns the floating addresses passes only while bpf_ktime_get_boot_ns() is below an absolute end; a late write
 * opens nothing [B1]. One gate an instance (VRID); all its addresses share the two ends, inwards and outwards, which
 * lie in an mmap-ed map: nl_gate_set is two stores, no system call. The programs stay attached when the daemon dies.
 *
 * Order of a start: nl_gate_open (a new map is closed; one ADOPTED from a dead daemon stands as it was), nl_gate_set
 * (closed, or a resumed lease's end), then nl_gate_mend on all: the kernel swaps the program under each filter in one
 * step, so there is no moment of openness, nor of darkness. Adoption only keeps the counters, and needs CAP_SYS_ADMIN
 * (the kernel gives nobody else a map by its id); without it the old filters are replaced by ours with a new map.
 *
 * Filters: priority NL_GATE_PRIORITY, handle NL_GATE_HANDLE | VRID, name vipd_<vrid>. They answer TC_ACT_UNSPEC or
 * SHOT: foreign filters run after ours and are left alone, as is a clsact that stands. A sender at a shut gate sees
 * -ENOBUFS. Order, measured: an ETH_P_ALL packet socket sees a frame before tc ingress, one for a protocol (ETH_P_ARP)
 * after it; outwards both senders and taps: tc egress comes first, a tap does not see what the gate dropped.
 */
#ifndef NETLINK_NL_GATE_H
#define NETLINK_NL_GATE_H

#include "netlink/nl_link.h"
#include "vrrp/base.h"
#include "vrrp/err.h"

#define NL_GATE_PRIORITY 1
#define NL_GATE_HANDLE 0x76697000u /* "vip", VRID in the last byte */

struct nl_gate;

/*
 * Loads the programs (not attached yet) for this VRID and 1 to VRRP_ADDRESSES_MAX addresses, or adopts the map left
 * behind under the same VRID, address set and format version. Errors: -EPERM (no CAP_BPF / CAP_NET_ADMIN), -ENOSYS or
 * -EINVAL (kernel without it): go on with `gate: none`. nl_gate_close frees and LEAVES the programs attached.
 */
int nl_gate_open(
	uint8_t vrid, const struct vrrp_addr *addrs, size_t count, struct nl_gate **ret_gate, struct vip_err *err);
void nl_gate_close(struct nl_gate *gate);

/* Whether open found and took over the map of an earlier daemon, whose ends stand in it. */
bool nl_gate_is_adopted(const struct nl_gate *gate);

/*
 * Writes both ends (CLOCK_BOOTTIME; VRRP_TIME_NONE = closed), for all addresses at once; about 10 ns. The caller
 * decides: never later than the lease's end, and never a larger value for a direction that is being closed.
 */
void nl_gate_set(struct nl_gate *gate, struct vrrp_time end_in, struct vrrp_time end_out);

/*
 * From now on a TCP connection that is opened to a shut address, of this address's family, is answered with ICMP "host
 * unreachable" from this address, which must be this host's own and none of the gate's: the client tries again at once
 * instead of after its SYN's second. NULL: dropped in silence, as before the first call.
 */
void nl_gate_reject_from(struct nl_gate *gate, const struct vrrp_addr *from);

/* Puts our filters on an interface, in place of a dead daemon's that stand there; nothing on loopback. 0 or a negative
 * errno. */
int nl_gate_attach(struct nl_gate *gate, int ifindex, struct vip_err *err);

enum nl_gate_standing {
	NL_GATE_MISSING,    /* ours is not there, or only in one direction, or another program has its handle */
	NL_GATE_BEHIND,     /* it is, but a foreign filter or tcx program may let packets past it: `gate: partial` */
	NL_GATE_ATTACHED,   /* it is, and comes first */
	NL_GATE_NOT_NEEDED, /* loopback: this host's own clients are never in the way of the gate */
};

/* How our filters stand on an interface; negative errno if that cannot be asked (-ENODEV: no such interface). */
int nl_gate_check(struct nl_gate *gate, int ifindex, struct vip_err *err);

/*
 * What a mend has found and done. `behind` and `missing` count interfaces, of all that the gate knows, those included
 * that this call did not look at; 0 and 0: the gate is whole.
 */
struct nl_gate_mended {
	unsigned put_back;             /* by this call: ours had stood there, and somebody has taken it away */
	char link[NL_LINK_NAME_BYTES]; /* the last one of these; "" if none */
	unsigned behind;
	unsigned missing;       /* it could not be attached */
	struct vip_err trouble; /* why, for one of them; "" if the gate is whole */
};

/*
 * After the start, and after events: looks at these interfaces (count 0: at all), attaches where ours is missing, and
 * forgets interfaces that are gone. Loopback is left out. Returns 0, or a negative errno if the interfaces could not be
 * listed; one that cannot be attached to is counted, not a failure.
 */
int nl_gate_mend(
	struct nl_gate *gate, const int *ifindex, size_t count, struct nl_gate_mended *ret_mended, struct vip_err *err);

/* The interface is gone: another one that gets its index is a new one. */
void nl_gate_forget(struct nl_gate *gate, int ifindex);

struct nl_gate_address {
	struct vrrp_addr addr;
	uint64_t dropped_in; /* packets, since the map was made */
	uint64_t dropped_out;
};

struct nl_gate_reading {
	struct vrrp_time end_in; /* as the kernel has them */
	struct vrrp_time end_out;
	uint64_t dropped_adverts;
	uint64_t rejected; /* of those dropped inwards: answered with "host unreachable" */
	size_t count;
	struct nl_gate_address address[VRRP_ADDRESSES_MAX]; /* in the order given to open */
};

/* Ends and counters. Returns 0 or a negative errno. */
int nl_gate_read(struct nl_gate *gate, struct nl_gate_reading *ret_reading, struct vip_err *err);

/*
 * The kernel's clock as the gate's programs see it (BPF_PROG_TEST_RUN); give it, with the caller's own CLOCK_BOOTTIME
 * read before and after, to nl_gate_clock_check: 0, or -ENOTSUP if they differ (a time namespace): use no gate then.
 */
int nl_gate_clock(struct nl_gate *gate, struct vrrp_time *ret_now, struct vip_err *err);
int nl_gate_clock_check(struct vrrp_time before, struct vrrp_time kernel, struct vrrp_time after, struct vip_err *err);

/*
 * Takes the filters of this VRID off every interface, whoever put them there; no open gate needed (a clean stop after
 * the address is gone; `vipctl gate remove`). The clsact qdisc stays. Returns how many filters went, or negative errno.
 */
int nl_gate_remove(uint8_t vrid, struct vip_err *err);

#endif
